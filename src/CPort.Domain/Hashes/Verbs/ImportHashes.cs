namespace CPort.Domain.Hashes.Verbs;

/// <summary>Imports rows of a list; the same rows again write nothing, whatever their date. Answered by <see cref="HashesImported"/> once durable.</summary>
[ProtoContract, Manifest("hc3")]
public sealed record ImportHashes : IHashBucketWrite
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public required long RequestId { get; init; }
    [ProtoMember(3)] public required HashListSource Source { get; init; }
    [ProtoMember(4)] public ImmutableArray<HashListRow> Rows { get; init; } = [];

    IEnumerable<AgencyId> IHashBucketWrite.Speakers => [Source.Agency];

    HashBucketOutcome IHashBucketWrite.Decide(HashBatch batch)
    {
        batch.EnsureCapacity(Rows.Length);
        var parts = new ImportParts(batch, Source with { Trust = batch.TrustOf(Source.Agency, Source.Trust) });
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

            var entry = batch.EntryOf(r.Hash, out var again);
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

    /// <summary>Who judged, when that is not the agency: the list's maker. Two agencies that import one list are one origin.</summary>
    [ProtoMember(5)] public string? Origin { get; init; }

    /// <summary>Human only when the import says so and names its origin.</summary>
    [ProtoMember(6)] public OpinionBasis Basis { get; init; } = OpinionBasis.List;

    /// <summary>The countries that the agency speaks for on the day of the import; a row that names another only reports it.</summary>
    [ProtoMember(7)] public ImmutableArray<Country> SpeaksFor { get; init; } = [];

    /// <summary>Whether a row by this law is the country's own word.</summary>
    internal bool Speaks(Country? law) => law is { } country && SpeaksFor.Contains(country);
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

    internal bool SaysTheSame(HashListRow other) =>
        Classification == other.Classification && Country == other.Country && Flags == other.Flags && Retract == other.Retract;

    internal SourceOpinion WordOf(HashListSource source) => new()
    {
        Opinion = new HashOpinion
        {
            Agency = source.Agency, List = source.List, Basis = source.Basis, Classification = Classification, Country = Country,
            Trust = source.Trust, At = source.At, Speaks = source.Speaks(Country), Origin = source.Origin,
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
/// Hashes of which an import says the same word: their values one after the other. A row costs its value's bytes and is read back without an object of its own.
/// </summary>
[ProtoContract]
public sealed record PackedHashes
{
    [ProtoMember(1)] public required HashAlgorithm Algorithm { get; init; }

    /// <summary>The verdict's version after this, of each of the hashes.</summary>
    [ProtoMember(2)] public long Version { get; init; }
    [ProtoMember(3)] public byte[] Values { get; init; } = [];

    internal int Count => Values.Length / ContentHash.LengthOf(Algorithm);

    internal void ApplyTo(HashBucket state, SourceOpinion word)
    {
        var length = ContentHash.LengthOf(Algorithm);
        if (Values.Length % length != 0)
        {
            throw new InvalidDataException("The rows of an import are cut off.");
        }

        (HashEntry? From, HashEntry? To) last = default;
        for (var rest = Values.AsSpan(); !rest.IsEmpty; rest = rest[length..])
        {
            var row = state.Add(Algorithm, rest[..length]);
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
    private readonly List<(HashListRow Says, PackedHashes Part, List<byte> Values)> _parts = [];
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
            var (says, part, _) = _parts[i];
            if (part.Version == version && part.Algorithm == row.Hash.Algorithm && says.SaysTheSame(row))
            {
                _parts[i].Values.AddRange(row.Hash.Bytes);
                return;
            }
        }

        var values = new List<byte>(row.Hash.Bytes.Length * 64);
        values.AddRange(row.Hash.Bytes);
        _parts.Add((row, new PackedHashes { Algorithm = row.Hash.Algorithm, Version = version }, values));
    }

    /// <summary>
    /// Ends the group. Parts are applied one after the other, so when a hash comes twice in one batch, what came first must stand in a group before.
    /// </summary>
    public void Close()
    {
        while (_parts.Count > 0)
        {
            var says = _parts[0].Says;
            batch.Add(new RecordedWord
            {
                Word = says.WordOf(source),
                Packed = [.. _parts.Where(p => p.Says.SaysTheSame(says)).Select(p => p.Part with { Values = [.. p.Values] })],
            });
            _parts.RemoveAll(p => p.Says.SaysTheSame(says));
        }
    }
}
