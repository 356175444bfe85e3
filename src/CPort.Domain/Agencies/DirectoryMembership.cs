namespace CPort.Domain.Agencies;

/// <summary>The directory as routing sees it on one day.</summary>
public sealed class DirectoryMembership(AgencyDirectory directory, DateTimeOffset now) : IMembership
{
    private readonly DateOnly _day = AgencyDirectory.DayOf(now);

    public AgencyId? Interpol => directory.Interpol;

    public ImmutableArray<AgencyId> HotlinesOf(Country country) => directory.HotlinesOf(country, _day);

    public ImmutableArray<Country> CountriesOf(AgencyId agency) => directory.Find(agency)?.CountriesOn(_day) ?? [];

    public bool HoldsOrphanMandate(AgencyId agency) => directory.MandatedHotlines.Contains(agency);

    public AgencyId? PoliceOf(Country country) => directory.PoliceOf(country, _day) is [var first, ..] ? first : null;

    public TrustLevel? TrustOf(AgencyId agency) => directory.Find(agency)?.PresentTrust;
}
