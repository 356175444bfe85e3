using Akka.Event;
namespace CPort.Actors.Projections;

/// <summary>
/// This node's part in writing the read tables: advances the slices that <see cref="ProjectionActor"/> last named, batch after batch, up to where the journal
/// is complete, and compares their recent reports with the journal now and then. It does not write rows itself (<see cref="Projector"/>).
/// </summary>
public sealed class ProjectionWriterActor : ReceiveActor, IWithTimers
{
    /// <summary>Where it is found: <c>/user/projection-writer</c>.</summary>
    public const string Name = "projection-writer";

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    /// <summary>What a node does for one table set.</summary>
    private sealed class Work(Projector projector)
    {
        public Projector Projector { get; } = projector;

        public ImmutableArray<int> Slices { get; set; } = [];

        /// <summary>Those of the last advance.</summary>
        public ImmutableArray<int> TakenUp { get; set; } = [];

        public bool Busy { get; set; }

        /// <summary>Faults in a row; after one it waits before it tries again.</summary>
        public int Faults { get; set; }

        public bool Waiting { get; set; }
    }

    private readonly ProjectionServices _services;
    private readonly ReadTables _tables;
    private readonly JournalReader _journal;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<int, Work> _work = [];
    private long _horizon;

    public ProjectionWriterActor(ProjectionServices services)
    {
        _services = services;
        _tables = new ReadTables(services.Database, services.UrlKeys);
        _journal = new JournalReader(services.Database, services.Journal);

        Receive<ProjectUpTo>(On);
        Receive<Advanced>(On);
        Receive<TryAgain>(m =>
        {
            if (_work.TryGetValue(m.Set, out var work))
            {
                work.Waiting = false;
                Advance(work);
            }
        });
        Receive<ReconcileNow>(_ => ReconcileRecent());
        Receive<ReconcilePart>(On);
        Receive<ProjectionsReconciled>(m =>
        {
            if (m.Mended > 0)
            {
                _log.Warning("{0} reports in the read tables were behind the journal and are mended.", m.Mended);
            }
        });
        Receive<Status.Failure>(f => _log.Warning("Reports could not be compared with the journal ({0}).", DatabaseFault.InWords(f.Cause)));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() =>
        Timers.StartPeriodicTimer(nameof(ReconcileNow), ReconcileNow.Instance, _services.Options.ReconcileEvery, _services.Options.ReconcileEvery);

    private void On(ProjectUpTo message)
    {
        _horizon = message.Horizon;
        foreach (var gone in _work.Keys.Except(message.Parts.Select(p => p.Set)).ToArray())
        {
            // What is under way ends by itself; its tables are kept for a while yet.
            _work.Remove(gone);
        }

        foreach (var part in message.Parts)
        {
            var work = Of(part);
            if (!work.Slices.IsEmpty)
            {
                Advance(work);
            }
        }
    }

    private Work Of(ProjectionPart part)
    {
        if (!_work.TryGetValue(part.Set, out var work))
        {
            _work.Add(part.Set, work = new Work(new Projector(_tables, part.Set, _journal, _services.Seam, _services.UrlKeys, _services.Time, _services.Options,
                _log, _services.Tail)));
        }

        work.Slices = part.Slices;
        return work;
    }

    private void Advance(Work work)
    {
        if (work.Busy || work.Waiting || work.Slices.IsEmpty || (work.Projector.Position >= _horizon && work.Slices.SequenceEqual(work.TakenUp)))
        {
            return;
        }

        work.Busy = true;
        work.TakenUp = work.Slices;
        AdvanceAsync(work.Projector, work.Slices, _horizon)
            .PipeTo(Self, Self, advanced => advanced, e => new Advanced(work.Projector.Set, _horizon, false) { Fault = e });
    }

    private static async Task<Advanced> AdvanceAsync(Projector projector, ImmutableArray<int> slices, long horizon)
    {
        using var hop = CPortMetrics.TimeHop(CPortMetrics.ProjectHop);
        return new Advanced(projector.Set, horizon, await projector.AdvanceAsync(slices, horizon).ConfigureAwait(false));
    }

    private void On(Advanced advanced)
    {
        if (!_work.TryGetValue(advanced.Set, out var work))
        {
            return;
        }

        work.Busy = false;
        if (advanced.Fault is { } fault)
        {
            // Two nodes meet at a slice for a moment whenever slices move: no news.
            if (fault is not ProjectionFencedException)
            {
                _log.Warning("Table set {0} could not be advanced ({1}); it is tried again.", advanced.Set, DatabaseFault.InWords(fault));
            }

            var wait = TimeSpan.FromMilliseconds(200 * (1 << Math.Min(work.Faults++, 6)));
            work.Waiting = true;
            Timers.StartSingleTimer($"{nameof(TryAgain)}-{advanced.Set}", new TryAgain(advanced.Set), wait < LongestWait ? wait : LongestWait);
            return;
        }

        work.Faults = 0;
        if (!advanced.There || _horizon > advanced.Horizon)
        {
            Advance(work);
        }
    }

    private void ReconcileRecent()
    {
        foreach (var work in _work.Values.Where(w => !w.Slices.IsEmpty && w.Projector.Position >= 0))
        {
            work.Projector.ReconcileAsync(all: false).PipeTo(Self, Self, mended => new ProjectionsReconciled { Mended = mended }, e => new Status.Failure(e));
        }
    }

    private void On(ReconcilePart message)
    {
        var works = message.Parts.Select(Of).Where(w => !w.Slices.IsEmpty).ToArray();
        Task.WhenAll(works.Select(w => ReconcileAllAsync(w.Projector, w.Slices))).PipeTo(
            Sender, Self, parts => parts.Aggregate(new ProjectionsReconciled { Mended = 0 }, (all, part) => all.And(part)),
            e => new ProjectionUnavailable { Reason = DatabaseFault.InWords(e) });
    }

    /// <summary>What is behind first, so that what differs then was changed.</summary>
    private async Task<ProjectionsReconciled> ReconcileAllAsync(Projector projector, ImmutableArray<int> slices)
    {
        var mended = await projector.ReconcileAsync(slices, all: true).ConfigureAwait(false);
        var found = await projector.CompareAsync(slices).ConfigureAwait(false);
        foreach (var (reports, reason) in new[] { (found.Changed, "Changed"), (found.Unproven, "NotInJournal") })
        {
            foreach (var report in reports)
            {
                _services.Doubts?.Note(DoubtfulPlace.ReadTables, $"report {report}", reason);
            }
        }

        return new ProjectionsReconciled
        {
            Mended = mended, Changed = found.Changed.Length, Unproven = found.Unproven.Length,
            Reports = [.. found.Changed.Concat(found.Unproven).Distinct().Take(ProjectionsReconciled.Named)],
        };
    }

    private sealed record Advanced(int Set, long Horizon, bool There) : INoSerializationVerificationNeeded
    {
        public Exception? Fault { get; init; }
    }

    private sealed record TryAgain(int Set) : INoSerializationVerificationNeeded;

    private sealed class ReconcileNow : INotInfluenceReceiveTimeout
    {
        public static readonly ReconcileNow Instance = new();
    }
}
