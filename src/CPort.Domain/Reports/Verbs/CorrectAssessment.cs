using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>An agency puts its own last assessment of an item right; the wrong one stays in the trail.</summary>
[ProtoContract, Manifest("rc11")]
public sealed record CorrectAssessment : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required ItemTarget Item { get; init; }
    [ProtoMember(4)] public required AssessmentInput Assessment { get; init; }
    [ProtoMember(5)] public SecretText? Why { get; init; }
    [ProtoMember(6)] public Sealed? SealedWhy { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) =>
        this with { Why = null, SealedWhy = SealText(seam, report, Why) };

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var caller = Context.Caller;
        Assessment? Own(ContentItem item) => item.Assessments.LastOrDefault(a => a.Counts && a.Agency == caller.Agency);
        return ForItems(report, this, [Item], ItemWrite.CorrectAssessment,
            item =>
                Own(item) is null
                    ? new Refusal(RejectionCode.NothingToCorrect, "Your agency has no assessment of this item that counts.")
                : ClosedOrLeased(item, caller, environment) is { } refusal ? refusal
                : !Assessment.Classification.HasEffect()
                    ? new Refusal(RejectionCode.DoubtfulHasNoEffect, "Doubtful exists in v2 submissions only.")
                : environment.Rules.NoAssessmentAfterAction && item.HasAction()
                    ? new Refusal(RejectionCode.AlreadyActedOn,
                        "The item has been acted on; it is no longer assessed (ICCAM rule 3).")
                : null,
            items =>
            [
                new ItemsAssessed
                {
                    Meta = Context.ToMeta(), Why = SealedWhy,
                    Assessments =
                    [
                        .. items.Select(i => new ItemAssessment
                        {
                            Ordinal = i.Ordinal, Corrects = Own(i)!.Id,
                            Assessment = Assessment.ToAssessment(
                                i.Assessments.Length + 1, Context, Own(i)!.Country, Own(i)!.Episode),
                        }),
                    ],
                },
            ]);
    }
}
