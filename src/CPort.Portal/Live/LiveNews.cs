using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using Microsoft.Extensions.Hosting;

namespace CPort.Portal.Live;

/// <summary>
/// What open pages wait for on this node: that the read tables have moved. However many pages are open, the database is asked for its position once a second,
/// and while none is open not at all. Bounds how many there are. Thread-safe.
/// </summary>
internal sealed class LiveNews(ReadTables tables, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>Streams of one person on one node: a tab each, of those in sight.</summary>
    public const int PerPerson = 8;

    /// <summary>Streams on one node.</summary>
    public const int PerNode = 2_000;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _open = [];
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _all;
    private bool _watching;

    /// <summary>Cancelled when the node is going to stop: what is open ends, and comes back at another node.</summary>
    public CancellationToken Stopping => lifetime.ApplicationStopping;

    /// <summary>A place for a stream of that person, to be disposed of at its end; null: there is none.</summary>
    public IDisposable? Enter(string person)
    {
        lock (_lock)
        {
            var its = _open.GetValueOrDefault(person);
            if (its >= PerPerson || _all >= PerNode)
            {
                return null;
            }

            (_open[person], _all) = (its + 1, _all + 1);
            if (!_watching)
            {
                _watching = true;
                _ = Task.Run(WatchAsync, CancellationToken.None);
            }
        }

        return new Place(this, person);
    }

    /// <summary>Completes when the read tables have moved since it was asked.</summary>
    public Task Moved => Volatile.Read(ref _moved).Task;

    private async Task WatchAsync()
    {
        var last = -1L;
        while (true)
        {
            await Task.Delay(Every, time, Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lock (_lock)
            {
                if (_all == 0 || Stopping.IsCancellationRequested)
                {
                    _watching = false;
                    return;
                }
            }

            try
            {
                var sets = await tables.SetsAsync(Stopping);
                var now = sets.LastOrDefault(s => s.State == TableSetState.Serving)?.Position ?? -1;
                if (now != last)
                {
                    last = now;
                    Interlocked.Exchange(ref _moved, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
                }
            }
            catch (Exception e) when (Faults.IsPassingFor(e, Stopping))
            {
                // The database cannot be asked at the moment; a second later.
            }
        }
    }

    private void Leave(string person)
    {
        lock (_lock)
        {
            _all--;
            if (_open[person] == 1)
            {
                _open.Remove(person);
            }
            else
            {
                _open[person]--;
            }
        }
    }

    private sealed class Place(LiveNews owner, string person) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                owner.Leave(person);
            }
        }
    }
}
