using CPort.Actors.Exchange;
using CPort.Domain.Exchange;

namespace CPort.Api.Exchange;

/// <summary><c>/v1/webhooks</c>: where an agency has its news sent (Standard Webhooks 1.0.0).</summary>
public static class WebhookEndpoints
{
    private const int MostName = 200;

    public static void MapWebhooks(this IEndpointRouteBuilder v1)
    {
        var hooks = v1.MapGroup("/webhooks").WithTags("Webhooks");
        hooks.MapGet("", async (ApiCaller me, WebhookStore store, CancellationToken cancellation) => new WebhooksAnswer(
            [.. (await store.OfAsync(me.Caller.Agency, me.Caller.Tenant, cancellation)).Select(h => WebhookAnswerBody.Of(h))]))
            .Needs(Deed.ManageWebhooks).WithName("ListWebhooks").WithSummary("One's own agency's webhooks").Problems(403, 503);
        hooks.MapPost("", AddAsync).Needs(Deed.ManageWebhooks).WithName("AddWebhook").WithSummary("Have news sent to an address")
            .WithDescription(
                "Its secret is shown here only. It becomes Active once its receiver has answered a signed `cport.ping.v1` with 2xx; from then on each event of "
                + "the agency's feed is sent, one after the other, in order, signed as Standard Webhooks 1.0.0 has it: `webhook-id` (the event's id: one that "
                + "comes twice has the same), `webhook-timestamp`, `webhook-signature`. With `batch` above 1 a POST carries up to so many events as "
                + "`application/cloudevents-batch+json`, also the ping, under one `webhook-id` that follows from them; it is taken whole or comes again whole. "
                + "What is not taken is tried again for three days, then given up; a receiver that takes nothing for five days, or answers 410, is stopped. "
                + "`cport-behind` says how many more wait at least. Only addresses of the public internet, and networks that the operator allows. Police state "
                + "a purpose, which stands for all that is sent.")
            .Produces<WebhookAnswerBody>(201).Problems(400, 403, 409, 413, 422, 503);
        hooks.MapGet("/{id}", async (string id, ApiCaller me, WebhookStore store, CancellationToken cancellation) =>
            WebhookAnswerBody.Of(await FoundAsync(store, me, id, cancellation)))
            .Needs(Deed.ManageWebhooks).WithName("GetWebhook").WithSummary("A webhook: where it stands, and what waits").Problems(403, 404, 503);
        hooks.MapPatch("/{id}", ChangeAsync).Needs(Deed.ManageWebhooks).WithName("ChangeWebhook").WithSummary("Change address, name, kinds of news or batches")
            .WithDescription("With another address it waits for that one's answer to a ping, and goes on where it was.").Problems(400, 403, 404, 413, 422, 503);
        hooks.MapDelete("/{id}", RemoveAsync).Needs(Deed.ManageWebhooks).WithName("RemoveWebhook").WithSummary("Send nothing there any more")
            .Produces(204).Problems(403, 404, 503);
        hooks.MapPost("/{id}:test", TestAsync).Needs(Deed.ManageWebhooks).WithName("TestWebhook").WithSummary("Send a ping now, and say what came back")
            .Problems(403, 404, 503);
        hooks.MapPost("/{id}:rotate", RotateAsync).Needs(Deed.ManageWebhooks).WithName("RotateWebhook").WithSummary("A new secret")
            .WithDescription("Shown here only; for 24 hours both sign.").Problems(403, 404, 503);
        Verb(hooks, "pause", "PauseWebhook", "Have it wait: news stay in the feed", (hook, _) => WebhookChanges.Paused(hook));
        Verb(hooks, "resume", "ResumeWebhook", "Go on where it was", (hook, _) => WebhookChanges.Resumed(hook));
        hooks.MapGet("/{id}/deliveries", DeliveriesAsync).Needs(Deed.ManageWebhooks).WithName("ListWebhookDeliveries")
            .WithSummary("The last 1,000 tries, newest first; `outcome=Dead`: what was given up").Problems(403, 404, 422, 503);
        hooks.MapPost("/{id}/deliveries:replay", ReplayAsync).Needs(Deed.ManageWebhooks).WithName("ReplayWebhook").WithSummary("Send events again")
            .WithDescription("All after a place, or single ones; under the ids that they had.").Problems(400, 403, 404, 410, 413, 422, 503);
    }

