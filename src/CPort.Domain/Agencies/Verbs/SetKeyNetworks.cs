using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>
/// Says which networks a key may come from. What only takes networks away counts at once; what lets it come from more places needs the consent that a further
/// key needs, and until then what was before goes on.
/// </summary>
[ProtoContract, Manifest("ac70")]
public sealed record SetKeyNetworks : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }

    /// <summary>All of them (<see cref="KeyNetworks.TryParse"/>); none: anywhere.</summary>
    [ProtoMember(4)] public ImmutableArray<string> Networks { get; init; } = [];

    Type IAgencyCommand.Makes => typeof(KeyNetworksSet);

    Deed IAgencyCommand.Deed => Deed.IssueKeys;

    bool IAgencyCommand.OfOwnAgency => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate)
    {
        if (KeyOf(state, this, KeyId) is not { } key)
        {
            return Reject(AgencyRejection.UnknownKey, $"Agency '{Agency}' has no such key.");
        }

        if (!key.IsKeptAt(meta.RecordedAt))
        {
            return Reject(AgencyRejection.KeyRevoked, "The key does not work any more.");
        }

        if (KeyNetworks.Read(Networks) is not { } networks)
        {
            return Reject(AgencyRejection.InvalidNetworks, NetworksRule);
        }

        return KeyNetworks.Same(networks, key.NetworksWaiting?.Networks ?? key.Networks) ? Unchanged : Accept(new KeyNetworksSet
        {
            Meta = meta, Agency = Agency, KeyId = KeyId, Networks = KeyNetworks.Texts(networks), Number = state.Version + 1,
            AwaitsConsent = !KeyNetworks.IsWithin(networks, key.Networks) && NeedsConsent(state, this, key.Tenant),
        });
    }
}

/// <summary>A key's networks; where they wait, they count once somebody else has agreed.</summary>
[ProtoContract, Manifest("ae70")]
public sealed record KeyNetworksSet : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string KeyId { get; init; }
    [ProtoMember(4)] public ImmutableArray<string> Networks { get; init; } = [];
    [ProtoMember(5)] public bool AwaitsConsent { get; init; }

    /// <summary>Names what is agreed to.</summary>
    [ProtoMember(6)] public required long Number { get; init; }

    string? IAgencyEvent.OfKey => KeyId;

    public AgencyRegistry Apply(AgencyRegistry state)
    {
        var (key, networks) = (state.Keys[KeyId], KeyNetworks.Read(Networks)!.Value);
        return state.With(AwaitsConsent
            ? key with { NetworksWaiting = new WaitingNetworks(networks, Meta.KeyId, Number) }
            : key with { Networks = networks, NetworksWaiting = null });
    }
}
