using System.Runtime.InteropServices;

namespace CPort.Domain.Hashes.Near;

/// <summary>A value found near a query and its Hamming distance (0 to 256).</summary>
public readonly record struct PdqHit(ContentHash Hash, int Distance);

/// <summary>Hits by distance, then by value; <see cref="Truncated"/> when more were within the radius than asked for.</summary>
public readonly record struct PdqHits(ImmutableArray<PdqHit> Hits, bool Truncated);

/// <summary>
/// One query of a batch: all values within <paramref name="Radius"/> (0 to <see cref="PdqLimits.MaxRadius"/>) of <paramref name="Value"/>, nearest first, at
/// most <paramref name="MaxResults"/> (1 or more).
/// </summary>
public readonly record struct PdqQuery(PdqValue Value, int Radius, int MaxResults);

/// <summary>
/// Exact Hamming radius search over 256-bit PDQ values: never misses a value, never lists one twice. How it works and what else was measured: docs/matching.md.
/// The newest values are scanned (<see cref="PdqBuffer"/>), the others indexed (<see cref="PdqSegment"/>); a change counts for the next query. When the buffer
/// holds more than a share of the values it is merged into the segment; the segment is built anew, its chunks learned from the values again, when it has
/// doubled or an eighth of it was removed. Mutable and not thread-safe: it belongs to one actor, as an index over that actor's state. Holds at most 16,777,215
/// values, then throws <see cref="InvalidOperationException"/>.
/// </summary>
public sealed class PdqIndex
{
    // A merge copies the whole segment, a query scans the whole buffer: one 128th keeps both small.
    private const int BufferShare = 128;

    private readonly PdqTuning _tuning;
    private readonly PdqInstructions _instructions;
    private readonly PdqBuffer _buffer;
    private readonly List<PdqNearest> _nearest = [];
    private PdqSegment? _segment;

    // Made when needed: every bucket has an index, most of them empty.
    private PdqScratch? _scratch;

    public PdqIndex()
        : this(PdqProcessor.Best, PdqTuning.Default)
    {
    }

    internal PdqIndex(PdqInstructions instructions, PdqTuning tuning)
    {
        _tuning = tuning;
        _instructions = instructions;
        _buffer = new PdqBuffer(instructions);
    }

    public int Count => (_segment is { } s ? s.Count - s.DeadCount : 0) + _buffer.Count;

    /// <summary>All arrays held, in bytes.</summary>
    public long MemoryBytes => (_segment?.MemoryBytes ?? 0) + _buffer.MemoryBytes + (_scratch?.MemoryBytes ?? 0);

    internal PdqSegment? Segment => _segment;

    /// <summary>Adds a PDQ value; false when it was there.</summary>
    public bool Add(ContentHash hash) => Add(PdqValue.From(hash));

    /// <inheritdoc cref="Add(ContentHash)"/>
    public bool Add(in PdqValue value)
    {
        if (_buffer.IndexOf(value) >= 0)
        {
            return false;
        }

        if (_segment?.Find(value) is { } id and >= 0)
        {
            if (!_segment.IsDead(id))
            {
                return false;
            }

            _segment.Revive(id);
            return true;
        }

        RequireRoom(1);
        _buffer.Add(value);
        if (_buffer.Count >= Math.Max(_tuning.Scanned / (_segment is null ? 1 : 4), (_segment?.Count ?? 0) / BufferShare))
        {
            Settle();
        }

        return true;
    }

    /// <summary>Adds many at once, which is faster than one by one when they are many; how many were not there. Equal ones count once.</summary>
    public int AddMany(ReadOnlySpan<PdqValue> values)
    {
        var before = Count;
        if (values.Length < Math.Max(_tuning.Scanned, Count / 4))
        {
            foreach (ref readonly var value in values)
            {
                Add(value);
            }
        }
        else
        {
            Rebuild(values);
        }

        return Count - before;
    }