    private static void Verb(IEndpointRouteBuilder hooks, string verb, string name, string summary, Func<Webhook, DateTimeOffset, Webhook> change) =>
        hooks.MapPost($"/{{id}}:{verb}", async (string id, ApiCaller me, WebhookStore store, TimeProvider time, CancellationToken cancellation) =>
            WebhookAnswerBody.Of(await ChangedAsync(store, me, id, h => change(h, time.GetUtcNow()), cancellation)))
            .Needs(Deed.ManageWebhooks).WithName(name).WithSummary(summary).Problems(403, 404, 503);

    private static async Task<IResult> AddAsync(
        JsonBody<WebhookBody> body, ApiCaller me, WebhookStore store, FeedHead head, TimeProvider time, CancellationToken cancellation)
    {
        var fields = body.Fields;
        if (body.Value.Url is null)
        {
            fields.Missing("url");
        }

        var (url, name, types) = (UrlOf(fields, body.Value.Url), NameOf(fields, body.Value.Name), TypesOf(fields, body.Value.Types));
        var batch = BatchOf(fields, body.Value.Batch);
        body.Check();
        var hook = await WebhookChanges.AddAsync(
            store, me.Caller, new NewWebhook(url!, name ?? "", types ?? [], body.Value.Asymmetric == true, batch ?? 1),
            (await head.NowAsync().WaitAsync(cancellation)).Head, time.GetUtcNow(), cancellation);
        return TypedResults.Created($"/v1/webhooks/{hook.Id}", WebhookAnswerBody.Of(hook, withSecret: true));
    }

    private static async Task<WebhookAnswerBody> ChangeAsync(
        string id, JsonBody<WebhookChangeBody> body, ApiCaller me, WebhookStore store, CancellationToken cancellation)
    {
        var fields = body.Fields;
        var (url, name, types) = (UrlOf(fields, body.Value.Url), NameOf(fields, body.Value.Name), TypesOf(fields, body.Value.Types));
        var batch = BatchOf(fields, body.Value.Batch);
        body.Check();
        return WebhookAnswerBody.Of(await ChangedAsync(store, me, id, hook =>
        {
            var changed = hook with { Name = name ?? hook.Name, Types = types ?? hook.Types, Batch = batch ?? hook.Batch };
            return url is null || url == hook.Url ? changed : changed with
            {
                Url = url, State = hook.State == WebhookState.Paused ? WebhookState.Paused : WebhookState.Pending, Why = null, Tries = 0, NextAt = default,
                FailingSince = null, LastTakenAt = null,
            };
        }, cancellation));
    }

    private static async Task<IResult> RemoveAsync(string id, ApiCaller me, WebhookStore store, CancellationToken cancellation) =>
        await store.RemoveAsync(me.Caller.Agency, me.Caller.Tenant, IdOf(id), cancellation) ? TypedResults.NoContent() : throw NoSuch();

    private static async Task<WebhookTestAnswer> TestAsync(
        string id, ApiCaller me, WebhookStore store, IWebhookSender sender, IWebhookBodies bodies, TimeProvider time, CancellationToken cancellation)
    {
        var hook = await FoundAsync(store, me, id, cancellation);
        var answer = await sender.SendAsync(hook, bodies.Ping(hook, time.GetUtcNow()), 0, cancellation);
        return new WebhookTestAnswer(answer.IsTaken, answer.InWords);
    }

    private static async Task<WebhookAnswerBody> RotateAsync(string id, ApiCaller me, WebhookStore store, TimeProvider time, CancellationToken cancellation)
    {
        var rotated = WebhookChanges.Rotated(time.GetUtcNow());
        return WebhookAnswerBody.Of(await ChangedAsync(store, me, id, rotated, cancellation), withSecret: true);
    }

    private static async Task<WebhookDeliveriesAnswer> DeliveriesAsync(
        string id, string? outcome, string? maxResults, ApiCaller me, WebhookStore store, CancellationToken cancellation)
    {
        WebhookOutcome? only = string.IsNullOrEmpty(outcome) ? null
            : Enum.TryParse<WebhookOutcome>(outcome, out var parsed) && Enum.IsDefined(parsed) ? parsed
            : throw ApiProblemException.OfField("outcome", ProblemCodes.UnknownCode, $"One of {string.Join(", ", Enum.GetNames<WebhookOutcome>())}.");
        var hook = await FoundAsync(store, me, id, cancellation);
        var found = await store.DeliveriesAsync(hook.Id, only, QueryValues.MaxResults(maxResults), cancellation);
        return new WebhookDeliveriesAnswer([.. found.Select(WebhookDeliveryAnswer.Of)]);
    }

