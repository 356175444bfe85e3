using CPort.Actors.Entities;
using CPort.Api.Security;
using CPort.Domain.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CPort.Api.Operators;

/// <summary>A stuck entity in an answer.</summary>
public sealed record StuckEntityAnswer(string Id, long AfterSequence, string Reason, DateTimeOffset Since, int Attempts);

/// <summary>What cannot be read from the journal; for operators. Others go on meanwhile.</summary>
public static class StuckEndpoints
{
    public static void MapStuck(this RouteGroupBuilder v1)
    {
        var group = v1.MapGroup("/stuck").WithTags("Operation");
        group.MapGet("", async (ApiCaller caller, StuckEntities stuck, CancellationToken cancellation) =>
            {
                caller.Require(Roles.Operator);
                var rows = await stuck.ListAsync(cancellation);
                return Results.Json(new { stuck = rows.Select(s => new StuckEntityAnswer(s.PersistenceId, s.AfterSequence, s.Reason, s.Since, s.Attempts)) }, ApiJson.Options);
            })
            .WithName("ListStuck").WithSummary("Reports and hash buckets that cannot be read from the journal");
        group.MapPost("/{id}:retry", RetryAsync).WithName("RetryStuck").WithSummary("Read a stuck entity again; it leaves the list when it answers");
    }

    private static async Task<IResult> RetryAsync(string id, ApiCaller caller, StuckRetry retry, CancellationToken cancellation)
    {
        caller.Require(Roles.Operator);
        return !EntityName.TryParse(id, out var name) ? ApiProblem.Of(ProblemCatalogue.NotFound).ToResult()
            : await retry.RunAsync(name, cancellation) ? Results.NoContent()
            : ApiProblem.Of(CPort.Actors.Intake.IntakeCodes.Unavailable, "It still cannot be read.").ToResult();
    }
}
