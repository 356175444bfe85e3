using CPort.Actors.Exchange;
using CPort.Api.Exchange;
using CPort.Domain.Audit;
using CPort.Domain.Exchange;
using CPort.Portal.SignIn;

namespace CPort.Portal.Admin;

/// <summary>
/// <c>/app/admin/webhooks</c>: where the own agency's news are sent, as <c>/v1/webhooks</c> has it. A secret is the answer to the form that made it, and is
/// shown nowhere else.
/// </summary>
internal static class WebhookPages
{
    public const string Home = "/app/admin/webhooks";

    /// <summary>Tries that are drawn.</summary>
    private const int Drawn = 20;
    private const int MostName = 200;

    public static void MapWebhooks(this IEndpointRouteBuilder pages)
    {
        pages.MapGet(Home, (HttpContext http, WebhookStore store, FeedReader feed, string? hook = null) => PageAsync(http, store, feed, hook))
            .Needs(Deed.ManageWebhooks);
        pages.MapPost(Home, AddAsync).Needs(Deed.ManageWebhooks).NeedsProof();
        pages.MapPost(Home + "/rotate", RotateAsync).Needs(Deed.ManageWebhooks).NeedsProof();
        pages.MapPost(Home + "/test", TestAsync).Needs(Deed.ManageWebhooks).NeedsProof();
        pages.MapPost(Home + "/replay", ReplayAsync).Needs(Deed.ManageWebhooks).NeedsProof();
        pages.MapPost(Home + "/remove", RemoveAsync).Needs(Deed.ManageWebhooks).NeedsProof();
        Verb(pages, "pause", WebhookChanges.Paused);
        Verb(pages, "resume", WebhookChanges.Resumed);
    }

    private static async Task<IResult> PageAsync(
        HttpContext http, WebhookStore store, FeedReader feed, string? chosen, WebhookForm? form = null, WebhookTestAnswer? tested = null,
        params ImmutableArray<PageError> errors)
    {
        var (caller, stop) = (http.Features.Get<Caller>()!, http.RequestAborted);
        var rows = ImmutableArray.CreateBuilder<WebhookRow>();
        foreach (var hook in await store.OfAsync(caller.Agency, caller.Tenant, stop))
        {
            rows.Add(new WebhookRow(WebhookAnswerBody.Of(hook), await feed.WaitingAsync(caller, hook.After, stop)));
        }

        var one = rows.FirstOrDefault(r => r.Hook.Id == chosen);
        if (chosen is not null && one is null)
        {
            return Pages.Absent(http);
        }

        var model = new WebhooksModel
        {
            Hooks = rows.ToImmutable(), Chosen = one, Tested = tested, Form = form ?? new(), Proved = StepUp.IsProved(http),
            Tries = one is null ? [] : await TriesAsync(null, Drawn), Dead = one is null ? [] : await TriesAsync(WebhookOutcome.Dead, WebhookRules.MostAgain),
        };
        return Pages.Of<WebhooksView, WebhooksModel>(
            http, model, p => p with { Title = p.Words["webhooks.title"], Nav = NavEntry.People, Errors = errors, Address = Of(chosen) },
            errors.IsEmpty ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity);

        async Task<IReadOnlyList<WebhookDeliveryAnswer>> TriesAsync(WebhookOutcome? only, int most) =>
        [
            .. (await store.DeliveriesAsync(ReportId.Parse(one!.Hook.Id), only, most, stop)).Select(WebhookDeliveryAnswer.Of),
        ];
    }

    private static string Of(string? hook) => hook is null ? Home : $"{Home}?hook={hook}";

    private static async Task<IResult> AddAsync(HttpContext http, WebhookStore store, FeedReader feed, FeedHead head, TimeProvider time)
    {
        var form = await Form.ReadAsync(http);
        var words = Pages.WordsOf(http);
        var given = new WebhookForm(form.Text("url"), form.Text("name"), form.Is("asymmetric"), form.Text("batch"));
        if (WebhookRules.FaultOfUrl(given.Url) is { } fault)
        {
            return await PageAsync(http, store, feed, null, given, null, new PageError(fault, "url"));
        }

        if (given.Name is { Length: > MostName } || given.Name?.Any(char.IsControl) == true)
        {
            return await PageAsync(http, store, feed, null, given, null, new PageError(words["error.webhookName"], "name"));
        }

        if (!int.TryParse(given.Batch ?? "1", NumberStyles.None, CultureInfo.InvariantCulture, out var batch) || batch is < 1 or > WebhookRules.MostInBatch)
        {
            return await PageAsync(
                http, store, feed, null, given, null, new PageError(words.Of("error.webhookBatch", ("most", WebhookRules.MostInBatch)), "batch"));
        }

        if ((await store.OfAsync(form.Caller.Agency, form.Caller.Tenant, http.RequestAborted)).Length >= WebhookRules.PerAgency)
        {
            return await PageAsync(http, store, feed, null, given, null, new PageError(words.Of("error.webhooks", ("most", WebhookRules.PerAgency))));
        }

        var hook = await WebhookChanges.AddAsync(
            store, form.Caller, new NewWebhook(given.Url!, given.Name ?? "", [], given.Asymmetric, batch),
            (await head.NowAsync().WaitAsync(http.RequestAborted)).Head, time.GetUtcNow(), http.RequestAborted);
        await ReadHook.DoneAsync(http, Shown.View("webhook added"));
        return Secret(http, hook);
    }

