using CPort.Domain.Agencies.Verbs;

namespace CPort.Domain.Agencies;

/// <summary>
/// A command to the registry of agencies. Only an operator (or CPort itself at first start), live, may send one, an agency's administrator about its keys,
/// and who agrees to another's. Answered by
/// <see cref="AgencyChanged"/>, <see cref="ApiKeyShown"/> (issue and rotate) or <see cref="AgencyCommandRejected"/>, after the event is durable.
/// </summary>
public interface IAgencyCommand : IWireMessage
{
    CommandContext Context { get; }

    AgencyId Agency { get; }

    /// <summary>The event it leads to; a command id that led to another one was used for another command.</summary>
    Type Makes { get; }

    /// <summary>The right it takes.</summary>
    Deed Deed => Deed.ChangeAgencies;

    /// <summary>It may be about an agency that is not there yet.</summary>
    bool AlsoWhenUnknown => false;

    /// <summary>Of anybody but operators and CPort itself it is taken about their own agency; of others they are told that there are none.</summary>
    bool OfOwnAgency => false;

    /// <summary>Ending things must stay possible after an agency is closed; nothing else makes sense then.</summary>
    bool AlsoWhenClosed => false;

    /// <summary>The verb's own rule; what holds for all stands before it (<see cref="AgencyRules.Decide"/>).</summary>
    AgencyDecision Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate);
}

/// <summary>Something that happened to an agency or a key. Never changed once written.</summary>
public interface IAgencyEvent : IWireEvent
{
    EventMeta Meta { get; }

    AgencyId Agency { get; }

    /// <summary>The id of the key that it is about.</summary>
    string? OfKey => null;

    /// <summary>The number of the proposed change that it is about.</summary>
    long? OfChange => null;

    /// <summary>What the command wanted: that one comes again is seen by it.</summary>
    Type Did => GetType();

    /// <summary>For the log: what happened, without content.</summary>
    string InWords => GetType().Name;

    /// <summary>What it changes, besides what every event does (<see cref="AgencyRules.Apply"/>). Reads neither clock nor randomness.</summary>
    AgencyRegistry Apply(AgencyRegistry state);
}

/// <summary>The command's event is durable, or there was nothing to change.</summary>
[ProtoContract, Manifest("ar1")]
public sealed record AgencyChanged : IWireReply
{
    [ProtoMember(1)] public required AgencyId Agency { get; init; }

    /// <summary>What <c>AgencyDirectoryFeed.WaitForAsync</c> waits for, so that the caller reads its own write.</summary>
    [ProtoMember(2)] public required long SequenceNr { get; init; }

    /// <summary>False: the command had been done before, or changed nothing.</summary>
    [ProtoMember(3)] public bool Changed { get; init; }

    /// <summary>What training held, when that is what it emptied, now or the first time.</summary>
    [ProtoMember(4)] public TrainingHolds? Emptied { get; init; }

    /// <summary>The proposed change that the command made or was about; the registry says how it stands.</summary>
    [ProtoMember(5)] public long? Change { get; init; }
}

/// <summary>A key was made. The only message that ever holds its text.</summary>
[ProtoContract, Manifest("ar2")]
public sealed record ApiKeyShown : IWireReply
{
    [ProtoMember(1)] public required AgencyId Agency { get; init; }
    [ProtoMember(2)] public required string KeyId { get; init; }

    /// <summary>The key, to be shown once. Null when the command is a repeat: the key was made then and cannot be shown again; issue another.</summary>
    [ProtoMember(3)] public string? ApiKey { get; init; }
    [ProtoMember(4)] public required long SequenceNr { get; init; }

    /// <summary>It does not work before somebody else has agreed to it.</summary>
    [ProtoMember(5)] public bool AwaitsConsent { get; init; }

    public override string ToString() => $"ApiKeyShown({Agency}, {KeyId})";
}

/// <summary>Nothing was changed, and why.</summary>
[ProtoContract, Manifest("ar3")]
public sealed record AgencyCommandRejected : IWireReply
{
    [ProtoMember(1)] public required AgencyRejection Reason { get; init; }

    /// <summary>For people; names the field and its limits.</summary>
    [ProtoMember(2)] public required string Text { get; init; }
}

/// <summary>Why the registry refuses a command.</summary>
public enum AgencyRejection
{
    NotAuthorised = 1,
    UnknownAgency = 2,
    AgencyExists = 3,
    AgencyInactive = 4,
    ReservedId = 5,
    InvalidName = 6,
    InvalidKind = 7,
    InvalidMemberships = 8,
    MandateNeedsHotline = 9,
    InvalidTrust = 10,
    InvalidHotlineNumber = 11,
    HotlineNumberTaken = 12,
    InterpolExists = 13,

    /// <summary>An operator cannot close its own agency and lock itself out.</summary>
    OwnAgency = 14,
    InvalidRoles = 15,
    InvalidExpiry = 16,
    InvalidGrace = 17,
    UnknownKey = 18,
    KeyRevoked = 19,

    /// <summary>The key was rotated before; rotate its successor.</summary>
    KeyReplaced = 20,
    TooManyKeys = 21,

    /// <summary>The command id was used for another command.</summary>
    CommandIdInUse = 22,

    /// <summary>The freshly made key id exists (chance 1 in 2^60); send the command again.</summary>
    KeyIdTaken = 23,

    /// <summary>Who had a key made cannot be the one who agrees to it.</summary>
    SecondPersonNeeded = 24,

    /// <summary>What would be changed is not what was confirmed.</summary>
    CountChanged = 25,

    /// <summary>Training was emptied too often.</summary>
    TooManyTrainings = 26,
    UnknownChange = 27,

    /// <summary>The proposed change was made or refused, or waited too long.</summary>
    ChangeDecided = 28,
    TooManyChanges = 29,
    BureauNeedsPolice = 30,

    /// <summary>Another agency is the national bureau of one of its countries.</summary>
    BureauExists = 31,

    /// <summary>A policy of second looks that is none.</summary>
    InvalidSecondLooks = 40,

    /// <summary>Something of how a hotline's system is to come in cannot be.</summary>
    InvalidIccamAccess = 60,
    IccamUserTaken = 61,
    UnknownIccamAccess = 62,
    /// <summary>Minutes after which managers are told that are none.</summary>
    InvalidEscalation = 41,

    /// <summary>Networks for a key that are none, or too many.</summary>
    InvalidNetworks = 70,
    UnknownKeyNetworks = 71,
}
