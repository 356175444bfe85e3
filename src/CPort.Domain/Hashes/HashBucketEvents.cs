using CPort.Domain.Hashes.Verbs;

namespace CPort.Domain.Hashes;

/// <summary>
/// What one batch of commands changed in a bucket. Applied in the order trust, opinions, sightings, deliveries, quarantine; it holds outcomes (the versions),
/// not requests, so that replay consults no policy.
/// </summary>
[ProtoContract, Manifest("he1")]
public sealed record HashesRecorded : IWireEvent
{
    /// <summary>System's hand: the batch joins commands of several callers; who said what stands in the opinions.</summary>
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(3)] public ImmutableArray<RecordedOpinions> Opinions { get; init; } = [];
    [ProtoMember(4)] public ImmutableArray<HashSighting> Sightings { get; init; } = [];
    [ProtoMember(5)] public ImmutableArray<VerdictDelivered> Delivered { get; init; } = [];

    /// <summary>Applied last.</summary>
    [ProtoMember(6)] public ImmutableArray<RecordedQuarantine> Quarantined { get; init; } = [];

    /// <summary>Applied first.</summary>
    [ProtoMember(7)] public ImmutableArray<RecordedTrust> Trust { get; init; } = [];
}

/// <summary>
/// A bucket's whole state as it was written before <see cref="HashBucketImage"/>; only read. The hashes one after the other, and for each the number of its
/// entry; entries that many hashes of an import share are written once.
/// </summary>
[ProtoContract, Manifest("hs1")]
public sealed record HashBucketSnapshot : IWireEvent
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public byte[] Hashes { get; init; } = [];
    [ProtoMember(3, IsPacked = true)] public int[] EntryOf { get; init; } = [];
    [ProtoMember(4)] public ImmutableArray<HashEntrySnapshot> Entries { get; init; } = [];
}

/// <summary>One distinct entry of a <see cref="HashBucketSnapshot"/>.</summary>
[ProtoContract]
public sealed record HashEntrySnapshot
{
    [ProtoMember(1)] public long Version { get; init; }
    [ProtoMember(2)] public ImmutableArray<SourceOpinion> Sources { get; init; } = [];
    [ProtoMember(3)] public ImmutableArray<PastOpinion> History { get; init; } = [];
    [ProtoMember(4)] public ImmutableArray<ItemRef> Sightings { get; init; } = [];

    /// <summary>By sighting: the verdict's version that its report has taken.</summary>
    [ProtoMember(5, IsPacked = true)] public long[] Told { get; init; } = [];
}

/// <summary>
/// A bucket's whole state, compactly: the values in order of their rows; which entry each row has, as runs, because the rows of an import stand together;
/// entries that many hashes share, once; sightings only where there are any, in fixed-length records.
/// </summary>
[ProtoContract, Manifest("hs2")]
public sealed record HashBucketImage : IWireEvent, ISizedWireMessage
{
    /// <summary>Bytes of one sighting in <see cref="Sightings"/>: report id 16, ordinal 4, version told 8, little-endian.</summary>
    public const int SightingBytes = 28;

    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public byte[] Hashes { get; init; } = [];

    /// <summary>Pairs: the number of an entry, and of how many rows in a row it is the entry.</summary>
    [ProtoMember(3, IsPacked = true)] public int[] EntryRuns { get; init; } = [];

    /// <summary>Without their sightings.</summary>
    [ProtoMember(4)] public ImmutableArray<HashEntrySnapshot> Entries { get; init; } = [];

    /// <summary>Pairs: a row with sightings, and how many.</summary>
    [ProtoMember(5, IsPacked = true)] public int[] Sighted { get; init; } = [];
    [ProtoMember(6)] public byte[] Sightings { get; init; } = [];
    [ProtoMember(7)] public ImmutableArray<QuarantinedRow> Quarantined { get; init; } = [];

    /// <summary>The trust of each agency that the bucket was told of.</summary>
    [ProtoMember(8)] public ImmutableArray<RecordedTrust> Trust { get; init; } = [];

    int ISizedWireMessage.SizeHint =>
        Hashes.Length + Sightings.Length + (5 * (EntryRuns.Length + Sighted.Length)) + (300 * Entries.Length)
        + (60 * (Quarantined.Length + Trust.Length)) + 200;
}

/// <summary>A row of a <see cref="HashBucketImage"/> with its quarantine.</summary>
[ProtoContract]
public sealed record QuarantinedRow
{
    [ProtoMember(1)] public int Row { get; init; }
    [ProtoMember(2)] public required HashQuarantine State { get; init; }
}
