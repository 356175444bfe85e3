using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>The reporting hotline takes its report back; refused once another agency has acted on an item.</summary>
[ProtoContract, Manifest("rc4")]
public sealed record WithdrawReport : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public SecretText? Reason { get; init; }
    [ProtoMember(4)] public Sealed? SealedReason { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) =>
        this with { Reason = null, SealedReason = SealText(seam, report, Reason) };

    public ReportDecision Decide(Report report, ReportEnvironment environment) =>
        Guard(report, Context.Caller, ItemWrite.Withdraw) is { } refused ? Rejected(report, this, refused)
        : report.Items.SelectMany(i => i.Actions.Select(a => a.Agency).Concat(i.Assessments.Select(a => a.Agency)))
            .Any(agency => agency != report.ReportingHotline)
            ? Rejected(report, this, RejectionCode.OthersHaveActed,
                "Another agency has assessed or acted on an item; the report can no longer be withdrawn.")
        : Accepted(report, this, new ReportWithdrawn { Meta = Context.ToMeta(), Reason = SealedReason });
}

/// <summary>The reporting hotline took the report back.</summary>
[ProtoContract, Manifest("re4")]
public sealed record ReportWithdrawn : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public Sealed? Reason { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) =>
        Each(report with { Withdrawn = true }, this, report.Items.Select(i => i.Ordinal),
            i => i with { Withdrawn = true, Lease = null });

    public Sealed? FreeText() => Reason;

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        ["Withdrawn by the reporting hotline."];
}
