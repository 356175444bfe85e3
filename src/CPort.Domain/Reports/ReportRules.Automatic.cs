using System.Collections.Immutable;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Inheritance;
using CPort.Domain.Routing;

namespace CPort.Domain.Reports;

/// <content>What CPort does by itself: tracing, matching, inheriting, routing, escalating.</content>
public static partial class ReportRules
{
    /// <summary>
    /// Takes over what the automatic steps found. Every part is idempotent: an item already traced, a verdict not newer than the one held and an
    /// assessment already propagated change nothing, so that a repeated or late answer is harmless.
    /// </summary>
    private static ReportDecision CompleteWork(Report report, CompleteAutomaticWork c, ReportEnvironment environment)
    {
        if (!IsAutomatic(c.Context.Caller))
        {
            return Rejected(report, c, RejectionCode.NotAuthorised, "Only CPort itself completes automatic work.");
        }

        var meta = c.Context.ToMeta();
        var events = new List<IReportEvent>();
        var after = report;
        void Add(IReportEvent e)
        {
            events.Add(e);
            after = Apply(after, e);
        }

        // Named twice, the first answer counts: an event touches an item once.
        var traces = c.Traces.Where(t => after.Item(t.Ordinal) is { } i && i.NeedsTrace()).DistinctBy(t => t.Ordinal).Select(t => OrBefore(after.Item(t.Ordinal)!, t)).ToImmutableArray();
        foreach (var part in traces.Chunk(ItemsPerPart))
        {
            Add(new ItemsTraced { Meta = meta, Traces = [.. part] });
        }

        // Routed first, so that the inheritance policy knows the country whose law counts.
        foreach (var part in after.Items.Where(i => i.NeedsRoute()).ToArray().Chunk(ItemsPerPart))
        {
            Add(new ItemsAssigned
            {
                Meta = meta,
                Assignments = [.. part.Select(i => Route(i, i.Hosting!.Country!.Value, episode: 1, environment.Now, environment))],
            });
        }

        // Several messages on one item are taken one after the other, so that each decides with what the one before brought.
        var rounds = c.Verdicts.GroupBy(v => v.Ordinal).SelectMany(same => same.Select((v, n) => (Verdicts: v, Round: n))).GroupBy(p => p.Round, p => p.Verdicts);
        foreach (var round in rounds.OrderBy(r => r.Key))
        {
            var matches = round
                .Select(v => after.Item(v.Ordinal) is { Withdrawn: false } item ? TakeVerdicts(item, v, c.FullLookup, environment) : null)
                .OfType<ItemMatch>();
            foreach (var part in matches.ToArray().Chunk(ItemsPerPart))
            {
                Add(new ItemsMatched { Meta = meta, Matches = [.. part] });
            }
        }

        var propagated = c.Propagated.Distinct()
            .Where(p => after.Item(p.Ordinal)?.Assessments.Any(a => a.Id == p.AssessmentId && !a.Propagated) == true);
        foreach (var part in propagated.ToArray().Chunk(ItemsPerPart))
        {
            Add(new OpinionsPropagated { Meta = meta, Assessments = [.. part] });
        }

        return Accepted(report, c, [.. events]);
    }

    /// <summary>
    /// A new occurrence that no tracer finds is taken to be where the old one was: else it would be nobody's, and vanish from who has just reported it.
    /// </summary>
    private static ItemTrace OrBefore(ContentItem item, ItemTrace trace) =>
        item.PreviousOccurrence is not null && trace.Facts.Country is null && item.EarlierHosting is [.., { Country: not null } before]
            ? trace with { Facts = before }
            : trace;

