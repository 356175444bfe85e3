using System.Collections.Immutable;
using Akka;
using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Event;
using Akka.Hosting;
using Akka.Pattern;
using Akka.Persistence.Query;
using Akka.Persistence.Sql.Query;
using Akka.Streams;
using Akka.Streams.Dsl;
using CPort.Actors.Cluster;
using CPort.Actors.Confidential;
using CPort.Actors.Persistence;
using CPort.Actors.Reports;
using CPort.Actors.Serialization;
using CPort.Actors.Telemetry;
using ProtoBuf;

namespace CPort.Actors.Projections;

/// <summary>Builds a new table set from the whole journal beside the one that serves, and switches when it has caught up. Answered by <see cref="RebuildStarted"/>.</summary>
[ProtoContract]
[Manifest("pc1")]
public sealed record RebuildProjections : IWireMessage;

/// <summary>A rebuild is under way.</summary>
[ProtoContract]
[Manifest("pr1")]
public sealed record RebuildStarted : IWireReply
{
    /// <summary>The set being built.</summary>
    [ProtoMember(1)] public required int Set { get; init; }

    /// <summary>It was under way before.</summary>
    [ProtoMember(2)] public bool AlreadyRunning { get; init; }
}

/// <summary>Compares every report with the journal and mends, also the stuck ones. Answered by <see cref="ProjectionsReconciled"/>.</summary>
[ProtoContract]
[Manifest("pc2")]
public sealed record ReconcileProjections : IWireMessage;

/// <summary>The comparison is done.</summary>
[ProtoContract]
[Manifest("pr2")]
public sealed record ProjectionsReconciled : IWireReply
{
    /// <summary>Reports whose rows were behind, missing or stuck and are right now.</summary>
    [ProtoMember(1)] public required int Mended { get; init; }
}

/// <summary>The request could not be carried out now; it is safe to repeat.</summary>
[ProtoContract]
[Manifest("pr3")]
public sealed record ProjectionUnavailable : IWireReply
{
    /// <summary>The kind of fault, without data.</summary>
    [ProtoMember(1)] public required string Reason { get; init; }
}

/// <summary>What the projection needs from outside; made once a node.</summary>
public sealed record ProjectionServices
{
    public required Database Database { get; init; }
    public required ConfidentialSeam Seam { get; init; }
    public required TimeProvider Time { get; init; }
    public ProjectionOptions Options { get; init; } = new();

    /// <summary>The read journal's plugin id.</summary>
    public string ReadJournal { get; init; } = SqlJournal.QueryPluginId;
}

/// <summary>
/// Keeps the read tables current: runs one stream from the journal into each live table set, starts and finishes rebuilds, compares with the journal,
/// measures the lag. One in the cluster. It does not write rows itself (<see cref="Projector"/>) and decides nothing about reports.
/// </summary>
public sealed class ProjectionActor : ReceiveActor, IWithTimers
{
    private readonly ProjectionServices _services;
    private readonly ReadTables _tables;
    private readonly JournalReader _journal;
    private readonly SqlReadJournal _events;
    private readonly IMaterializer _materializer = Context.Materializer();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<int, Follower> _followers = [];
    private readonly HashSet<int> _dropping = [];
    private bool _looking;

