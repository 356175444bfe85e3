using CPort.Domain.Hashes.Near;

namespace CPort.Actors.Matching;

/// <summary>One near query on its way through all PDQ buckets, and what they have found so far.</summary>
internal sealed class NearSearch(Gather request, NearQuery query)
{
    private readonly Nearest<NearMatch> _matches = new(query.MaxResults, static m => new PdqHit(m.Verdict.Hash, m.Distance));
    private readonly Nearest<LookAlike> _lookAlikes = new(query.MaxLookAlikes, static l => new PdqHit(l.Hash, l.Distance));
    private NearAnswer? _answer;

    public Gather Request { get; } = request;

    public NearQuery Query { get; } = query;

    /// <summary>Sightings of the value that the search waits for.</summary>
    public int Unsighted { get; set; }

    /// <summary>Buckets that have not answered yet.</summary>
    public int Buckets { get; set; }

    public void Take(NearAnswer answer)
    {
        _matches.Add(answer.Matches, answer.Truncated);
        _lookAlikes.Add(answer.LookAlikes, truncated: false);
    }

    /// <summary>Nearest first over all buckets.</summary>
    public NearAnswer Answer() => _answer ??= new NearAnswer
    {
        // In this order: sorting cuts, and then something is left out.
        Matches = _matches.Sorted(), Truncated = _matches.Truncated,
        LookAlikes = _lookAlikes.Sorted(),
    };
}

/// <summary>The nearest of what many buckets found; each gave its nearest, so the nearest of all are among them.</summary>
internal sealed class Nearest<T>(int most, Func<T, PdqHit> hitOf)
{
    private List<T>? _found;

    /// <summary>There are more than are listed.</summary>
    public bool Truncated { get; private set; }

    public void Add(ImmutableArray<T> found, bool truncated)
    {
        Truncated |= truncated;
        if (!found.IsEmpty)
        {
            (_found ??= []).AddRange(found);

            // Now and then while answers come in, so that dense values do not pile up what will not be listed.
            Cut(beyond: 4 * most);
        }
    }

    public ImmutableArray<T> Sorted()
    {
        Cut(beyond: most);
        _found?.Sort(Order);
        return _found is null ? [] : [.. _found];
    }

    private void Cut(int beyond)
    {
        if (_found?.Count > beyond)
        {
            _found.Sort(Order);
            _found.RemoveRange(most, _found.Count - most);
            Truncated = true;
        }
    }

    private int Order(T a, T b) => PdqIndex.Order(hitOf(a), hitOf(b));
}
