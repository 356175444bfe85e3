using CPort.Domain.Routing;
using CPort.Iccam.Reading;
using CPort.Iccam.Security;

namespace CPort.Iccam.Endpoints;

/// <summary><c>rest/Content/{contentId}</c>: one item, and what is done to it.</summary>
internal static class ContentEndpoints
{
    private const string Id = "contentId";

    public static void MapContent(this IEndpointRouteBuilder rest, IccamServices all)
    {
        var content = rest.MapGroup($"/Content/{{{Id}}}");
        content.OnGet("", http => ShowAsync(http, all)).Needs(Deed.ReadReports).WithName("IccamGetContent");
        content.OnPut("/assessment", http => AssessAsync(http, all)).Needs(Deed.WorkOnReports).WithName("IccamAssess");
        content.OnPost("/actions", http => ActAsync(http, all)).Needs(Deed.WorkOnReports).WithName("IccamAct");
        content.OnPut("/url/hosting", http => HostingAsync(http, all)).Needs(Deed.WorkOnReports).WithName("IccamSetHosting");
        content.OnPut("/assigned-country", http => MoveAsync(http, all)).Needs(Deed.WorkOnReports).WithName("IccamMove");
        content.OnPut("/hotline-reference", http => ReferenceAsync(http, all)).Needs(Deed.WorkOnReports).WithName("IccamSetReference");
    }

    private static async Task<IResult> ShowAsync(HttpContext http, IccamServices all)
    {
        var me = IccamCaller.Of(http);
        var (head, item) = await all.Reports.ContentAsync(me.Caller, RequestReader.Number(http, Id), http.RequestAborted);
        var answer = item is not null ? ContentAnswers.Of(me, head, item) : ContentAnswers.OfPage(me, head, head.SourcePage!);
        return new Shows<ContentAnswer>(
            answer, new Shown([Shows.Item(head.ReportId, item?.Item.Ordinal ?? head.SourcePage!.Ordinal)], [.. ShownFields.Of(answer)]));
    }

    private static async Task<IResult> AssessAsync(HttpContext http, IccamServices all)
    {
        var me = IccamCaller.Of(http);
        var request = await RequestReader.BodyAsync<AssessmentRequest>(http, all.Limits.CommandBodyBytes);
        var context = me.Context(all.Time);
        var fields = all.Reader.Fields(context.OccurredAt);
        var assessment = fields.Assessment("assessment", CodeReader.Assessment(fields, "assessment", request, me.Access.AnalystName), required: true);
        fields.Check();
        return await DoAsync(http, all, me, (report, item) => new AssessItems
        {
            ReportId = report, Context = context, Items = [new ItemTarget { Ordinal = item }], Assessment = assessment!,
        }, "classification");
    }

    private static async Task<IResult> ActAsync(HttpContext http, IccamServices all)
    {
        var me = IccamCaller.Of(http);
        var request = await RequestReader.BodyAsync<ActionRequest>(http, all.Limits.CommandBodyBytes);
        var context = me.Context(all.Time);
        var fields = all.Reader.Fields(context.OccurredAt);
        var action = fields.Action("", CodeReader.Action(fields, "", request, me.Style, me.Access.AnalystName), dateRequired: true);
        fields.Check();
        return await DoAsync(http, all, me, (report, item) => new RecordActions
        {
            ReportId = report, Context = context, Items = [new ItemTarget { Ordinal = item }], Action = action!,
        }, "actionType");
    }

    /// <summary>The first half of a move; an unknown country is refused, as nothing could follow from it.</summary>
    private static async Task<IResult> HostingAsync(HttpContext http, IccamServices all)
    {
        var me = IccamCaller.Of(http);
        var country = Country(http, me);
        var context = me.Context(all.Time);
        var facts = new HostingFacts
        {
            Country = country, IpAddress = IpText.TryParse(RequestReader.Query(http, "newIpAddress"), out var address) ? IpText.Of(address) : null,
            Source = HostingSource.Analyst, Confidence = 100, TracedAt = context.OccurredAt,
        };
        return await DoAsync(http, all, me, (report, item) => new UpdateHosting
        {
            ReportId = report, Context = context, Items = [new ItemTarget { Ordinal = item }], Facts = facts,
        }, "newCountryCode");
    }

    /// <summary>The second half; what is that country's job already, by routing or by the first half, is moved.</summary>
    private static async Task<IResult> MoveAsync(HttpContext http, IccamServices all)
    {
        var me = IccamCaller.Of(http);
        var country = Country(http, me);
        var context = me.Context(all.Time);
        return await DoAsync(http, all, me, (report, item) => new MoveToCountry
        {
            ReportId = report, Context = context, Items = [new ItemTarget { Ordinal = item }], Country = country,
        }, "newCountryCode", RejectionCode.AlreadyAssignedThere);
    }

    private static async Task<IResult> ReferenceAsync(HttpContext http, IccamServices all)
    {
        var me = IccamCaller.Of(http);
        var context = me.Context(all.Time);
        var fields = all.Reader.Fields(context.OccurredAt);
        var reference = fields.Reference("reference", RequestReader.Query(http, "reference"), required: true);
        fields.Check();
        return await DoAsync(http, all, me, (report, item) => new SetHotlineReference
        {
            ReportId = report, Context = context, Item = new ItemTarget { Ordinal = item }, Reference = reference!.Value,
        }, "reference");
    }

    private static async Task<IResult> DoAsync(
        HttpContext http, IccamServices all, IccamCaller me, Func<ReportId, int, IReportCommand> command, string field, RejectionCode? done = null)
    {
        await all.Reports.DoAsync(me.Caller, RequestReader.Number(http, Id), command, field, done, http.RequestAborted);
        return Shows.Done;
    }

    private static Country Country(HttpContext http, IccamCaller me) => me.Style.TryCountry(RequestReader.Query(http, "newCountryCode"), out var country)
        ? country
        : throw ApiProblemException.OfField("newCountryCode", ProblemCodes.UnknownCountry, "This names no country; nothing was changed.");
}
