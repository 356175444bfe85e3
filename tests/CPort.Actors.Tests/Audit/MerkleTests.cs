using System.Text;
using CPort.Domain.Audit;
using CsCheck;

namespace CPort.Actors.Tests.Audit;

/// <summary>The tree against RFC 6962's own values and against its definition, written down once more in the plainest way.</summary>
public sealed class MerkleTests
{
    /// <summary>The entries of the test vectors that certificate-transparency implementations share.</summary>
    private static readonly byte[][] Known =
    [
        [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43], [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        [0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
    ];

    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [InlineData(4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    [InlineData(5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")]
    [InlineData(6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef")]
    [InlineData(7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void Roots_are_those_of_the_known_trees(int size, string root)
    {
        var edge = new TreeEdge();
        foreach (var entry in Known.Take(size))
        {
            edge.Add(Merkle.LeafHash(entry));
        }

        Assert.Equal(root, Convert.ToHexStringLower(edge.Root()));
    }

    [Fact]
    public void Root_and_proofs_of_any_tree_are_those_of_the_definition_and_a_changed_leaf_is_refused() =>
        Gen.Select(Gen.Int[1, 1_400], Gen.Int[0, 1_399], Gen.Int[1, 1_400]).Sample((size, at, before) =>
        {
            var (index, old) = (at % size, Math.Min(before, size));
            var (leaves, tiles) = Tree(size);
            var root = Definition(leaves);
            var (inclusion, consistency) = (TreeProofs.Inclusion(index, size), TreeProofs.Consistency(old, size));
            var proof = TreeProofs.RootsOf(inclusion, size, Needed(tiles, TreeProofs.TilesFor(inclusion, size)));
            var goesOn = TreeProofs.RootsOf(consistency, size, Needed(tiles, TreeProofs.TilesFor(consistency, size)));

            Assert.Equal(Path(index, leaves), proof, Same);
            Assert.True(TreeProofs.Includes(leaves[index], index, size, proof, root));
            Assert.False(TreeProofs.Includes(Merkle.LeafHash("other"u8), index, size, proof, root));
            Assert.Equal(SubProof(old, leaves, true), goesOn, Same);
            Assert.True(TreeProofs.Continues(old, Definition(leaves[..old]), size, root, goesOn));
            Assert.Equal(old == size, TreeProofs.Continues(old, root, size, root, goesOn));
        }, iter: 60);

    [Fact]
    public void An_edge_read_back_from_its_tiles_goes_on_as_the_one_that_was_not() =>
        Gen.Select(Gen.Int[0, 700], Gen.Int[1, 700]).Sample((first, more) =>
        {
            var (leaves, tiles) = Tree(first + more);
            var edge = TreeEdge.Of(first, tile => tiles[(tile.Level, tile.Index)]);
            foreach (var leaf in leaves[first..])
            {
                edge.Add(leaf);
            }

            Assert.Equal(Definition(leaves), edge.Root());
        }, iter: 60);

    [Fact]
    public void Tiles_are_as_wide_as_the_specification_says_of_70000_entries()
    {
        Assert.Equal((256, 112, 0), (Tile.WidthAt(0, 272, 70_000), Tile.WidthAt(0, 273, 70_000), Tile.WidthAt(0, 274, 70_000)));
        Assert.Equal((256, 17), (Tile.WidthAt(1, 0, 70_000), Tile.WidthAt(1, 1, 70_000)));
        Assert.Equal((1, 0), (Tile.WidthAt(2, 0, 70_000), Tile.WidthAt(2, 1, 70_000)));
    }

    [Theory]
    [InlineData(1234067, 256, "x001/x234/067")]
    [InlineData(0, 256, "000")]
    [InlineData(999, 1, "999.p/1")]
    [InlineData(1000, 255, "x001/000.p/255")]
    public void Paths_of_tiles_are_the_specifications(long index, int width, string path)
    {
        Assert.Equal(path, Tile.PathOf(index, width));
        Assert.True(Tile.TryParsePath(path, out var read, out var wide));
        Assert.Equal((index, width), (read, wide));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("x000/000")]
    [InlineData("000.p/0")]
    [InlineData("000.p/256")]
    [InlineData("000.p/01")]
    [InlineData("000/000")]
    [InlineData("x00a/000")]
    [InlineData("../000")]
    [InlineData("x999/x999/x999/x999/x999/x999/x999/999")]
    public void What_is_no_path_of_a_tile_is_none(string path) => Assert.False(Tile.TryParsePath(path, out _, out _));

    /// <summary>Leaves with all tiles of their tree.</summary>
    private static (byte[][] Leaves, Dictionary<(int Level, long Index), byte[]> Tiles) Tree(int size)
    {
        var (edge, tiles) = (new TreeEdge(), new Dictionary<(int, long), byte[]>());
        var leaves = Enumerable.Range(0, size).Select(i => Merkle.LeafHash(Encoding.ASCII.GetBytes($"entry {i}"))).ToArray();
        foreach (var leaf in leaves)
        {
            edge.Add(leaf);
        }

        foreach (var (tile, hashes) in edge.TakeChanged())
        {
            tiles[(tile.Level, tile.Index)] = hashes;
        }

        return (leaves, tiles);
    }

    private static Dictionary<Tile, byte[]> Needed(Dictionary<(int Level, long Index), byte[]> tiles, IEnumerable<Tile> needed) =>
        needed.ToDictionary(t => t, t => tiles[(t.Level, t.Index)][..(t.Width * Merkle.HashLength)]);

    private static bool Same(byte[] a, byte[] b) => a.AsSpan().SequenceEqual(b);

    private static int Split(int size)
    {
        var k = 1;
        while (k * 2 < size)
        {
            k *= 2;
        }

        return k;
    }

    /// <summary>MTH of RFC 6962, section 2.1.</summary>
    private static byte[] Definition(ReadOnlySpan<byte[]> leaves) => leaves.Length == 1 ? leaves[0]
        : Merkle.NodeHash(Definition(leaves[..Split(leaves.Length)]), Definition(leaves[Split(leaves.Length)..]));

    /// <summary>PATH of section 2.1.1.</summary>
    private static byte[][] Path(int m, ReadOnlySpan<byte[]> leaves)
    {
        if (leaves.Length == 1)
        {
            return [];
        }

        var k = Split(leaves.Length);
        return m < k ? [.. Path(m, leaves[..k]), Definition(leaves[k..])] : [.. Path(m - k, leaves[k..]), Definition(leaves[..k])];
    }

    /// <summary>SUBPROOF of section 2.1.2.</summary>
    private static byte[][] SubProof(int m, ReadOnlySpan<byte[]> leaves, bool whole)
    {
        if (m == leaves.Length)
        {
            return whole ? [] : [Definition(leaves)];
        }

        var k = Split(leaves.Length);
        return m <= k ? [.. SubProof(m, leaves[..k], whole), Definition(leaves[k..])] : [.. SubProof(m - k, leaves[k..], false), Definition(leaves[..k])];
    }
}
