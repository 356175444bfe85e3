using System.Diagnostics.Metrics;
using Akka.Cluster;

namespace CPort.Actors.Cluster;

/// <summary>
/// The cluster's instruments. Gauges read the last snapshot that <see cref="ClusterMetricsActor"/> took, so that a scrape costs nothing. Tags come from closed
/// sets: member states, region types, actor types.
/// </summary>
public static class ClusterMetrics
{
    private static readonly Meter Meter = new(CPortMetrics.MeterName);

    private static readonly Counter<long> Downings =
        Meter.CreateCounter<long>("cport.cluster.downings", "{member}", "Members that this node saw being downed.");

    private static readonly Counter<long> Restarts =
        Meter.CreateCounter<long>("cport.actor.restarts", "{restart}", "Actors restarted by their supervisors, by actor type.");

    private static volatile ClusterSnapshot _now = new(ImmutableDictionary<MemberStatus, int>.Empty, 0, []);

    static ClusterMetrics()
    {
        Meter.CreateObservableGauge("cport.cluster.members",
            () => Enum.GetValues<MemberStatus>().Where(s => s != MemberStatus.Removed).Select(s => new Measurement<int>(
                _now.Members.GetValueOrDefault(s), new KeyValuePair<string, object?>("status", OperatorView.NameOf(s)))),
            "{member}", "Members of the cluster as this node sees it, by status.");
        Meter.CreateObservableGauge("cport.cluster.unreachable", () => _now.Unreachable, "{member}", "Members this node's failure detector does not reach.");
        Meter.CreateObservableGauge("cport.sharding.shards", () => _now.Regions.Select(r => Of(r.TypeName, r.Shards.Length)),
            "{shard}", "Shards on this node, by region.");
        Meter.CreateObservableGauge("cport.sharding.entities", () => _now.Regions.Select(r => Of(r.TypeName, r.Shards.Sum(s => s.Entities))),
            "{entity}", "Entities in memory on this node, by region.");
    }

    /// <summary>As <see cref="CPortMetrics.Begin"/>.</summary>
    public static void Begin() => Downings.Add(0);

    internal static void Take(ClusterSnapshot now) => _now = now;

    internal static void Downed() => Downings.Add(1);

    internal static void Restarted(Type? actor) => Restarts.Add(1, new KeyValuePair<string, object?>(
        "actor", actor?.Namespace?.StartsWith("CPort.", StringComparison.Ordinal) == true ? actor.Name : "akka"));

    private static Measurement<int> Of(string region, int value) => new(value, new KeyValuePair<string, object?>("region", region));
}

/// <summary>What the gauges show.</summary>
internal sealed record ClusterSnapshot(ImmutableDictionary<MemberStatus, int> Members, int Unreachable, ImmutableArray<RegionShards> Regions);

/// <summary>Takes a snapshot of cluster and shards every few seconds, and counts downings and restarts as they happen. Owns nothing.</summary>
internal sealed class ClusterMetricsActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);

    public ClusterMetricsActor()
    {
        Receive<Look>(_ => OperatorActor.ShardsAsync(Context.System, Every).PipeTo(Self));
        Receive<NodeShards>(Take);
        Receive<Status.Failure>(_ => Take(new NodeShards()));
        Receive<ClusterEvent.MemberDowned>(_ => ClusterMetrics.Downed());
        Receive<ActorRestarted>(e => ClusterMetrics.Restarted(e.ActorType));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberDowned));
        Context.System.EventStream.Subscribe(Self, typeof(ActorRestarted));
        Timers.StartSingleTimer(nameof(Look), Look.Instance, TimeSpan.FromSeconds(1));
    }

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    private void Take(NodeShards shards)
    {
        var state = _cluster.State;
        ClusterMetrics.Take(new ClusterSnapshot(
            state.Members.GroupBy(m => m.Status).ToImmutableDictionary(g => g.Key, g => g.Count()), state.Unreachable.Count, shards.Regions));
        Timers.StartSingleTimer(nameof(Look), Look.Instance, Every);
    }

    private sealed class Look : INotInfluenceReceiveTimeout
    {
        public static readonly Look Instance = new();
    }
}
