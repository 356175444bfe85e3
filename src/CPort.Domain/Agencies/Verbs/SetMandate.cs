using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>Gives a hotline the mandate to take orphans, or takes it back.</summary>
[ProtoContract, Manifest("ac4")]
public sealed record SetMandate : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public bool HoldsOrphanMandate { get; init; }

    Type IAgencyCommand.Makes => typeof(MandateChanged);

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate) =>
        Fault(state.Agencies[Agency].Kind, HoldsOrphanMandate)
        ?? (HoldsOrphanMandate == state.Agencies[Agency].HoldsOrphanMandate
            ? Unchanged
            : Accept(new MandateChanged { Meta = meta, Agency = Agency, HoldsOrphanMandate = HoldsOrphanMandate }));

    internal static AgencyDecision? Fault(AgencyKind kind, bool mandate) => mandate && kind != AgencyKind.Hotline
        ? Reject(AgencyRejection.MandateNeedsHotline, "Only a hotline can hold the mandate to take orphans.")
        : null;
}

[ProtoContract, Manifest("ae4")]
public sealed record MandateChanged : IWideningEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public bool HoldsOrphanMandate { get; init; }

    public IAgencyCommand Again(CommandContext context) => new SetMandate { Context = context, Agency = Agency, HoldsOrphanMandate = HoldsOrphanMandate };

    public AgencyRegistry Apply(AgencyRegistry state) => state.With(state.Agencies[Agency] with { HoldsOrphanMandate = HoldsOrphanMandate });
}
