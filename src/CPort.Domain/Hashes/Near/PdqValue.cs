using System.Numerics;

namespace CPort.Domain.Hashes.Near;

/// <summary>
/// A 256-bit PDQ value as four words, the first holding the first eight bytes in big-endian order, so that comparing words compares bytes. A value of its own,
/// unlike <see cref="ContentHash"/>, so that ten million of them are one array and not ten million objects.
/// </summary>
public readonly record struct PdqValue(ulong W0, ulong W1, ulong W2, ulong W3) : IComparable<PdqValue>
{
    /// <summary>Length of the raw form in bytes.</summary>
    public const int Size = 32;

    /// <summary>Reads the raw form; throws <see cref="ArgumentException"/> when it is not 32 bytes.</summary>
    public static PdqValue FromBytes(ReadOnlySpan<byte> bytes) =>
        bytes.Length == Size
            ? new PdqValue(
                BinaryPrimitives.ReadUInt64BigEndian(bytes),
                BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
                BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
                BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]))
            : throw new ArgumentException($"A PDQ value has {Size} bytes, not {bytes.Length}.", nameof(bytes));

    /// <summary>Throws <see cref="ArgumentException"/> when the hash is not PDQ.</summary>
    public static PdqValue From(ContentHash hash) =>
        hash.Algorithm == HashAlgorithm.Pdq ? FromBytes(hash.Bytes) : throw new ArgumentException("The index holds PDQ values only.", nameof(hash));

    /// <summary>Writes the raw form into the first 32 bytes of <paramref name="target"/>.</summary>
    public void CopyTo(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, W0);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], W1);
        BinaryPrimitives.WriteUInt64BigEndian(target[16..], W2);
        BinaryPrimitives.WriteUInt64BigEndian(target[24..], W3);
    }

    public ContentHash ToHash()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return ContentHash.FromBytes(HashAlgorithm.Pdq, bytes);
    }

    /// <summary>Hamming distance, 0 to 256.</summary>
    public int DistanceTo(in PdqValue other) =>
        BitOperations.PopCount(W0 ^ other.W0) + BitOperations.PopCount(W1 ^ other.W1) + BitOperations.PopCount(W2 ^ other.W2)
            + BitOperations.PopCount(W3 ^ other.W3);

    /// <summary>In the order of the bytes.</summary>
    public int CompareTo(PdqValue other) =>
        W0 != other.W0 ? W0.CompareTo(other.W0) : W1 != other.W1 ? W1.CompareTo(other.W1) : W2 != other.W2 ? W2.CompareTo(other.W2) : W3.CompareTo(other.W3);

    public override int GetHashCode() => (int)(Mixed() >> 32);

    /// <summary>All bits mixed into 64, for hash tables: real values are uneven in every single word.</summary>
    internal ulong Mixed() =>
        ((((((W0 * 0x9E3779B97F4A7C15) ^ W1) * 0xC2B2AE3D27D4EB4F) ^ W2) * 0x165667B19E3779F9) ^ W3 ^ (
        W0 >> 29)) * 0x9E3779B97F4A7C15;

    /// <summary>Masked on purpose, as <see cref="ContentHash.ToString"/>.</summary>
    public override string ToString() => "Pdq:…";
}
