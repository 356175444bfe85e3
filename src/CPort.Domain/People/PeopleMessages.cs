namespace CPort.Domain.People;

/// <summary>
/// A command to the registry of people. Answered by <see cref="PersonChanged"/>, <see cref="LinkShown"/> (where a link was made) or
/// <see cref="PersonCommandRejected"/>, after the event is durable.
/// </summary>
public interface IPersonCommand : IWireMessage
{
    CommandContext Context { get; }

    /// <summary>The event it leads to; a command id that led to another one was used for another command.</summary>
    Type Makes { get; }

    /// <summary>The right it takes, of which <see cref="Deed"/> is the part that is not about one person.</summary>
    PersonWrite Write { get; }

    Deed Deed => Deed.ChangePeople;

    /// <summary>The person it is about; null where the verb finds or makes them itself.</summary>
    PersonId? About { get; }

    /// <summary>A link is made and shown.</summary>
    bool MakesLink => false;

    /// <summary>The verb's own rule; what holds for all stands before it (<see cref="PeopleRules.Decide"/>).</summary>
    /// <param name="state">The registry.</param>
    /// <param name="person">Whom it is about; null where <see cref="About"/> is.</param>
    /// <param name="meta">Of the event; its recording time is "now".</param>
    /// <param name="with">What the shell has made for it.</param>
    PersonDecision Decide(PeopleRegistry state, Person? person, EventMeta meta, PeopleEnvironment with);
}

/// <summary>Something that happened to a person. Never changed once written.</summary>
public interface IPersonEvent : IWireEvent
{
    EventMeta Meta { get; }

    PersonId Person { get; }

    /// <summary>What it changes. Reads neither clock nor randomness.</summary>
    PeopleRegistry Apply(PeopleRegistry state);
}

/// <summary>The command's event is durable, or there was nothing to change.</summary>
[ProtoContract, Manifest("psr1")]
public sealed record PersonChanged : IWireReply
{
    [ProtoMember(1)] public required PersonId Person { get; init; }

    /// <summary>What a node's directory is waited for with, so that the caller reads its own write.</summary>
    [ProtoMember(2)] public required long SequenceNr { get; init; }

    /// <summary>False: the command had been done before, or changed nothing.</summary>
    [ProtoMember(3)] public bool Changed { get; init; }
}

/// <summary>A link was made. The only message that ever holds its secret.</summary>
[ProtoContract, Manifest("psr2")]
public sealed record LinkShown : IWireReply
{
    [ProtoMember(1)] public required PersonId Person { get; init; }

    /// <summary>See <see cref="EnrolmentLink.Text"/>. Null when the command is a repeat: it cannot be shown again; reset to make another.</summary>
    [ProtoMember(2)] public string? Secret { get; init; }
    [ProtoMember(3)] public required DateTimeOffset ExpiresAt { get; init; }
    [ProtoMember(4)] public required long SequenceNr { get; init; }

    public override string ToString() => $"LinkShown({Person})";
}

/// <summary>Nothing was changed, and why.</summary>
[ProtoContract, Manifest("psr3")]
public sealed record PersonCommandRejected : IWireReply
{
    [ProtoMember(1)] public required PersonRejection Reason { get; init; }

    /// <summary>For people; names the field and its limits, and nobody.</summary>
    [ProtoMember(2)] public required string Text { get; init; }
}

/// <summary>Why the registry refuses a command.</summary>
public enum PersonRejection
{
    NotAuthorised = 1,
    UnknownPerson = 2,
    UnknownAgency = 3,
    AgencyInactive = 4,

    /// <summary>Not roles that people of such an agency have.</summary>
    InvalidRoles = 5,
    InvalidName = 6,

    /// <summary>Somebody of the agency has the sign-in name.</summary>
    NameTaken = 7,
    TooManyPeople = 8,

    /// <summary>The agency has administrators, or came in: it invites its people itself.</summary>
    AgencyInvites = 9,

    /// <summary>Only an operator or the national bureau stops the last administrator, and nobody takes that role away.</summary>
    LastAdministrator = 10,
    PersonStopped = 11,

    /// <summary>Unknown, used, or too old: which, nobody is told.</summary>
    LinkInvalid = 12,
    InvalidSettings = 14,

    /// <summary>The command id was used for another command.</summary>
    CommandIdInUse = 15,

    /// <summary>Somebody else is linked to that name of the provider's.</summary>
    ProviderTaken = 16,

    /// <summary>The person has not come yet.</summary>
    NotCome = 17,

    /// <summary>The freshly made id exists (chance 1 in 2^60); send the command again.</summary>
    PersonIdTaken = 18,
}
