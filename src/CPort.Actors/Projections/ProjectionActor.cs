using Akka.Event;
using Akka.Cluster.Hosting;
using CPort.Actors.Cluster;
using CPort.Actors.Reports;
using CPort.Domain.Routing;

namespace CPort.Actors.Projections;

/// <summary>
/// Keeps the read tables current: looks how far the journal is complete, tells each node's <see cref="ProjectionWriterActor"/> which slices are its to advance
/// and how far, starts and finishes rebuilds, measures the lag. One in the cluster. It writes no rows and decides nothing about reports.
/// <para>
/// Slices go to the nodes that are up and heard of; a node's slices go to the others with the next message after it falls silent. Should two nodes believe that
/// a slice is theirs, the slice's position admits one (<see cref="ProjectionSlices"/>).
/// </para>
/// </summary>
public sealed class ProjectionActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan AnywayEvery = TimeSpan.FromSeconds(1);

    private readonly ProjectionServices _services;
    private readonly Func<ImmutableArray<Address>> _nodes;
    private readonly ReadTables _tables;
    private readonly JournalReader _journal;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly HashSet<int> _known = [];
    private readonly HashSet<int> _dropping = [];
    private readonly long _began;
    private ImmutableArray<TableSet> _live = [];
    private JournalHorizon _horizon = new();
    private TimeSpan _toldAt = TimeSpan.MinValue;
    private bool _looking;
    private bool _measuring;

    /// <param name="services">What it needs.</param>
    /// <param name="nodes">Where writers are now, in an order that all agree in.</param>
    public ProjectionActor(ProjectionServices services, Func<ImmutableArray<Address>> nodes)
    {
        (_services, _nodes) = (services, nodes);
        _tables = new ReadTables(services.Database, services.UrlKeys);
        _journal = new JournalReader(services.Database, services.Journal);
        _began = services.Time.GetTimestamp();

        Receive<Look>(_ => LookAround());
        Receive<Seen>(Take);
        Receive<Dropped>(d => _dropping.Remove(d.Set));
        Receive<Measure>(_ => MeasureJournal());
        Receive<Measured>(m => Tell(m.Horizon));
        Receive<RebuildProjections>(_ => Rebuild(Sender));
        Receive<ReconcileProjections>(_ => ReconcileAll(Sender));
        Receive<Status.Failure>(f => _log.Warning("The projection could not reach its tables ({0}); it tries again.", DatabaseFault.InWords(f.Cause)));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _services.Time.GetElapsedTime(_began);

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(Look), Look.Instance, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Timers.StartPeriodicTimer(nameof(Measure), Measure.Instance, _services.Options.LookEvery, _services.Options.LookEvery);
    }

    /// <summary>Once a second: which sets there are, what is to be started, switched or dropped, and how far behind the serving one is.</summary>
    private void LookAround()
    {
        if (_looking)
        {
            return;
        }

        _looking = true;
        LookAsync(_live.IsEmpty).PipeTo(Self, Self, seen => seen, e => new Seen([], default, default) { Fault = e });
    }

    private async Task<Seen> LookAsync(bool first)
    {
        var now = _services.Time.GetUtcNow();
        var sets = first ? await _tables.EnsureAsync(now).ConfigureAwait(false) : await _tables.SetsAsync().ConfigureAwait(false);
        var building = sets.FirstOrDefault(s => s.State == TableSetState.Building);
        if (building is not null && await _tables.TrySwitchAsync(building.Id, now).ConfigureAwait(false))
        {
            sets = await _tables.SetsAsync().ConfigureAwait(false);
        }

        if (building is null && sets.Any(s => s.State == TableSetState.Serving && !_tables.IsOfToday(s)))
        {
            // The rows' shape or meaning has changed, or the public suffix list: what serves goes on doing so until the new set has caught up.
            await _tables.CreateSetAsync(TableSetState.Building, now).ConfigureAwait(false);
            sets = await _tables.SetsAsync().ConfigureAwait(false);
        }

        foreach (var set in sets.Where(s => s.State != TableSetState.Retired))
        {
            await _tables.NoteOffsetAsync(set).ConfigureAwait(false);
        }

        var serving = sets.LastOrDefault(s => s.State == TableSetState.Serving);
        var lag = serving is null ? default : await _journal.LagAsync(serving.Position, default).ConfigureAwait(false);
        return new Seen(sets, lag, now);
    }

    private void Take(Seen seen)
    {
        _looking = false;
        if (seen.Fault is { } fault)
        {
            Self.Tell(new Status.Failure(fault));
            return;
        }

        CPortMetrics.ProjectionAt("reports", seen.Lag.Events, seen.Lag.Oldest is { } oldest && seen.At > oldest ? seen.At - oldest : TimeSpan.Zero);
        _live = [.. seen.Sets.Where(s => s.State != TableSetState.Retired && !s.Slices.IsEmpty)];
        foreach (var set in _live.Where(s => _known.Add(s.Id)))
        {
            _log.Info("Projecting into table set {0} ({1}, version {2}, {3} slices) from position {4}.", set.Id, set.State, set.Version, set.Slices.Length,
                set.Position);
        }

        foreach (var set in seen.Sets.Where(s => s.State == TableSetState.Retired))
        {
            if (_known.Remove(set.Id))
            {
                _log.Info("Table set {0} is replaced.", set.Id);
            }

            // Whether it worked or not shows at a later look.
            if (seen.At.UtcTicks - set.Since >= _services.Options.DropAfter.Ticks && _dropping.Add(set.Id))
            {
                _tables.DropAsync(set.Id).PipeTo(Self, Self, () => new Dropped(set.Id), _ => new Dropped(set.Id));
            }
        }

        // What is folded in was complete then, whoever looked.
        var folded = _live.SelectMany(s => s.Slices).Select(s => s.Position).DefaultIfEmpty(0).Max();
        _horizon = _horizon with { Safe = Math.Max(_horizon.Safe, folded) };
    }

    private void MeasureJournal()
    {
        if (_measuring || _live.IsEmpty)
        {
            return;
        }

        _measuring = true;
        LookAsync(_services, _journal, _horizon, Now).PipeTo(Self, Self, horizon => new Measured(horizon), _ => new Measured(null));
    }

    private static async Task<JournalHorizon> LookAsync(ProjectionServices services, JournalReader journal, JournalHorizon before, TimeSpan now) =>
        services.Tail is { } tail ? before with { Safe = await tail.HorizonAsync(before.Safe, default).ConfigureAwait(false) }
            : await journal.LookAsync(before, now, default).ConfigureAwait(false);

    /// <summary>Tells the writers at once when the journal has grown, and now and then anyway: a message may be lost, a node be new.</summary>
    private void Tell(JournalHorizon? measured)
    {
        _measuring = false;
        var grown = measured is not null && measured.Safe > _horizon.Safe;
        if (measured is not null)
        {
            _horizon = measured with { Safe = Math.Max(measured.Safe, _horizon.Safe) };
        }

        if (!grown && _toldAt != TimeSpan.MinValue && Now - _toldAt < AnywayEvery)
        {
            return;
        }

        _toldAt = Now;
        foreach (var (writer, parts) in Shares())
        {
            writer.Tell(new ProjectUpTo { Horizon = _horizon.Safe, Parts = parts });
        }
    }

    private ImmutableArray<(ActorSelection Writer, ImmutableArray<ProjectionPart> Parts)> Shares()
    {
        var nodes = _nodes();
        return [.. nodes.Select((node, i) => (
            Context.ActorSelection(new RootActorPath(node) / "user" / ProjectionWriterActor.Name),
            _live.Select(s => new ProjectionPart { Set = s.Id, Slices = ProjectionSlices.Of(s).ShareOf(i, nodes.Length) }).ToImmutableArray()))];
    }

    private void Rebuild(IActorRef asker)
    {
        if (_live.IsEmpty)
        {
            asker.Tell(new ProjectionUnavailable { Reason = "NotStarted" });
            return;
        }

        StartRebuildAsync().PipeTo(asker, Self, r => r, e => new ProjectionUnavailable { Reason = DatabaseFault.InWords(e) });
    }

    private async Task<RebuildStarted> StartRebuildAsync()
    {
        var running = (await _tables.SetsAsync().ConfigureAwait(false)).FirstOrDefault(s => s.State == TableSetState.Building);
        var set = running ?? await _tables.CreateSetAsync(TableSetState.Building, _services.Time.GetUtcNow()).ConfigureAwait(false);
        return new RebuildStarted { Set = set.Id, AlreadyRunning = running is not null };
    }

    private void ReconcileAll(IActorRef asker)
    {
        var asked = Shares().Select(s => s.Writer.Ask<IWireReply>(new ReconcilePart { Parts = s.Parts }, _services.Options.ReconcilePatience)).ToArray();
        if (asked.Length == 0)
        {
            asker.Tell(new ProjectionUnavailable { Reason = "NotStarted" });
            return;
        }

        Task.WhenAll(asked).PipeTo(
            asker, Self,
            answers => answers.OfType<ProjectionUnavailable>().FirstOrDefault() as object
                ?? answers.OfType<ProjectionsReconciled>().Aggregate(new ProjectionsReconciled { Mended = 0 }, (all, a) => all.And(a)),
            e => new ProjectionUnavailable { Reason = DatabaseFault.InWords(e) });
    }

    private sealed record Seen(ImmutableArray<TableSet> Sets, JournalLag Lag, DateTimeOffset At) : INoSerializationVerificationNeeded
    {
        public Exception? Fault { get; init; }
    }

    private sealed record Dropped(int Set) : INoSerializationVerificationNeeded;

    /// <summary><c>Horizon</c> null: the journal could not be looked at.</summary>
    private sealed record Measured(JournalHorizon? Horizon) : INoSerializationVerificationNeeded;

    private sealed class Look : INotInfluenceReceiveTimeout
    {
        public static readonly Look Instance = new();
    }

    private sealed class Measure : INotInfluenceReceiveTimeout
    {
        public static readonly Measure Instance = new();
    }
}
