using System.Linq.Expressions;
using CPort.Domain.CodeLists;
using CPort.Domain.Queues;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>How many items of which the first and the second look said this, and so many looked.</summary>
internal sealed record LookPair(Classification First, Classification Second, int Looks, long Count);

/// <summary>
/// Counts and times from the read model, each with its definition (INHOPE's where there is one: domain.md 1.2). Hotlines, police and INTERPOL count what they
/// see; operators count everything of the tenant and see no item. Withdrawn items are counted by themselves and in nothing else.
/// </summary>
public sealed class StatisticsReader(ReadModel model)
{
    private static readonly List<ActionType?> Removals = [.. ActionTypes.All.Where(a => a.Closes == ItemState.Removed).Select(a => (ActionType?)a.Type)];

    private static readonly List<Classification?> Illegal = [.. Enum.GetValues<Classification>().Where(c => c.IsIllegal()).Select(c => (Classification?)c)];

    /// <summary>Called after the first statement of a reading: for tests, which write then.</summary>
    internal Func<Task> Between { get; init; } = () => Task.CompletedTask;

    /// <summary>Items added from <paramref name="from"/> (inclusive) to <paramref name="to"/> (exclusive); null: without bound.</summary>
    public Task<Statistics> ReadAsync(Caller caller, DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancellation = default) =>
        model.QueryAsync(async (db, set, at) =>
        {
            await Between().ConfigureAwait(false);
            var counting = new Counting(db, set, model, caller, from, to, cancellation);
            return new Statistics
            {
                From = from, To = to, At = at,
                Scope = (counting.Everything
                    ? "every item of the tenant" : "the items your agency may see; a figure about a field counts those whose field it sees")
                    + "; withdrawn items count in the figure of that name and in no other",
                Figures =
                [
                    .. await ItemsAsync(counting).ConfigureAwait(false), .. await UrlsAsync(counting).ConfigureAwait(false),
                    .. await LooksAsync(counting).ConfigureAwait(false),
                ],
                Breakdowns = await BreakdownsAsync(counting).ConfigureAwait(false),
                Durations = await DurationsAsync(counting).ConfigureAwait(false),
            };
        }, ofOneMoment: true, cancellation);

    private static async Task<ImmutableArray<Figure>> ItemsAsync(Counting c)
    {
        var all = c.Items();
        var classified = c.Items(FieldGroup.Classification);
        return
        [
            await c.CountAsync("items", "Content items that joined a report in the span and were not withdrawn.", all).ConfigureAwait(false),
            await c.CountAsync("reports", "Reports that these items stand in.", all.Select(i => i.ReportId).Distinct()).ConfigureAwait(false),
            await c.CountAsync("withdrawn", "Items that joined a report in the span and that their reporter took back; they count nowhere else.", c.Withdrawn())
                .ConfigureAwait(false),
            await c.CountAsync("unfinished", "Reports with items that joined in the span, also withdrawn ones, that CPort still owes automatic work: tracing, "
                + "matching or telling the hash buckets.", c.Unfinished()).ConfigureAwait(false),
            await c.CountAsync("urgent", "Items of reports that are marked urgent now.", all.Where(i => i.Urgent)).ConfigureAwait(false),
            await c.CountAsync("orphans", "Items hosted where there is no hotline, whether or not a mandated hotline took them.",
                all.Where(i => i.WasOrphan)).ConfigureAwait(false),
            await c.CountAsync("orphansOpen", "Orphans that nobody has taken and that are not closed.", all.Where(i => i.QOrphaned != null))
                .ConfigureAwait(false),
            await c.CountAsync("knownWithoutLook", "Items whose effective classification was inherited from known hashes; nobody had to look.",
                classified.Where(i => i.KnownWithoutLook)).ConfigureAwait(false),
            await c.CountAsync("seenByPeople", "Items for which at least one person's assessment counts (v2's Doubtful does not).",
                classified.Where(i => i.Seen)).ConfigureAwait(false),
            await c.CountAsync("nearKnown", "Media whose hashes nobody knew but that are close to a known picture (PDQ).",
                c.Items(FieldGroup.Classification, FieldGroup.Hashes).Where(i => (i.PriorityReasons & PriorityReasons.NearKnown) != 0)).ConfigureAwait(false),
            await c.CountAsync("removed", "Items whose final action is Removed.", all.Where(i => Removals.Contains(i.FinalAction))).ConfigureAwait(false),
            await c.CountAsync("exchanged", "Items that are, or were before they moved, the job of another country than that of the hotline that reported them "
                + "(INHOPE: exchanged; every item of a report counts, whatever its URL).", all.Where(i => i.Exchanged)).ConfigureAwait(false),
        ];
    }

