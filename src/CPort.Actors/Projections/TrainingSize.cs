using CPort.Actors.Intake;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>What a tenant holds that people would miss; hashes and groups go with it, and no number says what they are worth.</summary>
public sealed record TrainingHolds(long Reports, long Items, long Rejections);

/// <summary>Counts what a tenant holds: shown before training is emptied. Reads the read model, which may be a moment behind.</summary>
public sealed class TrainingSize(ReadModel model, IRejectionLog rejections)
{
    public async Task<TrainingHolds> CountAsync(Tenant tenant, CancellationToken cancellation = default)
    {
        var (reports, items) = await model.QueryAsync(async (db, set, _) => (
            await ReadTables.Reports(db, set).LongCountAsync(r => r.Tenant == tenant, cancellation).ConfigureAwait(false),
            await ReadTables.Items(db, set).LongCountAsync(i => i.Tenant == tenant, cancellation).ConfigureAwait(false)), cancellation).ConfigureAwait(false);
        return new TrainingHolds(reports, items, await rejections.CountAsync(tenant, cancellation).ConfigureAwait(false));
    }
}
