using CPort.Actors.Projections;
using CPort.Api.Queues;
using CPort.Domain.Audit;

namespace CPort.Portal.Home;

/// <summary>What waits for whoever has come in.</summary>
/// <param name="Queues">The caller's part of each queue.</param>
public sealed record HomeModel(IReadOnlyList<QueueAnswer> Queues) : IShowsData
{
    Shown IShowsData.What() => Shown.View("queues", Queues.Count);
}

/// <summary><c>/app</c>.</summary>
internal static class HomeEndpoints
{
    public static void MapHome(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/app", HomeAsync).Needs(Deed.CountItems);
    }

    private static async Task<IResult> HomeAsync(HttpContext http, QueueReader queues, TimeProvider time)
    {
        var overview = await queues.CountsAsync(http.Features.Get<Caller>()!, http.RequestAborted);
        return Pages.Of<HomeView, HomeModel>(
            http, new HomeModel(QueuesAnswer.Of(overview, time.GetUtcNow()).Queues),
            p => p with { Title = p.Words["home.title"], Nav = NavEntry.Home, At = overview.At });
    }
}
