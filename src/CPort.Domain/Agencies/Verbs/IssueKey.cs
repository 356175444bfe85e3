using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

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

    /// <summary>Whose own it is, of the agency's people: it has no role that they lack, and ends with them. Null: the agency's.</summary>
    [ProtoMember(6)] public PersonId? Owner { get; init; }

    /// <summary>Which it may come from (<see cref="KeyNetworks.TryParse"/>); none: anywhere.</summary>
    [ProtoMember(7)] public ImmutableArray<string> Networks { get; init; } = [];

    Type IAgencyCommand.Makes => typeof(ApiKeyIssued);
    Deed IAgencyCommand.Deed => Deed.IssueKeys;
    bool IAgencyCommand.OfOwnAgency => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate)
    {
        var kind = state.Agencies[Agency].Kind;
        var allowed = RolesAllowed(kind);
        if (Roles == Roles.None || (Roles & ~allowed) != 0)
        {
            return Reject(AgencyRejection.InvalidRoles, $"A key of kind {kind} holds one or more of: {allowed}.");
        }

        if (!Enum.IsDefined(Tenant) || ExpiresAt <= meta.RecordedAt)
        {
            return Reject(AgencyRejection.InvalidExpiry, "expiresAt lies in the future; tenant is live or training.");
        }

        if (KeyNetworks.Read(Networks) is not { } networks)
        {
            return Reject(AgencyRejection.InvalidNetworks, NetworksRule);
        }

        if (state.Keys.Values.Count(k => k.Agency == Agency && k.IsKeptAt(meta.RecordedAt)) >= MaxValidKeys)
        {
            return Reject(AgencyRejection.TooManyKeys, $"An agency holds at most {MaxValidKeys} valid keys; revoke some.");
        }

        return KeyIdTaken(state, candidate) ?? Accept(new ApiKeyIssued
        {
            Meta = meta, Agency = Agency, KeyId = candidate.KeyId, SecretHash = candidate.SecretHash, Roles = Roles, Tenant = Tenant, ExpiresAt = ExpiresAt,
            AwaitsConsent = NeedsConsent(state, this, Tenant), Owner = Owner, Networks = KeyNetworks.Texts(networks),
        });
    }
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
    [ProtoMember(8)] public bool AwaitsConsent { get; init; }
    [ProtoMember(9)] public PersonId? Owner { get; init; }
    [ProtoMember(10)] public ImmutableArray<string> Networks { get; init; } = [];

    public override string ToString() => $"ApiKeyIssued({Agency}, {KeyId})";

    string? IAgencyEvent.OfKey => KeyId;

    public AgencyRegistry Apply(AgencyRegistry state) => (Tenant == Tenant.Live ? state.With(state.Agencies[Agency] with { CameIn = true }) : state).With(
    new ApiKeyRecord
    {
        KeyId = KeyId, Agency = Agency, SecretHash = SecretHash, Roles = Roles, Tenant = Tenant, CreatedAt = Meta.RecordedAt, ExpiresAt = ExpiresAt,
        IssuedBy = Meta.KeyId, AwaitsConsent = AwaitsConsent, Owner = Owner, Networks = KeyNetworks.Read(Networks)!.Value,
    });
}
