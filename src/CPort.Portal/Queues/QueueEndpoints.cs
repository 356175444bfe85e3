using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api;
using CPort.Api.Queues;
using CPort.Domain.Audit;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Portal.Live;

namespace CPort.Portal.Queues;

/// <summary>A page of a queue.</summary>
public sealed record QueueModel : IShowsData
{
    Shown IShowsData.What() => ListedItemAnswer.Shown(Items);

    public required Round Round { get; init; }
    public required IReadOnlyList<ListedItemAnswer> Items { get; init; }

    /// <summary>How many there are in all, and urgent ones.</summary>
    public required QueueSummary Length { get; init; }

    /// <summary>How many of them the filter leaves.</summary>
    public required long Narrowed { get; init; }

    /// <summary>Of the next page; null on the last.</summary>
    public string? Next { get; init; }

    /// <summary>This is not the first page.</summary>
    public bool Continued { get; init; }

    /// <summary>Where the page hears of news.</summary>
    public required string Live { get; init; }

    public WorkQueue Queue => Round.Queue;

    public string Address => $"/app/queues/{Queue.Name}";
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
            http, QueuesAnswer.Of(overview, time.GetUtcNow()), p => p with { Title = p.Words["queues.title"], Nav = p.Work, At = overview.At });
    }

    private static async Task<IResult> StartAsync(HttpContext http, NextItem next, string name)
    {
        var form = await Form.ReadAsync(http);
        return RoundOf(form, name) is { } round ? await next.GoAsync(http, form, round) : Pages.Absent(http);
    }

    private static Round? RoundOf(Form form, string name) => Round.Parse(form.Text("from")) is { } round && round.Queue.Name == name ? round
        : Round.Of(name, null, null, null, null, null);

    /// <summary>Holds the chosen rows for this person; a row that somebody else has by now is told, and the others are held.</summary>
    private static async Task<IResult> ClaimAsync(HttpContext http, IReportGateway gateway, string name)
    {
        var form = await Form.ReadAsync(http);
        var chosen = form.All("item").Select(ChosenItem.Parse).OfType<ChosenItem>().ToArray();
        if (RoundOf(form, name) is not { } round)
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
        return Pages.After(round.Address, done);
    }

    private static async Task<IResult> PageAsync(
        HttpContext http, QueueReader queues, TimeProvider time, string name, string? order = null, string? classification = null,
        string? hostingCountry = null, string? siteType = null, string? urgent = null, string? after = null)
    {
        if (Round.Of(name, order, classification, hostingCountry, siteType, urgent) is not { } round)
        {
            return Pages.Absent(http);
        }

        var caller = http.Features.Get<Caller>()!;
        var (queue, list) = (round.Queue, round.List);
        var place = Cursor.Read<PagePlace>(list, after);
        var page = await queues.PageAsync(
            caller, new QueueQuery { Queue = queue, Order = round.Order, Filter = round.Filter, MaxResults = Rows, After = place }, http.RequestAborted);
        var answer = ItemListAnswer.Of(list, page);
        var mark = await LiveEndpoints.MarkAsync(queues, caller, queue, page.At, time.GetUtcNow(), http.RequestAborted);
        var length = await queues.LengthAsync(caller, queue, ItemFilter.None, http.RequestAborted);
        var narrowed = round.Filter.IsNone ? length.Count : (await queues.LengthAsync(caller, queue, round.Filter, http.RequestAborted)).Count;
        return Pages.Of<QueueView, QueueModel>(
            http,
            new QueueModel
            {
                Round = round, Narrowed = narrowed, Items = answer.Items, Length = length, Next = answer.NextCursor, Continued = !string.IsNullOrEmpty(after),
                Live = mark.Address(queue),
            },
            p => p with
            {
                Title = p.Words[$"queue.{name}"], Nav = p.Work, At = page.At, Crumbs = [new Crumb(p.Words["queues.title"], "/app/queues")],
            });
    }
}
