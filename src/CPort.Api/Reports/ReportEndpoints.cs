using System.Security.Cryptography;
using System.Text;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Actors.Reports;

namespace CPort.Api.Reports;

/// <summary>Submitting one report and reading it: <c>/v1/reports</c>.</summary>
public static class ReportEndpoints
{
    public static void MapReports(this IEndpointRouteBuilder v1)
    {
        var reports = v1.MapGroup("/reports").WithTags("Reports");
        reports.MapPost("", SubmitAsync).Needs(Deed.SubmitReports).WithName("SubmitReport").WithSummary("Submit one report")
            .WithDescription(
                "Takes one report in ICCAM v3's body, with hashes for each URL if there are any. The answer comes once the report is durable. Its identity is "
                + "(your agency, hotlineReference): the same report again is answered 200 `duplicate`, other content under the same reference 409. "
                + "`?codes=v2` reads codes by ICCAM v2's lists.")
            .WithMetadata(RequestBody.Accepts<ReportBody>("application/json"), RequestBody.CodesParameter)
            .Produces<SubmissionAnswer>(StatusCodes.Status201Created)
            .Problems(400, 403, 409, 413, 422, 503);
        reports.MapGet("/{id}", GetAsync).Needs(Deed.ReadReports).WithName("GetReport").WithSummary("Read a report")
            .WithDescription(
                "The report as it is now, from its actor, with a page of its items by ordinal. What the caller may not see is absent, and a report it may not "
                + "see at all is 404. `If-None-Match` with the ETag gives 304 while nothing has changed.")
            .Produces<ReportAnswer>().Produces(StatusCodes.Status304NotModified).Problems(400, 404, 422, 503);
        reports.MapGet("/{id}/items/{item:int}", GetItemAsync).Needs(Deed.ReadReports).WithName("GetItem").WithSummary("Read one item")
            .WithDescription("Its ETag goes into `If-Match` or `expectedVersion` of commands.")
            .Problems(404, 503);
        reports.MapGet("/{id}/history", HistoryAsync).Needs(Deed.ReadReports).WithName("GetReportHistory").WithSummary("Read a report's history")
            .WithDescription("Every event the caller may see: what, who, when, why.")
            .Problems(400, 404, 422, 503);
    }

    private static async Task<SubmissionAnswer> SubmitAsync(HttpContext http, ApiCaller me, ReportBodyReader reader, ReportIntake intake, IntakeLimits limits)
    {
        var codes = RequestBody.Codes(http);
        var body = await RequestBody.ReadAsync(http, limits.BodyBytes);
        return CommandAnswers.Answer(http, await intake.SubmitAsync(reader.Read(body.Span, me.Context(), codes), http.RequestAborted));
    }

    private static async Task<IResult> GetAsync(
        HttpContext http, ApiCaller me, IReportGateway gateway, string id, string? cursor = null, string? maxResults = null)
    {
        var (report, list) = (Id(id), $"items {id}");
        var page = await gateway.GetAsync(
            new GetReport
            {
                ReportId = report, Caller = me.Caller, FromOrdinal = Cursor.Read<int?>(list, cursor) ?? 1, MaxItems = QueryValues.MaxResults(maxResults),
            },
            http.RequestAborted);
        if (page.Head is null)
        {
            throw Absent();
        }

        var etag = $"\"r{page.Head.Report.Version}-{Rights(me.Caller)}\"";
        Tag(http, etag);
        return http.Request.Headers.IfNoneMatch.ToString().Split(',', StringSplitOptions.TrimEntries).Contains(etag)
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Ok(ReportAnswer.Of(page, page.NextOrdinal is { } next ? Cursor.Write<int?>(list, next) : null));
    }

    private static async Task<ItemAnswer> GetItemAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, int item, GroupReader groups)
    {
        var report = Id(id);
        var page = await gateway.GetAsync(
            new GetReport { ReportId = report, Caller = me.Caller, FromOrdinal = Math.Max(1, item), MaxItems = 1 }, http.RequestAborted);
        if (page.Head is null || page.Items is not [var only] || only.Item.Ordinal != item)
        {
            throw Absent();
        }

        Tag(http, $"\"{only.Item.Version}\"");
        return ItemAnswer.Of(report, only) with { Group = await GroupOfAsync(groups, me.Caller, only.Item, http.RequestAborted) };
    }

    /// <summary>The item comes from its report; that lists cannot be read at the moment must not keep it back.</summary>
    private static async Task<GroupMarkAnswer?> GroupOfAsync(GroupReader groups, Caller caller, ContentItem item, CancellationToken cancellation)
    {
        if (item.Hashes.All(h => h.Algorithm != Domain.Hashes.HashAlgorithm.Pdq))
        {
            return null;
        }

        try
        {
            return GroupMarkAnswer.Of((await groups.OfItemsAsync(caller, [item.Number], cancellation)).GetValueOrDefault(item.Number));
        }
        catch (Exception e) when (Faults.IsPassingFor(e, cancellation))
        {
            return null;
        }
    }

    private static async Task<HistoryAnswer> HistoryAsync(
        HttpContext http, ApiCaller me, IReportGateway gateway, string id, string? cursor = null, string? maxResults = null)
    {
        var (report, list) = (Id(id), $"history {id}");
        var page = await gateway.HistoryAsync(
            new GetHistory
            {
                ReportId = report, Caller = me.Caller, FromSequence = Cursor.Read<long?>(list, cursor) ?? 1, MaxEvents = QueryValues.MaxResults(maxResults),
            },
            http.RequestAborted);
        return page.Found
            ? new HistoryAnswer(
                page.ReportId.ToString(), [.. page.Entries.Select(HistoryEntryAnswer.Of)],
                page.NextSequence is { } next ? Cursor.Write<long?>(list, next) : null)
            : throw Absent();
    }

    /// <summary>The id in a path; anything that is none is a report that does not exist.</summary>
    public static ReportId Id(string text) => ReportId.TryParse(text, out var id) ? id : throw Absent();

    private static ApiProblemException Absent() => ApiProblemException.Of(ProblemCodes.NotFound, "There is no such report, or it is not for you to see.");

    private static void Tag(HttpContext http, string etag)
    {
        http.Response.Headers.ETag = etag;
        http.Response.Headers.CacheControl = "private, no-cache";
    }

    /// <summary>What is shown depends on the caller's rights as well: when those change, the ETag must.</summary>
    private static string Rights(Caller c) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        $"{c.Agency}|{c.Kind}|{c.Roles}|{string.Join(',', c.Countries.Select(x => x.Code))}|{c.HoldsOrphanMandate}|{c.Tenant}")).AsSpan(0, 4));
}
