using CPort.Actors.Exchange;
using CPort.Actors.Personal;
using CPort.Actors.Projections;
using CPort.Actors.Referrals;
using CPort.Api.Queues;
using CPort.Domain.Audit;
using CPort.Domain.Exchange;
using CPort.Portal.Breaks;

namespace CPort.Portal.Home;

/// <summary>What waits for whoever has come in; each part is there, or says that it cannot be read just now.</summary>
public sealed record HomeModel : IShowsData
{
    Shown IShowsData.What() => new(
        [
            new AuditObject(AuditObjectKind.View, "queues"),
            .. Said is { IsThere: true } said
                ? said.Value.Where(n => n.Facts.Ordinal is not null).Select(n => new AuditObject(AuditObjectKind.Item, n.Subject)).Distinct() : [],
        ],
        [], Queues.IsThere ? Queues.Value.Queues.Count : 0);

    /// <summary>The caller's part of each queue.</summary>
    public required Panel<QueuesAnswer> Queues { get; init; }

    /// <summary>The person's kept searches; null: the person searches nothing.</summary>
    public Panel<ImmutableArray<PersonalThing>>? Searches { get; init; }

    /// <summary>What was referred to the agency, by state; null: nothing is.</summary>
    public Panel<ImmutableArray<ReferralCount>>? Referrals { get; init; }

    /// <summary>Holds that run, of which the agency is part; null: it is part of none.</summary>
    public Panel<int>? Holds { get; init; }

    /// <summary>What police said last, the newest first; null: it says nothing to the agency.</summary>
    public Panel<ImmutableArray<DeliveredNews>>? Said { get; init; }

    /// <summary>Since the last break; null: the person works on no reports.</summary>
    public Panel<Exposure>? Exposure { get; init; }
}

/// <summary><c>/app</c>.</summary>
internal static class HomeEndpoints
{
    public static void MapHome(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/app", HomeAsync).Needs(Deed.CountItems);
    }

    /// <summary>Of the agency's last news so many are looked at, and so many of police are told, several items of one event together.</summary>
    private const int Among = 500, Most = 40;

    private static readonly ImmutableHashSet<string> OfPolice =
    [
        FeedTypes.FeedbackGiven.Name, FeedTypes.HoldRequested.Name, FeedTypes.HoldExtended.Name, FeedTypes.HoldLifted.Name, FeedTypes.HoldExpired.Name,
        FeedTypes.HoldOverruled.Name,
    ];

    private static async Task<IResult> HomeAsync(
        HttpContext http, QueueReader reader, ReferralReader referrals, HoldReader holds, FeedReader feed, PersonalStore store, BreakKeeper breaks,
        TimeProvider time)
    {
        var caller = http.Features.Get<Caller>()!;
        ReadPosition? at = null;
        var queues = Panels.WithinAsync(http, async cancellation =>
        {
            var overview = await reader.CountsAsync(caller, cancellation);
            at = overview.At;
            return QueuesAnswer.Of(overview, time.GetUtcNow());
        });
        var searches = AccessTable.May(caller, Deed.SearchItems)
            ? Panels.WithinAsync(http, cancellation => store.NamedAsync(caller, PersonalKind.Search, cancellation)) : null;
        var exposure = AccessTable.May(caller, Deed.WorkOnReports) && AccessTable.May(caller, Deed.ListItems)
            ? Panels.WithinAsync(http, cancellation => breaks.OfAsync(caller, cancellation)) : null;
        var exchanges = AccessTable.May(caller, Deed.SeeExchange);
        var referred = AccessTable.May(caller, Deed.AnswerReferrals)
            ? Panels.WithinAsync(http, cancellation => referrals.CountsAsync(caller, cancellation)) : null;
        var running = exchanges ? Panels.WithinAsync(http, cancellation => holds.RunningAsync(caller, cancellation)) : null;
        var said = exchanges && referred is null
            ? Panels.WithinAsync(http, cancellation => feed.LatestAsync(caller, OfPolice, Among, Most, cancellation)) : null;
        var model = new HomeModel
        {
            Referrals = referred is null ? null : await referred, Holds = running is null ? null : await running, Said = said is null ? null : await said,
            Queues = await queues, Searches = searches is null ? null : await searches, Exposure = exposure is null ? null : await exposure,
        };
        return Pages.Of<HomeView, HomeModel>(
            http, model, p => p with { Title = p.Words["home.title"], Nav = NavEntry.Home, At = model.Queues.IsThere ? at : null });
    }
}
