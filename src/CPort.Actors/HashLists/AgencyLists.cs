using CPort.Actors.Hashes;
using CPort.Actors.Matching;
using CPort.Actors.Projections;

namespace CPort.Actors.HashLists;

/// <summary>A hash of a list at its place: with the tenant these two name it for ever.</summary>
/// <param name="Bucket">In the order of <see cref="HashBucketId.AllOf(Tenant)"/>.</param>
/// <param name="Listed">The hash, its row, and what the list says.</param>
public sealed record PlacedHash(int Bucket, ListedHash Listed);

/// <summary>A stretch of a list.</summary>
/// <param name="Hashes">What the list says of each now.</param>
/// <param name="Next">Where it goes on.</param>
/// <param name="More">There is more to be had at once.</param>
public sealed record ListStretch(ImmutableArray<PlacedHash> Hashes, ListPlace Next, bool More);

/// <summary>
/// What an agency's own lists hold, over all buckets, and what changes in them. The buckets say what is so; that something changed is read from their journals,
/// in which every event stays. Throws <see cref="HashBucketsUnavailableException"/> when a bucket stays silent.
/// </summary>
public sealed class AgencyLists(IReadOnlyActorRegistry actors, Database database, JournalReader journal)
{
    /// <summary>Events of one bucket that are read at once.</summary>
    private const int EventsAtOnce = 200;

    /// <summary>Events that one stretch is looked for in at most: most are sightings, and tell nothing of lists.</summary>
    private const int MostEvents = 2_000;

    /// <summary>Questions to buckets that the first reading of one stretch takes at most: a short list in a large tenant is read in several.</summary>
    private const int MostAsked = 40;

    private const int AtOnce = 16;
    private const int Attempts = 3;
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(3);

    /// <summary>The agency's lists by name and origin.</summary>
    public async Task<ImmutableArray<HashListCount>> ListsAsync(Tenant tenant, AgencyId agency, CancellationToken cancellation)
    {
        var (gate, lists) = (new Lock(), new SortedDictionary<(string, string), HashListCount>());
        await Parallel.ForEachAsync(
            (await InUseAsync(tenant, cancellation).ConfigureAwait(false)).Values,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
            async (bucket, token) =>
            {
                var reply = await AskAsync<HashListsReply>(new GetHashLists { Bucket = bucket, Agency = agency }, token).ConfigureAwait(false);
                lock (gate)
                {
                    foreach (var list in reply.Lists)
                    {
                        var key = (list.List, list.Origin ?? "");
                        lists[key] = lists.TryGetValue(key, out var before) ? before.With(list) : list;
                    }
                }
            }).ConfigureAwait(false);
        return [.. lists.Values];
    }

    /// <summary>What the list says of the hash at a place; null: nothing.</summary>
    public async Task<ListedHash?> FindAsync(Tenant tenant, AgencyId agency, string list, int bucket, int row, CancellationToken cancellation)
    {
        if (HashBucketId.AllOf(tenant).ElementAtOrDefault(bucket) is not { Kind: not 0 } id)
        {
            return null;
        }

        var page = await AskAsync<HashListPage>(new ReadHashList { Bucket = id, Agency = agency, List = list, Rows = [row] }, cancellation)
            .ConfigureAwait(false);
        return page.Hashes is [var only] ? only : null;
    }

    /// <summary>Where hashes stand; those that no bucket has are left out.</summary>
    public async Task<ImmutableDictionary<ContentHash, (int Bucket, int Row)>> LocateAsync(
        Tenant tenant, IReadOnlyCollection<ContentHash> hashes, CancellationToken cancellation)
    {
        var numbers = HashBucketId.AllOf(tenant).Select((id, i) => (id, i)).ToDictionary(b => b.id, b => b.i);
        var found = ImmutableDictionary.CreateBuilder<ContentHash, (int, int)>();
        foreach (var part in hashes.Distinct().GroupBy(h => HashBucketId.For(tenant, h)).SelectMany(g => g.Chunk(HashBucketLimits.Part), (g, c) => (g.Key, c)))
        {
            var reply = await AskAsync<HashesLocated>(new LocateHashes { Bucket = part.Key, Hashes = [.. part.c] }, cancellation).ConfigureAwait(false);
            for (var i = 0; i < reply.Rows.Length; i++)
            {
                if (reply.Rows[i] >= 0)
                {
                    found[part.c[i]] = (numbers[part.Key], reply.Rows[i]);
                }
            }
        }

        return found.ToImmutable();
    }

