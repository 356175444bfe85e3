using CPort.Iccam.Reading;
using CPort.Iccam.Security;

namespace CPort.Iccam.Endpoints;

/// <summary>
/// An item as a client of ICCAM must not misread it: it assesses what has no last assessment of Baseline or Ignore, whoever said that, and acts on what it has
/// not acted on. So there stands what counts for the country that has the item now, and nothing else.
/// </summary>
internal static class ContentAnswers
{
    public static ContentAnswer Of(IccamCaller me, ReportHead head, ItemView view)
    {
        var item = view.Item;
        return new ContentAnswer
        {
            ContentId = item.Number, ReportId = head.Report.Number, Memo = view.Secrets?.Memo,
            Url = new ContentUrl(
                view.Secrets?.Url, IsPage(head, item), me.Style.Write(item.Hosting?.Country), item.Hosting?.IpAddress,
                item.Hosting?.Isp ?? item.Hosting?.OrganizationName),
            AssignedCountryCode = me.Style.Write(item.Assignment?.Country), CountryAssignmentDate = item.Assignment?.CountrySince,
            HotlineAssignmentDate = item.Assignment?.HotlineSince,
            HotlineReference = (item.Assignment?.Hotline == me.Agency.Id ? item.AssignedReference?.Value : null) ?? item.ReportingReference?.Value,
            ContentType = (int)item.ContentType, State = view.State?.ToString(),
            Assessments = Assessments(me, view), Actions = Actions(me, view),
        };
    }

    /// <summary>Clients import no report without a page: where none is told apart, each address stands for one.</summary>
    public static bool IsPage(ReportHead head, ContentItem item) => item.IsSourceUrl || head.SourcePage is null;

    /// <summary>The page of what the caller has, where it is another's: its address, and nothing that is known of it beside.</summary>
    public static ContentAnswer OfPage(IccamCaller me, ReportHead head, SourcePage page) => new()
    {
        ContentId = page.Number, ReportId = head.Report.Number, ContentType = (int)ContentType.Website, Assessments = [], Actions = [],
        Url = new ContentUrl(page.Url, true, me.Style.Write(page.Hosting?.Country), page.Hosting?.IpAddress, page.Hosting?.Isp),
    };

    /// <summary>
    /// What was said by who has the job, and last what counts, be it said or inherited. Empty while nothing counts: what the reporter abroad said by another
    /// law would keep the client from looking.
    /// </summary>
    private static IReadOnlyList<ContentAssessment> Assessments(IccamCaller me, ItemView view)
    {
        if (view.Effective is not { } counts || !counts.HasEffect())
        {
            return [];
        }

        var said = view.Item.Assessments.Zip(
            view.Item.Assessments.Select((_, i) => i < view.Opinions.Length ? view.Opinions[i].Analyst : ""), (a, analyst) => (Opinion: a, Analyst: analyst));
        var rows = said.Where(s => s.Opinion.Counts && s.Opinion.Classification.HasEffect() && view.Item.IsOfTheJob(s.Opinion))
            .Select(s => Row(me, s.Opinion, s.Analyst)).ToList();
        if (rows is not [.., { Classification: var last }] || last != (int)counts)
        {
            // By whom it counts is told where that can be seen; of what hashes brought there is nobody.
            rows.Add(said.LastOrDefault(s => s.Opinion.Counts && s.Opinion.Classification == counts) is { Opinion: { } by, Analyst: var analyst }
                ? Row(me, by, analyst) : new ContentAssessment { Classification = (int)counts });
        }

        return rows;
    }

    private static ContentAssessment Row(IccamCaller me, Assessment a, string analyst) => new()
    {
        Classification = (int)a.Classification, AgeCategorization = (int)a.Age, GenderCategorization = (int)a.Gender,
        VirtualContentCategorization = a.VirtualContent ? 1 : 0, UserGeneratedContentCategorization = a.UserGeneratedContent ? 1 : 0,
        ChildModelingCategorization = a.ChildModeling ? 1 : 0, AssessingAnalystName = Who(me, a.Agency, analyst), AssessmentDate = a.At,
    };

    /// <summary>Of this country's time with it; of the reporting hotline's only what counts here.</summary>
    private static IReadOnlyList<ContentAction> Actions(IccamCaller me, ItemView view) =>
    [
        .. view.Item.Actions.Select((a, i) => (Action: a, At: i)).Where(p => view.Item.InThisEpisode(p.Action)).Select(p => new ContentAction(
            (int)p.Action.Type, Who(me, p.Action.Agency, view.ActionAnalysts.ElementAtOrDefault(p.At)), p.Action.Date, (int?)p.Action.Reason,
            view.ReasonTexts.ElementAtOrDefault(p.At) is { Length: > 0 } text ? text : null)),
    ];

    /// <summary>An analyst's name is their own agency's affair.</summary>
    private static string Who(IccamCaller me, AgencyId agency, string? analyst) =>
        !string.IsNullOrEmpty(analyst) ? analyst : agency == me.Agency.Id ? me.Access.AnalystName : agency.Value;
}
