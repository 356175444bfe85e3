namespace CPort.Node.Options;

/// <summary>Who is asked where something is hosted.</summary>
public sealed class HostingOptions
{
    /// <summary>Own table of networks and domains (CSV), asked first.</summary>
    [ExistingFile]
    public string? TableFile { get; set; }

    /// <summary>MaxMind country database (mmdb).</summary>
    [ExistingFile]
    public string? MmdbFile { get; set; }

    /// <summary>MaxMind ASN database (mmdb).</summary>
    [ExistingFile]
    public string? AsnMmdbFile { get; set; }

    /// <summary>
    /// A public suffix list in place of the program's (publicsuffix.org, or Debian's /usr/share/publicsuffix/public_suffix_list.dat). All nodes take the same:
    /// with another list the read tables are built anew.
    /// </summary>
    [ExistingFile]
    public string? PublicSuffixFile { get; set; }

    /// <summary>Whether host names may be looked up by DNS; off, because a look-up tells others what is looked at.</summary>
    public bool Dns { get; set; }
}
