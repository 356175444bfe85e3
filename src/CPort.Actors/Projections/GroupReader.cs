using System.Linq.Expressions;
using CPort.Domain.CodeLists;
using CPort.Domain.Groups;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>The group an item is in, as the caller sees it: how many items it sees in the group, and in how many reports.</summary>
public sealed record GroupMark(string Id, long Items, long Reports);

/// <summary>A group of look-alikes, counting nothing but what the caller sees (<see cref="GroupReader.Members"/>).</summary>
public sealed record GroupSummary
{
    public required string Id { get; init; }
    public required long Items { get; init; }
    public required long Reports { get; init; }

    /// <summary>Open items without an effective classification.</summary>
    public required long Unassessed { get; init; }

    /// <summary>Of those the ones that the caller's hotline may assess (ICCAM rule 4).</summary>
    public required long Yours { get; init; }
    public required long Urgent { get; init; }

    /// <summary>When the first of the unassessed items joined its report; of all items when none is unassessed.</summary>
    public required DateTimeOffset OldestFrom { get; init; }

    /// <summary>Items by assigned country; <c>none</c> for what no country has.</summary>
    public required ImmutableArray<Tally> Countries { get; init; }

    /// <summary>Assessed items by effective classification: two kinds here mean that not everything that looks alike is judged alike.</summary>
    public required ImmutableArray<Tally> Assessed { get; init; }
}

/// <summary>
/// An assessed member of the group whose assessment is offered for another one. It is an offer: nothing is assessed by it until somebody does so.
/// </summary>
public sealed record GroupOffer
{
    /// <summary>The item it comes from.</summary>
    public required ItemRef From { get; init; }

    /// <summary>Differing bits of the two PDQ values; 0: equal.</summary>
    public required int Distance { get; init; }
    public required Classification Classification { get; init; }

    /// <summary>Who assessed; null when the classification was inherited from known hashes.</summary>
    public AgencyId? Agency { get; init; }
    public DateTimeOffset? At { get; init; }
    public AgeCategory? Age { get; init; }
    public GenderCategory? Gender { get; init; }
    public bool? VirtualContent { get; init; }
    public bool? UserGeneratedContent { get; init; }
    public bool? ChildModeling { get; init; }
}

/// <summary>
/// An item of a group. <c>Offer</c>: of the nearest assessed member, for an unassessed one; <c>Yours</c>: the caller's hotline may assess it.
/// </summary>
public sealed record GroupItem(ListedItem Item, bool Yours, GroupOffer? Offer);

public sealed record GroupPage(ImmutableArray<GroupSummary> Groups, GroupPlace? Next, ReadPosition At);

/// <summary>Where a page of groups ended: the order keys of its last group.</summary>
public sealed record GroupPlace(int Urgent, int Unassessed, string Id);

/// <summary>A group with a page of its items.</summary>
public sealed record GroupView(GroupSummary Group, ImmutableArray<GroupItem> Items, PagePlace? Next, ReadPosition At);

/// <summary>Items of a group with their versions, and what the group's items look like.</summary>
public sealed record GroupTargets(ImmutableArray<(ItemRef Item, int Version)> Items, LookAlikeBall Alike);

/// <summary>Which groups to list. All bounds concern items that the caller sees and that are unassessed.</summary>
public sealed record GroupQuery
{
    /// <summary>Groups with an unassessed item assigned to this country.</summary>
    public Country? Country { get; init; }

    /// <summary>Groups with an unassessed item assigned to this hotline.</summary>
    public AgencyId? Hotline { get; init; }

    /// <summary>1 to this.</summary>
    public int MaxResults { get; init; } = ReadModel.MaxResults;

    /// <summary>Where the page before ended; null: the first page.</summary>
    public GroupPlace? After { get; init; }
}

/// <summary>
/// Groups of look-alikes from the read model. For a caller a group consists of the items in it whose hashes it sees and that are not withdrawn (<see
/// cref="Members"/>); where that is fewer than two, the group does not exist for it. So no count and no mark tells of an item elsewhere.
/// </summary>
public sealed class GroupReader(ReadModel model, ConfidentialSeam seam, ProjectionOptions? options = null)
{
    private readonly int _radius = LookAlikeGroups.FounderRadiusOf((options ?? new ProjectionOptions()).PdqRadius);

    /// <summary>Fewer items than this are no group.</summary>
    private const int Least = 2;

