using System.Numerics;
using System.Security.Cryptography;

namespace CPort.Domain.Audit;

/// <summary>The hashes of RFC 6962, section 2.1: leaves and nodes are told apart by their first byte. Hashes are 32 bytes (SHA-256).</summary>
public static class Merkle
{
    public const int HashLength = 32;

    /// <summary>The root of a tree without leaves: SHA-256 of nothing.</summary>
    public static byte[] EmptyRoot => SHA256.HashData([]);

    /// <summary>The hash of an entry.</summary>
    public static byte[] LeafHash(ReadOnlySpan<byte> entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([0]);
        hash.AppendData(entry);
        return hash.GetHashAndReset();
    }

    /// <summary>The hash over two subtrees.</summary>
    public static byte[] NodeHash(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Span<byte> both = stackalloc byte[1 + (2 * HashLength)];
        both[0] = 1;
        left.CopyTo(both[1..]);
        right.CopyTo(both[(1 + HashLength)..]);
        return SHA256.HashData(both);
    }

    /// <summary>The root over a perfect subtree: <paramref name="hashes"/> holds a power of two of them, one after the other.</summary>
    public static byte[] PerfectRoot(ReadOnlySpan<byte> hashes)
    {
        if (hashes.Length == HashLength)
        {
            return hashes.ToArray();
        }

        var half = hashes.Length / 2;
        return NodeHash(PerfectRoot(hashes[..half]), PerfectRoot(hashes[half..]));
    }

    /// <summary>The root over perfect subtrees that stand side by side, the largest first; of none the empty tree's.</summary>
    public static byte[] RootOf(IReadOnlyList<byte[]> peaks)
    {
        if (peaks.Count == 0)
        {
            return EmptyRoot;
        }

        var root = peaks[^1];
        for (var i = peaks.Count - 2; i >= 0; i--)
        {
            root = NodeHash(peaks[i], root);
        }

        return root;
    }

    /// <summary>The largest power of two below <paramref name="size"/> (2 or more): where RFC 6962 splits a tree.</summary>
    internal static long SplitOf(long size) => 1L << (63 - BitOperations.LeadingZeroCount((ulong)(size - 1)));
}

/// <summary>
/// A tile of the tree (C2SP tlog-tiles): up to 256 hashes that stand side by side at one height.
/// </summary>
/// <param name="Level">0: hashes of leaves; each hash of the level above is over a whole tile of the one below. 0 to 7.</param>
/// <param name="Index">Its place among the tiles of its level, from 0.</param>
/// <param name="Width">1 to 256 hashes.</param>
public readonly record struct Tile(int Level, long Index, int Width)
{
    /// <summary>Hashes of a whole tile.</summary>
    public const int Whole = 256;

    /// <summary>The tiles of one level of a tree of this size: whole ones, and the last.</summary>
    public static int WidthAt(int level, long index, long size) =>
        (int)Math.Clamp((level >= 8 ? 0 : size >> (8 * level)) - (index * Whole), 0, Whole);

    /// <summary><c>0/x001/x234/067.p/112</c>: the level, the index in groups of three digits, and the width of one that is not whole.</summary>
    public override string ToString() => $"{Level}/{PathOf(Index, Width)}";

    /// <summary>The part of a path that names index and width; entries have it as well.</summary>
    public static string PathOf(long index, int width)
    {
        var text = (index % 1000).ToString("000", CultureInfo.InvariantCulture);
        for (index /= 1000; index > 0; index /= 1000)
        {
            text = string.Create(CultureInfo.InvariantCulture, $"x{index % 1000:000}/{text}");
        }

        return width == Whole ? text : string.Create(CultureInfo.InvariantCulture, $"{text}.p/{width}");
    }

    /// <summary>Reads <see cref="PathOf"/>; there is one way to write each.</summary>
    public static bool TryParsePath(string text, out long index, out int width)
    {
        (index, width) = (0, Whole);
        var parts = text.Split(".p/");
        if (parts.Length > 2
            || (parts.Length == 2 && (!int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out width) || width is < 1 or >= Whole)))
        {
            return false;
        }

        foreach (var group in parts[0].Split('/'))
        {
            var digits = group.StartsWith('x') ? group[1..] : group;
            if (digits.Length != 3 || index > (long.MaxValue / 1000) - 1
                || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            index = (index * 1000) + number;
        }

        return PathOf(index, width) == text;
    }
}
