using System.Security.Cryptography;
using CPort.Actors.Projections;
using CPort.Domain.Exchange;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Exchange;

/// <summary>A piece of news as its reader may see it now.</summary>
/// <param name="Report">Of which report.</param>
/// <param name="Facts">What was kept of it.</param>
/// <param name="IsSeen">False: it is not for this reader any more; only that it is gone is told.</param>
/// <param name="ShowsJudgement">What the item is taken for may be told.</param>
/// <param name="ShowsWho">Who did it may be told.</param>
public sealed record DeliveredNews(ReportId Report, FeedFacts Facts, bool IsSeen, bool ShowsJudgement, bool ShowsWho)
{
    public FeedPlace Place => Facts.Place;

    /// <summary>What it is about: the report's id, and of an item a hyphen and its ordinal.</summary>
    public string Subject => Facts.Ordinal is { } ordinal ? string.Create(CultureInfo.InvariantCulture, $"{Report}-{ordinal}") : Report.ToString();

    /// <summary>
    /// As it is for the caller; <paramref name="item"/> null: there is no such item any more. Null: the item is still for the caller, and this news of it is not,
    /// so that nothing is told.
    /// </summary>
    internal static DeliveredNews? Of(ReportId report, FeedFacts facts, Caller caller, ItemRelationFacts? item)
    {
        if (item is null || AccessTable.For(caller, item) is not { Exists: true } access)
        {
            return Gone(report, facts);
        }

        return FeedRules.IsFor(caller, item, FeedTypes.All[facts.Type], facts.Asker)
            ? new DeliveredNews(report, facts, true, access.Sees(FieldGroup.Classification), access[FieldGroup.History] != Visibility.Absent) : null;
    }

    internal static DeliveredNews Gone(ReportId report, FeedFacts facts) => new(report, facts, false, false, false);
}

/// <summary>Some of an agency's news, in their order.</summary>
/// <param name="News">What was found.</param>
/// <param name="UpTo">From here the reader goes on; news that are filtered out are left behind.</param>
/// <param name="More">There may be more at once.</param>
public sealed record FeedPage(ImmutableArray<DeliveredNews> News, FeedPlace UpTo, bool More);

/// <summary>What of the feeds can be told now.</summary>
/// <param name="Head">News can be told up to this event: they are written, and the read tables say for whom they are.</param>
/// <param name="KeptAfter">They are kept after this one.</param>
/// <param name="MoreComes">The journal has gone on behind <paramref name="Head"/>: what that is news of follows in a moment.</param>
public readonly record struct FeedBounds(long Head, long KeptAfter, bool MoreComes);

/// <summary>An item as the snapshot lists it.</summary>
public sealed record PresentItem(ItemRow Row, ItemAccess Access);

/// <summary>
/// Reads an agency's feed. How the reader stands to each item is looked at anew for every answer, by the read tables, so news are told only as far as those
/// have come. A row that somebody changed does not open; it is noted and left out.
/// </summary>
public sealed class FeedReader(ReadModel model, ConfidentialSeam seam, DatabaseDoubts? doubts = null)
{
    /// <summary>News a page has by default and at most.</summary>
    public const int MaxResults = ReportLimits.PageRows;

    private const int PresentAtOnce = 1_000;

    /// <summary>How far news can be told, and after which event they are kept.</summary>
    public Task<FeedBounds> BoundsAsync(CancellationToken cancellation) =>
        model.QueryAsync((db, _, at) => BoundsOfAsync(db, at, cancellation), cancellation);

