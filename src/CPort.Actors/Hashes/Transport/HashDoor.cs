using Akka.Actor;
using CPort.Domain.Hashes;

namespace CPort.Actors.Hashes.Transport;

/// <summary>
/// A node's entrance for bundles of bucket messages: one message a node instead of one a bucket. Passes each on to the shard
/// region, which knows where the bucket is should it have moved, and sends the answers back together: when all are there, or <see
/// cref="Join"/> after the first, so that a bucket that writes or recovers keeps no other waiting. Repeats nothing and promises
/// nothing: who asks asks again, through the region.
/// </summary>
public sealed class HashDoor : ReceiveActor, IWithTimers
{
    /// <summary>Its name below <c>/user</c>, where askers look for it.</summary>
    public const string Name = "hash-door";

    /// <summary>Where a node's door is.</summary>
    public static ActorPath At(Address node) => new RootActorPath(node) / "user" / Name;

    /// <summary>
    /// Messages under way from here, over all askers; bundles beyond are dropped, and their askers go through the region.
    /// </summary>
    private const int MaxAsked = 200_000;

    private static readonly TimeSpan Join = TimeSpan.FromMilliseconds(10);

    /// <summary>When an answer that has not come is not waited for any more: its asker has given up or asked elsewhere.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private sealed class Bundle(IActorRef asker, long began)
    {
        public IActorRef Asker { get; } = asker;

        public long Began { get; } = began;

        public HashBundleAnswers Answers { get; } = new();

        public int Left { get; set; }

        /// <summary>Waits for the next <see cref="JoinTick"/>.</summary>
        public bool Due { get; set; }
    }

    private readonly IActorRef _buckets;
    private readonly TimeProvider _time;
    private readonly Dictionary<long, (Bundle Of, long Id)> _asked = [];
    private readonly List<Bundle> _due = [];
    private long _next;

    public HashDoor(IActorRef buckets, TimeProvider time)
    {
        (_buckets, _time) = (buckets, time);
        Receive<HashBundle>(On);
        Receive<IHashBucketReply>(On);
        Receive<JoinTick>(_ => OnJoin());
        Receive<SweepTick>(_ => OnSweep());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary><paramref name="buckets"/>: the node's shard region.</summary>
    public static Props Props(IActorRef buckets, TimeProvider time) => Akka.Actor.Props.Create(() => new HashDoor(buckets, time));

    protected override void PreStart() => Timers.StartPeriodicTimer(SweepTick.Instance, SweepTick.Instance, Patience / 4);

    private void On(HashBundle message)
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

    private void On(IHashBucketReply reply)
    {
        if (!_asked.Remove(reply.RequestId, out var asked))
        {
            return;
        }

        var bundle = asked.Of;
        bundle.Left--;
        if (bundle.Answers.Weight > 0 && bundle.Answers.Weight + HashBundleAnswers.WeightOf(reply) > HashBundle.MaxBytes)
        {
            Send(bundle);
        }

        bundle.Answers.Add(reply, asked.Id, Sender.Path.Address.HasGlobalScope);
        if (bundle.Left == 0)
        {
            Send(bundle);
        }
        else if (!bundle.Due)
        {
            bundle.Due = true;
            _due.Add(bundle);
            if (_due.Count == 1)
            {
                Timers.StartSingleTimer(JoinTick.Instance, JoinTick.Instance, Join);
            }
        }
    }

    private void OnJoin()
    {
        foreach (var bundle in _due)
        {
            bundle.Due = false;
            Send(bundle);
        }

        _due.Clear();
    }

    private static void Send(Bundle bundle)
    {
        if (bundle.Answers.Weight > 0)
        {
            bundle.Asker.Tell(bundle.Answers.Take());
        }
    }

    private void OnSweep()
    {
        foreach (var late in _asked.Where(a => _time.GetElapsedTime(a.Value.Of.Began) > Patience).Select(a => a.Key).ToList())
        {
            _asked.Remove(late);
        }
    }

    private sealed class JoinTick
    {
        public static readonly JoinTick Instance = new();
    }

    private sealed class SweepTick
    {
        public static readonly SweepTick Instance = new();
    }
}
