using CPort.IccamClient.Our;
using CPort.IccamClient.Planning;
using CPort.IccamClient.Store;
using CPort.IccamClient.Wire;

namespace CPort.IccamClient.Running;

/// <summary>
/// Plans what is to be written from our own news. News say that something happened; what, the item says: it is read, and what is not planned yet is. How far
/// news were read is kept together with what they made.
/// </summary>
internal sealed class NewsTaker(IOurNode our, ClientStore store, Action<string> say)
{
    private const int Page = 200;

    /// <summary>
    /// From where news are read: before anything is taken or linked, so that nothing that happens to it passes by. What happened before concerns none of it.
    /// </summary>
    public async Task BeginAsync(CancellationToken cancellation)
    {
        if (store.NewsPlace is null)
        {
            store.TakeNews(await our.NewsEndAsync(cancellation), []);
        }
    }

    public async Task TakeAsync(OurAgency us, CancellationToken cancellation)
    {
        // What is being imported may be ours already without our knowing it: its news would pass by.
        if (store.Open().Count > 0)
        {
            return;
        }

        var place = store.NewsPlace;
        while (true)
        {
            var page = await our.NewsAsync(place, cancellation);
            if (page.Gone)
            {
                say("news are kept no longer than this client was away: all items are looked at");
                await PlanAllAsync(us, cancellation);
                return;
            }

            if (page.Upto is not { } upto || upto == place)
            {
                return;
            }

            var planned = new List<(ContentNumber, IReadOnlyList<string>)>();
            foreach (var item in page.News.GroupBy(n => n.Item))
            {
                if (store.ContentOf(item.Key) is { } row)
                {
                    planned.Add((row.Content, await PlanAsync(us, row, [.. item.Where(n => n.MovedByUs).Select(n => n.Id)], cancellation)));
                }
            }

            store.TakeNews(upto, planned);
            place = upto;
        }
    }

    private async Task PlanAllAsync(OurAgency us, CancellationToken cancellation)
    {
        var end = await our.NewsEndAsync(cancellation);
        var planned = new List<(ContentNumber, IReadOnlyList<string>)>();
        for (ContentNumber? after = null; store.DoneAfter(after, Page) is { Count: > 0 } rows; after = rows[^1].Content)
        {
            foreach (var row in rows)
            {
                planned.Add((row.Content, await PlanAsync(us, row, [], cancellation)));
            }
        }

        store.TakeNews(end, planned);
    }

    private async Task<IReadOnlyList<string>> PlanAsync(OurAgency us, ContentRow row, IReadOnlyList<string> moves, CancellationToken cancellation) =>
        await our.ItemAsync(row.Item!.Value, cancellation) is { } item
            ? [.. Words.New([.. Words.Of(us, item), .. moves.Select(m => Words.Move(us, item, m)).OfType<Word>().TakeLast(1)], store.Planned(row.Content))
                .Select(w => w.Key)]
            : [];
}
