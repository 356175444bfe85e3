using System.Numerics;

namespace CPort.Domain.Hashes;

/// <summary>
/// Hashes that say nothing about content and so never match: those of empty and trivial files (<see cref="TrivialFiles"/>), and PDQ values of flat pictures. A
/// trap has neither opinions nor sightings, which also keeps it from making a bucket hot.
/// <para>
/// A PDQ value is a trap when (1) fewer than <see cref="MinPdqBits"/> of its bits are set or cleared, or (2) its 16 rows, or its 16 columns, of 16 bits take at
/// most <see cref="MaxPdqPatterns"/> different patterns, a pattern and its complement counted as one. PDQ's bits are the signs of a picture's 16 × 16 lowest
/// frequencies about their median. A flat picture has none and a gradient, stripes or a checkerboard have them in one direction only: the rows then repeat, or
/// alternate in sign. The rows of a real picture are as good as independent: of random values one in 10^40 has so few patterns. Real values have about 128 bits
/// set.
/// </para>
/// </summary>
public static class TrapValues
{
    /// <summary>A real picture's PDQ has about 128 bits set; this few set or cleared means flat or near-flat.</summary>
    public const int MinPdqBits = 16;

    /// <summary>Different rows (or columns) that a value with any structure exceeds.</summary>
    public const int MaxPdqPatterns = 4;

    private const int Side = 16;

    /// <summary>
    /// Files that are everywhere and show nothing, as bytes: the empty file, single characters, and the one-pixel pictures that web servers and trackers serve
    /// (the 43 bytes of nginx' <c>empty_gif</c>, and those that circulate as data URLs).
    /// </summary>
    internal static readonly byte[][] TrivialFiles =
    [
        [], [0x00], [0x0A], [0x0D, 0x0A], [0x20], [0xEF, 0xBB, 0xBF],
        Convert.FromBase64String("R0lGODlhAQABAIABAAAAAP///yH5BAEAAAEALAAAAAABAAEAAAICTAEAOw=="),
        Convert.FromBase64String("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="),
        Convert.FromBase64String("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"),
        Convert.FromBase64String("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="),
        Convert.FromBase64String("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="),
        Convert.FromBase64String("R0lGODlhAQABAAAAACwAAAAAAQABAAA="),
        Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="),
        Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="),
        Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="),
        Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR42mNgAAIAAAUAAen63NgAAAAASUVORK5CYII="),
    ];

    private static readonly HashSet<ContentHash> Trivial =
    [
        .. HashAlgorithms.All.Where(a => a.Digest is not null)
            .SelectMany(a => TrivialFiles, (a, file) => ContentHash.FromBytes(a.Algorithm, a.Digest!(file))),
    ];

    // The first two bytes of each, as a quick no for nearly all that is asked.
    private static readonly bool[] TrivialStarts = Starts();

    public static bool IsTrap(ContentHash hash) => IsTrap(hash.Algorithm, hash.Bytes);

    internal static bool IsTrap(HashAlgorithm algorithm, ReadOnlySpan<byte> value) =>
        value.IsEmpty || (HashAlgorithms.Of(algorithm).IsTrap is { } isTrap
            ? isTrap(value)
            : TrivialStarts[BinaryPrimitives.ReadUInt16BigEndian(value)]
                && Trivial.Contains(ContentHash.FromBytes(algorithm, value)));

    internal static bool IsFlatPdq(ReadOnlySpan<byte> value) => BitsSet(value) is < MinPdqBits or > 256 - MinPdqBits || Repeats(value);

    private static bool[] Starts()
    {
        var starts = new bool[65_536];
        foreach (var hash in Trivial)
        {
            starts[BinaryPrimitives.ReadUInt16BigEndian(hash.Bytes)] = true;
        }

        return starts;
    }

    private static int BitsSet(ReadOnlySpan<byte> bytes)
    {
        var bits = 0;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            bits += BitOperations.PopCount(BinaryPrimitives.ReadUInt64BigEndian(bytes));
        }

        return bits;
    }

    // A real value is through after five rows and five columns.
    private static bool Repeats(ReadOnlySpan<byte> value)
    {
        Span<ushort> rows = stackalloc ushort[Side];
        for (var r = 0; r < Side; r++)
        {
            rows[r] = BinaryPrimitives.ReadUInt16BigEndian(value[(2 * r)..]);
        }

        Span<ushort> seen = stackalloc ushort[MaxPdqPatterns];
        var patterns = 0;
        var at = 0;
        while (at < Side && IsFew(rows[at], seen, ref patterns))
        {
            at++;
        }

        if (at == Side)
        {
            return true;
        }

        patterns = 0;
        for (var c = 0; c < Side; c++)
        {
            ushort column = 0;
            for (var r = 0; r < Side; r++)
            {
                column |= (ushort)(((rows[r] >> c) & 1) << r);
            }

            if (!IsFew(column, seen, ref patterns))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsFew(ushort pattern, Span<ushort> seen, ref int patterns)
    {
        pattern = (pattern & 1) == 0 ? pattern : (ushort)~pattern;
        if (seen[..patterns].Contains(pattern))
        {
            return true;
        }

        if (patterns == MaxPdqPatterns)
        {
            return false;
        }

        seen[patterns++] = pattern;
        return true;
    }
}
