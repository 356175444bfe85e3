using CPort.Api.Exchange;
using CPort.Domain.Audit;

namespace CPort.Portal.Admin;

/// <summary>A webhook in the list.</summary>
/// <param name="Hook">As the API answers.</param>
/// <param name="Waiting">News that have not been delivered yet.</param>
public sealed record WebhookRow(WebhookAnswerBody Hook, long Waiting);

/// <summary>What was filled in for a new one.</summary>
public sealed record WebhookForm(string? Url = null, string? Name = null, bool Asymmetric = false, string? Batch = null);

/// <summary>An agency's webhooks, one of them chosen.</summary>
public sealed record WebhooksModel : IShowsData
{
    Shown IShowsData.What() => Shown.View("webhooks", Hooks.Length);

    public required ImmutableArray<WebhookRow> Hooks { get; init; }
    public WebhookRow? Chosen { get; init; }

    /// <summary>Its last tries, the newest first.</summary>
    public IReadOnlyList<WebhookDeliveryAnswer> Tries { get; init; } = [];

    /// <summary>What was given up of it.</summary>
    public IReadOnlyList<WebhookDeliveryAnswer> Dead { get; init; } = [];

    /// <summary>What its receiver answered to a ping just now.</summary>
    public WebhookTestAnswer? Tested { get; init; }
    public WebhookForm Form { get; init; } = new();
    public required bool Proved { get; init; }

    public string Address => WebhookPages.Home;
}

/// <summary>A secret, shown once.</summary>
public sealed record WebhookSecretModel(WebhookAnswerBody Hook) : IShowsData
{
    Shown IShowsData.What() => Shown.View("webhook secret");
}
