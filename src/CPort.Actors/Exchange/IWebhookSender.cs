using CPort.Domain.Exchange;

namespace CPort.Actors.Exchange;

/// <summary>One POST to a receiver: an event, some of them, or a ping.</summary>
/// <param name="Id">The event's id; of a batch one that follows from its events: what comes twice has the same.</param>
/// <param name="MediaType">Of the body.</param>
/// <param name="Body">As it is signed.</param>
public sealed record WebhookMessage(string Id, string MediaType, byte[] Body);

/// <summary>Sends events to receivers.</summary>
public interface IWebhookSender
{
    /// <summary>One try. Never throws but when cancelled.</summary>
    /// <param name="hook">Where to, and what signs.</param>
    /// <param name="message">What is sent.</param>
    /// <param name="behind">How many events more wait, as far as that is known.</param>
    /// <param name="cancellation">Ends it.</param>
    Task<WebhookAnswer> SendAsync(Webhook hook, WebhookMessage message, long behind, CancellationToken cancellation);
}

/// <summary>How news, and a ping, look to their receiver.</summary>
public interface IWebhookBodies
{
    /// <summary>One event, or as a batch what a webhook with batches is sent, also when it is one event.</summary>
    WebhookMessage Of(ImmutableArray<DeliveredNews> news, Webhook hook);

    WebhookMessage Ping(Webhook hook, DateTimeOffset now);
}
