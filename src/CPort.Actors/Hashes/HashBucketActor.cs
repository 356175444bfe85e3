using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Event;
using Akka.Hosting;
using Akka.Persistence;
using CPort.Actors.Agencies;
using CPort.Actors.Cluster;
using CPort.Actors.Matching;
using CPort.Actors.Reports;

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

    /// <summary>Events between snapshots.</summary>
    public int SnapshotEvery { get; init; } = 1_000;

    /// <summary>Reports told at the same time; those that have been asked twice do not count.</summary>
    public int FanOutInFlight { get; init; } = 256;

    /// <summary>First wait for a report's answer; doubles up to <see cref="FanOutRetryMax"/>.</summary>
    public TimeSpan FanOutRetry { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan FanOutRetryMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Buckets that each node wakes a second when it starts, so that interrupted fan-outs go on (later 20 a second); 0 switches waking off.</summary>
    public int WakePerSecond { get; init; } = 50;

    /// <summary>Which buckets have any event in the journal; null: all are taken to have.</summary>
    public Func<Task<ImmutableArray<HashBucketId>>>? WithEvents { get; init; }
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
    private readonly PdqIndex _near = new();
    private readonly Queue<(IHashBucketWrite Command, IActorRef Sender)> _queue = new();
    private readonly List<VerdictDelivered> _delivered = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private HashBucket _state;
    private bool _writing;
    private bool _stopping;
    private long _snapshotAt;

    public HashBucketActor(HashBucketId id, Func<IActorRef> reports, TimeProvider time, HashBucketOptions options)
    {
        (_reports, _time, _options) = (reports, time, options);
        _state = HashBucket.New(id);
        _fanOut = new HashFanOut(options, time);
        PersistenceId = $"hash-bucket-{id}";

        Recover<SnapshotOffer>(offer =>
        {
            _state = HashBucket.From((HashBucketSnapshot)offer.Snapshot);
            _snapshotAt = offer.Metadata.SequenceNr;
        });
        Recover<HashesRecorded>(e => _state = HashBucketRules.Apply(_state, e));
        Recover<RecoveryCompleted>(_ => OnRecovered());

        Command<IHashBucketWrite>(command =>
        {
            _queue.Enqueue((command, Sender));
            Flush();
        });
        Command<VerdictsTaken>(taken =>
        {
            _delivered.AddRange(_fanOut.Acknowledge(taken));
            Flush();
        });
        Command<LookupHashes>(q => Sender.Tell(Verdicts(q.RequestId, q.Hashes)));
        Command<SearchNear>(q => Sender.Tell(Search(q)));
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

    // The journal has said which entity was fenced, and counted it; the base class would add a stack trace. The actor stops in any case.
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        if (cause is not Persistence.FencedException)
        {
            base.OnPersistFailure(cause, @event, sequenceNr);
        }
    }

    // A rejected event (it could not be serialised) never reaches its callback: stop as for a failed write, or the queue would wait for ever.
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistRejected(cause, @event, sequenceNr);
        Context.Stop(Self);
    }

    private void OnRecovered()
    {
        if (_state.Id.Algorithm == HashAlgorithm.Pdq)
        {
            foreach (var hash in _state.Entries.Keys)
            {
                Index(hash);
            }
        }

        foreach (var hash in _state.Pending)
        {
            _fanOut.Track(_state, hash);
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
            var decision = HashBucketRules.Decide(_state, [.. batch.Select(b => b.Command)], delivered);
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
        foreach (var row in e.Opinions.SelectMany(o => o.Rows))
        {
            if (_state.Id.Algorithm == HashAlgorithm.Pdq)
            {
                Index(row.Hash);
            }

            if (_state.Pending.Contains(row.Hash))
            {
                _fanOut.Track(_state, row.Hash);
            }
        }

        foreach (var report in e.Delivered.Select(d => d.ReportId).Distinct())
        {
            _fanOut.Settle(_state, report);
        }

        Tell();
    }

    private void Index(ContentHash hash)
    {
        if (HashBucketRules.VerdictOf(_state, hash).IsKnown)
        {
            _near.Add(hash);
        }
        else
        {
            _near.Remove(hash);
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
                ImportHashes c => new HashesImported
                {
                    RequestId = c.RequestId, Added = o.Added, Changed = o.Changed, Unchanged = o.Unchanged, Ignored = o.Ignored,
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

    private NearFound Search(SearchNear query)
    {
        var answers = ImmutableArray.CreateBuilder<NearAnswer>();
        var weight = 0;
        foreach (var q in query.Queries)
        {
            var hits = TrapValues.IsTrap(q.Hash)
                ? new PdqHits([], false)
                : _near.Search(q.Hash, Math.Clamp(q.Radius, 0, PdqIndex.MaxRadius), Math.Clamp(q.MaxResults, 1, 100));
            var matches = ImmutableArray.CreateBuilder<NearMatch>(hits.Hits.Length);
            foreach (var hit in hits.Hits)
            {
                var verdict = HashBucketRules.VerdictOf(_state, hit.Hash);
                weight += HashBucketRules.WeightOf(verdict);
                matches.Add(new NearMatch { Distance = hit.Distance, Verdict = verdict });
            }

            if (weight > HashBucketLimits.PartBytes && answers.Count > 0)
            {
                break;
            }

            answers.Add(new NearAnswer { Matches = matches.DrainToImmutable(), Truncated = hits.Truncated });
        }

        return new NearFound { RequestId = query.RequestId, Answers = answers.DrainToImmutable() };
    }

    private BucketStats Stats() => new()
    {
        Bucket = _state.Id, Hashes = _state.Entries.Count, Sightings = _state.SightingCount, ReportsToTell = _fanOut.Count,
        Known = _state.Entries.Count(e => HashBucketRules.VerdictOf(e.Key, e.Value).IsKnown),
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
        if (LastSequenceNr - _snapshotAt >= _options.SnapshotEvery)
        {
            _snapshotAt = LastSequenceNr;
            SaveSnapshot(_state.ToSnapshot());
        }
    }

    // Keeps this snapshot and the one before.
    private void OnSnapshotSaved(SaveSnapshotSuccess saved)
    {
        var before = saved.Metadata.SequenceNr - (2L * _options.SnapshotEvery) + 1;
        if (before > 0)
        {
            DeleteSnapshots(new SnapshotSelectionCriteria(before));
        }
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
        _ => 1,
    };
}

/// <summary>
/// Wakes every bucket after its node's start, and again slowly for ever: a bucket that stopped with an unfinished fan-out (node gone, database
/// gone) goes on without waiting for other traffic. Waking an awake bucket costs one message.
/// </summary>
internal sealed class HashBucketWaker : ReceiveActor, IWithTimers
{
    private const int TicksPerSecond = 5;

    // After the first round: every bucket about once a minute.
    private const int LaterPerSecond = 20;

    private readonly IActorRef _buckets;
    private readonly HashBucketOptions _options;
    private readonly Queue<HashBucketId> _left = new();
    private int _perSecond;

    public HashBucketWaker(IActorRef buckets, HashBucketOptions options)
    {
        _buckets = buckets;
        _options = options;
        _perSecond = options.WakePerSecond;
        Receive<Tick>(_ => Wake());
        Receive<Found>(found =>
        {
            foreach (var id in found.Buckets)
            {
                _left.Enqueue(id);
            }

            Timers.StartSingleTimer(Tick.Instance, Tick.Instance, TimeSpan.FromSeconds(1.0 / TicksPerSecond));
        });
        Receive<Status.Failure>(_ => Timers.StartSingleTimer(Tick.Instance, Tick.Instance, TimeSpan.FromSeconds(10)));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Look();

    private void Wake()
    {
        for (var i = 0; i < Math.Max(1, _perSecond / TicksPerSecond); i++)
        {
            if (!_left.TryDequeue(out var id))
            {
                _perSecond = LaterPerSecond;
                Look();
                return;
            }

            _buckets.Tell(new WakeBucket { Bucket = id });
        }

        Timers.StartSingleTimer(Tick.Instance, Tick.Instance, TimeSpan.FromSeconds(1.0 / TicksPerSecond));
    }

    /// <summary>A bucket without a single event owes nobody anything: it is not woken, which spares a new node a thousand recoveries.</summary>
    private void Look()
    {
        if (_options.WithEvents is { } withEvents)
        {
            withEvents().PipeTo(Self, Self, ids => new Found(ids));
        }
        else
        {
            Self.Tell(new Found([.. HashBucketId.All.OrderByDescending(id => id.Algorithm)]));
        }
    }

    private sealed record Found(ImmutableArray<HashBucketId> Buckets) : INoSerializationVerificationNeeded;

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
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
        builder.WithShardRegion<HashBucketRegion>(
            TypeName,
            (_, registry, _) => id => HashBucketActor.Props(
                HashBucketId.Parse(id), () => registry.TryGet<TReportRegion>(out var reports) ? reports : ActorRefs.Nobody, time ?? TimeProvider.System, settings),
            Extractor,
            // A bucket is dear to recover, and there are few: it stays.
            EntityShards.Options(role, TimeSpan.Zero));
        return settings.WakePerSecond <= 0
            ? builder
            : builder.WithActors((system, registry, _) => system
                .ActorOf(Props.Create(() => new HashBucketWaker(registry.Get<HashBucketRegion>(), settings)), "hash-bucket-waker")
                .StopBeforeShards(system));
    }

    /// <summary>Lets a node that holds no buckets reach them.</summary>
    public static AkkaConfigurationBuilder AddHashBucketProxy(this AkkaConfigurationBuilder builder, string role = ClusterRoles.Hash) =>
        builder.WithShardRegionProxy<HashBucketRegion>(TypeName, role, Extractor);
}
