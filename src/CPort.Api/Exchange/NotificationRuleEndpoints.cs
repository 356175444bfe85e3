using System.Globalization;
using CPort.Actors.People;
using CPort.Domain.Audit;
using CPort.Domain.Exchange;
using CPort.Domain.People;
using CPort.Domain.People.Verbs;

namespace CPort.Api.Exchange;

/// <summary>What a person is told, and what by mail. What is left out stays as it is.</summary>
public sealed record NotificationRulesBody
{
    /// <summary>Kinds of which nothing is told.</summary>
    public List<string?>? Muted { get; init; }

    /// <summary>Kinds that are mailed as they come.</summary>
    public List<string?>? ByMail { get; init; }

    /// <summary>From this time of the day on mails wait (<c>22:00</c>, UTC). Needs <c>quietTo</c>; an empty text in both: they never wait.</summary>
    public string? QuietFrom { get; init; }

    /// <summary>Until this time of the day.</summary>
    public string? QuietTo { get; init; }

    /// <summary>None, Urgent or Daily.</summary>
    public string? Mails { get; init; }
}

/// <summary>What a person is told, and what by mail.</summary>
/// <param name="Muted">Kinds of which nothing is told.</param>
/// <param name="ByMail">Kinds that are mailed as they come.</param>
/// <param name="QuietFrom">From this time of the day on mails wait, UTC; absent: they never do.</param>
/// <param name="QuietTo">Until this time of the day.</param>
/// <param name="Mails">Whether, and how, what is urgent is mailed.</param>
/// <param name="Kinds">The kinds that the caller may be told of.</param>
/// <param name="Mailable">The kinds that can be mailed as they come.</param>
public sealed record NotificationRulesAnswer(
    IReadOnlyList<NotificationKind> Muted, IReadOnlyList<NotificationKind> ByMail, string? QuietFrom, string? QuietTo, MailWish Mails,
    IReadOnlyList<NotificationKind> Kinds, IReadOnlyList<NotificationKind> Mailable) : IShowsData
{
    Shown IShowsData.What() => Shown.View("notification rules");

    public static NotificationRulesAnswer Of(Caller caller, NotificationRules rules, MailWish mails) => new(
        [.. rules.Muted.Each()], [.. rules.ByMail.Each()], Moment(rules.QuietFrom), Moment(rules.QuietTo), mails, [.. NotificationKinds.For(caller).Each()],
        [.. NotificationRules.InMails.Each()]);

    private static string? Moment(int? minute) =>
        minute is { } m ? TimeOnly.FromTimeSpan(TimeSpan.FromMinutes(m)).ToString("HH:mm", CultureInfo.InvariantCulture) : null;
}

/// <summary><c>/v1/notifications/rules</c>: a person's, by a key of their own.</summary>
public static class NotificationRuleEndpoints
{
    private const string Tag = "Notifications";

    public static void MapNotificationRules(this IEndpointRouteBuilder v1)
    {
        v1.MapGet("/notifications/rules", Get).Needs(Deed.SeeNotifications).WithName("GetNotificationRules").WithTags(Tag)
            .WithSummary("What one is told, and what by mail").WithDescription("Of a key that is no person's: everything, and nothing by mail.")
            .Problems(403, 503);
        v1.MapPut("/notifications/rules", SetAsync).Needs(Deed.SetNotifications).WithName("SetNotificationRules").WithTags(Tag)
            .WithSummary("Say what one is told, and what by mail")
            .WithDescription("By a key of a person's own (`owner`), for that person. What is left out stays as it is.")
            .Problems(400, 403, 404, 409, 413, 422, 503);
    }

    private static NotificationRulesAnswer Get(ApiCaller me, Notifications notifications) =>
        NotificationRulesAnswer.Of(me.Caller, notifications.RulesOf(me.Caller), notifications.SettingsOf(me.Caller)?.Mails ?? MailWish.None);

    private static async Task<NotificationRulesAnswer> SetAsync(
        HttpContext http, ApiCaller me, Notifications notifications, IPeopleGateway gateway, JsonBody<NotificationRulesBody> body)
    {
        var (b, f, before) = (body.Value, body.Fields, notifications.RulesOf(me.Caller));
        var rules = before with
        {
            Muted = Kinds(f, "muted", b.Muted, NotificationRules.Every) ?? before.Muted,
            ByMail = Kinds(f, "byMail", b.ByMail, NotificationRules.InMails) ?? before.ByMail,
        };
        if (b.QuietFrom is not null || b.QuietTo is not null)
        {
            rules = rules with { QuietFrom = Minute(f, "quietFrom", b.QuietFrom), QuietTo = Minute(f, "quietTo", b.QuietTo) };
            if (rules.QuietFrom == rules.QuietTo ? rules.QuietFrom is not null : rules.QuietFrom is null || rules.QuietTo is null)
            {
                f.Add("quietTo", ProblemCodes.OutOfRange, "Quiet hours have two ends, which differ.");
            }
        }

        var mails = default(MailWish);
        if (b.Mails is not null && (!Enum.TryParse(b.Mails, out mails) || !Enum.IsDefined(mails) || char.IsAsciiDigit(b.Mails[0])))
        {
            f.Add("mails", ProblemCodes.UnknownCode, $"One of: {string.Join(", ", Enum.GetNames<MailWish>())}.");
        }

        body.Check();
        var person = (me.Caller.Person ?? me.Caller.Owner)!.Value;
        var wish = b.Mails is null ? (MailWish?)null : mails;
        var answer = await gateway.SendAsync(
            new SetNotifications { Context = me.Context(), Person = person, Rules = rules, Mails = wish }, http.RequestAborted);
        notifications.Forget(me.Caller);
        return answer is PersonCommandRejected refused ? throw ApiProblemException.Of(ProblemCodes.Of(refused.Reason), refused.Text)
            : NotificationRulesAnswer.Of(me.Caller, rules, wish ?? notifications.SettingsOf(me.Caller)?.Mails ?? MailWish.None);
    }

    /// <summary>Null: left out.</summary>
    private static NotificationKind? Kinds(FieldReader fields, string field, List<string?>? names, NotificationKind allowed)
    {
        if (names is null)
        {
            return null;
        }

        var all = NotificationKind.None;
        for (var i = 0; i < names.Count; i++)
        {
            var kind = allowed.Each().FirstOrDefault(k => k.ToString() == names[i]);
            all |= kind;
            if (kind == NotificationKind.None)
            {
                fields.Add($"{field}[{i.ToString(CultureInfo.InvariantCulture)}]", ProblemCodes.UnknownCode, $"One of: {string.Join(", ", allowed.Each())}.");
            }
        }

        return all;
    }

    private static int? Minute(FieldReader fields, string field, string? text)
    {
        if (TimeOnly.TryParseExact(text, "HH:mm", out var time))
        {
            return (int)time.ToTimeSpan().TotalMinutes;
        }

        if (!string.IsNullOrEmpty(text))
        {
            fields.Add(field, ProblemCodes.OutOfRange, "A time of the day, as 22:00.");
        }

        return null;
    }
}
