using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>
/// Makes police the national bureau of the countries it works for, or takes that back. A bureau sees no report by it: it confirms the people of its countries'
/// police, and may stop them.
/// </summary>
[ProtoContract, Manifest("ac14")]
public sealed record SetNationalBureau : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public bool IsNationalBureau { get; init; }

    Type IAgencyCommand.Makes => typeof(NationalBureauChanged);

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate)
    {
        var agency = state.Agencies[Agency];
        var day = AgencyDirectory.DayOf(meta.RecordedAt);
        return IsNationalBureau == agency.IsNationalBureau ? Unchanged
            : !IsNationalBureau ? Accept(new NationalBureauChanged { Meta = meta, Agency = Agency })
            : agency.Kind != AgencyKind.Police || agency.CountriesOn(day).IsEmpty
                ? Reject(AgencyRejection.BureauNeedsPolice, "Only police that works for a country can be its national bureau.")
            : state.Agencies.Values.Any(a => a.Active && a.IsNationalBureau && a.CountriesOn(day).Intersect(agency.CountriesOn(day)).Any())
                ? Reject(AgencyRejection.BureauExists, "The country has a national bureau; take that back first.")
            : Accept(new NationalBureauChanged { Meta = meta, Agency = Agency, IsNationalBureau = true });
    }
}

[ProtoContract, Manifest("ae15")]
public sealed record NationalBureauChanged : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public bool IsNationalBureau { get; init; }

    public AgencyRegistry Apply(AgencyRegistry state) => state.With(state.Agencies[Agency] with { IsNationalBureau = IsNationalBureau });
}
