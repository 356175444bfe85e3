using CPort.Actors.Cluster;
using CPort.Actors.Hashes;
using CPort.Actors.Hashes.Transport;

namespace CPort.Actors.Matching;

/// <summary>Registry key of this node's matching actor.</summary>
public sealed class MatchingKey;

/// <summary>
/// This node's way to the hash buckets: takes whole requests apart, asks the buckets, puts the answers together. Owns which requests are open, for whom and
/// until when; holds no state worth keeping. What one request asks and answers is a <see cref="Gather"/>; what goes to the buckets and comes back is
/// <see cref="Scatter"/>; what happens when a bucket does not answer is <see cref="BucketLanes"/>.
/// </summary>
public sealed class MatchingActor : UntypedActor, IWithTimers
{
    private readonly record struct Asker(IActorRef ReplyTo, long Began, DateTimeOffset Deadline);

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }

    private readonly MatchingOptions _options;
    private readonly TimeProvider _time;
    private readonly HashRoutes _routes;
    private readonly BucketLanes _lanes;
    private readonly Scatter _scatter;
    private readonly Dictionary<Gather, Asker> _open = [];
    private int _waiting;

    public MatchingActor(IActorRef buckets, MatchingOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);

        // At most so long that a message that was lost is sent again before its request is given up.
        var longest = options.Timeout * 0.35;
        var (exact, near) = (new AnswerTimes(options.RetryAfter, longest), new AnswerTimes(options.RetryAfter, longest));
        var (system, self) = (Context.System, Self);
        _routes = new HashRoutes(
            buckets, () => 3 * (exact.Wait > near.Wait ? exact.Wait : near.Wait), time,
            node => system.ActorSelection(HashDoor.At(node)).Tell(new Identify(node.ToString()), self));
        _lanes = new BucketLanes(_routes, time);
        _scatter = new Scatter(_routes, _lanes, exact, near, Finish);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(IActorRef buckets, MatchingOptions options, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new MatchingActor(buckets, options, time));

    protected override void PreStart() => Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, _options.RetryAfter / 4);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case MatchReport request:
                Start(new ReportGather(request, _options));
                break;
            case LookupMany request when request.IsWithin(_options):
                Start(new LookupGather(request));
                break;
            case LookupMany:
                Sender.Tell(new LookupRefused(
                    $"At most {_options.MaxLookup} hashes, radius 0 to {PdqLimits.MaxRadius}, 1 to 100 results."));
                break;
            case IHashBucketReply reply:
                _scatter.Take(reply, Sender);
                break;
            case HashBundleAnswered replies:
                _scatter.Take(replies, Sender);
                break;
            case ActorIdentity { Subject: { } door } when _routes.Found(door):
                Context.Watch(door);
                break;
            case Terminated closed:
                _lanes.Hurry(_routes.Lost(closed.ActorRef));
                LookForLate();
                break;
            case Tick:
                LookForLate();
                break;
        }

        // What belongs together leaves together.
        _scatter.Leave();
    }

    private void Start(Gather request)
    {
        var asker = new Asker(Sender, _time.GetTimestamp(), _time.GetUtcNow() + _options.Timeout);

        // A request alone is always admitted, however large.
        if (_waiting > 0 && _waiting + request.Hashes > _options.MaxWaiting)
        {
            Refuse(request, asker, "Too much is being matched at the moment.");
            return;
        }

        _waiting += request.Hashes;
        _open.Add(request, asker);
        _scatter.Ask(request);
    }

    private void LookForLate()
    {
        var now = _time.GetUtcNow();
        foreach (var (request, asker) in _open.Where(o => o.Value.Deadline <= now).ToList())
        {
            Close(request);
            Refuse(request, asker, "A hash bucket did not answer in time.");
        }

        _lanes.AskAgain();
        foreach (var door in _routes.Silent())
        {
            Context.Unwatch(door);
        }
    }

    private void Finish(Gather request)
    {
        var asker = Close(request);
        HashInstruments.OnMatched(_time.GetElapsedTime(asker.Began));
        asker.ReplyTo.Tell(request.Answer());
    }

    private static void Refuse(Gather request, Asker asker, string reason)
    {
        HashInstruments.OnUnavailable();
        asker.ReplyTo.Tell(request.Unavailable(reason));
    }

    private Asker Close(Gather request)
    {
        request.Over = true;
        _open.Remove(request, out var asker);
        _waiting -= request.Hashes;
        return asker;
    }
}

/// <summary>Sets matching up on a node.</summary>
public static class MatchingHosting
{
    /// <summary>Starts this node's matching actor; the hash bucket region or its proxy must have been added before.</summary>
    public static AkkaConfigurationBuilder AddMatching(
        this AkkaConfigurationBuilder builder, MatchingOptions? options = null, TimeProvider? time = null) =>
        builder.WithActors((system, registry, _) =>
        {
            var props = MatchingActor.Props(registry.Get<HashBucketRegion>(), options ?? new MatchingOptions(), time ?? TimeProvider.System);
            registry.Register<MatchingKey>(system.ActorOf(props, "matching").StopBeforeShards(system));
        });
}