    /// <summary>The items that count as a group's members for the caller. Looking alike is a fact about hashes.</summary>
    public static Expression<Func<ItemRow, bool>> Members(Caller caller) => AccessTable.May(caller, Deed.CountEverything)
        ? i => false
        : AccessScope.And(
            AccessScope.Sees(caller, FieldGroup.Existence, FieldGroup.State, FieldGroup.Classification, FieldGroup.Hashes), i =>
                i.State != ItemState.Withdrawn);

    /// <summary>
    /// Groups with something unassessed in them: with urgent items first, then those with most unassessed items. Groups whose counts change while a client
    /// pages may be missed or seen twice.
    /// </summary>
    public Task<GroupPage> PageAsync(Caller caller, GroupQuery query, CancellationToken cancellation = default)
    {
        var max = Math.Clamp(query.MaxResults, 1, ReadModel.MaxResults);
        return model.QueryAsync(async (db, set, at) =>
        {
            var counted = InGroups(db, set, caller).GroupBy(m => m.Group).Select(g => new
            {
                Id = g.Key, Items = g.Count(), Unassessed = g.Sum(m => m.Unassessed), Urgent = g.Max(m => m.Unassessed == 1 && m.Row.Urgent ? 1 : 0),
            }).Where(g => g.Items >= Least && g.Unassessed > 0);
            if (query.Country is { } country)
            {
                var code = country.Code;
                counted = counted.Where(g => InGroups(db, set, caller).Any(m => m.Group == g.Id && m.Unassessed == 1 && m.Row.AssignedCountry == code));
            }

            if (query.Hotline is { } hotline)
            {
                var id = hotline.Value;
                counted = counted.Where(g => InGroups(db, set, caller).Any(m => m.Group == g.Id && m.Unassessed == 1 && m.Row.Hotline == id));
            }

            if (query.After is { } c)
            {
                var (urgent, unassessed, id) = (c.Urgent, c.Unassessed, c.Id);
                counted = counted.Where(g => g.Urgent < urgent
                    || (g.Urgent == urgent && (g.Unassessed < unassessed || (g.Unassessed == unassessed && g.Id.CompareTo(id) > 0))));
            }

            var found = await counted.OrderByDescending(g => g.Urgent).ThenByDescending(g => g.Unassessed).ThenBy(g => g.Id).Take(max + 1)
                .ToListAsync(cancellation).ConfigureAwait(false);
            var page = found.Take(max).ToArray();
            var summaries = await SummariesAsync(db, set, caller, page.Select(g => g.Id), cancellation).ConfigureAwait(false);
            return new GroupPage(
                [.. page.Select(g => summaries.GetValueOrDefault(g.Id)).OfType<GroupSummary>()],
                found.Count > max ? new GroupPlace(page[^1].Urgent, page[^1].Unassessed, page[^1].Id) : null,
                at);
        }, cancellation);
    }

    /// <summary>
    /// A group with a page of its items, urgent first, then in the order they came. The id of a group that has become part of another gives that one. Null:
    /// there is no such group, or the caller sees fewer than two of its items.
    /// </summary>
    public Task<GroupView?> GetAsync(Caller caller, string id, int maxResults, PagePlace? after, CancellationToken cancellation = default)
    {
        var max = Math.Clamp(maxResults, 1, ReadModel.MaxResults);
        return model.QueryAsync(async (db, set, at) =>
        {
            var group = await CurrentAsync(db, set, id, cancellation).ConfigureAwait(false);
            var summary = (await SummariesAsync(db, set, caller, [group], cancellation).ConfigureAwait(false)).GetValueOrDefault(group);
            if (summary is null)
            {
                return null;
            }

            var members = InGroups(db, set, caller).Where(m => m.Group == group);
            if (after is { } c)
            {
                var urgent = c.Urgent;
                members = members.Where(m => (urgent && !m.Row.Urgent) || (m.Row.Urgent == urgent
                    && (m.Row.AddedAt > c.Key || (m.Row.AddedAt == c.Key && m.Row.Key > c.Number))));
            }

            var found = await members.OrderByDescending(m => m.Row.Urgent).ThenBy(m => m.Row.AddedAt).ThenBy(m => m.Row.Key).Take(max + 1)
                .ToListAsync(cancellation).ConfigureAwait(false);
            var page = found.Take(max).ToArray();
            var sources = await SourcesAsync(db, set, caller, group, cancellation).ConfigureAwait(false);
            var firsts = await ReadModel.FirstByUrlAsync(db, set, caller, page.Select(m => m.Row), cancellation).ConfigureAwait(false);
            var mark = new GroupMark(group, summary.Items, summary.Reports);
            var offers = new Dictionary<string, GroupOffer?>();
            GroupOffer? OfferFor(Member m)
            {
                if (!offers.TryGetValue(m.HashKey, out var offer))
                {
                    offers[m.HashKey] = offer = model.Value(caller.Tenant, m.HashKey, m.SealedValue) is { } value ? Nearest(value, sources) : null;
                }

                return offer;
            }

            return new GroupView(
                summary,
                [.. from m in page
                    let listed = ListedItem.Of(caller, m.Row, model, null, QueueReader.DuplicateOf(firsts, m.Row))
                    where listed is not null
                    select new GroupItem(
                        listed with { Group = mark },
                        m.Unassessed == 1 && AccessTable.MayWrite(caller, m.Row.RelationFacts(), ItemWrite.Assess),
                        m.Unassessed == 1 ? OfferFor(m) : null)],
                found.Count > max ? PagePlace.After(page[^1].Row, page[^1].Row.AddedAt) : null,
                at);
        }, cancellation);
    }

