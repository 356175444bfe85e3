using CPort.Actors.Projections;
using CPort.Domain.Audit;

namespace CPort.Api.Queues;

/// <summary>Statistics with their definitions.</summary>
/// <param name="From">Items added from here on.</param>
/// <param name="To">Items added before.</param>
/// <param name="Scope">Whose items are counted.</param>
/// <param name="Figures">Single numbers.</param>
/// <param name="Breakdowns">Numbers by a code or country.</param>
/// <param name="Durations">Times in hours over the items for which the thing has happened; shares from 0 to 1.</param>
/// <param name="At">How current they are.</param>
public sealed record StatisticsAnswer(
    DateTimeOffset? From, DateTimeOffset? To, string Scope, IReadOnlyList<Figure> Figures, IReadOnlyList<Breakdown> Breakdowns,
    IReadOnlyList<Duration> Durations, PositionAnswer At) : IShowsData
{
    Shown IShowsData.What() => Shown.View("statistics", Figures.Count + Breakdowns.Count + Durations.Count);
}

/// <summary><c>/v1/statistics</c>: counts and times.</summary>
public static class StatisticsEndpoints
{
    public static void MapStatistics(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/statistics", StatisticsAsync).Needs(Deed.CountItems).WithName("GetStatistics").WithTags("Statistics")
            .WithSummary("Counts and times, each with its definition")
            .WithDescription("Over items added in the span `from` (inclusive) to `to` (exclusive). Agencies count what they see, operators count everything.")
            .Problems(422, 503);
    }

    private static async Task<StatisticsAnswer> StatisticsAsync(
        ApiCaller caller, StatisticsReader statistics, CancellationToken cancellation, string? from = null, string? to = null)
    {
        var s = await statistics.ReadAsync(caller.Caller, QueryValues.Date("from", from), QueryValues.Date("to", to), cancellation);
        return new StatisticsAnswer(s.From, s.To, s.Scope, s.Figures, s.Breakdowns, s.Durations, PositionAnswer.Of(s.At));
    }
}
