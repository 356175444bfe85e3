using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Cluster.Sharding;
using Akka.Event;
using Akka.Hosting;
using Akka.Persistence;
using CPort.Actors.Cluster;
using CPort.Actors.Matching;
using CPort.Actors.Persistence;
using CPort.Actors.Routing;
using CPort.Actors.Telemetry;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Confidential;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;

namespace CPort.Actors.Reports;

/// <summary>
/// The shell around one report: receives commands, has <see cref="ReportRules"/> decide, persists, applies, and only then answers. It owns the report's
/// automatic work (trace, match, propagate) as one round at a time: ask outside, take the answers over in one write, start again if something is
/// still owed. It does not own hash verdicts (<c>HashBucketActor</c>) or read tables (<c>Projections</c>).
/// </summary>
public sealed class ReportActor : ReceivePersistentActor, IWithTimers
{
    private readonly ReportActorServices _services;
    private readonly IActorRef _matching;
    private readonly ReportId _id;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<SubmitReport> _parts = [];
    private readonly List<(TakeVerdicts Message, IActorRef Sender)> _news = [];
    private Report _report = Report.None;
    private WorkRound? _round;

    /// <summary>The recorded trace of the last command, under which the automatic work that it causes goes on.</summary>
    private string? _trace;
    private int _failedRounds;

    /// <summary>A round failed; the next one starts by the timer or when the report is woken.</summary>
    private bool _waiting;

    public ReportActor(string entityId, ReportActorServices services, IActorRef matching)
    {
        _services = services;
        _matching = matching;
        _id = ReportId.Parse(entityId);
        PersistenceId = PersistenceIdOf(_id);

        Recover<IReportEvent>(e => _report = ReportRules.Apply(_report, e));
        Recover<RecoveryCompleted>(_ => ContinueWork());

        Command<SubmitReport>(Submit);
        Command<IReportCommand>(Handle);
        Command<TakeVerdicts>(Take);
        Command<News>(_ => TakeNews());
        Command<GetReport>(q => Sender.Tell(ReportViews.Page(_report, q, _services.Seam)));
        Command<GetHistory>(ReadHistory);
        Command<WakeReport>(Wake);
        Command<RoundAnswer>(Answered);
        Command<NextRound>(_ => WorkAgain());
        Command<StopEntity>(_ => Context.Stop(Self));
    }

    public override string PersistenceId { get; }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>Reports are short and take no snapshots; asking for one would cost a query a report (design.md, performance facts).</summary>
    public override Recovery Recovery => new(SnapshotSelectionCriteria.None);

