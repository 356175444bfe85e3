using Akka.Cluster.Sharding;

namespace CPort.Actors.Cluster;

/// <summary>
/// Gives no shard to a node that is unreachable at the moment, as long as there is another. Akka's own strategy looks at who has the fewest shards only, and
/// with a second fault on top of a first (or a node that was just started and died again) that often is the one that is dead: the shard then waits until that
/// one is declared down and removed too, some eight seconds. Which shards move, and to whom of the others, stays <paramref name="inner"/>'s business.
/// </summary>
/// <param name="inner">Decides among what is left.</param>
/// <param name="unreachable">Addresses of members the coordinator's node does not reach; asked at every decision. Null: as the cluster sees it.</param>
public sealed class ReachableNodesFirst(IShardAllocationStrategy inner, Func<IReadOnlySet<Address>>? unreachable = null)
    : IActorSystemDependentAllocationStrategy
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
    public Task<IImmutableSet<string>> Rebalance(IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations,
        IImmutableSet<string> rebalanceInProgress) =>
        inner.Rebalance(currentShardAllocations, rebalanceInProgress);
}
