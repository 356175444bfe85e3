using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// Sets or lifts the urgent flag (a child at immediate risk). Everybody with a part in the report may set it; each lifts its own word only, and the report is
/// urgent while one stands.
/// </summary>
[ProtoContract, Manifest("rc5")]
public sealed record MarkUrgent : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required bool Urgent { get; init; }

    public ReportDecision Decide(Report report, ReportEnvironment environment) =>
        Guard(report, Context.Caller, ItemWrite.MarkUrgent) is { } refused ? Rejected(report, this, refused)
        : report.UrgentBy.Contains(Context.Caller.Agency) == Urgent
            ? Urgent || !report.Urgent ? Accepted(report, this)
                : Rejected(report, this, RejectionCode.SetByAnother, "Another agency marked the report as urgent; only who did lifts it.")
            : Accepted(report, this, new UrgencyChanged { Meta = Context.ToMeta(), Urgent = Urgent });
}

/// <summary>The urgent flag was set or lifted.</summary>
[ProtoContract, Manifest("re5")]
public sealed record UrgencyChanged : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required bool Urgent { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report)
    {
        var by = report.UrgentBy.Remove(Meta.Agency);
        by = Urgent ? by.Add(Meta.Agency) : by;
        return report with { UrgentBy = by, Urgent = !by.IsEmpty };
    }

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        [Urgent ? $"Marked urgent by {Meta.Agency}." : $"No longer urgent for {Meta.Agency}."];
}
