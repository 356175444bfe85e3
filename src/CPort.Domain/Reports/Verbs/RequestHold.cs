using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>Police asks that the host of items is not told before a time (police first, domain.md 1.7). Runs from then on.</summary>
[ProtoContract, Manifest("rc35")]
public sealed record RequestHold : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];
    [ProtoMember(4)] public required HoldReason Reason { get; init; }

    /// <summary>Its end; null: <see cref="ReportLimits.HoldHours"/> from now.</summary>
    [ProtoMember(5)] public DateTimeOffset? Until { get; init; }

    /// <summary>In words, in the clear on the way in.</summary>
    [ProtoMember(6)] public SecretText? Note { get; init; }
    [ProtoMember(7)] public Sealed? SealedNote { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) =>
        this with { Note = null, SealedNote = SealText(seam, report, Note, SealedField.HoldText) };

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var (caller, now) = (Context.Caller, environment.Now);
        var own = report.Holds.Count(h => h.Agency == caller.Agency);
        var number = PoliceNumbers.Next("hold", report.Id, caller.Agency, own, n => report.Hold(n) is not null);
        var until = Until ?? now.AddHours(Math.Min(ReportLimits.HoldHours, environment.LongestHold.TotalHours));
        return ForItems(report, this, Items, ItemWrite.Hold,
            item =>
                item.IsClosed() ? Closed
                : Holding.CheckEnd(now, until, environment)
                ?? (report.Holds.FirstOrDefault(h => h.Agency == caller.Agency && h.Stops(item, now)) is { } running
                    ? new Refusal(RejectionCode.AlreadyOnHold, $"Your agency's hold {new HoldRef(report.Id, running.Number)} runs; extend that.")
                : own >= ReportLimits.HoldsOfAgency
                    ? new Refusal(RejectionCode.TooManyItems, $"An agency has at most {ReportLimits.HoldsOfAgency} holds of a report.")
                : null),
            items =>
            [
                new HoldRequested
                {
                    Meta = Context.ToMeta(),
                    Hold = new PoliceHold
                    {
                        Number = number, Agency = caller.Agency, KeyId = caller.KeyId, Reason = Reason, Ordinals = [.. items.Select(i => i.Ordinal).Order()],
                        Countries = [.. caller.Countries.Where(c => items.Any(i => PoliceHold.IsIn(i, c)))], Since = now, Until = until, Note = SealedNote,
                    },
                },
            ]).Naming(number);
    }
}

/// <summary>Police asked that the host is not told yet.</summary>
[ProtoContract, Manifest("re35")]
public sealed record HoldRequested : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required PoliceHold Hold { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Said(report with { Holds = report.Holds.Add(Hold) }, this, Hold.Ordinals, i => i);

    public ImmutableArray<int> Touches() => Hold.Ordinals;

    public SealedText? FreeText() => Hold.Note is { } note ? new SealedText(SealedField.HoldText, note) : null;

    public bool IsShownTo(Caller caller, Report report) => Holding.IsShown(report, caller, Hold.Number);

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
    [
        .. seen.Select(o => $"Item {o}: {Hold.Agency} asks that the host is not told before {Holding.Moment(Hold.Until)} ({Hold.Reason})."),
    ];
}
