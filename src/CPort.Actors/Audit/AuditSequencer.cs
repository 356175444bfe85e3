using CPort.Actors.Cluster;
using CPort.Actors.Confidential;

namespace CPort.Actors.Audit;

/// <summary>
/// Takes what waits into the tree, and what the journal says, and signs checkpoints: on one node of the cluster, which holds the database's lease
/// <c>cport-audit</c>. That two do it at once for a moment is no harm: the database lets one through (<see cref="AuditTree"/>).
/// </summary>
public sealed class AuditSequencer(
    Database database, AuditTree tree, JournalAudit journal, TimeProvider time, string owner, DatabaseDoubts? doubts = null, Action<string>? tell = null)
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan SignEvery = TimeSpan.FromSeconds(1);

    /// <summary>SQLite has one writer: while a batch is written the journal waits.</summary>
    private readonly int _batch = database.IsSqlite ? 200 : 1_000;

    /// <summary>Until it is cancelled. Whatever goes wrong it is told once, and tried again.</summary>
    public Task RunAsync(CancellationToken cancellation) =>
        new LeasedWork(database, "cport-audit", owner, time, tell).RunAsync(SequenceAsync, cancellation);

    /// <summary>One round: whether there is more.</summary>
    public async Task<bool> StepAsync(CancellationToken cancellation)
    {
        var waiting = await tree.WaitingAsync(_batch, doubts, cancellation).ConfigureAwait(false);
        var (told, upTo, events) = await journal.ReadAsync(tree.Journal, _batch, cancellation).ConfigureAwait(false);
        if (!waiting.IsEmpty || upTo > tree.Journal)
        {
            await tree.AppendAsync([.. waiting, .. told], upTo, cancellation).ConfigureAwait(false);
        }

        return waiting.Length == _batch || events == _batch;
    }

    private async Task SequenceAsync(CancellationToken cancellation)
    {
        try
        {
            await tree.LoadAsync(cancellation).ConfigureAwait(false);
            long? signed = null;
            while (!cancellation.IsCancellationRequested)
            {
                var more = await StepAsync(cancellation).ConfigureAwait(false);
                if (signed is not { } at || time.GetElapsedTime(at) >= SignEvery)
                {
                    await tree.SignAsync(cancellation).ConfigureAwait(false);
                    signed = time.GetTimestamp();
                }

                await Task.Delay(more ? Busy : Idle, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (SealBrokenException)
        {
            // What is shown is still written down, and waits.
            doubts?.Note(DoubtfulPlace.Audit, "the end of the audit log", nameof(SealBrokenException));
            throw;
        }
    }
}
