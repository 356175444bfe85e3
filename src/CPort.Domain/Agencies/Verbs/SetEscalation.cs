using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>An administrator or manager says when their agency's managers are told by mail of an alert that nobody has acknowledged.</summary>
[ProtoContract, Manifest("ac21")]
public sealed record SetEscalation : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    /// <summary>After so many minutes, 1 to <see cref="EscalationLimits.MostManagersAfter"/>; 0: they are not.</summary>
    [ProtoMember(3)] public required int ManagersAfter { get; init; }

    Type IAgencyCommand.Makes => typeof(EscalationChanged);

    Deed IAgencyCommand.Deed => Deed.SetEscalation;

    bool IAgencyCommand.OfOwnAgency => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate) =>
        ManagersAfter == state.Agencies[Agency].ManagersAfter ? Unchanged
        : ManagersAfter is < 0 or > EscalationLimits.MostManagersAfter
            ? Reject(AgencyRejection.InvalidEscalation, $"managersAfterMinutes is 0 to {EscalationLimits.MostManagersAfter}.")
        : Accept(new EscalationChanged { Meta = meta, Agency = Agency, ManagersAfter = ManagersAfter });
}

/// <summary>When an agency's managers are told of what nobody there has acknowledged.</summary>
[ProtoContract, Manifest("ae21")]
public sealed record EscalationChanged : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required int ManagersAfter { get; init; }

    public AgencyRegistry Apply(AgencyRegistry state) => state.With(state.Agencies[Agency] with { ManagersAfter = ManagersAfter });
}
