using System.Collections.Immutable;
using CPort.Actors.Agencies;
using CPort.Actors.CodeLists;
using CPort.Actors.Reports;
using CPort.Actors.Serialization;
using ProtoBuf;

namespace CPort.Actors.Hashes;

/// <summary>
/// What one batch of commands changed in a bucket. Applied in the order opinions, sightings, deliveries; it holds outcomes (the versions), not
/// requests, so that replay consults no policy.
/// </summary>
[ProtoContract]
[Manifest("he1")]
public sealed record HashesRecorded : IWireEvent
{
    /// <summary>System's hand: the batch joins commands of several callers; who said what stands in the opinions.</summary>
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(3)] public ImmutableArray<RecordedOpinions> Opinions { get; init; } = [];
    [ProtoMember(4)] public ImmutableArray<HashSighting> Sightings { get; init; } = [];
    [ProtoMember(5)] public ImmutableArray<VerdictDelivered> Delivered { get; init; } = [];
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

/// <summary>A report took the verdict on a hash for its items in the ordinal range.</summary>
[ProtoContract]
public sealed record VerdictDelivered
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required ContentHash Hash { get; init; }
    [ProtoMember(3)] public required long Version { get; init; }
    [ProtoMember(4)] public required int FirstOrdinal { get; init; }
    [ProtoMember(5)] public required int LastOrdinal { get; init; }
}

/// <summary>
/// A bucket's whole state, compactly: the hashes one after the other, and for each the number of its entry; entries that many hashes of an
/// import share are written once.
/// </summary>
[ProtoContract]
[Manifest("hs1")]
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
