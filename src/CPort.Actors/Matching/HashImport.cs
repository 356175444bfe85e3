namespace CPort.Actors.Matching;

/// <summary>Limits of an import.</summary>
public sealed record HashImportOptions
{
    /// <summary>
    /// Messages under way at one time. More than one a bucket, so that a bucket joins those that come during a write into its next event; few enough that
    /// queries are answered between them.
    /// </summary>
    public int InFlight { get; init; } = 64;

    /// <summary>How long a bucket may take to answer before it is asked again.</summary>
    public TimeSpan Attempt { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Attempts before the import stops.</summary>
    public int Attempts { get; init; } = 4;
}

/// <summary>
/// Imports rows of a list of known hashes into a tenant's buckets. A bucket that does not answer is asked again by <see cref="HashBucketAsk"/>; one that stays
/// silent ends the import: some rows may be durable then. Doing it again is harmless: rows already held write nothing.
/// </summary>
public sealed class HashImport(IActorRef buckets, Tenant tenant, HashImportOptions? options = null)
{
    private readonly HashImportOptions _options = options ?? new HashImportOptions();

    /// <summary>
    /// Says what became of each row, in their order, when all are durable. Throws <see cref="HashBucketsUnavailableException"/> when a bucket stays silent.
    /// </summary>
    public async Task<HashRowOutcome[]> ImportAsync(HashListSource source, IReadOnlyList<HashListRow> rows, CancellationToken ct = default)
    {
        var outcomes = new HashRowOutcome[rows.Count];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var limits = new ParallelOptions { MaxDegreeOfParallelism = _options.InFlight, CancellationToken = ct };
        try
        {
            await Parallel.ForEachAsync(Asked(source, rows, stop.Token), limits, async (part, failed) =>
            {
                var answer = await part.Answer.WaitAsync(failed).ConfigureAwait(false);
                for (var i = 0; i < part.Places.Length; i++)
                {
                    outcomes[part.Places[i]] = (HashRowOutcome)answer.Rows[i];
                }
            }).ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
        }

        return outcomes;
    }

    // Asked as parts are enumerated, not by those who wait for the answers: messages to one bucket leave in the order of the list.
    private IEnumerable<(int[] Places, Task<HashesImported> Answer)> Asked(
        HashListSource source, IReadOnlyList<HashListRow> rows, CancellationToken stop) =>
        from bucket in Enumerable.Range(0, rows.Count).GroupBy(i => HashBucketId.For(tenant, rows[i].Hash))
        from places in bucket.Chunk(HashBucketLimits.Part)
        let message = new ImportHashes { Bucket = bucket.Key, RequestId = 0, Source = source, Rows = [.. places.Select(i => rows[i])] }
        select (places, buckets.AskUntilAnswered<HashesImported>(message, _options.Attempt, _options.Attempts, stop));
}
