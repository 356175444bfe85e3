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
                "The report as it is now, from its actor, with a page of its items by ordinal and one of its memos by time: as many as one answer has room "
                + "for, and `nextCursor` gives the others. What the caller may not see is absent, and a report it may not see at all is 404. "
                + "`If-None-Match` with the ETag gives 304 while nothing has changed.")
            .Produces<ReportAnswer>().Produces(StatusCodes.Status304NotModified).Problems(400, 404, 422, 503);
        reports.MapGet("/{id}/items/{item:int}", GetItemAsync).Needs(Deed.ReadReports).WithName("GetItem").WithSummary("Read one item")
            .WithDescription("Its ETag goes into `If-Match` or `expectedVersion` of commands.")
            .Problems(404, 422, 503);
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
        var place = Cursor.Read<ReportPlace>(list, cursor) ?? new ReportPlace(1, 0);
        var query = new GetReport
        {
            ReportId = report, Caller = me.Caller, FromOrdinal = place.Item, FromMemo = place.Memo, MaxItems = QueryValues.MaxResults(maxResults),
        };
        var page = Found(await gateway.GetAsync(query, http.RequestAborted));

        var etag = EntityTags.OfReport(page.Head!.Report.Version, EntityTags.Rights(me.Caller));
        Tag(http, etag);
        return EntityTags.NoneMatch(http, etag)
            ? TypedResults.StatusCode(StatusCodes.Status304NotModified)
            : TypedResults.Ok(ReportAnswer.Of(
                page, page.Next(query) is { } next ? Cursor.Write(list, new ReportPlace(next.FromOrdinal, next.FromMemo)) : null));
    }

    private static async Task<ItemAnswer> GetItemAsync(HttpContext http, ApiCaller me, IReportGateway gateway, string id, int item, GroupReader groups)
    {
        var report = Id(id);
        var page = Found(await gateway.GetAsync(
            new GetReport { ReportId = report, Caller = me.Caller, FromOrdinal = Math.Max(1, item), MaxItems = 1 }, http.RequestAborted));
        if (page.Items is not [var only] || only.Item.Ordinal != item)
        {
            throw Absent();
        }

        // Its group changes without the item: only commands can be made conditional on the tag.
        Tag(http, EntityTags.OfItem(only.Item.Version));
        return ItemAnswer.Of(report, only) with { Group = await GroupOfAsync(groups, me.Caller, only.Item, http.RequestAborted) };
    }

    /// <summary>
    /// The group that the item is in, as its page shows it, too. The item comes from its report; that lists cannot be read at the moment must not keep it back.
    /// </summary>
    public static async Task<GroupMarkAnswer?> GroupOfAsync(GroupReader groups, Caller caller, ContentItem item, CancellationToken cancellation)
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
        if (page.TooLong)
        {
            throw TooLong();
        }

        return page.Found
            ? new HistoryAnswer(
                page.ReportId.ToString(), [.. page.Entries.Select(HistoryEntryAnswer.Of)],
                page.NextSequence is { } next ? Cursor.Write<long?>(list, next) : null)
            : throw Absent();
    }

    /// <summary>Where a page of a report begins.</summary>
    /// <param name="Item">The first item, by ordinal.</param>
    /// <param name="Memo">The first memo, by its place; null: none are left.</param>
    private sealed record ReportPlace(int Item, int? Memo);

    /// <summary>The id in a path; anything that is none is a report that does not exist.</summary>
    public static ReportId Id(string text) => ReportId.TryParse(text, out var id) ? id : throw Absent();

    private static ReportPage Found(ReportPage page) => page.TooLong ? throw TooLong() : page.Head is null ? throw Absent() : page;

    private static ApiProblemException TooLong() => ApiProblemException.Of(
        ProblemCodes.AnswerTooLong, $"One item or event is longer than an answer may be ({ReportLimits.AnswerBytes} bytes). Asking again does not help.");

    internal static ApiProblemException Absent() => ApiProblemException.Of(ProblemCodes.NotFound, "There is no such report, or it is not for you to see.");

    private static void Tag(HttpContext http, string etag)
    {
        http.Response.Headers.ETag = etag;
        http.Response.Headers.CacheControl = "private, no-cache";
    }
}
