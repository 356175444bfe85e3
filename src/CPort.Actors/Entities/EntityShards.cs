using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using CPort.Actors.Cluster;

namespace CPort.Actors.Entities;

/// <summary>
/// Routes messages of one marker interface, and <see cref="WakeEntity"/>, to their entity; the shard follows from the id by
/// <see cref="ClusterFigures.Shards"/>. <c>new EntityExtractor&lt;IReportMessage&gt;(m => m.ReportId.ToString())</c>.
/// </summary>
public sealed class EntityExtractor<TMessage>(Func<TMessage, string> entityId) : HashCodeMessageExtractor(ClusterFigures.Shards)
    where TMessage : class
{
    public override string? EntityId(object message) => message switch
    {
        TMessage own => entityId(own),
        WakeEntity wake => wake.Id,
        _ => null,
    };
}

/// <summary>The shard regions of entities.</summary>
public static class EntityShards
{
    /// <summary>An idle entity leaves memory after this; only messages through the region count.</summary>
    public static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Starts the region of a kind, or a proxy on nodes without the role, and registers it as <typeparamref name="TKey"/>: coordinator state in distributed
    /// data, entities not remembered (the sweeper finds unfinished work), idle ones passivated (<paramref name="idleTime"/> zero or less: never), ended by
    /// <see cref="StopEntity"/>. As Akka.Hosting's <c>WithShardRegion</c>, which takes no allocation strategy, with <see cref="ReachableNodesFirst"/>.
    /// </summary>
    public static AkkaConfigurationBuilder AddEntities<TKey>(
        this AkkaConfigurationBuilder builder, EntityKind kind, Func<ActorSystem, IActorRegistry, Func<string, Props>> entityProps,
        IMessageExtractor extractor, string role, TimeSpan? idleTime = null) =>
        builder
            .AddHocon(
                ClusterSharding.DefaultConfig()
                    .WithFallback(Akka.DistributedData.DistributedData.DefaultConfig())
                    .WithFallback(Akka.Cluster.Tools.Singleton.ClusterSingleton.DefaultConfig()),
                HoconAddMode.Append)
            .WithActors(async (system, registry) =>
            {
                var props = entityProps(system, registry);
                var config = ConfigurationFactory.ParseString(Options(role, idleTime ?? IdleTime).ToString())
                    .WithFallback(system.Settings.Config.GetConfig("akka.cluster.sharding"));
                var settings = ClusterShardingSettings.Create(config, system.Settings.Config.GetConfig(config.GetString("coordinator-singleton")));
                var sharding = ClusterSharding.Get(system);
                var region = await sharding.StartAsync(
                    kind.Word, props, settings, extractor, new ReachableNodesFirst(sharding.DefaultShardAllocationStrategy(settings)),
                    StopEntity.Instance).ConfigureAwait(false);
                registry.Register<TKey>(region);
            });

    private static ShardOptions Options(string role, TimeSpan idle) => new()
    {
        Role = role,
        StateStoreMode = StateStoreMode.DData,
        RememberEntities = false,
        ShouldPassivateIdleEntities = idle > TimeSpan.Zero,
        PassivateIdleEntityAfter = idle > TimeSpan.Zero ? idle : null,
    };

    /// <summary>This node's region of a kind, or its proxy; null until it has started.</summary>
    public static IActorRef? RegionOf(ActorSystem system, EntityKind kind)
    {
        try
        {
            return ClusterSharding.Get(system).ShardRegion(kind.Word);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