    /// <summary>
    /// By URL key, so that a URL that was reported twice counts once. Known is a URL for none of whose illegal items anybody had to look.
    /// </summary>
    private static async Task<ImmutableArray<Figure>> UrlsAsync(Counting c)
    {
        static IQueryable<string?> Urls(IQueryable<ItemRow> rows) => rows.Where(i => i.UrlKey != null).Select(i => i.UrlKey).Distinct();

        var illegal = c.Items(FieldGroup.Classification, FieldGroup.Url).Where(i => Illegal.Contains(i.Classification));
        var urls = await c.CountAsync("illegalUrls", "Different URLs (in their normal form) of items whose effective classification is Baseline or National, "
            + "assessed or inherited (INHOPE: illegal content URL = unique, assessed as CSAM). Different within the span and what you see.", Urls(illegal))
            .ConfigureAwait(false);
        var unknown = await c.CountAsync(
            "newUrls", "Those of the illegal URLs with at least one illegal item that was not known without a look; share: of the illegal URLs.",
            Urls(illegal.Where(i => !i.KnownWithoutLook))).ConfigureAwait(false);
        double? Share(long count) => urls.Count == 0 ? null : Math.Round((double)count / urls.Count, 4);
        var known = urls.Count - unknown.Count;
        return
        [
            await c.CountAsync("exchangedUrls", "Different URLs of the items that count as exchanged.",
                Urls(c.Items(FieldGroup.Url).Where(i => i.Exchanged))).ConfigureAwait(false),
            urls,
            new Figure(
                "knownUrls", "Those of the illegal URLs all of whose illegal items were known without a look; share: of the illegal URLs.", known, Share(known)),
            unknown with { Share = Share(unknown.Count) },
        ];
    }

    /// <summary>
    /// Second looks (docs/rules.md). What is still waited for is counted and nothing more: whoever may look learns of none what was said.
    /// </summary>
    private static async Task<ImmutableArray<Figure>> LooksAsync(Counting c)
    {
        var asked = c.Items().Where(i => i.LookOpenedAt != null);
        var pairs = await c.LooksAsync().ConfigureAwait(false);
        var (done, agreed, third) = (
            pairs.Sum(p => p.Count), pairs.Where(p => p.First == p.Second).Sum(p => p.Count), pairs.Where(p => p.Looks > 2).Sum(p => p.Count));
        double? Share(long count) => done == 0 ? null : Math.Round((double)count / done, 4);
        return
        [
            await c.CountAsync("looksAsked", "Items of which several people had, or have, to come to the same judgement without knowing of each other.", asked)
                .ConfigureAwait(false),
            new Figure("looksDone", "Second looks asked for that were settled: enough people have come to the same.", done),
            new Figure("looksAgreed", "Settled second looks that came to the classification that the first had said; share: of those settled. "
                + "Kappa: how far that is above what chance would give (Cohen), from 30 on and where not all said the same.", agreed, Share(agreed),
                Kappa(pairs)),
            new Figure("looksDisagreed", "Settled second looks that came to another classification; share: of those settled.", done - agreed, Share(done - agreed)),
            new Figure("looksThird", "Settled second looks at which three or more people looked; share: of those settled.", third, Share(third)),
        ];
    }

    /// <summary>Fewer pairs say nothing of how well people agree.</summary>
    internal const int PairsForKappa = 30;

