using Akka.Event;
using Akka.Persistence;

namespace CPort.Actors.Hashes;

/// <summary>
/// Shell of one hash bucket. Writes are joined: a command that finds the bucket idle is written at once, those that come while a write is under way become the
/// next event together (400 commands at most; the wait is one database round trip, some 3 ms), with what reports have taken meanwhile. Answers go out after the
/// write. Lookups are answered from the state at once. A failed write stops the actor; callers ask again.
/// </summary>
public sealed class HashBucketActor : PersistentEntity, IWithTimers
{
    private readonly Func<IActorRef> _reports;
    private readonly HashBucketOptions _options;
    private readonly HashFanOut _fanOut;
    private readonly HashBucketTrust _trust;
    private readonly HashNearSearch? _near;
    private readonly List<(int Row, int Values)> _overMatching = [];
    private readonly HashBucketQueue _queue;
    private readonly HashBucketSnapshots _snapshots;
    private readonly HashDeliveries _delivered;
    private readonly long _began;
    private HashBucket _state;
    private bool _writing;
    private bool _stopping;

    public HashBucketActor(HashBucketId id, Func<IActorRef> reports, EntityShell shell, HashBucketOptions options)
        : base(EntityName.Of(id), shell)
    {
        (_reports, _options) = (reports, options);
        _state = HashBucket.New(id);
        (_queue, _snapshots) = (new HashBucketQueue(options), new HashBucketSnapshots(options));
        (_fanOut, _delivered) = (new HashFanOut(options, Time), new HashDeliveries(options));
        (_trust, _near) = (new HashBucketTrust(options.Agencies, _queue), id.Kind == HashBucketKind.Pdq ? new HashNearSearch() : null);
        _began = Time.GetTimestamp();

        Recover<SnapshotOffer>(offer =>
        {
            _state = HashBucket.From(offer.Snapshot as HashBucketImage ?? throw new InvalidDataException("A snapshot of another kind."));
            _snapshots.Begin(offer.Metadata.SequenceNr);
        });
        Recover<HashesRecorded>(e =>
        {
            _state = HashBucketRules.Apply(_state, e);
            _snapshots.Count(e);
        });
        Recover<RecoveryCompleted>(_ => OnRecovered());

        Command<IHashBucketWrite>(command =>
        {
            CPortTracing.Mark($"bucket {command.GetType().Name}", command.TraceParents);
            _trust.Compare(_state, command.Speakers);
            _queue.Add(command, Sender);
            Flush();
        });
        Command<VerdictsTaken>(taken =>
        {
            _delivered.Add(_fanOut.Acknowledge(taken));
            Flush();
            Tell(_fanOut.First(_state));
            StartTimer(Tick.Delivered, _options.DeliveredAfter, !_delivered.IsEmpty);
        });
        Command<LookupHashes>(q => Sender.Tell(HashBucketAnswers.Verdicts(_state, q.RequestId, q.Hashes)));
        Command<SearchNear>(Search);
        Command<IHashBucketQuestion>(q => Sender.Tell(HashBucketAnswers.Of(q, _state, LastSequenceNr)));
        Command<GetBucketStats>(_ =>
        {
            Sender.Tell(HashBucketAnswers.Stats(_state, _fanOut, _near));
            LookAtTrust();
        });
        Command<DirectoryMoved>(_ => LookAtTrust());
        Command<Tick>(tick => tick == Tick.FanOut, _ => Tell());
        Command<Tick>(_ => WriteDelivered());
        Command<SaveSnapshotSuccess>(OnSnapshotSaved);
        Command<SaveSnapshotFailure>(f =>
            Log.Warning(f.Cause, "Snapshot of {0} at {1} failed; the next one comes later", PersistenceId, f.Metadata.SequenceNr));
        Command<DeleteSnapshotsSuccess>(_ => { });
        Command<DeleteSnapshotsFailure>(f => Log.Warning(f.Cause, "Old snapshots of {0} were not deleted", PersistenceId));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public override Recovery Recovery => Recovery.Default;

    /// <summary><paramref name="reports"/> gives the report region; asked each time it is needed, because regions start in no fixed order.</summary>
    public static Props Props(HashBucketId id, Func<IActorRef> reports, EntityShell shell, HashBucketOptions options) =>
        Akka.Actor.Props.Create(() => new HashBucketActor(id, reports, shell, options));

    protected override void PostStop()
    {
        _trust.Dispose();
        base.PostStop();
    }

    protected override void OnStop()
    {
        _stopping = true;
        WriteDelivered();
        StopWhenIdle();
    }

    private void WriteDelivered()
    {
        _delivered.SetDue();
        Flush();
    }

    private void OnRecovered()
    {
        _near?.Load(_state);
        _fanOut.Track(_state);
        if (LastSequenceNr > 0)
        {
            HashInstruments.OnRecovered(Time.GetElapsedTime(_began));
        }

        Tell();
        LookAtTrust();
    }

    /// <summary>Brings the words here to their agencies' present trust.</summary>
    private void LookAtTrust()
    {
        _trust.Watch(Self);
        _trust.Compare(_state, _state.Trust.Select(t => t.Agency));
        Flush();
    }

    private void Flush()
    {
        while (!_writing && (!_queue.IsEmpty || _delivered.AreDue))
        {
            var (batch, now) = (_queue.Take(), Time.GetUtcNow());
            var delivered = _delivered.AreDue ? _delivered.Take() : [];
            var decision = HashBucketRules.Decide(_state, batch.Commands, delivered, _options.Quarantine, now);
            if (decision.Event is not { } decided)
            {
                HashBucketAnswers.Send(batch, decision.Outcomes, _state);
                continue;
            }

            Write(_delivered.IsEmpty ? decided : decided with { Delivered = _delivered.Take() }, batch, decision.Outcomes);
        }
    }

    private void Write(HashesRecorded decided, HashBucketBatch batch, ImmutableArray<HashBucketOutcome> outcomes)
    {
        _writing = true;
        var began = Time.GetTimestamp();
        PersistAsync(decided, e =>
        {
            _writing = false;
            HashInstruments.OnBatchWritten(batch.Commands.Sum(HashBucketRows.ReportsOf), HashBucketRows.Of(e), Time.GetElapsedTime(began));
            _state = HashBucketRules.Apply(_state, e);
            HashBucketAnswers.Send(batch, outcomes, _state);
            AfterApply(e);
            _snapshots.Count(e);
            if (_snapshots.IsDue(LastSequenceNr, _state.Count))
            {
                SaveSnapshot(_state.ToSnapshot());
            }

            Flush();
            StopWhenIdle();
        });
    }

    private void AfterApply(HashesRecorded e)
    {
        // A million rows of which nobody is to be told need no second look.
        foreach (var row in HashBucketRows.ChangedBy(e, _state, imported: _near is not null || _state.Pending.Count > 0, sighted: _near is not null))
        {
            _near?.Update(_state, row);
            if (_state.IsPending(row))
            {
                _fanOut.Track(_state, row);
            }
        }

        foreach (var quarantined in e.Quarantined.Select(q => q.State).Where(q => q is { Released: false, By: null }))
        {
            HashInstruments.OnQuarantined(quarantined.Reason);
            Log.Warning("A hash of {0} went into quarantine ({1}); see /v1/hashes/quarantine", PersistenceId, quarantined.Reason);
        }

        _fanOut.Settle(_state, e.Delivered);
        Tell();
    }

    private void Search(SearchNear query)
    {
        Sender.Tell(_near?.Search(_state, query, _options.Quarantine.NearValues, _overMatching) ?? HashBucketAnswers.Nothing(query));
        foreach (var (row, values) in _overMatching)
        {
            _queue.AddOverMatching(_state.Id, row, values, Time.GetUtcNow());
        }

        _overMatching.Clear();
        Flush();
    }

    private void Tell()
    {
        Tell([.. _fanOut.Again(_state), .. _fanOut.First(_state)]);
    }

    private void Tell(IReadOnlyList<TakeVerdicts> messages)
    {
        foreach (var message in messages)
        {
            HashInstruments.OnReportTold();
            _reports().Tell(message, Self);
        }

        StartTimer(Tick.FanOut, _options.FanOutRetry / 2, _fanOut.Waiting);
    }

    private void StartTimer(Tick tick, TimeSpan after, bool needed)
    {
        if (needed && !Timers.IsTimerActive(tick))
        {
            Timers.StartSingleTimer(tick, tick, after);
        }
    }

    private void OnSnapshotSaved(SaveSnapshotSuccess saved)
    {
        if (_snapshots.Saved(saved.Metadata.SequenceNr) is { } superseded)
        {
            DeleteSnapshots(new SnapshotSelectionCriteria(superseded));
        }
    }

    private void StopWhenIdle()
    {
        if (_stopping && !_writing && _queue.IsEmpty && !_delivered.AreDue)
        {
            Context.Stop(Self);
        }
    }

    private enum Tick
    {
        FanOut,
        Delivered,
    }
}
