using System.Collections.Immutable;
using Akka.Actor;
using Akka.Hosting;
using CPort.Actors.Cluster;
using CPort.Actors.Hashes;
using CPort.Actors.Reports;

namespace CPort.Actors.Matching;

/// <summary>Registry key of this node's matching actor.</summary>
public sealed class MatchingKey;

/// <summary>
/// This node's way to the hash buckets: takes whole requests apart, asks the buckets, puts the answers together. To each bucket one message of a
/// kind is under way at a time: it leaves at once when the bucket is idle, and what comes meanwhile, from whatever request, leaves together
/// after its answer. A bucket that does not answer is asked again; buckets are idempotent, so either answer will do. A request is answered
/// whole or as unavailable, never in part. Holds no state worth keeping.
/// </summary>
public sealed class MatchingActor : ReceiveActor, IWithTimers
{
    private enum Kind
    {
        Sight,
        Lookup,
        Near,
        Opine,
    }

    /// <summary>One row for a bucket, and where its answer belongs.</summary>
    private sealed record Row(Gathering Request, int Slot, ContentHash Hash, HashSighting? Sighting = null, NearQuery? Query = null, OpinionOnHash? Opinion = null);

    /// <summary>The way to one bucket for one kind of request.</summary>
    private sealed class Lane(HashBucketId bucket, Kind kind)
    {
        public HashBucketId Bucket { get; } = bucket;

        public Kind Kind { get; } = kind;

        public LinkedList<Row> Waiting { get; } = new();

        public ImmutableArray<Row> Sent { get; set; } = [];

        public IHashBucketMessage? Message { get; set; }

        public DateTimeOffset AskAgain { get; set; }
    }

    /// <summary>A request being gathered.</summary>
    private abstract class Gathering(IActorRef replyTo, long began, DateTimeOffset deadline)
    {
        public IActorRef ReplyTo { get; } = replyTo;

        public long Began { get; } = began;

        public DateTimeOffset Deadline { get; } = deadline;

        public int Outstanding { get; set; }

        public bool Over { get; set; }

        public abstract object Answer();

        public abstract object Unavailable(string reason);
    }

    /// <summary>Verdicts and near matches by slot; one slot a hash.</summary>
    private abstract class Lookup(IActorRef replyTo, long began, DateTimeOffset deadline, int slots) : Gathering(replyTo, began, deadline)
    {
        private readonly List<NearMatch>?[] _near = new List<NearMatch>?[slots];
        private readonly bool[] _truncated = new bool[slots];

        public HashVerdict[] Verdicts { get; } = new HashVerdict[slots];

        public void TakeNear(int slot, NearAnswer answer)
        {
            (_near[slot] ??= []).AddRange(answer.Matches);
            _truncated[slot] |= answer.Truncated;
        }

        protected (ImmutableArray<NearMatch> Matches, bool Truncated) NearOf(int slot, int max)
        {
            if (_near[slot] is not { } all)
            {
                return ([], false);
            }

            all.Sort(static (a, b) => PdqIndex.Order(new PdqHit(a.Verdict.Hash, a.Distance), new PdqHit(b.Verdict.Hash, b.Distance)));
            return ([.. all.Take(max)], _truncated[slot] || all.Count > max);
        }
    }

    private sealed class ReportLookup(IActorRef replyTo, long began, DateTimeOffset deadline, MatchReport request, int slots, int max)
        : Lookup(replyTo, began, deadline, slots)
    {
        public override object Answer()
        {
            var slot = 0;
            var items = ImmutableArray.CreateBuilder<ItemVerdicts>(request.Items.Length);
            foreach (var item in request.Items)
            {
                var near = ImmutableArray<NearMatch>.Empty;
                var truncated = false;
                var exact = ImmutableArray.CreateBuilder<HashVerdict>(item.Hashes.Length);
                foreach (var hash in item.Hashes)
                {
                    exact.Add(Verdicts[slot]);
                    if (hash.Algorithm == HashAlgorithm.Pdq)
                    {
                        (near, truncated) = NearOf(slot, max);
                    }

                    slot++;
                }

                items.Add(new ItemVerdicts { Ordinal = item.Ordinal, Exact = exact.DrainToImmutable(), Near = near, NearTruncated = truncated });
            }

            return new ReportMatched(request.ReportId, items.DrainToImmutable());
        }

        public override object Unavailable(string reason) => new MatchingUnavailable(request.ReportId, reason);
    }

    private sealed class ManyLookup(IActorRef replyTo, long began, DateTimeOffset deadline, LookupMany request)
        : Lookup(replyTo, began, deadline, request.Hashes.Length)
    {
        public override object Answer() => new LookedUp([.. request.Hashes.Select((_, slot) => ResultOf(slot))]);

        private HashLookupResult ResultOf(int slot)
        {
            var (matches, truncated) = NearOf(slot, request.MaxResults);
            return new HashLookupResult(Verdicts[slot], matches, truncated);
        }

        public override object Unavailable(string reason) => new LookupUnavailable(reason);
    }

