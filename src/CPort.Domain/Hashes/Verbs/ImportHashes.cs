namespace CPort.Domain.Hashes.Verbs;

/// <summary>Imports rows of a list; the same rows again write nothing, whatever their date. Answered by <see cref="HashesImported"/> once durable.</summary>
[ProtoContract, Manifest("hc3")]
public sealed record ImportHashes : IHashBucketWrite
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public required long RequestId { get; init; }
    [ProtoMember(3)] public required HashListSource Source { get; init; }
    [ProtoMember(4)] public ImmutableArray<HashListRow> Rows { get; init; } = [];

    HashBucketOutcome IHashBucketWrite.Decide(HashBatch batch)
    {
        batch.EnsureCapacity(Rows.Length);
        var parts = new ImportParts(batch, Source);
        var outcomes = new byte[Rows.Length];
        Array.Fill(outcomes, (byte)HashRowOutcome.Unchanged);
        for (var i = 0; i < Rows.Length; i++)
        {
            var r = Rows[i];
            if (!batch.Belongs(r.Hash) || r is { Hash.Algorithm: HashAlgorithm.Pdq, PdqQuality: < PdqLimits.QualityFloor })
            {
                outcomes[i] = (byte)HashRowOutcome.Ignored;
                continue;
            }

            var again = batch.TryGetChanged(r.Hash, out var entry);
            entry ??= batch.State.EntryOf(r.Hash);
            if (parts.After(entry, r) is not { } after)
            {
                continue;
            }

            if (again)
            {
                parts.Close();
            }

            batch.Set(r.Hash, after);
            parts.Add(r, after.Version);
            outcomes[i] = (byte)(entry.Sources.Length < after.Sources.Length ? HashRowOutcome.Added
                : r.Retract ? HashRowOutcome.Retracted
                : HashRowOutcome.Changed);
        }

        parts.Close();
        return new HashBucketOutcome(outcomes.Count(o => o is not ((byte)HashRowOutcome.Unchanged or (byte)HashRowOutcome.Ignored)), outcomes);
    }
}

/// <summary>Whose list is imported; the rows share it.</summary>
[ProtoContract]
public sealed record HashListSource
{
    [ProtoMember(1)] public required AgencyId Agency { get; init; }

    /// <summary>The list's name, 1 to 100 characters; with the agency it is the source.</summary>
    [ProtoMember(2)] public required string List { get; init; }
    [ProtoMember(3)] public required TrustLevel Trust { get; init; }

    /// <summary>When the list was made or, not knowing better, imported, UTC. Rows older than what the source said before have no effect.</summary>
    [ProtoMember(4)] public required DateTimeOffset At { get; init; }
}

/// <summary>One row of a list of known hashes.</summary>
[ProtoContract]
public sealed record HashListRow
{
    [ProtoMember(1)] public required ContentHash Hash { get; init; }
    [ProtoMember(2)] public required Classification Classification { get; init; }
    [ProtoMember(3)] public Country? Country { get; init; }
    [ProtoMember(4)] public HashFlags Flags { get; init; }

    /// <summary>The list takes the hash back.</summary>
    [ProtoMember(5)] public bool Retract { get; init; }

    /// <summary>0 to 100 where the list gives it; PDQ rows below <see cref="PdqLimits.QualityFloor"/> are left out.</summary>
    [ProtoMember(6)] public int? PdqQuality { get; init; }

    internal SourceOpinion WordOf(HashListSource source) => new()
    {
        Opinion = new HashOpinion
        {
            Agency = source.Agency, List = source.List, Basis = OpinionBasis.List, Classification = Classification,
                Country = Country,
            Trust = source.Trust, At = source.At,
        },
        Flags = Flags, Retracted = Retract,
    };
}

/// <summary>What became of one row of a list. One byte on the wire; never renumber.</summary>
public enum HashRowOutcome : byte
{
    /// <summary>The source had not spoken of the hash before.</summary>
    Added = 1,

    /// <summary>The source's earlier word was replaced.</summary>
    Changed = 2,

    /// <summary>The source's earlier word was taken back.</summary>
    Retracted = 3,

    /// <summary>Said before, or older than what was said.</summary>
    Unchanged = 4,

    /// <summary>A trap value, or PDQ of low quality.</summary>
    Ignored = 5,
}

