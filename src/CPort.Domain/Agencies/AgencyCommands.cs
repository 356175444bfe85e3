namespace CPort.Domain.Agencies;

/// <summary>
/// A command to the registry of agencies. Only an operator (or CPort itself at first start), live, may send one. Answered by <see cref="AgencyChanged"/>,
/// <see cref="ApiKeyShown"/> (issue and rotate) or <see cref="AgencyCommandRejected"/>, after the event is durable.
/// </summary>
public interface IAgencyCommand : IWireMessage
{
    CommandContext Context { get; }

    AgencyId Agency { get; }
}

/// <summary>Enters a new agency; its id is never changed or reused.</summary>
[ProtoContract, Manifest("ac1")]
public sealed record RegisterAgency : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string Name { get; init; }
    [ProtoMember(4)] public required AgencyKind Kind { get; init; }
    [ProtoMember(5)] public ImmutableArray<Membership> Memberships { get; init; } = [];
    [ProtoMember(6)] public bool HoldsOrphanMandate { get; init; }
    [ProtoMember(7)] public TrustLevel Trust { get; init; } = TrustLevel.Standard;
    [ProtoMember(8)] public int? IccamHotlineNumber { get; init; }
}

/// <summary>Replaces all memberships of an agency. To end one, send it with its last day; leaving it out forgets that it ever held.</summary>
[ProtoContract, Manifest("ac2")]
public sealed record ChangeMemberships : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public ImmutableArray<Membership> Memberships { get; init; } = [];
}

/// <summary>Says how far the agency's opinions are believed by others (design.md, "Who is believed").</summary>
[ProtoContract, Manifest("ac3")]
public sealed record SetTrust : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required TrustLevel Trust { get; init; }
}

/// <summary>Gives a hotline the mandate to take orphans, or takes it back.</summary>
[ProtoContract, Manifest("ac4")]
public sealed record SetMandate : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public bool HoldsOrphanMandate { get; init; }
}

/// <summary>Closes an agency: its keys stop working at once and nothing is assigned to it any more. Its past stays.</summary>
[ProtoContract, Manifest("ac5")]
public sealed record DeactivateAgency : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
}

/// <summary>Makes an API key. The registry's actor makes the secret; neither this command nor the event holds it.</summary>
[ProtoContract, Manifest("ac6")]
public sealed record IssueKey : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    /// <summary>One or more of the roles that the agency's kind allows (<see cref="AgencyRules.RolesAllowed"/>).</summary>
    [ProtoMember(3)] public required Roles Roles { get; init; }
    [ProtoMember(4)] public Tenant Tenant { get; init; }

    /// <summary>In the future; null: until revoked.</summary>
    [ProtoMember(5)] public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>
/// Makes a new key with the roles and tenant of an old one; the old one works on for the grace time. The new key lives as long as the old one was meant to
/// live, counted from now, unless <see cref="ExpiresAt"/> says otherwise.
/// </summary>
[ProtoContract, Manifest("ac7")]
public sealed record RotateKey : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }

    /// <summary>Zero (the default) to <see cref="AgencyRules.MaxGrace"/>; with zero the old key stops at once.</summary>
    [ProtoMember(4)] public TimeSpan Grace { get; init; }
    [ProtoMember(5)] public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>Ends a key at once.</summary>
[ProtoContract, Manifest("ac8")]
public sealed record RevokeKey : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }
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
}
