namespace CPort.Actors.Hashes;

/// <summary>
/// Wakes every bucket after its node's start, those of PDQ first because each near search needs all of them, a few at a time: the next one when one answers.
/// Again slowly for ever: a bucket that stopped with an unfinished fan-out (node gone, database gone) goes on without waiting for other traffic. Asking an
/// awake bucket costs one message.
/// </summary>
internal sealed class HashBucketWaker : ReceiveActor, IWithTimers
{
    private const int TicksPerSecond = 5;

    // After the first round: every bucket about once a minute.
    private const int LaterPerSecond = 20;

    // A bucket that does not answer is stuck, or its node is: the others are not kept waiting.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // A question to a shard that is just moving is lost, and the node's readiness waits for the answer.
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(3);

    private readonly IActorRef _buckets;
    private readonly HashBucketOptions _options;
    private readonly EntityShell _shell;
    private readonly Queue<HashBucketId> _left = new();
    private readonly Dictionary<HashBucketId, (long First, long Last)> _asked = [];
    private readonly HashSet<HashBucketId> _answered = [];
    private ImmutableArray<HashBucketId> _found = [];
    private bool _again;

    public HashBucketWaker(IActorRef buckets, HashBucketOptions options, EntityShell shell)
    {
        (_buckets, _options, _shell) = (buckets, options, shell);
        Receive<Tick>(_ => OnTick());
        Receive<BucketStats>(stats =>
        {
            _asked.Remove(stats.Bucket);
            _answered.Add(stats.Bucket);
            if (!_again)
            {
                Fill();
                Say(asked: false);
            }
        });
        Receive<Found>(found =>
        {
            _found = found.Buckets;
            _answered.Clear();
            if (!_again)
            {
                Say(asked: false);
            }

            foreach (var id in found.Buckets.OrderByDescending(id => id.Kind))
            {
                _left.Enqueue(id);
            }

            Fill();
            Timers.StartSingleTimer(Tick.Instance, Tick.Instance, TimeSpan.FromSeconds(1.0 / TicksPerSecond));
        });
        Receive<Status.Failure>(_ => Timers.StartSingleTimer(LookTick.Instance, LookTick.Instance, TimeSpan.FromSeconds(10)));
        Receive<LookTick>(_ => Look());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Look();

    private void OnTick()
    {
        foreach (var late in _asked.Where(a => _shell.Time.GetElapsedTime(a.Value.First) > Patience || (!_again && IsStuck(a.Key))).Select(a => a.Key).ToList())
        {
            _asked.Remove(late);
        }

        foreach (var (id, at) in _asked.Where(a => !_again && _shell.Time.GetElapsedTime(a.Value.Last) > AskAgain).ToList())
        {
            _asked[id] = at with { Last = _shell.Time.GetTimestamp() };
            _buckets.Tell(new GetBucketStats { Bucket = id });
        }

        Fill();
        if (_left.Count == 0 && _asked.Count == 0)
        {
            Say(asked: true);
            _again = true;
            Look();
            return;
        }

        Timers.StartSingleTimer(Tick.Instance, Tick.Instance, TimeSpan.FromSeconds(1.0 / TicksPerSecond));
    }

    private void Fill()
    {
        var most = _again ? LaterPerSecond / TicksPerSecond : _options.WakeAtOnce;
        while (_asked.Count < most && _left.TryDequeue(out var id))
        {
            _asked[id] = (_shell.Time.GetTimestamp(), _shell.Time.GetTimestamp());
            _buckets.Tell(new GetBucketStats { Bucket = id });
        }
    }

    private bool IsStuck(HashBucketId id) => _shell.Stuck?.IsStuck(EntityName.Of(id)) == true;

    private void Say(bool asked) => _options.Loading?.Set(new HashBucketsLoaded(
        _found.Length, _answered.Count, asked ? _found.Count(id => !_answered.Contains(id) && IsStuck(id)) : 0, asked));

    /// <summary>A bucket without a single event owes nobody anything: it is not woken, which spares a new node a thousand recoveries.</summary>
    private void Look()
    {
        if (_options.WithEvents is { } withEvents)
        {
            withEvents().PipeTo(Self, Self, ids => new Found(ids));
        }
        else
        {
            Self.Tell(new Found([.. HashBucketId.AllOf(Tenant.Live)]));
        }
    }

    private sealed record Found(ImmutableArray<HashBucketId> Buckets) : INoSerializationVerificationNeeded;

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }

    private sealed class LookTick
    {
        public static readonly LookTick Instance = new();
    }
}