    public static string PersistenceIdOf(ReportId id) => $"report-{id}";

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        // The actor stops; the caller gets no answer, asks again, and finds what the journal really holds. With the database away every report
        // in flight fails alike: counted each (by the journal), said once in a while. The base class would log each with a stack trace.
        //
        // A fenced write has been told of by the journal, with its entity.
        if (cause is not FencedException && _services.MaySayAgain())
        {
            _log.Warning("Reports cannot persist ({0}); they stop and are read anew at the next message.", DatabaseFault.InWords(cause));
        }
    }

    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        _services.Stuck.Note(PersistenceId, LastSequenceNr, reason);
        if (_services.Stuck.IsStuck(PersistenceId) || _services.MaySayAgain())
        {
            _log.Error("Report {0} cannot be read from the journal after event {1} ({2}).", _id, LastSequenceNr, DatabaseFault.InWords(reason));
        }
    }

    /// <summary>Parts of a large submission are gathered in memory; only the last one decides.</summary>
    private void Submit(SubmitReport part)
    {
        if (part.PartCount <= 1)
        {
            Handle(part);
            return;
        }

        if (part.Part == 0)
        {
            _parts.Clear();
        }

        var fits = part.Part == _parts.Count
            && (_parts.Count == 0 || (_parts[0].Context.CommandId == part.Context.CommandId && _parts[0].Context.Caller.KeyId == part.Context.Caller.KeyId));
        if (!fits)
        {
            _parts.Clear();
            Sender.Tell(new CommandReply
            {
                ReportId = _id, Outcome = CommandOutcome.Rejected, Code = RejectionCode.PartsOutOfOrder,
                Detail = "Parts of the submission are missing; send it again from the first part.",
            });
            return;
        }

        _parts.Add(part);
        if (_parts.Count < part.PartCount)
        {
            Sender.Tell(new CommandReply { ReportId = _id, Outcome = CommandOutcome.PartReceived });
            return;
        }

        var whole = _parts[0] with { Items = [.. _parts.SelectMany(p => p.Items)], Part = 0, PartCount = 1 };
        _parts.Clear();
        Handle(whole);
    }

    private void Handle(IReportCommand command)
    {
        using var activity = CPortTracing.Continue($"report {command.GetType().Name}", command.Context.TraceParent);
        _trace = CPortTracing.Recorded(activity?.Id ?? command.Context.TraceParent);
        var decision = ReportRules.Decide(_report, ReportSealing.Seal(_services.Seam, _report, command), _services.Environment());
        CPortMetrics.CommandAnswered(command.GetType().Name, decision.Reply.Outcome.ToString());
        var sender = Sender;
        Commit(decision, reply => sender.Tell(reply));
    }

    /// <summary>
    /// News of verdicts come from several buckets at once (an item has up to five hashes); what comes within a few milliseconds is taken over in
    /// one write. The buckets send again until they are answered, so nothing is lost when the actor stops in between.
    /// </summary>
    private void Take(TakeVerdicts message)
    {
        if (!_report.Exists)
        {
            // The bucket saw a hash of a submission that never became durable; there is nobody to tell.
            Sender.Tell(new VerdictsTaken { ReportId = _id, FanOutId = message.FanOutId });
            return;
        }

        _news.Add((message, Sender));
        if (_news.Count == 1)
        {
            Timers.StartSingleTimer(News.Instance, News.Instance, _services.NewsWindow);
        }
    }

    private void TakeNews()
    {
        if (_news.Count == 0)
        {
            return;
        }

        var news = _news.ToArray();
        _news.Clear();

        // Of one item: all its news together, the newest verdict of each hash.
        var items = news.SelectMany(n => n.Message.Items).GroupBy(i => i.Ordinal).Select(g => new ItemVerdicts
        {
            Ordinal = g.Key, Exact = [.. g.SelectMany(i => i.Exact).GroupBy(v => v.Hash).Select(same => same.MaxBy(v => v.Version)!)],
        });
        var command = new CompleteAutomaticWork { ReportId = _id, Context = _services.SystemContext(_report.Tenant), Verdicts = [.. items] };
        Commit(ReportRules.Decide(_report, command, _services.Environment()), _ =>
        {
            foreach (var (message, sender) in news)
            {
                sender.Tell(new VerdictsTaken { ReportId = _id, FanOutId = message.FanOutId });
            }
        });
    }

    /// <summary>Persists all events of a decision together, then applies them, answers, and sees whether automatic work is owed.</summary>
    private void Commit(ReportDecision decision, Action<CommandReply> answer)
    {
        if (decision.Events.IsEmpty)
        {
            answer(decision.Reply);
            return;
        }

        var started = _services.Time.GetTimestamp();
        var recordedAt = _services.Time.GetUtcNow();
        var left = decision.Events.Length;
        PersistAll(decision.Events.Select(e => e.Stamped(e.Meta with { EventId = _services.NewEventId(), RecordedAt = recordedAt }, e.Receipt)), e =>
        {
            _report = ReportRules.Apply(_report, e);
            if (--left == 0)
            {
                CPortMetrics.Hop(CPortMetrics.PersistHop, _services.Time.GetElapsedTime(started));
                answer(decision.Reply);
                ContinueWork();
            }
        });
    }

    private void ReadHistory(GetHistory query)
    {
        var report = _report;
        var max = Math.Clamp(query.MaxEvents, 1, ReportLimits.PageRows);
        var from = Math.Max(1, query.FromSequence);
        _services.Journal.ReadAsync(PersistenceId, from, Math.Min(from + max - 1, report.Version))
            .PipeTo(Sender, Self, events => ReportViews.History(report, query, events, _services.Seam));
    }

    // ---- automatic work ----

    private void Wake(WakeReport wake)
    {
        if (wake.Version > LastSequenceNr)
        {
            // Somebody else wrote the rest: a node that stood still and took itself for this report's home. The key refuses only who writes second, and this
            // one, owing nothing that it knows of, would not write; asked for its state it would answer the old one.
            CPortMetrics.JournalFenced("report");
            _log.Warning("Report {0} has another writer: the journal has event {1}, its actor knows {2}. It stops and is read anew.", _id, wake.Version, LastSequenceNr);
            Context.Parent.Tell(new Passivate(StopEntity.Instance));

            // Kept by the shard until this one has ended; starts the next.
            Context.Parent.Tell(wake);
            return;
        }

        WorkAgain();
    }

    private void WorkAgain()
    {
        _waiting = false;
        ContinueWork();
    }

    private void ContinueWork()
    {
        if (_round is not null || _waiting || !_report.HasUnfinishedWork())
        {
            return;
        }

        var round = new WorkRound(_services.Time.GetTimestamp(), _trace);
        _round = round;
        Trace(round);
        Match(round);
        Propagate(round);

        // Routing alone needs no answer from outside.
        FinishWhenAnswered(round);
    }

    private void Trace(WorkRound round)
    {
        var owed = _report.Items.Where(i => i.NeedsTrace()).Take(ReportRules.ItemsPerPart).ToImmutableArray();
        if (owed.IsEmpty)
        {
            return;
        }

        round.Awaiting++;
        TraceAsync(_services, _report.DataKey!, owed).PipeTo(Self, Self,
            traces => new RoundAnswer(round, traces.Length < owed.Length) { Traces = traces },
            _ => new RoundAnswer(round, Failed: true));
    }

    /// <summary>Runs outside the actor: touches nothing of it. An item whose tracers failed for a passing reason is left out and tried again.</summary>
    private static async Task<ImmutableArray<ItemTrace>> TraceAsync(ReportActorServices services, WrappedKey key, ImmutableArray<ContentItem> items)
    {
        using var hop = CPortMetrics.TimeHop(CPortMetrics.TraceHop);
        var traces = ImmutableArray.CreateBuilder<ItemTrace>();
        foreach (var item in items)
        {
            if (await services.Tracer.TraceAsync(services.Seam.Open<ItemSecrets>(key, item.Secrets).Url, item.Hosting).ConfigureAwait(false) is { } facts)
            {
                traces.Add(new ItemTrace { Ordinal = item.Ordinal, Facts = facts });
            }
        }

        return traces.ToImmutable();
    }

    private void Match(WorkRound round)
    {
        var owed = _report.Items.Where(i => i.NeedsMatch()).ToImmutableArray();
        if (owed.IsEmpty)
        {
            return;
        }

        var started = _services.Time.GetTimestamp();
        AskMatching(round, new MatchReport(_id, [.. owed.Select(i => new ItemHashes { Ordinal = i.Ordinal, Hashes = i.Hashes, PdqQuality = i.PdqQuality })]) { TraceParent = round.Trace }, answer =>
        {
            CPortMetrics.Hop(CPortMetrics.MatchHop, _services.Time.GetElapsedTime(started));
            return answer is ReportMatched matched ? new RoundAnswer(round, Failed: false) { Verdicts = matched.Items } : null;
        });
    }

    private void Propagate(WorkRound round)
    {
        var owed = _report.Items.SelectMany(i => i.Unpropagated().Select(a => (Item: i, Assessment: a))).Take(ReportRules.ItemsPerPart).ToImmutableArray();
        if (owed.IsEmpty)
        {
            return;
        }

        // A corrected opinion needs no retraction of its own: a source's later opinion replaces its earlier one.
        var opinions = owed.SelectMany(p => p.Item.Hashes.Select(hash => new OpinionOnHash
        {
            Hash = hash,
            Opinion = new Domain.Hashes.HashOpinion
            {
                Agency = p.Assessment.Agency, Basis = Domain.Hashes.OpinionBasis.Human, Classification = p.Assessment.Classification,
                Country = p.Assessment.Country, Trust = p.Assessment.Trust, At = p.Assessment.At, Item = new ItemRef(_id, p.Item.Ordinal),
            },
        }));
        AskMatching(round, new RecordOpinions(_id, [.. opinions]) { TraceParent = round.Trace }, answer => answer is OpinionsRecorded
            ? new RoundAnswer(round, Failed: false)
            {
                Propagated = [.. owed.Select(p => new AssessmentRef { Ordinal = p.Item.Ordinal, AssessmentId = p.Assessment.Id })],
            }
            : null);
    }

    private void AskMatching(WorkRound round, object question, Func<object, RoundAnswer?> take)
    {
        round.Awaiting++;
        _matching.Ask<object>(question, _services.MatchTimeout).PipeTo(Self, Self,
            answer => take(answer) ?? new RoundAnswer(round, Failed: true),
            _ => new RoundAnswer(round, Failed: true));
    }

    private void Answered(RoundAnswer answer)
    {
        if (_round != answer.Round)
        {
            return;
        }

        var round = answer.Round;
        round.Awaiting--;
        round.Failed |= answer.Failed;
        round.Traces = round.Traces.AddRange(answer.Traces);
        round.Verdicts = round.Verdicts.AddRange(answer.Verdicts);
        round.Propagated = round.Propagated.AddRange(answer.Propagated);
        FinishWhenAnswered(round);
    }

    private void FinishWhenAnswered(WorkRound round)
    {
        if (round.Awaiting > 0)
        {
            return;
        }

        _round = null;
        if (round.Failed)
        {
            // What did not answer is asked again, ever more slowly; the sweeper would also find it, should this actor leave memory first.
            var wait = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(_failedRounds++, 4)));
            _waiting = true;
            Timers.StartSingleTimer(NextRound.Instance, NextRound.Instance, wait);
        }
        else
        {
            _failedRounds = 0;
        }

        using var activity = round.Trace is null ? null : CPortTracing.Continue($"report {nameof(CompleteAutomaticWork)}", round.Trace);
        var command = new CompleteAutomaticWork
        {
            ReportId = _id, Context = _services.SystemContext(_report.Tenant) with { TraceParent = round.Trace }, Traces = round.Traces, Verdicts = round.Verdicts, Propagated = round.Propagated,
            FullLookup = true,
        };
        var decision = ReportRules.Decide(_report, command, _services.Environment());
        Commit(decision, _ => CPortMetrics.Hop(CPortMetrics.AssignHop, _services.Time.GetElapsedTime(round.Started)));
    }

    private sealed class WorkRound(long started, string? trace)
    {
        public long Started { get; } = started;
        public string? Trace { get; } = trace;
        public int Awaiting { get; set; }
        public bool Failed { get; set; }
        public ImmutableArray<ItemTrace> Traces { get; set; } = [];
        public ImmutableArray<ItemVerdicts> Verdicts { get; set; } = [];
        public ImmutableArray<AssessmentRef> Propagated { get; set; } = [];
    }

    private sealed record RoundAnswer(WorkRound Round, bool Failed) : INoSerializationVerificationNeeded
    {
        public ImmutableArray<ItemTrace> Traces { get; init; } = [];
        public ImmutableArray<ItemVerdicts> Verdicts { get; init; } = [];
        public ImmutableArray<AssessmentRef> Propagated { get; init; } = [];
    }

    private sealed class News : INotInfluenceReceiveTimeout
    {
        public static readonly News Instance = new();
    }

    private sealed class NextRound : INotInfluenceReceiveTimeout
    {
        public static readonly NextRound Instance = new();
    }
}

