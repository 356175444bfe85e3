using CPort.Actors.Projections;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Referrals;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace CPort.Actors.Referrals;

/// <summary>By what two police agencies meet.</summary>
public enum DeconflictionKind
{
    /// <summary>Both have the very item in a referral.</summary>
    SameItem = 1,

    /// <summary>Another item has the same exact hash.</summary>
    MatchingMedia,
}

/// <summary>Another police agency works on the same. Says neither on which item nor where.</summary>
/// <param name="Kind">By what they meet.</param>
/// <param name="Agency">Who; null: the two have no item in common, and INTERPOL brings them together.</param>
public sealed record DeconflictionHint(DeconflictionKind Kind, AgencyId? Agency);

/// <summary>
/// Finds other police that works on the items of a referral, or on the same files elsewhere. Both sides get the same hint; a name only where both stand in a
/// relation to one item.
/// </summary>
public sealed class DeconflictionReader(ReadTables tables, Func<AgencyDirectory> directory, TimeProvider time)
{
    /// <summary>More meetings than these tell nothing new.</summary>
    private const int Most = 500;

    private static readonly HashAlgorithm[] Exact = [.. HashAlgorithms.All.Where(a => a.Bucket == HashBucketKind.Exact).Select(a => a.Algorithm)];

    public async Task<ImmutableArray<DeconflictionHint>> OfAsync(Caller caller, ReferralRef referral, CancellationToken cancellation)
    {
        // INTERPOL is whom the others ask.
        await using var db = tables.Connect();
        if (caller.Kind != AgencyKind.Police || !AccessTable.AsksForItself(caller)
            || await ReadTables.ServingAsync(db, cancellation).ConfigureAwait(false) is not { } serving)
        {
            return [];
        }

        var (now, today) = (directory(), AgencyDirectory.DayOf(time.GetUtcNow()));
        var police = now.Agencies.Where(a => a is { Active: true, Kind: AgencyKind.Police } && a.Id != caller.Agency).ToDictionary(a => a.Id.Value);
        var (id, agency, tenant, works) = (referral.ToString(), caller.Agency.Value, caller.Tenant, Referral.WorkStates.ToList());
        var mine = from x in db.GetTable<ReferralItemRow>()
                   join r in db.GetTable<ReferralRow>() on x.ReferralId equals r.ReferralId
                   where x.ReferralId == id && x.Agency == agency && x.Tenant == tenant && works.Contains(r.State)
                   select x;
        var others = from y in db.GetTable<ReferralItemRow>()
                     join r in db.GetTable<ReferralRow>() on y.ReferralId equals r.ReferralId
                     where y.Agency != agency && y.Tenant == tenant && works.Contains(r.State)
                     select y;
        var same = await (
            from x in mine
            join y in others on new { x.ReportId, x.Ordinal } equals new { y.ReportId, y.Ordinal }
            select y.Agency).Distinct().ToListAsync(cancellation).ConfigureAwait(false);
        var (items, hashes) = (ReadTables.Items(db, serving.Id), ReadTables.Hashes(db, serving.Id).Where(h => Exact.Contains(h.Algorithm)));
        var alike = await (
            from x in mine
            join i in items on new { x.ReportId, x.Ordinal } equals new { i.ReportId, i.Ordinal }
            join h in hashes on i.Key equals h.Item
            join h2 in hashes on new { h.Algorithm, h.HashKey } equals new { h2.Algorithm, h2.HashKey }
            where h2.Item != h.Item
            join i2 in items on h2.Item equals i2.Key
            join y in others on new { i2.ReportId, i2.Ordinal } equals new { y.ReportId, y.Ordinal }
            select new { y.Agency, Mine = i.Key, Theirs = i2.Key }).Distinct().Take(Most).ToListAsync(cancellation).ConfigureAwait(false);
        alike.RemoveAll(a => same.Contains(a.Agency) || !police.ContainsKey(a.Agency));
        var facts = await FactsAsync(items, [.. alike.Select(a => a.Mine).Concat(alike.Select(a => a.Theirs)).Distinct()], cancellation).ConfigureAwait(false);
        bool Stands(Caller who, long item) => facts.TryGetValue(item, out var of) && AccessTable.For(who, of).Exists;

        // As whoever sees most there.
        Caller Of(string other) => police[other].CallerOn(today, Roles.Officer, "deconfliction") with { Tenant = tenant, Purpose = "deconfliction" };
        return
        [
            .. same.Where(police.ContainsKey).Select(a => new DeconflictionHint(DeconflictionKind.SameItem, AgencyId.Parse(a)))
                .OrderBy(h => h.Agency!.Value.Value),
            .. alike.GroupBy(a => a.Agency).Select(g => new DeconflictionHint(
                DeconflictionKind.MatchingMedia,
                g.Any(m => Stands(caller, m.Theirs) || Stands(Of(g.Key), m.Mine)) ? AgencyId.Parse(g.Key) : null))
                .Distinct().OrderBy(h => h.Agency?.Value, StringComparer.Ordinal),
        ];
    }

    private static async Task<Dictionary<long, ItemRelationFacts>> FactsAsync(ITable<ItemRow> items, List<long> keys, CancellationToken cancellation) =>
        keys.Count == 0 ? []
            : (await items.Where(i => keys.Contains(i.Key)).ToListAsync(cancellation).ConfigureAwait(false)).ToDictionary(i => i.Key, i => i.RelationFacts());
}
