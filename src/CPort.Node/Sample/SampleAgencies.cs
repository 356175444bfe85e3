using CPort.Domain.CodeLists;

namespace CPort.Node.Sample;

/// <summary>
/// A made-up agency of the demo and of synthetic days. The countries are real so that routing is real; the agencies are not. The weight is a hotline's share of
/// a day's reports, relative to the others; 0 for agencies that report nothing.
/// </summary>
public sealed record SampleAgency(AgencyId Id, string Name, AgencyKind Kind, ImmutableArray<Country> Countries, bool OrphanMandate = false, int Weight = 0);

/// <summary>
/// The example agencies: 16 hotlines in 15 countries (Germany has two, so that "assigned to a country" and "to a hotline" are seen to be two steps), two of
/// them mandated for orphans, police in four countries and INTERPOL.
/// </summary>
public static class SampleAgencies
{
    public static ImmutableArray<SampleAgency> Hotlines { get; } =
    [
        Hotline("hotline-nl", "NL", 30, orphans: true), Hotline("hotline-gb", "GB", 18, orphans: true),
            Hotline("hotline-de-a", "DE", 10),
        Hotline("hotline-de-b", "DE", 5), Hotline("hotline-us", "US", 9), Hotline("hotline-ca", "CA", 6),
            Hotline("hotline-fr", "FR", 6),
        Hotline("hotline-se", "SE", 3), Hotline("hotline-fi", "FI", 2), Hotline("hotline-pl", "PL", 2),
            Hotline("hotline-cz", "CZ", 2),
        Hotline("hotline-at", "AT", 2), Hotline("hotline-ie", "IE", 2), Hotline("hotline-hu", "HU", 1),
            Hotline("hotline-jp", "JP", 1),
        Hotline("hotline-br", "BR", 1),
    ];

    public static ImmutableArray<SampleAgency> Others { get; } =
    [
        Agency("police-nl", AgencyKind.Police, "NL"), Agency("police-de", AgencyKind.Police, "DE"),
            Agency("police-gb", AgencyKind.Police, "GB"),
        Agency("police-us", AgencyKind.Police, "US"),
            new(AgencyId.Parse("interpol"), "INTERPOL (example)", AgencyKind.Interpol, []),
    ];

    public static ImmutableArray<SampleAgency> All { get; } = [.. Hotlines, .. Others];

    private static SampleAgency Hotline(string id, string country, int weight, bool orphans = false) =>
        new(AgencyId.Parse(id), $"Example hotline {id[8..].ToUpperInvariant()}", AgencyKind.Hotline, [Country.Parse(country)], orphans, weight);

    private static SampleAgency Agency(string id, AgencyKind kind, string country) =>
        new(AgencyId.Parse(id), $"Example {kind.ToString().ToLowerInvariant()} {country}", kind, [Country.Parse(country)]);
}