    /// <summary>Cohen's kappa of the first and the second look; null: too few, or chance alone would make them agree.</summary>
    internal static double? Kappa(IReadOnlyCollection<LookPair> pairs)
    {
        var all = (double)pairs.Sum(p => p.Count);
        if (all < PairsForKappa)
        {
            return null;
        }

        var observed = pairs.Where(p => p.First == p.Second).Sum(p => p.Count) / all;
        var (firsts, seconds) = (pairs.GroupBy(p => p.First), pairs.ToLookup(p => p.Second));
        var chance = firsts.Sum(g => g.Sum(p => p.Count) / all * (seconds[g.Key].Sum(p => p.Count) / all));
        return chance >= 1 ? null : Math.Round((observed - chance) / (1 - chance), 4);
    }

    private static async Task<ImmutableArray<Breakdown>> BreakdownsAsync(Counting c)
    {
        var (all, hosted) = (c.Items(), c.Items(FieldGroup.Hosting));
        return
        [
            await c.ByAsync("state", "Items by their state now.", all, i => i.State, s => s.ToString()).ConfigureAwait(false),
            await c.ByAsync("classification", "Items by effective classification; none: nobody's opinion counts yet.", c.Items(FieldGroup.Classification),
                i => i.Classification, k => k?.ToString()).ConfigureAwait(false),
            await c.ByAsync("hostingCountry", "Items by hosting country as traced last; none: unknown.", hosted, i => i.HostingCountry, k => k)
                .ConfigureAwait(false),
            await c.ByAsync("assignedCountry", "Items by the country whose job they are; none: orphaned or not routed.", all, i => i.AssignedCountry, k => k)
                .ConfigureAwait(false),
            await c.ByAsync("siteType", "Items by the site type of their report; none: not set.", hosted, i => i.SiteType, s => s?.ToString())
                .ConfigureAwait(false),
            await c.ByAsync("commerciality", "Items by the commerciality of their report; none: not set.", hosted, i => i.Commerciality, k => k?.ToString())
                .ConfigureAwait(false),
            Looks(await c.LooksAsync().ConfigureAwait(false)),
        ];
    }

    private static Breakdown Looks(ImmutableArray<LookPair> pairs) => new(
        "looks", "Settled second looks by what the first said and what the second said, as Baseline-National.",
        [.. pairs.GroupBy(p => $"{p.First}-{p.Second}").Select(g => new Tally(g.Key, g.Sum(p => p.Count)))
            .OrderByDescending(t => t.Count).ThenBy(t => t.Name, StringComparer.Ordinal)]);

    /// <summary>From the public's report, and from each day on which an item became a country's job (verdicts.md 6).</summary>
    private static async Task<ImmutableArray<Duration>> DurationsAsync(Counting c)
    {
        const string whoever = ", by whichever agency and in whichever country's time with the item, also as it came with the report";
        const string again = " Items that had gone and were seen online again have the clocks of assignments only.";
        const string since = "From each countryAssignmentDate, the day on which an item became a country's job (an item that moved has several), ";
        const string own = " An agency with countries counts the assignments to those, every other all that it sees; Items are assignments here.";
        var (police, host, removal) = await c.SinceReceiptAsync().ConfigureAwait(false);
        var (here, earlier) = (c.OfOwnCountries(), c.OfOwnCountriesBefore());
        return
        [
            Lapse.ToDuration("receiptToPolice", $"From hotlineReceivedDate, when the public reported, to the first report to police{whoever} "
                + $"(INHOPE's notice and takedown time, first leg).{again}", police),
            Lapse.ToDuration("receiptToHost", $"From hotlineReceivedDate to the first notice to the host{whoever} (second leg).{again}", host),
            Lapse.ToDuration("receiptToRemoval",
                $"From hotlineReceivedDate to removal{whoever}; Unavailable and NotIllegal are no removal.{again}", removal),
            await c.TimeAsync("assignmentToPolice", $"{since}to the first report to police that was recorded while it was that country's.{own}",
                here.Select(i => new Lapse { Start = i.CountrySince, End = i.CountryLeaAt }),
                earlier.Select(e => new Lapse { Start = e.CountrySince, End = e.LeaAt })).ConfigureAwait(false),
            await c.TimeAsync("assignmentToHost", $"{since}to the first notice to the host that was recorded while it was that country's.{own}",
                here.Select(i => new Lapse { Start = i.CountrySince, End = i.CountryIspAt }),
                earlier.Select(e => new Lapse { Start = e.CountrySince, End = e.IspAt })).ConfigureAwait(false),
            await c.TimeAsync("assignmentToRemoval", $"{since}to the removal that was recorded while it was that country's.{own}",
                here.Select(i => new Lapse { Start = i.CountrySince, End = i.CountryRemovedAt }),
                earlier.Select(e => new Lapse { Start = e.CountrySince, End = e.RemovedAt })).ConfigureAwait(false),
            await c.TimeAsync("secondLook", "From the first judgement of an item on which several people have to agree, to the look that settled it.",
                c.Items(FieldGroup.Classification).Select(i => new Lapse { Start = i.LookOpenedAt, End = i.LookSettledAt })).ConfigureAwait(false),
        ];
    }

