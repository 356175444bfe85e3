namespace CPort.Domain.Agencies;

/// <summary>The directory as routing sees it on one day.</summary>
public sealed class DirectoryMembership(AgencyDirectory directory, DateTimeOffset now) : IMembership
{
    private readonly DateOnly _day = AgencyDirectory.DayOf(now);

    public AgencyId? Interpol => directory.Interpol;

    public ImmutableArray<AgencyId> HotlinesOf(Country country) => directory.HotlinesOf(country, _day);

    public ImmutableArray<Country> CountriesOf(AgencyId agency) => directory.Find(agency) is { Active: true } found ? found.CountriesOn(_day) : [];

    public bool HoldsOrphanMandate(AgencyId agency) => directory.MandatedHotlines.Contains(agency);

    public AgencyId? PoliceOf(Country country) => directory.PoliceOf(country, _day) is [var first, ..] ? first : null;

    public AgencyId? BureauOf(Country country) =>
        directory.PoliceOf(country, _day).Where(a => directory.Find(a)?.IsNationalBureau == true).Cast<AgencyId?>().FirstOrDefault();

    public bool IsPoliceOrInterpol(AgencyId agency) => directory.Find(agency) is { Active: true, Kind: AgencyKind.Police or AgencyKind.Interpol };

    public SecondLookPolicy SecondLooksOf(AgencyId agency) => directory.Find(agency)?.SecondLooks ?? SecondLookPolicy.Off;

    public bool GivesLooks(AgencyId agency) => directory.Find(agency) is
    {
        Active: true, PresentTrust: TrustLevel.Trusted, Kind: AgencyKind.Hotline or AgencyKind.Police or AgencyKind.Interpol,
    };

    public TrustLevel? TrustOf(AgencyId agency) => directory.Find(agency)?.PresentTrust;
}
