using CPort.Actors.Agencies;
using CPort.Actors.People;
using CPort.Domain.Agencies;
using CPort.Domain.People;
using CPort.Portal.SignIn;

namespace CPort.Portal.Police;

/// <summary>An agency that can be chosen.</summary>
public sealed record ChosenAgency(string Id, string Name);

/// <summary>To whom items and referrals can go, and who of the own agency works on one.</summary>
internal sealed class PoliceAgencies(AgencyDirectoryFeed agencies, PeopleDirectoryFeed people, PortalSessions names, TimeProvider time)
{
    /// <summary>To whom an item may be referred: police to itself, a hotline to any; of these countries first.</summary>
    public ImmutableArray<ChosenAgency> ForItem(Caller caller, params IEnumerable<string?> countries)
    {
        var near = countries.OfType<string>().ToHashSet(StringComparer.Ordinal);
        return caller.Kind != AgencyKind.Hotline ? [.. Police().Where(a => a.Id == caller.Agency).Select(Of)]
            : [.. Police().OrderByDescending(a => CountriesOf(a).Any(c => near.Contains(c.Code))).ThenBy(a => a.Kind != AgencyKind.Interpol).Select(Of)];
    }

    /// <summary>To whom a referral may be handed on: other police of the own countries, and INTERPOL.</summary>
    public ImmutableArray<ChosenAgency> ToForward(Caller caller) =>
    [
        .. Police().Where(a => a.Id != caller.Agency
                && (a.Kind == AgencyKind.Interpol || caller.Kind == AgencyKind.Interpol || CountriesOf(a).Any(c => caller.WorksFor(c))))
            .OrderBy(a => a.Kind == AgencyKind.Interpol).Select(Of),
    ];

    /// <summary>The name of a person of the own agency; null: it was a key, or nobody that is known.</summary>
    public string? NameOf(Caller caller, string? keyId) =>
        PersonId.TryParse(keyId, out var id) && people.Current.Find(id) is { } person && person.Agency == caller.Agency ? names.NameOf(person) : null;

    private IEnumerable<Agency> Police() =>
        agencies.Current.Agencies.Where(a => a is { Active: true, Kind: AgencyKind.Police or AgencyKind.Interpol });

    private IEnumerable<Country> CountriesOf(Agency agency) => new DirectoryMembership(agencies.Current, time.GetUtcNow()).CountriesOf(agency.Id);

    private static ChosenAgency Of(Agency agency) => new(agency.Id.Value, agency.Name);
}
