using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// A hotline says why a hold is wrong. It goes on meanwhile: who asked may lift it, and the national bureau decides (<see cref="OverruleHold"/>).
/// </summary>
[ProtoContract, Manifest("rc38")]
public sealed record ObjectToHold : IReportCommand, IAboutHold
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }

    /// <summary>In words, in the clear on the way in.</summary>
    [ProtoMember(4)] public SecretText? Why { get; init; }
    [ProtoMember(5)] public Sealed? SealedWhy { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) =>
        this with { Why = null, SealedWhy = SealText(seam, report, Why, SealedField.HoldText) };

    public ReportDecision Decide(Report report, ReportEnvironment environment) => Holding.Of(
        report, this, Number, ItemWrite.ObjectToHold,
        hold =>
            Holding.Running(hold, environment)
            ?? (SealedWhy is null ? new Refusal(RejectionCode.ReasonMissing, "An objection needs a reason.")
            : hold.Objections.Any(o => o.Agency == Context.Caller.Agency) ? new Refusal(RejectionCode.NothingToChange, "Your agency has objected already.")
            : null),
        hold => new HoldObjected { Meta = Context.ToMeta(), Number = Number, Ordinals = hold.Ordinals, Why = SealedWhy! });
}

/// <summary>A hotline objects to a hold.</summary>
[ProtoContract, Manifest("re38")]
public sealed record HoldObjected : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public ImmutableArray<int> Ordinals { get; init; } = [];
    [ProtoMember(5)] public required Sealed Why { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Holding.Change(report, this, Number, Ordinals, h => h with
    {
        Objections = h.Objections.Add(new HoldObjection { Agency = Meta.Agency, At = Meta.OccurredAt, Why = Why }),
    });

    public ImmutableArray<int> Touches() => Ordinals;

    public SealedText? FreeText() => new SealedText(SealedField.HoldText, Why);

    public bool IsShownTo(Caller caller, Report report) => Holding.IsShown(report, caller, Number);

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) => [$"{Meta.Agency} objects to hold {Number}."];
}
