namespace CPort.Actors.Projections;

/// <summary>A number of items under a name; the name is a code's or country's, or <c>none</c> where there is no value yet.</summary>
public sealed record Tally(string Name, long Count);

/// <summary>
/// A figure with what it means, so that nobody has to guess. <see cref="Share"/> is from 0 to 1 of what the definition names; null where there is none.
/// </summary>
/// <param name="Name">A word for programs.</param>
/// <param name="Definition">What is counted.</param>
/// <param name="Count">How many.</param>
/// <param name="Share">From 0 to 1.</param>
/// <param name="Kappa">Of agreements: Cohen's kappa, from -1 to 1; null where it says nothing.</param>
public sealed record Figure(string Name, string Definition, long Count, double? Share = null, double? Kappa = null);

/// <summary>A breakdown with what it means.</summary>
public sealed record Breakdown(string Name, string Definition, ImmutableArray<Tally> Tallies);

/// <summary>
/// How long something took, over the <see cref="Items"/> for which it has happened. What ends before it begins is no time but a fault of the dates given:
/// counted as <see cref="DataFaults"/>, and in nothing else here. Hours are rounded down to whole ones before ranking; the <c>Within…</c> are shares from 0
/// to 1. Null where there is no item.
/// </summary>
public sealed record Duration(
    string Name, string Definition, long Items, long DataFaults, double? MedianHours, double? P90Hours, double? WithinOneDay, double? WithinThreeDays,
    double? WithinSevenDays)
{
    /// <summary>From the numbers of items by whole hours.</summary>
    public static Duration Of(string name, string definition, SortedDictionary<long, long> byHours, long dataFaults)
    {
        var total = byHours.Values.Sum();
        double? Rank(double share)
        {
            var left = Math.Max(1, (long)Math.Ceiling(share * total));
            foreach (var (hours, count) in byHours)
            {
                if ((left -= count) <= 0)
                {
                    return hours;
                }
            }

            return null;
        }

        double? Within(int days) => total == 0 ? null : Math.Round((double)byHours.Where(c => c.Key < 24L * days).Sum(c => c.Value) / total, 4);
        return new Duration(name, definition, total, dataFaults, Rank(0.5), Rank(0.9), Within(1), Within(3), Within(7));
    }
}

/// <summary>Statistics over the items that joined their report in a span of time.</summary>
public sealed record Statistics
{
    public required DateTimeOffset? From { get; init; }
    public required DateTimeOffset? To { get; init; }

    /// <summary>Whose items are counted, in words.</summary>
    public required string Scope { get; init; }
    public required ImmutableArray<Figure> Figures { get; init; }
    public required ImmutableArray<Breakdown> Breakdowns { get; init; }
    public required ImmutableArray<Duration> Durations { get; init; }
    public required ReadPosition At { get; init; }
}
