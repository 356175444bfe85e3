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

    /// <summary>As <see cref="WithdrawReport.CountChanged"/>.</summary>
    [ProtoMember(8)] public bool CountChanged { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) =>
        this with { Why = null, SealedWhy = SealText(seam, report, Why, SealedField.Why), Assessment = Assessment.Seal(seam, report.Id) };

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var caller = Context.Caller;
        Assessment? Own(ContentItem item) => item.Assessments.LastOrDefault(a =>
            (a.Stands || (a == item.FirstWord() && item.OpenLook() is not null)) && a.Agency == caller.Agency
            && (AssessmentId is null || a.Id == AssessmentId));

        // Whoever else of the agency is to look without knowing; who answers for the word is who said it.
        bool IsAnothers(ContentItem item) => item.OpenLook() is { } look && look.By[0] != caller.Hand;
        return ForItems(report, this, [Item], ItemWrite.CorrectAssessment,
            item =>
                IsAnothers(item) ? Looking.Waits
                : Own(item) is null
                    ? new Refusal(RejectionCode.NothingToCorrect, "Your agency has no such assessment of this item that counts.")
                : Assessment.OfAnotherLaw(caller) is { } refused ? refused
                : !Assessment.Classification.HasEffect()
                    ? new Refusal(RejectionCode.DoubtfulHasNoEffect, "Doubtful exists in v2 submissions only.")
                : CountChanged ? NotConfirmed
                : null,
            items => [.. Looking.Said(report, Context, environment, Corrections(report, items[0], Own(items[0])!), SealedWhy)]);
    }

    /// <summary>
    /// Of the opinion in every occurrence that carries it: it is one opinion. The first is told to the hash buckets, which know no copies and tell the items of
    /// what it changes.
    /// </summary>
    private ImmutableArray<ItemAssessment> Corrections(Report report, ContentItem named, Assessment own)
    {
        var first = Occurrences.FirstOf(named, own);
        OpinionPlace? corrected = null;
        var all = ImmutableArray.CreateBuilder<ItemAssessment>(1);
        foreach (var (item, old) in report.Items.SelectMany(i => i.Assessments
            .Where(a => (a.Stands || a == own) && Occurrences.FirstOf(i, a) == first), (i, a) => (i, a)))
        {
            var assessment = Corrected(item, old);
            all.Add(new ItemAssessment
            {
                Ordinal = item.Ordinal, Corrects = old.Id,
                Assessment = corrected is null ? assessment : assessment with { Propagated = true, CopyOf = corrected },
            });
            corrected ??= new OpinionPlace { Ordinal = item.Ordinal, AssessmentId = assessment.Id };
        }

        return all.ToImmutable();
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
