using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Sharding;
using Akka.TestKit.TestActors;
using Akka.TestKit.Xunit2;
using CPort.Actors.Cluster;

namespace CPort.Actors.Tests.Cluster;

public sealed class ShardPlacementTests : TestKit
{
    private readonly HashSet<Address> _lost = [];
    private readonly FewestFirst _inner = new();

    [Fact]
    public async Task A_shard_goes_to_no_node_that_is_unreachable_even_if_it_has_the_fewest()
    {
        var (here, near, far) = ((IActorRef)ActorOf<BlackHoleActor>(), (IActorRef)At("node-2"), (IActorRef)At("node-3"));
        var shards = Shards((here, 3), (near, 2), (far, 0));
        var placement = new ReachableNodesFirst(_inner, () => _lost);
        Assert.Equal(far, await placement.AllocateShard(here, "s", shards));

        _lost.Add(far.Path.Address);
        Assert.Equal(near, await placement.AllocateShard(here, "s", shards));

        // The coordinator's own region has no host in its address, and is always reached.
        _lost.Add(near.Path.Address);
        Assert.Equal(here, await placement.AllocateShard(here, "s", shards));
    }

    [Fact]
    public async Task With_no_node_left_the_decision_is_as_ever()
    {
        IActorRef far = At("node-3");
        _lost.Add(far.Path.Address);
        Assert.Equal(far, await new ReachableNodesFirst(_inner, () => _lost).AllocateShard(far, "s", Shards((far, 1))));
    }

    private static PathOnly At(string host) => new(new RootActorPath(new Address("akka.tcp", "cport", host, 4053)) / "system" / "sharding" / "report");

    private static IImmutableDictionary<IActorRef, IImmutableList<string>> Shards(params (IActorRef Region, int Count)[] regions) =>
        regions.ToImmutableDictionary(r => r.Region, r => (IImmutableList<string>)Enumerable.Range(0, r.Count).Select(n => $"{n}").ToImmutableList());

    /// <summary>A region on another node, as far as its address goes.</summary>
    private sealed class PathOnly(ActorPath path) : MinimalActorRef
    {
        public override ActorPath Path { get; } = path;

        public override IActorRefProvider Provider => throw new NotSupportedException();
    }

    private sealed class FewestFirst : IShardAllocationStrategy
    {
        public Task<IActorRef> AllocateShard(IActorRef requester, string shardId, IImmutableDictionary<IActorRef,
            IImmutableList<string>> currentShardAllocations) =>
            Task.FromResult(currentShardAllocations.MinBy(a => a.Value.Count).Key);

        public Task<IImmutableSet<string>> Rebalance(
            IImmutableDictionary<IActorRef, IImmutableList<string>> currentShardAllocations, IImmutableSet<string> rebalanceInProgress) =>
                throw new NotSupportedException();
    }
}
