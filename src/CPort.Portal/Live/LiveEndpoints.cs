using System.Text.Json;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Actors.Referrals;
using CPort.Actors.Sessions;
using CPort.Api;
using CPort.Domain.Audit;
using CPort.Domain.Queues;
using CPort.Portal.Police;
using CPort.Portal.SignIn;

namespace CPort.Portal.Live;

/// <summary>What is told of a list: how many have come since the page was drawn, and that in words.</summary>
public sealed record LiveAnswer(long Count, string Text);

/// <summary>
/// From when a page waits for news, and what of it stood on the page already: events are dated before they are in the read tables, so that counting begins a
/// little before the page was drawn, and what was there then is taken off.
/// </summary>
/// <param name="At">When the page was drawn, as far as the tables were then.</param>
/// <param name="Known">What had come since <see cref="From"/>, and is on the page.</param>
public sealed record LiveMark(DateTimeOffset At, long Known)
{
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(30);

    /// <summary>An older page is not told how much is new.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(12);

    public DateTimeOffset From => At - Before;

    public static LiveMark Of(ReadPosition at, DateTimeOffset now) => new(now - at.Lag, 0);

    public string Address(WorkQueue queue) => $"/app/live?queue={queue.Name}&at={At.UtcTicks}&known={Known}";

    /// <summary>The same of the inbox, as one of its filters has it.</summary>
    public string Inbox(string filter) => $"/app/live?inbox={filter}&at={At.UtcTicks}&known={Known}";

    public static LiveMark? Read(long? at, long? known, DateTimeOffset now) =>
        at is { } ticks && known is >= 0 and { } count && ticks > (now - Longest).UtcTicks && ticks <= now.UtcTicks
            ? new LiveMark(new DateTimeOffset(ticks, TimeSpan.Zero), count) : null;
}

/// <summary>A list of which an open page is told.</summary>
/// <param name="Name">As the audit log names it.</param>
/// <param name="Needs">The right to it.</param>
/// <param name="Count">How much has come since a moment.</param>
/// <param name="Patience">It is looked at so often even while nothing is known to have moved; null: then not.</param>
internal sealed record LiveList(string Name, Deed Needs, Func<Caller, DateTimeOffset, CancellationToken, Task<long>> Count, TimeSpan? Patience = null)
{
    public static LiveList Of(QueueReader queues, WorkQueue queue) => new(
        $"queue {queue.Name}", Deed.CountItems, async (caller, since, cancellation) => (await queues.NewsAsync(caller, queue, since, cancellation)).Count);

    /// <summary>The inbox has a table of its own, which may move after the read tables that are watched.</summary>
    public static LiveList Of(ReferralReader referrals, InboxFilter filter) => new(
        "inbox", Deed.AnswerReferrals, async (caller, since, cancellation) => await referrals.NewsAsync(caller, filter.States, since, cancellation),
        TimeSpan.FromSeconds(5));

    /// <summary>From when a page of it waits for news, with what it has on it already.</summary>
    public async Task<LiveMark> MarkAsync(Caller caller, DateTimeOffset drawn, CancellationToken cancellation)
    {
        var mark = new LiveMark(drawn, 0);
        return mark with { Known = await Count(caller, mark.From, cancellation) };
    }
}

/// <summary>
/// <c>/app/live</c>: tells an open page how much has come into its queue, or inbox, since it was drawn, and nothing of what. The page says so and leaves its
/// rows alone (rule R1). A stream of events; asked for JSON, one answer, for browsers and proxies that keep no stream.
/// </summary>
internal static class LiveEndpoints
{
    /// <summary>
    /// So often something is sent, so that proxies do not take the stream for dead; and so often it is asked whether the person may still look.
    /// </summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Between two announcements.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    public static void MapLive(this IEndpointRouteBuilder pages) =>
        pages.MapGet("/app/live", LiveAsync).Needs(Deed.CountItems).WithMetadata(new AskedByItself(), new AuditedByChunks());

    /// <summary>What the page has on it already.</summary>
    public static Task<LiveMark> MarkAsync(
        QueueReader queues, Caller caller, WorkQueue queue, ReadPosition at, DateTimeOffset now, CancellationToken cancellation) =>
        LiveList.Of(queues, queue).MarkAsync(caller, LiveMark.Of(at, now).At, cancellation);

