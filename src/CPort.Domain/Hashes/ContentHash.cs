using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace CPort.Domain.Hashes;

/// <summary>
/// A hash of a media file: algorithm and bytes. Value equality. <see cref="ToString"/> masks the value, because hashes must not reach logs; <see cref="ToHex"/>
/// gives it where it is data.
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

    public static int LengthOf(HashAlgorithm algorithm) => HashAlgorithms.Of(algorithm).Bytes;

    /// <summary>Wraps bytes of the algorithm's length (copied); throws <see cref="FormatException"/> on another length.</summary>
    public static ContentHash FromBytes(HashAlgorithm algorithm, ReadOnlySpan<byte> bytes) =>
        bytes.Length == LengthOf(algorithm)
            ? new ContentHash(algorithm, bytes.ToArray())
            : throw new FormatException($"A {algorithm} hash has {LengthOf(algorithm)} bytes, not {bytes.Length}.");

    /// <summary>Reads hex in either case, and the algorithm's other forms (<see cref="HashAlgorithmRow.Form"/>).</summary>
    public static bool TryParse(HashAlgorithm algorithm, ReadOnlySpan<char> text, out ContentHash hash)
    {
        var row = HashAlgorithms.Of(algorithm);
        var bytes = new byte[row.Bytes];
        var written = 0;
        var read =
            text.Length == 2 * row.Bytes ? Convert.FromHexString(text, bytes, out _, out written) == OperationStatus.Done
            : row.Base32 && text.Length == row.Base32Length ? TryBase32(text, bytes, out written)
            : row.Base64 && text.Length == row.Base64Length && Convert.TryFromBase64Chars(text, bytes, out written);
        hash = read && written == row.Bytes ? new ContentHash(algorithm, bytes) : default;
        return hash.Algorithm == algorithm;
    }

    public static ContentHash Parse(HashAlgorithm algorithm, string text) =>
        TryParse(algorithm, text, out var hash) ? hash : throw new FormatException($"Not a {algorithm} hash: {HashAlgorithms.Of(algorithm).Form} expected.");

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

    private static bool TryBase32(ReadOnlySpan<char> text, Span<byte> target, out int written)
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        int buffer = 0, bits = 0;
        written = 0;
        foreach (var c in text)
        {
            var value = alphabet.IndexOf(char.ToUpperInvariant(c));
            if (value < 0)
            {
                return false;
            }

            buffer = (buffer << 5) | value;
            bits += 5;
            if (bits >= 8 && written < target.Length)
            {
                bits -= 8;
                target[written++] = (byte)(buffer >> bits);
            }
        }

        return true;
    }
}
