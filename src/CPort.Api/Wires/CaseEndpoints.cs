using System.Text.Json.Nodes;
using CPort.Actors.Referrals;
using CPort.Actors.Reports;
using CPort.Domain.Wires;

namespace CPort.Api.Wires;

/// <summary>An item or a referral as CASE/UCO JSON-LD, for police and INTERPOL; each is a disclosure. Packages have theirs among their files.</summary>
public static class CaseEndpoints
{
    public static void MapCase(this IEndpointRouteBuilder v1)
    {
        var group = v1.MapGroup("").WithTags("Other wires");
        group.MapGet("/reports/{id}/items/{item:int}/case.jsonld", ItemAsync).Needs(Deed.ReadReports).Needs(Deed.ExportItems).WithName("GetItemAsCase")
            .WithSummary("An item as CASE/UCO JSON-LD").WithDescription("With the hotline part of the CAC ontology; what the caller does not see is not in it.")
            .Produces<string>(200, CaseGraph.MediaType).Problems(403, 404, 503);
        group.MapGet("/referrals/{id}/case.jsonld", ReferralAsync).Needs(Deed.SeeExchange).Needs(Deed.ExportItems).WithName("GetReferralAsCase")
            .WithSummary("A referral with its items as CASE/UCO JSON-LD").WithDescription("At most 1,000 items.")
            .Produces<string>(200, CaseGraph.MediaType).Problems(403, 404, 422, 503);
    }

    private static async Task<FileAnswer> ItemAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, int item)
    {
        var report = ReportEndpoints.Id(id);
        var found = await WiredItems.ItemsAsync(http, me, gateway, report, new HashSet<int> { Math.Max(1, item) }) ?? throw WiredItems.Absent();
        var graph = CaseGraph.Document(CaseGraph.Report(found.Head, [.. found.Items]));
        return new FileAnswer(graph, CaseGraph.MediaType, WiredItems.Shown([(report, found.Items)], null));
    }

    private static async Task<FileAnswer> ReferralAsync(HttpContext http, ApiCaller me, IReportGateway gateway, IReferralGateway referrals, string id)
    {
        var referral = await WiredItems.OfReferralAsync(http, me, referrals, id);
        var given = new List<(ReportId Report, ReportHead Head, IReadOnlyCollection<ItemView> Items)>();
        foreach (var its in referral.Items.GroupBy(i => i.Report))
        {
            if (await WiredItems.ItemsAsync(http, me, gateway, its.Key, its.Select(i => i.Ordinal).ToHashSet()) is { } seen)
            {
                given.Add((its.Key, seen.Head, seen.Items));
            }
        }

        var head = referral.Head;
        var items = given.SelectMany(g => g.Items.Select(i => new ItemRef(g.Report, i.Item.Ordinal)));
        var nodes = CaseGraph.Referral(referral.Id, me.Caller.Agency.Value, head.OpenedBy.Value, head.OpenedAt, items)
            .Concat(given.SelectMany(g => CaseGraph.Report(g.Head, g.Items)));
        return new FileAnswer(CaseGraph.Document(Once(nodes)), CaseGraph.MediaType, WiredItems.Shown(given.Select(g => (g.Report, g.Items)), referral.Id));
    }

    /// <summary>Agencies and the channel stand with each report; a node stands once, unless it says more.</summary>
    private static IEnumerable<JsonObject> Once(IEnumerable<JsonObject> nodes) =>
        nodes.DistinctBy(n => n.ToJsonString());
}
