using CPort.Domain.Hashes;
using CPort.Domain.Inheritance;

namespace CPort.Domain.Reports.Verbs;

/// <summary>What one item's hashes say, as it follows from the verdicts by the decision table of the time.</summary>
[ProtoContract]
public sealed record ItemMatch
{
    /// <summary>What is known of the item's hashes from now on.</summary>
    [ProtoMember(1)] public ImmutableArray<KnownHash> Known { get; init; } = [];
    [ProtoMember(2)] public ImmutableArray<KnownNear> Near { get; init; } = [];

    /// <summary>The decision that holds from now on; null: the hashes say nothing.</summary>
    [ProtoMember(3)] public InheritanceDecision? Inheritance { get; init; }

    /// <summary>All hashes were looked up; else news of the item's only hash.</summary>
    [ProtoMember(4)] public bool LookedUp { get; init; }

    /// <summary>
    /// With the first look-up: PDQ values near the item's own that other items carried and of which nothing was known, nearest first, at most <see
    /// cref="ReportRules.MaxLookAlikes"/>; the item's own among them when others carry it too. What groups are formed from.
    /// </summary>
    [ProtoMember(5)] public ImmutableArray<LookAlike> LookAlikes { get; init; } = [];

    /// <summary>
    /// What verdicts bring that is new; null: nothing that changes the decision or what the item's readers are shown. <paramref name="verdicts"/> are of all
    /// the item's hashes: what was not taken in before, because it changed nothing then, counts now.
    /// </summary>
    internal static ItemMatch? New(ContentItem item, ItemVerdicts verdicts, ReportEnvironment environment)
    {
        if (item.Withdrawn || !IsWhole(item, verdicts))
        {
            return null;
        }

        // An answer overtaken by a later one says nothing.
        var known = KnownOf(item, verdicts);
        foreach (var held in item.Known)
        {
            if ((KnownHash.At(known, held.Place)?.Version ?? 0) < held.Version)
            {
                return null;
            }
        }

        var near = verdicts.NearSearched ? [.. verdicts.Near.Select(KnownNear.Of)] : item.Near;
        var decision = DecisionTable.Decide(item.Assignment?.Country, item.Hashes, known, near, environment.Inheritance);

        // What was asked before the item had to be looked up again is no such look-up: news since, of which nothing was kept then, may not be in it.
        var owed = !item.Matched && verdicts.NearSearched;
        if (!owed && (decision?.SaysTheSame(item.Inheritance) ?? item.Inheritance is null) && FlagsOf(known) == FlagsOf(item.Known)
            && SourcesStand(item, verdicts)
            && (!item.IsObjectedTo() || IsSameQualityControl(item, item with { Known = known, Near = near, Inheritance = decision })))
        {
            return null;
        }

        return new ItemMatch
        {
            Known = known, Near = near, Inheritance = decision, LookedUp = verdicts.LookedUp && (item.Matched || owed),
            LookAlikes = item.Matched ? [] : LookAlikesOf(item, verdicts.LookAlikes),
        };
    }

    /// <summary>In the order of the item's hashes: the newest that is said of each, where anything is.</summary>
    private static ImmutableArray<KnownHash> KnownOf(ContentItem item, ItemVerdicts verdicts)
    {
        var known = ImmutableArray.CreateBuilder<KnownHash>(item.Hashes.Length);
        for (var place = 0; place < item.Hashes.Length; place++)
        {
            if (NewestOf(verdicts, item.Hashes[place]) is { } verdict && item.Hashes.IndexOf(verdict.Hash) == place
                && KnownHash.Of(place, verdict) is { } of && (of.Version > 0 || of.Flags != 0))
            {
                known.Add(of);
            }
        }

        return known.DrainToImmutable();
    }

    /// <summary>Of one version the first.</summary>
    private static HashVerdict? NewestOf(ItemVerdicts verdicts, ContentHash hash)
    {
        HashVerdict? newest = null;
        foreach (var verdict in verdicts.Exact)
        {
            if (verdict.Hash == hash && (newest is null || verdict.Version > newest.Version))
            {
                newest = verdict;
            }
        }

        return newest;
    }

    /// <summary>The verdicts speak of every hash of the item: of fewer nothing is concluded, the item is looked up again.</summary>
    internal static bool IsWhole(ContentItem item, ItemVerdicts verdicts)
    {
        foreach (var hash in verdicts.LookedUp ? [] : item.Hashes)
        {
            if (NewestOf(verdicts, hash) is null)
            {
                return false;
            }
        }

        return true;
    }

    internal ContentItem ApplyTo(ContentItem item) =>
        item with { Known = Known, Near = Near, Inheritance = Inheritance, Matched = item.Matched || LookedUp };

    /// <summary>Whose words they are belongs to the hashes.</summary>
    internal string Sentence(int ordinal, bool withSources) =>
        Inheritance is not { } i ? $"Item {ordinal}: not known." : $"Item {ordinal}: " + i.Kind switch
        {
            InheritanceKind.Inherited => $"{i.Classification} inherited{(i.Objected ? ", objected to" : "")}",
            InheritanceKind.Suggested => $"{i.Classification} suggested ({i.Reason})",
            InheritanceKind.NationalElsewhere => $"nationally illegal in {string.Join(", ", i.Countries.Select(c => c.Code))}",
            _ => "verdicts contradict; disputed",
        } + (withSources ? $" ({string.Join(", ", i.WordsOf(Known, Near))})." : ".");

    /// <summary>
    /// Every word that the item's readers are shown as the reason is said still. One more that says the same is no news to them: it comes with the next news.
    /// </summary>
    private static bool SourcesStand(ContentItem item, ItemVerdicts verdicts)
    {
        foreach (var (place, word) in item.Inheritance is { } shown ? shown.PlacedWords(item.Known) : [])
        {
            var stands = false;
            foreach (var opinion in NewestOf(verdicts, item.Hashes[place])?.Opinions ?? [])
            {
                stands |= word.IsOf(opinion);
            }

            if (!stands)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What is objected to stands in the queue of those whose Baseline it carries: there, one more is news.</summary>
    private static bool IsSameQualityControl(ContentItem before, ContentItem after) =>
        before.BaselineBy().ToHashSet().SetEquals(after.BaselineBy());

    private static HashFlags FlagsOf(ImmutableArray<KnownHash> known)
    {
        var all = HashFlags.None;
        foreach (var k in known)
        {
            all |= k.Flags;
        }

        return all;
    }

    /// <summary>An item that looks like no other needs no words in the journal.</summary>
    private static ImmutableArray<LookAlike> LookAlikesOf(ContentItem item, ImmutableArray<LookAlike> found) =>
        [.. found.Where(l => l.Items > 1 || !item.Hashes.Contains(l.Hash)).Take(ReportRules.MaxLookAlikes)];
}
