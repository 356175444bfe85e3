using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using CPort.Actors.CodeLists;
using ProtoBuf;

namespace CPort.Actors.Routing;

/// <summary>Where hosting facts came from; several may have added to one answer.</summary>
[Flags]
public enum HostingSource
{
    /// <summary>Nobody knew anything.</summary>
    None = 0,

    /// <summary>Given in the report by the hotline.</summary>
    Reported = 1,

    /// <summary>The operator's table of networks and domains.</summary>
    StaticTable = 2,

    /// <summary>An mmdb file.</summary>
    MaxMind = 4,

    /// <summary>The address came from DNS.</summary>
    Dns = 8,

    /// <summary>Entered by a person after intake.</summary>
    Analyst = 16,

    /// <summary>A CDN told the origin behind it.</summary>
    CdnLookup = 32,
}

/// <summary>
/// Where an item is hosted, as far as known. Unknown is null, never a guess. Behind a content delivery network the edge and the origin are kept
/// apart: <see cref="IpAddress"/>, <see cref="Isp"/>, <see cref="OrganizationName"/> and <see cref="EdgeCountry"/> are the edge's, and
/// <see cref="Country"/> is the origin's.
/// </summary>
[ProtoContract]
public sealed record HostingFacts
{
    /// <summary>The hosting country that routing goes by; null when unknown, also when only a CDN edge is known.</summary>
    [ProtoMember(1)] public Country? Country { get; init; }

    /// <summary>Canonical text (<see cref="IpText"/>).</summary>
    [ProtoMember(2)] public string? IpAddress { get; init; }
    [ProtoMember(3)] public string? Isp { get; init; }
    [ProtoMember(4)] public uint? AutonomousSystemNumber { get; init; }
    [ProtoMember(5)] public string? OrganizationName { get; init; }
    [ProtoMember(6)] public bool IsContentDeliveryNetwork { get; init; }

    /// <summary>Where the server behind the CDN stands.</summary>
    [ProtoMember(7)] public Country? OriginCountry { get; init; }
    [ProtoMember(8)] public string? OriginIpAddress { get; init; }
    [ProtoMember(9)] public string? OriginOrganization { get; init; }
    [ProtoMember(10)] public HostingSource Source { get; init; }

    /// <summary>0 to 100: how far <see cref="Country"/> is to be believed; 0 when it is unknown.</summary>
    [ProtoMember(11)] public int ConfidencePercent { get; init; }

    /// <summary>When this was found out, UTC.</summary>
    [ProtoMember(12)] public DateTimeOffset TracedAt { get; init; }

    /// <summary>Where the CDN edge's address is registered: shown, never routed by. Null when there is no CDN.</summary>
    [ProtoMember(13)] public Country? EdgeCountry { get; init; }
}

/// <summary>IP addresses as text in one form: dotted IPv4, RFC 5952 IPv6, IPv4 mapped into IPv6 as IPv4, no zones.</summary>
public static class IpText
{
    /// <summary>Reads dotted-decimal IPv4 (four parts, no leading zeros) or IPv6; the odd forms of IPv4 that URLs may have are refused here.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        var trimmed = text?.Trim();
        if (trimmed is not { Length: > 1 and <= 45 } || trimmed.Any(c => !char.IsAsciiHexDigit(c) && c is not (':' or '.'))
            || !IPAddress.TryParse(trimmed, out var read)
            || (read.AddressFamily == AddressFamily.InterNetwork && read.ToString() != trimmed))
        {
            return false;
        }

        address = Plain(read);
        return true;
    }

    /// <summary>The canonical text.</summary>
    public static string Of(IPAddress address) => Plain(address).ToString();

    internal static IPAddress Plain(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address.ScopeId == 0 ? address : new IPAddress(address.GetAddressBytes());
    }
}
