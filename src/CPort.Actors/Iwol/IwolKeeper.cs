using Akka.Event;
using CPort.Domain.Iwol;
using CPort.Domain.Iwol.Verbs;

namespace CPort.Actors.Iwol;

/// <summary>What looks after candidates needs from outside.</summary>
/// <param name="Rows">The candidates' own table.</param>
/// <param name="Time">The node's clock.</param>
/// <param name="Every">How often it looks.</param>
public sealed record IwolKeeperServices(IwolRows Rows, TimeProvider Time, TimeSpan Every);

/// <summary>
/// Takes the candidates' table forward, wakes those that still owe somebody, and proposes to remove listed domains whose review is due. Nothing is remembered
/// that an end of a node could lose, and every message may come twice. One in the cluster.
/// </summary>
public sealed class IwolKeeper : ReceiveActor, IWithTimers
{
    private const int Limit = 200;
    private const int StretchesAtOnce = 20;

    private static readonly TimeSpan OwesTooLong = TimeSpan.FromSeconds(30);

    private readonly IwolKeeperServices _services;
    private readonly IActorRef _candidates;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public IwolKeeper(IwolKeeperServices services, IActorRef candidates)
    {
        (_services, _candidates) = (services, candidates);
        Receive<Look>(_ => FindAsync(services).PipeTo(Self));
        Receive<Found>(Act);
        Receive<Status.Failure>(f =>
        {
            _log.Warning("Candidates of the list could not be looked for ({0}); it is tried again.", DatabaseFault.InWords(f.Cause));
            Next();
        });

        // The next look sees what came of it.
        Receive<IwolReply>(_ => { });
        Receive<EntityAwake>(_ => { });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Next();

    private void Next() => Timers.StartSingleTimer(nameof(Look), Look.Instance, _services.Every);

    private static async Task<Found> FindAsync(IwolKeeperServices services)
    {
        var now = services.Time.GetUtcNow();
        for (var stretch = 0; stretch < StretchesAtOnce && !await services.Rows.AdvanceAsync(default).ConfigureAwait(false);)
        {
            stretch++;
        }

        var (owing, due) = await services.Rows.WorkAsync(now - OwesTooLong, now, Limit, default).ConfigureAwait(false);
        return new Found(owing, due, now);
    }

    private void Act(Found found)
    {
        foreach (var id in found.Owing)
        {
            _candidates.Tell(new WakeEntity { Id = id });
        }

        foreach (var (id, tenant) in found.Due)
        {
            _candidates.Tell(new ProposeRemoval { Key = IwolKey.Parse(id), Context = CommandContext.OfSystem(tenant, found.At) });
        }

        Next();
    }

    private sealed record Found(ImmutableArray<string> Owing, ImmutableArray<(string Id, Tenant Tenant)> Due, DateTimeOffset At)
        : INoSerializationVerificationNeeded;

    private sealed class Look : INotInfluenceReceiveTimeout
    {
        public static readonly Look Instance = new();
    }
}
