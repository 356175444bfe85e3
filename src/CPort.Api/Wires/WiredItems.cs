using CPort.Actors.Referrals;
using CPort.Actors.Reports;
using CPort.Domain.Audit;
using CPort.Domain.Referrals;

namespace CPort.Api.Wires;

/// <summary>A referral of the caller's agency with all its items.</summary>
internal sealed record WiredReferral(string Id, ReferralPage Head, IReadOnlyList<ItemRef> Items);

/// <summary>What is given out in other systems' forms, read as the caller sees it.</summary>
internal static class WiredItems
{
    /// <summary>Items of a referral that one answer holds.</summary>
    private const int MostItems = 1_000;

    /// <summary>The referral; throws 404 where there is none for the caller, 422 where it is too long for one answer.</summary>
    public static async Task<WiredReferral> OfReferralAsync(HttpContext http, ApiCaller me, IReferralGateway referrals, string id)
    {
        if (!ReferralRef.TryParse(id, out var referral))
        {
            throw Absent();
        }

        var items = new List<ItemRef>();
        ReferralPage? head = null;
        for (int? skip = 0; skip is { } at;)
        {
            var page = await referrals.GetAsync(
                new GetReferral { Key = referral.Key, Number = referral.Number, Caller = me.Caller, Skip = at }, http.RequestAborted);
            if (!page.Found)
            {
                throw Absent();
            }

            head ??= page;
            items.AddRange(page.Items.Select(i => i.Item));
            skip = page.Next;
            if (items.Count > MostItems)
            {
                throw ApiProblemException.Of(ProblemCodes.AnswerTooLong, $"The referral has more than {MostItems} items.");
            }
        }

        return new WiredReferral(referral.ToString(), head!, items);
    }

    /// <summary>A page of a report; throws 404 where there is none for the caller.</summary>
    public static async Task<ReportPage> PageAsync(HttpContext http, ApiCaller me, IReportGateway gateway, ReportId report, int from, int most)
    {
        var page = await gateway.GetAsync(
            new GetReport { ReportId = report, Caller = me.Caller, FromOrdinal = from, MaxItems = most }, http.RequestAborted);
        return page.Head is null ? throw Absent() : page;
    }

    /// <summary>These items of a report, as far as the caller sees them; null: it sees none.</summary>
    public static async Task<(ReportHead Head, IReadOnlyList<ItemView> Items)?> ItemsAsync(
        HttpContext http, ApiCaller me, IReportGateway gateway, ReportId report, IReadOnlySet<int> ordinals)
    {
        var (items, head) = (new List<ItemView>(), (ReportHead?)null);
        for (int? from = ordinals.Min(); from is { } at && at <= ordinals.Max();)
        {
            var page = await gateway.GetAsync(
                new GetReport { ReportId = report, Caller = me.Caller, FromOrdinal = at, MaxItems = ReportRules.ItemsPerPart }, http.RequestAborted);
            if (page.Head is null)
            {
                return null;
            }

            head ??= page.Head;
            items.AddRange(page.Items.Where(i => ordinals.Contains(i.Item.Ordinal)));
            from = page.NextOrdinal;
        }

        return items.Count == 0 ? null : (head!, items);
    }

    /// <summary>For the audit log: which items of which reports.</summary>
    public static Shown Shown(IEnumerable<(ReportId Report, IReadOnlyCollection<ItemView> Items)> given, string? referral)
    {
        var all = given.ToArray();
        return new Shown(
            [
                .. referral is null ? (IEnumerable<AuditObject>)[] : [new AuditObject(AuditObjectKind.Referral, referral)],
                .. all.Select(g => new AuditObject(AuditObjectKind.Report, g.Report.ToString())),
                .. all.SelectMany(g => g.Items.Select(i => new AuditObject(AuditObjectKind.Item, new ItemRef(g.Report, i.Item.Ordinal).ToString()))),
            ],
            ["urlString", "hashes", "classification"], all.Sum(g => g.Items.Count));
    }

    public static ApiProblemException Absent() =>
        ApiProblemException.Of(ProblemCodes.NotFound, "There is no such report, item or referral, or it is not for you to see.");
}