/// <summary>What a report's actor needs from outside; made once a node.</summary>
public sealed class ReportActorServices
{
    public required ConfidentialSeam Seam { get; init; }
    public required IHostingTracer Tracer { get; init; }
    public required IReportJournal Journal { get; init; }
    public required StuckEntities Stuck { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>Today's members and policy; called once a command.</summary>
    public required Func<ReportEnvironment> Environment { get; init; }

    public Func<Guid> NewEventId { get; init; } = Guid.CreateVersion7;

    /// <summary>How long news of verdicts gather before they are taken over together.</summary>
    public TimeSpan NewsWindow { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A little above the matching actor's own patience.</summary>
    public TimeSpan MatchTimeout { get; init; } = TimeSpan.FromSeconds(15);

    private long _said;

    /// <summary>True at most once in five seconds, over all reports of the node.</summary>
    internal bool MaySayAgain()
    {
        var (last, now) = (Volatile.Read(ref _said), Time.GetTimestamp());
        return (last == 0 || Time.GetElapsedTime(last, now) > TimeSpan.FromSeconds(5)) && Interlocked.CompareExchange(ref _said, now, last) == last;
    }

    internal CommandContext SystemContext(Tenant tenant) =>
        new() { CommandId = CommandId.New(), Caller = Caller.System with { Tenant = tenant }, OccurredAt = Time.GetUtcNow() };
}

/// <summary>Registry key of the report shard region.</summary>
public sealed class ReportRegion;

public static class ReportHosting
{
    public const string TypeName = "report";

    /// <summary>Starts the report region on nodes of role <c>report</c>; needs <see cref="MatchingKey"/> to be registered before.</summary>
    public static AkkaConfigurationBuilder AddReports(this AkkaConfigurationBuilder builder, Func<ActorSystem, ReportActorServices> make) =>
        builder.AddShardRegion<ReportRegion>(
            TypeName,
            (system, registry) =>
            {
                var services = make(system);
                var matching = registry.Get<MatchingKey>();
                return id => Props.Create(() => new ReportActor(id, services, matching));
            },
            new EntityExtractor<IReportMessage>(m => m.ReportId.ToString()),
            EntityShards.Options(ClusterRoles.Report));
}
