using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Event;
using Akka.Hosting;
using CPort.Actors.Cluster;
using CPort.Actors.Persistence;
using CPort.Actors.Reports;
using CPort.Actors.Telemetry;
using CPort.Domain.Confidential;
using CPort.Domain.Reports;
using CPort.Domain.Routing;
using CPort.Domain.Wire;
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

/// <summary>What a node is to keep current, and how far the journal is complete. Comes again and again; nothing answers it.</summary>
[ProtoContract]
[Manifest("pc3")]
public sealed record ProjectUpTo : IWireMessage
{
    /// <summary>Every journal row up to this number is there.</summary>
    [ProtoMember(1)] public required long Horizon { get; init; }

    /// <summary>The node's share of each table set; sets that are not named are none of its business any more.</summary>
    [ProtoMember(2)] public ImmutableArray<ProjectionPart> Parts { get; init; } = [];
}

/// <summary>A node's share of one table set.</summary>
[ProtoContract]
[Manifest("pd1")]
public sealed record ProjectionPart : IWireMessage
{
    [ProtoMember(1)] public required int Set { get; init; }

    /// <summary>Numbers of slices, <see cref="ProjectionSlices"/>.</summary>
    [ProtoMember(2)] public ImmutableArray<int> Slices { get; init; } = [];
}

/// <summary>Compares all reports of these slices with the journal and mends. Answered by <see cref="ProjectionsReconciled"/> or <see cref="ProjectionUnavailable"/>.</summary>
[ProtoContract]
[Manifest("pc4")]
public sealed record ReconcilePart : IWireMessage
{
    [ProtoMember(1)] public ImmutableArray<ProjectionPart> Parts { get; init; } = [];
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
}

/// <summary>
/// Keeps the read tables current: looks how far the journal is complete, tells each node's <see cref="ProjectionWriterActor"/> which slices are its to advance and
/// how far, starts and finishes rebuilds, measures the lag. One in the cluster. It writes no rows and decides nothing about reports.
/// <para>
/// Slices go to the nodes that are up and heard of; a node's slices go to the others with the next message after it falls silent. Should two nodes believe
/// that a slice is theirs, the slice's position admits one (<see cref="ProjectionSlices"/>).
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
        _tables = new ReadTables(services.Database);
        _journal = new JournalReader(services.Database, Context.System);
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

        if (building is null && sets.Any(s => s.State == TableSetState.Serving && s.Version != ReadTables.Version))
        {
            // The rows' shape or meaning has changed: what serves goes on doing so until the new set has caught up.
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
            _log.Info("Projecting into table set {0} ({1}, version {2}, {3} slices) from position {4}.", set.Id, set.State, set.Version, set.Slices.Length, set.Position);
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
        _journal.LookAsync(_horizon, Now, default).PipeTo(Self, Self, horizon => new Measured(horizon), _ => new Measured(null));
    }

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
                ?? new ProjectionsReconciled { Mended = answers.OfType<ProjectionsReconciled>().Sum(a => a.Mended) },
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

public static class ProjectionHosting
{
    /// <summary>
    /// Runs the projection and the sweeper, one of each in the cluster, and a writer of read tables on each node of role <c>projection</c>; needs
    /// <see cref="ReportHosting.AddReports"/> before. Registers (a proxy to) <see cref="ProjectionActor"/> for rebuilds and comparisons.
    /// </summary>
    public static AkkaConfigurationBuilder AddProjections(this AkkaConfigurationBuilder builder, Func<ProjectionServices> make) => AddProjections(builder, true, make);

    /// <summary>As above; <paramref name="here"/> false on a node without the role, which only gets the proxy.</summary>
    public static AkkaConfigurationBuilder AddProjections(this AkkaConfigurationBuilder builder, bool here, Func<ProjectionServices> make) => !here
        ? builder.WithSingletonProxy<ProjectionActor>("projection", new ClusterSingletonOptions { Role = ClusterRoles.Projection })
        : builder
            .WithActors((system, _, _) =>
            {
                var services = make();
                system.ActorOf(Props.Create(() => new ProjectionWriterActor(services)), ProjectionWriterActor.Name);
            })
            .WithSingleton<ProjectionActor>(
                "projection",
                (system, _, _) =>
                {
                    var services = make();
                    return Props.Create(() => new ProjectionActor(services, () => WritersOf(system)));
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

    /// <summary>Nodes that stay; while all are on their way out, those.</summary>
    private static ImmutableArray<Address> WritersOf(ActorSystem system)
    {
        var state = Akka.Cluster.Cluster.Get(system).State;
        var heard = state.Members.Where(m => m.HasRole(ClusterRoles.Projection) && !state.Unreachable.Contains(m)).ToArray();
        var staying = heard.Where(m => m.Status == MemberStatus.Up).ToArray();
        return [.. (staying.Length > 0 ? staying : heard.Where(m => m.Status == MemberStatus.Leaving)).Select(m => m.Address).OrderBy(a => a.ToString(), StringComparer.Ordinal)];
    }
}
