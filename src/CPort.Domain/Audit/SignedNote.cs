using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace CPort.Domain.Audit;

/// <summary>Signs notes (C2SP signed-note v1.0.0) by Ed25519 (RFC 8032). Holds a private key: never show it.</summary>
public sealed class NoteSigner
{
    /// <summary>Bytes of a private key.</summary>
    public const int SeedLength = 32;

    private readonly Ed25519PrivateKeyParameters _key;

    /// <param name="name">The key's name: without blanks and plus signs.</param>
    /// <param name="seed">32 random bytes.</param>
    public NoteSigner(string name, ReadOnlySpan<byte> seed)
    {
        _key = new Ed25519PrivateKeyParameters(seed.ToArray());
        Verifier = new NoteVerifier(name, _key.GeneratePublicKey().GetEncoded());
    }

    /// <summary>What others check by.</summary>
    public NoteVerifier Verifier { get; }

    /// <summary>The text, which ends in a line feed, with its signature.</summary>
    public string Sign(string text)
    {
        return $"{text}\n— {Verifier.Name} {Convert.ToBase64String([.. Verifier.Id, .. SignBytes(Encoding.UTF8.GetBytes(text))])}\n";
    }

    /// <summary>The raw signature of a file, 64 bytes.</summary>
    public byte[] SignBytes(ReadOnlySpan<byte> bytes)
    {
        var signer = new Ed25519Signer();
        signer.Init(true, _key);
        signer.BlockUpdate(bytes.ToArray(), 0, bytes.Length);
        return signer.GenerateSignature();
    }

    public override string ToString() => $"NoteSigner({Verifier.Name})";
}

/// <summary>Checks signatures of one key on notes.</summary>
public sealed class NoteVerifier
{
    private const byte Ed25519 = 1;
    private readonly byte[] _key;

    /// <param name="name">The key's name: 1 character or more, without blanks and plus signs.</param>
    /// <param name="publicKey">32 bytes.</param>
    public NoteVerifier(string name, byte[] publicKey)
    {
        if (name.Length == 0 || name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '+'))
        {
            throw new ArgumentException("A key's name has neither blanks nor plus signs.", nameof(name));
        }

        (Name, _key) = (name, publicKey);
        Id = SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', Ed25519, .. publicKey])[..4];
    }

    public string Name { get; }

    /// <summary>The 4 bytes by which a signature names its key.</summary>
    public byte[] Id { get; }

    /// <summary>The key as OpenSSL takes it: SubjectPublicKeyInfo (RFC 8410) in PEM.</summary>
    public string ToPem() => PemEncoding.WriteString("PUBLIC KEY", [.. Convert.FromHexString("302A300506032B6570032100"), .. _key]);

    /// <summary>The key as other programs take it ("vkey").</summary>
    public override string ToString() => $"{Name}+{Convert.ToHexStringLower(Id)}+{Convert.ToBase64String([Ed25519, .. _key])}";

    /// <summary>Reads <see cref="ToString"/>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out NoteVerifier? verifier)
    {
        verifier = null;
        var parts = text?.Split('+', 3);
        var key = new byte[33];
        if (parts is not [{ Length: > 0 } name, _, var encoded] || name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))
            || !Convert.TryFromBase64String(encoded, key, out var length) || length != 33 || key[0] != Ed25519)
        {
            return false;
        }

        var read = new NoteVerifier(name, key[1..]);
        verifier = read.ToString() == text ? read : null;
        return verifier is not null;
    }

    /// <summary>The note's text when this key signed it; null when it did not, or the text is another.</summary>
    public string? Open(string note)
    {
        var end = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return null;
        }

        var (text, head) = (note[..(end + 1)], $"— {Name} ");
        var signature = new byte[4 + 64];
        foreach (var line in note[(end + 2)..].Split('\n'))
        {
            if (line.StartsWith(head, StringComparison.Ordinal) && Convert.TryFromBase64String(line[head.Length..], signature, out var length)
                && length == signature.Length && signature.AsSpan(0, 4).SequenceEqual(Id))
            {
                return Signed(text, signature[4..]) ? text : null;
            }
        }

        return null;
    }

    private bool Signed(string text, byte[] signature)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var signer = new Ed25519Signer();
        signer.Init(false, new Ed25519PublicKeyParameters(_key));
        signer.BlockUpdate(bytes, 0, bytes.Length);
        return signer.VerifySignature(signature);
    }
}

/// <summary>What a log says of itself at one moment (C2SP tlog-checkpoint v1.0.0); signed as a note.</summary>
/// <param name="Origin">Which log.</param>
/// <param name="Size">Entries in it.</param>
/// <param name="Root">The root of the tree over them, 32 bytes.</param>
public sealed record Checkpoint(string Origin, long Size, byte[] Root)
{
    /// <summary>The note's text.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Convert.ToBase64String(Root)}\n");

    /// <summary>Reads <see cref="ToString"/>, and what others add in further lines.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        checkpoint = null;
        var root = new byte[Merkle.HashLength];
        if (text?.Split('\n') is [{ Length: > 0 } origin, var digits, var encoded, ..]
            && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            && Convert.TryFromBase64String(encoded, root, out var length) && length == root.Length)
        {
            checkpoint = new Checkpoint(origin, size, root);
        }

        return checkpoint is not null;
    }
}

/// <summary>That an entry is in a log, to be checked without the log (C2SP tlog-proof).</summary>
/// <param name="Index">The entry's place, from 0.</param>
/// <param name="Hashes">From the leaf's sibling to the root's child.</param>
/// <param name="SignedCheckpoint">The note of a tree that has the entry.</param>
public sealed record TlogProof(long Index, ImmutableArray<byte[]> Hashes, string SignedCheckpoint)
{
    private const string Head = "c2sp.org/tlog-proof@v1";

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Head}\nindex {Index}\n{string.Concat(Hashes.Select(h => Convert.ToBase64String(h) + "\n"))}\n{SignedCheckpoint}");

    /// <summary>Reads <see cref="ToString"/>; lines of others' own (<c>extra</c>) are passed over.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out TlogProof? proof)
    {
        proof = null;
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        var lines = end < 0 ? [] : text[..end].Split('\n').Where(l => !l.StartsWith("extra ", StringComparison.Ordinal)).ToArray();
        if (lines is not [Head, var index, .. var hashes] || !index.StartsWith("index ", StringComparison.Ordinal)
            || !long.TryParse(index["index ".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        var read = ImmutableArray.CreateBuilder<byte[]>();
        foreach (var line in hashes)
        {
            var hash = new byte[Merkle.HashLength];
            if (!Convert.TryFromBase64String(line, hash, out var length) || length != hash.Length)
            {
                return false;
            }

            read.Add(hash);
        }

        proof = new TlogProof(number, read.ToImmutable(), text[(end + 2)..]);
        return true;
    }

    /// <summary>Whether the key signed a tree that has this entry at that place.</summary>
    public bool Proves(ReadOnlySpan<byte> entry, NoteVerifier key) =>
        Checkpoint.TryParse(key.Open(SignedCheckpoint), out var checkpoint) && checkpoint.Origin == key.Name
        && TreeProofs.Includes(Merkle.LeafHash(entry), Index, checkpoint.Size, Hashes, checkpoint.Root);
}
