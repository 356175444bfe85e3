using Akka.Actor;
using Akka.Hosting;
using CPort.Actors.Hashes;
using CPort.Actors.Persistence;
using CPort.Actors.Reports;
using CPort.Api.Security;
using CPort.Domain.Access;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
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

    private static async Task<IResult> RetryAsync(string id, ApiCaller caller, StuckEntities stuck, IReadOnlyActorRegistry actors, CancellationToken cancellation)
    {
        caller.Require(Roles.Operator);
        return await StuckRetry.RunAsync(id, actors, stuck, cancellation) switch
        {
            true => Results.NoContent(),
            false => ApiProblem.Of(CPort.Actors.Intake.IntakeCodes.Unavailable, "It still cannot be read.").ToResult(),
            null => ApiProblem.Of(ProblemCatalogue.NotFound).ToResult(),
        };
    }
}

/// <summary>Has a stuck entity read again.</summary>
public static class StuckRetry
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>True: it answers, and is off the list. False: it still does not. Null: the id is neither a report's nor a hash bucket's.</summary>
    public static async Task<bool?> RunAsync(string id, IReadOnlyActorRegistry actors, StuckEntities stuck, CancellationToken cancellation)
    {
        try
        {
            if (id.StartsWith("report-", StringComparison.Ordinal) && ReportId.TryParse(id["report-".Length..], out var report))
            {
                await actors.Get<ReportRegion>().Ask<ReportPage>(new GetReport { ReportId = report, Caller = Caller.System, MaxItems = 1 }, Patience, cancellation);
            }
            else if (id.StartsWith("hash-bucket-", StringComparison.Ordinal) && HashBucketId.TryParse(id["hash-bucket-".Length..], out var bucket))
            {
                await actors.Get<HashBucketRegion>().Ask<BucketStats>(new GetBucketStats { Bucket = bucket }, Patience, cancellation);
            }
            else
            {
                return null;
            }
        }
        catch (AskTimeoutException)
        {
            return false;
        }

        await stuck.ClearAsync(id, cancellation);
        return true;
    }
}
