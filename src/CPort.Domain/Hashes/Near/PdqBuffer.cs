using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace CPort.Domain.Hashes.Near;

/// <summary>
/// Values that are scanned: the newest ones of an index, and all of a small one. Word by word in four arrays, so that one vector holds the same word of several
/// values; after two of four words nearly every value is already farther than the radius and the other two are not read.
/// </summary>
internal sealed class PdqBuffer(PdqInstructions instructions)
{
    // Whole vectors are read past the end; what they find there is masked.
    private const int Padding = 8;

    private ulong[] _w0 = new ulong[64];
    private ulong[] _w1 = new ulong[64];
    private ulong[] _w2 = new ulong[64];
    private ulong[] _w3 = new ulong[64];

    public int Count { get; private set; }

    public long MemoryBytes => 4L * 8 * _w0.Length;

    public PdqValue this[int at] => new(_w0[at], _w1[at], _w2[at], _w3[at]);

    public void Add(in PdqValue value)
    {
        if (Count + Padding >= _w0.Length)
        {
            EnsureCapacity(Count + (Count / 2) + 64);
        }

        (_w0[Count], _w1[Count], _w2[Count], _w3[Count]) = value;
        Count++;
    }

    /// <summary>Room for so many values without another allocation.</summary>
    public void EnsureCapacity(int count)
    {
        if (count + Padding > _w0.Length)
        {
            Array.Resize(ref _w0, count + Padding);
            Array.Resize(ref _w1, count + Padding);
            Array.Resize(ref _w2, count + Padding);
            Array.Resize(ref _w3, count + Padding);
        }
    }

    public void RemoveAt(int at)
    {
        Count--;
        (_w0[at], _w1[at], _w2[at], _w3[at]) = (_w0[Count], _w1[Count], _w2[Count], _w3[Count]);
    }

    /// <summary>Empties it; keeps the memory of a small one.</summary>
    public void Clear(int keep)
    {
        Count = 0;
        if (_w0.Length > keep + Padding)
        {
            (_w0, _w1, _w2, _w3) = (new ulong[64], new ulong[64], new ulong[64], new ulong[64]);
        }
    }

    /// <summary>Position of the value, or −1.</summary>
    public int IndexOf(in PdqValue value)
    {
        var from = 0;
        while (true)
        {
            var found = _w0.AsSpan(from, Count - from).IndexOf(value.W0);
            if (found < 0)
            {
                return -1;
            }

            from += found;
            if (_w1[from] == value.W1 && _w2[from] == value.W2 && _w3[from] == value.W3)
            {
                return from;
            }

            from++;
        }
    }

    /// <summary>Offers every value within the radius.</summary>
    public void Search(in PdqValue query, PdqNearest nearest)
    {
        switch (instructions)
        {
            case PdqInstructions.Avx512:
                Search512(query, 0, Count, nearest);
                break;
            case PdqInstructions.Avx2:
                Search256(query, 0, Count, nearest);
                break;
            default:
                SearchOneByOne(query, 0, Count, nearest);
                break;
        }
    }

    /// <summary>Many queries against one block of values after the other, so that a block is read from memory once for all of them.</summary>
    public void SearchMany(ReadOnlySpan<PdqValue> queries, ReadOnlySpan<PdqNearest> nearest, int block = 1024)
    {
        for (var from = 0; from < Count; from += block)
        {
            var to = Math.Min(Count, from + block);
            for (var q = 0; q < queries.Length; q++)
            {
                switch (instructions)
                {
                    case PdqInstructions.Avx512:
                        Search512(queries[q], from, to, nearest[q]);
                        break;
                    case PdqInstructions.Avx2:
                        Search256(queries[q], from, to, nearest[q]);
                        break;
                    default:
                        SearchOneByOne(queries[q], from, to, nearest[q]);
                        break;
                }
            }
        }
    }

