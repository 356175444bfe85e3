using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>
/// Somebody else than who wants a change agrees to it: an operator of another hand for all that it widens, an agency for the countries that it serves. It is
/// made as soon as nothing of it is left to agree to, by what the registry says then.
/// </summary>
[ProtoContract, Manifest("ac12")]
public sealed record ApproveChange : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required long Number { get; init; }

    Type IAgencyCommand.Makes => typeof(ChangeApproved);
    Deed IAgencyCommand.Deed => Deed.ApproveChanges;
    bool IAgencyCommand.AlsoWhenUnknown => true;
    bool IAgencyCommand.AlsoWhenClosed => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate)
    {
        if (ShownTo(state, this, Number, meta.RecordedAt) is not { } change)
        {
            return Reject(AgencyRejection.UnknownChange, NoSuchChange);
        }

        if (!change.IsOpenAt(meta.RecordedAt))
        {
            return change is { DecidedAt: not null, RefusedBy: null } ? Unchanged : Reject(AgencyRejection.ChangeDecided, NoLongerOpen);
        }

        var again = Try(state, change.Change.Again(Context), meta);
        if (again is not AgencyDecision.Accepted { Event: IWideningEvent made })
        {
            return again;
        }

        var asked = Widening.Of(state, state.Agencies.GetValueOrDefault(Agency), made.Apply(state).Agencies[Agency]);
        var (caller, day) = (Context.Caller, AgencyDirectory.DayOf(meta.RecordedAt));
        if (caller.Kind == AgencyKind.Operator)
        {
            return HandOf(state, change.ProposedBy) == HandOf(state, caller.KeyId)
                ? Reject(AgencyRejection.SecondPersonNeeded, AnotherHand)
                : Accept(new ChangeApproved { Meta = meta, Agency = Agency, Number = Number, Countries = asked.Countries, Made = true });
        }

        ImmutableArray<Country> mine = [.. asked.Countries.Where(c => change.AnswersFor(state.Agencies[caller.Agency], c, day))];
        return mine.IsEmpty ? Reject(AgencyRejection.SecondPersonNeeded, AnotherHand)
            : mine.All(change.AgreedFor.Contains) ? Unchanged
            : Accept(new ChangeApproved
            {
                Meta = meta, Agency = Agency, Number = Number, Countries = mine,
                Made = !asked.Everybody && asked.Countries.All(c => mine.Contains(c) || change.AgreedFor.Contains(c)),
            });
    }

    internal const string NoSuchChange = "There is no such change.";
    internal const string NoLongerOpen = "The change was decided, or waited too long.";

    private const string AnotherHand =
        "Who wants a change does not agree to it, nor does a key that came from the same hand: the agencies of the countries concerned do, each for its own, "
        + "or an operator of another hand.";

    /// <summary>The change, when the caller is one of those who are shown it.</summary>
    internal static ProposedChange? ShownTo(AgencyRegistry state, IAgencyCommand command, long number, DateTimeOffset now) =>
        state.Changes.GetValueOrDefault(number) is { } change && change.Agency == command.Agency
            && (command.Context.Caller.Kind == AgencyKind.Operator
                || (state.Agencies.GetValueOrDefault(command.Context.Caller.Agency) is { } agency && change.Concern(agency, AgencyDirectory.DayOf(now))))
            ? change : null;
}

[ProtoContract, Manifest("ae13")]
public sealed record ChangeApproved : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required long Number { get; init; }

    /// <summary>The countries that this consent is for.</summary>
    [ProtoMember(4)] public ImmutableArray<Country> Countries { get; init; } = [];

    /// <summary>Nothing is left to agree to: the change holds from now on.</summary>
    [ProtoMember(5)] public bool Made { get; init; }

    long? IAgencyEvent.OfChange => Number;
    string IAgencyEvent.InWords => $"{nameof(ChangeApproved)} {Number}{(Made ? "" : " (others still have to)")}";

    public AgencyRegistry Apply(AgencyRegistry state)
    {
        var change = state.Changes[Number];
        return ProposedChange.Kept(Made ? change.Change.Apply(state) : state, change with
        {
            AgreedFor = [.. change.AgreedFor.Union(Countries).Order()], AgreedBy = change.AgreedBy.Add(Meta.KeyId),
            DecidedAt = Made ? Meta.RecordedAt : null,
        }, Meta.RecordedAt);
    }
}
