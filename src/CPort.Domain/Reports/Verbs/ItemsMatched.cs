using CPort.Domain.Hashes;
using CPort.Domain.Inheritance;
using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>What one item's hashes say, as it follows from the verdicts by the inheritance policy of the time.</summary>
[ProtoContract]
public sealed record ItemMatch
{
    [ProtoMember(1)] public required int Ordinal { get; init; }

    /// <summary>New verdicts; they replace older versions of the same hash.</summary>
    [ProtoMember(2)] public ImmutableArray<HashVerdict> Verdicts { get; init; } = [];
    [ProtoMember(3)] public ImmutableArray<NearMatch> Near { get; init; } = [];

    /// <summary><see cref="Near"/> was looked up and replaces what was there.</summary>
    [ProtoMember(4)] public bool NearLookedUp { get; init; }

    /// <summary>The decision that holds from now on; null: the hashes say nothing.</summary>
    [ProtoMember(5)] public InheritanceDecision? Inheritance { get; init; }

    /// <summary>The first match of a new item, or a changed verdict that came later.</summary>
    [ProtoMember(6)] public bool Complete { get; init; }

    /// <summary>
    /// With the first match: PDQ values near the item's own that other items carried and of which nothing was known, nearest first, at most
    /// <see cref="ReportRules.MaxLookAlikes"/>; the item's own among them when others carry it too. What groups are formed from.
    /// </summary>
    [ProtoMember(7)] public ImmutableArray<LookAlike> LookAlikes { get; init; } = [];
}

/// <summary>Hash verdicts reached items; inherited opinions come and go by this event alone.</summary>
[ProtoContract, Manifest("re7")]
public sealed record ItemsMatched : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemMatch> Matches { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    /// <summary>What these verdicts bring that is new.</summary>
    internal static IEnumerable<ItemMatch> New(
        Report report, IEnumerable<ItemVerdicts> verdicts, bool fullLookup, ReportEnvironment environment) =>
        verdicts.Select(v =>
                report.Item(v.Ordinal) is { Withdrawn: false } item ? TakeVerdicts(item, v, fullLookup, environment) : null)
            .OfType<ItemMatch>();

    /// <summary>Null when the verdicts bring nothing new.</summary>
    private static ItemMatch? TakeVerdicts(
        ContentItem item, ItemVerdicts incoming, bool fullLookup, ReportEnvironment environment)
    {
        // A first full look-up also says what is not known; a later message carries changed verdicts only.
        var complete = fullLookup && !item.Matched;
        var newer = incoming.Exact
            .Where(v => item.Hashes.Contains(v.Hash)
                && v.Version > (item.Verdicts.FirstOrDefault(held => held.Hash == v.Hash)?.Version ?? 0))
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
            Ordinal = item.Ordinal, Verdicts = newer, Near = complete ? incoming.Near : [],
            NearLookedUp = complete, Complete = complete,
            Inheritance = InheritancePolicy.Decide(LawOf(item), all, environment.Inheritance),
            LookAlikes = complete ? LookAlikesOf(item, incoming.LookAlikes) : [],
        };
    }

    /// <summary>An item that looks like no other needs no words in the journal.</summary>
    private static ImmutableArray<LookAlike> LookAlikesOf(ContentItem item, ImmutableArray<LookAlike> found) =>
        [.. found.Where(l => l.Items > 1 || !item.Hashes.Contains(l.Hash)).Take(ReportRules.MaxLookAlikes)];

    private static ImmutableArray<HashVerdict> MergeVerdicts(
        ImmutableArray<HashVerdict> held, ImmutableArray<HashVerdict> newer) =>
        [.. held.Where(h => newer.All(n => n.Hash != h.Hash)), .. newer];

    /// <summary>The country whose law counts for the item: the assigned one, and none for an orphan nobody has taken.</summary>
    private static Country? LawOf(ContentItem item) => item.Assignment?.Country;

    public Report Apply(Report report) => Each(report, this, Matches, m => m.Ordinal, (i, m) => i with
    {
        Verdicts = MergeVerdicts(i.Verdicts, m.Verdicts), Near = m.NearLookedUp ? m.Near : i.Near, Inheritance = m.Inheritance,
        Matched = i.Matched || m.Complete,
    });

    public ImmutableArray<int> Touches() => [.. Matches.Select(m => m.Ordinal)];

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        !access.Sees(FieldGroup.Classification) ? [] : [.. Matches.Where(m => seen.Contains(m.Ordinal)).Select(m =>
            m.Inheritance is { } i ? $"Item {m.Ordinal}: {Verdict(i)}" : $"Item {m.Ordinal}: not known.")];

    private static string Verdict(InheritanceDecision i) => i.Kind switch
    {
        InheritanceKind.Inherited => $"{i.Classification} inherited ({i.Why}).",
        InheritanceKind.Suggested => $"{i.Classification} suggested ({i.Why}).",
        InheritanceKind.NationalElsewhere => $"nationally illegal in {string.Join(", ", i.Countries.Select(c => c.Code))}.",
        _ => "verdicts contradict; disputed.",
    };
}
