using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>
/// Which of some items that carry a hash the caller sees, and sees the hashes of: a number of others would tell of items that it does not see. From the read
/// model, which may be a moment behind.
/// </summary>
public sealed class SeenItems(ReadModel model)
{
    public Task<ImmutableHashSet<ItemRef>> OfAsync(Caller caller, ImmutableArray<ItemRef> items, CancellationToken cancellation = default) =>
        model.QueryAsync(async (db, set, _) =>
        {
            var (wanted, seen) = (items.ToHashSet(), ImmutableHashSet.CreateBuilder<ItemRef>());
            var sees = AccessScope.Sees(caller, FieldGroup.Existence, FieldGroup.State, FieldGroup.Hashes);
            foreach (var part in items.Select(i => i.Report.ToString()).Distinct().Chunk(500))
            {
                var reports = part.ToList();
                var rows = await ReadTables.Items(db, set).Where(sees).Where(i => reports.Contains(i.ReportId)).Select(i => new { i.ReportId, i.Ordinal })
                    .ToListAsync(cancellation).ConfigureAwait(false);
                seen.UnionWith(rows.Select(r => new ItemRef(ReportId.Parse(r.ReportId), r.Ordinal)).Where(wanted.Contains));
            }

            return seen.ToImmutable();
        }, cancellation);
}