    private void SearchOneByOne(in PdqValue query, int from, int to, PdqNearest nearest)
    {
        var w0 = _w0.AsSpan(0, to);
        var w1 = _w1.AsSpan(0, to);
        for (var i = from; i < w0.Length; i++)
        {
            if (BitOperations.PopCount(w0[i] ^ query.W0) + BitOperations.PopCount(w1[i] ^ query.W1) <= nearest.Radius)
            {
                var value = this[i];
                nearest.Offer(value, value.DistanceTo(query));
            }
        }
    }

    private void Search512(in PdqValue query, int from, int to, PdqNearest nearest)
    {
        var (q0, q1) = (Vector512.Create(query.W0), Vector512.Create(query.W1));
        var limit = Vector512.Create((ulong)nearest.Radius);
        var nibbles = Vector512.Create((byte)15);
        var counts = Vector512.Create(Vector256.Create(NibbleCounts, NibbleCounts), Vector256.Create(NibbleCounts, NibbleCounts));
        ref var w0 = ref MemoryMarshal.GetArrayDataReference(_w0);
        ref var w1 = ref MemoryMarshal.GetArrayDataReference(_w1);
        for (var i = from; i < to; i += 8)
        {
            var x = (Vector512.LoadUnsafe(ref w0, (nuint)i) ^ q0).AsByte();
            var y = (Vector512.LoadUnsafe(ref w1, (nuint)i) ^ q1).AsByte();
            var bits = Avx512BW.Shuffle(counts, x & nibbles) + Avx512BW.Shuffle(counts, (x.AsUInt16() >>> 4).AsByte() & nibbles)
                + Avx512BW.Shuffle(counts, y & nibbles) + Avx512BW.Shuffle(counts, (y.AsUInt16() >>> 4).AsByte() & nibbles);
            var sums = Avx512BW.SumAbsoluteDifferences(bits, Vector512<byte>.Zero).AsUInt64();
            var pass = Vector512.LessThanOrEqual(sums, limit).ExtractMostSignificantBits();
            if (pass != 0)
            {
                Offer(query, i, to, (uint)pass, nearest);
                limit = Vector512.Create((ulong)nearest.Radius);
            }
        }
    }

    private void Search256(in PdqValue query, int from, int to, PdqNearest nearest)
    {
        var (q0, q1) = (Vector256.Create(query.W0), Vector256.Create(query.W1));
        var limit = Vector256.Create((ulong)nearest.Radius);
        var nibbles = Vector256.Create((byte)15);
        var counts = Vector256.Create(NibbleCounts, NibbleCounts);
        ref var w0 = ref MemoryMarshal.GetArrayDataReference(_w0);
        ref var w1 = ref MemoryMarshal.GetArrayDataReference(_w1);
        for (var i = from; i < to; i += 4)
        {
            var x = (Vector256.LoadUnsafe(ref w0, (nuint)i) ^ q0).AsByte();
            var y = (Vector256.LoadUnsafe(ref w1, (nuint)i) ^ q1).AsByte();
            var bits = Avx2.Shuffle(counts, x & nibbles) + Avx2.Shuffle(counts, (x.AsUInt16() >>> 4).AsByte() & nibbles)
                + Avx2.Shuffle(counts, y & nibbles) + Avx2.Shuffle(counts, (y.AsUInt16() >>> 4).AsByte() & nibbles);
            var sums = Avx2.SumAbsoluteDifferences(bits, Vector256<byte>.Zero).AsUInt64();
            var pass = Vector256.LessThanOrEqual(sums, limit).ExtractMostSignificantBits();
            if (pass != 0)
            {
                Offer(query, i, to, pass, nearest);
                limit = Vector256.Create((ulong)nearest.Radius);
            }
        }
    }

    private static Vector128<byte> NibbleCounts => Vector128.Create((byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Offer(in PdqValue query, int from, int to, uint pass, PdqNearest nearest)
    {
        for (; pass != 0; pass &= pass - 1)
        {
            var at = from + BitOperations.TrailingZeroCount(pass);
            if (at >= to)
            {
                return;
            }

            var value = this[at];
            nearest.Offer(value, value.DistanceTo(query));
        }
    }
}
