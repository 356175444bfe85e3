using Akka.Coordination;

namespace CPort.Actors.Cluster;

/// <summary>
/// Work that is to be done on one node of the cluster at a time: the one that holds a lease of the database. For a moment two may do it, so the work itself
/// must bear that.
/// </summary>
public sealed class LeasedWork(Database database, string name, string owner, TimeProvider time, Action<string>? tell = null)
{
    private static readonly TimeSpan ValidFor = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Until it is cancelled. The work is begun whenever the lease is had, and its token ends with the lease. Whatever goes wrong is told once (in words
    /// without data), and tried again.
    /// </summary>
    public async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        var lease = new DatabaseLease(
            new LeaseSettings(name, owner, new TimeoutSettings(ValidFor / 3, ValidFor, ValidFor / 2), Akka.Configuration.Config.Empty), database, time);
        var said = "";
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                if (await lease.Acquire().ConfigureAwait(false))
                {
                    using var held = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                    var watch = WatchAsync(lease, held);
                    try
                    {
                        await work(held.Token).ConfigureAwait(false);
                    }
                    finally
                    {
                        await held.CancelAsync().ConfigureAwait(false);
                        await watch.ConfigureAwait(false);
                    }

                    said = "";
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested || !lease.CheckLease())
            {
                // The node stops, or another one has the lease.
                said = "";
            }
            catch (Exception e)
            {
                // Of a defect the node must not end: what is to be done waits.
                var fault = Faults.IsPassing(e) || e is LeaseException ? DatabaseFault.InWords(e) : e.GetType().Name;
                if (fault != said)
                {
                    tell?.Invoke(said = fault);
                }
            }

            await Task.Delay(Again, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        try
        {
            await lease.Release().ConfigureAwait(false);
        }
        catch (LeaseException)
        {
            // It runs out by itself.
        }
    }

    private async Task WatchAsync(DatabaseLease lease, CancellationTokenSource held)
    {
        while (!held.IsCancellationRequested)
        {
            if (!lease.CheckLease())
            {
                await held.CancelAsync().ConfigureAwait(false);
            }

            await Task.Delay(Look, time, held.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
