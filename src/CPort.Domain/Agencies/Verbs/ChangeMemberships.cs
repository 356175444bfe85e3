using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>
/// Replaces all memberships of an agency. To end one, send it with its last day; leaving it out forgets that it ever held. When that was the primary country,
/// the first of the new ones becomes it.
/// </summary>
[ProtoContract, Manifest("ac2")]
public sealed record ChangeMemberships : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public ImmutableArray<Membership> Memberships { get; init; } = [];

    Type IAgencyCommand.Makes => typeof(MembershipsChanged);

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate) =>
        Fault(Memberships) is { } fault ? Reject(AgencyRejection.InvalidMemberships, fault)
        : Ordered(Memberships) is var ordered && ordered.SequenceEqual(state.Agencies[Agency].Memberships) ? Unchanged
        : Accept(new MembershipsChanged
        {
            Meta = meta, Agency = Agency, Memberships = ordered,
            PrimaryCountry = SetPrimaryCountry.After(state.Agencies[Agency].PrimaryCountry, Memberships),
        });

    internal static ImmutableArray<Membership> Ordered(ImmutableArray<Membership> memberships) => [.. memberships.OrderBy(m => m.Country).ThenBy(m => m.From)];

    internal static string? Fault(ImmutableArray<Membership> memberships)
    {
        if (memberships.Length > MaxMemberships)
        {
            return $"An agency has at most {MaxMemberships} memberships.";
        }

        if (memberships.Any(m => m.Country == default || m.To < m.From))
        {
            return "Each membership has a country, a first day and, when it ends, a last day that is not before the first.";
        }

        var ordered = Ordered(memberships);
        return ordered.Skip(1).Where((next, i) => ordered[i].Country == next.Country && (ordered[i].To is null || ordered[i].To >= next.From)).Any()
            ? "Memberships of one country do not overlap."
            : null;
    }
}

[ProtoContract, Manifest("ae2")]
public sealed record MembershipsChanged : IWideningEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    /// <summary>All memberships that hold from now on, not the difference.</summary>
    [ProtoMember(3)] public ImmutableArray<Membership> Memberships { get; init; } = [];
    [ProtoMember(4)] public Country? PrimaryCountry { get; init; }

    public IAgencyCommand Again(CommandContext context) => new ChangeMemberships { Context = context, Agency = Agency, Memberships = Memberships };

    public AgencyRegistry Apply(AgencyRegistry state) =>
        state.With(state.Agencies[Agency] with { Memberships = Memberships, PrimaryCountry = PrimaryCountry });
}
