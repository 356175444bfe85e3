namespace CPort.Domain.People;

/// <summary>What a session holds of a person's rights besides who it is.</summary>
/// <param name="Tenant">Live or training, chosen at sign-in; whichever training goes on is meant.</param>
/// <param name="Roles">Those chosen at sign-in, of the person's.</param>
/// <param name="Purpose">Why the person looks; null: not said.</param>
/// <param name="PurposeAt">When that was said.</param>
/// <param name="OneWay">The person has one way to sign in only: who loses it is let in again by an administrator alone.</param>
public sealed record SessionRights(Tenant Tenant, Roles Roles, string? Purpose = null, DateTimeOffset? PurposeAt = null, bool OneWay = false);

/// <summary>What stands between a person who is signed in and their work.</summary>
public enum Standing
{
    Good = 1,

    /// <summary>Police or INTERPOL that has not said why it looks, or said so too long ago: sees nothing until then.</summary>
    PurposeNeeded,

    /// <summary>The national bureau has not confirmed the person.</summary>
    AwaitsBureau,

    /// <summary>Nobody has said lately that the roles are still needed.</summary>
    Lapsed,

    /// <summary>The person was stopped or the agency closed: the session is over.</summary>
    Over,

    /// <summary>The person makes a second way to sign in first.</summary>
    SecondWayNeeded,
}

/// <summary>Who a session speaks for now.</summary>
/// <param name="Caller">With the roles that work now, maybe none; null when the session is over.</param>
/// <param name="Standing">Why not all of them do.</param>
public sealed record SessionCaller(Caller? Caller, Standing Standing);

/// <summary>From a person, a session and the agencies to a <see cref="Caller"/>: the one place.</summary>
public static class PeopleAccess
{
    /// <summary>After this the purpose is asked again: a shift is over.</summary>
    public static readonly TimeSpan PurposeLife = TimeSpan.FromHours(12);

    /// <summary>Roles by which nobody looks at a report.</summary>
    private const Roles Blind = Roles.Administrator | Roles.Trainer | Roles.Operator;

    /// <summary>Must say why they look, in a session. Of keys only police must (<see cref="AgencyDirectory.Authenticate"/>).</summary>
    public static bool StatesPurpose(AgencyKind kind) => kind is AgencyKind.Police or AgencyKind.Interpol;

    /// <summary>The bureau that must confirm the agency's people today; null where there is none, or it is the bureau itself.</summary>
    public static Agency? BureauOf(Agency agency, AgencyDirectory agencies, DateOnly day) => agency.Kind != AgencyKind.Police || agency.IsNationalBureau ? null
        : agencies.Agencies.FirstOrDefault(a => a.Active && a.IsNationalBureau && a.CountriesOn(day).Intersect(agency.CountriesOn(day)).Any());

    /// <summary>The roles that work now, and why not all do.</summary>
    public static (Roles Roles, Standing Standing) RolesOf(Person person, AgencyDirectory agencies, DateTimeOffset now)
    {
        var day = AgencyDirectory.DayOf(now);
        return agencies.Find(person.Agency) is not { Active: true } agency || !person.MayComeIn ? (Roles.None, Standing.Over)
            : person.CertifiedUntil is not { } until || until < day ? (Roles.None, Standing.Lapsed)
            : person.ConfirmedAt is null && BureauOf(agency, agencies, day) is not null ? (Roles.None, Standing.AwaitsBureau)
            : (person.Roles & PeopleRules.RolesAllowed(agency.Kind), Standing.Good);
    }

    public static SessionCaller CallerOf(Person person, SessionRights session, AgencyDirectory agencies, DateTimeOffset now)
    {
        var (roles, standing) = RolesOf(person, agencies, now);
        if (standing == Standing.Over)
        {
            return new SessionCaller(null, standing);
        }

        var (agency, day) = (agencies.Find(person.Agency)!, AgencyDirectory.DayOf(now));
        var purpose = session.PurposeAt is { } said && now - said < PurposeLife ? session.Purpose : null;
        roles &= session.Roles;
        if (standing == Standing.Good && session.OneWay)
        {
            (roles, standing) = (Roles.None, Standing.SecondWayNeeded);
        }

        if (standing == Standing.Good && purpose is null && StatesPurpose(agency.Kind) && (roles & ~Blind) != 0)
        {
            (roles, standing) = (roles & Blind, Standing.PurposeNeeded);
        }

        return new SessionCaller(
            agencies.CallerOf(agency, day, roles, person.Id.Value) with
            {
                Person = person.Id, Purpose = purpose, Tenant = session.Tenant.IsTraining() ? agencies.Training : Tenant.Live,
            },
            standing);
    }
}