    /// <summary>
    /// Items of the group with their versions: the named ones that the caller sees in it, or, when none are named, the oldest unassessed ones that the caller's
    /// hotline may assess. Null: there is no such group for the caller.
    /// </summary>
    public Task<GroupTargets?> TargetsAsync(
        Caller caller, string id, IReadOnlyCollection<ItemRef>? named, int max, CancellationToken cancellation = default) =>
        model.QueryAsync<GroupTargets?>(async (db, set, _) =>
        {
            var group = await CurrentAsync(db, set, id, cancellation).ConfigureAwait(false);
            if (await AlikeAsync(db, set, caller, id, group, cancellation).ConfigureAwait(false) is not { } alike)
            {
                return null;
            }

            var members = InGroups(db, set, caller).Where(m => m.Group == group);
            if (await members.Take(Least).CountAsync(cancellation).ConfigureAwait(false) < Least)
            {
                return null;
            }

            if (named is null)
            {
                var mine = AccessScope.MayWrite(caller, ItemWrite.Assess);
                var rows = await members.Where(m => m.Unassessed == 1).Select(m => m.Row).Where(mine).OrderBy(i => i.AddedAt).ThenBy(i => i.Key).Take(max)
                    .Select(i => new { i.ReportId, i.Ordinal, i.Version }).ToListAsync(cancellation).ConfigureAwait(false);
                return new GroupTargets([.. rows.Select(r => (new ItemRef(ReportId.Parse(r.ReportId), r.Ordinal), r.Version))], alike);
            }

            var found = new List<(ItemRef, int)>();
            foreach (var part in named.Select(n => n.Report.ToString()).Distinct().Chunk(500))
            {
                var reports = part.ToList();
                var rows = await members.Where(m => reports.Contains(m.Row.ReportId)).Select(m => new { m.Row.ReportId, m.Row.Ordinal, m.Row.Version })
                    .ToListAsync(cancellation).ConfigureAwait(false);
                found.AddRange(rows.Select(r => (new ItemRef(ReportId.Parse(r.ReportId), r.Ordinal), r.Version)));
            }

            var wanted = named.ToHashSet();
            return new GroupTargets([.. found.Where(f => wanted.Contains(f.Item1))], alike);
        }, cancellation);

    /// <summary>
    /// What a group's items look like. Its id is made from its founder, so that no row can give it another one; that a group has become part of another holds
    /// where the founder of the one fits into the other. Null: the rows do not say so.
    /// </summary>
    private async Task<LookAlikeBall?> AlikeAsync(IDataContext db, int set, Caller caller, string asked, string group, CancellationToken cancellation)
    {
        var ids = new[] { asked, group }.Distinct().ToList();
        var rows = await (
            from g in ReadTables.Groups(db, set).Where(g => ids.Contains(g.GroupId))
            join v in ReadTables.LookAlikes(db, set) on g.FounderKey equals v.HashKey
            select new { g.GroupId, v.HashKey, v.SealedValue }).ToListAsync(cancellation).ConfigureAwait(false);
        var founders = rows.ToDictionary(r => r.GroupId, r => model.Value(caller.Tenant, r.HashKey, r.SealedValue));
        return ids.All(id => founders.GetValueOrDefault(id) is { } founder && GroupRows.IdOf(seam, caller.Tenant, founder) == id)
            && new LookAlikeBall { Founder = founders[group]!.Value, Radius = _radius } is var alike && alike.Holds(founders[asked]!.Value) ? alike : null;
    }

