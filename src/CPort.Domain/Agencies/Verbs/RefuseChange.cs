using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>Ends a wish for a change: any operator's, also who wanted it, the agency that it is about, or one that may agree for a country of it.</summary>
[ProtoContract, Manifest("ac13")]
public sealed record RefuseChange : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required long Number { get; init; }

    Type IAgencyCommand.Makes => typeof(ChangeRefused);
    Deed IAgencyCommand.Deed => Deed.ApproveChanges;
    bool IAgencyCommand.AlsoWhenUnknown => true;
    bool IAgencyCommand.AlsoWhenClosed => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate)
    {
        var (caller, day) = (Context.Caller, AgencyDirectory.DayOf(meta.RecordedAt));
        return ApproveChange.ShownTo(state, this, Number, meta.RecordedAt) is not { } change
                ? Reject(AgencyRejection.UnknownChange, ApproveChange.NoSuchChange)
            : change.RefusedBy is not null ? Unchanged
            : !change.IsOpenAt(meta.RecordedAt) ? Reject(AgencyRejection.ChangeDecided, ApproveChange.NoLongerOpen)
            : caller.Kind == AgencyKind.Operator || caller.Agency == Agency
                || change.Concerns.Countries.Any(c => change.AnswersFor(state.Agencies[caller.Agency], c, day))
                ? Accept(new ChangeRefused { Meta = meta, Agency = Agency, Number = Number })
            : Reject(AgencyRejection.SecondPersonNeeded, "What concerns every agency is for operators to refuse.");
    }
}

[ProtoContract, Manifest("ae14")]
public sealed record ChangeRefused : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required long Number { get; init; }

    long? IAgencyEvent.OfChange => Number;
    string IAgencyEvent.InWords => $"{nameof(ChangeRefused)} {Number}";

    public AgencyRegistry Apply(AgencyRegistry state) => ProposedChange.Kept(
        state, state.Changes[Number] with { RefusedBy = Meta.KeyId, DecidedAt = Meta.RecordedAt }, Meta.RecordedAt);
}
