using CPort.Domain.Exchange;

namespace CPort.Actors.Exchange;

/// <summary>
/// How far news can be told, for all who wait on this node: asked at most every <see cref="Every"/>, however many wait. Thread-safe.
/// </summary>
public sealed class FeedHead(FeedReader reader, TimeProvider time)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private Task<(long Head, long KeptAfter)>? _asked;
    private long _askedAt;

    public Task<(long Head, long KeptAfter)> NowAsync() => AskAsync(Every);

    /// <summary>
    /// The same for one who was told a place before: a page reads further than what was asked here a moment ago, and whoever got its place comes back with
    /// it at once. What seems to lie ahead is asked anew before anybody is told so.
    /// </summary>
    public async Task<(long Head, long KeptAfter)> NowAsync(FeedPlace told)
    {
        var known = await NowAsync().ConfigureAwait(false);
        return told <= FeedPlace.EndOf(known.Head) ? known : await AskAsync(TimeSpan.Zero).ConfigureAwait(false);
    }

    private Task<(long Head, long KeptAfter)> AskAsync(TimeSpan notOlderThan)
    {
        lock (_lock)
        {
            if (_asked is null || _asked.IsFaulted || time.GetElapsedTime(_askedAt) >= notOlderThan)
            {
                // For everybody who waits, so no one's cancellation ends it.
                (_asked, _askedAt) = (reader.BoundsAsync(CancellationToken.None), time.GetTimestamp());
            }

            return _asked;
        }
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
