using CPort.Domain.Agencies;
using CPort.Domain.Confidential;
using CPort.Domain.People;

namespace CPort.Api.People;

/// <summary>What a caller is shown of people, by the table of people (docs/access.md); the portal's pages show the same.</summary>
public static class PeopleViews
{
    /// <summary>Null: the agency is not known here.</summary>
    public static PersonAnswer? Of(Person person, Caller caller, AgencyDirectory agencies, ConfidentialSeam seam, DateTimeOffset now)
    {
        if (PeopleRules.Facts(person, agencies, now) is not { } facts)
        {
            return null;
        }

        var sight = AccessTable.SightOf(caller, facts);
        var secrets = sight == PersonSight.Personal || (sight == PersonSight.RoleAndUnit && person.Settings.NameVisible)
            ? seam.Open<PersonSecrets>(PersonMarks.Place(person.Id), person.Secrets) : null;
        var shown = new PersonAnswer { Agency = person.Agency.Value, Roles = Names(person.Roles), Unit = person.Unit, Name = secrets?.Name };
        if (sight == PersonSight.RoleAndUnit)
        {
            return shown;
        }

        var standing = PeopleAccess.RolesOf(person, agencies, now).Standing;
        return shown with
        {
            Id = person.Id.Value, SignInName = secrets?.SignInName, Address = secrets?.Address, State = person.State,
            Standing = standing == Standing.Good || person.State is PersonState.Invited or PersonState.Stopped ? null : standing,
            InvitedAt = person.InvitedAt, InvitedBy = person.InvitedBy, CameAt = person.CameAt, ConfirmedAt = person.ConfirmedAt,
            ConfirmedBy = person.ConfirmedBy, CertifiedUntil = person.CertifiedUntil, StoppedAt = person.StoppedAt, StoppedBy = person.StoppedBy,
            HasProvider = !person.Providers.IsEmpty,
        };
    }

    /// <summary>Roles by name, lowest first.</summary>
    public static IReadOnlyList<string> Names(Roles roles) =>
        [.. Enum.GetValues<Roles>().Where(r => r != Roles.None && roles.HasFlag(r)).Select(r => r.ToString())];
}
