using CPort.Actors.CodeLists;
using ProtoBuf;

namespace CPort.Actors.Routing;

/// <summary>Who says where something is hosted.</summary>
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
}

/// <summary>Where something is hosted, as one source sees it. A CDN's edge is noted apart from the origin behind it.</summary>
[ProtoContract]
public sealed record HostingFacts
{
    /// <summary>The hosting country; null is "unknown", never a guess.</summary>
    [ProtoMember(1)] public Country? Country { get; init; }

    /// <summary>Canonical text of the address.</summary>
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

    /// <summary>0 to 100.</summary>
    [ProtoMember(11)] public int Confidence { get; init; }

    /// <summary>UTC.</summary>
    [ProtoMember(12)] public required DateTimeOffset TracedAt { get; init; }
}
