using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// An agency puts its own opinion (or objection) right; the wrong one stays in the trail. Allowed at any time, also after a move, an action or the end: whoever
/// inherited the slip is told, and on a closed item it annotates.
/// </summary>
[ProtoContract, Manifest("rc11")]
public sealed record CorrectAssessment : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required ItemTarget Item { get; init; }
    [ProtoMember(4)] public required AssessmentInput Assessment { get; init; }
    [ProtoMember(5)] public SecretText? Why { get; init; }
    [ProtoMember(6)] public Sealed? SealedWhy { get; init; }

    /// <summary>Which of the agency's own; null: its last one.</summary>
    [ProtoMember(7)] public int? AssessmentId { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) =>
        this with { Why = null, SealedWhy = SealText(seam, report, Why, SealedField.Why), Assessment = Assessment.Seal(seam, report.Id) };

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var caller = Context.Caller;
        Assessment? Own(ContentItem item) => item.Assessments.LastOrDefault(a =>
            a.Stands && a.Agency == caller.Agency && (AssessmentId is null || a.Id == AssessmentId));
        return ForItems(report, this, [Item], ItemWrite.CorrectAssessment,
            item =>
                Own(item) is null
                    ? new Refusal(RejectionCode.NothingToCorrect, "Your agency has no such assessment of this item that counts.")
                : Assessment.OfAnotherLaw(caller) is { } refused ? refused
                : !Assessment.Classification.HasEffect()
                    ? new Refusal(RejectionCode.DoubtfulHasNoEffect, "Doubtful exists in v2 submissions only.")
                : null,
            items =>
            [
                new ItemsAssessed
                {
                    Meta = Context.ToMeta(), Why = SealedWhy,
                    Assessments = [.. items.Select(i => new ItemAssessment { Ordinal = i.Ordinal, Corrects = Own(i)!.Id, Assessment = Corrected(i, Own(i)!) })],
                },
            ]);
    }

    private Assessment Corrected(ContentItem item, Assessment own)
    {
        var corrected = Assessment.ToAssessment(item.Assessments.Length + 1, Context, own.Country, own.Episode);
        return corrected with
        {
            Laws = Assessment.Category?.Jurisdiction is null ? own.Laws : [],
            Objection = own.Objection, Carried = own.Carried, Why = SealedWhy, Speaks = own.Speaks || corrected.Speaks,

            // The buckets order a source's words by their time; a node whose clock is behind must not make the correction the older one.
            At = corrected.At > own.At ? corrected.At : own.At.AddTicks(1),
        };
    }
}
