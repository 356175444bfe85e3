using CPort.Actors.Agencies;
using CPort.Actors.Cluster;
using CPort.Actors.Hashes.Transport;

namespace CPort.Actors.Hashes;

/// <summary>Registry key of the hash bucket shard region (or its proxy).</summary>
public sealed class HashBucketRegion;

/// <summary>Limits and times of a bucket.</summary>
public sealed record HashBucketOptions
{
    /// <summary>Commands that one event joins at most.</summary>
    public int BatchCommands { get; init; } = 400;

    /// <summary>Rows that one event holds at most, give or take one command (about 60 bytes each).</summary>
    public int BatchRows { get; init; } = 4_000;

    /// <summary>
    /// Events between snapshots of a small bucket; of one with more than 64 times as many hashes, a 64th of its hashes. With <see cref="SnapshotRows"/> it
    /// bounds what a restart reads back.
    /// </summary>
    public int SnapshotEvery { get; init; } = 1_000;

    /// <summary>
    /// Rows (hashes imported or judged, sightings, deliveries) between snapshots of a small bucket; of one with more than twice as many hashes, half its
    /// hashes. So a restart reads back at most half as many rows as the snapshot holds, and an import writes, in snapshots, at most three times its own rows
    /// however long it is.
    /// </summary>
    public int SnapshotRows { get; init; } = 20_000;

    /// <summary>Reports told at the same time; those that have been asked twice do not count.</summary>
    public int FanOutInFlight { get; init; } = 256;

    /// <summary>First wait for a report's answer; doubles up to <see cref="FanOutRetryMax"/>.</summary>
    public TimeSpan FanOutRetry { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan FanOutRetryMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>So long what reports have taken waits for an event to go with.</summary>
    public TimeSpan DeliveredAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When so much of it waits it is written at once.</summary>
    public int DeliveredWait { get; init; } = 500;

    /// <summary>
    /// Buckets that each node's waker has loading at the same time, PDQ first, so that interrupted fan-outs go on; 0 switches waking off. Few: reports recover
    /// through the same gate and on the same cores, and two cores load no faster with more.
    /// </summary>
    public int WakeAtOnce { get; init; } = 8;

    /// <summary>When a hash goes into quarantine by itself.</summary>
    public QuarantineLimits Quarantine { get; init; } = new();

    /// <summary>How far agencies are believed now; null: as each word says.</summary>
    public IAgencyDirectorySource? Agencies { get; init; }

    /// <summary>Which buckets have any event in the journal; null: all live ones are taken to have, and no others.</summary>
    public Func<Task<ImmutableArray<HashBucketId>>>? WithEvents { get; init; }

    /// <summary>Told how far the waker is; null: nobody.</summary>
    public HashBucketLoading? Loading { get; init; }
}

/// <summary>Sets hash buckets up on a node.</summary>
public static class HashBucketHosting
{
    /// <summary>
    /// Hosts hash buckets on this node. <typeparamref name="TReportRegion"/> is the registry key of the report region or its proxy, which must be on this node
    /// too: changed verdicts go there.
    /// </summary>
    public static AkkaConfigurationBuilder AddHashBuckets<TReportRegion>(
        this AkkaConfigurationBuilder builder, EntityShell shell, HashBucketOptions? options = null, string role = ClusterRoles.Hash)
    {
        var settings = options ?? new HashBucketOptions();
        builder
            .AddEntities<HashBucketRegion>(
                EntityKind.HashBucket,
                (system, registry) => id => HashBucketActor.Props(
                    HashBucketId.Parse(id), () => ReportsOf<TReportRegion>(system, registry), shell, settings),
                new EntityExtractor<IHashBucketMessage>(m => m.Bucket.ToString()),
                role,
                // A bucket is dear to recover, and there are few: it stays.
                TimeSpan.Zero)
            .WithActors((system, registry, _) => system
                .ActorOf(HashDoor.Props(registry.Get<HashBucketRegion>(), shell.Time), HashDoor.Name)
                .StopBeforeShards(system));
        return settings.WakeAtOnce <= 0
            ? builder
            : builder.WithActors((system, registry, _) => system
                .ActorOf(Props.Create(() => new HashBucketWaker(registry.Get<HashBucketRegion>(), settings, shell)), "hash-bucket-waker")
                .StopBeforeShards(system));
    }

    /// <summary>
    /// Where reports are told; nobody while the node stops, for the reason of <see cref="StopOrder"/>: buckets are shards themselves and end no sooner than the
    /// reports, and whom they have not told is told from their next home.
    /// </summary>
    private static IActorRef ReportsOf<TReportRegion>(ActorSystem system, IActorRegistry registry) =>
        CoordinatedShutdown.Get(system).ShutdownReason is null && registry.TryGet<TReportRegion>(out var reports) ? reports : ActorRefs.Nobody;
}
