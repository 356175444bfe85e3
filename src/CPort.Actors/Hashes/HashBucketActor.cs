using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Event;
using Akka.Hosting;
using Akka.Persistence;
using CPort.Actors.Cluster;
using CPort.Actors.Persistence;
using CPort.Actors.Telemetry;
using CPort.Actors.Hashes.Transport;
using CPort.Domain.Access;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using CPort.Domain.Reports;

namespace CPort.Actors.Hashes;

/// <summary>Registry key of the hash bucket shard region (or its proxy).</summary>
public sealed class HashBucketRegion;

/// <summary>Limits and times of a bucket.</summary>
public sealed record HashBucketOptions
{
    /// <summary>Commands that one event joins at most.</summary>
    public int BatchCommands { get; init; } = 400;

    /// <summary>Rows that one event holds at most, give or take one command (about 60 bytes each).</summary>
    public int BatchRows { get; init; } = 4_000;

    /// <summary>
    /// Events between snapshots of a small bucket; of one with more than 64 times as many hashes, a 64th of its hashes. With
    /// <see cref="SnapshotRows"/> it bounds what a restart reads back.
    /// </summary>
    public int SnapshotEvery { get; init; } = 1_000;

    /// <summary>
    /// Rows (hashes imported or judged, sightings, deliveries) between snapshots of a small bucket; of one with more than twice as many hashes, half
    /// its hashes. So a restart reads back at most half as many rows as the snapshot holds, and an import writes, in snapshots, at most three times
    /// its own rows however long it is.
    /// </summary>
    public int SnapshotRows { get; init; } = 20_000;

    /// <summary>Reports told at the same time; those that have been asked twice do not count.</summary>
    public int FanOutInFlight { get; init; } = 256;

    /// <summary>First wait for a report's answer; doubles up to <see cref="FanOutRetryMax"/>.</summary>
    public TimeSpan FanOutRetry { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan FanOutRetryMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Buckets that each node's waker has loading at the same time, PDQ first, so that interrupted fan-outs go on; 0 switches waking off. Few: reports
    /// recover through the same gate and on the same cores, and two cores load no faster with more.
    /// </summary>
    public int WakeAtOnce { get; init; } = 8;

    /// <summary>When a hash goes into quarantine by itself.</summary>
    public QuarantineLimits Quarantine { get; init; } = new();

    /// <summary>Where a bucket that cannot be read from the journal is listed; null: nowhere.</summary>
    public StuckEntities? Stuck { get; init; }

    /// <summary>Which buckets have any event in the journal; null: all are taken to have.</summary>
    public Func<Task<ImmutableArray<HashBucketId>>>? WithEvents { get; init; }

    /// <summary>Told how far the waker is; null: nobody.</summary>
    public HashBucketLoading? Loading { get; init; }
}

/// <summary>
/// Shell of one hash bucket. Writes are joined: a command that finds the bucket idle is written at once, those that come while a write is under
/// way become the next event together (400 commands at most; the wait is one database round trip, some 3 ms). Answers go out after the write.
/// Lookups are answered from the state at once. A failed write stops the actor; callers ask again.
/// </summary>
public sealed class HashBucketActor : ReceivePersistentActor, IWithTimers
{
    private sealed record FanOutTick
    {
        public static readonly FanOutTick Instance = new();
    }

    private readonly Func<IActorRef> _reports;
    private readonly TimeProvider _time;
    private readonly HashBucketOptions _options;
    private readonly HashFanOut _fanOut;
    private readonly HashNearSearch? _near;
    private readonly List<(int Row, int Values)> _overMatching = [];
    private readonly Queue<(IHashBucketWrite Command, IActorRef Sender)> _queue = new();
    private readonly List<VerdictDelivered> _delivered = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private HashBucket _state;
    private bool _writing;
    private bool _stopping;
    private readonly long _began;
    private long _snapshotAt;
    private long _snapshotBefore;
    private long _rowsSinceSnapshot;

