using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>Closes an agency: its keys stop working at once and nothing is assigned to it any more. Its past stays.</summary>
[ProtoContract, Manifest("ac5")]
public sealed record DeactivateAgency : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    Type IAgencyCommand.Makes => typeof(AgencyDeactivated);
    bool IAgencyCommand.AlsoWhenClosed => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate) =>
        Agency == Context.Caller.Agency ? Reject(AgencyRejection.OwnAgency, "An operator cannot deactivate its own agency.")
        : state.Agencies[Agency].Active ? Accept(new AgencyDeactivated { Meta = meta, Agency = Agency })
        : Unchanged;
}

[ProtoContract, Manifest("ae5")]
public sealed record AgencyDeactivated : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    public AgencyRegistry Apply(AgencyRegistry state) => state.With(state.Agencies[Agency] with { Active = false });
}
