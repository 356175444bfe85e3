using CPort.Domain.Exchange;

namespace CPort.Actors.Exchange;

/// <summary>
/// How far news can be told, for all who wait on this node: asked at most every <see cref="Every"/>, however many wait; and the newest news with it, for those
/// who have come so far. Thread-safe.
/// </summary>
public sealed class FeedHead(FeedReader reader, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly FeedTail _tail = new(time);

    /// <summary>However many come at once, intake finds a connection and a core.</summary>
    private readonly SemaphoreSlim _behind = new(8);
    private Task<FeedBounds>? _asked;
    private Task<FeedBounds>? _next;
    private long _askedAt;

    public Task<FeedBounds> NowAsync() => AskAsync(Every);

    /// <summary>
    /// The same for one who was told a place before: a page reads further than what was asked here a moment ago, and whoever got its place comes back with
    /// it at once. What seems to lie ahead is asked anew before anybody is told so.
    /// </summary>
    public async Task<FeedBounds> NowAsync(FeedPlace told)
    {
        var known = await NowAsync().ConfigureAwait(false);
        return told <= FeedPlace.EndOf(known.Head) ? known : await AskAsync(TimeSpan.Zero).ConfigureAwait(false);
    }

    public void Dispose() => _behind.Dispose();

    private Task<FeedBounds> AskAsync(TimeSpan notOlderThan)
    {
        lock (_lock)
        {
            if (_asked is { IsCompleted: false } running)
            {
                // One look at a time, however slow the database is; who must not be answered by it is by the one after it, which is for all of them.
                return notOlderThan > TimeSpan.Zero ? running : _next ??= AfterAsync(running);
            }

            if (_asked is null || _asked.IsFaulted || time.GetElapsedTime(_askedAt) >= notOlderThan)
            {
                // For everybody who waits, so no one's cancellation ends it.
                (_asked, _askedAt) = (LookAsync(), time.GetTimestamp());
            }

            return _asked;
        }
    }

    /// <inheritdoc cref="FeedReader.ReadAsync"/>
    public async ValueTask<FeedPage> ReadAsync(Caller caller, FeedPlace after, ImmutableHashSet<string> types, int limit, CancellationToken cancellation)
    {
        if (_tail.Read(caller, after, types, limit) is { } page)
        {
            return page;
        }

        await _behind.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await reader.ReadAsync(caller, after, types, limit, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _behind.Release();
        }
    }

    private async Task<FeedBounds> AfterAsync(Task<FeedBounds> running)
    {
        // Never at once: who asks for it holds the lock, and notes it as what comes next only after this has returned.
        await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        Task<FeedBounds> asked;
        lock (_lock)
        {
            (_next, _asked, _askedAt) = (null, LookAsync(), time.GetTimestamp());
            asked = _asked;
        }

        return await asked.ConfigureAwait(false);
    }

    private async Task<FeedBounds> LookAsync()
    {
        var (bounds, stretch, again) = await reader.StretchAsync(_tail.End, _tail.Readers, _tail.Aging, time.GetTimestamp(), CancellationToken.None)
            .ConfigureAwait(false);
        if (stretch is not null)
        {
            _tail.Add(stretch, again);
        }

        return bounds;
    }

    /// <summary>Until there may be news after a place, or time is up (false).</summary>
    public async Task<bool> WaitAsync(FeedPlace after, TimeSpan patience, CancellationToken cancellation)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            if (FeedPlace.EndOf((await NowAsync().WaitAsync(cancellation).ConfigureAwait(false)).Head) > after)
            {
                return true;
            }

            var left = patience - time.GetElapsedTime(since);
            if (left <= TimeSpan.Zero)
            {
                return false;
            }

            await Task.Delay(left < Every ? left : Every, time, cancellation).ConfigureAwait(false);
        }
    }
}
