using System.Diagnostics.CodeAnalysis;
using BitFaster.Caching.Lru;

namespace CPort.Actors.Projections;

/// <summary>
/// The states of the reports touched last, by persistence id. Bounded by items, because that is what takes memory: reports of a size share a part of the bound,
/// so that few large ones do not drive out many small ones.
/// </summary>
internal sealed class ReportCache(int maxItems)
{
    private readonly ImmutableArray<(int Most, ConcurrentLru<string, Report> Reports)> _bySize =
    [
        Part(4, maxItems / 2), Part(32, maxItems / 4), Part(256, maxItems / 8), Part(int.MaxValue, maxItems / 8),
    ];

    public bool TryGet(string id, [NotNullWhen(true)] out Report? report)
    {
        foreach (var (_, reports) in _bySize)
        {
            if (reports.TryGet(id, out report))
            {
                return true;
            }
        }

        report = null;
        return false;
    }

    public void Put(string id, Report report)
    {
        Remove(id);
        _bySize.First(p => report.Items.Count <= p.Most).Reports.AddOrUpdate(id, report);
    }

    public void Remove(string id)
    {
        foreach (var (_, reports) in _bySize)
        {
            reports.TryRemove(id);
        }
    }

    public void Clear()
    {
        foreach (var (_, reports) in _bySize)
        {
            reports.Clear();
        }
    }

    // The least that such a cache holds is three; a report's own fields weigh as much as two items.
    private static (int, ConcurrentLru<string, Report>) Part(int most, int items) =>
        (most, new ConcurrentLru<string, Report>(1, new ByLastWrite(Math.Max(3, items / (Math.Min(most, 10_000) + 2))), StringComparer.Ordinal));

    /// <summary>
    /// By default four fifths of such a cache are for what was read again, and a report whose second event is still to come had but one fifth to wait in: under
    /// load it was gone by then, and read from the journal.
    /// </summary>
    private sealed class ByLastWrite(int capacity) : ICapacityPartition
    {
        public int Hot => capacity - Cold - Warm;

        public int Warm => Math.Max(1, capacity / 5);

        public int Cold => Math.Max(1, capacity * 2 / 5);
    }
}
