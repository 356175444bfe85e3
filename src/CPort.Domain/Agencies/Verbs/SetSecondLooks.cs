using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>A manager says what of their own agency's judgements somebody else has to look at, too, before they count.</summary>
[ProtoContract, Manifest("ac20")]
public sealed record SetSecondLooks : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    /// <summary>Its version is given by the registry.</summary>
    [ProtoMember(3)] public required SecondLookPolicy Policy { get; init; }

    Type IAgencyCommand.Makes => typeof(SecondLooksChanged);

    Deed IAgencyCommand.Deed => Deed.SetSecondLooks;

    bool IAgencyCommand.OfOwnAgency => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate)
    {
        var present = state.Agencies[Agency].SecondLooks;
        var wanted = Policy with { Version = present.Version };
        return wanted == present ? Unchanged
            : Policy.Agreeing is < SecondLookPolicy.LeastAgreeing or > SecondLookPolicy.MostAgreeing || Policy.Sample is < 0 or > 100
                || (Policy.For & ~(LookFor.NewBaseline | LookFor.Icse | LookFor.Iwol)) != 0
                ? Reject(AgencyRejection.InvalidSecondLooks,
                    $"agreeing is {SecondLookPolicy.LeastAgreeing} to {SecondLookPolicy.MostAgreeing}, sample 0 to 100.")
            : Accept(new SecondLooksChanged { Meta = meta, Agency = Agency, Policy = wanted with { Version = present.Version + 1 } });
    }
}

/// <summary>What an agency has looked at twice from now on; what was said before stays as it was said.</summary>
[ProtoContract, Manifest("ae20")]
public sealed record SecondLooksChanged : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required SecondLookPolicy Policy { get; init; }

    public AgencyRegistry Apply(AgencyRegistry state) => state.With(state.Agencies[Agency] with { SecondLooks = Policy });
}
