using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>Items that are named one by one, as lists show them; those that the caller does not see are left out.</summary>
public sealed class ItemReader(ReadModel model)
{
    /// <summary>By their numbers, in the order asked; a page's worth at most.</summary>
    public Task<ImmutableArray<ListedItem>> OfNumbersAsync(Caller caller, IEnumerable<long> numbers, CancellationToken cancellation = default)
    {
        var keys = numbers.Select(n => ReadRows.KeyOf(caller.Tenant, n)).Distinct().Take(ReadModel.MaxResults).ToList();
        return model.QueryAsync(async (db, set, _) =>
        {
            var rows = (await ReadTables.Items(db, set).Where(AccessScope.Sees(caller, FieldGroup.Existence)).Where(i => keys.Contains(i.Key))
                .ToListAsync(cancellation).ConfigureAwait(false)).ToDictionary(i => i.Key);
            return ListedItem.Of(caller, keys.Where(rows.ContainsKey).Select(k => (rows[k], (long?)null, (long?)null)), model);
        }, cancellation);
    }
}
