namespace CPort.Domain.Agencies;

/// <summary>Who serves which country today: what routing and the rules need to know of the agencies.</summary>
public interface IMembership
{
    /// <summary>The active hotlines of a country, in a stable order; empty where there is none.</summary>
    ImmutableArray<AgencyId> HotlinesOf(Country country);

    /// <summary>The countries an agency works for; empty when unknown or inactive.</summary>
    ImmutableArray<Country> CountriesOf(AgencyId agency);

    /// <summary>A hotline mandated to take orphans.</summary>
    bool HoldsOrphanMandate(AgencyId agency);

    /// <summary>The country's police, when it takes part.</summary>
    AgencyId? PoliceOf(Country country);

    AgencyId? Interpol { get; }

    /// <summary>The country's national bureau, when it has one.</summary>
    AgencyId? BureauOf(Country country) => null;

    /// <summary>An active agency of police, or INTERPOL.</summary>
    bool IsPoliceOrInterpol(AgencyId agency);

    /// <summary>What the agency has looked at twice.</summary>
    SecondLookPolicy SecondLooksOf(AgencyId agency) => SecondLookPolicy.Off;

    /// <summary>An active, trusted agency of people who judge: others may ask it for a second look.</summary>
    bool GivesLooks(AgencyId agency) => false;

    /// <summary>How far the agency's words are believed now; null when it is not known here.</summary>
    TrustLevel? TrustOf(AgencyId agency);
}
