using CPort.Actors.Projections;
using CPort.Actors.Referrals;
using CPort.Actors.Reports;
using CPort.Api.Exchange;
using CPort.Api.Queues;
using CPort.Domain.Audit;
using CPort.Domain.Confidential;
using CPort.Domain.Referrals;
using CPort.Domain.Referrals.Verbs;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;

namespace CPort.Portal.Police;

/// <summary>An item of a referral: what there is to see of it now, and how it came.</summary>
/// <param name="Referred">As the referral has it.</param>
/// <param name="Now">As lists show it; null: it is not to be seen any more.</param>
public sealed record ReferralItem(ReferredItemAnswer Referred, ListedItemAnswer? Now)
{
    /// <summary>Its host could still be told of it.</summary>
    public bool CanBeHeld => Now is { FinalAction: null };
}

/// <summary>A line of what police and hotlines said of a referral's items.</summary>
/// <param name="At">When.</param>
/// <param name="Key">Of its text: <c>dialogue.{Key}</c>.</param>
/// <param name="By">An agency, or a colleague.</param>
/// <param name="Said">What comes with it, each a sentence.</param>
/// <param name="Text">In words.</param>
/// <param name="Hold">The hold that it is about.</param>
public sealed record DialogueLine(DateTimeOffset At, string Key, string? By, ImmutableArray<string> Said, string? Text = null, string? Hold = null);

/// <summary>A referral's page.</summary>
public sealed record ReferralModel : IShowsData
{
    Shown IShowsData.What() => ((IShowsData)Answer).What();

    public required ReferralAnswer Answer { get; init; }

    /// <summary>Of the page.</summary>
    public required ImmutableArray<ReferralItem> Items { get; init; }

    /// <summary>Its host, closed; null: its items have none in common, or it is not known just now.</summary>
    public string? Host { get; init; }

    /// <summary>It was opened by CPort's rule.</summary>
    public required bool ByRule { get; init; }
    public required ImmutableArray<ListedHoldAnswer> Holds { get; init; }
    public required ImmutableArray<DialogueLine> Dialogue { get; init; }

    /// <summary>What may be answered now.</summary>
    public required ImmutableArray<ReferralState> Answers { get; init; }

    /// <summary>To whom it may be handed on.</summary>
    public required ImmutableArray<ChosenAgency> To { get; init; }

    /// <summary>This is not the first page of its items.</summary>
    public bool Continued { get; init; }

    public string Address => $"/app/referrals/{Answer.ReferralId}";

    /// <summary>Hotlines whose work a hold would stop.</summary>
    public IEnumerable<string> Hotlines => Items.Where(i => i.CanBeHeld).SelectMany(i => new[] { i.Now!.ReportingHotline, i.Now.Hotline }).OfType<string>()
        .Distinct().Order(StringComparer.Ordinal);
}

/// <summary>
/// <c>/app/referrals</c>: one referral, its items, what was said of it, and what may be answered now. A form is one command of the referral's own.
/// </summary>
internal static class ReferralPages
{
    public static void MapReferrals(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/app/referrals/{id}", ShowAsync).Needs(Deed.SeeExchange).Needs(Deed.AnswerReferrals);
        pages.MapPost("/app/referrals/{id}/receive", (HttpContext http, IReferralGateway gateway, string id) =>
            AnswerAsync(http, gateway, id, (_, c) => c with { State = ReferralState.Received })).Needs(Deed.AnswerReferrals);
        pages.MapPost("/app/referrals/{id}/answer", (HttpContext http, IReferralGateway gateway, string id) =>
            AnswerAsync(http, gateway, id, Answer)).Needs(Deed.AnswerReferrals);
        pages.MapPost("/app/referrals/{id}/acknowledge", AcknowledgeAsync).Needs(Deed.AnswerReferrals);
        pages.MapPost("/app/referrals/{id}/next", NextAsync).Needs(Deed.AnswerReferrals);
        pages.MapPost("/app/referrals/{id}/hold", HoldAsync).Needs(Deed.WorkOnReports);
        pages.MapPost("/app/referrals/{id}/ask", AskAsync).Needs(Deed.WorkOnReports);
    }

