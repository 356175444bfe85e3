using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>Somebody else than who had them set agrees to the networks that a key may come from, as to a key (<see cref="ApproveKey"/>).</summary>
[ProtoContract, Manifest("ac71")]
public sealed record ApproveKeyNetworks : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }

    /// <summary><see cref="WaitingNetworks.Number"/> of what was looked at: what came after that is not agreed to.</summary>
    [ProtoMember(4)] public required long Number { get; init; }

    Type IAgencyCommand.Makes => typeof(KeyNetworksApproved);

    Deed IAgencyCommand.Deed => Deed.ApproveKeys;

    bool IAgencyCommand.OfOwnAgency => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate) =>
        KeyOf(state, this, KeyId) is not { } key ? Reject(AgencyRejection.UnknownKey, $"Agency '{Agency}' has no such key.")
        : !key.IsKeptAt(meta.RecordedAt) ? Reject(AgencyRejection.KeyRevoked, "The key does not work any more.")
        : key.NetworksWaiting is not { } waiting || waiting.Number != Number
            ? Reject(AgencyRejection.UnknownKeyNetworks, "Nothing of that number waits at this key.")

        // As the key, had by who set its networks.
        : NotAnotherHand(state, Context.Caller, key with { IssuedBy = waiting.SetBy })
            ?? Accept(new KeyNetworksApproved { Meta = meta, Agency = Agency, KeyId = KeyId, Number = Number });
}

[ProtoContract, Manifest("ae71")]
public sealed record KeyNetworksApproved : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }
    [ProtoMember(4)] public required long Number { get; init; }

    string? IAgencyEvent.OfKey => KeyId;

    public AgencyRegistry Apply(AgencyRegistry state)
    {
        var key = state.Keys[KeyId];
        return state.With(key with { Networks = key.NetworksWaiting!.Networks, NetworksWaiting = null });
    }
}
