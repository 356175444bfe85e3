using System.Collections.Concurrent;
using CPort.Actors.Agencies;
using CPort.Actors.Audit;
using CPort.Domain.Agencies;
using CPort.Domain.Audit;
using CPort.Domain.Exchange;

namespace CPort.Actors.Exchange;

/// <summary>How a piece of news, and a ping, look to their receiver.</summary>
public interface IWebhookBodies
{
    byte[] Of(DeliveredNews news, Webhook hook);

    /// <summary>A ping's id and body.</summary>
    (string Id, byte[] Body) Ping(Webhook hook, DateTimeOffset now);
}

/// <summary>
/// Delivers news to webhooks, on one node: each webhook is a loop of its own with one event under way, so that order holds for each and none waits for another.
/// What was delivered is kept some times a second; killed in between, the same events are sent again under the same ids.
/// </summary>
public sealed class WebhookCourier(
    WebhookStore store, FeedReader reader, FeedHead head, IWebhookSender sender, IWebhookBodies bodies, IAuditLog audit, IAgencyDirectorySource directory,
    TimeProvider time, Action<string>? tell = null)
{
    private const int AtOnce = 50;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>A commit for each event would be most of the work; a killed node sends again what was taken in so short a time, under the same ids.</summary>
    private static readonly TimeSpan KeepEvery = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<ReportId, Task> _loops = [];

    /// <summary>Until it is cancelled: begins a loop for each webhook that has work and none.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            foreach (var (hook, _) in await store.AllAsync(cancellation).ConfigureAwait(false))
            {
                if (hook.State is WebhookState.Active or WebhookState.Pending && (!_loops.TryGetValue(hook.Id, out var loop) || loop.IsCompleted))
                {
                    _loops[hook.Id] = Task.Run(() => OneAsync(hook.Id, hook.Agency, hook.Tenant, cancellation), CancellationToken.None);
                }
            }

            await Task.Delay(Look, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(_loops.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>One webhook, for as long as it has work.</summary>
    private async Task OneAsync(ReportId id, AgencyId agency, Tenant tenant, CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested
                && await store.FindAsync(agency, tenant, id, cancellation).ConfigureAwait(false) is ({ } hook, var version)
                && hook.State is WebhookState.Active or WebhookState.Pending)
            {
                if (hook.NextAt - time.GetUtcNow() is { Ticks: > 0 } wait)
                {
                    // Looked at again every second: it may be paused, or changed.
                    await Task.Delay(wait < Look ? wait : Look, time, cancellation).ConfigureAwait(false);
                }
                else if (hook.State == WebhookState.Pending)
                {
                    await PingAsync(hook, version, cancellation).ConfigureAwait(false);
                }
                else if (!await DeliverAsync(hook, version, cancellation).ConfigureAwait(false))
                {
                    await head.WaitAsync(hook.After, Look, cancellation).ConfigureAwait(false);
                }
            }
        }
        catch (WebhookChangedException)
        {
            // Begun anew with what it is now.
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The node stops, or is not the one any more.
        }
        catch (Exception e)
        {
            tell?.Invoke(Faults.IsPassing(e) ? DatabaseFault.InWords(e) : e.GetType().Name);
        }
    }

    private async Task PingAsync(Webhook hook, long version, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var (id, body) = bodies.Ping(hook, now);
        var answer = await sender.SendAsync(hook, id, body, 0, cancellation).ConfigureAwait(false);
        var (next, _) = WebhookRules.After(hook, null, answer, time.GetUtcNow(), Jitter());
        if (next.State == WebhookState.Active)
        {
            // From now on; what was before is in the snapshot.
            next = From(next, FeedPlace.EndOf((await head.NowAsync().ConfigureAwait(false)).Head));
        }

        await store.ReplaceAsync(next, version, cancellation).ConfigureAwait(false);
    }

    /// <summary>Some news, as long as they are taken; whether there was any.</summary>
    private async Task<bool> DeliverAsync(Webhook hook, long version, CancellationToken cancellation)
    {
        var agencies = directory.Current;
        var now = time.GetUtcNow();
        var caller = FeedRules.ReadersOf(agencies, AgencyDirectory.DayOf(now), hook.Tenant).FirstOrDefault(r => r.Agency == hook.Agency);
        if (caller is null)
        {
            // Closed: nobody there is to be told anything.
            return false;
        }

        // An agency that states a purpose is told by the one that it stated; who gave none when that was not needed is none of police.
        caller = caller with { Purpose = hook.Purpose, KeyId = $"webhook-{hook.Id}" };
        var (begin, again) = ((await head.NowAsync().ConfigureAwait(false)).KeptAfter, hook.Again.FirstOrDefault());
        var from = again is not null && FeedPlace.TryParse(again, out var single) ? new FeedPlace(single.Ordering, single.Part - 1)
            : hook.After.Ordering < begin ? FeedPlace.EndOf(begin) : hook.After;
        var page = await reader.ReadAsync(caller, from, [.. hook.Types], again is null ? AtOnce : 1, cancellation).ConfigureAwait(false);
        var news = again is null ? page.News : [.. page.News.Where(n => n.Place.ToString() == again)];
        if (!news.IsEmpty)
        {
            await DisclosedAsync(caller, news, cancellation).ConfigureAwait(false);
        }

        var tried = new List<WebhookDelivery>();
        var (begun, kept) = (hook, time.GetTimestamp());
        try
        {
            for (var i = 0; i < news.Length; i++)
            {
                var answer = await sender.SendAsync(hook, news[i].Place.ToString(), bodies.Of(news[i], hook), news.Length - i - 1, cancellation)
                    .ConfigureAwait(false);
                var (next, outcome) = WebhookRules.After(hook, news[i].Place, answer, time.GetUtcNow(), Jitter());
                tried.Add(new WebhookDelivery(news[i].Place, hook.Tries + 1, time.GetUtcNow(), outcome, answer.InWords));
                hook = next;
                if (outcome == WebhookOutcome.Failed)
                {
                    return true;
                }

                if (time.GetElapsedTime(kept) >= KeepEvery)
                {
                    version = await KeepAsync(begun, hook, version, tried).ConfigureAwait(false);
                    (begun, kept) = (hook, time.GetTimestamp());
                }
            }
        }
        finally
        {
            // Also when the node stops in between: what was taken is not sent again.
            version = await KeepAsync(begun, hook, version, tried).ConfigureAwait(false);
        }

        if (again is not null)
        {
            if (news.IsEmpty)
            {
                // It is not kept any more, or not for this agency's receiver.
                await store.ReplaceAsync(hook with { Again = hook.Again.Remove(again) }, version, cancellation).ConfigureAwait(false);
            }

            return true;
        }

        // What no receiver is told is left behind as well, but not written down for its own sake.
        if (page.UpTo > hook.After && (page.More || news.Length > 0 || page.UpTo.Ordering - hook.After.Ordering > 10_000))
        {
            await store.ReplaceAsync(From(hook, page.UpTo), version, cancellation).ConfigureAwait(false);
        }

        return news.Length > 0 || page.More;
    }

    /// <summary>Keeps how far it has come. Whoever changed the webhook meanwhile is obeyed from here on; what was taken stays taken.</summary>
    private async Task<long> KeepAsync(Webhook begun, Webhook hook, long version, List<WebhookDelivery> tried)
    {
        WebhookDelivery[] tries = [.. tried];
        tried.Clear();
        try
        {
            return tries.Length == 0 ? version : await store.ReplaceAsync(hook, version, tries, CancellationToken.None).ConfigureAwait(false);
        }
        catch (WebhookChangedException)
        {
            await store.ChangeAsync(
                hook.Agency, hook.Tenant, hook.Id, changed => WebhookRules.Carried(begun, hook, changed), tries, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Written down before it leaves: to whom, what, why.</summary>
    private Task DisclosedAsync(Caller caller, ImmutableArray<DeliveredNews> news, CancellationToken cancellation) => audit.RecordAsync(
        new AuditRecord
        {
            Kind = AuditKind.Disclosure, Caller = caller, Action = "DeliverWebhook", Outcome = AuditOutcome.Shown, Recipients = [caller.Agency.Value],
            Objects = [.. news.Select(n => new AuditObject(n.Facts.Ordinal is null ? AuditObjectKind.Report : AuditObjectKind.Item, n.Subject)).Distinct()],
            Fields = ["state", "version"],
        },
        cancellation);

    private static Webhook From(Webhook hook, FeedPlace place) => hook with { AfterOrdering = place.Ordering, AfterPart = place.Part };

    private static double Jitter() => (Random.Shared.NextDouble() * 2) - 1;
}
