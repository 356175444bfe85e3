using CPort.Domain.Hashes;

namespace CPort.Domain.Inheritance;

/// <summary>What an item's hash verdicts amount to.</summary>
public enum InheritanceKind
{
    /// <summary>A verdict that others are entitled to take over without a human look.</summary>
    Inherited = 1,

    /// <summary>Worth showing to an analyst, decides nothing: near, a weak hash alone, an untrusted or single source.</summary>
    Suggested = 2,

    /// <summary>Nationally illegal in other countries; queued here.</summary>
    NationalElsewhere = 3,

    /// <summary>Believed opinions contradict; never silently chosen.</summary>
    Disputed = 4,
}

/// <summary>The inheritance policy's decision on one item, with what it came from. Stored with the event: replay never consults today's policy.</summary>
[ProtoContract]
public sealed record InheritanceDecision
{
    [ProtoMember(1)] public required InheritanceKind Kind { get; init; }

    /// <summary>The inherited or suggested classification.</summary>
    [ProtoMember(2)] public Classification? Classification { get; init; }

    /// <summary>
    /// The countries whose law made it so: the item's own for National and NotIllegal, the others for <see cref="InheritanceKind.NationalElsewhere"/>.
    /// </summary>
    [ProtoMember(3)] public ImmutableArray<Country> Countries { get; init; } = [];

    /// <summary>The hash that decided, and its verdict's version.</summary>
    [ProtoMember(4)] public ContentHash? DecisiveHash { get; init; }
    [ProtoMember(5)] public long VerdictVersion { get; init; }

    /// <summary>The opinions it rests on.</summary>
    [ProtoMember(6)] public ImmutableArray<HashOpinion> Sources { get; init; } = [];

    /// <summary>One sentence for people, without hash values: "SHA-256 assessed Baseline by hotline-nl (trusted)".</summary>
    [ProtoMember(7)] public string Why { get; init; } = "";

    /// <summary>Hamming distance of the nearest PDQ value, when that is what suggests.</summary>
    [ProtoMember(8)] public int? Distance { get; init; }
}