    private static async Task LiveAsync(
        HttpContext http, QueueReader queues, ReferralReader referrals, LiveNews news, TimeProvider time, string? queue = null, string? inbox = null,
        long? at = null, long? known = null)
    {
        var list = WorkQueue.Find(queue) is { } of ? LiveList.Of(queues, of)
            : InboxPages.Filters.FirstOrDefault(f => f.Name == inbox) is { } filter ? LiveList.Of(referrals, filter) : null;
        if (list is not { } found || LiveMark.Read(at, known, time.GetUtcNow()) is not { } mark)
        {
            throw ApiProblemException.Of(ProblemCodes.BadRequest, "queue or inbox, at and known are those of the page.");
        }

        if (!AccessTable.May(http.Features.Get<Caller>(), found.Needs))
        {
            throw ApiProblemException.Of(ProblemCodes.NotAuthorised, AccessTable.WhoMay(found.Needs));
        }

        // Counts of one list: one look, however long the page stays open.
        await ReadHook.ChunkAsync(http, Shown.View(found.Name));
        if (Wants.Json(http))
        {
            var answer = await AnswerAsync(http, found, mark);
            await Results.Json(answer, ApiJson.Options).ExecuteAsync(http);
            return;
        }

        using var place = news.Enter(http.Features.Get<Caller>()!.KeyId)
            ?? throw ApiProblemException.Of(ProblemCodes.TooManyStreams, "Too many pages are open.");
        using var watched = http.Features.Get<SignedIn>() is { } me ? http.RequestServices.GetRequiredService<LiveSessions>().Watch(me.Session) : null;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, news.Stopping, watched?.Over ?? CancellationToken.None);
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await StreamAsync(http, news, time, found, mark, over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The tab was closed, the session is over, or the node stops: the browser comes back by itself, if it may.
        }
    }

    private static async Task StreamAsync(
        HttpContext http, LiveNews news, TimeProvider time, LiveList list, LiveMark mark, CancellationToken over)
    {
        // What the browser was told last, here or at another node.
        var told = long.TryParse(http.Request.Headers["Last-Event-ID"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last : 0;
        var asked = time.GetTimestamp();
        await SendAsync("retry: 3000\n\n");
        while (true)
        {
            var moved = news.Moved;
            if (await FindAsync() is { } answer && answer.Count != told)
            {
                told = answer.Count;
                await SendAsync($"id: {told}\nevent: news\ndata: {JsonSerializer.Serialize(answer, ApiJson.Options)}\n\n");
            }

            await Task.Delay(Pause, time, over);
            var since = time.GetTimestamp();
            do
            {
                if (time.GetElapsedTime(asked) >= Heartbeat)
                {
                    asked = time.GetTimestamp();
                    if (!await MayLookAsync())
                    {
                        return;
                    }

                    await SendAsync(": here\n\n");
                }

                var left = Heartbeat - time.GetElapsedTime(asked);
                left = list.Patience is { } patience && patience < left ? patience : left;
                await Task.WhenAny(moved, Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, over));
                over.ThrowIfCancellationRequested();
            }
            while (!moved.IsCompleted && !(time.GetElapsedTime(since) >= list.Patience));
        }

        async Task<LiveAnswer?> FindAsync()
        {
            try
            {
                return await AnswerAsync(http, list, mark, over);
            }
            catch (Exception e) when (Faults.IsPassingFor(e, over))
            {
                // Nothing is said of a list that cannot be read at the moment.
                return null;
            }
        }

        // Roles and purpose may have gone meanwhile without the session.
        async Task<bool> MayLookAsync() => await http.RequestServices.GetRequiredService<IPortalSessions>().OfAsync(http) is { } session
            && AccessTable.May(session.Caller, Deed.CountItems) && AccessTable.May(session.Caller, list.Needs);

        async Task SendAsync(string text)
        {
            await http.Response.WriteAsync(text, over);
            await http.Response.Body.FlushAsync(over);
        }
    }

    private static async Task<LiveAnswer> AnswerAsync(HttpContext http, LiveList list, LiveMark mark, CancellationToken? cancellation = null)
    {
        var found = await list.Count(http.Features.Get<Caller>()!, mark.From, cancellation ?? http.RequestAborted);
        var count = Math.Max(0, found - mark.Known);
        var words = Pages.WordsOf(http);
        return new LiveAnswer(count, words.Count("live.news", count, ("time", mark.At.UtcDateTime.ToString("HH:mm", CultureInfo.InvariantCulture))));
    }
}
