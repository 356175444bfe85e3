using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// Says why a Baseline is thought wrong (verdicts.md 3: it is final, so nobody re-assesses it). The item stays as it is; its hashes carry a word against, which
/// counts like any other.
/// </summary>
[ProtoContract, Manifest("rc30")]
public sealed record ObjectToBaseline : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];

    /// <summary>The reason, in the clear on the way in.</summary>
    [ProtoMember(4)] public SecretText? Why { get; init; }
    [ProtoMember(5)] public Sealed? SealedWhy { get; init; }

    /// <summary>The analyst's name.</summary>
    [ProtoMember(6)] public SecretText? Analyst { get; init; }
    [ProtoMember(7)] public Sealed? SealedAnalyst { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) => this with
    {
        Why = null, SealedWhy = SealText(seam, report, Why, SealedField.Why), Analyst = null,
        SealedAnalyst = SealText(seam, report, Analyst, SealedField.AssessmentAnalyst),
    };

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var caller = Context.Caller;
        return ForItems(report, this, Items, ItemWrite.Object,
            item =>
                SealedWhy is null
                    ? new Refusal(RejectionCode.ReasonMissing, "An objection needs a reason.")
                : item.Effective() != Classification.Baseline
                    ? new Refusal(RejectionCode.NothingToObjectTo, "The item is not Baseline; assess it.")
                : item.Assessments.Any(a => a.Agency == caller.Agency && a is { Counts: true, Classification: Classification.Baseline })
                    ? new Refusal(RejectionCode.NothingToObjectTo, "Your agency said Baseline itself; correct that.")
                : item.Assessments.Any(a => a.Agency == caller.Agency && a is { Stands: true, Objection: true, Classification: Classification.NotIllegal })
                    ? new Refusal(RejectionCode.NothingToObjectTo, "Your agency has objected already.")
                : null,
            items =>
            [
                new ObjectionsRaised
                {
                    Meta = Context.ToMeta(), Why = SealedWhy,
                    Objections = [.. items.Select(i => new ItemAssessment { Ordinal = i.Ordinal, Assessment = Objection(i, caller) })],
                },
            ]);
    }

    private Assessment Objection(ContentItem item, Caller caller)
    {
        var word = new AssessmentInput { Classification = Classification.NotIllegal, SealedAnalyst = SealedAnalyst };
        return word.ToAssessment(item.Assessments.Length + 1, Context, LawOf(item, caller), item.Assignment?.Episode ?? 0) with
        {
            Objection = true, Why = SealedWhy,
        };
    }
}

/// <summary>An agency objects to the Baseline of items.</summary>
[ProtoContract, Manifest("re30")]
public sealed record ObjectionsRaised : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemAssessment> Objections { get; init; } = [];
    [ProtoMember(4)] public Sealed? Why { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Each(report, this, Objections, o => o.Ordinal,
        (i, o) => i with { Assessments = i.Assessments.Add(o.Assessment with { Sequence = report.Version + 1 }) });

    public ImmutableArray<int> Touches() => [.. Objections.Select(o => o.Ordinal)];

    public SealedText? FreeText() => Why is { } why ? new SealedText(SealedField.Why, why) : null;

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        !access.Sees(FieldGroup.Classification) ? [] : [.. Objections.Where(o => seen.Contains(o.Ordinal)).Select(o =>
            $"Item {o.Ordinal}: {o.Assessment.Agency} objects to Baseline.")];
}
