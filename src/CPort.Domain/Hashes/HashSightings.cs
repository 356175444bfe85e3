using System.Runtime.InteropServices;

namespace CPort.Domain.Hashes;

/// <summary>An item that carries the hash, and the verdict's version that its report has taken.</summary>
internal readonly record struct Sighting(ReportId Report, int Ordinal, long Told)
{
    public ItemRef Item => new(Report, Ordinal);
}

/// <summary>
/// The sightings of a bucket's hashes by row, each list ordered by report and ordinal. Costs nothing for a hash never sighted, and no object for one sighted
/// once, which most are. Mutable and not thread-safe.
/// </summary>
internal sealed class HashSightings
{
    private struct List
    {
        public int Count;

        /// <summary>The only one; from the second on all stand in <see cref="Many"/>.</summary>
        public Sighting One;
        public Sighting[]? Many;
    }

    private readonly Dictionary<int, List> _lists = [];

    /// <summary>Over all hashes.</summary>
    public long Total { get; private set; }

    /// <summary>About so many bytes: 80 of the dictionary for each row, and 40 for each sighting of a row with several.</summary>
    public long MemoryBytes => (80L * _lists.Count) + (40 * (Total - _lists.Count));

    /// <summary>The rows that have sightings, in no order.</summary>
    public IReadOnlyCollection<int> Rows => _lists.Keys;

    /// <summary>The row's sightings in order; valid until the next change of any row. The bucket may write <see cref="Sighting.Told"/> through it.</summary>
    public Span<Sighting> Of(int row)
    {
        ref var list = ref CollectionsMarshal.GetValueRefOrNullRef(_lists, row);
        return System.Runtime.CompilerServices.Unsafe.IsNullRef(ref list) ? []
            : list.Many is { } many ? many.AsSpan(0, list.Count)
            : MemoryMarshal.CreateSpan(ref list.One, 1);
    }

    public int CountOf(int row) => Of(row).Length;

    public bool Has(int row, ItemRef item) => IndexOf(Of(row), item) >= 0;

    /// <summary>Index of the first at or after (report, ordinal).</summary>
    public static int FirstOf(ReadOnlySpan<Sighting> sightings, ReportId report, int ordinal = 0)
    {
        var i = IndexOf(sightings, new ItemRef(report, ordinal));
        return i >= 0 ? i : ~i;
    }

    /// <summary>The items of a report that carry the hash.</summary>
    public int[] OrdinalsOf(int row, ReportId report)
    {
        var of = Of(row);
        var first = FirstOf(of, report);
        var end = first;
        while (end < of.Length && of[end].Report == report)
        {
            end++;
        }

        var ordinals = new int[end - first];
        for (var i = first; i < end; i++)
        {
            ordinals[i - first] = of[i].Ordinal;
        }

        return ordinals;
    }

    /// <summary>How many different reports, counted no further than <paramref name="most"/>.</summary>
    public int ReportsOf(int row, int most = int.MaxValue)
    {
        var sightings = Of(row);
        var reports = 0;
        for (var i = 0; i < sightings.Length && reports < most; i++)
        {
            reports += i == 0 || sightings[i].Report != sightings[i - 1].Report ? 1 : 0;
        }

        return reports;
    }

    /// <summary>Adds those that are not there yet.</summary>
    public void Add(int row, List<ItemRef> items, long told)
    {
        // One merge from the back for the whole batch: a popular hash's list is moved once, not once an item.
        items.Sort();
        var fresh = new List<ItemRef>(items.Count);
        foreach (var item in items)
        {
            if ((fresh.Count == 0 || fresh[^1] != item) && !Has(row, item))
            {
                fresh.Add(item);
            }
        }

        if (fresh.Count == 0)
        {
            return;
        }

        ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(_lists, row, out _);
        Total += fresh.Count;
        if (list.Count + fresh.Count == 1)
        {
            list.Count = 1;
            list.One = new Sighting(fresh[0].Report, fresh[0].Ordinal, told);
            return;
        }

        var (old, needed) = (list.Count, list.Count + fresh.Count);
        if (list.Many is null)
        {
            list.Many = new Sighting[needed];
            list.Many[0] = list.One;
        }
        else if (needed > list.Many.Length)
        {
            Array.Resize(ref list.Many, Math.Max(needed, list.Many.Length + (list.Many.Length / 2)));
        }

        var all = list.Many;
        for (int to = needed - 1, from = old - 1, next = fresh.Count - 1; next >= 0; to--)
        {
            all[to] = from >= 0 && all[from].Item.CompareTo(fresh[next]) > 0
                ? all[from--]
                : new Sighting(fresh[next].Report, fresh[next--].Ordinal, told);
        }

        list.Count = needed;
    }

    /// <summary>Puts a row's sightings as a snapshot held them, in order.</summary>
    public void Load(int row, ReadOnlySpan<Sighting> sightings)
    {
        for (var i = 1; i < sightings.Length; i++)
        {
            if (sightings[i - 1].Item.CompareTo(sightings[i].Item) >= 0)
            {
                throw new InvalidDataException("Sightings out of order.");
            }
        }

        var list = sightings.Length == 1
            ? new List { Count = 1, One = sightings[0] }
            : new List { Count = sightings.Length, Many = sightings.ToArray() };
        if (sightings.IsEmpty || !_lists.TryAdd(row, list))
        {
            throw new InvalidDataException("Sightings of a row twice, or none.");
        }

        Total += sightings.Length;
    }

    private static int IndexOf(ReadOnlySpan<Sighting> sightings, ItemRef item)
    {
        var (low, high) = (0, sightings.Length - 1);
        while (low <= high)
        {
            var mid = (low + high) / 2;
            var order = sightings[mid].Item.CompareTo(item);
            if (order == 0)
            {
                return mid;
            }

            (low, high) = order < 0 ? (mid + 1, high) : (low, mid - 1);
        }

        return ~low;
    }
}
