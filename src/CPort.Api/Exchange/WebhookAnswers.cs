using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using CPort.Actors.Exchange;
using CPort.Domain.Audit;
using CPort.Domain.Exchange;

namespace CPort.Api.Exchange;

/// <summary>A new webhook.</summary>
public sealed record WebhookBody
{
    /// <summary>Where events go: https. Required.</summary>
    [Required]
    public string? Url { get; init; }

    /// <summary>For people.</summary>
    public string? Name { get; init; }

    /// <summary>Only these kinds of news (<c>/v1/feed/types</c>); left out: all.</summary>
    public List<string?>? Types { get; init; }

    /// <summary>Sign by Ed25519 as well (<c>v1a</c>).</summary>
    public bool? Asymmetric { get; init; }

    /// <summary>Events that one POST carries at most, 1 to 100; left out: 1, each by itself. From 2 on bodies are CloudEvents' JSON batches.</summary>
    [Range(1, WebhookRules.MostInBatch)]
    public int? Batch { get; init; }
}

/// <summary>What is to change of a webhook; what is left out stays.</summary>
public sealed record WebhookChangeBody
{
    public string? Url { get; init; }
    public string? Name { get; init; }
    public List<string?>? Types { get; init; }

    [Range(1, WebhookRules.MostInBatch)]
    public int? Batch { get; init; }
}

/// <summary>What is to be sent again.</summary>
public sealed record ReplayBody
{
    /// <summary>Everything after this place.</summary>
    public string? From { get; init; }

    /// <summary>These events, at most 100.</summary>
    public List<string?>? Ids { get; init; }
}

/// <summary>A webhook, without its secret.</summary>
public sealed record WebhookAnswerBody : IShowsData
{
    Shown IShowsData.What() => Shown.View("webhooks");

    public required string Id { get; init; }
    public required string Url { get; init; }
    public required string Name { get; init; }
    public required IReadOnlyList<string> Types { get; init; }

    /// <summary>Events that one POST carries at most; 1: each goes by itself.</summary>
    public required int Batch { get; init; }

    /// <summary>Pending (its receiver has not answered yet), Active, Paused, Stopped.</summary>
    public required WebhookState State { get; init; }

    /// <summary>Why it was stopped.</summary>
    public string? Why { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Everything up to this event was delivered or given up.</summary>
    public required string LastEventId { get; init; }

    /// <summary>How often what waits was tried in vain, and when it is tried next.</summary>
    public required int Tries { get; init; }
    public DateTimeOffset? NextTry { get; init; }
    public DateTimeOffset? FailingSince { get; init; }
    public DateTimeOffset? LastTakenAt { get; init; }

    /// <summary>What the last try in vain met.</summary>
    public string? LastFault { get; init; }

    /// <summary>For signatures <c>v1a</c>.</summary>
    public string? PublicKey { get; init; }

    /// <summary>Only where it was made: for signatures <c>v1</c>.</summary>
    public string? Secret { get; init; }

    public static WebhookAnswerBody Of(Webhook hook, bool withSecret = false) => new()
    {
        Id = hook.Id.ToString(), Url = hook.Url, Name = hook.Name, Types = hook.Types, Batch = hook.Batch, State = hook.State, Why = hook.Why,
        CreatedAt = hook.CreatedAt, LastEventId = hook.After.ToString(), Tries = hook.Tries, NextTry = hook.Tries > 0 ? hook.NextAt : null,
        FailingSince = hook.FailingSince, LastTakenAt = hook.LastTakenAt, LastFault = hook.LastFault,
        PublicKey = hook.SigningSeed is { } seed ? WebhookSignature.PublicKeyOf(seed) : null,
        Secret = withSecret ? WebhookSignature.TextOf(hook.Secret) : null,
    };
}

/// <summary>An agency's webhooks.</summary>
public sealed record WebhooksAnswer(IReadOnlyList<WebhookAnswerBody> Webhooks) : IShowsData
{
    Shown IShowsData.What() => Shown.View("webhooks", Webhooks.Count);
}

/// <summary>What a receiver answered to a ping.</summary>
/// <param name="Taken">With 2xx.</param>
/// <param name="Answer">Its status, or why there was none.</param>
public sealed record WebhookTestAnswer(bool Taken, string Answer) : IShowsData
{
    Shown IShowsData.What() => Shown.View("webhook tested");
}

/// <summary>A try to deliver: one POST, or one event of those that were given up.</summary>
/// <param name="Id">The event's id; of a batch its last one's.</param>
/// <param name="Try">From 1.</param>
/// <param name="At">When.</param>
/// <param name="Outcome">Taken, Failed, Dead (given up).</param>
/// <param name="Answer">The receiver's status, or why there was none.</param>
/// <param name="Events">How many events it carried.</param>
public sealed record WebhookDeliveryAnswer(string Id, int Try, DateTimeOffset At, WebhookOutcome Outcome, string Answer, int Events)
{
    public static WebhookDeliveryAnswer Of(WebhookDelivery delivery) =>
        new(delivery.Place.ToString(), delivery.Try, delivery.At, delivery.Outcome, delivery.Answer, delivery.Events);
}

/// <summary>The last tries of a webhook, newest first.</summary>
public sealed record WebhookDeliveriesAnswer(IReadOnlyList<WebhookDeliveryAnswer> Deliveries) : IShowsData
{
    Shown IShowsData.What() => Shown.View("webhook deliveries", Deliveries.Count);
}

/// <summary>Events as receivers get them: one by one, or where the agency wants that as CloudEvents' JSON batch.</summary>
public sealed class WebhookBodies(CPortApiOptions options) : IWebhookBodies
{
    private const string One = "application/cloudevents+json";

    public WebhookMessage Of(ImmutableArray<DeliveredNews> news, Webhook hook)
    {
        var schemas = FeedEndpoints.SchemasOf(options);
        var events = news.Select(n => FeedEventAnswer.Of(n, hook.Agency, schemas));
        return Message(hook, hook.Batch > 1 ? WebhookRules.BatchId(news.Select(n => n.Place)) : news.Single().Place.ToString(), events);
    }

    /// <summary>In a webhook's own form, so that who answers it can read what follows.</summary>
    public WebhookMessage Ping(Webhook hook, DateTimeOffset now)
    {
        var id = $"ping-{Guid.CreateVersion7(now):N}";
        return Message(hook, id, [new
        {
            specversion = "1.0", id, source = $"/agencies/{hook.Agency}/feed", type = "cport.ping.v1", subject = hook.Id.ToString(), time = now,
            timestamp = now, datacontenttype = "application/json", data = new { webhook = hook.Id.ToString() },
        }]);
    }

    private static WebhookMessage Message<T>(Webhook hook, string id, IEnumerable<T> events) => hook.Batch > 1
        ? new WebhookMessage(id, FeedEndpoints.Batch, JsonSerializer.SerializeToUtf8Bytes(events, ApiJson.Options))
        : new WebhookMessage(id, One, JsonSerializer.SerializeToUtf8Bytes(events.Single(), ApiJson.Options));
}
