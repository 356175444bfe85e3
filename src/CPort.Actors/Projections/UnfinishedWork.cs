using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>How many reports are owed automatic work, and since when the oldest has waited.</summary>
public sealed record UnfinishedReports(long Reports, DateTimeOffset? OldestSince);

/// <summary>Counts the automatic work (trace, match, route, telling the buckets) that the read tables know to be owed.</summary>
public sealed class UnfinishedWork(ReadModel model)
{
    public Task<UnfinishedReports> CountAsync(CancellationToken cancellation = default) => model.QueryAsync(async (db, set, _) =>
    {
        var owed = ReadTables.Reports(db, set).Where(r => r.UnfinishedSince != null);
        var count = await owed.LongCountAsync(cancellation).ConfigureAwait(false);
        var oldest = await owed.MinAsync(r => r.UnfinishedSince, cancellation).ConfigureAwait(false);
        return new UnfinishedReports(count, oldest is { } ticks ? ReadRows.Time(ticks) : null);
    }, cancellation);
}
