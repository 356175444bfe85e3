using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>Somebody else than who had a key made agrees to it: the agency whose it is, or an operator of another hand. From then on it works.</summary>
[ProtoContract, Manifest("ac10")]
public sealed record ApproveKey : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }

    Type IAgencyCommand.Makes => typeof(ApiKeyApproved);
    Deed IAgencyCommand.Deed => Deed.ApproveKeys;

    // Who is not of the agency is told that there is none before anything else of it.
    bool IAgencyCommand.AlsoWhenClosed => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate)
    {
        var caller = Context.Caller;
        return caller.Kind != AgencyKind.Operator && caller.Agency != Agency ? Reject(AgencyRejection.UnknownAgency, $"There is no agency '{Agency}'.")
            : !state.Agencies[Agency].Active ? Reject(AgencyRejection.AgencyInactive, $"Agency '{Agency}' is not active.")
            : KeyOf(state, this, KeyId) is not { } key ? Reject(AgencyRejection.UnknownKey, $"Agency '{Agency}' has no such key.")
            : key.RevokedAt is not null ? Reject(AgencyRejection.KeyRevoked, "A revoked key is not agreed to.")
            : !key.AwaitsConsent ? Unchanged
            : caller.Kind == AgencyKind.Operator && key.IssuedBy is { } maker && HandOf(state, maker) == HandOf(state, caller.KeyId)
                ? Reject(AgencyRejection.SecondPersonNeeded, "Who had the key made does not agree to it: the agency does, or an operator of another hand.")
            : Accept(new ApiKeyApproved { Meta = meta, Agency = Agency, KeyId = key.KeyId });
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
