using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>Who asked for a hold ends it before its time.</summary>
[ProtoContract, Manifest("rc37")]
public sealed record LiftHold : IReportCommand, IAboutHold
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
        report, this, Number, ItemWrite.LiftHold, hold => Holding.OwnAndRunning(hold, this, environment),
        hold => new HoldLifted { Meta = Context.ToMeta(), Number = Number, Ordinals = hold.Ordinals, Why = SealedWhy });
}

/// <summary>A hold was ended by who asked for it.</summary>
[ProtoContract, Manifest("re37")]
public sealed record HoldLifted : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public ImmutableArray<int> Ordinals { get; init; } = [];
    [ProtoMember(5)] public Sealed? Why { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Holding.Change(report, this, Number, Ordinals, h => h with
    {
        Ended = HoldState.Lifted, EndedAt = Meta.OccurredAt,
    });

    public ImmutableArray<int> Touches() => Ordinals;

    public SealedText? FreeText() => Why is { } why ? new SealedText(SealedField.HoldText, why) : null;

    public bool IsShownTo(Caller caller, Report report) => Holding.IsShown(report, caller, Number);

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) => [$"Hold {Number} is lifted by {Meta.Agency}."];
}
