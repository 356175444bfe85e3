using CPort.Domain.Hashes.Verbs;

namespace CPort.Domain.Hashes;

/// <summary>
/// A message for one hash bucket; the shard extractor routes by <see cref="Bucket"/>. Carries at most <see cref="HashBucketLimits.Part"/> rows.
/// </summary>
public interface IHashBucketMessage : IWireMessage
{
    HashBucketId Bucket { get; }
}

/// <summary>A question that the bucket's state alone answers; changes nothing.</summary>
public interface IHashBucketQuestion : IHashBucketMessage;

/// <summary>A message that may change the bucket; collected and persisted with others as one event.</summary>
public interface IHashBucketWrite : IHashBucketMessage
{
    /// <summary>Given back in the answer; the asker's own numbering.</summary>
    long RequestId { get; }

    /// <summary>Adds what the message changes to the batch; only reads the bucket's state.</summary>
    internal HashBucketOutcome Decide(HashBatch batch);

    /// <summary>The agencies whose words it carries, each once.</summary>
    IEnumerable<AgencyId> Speakers => [];

    /// <summary>Recorded traces of the reports whose rows it carries.</summary>
    ImmutableArray<string> TraceParents => [];
}

/// <summary>An answer of a bucket that names the request it answers.</summary>
public interface IHashBucketReply : IWireReply
{
    long RequestId { get; }
}

/// <summary>The limits of what one message, event or answer of a bucket carries.</summary>
public static class HashBucketLimits
{
    /// <summary>Rows a message.</summary>
    public const int Part = 200;

    /// <summary>Bytes (estimated) an answer; a longer one is cut and the asker asks again for the rest.</summary>
    public const int PartBytes = 100_000;

    /// <summary>Near queries a message.</summary>
    public const int NearPart = 200;

    /// <summary>Items on one page of a preview.</summary>
    public const int PreviewPage = 2_000;
}

/// <summary>Marks that a list sets on a hash.</summary>
[Flags]
public enum HashFlags
{
    None = 0,
    VictimIdentified = 1,
    SeriesKnown = 2,

    /// <summary>Never matches; counts only from a trusted source, or anyone could blind the others.</summary>
    Trap = 4,
}

/// <summary>
/// Asks what is known of hashes and changes nothing. Answered by <see cref="HashesAnswered"/>, verdicts in the order of <see cref="Hashes"/>.
/// </summary>
[ProtoContract, Manifest("hq1")]
public sealed record LookupHashes : IHashBucketMessage
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public required long RequestId { get; init; }
    [ProtoMember(3)] public ImmutableArray<ContentHash> Hashes { get; init; } = [];
}

/// <summary>
/// Which items would be told if these opinions were recorded now; changes nothing. Answered page by page by <see cref="ChangePreviewed"/>: give
/// <see cref="ChangePreviewed.NextOpinion"/> and <see cref="ChangePreviewed.NextSighting"/> back until the page says it is the last.
/// </summary>
[ProtoContract, Manifest("hq2")]
public sealed record PreviewChange : IHashBucketQuestion
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public required long RequestId { get; init; }
    [ProtoMember(3)] public ImmutableArray<OpinionOnHash> Opinions { get; init; } = [];
    [ProtoMember(4)] public int FromOpinion { get; init; }
    [ProtoMember(5)] public int FromSighting { get; init; }

    /// <summary>As <see cref="RecordBucketOpinions.OnlyStanding"/>.</summary>
    [ProtoMember(6)] public bool OnlyStanding { get; init; }
}

/// <summary>What a change would do to one source's word on a hash. One byte on the wire; never renumber.</summary>
public enum OpinionChangeOutcome : byte
{
    /// <summary>Its word becomes another.</summary>
    Changes = 1,

    /// <summary>It says so already, or has said something later.</summary>
    Unchanged = 2,

    /// <summary>The source has no word on the hash that could be put right or taken back.</summary>
    NoWord = 3,
}

/// <summary>A page of the items that a change would reach.</summary>
[ProtoContract, Manifest("hr4")]
public sealed record ChangePreviewed : IHashBucketReply
{
    [ProtoMember(1)] public required long RequestId { get; init; }
    [ProtoMember(2)] public ImmutableArray<ItemRef> Items { get; init; } = [];

    /// <summary>Verdicts that would change, counted on the page where each hash begins.</summary>
    [ProtoMember(3)] public int Verdicts { get; init; }
    [ProtoMember(4)] public bool Last { get; init; }
    [ProtoMember(5)] public int NextOpinion { get; init; }
    [ProtoMember(6)] public int NextSighting { get; init; }

    /// <summary>On the first page: one <see cref="OpinionChangeOutcome"/> an opinion, in order.</summary>
    [ProtoMember(7)] public byte[] Outcomes { get; init; } = [];
}

/// <summary>Everything the bucket holds of one hash, sightings a page at a time. Answered by <see cref="HashEntryReply"/>.</summary>
[ProtoContract, Manifest("hq3")]
public sealed record GetHashEntry : IHashBucketQuestion
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public required ContentHash Hash { get; init; }

    /// <summary>The last item of the page before; null for the first page.</summary>
    [ProtoMember(3)] public ItemRef? After { get; init; }

    /// <summary>1 to 200.</summary>
    [ProtoMember(4)] public int Limit { get; init; } = HashBucketLimits.Part;
}

