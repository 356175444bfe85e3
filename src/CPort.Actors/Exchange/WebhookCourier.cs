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
/// How far each has come is kept about once a second; killed in between, the same events are sent again under the same ids.
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

    private readonly ConcurrentDictionary<ReportId, Task> _loops = [];

    /// <summary>News that a receiver is given at a time, as many as it took in a second: what is written down as disclosed is to be what leaves soon.</summary>
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
                    await DeliverAsync(new Course(hook, version), cancellation).ConfigureAwait(false);
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

    /// <summary>Delivers until the webhook is to be looked at again, or its receiver takes nothing; then keeps how far it has come.</summary>
    private async Task DeliverAsync(Course course, CancellationToken cancellation)
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
    private async Task<bool?> NextAsync(Course course, CancellationToken cancellation)
    {
        var hook = course.Hook;
        var agencies = directory.Current;
        var now = time.GetUtcNow();
        var caller = FeedRules.ReadersOf(agencies, AgencyDirectory.DayOf(now), hook.Tenant).FirstOrDefault(r => r.Agency == hook.Agency);
        if (caller is null)
        {
            // Closed: nobody there is to be told anything.
            await Task.Delay(Look, time, cancellation).ConfigureAwait(false);
            return null;
        }

        // An agency that states a purpose is told by the one that it stated; who gave none when that was not needed is none of police.
        caller = caller with { Purpose = hook.Purpose, KeyId = $"webhook-{hook.Id}" };
        var (begin, again) = ((await head.NowAsync().ConfigureAwait(false)).KeptAfter, hook.Again.FirstOrDefault());
        var from = again is not null && FeedPlace.TryParse(again, out var single) ? new FeedPlace(single.Ordering, single.Part - 1)
            : hook.After.Ordering < begin ? FeedPlace.EndOf(begin) : hook.After;
        var most = hook.Tries > 0 ? 1 : _pace.GetValueOrDefault(hook.Id, AtOnce);
        var looked = time.GetTimestamp();
        var page = again is null ? await head.ReadAsync(caller, from, [.. hook.Types], most, cancellation).ConfigureAwait(false)
            : await reader.ReadAsync(caller, from, [.. hook.Types], 1, cancellation).ConfigureAwait(false);
        var news = again is null ? page.News : [.. page.News.Where(n => n.Place.ToString() == again)];
        if (!news.IsEmpty)
        {
            await DisclosedAsync(caller, news, cancellation).ConfigureAwait(false);
            if (time.GetElapsedTime(looked) > MostSinceLook)
            {
                // The log waited long for the database: how this agency stands to the items is looked at again.
                return null;
            }
        }

        var since = time.GetTimestamp();
        for (var i = 0; i < news.Length; i++)
        {
            var answer = await sender.SendAsync(
                course.Hook, news[i].Place.ToString(), bodies.Of(news[i], course.Hook), news.Length - i - 1, cancellation).ConfigureAwait(false);
            var (next, outcome) = WebhookRules.After(course.Hook, news[i].Place, answer, time.GetUtcNow(), Jitter());
            course.Tried.Add(new WebhookDelivery(news[i].Place, course.Hook.Tries + 1, time.GetUtcNow(), outcome, answer.InWords));
            course.Hook = next;
            if (outcome == WebhookOutcome.Failed)
            {
                return null;
            }

            if (time.GetElapsedTime(since) >= Look && i < news.Length - 1)
            {
                _pace[hook.Id] = i + 1;
                return null;
            }
        }

        if (news.Length == most)
        {
            _pace[hook.Id] = Math.Min(AtOnce, 2 * most);
        }

        if (again is not null)
        {
            if (news.IsEmpty)
            {
                // It is not kept any more, or not for this agency's receiver.
                course.Hook = course.Hook with { Again = course.Hook.Again.Remove(again) };
                course.IsMoved = true;
            }

            return true;
        }

        // What no receiver is told is left behind as well, but not written down for its own sake.
        if (page.UpTo > course.Hook.After)
        {
            course.IsMoved |= page.More || news.Length > 0 || page.UpTo.Ordering - course.Begun.After.Ordering > 10_000;
            course.Hook = From(course.Hook, page.UpTo);
        }

        return news.Length > 0 || page.More;
    }

    /// <summary>Keeps how far it has come. Whoever changed the webhook meanwhile is obeyed from here on; what was taken stays taken.</summary>
    private async Task KeepAsync(Course course)
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

    /// <summary>A webhook from one look at it to the next.</summary>
    private sealed class Course
    {
        public Course(Webhook begun, long version) => (Begun, Hook, Version) = (begun, begun, version);

        public Webhook Begun { get; }

        public Webhook Hook { get; set; }

        public long Version { get; }

        public List<WebhookDelivery> Tried { get; } = [];

        /// <summary>Something is to be kept besides what was tried.</summary>
        public bool IsMoved { get; set; }
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