    private static async Task<IResult> RotateAsync(HttpContext http, WebhookStore store, TimeProvider time)
    {
        if (await ChangedAsync(http, store, await Form.ReadAsync(http), WebhookChanges.Rotated(time.GetUtcNow())) is not { } hook)
        {
            return Pages.Absent(http);
        }

        await ReadHook.DoneAsync(http, Shown.View("webhook rotated"));
        return Secret(http, hook);
    }

    private static async Task<IResult> TestAsync(
        HttpContext http, WebhookStore store, FeedReader feed, IWebhookSender sender, IWebhookBodies bodies, TimeProvider time)
    {
        var form = await Form.ReadAsync(http);
        if (!ReportId.TryParse(form.Text("hook"), out var id)
            || await store.FindAsync(form.Caller.Agency, form.Caller.Tenant, id, http.RequestAborted) is not ({ } hook, _))
        {
            return Pages.Absent(http);
        }

        var answer = await sender.SendAsync(hook, bodies.Ping(hook, time.GetUtcNow()), 0, http.RequestAborted);
        await ReadHook.DoneAsync(http, Shown.View("webhook tested"));
        return await PageAsync(http, store, feed, hook.Id.ToString(), null, new WebhookTestAnswer(answer.IsTaken, answer.InWords));
    }

    /// <summary>What was given up, or all after an event, once more.</summary>
    private static async Task<IResult> ReplayAsync(HttpContext http, WebhookStore store, FeedReader feed, FeedHead head)
    {
        var form = await Form.ReadAsync(http);
        var from = FeedPlace.Start;
        var dead = form.Text("which") == "dead";
        if (!dead && !FeedPlace.TryParse(form.Text("from"), out from))
        {
            return await PageAsync(http, store, feed, form.Text("hook"), null, null, new PageError(Pages.WordsOf(http)["error.webhookFrom"], "from"));
        }

        if (!dead && from.Ordering < (await head.NowAsync().WaitAsync(http.RequestAborted)).KeptAfter)
        {
            return await PageAsync(http, store, feed, form.Text("hook"), null, null, new PageError(Pages.WordsOf(http)["error.webhookKept"], "from"));
        }

        var ids = !dead || !ReportId.TryParse(form.Text("hook"), out var id) ? []
            : (await store.DeliveriesAsync(id, WebhookOutcome.Dead, WebhookRules.MostAgain, http.RequestAborted)).Select(d => d.Place.ToString()).ToArray();
        if (await ChangedAsync(http, store, form, h => dead ? WebhookChanges.Replayed(h, ids) : WebhookChanges.Replayed(h, from)) is not { } hook)
        {
            return Pages.Absent(http);
        }

        await ReadHook.DoneAsync(http, Shown.View("webhook replayed"));
        return Pages.After(Of(hook.Id.ToString()), "webhookreplay");
    }

    private static async Task<IResult> RemoveAsync(HttpContext http, WebhookStore store)
    {
        var form = await Form.ReadAsync(http);
        if (!ReportId.TryParse(form.Text("hook"), out var id)
            || !await store.RemoveAsync(form.Caller.Agency, form.Caller.Tenant, id, http.RequestAborted))
        {
            return Pages.Absent(http);
        }

        await ReadHook.DoneAsync(http, Shown.View("webhook removed"));
        return Pages.After(Home, "webhookremove");
    }

    private static void Verb(IEndpointRouteBuilder pages, string verb, Func<Webhook, Webhook> change) =>
        pages.MapPost($"{Home}/{verb}", async (HttpContext http, WebhookStore store) =>
        {
            if (await ChangedAsync(http, store, await Form.ReadAsync(http), change) is not { } hook)
            {
                return Pages.Absent(http);
            }

            await ReadHook.DoneAsync(http, Shown.View($"webhook {verb}"));
            return Pages.After(Of(hook.Id.ToString()), $"webhook{verb}");
        }).Needs(Deed.ManageWebhooks).NeedsProof();

    private static async Task<Webhook?> ChangedAsync(HttpContext http, WebhookStore store, Form form, Func<Webhook, Webhook> change) =>
        ReportId.TryParse(form.Text("hook"), out var id)
            ? await store.ChangeAsync(form.Caller.Agency, form.Caller.Tenant, id, change, http.RequestAborted) : null;

    /// <summary>The page that shows a secret: the answer to the form itself, so that nothing leads to it a second time.</summary>
    private static IResult Secret(HttpContext http, Webhook hook) => Pages.Of<WebhookSecretView, WebhookSecretModel>(
        http, new WebhookSecretModel(WebhookAnswerBody.Of(hook, withSecret: true)),
        p => p with { Title = p.Words["webhooks.made"], Nav = NavEntry.People, Address = Home, Done = null });
}
