using Akka.Event;
using Akka.Cluster;

namespace CPort.Actors.Cluster;

/// <summary>
/// Tells the database of every member that is declared down, before its shards start elsewhere, so that events which it still writes (a node that stood still
/// goes on where it was) are refused. Each node tells, and again until the database has taken it. One a node; owns nothing but what it has not told yet.
/// </summary>
public sealed class DownedMark : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    private readonly ClusterRecord _record;
    private readonly Akka.Cluster.Cluster _cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly HashSet<UniqueAddress> _untold = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public DownedMark(ClusterRecord record)
    {
        _record = record;
        Receive<ClusterEvent.MemberDowned>(e => Note(e.Member));
        Receive<ClusterEvent.MemberRemoved>(e =>
        {
            // Whoever joined in between has not seen the other event.
            if (e.PreviousStatus == MemberStatus.Down)
            {
                Note(e.Member);
            }
        });
        Receive<UniqueAddress>(Tell);
        Receive<Told>(told => _untold.Remove(told.Node));
        Receive<Failed>(failed =>
        {
            _log.Warning("The database could not be told that {0} is down ({1}); it is told again.", failed.Node.Address, failed.Why);
            Timers.StartSingleTimer(failed.Node, failed.Node, Again);
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => _cluster.Subscribe(
        Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberDowned), typeof(ClusterEvent.MemberRemoved));

    protected override void PostStop() => _cluster.Unsubscribe(Self);

    private void Note(Member member)
    {
        if (member.UniqueAddress != _cluster.SelfUniqueAddress && _untold.Add(member.UniqueAddress))
        {
            Tell(member.UniqueAddress);
        }
    }

    private void Tell(UniqueAddress node) => _record.EndLifeAsync(node.Address.ToString(), node.Uid, CancellationToken.None)
        .PipeTo(Self, Self, () => new Told(node), e => new Failed(node, DatabaseFault.InWords(e)));

    private sealed record Told(UniqueAddress Node) : INoSerializationVerificationNeeded;

    private sealed record Failed(UniqueAddress Node, string Why) : INoSerializationVerificationNeeded;
}
