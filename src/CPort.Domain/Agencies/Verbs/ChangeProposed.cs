using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>An operator wants something that widens what an agency sees or how far it is believed: nothing has changed yet.</summary>
[ProtoContract, Manifest("ae12")]
public sealed record ChangeProposed : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required long Number { get; init; }

    /// <summary>Of the countries that it widens, those that others serve.</summary>
    [ProtoMember(4)] public ImmutableArray<Country> Countries { get; init; } = [];
    [ProtoMember(5)] public bool Everybody { get; init; }

    /// <summary>One of these is the change.</summary>
    [ProtoMember(6)] public AgencyRegistered? Registration { get; init; }
    [ProtoMember(7)] public MembershipsChanged? Memberships { get; init; }
    [ProtoMember(8)] public TrustChanged? Trust { get; init; }
    [ProtoMember(9)] public MandateChanged? Mandate { get; init; }

    public IWideningEvent Change => (IWideningEvent?)Registration ?? (IWideningEvent?)Memberships ?? (IWideningEvent?)Trust ?? Mandate!;

    // The command wanted the change, and its repeat is one of that.
    Type IAgencyEvent.Did => Change.GetType();
    long? IAgencyEvent.OfChange => Number;
    string IAgencyEvent.InWords => $"{nameof(ChangeProposed)} {Number} ({Change.GetType().Name})";

    /// <summary>The event itself, or a wish for it where it widens something that concerns others.</summary>
    internal static AgencyDecision Weigh(AgencyRegistry state, IWideningEvent wanted)
    {
        var widening = Widening.Of(state, state.Agencies.GetValueOrDefault(wanted.Agency), wanted.Apply(state).Agencies[wanted.Agency]);
        return widening.IsNone ? Accept(wanted)
            : state.Changes.Values.Count(c => c.IsOpenAt(wanted.Meta.RecordedAt)) >= MaxOpenChanges
                ? Reject(AgencyRejection.TooManyChanges, $"At most {MaxOpenChanges} changes wait for consent; approve or refuse some.")
            : Accept(new ChangeProposed
            {
                Meta = wanted.Meta, Agency = wanted.Agency, Number = state.Version + 1, Countries = widening.Countries, Everybody = widening.Everybody,
                Registration = wanted as AgencyRegistered, Memberships = wanted as MembershipsChanged, Trust = wanted as TrustChanged,
                Mandate = wanted as MandateChanged,
            });
    }

    public AgencyRegistry Apply(AgencyRegistry state) => ProposedChange.Kept(state, new ProposedChange
    {
        Number = Number, Agency = Agency, Change = Change, Concerns = new Widening(Countries, Everybody), ProposedBy = Meta.KeyId, ProposedAt = Meta.RecordedAt,
    }, Meta.RecordedAt);
}
