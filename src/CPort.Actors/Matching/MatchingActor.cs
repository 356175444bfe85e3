using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Hosting;
using CPort.Actors.Cluster;
using CPort.Actors.Hashes;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Near;
using CPort.Domain.Identity;

namespace CPort.Actors.Matching;

/// <summary>Registry key of this node's matching actor.</summary>
public sealed class MatchingKey;

/// <summary>
/// This node's way to the hash buckets: takes whole requests apart, asks the buckets, puts the answers together. To each bucket one message of a
/// kind is under way at a time: it leaves at once when the bucket is idle, and what comes meanwhile, from whatever request, leaves together
/// after its answer. A bucket that does not answer is asked again; buckets are idempotent, so either answer will do. A request is answered
/// whole or as unavailable, never in part. Holds no state worth keeping.
/// <para>
/// What one turn sends to buckets of another node leaves as one message to that node (<see cref="HashRoutes"/>), and the answers come back together.
/// </para>
/// <para>
/// Near queries go to every PDQ bucket. They stand once, in <see cref="NearStream"/>, and all buckets are sent the same arrays; a large
/// request is let in a few slices at a time, in turn with the others, so that a report does not wait for ten thousand lookups.
/// </para>
/// </summary>
public sealed class MatchingActor : ReceiveActor, IWithTimers
{
    private enum Kind
    {
        Sight,
        Lookup,
        Opine,
    }

    /// <summary>One row for a bucket, and where its answer belongs.</summary>
    private sealed record Row(Gathering Request, int Slot, ContentHash Hash, HashSighting? Sighting = null, OpinionOnHash? Opinion = null);

    /// <summary>The way to one bucket for one kind of request.</summary>
    private sealed class Lane(HashBucketId bucket, Kind kind)
    {
        public HashBucketId Bucket { get; } = bucket;

        public Kind Kind { get; } = kind;

        public LinkedList<Row> Waiting { get; } = new();

        public ImmutableArray<Row> Sent { get; set; } = [];

        public IHashBucketMessage? Message { get; set; }

        public int Asked { get; set; }

        /// <summary>Timestamp of the first time of asking.</summary>
        public long FirstAsked { get; set; }

        public DateTimeOffset AskAgain { get; set; }
    }

    /// <summary>A request being gathered.</summary>
    private abstract class Gathering(IActorRef replyTo, long began, DateTimeOffset deadline, int hashes) : INearRequest
    {
        public IActorRef ReplyTo { get; } = replyTo;

        public long Began { get; } = began;

        public DateTimeOffset Deadline { get; } = deadline;

        /// <summary>What it counts for in <see cref="MatchingOptions.MaxWaiting"/>.</summary>
        public int Hashes { get; } = hashes;

        /// <summary>Rows and near queries (each once, not once a bucket) without an answer yet.</summary>
        public int Outstanding { get; set; }

        public bool Over { get; set; }

        public string? TraceParent { get; init; }

        public abstract object Answer();

        public abstract object Unavailable(string reason);
    }

    /// <summary>Verdicts and near queries by slot; equal PDQ values share one query.</summary>
    private abstract class Lookup(IActorRef replyTo, long began, DateTimeOffset deadline, int slots) : Gathering(replyTo, began, deadline, slots)
    {
        private readonly Dictionary<ContentHash, NearSearch> _searches = [];

        public HashVerdict[] Verdicts { get; } = new HashVerdict[slots];

        public NearSearch?[] Near { get; } = new NearSearch?[slots];

        /// <summary>The near search of a slot's value; <paramref name="isNew"/>: no slot before has it.</summary>
        public NearSearch NearAt(int slot, ContentHash hash, int radius, int maxResults, int maxLookAlikes, out bool isNew)
        {
            isNew = !_searches.TryGetValue(hash, out var search);
            if (isNew)
            {
                var query = new NearQuery { Hash = hash, Radius = radius, MaxResults = maxResults, MaxLookAlikes = maxLookAlikes };
                _searches.Add(hash, search = new NearSearch(this, query));
            }

            return Near[slot] = search!;
        }
    }

