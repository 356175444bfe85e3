using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace CPort.Domain.Audit;

/// <summary>
/// Cosigns checkpoints as a witness does (C2SP tlog-cosignature v1.0.1, Ed25519): says that as of a moment this is the largest tree of the log that it has
/// seen, and that it goes on where those before ended. Holds a private key: never show it.
/// </summary>
public sealed class Cosigner
{
    private readonly NoteKey _key;

    /// <param name="name">The witness's name: without blanks and plus signs.</param>
    /// <param name="seed">32 random bytes, of this witness alone: what is signed does not name it.</param>
    public Cosigner(string name, ReadOnlySpan<byte> seed)
    {
        _key = NoteKey.OfSeed(name, NoteKey.Cosignature, seed);
        Verifier = new CosignatureVerifier(_key);
    }

    /// <summary>What others check by.</summary>
    public CosignatureVerifier Verifier { get; }

    /// <summary>The line that is added to the note.</summary>
    /// <param name="text">The checkpoint without its signatures, which ends in a line feed.</param>
    /// <param name="now">When.</param>
    public string Sign(string text, DateTimeOffset now)
    {
        var time = now.ToUnixTimeSeconds();
        var stamp = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(stamp, time);
        return _key.Line([.. stamp, .. _key.Sign(CosignatureVerifier.Signed(text, time))]);
    }

    public override string ToString() => $"Cosigner({Verifier.Name})";
}

/// <summary>Checks a witness's cosignatures on checkpoints.</summary>
public sealed class CosignatureVerifier
{
    private const int StampLength = 8;
    private readonly NoteKey _key;

    internal CosignatureVerifier(NoteKey key) => _key = key;

    public string Name => _key.Name;

    /// <summary>The key as other programs take it ("vkey").</summary>
    public override string ToString() => _key.ToString();

    /// <summary>Reads <see cref="ToString"/>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out CosignatureVerifier? verifier)
    {
        verifier = NoteKey.TryParse(text, NoteKey.Cosignature, out var key) ? new CosignatureVerifier(key) : null;
        return verifier is not null;
    }

    /// <summary>When this witness cosigned the note; null: it did not, or not this text.</summary>
    public DateTimeOffset? TimeOf(string note) => Find(note)?.At;

    /// <summary>The line by which it did.</summary>
    public string? LineOf(string note) => Find(note)?.Line;

    internal static byte[] Signed(string text, long time) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {time}\n{text}"));

    private (string Line, DateTimeOffset At)? Find(string note)
    {
        if (NoteText.Of(note) is not { } text)
        {
            return null;
        }

        foreach (var (line, bytes) in _key.SignaturesOn(note, StampLength + NoteKey.SignatureLength))
        {
            var time = BinaryPrimitives.ReadInt64BigEndian(bytes);
            if (time is > 0 and < 253_402_300_800 && _key.Verifies(Signed(text, time), bytes[StampLength..]))
            {
                return (line + "\n", DateTimeOffset.FromUnixTimeSeconds(time));
            }
        }

        return null;
    }
}

/// <summary>What a log asks of a witness (C2SP tlog-witness v1.0.0, <c>add-checkpoint</c>).</summary>
/// <param name="OldSize">The size that the witness has seen last, as the log believes; 0: none.</param>
/// <param name="Proof">That the tree goes on where that one ended.</param>
/// <param name="Note">The signed checkpoint.</param>
public sealed record AddCheckpoint(long OldSize, ImmutableArray<byte[]> Proof, string Note)
{
    /// <summary>Of an answer that says which size the witness has seen last.</summary>
    public const string SizeType = "text/x.tlog.size";

    /// <summary>Bytes that are read of a request, or of an answer, at most.</summary>
    public const int MaxLength = 64 * 1024;

    private const int MostHashes = 63;

    /// <summary>The body.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"old {OldSize}\n{string.Concat(Proof.Select(h => Convert.ToBase64String(h) + "\n"))}\n{Note}");

    /// <summary>Reads <see cref="ToString"/>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out AddCheckpoint? request)
    {
        request = null;
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0 || text[..end].Split('\n') is not [var old, .. var hashes] || hashes.Length > MostHashes
            || !old.StartsWith("old ", StringComparison.Ordinal) || !TryParseSize(old[4..], out var size))
        {
            return false;
        }

