using CPort.Domain.Audit;
using CPort.Domain.People;

namespace CPort.Api.Exchange;

/// <summary>Something that the caller is told: news of the own agency, or a clock that runs out.</summary>
public sealed record NotificationAnswer
{
    public required NotificationKind Kind { get; init; }

    /// <summary>
    /// Of news their type, as <c>/v1/feed/types</c> explains it; else <c>alert-due</c>, <c>question-due</c>, <c>hold-ends</c>, <c>webhook-fails</c>,
    /// <c>webhook-stopped</c> or <c>key-ends</c>.
    /// </summary>
    public required string What { get; init; }

    /// <summary>When it happened, or from when on it is told.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The clock: when it is due, or ends. Absent of news.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>It came after what was marked as read.</summary>
    public required bool New { get; init; }
    public bool? Urgent { get; init; }
    public string? ReportId { get; init; }

    /// <summary>Ordinals of the items; absent: the report as a whole, or no report's.</summary>
    public IReadOnlyList<int>? Items { get; init; }

    /// <summary>The number that people know: of the first item, or of the report.</summary>
    public long? Number { get; init; }

    /// <summary>The agency that did it, where the caller sees that; of a clock, the agency that asks.</summary>
    public string? By { get; init; }
    public string? ReferralId { get; init; }
    public string? RequestId { get; init; }
    public string? HoldId { get; init; }
    public string? WebhookId { get; init; }
    public string? KeyId { get; init; }
}

/// <summary>What the caller is told.</summary>
/// <param name="Notifications">Clocks, the first to run out first; then news, the newest first.</param>
/// <param name="New">How many of them came after what was marked as read.</param>
/// <param name="UpTo">For <c>:read</c>: all of this list.</param>
/// <param name="Kinds">The kinds that the caller may be told of and has not muted.</param>
public sealed record NotificationsAnswer(
    IReadOnlyList<NotificationAnswer> Notifications, int New, string UpTo, IReadOnlyList<NotificationKind> Kinds) : IShowsData
{
    Shown IShowsData.What() => new(
        [
            .. Notifications.SelectMany(n => n is { ReportId: { } report, Items: { } items }
                ? items.Select(i => new AuditObject(AuditObjectKind.Item, $"{report}-{i}"))
                : n.ReportId is { } whole ? [new AuditObject(AuditObjectKind.Report, whole)] : []).Distinct(),
        ],
        [.. ShownFields.Of(Notifications)], Notifications.Count);
}

/// <summary>Up to where the caller has read.</summary>
public sealed record ReadBody
{
    /// <summary>The <c>upTo</c> of the list that was read. Required.</summary>
    [System.ComponentModel.DataAnnotations.Required]
    public string? UpTo { get; init; }
}

/// <summary>That it was marked, and how many are new now.</summary>
public sealed record ReadAnswer(int New) : IShowsData
{
    Shown IShowsData.What() => Shown.View("notifications");
}