    public HashBucketActor(HashBucketId id, Func<IActorRef> reports, TimeProvider time, HashBucketOptions options)
    {
        (_reports, _time, _options) = (reports, time, options);
        _state = HashBucket.New(id);
        _fanOut = new HashFanOut(options, time);
        _near = id.Algorithm == HashAlgorithm.Pdq ? new HashNearSearch() : null;
        _began = time.GetTimestamp();
        PersistenceId = $"hash-bucket-{id}";

        Recover<SnapshotOffer>(offer =>
        {
            _state = offer.Snapshot switch
            {
                HashBucketImage image => HashBucket.From(image),
                HashBucketSnapshot old => HashBucket.From(old),
                _ => throw new InvalidDataException("A snapshot of another kind."),
            };
            _snapshotAt = _snapshotBefore = offer.Metadata.SequenceNr;
        });
        Recover<HashesRecorded>(e =>
        {
            _state = HashBucketRules.Apply(_state, e);
            _rowsSinceSnapshot += RowsOf(e);
        });
        Recover<RecoveryCompleted>(_ => OnRecovered());

        Command<IHashBucketWrite>(command =>
        {
            CPortTracing.Mark($"bucket {command.GetType().Name}", command.TraceParents);
            _queue.Enqueue((command, Sender));
            Flush();
        });
        Command<VerdictsTaken>(taken =>
        {
            _delivered.AddRange(_fanOut.Acknowledge(taken));
            Flush();
        });
        Command<LookupHashes>(q => Sender.Tell(Verdicts(q.RequestId, q.Hashes)));
        Command<SearchNear>(Search);
        Command<GetQuarantine>(q => Sender.Tell(HashBucketRules.Describe(_state, q)));
        Command<PreviewChange>(q => Sender.Tell(HashBucketRules.Preview(_state, q)));
        Command<GetHashEntry>(q => Sender.Tell(HashBucketRules.Describe(_state, q)));
        Command<GetBucketStats>(_ => Sender.Tell(Stats()));
        Command<WakeBucket>(_ => { });
        Command<FanOutTick>(_ => Tell());
        Command<StopEntity>(_ =>
        {
            _stopping = true;
            StopWhenIdle();
        });
        Command<SaveSnapshotSuccess>(OnSnapshotSaved);
        Command<SaveSnapshotFailure>(f => _log.Warning(f.Cause, "Snapshot of {0} at {1} failed; the next one comes later", PersistenceId, f.Metadata.SequenceNr));
        Command<DeleteSnapshotsSuccess>(_ => { });
        Command<DeleteSnapshotsFailure>(f => _log.Warning(f.Cause, "Old snapshots of {0} were not deleted", PersistenceId));
    }

    public override string PersistenceId { get; }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary><paramref name="reports"/> gives the report region; asked each time it is needed, because regions start in no fixed order.</summary>
    public static Props Props(HashBucketId id, Func<IActorRef> reports, TimeProvider time, HashBucketOptions options) =>
        Akka.Actor.Props.Create(() => new HashBucketActor(id, reports, time, options));

    // As for reports: the actor stops in any case, the base class would add a stack trace, and of a fenced write the journal has told.
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        if (cause is not FencedException)
        {
            _log.Warning("{0} cannot persist ({1}); it stops and is read anew at the next message.", PersistenceId, DatabaseFault.InWords(cause));
        }
    }