        var proof = ImmutableArray.CreateBuilder<byte[]>(hashes.Length);
        foreach (var line in hashes)
        {
            var hash = new byte[Merkle.HashLength];
            if (!Convert.TryFromBase64String(line, hash, out var length) || length != hash.Length)
            {
                return false;
            }

            proof.Add(hash);
        }

        request = new AddCheckpoint(size, proof.ToImmutable(), text[(end + 2)..]);
        return true;
    }

    /// <summary>A size as both sides write it: digits, no leading zeroes.</summary>
    public static bool TryParseSize(string text, out long size) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out size) && size.ToString(CultureInfo.InvariantCulture) == text;
}

/// <summary>What a witness answers, and what it has seen from then on.</summary>
/// <param name="Status">HTTP's.</param>
/// <param name="Body">Lines, or a size.</param>
/// <param name="Seen">The checkpoint with its cosignature: durable before the answer leaves. Null: nothing changes.</param>
public sealed record WitnessAnswer(int Status, string Body, string? Seen = null)
{
    /// <summary>The content type of the body.</summary>
    public string Type => Status == 409 && AddCheckpoint.TryParseSize(Body.TrimEnd('\n'), out _) ? AddCheckpoint.SizeType : "text/plain";
}

/// <summary>What a witness does with a checkpoint that is brought to it: pure (C2SP tlog-witness v1.0.0).</summary>
public static class WitnessRules
{
    /// <param name="request">As it came; null: it could not be read.</param>
    /// <param name="keys">The logs it watches, by their keys, which bear the logs' names.</param>
    /// <param name="seen">The note that it cosigned last, of a log by its name; null: none.</param>
    /// <param name="cosigner">Its own key.</param>
    /// <param name="now">The time.</param>
    public static WitnessAnswer Decide(
        AddCheckpoint? request, IEnumerable<NoteVerifier> keys, Func<string, string?> seen, Cosigner cosigner, DateTimeOffset now)
    {
        if (request is null || NoteText.Of(request.Note) is not { } text || !Checkpoint.TryParse(text, out var tree))
        {
            return new WitnessAnswer(400, "not a checkpoint with an old size and a proof\n");
        }

        var known = keys.Where(k => k.Name == tree.Origin).ToArray();
        if (known.Length == 0)
        {
            return new WitnessAnswer(404, "not a log that is watched here\n");
        }

        if (known.FirstOrDefault(k => k.Open(request.Note) is not null) is not { } key)
        {
            return new WitnessAnswer(403, "not signed by the log\n");
        }

        if (request.OldSize > tree.Size)
        {
            return new WitnessAnswer(400, "the old size is larger than the checkpoint's\n");
        }

        Checkpoint? last = null;
        if (seen(tree.Origin) is { } before && !Checkpoint.TryParse(NoteText.Of(before), out last))
        {
            throw new InvalidOperationException("What was seen of the log cannot be read.");
        }

        if (request.OldSize != (last?.Size ?? 0))
        {
            return new WitnessAnswer(409, string.Create(CultureInfo.InvariantCulture, $"{last?.Size ?? 0}\n"));
        }

        // The specification's own word for it; the content type says that it is no size.
        if (last is { Size: > 0 } && last.Size == tree.Size && !last.Root.AsSpan().SequenceEqual(tree.Root))
        {
            return new WitnessAnswer(409, "another tree of this size was seen\n");
        }

        if (tree.Size == 0 ? !tree.Root.AsSpan().SequenceEqual(Merkle.EmptyRoot) || !request.Proof.IsEmpty
            : last is not { Size: > 0 } ? !request.Proof.IsEmpty
            : !TreeProofs.Continues(last.Size, last.Root, tree.Size, tree.Root, request.Proof))
        {
            return new WitnessAnswer(422, "the tree does not go on where the one ended that was seen last\n");
        }

        var line = cosigner.Sign(text, now);
        return new WitnessAnswer(200, line, $"{text}\n{key.LineOf(request.Note)}{line}");
    }
}
