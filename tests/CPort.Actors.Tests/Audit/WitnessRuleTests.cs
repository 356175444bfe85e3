using System.Collections.Immutable;
using System.Text;
using CPort.Domain.Audit;

namespace CPort.Actors.Tests.Audit;

/// <summary>What a witness signs and what it refuses, and its cosignatures as texts.</summary>
public sealed class WitnessRuleTests
{
    private static readonly DateTimeOffset Now = new(2026, 12, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly NoteSigner Log = new("cport.example/audit/test", [.. Enumerable.Repeat((byte)1, 32)]);
    private static readonly NoteSigner Other = new("cport.example/audit/test", [.. Enumerable.Repeat((byte)2, 32)]);
    private static readonly Cosigner Witness = new("witness.example/w1", [.. Enumerable.Repeat((byte)3, 32)]);

    private static string OfAnotherLog => new NoteSigner("other.example/log", new byte[32]).Sign(Tree(20, "other.example/log").ToString());

    [Fact]
    public void A_cosignature_has_the_shape_of_the_specification()
    {
        var text = Tree(3).ToString();
        var note = Log.Sign(text) + Witness.Sign(text, Now);
        Assert.Equal(Now, Witness.Verifier.TimeOf(note));
        Assert.Equal(text, Log.Verifier.Open(note));
        Assert.True(CosignatureVerifier.TryParse(Witness.Verifier.ToString(), out var read));
        Assert.Equal(Now, read.TimeOf(note));

        // 4 bytes of key, 8 of time, 64 of signature; the key is of kind 4, which a log's is not.
        var bytes = Convert.FromBase64String(Witness.Verifier.LineOf(note)!.TrimEnd('\n').Split(' ')[2]);
        Assert.Equal((76, Now.ToUnixTimeSeconds()), (bytes.Length, System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(4))));
        Assert.Equal(4, Convert.FromBase64String(Witness.Verifier.ToString().Split('+', 3)[2])[0]);
        Assert.False(CosignatureVerifier.TryParse(Log.Verifier.ToString(), out _));
        Assert.False(NoteVerifier.TryParse(Witness.Verifier.ToString(), out _));
    }

    [Fact]
    public void A_cosignature_of_another_text_time_or_key_is_none()
    {
        var text = Tree(3).ToString();
        var line = Witness.Sign(text, Now);
        Assert.Null(Witness.Verifier.TimeOf(Log.Sign(Tree(4).ToString()) + line));
        Assert.Null(new Cosigner("witness.example/w1", [.. Enumerable.Repeat((byte)4, 32)]).Verifier.TimeOf(Log.Sign(text) + line));
        var bytes = Convert.FromBase64String(line.TrimEnd('\n').Split(' ')[2]);
        bytes[11]++;
        Assert.Null(Witness.Verifier.TimeOf(Log.Sign(text) + $"— witness.example/w1 {Convert.ToBase64String(bytes)}\n"));
        Assert.Null(Witness.Verifier.TimeOf("no note"));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(3, 7)]
    [InlineData(4, 8)]
    [InlineData(7, 300)]
    [InlineData(256, 257)]
    public void It_signs_a_tree_that_goes_on_and_takes_it_for_the_one_it_saw_last(int old, int size)
    {
        var first = Decide(Request(0, old), null);
        Assert.Equal(200, first.Status);
        Assert.Equal(Now, Witness.Verifier.TimeOf(first.Seen!));
        Assert.NotNull(Log.Verifier.Open(first.Seen!));
        var second = Decide(Request(old, size), first.Seen);
        Assert.Equal((200, Witness.Verifier.LineOf(second.Seen!)), (second.Status, second.Body));
        Assert.True(Checkpoint.TryParse(NoteText.Of(second.Seen!), out var tree));
        Assert.Equal(size, tree.Size);
    }

