using CPort.Domain.Audit;

namespace CPort.Actors.Tests.Audit;

/// <summary>Signed notes, checkpoints and proofs as texts.</summary>
public sealed class NoteTests
{
    private static readonly NoteSigner Signer = new("cport.example/audit/test", new byte[32]);

    [Fact]
    public void The_key_of_Gos_own_package_opens_its_note_and_no_other()
    {
        // Key and note of the documentation of golang.org/x/mod/sumdb/note.
        const string Text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        const string Note = Text
            + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        Assert.True(NoteVerifier.TryParse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", out var key));
        Assert.Equal(Text, key.Open(Note));
        Assert.Null(key.Open(Note.Replace("answer", "Answer", StringComparison.Ordinal)));
        Assert.Null(Signer.Verifier.Open(Note));
    }

    [Theory]
    [InlineData("")]
    [InlineData("name")]
    [InlineData("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    [InlineData("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    [InlineData("PeterNeumann+c74f20a3+AhpcQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    public void What_is_no_key_is_none(string text) => Assert.False(NoteVerifier.TryParse(text, out _));

    [Fact]
    public void A_checkpoint_and_a_proof_are_read_as_they_were_written()
    {
        var root = Merkle.LeafHash("a"u8);
        var note = Signer.Sign(new Checkpoint(Signer.Verifier.Name, 1, root).ToString());
        Assert.True(Checkpoint.TryParse(Signer.Verifier.Open(note), out var read));
        Assert.Equal((1L, Convert.ToHexString(root)), (read.Size, Convert.ToHexString(read.Root)));

        var proof = new TlogProof(0, [], note);
        Assert.True(TlogProof.TryParse(proof.ToString(), out var back));
        Assert.Equal(proof.ToString(), back.ToString());
        Assert.True(back.Proves("a"u8, Signer.Verifier));
        Assert.False(back.Proves("b"u8, Signer.Verifier));
        Assert.False(back.Proves("a"u8, new NoteSigner(Signer.Verifier.Name, [.. Enumerable.Repeat((byte)1, 32)]).Verifier));
        Assert.True(TlogProof.TryParse(proof.ToString().Replace("\nindex", "\nextra AAAA\nindex", StringComparison.Ordinal), out _));
        Assert.False(TlogProof.TryParse(proof.ToString().Replace("index 0", "index -1", StringComparison.Ordinal), out _));
    }
}
