using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>
/// One table set as an operator sees it. <c>PositionAt</c>: when the newest event that is folded in was recorded; <c>Lag</c>: how long the oldest event that is
/// not folded in has been waiting; <c>Since</c>: when the state last changed.
/// </summary>
public sealed record TableSetStatus(
    int Set, int Version, TableSetState State, long Position, DateTimeOffset? PositionAt, long LagEvents, TimeSpan Lag, DateTimeOffset Since)
{
    /// <summary>The journal has reports up to the position, and the set neither shows one nor leaves one out, whatever it says of itself.</summary>
    public bool ShowsNothing { get; init; }
}

/// <summary>A report that the projection leaves out because its events cannot be read.</summary>
public sealed record StuckReport(string PersistenceId, long Sequence, string Reason, DateTimeOffset Since);

/// <summary>The projection as an operator sees it. <c>CurrentVersion</c>: the version this node's code writes.</summary>
public sealed record ProjectionStatus(int CurrentVersion, ImmutableArray<TableSetStatus> Sets, ImmutableArray<StuckReport> Stuck);

/// <summary>Where the projection stands; reads the database, so that it answers also while no projection runs.</summary>
public sealed class ProjectionStatusReader(ReadTables tables, JournalReader journal, TimeProvider time)
{
    public async Task<ProjectionStatus> ReadAsync(CancellationToken cancellation = default)
    {
        await using var db = tables.Connect();
        var sets = ImmutableArray.CreateBuilder<TableSetStatus>();
        foreach (var set in await tables.SetsAsync(cancellation).ConfigureAwait(false))
        {
            var lag = await journal.LagAsync(set.Position, cancellation).ConfigureAwait(false);
            var now = time.GetUtcNow();
            var behind = lag.Oldest is { } oldest && oldest < now ? now - oldest : TimeSpan.Zero;
            sets.Add(new TableSetStatus(set.Id, set.Version, set.State, set.Position, set.PositionAt == 0 ? null : ReadRows.Time(set.PositionAt),
                lag.Events, behind, ReadRows.Time(set.Since))
            {
                ShowsNothing = set.State != TableSetState.Retired
                    && !await ReadTables.Reports(db, set.Id).AnyAsync(cancellation).ConfigureAwait(false)
                    && !await db.GetTable<StuckRow>().AnyAsync(s => s.SetId == set.Id, cancellation).ConfigureAwait(false)
                    && await journal.HoldsReportsAsync(set.Position, cancellation).ConfigureAwait(false),
            });
        }

        var stuck = await db.GetTable<StuckRow>().OrderBy(s => s.Since).ThenBy(s => s.PersistenceId).Take(1_000)
            .ToListAsync(cancellation).ConfigureAwait(false);
        return new ProjectionStatus(ReadTables.Version, sets.ToImmutable(), [.. stuck
            .DistinctBy(s => s.PersistenceId)
            .Select(s => new StuckReport(s.PersistenceId, s.Sequence, s.Reason, ReadRows.Time(s.Since)))]);
    }
}
