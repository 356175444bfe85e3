using CPort.Actors.Reports;
using CPort.Domain.Confidential;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;

namespace CPort.Portal.Reports;

/// <summary>
/// <c>/app/reports</c>: a report, an item, and what is done with an item. Every form is one command of the report's own; what the report refuses comes back as
/// the same page with the rule, and with what was filled in.
/// </summary>
internal static class ReportEndpoints
{
    /// <summary>Seconds that a URL stays open.</summary>
    public const int RevealSeconds = 60;

    public static void MapReports(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/app/reports/{id}", ReportAsync).Needs(Deed.ReadReports);
        pages.MapGet("/app/reports/{id}/items/{item:int}", ItemAsync).Needs(Deed.ReadReports);
        pages.MapPost("/app/reports/{id}/items/{item:int}/reveal", RevealAsync).Needs(Deed.ReadReports);
        Command(pages, "claim", "claimed", (f, of) => new ClaimItems { ReportId = of.Report, Context = f.Context(), Items = [of.Target] });
        Command(pages, "release", "released", (f, of) => new ReleaseItems { ReportId = of.Report, Context = f.Context(), Items = [of.Target] });
        Command(pages, "memo", "noted", (f, of) => new AddMemo
        {
            ReportId = of.Report, Context = f.Context(), Ordinal = of.Target.Ordinal, Text = Secret(f.Text("text")),
        });
        Command(pages, "object", "objected", (f, of) => new ObjectToBaseline
        {
            ReportId = of.Report, Context = f.Context(), Items = [of.Target], Why = Secret(f.Text("why")),
        });
        Command(pages, "act", "acted", (f, of) => f.Code<ActionType>("action") is not { } action ? null : new RecordActions
        {
            ReportId = of.Report, Context = f.Context(), Items = [of.Target],
            Action = new ActionInput
            {
                Type = action, Date = f.Context().OccurredAt, Reason = f.Code<ActionReason>($"reason{(int)action}"), ReasonText = Secret(f.Text("text")),
            },
        });
        Command(pages, "assess", "assessed", Assess);
    }

    public static AssessmentForm AssessmentOf(Form f) => new()
    {
        Class = f.Code<Classification>("class"), Age = f.Code<AgeCategory>("age"), Gender = f.Code<GenderCategory>("gender"), Virtual = f.Is("virtual"),
        UserGenerated = f.Is("usergenerated"), ChildModeling = f.Is("modeling"),
    };

    private static AssessItems? Assess(Form f, (ReportId Report, ItemTarget Target) of) => AssessmentOf(f).ToInput() is not { } assessment ? null
        : new AssessItems { ReportId = of.Report, Context = f.Context(), Items = [of.Target], Assessment = assessment };

    private static SecretText? Secret(string? text) => text is null ? null : new SecretText { Text = text };

    private static async Task<IResult> ReportAsync(HttpContext http, ReportPages reports, string id, int? from = null)
    {
        var model = ReportId.TryParse(id, out var report)
            ? await reports.ReportAsync(http.Features.Get<Caller>()!, report, Math.Max(1, from ?? 1), http.RequestAborted) : null;
        return model is null ? Pages.Absent(http) : Pages.Of<ReportView, ReportModel>(
            http, model, p => p with { Title = p.Words.Of("report.title", ("number", p.Words.Number(model.Report.Number))), Nav = NavEntry.Queues });
    }

    private static async Task<IResult> ItemAsync(HttpContext http, ReportPages reports, string id, int item, string? from = null)
    {
        var model = await ReadAsync(http, reports, id, item);
        return model is null ? Pages.Absent(http) : Page(http, model with { From = QueueOf(from) });
    }

    /// <summary>
    /// Opens URL and texts: a deed of its own, so a POST that is recorded, and its page is nobody's to reload. It closes itself.
    /// </summary>
    private static async Task<IResult> RevealAsync(HttpContext http, ReportPages reports, string id, int item)
    {
        var form = await Form.ReadAsync(http);
        if (await ReadAsync(http, reports, id, item) is not { } model)
        {
            return Pages.Absent(http);
        }

        http.Response.Headers["Refresh"] = $"{RevealSeconds}; url={model.Address}";
        return Page(http, model with { Revealed = true, From = QueueOf(form.Text("from")) });
    }

    private static void Command(
        IEndpointRouteBuilder pages, string verb, string done, Func<Form, (ReportId Report, ItemTarget Target), IReportCommand?> make) =>
        pages.MapPost($"/app/reports/{{id}}/items/{{item:int}}/{verb}", async (
            HttpContext http, ReportPages reports, IReportGateway gateway, Queues.NextItem next, string id, int item) =>
        {
            if (!ReportId.TryParse(id, out var report))
            {
                return Pages.Absent(http);
            }

            var form = await Form.ReadAsync(http);
            var from = QueueOf(form.Text("from"));
            var command = make(form, (report, new ItemTarget { Ordinal = item, ExpectedVersion = form.Number("version") }));
            var words = Pages.WordsOf(http);
            PageError error;
            var status = StatusCodes.Status422UnprocessableEntity;
            if (command is null)
            {
                error = new PageError(words[$"error.{verb}"], "decide");
            }
            else
            {
                var reply = await gateway.SendAsync(command, http.RequestAborted);
                var (code, detail) = reply.Items is [{ } only] ? (only.Code, only.Detail) : (reply.Code, reply.Detail);
                if (code == RejectionCode.None && reply.Outcome is CommandOutcome.Accepted or CommandOutcome.Duplicate)
                {
                    if (form.Text("then") == "next" && from is not null)
                    {
                        return await next.GoAsync(http, form, from, (report, item));
                    }

                    return Pages.After($"/app/reports/{report}/items/{item}{(from is null ? "" : $"?from={from}")}", done);
                }

                if (code == RejectionCode.NotFound)
                {
                    return Pages.Absent(http);
                }

                error = new PageError(words.Has($"refusal.{code}") ? words[$"refusal.{code}"] : detail ?? words["error.refused"]);
                status = code == RejectionCode.VersionMismatch ? StatusCodes.Status412PreconditionFailed : status;
            }

            var model = await ReadAsync(http, reports, id, item);
            return model is null ? Pages.Absent(http) : Page(http, model with { From = from, Assessment = AssessmentOf(form) }, status, error);
        }).Needs(Deed.WorkOnReports);

    private static async Task<ItemModel?> ReadAsync(HttpContext http, ReportPages reports, string id, int item) => ReportId.TryParse(id, out var report)
        ? await reports.ItemAsync(http.Features.Get<Caller>()!, report, item, http.RequestAborted) : null;

    private static IResult Page(HttpContext http, ItemModel model, int status = StatusCodes.Status200OK, params ImmutableArray<PageError> errors) =>
        Pages.Of<ItemView, ItemModel>(
            http, model, p => p with
            {
                Title = p.Words.Of("item.title", ("number", p.Words.Number(model.Item.Number))), Nav = NavEntry.Queues, Errors = errors,
                Crumbs =
                [
                    .. model.From is { } queue ? new[] { new Crumb(p.Words[$"queue.{queue}"], $"/app/queues/{queue}") } : [],
                    new Crumb(p.Words.Of("report.title", ("number", p.Words.Number(model.Report.Number))), $"/app/reports/{model.Report.ReportId}"),
                ],
            }, status);

    private static string? QueueOf(string? name) => Domain.Queues.WorkQueue.Find(name)?.Name;
}
