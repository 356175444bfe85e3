using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace CPort.Domain.Hashes;

/// <summary>The hash algorithms CPort knows; what is known of each stands in <see cref="HashAlgorithms.All"/>. The number is stored; never renumber.</summary>
public enum HashAlgorithm
{
    Md5 = 1,
    Sha1 = 2,
    Sha256 = 3,

    /// <summary>PhotoDNA as opaque bytes: only equality, its distance is proprietary.</summary>
    PhotoDna = 4,

    /// <summary>PDQ, 256 bits; near search by Hamming distance.</summary>
    Pdq = 5,
}

/// <summary>What a known hash may do for an item that has it, the strongest first (<see cref="Inheritance.DecisionTable"/>).</summary>
public enum HashStrength
{
    /// <summary>Decides by itself.</summary>
    Strong,

    /// <summary>Collisions can be made: <see cref="Inheritance.InheritanceOptions.WeakHashes"/> says whether it decides.</summary>
    Weak,

    /// <summary>Nobody can say what else has it: <see cref="Inheritance.InheritanceOptions.PhotoDnaDecides"/> says whether it decides.</summary>
    Opaque,

    /// <summary>Alike, not the same: only suggests.</summary>
    Perceptual,
}

/// <summary>One algorithm: everything that the rest of CPort derives from its kind.</summary>
public sealed record HashAlgorithmRow
{
    public required HashAlgorithm Algorithm { get; init; }

    /// <summary>As ids of buckets have it (stored: never change) and lists write it.</summary>
    public required string Name { get; init; }

    /// <summary>The field that holds such a hash in the API.</summary>
    public string JsonName { get => field ?? Name; init; }

    /// <summary>Other names that lists use, in lower-case letters and digits.</summary>
    public ImmutableArray<string> Aliases { get; init; } = [];

    /// <summary>For people.</summary>
    public required string Title { get; init; }

    /// <summary>Length of a value.</summary>
    public required int Bytes { get; init; }

    /// <summary>Values are also written in base32 (Arachnid).</summary>
    public bool Base32 { get; init; }

    /// <summary>Values are also written in base64 (Arachnid, VICS).</summary>
    public bool Base64 { get; init; }

    /// <summary>The buckets that hold its values. Stored by way of the buckets' ids: never change.</summary>
    public HashBucketKind Bucket { get; init; } = HashBucketKind.Exact;

    public required HashStrength Strength { get; init; }

    /// <summary>
    /// Of a cryptographic hash, the hash of some bytes. Its values are uniform, so that the first byte says the bucket, and its traps are the values of <see
    /// cref="TrapValues.TrivialFiles"/>.
    /// </summary>
    public Func<byte[], byte[]>? Digest { get; init; }

    /// <summary>Of others, whether a value is a trap (<see cref="TrapValues"/>).</summary>
    public Func<ReadOnlySpan<byte>, bool>? IsTrap { get; init; }

    /// <summary>How a value is written: <c>64 hex digits or 44 of base64</c>.</summary>
    public string Form => $"{2 * Bytes} hex digits{(Base32 ? $" or {Base32Length} of base32" : "")}{(Base64 ? $" or {Base64Length} of base64" : "")}";

    internal int Base32Length => ((8 * Bytes) + 4) / 5;

    internal int Base64Length => (Bytes + 2) / 3 * 4;
}

/// <summary>The one table of what is known of hash algorithms.</summary>
public static class HashAlgorithms
{
    public static readonly ImmutableArray<HashAlgorithmRow> All =
    [
#pragma warning disable CA5350, CA5351 // not used as protection: these are the algorithms that senders use
        new()
        {
            Algorithm = HashAlgorithm.Md5, Name = "md5", Title = "MD5", Bytes = 16, Strength = HashStrength.Weak,
            Digest = MD5.HashData,
        },
        new()
        {
            Algorithm = HashAlgorithm.Sha1, Name = "sha1", Title = "SHA-1", Bytes = 20, Base32 = true, Strength = HashStrength.Weak,
            Digest = SHA1.HashData,
        },
#pragma warning restore CA5350, CA5351
        new()
        {
            Algorithm = HashAlgorithm.Sha256, Name = "sha256", Title = "SHA-256", Bytes = 32, Strength = HashStrength.Strong,
            Digest = SHA256.HashData,
        },
        new()
        {
            Algorithm = HashAlgorithm.Pdq, Name = "pdq", Title = "PDQ", Bytes = 32, Base64 = true,
            Strength = HashStrength.Perceptual, Bucket = HashBucketKind.Pdq, IsTrap = value => TrapValues.IsFlatPdq(value),
        },
        new()
        {
            Algorithm = HashAlgorithm.PhotoDna, Name = "photodna", JsonName = "photoDna", Aliases = ["pdna"], Title = "PhotoDNA",
            Bytes = 144, Base64 = true, Strength = HashStrength.Opaque, IsTrap = value => value.IndexOfAnyExcept(value[0]) < 0,
        },
    ];

    /// <summary>One more than the largest number of an algorithm: the length of an array by algorithm.</summary>
    public static readonly int Slots = All.Max(a => (int)a.Algorithm) + 1;

    /// <summary>The API's names in one text: <c>md5, sha1, …</c>.</summary>
    public static readonly string Names = string.Join(", ", All.Select(a => a.JsonName));

    /// <summary>By what a known hash may do; of the same strength the longer first.</summary>
    public static readonly ImmutableArray<HashAlgorithmRow> StrongestFirst = [.. All.OrderBy(a => a.Strength).ThenByDescending(a => a.Bytes)];

    private static readonly HashAlgorithmRow?[] ByNumber = [.. Enumerable.Range(0, Slots).Select(n => All.FirstOrDefault(a => (int)a.Algorithm == n))];

    private static readonly FrozenDictionary<string, HashAlgorithmRow>.AlternateLookup<ReadOnlySpan<char>> ByName = All
        .SelectMany(a => a.Aliases.Append(a.Name), (a, name) => KeyValuePair.Create(name, a)).ToFrozenDictionary().GetAlternateLookup<ReadOnlySpan<char>>();

    public static HashAlgorithmRow Of(HashAlgorithm algorithm) =>
        (uint)algorithm < (uint)ByNumber.Length && ByNumber[(int)algorithm] is { } row
            ? row
            : throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "Unknown hash algorithm.");

    /// <summary>
    /// The algorithm that people and lists call so: <c>SHA-256</c>, <c>photoDna</c>, <c>PDNA</c>. Only letters and digits count, in either case.
    /// </summary>
    public static bool TryFind(ReadOnlySpan<char> name, [NotNullWhen(true)] out HashAlgorithmRow? row)
    {
        Span<char> plain = stackalloc char[16];
        var length = 0;
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c))
            {
                continue;
            }

            if (length == plain.Length)
            {
                row = null;
                return false;
            }

            plain[length++] = char.ToLowerInvariant(c);
        }

        return ByName.TryGetValue(plain[..length], out row);
    }
}
