using CPort.Domain.Audit;

namespace CPort.Api.Reports;

/// <summary>A page of lines that were rejected or in conflict.</summary>
/// <param name="NextCursor">The <c>cursor</c> of the next page; absent on the last.</param>
public sealed record RejectionsAnswer(IReadOnlyList<RejectionAnswer> Rejections, string? NextCursor) : IShowsData
{
    Shown IShowsData.What() => new(
        [.. Rejections.Select(r => new AuditObject(AuditObjectKind.Rejection, r.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)))],
        [.. ShownFields.Of(Rejections)], Rejections.Count);
}

/// <summary>A line of a stream that was not taken, without anything of the line but its reference.</summary>
/// <param name="Times">How often it came.</param>
/// <param name="Line">Its number in the stream it came in last.</param>
/// <param name="Problem">What was wrong; absent from an entry that is unreadable.</param>
/// <param name="Unreadable">The entry was changed in the database: what was wrong, and the reference, cannot be read any more.</param>
public sealed record RejectionAnswer(
    long Id, string Outcome, DateTimeOffset FirstAt, DateTimeOffset LastAt, int Times, long Line, string? HotlineReference, string? ReportId,
    IReadOnlyList<string>? Fields, ApiProblem? Problem, bool? Unreadable);

/// <summary>Lines of streams that were not taken, for their own sender: <c>GET /v1/rejections</c>.</summary>
public static class RejectionEndpoints
{
    private const string List = "rejections";

    public static void MapRejections(this IEndpointRouteBuilder v1) =>
        v1.MapGet("/rejections", ListAsync).Needs(Deed.ListRejections).WithTags("Reports").WithName("ListRejections").WithSummary("List rejected lines")
            .WithDescription(
                "Lines of the caller's own streams that were rejected or in conflict, newest first: what was wrong and the reference, nothing else of the line. "
                + "The same line sent again is the same entry.")
            .Problems(400, 422, 503);

    private static Task<RejectionsAnswer> ListAsync(
        ApiCaller me, IRejectionLog log, CancellationToken cancellation, string? cursor = null, string? maxResults = null) =>
        PageAsync(me.Caller, log, QueryValues.MaxResults(maxResults), cursor, cancellation);

    /// <summary>A page of the caller's agency's, as the portal shows it too.</summary>
    public static async Task<RejectionsAnswer> PageAsync(Caller caller, IRejectionLog log, int max, string? cursor, CancellationToken cancellation)
    {
        var found = await log.ListAsync(caller.Agency, caller.Tenant, Cursor.Read<long?>(List, cursor), max + 1, cancellation);
        return new RejectionsAnswer([.. found.Take(max).Select(ToAnswer)], found.Count > max ? Cursor.Write<long?>(List, found[max - 1].Id) : null);
    }

    private static RejectionAnswer ToAnswer(RejectedLine line) => new(
        line.Id, line.Result == IntakeResult.Conflict ? "conflict" : "rejected", line.FirstAt, line.LastAt, line.Times, line.Line, line.Reference,
        line.ReportId?.ToString(), line.Fields.Count > 0 ? line.Fields : null, line.Problem is { } problem ? ApiProblem.Of(problem) : null,
        line.Problem is null ? true : null);
}
