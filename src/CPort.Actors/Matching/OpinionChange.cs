namespace CPort.Actors.Matching;

/// <summary>
/// What a change of opinions would do at this moment: verdicts that change, the items and reports that would be told, each once, and what becomes of each
/// opinion, in order.
/// </summary>
public sealed record OpinionChangePreview(int Verdicts, ImmutableArray<ItemRef> Reached, ImmutableArray<OpinionChangeOutcome> Outcomes)
{
    public int Items => Reached.Length;

    public int Reports => Reached.Select(i => i.Report).Distinct().Count();
}

/// <summary>A change is durable: how many verdicts it changed. Reports learn of it by the buckets' fan-out, within a second when all is quiet.</summary>
public sealed record OpinionChangeApplied(int Verdicts);

/// <summary>
/// Corrections and retractions of an agency's words on a tenant's hashes, outside any report: says beforehand how many items will change, then does it, where
/// there is a word to correct. Throws <see cref="HashBucketsUnavailableException"/> when a bucket stays silent; a change may then be partly durable, and
/// applying it again completes it.
/// </summary>
public sealed class OpinionChange(IActorRef buckets, Tenant tenant)
{
    /// <summary>Opinions that one change may hold.</summary>
    public const int Max = 10_000;

    private const int InFlight = 16;
    private const int Attempts = 3;
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(3);

    /// <summary>Counts without changing anything; words of a report's own, which it may yet have to say, are not <paramref name="onlyStanding"/>.</summary>
    public async Task<OpinionChangePreview> PreviewAsync(
        ImmutableArray<OpinionOnHash> opinions, bool onlyStanding = true, CancellationToken ct = default)
    {
        var (gate, items, verdicts) = (new Lock(), new HashSet<ItemRef>(), 0);
        var outcomes = new OpinionChangeOutcome[opinions.Length];
        Array.Fill(outcomes, OpinionChangeOutcome.NoWord);
        await ForEachPart(opinions, async (bucket, places, token) =>
        {
            ImmutableArray<OpinionOnHash> part = [.. places.Select(i => opinions[i])];
            for (var (opinion, sighting, last) = (0, 0, false); !last;)
            {
                var query = new PreviewChange
                {
                    Bucket = bucket, RequestId = 0, Opinions = part, FromOpinion = opinion, FromSighting = sighting, OnlyStanding = onlyStanding,
                };
                var page = await buckets.AskUntilAnswered<ChangePreviewed>(query, Attempt, Attempts, token).ConfigureAwait(false);
                lock (gate)
                {
                    items.UnionWith(page.Items);
                    verdicts += page.Verdicts;
                    for (var i = 0; i < page.Outcomes.Length; i++)
                    {
                        outcomes[places[i]] = (OpinionChangeOutcome)page.Outcomes[i];
                    }
                }

                (opinion, sighting, last) = (page.NextOpinion, page.NextSighting, page.Last);
            }
        }, ct).ConfigureAwait(false);
        return new OpinionChangePreview(verdicts, [.. items], [.. outcomes]);
    }

    /// <summary>Records the change; returns when it is durable in every bucket. Idempotent.</summary>
    public async Task<OpinionChangeApplied> ApplyAsync(ImmutableArray<OpinionOnHash> opinions, CancellationToken ct = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(opinions.Length, Max, nameof(opinions));
        var verdicts = 0;
        await ForEachPart(opinions, async (bucket, places, token) =>
        {
            // Naming no item: no report takes its verdicts from these answers, so none may be taken to have them.
            var command = new RecordBucketOpinions
            {
                Bucket = bucket, RequestId = 0, OnlyStanding = true,
                Opinions = [.. places.Select(i => opinions[i]).Select(o => o with { Opinion = o.Opinion with { Item = null } })],
            };
            var stored = await buckets.AskUntilAnswered<OpinionsStored>(command, Attempt, Attempts, token).ConfigureAwait(false);
            Interlocked.Add(ref verdicts, stored.Changed);
        }, ct).ConfigureAwait(false);
        return new OpinionChangeApplied(verdicts);
    }

    // By bucket, in order, so that several opinions on one hash keep theirs; named by their places.
    private Task ForEachPart(
        ImmutableArray<OpinionOnHash> opinions, Func<HashBucketId, int[], CancellationToken, Task> body,
        CancellationToken ct) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, opinions.Length).Where(i => !TrapValues.IsTrap(opinions[i].Hash)).GroupBy(i => HashBucketId.For(tenant, opinions[i].Hash)),
            new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = ct },
            async (group, token) =>
            {
                foreach (var part in group.Chunk(HashBucketLimits.Part))
                {
                    await body(group.Key, part, token).ConfigureAwait(false);
                }
            });
}
