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

    /// <summary>It would change something else than the caller has confirmed, unless it was done before.</summary>
    [ProtoMember(5)] public bool CountChanged { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) =>
        this with { Reason = null, SealedReason = SealText(seam, report, Reason, SealedField.Why) };

    public ReportDecision Decide(Report report, ReportEnvironment environment) =>
        Guard(report, Context.Caller, ItemWrite.Withdraw) is { } refused ? Rejected(report, this, refused)
        : report.Items.SelectMany(i => i.Actions.Select(a => a.Agency).Concat(i.Assessments.Select(a => a.Agency)))
            .Any(agency => agency != report.ReportingHotline)
            ? Rejected(report, this, RejectionCode.OthersHaveActed,
                "Another agency has assessed or acted on an item; the report can no longer be withdrawn.")
        : CountChanged ? Rejected(report, this, NotConfirmed)
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

    /// <summary>The opinions that rest on the report go with it; the hash buckets are told, whether or not they had heard them.</summary>
    public Report Apply(Report report) =>
        Each(report with
        {
            Withdrawn = true, Holds = Holding.Withdrawn(report.Holds, Meta.OccurredAt), Questions = Asking.Withdrawn(report.Questions, Meta),
        }, this, report.Items.Select(i => i.Ordinal), i => i with
        {
            Withdrawn = true, Lease = null,
            Assessments =
            [
                .. i.Assessments.Select(a => a.Stands ? Back(a) : a),
            ],
        });

    /// <summary>Never at a time before the opinion's own, whatever a node's clock says: the buckets order a source's words by it.</summary>
    private Assessment Back(Assessment a) => a with
    {
        WithdrawnAt = Meta.OccurredAt > a.At ? Meta.OccurredAt : a.At.AddTicks(1), Propagated = !a.Classification.HasEffect(),
    };

    public SealedText? FreeText() => Reason is { } reason ? new SealedText(SealedField.Why, reason) : null;

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        ["Withdrawn by the reporting hotline, with its opinions."];
}
