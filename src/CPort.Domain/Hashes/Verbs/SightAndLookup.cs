using System.Runtime.InteropServices;

namespace CPort.Domain.Hashes.Verbs;

/// <summary>
/// Records that items carry hashes and what those who reported or assessed the items say of them, and asks what is known of each, all in one write. What is
/// known already writes nothing. Answered by <see cref="HashesAnswered"/>, verdicts in the order of <see cref="Sightings"/> with the words in them, once
/// durable: the items' reports need not be told of these verdicts any more.
/// </summary>
[ProtoContract, Manifest("hc1")]
public sealed record SightAndLookup : IHashBucketWrite
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public required long RequestId { get; init; }
    [ProtoMember(3)] public ImmutableArray<HashSighting> Sightings { get; init; } = [];
    [ProtoMember(15)] public ImmutableArray<string> TraceParents { get; init; } = [];

    IEnumerable<AgencyId> IHashBucketWrite.Speakers => Sightings.SelectMany(s => s.Words, (_, word) => word.Opinion.Agency).Distinct();

    HashBucketOutcome IHashBucketWrite.Decide(HashBatch batch)
    {
        foreach (var s in Sightings)
        {
            if (batch.Belongs(s.Hash))
            {
                batch.Sight(s.Hash, s.Item);
                foreach (var word in s.Words)
                {
                    var opinion = word.Opinion;
                    batch.Say(s.Hash, new SourceOpinion { Opinion = opinion with { Item = opinion.Item ?? s.Item }, Retracted = word.Retract });
                }
            }
        }

        return default;
    }
}

/// <summary>A hash seen on a report's item, and what is said of it there.</summary>
[ProtoContract]
public sealed record HashSighting
{
    [ProtoMember(1)] public required ContentHash Hash { get; init; }
    [ProtoMember(2)] public required ItemRef Item { get; init; }

    /// <summary>The item's own opinions.</summary>
    [ProtoMember(3)] public ImmutableArray<OpinionOnItem> Words { get; init; } = [];
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

/// <summary>The hashes that items of one report were newly seen with: rows, and the item of each.</summary>
[ProtoContract]
public sealed record RecordedSightings
{
    [ProtoMember(1)] public required ReportId Report { get; init; }
    [ProtoMember(2, IsPacked = true)] public int[] Rows { get; init; } = [];
    [ProtoMember(3, IsPacked = true)] public int[] Ordinals { get; init; } = [];

    internal static RecordedSightings Of(ReportId report, IEnumerable<(int Row, ItemRef Item)> sightings)
    {
        var all = sightings.ToList();
        return new() { Report = report, Rows = [.. all.Select(s => s.Row)], Ordinals = [.. all.Select(s => s.Item.Ordinal)] };
    }

    /// <summary>With the verdict that holds now, which is the one their reports are answered.</summary>
    internal static void Apply(HashBucket state, ImmutableArray<RecordedSightings> reports)
    {
        var byRow = new Dictionary<int, List<ItemRef>>();
        foreach (var report in reports)
        {
            if (report.Rows.Length != report.Ordinals.Length)
            {
                throw new InvalidDataException("Sightings without an item.");
            }

            for (var i = 0; i < report.Rows.Length; i++)
            {
                ref var items = ref CollectionsMarshal.GetValueRefOrAddDefault(byRow, state.Held(report.Rows[i]), out _);
                (items ??= []).Add(new ItemRef(report.Report, report.Ordinals[i]));
            }
        }

        foreach (var (row, items) in byRow)
        {
            state.Sightings.Add(row, items, state.EntryOf(row).Version);
        }
    }
}