    private static AnswerReferral? Answer(Form form, AnswerReferral command) => form.Code<ReferralState>("state") is not { } state ? null : command with
    {
        State = state, Reason = state == ReferralState.Declined ? form.Code<DeclineReason>("reason") : null,
        Outcome = state == ReferralState.Closed ? form.Code<ReferralOutcome>("outcome") : null,
        KnownAs = state == ReferralState.Known ? form.Code<KnownAs>("as") : null,
        To = state == ReferralState.Forwarded && AgencyId.TryParse(form.Text("to"), out var to) ? to : null,
        Text = form.Text("text") is { } text ? new SecretText { Text = text } : null,
    };

    private static async Task<IResult> ShowAsync(HttpContext http, string id, string? after = null, string? before = null) =>
        await PageAsync(http, id, (after, before), await http.RequestServices.GetRequiredService<Drafts>().FindAsync(http));

    private static async Task<IResult> AnswerAsync(HttpContext http, IReferralGateway gateway, string id, Func<Form, AnswerReferral, AnswerReferral?> make)
    {
        if (!ReferralRef.TryParse(id, out var referral))
        {
            return Pages.Absent(http);
        }

        var form = await Form.ReadAsync(http);
        var command = make(form, new AnswerReferral
        {
            Key = referral.Key, Number = referral.Number, Context = form.Context(), State = ReferralState.Open,
        });
        if (command is null)
        {
            return await PageAsync(http, id, default, form.Filled(), new PageError(Pages.WordsOf(http)["error.answer"], "answer"));
        }

        var reply = await gateway.SendAsync(command, http.RequestAborted);
        return reply.Code switch
        {
            ReferralRejection.None => Pages.After($"/app/referrals/{referral}", "referralAnswered"),
            ReferralRejection.NotFound => Pages.Absent(http),
            _ => await PageAsync(http, id, default, form.Filled(), new PageError(reply.Detail ?? Pages.WordsOf(http)["error.refused"], "answer")),
        };
    }

    /// <summary>
    /// The next one that nobody has answered, in the inbox's order from this one on, and from its beginning after the last: so that one that is left for later
    /// does not come back at once. What is urgent goes before, unless this one is.
    /// </summary>
    private static async Task<IResult> NextAsync(HttpContext http, ReferralReader reader, string id)
    {
        var caller = http.Features.Get<Caller>()!;
        var row = ReferralRef.TryParse(id, out var referral) ? await reader.RowAsync(caller, referral, http.RequestAborted) : null;
        var first = await OpenAsync(null);
        var next = row is null || first is [{ Urgent: 1 }, ..] && row.Urgent == 0 ? first
            : await OpenAsync(new ReferralPlace(row.Urgent, row.Score, row.OpenedOrdering)) is { IsEmpty: false } rest ? rest : first;
        return next.FirstOrDefault(r => r.ReferralId != id) is { } found ? Pages.After($"/app/referrals/{found.ReferralId}")
            : Pages.After(InboxPages.Home, "inboxDone");

        async Task<ImmutableArray<ReferralRow>> OpenAsync(ReferralPlace? after) => (await reader.PageAsync(
            caller, new ReferralQuery { States = [ReferralState.Open], MaxResults = 2, After = after }, http.RequestAborted)).Rows;
    }

    private static async Task<IResult> AcknowledgeAsync(HttpContext http, IReferralGateway gateway, string id)
    {
        if (!ReferralRef.TryParse(id, out var referral))
        {
            return Pages.Absent(http);
        }

        var form = await Form.ReadAsync(http);
        var reply = await gateway.SendAsync(
            new AcknowledgeAlert { Key = referral.Key, Context = form.Context(), Number = referral.Number }, http.RequestAborted);
        return reply.Code switch
        {
            ReferralRejection.None => Pages.After($"/app/referrals/{referral}", "acknowledged"),
            ReferralRejection.NotFound => Pages.Absent(http),
            _ => await PageAsync(http, id, default, form.Filled(), new PageError(reply.Detail ?? Pages.WordsOf(http)["error.refused"])),
        };
    }

