using Akka.Cluster;

namespace CPort.Actors.Cluster;

/// <summary>A member as this node sees it.</summary>
/// <param name="Address">As Akka writes it, for example <c>akka.tcp://cport@192.0.2.1:4053</c>.</param>
/// <param name="Roles">In alphabetical order.</param>
/// <param name="Status">joining, weaklyup, up, leaving, exiting, down or removed.</param>
/// <param name="Reachable">False: the failure detector has not heard of it.</param>
/// <param name="AppVersion">The version it says it runs.</param>
/// <param name="Leader">It is the leader of the cluster as this node sees it.</param>
/// <param name="Self">It is the node that answers.</param>
public sealed record MemberView(string Address, IReadOnlyList<string> Roles, string Status, bool Reachable, string AppVersion, bool Leader, bool Self);

/// <summary>What one node holds of one region; several of them make up <see cref="OperatorView.ShardsAsync"/>.</summary>
/// <param name="Node">The node.</param>
/// <param name="TypeName">The region's type; null when the node did not answer at all.</param>
/// <param name="Coordinator">The region's coordinator is on this node: the oldest of those that answered for the region.</param>
/// <param name="Shards">Shards with their entities in memory.</param>
/// <param name="FailedShards">Shards that did not answer in time.</param>
/// <param name="Failure">Why nothing is known of the shards, or null.</param>
public sealed record RegionView(
    MemberView Node, string? TypeName, bool Coordinator, ImmutableArray<ShardCount> Shards, ImmutableArray<string> FailedShards, string? Failure);

/// <summary>The cluster as operators see it, from any of its nodes.</summary>
public static class OperatorView
{
    /// <summary>All members, in the order of their addresses.</summary>
    public static ImmutableArray<MemberView> Members(Akka.Cluster.Cluster cluster)
    {
        var state = cluster.State;
        return [.. state.Members.Select(m => Of(m, state, cluster.SelfUniqueAddress)).OrderBy(m => m.Address, StringComparer.Ordinal)];
    }

    public static MemberView Self(Akka.Cluster.Cluster cluster) => Of(cluster.SelfMember, cluster.State, cluster.SelfUniqueAddress);

    /// <summary>The member that a text names, by its whole address or by <c>host:port</c>; null when there is none.</summary>
    public static Member? Find(Akka.Cluster.Cluster cluster, string? address) =>
        cluster.State.Members.FirstOrDefault(m => m.Address.ToString() == address || HostAndPort(m.Address) == address);

    /// <summary><c>host:port</c> of an address.</summary>
    public static string HostAndPort(Address address) => FormattableString.Invariant($"{address.Host}:{address.Port}");

    /// <summary>
    /// Every region on every node that hosts it. Each node is asked for its own; one that does not answer within <paramref name="timeout"/>, or is unreachable
    /// and so not asked, is in the answer with the reason.
    /// </summary>
    public static async Task<ImmutableArray<RegionView>> ShardsAsync(ActorSystem system, TimeSpan timeout)
    {
        var cluster = Akka.Cluster.Cluster.Get(system);
        var state = cluster.State;
        var answers = await Task.WhenAll(
            state.Members.Where(m => m.Status is not (MemberStatus.Joining or MemberStatus.Removed)).Select(AskAsync)).ConfigureAwait(false);

        var coordinators = answers.Where(a => a.Shards is not null)
            .SelectMany(a => a.Shards!.Regions.Select(r => (r.TypeName, a.Member)))
            .GroupBy(p => p.TypeName)
            .ToDictionary(g => g.Key, g => g.Select(p => p.Member).Aggregate((a, b) => a.IsOlderThan(b) ? a : b).UniqueAddress);
        return [.. answers
            .SelectMany(a =>
            {
                var node = Of(a.Member, state, cluster.SelfUniqueAddress);
                return a.Shards is { } shards
                    ? shards.Regions.Select(r => new RegionView(
                        node, r.TypeName, coordinators[r.TypeName].Equals(a.Member.UniqueAddress), r.Shards, r.Failed, r.NoAnswer
                            ? "the region does not answer" : null))
                    : [new RegionView(node, null, false, [], [], a.Failure)];
            })
            .OrderBy(r => r.TypeName, StringComparer.Ordinal).ThenBy(r => r.Node.Address, StringComparer.Ordinal)];

        async Task<(Member Member, NodeShards? Shards, string? Failure)> AskAsync(Member member)
        {
            if (state.Unreachable.Contains(member))
            {
                return (member, null, "unreachable");
            }

            try
            {
                return (member, await system.ActorSelection(new RootActorPath(member.Address) / "user" / OperatorActor.Name)
                    .Ask<NodeShards>(new AskNodeShards { TimeoutMs = (int)(timeout.TotalMilliseconds * 0.8) }, timeout).ConfigureAwait(false), null);
            }
            catch (AskTimeoutException)
            {
                return (member, null, FormattableString.Invariant($"no answer within {timeout.TotalSeconds:0.#} s"));
            }
        }
    }

    /// <summary>The actors of a node, which may be another one; null when it does not answer in time.</summary>
    public static async Task<ActorTree?> ActorsAsync(ActorSystem system, Address node, string start, int depth, TimeSpan timeout)
    {
        try
        {
            return await system.ActorSelection(new RootActorPath(node) / "user" / OperatorActor.Name)
                .Ask<ActorTree>(new AskActorTree { Start = start, Depth = depth }, timeout).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    /// <summary>A member as an event or the state tells of it.</summary>
    public static MemberView Of(Member member, ClusterEvent.CurrentClusterState state, UniqueAddress self) => new(
        member.Address.ToString(), [.. member.Roles.Order(StringComparer.Ordinal)], NameOf(member.Status),
        !state.Unreachable.Contains(member), member.AppVersion.Version, member.Address.Equals(state.Leader), member.UniqueAddress.Equals(self));

    /// <summary>The status in <c>pbm</c>'s words.</summary>
    public static string NameOf(MemberStatus status) => status.ToString().ToLowerInvariant();
}
