using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>Says how far the agency's opinions are believed by others (design.md, "Who is believed").</summary>
[ProtoContract, Manifest("ac3")]
public sealed record SetTrust : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required TrustLevel Trust { get; init; }

    Type IAgencyCommand.Makes => typeof(TrustChanged);

    // Its words remain, and nobody else can take them back.
    bool IAgencyCommand.AlsoWhenClosed => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate) =>
        Fault(Trust)
        ?? (Trust == state.Agencies[Agency].Trust ? Unchanged : Accept(new TrustChanged { Meta = meta, Agency = Agency, Trust = Trust }));

    internal static AgencyDecision? Fault(TrustLevel trust) =>
        Enum.IsDefined(trust) ? null : Reject(AgencyRejection.InvalidTrust, "trust is standard, trusted or untrusted.");
}

[ProtoContract, Manifest("ae3")]
public sealed record TrustChanged : IWideningEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required TrustLevel Trust { get; init; }

    public IAgencyCommand Again(CommandContext context) => new SetTrust { Context = context, Agency = Agency, Trust = Trust };

    public AgencyRegistry Apply(AgencyRegistry state) => state.With(state.Agencies[Agency] with { Trust = Trust });
}
