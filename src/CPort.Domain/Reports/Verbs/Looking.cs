using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>What the verbs of second looks share.</summary>
internal static class Looking
{
    /// <summary>Null, or why the caller cannot give the look.</summary>
    public static Refusal? Check(ContentItem item, Caller caller) => item.OpenLook() is not { } look ? None
        : look.IsBy(caller) ? new Refusal(RejectionCode.SamePerson, "You have looked at it already; somebody else has to.")
        : null;

    public static readonly Refusal None = new(RejectionCode.NoSecondLook, "The item waits for no second look.");

    public static readonly Refusal Waits = new(
        RejectionCode.AwaitsSecondLook, "The item was judged and waits for a second look, by somebody who does not know what was said.");

    /// <summary>What was said of items, as one event: of those that somebody else has to look at it counts for nothing yet.</summary>
    public static IEnumerable<IReportEvent> Said(
        Report report, CommandContext context, ReportEnvironment environment, ImmutableArray<ItemAssessment> said, Sealed? why = null)
    {
        var policy = environment.LooksOf(context.Caller.Agency);
        bool Waits(ItemAssessment a) => report.Item(a.Ordinal) is { } item && MayWait(item, context.Caller)
            && policy.Asks(report, item, a.Assessment.Classification);
        ImmutableArray<ItemAssessment> counted = [.. said.Where(a => !Waits(a))], waiting = [.. said.Where(Waits)];
        if (!counted.IsEmpty)
        {
            yield return new ItemsAssessed { Meta = context.ToMeta(), Assessments = counted, Why = why };
        }

        if (!waiting.IsEmpty)
        {
            yield return new LooksOpened
            {
                Meta = context.ToMeta(), Agreeing = policy.Agreeing, Policy = policy.Version, By = context.Caller.Hand,
                Assessments = [.. waiting.Select(a => a with { Assessment = a.Assessment with { Pending = true, Propagated = true } })],
            };
        }
    }

    /// <summary>
    /// Of who has the item and its word counts for the first time, or again. What is corrected after the job has gone elsewhere is corrected as it was said: by
    /// one.
    /// </summary>
    private static bool MayWait(ContentItem item, Caller caller) =>
        (item.Assignment is { Hotline: { } hotline } ? hotline == caller.Agency : item.Assignment?.Country is { } country && caller.WorksFor(country))
        && !item.IsBaselineBelieved();
}

/// <summary>
/// Items were judged, and somebody else has to look before that counts. What was said stands in no sentence. Who held them lets go: else the hold would tell
/// who it was.
/// </summary>
[ProtoContract, Manifest("re80")]
public sealed record LooksOpened : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemAssessment> Assessments { get; init; } = [];
    [ProtoMember(4)] public required int Agreeing { get; init; }
    [ProtoMember(5)] public int Policy { get; init; }

    /// <summary>Whose first word it is (<see cref="Caller.Hand"/>).</summary>
    [ProtoMember(6)] public required string By { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Each(report, this, Assessments, a => a.Ordinal, (i, a) => i with
    {
        Lease = null,
        Assessments =
        [
            .. i.Assessments.Select(old => old.Id == a.Corrects ? old with { CorrectedBy = a.Assessment.Id } : old),
            a.Assessment with { Sequence = report.Version + 1 },
        ],
        Look = new SecondLook
        {
            AssessmentId = a.Assessment.Id, Episode = a.Assessment.Episode, OpenedAt = Meta.OccurredAt, Agreeing = Agreeing, Policy = Policy, By = [By],

            // Whom one has asked before one corrects oneself is asked still.
            Asked = i.OpenLook()?.Asked ?? [],
        },
    });

    public ImmutableArray<int> Touches() => [.. Assessments.Select(a => a.Ordinal)];

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        [.. Touches().Where(seen.Contains).Select(o => $"Item {o}: judged; waits for a second look.")];
}