    /// <summary>The groups of these items (numbers), of those that are in one with another item that the caller sees.</summary>
    public Task<ImmutableDictionary<long, GroupMark>> OfItemsAsync(Caller caller, IReadOnlyCollection<long> items, CancellationToken cancellation = default) =>
        model.QueryAsync((db, set, _) => OfItemsAsync(db, set, caller, items, cancellation), cancellation);

    internal static async Task<ImmutableDictionary<long, GroupMark>> OfItemsAsync(
        IDataContext db, int set, Caller caller, IReadOnlyCollection<long> items, CancellationToken cancellation)
    {
        var keys = items.Select(number => ReadRows.KeyOf(caller.Tenant, number)).ToList();
        var places = keys.Count == 0
            ? []
            : await InGroups(db, set, caller).Where(m => keys.Contains(m.Row.Key)).Select(m => new { m.Row.Key, m.Group }).ToListAsync(cancellation)
                .ConfigureAwait(false);
        var ids = places.Select(p => p.Group).Distinct().ToList();
        if (ids.Count == 0)
        {
            return ImmutableDictionary<long, GroupMark>.Empty;
        }

        var counted = await InGroups(db, set, caller).Where(m => ids.Contains(m.Group)).GroupBy(m => m.Group)
            .Select(g => new { Id = g.Key, Items = g.LongCount() })
            .ToDictionaryAsync(g => g.Id, g => g.Items, cancellation).ConfigureAwait(false);
        var reports = await ReportsAsync(db, set, caller, ids, cancellation).ConfigureAwait(false);
        return places.Where(p => counted[p.Group] >= Least)
            .ToImmutableDictionary(p => ReadRows.NumberOf(p.Key), p => new GroupMark(p.Group, counted[p.Group], reports[p.Group]));
    }

    /// <summary>The items on a page with their groups.</summary>
    internal static async Task<ImmutableArray<ListedItem>> MarkedAsync(
        IDataContext db, int set, Caller caller, ImmutableArray<ListedItem> items, CancellationToken cancellation)
    {
        var marks = await OfItemsAsync(db, set, caller, [.. items.Select(i => i.Row.Number)], cancellation).ConfigureAwait(false);
        return marks.IsEmpty ? items : [.. items.Select(i => marks.TryGetValue(i.Row.Number, out var mark) ? i with { Group = mark } : i)];
    }

