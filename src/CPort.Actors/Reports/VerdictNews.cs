using CPort.Domain.Reports.Verbs;

namespace CPort.Actors.Reports;

/// <summary>
/// News of verdicts on their way into a report. They come from several buckets at once; what comes within some milliseconds is taken over in one write. News of
/// an item's only hash decide by themselves; an item of several hashes, or one that is just being looked up, is looked up (again): what changed nothing before
/// was not taken in, and a look-up under way may be older than the news. Buckets send again until they are answered, so nothing is lost when the actor stops.
/// </summary>
internal sealed class VerdictNews
{
    private readonly List<(TakeVerdicts Message, IActorRef Sender)> _fresh = [];
    private readonly List<(TakeVerdicts Message, IActorRef Sender)> _waiting = [];
    private readonly SortedSet<int> _again = [];

    /// <summary>Items are to be looked up again.</summary>
    public bool WantsLookup => _again.Count > 0;

    /// <summary>True: the first since the last <see cref="Take"/>.</summary>
    public bool Add(TakeVerdicts message, IActorRef sender)
    {
        _fresh.Add((message, sender));
        return _fresh.Count == 1;
    }

    /// <summary>What can be decided now, with whom to answer then; the rest waits for <see cref="Lookup"/>.</summary>
    public (ImmutableArray<ItemVerdicts> Verdicts, ImmutableArray<(TakeVerdicts Message, IActorRef Sender)> Senders) Take(Report report)
    {
        var whole = ImmutableArray.CreateBuilder<ItemVerdicts>();
        var again = new HashSet<int>();
        foreach (var same in _fresh.SelectMany(n => n.Message.Items).GroupBy(i => i.Ordinal))
        {
            var verdicts = ItemVerdicts.Together(same)!;
            if (report.Item(same.Key) is not { Withdrawn: false } item)
            {
                continue;
            }

            if (item.Matched && ItemMatch.IsWhole(item, verdicts))
            {
                whole.Add(verdicts);
            }
            else
            {
                again.Add(same.Key);
            }
        }

        var later = _fresh.Where(n => n.Message.Items.Any(i => again.Contains(i.Ordinal))).ToList();
        ImmutableArray<(TakeVerdicts, IActorRef)> now = [.. _fresh.Except(later)];
        _fresh.Clear();
        _waiting.AddRange(later);
        _again.UnionWith(again);
        return (whole.DrainToImmutable(), now);
    }

    /// <summary>What a new round looks up again, and who is answered when it is done; a round that fails answers nobody, and they send again.</summary>
    public (ImmutableHashSet<int> Items, ImmutableArray<(TakeVerdicts Message, IActorRef Sender)> Senders) Lookup()
    {
        (ImmutableHashSet<int>, ImmutableArray<(TakeVerdicts, IActorRef)>) lookup = ([.. _again], [.. _waiting]);
        _again.Clear();
        _waiting.Clear();
        return lookup;
    }
}
