using System.ComponentModel.DataAnnotations;
using System.Net;

namespace CPort.Node.Options;

/// <summary>What goes to agencies: feeds and webhooks.</summary>
public sealed class ExchangeOptions
{
    /// <summary>Days that news are kept in agencies' feeds; who was away for longer takes the snapshot.</summary>
    [Between(1, 3_650)]
    public int FeedDays { get; set; } = 90;

    /// <summary>Seconds that a webhook's receiver has to answer.</summary>
    [Between(1, 120)]
    public int WebhookSeconds { get; set; } = 20;

    /// <summary>
    /// Networks, for example <c>10.1.0.0/16</c>, to which webhooks may be sent though they are not of the public internet; there also by http. On premises
    /// only: whoever may register a webhook reaches them through this node.
    /// </summary>
    [Networks]
    public string[] AllowedNetworks { get; set; } = [];

    [AttributeUsage(AttributeTargets.Property)]
    private sealed class NetworksAttribute : ValidationAttribute
    {
        protected override ValidationResult? IsValid(object? value, ValidationContext context) =>
            (value as string[])?.FirstOrDefault(n => !IPNetwork.TryParse(n, out _)) is { } wrong
                ? new ValidationResult($"'{wrong}' is no network; for example 10.1.0.0/16.", [context.MemberName!]) : null;
    }
}
