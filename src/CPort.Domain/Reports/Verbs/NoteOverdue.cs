using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// Questions whose due date is over: written down once for each, so that both sides see it. By the clock they were overdue before, whether or not this has come
/// (<see cref="PoliceQuestion.StateAt"/>).
/// </summary>
[ProtoContract, Manifest("rc53")]
public sealed record NoteOverdue : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }

    public ReportDecision Decide(Report report, ReportEnvironment environment) =>
        Guard(report, Context.Caller, ItemWrite.Automatic) is { } refused
            ? Rejected(report, this, refused)
            : Accepted(report, this,
            [
                .. report.Questions.Where(q => !q.OverdueNoted && q.StateAt(environment.Now) == QuestionState.Overdue)
                    .Select(q => new QuestionOverdue { Meta = Context.ToMeta(), Number = q.Number, Ordinals = q.Ordinals }),
            ]);
}

/// <summary>A question was not answered in time.</summary>
[ProtoContract, Manifest("re53")]
public sealed record QuestionOverdue : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public ImmutableArray<int> Ordinals { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Asking.Change(report, this, Number, Ordinals, q => q with { OverdueNoted = true });

    public ImmutableArray<int> Touches() => Ordinals;

    public bool IsShownTo(Caller caller, Report report) => Asking.IsShown(report, caller, Number);

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) => [$"Question {Number} was not answered in time."];
}
