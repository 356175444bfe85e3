using CPort.Domain.Groups;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace CPort.Actors.Projections;

/// <summary>That an item with this PDQ value was matched, and what was found near it.</summary>
/// <param name="Tenant">Of the item's report: live and training have groups of their own.</param>
/// <param name="Ordering">The event's place in the journal.</param>
/// <param name="Value">The item's own value.</param>
/// <param name="Found">As the event has it.</param>
internal sealed record LookAlikeSighting(Tenant Tenant, long Ordering, ContentHash Value, ImmutableArray<LookAlike> Found);

/// <summary>What sightings change in the groups' tables.</summary>
/// <param name="Merges">Ids of groups that became part of others, in this order.</param>
/// <param name="Values">Values that have joined a group.</param>
/// <param name="Groups">Groups as they are now.</param>
internal sealed record GroupChanges(
    ImmutableArray<(string From, string Into)> Merges, ImmutableArray<LookAlikeRow> Values, ImmutableArray<LookAlikeGroupRow> Groups)
{
    public static readonly GroupChanges None = new([], [], []);

    public GroupChanges And(GroupChanges other) => new([.. Merges, .. other.Merges], [.. Values, .. other.Values], [.. Groups, .. other.Groups]);
}

/// <summary>
/// Keeps the groups of one table set: reads the groups that sightings touch, lets <see cref="LookAlikeGroups"/> decide in journal order, and writes what has
/// changed, all in the projector's own transaction. Holds no state, so that a batch rolled back leaves nothing behind. Working out and writing are apart: a
/// fault of the former has changed nothing.
/// </summary>
internal sealed class GroupWriter(ReadTables tables, int set, ConfidentialSeam seam, int radius)
{
    public async Task<GroupChanges> ChangesAsync(DataConnection db, IReadOnlyCollection<LookAlikeSighting> sightings, CancellationToken cancellation)
    {
        var changes = GroupChanges.None;
        foreach (var of in sightings.GroupBy(s => s.Tenant))
        {
            changes = changes.And(await ChangesAsync(db, of.Key, of, cancellation).ConfigureAwait(false));
        }

        return changes;
    }

    private async Task<GroupChanges> ChangesAsync(
        DataConnection db, Tenant tenant, IEnumerable<LookAlikeSighting> sightings, CancellationToken cancellation)
    {
        var before = await ReadAsync(db, tenant, sightings, cancellation).ConfigureAwait(false);
        var after = sightings.OrderBy(s => s.Ordering).Aggregate(before, (groups, s) => groups.Seen(s.Value, s.Found, s.Ordering));
        if (ReferenceEquals(before, after))
        {
            return GroupChanges.None;
        }

        // Where a merged group is now is asked by the group, not by its founder's row: of a group that another of its members led to, that row was not read.
        return new GroupChanges(
            [.. after.Merges.Select(m => (GroupRows.IdOf(seam, tenant, m.From), GroupRows.IdOf(seam, tenant, m.Into)))],
            [.. after.Joined.Keys.Where(v => !before.Joined.ContainsKey(v)).Select(v => GroupRows.Of(seam, tenant, v, after.Of(v)!))],
            [.. after.Groups.Values.Where(g => before.Groups.GetValueOrDefault(g.Founder) != g)
                .Select(g => GroupRows.Of(seam, tenant, g, g.MergedInto is null ? null : after.Now(g.Founder).Founder))]);
    }

    public async Task WriteAsync(DataConnection db, GroupChanges changes, CancellationToken cancellation)
    {
        // Members that were not read follow their group; what a merged group had taken in before goes along.
        foreach (var (old, now) in changes.Merges)
        {
            await ReadTables.LookAlikes(db, set).Where(v => v.GroupId == old).Set(v => v.GroupId, now).UpdateAsync(cancellation).ConfigureAwait(false);
            await ReadTables.Groups(db, set).Where(g => g.MergedInto == old).Set(g => g.MergedInto, now).UpdateAsync(cancellation).ConfigureAwait(false);
        }

        var copy = new BulkCopyOptions { BulkCopyType = tables.Database.IsSqlite ? BulkCopyType.MultipleRows : BulkCopyType.ProviderSpecific };
        if (!changes.Values.IsEmpty)
        {
            await ReadTables.LookAlikes(db, set).BulkCopyAsync(copy, changes.Values, cancellation).ConfigureAwait(false);
        }

        foreach (var part in changes.Groups.Select(g => g.GroupId).Chunk(1_000))
        {
            var ids = part.ToList();
            await ReadTables.Groups(db, set).Where(g => ids.Contains(g.GroupId)).DeleteAsync(cancellation).ConfigureAwait(false);
        }

        if (!changes.Groups.IsEmpty)
        {
            await ReadTables.Groups(db, set).BulkCopyAsync(copy, changes.Groups, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The values of the sightings that are in a group, and those groups with their founders.</summary>
    private async Task<LookAlikeGroups> ReadAsync(
        DataConnection db, Tenant tenant, IEnumerable<LookAlikeSighting> sightings, CancellationToken cancellation)
    {
        var byKey = sightings.SelectMany(s => s.Found.Select(f => f.Hash).Append(s.Value)).Where(h => h.Algorithm == HashAlgorithm.Pdq).Distinct()
            .ToDictionary(h => ReadRows.HashKey(seam, tenant, h));
        var values = await ByKeysAsync(db, byKey.Keys, cancellation).ConfigureAwait(false);
        var rows = new List<LookAlikeGroupRow>();
        foreach (var part in values.Select(v => v.GroupId).Distinct().Chunk(1_000))
        {
            var ids = part.ToList();
            rows.AddRange(await ReadTables.Groups(db, set).Where(g => ids.Contains(g.GroupId)).ToListAsync(cancellation).ConfigureAwait(false));
        }

        var founders = (await ByKeysAsync(db, rows.Select(g => g.FounderKey), cancellation).ConfigureAwait(false))
            .ToDictionary(v => v.HashKey, v => GroupRows.Open(seam, tenant, v));
        var groups = rows.Select(g => new LookAlikeGroup { Founder = founders[g.FounderKey], Since = g.FoundedAt, Values = g.Members, Reach = g.Reach })
            .ToDictionary(g => GroupRows.IdOf(seam, tenant, g.Founder));
        return new LookAlikeGroups
        {
            Radius = radius,
            Joined = values.ToImmutableDictionary(v => byKey[v.HashKey], v => groups[v.GroupId].Founder),
            Groups = groups.Values.ToImmutableDictionary(g => g.Founder),
        };
    }

    private async Task<List<LookAlikeRow>> ByKeysAsync(DataConnection db, IEnumerable<string> keys, CancellationToken cancellation)
    {
        var rows = new List<LookAlikeRow>();
        foreach (var part in keys.Distinct().Chunk(1_000))
        {
            var some = part.ToList();
            rows.AddRange(await ReadTables.LookAlikes(db, set).Where(v => some.Contains(v.HashKey)).ToListAsync(cancellation).ConfigureAwait(false));
        }

        return rows;
    }
}
