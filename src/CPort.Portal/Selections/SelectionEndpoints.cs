using CPort.Actors.Personal;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Api.Reports;
using CPort.Domain.Audit;
using CPort.Domain.Groups;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Portal.Queues;
using CPort.Portal.Reports;

namespace CPort.Portal.Selections;

/// <summary>A row of a selection's page: the item as it is now, and whether it can be done.</summary>
/// <param name="Chosen">The item as it was chosen, and what became of it.</param>
/// <param name="Now">As its report answers now; null: it is not to be seen any more.</param>
/// <param name="Refused">Why the rules refuse it; null: it is possible, or nothing was decided yet.</param>
public sealed record SelectionRow(SelectedItem Chosen, ItemAnswer? Now, string? Refused);

/// <summary>A selection's page.</summary>
public sealed record SelectionModel(string Id, Selection Selection, ImmutableArray<SelectionRow> Rows, int From) : IShowsData
{
    Shown IShowsData.What() => new(
        [.. Rows.Where(r => r.Now is not null).Select(r => new AuditObject(AuditObjectKind.Item, r.Chosen.Item))], ["state", "hosting", "assignment"],
        Rows.Length);

    /// <summary>Those of the page: what is refused comes first, so that it is seen.</summary>
    public IEnumerable<SelectionRow> Page =>
        Rows.OrderBy(r => Selection.Done ? r.Chosen.Outcome == "accepted" : r.Refused is null).Skip(From).Take(Selection.Rows);

    public int Possible => Rows.Count(r => r.Refused is null && r.Now is not null);
}

/// <summary>
/// <c>/app/selections</c>: many items at once, in two steps. What is chosen is fixed by the server; the page says what would be done with each and why
/// not; only then is it done, each item by its own rules and version, with an outcome of its own.
/// </summary>
internal static class SelectionEndpoints
{
    private const int AtOnce = 8;

    public static void MapSelections(this IEndpointRouteBuilder pages)
    {
        pages.MapPost("/app/selections", ChooseAsync).Needs(Deed.ListItems).Needs(Deed.WorkOnReports);
        pages.MapGet("/app/selections/{id}", ShowAsync).Needs(Deed.ListItems).Needs(Deed.WorkOnReports);
        pages.MapPost("/app/selections/{id}/without", WithoutAsync).Needs(Deed.ListItems).Needs(Deed.WorkOnReports);
        pages.MapPost("/app/selections/{id}/deed", DecideAsync).Needs(Deed.ListItems).Needs(Deed.WorkOnReports);
        pages.MapPost("/app/selections/{id}/do", DoAsync).Needs(Deed.ListItems).Needs(Deed.WorkOnReports);
    }

    /// <summary>The rows that were chosen, or all of a queue, without those that were taken out again.</summary>
    private static async Task<IResult> ChooseAsync(HttpContext http, PersonalStore store, QueueReader queues, TimeProvider time)
    {
        var form = await Form.ReadAsync(http);
        var round = Round.Parse(form.Text("from"));
        var chosen = form.All("item").Select(ChosenItem.Parse).OfType<ChosenItem>()
            .Select(c => new SelectedItem(new ItemRef(c.Report, c.Item).ToString(), c.Version)).DistinctBy(c => c.Item).ToImmutableArray();
        if (form.Text("which") == "all" && round is not null)
        {
            chosen = await AllAsync(form.Caller, round, queues, http.RequestAborted);
        }

        var from = round?.Address ?? "/app/queues";
        if (chosen.IsEmpty)
        {
            return Pages.After(from, "nothingChosen");
        }

        var selection = new Selection { Items = [.. chosen.Take(Selection.Most)], From = from, At = time.GetUtcNow() };
        return Pages.After($"/app/selections/{await store.KeepAsync(form.Caller, PersonalKind.Selection, selection.Write(), http.RequestAborted)}");
    }

    private static async Task<ImmutableArray<SelectedItem>> AllAsync(Caller caller, Round round, QueueReader queues, CancellationToken cancellation)
    {
        var all = ImmutableArray.CreateBuilder<SelectedItem>();
        PagePlace? after = null;
        do
        {
            var page = await queues.PageAsync(caller, new QueueQuery { Queue = round.Queue, Filter = round.Filter, After = after }, cancellation);
            all.AddRange(page.Items.Select(i => new SelectedItem($"{i.Row.ReportId}-{i.Row.Ordinal}", i.Row.Version)));
            after = page.Next;
        }
        while (after is not null && all.Count < Selection.Most);
        return all.DrainToImmutable();
    }

