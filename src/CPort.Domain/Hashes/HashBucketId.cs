using System.Diagnostics.CodeAnalysis;

namespace CPort.Domain.Hashes;

/// <summary>What hashes a bucket holds. The number is stored; never renumber.</summary>
public enum HashBucketKind
{
    /// <summary>Hashes that are looked up exactly, of all algorithms together: a report's hashes then meet those of others in one write.</summary>
    Exact = 1,

    /// <summary>PDQ values, which are searched near besides.</summary>
    Pdq = 2,
}

/// <summary>
/// One hash bucket: live or training, kind and number, written <c>exact-17</c>, <c>pdq-3</c>, <c>training-exact-17</c>, and of the second training
/// <c>training2-exact-17</c>; it is the shard entity id. Hashes of two tenants are never in one bucket, so nothing passes between them. The mapping from a hash
/// to its bucket is stored in journals by way of persistence ids: never change it.
/// </summary>
public readonly record struct HashBucketId(Tenant Tenant, HashBucketKind Kind, int Number)
{
    /// <summary>Buckets of hashes that are only looked up exactly.</summary>
    public const int ExactBuckets = 64;

    /// <summary>Buckets of PDQ; few, because a near search asks all of them.</summary>
    public const int PdqBuckets = 32;

    private const string TrainingPrefix = "training";

    /// <summary>Every bucket in use, in a fixed order: live ones, then those of the training that goes on.</summary>
    public static IEnumerable<HashBucketId> AllWith(Tenant training) => AllOf(Tenant.Live).Concat(AllOf(training));

    public static IEnumerable<HashBucketId> AllOf(Tenant tenant) => AllOf(tenant, HashBucketKind.Exact).Concat(AllPdq(tenant));

    public static IEnumerable<HashBucketId> AllPdq(Tenant tenant) => AllOf(tenant, HashBucketKind.Pdq);

    /// <summary>Buckets of a kind, in each tenant.</summary>
    public static int CountOf(HashBucketKind kind) => kind switch
    {
        HashBucketKind.Exact => ExactBuckets,
        HashBucketKind.Pdq => PdqBuckets,
        _ => 0,
    };

    /// <summary>Cryptographic hashes by their own first byte, which is uniform; others, whose bits are skewed, by a mix of the whole value.</summary>
    public static HashBucketId For(Tenant tenant, ContentHash hash)
    {
        if (hash.Bytes.IsEmpty)
        {
            throw new ArgumentException("An empty hash has no bucket.", nameof(hash));
        }

        var row = HashAlgorithms.Of(hash.Algorithm);
        return new(tenant, row.Bucket, (int)((row.Digest is not null ? hash.Bytes[0] : Mix(hash.Bytes)) % (ulong)CountOf(row.Bucket)));
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out HashBucketId id)
    {
        id = default;
        if (text is null)
        {
            return false;
        }

        var (tenant, rest) = (Tenant.Live, text);
        if (rest.StartsWith(TrainingPrefix, StringComparison.Ordinal))
        {
            var end = rest.IndexOf('-', StringComparison.Ordinal);
            var generation = end <= TrainingPrefix.Length ? "1" : rest[TrainingPrefix.Length..end];
            if (!int.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out var which) || which is < 1 or > Tenants.MostTrainings)
            {
                return false;
            }

            (tenant, rest) = ((Tenant)which, rest[(end + 1)..]);
        }

        var dash = rest.IndexOf('-', StringComparison.Ordinal);
        var kind = dash < 0 ? default
            : rest[..dash] == WordOf(HashBucketKind.Exact) ? HashBucketKind.Exact
            : rest[..dash] == WordOf(HashBucketKind.Pdq) ? HashBucketKind.Pdq
            : default;
        if (!int.TryParse(rest[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number >= CountOf(kind))
        {
            return false;
        }

        id = new HashBucketId(tenant, kind, number);
        return id.ToString() == text;
    }

    public static HashBucketId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException("A hash bucket is written like exact-17, pdq-3 or training-exact-17.");

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{PrefixOf(Tenant)}{WordOf(Kind)}-{Number}");

    private static IEnumerable<HashBucketId> AllOf(Tenant tenant, HashBucketKind kind) =>
        Enumerable.Range(0, CountOf(kind)).Select(n => new HashBucketId(tenant, kind, n));

    private static string PrefixOf(Tenant tenant) => tenant switch
    {
        Tenant.Live => "",
        Tenant.Training => $"{TrainingPrefix}-",
        _ => string.Create(CultureInfo.InvariantCulture, $"{TrainingPrefix}{(int)tenant}-"),
    };

    private static string WordOf(HashBucketKind kind) => kind switch
    {
        HashBucketKind.Exact => "exact",
        HashBucketKind.Pdq => "pdq",
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