    /// <summary>Asks for data of the chosen items: one request a report, since its answer fills the report.</summary>
    private static async Task<IResult> AskAsync(HttpContext http, IReportGateway gateway, string id)
    {
        var form = await Form.ReadAsync(http);
        var words = Pages.WordsOf(http);
        var chosen = form.All("item").Select(Queues.ChosenItem.Parse).OfType<Queues.ChosenItem>().DistinctBy(c => (c.Report, c.Item)).ToArray();
        ImmutableArray<DataField> fields =
            [.. form.All("field").Select(v => Enum.TryParse<DataField>(v, out var field) ? field : default).Where(v => Enum.IsDefined(v)).Distinct()];
        if (chosen.Length == 0 || fields.IsEmpty)
        {
            return await PageAsync(http, id, default, form.Filled(), new PageError(words[chosen.Length == 0 ? "error.askNone" : "error.askFields"], "ask"));
        }

        var to = Enum.TryParse<QuestionTo>(form.Text("askTo"), out var asked) && Enum.IsDefined(asked) ? asked : QuestionTo.Source;
        var text = form.Text("question") is { } said ? new SecretText { Text = said } : null;
        var (part, done, refused) = (1, 0, new List<string>());
        foreach (var report in chosen.GroupBy(c => c.Report))
        {
            var reply = await gateway.SendAsync(
                new AskQuestion
                {
                    ReportId = report.Key, Context = form.Context(part++), Items = [.. report.Select(c => new ItemTarget { Ordinal = c.Item })], To = to,
                    Fields = fields, Text = text,
                },
                http.RequestAborted);
            done += reply.Question > 0 ? 1 : 0;
            refused.AddRange(reply.Items.IsEmpty && reply.Code != RejectionCode.None ? [reply.Detail ?? words["error.refused"]]
                : reply.Items.Where(i => !i.Accepted).Select(i => i.Detail ?? words["error.refused"]));
        }

        return refused.Count == 0 ? Pages.After($"/app/referrals/{id}", "asked")
            : await PageAsync(
                http, id, default, form.Filled(),
                [.. done > 0 ? new[] { new PageError(words.Count("ask.someAsked", done)) } : [], .. refused.Distinct().Select(r => new PageError(r, "ask"))]);
    }

    /// <summary>Holds the chosen items: one hold a report, since a hold stands where the action that it refuses is decided.</summary>
    private static async Task<IResult> HoldAsync(HttpContext http, IReportGateway gateway, string id)
    {
        var form = await Form.ReadAsync(http);
        var words = Pages.WordsOf(http);
        var chosen = form.All("item").Select(Queues.ChosenItem.Parse).OfType<Queues.ChosenItem>().DistinctBy(c => (c.Report, c.Item)).ToArray();
        if (chosen.Length == 0 || HoldForm.Of(form) is not { } hold)
        {
            return await PageAsync(http, id, default, form.Filled(), new PageError(words[chosen.Length == 0 ? "error.holdNone" : "error.hold"], "hold"));
        }

        var part = 1;
        var (held, refused, last) = (0, new List<string>(), (HoldRef?)null);
        foreach (var report in chosen.GroupBy(c => c.Report))
        {
            var reply = await gateway.SendAsync(
                hold.Command(report.Key, form.Context(part++), [.. report.Select(c => new ItemTarget { Ordinal = c.Item })]), http.RequestAborted);
            held += reply.Items.Count(i => i.Accepted);
            last = reply.Hold > 0 ? new HoldRef(report.Key, reply.Hold) : last;
            refused.AddRange(reply.Items.IsEmpty && reply.Code != RejectionCode.None ? [reply.Detail ?? words["error.refused"]]
                : reply.Items.Where(i => !i.Accepted).Select(i => i.Detail ?? words["error.refused"]));
        }

        if (last is { } made)
        {
            var holds = http.RequestServices.GetRequiredService<HoldReader>();
            await CatchUp.UntilAsync(http, async cancellation => await holds.FindAsync(form.Caller, made, cancellation) is not null);
        }

        // What was refused says why; what was not is held.
        return refused.Count == 0 ? Pages.After($"/app/referrals/{id}", "held")
            : await PageAsync(
                http, id, default, form.Filled(),
                [
                    .. held > 0 ? new[] { new PageError(words.Count("hold.someHeld", held)) } : [], .. refused.Distinct().Select(r => new PageError(r, "hold")),
                ]);
    }