    /// <summary>Adds raw values of 32 bytes each, one after the other; throws <see cref="ArgumentException"/> when the last one is cut.</summary>
    public int AddMany(ReadOnlySpan<byte> values)
    {
        if (values.Length % PdqValue.Size != 0)
        {
            throw new ArgumentException($"Raw PDQ values are {PdqValue.Size} bytes each, {values.Length} is no multiple.", nameof(values));
        }

        var parsed = new PdqValue[values.Length / PdqValue.Size];
        for (var i = 0; i < parsed.Length; i++)
        {
            parsed[i] = PdqValue.FromBytes(values.Slice(i * PdqValue.Size, PdqValue.Size));
        }

        return AddMany(parsed);
    }

    /// <inheritdoc cref="AddMany(ReadOnlySpan{PdqValue})"/>
    public int AddMany(IReadOnlyCollection<ContentHash> hashes)
    {
        ArgumentNullException.ThrowIfNull(hashes);
        return AddMany([.. hashes.Select(PdqValue.From)]);
    }

    /// <summary>An index of the values; equal ones count once.</summary>
    public static PdqIndex Build(ReadOnlySpan<PdqValue> values)
    {
        var index = new PdqIndex();
        index.AddMany(values);
        return index;
    }

    /// <summary>Removes a PDQ value; false when it was not there.</summary>
    public bool Remove(ContentHash hash) => Remove(PdqValue.From(hash));

    /// <inheritdoc cref="Remove(ContentHash)"/>
    public bool Remove(in PdqValue value)
    {
        if (_buffer.IndexOf(value) is var at and >= 0)
        {
            _buffer.RemoveAt(at);
            return true;
        }

        if (_segment?.Remove(value) != true)
        {
            return false;
        }

        if (_segment.DeadCount > Math.Max(_tuning.Scanned, _segment.Count / 8))
        {
            Rebuild([]);
        }

        return true;
    }

    /// <summary>Puts <paramref name="added"/> in the place of <paramref name="removed"/>; false, and nothing changed, when the latter was not there.</summary>
    public bool Replace(ContentHash removed, ContentHash added)
    {
        var value = PdqValue.From(added);
        if (!Remove(removed))
        {
            return false;
        }

        Add(value);
        return true;
    }

    public bool Contains(ContentHash hash) => Contains(PdqValue.From(hash));

    public bool Contains(in PdqValue value) => _buffer.IndexOf(value) >= 0 || (_segment?.Find(value) is { } id and >= 0 && !_segment.IsDead(id));

    /// <summary>
    /// Merges what is buffered, so that queries are at their fastest. Happens by itself when enough has come; worth calling after a bulk of changes.
    /// </summary>
    public void Settle()
    {
        if (_buffer.Count == 0 || Count < _tuning.Scanned)
        {
            return;
        }

        if (_segment is null || _segment.Count + _buffer.Count > 2L * _segment.BuiltFor)
        {
            Rebuild([]);
            return;
        }

        var values = new PdqValue[_buffer.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = _buffer[i];
        }

        _segment.Append(values);
        _buffer.Clear(keep: Math.Max(_tuning.Scanned, _segment.Count / BufferShare));
    }

    /// <summary>All values within <paramref name="radius"/> (0 to 64), nearest first, at most <paramref name="maxResults"/> (1 or more).</summary>
    public PdqHits Search(ContentHash query, int radius, int maxResults) => Search(new PdqQuery(PdqValue.From(query), radius, maxResults));

    /// <inheritdoc cref="Search(ContentHash, int, int)"/>
    public PdqHits Search(in PdqQuery query)
    {
        Span<PdqHits> hits = new PdqHits[1];
        SearchMany([query], hits);
        return hits[0];
    }

    /// <summary>The answers of many queries, in their order; faster than one after the other.</summary>
    public PdqHits[] SearchMany(ReadOnlySpan<PdqQuery> queries)
    {
        var hits = new PdqHits[queries.Length];
        SearchMany(queries, hits);
        return hits;
    }

