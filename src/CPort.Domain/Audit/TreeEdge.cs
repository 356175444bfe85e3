using System.Numerics;

namespace CPort.Domain.Audit;

/// <summary>
/// The right edge of the tree: of each level the hashes of the last tile, which is not whole yet. That is all it takes to append and to know the root. Not
/// thread-safe.
/// </summary>
public sealed class TreeEdge
{
    private readonly List<Level> _levels = [];
    private readonly List<(Tile Tile, byte[] Hashes)> _finished = [];

    /// <summary>Leaves in the tree.</summary>
    public long Size { get; private set; }

    /// <summary>The edge of a tree of this size, from its unfinished tiles. Throws <see cref="ArgumentException"/> when one is too short.</summary>
    /// <param name="size">Leaves in the tree.</param>
    /// <param name="tile">The hashes kept of a tile; the first so many of the width that is asked for count.</param>
    public static TreeEdge Of(long size, Func<Tile, byte[]> tile)
    {
        var edge = new TreeEdge { Size = size };
        for (var level = 0; size >> (8 * level) > 0; level++)
        {
            var hashes = size >> (8 * level);
            var own = new Level { Index = hashes / Tile.Whole, Count = (int)(hashes % Tile.Whole) };
            if (own.Count > 0)
            {
                var kept = tile(new Tile(level, own.Index, own.Count));
                if (kept.Length < own.Count * Merkle.HashLength)
                {
                    throw new ArgumentException($"The tile {new Tile(level, own.Index, own.Count)} is not whole.", nameof(tile));
                }

                kept.AsSpan(0, own.Count * Merkle.HashLength).CopyTo(own.Hashes);
            }

            edge._levels.Add(own);
        }

        return edge;
    }

    /// <summary>Appends a leaf by its hash.</summary>
    public void Add(byte[] leafHash)
    {
        Add(0, leafHash);
        Size++;
    }

    /// <summary>The root of the tree as it is now.</summary>
    public byte[] Root()
    {
        var peaks = new List<byte[]>();
        foreach (var level in Enumerable.Reverse(_levels))
        {
            for (var (at, left) = (0, level.Count); left > 0;)
            {
                var peak = 1 << BitOperations.Log2((uint)left);
                peaks.Add(Merkle.PerfectRoot(level.Hashes.AsSpan(at * Merkle.HashLength, peak * Merkle.HashLength)));
                (at, left) = (at + peak, left - peak);
            }
        }

        return Merkle.RootOf(peaks);
    }

    /// <summary>The tiles that are other since this was asked last, to be kept.</summary>
    public ImmutableArray<(Tile Tile, byte[] Hashes)> TakeChanged()
    {
        var changed = _finished.ToList();
        _finished.Clear();
        for (var number = 0; number < _levels.Count; number++)
        {
            var level = _levels[number];
            if (level is { Changed: true, Count: > 0 })
            {
                changed.Add((new Tile(number, level.Index, level.Count), level.Hashes.AsSpan(0, level.Count * Merkle.HashLength).ToArray()));
            }

            level.Changed = false;
        }

        return [.. changed];
    }

    private void Add(int number, byte[] hash)
    {
        if (number == _levels.Count)
        {
            _levels.Add(new Level());
        }

        var level = _levels[number];
        hash.CopyTo(level.Hashes.AsSpan(level.Count * Merkle.HashLength));
        level.Changed = true;
        if (++level.Count < Tile.Whole)
        {
            return;
        }

        _finished.Add((new Tile(number, level.Index, Tile.Whole), [.. level.Hashes]));
        level.Index++;
        level.Count = 0;
        Add(number + 1, Merkle.PerfectRoot(level.Hashes));
    }

    private sealed class Level
    {
        public byte[] Hashes { get; } = new byte[Tile.Whole * Merkle.HashLength];

        public long Index { get; set; }

        public int Count { get; set; }

        public bool Changed { get; set; }
    }
}
