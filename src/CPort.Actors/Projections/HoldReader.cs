using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>A page of holds.</summary>
public sealed record HoldQuery
{
    /// <summary>Those that run, the first to end first; else those that have ended, the last one first.</summary>
    public bool Running { get; init; } = true;
    public int MaxResults { get; init; } = ReadModel.MaxResults;

    /// <summary>Where the page before ended; null: the first page.</summary>
    public HoldPlace? After { get; init; }
}

/// <summary>Where a page of holds ended.</summary>
public sealed record HoldPlace(long EndsAt, long FirstItem, int Number);

/// <summary>A hold of a list, with the ordinals of its items that the caller sees.</summary>
public sealed record ListedHold(HoldRow Row, HoldState State, ImmutableArray<int> Items, bool IsOwn);

/// <summary>A page of holds; <see cref="Next"/> is null on the last.</summary>
public sealed record HoldPage(ImmutableArray<ListedHold> Holds, HoldPlace? Next, ReadPosition At);

/// <summary>
/// Holds of which the caller's agency is part (docs/referrals.md). By the clock: one that ended a moment ago is among the ended, whatever is written.
/// </summary>
public sealed class HoldReader(ReadModel model)
{
    public Task<HoldPage> PageAsync(Caller caller, HoldQuery query, CancellationToken cancellation = default)
    {
        var max = Math.Clamp(query.MaxResults, 1, ReadModel.MaxResults);
        return model.QueryAsync(async (db, set, at) =>
        {
            var now = model.Time.GetUtcNow().UtcTicks;
            var holds = Of(caller, db, set);
            var (end, first, number) = query.After is { } after ? (after.EndsAt, after.FirstItem, after.Number) : default;
            if (query.Running)
            {
                holds = holds.Where(h => h.Ended == null && h.EndsAt > now);
                holds = query.After is null ? holds : holds.Where(h => h.EndsAt > end || (h.EndsAt == end
                    && (h.FirstItem > first || (h.FirstItem == first && h.Number > number))));
                holds = holds.OrderBy(h => h.EndsAt).ThenBy(h => h.FirstItem).ThenBy(h => h.Number);
            }
            else
            {
                holds = holds.Where(h => h.Ended != null || h.EndsAt <= now);
                holds = query.After is null ? holds : holds.Where(h => h.EndsAt < end || (h.EndsAt == end
                    && (h.FirstItem < first || (h.FirstItem == first && h.Number < number))));
                holds = holds.OrderByDescending(h => h.EndsAt).ThenByDescending(h => h.FirstItem).ThenByDescending(h => h.Number);
            }

            var found = await holds.Take(max + 1).ToListAsync(cancellation).ConfigureAwait(false);
            var page = found.Take(max).ToArray();
            return new HoldPage(
                await ShownAsync(caller, db, set, page, cancellation).ConfigureAwait(false),
                found.Count > max ? new HoldPlace(page[^1].EndsAt, page[^1].FirstItem, page[^1].Number) : null,
                at);
        }, cancellation);
    }

    /// <summary>How many of the caller's holds run.</summary>
    public Task<int> RunningAsync(Caller caller, CancellationToken cancellation = default) => model.QueryAsync((db, set, _) =>
    {
        var now = model.Time.GetUtcNow().UtcTicks;
        return Of(caller, db, set).CountAsync(h => h.Ended == null && h.EndsAt > now, cancellation);
    }, cancellation);

    /// <summary>One hold; null: there is none of which the caller is part.</summary>
    public Task<ListedHold?> FindAsync(Caller caller, HoldRef hold, CancellationToken cancellation = default) => model.QueryAsync(async (db, set, _) =>
    {
        var (report, number) = (hold.Report.ToString(), hold.Number);
        var found = await Of(caller, db, set).Where(h => h.ReportId == report && h.Number == number).ToListAsync(cancellation).ConfigureAwait(false);
        return (await ShownAsync(caller, db, set, [.. found], cancellation).ConfigureAwait(false)).FirstOrDefault();
    }, cancellation);

    /// <summary>Those of any of these items (by their numbers), running and ended, of which the caller is part.</summary>
    public Task<ImmutableArray<ListedHold>> OfItemsAsync(Caller caller, IEnumerable<long> numbers, CancellationToken cancellation = default)
    {
        var keys = numbers.Select(n => ReadRows.KeyOf(caller.Tenant, n)).ToList();
        return model.QueryAsync(async (db, set, _) =>
        {
            var held = ReadTables.HoldItems(db, set);
            var found = await Of(caller, db, set).Where(h => held.Any(x => x.ReportId == h.ReportId && x.Number == h.Number && keys.Contains(x.Item)))
                .OrderBy(h => h.Since).Take(ReadModel.MaxResults).ToListAsync(cancellation).ConfigureAwait(false);
            return await ShownAsync(caller, db, set, [.. found], cancellation).ConfigureAwait(false);
        }, cancellation);
    }

    /// <summary>Those of which the caller is part.</summary>
    private static IQueryable<HoldRow> Of(Caller caller, IDataContext db, int set)
    {
        var (tenant, agency, asks) = (caller.Tenant, caller.Agency.Value, AccessTable.AsksForItself(caller));
        var (items, held) = (ReadTables.Items(db, set).Where(AccessScope.IsPartyTo(caller)), ReadTables.HoldItems(db, set));
        var holds = ReadTables.Holds(db, set).Where(h => h.Tenant == tenant);
        if (caller.LooksAfter.IsEmpty)
        {
            return holds.Where(h => (asks && h.Agency == agency)
                || held.Any(x => x.ReportId == h.ReportId && x.Number == h.Number && items.Any(i => i.Key == x.Item)));
        }

        var (after, more) = (caller.LooksAfter.Select(a => a.Value).ToList(), ReadTables.Items(db, set).Where(AccessScope.IsPartyTo(caller, looksAfter: true)));
        return holds.Where(h => (asks && h.Agency == agency)
            || held.Any(x => x.ReportId == h.ReportId && x.Number == h.Number
                && (items.Any(i => i.Key == x.Item) || (after.Contains(h.Agency) && more.Any(i => i.Key == x.Item)))));
    }

    private async Task<ImmutableArray<ListedHold>> ShownAsync(
        Caller caller, IDataContext db, int set, HoldRow[] holds, CancellationToken cancellation)
    {
        var (now, agency, ids, held) = (
            model.Time.GetUtcNow().UtcTicks, caller.Agency.Value, holds.Select(h => h.ReportId).Distinct().ToList(), ReadTables.HoldItems(db, set));
        var seen = ReadTables.Items(db, set).Where(AccessScope.Sees(caller, FieldGroup.Existence)).Where(i => ids.Contains(i.ReportId));
        var shown = (await (from x in held
                            join i in seen on x.Item equals i.Key
                            select new { x.ReportId, x.Number, i.Ordinal }).ToListAsync(cancellation).ConfigureAwait(false))
            .ToLookup(x => (x.ReportId, x.Number), x => x.Ordinal);
        return
        [
            .. holds.Select(h => new ListedHold(
                h, h.Ended ?? (h.EndsAt > now ? HoldState.Running : HoldState.Expired), [.. shown[(h.ReportId, h.Number)].Order()], h.Agency == agency)),
        ];
    }
}
