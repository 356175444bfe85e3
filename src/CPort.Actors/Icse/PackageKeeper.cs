using Akka.Event;
using CPort.Actors.Projections;
using CPort.Domain.CodeLists;
using CPort.Domain.Icse;
using CPort.Domain.Icse.Verbs;
using CPort.Domain.Reports;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Icse;

/// <summary>What looks after packages needs from outside.</summary>
/// <param name="Rows">The packages' own table.</param>
/// <param name="Tables">The read tables, which know what is illegal.</param>
/// <param name="Time">The node's clock.</param>
/// <param name="Every">How often it looks.</param>
/// <param name="Limit">How many it looks at then.</param>
public sealed record PackageKeeperServices(PackageRows Rows, ReadTables Tables, TimeProvider Time, TimeSpan Every, int Limit = 500);

/// <summary>
/// Takes the packages' table forward, wakes those that still owe a report, and calls back what went out and is not illegal any more or was withdrawn. It looks
/// until the report itself knows, so nothing is remembered that an end of a node could lose, and every message may come twice. Each look begins behind the one
/// before: whatever a package or report does not take, the others are called back all the same. One in the cluster.
/// </summary>
public sealed class PackageKeeper : ReceiveActor, IWithTimers
{
    private const int StretchesAtOnce = 20;

    private static readonly TimeSpan OwesTooLong = TimeSpan.FromSeconds(30);

    private readonly PackageKeeperServices _services;
    private readonly IActorRef _packages;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private long _after;

    public PackageKeeper(PackageKeeperServices services, IActorRef packages)
    {
        (_services, _packages) = (services, packages);
        Receive<Look>(_ => FindAsync(services, _after).PipeTo(Self));
        Receive<Found>(Act);
        Receive<Status.Failure>(f =>
        {
            _log.Warning("Packages for ICSE could not be looked for ({0}); it is tried again.", DatabaseFault.InWords(f.Cause));
            Next();
        });

        // The next look sees what came of it.
        Receive<PackageReply>(_ => { });
        Receive<EntityAwake>(_ => { });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Next();

    private void Next() => Timers.StartSingleTimer(nameof(Look), Look.Instance, _services.Every);

    private static async Task<Found> FindAsync(PackageKeeperServices services, long after)
    {
        var now = services.Time.GetUtcNow();
        for (var stretch = 0; stretch < StretchesAtOnce && !await services.Rows.AdvanceAsync(default).ConfigureAwait(false);)
        {
            stretch++;
        }

        var owing = await services.Rows.OwingAsync(now - OwesTooLong, services.Limit, default).ConfigureAwait(false);
        await using var db = services.Tables.Connect();
        if (await ReadTables.ServingAsync(db, default).ConfigureAwait(false) is not { } serving)
        {
            return new Found(owing, [], 0, now);
        }

        var gone = await ReadTables.Items(db, serving.Id)
            .Where(i => i.Key > after && i.IcsePackage != null && (!i.SaidIllegal || i.State == ItemState.Withdrawn))
            .OrderBy(i => i.Key).Select(i => new { i.Key, i.IcsePackage, i.Tenant, i.ReportId, i.Ordinal, i.State }).Take(services.Limit)
            .ToListAsync().ConfigureAwait(false);
        return new Found(
            owing,
            [
                .. gone.SelectMany(g => g.IcsePackage!.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(package => new Gone(
                    PackageKey.Parse(package), g.Tenant, new ItemRef(ReportId.Parse(g.ReportId), g.Ordinal),
                    g.State == ItemState.Withdrawn ? RecallReason.Withdrawn : RecallReason.NotIllegal))),
            ],
            gone.Count < services.Limit ? 0 : gone[^1].Key,
            now);
    }

    private void Act(Found found)
    {
        foreach (var id in found.Owing)
        {
            _packages.Tell(new WakeEntity { Id = id });
        }

        foreach (var of in found.Gone.GroupBy(g => (g.Package, g.Tenant, g.Reason)))
        {
            _packages.Tell(new RecallItems
            {
                Key = of.Key.Package, Context = CommandContext.OfSystem(of.Key.Tenant, found.At), Items = [.. of.Select(g => g.Item)], Reason = of.Key.Reason,
            });
        }

        _after = found.Next;
        Next();
    }

    private sealed record Gone(PackageKey Package, Tenant Tenant, ItemRef Item, RecallReason Reason);

    private sealed record Found(ImmutableArray<string> Owing, ImmutableArray<Gone> Gone, long Next, DateTimeOffset At) : INoSerializationVerificationNeeded;

    private sealed class Look : INotInfluenceReceiveTimeout
    {
        public static readonly Look Instance = new();
    }
}
