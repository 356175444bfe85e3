using CPort.Actors.Referrals;
using CPort.Api.Exchange;
using CPort.Domain.Audit;
using CPort.Domain.Referrals;
using CPort.Domain.Referrals.Verbs;
using CPort.Portal.Live;

namespace CPort.Portal.Police;

/// <summary>A referral of the inbox.</summary>
/// <param name="Listed">As the API lists it.</param>
/// <param name="Host">Of its first item, closed; null: not known just now.</param>
/// <param name="Worker">The name of the colleague who answered last; null: nobody, or a key.</param>
public sealed record InboxRow(ListedReferralAnswer Listed, string? Host, string? Worker);

/// <summary>What of the inbox can be listed.</summary>
/// <param name="Name">In the address.</param>
/// <param name="States">Referrals in these; empty: in whatever state.</param>
public sealed record InboxFilter(string Name, ImmutableArray<ReferralState> States)
{
    /// <summary>What comes stands in it.</summary>
    public bool TakesNew => States.IsEmpty || States.Contains(ReferralState.Open);
}

/// <summary>The inbox.</summary>
public sealed record InboxModel : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Answer).What();

    public required ReferralListAnswer Answer { get; init; }
    public required ImmutableArray<InboxRow> Rows { get; init; }

    /// <summary>One of <see cref="InboxPages.Filters"/>.</summary>
    public required string Filter { get; init; }

    /// <summary>How many there are of each filter.</summary>
    public required IReadOnlyDictionary<string, int> Counts { get; init; }
    public required int Urgent { get; init; }

    /// <summary>This is not the first page.</summary>
    public bool Continued { get; init; }

    /// <summary>Where the page hears how many have come since; null: nothing that comes would stand in it.</summary>
    public string? Live { get; init; }

    public string Address => Filter == InboxPages.Filters[0].Name ? "/app/inbox" : $"/app/inbox?state={Filter}";
}

/// <summary><c>/app/inbox</c>: what was referred to the own agency, urgent first, then oldest.</summary>
internal static class InboxPages
{
    public const string Home = "/app/inbox";
    private const int Rows = 50;

    /// <summary>What can be listed; the first is the usual one, and without states all are.</summary>
    public static ImmutableArray<InboxFilter> Filters { get; } =
    [
        new("todo", Referral.WorkStates), new("open", [ReferralState.Open]), new("received", [ReferralState.Received]), new("inuse", [ReferralState.InUse]),
        new("ended", [.. Enum.GetValues<ReferralState>().Except(Referral.WorkStates)]), new("all", []),
    ];

    /// <summary>How people call a referral: the end of its key, and its number there.</summary>
    public static string ShortId(string id) => id.Length > 26 ? id[22..] : id;

    public static void MapInbox(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Home, ListAsync).Needs(Deed.SeeExchange).Needs(Deed.AnswerReferrals);
        pages.MapPost(Home + "/receive", ReceiveAsync).Needs(Deed.AnswerReferrals);
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, ReferralReader reader, PoliceAgencies agencies, ClosedHosts hosts, TimeProvider time, string? state = null, string? after = null)
    {
        var (caller, drawn) = (http.Features.Get<Caller>()!, time.GetUtcNow());
        var filter = Filters.FirstOrDefault(f => f.Name == state) ?? Filters[0];
        var list = $"inbox {filter.Name}";
        var counts = reader.CountsAsync(caller, http.RequestAborted);

        // Before the list is read: what comes in between stands in it and is announced all the same, which is better than never.
        var mark = filter.TakesNew ? await LiveList.Of(reader, filter).MarkAsync(caller, drawn, http.RequestAborted) : null;
        var (rows, next) = await reader.PageAsync(
            caller, new ReferralQuery { States = filter.States, MaxResults = Rows, After = Cursor.Read<ReferralPlace>(list, after) }, http.RequestAborted);
        var answer = new ReferralListAnswer([.. rows.Select(ListedReferralAnswer.Of)], next is null ? null : Cursor.Write(list, next));
        var closed = await hosts.OfAsync(http, answer.Referrals.Where(r => r.Because == ReferralWhy.Host).Select(r => r.FirstItemId));
        var counted = await counts;
        return Pages.Of<InboxView, InboxModel>(
            http,
            new InboxModel
            {
                Answer = answer, Filter = filter.Name, Continued = !string.IsNullOrEmpty(after), Live = mark?.Inbox(filter.Name),
                Rows = [.. answer.Referrals.Select(r => new InboxRow(r, closed.GetValueOrDefault(r.FirstItemId), agencies.NameOf(caller, r.AnsweredBy)))],
                Counts = Filters.ToDictionary(f => f.Name, f => counted.Where(c => f.States.IsEmpty || f.States.Contains(c.State)).Sum(c => c.Count)),
                Urgent = counted.Where(c => c.Urgent && c.State == ReferralState.Open).Sum(c => c.Count),
            },
            p => p with { Title = p.Words["inbox.title"], Nav = NavEntry.Inbox });
    }

    /// <summary>Says of the chosen ones that they were received; each answers for itself.</summary>
    private static async Task<IResult> ReceiveAsync(HttpContext http, IReferralGateway gateway, ReferralReader reader)
    {
        var form = await Form.ReadAsync(http);
        var chosen = form.All("item").Select(i => ReferralRef.TryParse(i, out var r) ? r : (ReferralRef?)null).OfType<ReferralRef>().Distinct().ToArray();
        var taken = 0;
        for (var i = 0; i < chosen.Length; i++)
        {
            var reply = await gateway.SendAsync(
                new AnswerReferral { Key = chosen[i].Key, Number = chosen[i].Number, Context = form.Context(i + 1), State = ReferralState.Received },
                http.RequestAborted);
            taken += reply.Code == ReferralRejection.None ? 1 : 0;
        }

        var ids = chosen.Select(c => c.ToString()).ToHashSet(StringComparer.Ordinal);
        await CatchUp.UntilAsync(http, async cancellation => taken == 0 || !(await reader.PageAsync(
            form.Caller, new ReferralQuery { States = [ReferralState.Open], MaxResults = Rows }, cancellation)).Rows.Any(r => ids.Contains(r.ReferralId)));
        var filter = Filters.Any(f => f.Name == form.Text("state")) ? $"?state={form.Text("state")}" : "";
        return Pages.After(
            Home + filter,
            chosen.Length == 0 ? "nothingChosen" : taken == chosen.Length ? "received" : taken == 0 ? "noneReceived" : "someReceived");
    }
}
