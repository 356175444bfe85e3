using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>
/// Somebody else than who had a key made agrees to it (<see cref="NotAnotherHand"/>), and from then on it works: to an operator's the agency whose it is, or an
/// operator's key of another hand; to one that the agency's administrator had made, an operator.
/// </summary>
[ProtoContract, Manifest("ac10")]
public sealed record ApproveKey : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }

    Type IAgencyCommand.Makes => typeof(ApiKeyApproved);
    Deed IAgencyCommand.Deed => Deed.ApproveKeys;
    bool IAgencyCommand.OfOwnAgency => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate)
    {
        return KeyOf(state, this, KeyId) is not { } key ? Reject(AgencyRejection.UnknownKey, $"Agency '{Agency}' has no such key.")
            : key.RevokedAt is not null ? Reject(AgencyRejection.KeyRevoked, "A revoked key is not agreed to.")
            : !key.AwaitsConsent ? Unchanged
            : NotAnotherHand(state, Context.Caller, key) ?? Accept(new ApiKeyApproved { Meta = meta, Agency = Agency, KeyId = key.KeyId });
    }
}

[ProtoContract, Manifest("ae10")]
public sealed record ApiKeyApproved : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }

    string? IAgencyEvent.OfKey => KeyId;

    public AgencyRegistry Apply(AgencyRegistry state) => ApiKeyRotated.Replaced(
        state.With(state.Keys[KeyId] with { AwaitsConsent = false, ApprovedBy = Meta.KeyId }), KeyId, Meta.RecordedAt);
}
