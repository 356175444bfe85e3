using CPort.Domain.Hashes;
using CPort.Domain.Routing;
using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>What the automatic steps of one report found; they share one command and one event.</summary>
internal sealed record CompleteAutomaticWork : IReportVerb
{
    public required ReportId ReportId { get; init; }
    public required CommandContext Context { get; init; }
    public ImmutableArray<ItemTrace> Traces { get; init; } = [];
    public ImmutableArray<ItemVerdicts> Verdicts { get; init; } = [];

    /// <summary>Assessments that the hash buckets have recorded.</summary>
    public ImmutableArray<AssessmentRef> Propagated { get; init; } = [];

    /// <summary>
    /// Takes over what the automatic steps found. Every part is idempotent: an item already traced, verdicts that change nothing and an assessment already
    /// propagated lead to no event, so that a repeated or late answer is harmless.
    /// </summary>
    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        if (Guard(report, Context.Caller, ItemWrite.Automatic) is { } refused)
        {
            return Rejected(report, this, refused);
        }

        var (traces, verdicts) = (Traces.ToLookup(t => t.Ordinal), Verdicts.ToLookup(v => v.Ordinal));
        // What was told before a withdrawal does not tell of the withdrawal.
        var propagated = Propagated.Where(p => report.Item(p.Ordinal)?.Assessments
                .Any(a => a.Id == p.AssessmentId && p.Retracted == a.WithdrawnAt is not null) == true)
            .ToLookup(p => p.Ordinal, p => p.AssessmentId);
        var steps = report.Items.Select(item => ItemSteps.Of(item, traces[item.Ordinal].FirstOrDefault(), ItemVerdicts.Together(verdicts[item.Ordinal]),
            propagated[item.Ordinal], environment)).OfType<ItemSteps>();
        return Accepted(report, this,
            [.. steps.Chunk(ReportRules.ItemsPerPart).Select(part => new AutomaticWorkDone { Meta = Context.ToMeta(), Steps = [.. part] })]);
    }
}

/// <summary>Names an assessment of an item.</summary>
public sealed record AssessmentRef
{
    public required int Ordinal { get; init; }
    public required int AssessmentId { get; init; }

    /// <summary>It was told as taken back.</summary>
    public bool Retracted { get; init; }
}

/// <summary>What was found for one item, in the order in which it is applied.</summary>
[ProtoContract]
public sealed record ItemSteps
{
    [ProtoMember(1)] public required int Ordinal { get; init; }

    /// <summary>Tracers answered; facts without a country: they found none.</summary>
    [ProtoMember(2)] public HostingFacts? Trace { get; init; }

    /// <summary>Routed for the first time.</summary>
    [ProtoMember(3)] public Assignment? Route { get; init; }

    /// <summary>Verdicts reached it; inherited opinions come and go by this alone.</summary>
    [ProtoMember(4)] public ItemMatch? Match { get; init; }

    /// <summary>Assessments that the hash buckets have recorded.</summary>
    [ProtoMember(5, IsPacked = true)] public int[] Propagated { get; init; } = [];

    /// <summary>
    /// Routed by what was known before it had a country: news that would have changed nothing then may decide for this one, so it is looked up as a whole.
    /// </summary>
    [ProtoMember(6)] public bool LookUpAgain { get; init; }

    /// <summary>Null: nothing new.</summary>
    internal static ItemSteps? Of(
        ContentItem item, ItemTrace? trace, ItemVerdicts? verdicts, IEnumerable<int> propagated, ReportEnvironment environment)
    {
        int[] told = [.. propagated.Distinct().Where(id => item.Assessments.Any(a => a.Id == id && !a.Propagated))];

        // Most items of a report have no part in a step.
        if (trace is null && verdicts is null && told.Length == 0 && !item.NeedsRoute())
        {
            return null;
        }

        var steps = new ItemSteps { Ordinal = item.Ordinal, Trace = trace?.New(item), Propagated = told };
        var after = steps.ApplyTo(item);
        if (after.NeedsRoute())
        {
            steps = steps with { Route = Assigning.Route(after, after.Hosting!.Country!.Value, episode: 1, environment.Now, environment).Assignment };
            after = steps.ApplyTo(item);
        }

        // Routed first, so that the decision table knows the country whose law counts; what was known before is read again for that country.
        var match = verdicts is null ? null : ItemMatch.New(after, verdicts, environment);
        if (steps.Route is not null && after.Matched)
        {
            var again = Inheriting.Of(after, after.Assignment?.Country, environment);
            match ??= Equals(again, after.Inheritance) ? null : new ItemMatch { Known = after.Known, Near = after.Near, Inheritance = again };
            steps = steps with { LookUpAgain = !after.Hashes.IsEmpty };
        }

        steps = steps with { Match = match };
        return steps is { Trace: null, Route: null, Match: null, Propagated.Length: 0 } ? null : steps;
    }

    internal ContentItem ApplyTo(ContentItem item)
    {
        if (Trace is not null)
        {
            item = item.LawsFollow(Trace.Country) with { Hosting = Trace, Traced = true };
        }

        if (Route is not null)
        {
            item = item with { Assignment = Route };
        }

        if (Propagated.Length > 0)
        {
            item = item with { Assessments = [.. item.Assessments.Select(a => Propagated.Contains(a.Id) ? a with { Propagated = true } : a)] };
        }

        item = Match is null ? item : Match.ApplyTo(item);
        return LookUpAgain ? item with { Matched = false } : item;
    }
}

/// <summary>CPort's own work on items: traced, routed, matched, their opinions passed on. At most 200 items an event.</summary>
[ProtoContract, Manifest("re6")]
public sealed record AutomaticWorkDone : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemSteps> Steps { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Each(report, this, Steps, s => s.Ordinal, (item, steps) => steps.ApplyTo(item));

    public ImmutableArray<int> Touches() => [.. Steps.Select(s => s.Ordinal)];

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access)
    {
        var sentences = ImmutableArray.CreateBuilder<string>();
        foreach (var s in Steps.Where(s => seen.Contains(s.Ordinal)))
        {
            if (s.Trace is { } trace && access.Sees(FieldGroup.Hosting))
            {
                sentences.Add($"Item {s.Ordinal}: hosted in {trace.Country?.Code ?? "an unknown country"} ({trace.Source}).");
            }

            if (s.Route is { } route)
            {
                sentences.Add($"Item {s.Ordinal}: {route.InWords()}.");
            }

            if (s.Match is { } match && access.Sees(FieldGroup.Classification))
            {
                sentences.Add(match.Sentence(s.Ordinal, access.Sees(FieldGroup.Hashes)));
            }

            if (s.Propagated.Length > 0)
            {
                sentences.Add($"Item {s.Ordinal}: the hash buckets took the assessments over.");
            }
        }

        return sentences.DrainToImmutable();
    }
}
