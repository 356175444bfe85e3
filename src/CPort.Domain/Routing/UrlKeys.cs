using System.Diagnostics.CodeAnalysis;
using System.Text;
using CPort.Domain.Confidential;
using ProtoBuf;

namespace CPort.Domain.Routing;

/// <summary>
/// What a URL is searched and recognised by without being shown: keyed hashes (first 16 bytes of HMAC-SHA-256 under keys derived from the
/// master key) of its normal form, host and registrable domain. Equal only under the same master key and normaliser version.
/// </summary>
[ProtoContract]
public sealed record UrlKeys
{
    /// <summary>Bytes in each key.</summary>
    public const int Length = 16;

    [ProtoMember(1)] public required byte[] Url { get; init; }
    [ProtoMember(2)] public required byte[] Host { get; init; }
    [ProtoMember(3)] public required byte[] Domain { get; init; }

    /// <summary><see cref="WebAddress.NormaliserVersion"/> at the time.</summary>
    [ProtoMember(4)] public required int NormaliserVersion { get; init; }

    public static UrlKeys From(ConfidentialSeam seam, WebAddress address) => new()
    {
        Url = Key(seam, "url", address.Normalised),
        Host = ForHost(seam, address.Host),
        Domain = ForDomain(seam, address.RegistrableDomain),
        NormaliserVersion = WebAddress.NormaliserVersion,
    };

    /// <summary>The key of a host in normal form (<see cref="HostNames.TryNormalise"/>; IPv6 in brackets as <see cref="WebAddress.Host"/> gives it).</summary>
    public static byte[] ForHost(ConfidentialSeam seam, string host) => Key(seam, "host", host);

    /// <summary>The key of a registrable domain in normal form.</summary>
    public static byte[] ForDomain(ConfidentialSeam seam, string domain) => Key(seam, "registrable-domain", domain);

    public bool Equals([NotNullWhen(true)] UrlKeys? other) => other is not null && NormaliserVersion == other.NormaliserVersion
        && Url.AsSpan().SequenceEqual(other.Url) && Host.AsSpan().SequenceEqual(other.Host) && Domain.AsSpan().SequenceEqual(other.Domain);

    public override int GetHashCode() => Url.Length >= 4 ? BitConverter.ToInt32(Url) : 0;

    public override string ToString() => "UrlKeys(…)";

    private static byte[] Key(ConfidentialSeam seam, string purpose, string text) => seam.Keyed(purpose, Encoding.UTF8.GetBytes(text))[..Length];
}
