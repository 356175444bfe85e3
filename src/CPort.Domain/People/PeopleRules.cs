namespace CPort.Domain.People;

/// <summary>What the rules make of a command.</summary>
public abstract record PersonDecision
{
    private PersonDecision()
    {
    }

    /// <summary>Persist this event.</summary>
    public sealed record Accepted(IPersonEvent Event) : PersonDecision;

    /// <summary>All is already as the command wants it.</summary>
    public sealed record Unchanged : PersonDecision;

    /// <summary>The command took effect earlier.</summary>
    public sealed record Replayed(PersonDone Earlier) : PersonDecision;

    public sealed record Rejected(PersonRejection Reason, string Text) : PersonDecision;
}

/// <summary>What the shell has made for a command that needs it: id, link and sealed secrets.</summary>
public sealed record PersonCandidate(PersonId Person, string LinkHash, Sealed? Secrets = null, string? SignInMark = null);

/// <summary>What the rules must know besides the registry.</summary>
/// <param name="Agencies">The agencies as this node knows them.</param>
/// <param name="Candidate">For commands that make a person or a link; null otherwise.</param>
public sealed record PeopleEnvironment(AgencyDirectory Agencies, PersonCandidate? Candidate = null);

/// <summary>
/// The rules of people: pure, without clock, randomness or Akka. Every accepted command gives exactly one event. Here is what holds for every verb; each has a
/// file of its own in <c>Verbs</c>.
/// </summary>
public static class PeopleRules
{
    public const int MaxNameLength = 200;
    public const int MaxUnitLength = 60;
    public const int MaxAddressLength = 254;

    /// <summary>People of one agency who are not stopped.</summary>
    public const int MaxPeople = 5_000;

    /// <summary>How long a link works.</summary>
    public static readonly TimeSpan LinkLife = TimeSpan.FromMinutes(30);

    /// <summary>How long roles work before somebody must say that they are still needed, days.</summary>
    public const int CertifiedDays = 365;

    /// <summary>
    /// The roles that people of an agency of this kind may have (portal.md 3.1); <see cref="Roles.None"/> where such agencies have no people.
    /// </summary>
    public static Roles RolesAllowed(AgencyKind kind) => kind switch
    {
        AgencyKind.Hotline => Roles.Analyst | Roles.Manager | AnyAgencys | Roles.Auditor,
        AgencyKind.Police or AgencyKind.Interpol => Roles.Officer | Roles.Manager | AnyAgencys | Roles.Auditor,
        AgencyKind.Provider => AnyAgencys,
        AgencyKind.Operator => Roles.Operator | AnyAgencys | Roles.Auditor,
        AgencyKind.SupervisoryAuthority => AnyAgencys | Roles.Auditor,
        _ => Roles.None,
    };

    private const Roles AnyAgencys = Roles.Administrator | Roles.Trainer;

    public static PersonDecision Decide(PeopleRegistry state, IPersonCommand command, EventMeta meta, PeopleEnvironment with)
    {
        var caller = command.Context.Caller;
        if (!AccessTable.May(caller, command.Deed))
        {
            return Reject(PersonRejection.NotAuthorised, AccessTable.WhoMay(command.Deed));
        }

        if (state.Recent.Of(command.Context.CommandId) is { } earlier)
        {
            return earlier.Made == command.Makes && (command.About is null || command.About == earlier.Person) && earlier.By == caller.KeyId
                && command.Context.IsSameRequest(earlier.Digest)
                ? new PersonDecision.Replayed(earlier)
                : Reject(PersonRejection.CommandIdInUse, "This command id was used for another command, or with other content.");
        }

        if (command.About is not { } about)
        {
            return command.Decide(state, null, meta, with);
        }

        if (state.People.GetValueOrDefault(about) is not { } person || Facts(person, with.Agencies, meta.RecordedAt) is not { } facts
            || AccessTable.SightOf(caller, facts) == PersonSight.RoleAndUnit)
        {
            // Of whom nothing but role and unit is seen, nobody is told whether they exist.
            return Reject(PersonRejection.UnknownPerson, "There is no such person.");
        }

        return !AccessTable.MayOnPerson(caller, facts, command.Write)
            ? Reject(PersonRejection.NotAuthorised, AccessTable.WhoMayOnPerson(command.Write))
            : person.State == PersonState.Stopped && command.Makes != typeof(Verbs.PersonStopped)
                ? Reject(PersonRejection.PersonStopped, "The person was stopped; invite them anew.")
            : command.Decide(state, person, meta, with);
    }