    public ProjectionActor(ProjectionServices services)
    {
        _services = services;
        _tables = new ReadTables(services.Database);
        _journal = new JournalReader(services.Database, Context.System);
        _events = PersistenceQuery.Get(Context.System).ReadJournalFor<SqlReadJournal>(services.ReadJournal);

        Receive<Look>(_ => LookAround());
        Receive<Seen>(Take);
        Receive<Dropped>(d => _dropping.Remove(d.Set));
        Receive<ReconcileNow>(_ => Reconcile(all: false));
        Receive<RebuildProjections>(_ => Rebuild(Sender));
        Receive<ReconcileProjections>(_ => ReconcileAll(Sender));
        Receive<ProjectionsReconciled>(m =>
        {
            if (m.Mended > 0)
            {
                _log.Warning("{0} reports in the read tables were behind the journal and are mended.", m.Mended);
            }
        });
        Receive<Status.Failure>(f =>
        {
            _looking = false;
            _log.Warning("The projection could not reach its tables ({0}); it tries again.", (f.Cause.InnerException ?? f.Cause).GetType().Name);
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(Look), Look.Instance, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Timers.StartPeriodicTimer(nameof(ReconcileNow), ReconcileNow.Instance, _services.Options.ReconcileEvery, _services.Options.ReconcileEvery);
    }

    protected override void PostStop()
    {
        foreach (var follower in _followers.Values)
        {
            follower.Stop.Shutdown();
        }
    }

    /// <summary>Once a second: which sets there are, what is to be started, switched or dropped, and how far behind the serving one is.</summary>
    private void LookAround()
    {
        if (_looking)
        {
            return;
        }

        _looking = true;
        LookAsync(_followers.Count == 0, [.. _followers.Values.Select(f => f.Projector)]).PipeTo(Self);
    }

    private async Task<Seen> LookAsync(bool first, ImmutableArray<Projector> projectors)
    {
        var now = _services.Time.GetUtcNow();
        var sets = first ? await _tables.EnsureAsync(now).ConfigureAwait(false) : await _tables.SetsAsync().ConfigureAwait(false);
        var building = sets.FirstOrDefault(s => s.State == TableSetState.Building);
        if (building is not null && projectors.FirstOrDefault(p => p.Set == building.Id) is { } builder
            && await builder.TrySwitchAsync().ConfigureAwait(false))
        {
            sets = await _tables.SetsAsync().ConfigureAwait(false);
        }

        if (building is null && sets.Any(s => s.State == TableSetState.Serving && s.Version != ReadTables.Version))
        {
            // The rows' shape or meaning has changed: what serves goes on doing so until the new set has caught up.
            await _tables.CreateSetAsync(TableSetState.Building, now).ConfigureAwait(false);
            sets = await _tables.SetsAsync().ConfigureAwait(false);
        }

        var serving = sets.LastOrDefault(s => s.State == TableSetState.Serving);
        var lag = serving is null ? default : await _journal.LagAsync(serving.Position, default).ConfigureAwait(false);
        return new Seen(sets, lag, now);
    }

    private void Take(Seen seen)
    {
        _looking = false;
        CPortMetrics.ProjectionAt("reports", seen.Lag.Events, seen.Lag.Oldest is { } oldest && seen.At > oldest ? seen.At - oldest : TimeSpan.Zero);
        foreach (var set in seen.Sets)
        {
            if (set.State == TableSetState.Retired)
            {
                Retire(set, seen.At);
            }
            else if (!_followers.ContainsKey(set.Id))
            {
                _followers[set.Id] = Follow(set.Id);
                _log.Info("Projecting into table set {0} ({1}, version {2}) from position {3}.", set.Id, set.State, set.Version, set.Position);
            }
        }
    }

    private void Retire(TableSet set, DateTimeOffset now)
    {
        if (_followers.Remove(set.Id, out var follower))
        {
            follower.Stop.Shutdown();
            _log.Info("Table set {0} is replaced.", set.Id);
        }

        // Whether it worked or not shows at a later look.
        if (now.UtcTicks - set.Since >= _services.Options.DropAfter.Ticks && _dropping.Add(set.Id))
        {
            _tables.DropAsync(set.Id).PipeTo(Self, Self, () => new Dropped(set.Id), _ => new Dropped(set.Id));
        }
    }

    private Follower Follow(int set)
    {
        var options = _services.Options;
        var projector = new Projector(_tables, set, _journal, _services.Seam, _services.Time, options, _log);
        var events = _events;

        // The position is read inside the factory, so that every restart begins at what the tables hold.
        var source = RestartSource.OnFailuresWithBackoff(
            () => Source.FromTask(projector.OpenAsync())
                .ConcatMany(position => events.AllEvents(Offset.Sequence(position)))
                .Select(JournalEventOf)
                .GroupedWithin(options.BatchSize, options.BatchWait)
                .SelectAsync(1, async batch =>
                {
                    using var hop = CPortMetrics.TimeHop(CPortMetrics.ProjectHop);
                    return await projector.ApplyAsync([.. batch]).ConfigureAwait(false);
                })
                .MapMaterializedValue(_ => NotUsed.Instance),
            RestartSettings.Create(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5), 0.2));
        var stop = source.ViaMaterialized(KillSwitches.Single<long>(), Keep.Right).To(Sink.Ignore<long>()).Run(_materializer);
        return new Follower(projector, stop);
    }

    private static JournalEvent JournalEventOf(EventEnvelope e) =>
        new(((Sequence)e.Offset).Value, e.PersistenceId, e.SequenceNr, e.Timestamp, e.Event as IReportEvent);

    private void Rebuild(IActorRef asker)
    {
        if (_followers.Count == 0)
        {
            asker.Tell(new ProjectionUnavailable { Reason = "NotStarted" });
            return;
        }

        StartRebuildAsync().PipeTo(asker, Self, r => r, e => new ProjectionUnavailable { Reason = e.GetType().Name });
    }

    private async Task<RebuildStarted> StartRebuildAsync()
    {
        var running = (await _tables.SetsAsync().ConfigureAwait(false)).FirstOrDefault(s => s.State == TableSetState.Building);
        var set = running ?? await _tables.CreateSetAsync(TableSetState.Building, _services.Time.GetUtcNow()).ConfigureAwait(false);
        return new RebuildStarted { Set = set.Id, AlreadyRunning = running is not null };
    }

    private void Reconcile(bool all)
    {
        foreach (var follower in _followers.Values.Where(f => f.Projector.Position >= 0))
        {
            follower.Projector.ReconcileAsync(all).PipeTo(Self, Self, mended => new ProjectionsReconciled { Mended = mended }, e => new Status.Failure(e));
        }
    }

    private void ReconcileAll(IActorRef asker)
    {
        var projectors = _followers.Values.Select(f => f.Projector).Where(p => p.Position >= 0).ToArray();
        Task.WhenAll(projectors.Select(p => p.ReconcileAsync(all: true))).PipeTo(
            asker, Self, mended => new ProjectionsReconciled { Mended = mended.Sum() }, e => new ProjectionUnavailable { Reason = e.GetType().Name });
    }

    private sealed record Follower(Projector Projector, UniqueKillSwitch Stop);

    private sealed record Seen(ImmutableArray<TableSet> Sets, JournalLag Lag, DateTimeOffset At) : INoSerializationVerificationNeeded;

    private sealed record Dropped(int Set) : INoSerializationVerificationNeeded;

    private sealed class Look : INotInfluenceReceiveTimeout
    {
        public static readonly Look Instance = new();
    }

    private sealed class ReconcileNow : INotInfluenceReceiveTimeout
    {
        public static readonly ReconcileNow Instance = new();
    }
}

public static class ProjectionHosting
{
    /// <summary>
    /// Runs the projection and the sweeper, one of each in the cluster, on nodes of role <c>projection</c>; needs <see cref="ReportHosting.AddReports"/>
    /// before. Registers (a proxy to) <see cref="ProjectionActor"/> for rebuilds and comparisons.
    /// </summary>
    public static AkkaConfigurationBuilder AddProjections(this AkkaConfigurationBuilder builder, Func<ProjectionServices> make) => AddProjections(builder, true, make);

    /// <summary>As above; <paramref name="here"/> false on a node without the role, which only gets the proxy.</summary>
    public static AkkaConfigurationBuilder AddProjections(this AkkaConfigurationBuilder builder, bool here, Func<ProjectionServices> make) => !here
        ? builder.WithSingletonProxy<ProjectionActor>("projection", new ClusterSingletonOptions { Role = ClusterRoles.Projection })
        : builder
            .WithSingleton<ProjectionActor>(
                "projection",
                (_, _, _) =>
                {
                    var services = make();
                    return Props.Create(() => new ProjectionActor(services));
                },
                new ClusterSingletonOptions { Role = ClusterRoles.Projection })
            .WithSingleton<SweeperActor>(
                "sweeper",
                (_, registry, _) =>
                {
                    var (reports, services) = (registry.Get<ReportRegion>(), make());
                    return Props.Create(() => new SweeperActor(new ReadTables(services.Database), reports, services.Time, services.Options));
                },
                new ClusterSingletonOptions { Role = ClusterRoles.Projection },
                createProxyToo: false);
}
