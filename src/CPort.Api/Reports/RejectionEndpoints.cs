using CPort.Actors.Intake;
using CPort.Api.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CPort.Api.Reports;

/// <summary>Lines of streams that were not taken, for their own sender: <c>GET /v1/rejections</c>.</summary>
public static class RejectionEndpoints
{
    private const string List = "rejections";

    public static RouteGroupBuilder MapRejections(this RouteGroupBuilder v1)
    {
        v1.MapGet("/rejections", ListAsync).WithTags("Reports").WithName("ListRejections").WithSummary("List rejected lines")
            .WithDescription(
                "Lines of the caller's own streams that were rejected or in conflict, newest first: what was wrong and the reference, nothing else of the line. "
                + "The same line sent again is the same entry. `limit` at most 500; `cursor` from the answer before.")
            .Produces<RejectionsAnswer>().Problems(400, 422, 503);
        return v1;
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, ApiCaller me, IRejectionLog log, CPortApiOptions options, string? cursor = null, string? limit = null)
    {
        var max = (int)ReportEndpoints.Number("limit", limit, 100, 1, options.PageSize);
        var before = Cursor.Read<long?>(List, cursor);
        var found = await log.ListAsync(me.Caller.Agency, me.Caller.Tenant, before, max + 1, http.RequestAborted);
        return Results.Json(
            new RejectionsAnswer(
                [.. found.Take(max).Select(ToAnswer)], found.Count > max ? Cursor.Write<long?>(List, found[max - 1].Id) : null),
            ApiJson.Options);
    }

    private static RejectionAnswer ToAnswer(RejectedLine line) => new(
        line.Id, line.Result == IntakeResult.Conflict ? "conflict" : "rejected", line.FirstAt, line.LastAt, line.Times, line.Line, line.Reference,
        line.ReportId?.ToString(), line.Fields.Count > 0 ? line.Fields : null, ApiProblem.Of(line.Problem));
}