    [Fact]
    public void What_it_refuses_has_the_status_of_the_specification_and_changes_nothing()
    {
        var seen = Decide(Request(0, 7), null).Seen;
        var grown = Request(7, 20);
        (string What, WitnessAnswer Answer, int Status)[] cases =
        [
            ("not read", WitnessRules.Decide(null, [Log.Verifier], _ => seen, Witness, Now), 400),
            ("old is larger", Decide(Request(7, 20) with { OldSize = 21 }, seen), 400),
            ("no checkpoint", Decide(grown with { Note = Log.Sign("a\nb\n") }, seen), 400),
            ("another key", Decide(grown with { Note = Other.Sign(Tree(20).ToString()) }, seen), 403),
            ("another log", Decide(grown with { Note = OfAnotherLog }, seen), 404),
            ("a size it has not seen", Decide(Request(6, 20), seen), 409),
            ("as if it had seen none", Decide(Request(0, 20), seen), 409),
            ("rolled back", Decide(Request(6, 6), seen), 409),
            ("a forked tree", Decide(grown with { Note = Log.Sign(Fork(20).ToString()) }, seen), 422),
            ("a fork of one size", Decide(Request(7, 7) with { Note = Log.Sign(Fork(7).ToString()) }, seen), 409),
            ("no proof", Decide(grown with { Proof = [] }, seen), 422),
            ("a wrong proof", Decide(grown with { Proof = [.. grown.Proof.Reverse()] }, seen), 422),
            ("a proof of nothing", Decide(Request(0, 7) with { Proof = grown.Proof }, null), 422),
            ("an empty tree with a root", Decide(Request(0, 7) with { Note = Log.Sign((Tree(1) with { Size = 0 }).ToString()) }, null), 422),
        ];
        Assert.All(cases, c =>
        {
            Assert.True(c.Status == c.Answer.Status, $"{c.What}: {c.Answer.Status}");
            Assert.Null(c.Answer.Seen);
        });
        Assert.Equal(("7\n", "text/x.tlog.size"), (cases[5].Answer.Body, cases[5].Answer.Type));
        Assert.Equal("text/plain", cases.Single(c => c.What == "a fork of one size").Answer.Type);
        Assert.Equal(200, Decide(grown, seen).Status);
    }

    [Fact]
    public void An_empty_tree_is_cosigned_and_any_tree_goes_on_from_it()
    {
        var empty = Decide(new AddCheckpoint(0, [], Log.Sign(new Checkpoint(Log.Verifier.Name, 0, Merkle.EmptyRoot).ToString())), null);
        Assert.Equal(200, empty.Status);
        Assert.Equal(200, Decide(Request(0, 7), empty.Seen).Status);
        Assert.Equal(422, Decide(Request(0, 7) with { Proof = [new byte[32]] }, empty.Seen).Status);
    }

    [Theory]
    [InlineData("old 7\n\ntext\n\n— x y\n", true)]
    [InlineData("old 0\n\ntext\n\n— x y\n", true)]
    [InlineData("old 07\n\ntext\n\n— x y\n", false)]
    [InlineData("old -1\n\ntext\n\n— x y\n", false)]
    [InlineData("old \n\ntext\n\n— x y\n", false)]
    [InlineData("size 7\n\ntext\n\n— x y\n", false)]
    [InlineData("old 7\nAAAA\n\ntext\n\n— x y\n", false)]
    [InlineData("old 7\n", false)]
    [InlineData("", false)]
    public void A_request_is_read_as_it_is_specified(string text, bool reads) => Assert.Equal(reads, AddCheckpoint.TryParse(text, out _));

    [Fact]
    public void A_request_reads_back_as_it_was_written_and_of_more_than_63_hashes_not()
    {
        var request = Request(7, 300);
        Assert.True(AddCheckpoint.TryParse(request.ToString(), out var read));
        Assert.Equal((request.ToString(), request.Note), (read.ToString(), read.Note));
        Assert.False(AddCheckpoint.TryParse((request with { Proof = [.. Enumerable.Repeat(new byte[32], 64)] }).ToString(), out _));
    }

    private static WitnessAnswer Decide(AddCheckpoint request, string? seen)
    {
        Assert.True(AddCheckpoint.TryParse(request.ToString(), out var read));
        return WitnessRules.Decide(read, [Log.Verifier], _ => seen, Witness, Now);
    }

    private static byte[][] Leaves(int size, string salt = "") =>
        [.. Enumerable.Range(0, size).Select(i => Merkle.LeafHash(Encoding.ASCII.GetBytes($"{(i == 3 ? salt : "")}{i}")))];

    private static Checkpoint Tree(int size, string? origin = null) => new(origin ?? Log.Verifier.Name, size, Root(Leaves(size)));

    private static Checkpoint Fork(int size) => new(Log.Verifier.Name, size, Root(Leaves(size, "x")));

    private static byte[] Root(byte[][] leaves)
    {
        var edge = new TreeEdge();
        foreach (var leaf in leaves)
        {
            edge.Add(leaf);
        }

        return edge.Root();
    }

    /// <summary>With its proof, of which every root is worked out from the leaves.</summary>
    private static AddCheckpoint Request(int old, int size)
    {
        var leaves = Leaves(size);
        ImmutableArray<byte[]> proof = old == 0 ? []
            : [.. TreeProofs.Consistency(old, size).Select(r => Root(leaves[(int)r.From..(int)r.To]))];
        return new AddCheckpoint(old, proof, Log.Sign(Tree(size).ToString()));
    }
}
