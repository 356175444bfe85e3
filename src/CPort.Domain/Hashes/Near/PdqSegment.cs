using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CPort.Domain.Hashes.Near;

/// <summary>
/// The indexed part of a <see cref="PdqIndex"/>: for each chunk and each pattern of the chunk's bits (a slot) the values that have it. Postings lie slot by
/// slot in two parallel arrays, so that a probe reads the little that decides and nothing else: the value's bits of the next chunk (two bytes, compared 32 at a
/// time) and the value's number (three bytes, read for the few that pass). Values are appended, never moved; a removed one is marked and goes at the next
/// rebuild.
/// </summary>
internal sealed partial class PdqSegment
{
    /// <summary>A number has three bytes.</summary>
    public const int MaxCount = (1 << 24) - 1;

    private const int IdSize = 3;

    // Vectors of 32 are read past a slot's end.
    private const int Padding = 32;

    private readonly PdqChunks _chunks;
    private readonly PdqThresholds _thresholds;
    private readonly uint[] _offsets;
    private readonly int _vectorBits;
    private readonly PdqTuning _tuning;
    private PdqValue[] _values;
    private ulong[] _dead;
    private ushort[] _next;
    private byte[] _ids;

    private PdqSegment(PdqValue[] values, int count, PdqChunks chunks, PdqTuning tuning)
    {
        (_values, Count, _chunks, _tuning) = (values, count, chunks, tuning);
        var room = (long)chunks.Count * values.Length;
        _next = GC.AllocateUninitializedArray<ushort>(checked((int)(room + Padding)));
        _ids = GC.AllocateUninitializedArray<byte>(checked((int)((room * IdSize) + 4)));
        _offsets = new uint[chunks.Offsets[^1]];
        _dead = new ulong[(values.Length + 63) / 64];
        BuiltFor = count;
        var loads = Fill();
        SlotLengths = loads;
        _vectorBits = tuning.VectorBits ?? PdqPlan.VectorBits(loads.Average());
        _thresholds = new PdqThresholds(chunks.Widths, loads, ProbeCost);
    }

    /// <summary>Values, removed ones included.</summary>
    public int Count { get; private set; }

    public int DeadCount { get; private set; }

    /// <summary>How many values it had when its chunks were chosen.</summary>
    public int BuiltFor { get; }

    /// <summary>Postings in the slot of a random held value, each chunk: what a query that resembles the held values finds.</summary>
    public double[] SlotLengths { get; }

    public PdqChunks Chunks => _chunks;

    public long MemoryBytes =>
        (Unsafe.SizeOf<PdqValue>() * (long)_values.Length) + (8L * _dead.Length) + (2L * _next.Length) + _ids.Length
        + (4L * _offsets.Length);

    public bool IsDead(int id) => (_dead[id >> 6] >> id & 1) != 0;

    public ref readonly PdqValue Value(int id) => ref _values[id];

