using System.Diagnostics.CodeAnalysis;

namespace CPort.Domain.Hashes;

/// <summary>
/// One hash bucket: algorithm and number, written <c>sha256-17</c>; it is the shard entity id. The mapping from a hash to its bucket is stored in journals by
/// way of persistence ids: never change it.
/// </summary>
public readonly record struct HashBucketId(HashAlgorithm Algorithm, int Number)
{
    /// <summary>Buckets of an algorithm that is only looked up exactly.</summary>
    public const int ExactBuckets = 256;

    /// <summary>Buckets of PDQ; few, because a near search asks all of them.</summary>
    public const int PdqBuckets = 32;

    /// <summary>Every bucket there is, in a fixed order.</summary>
    public static IEnumerable<HashBucketId> All =>
        HashAlgorithms.All.SelectMany(a => Enumerable.Range(0, a.Buckets).Select(n => new HashBucketId(a.Algorithm, n)));

    public static IEnumerable<HashBucketId> AllPdq =>
        Enumerable.Range(0, PdqBuckets).Select(n => new HashBucketId(HashAlgorithm.Pdq, n));

    public static int CountOf(HashAlgorithm algorithm) => HashAlgorithms.Of(algorithm).Buckets;

    /// <summary>Cryptographic hashes by their own first byte, which is uniform; others, whose bits are skewed, by a mix of the whole value.</summary>
    public static HashBucketId For(ContentHash hash)
    {
        if (hash.Bytes.IsEmpty)
        {
            throw new ArgumentException("An empty hash has no bucket.", nameof(hash));
        }

        var row = HashAlgorithms.Of(hash.Algorithm);
        return new(hash.Algorithm, (int)((row.Digest is not null ? hash.Bytes[0] : Mix(hash.Bytes)) % (ulong)row.Buckets));
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out HashBucketId id)
    {
        id = default;
        var dash = text?.IndexOf('-') ?? -1;
        if (dash < 0 || !int.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        if (HashAlgorithms.All.FirstOrDefault(a => text.AsSpan(0, dash).SequenceEqual(a.Name)) is not { } row
            || number >= row.Buckets)
        {
            return false;
        }

        id = new HashBucketId(row.Algorithm, number);
        return id.ToString() == text;
    }

    public static HashBucketId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException("A hash bucket is written like sha256-17 or pdq-3.");

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture,
            $"{(Algorithm == default ? "none" : HashAlgorithms.Of(Algorithm).Name)}-{Number}");

    // The finaliser of SplitMix64 over each 8 bytes: every input bit reaches every output bit.
    private static ulong Mix(ReadOnlySpan<byte> bytes)
    {
        var h = 0x9E3779B97F4A7C15UL;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            h ^= BinaryPrimitives.ReadUInt64BigEndian(bytes);
            h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9UL;
            h = (h ^ (h >> 27)) * 0x94D049BB133111EBUL;
            h ^= h >> 31;
        }

        return h;
    }
}
