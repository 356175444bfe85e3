using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>Says by whose law an agency of several countries judges when nothing names another.</summary>
[ProtoContract, Manifest("ac9")]
public sealed record SetPrimaryCountry : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required Country Country { get; init; }

    Type IAgencyCommand.Makes => typeof(PrimaryCountryChanged);

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate) =>
        Fault(Country, state.Agencies[Agency].Memberships)
        ?? (Country == state.Agencies[Agency].PrimaryCountry
            ? Unchanged
            : Accept(new PrimaryCountryChanged { Meta = meta, Agency = Agency, Country = Country }));

    internal static AgencyDecision? Fault(Country? country, ImmutableArray<Membership> memberships) =>
        country is null || memberships.Any(m => m.Country == country)
            ? null
            : Reject(AgencyRejection.InvalidMemberships, "primaryCountry is one of the countries that the agency works for.");

    /// <summary>The primary country of an agency with these memberships, in the order they were given.</summary>
    internal static Country? After(Country? primary, ImmutableArray<Membership> memberships) =>
        memberships.Any(m => m.Country == primary) ? primary : memberships is [var first, ..] ? first.Country : null;
}

[ProtoContract, Manifest("ae9")]
public sealed record PrimaryCountryChanged : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required Country Country { get; init; }

    public AgencyRegistry Apply(AgencyRegistry state) => state.With(state.Agencies[Agency] with { PrimaryCountry = Country });
}
