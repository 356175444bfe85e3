using Akka.Event;
using CPort.Actors.Projections;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Referrals;
using CPort.Domain.Referrals.Verbs;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Referrals;

/// <summary>What opens referrals needs from outside.</summary>
/// <param name="Tables">The read tables, which know what is owed.</param>
/// <param name="Rows">The referrals' own table.</param>
/// <param name="Scorer">Gives them their scores.</param>
/// <param name="Seam">Makes keys.</param>
/// <param name="Directory">Today's agencies.</param>
/// <param name="Time">The node's clock.</param>
/// <param name="Every">How often it looks.</param>
public sealed record ReferralOpenerServices(
    ReadTables Tables, ReferralRows Rows, ReferralScorer Scorer, ConfidentialSeam Seam, Func<AgencyDirectory> Directory, TimeProvider Time,
    TimeSpan Every);

/// <summary>
/// Gives items to police by the rule (judged illegal or urgent, hosted in the country or its job) and by hand. Looks in the read tables for items whose report
/// does not know yet that they were given, and goes on until it does: nothing is remembered that an end of the node could lose, and every message may come
/// twice. Also takes the referrals' own table forward, has referrals scored, and wakes those that still owe somebody or that
/// nobody acknowledged in time. One in the cluster.
/// </summary>
public sealed class ReferralOpener : ReceiveActor, IWithTimers
{
    private const int Limit = 500;

    /// <summary>Of a long journal the table is filled over some looks.</summary>
    private const int StretchesAtOnce = 20;

    /// <summary>The way from here to the report and back into the read tables takes some seconds at worst.</summary>
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan OwesTooLong = TimeSpan.FromSeconds(30);

