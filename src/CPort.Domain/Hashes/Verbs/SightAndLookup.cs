using System.Runtime.InteropServices;

namespace CPort.Domain.Hashes.Verbs;

/// <summary>
/// Records that items carry hashes and asks what is known of each. A sighting already known writes nothing. Answered by <see cref="HashesAnswered"/>, verdicts
/// in the order of <see cref="Sightings"/>, once durable.
/// </summary>
[ProtoContract, Manifest("hc1")]
public sealed record SightAndLookup : IHashBucketWrite
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public required long RequestId { get; init; }
    [ProtoMember(3)] public ImmutableArray<HashSighting> Sightings { get; init; } = [];
    [ProtoMember(15)] public ImmutableArray<string> TraceParents { get; init; } = [];

    HashBucketOutcome IHashBucketWrite.Decide(HashBatch batch)
    {
        foreach (var s in Sightings)
        {
            if (batch.Belongs(s.Hash) && batch.State.RowOf(s.Hash) is var row
                && (row < 0 || !batch.State.Sightings.Has(row, s.Item)))
            {
                batch.Sight(s);
            }
        }

        return default;
    }

    internal static void Apply(HashBucket state, ImmutableArray<HashSighting> sightings)
    {
        var byRow = new Dictionary<int, List<ItemRef>>();
        foreach (var s in sightings)
        {
            var row = state.Add(s.Hash.Bytes);
            ref var items = ref CollectionsMarshal.GetValueRefOrAddDefault(byRow, row, out _);
            (items ??= []).Add(s.Item);
        }

        foreach (var (row, items) in byRow)
        {
            state.Sightings.Add(row, items, state.EntryOf(row).Version);
        }
    }
}

/// <summary>A hash seen on a report's item.</summary>
[ProtoContract]
public sealed record HashSighting
{
    [ProtoMember(1)] public required ContentHash Hash { get; init; }
    [ProtoMember(2)] public required ItemRef Item { get; init; }
}

/// <summary>
/// Verdicts in the order asked. Fewer than asked when the rest would not fit in <see cref="HashBucketLimits.PartBytes"/>: ask again for those; at least one is
/// always answered.
/// </summary>
[ProtoContract, Manifest("hr1")]
public sealed record HashesAnswered : IHashBucketReply
{
    [ProtoMember(1)] public required long RequestId { get; init; }
    [ProtoMember(2)] public ImmutableArray<HashVerdict> Verdicts { get; init; } = [];
}