    private static async Task<IResult> PageAsync(
        HttpContext http, string id, (string? After, string? Before) at, FilledForm? filled = null, params ImmutableArray<PageError> errors)
    {
        if (!ReferralRef.TryParse(id, out var referral) || await ReadAsync(http, referral, at) is not { } model)
        {
            return Pages.Absent(http);
        }

        return Pages.Of<ReferralView, ReferralModel>(
            http, model, p => p with
            {
                Title = p.Words.Of("referral.title", ("id", InboxPages.ShortId(id))), Nav = NavEntry.Inbox, Errors = errors, Filled = filled,
                Crumbs = [new Crumb(p.Words["inbox.title"], InboxPages.Home)],
            }, errors.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<ReferralModel?> ReadAsync(HttpContext http, ReferralRef referral, (string? After, string? Before) at)
    {
        var (caller, services, stop) = (http.Features.Get<Caller>()!, http.RequestServices, http.RequestAborted);
        var list = $"page {referral}";
        var page = await services.GetRequiredService<IReferralGateway>().GetAsync(
            new GetReferral
            {
                Key = referral.Key, Number = referral.Number, Caller = caller, Skip = Cursor.Read<int?>(list, at.After) ?? 0,
                BeforeLine = Cursor.Read<int?>(ReferralAnswer.Said(referral), at.Before),
            }, stop);
        if (!page.Found)
        {
            return null;
        }

        var answer = await ReferralAnswer.Of(page, page.Next is { } next ? Cursor.Write<int?>(list, next) : null).WithSignsAsync(
            caller, referral, services.GetRequiredService<ReferralReader>(), services.GetRequiredService<DeconflictionReader>(), stop);
        var numbers = page.Items.Select(i => i.Number).ToArray();
        var items = (await services.GetRequiredService<ItemReader>().OfNumbersAsync(caller, numbers, stop)).Select(ListedItemAnswer.Of)
            .ToDictionary(i => i.ItemId);
        var holds = (await services.GetRequiredService<HoldReader>().OfItemsAsync(caller, numbers, stop)).Select(ListedHoldAnswer.Of).ToImmutableArray();
        var hosts = page.Why != ReferralWhy.Host || page.Items.IsEmpty ? null
            : await services.GetRequiredService<ClosedHosts>().OfAsync(http, [page.Items[0].Item.ToString()]);
        var agencies = services.GetRequiredService<PoliceAgencies>();
        var byRule = page.OpenedBy == Caller.System.Agency;
        return new ReferralModel
        {
            Answer = answer, Items = [.. answer.Items.Select(i => new ReferralItem(i, items.GetValueOrDefault(i.ItemId)))],
            Host = hosts?.Values.FirstOrDefault(), ByRule = byRule, Holds = holds,
            Continued = !string.IsNullOrEmpty(at.After), Answers = [.. AnswerReferral.After(page.State)],
            To = agencies.ToForward(caller), Dialogue = Dialogue(
                Pages.WordsOf(http), page, holds, byRule, string.IsNullOrEmpty(at.After), k => agencies.NameOf(caller, k)),
        };
    }

    /// <summary>All that was said, the newest first: items that came, answers, holds.</summary>
    private static ImmutableArray<DialogueLine> Dialogue(
        Words words, ReferralPage page, ImmutableArray<ListedHoldAnswer> holds, bool byRule, bool first, Func<string, string?> nameOf)
    {
        var came = page.Items.GroupBy(i => i.JoinedAt).Select(g => new DialogueLine(
            g.Key, first && g.Key == page.Items[0].JoinedAt ? "opened" : "joined", byRule ? null : page.OpenedBy.Value,
            [words.Count("queues.count", g.Count())]));
        var said = page.Lines.Select((l, i) => new DialogueLine(
            l.At, l.Escalated ? "Escalated" : l.State.ToString(), l.Escalated ? null : nameOf(l.KeyId) ?? page.Agency.Value, [.. new[]
            {
                l.Reason is { } reason ? words.Name("declineReason", reason) : null, l.Outcome is { } outcome ? words.Name("referralOutcome", outcome) : null,
                l.KnownAs is { } known ? words.Name("knownAs", known) : null, l.To is { } to ? words.Of("referral.to", ("agency", to)) : null,
            }.OfType<string>()], page.Texts.ElementAtOrDefault(i) is { Length: > 0 } text ? text : null));
        var asked = holds.Select(h => new DialogueLine(
            h.Since, "holdAsked", h.Agency, [words.Name("holdReason", (HoldReason)h.Reason.Id), words.Count("queues.count", h.Items.Count)], Hold: h.HoldId));
        var ended = holds.Where(h => h.State != HoldState.Running).Select(h => new DialogueLine(
            h.EndsAt, "holdEnded", h.Agency, [words.Name("holdState", h.State)], Hold: h.HoldId));
        return [.. came.Concat(said).Concat(asked).Concat(ended).OrderByDescending(l => l.At)];
    }
}
