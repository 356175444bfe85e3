namespace CPort.Domain.Hashes.Verbs;

/// <summary>
/// Adds, replaces or retracts opinions. A source's older word never undoes its newer one. Answered by <see cref="OpinionsStored"/> once durable.
/// </summary>
[ProtoContract, Manifest("hc2")]
public sealed record RecordBucketOpinions : IHashBucketWrite
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public required long RequestId { get; init; }
    [ProtoMember(3)] public ImmutableArray<OpinionOnHash> Opinions { get; init; } = [];

    /// <summary>
    /// A correction or retraction of words that were said outside any report: where the source has none that stands, it makes none either.
    /// </summary>
    [ProtoMember(4)] public bool OnlyStanding { get; init; }
    [ProtoMember(15)] public ImmutableArray<string> TraceParents { get; init; } = [];

    IEnumerable<AgencyId> IHashBucketWrite.Speakers => Opinions.Select(o => o.Opinion.Agency).Distinct();

    HashBucketOutcome IHashBucketWrite.Decide(HashBatch batch)
    {
        var changed = 0;
        foreach (var o in Opinions)
        {
            var word = batch.Present(o.ToWord());
            if (batch.Belongs(o.Hash) && batch.EntryOf(o.Hash) is var entry && (!OnlyStanding || entry.Stands(word))
                && entry.After(word, byContent: false) is { } next)
            {
                batch.Set(o.Hash, next);
                changed += next.Version > entry.Version ? 1 : 0;
                batch.Opinions.Add(new RecordedOpinions
                {
                    Agency = o.Opinion.Agency, List = o.Opinion.List, Basis = o.Opinion.Basis, Trust = word.Opinion.Trust,
                    At = o.Opinion.At, Origin = o.Opinion.Origin,
                    Rows =
                    [
                        new RecordedOpinion
                        {
                            Hash = o.Hash, Classification = word.Opinion.Classification, Country = word.Opinion.Country, Flags = word.Flags,
                            Retracted = word.Retracted, Item = word.Opinion.Item, Version = next.Version, Speaks = word.Opinion.Speaks,
                            Sequence = word.Opinion.Sequence,
                        },
                    ],
                });
            }
        }

        return new HashBucketOutcome(changed);
    }
}

/// <summary>All opinions are durable; <see cref="Changed"/> of them changed a verdict.</summary>
[ProtoContract, Manifest("hr2")]
public sealed record OpinionsStored : IHashBucketReply
{
    [ProtoMember(1)] public required long RequestId { get; init; }
    [ProtoMember(2)] public int Changed { get; init; }
}

/// <summary>What one source said at one time of one or many hashes (an import shares these fields over its rows).</summary>
[ProtoContract]
public sealed record RecordedOpinions
{
    [ProtoMember(1)] public required AgencyId Agency { get; init; }
    [ProtoMember(2)] public string? List { get; init; }
    [ProtoMember(3)] public required OpinionBasis Basis { get; init; }
    [ProtoMember(4)] public required TrustLevel Trust { get; init; }
    [ProtoMember(5)] public required DateTimeOffset At { get; init; }
    [ProtoMember(6)] public ImmutableArray<RecordedOpinion> Rows { get; init; } = [];

    /// <summary>Rows of an import, packed; applied after <see cref="Rows"/>.</summary>
    [ProtoMember(7)] public ImmutableArray<PackedOpinions> Packed { get; init; } = [];

    /// <summary>Who judged, when that is not the agency.</summary>
    [ProtoMember(8)] public string? Origin { get; init; }

    internal void ApplyTo(HashBucket state)
    {
        state.Hear(Agency, Trust);
        foreach (var row in Rows)
        {
            var at = state.Add(row.Hash.Bytes);
            var word = WordOf(row.Classification, row.Country, row.Flags, row.Retracted, row.Speaks, row.Item, row.Sequence);
            state.SetEntry(at, row.Item is null ? state.Step(state.EntryOf(at), word, row.Version) : state.EntryOf(at).Put(word,
                row.Version));
        }

        foreach (var part in Packed)
        {
            part.ApplyTo(state, WordOf(part.Classification, part.Country, part.Flags, part.Retracted, part.Speaks));
        }
    }

    private SourceOpinion WordOf(
        Classification classification, Country? country, HashFlags flags, bool retracted, bool speaks, ItemRef? item = null, long sequence = 0) => new()
    {
        Opinion = new HashOpinion
        {
            Agency = Agency, List = List, Basis = Basis, Classification = classification, Country = country, Trust = Trust,
            At = At, Item = item, Speaks = speaks, Origin = Origin, Sequence = sequence,
        },
        Flags = flags, Retracted = retracted,
    };
}

/// <summary>One hash of <see cref="RecordedOpinions"/>.</summary>
[ProtoContract]
public sealed record RecordedOpinion
{
    [ProtoMember(1)] public required ContentHash Hash { get; init; }
    [ProtoMember(2)] public required Classification Classification { get; init; }
    [ProtoMember(3)] public Country? Country { get; init; }
    [ProtoMember(4)] public HashFlags Flags { get; init; }
    [ProtoMember(5)] public bool Retracted { get; init; }
    [ProtoMember(6)] public ItemRef? Item { get; init; }

    /// <summary>The verdict's version after this.</summary>
    [ProtoMember(7)] public long Version { get; init; }
    [ProtoMember(8)] public bool Speaks { get; init; }
    [ProtoMember(9)] public long Sequence { get; init; }
}
