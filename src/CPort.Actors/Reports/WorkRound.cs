using CPort.Actors.Matching;
using CPort.Domain.Reports.Verbs;

namespace CPort.Actors.Reports;

/// <summary>
/// One round of a report's automatic work: asks outside for what the report, as it is when the round starts, is still owed (traces, verdicts, that its opinions
/// are known to the buckets), and gathers the answers. Belongs to its <see cref="ReportActor"/>, which takes them over.
/// </summary>
/// <param name="report">As it is when the round starts.</param>
/// <param name="again">Items that are looked up again, because there is news of them.</param>
/// <param name="services">The report's.</param>
/// <param name="trace">The recorded trace that the work belongs to.</param>
internal sealed class WorkRound(Report report, ImmutableHashSet<int> again, ReportActorServices services, string? trace)
{
    public long Started { get; } = services.Time.GetTimestamp();

    public string? Trace => trace;

    /// <summary>Answers that have not come yet.</summary>
    public int Awaiting { get; private set; }

    /// <summary>Something gave no answer, or not for every item.</summary>
    public bool Failed { get; private set; }

    /// <summary>Something has come that was not taken out yet.</summary>
    public bool Brought => !(_traces.IsEmpty && _verdicts.IsEmpty && _propagated.IsEmpty);

    private ImmutableArray<ItemTrace> _traces = [];
    private ImmutableArray<ItemVerdicts> _verdicts = [];
    private ImmutableArray<AssessmentRef> _propagated = [];

    /// <summary>Asks for all that is owed; the answers go to <paramref name="actor"/> as <see cref="RoundAnswer"/>.</summary>
    public void Ask(IActorRef matching, IActorRef actor)
    {
        TraceItems(actor);
        MatchItems(matching, actor);
    }

    public void Take(RoundAnswer answer)
    {
        Awaiting--;
        Failed |= answer.Failed;
        _traces = _traces.AddRange(answer.Traces);
        _verdicts = _verdicts.AddRange(answer.Verdicts);
        _propagated = _propagated.AddRange(answer.Propagated);
    }

    /// <summary>What has come since it was last asked, to be taken over.</summary>
    public CompleteAutomaticWork TakeOut(ReportId id, CommandContext context)
    {
        var work = new CompleteAutomaticWork
        {
            ReportId = id, Context = context with { TraceParent = trace }, Traces = _traces, Verdicts = _verdicts, Propagated = _propagated,
        };
        (_traces, _verdicts, _propagated) = ([], [], []);
        return work;
    }

    private void TraceItems(IActorRef actor)
    {
        var owed = report.Items.Where(i => i.NeedsTrace()).Take(ReportRules.ItemsPerPart).ToImmutableArray();
        if (owed.IsEmpty)
        {
            return;
        }

        Awaiting++;
        TraceAsync(services, report.Id, owed).PipeTo(actor, actor,
            traces => new RoundAnswer(this, traces.Length < owed.Length) { Traces = traces },
            _ => new RoundAnswer(this, Failed: true));
    }

    /// <summary>Runs outside the actor: touches nothing of it. An item whose tracers failed for a passing reason is left out and tried again.</summary>
    private static async Task<ImmutableArray<ItemTrace>> TraceAsync(ReportActorServices services, ReportId report, ImmutableArray<ContentItem> items)
    {
        using var hop = CPortMetrics.TimeHop(CPortMetrics.TraceHop);
        var traces = ImmutableArray.CreateBuilder<ItemTrace>();
        foreach (var item in items)
        {
            string Url() => services.Seam.Open<ItemSecrets>(item.SecretsPlace(report), item.Secrets).Url;
            if (await services.Tracer.TraceAsync(item.UrlKeys, Url, item.Hosting).ConfigureAwait(false) is { } facts)
            {
                traces.Add(new ItemTrace { Ordinal = item.Ordinal, Facts = facts });
            }
        }

        return traces.ToImmutable();
    }

    /// <summary>
    /// One question of an item's hashes: that they were seen, what the report says of them that the buckets do not know yet, and what is known of them with
    /// that. So a report never gets news of its own word.
    /// </summary>
    private void MatchItems(IActorRef matching, IActorRef actor)
    {
        var owed = report.Items.Select(i => (Item: i, Words: i.Unpropagated().ToArray()))
            .Where(o => o.Item.NeedsMatch() || o.Words.Length > 0 || again.Contains(o.Item.Ordinal)).ToImmutableArray();
        if (owed.IsEmpty)
        {
            return;
        }

        Awaiting++;
        var asked = services.Time.GetTimestamp();
        var question = new MatchReport(report.Tenant, report.Id, [.. owed.Select(o => new ItemHashes
        {
            Ordinal = o.Item.Ordinal, Hashes = o.Item.Hashes, PdqQuality = o.Item.PdqQuality, ExactOnly = !o.Item.NeedsMatch(),
            Words = [.. o.Words.Select(word => word.ToWord(new ItemRef(report.Id, o.Item.Ordinal)))],
        })]) { TraceParent = trace };
        matching.Ask<object>(question, services.MatchTimeout).PipeTo(actor, actor,
            answer =>
            {
                CPortMetrics.Hop(CPortMetrics.MatchHop, services.Time.GetElapsedTime(asked));
                return answer is not ReportMatched matched ? new RoundAnswer(this, Failed: true) : new RoundAnswer(this, Failed: false)
                {
                    Verdicts = matched.Items,
                    Propagated =
                    [
                        .. owed.SelectMany(o => o.Words, (o, word) => new AssessmentRef
                        {
                            Ordinal = o.Item.Ordinal, AssessmentId = word.Id, Retracted = word.WithdrawnAt is not null,
                        }),
                    ],
                };
            },
            _ => new RoundAnswer(this, Failed: true));
    }
}

/// <summary>What one of a round's questions brought; from the round to its own actor.</summary>
internal sealed record RoundAnswer(WorkRound Round, bool Failed) : INoSerializationVerificationNeeded
{
    public ImmutableArray<ItemTrace> Traces { get; init; } = [];
    public ImmutableArray<ItemVerdicts> Verdicts { get; init; } = [];
    public ImmutableArray<AssessmentRef> Propagated { get; init; } = [];
}
