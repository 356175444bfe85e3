using System.Security.Cryptography;

namespace CPort.Domain.Hashes;

/// <summary>
/// Hash values of one length, numbered in the order they came: row 0, 1, 2 … A value keeps its row for ever; rows are never taken away. The values stand one
/// after the other in one byte array, found through an open-addressing table of row numbers: some 45 bytes a SHA-256, in two arrays whatever the number, so
/// that the garbage collector has nothing to walk. Mutable and not thread-safe.
/// </summary>
internal sealed class HashTable
{
    // Rows are added by imports of millions: growing by a quarter wastes an eighth of the memory on average where doubling wastes half.
    private const double ValueGrowth = 1.25;

    // Slots filled at most; between a half and this much after growing.
    private const double MaxLoad = 0.75;

    // Senders choose the values: without a seed of its own they could choose colliding ones.
    private static readonly ulong Seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));

    private readonly int _length;
    private byte[] _values;

    // Row number + 1; 0 is empty.
    private int[] _slots = [];

    public HashTable(int length)
    {
        _length = length;
        _values = [];
    }

    /// <summary>Takes over an array of values, which must all differ; throws <see cref="InvalidDataException"/> when they do not.</summary>
    public HashTable(int length, byte[] values)
    {
        _length = length;
        _values = values;
        if (values.Length % length != 0)
        {
            throw new InvalidDataException("The values are cut off.");
        }

        Count = values.Length / length;
        MakeSlots((int)(Count / MaxLoad * 1.2) + 8);
        for (var row = 0; row < Count; row++)
        {
            if (Locate(this[row], out var slot))
            {
                throw new InvalidDataException("The same value stands in two rows.");
            }

            _slots[slot] = row + 1;
        }
    }

    public int Count { get; private set; }

    /// <summary>The value of a row; valid until the next value is added.</summary>
    public ReadOnlySpan<byte> this[int row] => _values.AsSpan(row * _length, _length);

    /// <summary>All values in order of their rows.</summary>
    public ReadOnlySpan<byte> Values => _values.AsSpan(0, Count * _length);

    /// <summary>Bytes held, for measurements.</summary>
    public long Bytes => _values.LongLength + (4L * _slots.Length);

    /// <summary>The value's row, or -1.</summary>
    public int Find(ReadOnlySpan<byte> value) => Count > 0 && Locate(value, out var slot) ? _slots[slot] - 1 : -1;

    /// <summary>The value's row; made when it has none.</summary>
    public int FindOrAdd(ReadOnlySpan<byte> value)
    {
        if (value.Length != _length)
        {
            throw new InvalidDataException("A value of another length.");
        }

        if (Count + 1 > _slots.Length * MaxLoad)
        {
            MakeSlots(Math.Max(8, (int)(_slots.Length * 1.5)));
            for (var row = 0; row < Count; row++)
            {
                Locate(this[row], out var free);
                _slots[free] = row + 1;
            }
        }

        if (Locate(value, out var slot))
        {
            return _slots[slot] - 1;
        }

        if ((Count + 1) * _length > _values.Length)
        {
            Array.Resize(ref _values, _length * Math.Max(Count + 4, (int)(Count * ValueGrowth)));
        }

        value.CopyTo(_values.AsSpan(Count * _length));
        _slots[slot] = ++Count;
        return Count - 1;
    }

    private void MakeSlots(int number) => _slots = new int[number];

    // The slot of the value (true), or the free one where it belongs (false). There is always a free one.
    private bool Locate(ReadOnlySpan<byte> value, out int slot)
    {
        slot = (int)(((Mix(value) >> 32) * (ulong)_slots.Length) >> 32);
        while (_slots[slot] is var found and not 0)
        {
            if (this[found - 1].SequenceEqual(value))
            {
                return true;
            }

            slot = slot + 1 == _slots.Length ? 0 : slot + 1;
        }

        return false;
    }

    // Every algorithm's length is 16 bytes at least; the last 8 are read from the end, which covers the 20 of SHA-1.
    private static ulong Mix(ReadOnlySpan<byte> value)
    {
        var h = Seed;
        for (var rest = value; rest.Length > 8; rest = rest[8..])
        {
            h = (h ^ BinaryPrimitives.ReadUInt64LittleEndian(rest)) * 0xBF58476D1CE4E5B9UL;
            h ^= h >> 29;
        }

        h = (h ^ BinaryPrimitives.ReadUInt64LittleEndian(value[^8..])) * 0x94D049BB133111EBUL;
        return h ^ (h >> 31);
    }
}