    /// <summary>
    /// As <see cref="BoundsAsync"/>, and what has come since a place for some agencies, with how the items stand; without a place, an empty stretch from now on.
    /// </summary>
    /// <param name="from">After which place; null: none.</param>
    /// <param name="readers">Of which agencies.</param>
    /// <param name="aging">Stretches of before, of whose items it is looked at as well how they stand now.</param>
    /// <param name="readAt">The moment at which the question is asked.</param>
    /// <param name="cancellation">Ends the question.</param>
    internal Task<(FeedBounds Bounds, FeedStretch? Stretch, IReadOnlyList<FeedStretch> Again)> StretchAsync(
        FeedPlace? from, IReadOnlyCollection<(AgencyId Agency, Tenant Tenant)> readers, IReadOnlyList<FeedStretch> aging, long readAt,
        CancellationToken cancellation) => model.QueryAsync(
        async (db, set, at) =>
        {
            var bounds = await BoundsOfAsync(db, at, cancellation).ConfigureAwait(false);
            var head = bounds.Head;
            var (begin, end) = (from?.Ordering ?? head, FeedPlace.EndOf(head));
            if (begin > head)
            {
                return (bounds, (FeedStretch?)null, (IReadOnlyList<FeedStretch>)[]);
            }

            var places = new List<FeedRow>();
            foreach (var tenant in readers.GroupBy(r => r.Tenant).Where(_ => begin < head))
            {
                var agencies = tenant.Select(r => r.Agency.Value).ToList();
                places.AddRange(await db.GetTable<FeedRow>()
                    .Where(f => agencies.Contains(f.Agency) && f.Tenant == tenant.Key && f.Ordering > begin && f.Ordering <= head)
                    .Take(FeedTail.MostRows + 1).ToListAsync(cancellation).ConfigureAwait(false));
            }

            var rows = places.Count is 0 or > FeedTail.MostRows ? [] : await db.GetTable<FeedNewsRow>().Where(n => n.Ordering > begin && n.Ordering <= head)
                .Take(FeedTail.MostRows + 1).ToListAsync(cancellation).ConfigureAwait(false);
            if (places.Count > FeedTail.MostRows || rows.Count > FeedTail.MostRows)
            {
                return (bounds, new FeedStretch(end, end, readAt, readers.ToDictionary(r => r, _ => ImmutableArray<TailNews>.Empty)), []);
            }

            // Each piece of news once, however many agencies and stretches have it.
            var news = aging.SelectMany(s => s.News.Values).SelectMany(n => n.Select(t => (t.Report, t.Facts)))
                .Concat(rows.Select(Open).OfType<(ReportId Report, FeedFacts Facts)>()).DistinctBy(n => n.Facts.Place).ToArray();
            var stands = await StandsAsync(db, set, news, cancellation).ConfigureAwait(false);
            var told = news.ToDictionary(n => n.Facts.Place, n => new TailNews(
                n.Report, n.Facts, n.Facts.Ordinal is { } ordinal ? stands.GetValueOrDefault((n.Report.ToString(), ordinal)) : null));
            var of = places.Where(p => told.ContainsKey(new FeedPlace(p.Ordering, p.Part))).ToLookup(p => (AgencyId.Parse(p.Agency), p.Tenant));
            return (bounds, new FeedStretch(FeedPlace.EndOf(begin), end, readAt, readers.ToDictionary(r => r, r => of[r]
                .Select(p => told[new FeedPlace(p.Ordering, p.Part)]).OrderBy(n => n.Facts.Place).ToImmutableArray())),
                [
                    .. aging.Select(s => s with
                    {
                        ReadAt = readAt, News = s.News.ToDictionary(n => n.Key, n => n.Value.Select(t => told[t.Facts.Place]).ToImmutableArray()),
                    }),
                ]);
        },
        cancellation);

    /// <summary>The next news after a place. <paramref name="types"/>: only these; empty: all.</summary>
    public Task<FeedPage> ReadAsync(
        Caller caller, FeedPlace after, ImmutableHashSet<string> types, int limit, CancellationToken cancellation) => model.QueryAsync(
        async (db, set, at) =>
        {
            var head = await HeadAsync(db, at, cancellation).ConfigureAwait(false);
            var (agency, tenant, ordering, part) = (caller.Agency.Value, caller.Tenant, after.Ordering, after.Part);
            var found = await (
                from f in db.GetTable<FeedRow>()
                where f.Agency == agency && f.Tenant == tenant && f.Ordering >= ordering && (f.Ordering > ordering || f.Part > part) && f.Ordering <= head
                join n in db.GetTable<FeedNewsRow>() on new { f.Ordering, f.Part } equals new { n.Ordering, n.Part }
                orderby f.Ordering, f.Part
                select n).Take(limit).ToListAsync(cancellation).ConfigureAwait(false);
            var upTo = found.Count == limit ? new FeedPlace(found[^1].Ordering, found[^1].Part)
                : head >= ordering ? Later(FeedPlace.EndOf(head), after) : after;
            var opened = found.Select(Open).OfType<(ReportId Report, FeedFacts Facts)>().Where(o => types.IsEmpty || types.Contains(o.Facts.Type)).ToArray();
            return new FeedPage(await SeenAsync(db, set, caller, opened, cancellation).ConfigureAwait(false), upTo, found.Count == limit);
        },
        cancellation);

