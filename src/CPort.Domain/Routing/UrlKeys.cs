using System.Diagnostics.CodeAnalysis;

namespace CPort.Domain.Routing;

/// <summary>
/// What a URL is searched and recognised by without being shown: keyed hashes (first 16 bytes of HMAC-SHA-256 under keys derived from the master key) of its
/// normal form, host and registrable domain. Equal only under the same master key, suffix list and normaliser version.
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

    /// <summary><see cref="PublicSuffixes.Fingerprint"/> of the list that gave the registrable domain.</summary>
    [ProtoMember(5)] public required string SuffixList { get; init; }

    public bool Equals([NotNullWhen(true)] UrlKeys? other) => other is not null && NormaliserVersion == other.NormaliserVersion
        && SuffixList == other.SuffixList
        && Url.AsSpan().SequenceEqual(other.Url) && Host.AsSpan().SequenceEqual(other.Host) && Domain.AsSpan().SequenceEqual(other.Domain);

    public override int GetHashCode() => Url.Length >= 4 ? BitConverter.ToInt32(Url) : 0;

    public override string ToString() => "UrlKeys(…)";
}

/// <summary>
/// Makes keyed hashes of URLs: the one place where the master key and the suffix list in effect meet, for intake, read tables and search alike.
/// </summary>
public sealed class UrlKeyMaker(ConfidentialSeam seam, PublicSuffixes suffixes)
{
    /// <summary><see cref="PublicSuffixes.Fingerprint"/> of the list in effect.</summary>
    public string SuffixList => suffixes.Fingerprint;

    public UrlKeys Of(WebAddress address) => new()
    {
        Url = Key("url", address.Normalised), Host = OfHost(address), Domain = OfDomain(address),
        NormaliserVersion = WebAddress.NormaliserVersion, SuffixList = suffixes.Fingerprint,
    };

    public byte[] OfHost(WebAddress address) => Key("host", address.Host);

    /// <summary>What can stand in a list of domains for the URL, by the list in effect; null: an address, or a public suffix.</summary>
    public string? DomainOf(WebAddress address) => address.IpLiteral is null ? suffixes.ListableDomain(address.Host) : null;

    /// <summary>By the list in effect, the name's owner and nobody else has what is below it, in a part of the internet that the list knows.</summary>
    public bool IsOnesOwn(string domain) => suffixes.ListableDomain(domain) == domain && suffixes.Names(domain) && !suffixes.HasSuffixesBelow(domain);

    /// <summary>Rules of the list in effect.</summary>
    public int SuffixRules => suffixes.Count;

    /// <summary>Of a registrable domain, as <see cref="UrlKeys.Domain"/> has it.</summary>
    public byte[] OfDomain(string domain) => Key("registrable-domain", domain);

    /// <summary>Of its registrable domain.</summary>
    public byte[] OfDomain(WebAddress address) => Key("registrable-domain", suffixes.RegistrableDomain(address));

    private byte[] Key(string purpose, string text) => seam.Keyed(purpose, Encoding.UTF8.GetBytes(text))[..UrlKeys.Length];
}