    private static async Task<Dictionary<string, GroupSummary>> SummariesAsync(
        IDataContext db, int set, Caller caller, IEnumerable<string> groups, CancellationToken cancellation)
    {
        var ids = groups.ToList();
        if (ids.Count == 0)
        {
            return [];
        }

        // Counted by what distinguishes the items of one group; the rest is adding up.
        var mine = InGroups(db, set, caller).Where(m => ids.Contains(m.Group));
        var tallies = await mine.GroupBy(m => new { m.Group, m.Row.AssignedCountry, m.Row.Classification, m.Unassessed, m.Row.Urgent })
            .Select(g => new { g.Key, Items = g.LongCount(), Oldest = g.Min(m => m.Row.AddedAt) }).ToListAsync(cancellation).ConfigureAwait(false);
        var reports = await ReportsAsync(db, set, caller, ids, cancellation).ConfigureAwait(false);
        var yours = await InGroups(db, set, caller, AccessScope.MayWrite(caller, ItemWrite.Assess))
            .Where(m => ids.Contains(m.Group) && m.Unassessed == 1).GroupBy(m => m.Group).Select(g => new { g.Key, Count = g.LongCount() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, cancellation).ConfigureAwait(false);
        return tallies.GroupBy(t => t.Key.Group).Where(g => g.Sum(t => t.Items) >= Least).ToDictionary(g => g.Key, g =>
        {
            var open = g.Where(t => t.Key.Unassessed == 1).ToArray();
            return new GroupSummary
            {
                Id = g.Key, Items = g.Sum(t => t.Items), Reports = reports[g.Key], Unassessed = open.Sum(t => t.Items),
                Yours = yours.GetValueOrDefault(g.Key),
                Urgent = open.Where(t => t.Key.Urgent).Sum(t => t.Items), OldestFrom = ReadRows.Time((open.Length > 0 ? open : [.. g]).Min(t => t.Oldest)),
                Countries = Tallies(g.Select(t => (t.Key.AssignedCountry ?? "none", t.Items))),
                Assessed = Tallies(g.Where(t => t.Key.Classification is not null).Select(t => (t.Key.Classification!.Value.ToString(), t.Items))),
            };
        });
    }

    private static ImmutableArray<Tally> Tallies(IEnumerable<(string Name, long Items)> parts) =>
        [.. parts.GroupBy(p => p.Name).Select(p => new Tally(p.Key, p.Sum(x => x.Items))).OrderByDescending(t => t.Count)
            .ThenBy(t => t.Name, StringComparer.Ordinal)];

    private static async Task<Dictionary<string,
        long>> ReportsAsync(IDataContext db, int set, Caller caller, List<string> ids, CancellationToken cancellation) =>
        await InGroups(db, set, caller).Where(m => ids.Contains(m.Group)).Select(m => new { m.Group, m.Row.ReportId }).Distinct()
            .GroupBy(m => m.Group).Select(g => new { g.Key, Count = g.LongCount() })
            .ToDictionaryAsync(g => g.Key, g => g.Count, cancellation).ConfigureAwait(false);

    /// <summary>By value of the group the newest assessed item that carries it: at most as many as a group has values.</summary>
    private async Task<ImmutableArray<(ContentHash Value, ItemRow Row)>> SourcesAsync(
        IDataContext db, int set, Caller caller, string group, CancellationToken cancellation)
    {
        var assessed = InGroups(db, set, caller).Where(m => m.Group == group && m.Row.Classification != null);
        var newest = await assessed.GroupBy(m => m.HashKey).Select(g => g.Max(m => m.Row.Key)).ToListAsync(cancellation).ConfigureAwait(false);
        var rows = newest.Count == 0 ? [] : await assessed.Where(m => newest.Contains(m.Row.Key)).ToListAsync(cancellation).ConfigureAwait(false);
        return [.. from m in rows let value = model.Value(caller.Tenant, m.HashKey, m.SealedValue) where value is not null select (value.Value, m.Row)];
    }

    private static GroupOffer? Nearest(ContentHash value, ImmutableArray<(ContentHash Value, ItemRow Row)> sources)
    {
        if (sources.IsEmpty)
        {
            return null;
        }

        // A person's opinion goes before an inherited one of the same distance, the later before the earlier.
        var (distance, row) = sources.Select(s => (Distance: LookAlikeGroups.Distance(value, s.Value), s.Row))
            .OrderBy(s => s.Distance).ThenBy(s => s.Row.AssessedBy is null).ThenByDescending(s => s.Row.AssessedAt).ThenBy(s => s.Row.Number).First();
        return new GroupOffer
        {
            From = new ItemRef(ReportId.Parse(row.ReportId), row.Ordinal), Distance = distance, Classification = row.Classification!.Value,
            Agency = row.AssessedBy is { } by ? AgencyId.Parse(by) : null, At = ReadRows.Time(
                row.AssessedAt), Age = row.AssessedAge, Gender = row.AssessedGender,
            VirtualContent = Flag(1), UserGeneratedContent = Flag(2), ChildModeling = Flag(4),
        };

        bool? Flag(int bit) => row.AssessedFlags is { } flags ? (flags & bit) != 0 : null;
    }

    private static IQueryable<Member> InGroups(IDataContext db, int set, Caller caller, Expression<Func<ItemRow, bool>>? only = null) =>
        from i in ReadTables.Items(db, set).Where(only is null ? Members(caller) : AccessScope.And(Members(caller), only))
        join h in ReadTables.Hashes(db, set) on i.Key equals h.Item
        join v in ReadTables.LookAlikes(db, set) on h.HashKey equals v.HashKey
        where h.Algorithm == Domain.Hashes.HashAlgorithm.Pdq
        select new Member
        {
            Group = v.GroupId, HashKey = v.HashKey, SealedValue = v.SealedValue, Row = i,
            Unassessed = i.Classification == null && i.FinalAction == null ? 1 : 0,
        };

    private static async Task<string> CurrentAsync(IDataContext db, int set, string id, CancellationToken cancellation) =>
        await ReadTables.Groups(db, set).Where(g => g.GroupId == id).Select(g => g.MergedInto).FirstOrDefaultAsync(cancellation).ConfigureAwait(false) ?? id;

    private sealed class Member
    {
        public string Group { get; init; } = "";
        public string HashKey { get; init; } = "";
        public string SealedValue { get; init; } = "";
        public int Unassessed { get; init; }
        public ItemRow Row { get; init; } = null!;
    }
}
