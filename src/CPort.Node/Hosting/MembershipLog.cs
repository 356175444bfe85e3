using Akka.Cluster;
using static Akka.Event.LoggingExtensions;

namespace CPort.Node.Hosting;

/// <summary>A log line for what operators should know: who was lost, cut off or came back. Decides nothing; figures are ClusterMetrics' business.</summary>
internal sealed class MembershipLog : ReceiveActor
{
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Akka.Event.ILoggingAdapter _log = Akka.Event.Logging.GetLogger(Context.System, "Membership");

    public MembershipLog()
    {
        Receive<ClusterEvent.MemberRemoved>(e =>
        {
            if (e.PreviousStatus == MemberStatus.Down)
            {
                _log.Warning("{0} was declared down and is removed; its shards move.", e.Member.Address);
            }
        });
        Receive<ClusterEvent.UnreachableMember>(e => _log.Warning("{0} is unreachable from some member.", e.Member.Address));
        Receive<ClusterEvent.ReachableMember>(e => _log.Warning("{0} is reachable again.", e.Member.Address));
    }

    protected override void PreStart() => _cluster.Subscribe(
        Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberRemoved),
            typeof(ClusterEvent.IReachabilityEvent));

    protected override void PostStop() => _cluster.Unsubscribe(Self);
}