    private static async Task<IResult> ShowAsync(HttpContext http, PersonalStore store, IReportGateway gateway, string id, int? from = null) =>
        await ReadAsync(http, store, id) is { } selection ? await PageAsync(http, gateway, id, selection, from ?? 0) : Pages.Absent(http);

    /// <summary>Takes rows out again: all but a few are chosen that way.</summary>
    private static async Task<IResult> WithoutAsync(HttpContext http, PersonalStore store, IReportGateway gateway, string id)
    {
        if (await ReadAsync(http, store, id) is not { Done: false } selection)
        {
            return Pages.Absent(http);
        }

        var form = await Form.ReadAsync(http);
        var left = selection.Without(form.All("out").ToHashSet(StringComparer.Ordinal));
        if (left.Items.Length == selection.Items.Length || left.Items.IsEmpty)
        {
            var why = Pages.WordsOf(http)[left.Items.IsEmpty ? "error.allOut" : "error.noneOut"];
            return await PageAsync(http, gateway, id, selection, form.Number("from") ?? 0, new PageError(why, "rows"));
        }

        await store.ReplaceAsync(form.Caller, PersonalKind.Selection, id, left.Write(), http.RequestAborted);
        return Pages.After($"/app/selections/{id}", "takenOut");
    }

    /// <summary>What is to be done is decided; the page then shows what would come of it.</summary>
    private static async Task<IResult> DecideAsync(HttpContext http, PersonalStore store, IReportGateway gateway, string id)
    {
        if (await ReadAsync(http, store, id) is not { Done: false } selection)
        {
            return Pages.Absent(http);
        }

        var form = await Form.ReadAsync(http);
        var assessment = Reports.ReportEndpoints.AssessmentOf(form);
        var action = form.Code<ActionType>("action");
        if (assessment.Class is null == action is null)
        {
            return await PageAsync(http, gateway, id, selection, 0, new PageError(Pages.WordsOf(http)["error.selection"], "decide"));
        }

        selection = selection with
        {
            Deed = action is null ? SelectionDeed.Assess : SelectionDeed.Act, Assessment = action is null ? assessment : null, Action = action,
            Reason = action is { } a && a.NeedsReason() ? form.Code<ActionReason>($"reason{(int)a}") : null, CommandId = CommandId.New().Value,
        };
        await store.ReplaceAsync(form.Caller, PersonalKind.Selection, id, selection.Write(), http.RequestAborted);
        return Pages.After($"/app/selections/{id}");
    }

    private static async Task<IResult> DoAsync(HttpContext http, PersonalStore store, IReportGateway gateway, GroupReader groups, string id)
    {
        if (await ReadAsync(http, store, id) is not { Deed: { } deed } selection)
        {
            return Pages.Absent(http);
        }

        var form = await Form.ReadAsync(http);
        if (selection.Done && !selection.CanBeRepeated)
        {
            return Pages.After($"/app/selections/{id}");
        }

        var model = await ModelAsync(http, gateway, id, selection);
        if (form.Text("deed") != selection.CommandId)
        {
            // Something else was decided since that page was drawn, in another window.
            return await PageAsync(http, gateway, id, selection, 0, new PageError(Pages.WordsOf(http)["error.otherDeed"], "decide"));
        }

        if (!selection.Done && selection.NeedsNumber && form.Number("number") != model.Possible)
        {
            return await PageAsync(http, gateway, id, selection, 0, new PageError(Pages.WordsOf(http)["error.number"], "number"));
        }

        // What was chosen because it looks alike is assessed only where it does: lists may have been wrong, and the report has the last word.
        var group = selection.Group is { } of && deed == SelectionDeed.Assess
            ? await groups.TargetsAsync(form.Caller, of, [.. selection.Items.Select(i => RefOf(i.Item))], Selection.Most, http.RequestAborted) : null;
        var alike = group?.Items.Select(i => i.Item).ToHashSet();
        bool Fits(SelectedItem item) => selection.Group is null || deed != SelectionDeed.Assess || alike?.Contains(RefOf(item.Item)) == true;

        // What is known to be refused is not asked for; it keeps its reason.
        var rows = model.Rows.Where(
            r => selection.Done ? r.Chosen.Outcome == "unavailable" : r.Refused is null && r.Now is not null && Fits(r.Chosen)).ToArray();
        var asked = rows.Select(r => (RefOf(r.Chosen.Item), (int?)r.Chosen.Version)).ToArray();
        var outcomes = await ItemBatchEndpoints.RunAsync(
            http, gateway, asked, (report, targets, part) => Command(selection, deed, report, targets, ContextOf(form, selection, part), group?.Alike));
        var done = rows.Zip(outcomes, (row, outcome) => (row.Chosen.Item, Outcome: outcome)).ToDictionary(o => o.Item, o => o.Outcome);
        selection = selection with
        {
            Items =
            [
                .. model.Rows.Select(r => done.TryGetValue(r.Chosen.Item, out var o) ? r.Chosen with { Outcome = o.Outcome, Detail = o.Detail }
                    : r.Chosen.Outcome is not null ? r.Chosen
                    : r.Chosen with
                    {
                        Outcome = "rejected",
                        Detail = r.Refused ?? (r.Now is not null && !Fits(r.Chosen) ? AssessItems.NotInGroup : Pages.WordsOf(http)["absent.title"]),
                    }),
            ],
        };
        await store.ReplaceAsync(form.Caller, PersonalKind.Selection, id, selection.Write(), http.RequestAborted);
        return Pages.After($"/app/selections/{id}", "selectionDone");
    }