    /// <summary>From when to when, in UTC ticks; null: not yet.</summary>
    private sealed class Lapse
    {
        /// <summary>What ends before it begins.</summary>
        public const long Fault = -1;

        public long? Start { get; init; }
        public long? End { get; init; }

        /// <summary>From the numbers of items by whole hours.</summary>
        public static Duration ToDuration(string name, string definition, SortedDictionary<long, long> byHours)
        {
            var faults = byHours.GetValueOrDefault(Fault);
            byHours.Remove(Fault);
            return Duration.Of(name, definition, byHours, faults);
        }
    }

    /// <summary>One caller's items in one span, and the ways to count them.</summary>
    private sealed class Counting(
        IDataContext db, int set, ReadModel model, Caller caller, DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancellation)
    {
        private readonly List<string> _countries = [.. caller.Countries.Select(c => c.Code)];

        private Task<ImmutableArray<LookPair>>? _looks;

        public bool Everything { get; } = AccessTable.May(caller, Deed.CountEverything);

        /// <summary>Those of which the caller sees these fields.</summary>
        public IQueryable<ItemRow> Items(params FieldGroup[] fields) => Joined(fields).Where(i => i.State != ItemState.Withdrawn);

        public IQueryable<ItemRow> Withdrawn() => Joined([]).Where(i => i.State == ItemState.Withdrawn);

        /// <summary>A report that was taken back may still owe the hash buckets its opinions.</summary>
        public IQueryable<ReportRow> Unfinished()
        {
            var joined = Joined([]);
            return ReadTables.Reports(db, set).Where(r => r.UnfinishedSince != null && joined.Any(i => i.ReportId == r.ReportId));
        }

        /// <summary>Those that are the job of one of the caller's countries; of every country, when it has none.</summary>
        public IQueryable<ItemRow> OfOwnCountries() =>
            CountsAllCountries ? Items() : Items().Where(i => _countries.Contains(i.AssignedCountry!));

        /// <summary>The times of countries that had an item before.</summary>
        public IQueryable<EarlierCountryRow> OfOwnCountriesBefore()
        {
            var rows = from e in ReadTables.EarlierCountries(db, set) join i in Items() on e.Item equals i.Key select e;
            return CountsAllCountries ? rows : rows.Where(e => _countries.Contains(e.Country));
        }

        /// <summary>Settled looks by what the first and the second said, of items whose classification the caller sees.</summary>
        public Task<ImmutableArray<LookPair>> LooksAsync() => _looks ??= ReadLooksAsync();

        private async Task<ImmutableArray<LookPair>> ReadLooksAsync()
        {
            var pairs = await Items(FieldGroup.Classification).Where(i => i.Looks != null && i.LookFirst != null && i.LookSecond != null)
                .GroupBy(i => new { i.LookFirst, i.LookSecond, i.Looks })
                .Select(g => new { g.Key.LookFirst, g.Key.LookSecond, g.Key.Looks, Count = g.LongCount() })
                .ToListAsync(cancellation).ConfigureAwait(false);
            return [.. pairs.Select(p => new LookPair(p.LookFirst!.Value, p.LookSecond!.Value, p.Looks!.Value, p.Count))];
        }

        public async Task<Figure> CountAsync<T>(string name, string definition, IQueryable<T> rows) =>
            new(name, definition, await rows.LongCountAsync(cancellation).ConfigureAwait(false));

        public async Task<Breakdown> ByAsync<T>(
            string name, string definition, IQueryable<ItemRow> rows, Expression<Func<ItemRow, T>> key, Func<T, string?> text)
        {
            var tallies = await rows.GroupBy(key).Select(g => new { g.Key, Count = g.LongCount() }).ToListAsync(cancellation).ConfigureAwait(false);
            return new Breakdown(name, definition, [.. tallies
                .Select(t => new Tally(text(t.Key) ?? "none", t.Count))
                .OrderByDescending(t => t.Count).ThenBy(t => t.Name, StringComparer.Ordinal)]);
        }

        /// <summary>The database counts by whole hours; median and percentiles follow from the counts, whatever the number of items.</summary>
        public async Task<Duration> TimeAsync(string name, string definition, params IQueryable<Lapse>[] lapses)
        {
            const long hour = TimeSpan.TicksPerHour;
            var byHours = new SortedDictionary<long, long>();
            foreach (var some in lapses)
            {
                var counts = await some.Where(l => l.Start != null && l.End != null)
                    .GroupBy(l => l.End!.Value < l.Start!.Value ? -1L : (l.End!.Value - l.Start!.Value) / hour)
                    .Select(g => new { Hours = g.Key, Count = g.LongCount() }).ToListAsync(cancellation).ConfigureAwait(false);
                foreach (var c in counts)
                {
                    byHours[c.Hours] = byHours.GetValueOrDefault(c.Hours) + c.Count;
                }
            }

            return Lapse.ToDuration(name, definition, byHours);
        }

        /// <summary>
        /// Hours from the public's report to police, host and removal. When the public reported is sealed: the rows to which one of these has happened are
        /// opened one after the other.
        /// </summary>
        public async Task<(SortedDictionary<long, long> Police, SortedDictionary<long, long> Host, SortedDictionary<long, long> Removal)> SinceReceiptAsync()
        {
            var (police, host, removal) = (new SortedDictionary<long, long>(), new SortedDictionary<long, long>(), new SortedDictionary<long, long>());
            await Items().Where(i => !i.SeenAgain && (i.LeaAt != null || i.IspAt != null || i.RemovedAt != null))
                .Select(i => new { i.ReportId, i.Ordinal, i.Sealed, i.LeaAt, i.IspAt, i.RemovedAt })
                .ForEachAsync(
                    i =>
                    {
                        // Of a row that was changed nothing is known.
                        if (model.Secrets(i.ReportId, i.Ordinal, i.Sealed)?.ReceivedAt.UtcTicks is not { } received)
                        {
                            return;
                        }

                        Count(police, received, i.LeaAt);
                        Count(host, received, i.IspAt);
                        Count(removal, received, i.RemovedAt);
                    },
                    cancellation).ConfigureAwait(false);
            return (police, host, removal);
        }

        private static void Count(SortedDictionary<long, long> byHours, long start, long? end)
        {
            if (end is { } ended)
            {
                var hours = ended < start ? Lapse.Fault : (ended - start) / TimeSpan.TicksPerHour;
                byHours[hours] = byHours.GetValueOrDefault(hours) + 1;
            }
        }

        private bool CountsAllCountries => Everything || _countries.Count == 0;

        private IQueryable<ItemRow> Joined(FieldGroup[] fields)
        {
            var rows = ReadTables.Items(db, set).Where(Everything
                ? AccessScope.CountedFor(caller) : AccessScope.Sees(caller, [FieldGroup.Existence, FieldGroup.State, .. fields]));
            if (from?.UtcTicks is { } first)
            {
                rows = rows.Where(i => i.AddedAt >= first);
            }

            return to?.UtcTicks is { } end ? rows.Where(i => i.AddedAt < end) : rows;
        }
    }
}
