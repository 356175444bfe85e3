using Akka.Event;
using Akka.Cluster;
using Akka.Remote;

namespace CPort.Actors.Cluster;

/// <summary>
/// Ends this node when a member refuses it as quarantined: the others declared it down and went on without it, and will never speak to this process again.
/// Without this a node that stood still for long may not notice: heartbeats that waited in its sockets make it take some of the others for living, so that with
/// them it believes to be the larger side, downs the rest, and goes on alone (seen in tests; the journal's fence held). One a node.
/// </summary>
public sealed class QuarantineWatch : ReceiveActor
{
    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly ILoggingAdapter _log = Logging.GetLogger(Context.System, "Membership");

    public QuarantineWatch() => Receive<ThisActorSystemQuarantinedEvent>(e =>
    {
        // One that this side removed before does not count: it is then the other one that has to end.
        if (_cluster.State.Members.Any(m => m.Address == e.RemoteAddress && m.Status != MemberStatus.Down))
        {
            _log.Warning("{0} has declared this node down; it ends.", e.RemoteAddress);
            CoordinatedShutdown.Get(Context.System).Run(CoordinatedShutdown.ClusterDowningReason.Instance);
        }
    });

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);
}
