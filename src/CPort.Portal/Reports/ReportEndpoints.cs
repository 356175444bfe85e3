using CPort.Actors.Reports;
using CPort.Domain.Confidential;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Portal.Breaks;
using CPort.Portal.Police;

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
        pages.MapPost("/app/reports/{id}/items/{item:int}/reveal", (HttpContext http, ReportPages reports, string id, int item) =>
            RevealAsync(http, reports, id, item, exact: false)).Needs(Deed.ReadReports);
        pages.MapPost("/app/reports/{id}/items/{item:int}/exact", (HttpContext http, ReportPages reports, string id, int item) =>
            RevealAsync(http, reports, id, item, exact: true)).Needs(Deed.ReadReports);
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
        Command(pages, "look", "looked", (f, of) => AssessmentOf(f).ToInput() is not { } assessment ? null : new AssessBlind
        {
            ReportId = of.Report, Context = f.Context(), Item = of.Target, Assessment = assessment,
        });
        Command(pages, "icse", "proposed", (f, of) => f.Text("why") is not { } why ? null : new ProposeForIcse
        {
            ReportId = of.Report, Context = f.Context(), Items = [of.Target], Why = Secret(why),
        });
        pages.MapPost("/app/reports/{id}/items/{item:int}/pass", PassAsync).Needs(Deed.WorkOnReports);
        pages.MapPost("/app/reports/{id}/items/{item:int}/iwol", ProposeDomainAsync).Needs(Deed.ProposeDomains);
        Command(pages, "hold", "held", (f, of) => HoldForm.Of(f)?.Command(of.Report, f.Context(), [of.Target]));
        Command(pages, "refer", "referred", (f, of) => !AgencyId.TryParse(f.Text("agency"), out var agency) ? null : new RequestReferral
        {
            ReportId = of.Report, Context = f.Context(), Items = [of.Target], Agency = agency, Why = ReferralWhy.Host,
        });
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
            http, model, p => p with { Title = p.Words.Of("report.title", ("number", p.Words.Number(model.Report.Number))), Nav = p.Work });
    }

    private static async Task<IResult> ItemAsync(HttpContext http, ReportPages reports, Drafts drafts, string id, int item, string? from = null)
    {
        if (await ReadAsync(http, reports, id, item) is not { } model)
        {
            return Pages.Absent(http);
        }

        var filled = await drafts.FindAsync(http);
        return Page(http, model with { From = Queues.Round.Parse(from), Assessment = filled?.Form(http, "assess") is { } form ? AssessmentOf(form) : new() }, filled);
    }

    /// <summary>
    /// Opens URL and texts: a deed of its own, so a POST that is recorded, and its page is nobody's to reload. It closes itself. The URL as programs follow it
    /// is a second one.
    /// </summary>
    private static async Task<IResult> RevealAsync(HttpContext http, ReportPages reports, string id, int item, bool exact)
    {
        var form = await Form.ReadAsync(http);
        if (await ReadAsync(http, reports, id, item) is not { } model)
        {
            return Pages.Absent(http);
        }

        // A second look at what is open already is none.
        if (!exact)
        {
            await http.RequestServices.GetRequiredService<BreakKeeper>().CountAsync(form.Caller, http.RequestAborted, opened: 1);
        }

        var opened = model with { Revealed = true, Exact = exact, From = Queues.Round.Parse(form.Text("from")) };
        http.Response.Headers["Refresh"] = $"{RevealSeconds}; url={opened.Page}";
        return Page(http, opened);
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
            var from = Queues.Round.Parse(form.Text("from"));
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
                    if (command is AssessItems or AssessBlind && reply.Outcome == CommandOutcome.Accepted)
                    {
                        await http.RequestServices.GetRequiredService<BreakKeeper>().CountAsync(form.Caller, http.RequestAborted, assessed: 1);
                    }

                    if (form.Text("then") == "next" && from is not null)
                    {
                        return await next.GoAsync(http, form, from, (report, item));
                    }

                    return Pages.After(Queues.Round.From($"/app/reports/{report}/items/{item}", from), done);
                }

                if (code == RejectionCode.NotFound)
                {
                    return Pages.Absent(http);
                }

                error = new PageError(words.Has($"refusal.{code}") ? words[$"refusal.{code}"] : detail ?? words["error.refused"]);
                status = code == RejectionCode.VersionMismatch ? StatusCodes.Status412PreconditionFailed : status;
            }

            if (await ReadAsync(http, reports, id, item) is not { } model)
            {
                return Pages.Absent(http);
            }

            // Who was faster, and with what.
            var changed = status == StatusCodes.Status412PreconditionFailed && form.Number("seen") is { } seen
                ? model.History.Where(e => e.Sequence > seen) : [];
            return Page(http, model with { From = from, Assessment = AssessmentOf(form), Changed = [.. changed] }, form.Filled(), status, error);
        }).Needs(Deed.WorkOnReports);

    /// <summary>
    /// Not this one now: who has it gives it back, and the next of the round opens. What cannot be given back (it is another's by now, or nobody's) is left all
    /// the same.
    /// </summary>
    private static async Task<IResult> PassAsync(
        HttpContext http, IReportGateway gateway, Queues.NextItem next, Queues.PassedItems passed, string id, int item)
    {
        var form = await Form.ReadAsync(http);
        if (!ReportId.TryParse(id, out var report) || Queues.Round.Parse(form.Text("from")) is not { } round)
        {
            return Pages.Absent(http);
        }

        await gateway.SendAsync(
            new ReleaseItems { ReportId = report, Context = form.Context(), Items = [new ItemTarget { Ordinal = item }] }, http.RequestAborted);
        await passed.AddAsync(form.Caller, new ItemRef(report, item), http.RequestAborted);
        return await next.GoAsync(http, form, round, (report, item), after: "passed");
    }

    /// <summary>Names the item for its domain; what the domain is, and whether it can be one, the API's own way finds out.</summary>
    private static async Task<IResult> ProposeDomainAsync(
        HttpContext http, ReportPages reports, Actors.Iwol.IwolGateway gateway, string id, int item)
    {
        var form = await Form.ReadAsync(http);
        if (!ReportId.TryParse(id, out var report) || await ReadAsync(http, reports, id, item) is not { } model
            || await gateway.ProposeAsync(form.Context(), new ItemRef(report, item), http.RequestAborted) is not { } reply)
        {
            return Pages.Absent(http);
        }

        var words = Pages.WordsOf(http);
        return reply.Code == Domain.Iwol.IwolRejection.None ? Pages.After($"/app/iwol/{reply.Key}", "domainProposed")
            : Page(http, model with { From = Queues.Round.Parse(form.Text("from")) }, form.Filled(), StatusCodes.Status422UnprocessableEntity, new PageError(
                words.Has($"refusal.{reply.Code}") ? words[$"refusal.{reply.Code}"] : reply.Detail ?? words["error.refused"]));
    }

    private static async Task<ItemModel?> ReadAsync(HttpContext http, ReportPages reports, string id, int item) => ReportId.TryParse(id, out var report)
        ? await reports.ItemAsync(http.Features.Get<Caller>()!, report, item, http.RequestAborted) : null;

    private static IResult Page(
        HttpContext http, ItemModel model, FilledForm? filled = null, int status = StatusCodes.Status200OK, params ImmutableArray<PageError> errors) =>
        Pages.Of<ItemView, ItemModel>(
            http, model, p => p with
            {
                Title = p.Words.Of("item.title", ("number", p.Words.Number(model.Item.Number))), Nav = p.Work, Errors = errors, Filled = filled,
                Crumbs =
                [
                    .. model.From is { } round ? new[] { new Crumb(p.Words[$"queue.{round.Queue.Name}"], round.Address) } : [],
                    new Crumb(p.Words.Of("report.title", ("number", p.Words.Number(model.Report.Number))), $"/app/reports/{model.Report.ReportId}"),
                ],
            }, status);
}
