using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// Holds whose time is over: written down, so that both sides see it. They stopped nothing from their end on, whether or not this has come
/// (<see cref="PoliceHold.StateAt"/>).
/// </summary>
[ProtoContract, Manifest("rc40")]
public sealed record ExpireHolds : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }

    public ReportDecision Decide(Report report, ReportEnvironment environment) =>
        Guard(report, Context.Caller, ItemWrite.Automatic) is { } refused
            ? Rejected(report, this, refused)
            : Accepted(report, this,
            [
                .. report.Holds.Where(h => h.Ended is null && h.StateAt(environment.Now) == HoldState.Expired)
                    .Select(h => new HoldExpired { Meta = Context.ToMeta(), Number = h.Number, Ordinals = h.Ordinals }),
            ]);
}

/// <summary>A hold has ended by its time.</summary>
[ProtoContract, Manifest("re40")]
public sealed record HoldExpired : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public ImmutableArray<int> Ordinals { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Holding.Change(report, this, Number, Ordinals, h => h with
    {
        Ended = HoldState.Expired, EndedAt = h.Until,
    });

    public ImmutableArray<int> Touches() => Ordinals;

    public bool IsShownTo(Caller caller, Report report) => Holding.IsShown(report, caller, Number);

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) => [$"Hold {Number} has ended by its time."];
}
