namespace CPort.Domain.Access;

/// <summary>What the table of people must know of the person asked about.</summary>
/// <param name="Person">Who it is.</param>
/// <param name="Agency">Whose it is.</param>
/// <param name="Kind">What that is.</param>
/// <param name="Countries">The countries that works for today.</param>
public sealed record PersonFacts(PersonId? Person, AgencyId Agency, AgencyKind Kind, ImmutableArray<Country> Countries);

/// <summary>How a caller stands to a person.</summary>
public enum PersonTie
{
    /// <summary>It is the person's own session.</summary>
    Self = 1,

    /// <summary>It is the person's own session, or a key of their own.</summary>
    SelfOrOwnKey,

    /// <summary>It is of the same agency, and not the person's own session.</summary>
    OwnAgency,

    /// <summary>It is of the national bureau of a country whose police the person is of.</summary>
    Bureau,
    Anybody,

    /// <summary>It is CPort itself: what a person does before being signed in.</summary>
    Itself,
}

/// <summary>What is done about a person.</summary>
public enum PersonWrite
{
    Invite = 1,
    ChangeRoles,
    Confirm,
    Recertify,

    /// <summary>Take every way to sign in away and give a link to make new ones.</summary>
    Reset,
    Stop,
    Unlock,

    /// <summary>Say by which name the agency's own identity provider knows the person.</summary>
    LinkProvider,
    ChangeSettings,

    /// <summary>Say what they are told, and what by mail.</summary>
    SetNotifications,

    /// <summary>Take an invitation up, close the way by code after wrong ones.</summary>
    Enrol,
}

/// <summary>How much of a person is shown.</summary>
public enum PersonSight
{
    /// <summary>Role and unit; the name where the person wants it shown.</summary>
    RoleAndUnit = 1,

    /// <summary>All but what is personal.</summary>
    Record,

    /// <summary>All, also the name.</summary>
    Personal,
}

public static partial class AccessTable
{
    // No rows but the first two are about oneself: nobody raises rights of one's own, or answers for oneself.
    private static readonly ImmutableArray<PersonRow> PersonRows =
    [
        new("Oneself", PersonTie.Self, [.. Enum.GetValues<AgencyKind>()], AnyPersonsRole, PersonSight.Personal,
            [PersonWrite.ChangeSettings, PersonWrite.Stop]),
        new("Oneself, also by a key of one's own", PersonTie.SelfOrOwnKey, [.. Enum.GetValues<AgencyKind>()], AnyPersonsRole | Roles.Machine,
            PersonSight.Personal, [PersonWrite.SetNotifications]),
        new("Administrator of the agency", PersonTie.OwnAgency, [.. Enum.GetValues<AgencyKind>()], Roles.Administrator, PersonSight.Personal,
        [
            PersonWrite.Invite, PersonWrite.ChangeRoles, PersonWrite.Recertify, PersonWrite.Reset, PersonWrite.Stop, PersonWrite.Unlock,
            PersonWrite.LinkProvider,
        ]),
        new("Manager of the agency", PersonTie.OwnAgency, [AgencyKind.Hotline, AgencyKind.Police, AgencyKind.Interpol], Roles.Manager, PersonSight.Personal,
            [PersonWrite.Recertify, PersonWrite.Stop]),
        new("National bureau", PersonTie.Bureau, [AgencyKind.Police], Roles.Manager | Roles.Administrator, PersonSight.Personal,
            [PersonWrite.Confirm, PersonWrite.Recertify, PersonWrite.Stop]),

        // An operator runs the system and is nobody's person in it: a link to somebody else's account would make it one.
        new("Operator, of any agency", PersonTie.Anybody, [AgencyKind.Operator], Roles.Operator, PersonSight.Record,
            [PersonWrite.Invite, PersonWrite.Stop, PersonWrite.Unlock]),
        new("Operator, of the operators' own agency", PersonTie.OwnAgency, [AgencyKind.Operator], Roles.Operator, PersonSight.Personal,
        [
            PersonWrite.Invite, PersonWrite.ChangeRoles, PersonWrite.Recertify, PersonWrite.Reset, PersonWrite.Stop, PersonWrite.Unlock,
            PersonWrite.LinkProvider,
        ]),
        new("CPort itself", PersonTie.Itself, [AgencyKind.System], Roles.Machine, PersonSight.Record,
            [PersonWrite.Invite, PersonWrite.Enrol]),
        new("Colleague", PersonTie.OwnAgency, [.. Enum.GetValues<AgencyKind>()], AnyPersonsRole, PersonSight.Personal, []),
        new("Anybody else", PersonTie.Anybody, [.. Enum.GetValues<AgencyKind>()], AnyPersonsRole | Roles.Machine, PersonSight.RoleAndUnit, []),
    ];

    private const Roles AnyPersonsRole =
        Roles.Analyst | Roles.Officer | Roles.Operator | Roles.Auditor | Roles.Manager | Roles.Administrator | Roles.Trainer;

    /// <summary>Whether the caller may do this about the person. The verb's own rules (last administrator, roles of the kind) come after it.</summary>
    public static bool MayOnPerson(Caller caller, PersonFacts person, PersonWrite write) =>
        PersonRows.Any(row => row.Writes.Contains(write) && Holds(row, caller, person))
        && (caller.Tenant == Tenant.Live || write is PersonWrite.ChangeSettings or PersonWrite.SetNotifications);

    /// <summary>How much of the person the caller is shown.</summary>
    public static PersonSight SightOf(Caller caller, PersonFacts person) =>
        PersonRows.Where(row => Holds(row, caller, person)).Select(row => row.Sight).DefaultIfEmpty(PersonSight.RoleAndUnit).Max();

    /// <summary>A sentence on who may, without anything about the caller.</summary>
    public static string WhoMayOnPerson(PersonWrite write) =>
        $"May {Words(write)}: {string.Join("; ", PersonRows.Where(r => r.Writes.Contains(write)).Select(r => r.Title))}.";

    private static bool Holds(PersonRow row, Caller caller, PersonFacts person) =>
        row.Kinds.Contains(caller.Kind) && caller.Is(row.Roles) && row.Tie switch
        {
            PersonTie.Self => IsSelf(caller, person),
            PersonTie.SelfOrOwnKey => IsSelf(caller, person) || (caller.Owner is { } owner && owner == person.Person),
            PersonTie.OwnAgency => caller.Agency == person.Agency && !IsSelf(caller, person),
            PersonTie.Bureau => caller.IsNationalBureau && person.Kind == AgencyKind.Police && person.Agency != caller.Agency
                && person.Countries.Any(c => caller.WorksFor(c)),
            PersonTie.Itself => caller.Kind == AgencyKind.System,
            _ => !IsSelf(caller, person),
        };

    private static bool IsSelf(Caller caller, PersonFacts person) => caller.Person is { } me && me == person.Person;

    private static void RenderPeople(StringBuilder page)
    {
        page.Append(
            """

            ## People

            Nobody does any of this about oneself but what stands in the first two rows, and nobody while exercising; the rules of each verb come after (the
            last administrator, roles that the agency's kind has). The bureau's row is about people of other police of its countries.

            | Who | May | Sees |
            |---|---|---|

            """);
        foreach (var row in PersonRows)
        {
            page.Append($"| {row.Title} | {(row.Writes.IsEmpty ? "–" : string.Join(", ", row.Writes.Select(Words)))} | {Words(row.Sight)} |\n");
        }
    }

    private sealed record PersonRow(
        string Title, PersonTie Tie, ImmutableArray<AgencyKind> Kinds, Roles Roles, PersonSight Sight, ImmutableArray<PersonWrite> Writes);
}
