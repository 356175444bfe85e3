using System.Collections.Concurrent;
using CPort.Actors.Agencies;
using CPort.Actors.Audit;
using CPort.Domain.Audit;
using CPort.Domain.Exchange;

namespace CPort.Actors.Exchange;

/// <summary>
/// Delivers news to webhooks, on one node: each webhook is a loop of its own with one POST under way, so that order holds for each and none waits for another.
/// How far each has come is kept about once a second; killed in between, the same events are sent again under their ids.
/// </summary>
public sealed class WebhookCourier(
    WebhookStore store, FeedReader reader, FeedHead head, IWebhookSender sender, IWebhookBodies bodies, IAuditLog audit, IAgencyDirectorySource directory,
    TimeProvider time, Action<string>? tell = null)
{
    private const int AtOnce = 100;

    /// <summary>
    /// How often a webhook is looked at again, which somebody may have paused or changed, and what was taken is kept: a commit for each event would be most of
    /// the work.
    /// </summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>What was looked at so long ago is not sent.</summary>
    private static readonly TimeSpan MostSinceLook = TimeSpan.FromSeconds(5);

    private readonly WebhookQueue _queue = new(reader, head, directory, time);
    private readonly ConcurrentDictionary<ReportId, Task> _loops = [];

    /// <summary>
    /// News that a receiver is given at a time where each goes by itself, as many as it took in a second: what is written down as disclosed is to be what
    /// leaves soon.
    /// </summary>
    private readonly ConcurrentDictionary<ReportId, int> _pace = [];

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
                    await Task.Delay(wait < Look ? wait : Look, time, cancellation).ConfigureAwait(false);
                }
                else if (hook.State == WebhookState.Pending)
                {
                    await PingAsync(hook, version, cancellation).ConfigureAwait(false);
                }
                else
                {
                    await DeliverAsync(new WebhookCourse(hook, version), cancellation).ConfigureAwait(false);
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
        var answer = await sender.SendAsync(hook, bodies.Ping(hook, now), 0, cancellation).ConfigureAwait(false);
        var (next, _) = WebhookRules.After(hook, null, answer, time.GetUtcNow(), Jitter());

        // It goes on where it is: a new one at the end of the feed as it was made, one with another address where the former's receiver stopped.
        await store.ReplaceAsync(next, version, cancellation).ConfigureAwait(false);
    }

    /// <summary>Delivers until the webhook is to be looked at again, or its receiver takes nothing; then keeps how far it has come.</summary>
    private async Task DeliverAsync(WebhookCourse course, CancellationToken cancellation)
    {
        var since = time.GetTimestamp();
        try
        {
            while (time.GetElapsedTime(since) < Look && await NextAsync(course, cancellation).ConfigureAwait(false) is { } found)
            {
                if (!found && !await head.WaitAsync(course.Hook.After, Look - time.GetElapsedTime(since), cancellation).ConfigureAwait(false))
                {
                    return;
                }
            }
        }
        finally
        {
            // Also when the node stops in between: what was taken is not sent again.
            await KeepAsync(course).ConfigureAwait(false);
        }
    }

    /// <summary>Some news, as long as they are taken; whether there was any. Null: for now nothing more is to be sent.</summary>
    private async Task<bool?> NextAsync(WebhookCourse course, CancellationToken cancellation)
    {
        var hook = course.Hook;
        var most = hook.Tries > 0 ? 1 : _pace.GetValueOrDefault(hook.Id, AtOnce);
        if (await _queue.NextAsync(hook, most, cancellation).ConfigureAwait(false) is not { } next)
        {
            await Task.Delay(Look, time, cancellation).ConfigureAwait(false);
            return null;
        }

        if (!next.News.IsEmpty)
        {
            await DisclosedAsync(next.Caller, next.News, cancellation).ConfigureAwait(false);

            // The log may have waited long for the database: then how this agency stands to the items is looked at again.
            if (time.GetElapsedTime(next.LookedAt) > MostSinceLook || !await SendAsync(course, next, cancellation).ConfigureAwait(false))
            {
                return null;
            }
        }

        if (hook.Batch == 1 && next.News.Length == most)
        {
            _pace[hook.Id] = Math.Min(AtOnce, 2 * most);
        }

        if (next.Again is { } again)
        {
            if (next.News.IsEmpty)
            {
                course.Drop(again);
            }

            return true;
        }

        var found = next.Behind > 0 || next.News.Length > 0;
        course.MoveTo(next.UpTo, found || hook.Tried is not null);
        return found;
    }

    /// <summary>One POST for all, or one for each; whether all were taken, and soon enough.</summary>
    private async Task<bool> SendAsync(WebhookCourse course, WebhookNext next, CancellationToken cancellation)
    {
        var since = time.GetTimestamp();
        for (var sent = 0; sent < next.News.Length;)
        {
            ImmutableArray<DeliveredNews> part = course.Hook.Batch > 1 ? next.News : [next.News[sent]];
            sent += part.Length;
            var answer = await sender.SendAsync(course.Hook, bodies.Of(part, course.Hook), next.News.Length - sent + next.Behind, cancellation)
                .ConfigureAwait(false);
            if (course.Answered(part, answer, time.GetUtcNow(), Jitter()) == WebhookOutcome.Failed)
            {
                return false;
            }

            if (time.GetElapsedTime(since) >= Look && sent < next.News.Length)
            {
                _pace[course.Hook.Id] = sent;
                return false;
            }
        }

        return true;
    }

    /// <summary>Keeps how far it has come. Whoever changed the webhook meanwhile is obeyed from here on; what was taken stays taken.</summary>
    private async Task KeepAsync(WebhookCourse course)
    {
        if (course.Tried.Count == 0 && !course.IsMoved)
        {
            return;
        }

        try
        {
            await store.ReplaceAsync(course.Hook, course.Version, course.Tried, CancellationToken.None).ConfigureAwait(false);
        }
        catch (WebhookChangedException)
        {
            await store.ChangeAsync(
                course.Hook.Agency, course.Hook.Tenant, course.Hook.Id, changed => WebhookRules.Carried(course.Begun, course.Hook, changed), course.Tried,
                CancellationToken.None).ConfigureAwait(false);
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

    private static double Jitter() => (Random.Shared.NextDouble() * 2) - 1;
}
