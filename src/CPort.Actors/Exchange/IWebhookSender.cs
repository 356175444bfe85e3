using CPort.Domain.Exchange;

namespace CPort.Actors.Exchange;

/// <summary>Sends events to receivers.</summary>
public interface IWebhookSender
{
    /// <summary>One try. Never throws but when cancelled.</summary>
    /// <param name="hook">Where to, and what signs.</param>
    /// <param name="id">The event's id.</param>
    /// <param name="body">The event as JSON.</param>
    /// <param name="behind">How many more wait.</param>
    /// <param name="cancellation">Ends it.</param>
    Task<WebhookAnswer> SendAsync(Webhook hook, string id, byte[] body, long behind, CancellationToken cancellation);
}
