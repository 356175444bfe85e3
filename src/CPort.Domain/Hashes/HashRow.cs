namespace CPort.Domain.Hashes;

/// <summary>
/// A hash's row in its bucket, for ever: the algorithm in the low bits, above them how many of the algorithm's values came before. So each algorithm's values
/// stand in arrays of their own, without holes, and a number alone says which.
/// </summary>
internal static class HashRow
{
    private const int Bits = 3;

    /// <summary>Algorithms whose values one bucket can hold: their numbers are below this.</summary>
    public const int Algorithms = 1 << Bits;

    public static int At(HashAlgorithm algorithm, int index) => (index << Bits) | (int)algorithm;

    public static HashAlgorithm AlgorithmOf(int row) => (HashAlgorithm)(row & (Algorithms - 1));

    public static int IndexOf(int row) => row >> Bits;
}

/// <summary>A bucket's values of one algorithm, and the number of each one's entry; -1: none.</summary>
internal sealed class HashColumn(HashAlgorithm algorithm, HashTable table)
{
    private int[] _entryOf = [];

    public HashColumn(HashAlgorithm algorithm)
        : this(algorithm, new HashTable(ContentHash.LengthOf(algorithm)))
    {
    }

    public HashAlgorithm Algorithm { get; } = algorithm;

    public HashTable Table { get; } = table;

    /// <summary>Bytes of the large arrays.</summary>
    public long Bytes => Table.Bytes + (4L * _entryOf.Length);

    /// <summary>By index; as long as the table at least.</summary>
    public Span<int> EntryOf => _entryOf;

    public void MakeRoom(int rows)
    {
        if (rows > _entryOf.Length)
        {
            var old = _entryOf.Length;
            Array.Resize(ref _entryOf, rows);
            _entryOf.AsSpan(old).Fill(-1);
        }
    }

    /// <summary>The value's index; made when it is new.</summary>
    public int Add(ReadOnlySpan<byte> value)
    {
        var index = Table.FindOrAdd(value);
        if (index >= _entryOf.Length)
        {
            MakeRoom(Math.Max(index + 4, (int)(index * 1.25)));
        }

        return index;
    }
}
