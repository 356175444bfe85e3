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

    private readonly NoteKey _key;

    /// <param name="name">The key's name: without blanks and plus signs.</param>
    /// <param name="seed">32 random bytes.</param>
    public NoteSigner(string name, ReadOnlySpan<byte> seed)
    {
        _key = NoteKey.OfSeed(name, NoteKey.Ed25519, seed);
        Verifier = new NoteVerifier(_key);
    }

    /// <summary>What others check by.</summary>
    public NoteVerifier Verifier { get; }

    /// <summary>The text, which ends in a line feed, with its signature.</summary>
    public string Sign(string text) => $"{text}\n{_key.Line(SignBytes(Encoding.UTF8.GetBytes(text)))}";

    /// <summary>The raw signature of a file, 64 bytes.</summary>
    public byte[] SignBytes(ReadOnlySpan<byte> bytes) => _key.Sign(bytes);

    public override string ToString() => $"NoteSigner({Verifier.Name})";
}

/// <summary>Checks signatures of one key on notes.</summary>
public sealed class NoteVerifier
{
    private readonly NoteKey _key;

    /// <param name="name">The key's name: 1 character or more, without blanks and plus signs.</param>
    /// <param name="publicKey">32 bytes.</param>
    public NoteVerifier(string name, byte[] publicKey)
        : this(new NoteKey(name, NoteKey.Ed25519, publicKey))
    {
    }

    internal NoteVerifier(NoteKey key) => _key = key;

    public string Name => _key.Name;

    /// <summary>The 4 bytes by which a signature names its key.</summary>
    public byte[] Id => _key.Id;

    /// <summary>The key as OpenSSL takes it: SubjectPublicKeyInfo (RFC 8410) in PEM.</summary>
    public string ToPem() => PemEncoding.WriteString("PUBLIC KEY", [.. Convert.FromHexString("302A300506032B6570032100"), .. _key.Public]);

    /// <summary>The key as other programs take it ("vkey").</summary>
    public override string ToString() => _key.ToString();

    /// <summary>Reads <see cref="ToString"/>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out NoteVerifier? verifier)
    {
        verifier = NoteKey.TryParse(text, NoteKey.Ed25519, out var key) ? new NoteVerifier(key) : null;
        return verifier is not null;
    }

    /// <summary>The note's text when this key signed it; null when it did not, or the text is another.</summary>
    public string? Open(string note) => LineOf(note) is null ? null : NoteText.Of(note);

    /// <summary>The line by which it did. The first that names the key counts: a note with a wrong one is none.</summary>
    public string? LineOf(string note) => NoteText.Of(note) is { } text
        && _key.SignaturesOn(note, NoteKey.SignatureLength).FirstOrDefault() is { Line: { } line } found
        && _key.Verifies(Encoding.UTF8.GetBytes(text), found.Signature) ? line + "\n" : null;
}

/// <summary>The two halves of a note (C2SP signed-note v1.0.0).</summary>
public static class NoteText
{
    /// <summary>What is signed: all before the last empty line; null: there is none.</summary>
    public static string? Of(string note) => note.LastIndexOf("\n\n", StringComparison.Ordinal) is >= 0 and var end ? note[..(end + 1)] : null;
}

/// <summary>A key on notes: its name, what kind of signature it makes, its public half, and the private one where we have it.</summary>
internal sealed class NoteKey
{
    /// <summary>Signs the note's text.</summary>
    public const byte Ed25519 = 1;

    /// <summary>Signs a time with it, as a witness.</summary>
    public const byte Cosignature = 4;

    public const int SignatureLength = 64;
    private const int IdLength = 4;
    private readonly Ed25519PrivateKeyParameters? _private;
    private readonly byte _kind;

    public NoteKey(string name, byte kind, byte[] publicKey, Ed25519PrivateKeyParameters? privateKey = null)
    {
        if (name.Length == 0 || name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '+'))
        {
            throw new ArgumentException("A key's name has neither blanks nor plus signs.", nameof(name));
        }

        (Name, _kind, Public, _private) = (name, kind, publicKey, privateKey);
        Id = SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', kind, .. publicKey])[..IdLength];
    }

    public string Name { get; }

    public byte[] Public { get; }

    public byte[] Id { get; }

    public static NoteKey OfSeed(string name, byte kind, ReadOnlySpan<byte> seed)
    {
        var key = new Ed25519PrivateKeyParameters(seed.ToArray());
        return new NoteKey(name, kind, key.GeneratePublicKey().GetEncoded(), key);
    }

    public static bool TryParse([NotNullWhen(true)] string? text, byte kind, [NotNullWhen(true)] out NoteKey? key)
    {
        key = null;
        var bytes = new byte[33];
        if (text?.Split('+', 3) is not [{ Length: > 0 } name, _, var encoded] || name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))
            || !Convert.TryFromBase64String(encoded, bytes, out var length) || length != bytes.Length || bytes[0] != kind)
        {
            return false;
        }

        var read = new NoteKey(name, kind, bytes[1..]);
        key = read.ToString() == text ? read : null;
        return key is not null;
    }

    public override string ToString() => $"{Name}+{Convert.ToHexStringLower(Id)}+{Convert.ToBase64String([_kind, .. Public])}";

    /// <summary>A signature as it stands on a note.</summary>
    public string Line(ReadOnlySpan<byte> signature) => $"— {Name} {Convert.ToBase64String([.. Id, .. signature])}\n";

    /// <summary>The signatures on the note that name this key, unchecked.</summary>
    public IEnumerable<(string Line, byte[] Signature)> SignaturesOn(string note, int length)
    {
        var (text, head, bytes) = (NoteText.Of(note), $"— {Name} ", new byte[IdLength + length]);
        foreach (var line in text is null ? [] : note[(text.Length + 1)..].Split('\n'))
        {
            if (line.StartsWith(head, StringComparison.Ordinal) && Convert.TryFromBase64String(line[head.Length..], bytes, out var read)
                && read == bytes.Length && bytes.AsSpan(0, IdLength).SequenceEqual(Id))
            {
                yield return (line, bytes[IdLength..]);
            }
        }
    }

    public byte[] Sign(ReadOnlySpan<byte> bytes)
    {
        var signer = new Ed25519Signer();
        signer.Init(true, _private);
        signer.BlockUpdate(bytes.ToArray(), 0, bytes.Length);
        return signer.GenerateSignature();
    }

    public bool Verifies(byte[] bytes, byte[] signature)
    {
        var signer = new Ed25519Signer();
        signer.Init(false, new Ed25519PublicKeyParameters(Public));
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
