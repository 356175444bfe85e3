using System.Collections.Concurrent;

namespace CPort.Actors.Sessions;

/// <summary>
/// Ends what is open for a session on this node (streams) soon after the session is over, wherever it was ended. While something is open the table is asked
/// each half second, for all of it at once. Thread-safe.
/// </summary>
public sealed class LiveSessions(SessionStore sessions, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How often the table is asked; what is open ends within about this.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<long, Watched> _open = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private Task? _watch;
    private long _last;

    /// <summary>Cancelled when the session is over; dispose it when what was open is closed.</summary>
    public Watched Watch(Session session)
    {
        var watched = new Watched(this, Interlocked.Increment(ref _last), session.IdHash);
        _open[watched.Number] = watched;
        lock (_lock)
        {
            _watch ??= Task.Run(WatchAsync);
        }

        return watched;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        if (_watch is { } watch)
        {
            await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(Every, time, _stop.Token).ConfigureAwait(false);
            var open = _open.Values.ToList();
            if (open.Count == 0)
            {
                continue;
            }

            try
            {
                var there = await sessions.StillThereAsync([.. open.Select(w => w.IdHash).Distinct()], _stop.Token).ConfigureAwait(false);
                foreach (var watched in open.Where(w => !there.Contains(w.IdHash)))
                {
                    watched.End();
                }
            }
            catch (Exception e) when (Faults.IsPassingFor(e, _stop.Token))
            {
                // Nobody can be asked at the moment; at the next round.
            }
        }
    }

    /// <summary>Something that is open for a session.</summary>
    public sealed class Watched(LiveSessions owner, long number, string idHash) : IDisposable
    {
        private readonly CancellationTokenSource _over = new();

        internal long Number => number;

        internal string IdHash => idHash;

        /// <summary>Cancelled when the session is over.</summary>
        public CancellationToken Over => _over.Token;

        public void Dispose()
        {
            owner._open.TryRemove(number, out _);
            _over.Dispose();
        }

        internal void End()
        {
            try
            {
                _over.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // Closed in between.
            }
        }
    }
}