    private sealed class Recording(IActorRef replyTo, long began, DateTimeOffset deadline, ReportId report) : Gathering(replyTo, began, deadline)
    {
        public override object Answer() => new OpinionsRecorded(report);

        public override object Unavailable(string reason) => new MatchingUnavailable(report, reason);
    }

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }

    private readonly IActorRef _buckets;
    private readonly MatchingOptions _options;
    private readonly TimeProvider _time;
    private readonly Dictionary<(HashBucketId, Kind), Lane> _lanes = [];
    private readonly Dictionary<long, Lane> _underWay = [];
    private readonly HashSet<Gathering> _open = [];
    private readonly HashSet<Lane> _touched = [];
    private int _waiting;
    private long _nextRequest;

    public MatchingActor(IActorRef buckets, MatchingOptions options, TimeProvider time)
    {
        (_buckets, _options, _time) = (buckets, options, time);

        Receive<MatchReport>(On);
        Receive<RecordOpinions>(On);
        Receive<LookupMany>(On);
        Receive<IHashBucketReply>(On);
        Receive<Tick>(_ => OnTick());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(IActorRef buckets, MatchingOptions options, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new MatchingActor(buckets, options, time));

    protected override void PreStart() => Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, _options.RetryAfter / 4);

    private DateTimeOffset Deadline => _time.GetUtcNow() + _options.Timeout;

    private void On(MatchReport request)
    {
        var slots = request.Items.Sum(i => i.Hashes.Length);
        var gathering = new ReportLookup(Sender, _time.GetTimestamp(), Deadline, request, slots, _options.NearResults);
        if (!Admit(gathering, slots))
        {
            return;
        }

        var slot = -1;
        foreach (var item in request.Items)
        {
            foreach (var hash in item.Hashes)
            {
                slot++;
                gathering.Verdicts[slot] = HashBucketRules.Unasked(hash);
                var isPdq = hash.Algorithm == HashAlgorithm.Pdq;
                if (gathering.Verdicts[slot].Trap || (isPdq && item.PdqQuality < _options.QualityFloor))
                {
                    continue;
                }

                var sighting = new HashSighting { Hash = hash, Item = new ItemRef(request.ReportId, item.Ordinal) };
                Enqueue(Kind.Sight, HashBucketId.For(hash), new Row(gathering, slot, hash, Sighting: sighting));
                if (isPdq)
                {
                    SearchNear(gathering, slot, new NearQuery { Hash = hash, Radius = _options.NearRadius, MaxResults = _options.NearResults });
                }
            }
        }

        Start(gathering);
    }

    private void On(LookupMany request)
    {
        if (request.Hashes.Length > _options.MaxLookup || request.Radius is < 0 or > PdqIndex.MaxRadius || request.MaxResults is < 1 or > 100)
        {
            Sender.Tell(new LookupRefused($"At most {_options.MaxLookup} hashes, radius 0 to {PdqIndex.MaxRadius}, 1 to 100 results."));
            return;
        }

        var gathering = new ManyLookup(Sender, _time.GetTimestamp(), Deadline, request);
        if (!Admit(gathering, request.Hashes.Length))
        {
            return;
        }

        for (var slot = 0; slot < request.Hashes.Length; slot++)
        {
            var hash = request.Hashes[slot];
            gathering.Verdicts[slot] = HashBucketRules.Unasked(hash);
            if (gathering.Verdicts[slot].Trap)
            {
                continue;
            }

            Enqueue(Kind.Lookup, HashBucketId.For(hash), new Row(gathering, slot, hash));
            if (request.Radius is { } radius && hash.Algorithm == HashAlgorithm.Pdq)
            {
                SearchNear(gathering, slot, new NearQuery { Hash = hash, Radius = radius, MaxResults = request.MaxResults });
            }
        }

        Start(gathering);
    }

    private void On(RecordOpinions request)
    {
        var gathering = new Recording(Sender, _time.GetTimestamp(), Deadline, request.ReportId);
        if (!Admit(gathering, request.Opinions.Length))
        {
            return;
        }

        foreach (var opinion in request.Opinions)
        {
            if (!TrapValues.IsTrap(opinion.Hash))
            {
                Enqueue(Kind.Opine, HashBucketId.For(opinion.Hash), new Row(gathering, 0, opinion.Hash, Opinion: opinion));
            }
        }

        Start(gathering);
    }

    private void SearchNear(Lookup gathering, int slot, NearQuery query)
    {
        foreach (var bucket in HashBucketId.AllPdq)
        {
            Enqueue(Kind.Near, bucket, new Row(gathering, slot, query.Hash, Query: query));
        }
    }

    private bool Admit(Gathering gathering, int rows)
    {
        // A request alone is always admitted, however large.
        if (_waiting > 0 && _waiting + rows > _options.MaxWaiting)
        {
            HashInstruments.OnUnavailable();
            gathering.ReplyTo.Tell(gathering.Unavailable("Too much is being matched at the moment."));
            return false;
        }

        return true;
    }

    private void Enqueue(Kind kind, HashBucketId bucket, Row row)
    {
        if (!_lanes.TryGetValue((bucket, kind), out var lane))
        {
            _lanes.Add((bucket, kind), lane = new Lane(bucket, kind));
        }

        lane.Waiting.AddLast(row);
        row.Request.Outstanding++;
        _waiting++;
        _touched.Add(lane);
    }

    // Sends only when the whole request is queued, so that its rows for one bucket leave together.
    private void Start(Gathering gathering)
    {
        if (gathering.Outstanding == 0)
        {
            Finish(gathering);
        }
        else
        {
            _open.Add(gathering);
        }

        foreach (var lane in _touched)
        {
            Send(lane);
        }

        _touched.Clear();
    }

    private void Send(Lane lane)
    {
        if (lane.Message is not null)
        {
            return;
        }

        var most = lane.Kind == Kind.Near ? HashBucketLimits.NearPart : HashBucketLimits.Part;
        var rows = ImmutableArray.CreateBuilder<Row>();
        while (rows.Count < most && lane.Waiting.First is { } first)
        {
            lane.Waiting.RemoveFirst();
            if (first.Value.Request.Over)
            {
                _waiting--;
            }
            else
            {
                rows.Add(first.Value);
            }
        }

        if (rows.Count == 0)
        {
            return;
        }

        var id = ++_nextRequest;
        lane.Sent = rows.DrainToImmutable();
        lane.AskAgain = _time.GetUtcNow() + _options.RetryAfter;
        lane.Message = lane.Kind switch
        {
            Kind.Sight => new SightAndLookup { Bucket = lane.Bucket, RequestId = id, Sightings = [.. lane.Sent.Select(r => r.Sighting!)] },
            Kind.Lookup => new LookupHashes { Bucket = lane.Bucket, RequestId = id, Hashes = [.. lane.Sent.Select(r => r.Hash)] },
            Kind.Near => new SearchNear { Bucket = lane.Bucket, RequestId = id, Queries = [.. lane.Sent.Select(r => r.Query!)] },
            _ => new RecordBucketOpinions { Bucket = lane.Bucket, RequestId = id, Opinions = [.. lane.Sent.Select(r => r.Opinion!)] },
        };
        _underWay.Add(id, lane);
        _buckets.Tell(lane.Message);
    }

    private void On(IHashBucketReply reply)
    {
        if (!_underWay.Remove(reply.RequestId, out var lane))
        {
            return; // a second answer to a request asked twice
        }

        var rows = lane.Sent;
        (lane.Message, lane.Sent) = (null, []);
        var answered = reply switch
        {
            HashesAnswered a => a.Verdicts.Length,
            NearFound n => n.Answers.Length,
            _ => rows.Length,
        };
        for (var i = rows.Length - 1; i >= answered; i--)
        {
            lane.Waiting.AddFirst(rows[i]);
        }

        for (var i = 0; i < answered; i++)
        {
            _waiting--;
            var row = rows[i];
            switch (reply)
            {
                case HashesAnswered a:
                    ((Lookup)row.Request).Verdicts[row.Slot] = a.Verdicts[i];
                    break;
                case NearFound n:
                    ((Lookup)row.Request).TakeNear(row.Slot, n.Answers[i]);
                    break;
            }

            if (--row.Request.Outstanding == 0 && !row.Request.Over)
            {
                Finish(row.Request);
            }
        }

        Send(lane);
    }

    private void OnTick()
    {
        var now = _time.GetUtcNow();
        foreach (var late in _open.Where(g => g.Deadline <= now).ToList())
        {
            late.Over = true;
            _open.Remove(late);
            HashInstruments.OnUnavailable();
            late.ReplyTo.Tell(late.Unavailable("A hash bucket did not answer in time."));
        }

        foreach (var (id, lane) in _underWay.Where(u => u.Value.AskAgain <= now).ToList())
        {
            if (lane.Sent.All(r => r.Request.Over))
            {
                // Nobody waits for these rows any more.
                _underWay.Remove(id);
                _waiting -= lane.Sent.Length;
                (lane.Message, lane.Sent) = (null, []);
                Send(lane);
            }
            else
            {
                lane.AskAgain = now + _options.RetryAfter;
                HashInstruments.OnBucketAskedAgain();
                _buckets.Tell(lane.Message!);
            }
        }
    }

    private void Finish(Gathering gathering)
    {
        gathering.Over = true;
        _open.Remove(gathering);
        HashInstruments.OnMatched(_time.GetElapsedTime(gathering.Began));
        gathering.ReplyTo.Tell(gathering.Answer());
    }
}

/// <summary>Sets matching up on a node.</summary>
public static class MatchingHosting
{
    /// <summary>Starts this node's matching actor; the hash bucket region or its proxy must have been added before.</summary>
    public static AkkaConfigurationBuilder AddMatching(
        this AkkaConfigurationBuilder builder, MatchingOptions? options = null, TimeProvider? time = null) =>
        builder.WithActors((system, registry, _) => registry.Register<MatchingKey>(system
            .ActorOf(MatchingActor.Props(registry.Get<HashBucketRegion>(), options ?? new MatchingOptions(), time ?? TimeProvider.System), "matching")
            .StopBeforeShards(system)));
}