    private void SearchMany(ReadOnlySpan<PdqQuery> queries, Span<PdqHits> hits)
    {
        foreach (ref readonly var query in queries)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(query.Radius, "radius");
            ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Radius, PdqLimits.MaxRadius, "radius");
            ArgumentOutOfRangeException.ThrowIfLessThan(query.MaxResults, 1, "maxResults");
        }

        Span<PdqValue> values = stackalloc PdqValue[Math.Min(queries.Length, PdqScratch.MaxBatch)];
        for (var from = 0; from < queries.Length; from += PdqScratch.MaxBatch)
        {
            var count = Math.Min(PdqScratch.MaxBatch, queries.Length - from);
            while (_nearest.Count < count)
            {
                _nearest.Add(new PdqNearest());
            }

            var batch = values[..count];
            var nearest = CollectionsMarshal.AsSpan(_nearest)[..count];
            for (var i = 0; i < count; i++)
            {
                ref readonly var query = ref queries[from + i];
                batch[i] = query.Value;
                nearest[i].Start(query.Radius, query.MaxResults);
            }

            _buffer.SearchMany(batch, nearest);
            _segment?.Search(batch, nearest, _scratch ??= new PdqScratch(_instructions));
            for (var i = 0; i < count; i++)
            {
                hits[from + i] = nearest[i].ToHits();
            }
        }
    }

    /// <summary>By distance, then by value: the same order whichever bucket a hit comes from.</summary>
    internal static int Order(PdqHit a, PdqHit b) => a.Distance != b.Distance ? a.Distance.CompareTo(b.Distance) : a.Hash.Bytes.SequenceCompareTo(b.Hash.Bytes);

    /// <summary>All values alive, in no particular order.</summary>
    public PdqValue[] ToArray()
    {
        var values = new PdqValue[Count];
        CopyAlive(values);
        return values;
    }

    private int CopyAlive(Span<PdqValue> target)
    {
        var count = _segment?.CopyAlive(target) ?? 0;
        for (var i = 0; i < _buffer.Count; i++)
        {
            target[count++] = _buffer[i];
        }

        return count;
    }

    /// <summary>Builds the segment anew from all values and the added ones, which may be equal to each other and to those held.</summary>
    private void Rebuild(ReadOnlySpan<PdqValue> added)
    {
        var held = Count;
        var all = new PdqValue[held + added.Length];
        CopyAlive(all);
        var count = added.IsEmpty ? held : AddDistinct(all, held, added);
        if (count > PdqSegment.MaxCount)
        {
            throw Full();
        }

        _segment = null;
        _buffer.Clear(keep: _tuning.Scanned);
        if (count < _tuning.Scanned)
        {
            foreach (ref readonly var value in all.AsSpan(0, count))
            {
                _buffer.Add(value);
            }

            return;
        }

        if (count < all.Length)
        {
            Array.Resize(ref all, count);
        }

        _segment = PdqSegment.Build(all, count, _tuning);
    }

    /// <summary>Appends what is not there yet: a hash table of positions, a quarter empty at least.</summary>
    private static int AddDistinct(Span<PdqValue> all, int held, ReadOnlySpan<PdqValue> added)
    {
        var table = new int[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, all.Length + (all.Length / 3)))];
        var mask = table.Length - 1;
        var count = 0;
        for (var i = 0; i < all.Length; i++)
        {
            var value = i < held ? all[i] : added[i - held];
            var at = (int)(value.Mixed() >> 32) & mask;
            while (table[at] != 0 && all[table[at] - 1] != value)
            {
                at = (at + 1) & mask;
            }

            if (table[at] == 0)
            {
                all[count++] = value;
                table[at] = count;
            }
        }

        return count;
    }

    private void RequireRoom(int more)
    {
        if ((_segment?.Count ?? 0) + _buffer.Count + more > PdqSegment.MaxCount)
        {
            throw Full();
        }
    }

    private static InvalidOperationException Full() => new($"A PDQ index holds at most {PdqSegment.MaxCount:n0} values.");
}