    // A rejected event (it could not be serialised) never reaches its callback: stop as for a failed write, or the queue would wait for ever.
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistRejected(cause, @event, sequenceNr);
        Context.Stop(Self);
    }

    // As for reports: the row is there for the operator, and other buckets go on.
    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        _options.Stuck?.Note(PersistenceId, LastSequenceNr, reason);
        _log.Error("{0} cannot be read from the journal after event {1} ({2}).", PersistenceId, LastSequenceNr, DatabaseFault.InWords(reason));
    }

    private void OnRecovered()
    {
        _near?.Load(_state);
        foreach (var row in _state.Pending)
        {
            _fanOut.Track(_state, row);
        }

        if (LastSequenceNr > 0)
        {
            HashInstruments.OnRecovered(_time.GetElapsedTime(_began));
        }

        Tell();
    }

    private void Flush()
    {
        while (!_writing && (_queue.Count > 0 || _delivered.Count > 0))
        {
            var (batch, rows) = (new List<(IHashBucketWrite Command, IActorRef Sender)>(), 0);
            while (batch.Count < _options.BatchCommands && rows < _options.BatchRows && _queue.TryDequeue(out var next))
            {
                batch.Add(next);
                rows += RowsOf(next.Command);
            }

            ImmutableArray<VerdictDelivered> delivered = [.. _delivered];
            _delivered.Clear();
            var decision = HashBucketRules.Decide(_state, [.. batch.Select(b => b.Command)], delivered, _options.Quarantine with { Now = _time.GetUtcNow() });
            if (decision.Event is not { } decided)
            {
                Answer(batch, decision.Outcomes);
                continue;
            }

            Write(decided with { Meta = Stamp(decided.Meta) }, batch, decision.Outcomes);
        }
    }

    private void Write(HashesRecorded decided, List<(IHashBucketWrite Command, IActorRef Sender)> batch, ImmutableArray<HashBucketOutcome> outcomes)
    {
        _writing = true;
        var began = _time.GetTimestamp();
        PersistAsync(decided, e =>
        {
            _writing = false;
            HashInstruments.OnBatchWritten(batch.Count, _time.GetElapsedTime(began));
            _state = HashBucketRules.Apply(_state, e);
            Answer(batch, outcomes);
            AfterApply(e);
            _rowsSinceSnapshot += RowsOf(e);
            SnapshotIfDue();
            Flush();
            StopWhenIdle();
        });
    }

    private EventMeta Stamp(EventMeta meta)
    {
        var now = _time.GetUtcNow();
        return meta with { EventId = Guid.CreateVersion7(now), OccurredAt = now, RecordedAt = now };
    }

    private void AfterApply(HashesRecorded e)
    {
        foreach (var group in e.Opinions)
        {
            foreach (var row in group.Rows)
            {
                AfterChange(_state.RowOf(row.Hash));
            }

            // A million rows of which nobody is to be told need no second look.
            if (_near is not null || _state.Pending.Count > 0)
            {
                foreach (var part in group.Packed)
                {
                    var length = ContentHash.LengthOf(_state.Id.Algorithm);
                    for (var at = 0; at < part.Hashes.Length; at += length)
                    {
                        AfterChange(_state.RowOf(part.Hashes.AsSpan(at, length)));
                    }
                }
            }
        }

        if (_near is not null)
        {
            foreach (var sighting in e.Sightings)
            {
                _near.Update(_state, _state.RowOf(sighting.Hash));
            }
        }

        foreach (var quarantined in e.Quarantined)
        {
            AfterChange(_state.RowOf(quarantined.Hash));
            if (quarantined.State is { Released: false, By: null })
            {
                HashInstruments.OnQuarantined(quarantined.State.Reason);
                _log.Warning("A hash of {0} went into quarantine ({1}); see /v1/hashes/quarantine", PersistenceId, quarantined.State.Reason);
            }
        }

        foreach (var report in e.Delivered.Select(d => d.ReportId).Distinct())
        {
            _fanOut.Settle(_state, report);
        }

        Tell();
    }

    // What is said of a row may have changed.
    private void AfterChange(int row)
    {
        _near?.Update(_state, row);
        if (_state.IsPending(row))
        {
            _fanOut.Track(_state, row);
        }
    }

    private void Answer(List<(IHashBucketWrite Command, IActorRef Sender)> batch, ImmutableArray<HashBucketOutcome> outcomes)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            var (command, sender) = batch[i];
            var o = outcomes[i];
            sender.Tell(command switch
            {
                SightAndLookup c => Verdicts(c.RequestId, c.Sightings.Select(s => s.Hash)),
                RecordBucketOpinions c => new OpinionsStored { RequestId = c.RequestId, Changed = o.Changed },
                ChangeQuarantine c => new QuarantineChanged { RequestId = c.RequestId, Changed = o.Changed },
                ImportHashes c => new HashesImported
                {
                    RequestId = c.RequestId, Added = o.Added, Changed = o.Changed, Unchanged = o.Unchanged, Ignored = o.Ignored, Rows = o.Rows ?? [],
                },
                _ => throw new InvalidOperationException($"{command.GetType().Name} is no write that a bucket knows."),
            });
        }
    }

    private HashesAnswered Verdicts(long requestId, IEnumerable<ContentHash> hashes)
    {
        var verdicts = ImmutableArray.CreateBuilder<HashVerdict>();
        var weight = 0;
        foreach (var hash in hashes)
        {
            var verdict = HashBucketRules.VerdictOf(_state, hash);
            weight += HashBucketRules.WeightOf(verdict);
            if (weight > HashBucketLimits.PartBytes && verdicts.Count > 0)
            {
                break;
            }

            verdicts.Add(verdict);
        }

        return new HashesAnswered { RequestId = requestId, Verdicts = verdicts.DrainToImmutable() };
    }

    private void Search(SearchNear query)
    {
        if (_near is null)
        {
            // Not asked by anybody; better an answer than a silence.
            Sender.Tell(new NearFound { RequestId = query.RequestId, Answers = [.. query.Queries.Select(_ => new NearAnswer())] });
            return;
        }

        Sender.Tell(_near.Search(_state, query, _options.Quarantine.NearValues, _overMatching));
        foreach (var (row, values) in _overMatching)
        {
            _queue.Enqueue((
                new ChangeQuarantine
                {
                    Bucket = _state.Id, RequestId = 0, Rows = [row], Reason = QuarantineReason.ManyNearValues, NearValues = values, At = _time.GetUtcNow(),
                },
                ActorRefs.Nobody));
        }

        if (_overMatching.Count > 0)
        {
            _overMatching.Clear();
            Flush();
        }
    }

    private BucketStats Stats() => new()
    {
        Bucket = _state.Id, Hashes = _state.Count, Sightings = _state.SightingCount, ReportsToTell = _fanOut.Count, Known = _state.Known,
        MemoryBytes = _state.MemoryBytes + (_near?.MemoryBytes ?? 0),
    };

    private void Tell()
    {
        foreach (var message in _fanOut.Due(_state))
        {
            HashInstruments.OnReportTold();
            _reports().Tell(message, Self);
        }

        if (_fanOut.Waiting && !Timers.IsTimerActive(FanOutTick.Instance))
        {
            Timers.StartSingleTimer(FanOutTick.Instance, FanOutTick.Instance, _options.FanOutRetry / 2);
        }
    }

    private void SnapshotIfDue()
    {
        if (LastSequenceNr - _snapshotAt >= Math.Max(_options.SnapshotEvery, _state.Count / 64)
            || _rowsSinceSnapshot >= Math.Max(_options.SnapshotRows, _state.Count / 2))
        {
            (_snapshotAt, _rowsSinceSnapshot) = (LastSequenceNr, 0);
            SaveSnapshot(_state.ToSnapshot());
        }
    }

    // Keeps this snapshot and the one before.
    private void OnSnapshotSaved(SaveSnapshotSuccess saved)
    {
        if (_snapshotBefore > 0)
        {
            DeleteSnapshots(new SnapshotSelectionCriteria(_snapshotBefore - 1));
        }

        _snapshotBefore = saved.Metadata.SequenceNr;
    }

    private void StopWhenIdle()
    {
        if (_stopping && !_writing && _queue.Count == 0)
        {
            Context.Stop(Self);
        }
    }

    private static int RowsOf(IHashBucketWrite command) => command switch
    {
        SightAndLookup c => c.Sightings.Length,
        RecordBucketOpinions c => c.Opinions.Length,
        ImportHashes c => c.Rows.Length,
        ChangeQuarantine c => c.Hashes.Length + c.Rows.Length,
        _ => 1,
    };

    private static int RowsOf(HashesRecorded e)
    {
        var rows = e.Sightings.Length + e.Delivered.Length + e.Quarantined.Length;
        foreach (var group in e.Opinions)
        {
            rows += group.Rows.Length;
            foreach (var part in group.Packed)
            {
                rows += part.Hashes.Length / ContentHash.LengthOf(e.Bucket.Algorithm);
            }
        }

        return rows;
    }
}

