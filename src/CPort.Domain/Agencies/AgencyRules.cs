using System.Diagnostics.CodeAnalysis;
using CPort.Domain.Agencies.Verbs;

namespace CPort.Domain.Agencies;

/// <summary>What the rules make of a command.</summary>
public abstract record AgencyDecision
{
    private AgencyDecision()
    {
    }

    /// <summary>Persist this event.</summary>
    public sealed record Accepted(IAgencyEvent Event) : AgencyDecision;

    /// <summary>All is already as the command wants it.</summary>
    public sealed record Unchanged : AgencyDecision;

    /// <summary>The command took effect earlier.</summary>
    public sealed record Replayed(RecentCommand Earlier) : AgencyDecision;

    public sealed record Rejected(AgencyRejection Reason, string Text) : AgencyDecision;
}

/// <summary>
/// The rules of the registry: pure, without clock, randomness or Akka. Every accepted command gives exactly one event. Here is what holds for every verb; each
/// has a file of its own in <c>Verbs</c>.
/// </summary>
public static class AgencyRules
{
    public const int MaxNameLength = 200;
    public const int MaxMemberships = 300;

    /// <summary>Keys of one agency that are neither revoked nor expired.</summary>
    public const int MaxValidKeys = 100;

    /// <summary>Changes that wait for consent, of all agencies.</summary>
    public const int MaxOpenChanges = 500;

    /// <summary>Changes that are kept, also decided ones.</summary>
    public const int MaxChanges = 1_000;

    /// <summary>How long an old key works beside its successor at least: time to notice that the new one did not arrive, and to make another.</summary>
    public static readonly TimeSpan LeastGrace = TimeSpan.FromHours(1);

    /// <summary>Where nothing else is said.</summary>
    public static readonly TimeSpan DefaultGrace = TimeSpan.FromDays(1);

    /// <summary>How long an old key may work beside its successor at most.</summary>
    public static readonly TimeSpan MaxGrace = TimeSpan.FromDays(30);

    /// <summary>What networks of a key are.</summary>
    internal static readonly string NetworksRule =
        $"At most {KeyNetworks.Max} networks, for example 192.0.2.0/24 or 2001:db8::/32, whose address has no bits beyond its prefix.";

    // An agency's own system may look after its people.
    private const Roles Leading = Roles.Manager | Roles.Administrator;

    /// <summary>Roles that say who works, or see who looked at what: of what raises somebody to them another hand knows.</summary>
    public const Roles Raising = Leading | Roles.Auditor;

    /// <summary>The roles a key of an agency of this kind may hold; <see cref="Roles.None"/> when such agencies hold no keys.</summary>
    public static Roles RolesAllowed(AgencyKind kind) => kind switch
    {
        AgencyKind.Hotline => Roles.Analyst | Roles.Auditor | Roles.Machine | Leading,
        AgencyKind.Police => Roles.Officer | Roles.Auditor | Roles.Machine | Leading,
        AgencyKind.Interpol => Roles.Analyst | Roles.Officer | Roles.Auditor | Roles.Machine | Leading,
        AgencyKind.Provider => Roles.Machine | Roles.Administrator,
        AgencyKind.Operator => Roles.Operator | Roles.Auditor,
        AgencyKind.SupervisoryAuthority => Roles.Auditor | Roles.Administrator,
        _ => Roles.None,
    };

    /// <summary>
    /// Decides one command. <paramref name="meta"/> is the metadata for the event, stamped by the shell; its recording time is "now".
    /// <paramref name="candidate"/> is the key the shell has made for <see cref="IssueKey"/> and <see cref="RotateKey"/>, unused otherwise.
    /// </summary>
    public static AgencyDecision Decide(AgencyRegistry state, IAgencyCommand command, EventMeta meta, KeyCandidate? candidate = null)
    {
        var caller = command.Context.Caller;
        if (!AccessTable.May(caller, command.Deed))
        {
            return Reject(AgencyRejection.NotAuthorised, AccessTable.WhoMay(command.Deed));
        }

        if (command.OfOwnAgency && caller.Kind is not (AgencyKind.Operator or AgencyKind.System) && caller.Agency != command.Agency)
        {
            return Reject(AgencyRejection.UnknownAgency, $"There is no agency '{command.Agency}'.");
        }

        if (state.Recent.Of(command.Context.CommandId) is { } earlier)
        {
            return earlier.Made == command.Makes && earlier.Agency == command.Agency && command.Context.IsSameRequest(earlier.Digest)
                ? new AgencyDecision.Replayed(earlier)
                : Reject(AgencyRejection.CommandIdInUse, "This command id was used for another command, or with other content.");
        }

        return Try(state, command, meta, candidate) is var decision && decision is AgencyDecision.Accepted { Event: IWideningEvent wanted }
            && caller.Kind == AgencyKind.Operator ? ChangeProposed.Weigh(state, wanted) : decision;
    }

    /// <summary>What the command would do, whoever sends it, and whoever it concerns.</summary>
    internal static AgencyDecision Try(AgencyRegistry state, IAgencyCommand command, EventMeta meta, KeyCandidate? candidate = null)
    {
        var agency = state.Agencies.GetValueOrDefault(command.Agency);
        return agency is null && !command.AlsoWhenUnknown ? Reject(AgencyRejection.UnknownAgency, $"There is no agency '{command.Agency}'.")
            : agency is { Active: false } && !command.AlsoWhenClosed
                ? Reject(AgencyRejection.AgencyInactive, $"Agency '{agency.Id}' is not active.")
            : command.Decide(state, meta, candidate);
    }