/// <summary>What became of the rows.</summary>
[ProtoContract, Manifest("hr3")]
public sealed record HashesImported : IHashBucketReply
{
    [ProtoMember(1)] public required long RequestId { get; init; }

    /// <summary>One <see cref="HashRowOutcome"/> a row, in order.</summary>
    [ProtoMember(6)] public byte[] Rows { get; init; } = [];
}

/// <summary>
/// What an import says alike of many hashes: their values one after the other, each of the bucket's algorithm's length, and the rest once. A row costs its
/// value's bytes and is read back without an object of its own.
/// </summary>
[ProtoContract]
public sealed record PackedOpinions
{
    [ProtoMember(1)] public required Classification Classification { get; init; }
    [ProtoMember(2)] public Country? Country { get; init; }
    [ProtoMember(3)] public HashFlags Flags { get; init; }
    [ProtoMember(4)] public bool Retracted { get; init; }

    /// <summary>The verdict's version after this, of each of the hashes.</summary>
    [ProtoMember(5)] public long Version { get; init; }
    [ProtoMember(6)] public byte[] Hashes { get; init; } = [];

    internal void ApplyTo(HashBucket state, SourceOpinion word)
    {
        var length = ContentHash.LengthOf(state.Id.Algorithm);
        if (Hashes.Length % length != 0)
        {
            throw new InvalidDataException("The rows of an import are cut off.");
        }

        (HashEntry? From, HashEntry? To) last = default;
        for (var rest = Hashes.AsSpan(); !rest.IsEmpty; rest = rest[length..])
        {
            var row = state.Add(rest[..length]);
            var from = state.EntryOf(row);

            // The entry that was stepped to may have lost its last row since, when a hash stands twice in the part.
            if (!ReferenceEquals(from, last.From) || last.To!.Number < 0)
            {
                last = (from, state.Step(from, word, Version));
            }

            state.SetEntry(row, last.To!);
        }
    }
}

/// <summary>The rows of an import that say something new, gathered by what they say.</summary>
internal sealed class ImportParts(HashBatch batch, HashListSource source)
{
    private readonly Dictionary<Step, HashEntry?> _steps = [];
    private readonly List<(PackedOpinions Says, List<byte> Hashes)> _parts = [];
    private (Step Step, HashEntry? Next) _last;

    /// <summary>What a row says, and of what entry.</summary>
    private readonly record struct Step(HashEntry Entry, Classification Classification, Country? Country, HashFlags Flags,
        bool Retract);

    /// <summary>
    /// The entry after the row, null when the row has no effect. It depends on what was said before and on what the row says, not on the hash: nearly all rows
    /// of a list are alike.
    /// </summary>
    public HashEntry? After(HashEntry entry, HashListRow row)
    {
        var step = new Step(entry, row.Classification, row.Country, row.Flags, row.Retract);
        if (_last.Step != step)
        {
            if (!_steps.TryGetValue(step, out var next))
            {
                _steps.Add(step, next = entry.After(row.WordOf(source), byContent: true));
            }

            _last = (step, next);
        }

        return _last.Next;
    }

    public void Add(HashListRow row, long version)
    {
        // From the last on: a row mostly says what the one before it said.
        for (var i = _parts.Count - 1; i >= 0; i--)
        {
            var says = _parts[i].Says;
            if (says.Version == version && says.Classification == row.Classification && says.Country == row.Country
                && says.Flags == row.Flags
                && says.Retracted == row.Retract)
            {
                _parts[i].Hashes.AddRange(row.Hash.Bytes);
                return;
            }
        }

        var hashes = new List<byte>(row.Hash.Bytes.Length * 64);
        hashes.AddRange(row.Hash.Bytes);
        _parts.Add((new PackedOpinions
        {
            Classification = row.Classification, Country = row.Country, Flags = row.Flags, Retracted = row.Retract,
                Version = version,
        }, hashes));
    }

    /// <summary>
    /// Ends the group. Parts are applied one after the other, so when a hash comes twice in one batch, what came first must stand in a group before.
    /// </summary>
    public void Close()
    {
        if (_parts.Count > 0)
        {
            batch.Opinions.Add(new RecordedOpinions
            {
                Agency = source.Agency, List = source.List, Basis = OpinionBasis.List, Trust = source.Trust, At = source.At,
                Packed = [.. _parts.Select(p => p.Says with { Hashes = [.. p.Hashes] })],
            });
            _parts.Clear();
        }
    }
}