    /// <summary>Indexes the first <paramref name="count"/> values, which must be distinct; takes the array over.</summary>
    public static PdqSegment Build(PdqValue[] values, int count, PdqTuning tuning)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxCount);
        var chunks = tuning.Chunks ?? PdqPlan.Chunks(count);
        return new PdqSegment(values, count, tuning.Learn ? PdqChunks.Learn(values.AsSpan(0, count), chunks) : PdqChunks.InOrder(chunks), tuning);
    }

    /// <summary>True when the value was there and alive.</summary>
    public bool Remove(in PdqValue value)
    {
        var id = Find(value);
        if (id < 0 || IsDead(id))
        {
            return false;
        }

        _dead[id >> 6] |= 1UL << id;
        DeadCount++;
        return true;
    }

    /// <summary>Makes a removed value alive again.</summary>
    public void Revive(int id)
    {
        _dead[id >> 6] &= ~(1UL << id);
        DeadCount--;
    }

    /// <summary>Copies the values that are alive.</summary>
    public int CopyAlive(Span<PdqValue> target)
    {
        var count = 0;
        for (var id = 0; id < Count; id++)
        {
            if (!IsDead(id))
            {
                target[count++] = _values[id];
            }
        }

        return count;
    }

    private double[] Fill()
    {
        var loads = new double[_chunks.Count];
        var columns = (Current: GC.AllocateUninitializedArray<ushort>(Count), Next: GC.AllocateUninitializedArray<ushort>(Count));
        Column(0, columns.Current);
        ref var next = ref MemoryMarshal.GetArrayDataReference(_next);
        for (var chunk = 0; chunk < _chunks.Count; chunk++)
        {
            Column(chunk + 1 == _chunks.Count ? 0 : chunk + 1, columns.Next);
            var slots = 1 << _chunks.Widths[chunk];
            var ends = _offsets.AsSpan(_chunks.Offsets[chunk], slots + 1);
            foreach (var slot in columns.Current)
            {
                ends[slot + 1]++;
            }

            // Shifted by one: while filling, an entry runs from its slot's start to its end, which is the next one's start.
            var at = (uint)(chunk * (long)Count);
            double squares = 0;
            for (var slot = 0; slot < slots; slot++)
            {
                var length = ends[slot + 1];
                squares += (double)length * length;
                ends[slot + 1] = at;
                at += length;
            }

            loads[chunk] = squares / Count;
            for (var id = 0; id < columns.Current.Length; id++)
            {
                var position = ends[columns.Current[id] + 1]++;
                Unsafe.Add(ref next, position) = columns.Next[id];
                WriteId((int)position, id);
            }

            ends[0] = (uint)(chunk * (long)Count);
            columns = (columns.Next, columns.Current);
        }

        return loads;
    }

    private void Column(int chunk, ushort[] target)
    {
        for (var id = 0; id < target.Length; id++)
        {
            target[id] = _chunks.Extract(_values[id], chunk);
        }
    }

    /// <summary>
    /// Adds distinct values that are not there yet: one pass from the end of the postings to their start, in which every run between two insertions moves up by
    /// one block copy. Chunks stay as they are.
    /// </summary>
    public void Append(ReadOnlySpan<PdqValue> added)
    {
        var (old, extra) = (Count, added.Length);
        var count = old + extra;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxCount);
        var (source, sourceIds) = (_next, _ids);
        if (count > _values.Length)
        {
            var capacity = Math.Min(MaxCount, count + (count / 32));
            Array.Resize(ref _values, capacity);
            Array.Resize(ref _dead, (capacity + 63) / 64);
            _next = GC.AllocateUninitializedArray<ushort>(checked((int)(((long)_chunks.Count * capacity) + Padding)));
            _ids = GC.AllocateUninitializedArray<byte>(checked((int)(((long)_chunks.Count * capacity * IdSize) + 4)));
        }

        added.CopyTo(_values.AsSpan(old));
        var sorted = new int[extra];
        var slotsOf = new ushort[extra];
        for (var chunk = _chunks.Count - 1; chunk >= 0; chunk--)
        {
            var slots = 1 << _chunks.Widths[chunk];
            var following = chunk + 1 == _chunks.Count ? 0 : chunk + 1;
            var starts = new int[slots + 1];
            for (var i = 0; i < extra; i++)
            {
                slotsOf[i] = _chunks.Extract(added[i], chunk);
                starts[slotsOf[i] + 1]++;
            }

            for (var slot = 0; slot < slots; slot++)
            {
                starts[slot + 1] += starts[slot];
            }

            for (var i = 0; i < extra; i++)
            {
                sorted[starts[slotsOf[i]]++] = i;
            }

            // Now starts[s] is how many are in slots up to s.
            var ends = _offsets.AsSpan(_chunks.Offsets[chunk], slots + 1);
            var unmoved = (int)ends[slots];
            for (var j = extra - 1; j >= 0; j--)
            {
                var value = sorted[j];
                var end = (int)ends[slotsOf[value] + 1];
                var shift = (chunk * extra) + j;
                Move(source, sourceIds, end, unmoved, shift + 1);
                _next[end + shift] = _chunks.Extract(added[value], following);
                WriteId(end + shift, old + value);
                unmoved = end;
            }

            Move(source, sourceIds, (int)ends[0], unmoved, chunk * extra);
            ends[0] += (uint)(chunk * extra);
            for (var slot = 0; slot < slots; slot++)
            {
                ends[slot + 1] += (uint)((chunk * extra) + starts[slot]);
            }
        }

        Count = count;
    }

    private void Move(ushort[] source, byte[] sourceIds, int from, int to, int by)
    {
        if (to > from && (by > 0 || source != _next))
        {
            source.AsSpan(from, to - from).CopyTo(_next.AsSpan(from + by));
            sourceIds.AsSpan(from * IdSize, (to - from) * IdSize).CopyTo(_ids.AsSpan((from + by) * IdSize));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WriteId(int position, int id)
    {
        ref var target = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_ids), position * IdSize);
        target = (byte)id;
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, 1), (ushort)(id >> 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int ReadId(int position) => Unsafe.ReadUnaligned<int>(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_ids), position * IdSize)) & MaxCount;
}