/// <summary>
/// Wakes every bucket after its node's start, those of PDQ first because each near search needs all of them, a few at a time: the next one when one
/// answers. Again slowly for ever: a bucket that stopped with an unfinished fan-out (node gone, database gone) goes on without waiting for other
/// traffic. Asking an awake bucket costs one message.
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
    private readonly TimeProvider _time;
    private readonly Queue<HashBucketId> _left = new();
    private readonly Dictionary<HashBucketId, (long First, long Last)> _asked = [];
    private readonly HashSet<HashBucketId> _answered = [];
    private int _inUse;
    private bool _again;

    public HashBucketWaker(IActorRef buckets, HashBucketOptions options, TimeProvider time)
    {
        (_buckets, _options, _time) = (buckets, options, time);
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
            _inUse = found.Buckets.Length;
            _answered.Clear();
            if (!_again)
            {
                Say(asked: false);
            }

            foreach (var id in found.Buckets.OrderByDescending(id => id.Algorithm))
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
        foreach (var late in _asked.Where(a => _time.GetElapsedTime(a.Value.First) > Patience || (!_again && IsStuck(a.Key))).Select(a => a.Key).ToList())
        {
            _asked.Remove(late);
        }

        foreach (var (id, at) in _asked.Where(a => !_again && _time.GetElapsedTime(a.Value.Last) > AskAgain).ToList())
        {
            _asked[id] = at with { Last = _time.GetTimestamp() };
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
            _asked[id] = (_time.GetTimestamp(), _time.GetTimestamp());
            _buckets.Tell(new GetBucketStats { Bucket = id });
        }
    }

    private bool IsStuck(HashBucketId id) => _options.Stuck?.IsStuck($"hash-bucket-{id}") == true;

    private void Say(bool asked) => _options.Loading?.Set(new HashBucketsLoaded(
        _inUse, _answered.Count, asked && _answered.Count < _inUse ? HashBucketId.All.Count(id => !_answered.Contains(id) && IsStuck(id)) : 0, asked));

    /// <summary>A bucket without a single event owes nobody anything: it is not woken, which spares a new node a thousand recoveries.</summary>
    private void Look()
    {
        if (_options.WithEvents is { } withEvents)
        {
            withEvents().PipeTo(Self, Self, ids => new Found(ids));
        }
        else
        {
            Self.Tell(new Found([.. HashBucketId.All]));
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

/// <summary>Sets hash buckets up on a node.</summary>
public static class HashBucketHosting
{
    private const string TypeName = "hash-bucket";

    private static EntityExtractor<IHashBucketMessage> Extractor => new(m => m.Bucket.ToString());

    /// <summary>
    /// Hosts hash buckets on this node. <typeparamref name="TReportRegion"/> is the registry key of the report region or its proxy, which must be
    /// on this node too: changed verdicts go there.
    /// </summary>
    public static AkkaConfigurationBuilder AddHashBuckets<TReportRegion>(
        this AkkaConfigurationBuilder builder, HashBucketOptions? options = null, TimeProvider? time = null, string role = ClusterRoles.Hash)
    {
        var settings = options ?? new HashBucketOptions();
        builder.AddShardRegion<HashBucketRegion>(
            TypeName,
            (_, registry) => id => HashBucketActor.Props(
                HashBucketId.Parse(id), () => registry.TryGet<TReportRegion>(out var reports) ? reports : ActorRefs.Nobody, time ?? TimeProvider.System, settings),
            Extractor,
            // A bucket is dear to recover, and there are few: it stays.
            EntityShards.Options(role, TimeSpan.Zero));
        builder.WithActors((system, registry, _) => system
            .ActorOf(HashDoor.Props(registry.Get<HashBucketRegion>(), time ?? TimeProvider.System), HashDoor.Name)
            .StopBeforeShards(system));
        return settings.WakeAtOnce <= 0
            ? builder
            : builder.WithActors((system, registry, _) => system
                .ActorOf(Props.Create(() => new HashBucketWaker(registry.Get<HashBucketRegion>(), settings, time ?? TimeProvider.System)), "hash-bucket-waker")
                .StopBeforeShards(system));
    }

    /// <summary>Lets a node that holds no buckets reach them.</summary>
    public static AkkaConfigurationBuilder AddHashBucketProxy(this AkkaConfigurationBuilder builder, string role = ClusterRoles.Hash) =>
        builder.WithShardRegionProxy<HashBucketRegion>(TypeName, role, Extractor);
}
