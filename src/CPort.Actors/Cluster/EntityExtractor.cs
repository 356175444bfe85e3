using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;

namespace CPort.Actors.Cluster;

/// <summary>
/// Routes messages of one marker interface to their entity; the shard follows from the id by <see cref="ClusterFigures.Shards"/>.
/// <c>new EntityExtractor&lt;IReportMessage&gt;(m => m.ReportId.ToString())</c>.
/// </summary>
public sealed class EntityExtractor<TMessage>(Func<TMessage, string> entityId) : HashCodeMessageExtractor(ClusterFigures.Shards)
    where TMessage : class
{
    public override string? EntityId(object message) => message is TMessage own ? entityId(own) : null;
}

/// <summary>The one form of shard options.</summary>
public static class EntityShards
{
    /// <summary>An idle entity leaves memory after this; only messages through the region count.</summary>
    public static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Options of a shard region: coordinator state in distributed data, entities not remembered (the sweeper finds unfinished work), idle ones
    /// passivated, ended by <see cref="StopEntity"/>. <paramref name="idleTime"/> zero or less: never passivated.
    /// </summary>
    public static ShardOptions Options(string role, TimeSpan? idleTime = null)
    {
        var idle = idleTime ?? IdleTime;
        return new ShardOptions
        {
            Role = role,
            StateStoreMode = StateStoreMode.DData,
            RememberEntities = false,
            ShouldPassivateIdleEntities = idle > TimeSpan.Zero,
            PassivateIdleEntityAfter = idle > TimeSpan.Zero ? idle : null,
            HandOffStopMessage = StopEntity.Instance,
        };
    }
}
