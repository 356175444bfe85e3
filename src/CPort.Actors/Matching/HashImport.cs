using System.Collections.Immutable;
using Akka.Actor;
using CPort.Domain.Hashes;

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

    /// <summary>
    /// Messages under way at one time; reading stops while they are. More than one a bucket, so that a bucket joins those that come during a write
    /// into its next event; few enough that queries are answered between them.
    /// </summary>
    public int BatchesInFlight { get; init; } = 64;

    /// <summary>Rows held in memory while batches fill (some 150 bytes each); then the fullest are sent as they are.</summary>
    public int RowsHeld { get; init; } = 150_000;

    /// <summary>How long a bucket may take to answer before it is asked again.</summary>
    public TimeSpan Attempt { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Attempts before the import stops.</summary>
    public int Attempts { get; init; } = 4;
}

/// <summary>
/// Imports a list of known hashes into the buckets, streaming and with back-pressure. Resumable by doing it again: rows already held write nothing.
/// One instance may run several imports.
/// </summary>
public sealed class HashImport(IActorRef buckets, HashImportOptions? options = null)
{
    private readonly HashImportOptions _options = options ?? new HashImportOptions();

    private int Most => Math.Clamp(_options.BatchRows, 1, HashBucketLimits.Part);

    /// <summary>
    /// Imports all rows and reports counts as they become durable. Ends when the last row is durable.
    /// Throws <see cref="HashBucketsUnavailableException"/> when a bucket stays silent; do it again then.
    /// </summary>
    public async Task<HashImportCounts> RunAsync(
        HashListSource source, IAsyncEnumerable<HashListRow> rows, IProgress<HashImportCounts>? progress = null, CancellationToken ct = default)
    {
        var run = new Run(this, source, progress, eachRow: false, ct);
        var held = new Dictionary<HashBucketId, Batch>();
        var rowsHeld = 0;
        try
        {
            await foreach (var row in rows.WithCancellation(run.Stop).ConfigureAwait(false))
            {
                var bucket = HashBucketId.For(row.Hash);
                if (!held.TryGetValue(bucket, out var batch))
                {
                    held.Add(bucket, batch = new Batch(bucket, Most));
                }

                batch.Rows.Add(row);
                rowsHeld++;
                run.Read++;
                if (batch.Rows.Count >= Most)
                {
                    rowsHeld -= batch.Rows.Count;
                    await run.SendAsync(batch).ConfigureAwait(false);
                }
                else if (rowsHeld >= _options.RowsHeld)
                {
                    var fullest = held.Values.MaxBy(b => b.Rows.Count)!;
                    rowsHeld -= fullest.Rows.Count;
                    await run.SendAsync(fullest).ConfigureAwait(false);
                }
            }

            foreach (var batch in held.Values.Where(b => b.Rows.Count > 0))
            {
                await run.SendAsync(batch).ConfigureAwait(false);
            }
        }
        catch (Exception)
        {
            await run.FailAsync().ConfigureAwait(false);
            throw;
        }

        return await run.FinishAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Imports rows that are at hand and says what became of each, in their order, when all are durable.
    /// Throws <see cref="HashBucketsUnavailableException"/> when a bucket stays silent; some rows may be durable then, and doing it again is harmless.
    /// </summary>
    public async Task<HashRowOutcome[]> ImportAsync(HashListSource source, IReadOnlyList<HashListRow> rows, CancellationToken ct = default)
    {
        var run = new Run(this, source, null, eachRow: true, ct) { Outcomes = new HashRowOutcome[rows.Count], Read = rows.Count };
        var held = new Dictionary<HashBucketId, Batch>();
        try
        {
            for (var i = 0; i < rows.Count; i++)
            {
                var bucket = HashBucketId.For(rows[i].Hash);
                if (!held.TryGetValue(bucket, out var batch))
                {
                    held.Add(bucket, batch = new Batch(bucket, 16) { Places = [] });
                }

                batch.Rows.Add(rows[i]);
                batch.Places!.Add(i);
                if (batch.Rows.Count >= Most)
                {
                    await run.SendAsync(batch).ConfigureAwait(false);
                }
            }

            foreach (var batch in held.Values.Where(b => b.Rows.Count > 0))
            {
                await run.SendAsync(batch).ConfigureAwait(false);
            }
        }
        catch (Exception)
        {
            await run.FailAsync().ConfigureAwait(false);
            throw;
        }

        await run.FinishAsync().ConfigureAwait(false);
        return run.Outcomes;
    }

    /// <summary>Rows that gather for one bucket, and where in the caller's list they stand.</summary>
    private sealed class Batch(HashBucketId bucket, int capacity)
    {
        public HashBucketId Bucket { get; } = bucket;

        public ImmutableArray<HashListRow>.Builder Rows { get; } = ImmutableArray.CreateBuilder<HashListRow>(capacity);

        public List<int>? Places { get; init; }
    }

    /// <summary>One import: what is under way and what is counted.</summary>
    private sealed class Run
    {
        private readonly HashImport _import;
        private readonly HashListSource _source;
        private readonly IProgress<HashImportCounts>? _progress;
        private readonly bool _eachRow;
        private readonly CancellationTokenSource _stop;
        private readonly SemaphoreSlim _slots;
        private readonly Lock _gate = new();
        private long _read;
        private long _added;
        private long _changed;
        private long _unchanged;
        private long _ignored;
        private Exception? _failure;

        public Run(HashImport import, HashListSource source, IProgress<HashImportCounts>? progress, bool eachRow, CancellationToken ct)
        {
            (_import, _source, _progress, _eachRow) = (import, source, progress, eachRow);
            _stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
            _slots = new SemaphoreSlim(import._options.BatchesInFlight);
        }

        public CancellationToken Stop => _stop.Token;

        public long Read { get => _read; set => Volatile.Write(ref _read, value); }

        public HashRowOutcome[] Outcomes { get; init; } = [];

        public async Task SendAsync(Batch batch)
        {
            // Copied at once: the batch goes on being filled.
            var rows = batch.Rows.ToImmutable();
            int[] places = batch.Places is null ? [] : [.. batch.Places];
            batch.Rows.Clear();
            batch.Places?.Clear();
            await _slots.WaitAsync(Stop).ConfigureAwait(false);
            _ = AskAsync(new ImportHashes { Bucket = batch.Bucket, RequestId = 0, Source = _source, Rows = rows, EachRow = _eachRow }, places);
        }

        public async Task<HashImportCounts> FinishAsync()
        {
            await DrainAsync().ConfigureAwait(false);
            if (_failure is { } failure)
            {
                throw failure;
            }

            return Counts();
        }

        /// <summary>After a fault of reading or a cancellation; a bucket's silence, being the first cause, is what the caller learns.</summary>
        public async Task FailAsync()
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            await DrainAsync().ConfigureAwait(false);
            if (_failure is HashBucketsUnavailableException unavailable)
            {
                throw unavailable;
            }
        }

        // Every slot taken: nothing is under way any more.
        private async Task DrainAsync()
        {
            for (var i = 0; i < _import._options.BatchesInFlight; i++)
            {
                await _slots.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            }

            _slots.Dispose();
            _stop.Dispose();
        }

        private async Task AskAsync(ImportHashes message, int[] places)
        {
            try
            {
                var options = _import._options;
                var answer = await _import.Buckets.AskUntilAnswered<HashesImported>(message, options.Attempt, options.Attempts, Stop).ConfigureAwait(false);
                for (var i = 0; i < places.Length; i++)
                {
                    // A bucket of an older version answers counts only: then nothing is claimed to be known of a row but that it is in.
                    Outcomes[places[i]] = i < answer.Rows.Length ? (HashRowOutcome)answer.Rows[i] : HashRowOutcome.Added;
                }

                HashImportCounts now;
                lock (_gate)
                {
                    _added += answer.Added;
                    _changed += answer.Changed;
                    _unchanged += answer.Unchanged;
                    _ignored += answer.Ignored;
                    now = Counts();
                }

                _progress?.Report(now);
            }
            catch (Exception e)
            {
                lock (_gate)
                {
                    _failure = _failure is null or OperationCanceledException ? e : _failure;
                }

                await _stop.CancelAsync().ConfigureAwait(false);
            }
            finally
            {
                _slots.Release();
            }
        }

        private HashImportCounts Counts() => new(Volatile.Read(ref _read), _added, _changed, _unchanged, _ignored);
    }

    private IActorRef Buckets => buckets;
}
