namespace CPort.Domain.Hashes.Near;

/// <summary>
/// The nearest values seen, at most so many: a heap with the farthest on top. Nearer means smaller distance, then smaller value, so that the same values are
/// kept whatever the order in which they come. A value must not be offered twice.
/// </summary>
internal sealed class PdqNearest
{
    private readonly List<(PdqValue Value, int Distance)> _heap = [];
    private int _most;
    private int _radius;

    /// <summary>More values than asked for were within the radius.</summary>
    public bool Truncated { get; private set; }

    /// <summary>Farther values cannot change the answer any more: the radius, or the distance of the farthest value kept once some were left out.</summary>
    public int Radius { get; private set; }

    public void Start(int radius, int most)
    {
        _heap.Clear();
        (_radius, _most, Radius, Truncated) = (radius, most, radius, false);
    }

    public void Offer(in PdqValue value, int distance)
    {
        if (distance > _radius)
        {
            return;
        }

        if (_heap.Count < _most)
        {
            _heap.Add((value, distance));
            Up(_heap.Count - 1);
            return;
        }

        Truncated = true;
        if (Farther(_heap[0], (value, distance)))
        {
            _heap[0] = (value, distance);
            Down(0);
        }

        Radius = _heap[0].Distance;
    }

    public PdqHits ToHits()
    {
        if (_heap.Count == 0)
        {
            return new PdqHits([], false);
        }

        _heap.Sort(static (a, b) => a.Distance != b.Distance ? a.Distance.CompareTo(b.Distance) : a.Value.CompareTo(b.Value));
        var hits = System.Collections.Immutable.ImmutableArray.CreateBuilder<PdqHit>(_heap.Count);
        foreach (var (value, distance) in _heap)
        {
            hits.Add(new PdqHit(value.ToHash(), distance));
        }

        return new PdqHits(hits.MoveToImmutable(), Truncated);
    }

    private static bool Farther((PdqValue Value, int Distance) a, (PdqValue Value, int Distance) b) =>
        a.Distance != b.Distance ? a.Distance > b.Distance : a.Value.CompareTo(b.Value) > 0;

    private void Up(int at)
    {
        while (at > 0 && (at - 1) / 2 is var parent && Farther(_heap[at], _heap[parent]))
        {
            (_heap[at], _heap[parent]) = (_heap[parent], _heap[at]);
            at = parent;
        }
    }

    private void Down(int at)
    {
        while (true)
        {
            var child = (2 * at) + 1;
            if (child >= _heap.Count)
            {
                return;
            }

            if (child + 1 < _heap.Count && Farther(_heap[child + 1], _heap[child]))
            {
                child++;
            }

            if (!Farther(_heap[child], _heap[at]))
            {
                return;
            }

            (_heap[at], _heap[child]) = (_heap[child], _heap[at]);
            at = child;
        }
    }
}
