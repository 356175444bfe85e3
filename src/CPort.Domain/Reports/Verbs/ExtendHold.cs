using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>Who asked for a hold needs it longer; within what the policy lets it last in all.</summary>
[ProtoContract, Manifest("rc36")]
public sealed record ExtendHold : IReportCommand, IAboutHold
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public required DateTimeOffset Until { get; init; }

    public ReportDecision Decide(Report report, ReportEnvironment environment) => Holding.Of(
        report, this, Number, ItemWrite.ExtendHold,
        hold => Holding.OwnAndRunning(hold, this, environment) ?? Holding.CheckEnd(hold.Since, Until, environment)
            ?? (Until > hold.Until ? null : new Refusal(RejectionCode.HoldEndDoesNotFit, "It lasts longer already; lift it to end it before.")),
        hold => new HoldExtended { Meta = Context.ToMeta(), Number = Number, Ordinals = hold.Ordinals, Until = Until });
}

/// <summary>A hold lasts longer.</summary>
[ProtoContract, Manifest("re36")]
public sealed record HoldExtended : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public ImmutableArray<int> Ordinals { get; init; } = [];
    [ProtoMember(5)] public required DateTimeOffset Until { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Holding.Change(report, this, Number, Ordinals, h => h with
    {
        Until = Until,
    });

    public ImmutableArray<int> Touches() => Ordinals;

    public bool IsShownTo(Caller caller, Report report) => Holding.IsShown(report, caller, Number);

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) => [$"Hold {Number} lasts until {Holding.Moment(Until)}."];
}
