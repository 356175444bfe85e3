using CPort.Actors.Intake;
using CPort.Domain.Agencies.Verbs;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>Counts what a tenant holds: shown before training is emptied. Reads the read model, which may be a moment behind.</summary>
public sealed class TrainingSize(ReadModel model, IRejectionLog rejections)
{
    public async Task<TrainingHolds> CountAsync(Tenant tenant, CancellationToken cancellation = default)
    {
        var (reports, items) = await model.QueryAsync(async (db, set, _) => (
            await ReadTables.Reports(db, set).LongCountAsync(r => r.Tenant == tenant, cancellation).ConfigureAwait(false),
            await ReadTables.Items(db, set).LongCountAsync(i => i.Tenant == tenant, cancellation).ConfigureAwait(false)), cancellation).ConfigureAwait(false);
        return new TrainingHolds
        {
            Reports = reports, Items = items, Rejections = await rejections.CountAsync(tenant, cancellation).ConfigureAwait(false),
        };
    }
}
