using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// A second look: what somebody finds who does not know what was said before. Once enough have come to the same, that is the agency's word, and counts; until
/// then the next person is waited for, so that of two who disagree a third decides.
/// </summary>
[ProtoContract, Manifest("rc80")]
public sealed record AssessBlind : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required ItemTarget Item { get; init; }
    [ProtoMember(4)] public required AssessmentInput Assessment { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) => this with { Assessment = Assessment.Seal(seam, report.Id) };

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var caller = Context.Caller;
        return ForItems(report, this, [Item], ItemWrite.Look,
            item => Looking.Check(item, caller) ?? Leased(item, caller, environment) ?? Assessment.OfAnotherLaw(caller)
                ?? (Assessment.Classification.HasEffect() ? null
                    : new Refusal(RejectionCode.DoubtfulHasNoEffect, "Assess as Baseline, National or NotIllegal.")),
            items => [.. Events(items[0], environment)]);
    }

    private IEnumerable<IReportEvent> Events(ContentItem item, ReportEnvironment environment)
    {
        var (look, first) = (item.Look!, item.FirstWord()!);
        var answer = Assessment.ToAssessment(look.Answers.Length + 1, Context, first.Country, look.Episode) with { Propagated = true };
        yield return new LookGiven { Meta = Context.ToMeta(), Ordinal = item.Ordinal, Answer = answer, By = Context.Caller.Hand };

        Assessment[] same = [.. look.Answers.Append(answer).Prepend(first).Where(a => a.Classification == answer.Classification)];
        if (same.Length >= look.Agreeing)
        {
            yield return new LookSettled
            {
                Meta = Context.ToMeta(), Ordinal = item.Ordinal, Looks = look.Answers.Length + 2,
                Assessment = Agreed(item, first, same[0].Agency == first.Agency ? same[0] : first with
                {
                    Classification = same[0].Classification, Age = same[0].Age, Gender = same[0].Gender, VirtualContent = same[0].VirtualContent,
                    UserGeneratedContent = same[0].UserGeneratedContent, ChildModeling = same[0].ChildModeling, Category = null, Analyst = null, Why = null,
                }, environment.Members.TrustOf(first.Agency) ?? first.Trust, look.Answers.Length + 2),
            };
        }
    }

    /// <summary>The word of whose job it is, as the first of those that agree said it, from now on.</summary>
    private Assessment Agreed(ContentItem item, Assessment first, Assessment said, TrustLevel trust, int looks) => said with
    {
        Id = item.Assessments.Length + 1, Pending = false, Looks = looks, Propagated = false, Trust = trust,
        Country = first.Country, Speaks = first.Speaks, Episode = first.Episode, Carried = first.Carried, Laws = [], CopyOf = null,
        DespiteBaseline = first.DespiteBaseline,

        // After whatever its agency said of the same hashes while others looked.
        At = Context.OccurredAt > first.At ? Context.OccurredAt : first.At.AddTicks(1),
    };
}

/// <summary>Somebody else has looked. What they said stands in no sentence: others may have to look.</summary>
[ProtoContract, Manifest("re81")]
public sealed record LookGiven : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Ordinal { get; init; }
    [ProtoMember(4)] public required Assessment Answer { get; init; }

    /// <summary>The person (<see cref="Caller.Hand"/>).</summary>
    [ProtoMember(5)] public required string By { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Each(report, this, [Ordinal], i => i with
    {
        Lease = null, Look = i.Look is { } look ? look with { Answers = look.Answers.Add(Answer), By = look.By.Add(By) } : null,
    });

    public ImmutableArray<int> Touches() => [Ordinal];

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) => [$"Item {Ordinal}: a second look was given."];
}

/// <summary>Enough have come to the same, which counts from now on.</summary>
[ProtoContract, Manifest("re82")]
public sealed record LookSettled : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Ordinal { get; init; }
    [ProtoMember(4)] public required Assessment Assessment { get; init; }

    /// <summary>How many looked, the first among them.</summary>
    [ProtoMember(5)] public required int Looks { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Each(report, this, [Ordinal], i => i with
    {
        Assessments =
        [
            .. i.Assessments.Select(a => a.Id == i.Look?.AssessmentId ? a with { CorrectedBy = Assessment.Id } : a),
            Assessment with { Sequence = report.Version + 1 },
        ],
        Look = i.Look is { } look ? look with { SettledAt = Meta.OccurredAt, Agreed = Assessment.Classification } : null,
    });

    public ImmutableArray<int> Touches() => [Ordinal];

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) => !access.Sees(FieldGroup.Classification) ? [] :
        [$"Item {Ordinal}: {Looks} have looked, and enough of them say {Assessment.Classification}, which counts from now on."];
}