    private readonly ReferralOpenerServices _services;
    private readonly IActorRef _referrals;
    private readonly Dictionary<(long Item, AgencyId Agency, bool Urgent), DateTimeOffset> _sent = [];
    private readonly long[] _behind = new long[3];
    private (AgencyDirectory? Of, DateTimeOffset At) _members;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public ReferralOpener(ReferralOpenerServices services, IActorRef referrals)
    {
        (_services, _referrals) = (services, referrals);
        Receive<Look>(_ => FindAsync(services).PipeTo(Self));
        Receive<Found>(Act);
        Receive<Status.Failure>(f =>
        {
            _log.Warning("Referrals could not be looked for ({0}); it is tried again.", DatabaseFault.InWords(f.Cause));
            Next();
        });

        // The next look sees what came of it.
        Receive<ReferralReply>(_ => { });
        Receive<EntityAwake>(_ => { });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Next();

    private void Next() => Timers.StartSingleTimer(nameof(Look), Look.Instance, _services.Every);

    private async Task<Found> FindAsync(ReferralOpenerServices services)
    {
        var now = services.Time.GetUtcNow();
        for (var stretch = 0; stretch < StretchesAtOnce && !await services.Rows.AdvanceAsync(default).ConfigureAwait(false);)
        {
            stretch++;
        }

        string? unscored = null;
        try
        {
            await services.Scorer.ScoreAsync(now, default).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // That the order is not of this second keeps nobody from being told.
            unscored = DatabaseFault.InWords(e);
        }

        ImmutableArray<string> owing =
        [
            .. await services.Rows.UnacknowledgedAsync(now, Limit, default).ConfigureAwait(false),
            .. await services.Rows.OwingAsync(now - OwesTooLong, Limit, default).ConfigureAwait(false),
        ];
        var directory = services.Directory();
        var police = PoliceOf(directory, now);
        await using var db = services.Tables.Connect();
        if (await ReadTables.ServingAsync(db, default).ConfigureAwait(false) is not { } serving)
        {
            return new Found([], owing, now, unscored);
        }

        var (countries, training) = (police.Keys.ToList(), directory.Training);
        var items = ReadTables.Items(db, serving.Id).Where(i => i.Tenant == Tenant.Live || i.Tenant == training)
            .OrderByDescending(i => i.Urgent).ThenBy(i => i.Key);
        var hosted = await SomeAsync(items.Where(i => countries.Contains(i.ReferHosting!)), 0).ConfigureAwait(false);
        var assigned = await SomeAsync(items.Where(i => countries.Contains(i.ReferAssigned!)), 1).ConfigureAwait(false);
        var asked = await SomeAsync(items.Where(i => i.ReferAsked != null), 2).ConfigureAwait(false);
        Owed ByRule(ItemRow i, string country) => new(
            i, police[country], Country.Parse(country), i.HostKey is null ? ReferralWhy.Report : ReferralWhy.Host, i.HostKey ?? i.ReportId, null);
        return new Found(
            [
                .. hosted.Select(i => ByRule(i, i.ReferHosting!)), .. assigned.Select(i => ByRule(i, i.ReferAssigned!)),
                .. asked.Select(i => AskedReferral.Parse(i.ReferAsked!) is var a ? new Owed(i, a.Agency, null, a.Why, a.About, a.By) : null!),
            ],
            owing, now, unscored)
        {
            Stranded = await StrandedAsync(directory, police, now).ConfigureAwait(false),
        };
    }

    /// <summary>After each change of the directory, and each minute, since memberships end by the day.</summary>
    private async Task<ImmutableArray<(ReferralRef Referral, AgencyId To)>> StrandedAsync(
        AgencyDirectory directory, Dictionary<string, AgencyId> police, DateTimeOffset now)
    {
        if (ReferenceEquals(directory, _members.Of) && now - _members.At < TimeSpan.FromMinutes(1))
        {
            return [];
        }

        var found = await _services.Rows.StrandedAsync(new DirectoryMembership(directory, now), police, Limit, default).ConfigureAwait(false);
        _members = (directory, now);
        return found;
    }

    /// <summary>
    /// The first ones; and when there are so many, others behind them as well, further on at each look and again from there: what for whatever reason stays at
    /// the front keeps nobody's police from being told.
    /// </summary>
    private async Task<List<ItemRow>> SomeAsync(IQueryable<ItemRow> items, int list)
    {
        var found = await items.Take(Limit).ToListAsync().ConfigureAwait(false);
        if (found.Count < Limit)
        {
            return found;
        }

        var behind = _behind[list];
        var more = await items.Where(i => i.Key > behind).OrderBy(i => i.Key).Take(Limit).ToListAsync().ConfigureAwait(false);
        _behind[list] = more.Count < Limit ? 0 : more[^1].Key;
        return [.. found.UnionBy(more, i => i.Key)];
    }

    /// <summary>The police of each country: its national bureau, else the first. An agency hands on what is another's.</summary>
    private static Dictionary<string, AgencyId> PoliceOf(AgencyDirectory directory, DateTimeOffset now)
    {
        var day = AgencyDirectory.DayOf(now);
        return directory.Agencies.Where(a => a is { Active: true, Kind: AgencyKind.Police })
            .SelectMany(a => a.CountriesOn(day).Select(c => (Country: c.Code, Agency: a)))
            .GroupBy(p => p.Country).ToDictionary(g => g.Key, g => g.OrderByDescending(p => p.Agency.IsNationalBureau).First().Agency.Id);
    }

    private void Act(Found found)
    {
        if (found.Unscored is { } fault)
        {
            _log.Warning("Referrals could not be scored ({0}); it is tried again.", fault);
        }

        foreach (var old in _sent.Where(s => s.Value <= found.At - AgainAfter).Select(s => s.Key).ToArray())
        {
            _sent.Remove(old);
        }

        foreach (var of in found.Owed.Where(o => _sent.TryAdd((o.Item.Key, o.Agency, o.Item.Urgent), found.At))
            .GroupBy(o => (o.Item.Tenant, o.Agency, o.Why, o.About, o.By)))
        {
            var (tenant, agency, why, about, by) = of.Key;
            foreach (var part in of.Chunk(ReferralLimits.ItemsAtOnce))
            {
                _referrals.Tell(new ReferItems
                {
                    Key = ReferralRules.KeyOf(_services.Seam, tenant, agency, why, about), Context = CommandContext.OfSystem(tenant, found.At), Agency = agency,
                    Why = why, About = about, By = by,
                    Items = [.. part.Select(o => new ReferredItem
                    {
                        Item = new ItemRef(ReportId.Parse(o.Item.ReportId), o.Item.Ordinal), Number = o.Item.Number, Urgent = o.Item.Urgent,
                        Country = o.Country,
                    })],
                });
            }
        }

        foreach (var (referral, to) in found.Stranded)
        {
            _referrals.Tell(new HandOver
            {
                Key = referral.Key, Context = CommandContext.OfSystem(default, found.At), Number = referral.Number, To = to,
            });
        }

        foreach (var key in found.Owing.Distinct())
        {
            _referrals.Tell(new WakeEntity { Id = key });
        }

        Next();
    }

    private sealed record Owed(ItemRow Item, AgencyId Agency, Country? Country, ReferralWhy Why, string About, AgencyId? By);

    private sealed record Found(ImmutableArray<Owed> Owed, ImmutableArray<string> Owing, DateTimeOffset At, string? Unscored)
        : INoSerializationVerificationNeeded
    {
        /// <summary>What is its agency's no more, and whose it is.</summary>
        public ImmutableArray<(ReferralRef Referral, AgencyId To)> Stranded { get; init; } = [];
    }

    private sealed class Look : INotInfluenceReceiveTimeout
    {
        public static readonly Look Instance = new();
    }
}
