using System.Numerics;
using CPort.Domain.Inheritance;
using CPort.Domain.Reports;

namespace CPort.Domain.Queues;

/// <summary>Why an item ranks higher in a queue ordered by priority. Stored as bits; never renumber.</summary>
[Flags]
public enum PriorityReasons
{
    None = 0,

    /// <summary>A media file none of whose hashes anybody knows: perhaps a child nobody is looking for yet.</summary>
    UnknownMedia = 1,

    /// <summary>Close to a known picture (PDQ): likely illegal, perhaps a new one of a known series.</summary>
    NearKnown = 2,

    /// <summary>Somebody's opinion says an infant is shown.</summary>
    Infant = 4,

    /// <summary>Somebody's opinion says a pre-pubescent child is shown.</summary>
    PrePubescent = 8,
    UserGenerated = 16,

    /// <summary>The site takes money.</summary>
    Commercial = 32,

    /// <summary>Believed opinions contradict one another.</summary>
    Disputed = 64,

    /// <summary>Nationally illegal in another country.</summary>
    NationalElsewhere = 128,

    /// <summary>One standard judge says Baseline (rows 4 and 10 of the decision table), and nobody here has looked yet: first of all.</summary>
    BaselineSuggested = 256,
}

/// <summary>
/// The priority of an item: the sum of its reasons' weights, 0 to 295, so that anybody can check it by hand. <c>urgent</c> (a child at immediate risk) is not
/// part of it: urgent items come first in every order.
/// </summary>
public static class ItemPriority
{
    /// <summary>The weights; what <c>docs</c> and answers show.</summary>
    public static ImmutableArray<(PriorityReasons Reason, int Weight)> Weights { get; } =
    [
        (PriorityReasons.UnknownMedia, 30), (PriorityReasons.NearKnown, 20), (PriorityReasons.Infant, 30), (PriorityReasons.PrePubescent, 20),
        (PriorityReasons.UserGenerated, 15), (PriorityReasons.Commercial, 10), (PriorityReasons.Disputed, 10), (PriorityReasons.NationalElsewhere, 10),
        (PriorityReasons.BaselineSuggested, 150),
    ];

    public static int Score(PriorityReasons reasons) => Weights.Where(w => (reasons & w.Reason) != 0).Sum(w => w.Weight);

    /// <summary>The reasons one by one, as names.</summary>
    public static IEnumerable<PriorityReasons> Each(PriorityReasons reasons)
    {
        for (var rest = (uint)reasons; rest != 0; rest &= rest - 1)
        {
            yield return (PriorityReasons)(1 << BitOperations.TrailingZeroCount(rest));
        }
    }

    public static PriorityReasons Of(Report report, ContentItem item)
    {
        var reasons = PriorityReasons.None;
        void When(bool holds, PriorityReasons reason) => reasons |= holds ? reason : PriorityReasons.None;

        var known = item.Known.Any(v => v.IsKnown);
        When(item is { ContentType: ContentType.Media, Matched: true } && !item.Hashes.IsEmpty && !known && item.Near.IsEmpty, PriorityReasons.UnknownMedia);
        When(!known && !item.Near.IsEmpty, PriorityReasons.NearKnown);
        var opinions = item.Assessments.Where(a => a.Counts).ToArray();
        When(opinions.Any(a => a.Age == AgeCategory.Infant), PriorityReasons.Infant);
        When(opinions.Any(a => a.Age == AgeCategory.PrePubescent), PriorityReasons.PrePubescent);
        When(opinions.Any(a => a.UserGeneratedContent), PriorityReasons.UserGenerated);
        When(report.Commerciality == Commerciality.Commercial, PriorityReasons.Commercial);
        When(item.IsDisputed(), PriorityReasons.Disputed);
        When(item.Inheritance?.Kind == InheritanceKind.NationalElsewhere, PriorityReasons.NationalElsewhere);
        When(item.Inheritance is { Kind: InheritanceKind.Suggested, Row: 4 or 10 } && !item.IsAssessed(), PriorityReasons.BaselineSuggested);
        return reasons;
    }
}
