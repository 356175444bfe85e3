using CPort.Domain.Reports.Verbs;

namespace CPort.Actors.Reports;

/// <summary>
/// What a report has heard of its hashes since its actor started, and the news among it that await an answer. News come from several buckets at once; what
/// comes within some milliseconds is taken over in one write. News of one hash decide together with what was heard of the item's others, also when that changed
/// nothing and so stands in no event; an item of which not all was heard in this life of the actor is looked up again. A look-up under way may be older than
/// news: the later version counts. Buckets send again until they are answered, so nothing is lost when the actor stops.
/// </summary>
internal sealed class VerdictNews
{
    /// <summary>
    /// Items of which is kept what was heard, also what changed nothing: neither a look-up that began before nor news that were sent before undo it. News of
    /// others lead to a look-up each.
    /// </summary>
    private const int MostKept = 1_000;

    private readonly List<(TakeVerdicts Message, IActorRef Sender)> _fresh = [];
    private readonly List<(TakeVerdicts Message, IActorRef Sender)> _waiting = [];
    private readonly SortedSet<int> _again = [];
    private readonly Dictionary<int, ImmutableArray<HashVerdict>> _heard = [];

    /// <summary>Items are to be looked up again.</summary>
    public bool WantsLookup => _again.Count > 0;

    /// <summary>True: the first since the last <see cref="Take"/>.</summary>
    public bool Add(TakeVerdicts message, IActorRef sender)
    {
        _fresh.Add((message, sender));
        return _fresh.Count == 1;
    }

    /// <summary>What can be decided now, with whom to answer then; the rest waits for the end of a round.</summary>
    public (ImmutableArray<ItemVerdicts> Verdicts, ImmutableArray<(TakeVerdicts Message, IActorRef Sender)> Senders) Take(Report report)
    {
        var whole = ImmutableArray.CreateBuilder<ItemVerdicts>();
        var later = new HashSet<int>();
        foreach (var news in _fresh.SelectMany(n => n.Message.Items).GroupBy(i => i.Ordinal))
        {
            if (report.Item(news.Key) is not { Withdrawn: false } item)
            {
                continue;
            }

            var heard = new ItemVerdicts { Ordinal = news.Key, Exact = Later(_heard.GetValueOrDefault(news.Key, []), news.SelectMany(n => n.Exact)) };
            var kept = Keep(heard);
            if (item.Matched && kept && ItemMatch.IsWhole(item, heard))
            {
                whole.Add(heard);
                continue;
            }

            // An item that was never looked up will be, in any case.
            later.Add(news.Key);
            if (item.Matched || !kept)
            {
                _again.Add(news.Key);
            }
        }

        var waiting = _fresh.Where(n => n.Message.Items.Any(i => later.Contains(i.Ordinal))).ToList();
        ImmutableArray<(TakeVerdicts, IActorRef)> now = [.. _fresh.Except(waiting)];
        _fresh.Clear();
        _waiting.AddRange(waiting);
        return (whole.DrainToImmutable(), now);
    }

    /// <summary>What a new round looks up again.</summary>
    public ImmutableHashSet<int> Lookup()
    {
        ImmutableHashSet<int> again = [.. _again];
        _again.Clear();
        return again;
    }

    /// <summary>What a round brought, with the news that came meanwhile.</summary>
    public CompleteAutomaticWork With(Report report, CompleteAutomaticWork work) => work with { Verdicts = [.. work.Verdicts.Select(v => With(report, v))] };

    /// <summary>Whose news are taken in with what a round brought, once that is applied. After one that failed: nobody's, and they send again.</summary>
    public ImmutableArray<(TakeVerdicts Message, IActorRef Sender)> Told(Report report, bool failed)
    {
        bool IsTold(ItemVerdicts news) => !_again.Contains(news.Ordinal) && report.Item(news.Ordinal)?.NeedsMatch() != true;
        ImmutableArray<(TakeVerdicts Message, IActorRef Sender)> told = failed ? [] : [.. _waiting.Where(n => n.Message.Items.All(IsTold))];
        _waiting.RemoveAll(n => failed || told.Contains(n));
        return told;
    }

    private ItemVerdicts With(Report report, ItemVerdicts found)
    {
        if (report.Item(found.Ordinal) is null)
        {
            return found;
        }

        var all = found with { Exact = Later(found.Exact, _heard.GetValueOrDefault(found.Ordinal, [])) };
        Keep(all);
        return all;
    }

    private bool Keep(ItemVerdicts heard)
    {
        if (_heard.Count == MostKept && !_heard.ContainsKey(heard.Ordinal))
        {
            return false;
        }

        _heard[heard.Ordinal] = heard.Exact;
        return true;
    }

    private static ImmutableArray<HashVerdict> Later(ImmutableArray<HashVerdict> one, IEnumerable<HashVerdict> other) =>
        [.. HashVerdict.Newest(one.Concat(other))];
}
