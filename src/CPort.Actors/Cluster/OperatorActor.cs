using Akka.Cluster.Sharding;

namespace CPort.Actors.Cluster;

/// <summary>
/// Answers operators' questions about its own node, also to other nodes, so that a command gives the same answer wherever it is asked. One a node, at
/// <c>/user/operator</c>; keeps nothing.
/// </summary>
public sealed class OperatorActor : ReceiveActor
{
    public const string Name = "operator";

    public OperatorActor()
    {
        Receive<AskNodeShards>(ask => ShardsAsync(Context.System, TimeSpan.FromMilliseconds(ask.TimeoutMs)).PipeTo(Sender, Self));
        Receive<AskActorTree>(ask => Sender.Tell(TreeOf((ExtendedActorSystem)Context.System, ask)));
    }

    /// <summary>
    /// The shards of this node. Asks its own regions, which a proxy does not have: asked through the cluster's own query a proxy answers nothing (akka.net
    /// #3746), and one node that is away leaves the whole answer empty.
    /// </summary>
    internal static async Task<NodeShards> ShardsAsync(ActorSystem system, TimeSpan timeout)
    {
        var sharding = ClusterSharding.Get(system);
        return new NodeShards
        {
            Regions = [.. await Task.WhenAll(sharding.ShardTypeNames.Order(StringComparer.Ordinal).Select(async type =>
            {
                try
                {
                    var stats = await sharding.ShardRegion(type).Ask<ShardRegionStats>(GetShardRegionStats.Instance, timeout).ConfigureAwait(false);
                    return new RegionShards
                    {
                        TypeName = type, Failed = [.. stats.Failed.Order(StringComparer.Ordinal)],
                        Shards = [.. stats.Stats.Where(s => !stats.Failed.Contains(s.Key)).Select(s => new ShardCount { Id = s.Key, Entities = s.Value })
                            .OrderBy(s => s.Id.Length).ThenBy(s => s.Id, StringComparer.Ordinal)],
                    };
                }
                catch (AskTimeoutException)
                {
                    return new RegionShards { TypeName = type, NoAnswer = true };
                }
            })).ConfigureAwait(false)],
        };
    }

    private static ActorTree TreeOf(ExtendedActorSystem system, AskActorTree ask)
    {
        IActorRef[] roots = [system.Guardian, system.SystemGuardian];
        var segments = ask.Start.Split('/', StringSplitOptions.RemoveEmptyEntries);
        IActorRef[] start = roots;
        foreach (var segment in segments)
        {
            start = [.. (ReferenceEquals(start, roots) ? roots : start.SelectMany(Children)).Where(a => a.Path.Name == segment)];
        }

        // The start itself is level 0; above the two guardians there is one level more.
        var paths = ImmutableArray.CreateBuilder<string>();
        var most = Math.Clamp(ask.Depth, 0, 20) - (segments.Length == 0 ? 1 : 0);
        var truncated = !start.All(a => Add(a, 0));
        return new ActorTree { Paths = paths.DrainToImmutable(), Found = start.Length > 0, Truncated = truncated };

        bool Add(IActorRef actor, int level)
        {
            if (level > most)
            {
                return true;
            }

            if (paths.Count == ActorTree.Most)
            {
                return false;
            }

            paths.Add(actor.Path.ToString());
            return Children(actor).OrderBy(c => c.Path.Name, StringComparer.Ordinal).All(c => Add(c, level + 1));
        }
    }

    private static IEnumerable<IActorRef> Children(IActorRef actor) => actor is ActorRefWithCell cell ? cell.Children : [];
}

public static class OperatorHosting
{
    /// <summary>Starts this node's <see cref="OperatorActor"/> and <see cref="ClusterMetricsActor"/>.</summary>
    public static AkkaConfigurationBuilder AddOperatorActors(this AkkaConfigurationBuilder builder) => builder.WithActors((system, _) =>
    {
        system.ActorOf(Props.Create<OperatorActor>(), OperatorActor.Name);
        system.ActorOf(Props.Create<ClusterMetricsActor>(), "cluster-metrics");
    });
}