    /// <summary>How many of the agency's news come after a place.</summary>
    public Task<long> WaitingAsync(Caller caller, FeedPlace after, CancellationToken cancellation) => model.QueryAsync(
        (db, _, _) =>
        {
            var (agency, tenant, ordering, part) = (caller.Agency.Value, caller.Tenant, after.Ordering, after.Part);
            return db.GetTable<FeedRow>().Where(f => f.Agency == agency && f.Tenant == tenant && f.Ordering >= ordering
                && (f.Ordering > ordering || f.Part > part)).LongCountAsync(cancellation);
        },
        cancellation);

    /// <summary>
    /// The newest news of these kinds among the last ones of the agency, the newest first; those that are not for the caller any more are left out.
    /// </summary>
    /// <param name="caller">Whose agency's.</param>
    /// <param name="types">Of which kinds.</param>
    /// <param name="among">How many of the last news, of whatever kind, are looked at.</param>
    /// <param name="most">How many are wanted.</param>
    /// <param name="cancellation">Ends the question.</param>
    public Task<ImmutableArray<DeliveredNews>> LatestAsync(
        Caller caller, ImmutableHashSet<string> types, int among, int most, CancellationToken cancellation) => model.QueryAsync(
        async (db, set, at) =>
        {
            var (agency, tenant, head) = (caller.Agency.Value, caller.Tenant, at.Position);
            var found = await (
                from f in db.GetTable<FeedRow>()
                where f.Agency == agency && f.Tenant == tenant && f.Ordering <= head
                join n in db.GetTable<FeedNewsRow>() on new { f.Ordering, f.Part } equals new { n.Ordering, n.Part }
                orderby f.Ordering descending, f.Part descending
                select n).Take(among).ToListAsync(cancellation).ConfigureAwait(false);
            var opened = found.Select(Open).OfType<(ReportId Report, FeedFacts Facts)>().Where(o => types.Contains(o.Facts.Type)).Take(most).ToArray();
            return (await SeenAsync(db, set, caller, opened, cancellation).ConfigureAwait(false)).RemoveAll(n => !n.IsSeen);
        },
        cancellation);

    /// <summary>
    /// All items that the caller sees now, a part at a time, in the order of their keys; first the place from which its feed goes on, before which nothing is
    /// missing in the parts.
    /// </summary>
    public async IAsyncEnumerable<(FeedPlace GoOn, ImmutableArray<PresentItem> Items)> PresentAsync(
        Caller caller, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var goOn = FeedPlace.EndOf((await BoundsAsync(cancellation).ConfigureAwait(false)).Head);
        var after = long.MinValue;
        while (true)
        {
            var from = after;
            var rows = await model.QueryAsync(
                (db, set, _) => ReadTables.Items(db, set).Where(AccessScope.Sees(caller, FieldGroup.Existence, FieldGroup.State)).Where(i => i.Key > from)
                    .OrderBy(i => i.Key).Take(PresentAtOnce).ToListAsync(cancellation),
                cancellation).ConfigureAwait(false);
            yield return (goOn, [.. rows.Select(r => new PresentItem(r, AccessTable.For(caller, r.RelationFacts())))]);
            if (rows.Count < PresentAtOnce)
            {
                yield break;
            }

            after = rows[^1].Key;
        }
    }

    /// <summary>How far news are written, and the read tables are that say for whom they are.</summary>
    internal static async Task<long> HeadAsync(IDataContext db, ReadPosition at, CancellationToken cancellation) =>
        (await BoundsOfAsync(db, at, cancellation).ConfigureAwait(false)).Head;

    private static async Task<FeedBounds> BoundsOfAsync(IDataContext db, ReadPosition at, CancellationToken cancellation)
    {
        var log = await db.GetTable<FeedLogRow>().FirstOrDefaultAsync(l => l.Id == 1, cancellation).ConfigureAwait(false);
        var written = log?.Position ?? 0;
        return new FeedBounds(Math.Min(written, at.Position), log?.KeptAfter ?? 0, written != at.Position || at.LagEvents > 0);
    }

