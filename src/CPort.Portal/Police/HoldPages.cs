using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api.Exchange;
using CPort.Api.Queues;
using CPort.Api.Reports;
using CPort.Domain.Audit;
using CPort.Domain.Confidential;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;

namespace CPort.Portal.Police;

/// <summary>A page of holds.</summary>
/// <param name="Answer">As the API answers.</param>
/// <param name="Running">Those that run; else those that have ended.</param>
/// <param name="Continued">This is not the first page.</param>
public sealed record HoldsModel(HoldListAnswer Answer, bool Running, bool Continued) : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Answer).What();
}

/// <summary>A hold's page.</summary>
public sealed record HoldModel : IShowsData
{
    Shown IShowsData.What() => new([.. Hold.Items.Select(i => new AuditObject(AuditObjectKind.Item, $"{ReportId}-{i}"))], ["holds"]);

    public required HoldAnswer Hold { get; init; }
    public required string ReportId { get; init; }

    /// <summary>The report's number.</summary>
    public required long Number { get; init; }

    /// <summary>The own agency asked for it.</summary>
    public required bool Own { get; init; }

    /// <summary>What this person can do about it, by the rules.</summary>
    public required ImmutableArray<ItemWay> Ways { get; init; }

    public string Address => $"/app/holds/{Hold.HoldId}";
}

/// <summary><c>/app/holds</c>: holds of which the own agency is part, and what is done about one. What a hold says in words comes from its report.</summary>
internal static class HoldPages
{
    public const string Home = "/app/holds";
    private const int Rows = 50;

    public static void MapHolds(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Home, ListAsync).Needs(Deed.SeeExchange);
        pages.MapGet(Home + "/{id}", async (HttpContext http, Drafts drafts, string id) => await PageAsync(http, id, await drafts.FindAsync(http)))
            .Needs(Deed.SeeExchange);
        Command(pages, "extend", (f, of) => !HoldForm.Reads(f.Text("until"), out var until) || until is not { } end ? null
            : new ExtendHold { ReportId = of.Report, Context = f.Context(), Number = of.Number, Until = end });
        Command(pages, "lift", (f, of) => new LiftHold { ReportId = of.Report, Context = f.Context(), Number = of.Number, Why = Secret(f.Text("why")) });
        Command(pages, "object", (f, of) => new ObjectToHold { ReportId = of.Report, Context = f.Context(), Number = of.Number, Why = Secret(f.Text("why")) });
        Command(pages, "overrule", (f, of) => new OverruleHold
        {
            ReportId = of.Report, Context = f.Context(), Number = of.Number, Why = Secret(f.Text("why")),
        });
    }

    private static SecretText? Secret(string? text) => text is null ? null : new SecretText { Text = text };

    private static async Task<IResult> ListAsync(HttpContext http, HoldReader holds, string? state = null, string? after = null)
    {
        var running = state != "ended";
        var list = $"page holds {running}";
        var page = await holds.PageAsync(
            http.Features.Get<Caller>()!, new HoldQuery { Running = running, MaxResults = Rows, After = Cursor.Read<HoldPlace>(list, after) },
            http.RequestAborted);
        var answer = new HoldListAnswer(
            [.. page.Holds.Select(ListedHoldAnswer.Of)], page.Next is { } next ? Cursor.Write(list, next) : null, PositionAnswer.Of(page.At));
        return Pages.Of<HoldsView, HoldsModel>(
            http, new HoldsModel(answer, running, !string.IsNullOrEmpty(after)),
            p => p with { Title = p.Words["holds.title"], Nav = p.Work, At = page.At });
    }

    private static void Command(IEndpointRouteBuilder pages, string verb, Func<Form, HoldRef, IReportCommand?> make) =>
        pages.MapPost($"{Home}/{{id}}/{verb}", async (HttpContext http, IReportGateway gateway, string id) =>
        {
            if (!HoldRef.TryParse(id, out var hold))
            {
                return Pages.Absent(http);
            }

            var form = await Form.ReadAsync(http);
            var words = Pages.WordsOf(http);
            if (make(form, hold) is not { } command)
            {
                return await PageAsync(http, id, form.Filled(), new PageError(words["error.holdEnd"], "decide"));
            }

            var reply = await gateway.SendAsync(command, http.RequestAborted);
            return reply.Code switch
            {
                RejectionCode.None => Pages.After($"{Home}/{id}", $"hold{verb}"),
                RejectionCode.NotFound or RejectionCode.NoSuchHold => Pages.Absent(http),
                _ => await PageAsync(http, id, form.Filled(), new PageError(
                    words.Has($"refusal.{reply.Code}") ? words[$"refusal.{reply.Code}"] : reply.Detail ?? words["error.refused"], "decide")),
            };
        }).Needs(Deed.WorkOnReports);

    private static async Task<IResult> PageAsync(HttpContext http, string id, FilledForm? filled = null, params ImmutableArray<PageError> errors) =>
        !HoldRef.TryParse(id, out var hold) || await ReadAsync(http, hold) is not { } model ? Pages.Absent(http)
        : Pages.Of<HoldView, HoldModel>(
            http, model, p => p with
            {
                Title = p.Words.Of("hold.title", ("id", InboxPages.ShortId(id))), Nav = p.Work, Errors = errors, Filled = filled,
                Crumbs = [new Crumb(p.Words["holds.title"], Home)],
            }, errors.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);

    /// <summary>Lists say of which items it is; all else the report itself, by one of them.</summary>
    private static async Task<HoldModel?> ReadAsync(HttpContext http, HoldRef hold)
    {
        var (caller, gateway) = (http.Features.Get<Caller>()!, http.RequestServices.GetRequiredService<IReportGateway>());
        var listed = await http.RequestServices.GetRequiredService<HoldReader>().FindAsync(caller, hold, http.RequestAborted);
        var query = new GetReport { ReportId = hold.Report, Caller = caller, FromOrdinal = listed?.Items.FirstOrDefault(1) ?? 1, WithWays = true };

        // What lists do not have yet is looked for in the report's first items.
        var page = await gateway.GetAsync(query with { MaxItems = listed is null ? Rows : 1 }, http.RequestAborted);
        if (page.Head is not { } head || page.Items.FirstOrDefault(i => i.Holds.Any(h => h.Hold.Number == hold.Number)) is not { } item)
        {
            return null;
        }

        return new HoldModel
        {
            Hold = HoldAnswer.Of(hold.Report, item.Holds.First(h => h.Hold.Number == hold.Number)), ReportId = hold.Report.ToString(),
            Number = head.Report.Number, Own = item.Holds.First(h => h.Hold.Number == hold.Number).Hold.Agency == caller.Agency,
            Ways = [.. item.Ways.Where(w => w.Hold == hold.Number)],
        };
    }
}
