using CPort.Actors.Agencies;
using CPort.Domain.Agencies;
using CPort.Domain.Exchange;

namespace CPort.Actors.Exchange;

/// <summary>What a webhook is sent next.</summary>
/// <param name="Caller">As whom its agency reads.</param>
/// <param name="News">Each as it is for the agency now.</param>
/// <param name="UpTo">From here it goes on when they are taken; what it is not told is left behind.</param>
/// <param name="Behind">So many more wait at least.</param>
/// <param name="Again">The event that was asked for again; null: the next ones of the feed.</param>
/// <param name="LookedAt">When it was looked at how the agency stands to each (<see cref="TimeProvider.GetTimestamp"/>).</param>
internal sealed record WebhookNext(Caller Caller, ImmutableArray<DeliveredNews> News, FeedPlace UpTo, int Behind, string? Again, long LookedAt);

/// <summary>Says what a webhook is sent next: what was asked for again, a batch that was tried in vain as it was, or the next news of the feed.</summary>
internal sealed class WebhookQueue(FeedReader reader, FeedHead head, IAgencyDirectorySource directory, TimeProvider time)
{
    /// <summary>How long a batch that is not full waits for news that are known to come; without them it waits for nothing.</summary>
    private static readonly TimeSpan Fill = TimeSpan.FromMilliseconds(200);

    /// <summary>Null: its agency is closed, and nobody there is to be told anything.</summary>
    /// <param name="hook">Of which webhook.</param>
    /// <param name="most">News that are looked at, where each goes by itself.</param>
    /// <param name="cancellation">Ends the question.</param>
    public async Task<WebhookNext?> NextAsync(Webhook hook, int most, CancellationToken cancellation)
    {
        if (FeedRules.ReaderOf(directory.Current, hook.Agency, AgencyDirectory.DayOf(time.GetUtcNow()), hook.Tenant) is not { } reads)
        {
            return null;
        }

        // An agency that states a purpose is told by the one that it stated; who gave none when that was not needed is none of police.
        var caller = reads with { Purpose = hook.Purpose, KeyId = $"webhook-{hook.Id}" };
        var bounds = await head.NowAsync().ConfigureAwait(false);
        var from = hook.After.Ordering < bounds.KeptAfter ? FeedPlace.EndOf(bounds.KeptAfter) : hook.After;
        var next = hook.Again.FirstOrDefault() is { } again ? await AgainAsync(hook, caller, again, cancellation).ConfigureAwait(false)
            : hook.Tried is { } end && end > from ? await TriedAsync(hook, caller, from, end, cancellation).ConfigureAwait(false)
            : await NewAsync(hook, caller, from, hook.Batch > 1 ? LooksAt(hook) : most, bounds.MoreComes, cancellation).ConfigureAwait(false);
        return hook.Batch > 1 && next.News.Length > hook.Batch
            ? next with { News = next.News[..hook.Batch], UpTo = next.News[hook.Batch - 1].Place, Behind = next.Behind + next.News.Length - hook.Batch } : next;
    }

    private async Task<WebhookNext> AgainAsync(Webhook hook, Caller caller, string again, CancellationToken cancellation)
    {
        var looked = time.GetTimestamp();
        FeedPlace.TryParse(again, out var single);
        var page = await reader.ReadAsync(caller, new FeedPlace(single.Ordering, single.Part - 1), [.. hook.Types], 1, cancellation).ConfigureAwait(false);
        return new WebhookNext(caller, [.. page.News.Where(n => n.Place == single)], hook.After, hook.Again.Length - 1, again, looked);
    }

    /// <summary>The same events, whatever has come since; by the tables, which cut no page elsewhere.</summary>
    private async Task<WebhookNext> TriedAsync(Webhook hook, Caller caller, FeedPlace from, FeedPlace end, CancellationToken cancellation)
    {
        var looked = time.GetTimestamp();
        var page = await reader.ReadAsync(caller, from, [.. hook.Types], LooksAt(hook), cancellation).ConfigureAwait(false);
        var behind = page.News.Count(n => n.Place > end) + (page.More ? 1 : 0);
        return new WebhookNext(caller, [.. page.News.Where(n => n.Place <= end)], page.UpTo < end ? page.UpTo : end, behind, null, looked);
    }

    private async Task<WebhookNext> NewAsync(Webhook hook, Caller caller, FeedPlace from, int most, bool moreComes, CancellationToken cancellation)
    {
        var types = hook.Types.ToImmutableHashSet();
        var looked = time.GetTimestamp();
        var page = await head.ReadAsync(caller, from, types, most, cancellation).ConfigureAwait(false);
        if (hook.Batch > 1 && moreComes && !page.More && !page.News.IsEmpty && page.News.Length < hook.Batch
            && await head.WaitAsync(page.UpTo, Fill, cancellation).ConfigureAwait(false))
        {
            looked = time.GetTimestamp();
            page = await head.ReadAsync(caller, from, types, most, cancellation).ConfigureAwait(false);
        }

        return new WebhookNext(caller, page.News, page.UpTo, page.More ? 1 : 0, null, looked);
    }

    /// <summary>News that a batch is gathered from: of only some kinds there are fewer than that.</summary>
    private static int LooksAt(Webhook hook) => hook.Types.IsEmpty ? hook.Batch : FeedReader.MaxResults;
}
