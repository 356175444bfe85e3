namespace CPort.Domain.Routing;

/// <summary>Who says where something is hosted: who told the country, else who told the rest.</summary>
public enum HostingSource
{
    /// <summary>The reporting hotline, with the report.</summary>
    Reported = 1,
    StaticTable = 2,
    MaxMind = 3,

    /// <summary>DNS gave the address; table or mmdb gave the country.</summary>
    Dns = 4,

    /// <summary>An analyst, by hand.</summary>
    Analyst = 5,

    /// <summary>Every tracer was asked and none knew.</summary>
    NotFound = 6,

    /// <summary>The CDN in front told the origin behind it.</summary>
    CdnLookup = 7,
}

/// <summary>Where something is hosted, as one source sees it. A CDN's edge is noted apart from the origin behind it.</summary>
[ProtoContract]
public sealed record HostingFacts
{
    /// <summary>How far a report's own word on its hosting is to be believed.</summary>
    public const int ReportedConfidence = 70;

    /// <summary>The hosting country, by which items are routed; null is "unknown", never a guess. A CDN edge's country is none.</summary>
    [ProtoMember(1)] public Country? Country { get; init; }

    /// <summary>Canonical text of the address (<see cref="IpText"/>); behind a CDN the edge's, like ISP, AS number and organisation.</summary>
    [ProtoMember(2)] public string? IpAddress { get; init; }
    [ProtoMember(3)] public string? Isp { get; init; }
    [ProtoMember(4)] public uint? AutonomousSystemNumber { get; init; }
    [ProtoMember(5)] public string? OrganizationName { get; init; }
    [ProtoMember(6)] public bool IsContentDeliveryNetwork { get; init; }

    /// <summary>Behind a CDN: the country of the origin, when known; then it is the hosting country as well.</summary>
    [ProtoMember(7)] public Country? OriginCountry { get; init; }
    [ProtoMember(8)] public string? OriginIpAddress { get; init; }
    [ProtoMember(9)] public string? OriginOrganization { get; init; }
    [ProtoMember(10)] public required HostingSource Source { get; init; }

    /// <summary>0 to 100: how far <see cref="Country"/> is to be believed; 0 when a trace found none.</summary>
    [ProtoMember(11)] public int Confidence { get; init; }

    /// <summary>UTC.</summary>
    [ProtoMember(12)] public required DateTimeOffset TracedAt { get; init; }

    /// <summary>Where the CDN edge is said to stand: shown, never routed by. Null without a CDN.</summary>
    [ProtoMember(13)] public Country? EdgeCountry { get; init; }
}
