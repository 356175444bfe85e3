using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>
/// Somebody of the agency has signed in for the first time: it came in by a person, as another does by its first key, and further keys need its consent.
/// </summary>
[ProtoContract, Manifest("ac15")]
public sealed record NoteArrival : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    Type IAgencyCommand.Makes => typeof(AgencyArrived);

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate) =>
        state.Agencies[Agency].CameIn ? Unchanged : Accept(new AgencyArrived { Meta = meta, Agency = Agency });
}

[ProtoContract, Manifest("ae16")]
public sealed record AgencyArrived : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    public AgencyRegistry Apply(AgencyRegistry state) => state.With(state.Agencies[Agency] with { CameIn = true });
}
