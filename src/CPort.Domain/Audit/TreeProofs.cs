using System.Numerics;

namespace CPort.Domain.Audit;

/// <summary>Leaves that stand side by side.</summary>
/// <param name="From">The first.</param>
/// <param name="To">The one after the last.</param>
public readonly record struct LeafRange(long From, long To);

/// <summary>
/// Proofs over a tree that is kept in tiles: RFC 6962, sections 2.1.1 (that an entry is in a tree) and 2.1.2 (that a tree goes on where an older one ended).
/// </summary>
public static class TreeProofs
{
    /// <summary>Of which ranges the roots prove that leaf <paramref name="index"/> is in the tree, from the leaf's sibling to the root's child.</summary>
    public static ImmutableArray<LeafRange> Inclusion(long index, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var ranges = new List<LeafRange>();
        for (var (from, to) = (0L, size); to - from > 1;)
        {
            var middle = from + Merkle.SplitOf(to - from);
            ranges.Add(index < middle ? new LeafRange(middle, to) : new LeafRange(from, middle));
            (from, to) = index < middle ? (from, middle) : (middle, to);
        }

        ranges.Reverse();
        return [.. ranges];
    }

    /// <summary>Of which ranges the roots prove that the tree of <paramref name="size"/> begins with the one of <paramref name="old"/> (1 to size).</summary>
    public static ImmutableArray<LeafRange> Consistency(long old, long size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(old, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(old, size);
        var ranges = new List<LeafRange>();
        var (from, to, whole) = (0L, size, true);
        while (old != to)
        {
            var middle = from + Merkle.SplitOf(to - from);
            ranges.Add(old <= middle ? new LeafRange(middle, to) : new LeafRange(from, middle));
            (from, to, whole) = old <= middle ? (from, middle, whole) : (middle, to, false);
        }

        if (!whole)
        {
            ranges.Add(new LeafRange(from, to));
        }

        ranges.Reverse();
        return [.. ranges];
    }

    /// <summary>The tiles in which the roots of these ranges are found, in a tree of this size.</summary>
    public static ImmutableArray<Tile> TilesFor(IEnumerable<LeafRange> ranges, long size) =>
        [.. ranges.SelectMany(PeaksOf).Select(p => TileOf(p, size)).Distinct()];

    /// <summary>The roots of the ranges, from those tiles.</summary>
    public static ImmutableArray<byte[]> RootsOf(IEnumerable<LeafRange> ranges, long size, IReadOnlyDictionary<Tile, byte[]> tiles) =>
        [.. ranges.Select(range => Merkle.RootOf([.. PeaksOf(range).Select(p => HashOf(p, tiles[TileOf(p, size)]))]))];

    /// <summary>Whether the proof takes a leaf to the root.</summary>
    public static bool Includes(ReadOnlySpan<byte> leafHash, long index, long size, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> root)
    {
        if (index < 0 || index >= size || Inclusion(index, size).Length != proof.Count)
        {
            return false;
        }

        var (hash, at) = (leafHash.ToArray(), 0);
        foreach (var range in Inclusion(index, size))
        {
            hash = range.From > index ? Merkle.NodeHash(hash, proof[at++]) : Merkle.NodeHash(proof[at++], hash);
        }

        return hash.AsSpan().SequenceEqual(root);
    }

    /// <summary>Whether the proof takes the root of the older tree to that of the newer one.</summary>
    public static bool Continues(long old, ReadOnlySpan<byte> oldRoot, long size, ReadOnlySpan<byte> root, IReadOnlyList<byte[]> proof)
    {
        if (old < 1 || old > size)
        {
            return false;
        }

        var ranges = Consistency(old, size);
        if (ranges.Length != proof.Count)
        {
            return false;
        }

        if (ranges.IsEmpty)
        {
            return oldRoot.SequenceEqual(root);
        }

        // The first is the last whole subtree of the older tree; where that is the older tree itself its root stands for it.
        var (first, rest) = BitOperations.IsPow2(old) ? (oldRoot.ToArray(), 0) : (proof[0], 1);
        var (before, now) = (first, first);
        for (var i = rest; i < ranges.Length; i++)
        {
            if (ranges[i].From >= old)
            {
                now = Merkle.NodeHash(now, proof[i]);
            }
            else
            {
                (before, now) = (Merkle.NodeHash(proof[i], before), Merkle.NodeHash(proof[i], now));
            }
        }

        return before.AsSpan().SequenceEqual(oldRoot) && now.AsSpan().SequenceEqual(root);
    }

    /// <summary>A perfect subtree: 2^<paramref name="Height"/> leaves, the <paramref name="Index"/>th of that size.</summary>
    private readonly record struct Peak(int Height, long Index);

    private static IEnumerable<Peak> PeaksOf(LeafRange range)
    {
        for (var from = range.From; from < range.To;)
        {
            // As large as its place allows and as fits.
            var height = BitOperations.Log2((ulong)(range.To - from));
            height = from == 0 ? height : Math.Min(height, BitOperations.TrailingZeroCount(from));
            yield return new Peak(height, from >> height);
            from += 1L << height;
        }
    }

    private static Tile TileOf(Peak peak, long size)
    {
        var level = peak.Height / 8;
        var index = (peak.Index << (peak.Height % 8)) / Tile.Whole;
        return new Tile(level, index, Tile.WidthAt(level, index, size));
    }

    private static byte[] HashOf(Peak peak, byte[] tile)
    {
        var at = (int)((peak.Index << (peak.Height % 8)) % Tile.Whole) * Merkle.HashLength;
        return Merkle.PerfectRoot(tile.AsSpan(at, Merkle.HashLength << (peak.Height % 8)));
    }
}
