using Akka.Event;
using CPort.Domain.Agencies;
using CPort.Domain.Reports.Verbs;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Projections;

/// <summary>
/// Finds work that nobody does and has it done (design.md rule 4): wakes reports whose automatic work has stood still, escalates orphans that nobody took in
/// time and items that nobody can trace, writes down that holds have ended by their time and questions are overdue, has items given anew when agencies came or
/// went (<see cref="StrandedItems"/>), and has opinions follow their agencies' trust (<see cref="OpinionTrust"/>). Asks the read tables and tells the report
/// region; every message is harmless when there is nothing left to do. One in the cluster.
/// </summary>
public sealed class SweeperActor : ReceiveActor, IWithTimers
{
    /// <summary>Nothing changes for an orphan while no police and no INTERPOL takes part: asking again soon is no use.</summary>
    private static readonly TimeSpan EscalateAgainAfter = TimeSpan.FromHours(1);

    private readonly ReadTables _tables;
    private readonly IActorRef _reports;
    private readonly TimeProvider _time;
    private readonly ProjectionOptions _options;
    private readonly Dictionary<string, DateTimeOffset> _woken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _escalated = new(StringComparer.Ordinal);
    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <summary>What stood still before this node or its predecessor took over is probably an end's doing: it is not waited for.</summary>
    private readonly DateTimeOffset _startedAt;

