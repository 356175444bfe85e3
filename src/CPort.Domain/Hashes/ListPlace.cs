namespace CPort.Domain.Hashes;

/// <summary>
/// How far somebody has read a list over all buckets of a tenant: first what it holds, bucket by bucket; then what changes, by the numbers of the buckets' own
/// events. A bucket's number is noted before its first row is read, so that nothing which changes meanwhile is missed; it may be told twice.
/// </summary>
public sealed record ListPlace
{
    /// <summary>The last event of each bucket that is told, in the order of <see cref="HashBucketId.AllOf(Tenant)"/>; 0 of those missing at the end.</summary>
    public ImmutableArray<long> Sequences { get; init; } = [];

    /// <summary>The bucket to go on with.</summary>
    public int Bucket { get; init; }

    /// <summary>Of the first reading: the row to go on with; of changes: so many of the next event's are told.</summary>
    public int At { get; init; }

    /// <summary>The first reading is over.</summary>
    public bool Follows { get; init; }

    /// <summary>Before anything was read.</summary>
    public static readonly ListPlace Start = new();

    /// <summary>The last event of the bucket that is told.</summary>
    public long SequenceOf(int bucket) => bucket < Sequences.Length ? Sequences[bucket] : 0;

    /// <summary>With the bucket told up to the event.</summary>
    public ListPlace Told(int bucket, long sequence) => this with
    {
        Sequences = bucket < Sequences.Length ? Sequences.SetItem(bucket, sequence)
            : [.. Sequences, .. Enumerable.Repeat(0L, bucket - Sequences.Length), sequence],
    };

    /// <summary>
    /// In few characters: seven bits a byte, the lowest first, the highest bit says that more follow; the first number is what the place is about.
    /// </summary>
    public byte[] Pack()
    {
        var packed = new List<byte>();
        foreach (var number in (IEnumerable<long>)[Follows ? 1 : 0, Bucket, At, .. Sequences])
        {
            var rest = (ulong)number;
            for (; rest > 0x7f; rest >>= 7)
            {
                packed.Add((byte)(rest | 0x80));
            }

            packed.Add((byte)rest);
        }

        return [.. packed];
    }

    /// <summary>Null: <see cref="Pack"/> made no such thing.</summary>
    public static ListPlace? Unpack(ReadOnlySpan<byte> packed)
    {
        var numbers = new List<long>();
        var (number, shift) = (0UL, 0);
        foreach (var part in packed)
        {
            number |= (ulong)(part & 0x7f) << shift;
            shift += 7;
            if (part <= 0x7f)
            {
                numbers.Add((long)number);
                (number, shift) = (0, 0);
            }
            else if (shift > 56)
            {
                return null;
            }
        }

        return shift == 0 && numbers is [0 or 1, >= 0 and < int.MaxValue, >= 0 and <= int.MaxValue, ..]
            ? new ListPlace { Follows = numbers[0] == 1, Bucket = (int)numbers[1], At = (int)numbers[2], Sequences = [.. numbers.Skip(3)] }
            : null;
    }
}
