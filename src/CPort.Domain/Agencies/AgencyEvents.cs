namespace CPort.Domain.Agencies;

/// <summary>Something that happened to an agency or a key. Never changed once written.</summary>
public interface IAgencyEvent : IWireEvent
{
    EventMeta Meta { get; }

    AgencyId Agency { get; }
}

[ProtoContract, Manifest("ae1")]
public sealed record AgencyRegistered : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string Name { get; init; }
    [ProtoMember(4)] public required AgencyKind Kind { get; init; }
    [ProtoMember(5)] public ImmutableArray<Membership> Memberships { get; init; } = [];
    [ProtoMember(6)] public bool HoldsOrphanMandate { get; init; }
    [ProtoMember(7)] public TrustLevel Trust { get; init; } = TrustLevel.Standard;
    [ProtoMember(8)] public int? IccamHotlineNumber { get; init; }
}

[ProtoContract, Manifest("ae2")]
public sealed record MembershipsChanged : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    /// <summary>All memberships that hold from now on, not the difference.</summary>
    [ProtoMember(3)] public ImmutableArray<Membership> Memberships { get; init; } = [];
}

[ProtoContract, Manifest("ae3")]
public sealed record TrustChanged : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required TrustLevel Trust { get; init; }
}

[ProtoContract, Manifest("ae4")]
public sealed record MandateChanged : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public bool HoldsOrphanMandate { get; init; }
}

[ProtoContract, Manifest("ae5")]
public sealed record AgencyDeactivated : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
}

[ProtoContract, Manifest("ae6")]
public sealed record ApiKeyIssued : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }
    [ProtoMember(4)] public required string SecretHash { get; init; }
    [ProtoMember(5)] public required Roles Roles { get; init; }
    [ProtoMember(6)] public Tenant Tenant { get; init; }
    [ProtoMember(7)] public DateTimeOffset? ExpiresAt { get; init; }

    public override string ToString() => $"ApiKeyIssued({Agency}, {KeyId})";
}

[ProtoContract, Manifest("ae7")]
public sealed record ApiKeyRotated : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string OldKeyId { get; init; }

    /// <summary>First instant the old key no longer works.</summary>
    [ProtoMember(4)] public required DateTimeOffset OldExpiresAt { get; init; }
    [ProtoMember(5)] public required string KeyId { get; init; }
    [ProtoMember(6)] public required string SecretHash { get; init; }
    [ProtoMember(7)] public DateTimeOffset? ExpiresAt { get; init; }

    public override string ToString() => $"ApiKeyRotated({Agency}, {OldKeyId} -> {KeyId})";
}

[ProtoContract, Manifest("ae8")]
public sealed record ApiKeyRevoked : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }
}