    /// <summary>The ids of its commands are the selection's, not the form's: whoever confirms twice, on whatever node, does it once.</summary>
    private static CommandContext ContextOf(Form form, Selection selection, int part) =>
        form.Context() with { CommandId = CommandId.Parse($"{selection.CommandId}.{part}"), Digest = 0 };

    private static ItemRef RefOf(string text) => ItemRef.TryParse(text, out var item) ? item : default;

    private static IReportCommand Command(
        Selection selection, SelectionDeed deed, ReportId report, ImmutableArray<ItemTarget> targets, CommandContext context, LookAlikeBall? alike) => deed
        switch
    {
        SelectionDeed.Assess => new AssessItems
        {
            ReportId = report, Context = context, Items = targets, Assessment = selection.Assessment!.ToInput()!, Alike = alike,
        },
        _ => new RecordActions
        {
            ReportId = report, Context = context, Items = targets,
            Action = new ActionInput { Type = selection.Action!.Value, Date = context.OccurredAt, Reason = selection.Reason },
        },
    };

    private static async Task<Selection?> ReadAsync(HttpContext http, PersonalStore store, string id) =>
        await store.FindAsync(http.Features.Get<Caller>()!, PersonalKind.Selection, id, http.RequestAborted) is { } kept ? Selection.Read(kept.Body) : null;

    private static async Task<IResult> PageAsync(
        HttpContext http, IReportGateway gateway, string id, Selection selection, int from = 0, params ImmutableArray<PageError> errors)
    {
        var model = (await ModelAsync(http, gateway, id, selection)) with { From = Math.Clamp(from / Selection.Rows * Selection.Rows, 0, Selection.Most) };
        return Pages.Of<SelectionView, SelectionModel>(
            http, model, p => p with
            {
                Title = p.Words.Count("selection.title", selection.Items.Length), Nav = p.Work, Errors = errors,
                Crumbs = [new Crumb(p.Words["selection.back"], selection.From)],
            }, errors.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
    }

    /// <summary>Every item as its report knows it now, and what the verbs' own rules say of the deed.</summary>
    private static async Task<SelectionModel> ModelAsync(HttpContext http, IReportGateway gateway, string id, Selection selection)
    {
        var caller = http.Features.Get<Caller>()!;
        var words = Pages.WordsOf(http);
        var rows = new SelectionRow[selection.Items.Length];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, rows.Length), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = http.RequestAborted },
            async (place, cancellation) =>
            {
                var chosen = selection.Items[place];
                var view = ItemRef.TryParse(chosen.Item, out var item)
                    ? (await gateway.GetAsync(
                        new GetReport { ReportId = item.Report, Caller = caller, FromOrdinal = item.Ordinal, MaxItems = 1, WithWays = true }, cancellation))
                        .Items.FirstOrDefault(v => v.Item.Ordinal == item.Ordinal)
                    : null;
                rows[place] = new SelectionRow(chosen, view is null ? null : ItemAnswer.Of(item.Report, view), Refusal(view, chosen, selection, words));
            });
        return new SelectionModel(id, selection, [.. rows], 0);
    }

    private static string? Refusal(Domain.Reports.ItemView? view, SelectedItem chosen, Selection selection, Words words)
    {
        if (view is null)
        {
            return words["absent.title"];
        }

        if (selection.Deed is not { } deed || selection.Done)
        {
            return null;
        }

        var way = view.Ways.FirstOrDefault(
            w => deed == SelectionDeed.Assess ? w.Write == ItemWrite.Assess : w.Write == ItemWrite.Act && w.Action == selection.Action);
        return way is null ? words["forbidden.title"]
            : !way.Possible ? words.Has($"refusal.{way.Code}") ? words[$"refusal.{way.Code}"] : way.Detail
            : view.Item.Version != chosen.Version ? words["selection.changed"]
            : null;
    }
}