    /// <summary>These, as they are for the caller now; what is not for it any more, or does not open, is left out.</summary>
    internal async Task<ImmutableArray<DeliveredNews>> AsSeenAsync(
        IDataContext db, int set, Caller caller, IEnumerable<FeedNewsRow> rows, CancellationToken cancellation) =>
        (await SeenAsync(db, set, caller, [.. rows.Select(Open).OfType<(ReportId Report, FeedFacts Facts)>()], cancellation).ConfigureAwait(false))
            .RemoveAll(n => !n.IsSeen);

    private (ReportId Report, FeedFacts Facts)? Open(FeedNewsRow row)
    {
        if (ReportId.TryParse(row.Report, out var report))
        {
            try
            {
                var facts = seam.Open<FeedFacts>(FeedWriter.PlaceOf(report), new Sealed { Bytes = row.Sealed });
                if (facts.Place == new FeedPlace(row.Ordering, row.Part) && FeedTypes.All.ContainsKey(facts.Type))
                {
                    return (report, facts);
                }
            }
            catch (Exception e) when (e is CryptographicException or FormatException or ArgumentException)
            {
                // As below.
            }
        }

        doubts?.Note(DoubtfulPlace.Feed, string.Create(CultureInfo.InvariantCulture, $"news {row.Ordering}-{row.Part}"), "NotOpened");
        return null;
    }

    private static async Task<ImmutableArray<DeliveredNews>> SeenAsync(
        IDataContext db, int set, Caller caller, (ReportId Report, FeedFacts Facts)[] news, CancellationToken cancellation)
    {
        var relations = await StandsAsync(db, set, news, cancellation).ConfigureAwait(false);

        // A report may have 10,000 items: whether one of them is seen so far is asked of the database.
        var whole = news.Where(n => n.Facts.Ordinal is null).ToArray();
        var seen = new Dictionary<FieldGroup, HashSet<string>>();
        foreach (var field in whole.Select(n => FeedTypes.All[n.Facts.Type].Needs).Append(FieldGroup.History).Append(FieldGroup.Existence).Distinct()
            .Where(_ => whole.Length > 0))
        {
            var ids = Ids(whole);
            seen[field] = [.. await ReadTables.Items(db, set).Where(AccessScope.Sees(caller, FieldGroup.Existence, field)).Where(i => ids.Contains(i.ReportId))
                .Select(i => i.ReportId).Distinct().ToListAsync(cancellation).ConfigureAwait(false)];
        }

        return
        [
            .. news.Select(n => n.Facts.Ordinal is { } ordinal
                ? DeliveredNews.Of(n.Report, n.Facts, caller, relations.GetValueOrDefault((n.Report.ToString(), ordinal))) : OfReport(n.Report, n.Facts))
                .OfType<DeliveredNews>(),
        ];

        DeliveredNews? OfReport(ReportId report, FeedFacts facts)
        {
            bool Sees(FieldGroup field) => seen[field].Contains(report.ToString());
            return Sees(FeedTypes.All[facts.Type].Needs) ? new DeliveredNews(report, facts, true, false, Sees(FieldGroup.History))
                : Sees(FieldGroup.Existence) ? null : DeliveredNews.Gone(report, facts);
        }
    }

    /// <summary>How the items stand of which there are news; an item that is missing is not there any more.</summary>
    private static async Task<Dictionary<(string Report, int Ordinal), ItemRelationFacts>> StandsAsync(
        IDataContext db, int set, IReadOnlyCollection<(ReportId Report, FeedFacts Facts)> news, CancellationToken cancellation)
    {
        var stands = new Dictionary<(string, int), ItemRelationFacts>();
        var ordinals = news.Select(n => n.Facts.Ordinal).OfType<int>().Distinct().ToList();
        foreach (var reports in Ids(news.Where(n => n.Facts.Ordinal is not null)).Chunk(MaxResults))
        {
            var ids = reports.ToList();
            foreach (var item in await ReadTables.Items(db, set).Where(i => ids.Contains(i.ReportId) && ordinals.Contains(i.Ordinal))
                .ToListAsync(cancellation).ConfigureAwait(false))
            {
                stands[(item.ReportId, item.Ordinal)] = item.RelationFacts();
            }
        }

        return stands;
    }

    private static List<string> Ids(IEnumerable<(ReportId Report, FeedFacts Facts)> news) => [.. news.Select(n => n.Report.ToString()).Distinct()];

    private static FeedPlace Later(FeedPlace a, FeedPlace b) => a > b ? a : b;
}