    private static async Task<WebhookAnswerBody> ReplayAsync(
        string id, JsonBody<ReplayBody> body, ApiCaller me, WebhookStore store, FeedHead head, CancellationToken cancellation)
    {
        var (fields, ids) = (body.Fields, body.Value.Ids);
        var from = FeedPlace.Start;
        if (body.Value.From is not null && !FeedPlace.TryParse(body.Value.From, out from))
        {
            fields.Add("from", ProblemCodes.OutOfRange, "The id of an event is expected.");
        }

        if (ids is { Count: > WebhookRules.MostAgain })
        {
            fields.Add("ids", ProblemCodes.TooMany, $"At most {WebhookRules.MostAgain}.");
        }

        for (var i = 0; ids is { Count: <= WebhookRules.MostAgain } && i < ids.Count; i++)
        {
            if (!FeedPlace.TryParse(ids[i], out _))
            {
                fields.Add($"ids[{i}]", ProblemCodes.OutOfRange, "The id of an event is expected.");
            }
        }

        if (body.Value.From is null == (ids is null))
        {
            fields.Missing(body.Value.From is null ? "from" : "ids");
        }

        body.Check();
        var kept = (await head.NowAsync().WaitAsync(cancellation)).KeptAfter;
        if (ids is null && from.Ordering < kept)
        {
            throw ApiProblemException.Of(ProblemCodes.NoLongerKept, "What came after this place is not kept any more.");
        }

        return WebhookAnswerBody.Of(await ChangedAsync(
            store, me, id, hook => ids is null ? WebhookChanges.Replayed(hook, from) : WebhookChanges.Replayed(hook, ids.OfType<string>()), cancellation));
    }

    private static async Task<Webhook> FoundAsync(WebhookStore store, ApiCaller me, string id, CancellationToken cancellation) =>
        await store.FindAsync(me.Caller.Agency, me.Caller.Tenant, IdOf(id), cancellation) is ({ } hook, _) ? hook : throw NoSuch();

    private static async Task<Webhook> ChangedAsync(
        WebhookStore store, ApiCaller me, string id, Func<Webhook, Webhook> change, CancellationToken cancellation) =>
        await store.ChangeAsync(me.Caller.Agency, me.Caller.Tenant, IdOf(id), change, cancellation) ?? throw NoSuch();

    private static ReportId IdOf(string id) => ReportId.TryParse(id, out var parsed) ? parsed : throw NoSuch();

    private static ApiProblemException NoSuch() => ApiProblemException.Of(ProblemCodes.NotFound, "There is no such webhook.");

    private static string? UrlOf(FieldReader fields, string? url)
    {
        if (url is not null && WebhookRules.FaultOfUrl(url) is { } fault)
        {
            fields.Add("url", ProblemCodes.MalformedUrl, fault);
            return null;
        }

        return url;
    }

    private static string? NameOf(FieldReader fields, string? name)
    {
        if (name is { Length: > MostName } || name?.Any(char.IsControl) == true)
        {
            fields.Add("name", ProblemCodes.TooLong, $"At most {MostName} characters without control characters.");
        }

        return name;
    }

    private static int? BatchOf(FieldReader fields, int? batch)
    {
        if (batch is < 1 or > WebhookRules.MostInBatch)
        {
            fields.Add("batch", ProblemCodes.OutOfRange, $"1 to {WebhookRules.MostInBatch}.");
        }

        return batch;
    }

    private static ImmutableArray<string>? TypesOf(FieldReader fields, List<string?>? types)
    {
        if (types is null)
        {
            return null;
        }

        for (var i = 0; i < types.Count && i < FeedTypes.All.Count; i++)
        {
            if (types[i] is not { } type || !FeedTypes.All.ContainsKey(type))
            {
                fields.Add($"types[{i}]", ProblemCodes.UnknownCode, "A kind of news that there is not. /v1/feed/types lists them.");
            }
        }

        if (types.Count > FeedTypes.All.Count)
        {
            fields.Add("types", ProblemCodes.TooMany, $"At most {FeedTypes.All.Count}.");
        }

        return [.. types.OfType<string>().Distinct(StringComparer.Ordinal)];
    }
}
