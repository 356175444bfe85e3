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

    IEnumerable<AgencyId> IHashBucketWrite.Speakers => Opinions.Select(o => o.Opinion.Agency).Distinct();

    HashBucketOutcome IHashBucketWrite.Decide(HashBatch batch)
    {
        var changed = Opinions.Count(o =>
            batch.Belongs(o.Hash) && (!OnlyStanding || batch.EntryOf(o.Hash).Stands(o.ToWord())) && batch.Say(o.Hash, o.ToWord()));
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

/// <summary>One word of a source on one or many hashes.</summary>
[ProtoContract]
public sealed record RecordedWord
{
    [ProtoMember(1)] public required SourceOpinion Word { get; init; }

    /// <summary>The hashes.</summary>
    [ProtoMember(2, IsPacked = true)] public int[] Rows { get; init; } = [];

    /// <summary>By <see cref="Rows"/>: the verdict's version after this.</summary>
    [ProtoMember(3, IsPacked = true)] public long[] Versions { get; init; } = [];

    /// <summary>Hashes of an import, by value; applied after <see cref="Rows"/>.</summary>
    [ProtoMember(4)] public ImmutableArray<PackedHashes> Packed { get; init; } = [];

    internal void ApplyTo(HashBucket state)
    {
        if (Rows.Length != Versions.Length)
        {
            throw new InvalidDataException("Words without a version.");
        }

        state.Hear(Word.Opinion.Agency, Word.Opinion.Trust);
        for (var i = 0; i < Rows.Length; i++)
        {
            var (row, version) = (state.Held(Rows[i]), Versions[i]);
            state.SetEntry(row, Word.Opinion.Item is null ? state.Step(state.EntryOf(row), Word, version) : state.EntryOf(row).Put(Word, version));
        }

        foreach (var part in Packed)
        {
            part.ApplyTo(state, Word);
        }
    }

    /// <summary>The item whose own word it is has the verdict by the answer to it; after all words of the batch, as the answer is.</summary>
    internal void Tell(HashBucket state)
    {
        if (Word.Opinion.Item is { } item)
        {
            foreach (var row in Rows)
            {
                state.Deliver(row, item.Report, state.EntryOf(row).Version, item.Ordinal, item.Ordinal);
            }
        }
    }
}
