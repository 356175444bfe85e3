using CPort.Domain.Audit;
using CPort.Domain.People;

namespace CPort.Api.Exchange;

/// <summary><c>/v1/notifications</c>: what the caller is told, and up to where it was read.</summary>
public static class NotificationEndpoints
{
    private const string Tag = "Notifications";

    public static void MapNotifications(this IEndpointRouteBuilder v1)
    {
        v1.MapGet("/notifications", ListAsync).Needs(Deed.SeeNotifications).WithName("ListNotifications").WithTags(Tag)
            .WithSummary("What the caller is told: clocks that run out, and the newest news of the own agency by kind")
            .WithDescription(
                "Derived from what stands elsewhere: alerts that nobody has acknowledged, questions due and holds that end within a day, webhooks that "
                + "deliver nothing, keys that end within 14 days; and of the last 100 pieces of news of these kinds those that are for the caller (`/v1/feed` has all). "
                + "A person's own key is told as the person; what that person has muted is left out. `kinds` (comma-separated) leaves others out.")
            .Produces<NotificationsAnswer>().Problems(403, 422, 503);
        v1.MapPost("/notifications:read", ReadAsync).Needs(Deed.SeeNotifications).WithName("ReadNotifications").WithTags(Tag)
            .WithSummary("Say that a list of notifications was read").WithDescription("Never back again: an older list changes nothing.")
            .Produces<ReadAnswer>().Problems(400, 403, 413, 422, 503);
    }

    private static Task<NotificationsAnswer> ListAsync(ApiCaller me, Notifications notifications, CancellationToken cancellation, string? kinds = null) =>
        notifications.OfAsync(me.Caller, KindsOf(kinds), cancellation);

    private static async Task<ReadAnswer> ReadAsync(HttpContext http, ApiCaller me, Notifications notifications, JsonBody<ReadBody> body)
    {
        body.Check();
        await notifications.ReadAsync(me.Caller, body.Value.UpTo, http.RequestAborted);
        return new ReadAnswer(await notifications.CountAsync(me.Caller, http.RequestAborted));
    }

    private static NotificationKind? KindsOf(string? kinds) => string.IsNullOrEmpty(kinds) ? null
        : kinds.Split(',', StringSplitOptions.TrimEntries).Aggregate(NotificationKind.None, (all, name) =>
            Enum.TryParse<NotificationKind>(name, out var kind) && Enum.IsDefined(kind) && !char.IsAsciiDigit(name[0]) ? all | kind
                : throw ApiProblemException.OfField("kinds", ProblemCodes.UnknownCode, "A kind of notification that there is not."));
}
