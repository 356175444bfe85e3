using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>An analyst proposes illegal items for ICSE, with a sentence; INTERPOL decides what goes there.</summary>
[ProtoContract, Manifest("rc61")]
public sealed record ProposeForIcse : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];

    /// <summary>In the clear on the way in.</summary>
    [ProtoMember(4)] public SecretText? Why { get; init; }
    [ProtoMember(5)] public Sealed? SealedWhy { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) =>
        this with { Why = null, SealedWhy = SealText(seam, report, Why, SealedField.IcseText) };

    public ReportDecision Decide(Report report, ReportEnvironment environment) => ForItems(
        report, this, Items, ItemWrite.ProposeForIcse,
        item => item.Effective() is not (Classification.Baseline or Classification.National)
                ? new Refusal(RejectionCode.NotIllegal, "Only what is taken for illegal goes to ICSE.")
            : SealedWhy is null ? new Refusal(RejectionCode.ReasonMissing, "A proposal needs a sentence.")
            : item.IcseProposals.Any(p => p.By == Context.Caller.Agency) ? new Refusal(RejectionCode.NothingToChange, "Your agency has proposed it already.")
            : null,
        items =>
        [
            new IcseProposed { Meta = Context.ToMeta(), Ordinals = [.. items.Select(i => i.Ordinal)], Why = SealedWhy },
        ]);
}

/// <summary>Items were proposed for ICSE.</summary>
[ProtoContract, Manifest("re61")]
public sealed record IcseProposed : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<int> Ordinals { get; init; } = [];
    [ProtoMember(4)] public Sealed? Why { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Each(report, this, Ordinals, i => i with
    {
        IcseProposals = i.IcseProposals.Add(new IcseProposal { By = Meta.Agency, At = Meta.OccurredAt, Why = Why }),
    });

    public ImmutableArray<int> Touches() => Ordinals;

    public SealedText? FreeText() => Why is { } why ? new SealedText(SealedField.IcseText, why) : null;

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        [.. seen.Select(o => $"{Meta.Agency} proposes item {o} for ICSE.")];
}