    /// <summary>
    /// The next stretch of a list, of at most <paramref name="limit"/> hashes. Of the first reading what was taken back is left out: nobody has it yet.
    /// </summary>
    public async Task<ListStretch> NextAsync(
        Tenant tenant, AgencyId agency, string list, ListPlace place, int limit, CancellationToken cancellation)
    {
        var (found, events, asked) = (ImmutableArray.CreateBuilder<PlacedHash>(), 0, 0);
        var buckets = await InUseAsync(tenant, cancellation).ConfigureAwait(false);
        if (!place.Follows)
        {
            foreach (var (number, bucket) in buckets.Where(b => b.Key >= place.Bucket))
            {
                // What was noted of a bucket that is gone on with stays: its first row was read then.
                place = place.Bucket == number && place.At > 0 ? place : place with { Bucket = number, At = 0 };
                for (int? from = place.At; from is { } row;)
                {
                    if (found.Count >= limit || asked++ >= MostAsked)
                    {
                        return new ListStretch(found.ToImmutable(), place with { At = row }, More: true);
                    }

                    var page = await AskAsync<HashListPage>(new ReadHashList
                    {
                        Bucket = bucket, Agency = agency, List = list, From = row, Limit = Math.Min(limit - found.Count, HashBucketLimits.Part),
                    }, cancellation).ConfigureAwait(false);
                    place = row == 0 ? place.Told(number, page.Sequence) : place;
                    found.AddRange(page.Hashes.Where(h => h.Stands).Select(h => new PlacedHash(number, h)));
                    from = page.Next;
                }
            }

            place = place with { Follows = true, Bucket = 0, At = 0 };
        }

        foreach (var (number, bucket) in buckets.Where(b => b.Key >= place.Bucket))
        {
            place = place.Bucket == number ? place : place with { Bucket = number, At = 0 };
            while (true)
            {
                if (found.Count >= limit || events >= MostEvents)
                {
                    return new ListStretch(found.ToImmutable(), place, More: true);
                }

                var next = await journal.ReadOfAsync(EntityName.Of(bucket), place.SequenceOf(number), EventsAtOnce, cancellation).ConfigureAwait(false);
                if (next.IsEmpty)
                {
                    break;
                }

                events += next.Length;
                (var changed, place) = Take(next, place, number, agency, list, limit - found.Count);
                found.AddRange(await NowAsync(bucket, number, agency, list, changed, cancellation).ConfigureAwait(false));
            }
        }

        return new ListStretch(found.ToImmutable(), place with { Bucket = 0, At = 0 }, More: false);
    }

    /// <summary>Event by event, so that a place says what of one of them is told.</summary>
    private static ((List<int> Rows, List<ContentHash> Hashes) Changed, ListPlace Place) Take(
        ImmutableArray<JournalEvent> events, ListPlace place, int bucket, AgencyId agency, string list, int room)
    {
        var (rows, hashes) = (new List<int>(), new List<ContentHash>());
        foreach (var e in events)
        {
            if (e.Happened is not HashesRecorded happened)
            {
                // Stuck: the bucket itself cannot be read, and says so. Nobody is told less than there is.
                throw new HashBucketsUnavailableException("An event of a hash bucket cannot be read.");
            }

            var (some, others) = HashListing.ChangedBy([happened], agency, list);
            var left = Math.Max(0, some.Length + others.Length - place.At);
            var free = room - rows.Count - hashes.Count;
            rows.AddRange(some.Skip(place.At).Take(free));
            hashes.AddRange(others.Skip(Math.Max(0, place.At - some.Length)).Take(Math.Max(0, free - Math.Max(0, some.Length - place.At))));
            if (left > free)
            {
                return ((rows, hashes), place with { At = place.At + free });
            }

            place = place.Told(bucket, e.Sequence) with { At = 0 };
        }

        return ((rows, hashes), place);
    }

    private async Task<IEnumerable<PlacedHash>> NowAsync(
        HashBucketId bucket, int number, AgencyId agency, string list, (List<int> Rows, List<ContentHash> Hashes) changed, CancellationToken cancellation)
    {
        var now = new Dictionary<int, PlacedHash>();
        var of = new ReadHashList { Bucket = bucket, Agency = agency, List = list };
        var parts = changed.Rows.Chunk(HashBucketLimits.Part).Select(p => of with { Rows = p })
            .Concat(changed.Hashes.Chunk(HashBucketLimits.Part).Select(p => of with { Hashes = [.. p] }));
        foreach (var part in parts)
        {
            foreach (var hash in (await AskAsync<HashListPage>(part, cancellation).ConfigureAwait(false)).Hashes)
            {
                now[hash.Row] = new PlacedHash(number, hash);
            }
        }

        return now.Values;
    }

    /// <summary>Buckets with any event, by their number; the others hold nothing.</summary>
    private async Task<SortedDictionary<int, HashBucketId>> InUseAsync(Tenant tenant, CancellationToken cancellation)
    {
        var used = (await HashBucketJournal.WithEventsAsync(database, tenant.IsTraining() ? tenant : Tenant.Training, cancellation).ConfigureAwait(false))
            .ToHashSet();
        return new(HashBucketId.AllOf(tenant).Select((id, i) => (id, i)).Where(b => used.Contains(b.id)).ToDictionary(b => b.i, b => b.id));
    }

    private Task<T> AskAsync<T>(IHashBucketMessage message, CancellationToken cancellation) =>
        actors.Get<HashBucketRegion>().AskUntilAnswered<T>(message, Attempt, Attempts, cancellation);
}