    /// <summary>Null when the verdicts bring nothing new.</summary>
    private static ItemMatch? TakeVerdicts(ContentItem item, ItemVerdicts incoming, bool fullLookup, ReportEnvironment environment)
    {
        // A first full look-up also says what is not known; a later message carries changed verdicts only.
        var complete = fullLookup && !item.Matched;
        var newer = incoming.Exact
            .Where(v => item.Hashes.Contains(v.Hash) && v.Version > (item.Verdicts.FirstOrDefault(held => held.Hash == v.Hash)?.Version ?? 0))
            .GroupBy(v => v.Hash).Select(same => same.MaxBy(v => v.Version)!)
            .ToImmutableArray();
        if (newer.IsEmpty && !complete)
        {
            return null;
        }

        var merged = MergeVerdicts(item.Verdicts, newer);
        var near = complete ? incoming.Near : item.Near;
        var all = new ItemVerdicts { Ordinal = item.Ordinal, Exact = merged, Near = near };
        return new ItemMatch
        {
            Ordinal = item.Ordinal, Verdicts = newer, Near = complete ? incoming.Near : [], NearLookedUp = complete, Complete = complete,
            Inheritance = InheritancePolicy.Decide(LawOf(item), all, environment.Inheritance),
            LookAlikes = complete ? LookAlikesOf(item, incoming.LookAlikes) : [],
        };
    }

    /// <summary>An item that looks like no other needs no words in the journal.</summary>
    private static ImmutableArray<Domain.Hashes.LookAlike> LookAlikesOf(ContentItem item, ImmutableArray<Domain.Hashes.LookAlike> found) =>
        [.. found.Where(l => l.Items > 1 || !item.Hashes.Contains(l.Hash)).Take(MaxLookAlikes)];

    private static ImmutableArray<Domain.Hashes.HashVerdict> MergeVerdicts(ImmutableArray<Domain.Hashes.HashVerdict> held, ImmutableArray<Domain.Hashes.HashVerdict> newer) =>
        [.. held.Where(h => newer.All(n => n.Hash != h.Hash)), .. newer];

    private static ItemVerdicts VerdictsOf(ContentItem item) => new() { Ordinal = item.Ordinal, Exact = item.Verdicts, Near = item.Near };

    /// <summary>The country whose law counts for the item: the assigned one, and none for an orphan nobody has taken.</summary>
    private static Country? LawOf(ContentItem item) => item.Assignment?.Country;

    /// <summary>
    /// Hosting country, then member country, then hotline: one hotline has it at once, several leave it open, none makes an orphan. An orphan has
    /// no assigned country, so hosting and assigned country are never the same for one.
    /// </summary>
    private static ItemAssignment Route(ContentItem item, Country country, int episode, DateTimeOffset at, ReportEnvironment environment)
    {
        var (assigned, hotline) = RoutingRules.Route(country, environment.Members) switch
        {
            RouteDecision.Assigned to => ((Country?)to.Country, to.Hotline),
            _ => (null, null),
        };
        return new ItemAssignment
        {
            Ordinal = item.Ordinal, CountryChanged = true,
            Inheritance = InheritancePolicy.Decide(assigned, VerdictsOf(item), environment.Inheritance),
            Assignment = new Assignment
            {
                Episode = episode, Country = assigned, CountrySince = at, Orphan = assigned is null, Hotline = hotline,
                HotlineSince = hotline is null ? null : at,
            },
        };
    }

    private static ReportDecision Escalate(Report report, EscalateOrphans c, ReportEnvironment environment)
    {
        if (!IsAutomatic(c.Context.Caller))
        {
            return Rejected(report, c, RejectionCode.NotAuthorised, "Only CPort itself escalates orphans.");
        }

        var assignments = c.Ordinals.Distinct()
            .Select(report.Item)
            .Where(i => i is { Withdrawn: false, Assignment: { Orphan: true, Country: null, EscalatedTo: null } } && !i.IsClosed())
            .Select(i => (Item: i!, To: (i!.Hosting?.Country is { } host ? environment.Members.PoliceOf(host) : null) ?? environment.Members.Interpol))
            .Where(p => p.To is not null)
            .Select(p => new ItemAssignment
            {
                Ordinal = p.Item.Ordinal, Inheritance = p.Item.Inheritance,
                Assignment = p.Item.Assignment! with { EscalatedTo = p.To, EscalatedAt = environment.Now },
            })
            .ToArray();
        return Accepted(report, c, [.. assignments.Chunk(ItemsPerPart).Select(part => new ItemsAssigned { Meta = c.Context.ToMeta(), Assignments = [.. part] })]);
    }
}
