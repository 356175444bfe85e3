using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace CPort.Domain.Hashes;

/// <summary>
/// One hash bucket: algorithm and number, written <c>sha256-17</c>; it is the shard entity id. 256 buckets an exact algorithm, 32 for PDQ.
/// The mapping from a hash to its bucket is stored in journals by way of persistence ids: never change it.
/// </summary>
public readonly record struct HashBucketId(HashAlgorithm Algorithm, int Number)
{
    /// <summary>Buckets of MD5, SHA-1, SHA-256 and PhotoDNA, each.</summary>
    public const int ExactBuckets = 256;

    /// <summary>Buckets of PDQ; few, because a near search asks all of them.</summary>
    public const int PdqBuckets = 32;

    /// <summary>Every bucket there is, in a fixed order.</summary>
    public static IEnumerable<HashBucketId> All =>
        Enum.GetValues<HashAlgorithm>().SelectMany(a => Enumerable.Range(0, CountOf(a)).Select(n => new HashBucketId(a, n)));

    public static IEnumerable<HashBucketId> AllPdq => Enumerable.Range(0, PdqBuckets).Select(n => new HashBucketId(HashAlgorithm.Pdq, n));

    public static int CountOf(HashAlgorithm algorithm) => algorithm == HashAlgorithm.Pdq ? PdqBuckets : ExactBuckets;

    /// <summary>
    /// MD5, SHA-1 and SHA-256 by their own first 8 bits, which are uniform; PDQ and PhotoDNA, whose bits are skewed, by a mix of the whole value.
    /// </summary>
    public static HashBucketId For(ContentHash hash) => hash.Algorithm switch
    {
        HashAlgorithm.Md5 or HashAlgorithm.Sha1 or HashAlgorithm.Sha256 => new(hash.Algorithm, hash.Bytes[0]),
        HashAlgorithm.PhotoDna => new(hash.Algorithm, (int)(Mix(hash.Bytes) % ExactBuckets)),
        HashAlgorithm.Pdq => new(hash.Algorithm, (int)(Mix(hash.Bytes) % PdqBuckets)),
        _ => throw new ArgumentException("An empty hash has no bucket.", nameof(hash)),
    };

    public static bool TryParse([NotNullWhen(true)] string? text, out HashBucketId id)
    {
        id = default;
        var dash = text?.IndexOf('-') ?? -1;
        if (dash < 0 || !int.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        HashAlgorithm? algorithm = text![..dash] switch
        {
            "md5" => HashAlgorithm.Md5,
            "sha1" => HashAlgorithm.Sha1,
            "sha256" => HashAlgorithm.Sha256,
            "photodna" => HashAlgorithm.PhotoDna,
            "pdq" => HashAlgorithm.Pdq,
            _ => null,
        };
        if (algorithm is not { } known || number >= CountOf(known))
        {
            return false;
        }

        id = new HashBucketId(known, number);
        return id.ToString() == text;
    }

    public static HashBucketId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException("A hash bucket is written like sha256-17 or pdq-3.");

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{NameOf(Algorithm)}-{Number}");

    private static string NameOf(HashAlgorithm algorithm) => algorithm switch
    {
        HashAlgorithm.Md5 => "md5",
        HashAlgorithm.Sha1 => "sha1",
        HashAlgorithm.Sha256 => "sha256",
        HashAlgorithm.PhotoDna => "photodna",
        HashAlgorithm.Pdq => "pdq",
        _ => "none",
    };

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
