using Akka.Actor;
using Akka.Hosting;
using CPort.Actors.Projections;
using CPort.Domain.Audit;
using Microsoft.AspNetCore.Http.HttpResults;

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
/// <param name="ShowsNothing">It shows no report, and the journal has some before its position.</param>
public sealed record TableSetAnswer(
    int Set, int Version, TableSetState State, long Position, DateTimeOffset? PositionAt, long LagEvents, double LagSeconds, DateTimeOffset Since,
    bool ShowsNothing);

/// <summary>A report that lists leave out: its events cannot be read.</summary>
/// <param name="PersistenceId"><c>report-</c> and the report's id.</param>
/// <param name="Sequence">The event that could not be read.</param>
/// <param name="Reason">The kind of fault, without data.</param>
/// <param name="Since">When it was first seen.</param>
public sealed record LeftOutAnswer(string PersistenceId, long Sequence, string Reason, DateTimeOffset Since);

/// <summary>Where the projection stands.</summary>
/// <param name="CurrentVersion">The shape this node's program writes.</param>
/// <param name="Sets">All sets of read tables.</param>
/// <param name="Stuck">Reports that are left out, at most 1,000.</param>
public sealed record ProjectionsAnswer(int CurrentVersion, IReadOnlyList<TableSetAnswer> Sets, IReadOnlyList<LeftOutAnswer> Stuck);

/// <summary>A rebuild.</summary>
/// <param name="Set">The set that is being built.</param>
/// <param name="AlreadyRunning">It was under way before this request.</param>
public sealed record RebuildAnswer(int Set, bool AlreadyRunning) : IShowsData
{
    Shown IShowsData.What() => Shown.View("read model rebuilt");
}

/// <summary>A comparison with the journal.</summary>
/// <param name="Mended">Reports whose rows were behind, missing or stuck and are right now.</param>
/// <param name="Changed">Reports whose rows said something else than the journal, though they were current: somebody changed them. They are right now.</param>
/// <param name="Unproven">
/// Reports that rows tell of and the journal does not, or not so far: rows were made up, or events taken away. Nothing was done to them.
/// </param>
/// <param name="Reports">Ids of those two kinds, at most 200.</param>
public sealed record ReconcileAnswer(int Mended, int Changed, int Unproven, IReadOnlyList<string> Reports) : IShowsData
{
    Shown IShowsData.What() => new([.. Reports.Select(r => new AuditObject(AuditObjectKind.Report, r))], [], Mended + Changed + Unproven);
}

/// <summary><c>/v1/projections</c>: the read model, for operators.</summary>
public static class ProjectionEndpoints
{
    public static void MapProjections(this IEndpointRouteBuilder v1)
    {
        var projections = v1.MapGroup("").WithTags("Operators");
        projections.MapGet("/projections", StatusAsync).Needs(Deed.ReadProjections).WithName("GetProjections")
            .WithSummary("Position, lag, version and stuck reports of the read model")
            .Problems(403, 503);
        projections.MapPost("/projections:rebuild", async (IRequiredActor<ProjectionActor> projection, CancellationToken cancellation) =>
                TypedResults.Accepted("/v1/projections", await RebuildAsync(projection, cancellation)))
            .Needs(Deed.RebuildProjections).WithName("RebuildProjections")
            .WithSummary("Builds the read model anew from the journal")
            .WithDescription("The present one serves until the new one has caught up. Follow it with GET /v1/projections.")
            .Problems(403, 503);
        projections.MapPost("/projections:reconcile", ReconcileAsync).Needs(Deed.RebuildProjections).WithName("ReconcileProjections")
            .WithSummary("Compares every report with the journal and mends what differs, also what was stuck")
            .WithDescription("By content: what rows say is held against a replay of the journal, which takes as long as reading it. Groups are left out.")
            .Problems(403, 503);
    }

    /// <summary>Also for the operators' port.</summary>
    public static async Task<ProjectionsAnswer> StatusAsync(ProjectionStatusReader status, CancellationToken cancellation)
    {
        var s = await status.ReadAsync(cancellation);
        return new ProjectionsAnswer(
            s.CurrentVersion,
            [.. s.Sets.Select(t => new TableSetAnswer(
                t.Set, t.Version, t.State, t.Position, t.PositionAt, t.LagEvents, Math.Round(t.Lag.TotalSeconds, 3), t.Since,
                t.ShowsNothing))],
            [.. s.Stuck.Select(t => new LeftOutAnswer(t.PersistenceId, t.Sequence, t.Reason, t.Since))]);
    }

    /// <summary>Also for the operators' page.</summary>
    public static async Task<RebuildAnswer> RebuildAsync(IRequiredActor<ProjectionActor> projection, CancellationToken cancellation)
    {
        var started = await AskAsync<RebuildStarted>(projection, new RebuildProjections(), TimeSpan.FromSeconds(10), cancellation);
        return new RebuildAnswer(started.Set, started.AlreadyRunning);
    }

    /// <summary>Also for the operators' page.</summary>
    public static async Task<ReconcileAnswer> ReconcileAsync(IRequiredActor<ProjectionActor> projection, CancellationToken cancellation)
    {
        var found = await AskAsync<ProjectionsReconciled>(projection, new ReconcileProjections(), ProjectionOptions.LongestReconcile, cancellation);
        return new ReconcileAnswer(found.Mended, found.Changed, found.Unproven, found.Reports);
    }

    private static async Task<T> AskAsync<T>(IRequiredActor<ProjectionActor> projection, object question, TimeSpan patience, CancellationToken cancellation)
        where T : class =>
        await (await projection.GetAsync(cancellation)).Ask<object>(question, patience, cancellation) as T
            ?? throw ApiProblemException.Of(ProblemCodes.Unavailable, "The projection does not answer at the moment; it is safe to ask again.");
}
