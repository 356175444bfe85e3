using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using Akka.Hosting;

namespace CPort.Actors.Cluster;

/// <summary>
/// Gives no shard to a node that is unreachable at the moment, as long as there is another. Akka's own strategy looks at who has the fewest shards only, and
/// with a second fault on top of a first (or a node that was just started and died again) that often is the one that is dead: the shard then waits until that
/// one is declared down and removed too, some eight seconds. Which shards move, and to whom of the others, stays <paramref name="inner"/>'s business.
/// </summary>
/// <param name="inner">Decides among what is left.</param>
/// <param name="unreachable">Addresses of members the coordinator's node does not reach; asked at every decision. Null: as the cluster sees it.</param>
public sealed class ReachableNodesFirst(IShardAllocationStrategy inner, Func<IReadOnlySet<Address>>? unreachable = null) : IActorSystemDependentAllocationStrategy
{
    private Func<IReadOnlySet<Address>>? _unreachable = unreachable;

    public void Start(ActorSystem system)
    {
        _unreachable ??= () => Akka.Cluster.Cluster.Get(system).State.Unreachable.Select(m => m.Address).ToImmutableHashSet();
        switch (inner)
        {
            case IStartableAllocationStrategy strategy:
                strategy.Start();
                break;
            case IActorSystemDependentAllocationStrategy strategy:
                strategy.Start(system);
                break;
        }
    }

    public Task<IActorRef> AllocateShard(IActorRef requester, string shardId, IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations)
    {
        var lost = _unreachable?.Invoke();
        var reached = lost is not { Count: > 0 } ? currentShardAllocations
            : currentShardAllocations.Where(a => !lost.Contains(a.Key.Path.Address)).ToImmutableDictionary();
        return inner.AllocateShard(requester, shardId, reached.Count > 0 ? reached : currentShardAllocations);
    }

    /// <summary>The inner strategy moves nothing while any member is unreachable.</summary>
    public Task<IImmutableSet<string>> Rebalance(IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress) =>
        inner.Rebalance(currentShardAllocations, rebalanceInProgress);
}

/// <summary>Starting shard regions.</summary>
public static class ShardPlacement
{
    /// <summary>
    /// As Akka.Hosting's <c>WithShardRegion</c>, which takes no allocation strategy, with <see cref="ReachableNodesFirst"/>: starts the region, or a proxy on nodes
    /// without the options' role, and registers it as <typeparamref name="TKey"/>.
    /// </summary>
    public static AkkaConfigurationBuilder AddShardRegion<TKey>(
        this AkkaConfigurationBuilder builder, string typeName, Func<ActorSystem, IActorRegistry, Func<string, Props>> entityProps, IMessageExtractor extractor, ShardOptions options) =>
        builder
            .AddHocon(
                ClusterSharding.DefaultConfig()
                    .WithFallback(Akka.DistributedData.DistributedData.DefaultConfig())
                    .WithFallback(Akka.Cluster.Tools.Singleton.ClusterSingleton.DefaultConfig()),
                HoconAddMode.Append)
            .WithActors(async (system, registry) =>
            {
                var props = entityProps(system, registry);
                var config = ConfigurationFactory.ParseString(options.ToString()).WithFallback(system.Settings.Config.GetConfig("akka.cluster.sharding"));
                var settings = ClusterShardingSettings.Create(config, system.Settings.Config.GetConfig(config.GetString("coordinator-singleton")));
                var sharding = ClusterSharding.Get(system);
                var region = await sharding.StartAsync(
                    typeName, props, settings, extractor, new ReachableNodesFirst(sharding.DefaultShardAllocationStrategy(settings)),
                    options.HandOffStopMessage ?? PoisonPill.Instance).ConfigureAwait(false);
                registry.Register<TKey>(region);
            });
}
