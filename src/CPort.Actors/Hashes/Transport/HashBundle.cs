namespace CPort.Actors.Hashes.Transport;

/// <summary>One list of near queries for several PDQ buckets.</summary>
[ProtoContract]
public sealed record NearBundle
{
    /// <summary>At most <see cref="HashBucketLimits.NearPart"/>.</summary>
    [ProtoMember(1)] public ImmutableArray<NearQuery> Queries { get; init; } = [];

    /// <summary>Numbers of PDQ buckets.</summary>
    [ProtoMember(2, IsPacked = true)] public int[] Buckets { get; init; } = [];

    /// <summary>The request id for each of <see cref="Buckets"/>.</summary>
    [ProtoMember(3, IsPacked = true)] public long[] RequestIds { get; init; } = [];

    /// <summary>Live buckets, or training ones.</summary>
    [ProtoMember(4)] public Tenant Tenant { get; init; }
}

/// <summary>
/// Messages for buckets of one node, to its <see cref="HashDoor"/>: the same that would go to each bucket through the region, each with its own request id, at
/// most about <see cref="MaxBytes"/>. Answered by one or more <see cref="HashBundleAnswered"/>, together or in part, or not at all.
/// </summary>
[ProtoContract, Manifest("hq8")]
public sealed record HashBundle : IWireMessage
{
    /// <summary>
    /// Estimated bytes of a bundle, and of an answer: far below <see cref="Cluster.ClusterTuning.MaxFrameSize"/>, and short enough for heartbeats to pass.
    /// </summary>
    public const int MaxBytes = 2 * HashBucketLimits.PartBytes;

    /// <summary>Request ids of the <see cref="LookupHashes"/> it stands for.</summary>
    [ProtoMember(1, IsPacked = true)] public long[] LookupIds { get; init; } = [];

    /// <summary>How many of <see cref="Hashes"/> belong to each of <see cref="LookupIds"/>, 1 or more; the first says the bucket's number.</summary>
    [ProtoMember(2, IsPacked = true)] public int[] LookupCounts { get; init; } = [];
    [ProtoMember(3)] public ImmutableArray<ContentHash> Hashes { get; init; } = [];
    [ProtoMember(4)] public ImmutableArray<SightAndLookup> Sightings { get; init; } = [];

    /// <summary>Near queries stand once for all buckets that are asked the same.</summary>
    [ProtoMember(6)] public ImmutableArray<NearBundle> Near { get; init; } = [];

    /// <summary>The last so many of <see cref="LookupIds"/> are for buckets of <see cref="Training"/>, those before for live ones.</summary>
    [ProtoMember(7)] public int TrainingLookups { get; init; }

    /// <summary>Which training the lookups are of; one a bundle.</summary>
    [ProtoMember(8)] public Tenant Training { get; init; } = Tenant.Training;

    /// <summary>Messages in it.</summary>
    public int Count => LookupIds.Length + Sightings.Length + Near.Sum(n => n.Buckets.Length);

    /// <summary>
    /// Joins messages; as many bundles as the size asks for. <see cref="LookupHashes"/>, <see cref="SightAndLookup"/> and <see cref="SearchNear"/>; throws
    /// <see cref="ArgumentException"/> for others.
    /// </summary>
    public static IReadOnlyList<HashBundle> Of(IReadOnlyList<IHashBucketMessage> messages)
    {
        var bundles = new List<HashBundle>(1);
        var (from, weight, near) = (0, 0, new HashSet<ImmutableArray<NearQuery>>());
        for (var i = 0; i < messages.Count; i++)
        {
            var more = WeightOf(messages[i]);
            if (weight > 0 && (weight + more > MaxBytes || IsOfOtherTraining(messages.Take(from..i), messages[i])))
            {
                bundles.Add(Joined(messages.Take(from..i)));
                (from, weight) = (i, 0);
                near.Clear();
            }

            // Counted once, where they are put in.
            weight += more + (messages[i] is SearchNear search && near.Add(search.Queries) ? 64 * search.Queries.Length : 0);
        }

        bundles.Add(Joined(messages.Take(from..)));
        return bundles;
    }

    private static HashBundle Joined(IEnumerable<IHashBucketMessage> messages)
    {
        var all = messages.ToLookup(m => m.GetType());
        var lookups = all[typeof(LookupHashes)].Cast<LookupHashes>().OrderBy(l => l.Bucket.Tenant).ToList();
        return new HashBundle
        {
            LookupIds = [.. lookups.Select(l => l.RequestId)],
            LookupCounts = [.. lookups.Select(l => l.Hashes.Length)],
            TrainingLookups = lookups.Count(l => l.Bucket.Tenant.IsTraining()),
            Training = lookups is [.., { Bucket.Tenant: not Tenant.Live } last] ? last.Bucket.Tenant : Tenant.Training,
            Hashes = [.. lookups.SelectMany(l => l.Hashes)],
            Sightings = [.. all[typeof(SightAndLookup)].Cast<SightAndLookup>()],

            // The same array, not an equal one: those who ask share it.
            Near = [.. all[typeof(SearchNear)].Cast<SearchNear>().GroupBy(n => (n.Queries, n.Bucket.Tenant), (same, asked) => new NearBundle
            {
                Queries = same.Queries, Tenant = same.Tenant,
                Buckets = [.. asked.Select(n => n.Bucket.Number)],
                RequestIds = [.. asked.Select(n => n.RequestId)],
            })],
        };
    }

    /// <summary>The messages again, each with the request id that <paramref name="number"/> gives for its own.</summary>
    public IEnumerable<IHashBucketMessage> Messages(Func<long, long> number)
    {
        var at = 0;
        for (var i = 0; i < LookupIds.Length; i++)
        {
            var hashes = Hashes.Slice(at, LookupCounts[i]);
            at += hashes.Length;
            var bucket = HashBucketId.For(i < LookupIds.Length - TrainingLookups ? Tenant.Live : Training, hashes[0]);
            yield return new LookupHashes { Bucket = bucket, RequestId = number(LookupIds[i]), Hashes = hashes };
        }

        foreach (var sight in Sightings)
        {
            yield return sight with { RequestId = number(sight.RequestId) };
        }

        foreach (var near in Near)
        {
            for (var i = 0; i < near.Buckets.Length; i++)
            {
                var bucket = new HashBucketId(near.Tenant, HashBucketKind.Pdq, near.Buckets[i]);
                yield return new SearchNear { Bucket = bucket, RequestId = number(near.RequestIds[i]), Queries = near.Queries };
            }
        }
    }

    // A moment long, when training was emptied, lookups of two may be under way.
    private static bool IsOfOtherTraining(IEnumerable<IHashBucketMessage> before, IHashBucketMessage next) =>
        next is LookupHashes { Bucket.Tenant: not Tenant.Live and var tenant }
        && before.OfType<LookupHashes>().Any(l => l.Bucket.Tenant.IsTraining() && l.Bucket.Tenant != tenant);

    private static int WeightOf(IHashBucketMessage message) => message switch
    {
        LookupHashes { Hashes.IsEmpty: false } m => 16 + m.Hashes.Sum(h => 8 + h.Bytes.Length),
        SightAndLookup m => 32 + (64 * m.TraceParents.Length) + m.Sightings.Sum(s => 48 + s.Hash.Bytes.Length + (160 * s.Words.Length)),
        SearchNear => 16,
        _ => throw new ArgumentException($"{message.GetType().Name} does not go in bundles.", nameof(message)),
    };
}
