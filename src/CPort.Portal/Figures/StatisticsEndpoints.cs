using CPort.Actors.Projections;
using CPort.Domain.Audit;

namespace CPort.Portal.Figures;

/// <summary>Statistics of a span of time.</summary>
public sealed record StatisticsModel(Statistics Statistics, DateOnly? From, DateOnly? To) : IShowsData
{
    Shown IShowsData.What() => Shown.View("statistics", Statistics.Figures.Length + Statistics.Breakdowns.Length + Statistics.Durations.Length);
}

/// <summary><c>/app/statistics</c>: what the API counts, with its definitions; drawn by the server.</summary>
internal static class StatisticsEndpoints
{
    public static void MapStatistics(this IEndpointRouteBuilder pages) =>
        pages.MapGet("/app/statistics", StatisticsAsync).Needs(Deed.CountItems);

    private static async Task<IResult> StatisticsAsync(HttpContext http, StatisticsReader statistics, string? from = null, string? to = null)
    {
        var (first, last) = (Day(from), Day(to));
        var read = await statistics.ReadAsync(
            http.Features.Get<Caller>()!, Start(first), Start(last?.AddDays(1)), http.RequestAborted);
        return Pages.Of<StatisticsView, StatisticsModel>(
            http, new StatisticsModel(read, first, last), p => p with { Title = p.Words["statistics.title"], Nav = NavEntry.Statistics, At = read.At });
    }

    /// <summary>What is no day does not bound.</summary>
    private static DateOnly? Day(string? text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", out var day) && day.Year is > 1900 and < 9000 ? day : null;

    private static DateTimeOffset? Start(DateOnly? day) => day is { } d ? new DateTimeOffset(d.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) : null;
}
