using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>Ends a key at once.</summary>
[ProtoContract, Manifest("ac8")]
public sealed record RevokeKey : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }

    Type IAgencyCommand.Makes => typeof(ApiKeyRevoked);
    Deed IAgencyCommand.Deed => Deed.RevokeKeys;
    bool IAgencyCommand.OfOwnAgency => true;
    bool IAgencyCommand.AlsoWhenClosed => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate) =>
        KeyOf(state, this, KeyId) is not { } key ? Reject(AgencyRejection.UnknownKey, $"Agency '{Agency}' has no such key.")
        : key.RevokedAt is not null ? Unchanged
        : Accept(new ApiKeyRevoked { Meta = meta, Agency = Agency, KeyId = key.KeyId });
}

[ProtoContract, Manifest("ae8")]
public sealed record ApiKeyRevoked : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }

    string? IAgencyEvent.OfKey => KeyId;

    public AgencyRegistry Apply(AgencyRegistry state) => state.With(state.Keys[KeyId] with { RevokedAt = Meta.RecordedAt });
}
