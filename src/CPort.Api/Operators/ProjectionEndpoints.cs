using Akka.Actor;
using Akka.Hosting;
using CPort.Actors.Projections;
using CPort.Api.Queues;
using CPort.Api.Security;
using CPort.Domain.Access;
using CPort.Domain.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace CPort.Api.Operators;

/// <summary>One set of read tables.</summary>
/// <param name="Set">Its number.</param>
/// <param name="Version">The shape it was made for.</param>
/// <param name="State">Building, Serving, Retired.</param>
/// <param name="Position">The last journal row in it.</param>
/// <param name="PositionAt">When that row was written.</param>
/// <param name="LagEvents">Journal rows after it, at most.</param>
/// <param name="LagSeconds">How long the oldest of those has been waiting.</param>
/// <param name="Since">When its state last changed.</param>
public sealed record TableSetAnswer(
    int Set, int Version, TableSetState State, long Position, DateTimeOffset? PositionAt, long LagEvents, double LagSeconds, DateTimeOffset Since);

/// <summary>A report whose events the projection cannot read.</summary>
/// <param name="PersistenceId"><c>report-</c> and the report's id.</param>
/// <param name="Sequence">The event that could not be read.</param>
/// <param name="Reason">The kind of fault, without data.</param>
/// <param name="Since">When it was first seen.</param>
public sealed record StuckAnswer(string PersistenceId, long Sequence, string Reason, DateTimeOffset Since);

/// <summary>Where the projection stands.</summary>
/// <param name="CurrentVersion">The shape this node's program writes.</param>
/// <param name="Sets">All sets of read tables.</param>
/// <param name="Stuck">Reports that are left out, at most 1,000.</param>
public sealed record ProjectionsAnswer(int CurrentVersion, IReadOnlyList<TableSetAnswer> Sets, IReadOnlyList<StuckAnswer> Stuck);

/// <summary>A rebuild.</summary>
/// <param name="Set">The set that is being built.</param>
/// <param name="AlreadyRunning">It was under way before this request.</param>
public sealed record RebuildAnswer(int Set, bool AlreadyRunning);

/// <summary>A comparison with the journal.</summary>
/// <param name="Mended">Reports whose rows were behind, missing or stuck and are right now.</param>
public sealed record ReconcileAnswer(int Mended);

/// <summary><c>/v1/projections</c>: the read model, for operators.</summary>
public static class ProjectionEndpoints
{
    public static void MapProjections(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/projections", StatusAsync).WithName("GetProjections").WithTags("Operators")
            .WithSummary("Position, lag, version and stuck reports of the read model");
        routes.MapPost("/projections:rebuild", RebuildAsync).WithName("RebuildProjections").WithTags("Operators")
            .WithSummary("Builds the read model anew from the journal")
            .WithDescription("The present one serves until the new one has caught up. Follow it with GET /v1/projections.");
        routes.MapPost("/projections:reconcile", ReconcileAsync).WithName("ReconcileProjections").WithTags("Operators")
            .WithSummary("Compares every report with the journal and mends what differs, also what was stuck");
    }

    private static async Task<Ok<ProjectionsAnswer>> StatusAsync(ApiCaller caller, ProjectionStatusReader status, CancellationToken cancellation)
    {
        RequireOperator(caller);
        var s = await QueueEndpoints.Reading(() => status.ReadAsync(cancellation));
        return TypedResults.Ok(new ProjectionsAnswer(
            s.CurrentVersion,
            [.. s.Sets.Select(t => new TableSetAnswer(
                t.Set, t.Version, t.State, t.Position, t.PositionAt, t.LagEvents, Math.Round(t.Lag.TotalSeconds, 3), t.Since))],
            [.. s.Stuck.Select(t => new StuckAnswer(t.PersistenceId, t.Sequence, t.Reason, t.Since))]));
    }

    private static async Task<Accepted<RebuildAnswer>> RebuildAsync(ApiCaller caller, IRequiredActor<ProjectionActor> projection, CancellationToken cancellation)
    {
        RequireOperator(caller);
        var started = await AskAsync<RebuildStarted>(projection, new RebuildProjections(), TimeSpan.FromSeconds(10), cancellation);
        return TypedResults.Accepted("/v1/projections", new RebuildAnswer(started.Set, started.AlreadyRunning));
    }

    private static async Task<Ok<ReconcileAnswer>> ReconcileAsync(ApiCaller caller, IRequiredActor<ProjectionActor> projection, CancellationToken cancellation)
    {
        RequireOperator(caller);
        var done = await AskAsync<ProjectionsReconciled>(projection, new ReconcileProjections(), TimeSpan.FromMinutes(2), cancellation);
        return TypedResults.Ok(new ReconcileAnswer(done.Mended));
    }

    private static async Task<T> AskAsync<T>(IRequiredActor<ProjectionActor> projection, object question, TimeSpan patience, CancellationToken cancellation)
        where T : class
    {
        try
        {
            var actor = await projection.GetAsync(cancellation);
            if (await actor.Ask<object>(question, patience, cancellation) is T answer)
            {
                return answer;
            }
        }
        catch (AskTimeoutException)
        {
            // Answered below: safe to repeat.
        }

        throw ApiProblemException.Of(Actors.Intake.IntakeCodes.Unavailable, "The projection does not answer at the moment; it is safe to ask again.");
    }

    private static void RequireOperator(ApiCaller caller)
    {
        if (caller.Caller.Kind != AgencyKind.Operator)
        {
            throw ApiProblemException.Of(ProblemCatalogue.NotAuthorised, "This is for operators.");
        }

        caller.Require(Roles.Operator);
    }
}