    private sealed class ReportLookup(IActorRef replyTo, long began, DateTimeOffset deadline, MatchReport request, int slots)
        : Lookup(replyTo, began, deadline, slots)
    {
        public override object Answer()
        {
            var slot = 0;
            var items = ImmutableArray.CreateBuilder<ItemVerdicts>(request.Items.Length);
            foreach (var item in request.Items)
            {
                NearAnswer? near = null;
                var exact = ImmutableArray.CreateBuilder<HashVerdict>(item.Hashes.Length);
                foreach (var hash in item.Hashes)
                {
                    exact.Add(Verdicts[slot]);
                    near ??= Near[slot]?.Answer();
                    slot++;
                }

                items.Add(new ItemVerdicts
                {
                    Ordinal = item.Ordinal, Exact = exact.DrainToImmutable(), Near = near?.Matches ?? [], NearTruncated = near?.Truncated ?? false,
                    LookAlikes = near?.LookAlikes ?? [],
                });
            }

            return new ReportMatched(request.ReportId, items.DrainToImmutable());
        }

        public override object Unavailable(string reason) => new MatchingUnavailable(request.ReportId, reason);
    }

    private sealed class ManyLookup(IActorRef replyTo, long began, DateTimeOffset deadline, LookupMany request)
        : Lookup(replyTo, began, deadline, request.Hashes.Length)
    {
        /// <summary>By slot: the slot of the same hash that is asked for it.</summary>
        public int[] AskedAt { get; } = new int[request.Hashes.Length];

        public override object Answer() => new LookedUp([.. AskedAt.Select(ResultOf)]);

        private HashLookupResult ResultOf(int slot)
        {
            var near = Near[slot]?.Answer();
            return new HashLookupResult(Verdicts[slot], near?.Matches ?? [], near?.Truncated ?? false);
        }

        public override object Unavailable(string reason) => new LookupUnavailable(reason);
    }

