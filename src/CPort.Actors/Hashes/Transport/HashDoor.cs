namespace CPort.Actors.Hashes.Transport;

/// <summary>
/// A node's entrance for bundles of bucket messages: one message a node instead of one a bucket. Passes each on to the shard region, which knows where the
/// bucket is should it have moved, and sends the answers back together: when all are there, or <see cref="Join"/> after the first, so that a bucket that writes
/// or recovers keeps no other waiting. Repeats nothing and promises nothing: who asks asks again, through the region.
/// </summary>
public sealed class HashDoor : ReceiveActor, IWithTimers
{
    /// <summary>Its name below <c>/user</c>, where askers look for it.</summary>
    public const string Name = "hash-door";

    /// <summary>Messages under way from here; bundles beyond are dropped, and their askers go through the region.</summary>
    private const int MaxAsked = 200_000;

    private static readonly TimeSpan Join = TimeSpan.FromMilliseconds(10);

    /// <summary>When an answer that has not come is not waited for any more: its asker has given up or asked elsewhere.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>A bundle, and the answers that have come and have not been sent back.</summary>
    private sealed class Bundle(IActorRef asker, long began)
    {
        public IActorRef Asker { get; } = asker;

        public long Began { get; } = began;

        public List<(IHashBucketReply Reply, long Id, bool Elsewhere)> Answers { get; } = [];

        public int Weight { get; set; }

        public int Left { get; set; }
    }

    private enum Tick
    {
        Join,
        Sweep,
    }

    private readonly IActorRef _buckets;
    private readonly TimeProvider _time;
    private readonly Dictionary<long, (Bundle Of, long Id)> _asked = [];
    private readonly HashSet<Bundle> _due = [];
    private long _next;

    public HashDoor(IActorRef buckets, TimeProvider time)
    {
        (_buckets, _time) = (buckets, time);
        Receive<HashBundle>(PassOn);
        Receive<IHashBucketReply>(Take);
        Receive<Tick>(tick => tick == Tick.Join, _ => SendDue());
        Receive<Tick>(_ => Sweep());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary><paramref name="buckets"/>: the node's shard region.</summary>
    public static Props Props(IActorRef buckets, TimeProvider time) => Akka.Actor.Props.Create(() => new HashDoor(buckets, time));

    /// <summary>Where a node's door is.</summary>
    public static ActorPath At(Address node) => new RootActorPath(node) / "user" / Name;

    protected override void PreStart() => Timers.StartPeriodicTimer(Tick.Sweep, Tick.Sweep, Patience / 4);

    private void PassOn(HashBundle message)
    {
        if (_asked.Count >= MaxAsked)
        {
            return;
        }

        // Askers number from 1 each: here the ids must differ.
        var bundle = new Bundle(Sender, _time.GetTimestamp());
        foreach (var one in message.Messages(id => Number(bundle, id)))
        {
            _buckets.Tell(one);
        }
    }

    private long Number(Bundle bundle, long id)
    {
        _asked.Add(++_next, (bundle, id));
        bundle.Left++;
        return _next;
    }

    private void Take(IHashBucketReply reply)
    {
        if (!_asked.Remove(reply.RequestId, out var asked))
        {
            return;
        }

        var (bundle, id) = asked;
        var weight = HashBundleAnswered.WeightOf(reply);
        if (bundle.Weight + weight > HashBundle.MaxBytes)
        {
            Send(bundle);
        }

        bundle.Answers.Add((reply, id, Sender.Path.Address.HasGlobalScope));
        bundle.Weight += weight;
        if (--bundle.Left == 0)
        {
            Send(bundle);
        }
        else if (_due.Add(bundle) && _due.Count == 1)
        {
            Timers.StartSingleTimer(Tick.Join, Tick.Join, Join);
        }
    }

    private void SendDue()
    {
        foreach (var bundle in _due)
        {
            Send(bundle);
        }

        _due.Clear();
    }

    private static void Send(Bundle bundle)
    {
        if (bundle.Answers.Count > 0)
        {
            bundle.Asker.Tell(HashBundleAnswered.Of(bundle.Answers));
            bundle.Answers.Clear();
            bundle.Weight = 0;
        }
    }

    private void Sweep()
    {
        foreach (var late in _asked.Where(a => _time.GetElapsedTime(a.Value.Of.Began) > Patience).Select(a => a.Key).ToList())
        {
            _asked.Remove(late);
        }
    }
}
