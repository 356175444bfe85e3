using Akka.Actor;
using CPort.Actors.Hashes;

namespace CPort.Actors.Matching;

/// <summary>What became of a list's rows so far. The four counts add up to <see cref="Durable"/>; <see cref="Read"/> is ahead of it during an import.</summary>
public sealed record HashImportCounts(long Read, long Added, long Changed, long Unchanged, long Ignored)
{
    public long Durable => Added + Changed + Unchanged + Ignored;
}

/// <summary>Limits of an import.</summary>
public sealed record HashImportOptions
{
    /// <summary>Rows a message to a bucket, 1 to 200.</summary>
    public int BatchRows { get; init; } = HashBucketLimits.Part;

    /// <summary>Messages under way at one time; reading stops while they are.</summary>
    public int BatchesInFlight { get; init; } = 8;

    /// <summary>Rows held in memory while batches fill; then the fullest are sent as they are.</summary>
    public int RowsHeld { get; init; } = 60_000;

    /// <summary>How long a bucket may take to answer before it is asked again.</summary>
    public TimeSpan Attempt { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Attempts before the import stops.</summary>
    public int Attempts { get; init; } = 6;
}

/// <summary>
/// Imports a list of known hashes into the buckets, streaming and with back-pressure. Resumable by doing it again: rows already held write nothing.
/// One instance may run several imports.
/// </summary>
public sealed class HashImport(IActorRef buckets, HashImportOptions? options = null)
{
    private readonly HashImportOptions _options = options ?? new HashImportOptions();

    /// <summary>
    /// Imports all rows and reports counts as they become durable. Ends when the last row is durable.
    /// Throws <see cref="HashBucketsUnavailableException"/> when a bucket stays silent; do it again then.
    /// </summary>
    public async Task<HashImportCounts> RunAsync(
        HashListSource source, IAsyncEnumerable<HashListRow> rows, IProgress<HashImportCounts>? progress = null, CancellationToken ct = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var slots = new SemaphoreSlim(_options.BatchesInFlight);
        var held = new Dictionary<HashBucketId, List<HashListRow>>();
        var underWay = new List<Task>();
        var (gate, counts, rowsHeld) = (new Lock(), new HashImportCounts(0, 0, 0, 0, 0), 0);
        var most = Math.Clamp(_options.BatchRows, 1, HashBucketLimits.Part);

        try
        {
            await foreach (var row in rows.WithCancellation(stop.Token).ConfigureAwait(false))
            {
                var bucket = HashBucketId.For(row.Hash);
                if (!held.TryGetValue(bucket, out var batch))
                {
                    held.Add(bucket, batch = new List<HashListRow>(most));
                }

                batch.Add(row);
                rowsHeld++;
                lock (gate)
                {
                    counts = counts with { Read = counts.Read + 1 };
                }

                if (batch.Count >= most)
                {
                    await Send(bucket).ConfigureAwait(false);
                }
                else if (rowsHeld >= _options.RowsHeld)
                {
                    await Send(held.MaxBy(h => h.Value.Count).Key).ConfigureAwait(false);
                }
            }

            foreach (var bucket in held.Where(h => h.Value.Count > 0).Select(h => h.Key).ToList())
            {
                await Send(bucket).ConfigureAwait(false);
            }

            await Task.WhenAll(underWay).ConfigureAwait(false);
            return counts;
        }
        catch (Exception)
        {
            await stop.CancelAsync().ConfigureAwait(false);

            // The first failure is what the caller learns; the others only have to end before the semaphore goes.
            await Task.WhenAll(underWay).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
                .ConfigureAwait(false);
            if (underWay.Find(t => t.IsFaulted)?.Exception?.InnerException is { } first)
            {
                throw first;
            }

            throw;
        }

        async Task Send(HashBucketId bucket)
        {
            var batch = held[bucket];
            held.Remove(bucket);
            rowsHeld -= batch.Count;
            await slots.WaitAsync(stop.Token).ConfigureAwait(false);
            underWay.RemoveAll(t => t.IsCompletedSuccessfully);
            underWay.Add(Ask(new ImportHashes { Bucket = bucket, RequestId = 0, Source = source, Rows = [.. batch] }));
        }

        async Task Ask(ImportHashes message)
        {
            try
            {
                var answer = await buckets.AskUntilAnswered<HashesImported>(message, _options.Attempt, _options.Attempts, stop.Token).ConfigureAwait(false);
                HashImportCounts now;
                lock (gate)
                {
                    now = counts = counts with
                    {
                        Added = counts.Added + answer.Added, Changed = counts.Changed + answer.Changed,
                        Unchanged = counts.Unchanged + answer.Unchanged, Ignored = counts.Ignored + answer.Ignored,
                    };
                }

                progress?.Report(now);
            }
            catch (HashBucketsUnavailableException)
            {
                await stop.CancelAsync().ConfigureAwait(false);
                throw;
            }
            finally
            {
                slots.Release();
            }
        }
    }
}