    /// <summary>The next state. Never fails on an event that <see cref="Decide"/> made, reads neither clock nor randomness.</summary>
    public static AgencyRegistry Apply(AgencyRegistry state, IAgencyEvent happened)
    {
        var did = new RecentCommand(
            happened.Meta.CommandId, happened.Did, happened.Agency, happened.OfKey, state.Version + 1, happened.Meta.RequestDigest, happened.OfChange);
        var next = happened.Apply(state);
        return next with
        {
            Version = did.Version, Recent = state.Recent.With(did.Id, did, AgencyRegistry.RememberedCommands),
            Served = next.Agencies.GetValueOrDefault(happened.Agency) is { CameIn: true } agency && Widening.SeesByCountry(agency.Kind)
                ? next.Served.Union(agency.Memberships.Select(m => (m.Country, agency.Id)))
                : next.Served,
        };
    }

    internal static AgencyDecision Unchanged { get; } = new AgencyDecision.Unchanged();

    internal static AgencyDecision Accept(IAgencyEvent happened) => new AgencyDecision.Accepted(happened);

    internal static AgencyDecision Reject(AgencyRejection reason, string text) => new AgencyDecision.Rejected(reason, text);

    /// <summary>
    /// An operator runs the system and is nobody's person in it: a live key that it has made for another agency, which had one before, works only once that
    /// agency or a second operator has agreed. The first key of an agency is how it comes in, and exercises hold nothing confidential. One that an agency's
    /// administrator has made for it waits for an operator: a key sees what people see, and nobody confirms or certifies who holds it.
    /// </summary>
    internal static bool NeedsConsent(AgencyRegistry state, IAgencyCommand command, Tenant tenant) =>
        tenant == Tenant.Live && command.Context.Caller.Kind switch
        {
            AgencyKind.System => false,
            AgencyKind.Operator => state.Agencies[command.Agency] is { CameIn: true, Kind: not AgencyKind.Operator },
            _ => true,
        };

    /// <summary>
    /// Whose hand holds an operator's key: the first of the line of keys that had one another made. Who has a key made sees it, so that all that comes of one
    /// key, by whatever chain, is one hand; only CPort itself makes the first of a line, for who administers the machine.
    /// </summary>
    public static string HandOf(AgencyRegistry state, string keyId)
    {
        // A key is younger than the one that had it made: the line ends.
        while (state.Keys.GetValueOrDefault(keyId)?.IssuedBy is { } maker && maker != Caller.System.KeyId)
        {
            keyId = maker;
        }

        return keyId;
    }

    /// <summary>
    /// Null, or why the caller is not the other hand that a key of an agency needs. An operator is one whose key came from another hand than who had it made. A
    /// key of the agency is one where it raises nobody, or where another hand made it too: whoever had all of an agency's keys made holds them all, and by a
    /// plain one would agree to one that leads. A person who is signed in made their way in themselves, and is nobody's hand but their own.
    /// </summary>
    internal static AgencyDecision? NotAnotherHand(AgencyRegistry state, Caller caller, ApiKeyRecord key)
    {
        if (PersonId.TryParse(key.IssuedBy, out _))
        {
            // Only agencies' administrators make keys as persons.
            return caller.Kind == AgencyKind.Operator ? null
                : Reject(AgencyRejection.SecondPersonNeeded, "To a key that the agency's administrator had made an operator agrees.");
        }

        var isOther = key.IssuedBy is not { } maker || HandOf(state, maker) != HandOf(state, caller.KeyId);
        return caller.Kind == AgencyKind.Operator
                // Of a person who operates nobody can say here whose hand invited them.
                ? isOther && (caller.Person is null || key.IssuedBy is null) ? null
                    : Reject(
                        AgencyRejection.SecondPersonNeeded,
                        "Who had the key made does not agree to it: the agency does, or an operator's key of another hand.")
            : caller.Person is { } person
                ? person == key.Owner ? Reject(AgencyRejection.SecondPersonNeeded, "Nobody agrees to a key of their own: somebody else of the agency does.")
                    : (key.Roles & Raising) == 0 || caller.Is(Roles.Administrator) ? null
                    : Reject(AgencyRejection.SecondPersonNeeded, "To a key that leads or audits an administrator of the agency agrees.")
            : (key.Roles & Raising & ~caller.Roles) == 0 || (isOther && state.Keys.ContainsKey(caller.KeyId)) ? null
            : Reject(
                AgencyRejection.SecondPersonNeeded,
                "A key does not agree to one with more rights (Administrator, Manager, Auditor): an administrator of the agency who is signed in does, or an "
                + "operator of another hand.");
    }

    /// <summary>The key, when it is the agency's.</summary>
    internal static ApiKeyRecord? KeyOf(AgencyRegistry state, IAgencyCommand command, string keyId) =>
        state.Keys.GetValueOrDefault(keyId) is { } key && key.Agency == command.Agency ? key : null;

    internal static AgencyDecision? KeyIdTaken(AgencyRegistry state, [NotNull] KeyCandidate? candidate)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        return state.Keys.ContainsKey(candidate.KeyId)
            ? Reject(AgencyRejection.KeyIdTaken, "The made key id exists already; send the command again.")
            : null;
    }
}
