using Akka.Persistence;
using CPort.Domain.Reports.Verbs;

namespace CPort.Actors.Reports;

/// <summary>
/// The shell around one report: receives commands, has <see cref="ReportRules"/> decide, persists, applies, and only then answers. The report's automatic work
/// goes in one <see cref="WorkRound"/> at a time: its answers are taken over in one write, and the next starts if something is still owed. It does not own hash
/// verdicts (<c>HashBucketActor</c>) or read tables (<c>Projections</c>).
/// </summary>
public sealed class ReportActor : PersistentEntity, IWithTimers
{
    private readonly ReportActorServices _services;
    private readonly IActorRef _matching;
    private readonly ReportId _id;
    private readonly SubmissionParts _parts = new();
    private readonly VerdictNews _news = new();
    private Report _report = Report.None;
    private WorkRound? _round;

    /// <summary>The recorded trace of the last command, under which the automatic work that it causes goes on.</summary>
    private string? _trace;
    private int _failedRounds;

    /// <summary>A round failed; the next one starts by the timer or when the report is woken.</summary>
    private bool _waiting;

    public ReportActor(string entityId, ReportActorServices services, IActorRef matching)
        : base(EntityName.Of(ReportId.Parse(entityId)), services.Shell)
    {
        _services = services;
        _matching = matching;
        _id = ReportId.Parse(entityId);

        Recover<IReportEvent>(e => _report = ReportRules.Apply(_report, e));
        Recover<RecoveryCompleted>(_ => ContinueWork());

        Command<SubmitReport>(Submit);
        Command<IReportCommand>(Handle);
        Command<TakeVerdicts>(Take);
        Command<News>(_ => TakeNews());
        Command<GetReport>(q =>
        {
            Sender.Tell(ReportViews.Page(_report, q, _services.Seam, _services.Environment).Cut());
            LeaveUnless(_report.Exists);
        });
        Command<GetHistory>(ReadHistory);
        Command<PreviewReportChange>(q => Sender.Tell(
            ReportPreview.Of(_report, q, ReportSealing.Seal(_services.Seam, _report, q.Command!), _services.Environment())));
        Command<RoundAnswer>(Answered);
        Command<NextRound>(_ => OnWoken());
        Command<PartOfRound>(_ => TakePart());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void OnWoken()
    {
        _waiting = false;
        ContinueWork();
    }

    private void Submit(SubmitReport part)
    {
        if (part.PartCount <= 1)
        {
            Handle(part);
        }
        else if (!_parts.Fit(part))
        {
            Sender.Tell(new CommandReply
            {
                ReportId = _id, Outcome = CommandOutcome.Rejected, Code = RejectionCode.PartsOutOfOrder,
                Detail = "Parts of the submission are missing; send it again from the first part.",
            });
        }
        else if (_parts.Whole() is { } whole)
        {
            Handle(whole);
        }
        else
        {
            Sender.Tell(new CommandReply { ReportId = _id, Outcome = CommandOutcome.PartReceived });
        }
    }

    private void Handle(IReportCommand command)
    {
        using var activity = CPortTracing.Continue($"report {command.GetType().Name}", command.Context.TraceParent);
        _trace = CPortTracing.Recorded(activity?.Id ?? command.Context.TraceParent);
        var decision = Decide(ReportSealing.Seal(_services.Seam, _report, command));
        CPortMetrics.CommandAnswered(command.GetType().Name, decision.Reply.Outcome.ToString());
        var sender = Sender;
        Commit(decision, reply => sender.Tell(reply));
        LeaveUnless(_report.Exists || !decision.Events.IsEmpty);
    }

    private ReportDecision Decide(IReportVerb verb) => ReportRules.Decide(_report, verb, _services.Environment());

    private void Take(TakeVerdicts message)
    {
        if (!_report.Exists)
        {
            // The bucket saw a hash of a submission that never became durable; there is nobody to tell.
            Sender.Tell(new VerdictsTaken { ReportId = _id, FanOutId = message.FanOutId });
        }
        else if (_news.Add(message, Sender))
        {
            Timers.StartSingleTimer(News.Instance, News.Instance, _services.NewsWindow);
        }
    }

    private void TakeNews()
    {
        var (verdicts, senders) = _news.Take(_report);
        Commit(Decide(new CompleteAutomaticWork { ReportId = _id, Context = OwnContext(), Verdicts = verdicts }), _ => Answer(senders));
    }

    private void Answer(ImmutableArray<(TakeVerdicts Message, IActorRef Sender)> senders)
    {
        foreach (var (message, sender) in senders)
        {
            sender.Tell(new VerdictsTaken { ReportId = _id, FanOutId = message.FanOutId });
        }
    }

    private CommandContext OwnContext() => CommandContext.OfSystem(_report.Tenant, Time.GetUtcNow());

    /// <summary>Persists all events of a decision together, then applies them, answers, and sees whether automatic work is owed.</summary>
    private void Commit(ReportDecision decision, Action<CommandReply> answer)
    {
        if (decision.Events.IsEmpty)
        {
            answer(decision.Reply);

            // What is owed to the state waits for its next event; news that wait for a look-up have none. Never before an event is applied: the round would
            // ask once more for what has just come.
            if (_news.WantsLookup)
            {
                ContinueWork();
            }

            return;
        }

        var (started, now, left) = (Time.GetTimestamp(), Time.GetUtcNow(), decision.Events.Length);
        PersistAll(decision.Events.Select(e => e.Stamped(Stamp(e.Meta, now), e.Receipt)), e =>
        {
            _report = ReportRules.Apply(_report, e);
            if (--left == 0)
            {
                CPortMetrics.Hop(CPortMetrics.PersistHop, Time.GetElapsedTime(started));
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
            .PipeTo(Sender, Self, events => ReportViews.History(report, query, events, _services.Seam).Cut());
        LeaveUnless(report.Exists);
    }

    private void ContinueWork()
    {
        if (_round is not null || _waiting || !(_report.HasUnfinishedWork() || (_report.Exists && _news.WantsLookup)))
        {
            return;
        }

        _round = new WorkRound(_report, _news.Lookup(), _services, _trace);
        _round.Ask(_matching, Self);

        // Routing alone needs no answer from outside.
        FinishWhenAnswered(_round);
    }

    private void Answered(RoundAnswer answer)
    {
        if (_round != answer.Round)
        {
            return;
        }

        _round.Take(answer);
        FinishWhenAnswered(_round);
        if (_round is { Brought: true } && !Timers.IsTimerActive(PartOfRound.Instance))
        {
            Timers.StartSingleTimer(PartOfRound.Instance, PartOfRound.Instance, _report.Urgent ? TimeSpan.Zero : _services.RoundPatience);
        }
    }

    /// <summary>What has come is taken over when the rest keeps one waiting: a country is given its item though a hash bucket is silent.</summary>
    private void TakePart()
    {
        if (_round is { Brought: true } round)
        {
            Commit(Decide(_news.With(_report, round.TakeOut(_id, OwnContext()))), _ => { });
        }
    }

    private void FinishWhenAnswered(WorkRound round)
    {
        if (round.Awaiting > 0)
        {
            return;
        }

        _round = null;
        Timers.Cancel(PartOfRound.Instance);
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
        Commit(Decide(_news.With(_report, round.TakeOut(_id, OwnContext()))), _ =>
        {
            CPortMetrics.Hop(CPortMetrics.AssignHop, Time.GetElapsedTime(round.Started));
            Answer(_news.Told(_report, round.Failed));
        });
    }

    private sealed class PartOfRound : INotInfluenceReceiveTimeout
    {
        public static readonly PartOfRound Instance = new();
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
