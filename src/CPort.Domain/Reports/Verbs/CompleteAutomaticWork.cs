using CPort.Domain.Hashes;
using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>What the automatic steps of one report found; they share one command and one write.</summary>
internal sealed record CompleteAutomaticWork : IReportVerb
{
    public required ReportId ReportId { get; init; }
    public required CommandContext Context { get; init; }
    public ImmutableArray<ItemTrace> Traces { get; init; } = [];
    public ImmutableArray<ItemVerdicts> Verdicts { get; init; } = [];

    /// <summary>Assessments that the hash buckets have recorded.</summary>
    public ImmutableArray<AssessmentRef> Propagated { get; init; } = [];

    /// <summary>The verdicts are a look-up of all hashes of these items, not news of a few.</summary>
    public bool FullLookup { get; init; }

    /// <summary>
    /// Takes over what the automatic steps found. Every part is idempotent: an item already traced, a verdict not newer than the one held and an assessment
    /// already propagated change nothing, so that a repeated or late answer is harmless.
    /// </summary>
    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        if (Guard(report, Context.Caller, ItemWrite.Automatic) is { } refused)
        {
            return Rejected(report, this, refused);
        }

        var events = new List<IReportEvent>();
        var after = report;
        void Add<T>(IEnumerable<T> changes, Func<ImmutableArray<T>, IReportEvent> toEvent)
        {
            foreach (var part in changes.ToArray().Chunk(ReportRules.ItemsPerPart))
            {
                events.Add(toEvent([.. part]));
                after = ReportRules.Apply(after, events[^1]);
            }
        }

        var meta = Context.ToMeta();
        Add(ItemsTraced.New(after, Traces), traces => new ItemsTraced { Meta = meta, Traces = traces });

        // Routed first, so that the inheritance policy knows the country whose law counts.
        Add(
            after.Items.Where(i => i.NeedsRoute())
                .Select(i => Assigning.Route(i, i.Hosting!.Country!.Value, episode: 1, environment.Now, environment)),
            assignments => new ItemsAssigned { Meta = meta, Assignments = assignments });

        // Several messages on one item are taken one after the other, so that each decides with what the one before brought.
        var rounds = Verdicts.GroupBy(v => v.Ordinal).SelectMany(same => same.Select((v, n) => (Verdicts: v, Round: n)))
            .GroupBy(p => p.Round, p => p.Verdicts);
        foreach (var round in rounds.OrderBy(r => r.Key))
        {
            Add(ItemsMatched.New(after, round, FullLookup, environment),
                matches => new ItemsMatched { Meta = meta, Matches = matches });
        }

        Add(OpinionsPropagated.New(after, Propagated),
            assessments => new OpinionsPropagated { Meta = meta, Assessments = assessments });
        return Accepted(report, this, [.. events]);
    }
}
