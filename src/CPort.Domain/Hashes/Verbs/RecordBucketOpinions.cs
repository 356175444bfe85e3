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
    [ProtoMember(15)] public ImmutableArray<string> TraceParents { get; init; } = [];

    HashBucketOutcome IHashBucketWrite.Decide(HashBatch batch)
    {
        var changed = 0;
        foreach (var o in Opinions)
        {
            var word = o.ToWord();
            if (batch.Belongs(o.Hash) && batch.EntryOf(o.Hash) is var entry && entry.After(word, byContent: false) is { } next)
            {
                batch.Set(o.Hash, next);
                changed += next.Version > entry.Version ? 1 : 0;
                batch.Opinions.Add(new RecordedOpinions
                {
                    Agency = o.Opinion.Agency, List = o.Opinion.List, Basis = o.Opinion.Basis, Trust = o.Opinion.Trust,
                        At = o.Opinion.At,
                    Rows =
                    [
                        new RecordedOpinion
                        {
                            Hash = o.Hash, Classification = word.Opinion.Classification, Country = word.Opinion.Country,
                                Flags = word.Flags,
                            Retracted = word.Retracted, Item = word.Opinion.Item, Version = next.Version,
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

    internal void ApplyTo(HashBucket state)
    {
        foreach (var row in Rows)
        {
            var at = state.Add(row.Hash.Bytes);
            var word = WordOf(row.Classification, row.Country, row.Flags, row.Retracted, row.Item);
            state.SetEntry(at, row.Item is null ? state.Step(state.EntryOf(at), word, row.Version) : state.EntryOf(at).Put(word,
                row.Version));
        }

        foreach (var part in Packed)
        {
            part.ApplyTo(state, WordOf(part.Classification, part.Country, part.Flags, part.Retracted, null));
        }
    }

    private SourceOpinion WordOf(Classification classification, Country? country, HashFlags flags, bool retracted,
        ItemRef? item) => new()
    {
        Opinion = new HashOpinion
        {
            Agency = Agency, List = List, Basis = Basis, Classification = classification, Country = country, Trust = Trust,
                At = At, Item = item,
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
}