    /// <summary>The next state. Never fails on an event that <see cref="Decide"/> made.</summary>
    public static PeopleRegistry Apply(PeopleRegistry state, IPersonEvent happened)
    {
        var did = new PersonDone(
            happened.Meta.CommandId, happened.GetType(), happened.Person, state.Version + 1, happened.Meta.RequestDigest, happened.Meta.KeyId);
        return happened.Apply(state) with
        {
            Version = did.Version, Recent = state.Recent.With(did.Id, did, PeopleRegistry.RememberedCommands),
        };
    }

    /// <summary>What the table of people must know; null where the agency is not known here.</summary>
    public static PersonFacts? Facts(Person person, AgencyDirectory agencies, DateTimeOffset now) => agencies.Find(person.Agency) is { } agency
        ? new PersonFacts(person.Id, agency.Id, agency.Kind, agency.CountriesOn(AgencyDirectory.DayOf(now))) : null;

    internal static PersonDecision Unchanged { get; } = new PersonDecision.Unchanged();

    internal static PersonDecision Accept(IPersonEvent happened) => new PersonDecision.Accepted(happened);

    internal static PersonDecision Reject(PersonRejection reason, string text) => new PersonDecision.Rejected(reason, text);

    /// <summary>Null, or why people of the kind do not have these roles together.</summary>
    internal static PersonDecision? Fault(AgencyKind kind, Roles roles)
    {
        var allowed = RolesAllowed(kind);
        return roles == Roles.None || (roles & ~allowed) != 0
                ? Reject(PersonRejection.InvalidRoles, $"roles: people of kind {kind} have one or more of: {allowed}.")
            : roles.HasFlag(Roles.Manager) && (roles & (Roles.Analyst | Roles.Officer)) == 0
                ? Reject(PersonRejection.InvalidRoles, "roles: a manager is also an analyst or officer.")
            : null;
    }

    /// <summary>Administrators of the agency who can act: who is invited has not come.</summary>
    internal static bool IsLastAdministrator(PeopleRegistry state, Person person) =>
        person.Roles.HasFlag(Roles.Administrator) && person.MayComeIn
        && !state.People.Values.Any(p => p.Agency == person.Agency && p.Id != person.Id && p.MayComeIn && p.Roles.HasFlag(Roles.Administrator));

    internal static bool IsText(string? text, int most) =>
        text is not null && text.Length <= most && !string.IsNullOrWhiteSpace(text) && !text.Any(char.IsControl);

    /// <summary>Names of what a key does, each with one printable character that is no digit; none twice.</summary>
    public static bool IsKeyMap(string? map)
    {
        if (map is null)
        {
            return true;
        }

        var entries = map.Split(' ');
        return map.Length <= 400
            && entries.All(e => e.Split('=', 2) is [{ Length: >= 2 and <= 12 } name, { Length: 1 } key] && name.All(char.IsAsciiLetterLower)
                && key[0] is > ' ' and < '\u007f' && !char.IsAsciiDigit(key[0]) && !char.IsAsciiLetterUpper(key[0]))
            && entries.DistinctBy(e => e.Split('=')[0]).Count() == entries.Length && entries.DistinctBy(e => e[^1]).Count() == entries.Length;
    }

    internal static bool IsSettings(PersonSettings settings) =>
        Enum.IsDefined(settings.Theme) && Enum.IsDefined(settings.Density) && Enum.IsDefined(settings.Mails) && IsKeyMap(settings.KeyMap)
        && settings.Notifications is null or { IsValid: true }
        && (settings.Language is not { } tag || (tag.Length is >= 2 and <= 12 && tag.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')));
}