    private sealed class Recording(IActorRef replyTo, long began, DateTimeOffset deadline, RecordOpinions request)
        : Gathering(replyTo, began, deadline, request.Opinions.Length)
    {
        public override object Answer() => new OpinionsRecorded(request.ReportId);

        public override object Unavailable(string reason) => new MatchingUnavailable(request.ReportId, reason);
    }

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }

    private readonly MatchingOptions _options;
    private readonly TimeProvider _time;
    private readonly Dictionary<(HashBucketId, Kind), Lane> _lanes = [];
    private readonly Dictionary<long, Lane> _underWay = [];
    private readonly NearStream _near;
    private readonly HashRoutes _routes;
    private readonly AnswerTimes _exactTimes;
    private readonly AnswerTimes _nearTimes;
    private readonly HashSet<Gathering> _open = [];
    private readonly HashSet<Lane> _touched = [];
    private int _waiting;
    private long _nextRequest;

    public MatchingActor(IActorRef buckets, MatchingOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);

        // At most so long that a message that was lost is sent again before its request is given up.
        var longest = options.Timeout * 0.35;
        (_exactTimes, _nearTimes) = (new AnswerTimes(options.RetryAfter, longest), new AnswerTimes(options.RetryAfter, longest));
        var (system, self) = (Context.System, Self);
        _routes = new HashRoutes(
            buckets, () => 3 * (_exactTimes.Wait > _nearTimes.Wait ? _exactTimes.Wait : _nearTimes.Wait), time,
            address => system.ActorSelection(new RootActorPath(address) / "user" / HashDoor.Name).Tell(new Identify(address.ToString()), self));
        _near = new NearStream([.. HashBucketId.AllPdq], HashBucketLimits.NearPart);

        Receive<MatchReport>(On);
        Receive<RecordOpinions>(On);
        Receive<LookupMany>(On);
        Receive<HashBundleAnswered>(On);
        Receive<NearFound>(On);
        Receive<IHashBucketReply>(On);
        Receive<ActorIdentity>(On);
        Receive<Terminated>(On);
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
        var gathering = new ReportLookup(Sender, _time.GetTimestamp(), Deadline, request, slots) { TraceParent = request.TraceParent };
        if (!Admit(gathering))
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
                    // Counted now, searched once every item of the report with this value is durably sighted: of two items that look alike and
                    // arrive at once, the one sighted later sees the other.
                    var search = gathering.NearAt(slot, hash, _options.NearRadius, _options.NearResults, _options.MaxLookAlikes, out var isNew);
                    search.Unsighted++;
                    gathering.Outstanding += isNew ? 1 : 0;
                }
            }
        }

        Start(gathering);
    }

    private void On(LookupMany request)
    {
        if (request.Hashes.Length > _options.MaxLookup || request.Radius is < 0 or > PdqLimits.MaxRadius || request.MaxResults is < 1 or > 100)
        {
            Sender.Tell(new LookupRefused($"At most {_options.MaxLookup} hashes, radius 0 to {PdqLimits.MaxRadius}, 1 to 100 results."));
            return;
        }

        var gathering = new ManyLookup(Sender, _time.GetTimestamp(), Deadline, request);
        if (!Admit(gathering))
        {
            return;
        }

        var first = new Dictionary<ContentHash, int>(request.Hashes.Length);
        for (var slot = 0; slot < request.Hashes.Length; slot++)
        {
            var hash = request.Hashes[slot];
            ref var asked = ref CollectionsMarshal.GetValueRefOrAddDefault(first, hash, out var again);
            asked = again ? asked : slot;
            gathering.AskedAt[slot] = asked;
            if (!again)
            {
                gathering.Verdicts[slot] = HashBucketRules.Unasked(hash);
                if (!gathering.Verdicts[slot].Trap)
                {
                    Enqueue(Kind.Lookup, HashBucketId.For(hash), new Row(gathering, slot, hash));
                }
            }

            if (request.Radius is { } radius && hash.Algorithm == HashAlgorithm.Pdq && !gathering.Verdicts[asked].Trap && !request.IsExactOnly(slot))
            {
                var search = gathering.NearAt(asked, hash, radius, request.MaxResults, 0, out var isNew);
                if (isNew)
                {
                    gathering.Outstanding++;
                    _near.Add(search);
                }
            }
        }

        Start(gathering);
    }

    private void On(RecordOpinions request)
    {
        var gathering = new Recording(Sender, _time.GetTimestamp(), Deadline, request) { TraceParent = request.TraceParent };
        if (!Admit(gathering))
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

    private bool Admit(Gathering gathering)
    {
        // A request alone is always admitted, however large.
        if (_waiting > 0 && _waiting + gathering.Hashes > _options.MaxWaiting)
        {
            HashInstruments.OnUnavailable();
            gathering.ReplyTo.Tell(gathering.Unavailable("Too much is being matched at the moment."));
            return false;
        }

        _waiting += gathering.Hashes;
        _open.Add(gathering);
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
        _touched.Add(lane);
    }

    // Sends only when the whole request is queued, so that its rows for one bucket leave together.
    private void Start(Gathering gathering)
    {
        if (gathering.Outstanding == 0)
        {
            Finish(gathering);
        }

        foreach (var lane in _touched)
        {
            Send(lane);
        }

        _touched.Clear();
        Leave();
    }

    private void Send(Lane lane)
    {
        if (lane.Message is not null)
        {
            return;
        }

        var rows = ImmutableArray.CreateBuilder<Row>();
        while (rows.Count < HashBucketLimits.Part && lane.Waiting.First is { } first)
        {
            lane.Waiting.RemoveFirst();
            if (!first.Value.Request.Over)
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
        (lane.Asked, lane.FirstAsked, lane.AskAgain) = (1, _time.GetTimestamp(), AskAgainAfter(_exactTimes, 1));
        lane.Message = lane.Kind switch
        {
            Kind.Sight => new SightAndLookup { Bucket = lane.Bucket, RequestId = id, Sightings = [.. lane.Sent.Select(r => r.Sighting!)], TraceParents = TracesOf(lane.Sent) },
            Kind.Lookup => new LookupHashes { Bucket = lane.Bucket, RequestId = id, Hashes = [.. lane.Sent.Select(r => r.Hash)] },
            _ => new RecordBucketOpinions { Bucket = lane.Bucket, RequestId = id, Opinions = [.. lane.Sent.Select(r => r.Opinion!)], TraceParents = TracesOf(lane.Sent) },
        };
        _underWay.Add(id, lane);
        _routes.Tell(lane.Message);
    }

    // A message joins rows of many reports; at most a few of them are being recorded.
    private static ImmutableArray<string> TracesOf(ImmutableArray<Row> rows) =>
        [.. rows.Select(r => r.Request.TraceParent).OfType<string>().Distinct().Take(8)];

    // At the end of each turn.
    private void Leave()
    {
        foreach (var lane in _near.Idle(_routes.NodeOf))
        {
            lane.Ask(++_nextRequest, _time.GetTimestamp(), AskAgainAfter(_nearTimes, 1));
            _routes.Tell(lane.Message!);
        }

        _routes.Leave();
    }

    private void On(IHashBucketReply reply)
    {
        if (_underWay.TryGetValue(reply.RequestId, out var lane))
        {
            _routes.Learn(lane.Bucket, Sender);
            if (reply is HashesAnswered answered)
            {
                Take(reply.RequestId, answered.Verdicts.AsSpan()!);
            }
            else
            {
                Stored(reply.RequestId);
            }
        }

        Leave();
    }

    private void On(NearFound reply)
    {
        if (_near.UnderWay(reply.RequestId) is { } lane)
        {
            _routes.Learn(lane.Bucket, Sender);
            Take(reply);
        }

        Leave();
    }

    private void On(HashBundleAnswered reply)
    {
        _routes.Heard(Sender);
        foreach (var id in reply.Elsewhere)
        {
            if ((_underWay.TryGetValue(id, out var lane) ? lane.Bucket : _near.UnderWay(id)?.Bucket) is { } bucket)
            {
                _routes.Forget(bucket);
            }
        }

        ReadOnlySpan<HashVerdict?> verdicts = reply.AllVerdicts();
        for (var i = 0; i < reply.VerdictIds.Length; i++)
        {
            Take(reply.VerdictIds[i], verdicts[..reply.VerdictCounts[i]]);
            verdicts = verdicts[reply.VerdictCounts[i]..];
        }

        foreach (var id in reply.Stored)
        {
            Stored(id);
        }

        foreach (var near in reply.Near)
        {
            Take(near.Whole());
        }

        Leave();
    }

    /// <summary>Verdicts on the first of a request's rows; null: nothing is known. The others go first in the next message. None: no answer at all.</summary>
    private void Take(long id, ReadOnlySpan<HashVerdict?> verdicts)
    {
        // A second answer to a request asked twice is none; without any verdict the bucket is asked again in time.
        if (verdicts.IsEmpty || !_underWay.Remove(id, out var lane))
        {
            return;
        }

        _exactTimes.Add(_time.GetElapsedTime(lane.FirstAsked));
        var rows = lane.Sent;
        var answered = Math.Min(verdicts.Length, rows.Length);
        (lane.Message, lane.Sent) = (null, []);
        for (var i = rows.Length - 1; i >= answered; i--)
        {
            lane.Waiting.AddFirst(rows[i]);
        }

        for (var i = 0; i < answered; i++)
        {
            var row = rows[i];
            if (row.Request is Lookup lookup)
            {
                // What stands there is the verdict on an unknown hash.
                lookup.Verdicts[row.Slot] = verdicts[i] ?? lookup.Verdicts[row.Slot];
                if (lane.Kind == Kind.Sight && lookup.Near[row.Slot] is { } search && --search.Unsighted == 0 && !lookup.Over)
                {
                    _near.Add(search);
                }
            }

            Answered(row.Request);
        }

        Send(lane);
    }

    private void Stored(long id)
    {
        if (_underWay.Remove(id, out var lane))
        {
            _exactTimes.Add(_time.GetElapsedTime(lane.FirstAsked));
            var rows = lane.Sent;
            (lane.Message, lane.Sent) = (null, []);
            foreach (var row in rows)
            {
                Answered(row.Request);
            }

            Send(lane);
        }
    }

    private void Take(NearFound reply)
    {
        if (_near.UnderWay(reply.RequestId) is { } lane && !reply.Answers.IsEmpty)
        {
            _nearTimes.Add(_time.GetElapsedTime(lane.FirstAsked));
        }

        foreach (var search in _near.Take(reply))
        {
            Answered((Gathering)search.Request);
        }
    }

    private void On(ActorIdentity identity)
    {
        if (identity.Subject is { } door && _routes.Found(door))
        {
            Context.Watch(door);
        }
    }

    // Its node has ended, or is about to: what it was asked is not waited for.
    private void On(Terminated ended)
    {
        var buckets = _routes.Lost(ended.ActorRef);
        var now = _time.GetUtcNow();
        foreach (var lane in _underWay.Values.Where(l => buckets.Contains(l.Bucket)))
        {
            lane.AskAgain = now;
        }

        _near.Hurry(buckets, now);
        OnTick();
    }

    private void Answered(Gathering gathering)
    {
        if (--gathering.Outstanding == 0 && !gathering.Over)
        {
            Finish(gathering);
        }
    }

    private void OnTick()
    {
        var now = _time.GetUtcNow();
        foreach (var late in _open.Where(g => g.Deadline <= now).ToList())
        {
            Close(late);
            HashInstruments.OnUnavailable();
            late.ReplyTo.Tell(late.Unavailable("A hash bucket did not answer in time."));
        }

        foreach (var (id, lane) in _underWay.Where(u => u.Value.AskAgain <= now).ToList())
        {
            if (lane.Sent.All(r => r.Request.Over))
            {
                // Nobody waits for these rows any more.
                _underWay.Remove(id);
                (lane.Message, lane.Sent) = (null, []);
                Send(lane);
            }
            else
            {
                lane.AskAgain = AskAgainAfter(_exactTimes, ++lane.Asked);
                HashInstruments.OnBucketAskedAgain();
                _routes.TellAgain(lane.Message!);
            }
        }

        foreach (var lane in _near.Late(now))
        {
            lane.AskedAgain(AskAgainAfter(_nearTimes, lane.Asked + 1));
            HashInstruments.OnBucketAskedAgain();
            _routes.TellAgain(lane.Message!);
        }

        foreach (var door in _routes.Silent())
        {
            Context.Unwatch(door);
        }

        Leave();
    }

    // Doubles: a bucket that is only busy gets no second helping of the work that keeps it so.
    private DateTimeOffset AskAgainAfter(AnswerTimes times, int asked) => _time.GetUtcNow() + (times.Wait * (1 << Math.Min(asked - 1, 2)));

    private void Finish(Gathering gathering)
    {
        Close(gathering);
        HashInstruments.OnMatched(_time.GetElapsedTime(gathering.Began));
        gathering.ReplyTo.Tell(gathering.Answer());
    }

    private void Close(Gathering gathering)
    {
        gathering.Over = true;
        _open.Remove(gathering);
        _waiting -= gathering.Hashes;
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
