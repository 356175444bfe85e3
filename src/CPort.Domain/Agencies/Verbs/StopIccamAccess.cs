using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>Ends a hotline's system's way in at once, its tokens with it; the key that it spoke by stays.</summary>
[ProtoContract, Manifest("ac32")]
public sealed record StopIccamAccess : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    Type IAgencyCommand.Makes => typeof(IccamAccessStopped);

    Deed IAgencyCommand.Deed => Deed.RevokeKeys;

    bool IAgencyCommand.OfOwnAgency => true;

    bool IAgencyCommand.AlsoWhenClosed => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate) =>
        state.Agencies[Agency] is { Iccam: null, IccamWaiting: null } ? Unchanged : Accept(new IccamAccessStopped { Meta = meta, Agency = Agency });
}

[ProtoContract, Manifest("ae32")]
public sealed record IccamAccessStopped : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    public AgencyRegistry Apply(AgencyRegistry state) => state.With(state.Agencies[Agency] with { Iccam = null, IccamWaiting = null });
}
