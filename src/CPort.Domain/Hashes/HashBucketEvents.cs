using CPort.Domain.Hashes.Verbs;

namespace CPort.Domain.Hashes;

/// <summary>
/// What one batch of commands changed in a bucket, which the persistence id names. Applied in the order of the fields; it holds outcomes (the versions), not
/// requests, so that replay consults no policy. A hash is named by its row, which a new value gets by <see cref="New"/>.
/// <para>
/// Who said what stands in the words. There is no metadata of a command: a batch joins those of many callers.
/// </para>
/// </summary>
[ProtoContract, Manifest("he2")]
public sealed record HashesRecorded : IWireEvent
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>As <see cref="EventMeta.RulesVersion"/>.</summary>
    [ProtoMember(2)] public int RulesVersion { get; init; }

    /// <summary>How far agencies are believed from now on.</summary>
    [ProtoMember(3)] public ImmutableArray<RecordedTrust> Trust { get; init; } = [];

    /// <summary>Values that the other fields name by their rows and that had none; those of imports stand with their words.</summary>
    [ProtoMember(4)] public ImmutableArray<HashValues> New { get; init; } = [];
    [ProtoMember(5)] public ImmutableArray<RecordedWord> Words { get; init; } = [];
    [ProtoMember(6)] public ImmutableArray<RecordedSightings> Sightings { get; init; } = [];
    [ProtoMember(7)] public ImmutableArray<VerdictDelivered> Delivered { get; init; } = [];
    [ProtoMember(8)] public ImmutableArray<RecordedQuarantine> Quarantined { get; init; } = [];
}

/// <summary>Values of one algorithm, one after the other.</summary>
[ProtoContract]
public sealed record HashValues
{
    [ProtoMember(1)] public required HashAlgorithm Algorithm { get; init; }
    [ProtoMember(2)] public byte[] Values { get; init; } = [];
}

/// <summary>One distinct entry of a <see cref="HashBucketImage"/>.</summary>
[ProtoContract]
public sealed record HashEntrySnapshot
{
    [ProtoMember(1)] public long Version { get; init; }
    [ProtoMember(2)] public ImmutableArray<SourceOpinion> Sources { get; init; } = [];
    [ProtoMember(3)] public ImmutableArray<PastOpinion> History { get; init; } = [];
}

/// <summary>
/// A bucket's whole state, compactly: the values by algorithm, in order of their rows; entries that many hashes share, once; sightings only where there are
/// any, in fixed-length records.
/// </summary>
[ProtoContract, Manifest("hs3")]
public sealed record HashBucketImage : IWireEvent, ISizedWireMessage
{
    /// <summary>Bytes of one sighting in <see cref="Sightings"/>: report id 16, ordinal 4, version told 8, little-endian.</summary>
    public const int SightingBytes = 28;

    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }

    /// <summary>One an algorithm.</summary>
    [ProtoMember(2)] public ImmutableArray<HashColumnImage> Columns { get; init; } = [];
    [ProtoMember(3)] public ImmutableArray<HashEntrySnapshot> Entries { get; init; } = [];

    /// <summary>Pairs: a row with sightings, and how many.</summary>
    [ProtoMember(4, IsPacked = true)] public int[] Sighted { get; init; } = [];
    [ProtoMember(5)] public byte[] Sightings { get; init; } = [];
    [ProtoMember(6)] public ImmutableArray<QuarantinedRow> Quarantined { get; init; } = [];

    /// <summary>The trust of each agency that has spoken here.</summary>
    [ProtoMember(7)] public ImmutableArray<RecordedTrust> Trust { get; init; } = [];

    int ISizedWireMessage.SizeHint =>
        Columns.Sum(c => c.Values.Length + (5 * c.EntryRuns.Length) + 20) + Sightings.Length + (5 * Sighted.Length) + (300 * Entries.Length)
        + (60 * (Quarantined.Length + Trust.Length)) + 200;
}

/// <summary>The values of one algorithm.</summary>
[ProtoContract]
public sealed record HashColumnImage
{
    [ProtoMember(1)] public required HashAlgorithm Algorithm { get; init; }
    [ProtoMember(2)] public byte[] Values { get; init; } = [];

    /// <summary>Pairs: the number of an entry (-1: none), and how many values in a row have it; the rows of an import stand together.</summary>
    [ProtoMember(3, IsPacked = true)] public int[] EntryRuns { get; init; } = [];
}

/// <summary>A row of a <see cref="HashBucketImage"/> with its quarantine.</summary>
[ProtoContract]
public sealed record QuarantinedRow
{
    [ProtoMember(1)] public int Row { get; init; }
    [ProtoMember(2)] public required HashQuarantine State { get; init; }
}