/// <summary>One hash: verdict, every source's current word (also doubtful ones), what was said before (newest first, at most 200), sightings.</summary>
[ProtoContract, Manifest("hr5")]
public sealed record HashEntryReply : IWireReply
{
    [ProtoMember(1)] public required HashVerdict Verdict { get; init; }
    [ProtoMember(2)] public ImmutableArray<SourceOpinion> Sources { get; init; } = [];
    [ProtoMember(3)] public ImmutableArray<PastOpinion> History { get; init; } = [];
    [ProtoMember(4)] public int HistoryCount { get; init; }

    /// <summary>By report and ordinal.</summary>
    [ProtoMember(5)] public ImmutableArray<ItemRef> Sightings { get; init; } = [];

    /// <summary>More sightings follow after the last one listed.</summary>
    [ProtoMember(6)] public bool MoreSightings { get; init; }
}

/// <summary>One near query.</summary>
[ProtoContract]
public sealed record NearQuery
{
    [ProtoMember(1)] public required ContentHash Hash { get; init; }

    /// <summary>Hamming distance, 0 to <see cref="PdqLimits.MaxRadius"/>.</summary>
    [ProtoMember(2)] public required int Radius { get; init; }

    /// <summary>Known values to list, 1 to 100.</summary>
    [ProtoMember(3)] public required int MaxResults { get; init; }

    /// <summary>Values seen on items of which nothing is known to list besides, 0 to 100: the look-alikes that form groups.</summary>
    [ProtoMember(4)] public int MaxLookAlikes { get; init; }
}

/// <summary>
/// A PDQ value near a query that items carry and of which no opinion counts. The query's own value is among them, at distance 0, once it has been sighted.
/// </summary>
[ProtoContract]
public sealed record LookAlike
{
    [ProtoMember(1)] public required ContentHash Hash { get; init; }

    /// <summary>Hamming distance to the query, 0 to the radius.</summary>
    [ProtoMember(2)] public required int Distance { get; init; }

    /// <summary>How many items carry the value.</summary>
    [ProtoMember(3)] public required int Items { get; init; }
}

/// <summary>Asks a PDQ bucket for known values near the queries'. Answered by <see cref="NearFound"/>.</summary>
[ProtoContract, Manifest("hq4")]
public sealed record SearchNear : IHashBucketMessage
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public required long RequestId { get; init; }

    /// <summary>At most <see cref="HashBucketLimits.NearPart"/>.</summary>
    [ProtoMember(3)] public ImmutableArray<NearQuery> Queries { get; init; } = [];
}

/// <summary>What one bucket found near one query: known values, nearest first.</summary>
[ProtoContract]
public sealed record NearAnswer
{
    /// <summary>Nothing found.</summary>
    internal static readonly NearAnswer Nothing = new();

    [ProtoMember(1)] public ImmutableArray<NearMatch> Matches { get; init; } = [];
    [ProtoMember(2)] public bool Truncated { get; init; }

    /// <summary>Nearest first; empty unless <see cref="NearQuery.MaxLookAlikes"/> asks for them.</summary>
    [ProtoMember(3)] public ImmutableArray<LookAlike> LookAlikes { get; init; } = [];

    internal bool IsNothing => Matches.IsEmpty && LookAlikes.IsEmpty && !Truncated;

    /// <summary>Estimated bytes on the wire.</summary>
    internal int Weight => IsNothing ? 0 : 8 + Matches.Sum(m => HashBucketRules.WeightOf(m.Verdict)) + (50 * LookAlikes.Length);
}

/// <summary>Answers in the order of the queries; fewer than asked when the rest would not fit: ask again for those.</summary>
[ProtoContract, Manifest("hr6")]
public sealed record NearFound : IHashBucketReply
{
    [ProtoMember(1)] public required long RequestId { get; init; }
    [ProtoMember(2)] public ImmutableArray<NearAnswer> Answers { get; init; } = [];
}

/// <summary>Counts of one bucket. Answered by <see cref="BucketStats"/>.</summary>
[ProtoContract, Manifest("hq5")]
public sealed record GetBucketStats : IHashBucketMessage
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
}

/// <summary>Counts of one bucket.</summary>
[ProtoContract, Manifest("hr7")]
public sealed record BucketStats : IWireReply
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }

    /// <summary>Hashes with an opinion or a sighting.</summary>
    [ProtoMember(2)] public int Hashes { get; init; }

    /// <summary>Hashes with an opinion that counts.</summary>
    [ProtoMember(3)] public int Known { get; init; }
    [ProtoMember(4)] public long Sightings { get; init; }

    /// <summary>Reports that have yet to take a changed verdict.</summary>
    [ProtoMember(5)] public int ReportsToTell { get; init; }

    /// <summary>About so much memory does the bucket take, with its index, bytes.</summary>
    [ProtoMember(6)] public long MemoryBytes { get; init; }

    /// <summary>How <see cref="Hashes"/> are divided.</summary>
    [ProtoMember(7)] public ImmutableArray<AlgorithmCount> Algorithms { get; init; } = [];
}

/// <summary>Hashes of one algorithm.</summary>
[ProtoContract]
public sealed record AlgorithmCount
{
    [ProtoMember(1)] public required HashAlgorithm Algorithm { get; init; }
    [ProtoMember(2)] public required int Hashes { get; init; }
}
