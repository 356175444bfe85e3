using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace CPort.Actors.Hashes;

/// <summary>
/// Hashes that say nothing about content and so never match: those of the empty file, and PDQ values of flat pictures (fewer than
/// <see cref="MinPdqBits"/> bits set or cleared). A trap has neither opinions nor sightings, which also keeps it from making a bucket hot.
/// </summary>
public static class TrapValues
{
    /// <summary>A real picture's PDQ has about 128 bits set; this few set or cleared means flat or near-flat.</summary>
    public const int MinPdqBits = 16;

    /// <summary>PDQ quality below this is discarded (domain.md 5, ThreatExchange: 49 or less).</summary>
    public const int PdqQualityFloor = 50;

    private static readonly HashSet<ContentHash> Empty =
    [
#pragma warning disable CA5350, CA5351 // not used as protection: these are the algorithms that senders use
        ContentHash.FromBytes(HashAlgorithm.Md5, MD5.HashData([])),
        ContentHash.FromBytes(HashAlgorithm.Sha1, SHA1.HashData([])),
#pragma warning restore CA5350, CA5351
        ContentHash.FromBytes(HashAlgorithm.Sha256, SHA256.HashData([])),
    ];

    public static bool IsTrap(ContentHash hash) => hash.Algorithm switch
    {
        _ when hash.Bytes.IsEmpty => true,
        HashAlgorithm.Pdq => BitsSet(hash.Bytes) is < MinPdqBits or > 256 - MinPdqBits,
        HashAlgorithm.PhotoDna => hash.Bytes.IndexOfAnyExcept(hash.Bytes[0]) < 0,
        _ => Empty.Contains(hash),
    };

    private static int BitsSet(ReadOnlySpan<byte> bytes)
    {
        var bits = 0;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            bits += BitOperations.PopCount(BinaryPrimitives.ReadUInt64BigEndian(bytes));
        }

        return bits;
    }
}
