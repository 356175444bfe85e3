using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api;
using CPort.Api.Queues;
using CPort.Domain.Audit;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;

namespace CPort.Portal.Queues;

/// <summary>A page of a queue.</summary>
public sealed record QueueModel : IShowsData
{
    Shown IShowsData.What() => ListedItemAnswer.Shown(Items);

    public required WorkQueue Queue { get; init; }
    public required QueueOrder Order { get; init; }
    public required IReadOnlyList<ListedItemAnswer> Items { get; init; }

    /// <summary>How many there are in all, and urgent ones.</summary>
    public required QueueAnswer Length { get; init; }

    /// <summary>Of the next page; null on the last.</summary>
    public string? Next { get; init; }

    /// <summary>This is not the first page.</summary>
    public bool Continued { get; init; }

    public string Address => $"/app/queues/{Queue.Name}";

    public string OrderName => Order == QueueOrder.Priority ? "priority" : "oldest";
}

/// <summary><c>/app/queues</c>: the queues and their pages. A GET reads; what is done with the rows goes to the items' own endpoints.</summary>
internal static class QueueEndpoints
{
    /// <summary>Rows of a page.</summary>
    public const int Rows = 50;

    public static void MapQueues(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/app/queues", OverviewAsync).Needs(Deed.CountItems);
        pages.MapGet("/app/queues/{name}", PageAsync).Needs(Deed.ListItems);
        pages.MapPost("/app/queues/{name}/start", StartAsync).Needs(Deed.WorkOnReports);
        pages.MapPost("/app/queues/{name}/claim", ClaimAsync).Needs(Deed.WorkOnReports);
    }

    private static async Task<IResult> OverviewAsync(HttpContext http, QueueReader queues, TimeProvider time)
    {
        var overview = await queues.CountsAsync(http.Features.Get<Caller>()!, http.RequestAborted);
        return Pages.Of<QueuesView, QueuesAnswer>(
            http, QueuesAnswer.Of(overview, time.GetUtcNow()), p => p with { Title = p.Words["queues.title"], Nav = NavEntry.Queues, At = overview.At });
    }

    private static async Task<IResult> StartAsync(HttpContext http, NextItem next, string name) =>
        WorkQueue.Find(name) is null ? Pages.Absent(http) : await next.GoAsync(http, await Form.ReadAsync(http), name);

    /// <summary>Holds the chosen rows for this person; a row that somebody else has by now is told, and the others are held.</summary>
    private static async Task<IResult> ClaimAsync(HttpContext http, IReportGateway gateway, string name)
    {
        var form = await Form.ReadAsync(http);
        var chosen = form.All("item").Select(ChosenItem.Parse).OfType<ChosenItem>().ToArray();
        if (WorkQueue.Find(name) is null)
        {
            return Pages.Absent(http);
        }

        var part = 1;
        var taken = 0;
        foreach (var report in chosen.GroupBy(c => c.Report))
        {
            var reply = await gateway.SendAsync(
                new ClaimItems
                {
                    ReportId = report.Key, Context = form.Context(part++),
                    Items = [.. report.Select(c => new ItemTarget { Ordinal = c.Item, ExpectedVersion = c.Version })],
                }, http.RequestAborted);
            taken += reply.Items.Count(i => i.Accepted);
        }

        var done = chosen.Length == 0 ? "nothingChosen" : taken == chosen.Length ? "claimed" : taken == 0 ? "noneClaimed" : "someClaimed";
        return Pages.After($"/app/queues/{name}{(form.Text("order") == "priority" ? "?order=priority" : "")}", done);
    }

    private static async Task<IResult> PageAsync(
        HttpContext http, QueueReader queues, TimeProvider time, string name, string? order = null, string? after = null)
    {
        if (WorkQueue.Find(name) is not { } queue)
        {
            return Pages.Absent(http);
        }

        var caller = http.Features.Get<Caller>()!;
        var by = order == "priority" ? QueueOrder.Priority : QueueOrder.OldestFirst;
        var list = $"page {name} {by}";
        var counts = queues.CountsAsync(caller, http.RequestAborted);
        var page = await queues.PageAsync(
            caller, new QueueQuery { Queue = queue, Order = by, MaxResults = Rows, After = Cursor.Read<PagePlace>(list, after) }, http.RequestAborted);
        var answer = ItemListAnswer.Of(list, page);
        var length = QueuesAnswer.Of(await counts, time.GetUtcNow()).Queues.First(q => q.Name == name);
        return Pages.Of<QueueView, QueueModel>(
            http,
            new QueueModel
            {
                Queue = queue, Order = by, Items = answer.Items, Length = length, Next = answer.NextCursor, Continued = !string.IsNullOrEmpty(after),
            },
            p => p with
            {
                Title = p.Words[$"queue.{name}"], Nav = NavEntry.Queues, At = page.At, Crumbs = [new Crumb(p.Words["queues.title"], "/app/queues")],
            });
    }
}
