using System.Diagnostics.CodeAnalysis;

namespace CPort.Domain.Hashes;

/// <summary>The hash algorithms CPort knows. The number is stored; never renumber.</summary>
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

/// <summary>
/// A hash of a media file: algorithm and bytes (MD5 16, SHA-1 20, SHA-256 32, PhotoDNA 144, PDQ 32). Value equality. <see cref="ToString"/> masks
/// the value, because hashes must not reach logs; <see cref="ToHex"/> gives it where it is data.
/// </summary>
public readonly struct ContentHash : IEquatable<ContentHash>
{
    private readonly byte[]? _bytes;

    private ContentHash(HashAlgorithm algorithm, byte[] bytes)
    {
        Algorithm = algorithm;
        _bytes = bytes;
    }

    public HashAlgorithm Algorithm { get; }

    /// <summary>The raw bytes; empty only for <c>default</c>.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    public static int LengthOf(HashAlgorithm algorithm) => algorithm switch
    {
        HashAlgorithm.Md5 => 16,
        HashAlgorithm.Sha1 => 20,
        HashAlgorithm.Sha256 or HashAlgorithm.Pdq => 32,
        HashAlgorithm.PhotoDna => 144,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "Unknown hash algorithm."),
    };

    /// <summary>Wraps bytes of the algorithm's length (copied); throws <see cref="FormatException"/> on another length.</summary>
    public static ContentHash FromBytes(HashAlgorithm algorithm, ReadOnlySpan<byte> bytes) =>
        bytes.Length == LengthOf(algorithm)
            ? new ContentHash(algorithm, bytes.ToArray())
            : throw new FormatException($"A {algorithm} hash has {LengthOf(algorithm)} bytes, not {bytes.Length}.");

    /// <summary>
    /// Reads hex in either case; SHA-1 also as 32 characters of base32 (Arachnid), PhotoDNA also as 192 characters of base64 (VICS),
    /// PDQ also as 44 characters of base64 (Arachnid).
    /// </summary>
    public static bool TryParse(HashAlgorithm algorithm, [NotNullWhen(true)] string? text, out ContentHash hash)
    {
        hash = default;
        if (text is null)
        {
            return false;
        }

        var length = LengthOf(algorithm);
        var bytes = new byte[length];
        if (text.Length == 2 * length)
        {
            if (Convert.FromHexString(text, bytes, out _, out var written) != System.Buffers.OperationStatus.Done || written != length)
            {
                return false;
            }
        }
        else if (algorithm == HashAlgorithm.Sha1 && text.Length == 32)
        {
            if (!TryBase32(text, bytes))
            {
                return false;
            }
        }
        else if (algorithm is HashAlgorithm.PhotoDna or HashAlgorithm.Pdq && text.Length == (length + 2) / 3 * 4)
        {
            if (!Convert.TryFromBase64String(text, bytes, out var written) || written != length)
            {
                return false;
            }
        }
        else
        {
            return false;
        }

        hash = new ContentHash(algorithm, bytes);
        return true;
    }

    public static ContentHash Parse(HashAlgorithm algorithm, string text) =>
        TryParse(algorithm, text, out var hash) ? hash : throw new FormatException($"Not a {algorithm} hash: {2 * LengthOf(algorithm)} hex digits expected.");

    /// <summary>Lower-case hex, the form used on the wire and in answers.</summary>
    public string ToHex() => Convert.ToHexStringLower(Bytes);

    public bool Equals(ContentHash other) => Algorithm == other.Algorithm && Bytes.SequenceEqual(other.Bytes);

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is ContentHash other && Equals(other);

    public override int GetHashCode()
    {
        var code = new HashCode();
        code.Add(Algorithm);
        code.AddBytes(Bytes.Length > 16 ? Bytes[..16] : Bytes);
        return code.ToHashCode();
    }

    public static bool operator ==(ContentHash left, ContentHash right) => left.Equals(right);

    public static bool operator !=(ContentHash left, ContentHash right) => !left.Equals(right);

    /// <summary>Masked on purpose.</summary>
    public override string ToString() => $"{Algorithm}:…";

    private static bool TryBase32(string text, Span<byte> target)
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        int buffer = 0, bits = 0, at = 0;
        foreach (var c in text)
        {
            var value = alphabet.IndexOf(char.ToUpperInvariant(c));
            if (value < 0)
            {
                return false;
            }

            buffer = (buffer << 5) | value;
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                target[at++] = (byte)(buffer >> bits);
            }
        }

        return at == target.Length;
    }
}