    public SweeperActor(ReadTables tables, IActorRef reports, TimeProvider time, ProjectionOptions options, Func<AgencyDirectory>? directory = null)
    {
        (_tables, _reports, _time, _options) = (tables, reports, time, options);
        _startedAt = time.GetUtcNow();
        var stranded = directory is null ? null : new StrandedItems(directory, options.SweepLimit);
        var trust = directory is null ? null : new OpinionTrust(directory, options.SweepLimit);
        Receive<Sweep>(_ => FindAsync(
            _tables, _options, _time.GetUtcNow(), _startedAt, stranded, trust, directory?.Invoke().Training ?? Tenant.Training).PipeTo(Self));
        Receive<Found>(Act);
        Receive<Status.Failure>(f =>
        {
            _log.Warning("The sweeper could not look for unfinished work ({0}).", DatabaseFault.InWords(f.Cause));
            Next();
        });

        // The next sweep sees what came of it.
        Receive<CommandReply>(_ => { });
        Receive<EntityAwake>(_ => { });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Next();

    private void Next() => Timers.StartSingleTimer(nameof(Sweep), Sweep.Instance, _options.SweepEvery);

    private static async Task<Found> FindAsync(ReadTables tables, ProjectionOptions options, DateTimeOffset now, DateTimeOffset startedAt,
        StrandedItems? stranded, OpinionTrust? trust, Tenant training)
    {
        await using var db = tables.Connect();
        if (await ReadTables.ServingAsync(db, default).ConfigureAwait(false) is not { } serving)
        {
            return new Found([], [], [], [], [], [], now);
        }

        // Four times the limit, because those woken a moment ago are left out afterwards: a few that never finish must not hide the others.
        var unfinishedBefore = Math.Max((now - options.UnfinishedAfter).UtcTicks, startedAt.UtcTicks);
        var unfinished = await ReadTables.Reports(db, serving.Id)
            .Where(r => r.UnfinishedSince != null && r.UnfinishedSince < unfinishedBefore && (r.Tenant == Tenant.Live || r.Tenant == training))
            .OrderBy(r => r.UnfinishedSince).Select(r => new { r.ReportId, r.Version }).Take(4 * options.SweepLimit)
            .ToListAsync().ConfigureAwait(false);

        var orphanBefore = (now - options.OrphanDeadline).UtcTicks;
        var reports = ReadTables.Reports(db, serving.Id).Where(r => r.OrphanSince != null && r.OrphanSince < orphanBefore
                && (r.Tenant == Tenant.Live || r.Tenant == training))
            .OrderBy(r => r.OrphanSince).Take(options.SweepLimit);
        var orphans = await (
            from r in reports
            join i in ReadTables.Items(db, serving.Id) on r.ReportId equals i.ReportId
            where (i.QOrphaned != null && i.EscalatedTo == null && i.CountrySince < orphanBefore) || (i.QUntraced != null && i.AddedAt < orphanBefore)
            select new { i.ReportId, i.Ordinal, i.Tenant }).ToListAsync().ConfigureAwait(false);
        var nowTicks = now.UtcTicks;
        var ended = await ReadTables.Holds(db, serving.Id)
            .Where(h => h.Ended == null && h.EndsAt <= nowTicks && (h.Tenant == Tenant.Live || h.Tenant == training))
            .OrderBy(h => h.EndsAt).Take(options.SweepLimit).Select(h => new { h.ReportId, h.Tenant }).ToListAsync().ConfigureAwait(false);
        var overdue = await ReadTables.Questions(db, serving.Id)
            .Where(q => q.AwaitedUntil != null && q.AwaitedUntil <= nowTicks && (q.Tenant == Tenant.Live || q.Tenant == training))
            .OrderBy(q => q.AwaitedUntil).Take(options.SweepLimit).Select(q => new { q.ReportId, q.Tenant }).ToListAsync().ConfigureAwait(false);
        return new Found(
            [.. unfinished.Select(r => (r.ReportId, r.Version))],
            Named(orphans.Select(o => (o.ReportId, o.Tenant, o.Ordinal))),
            stranded is null ? [] : Named(await stranded.FindAsync(db, serving.Id, now).ConfigureAwait(false)),
            trust is null ? [] : [.. await trust.FindAsync(db, serving.Id, now).ConfigureAwait(false)],
            [.. ended.Select(h => (h.ReportId, h.Tenant)).Distinct()],
            [.. overdue.Select(q => (q.ReportId, q.Tenant)).Distinct()],
            now);
    }

    private static ImmutableArray<ReportItems> Named(IEnumerable<(string ReportId, Tenant Tenant, int Ordinal)> items) =>
        [.. items.GroupBy(i => (i.ReportId, i.Tenant)).Select(g => new ReportItems(g.Key.ReportId, g.Key.Tenant, [.. g.Select(i => i.Ordinal).Order()]))];

    private void Act(Found found)
    {
        Forget(_woken, found.At - _options.UnfinishedAfter);
        Forget(_escalated, found.At - EscalateAgainAfter);
        foreach (var (id, version) in found.Unfinished.Where(r => !_woken.ContainsKey(r.Id)).Take(_options.SweepLimit))
        {
            _woken[id] = found.At;
            _reports.Tell(new WakeEntity { Id = id, Version = version });
        }

        foreach (var orphans in found.Orphans.Where(o => !_escalated.ContainsKey(o.ReportId)))
        {
            _escalated[orphans.ReportId] = found.At;
            foreach (var part in orphans.Ordinals.Chunk(ReportRules.ItemsPerPart))
            {
                _reports.Tell(new EscalateOrphans
                {
                    ReportId = ReportId.Parse(orphans.ReportId), Ordinals = [.. part],
                    Context = CommandContext.OfSystem(orphans.Tenant, found.At),
                });
            }
        }

        foreach (var items in found.Stranded)
        {
            foreach (var part in items.Ordinals.Chunk(ReportRules.ItemsPerPart))
            {
                _reports.Tell(new ReassignItems
                {
                    ReportId = ReportId.Parse(items.ReportId), Ordinals = [.. part], Context = CommandContext.OfSystem(items.Tenant, found.At),
                });
            }
        }

        foreach (var (id, tenant) in found.Outdated)
        {
            _reports.Tell(new FollowTrust { ReportId = ReportId.Parse(id), Context = CommandContext.OfSystem(tenant, found.At) });
        }

        foreach (var (id, tenant) in found.Ended)
        {
            _reports.Tell(new ExpireHolds { ReportId = ReportId.Parse(id), Context = CommandContext.OfSystem(tenant, found.At) });
        }

        foreach (var (id, tenant) in found.Overdue)
        {
            _reports.Tell(new NoteOverdue { ReportId = ReportId.Parse(id), Context = CommandContext.OfSystem(tenant, found.At) });
        }

        Next();
    }

    private static void Forget(Dictionary<string, DateTimeOffset> told, DateTimeOffset before)
    {
        foreach (var id in told.Where(t => t.Value <= before).Select(t => t.Key).ToArray())
        {
            told.Remove(id);
        }
    }

    private sealed record ReportItems(string ReportId, Tenant Tenant, ImmutableArray<int> Ordinals);

    private sealed record Found(
        ImmutableArray<(string Id, long Version)> Unfinished, ImmutableArray<ReportItems> Orphans, ImmutableArray<ReportItems> Stranded,
        ImmutableArray<(string Id, Tenant Tenant)> Outdated, ImmutableArray<(string Id, Tenant Tenant)> Ended,
        ImmutableArray<(string Id, Tenant Tenant)> Overdue, DateTimeOffset At)
        : INoSerializationVerificationNeeded;

    private sealed class Sweep : INotInfluenceReceiveTimeout
    {
        public static readonly Sweep Instance = new();
    }
}
