using CPort.Domain.Agencies;
using CPort.Domain.People;
using CPort.Domain.Referrals;

namespace CPort.Domain.Exchange;

/// <summary>When mails are sent.</summary>
/// <param name="Apart">Between two mails about something urgent to one agency's people; what comes meanwhile is counted in the next.</param>
/// <param name="DailyFrom">From this hour of the day, UTC, the daily mail is sent.</param>
public sealed record MailTimes(TimeSpan Apart, int DailyFrom);

/// <summary>Who is told what by mail, and when. Pure.</summary>
public static class MailRules
{
    /// <summary>Roles by which somebody works on what is told.</summary>
    private const Roles Works = Roles.Analyst | Roles.Officer | Roles.Manager;

    /// <summary>News of these kinds are told at once when they are urgent.</summary>
    private static readonly ImmutableHashSet<string> AtOnce =
        [FeedTypes.Urgent.Name, FeedTypes.ReferralOpened.Name, FeedTypes.ReferralUrgent.Name, FeedTypes.ReferralEscalated.Name];

    /// <summary>The kinds of news to look for.</summary>
    public static ImmutableHashSet<string> Types => AtOnce;

    /// <summary>Something urgent that came from somewhere else: what an agency did itself it knows.</summary>
    public static bool IsAlarm(FeedFacts news, AgencyId agency) => news.Urgent && AtOnce.Contains(news.Type) && news.By != agency;

    /// <summary>Is told anything: wants it, may work today, and does so.</summary>
    public static bool IsTold(Person person, AgencyDirectory agencies, DateTimeOffset now) =>
        person.Settings.Mails != MailWish.None && (PeopleAccess.RolesOf(person, agencies, now).Roles & Works) != Roles.None;

    /// <summary>Enough time has passed since the mail before.</summary>
    public static bool MayTell(MailTimes times, DateTimeOffset? last, DateTimeOffset now) => last is not { } before || now - before >= times.Apart;

    /// <summary>What the person is told by mail as it comes, beside what is urgent.</summary>
    public static NotificationKind NewsOf(Person person) => person.Settings is { Mails: not MailWish.None, Notifications: { } rules }
        ? rules.ByMail & ~rules.Muted & NotificationRules.InMails : NotificationKind.None;

    /// <summary>Whether managers are told of an alert that is due then; whatever they wish else, and at any hour.</summary>
    public static bool IsEscalated(Agency agency, DateTimeOffset due, DateTimeOffset now) =>
        agency.ManagersAfter > 0 && now >= due.AddMinutes(agency.ManagersAfter - ReferralLimits.AlertMinutes);

    /// <summary>May work today as a manager, and is told what nobody of their agency has acknowledged.</summary>
    public static bool IsManager(Person person, AgencyDirectory agencies, DateTimeOffset now) =>
        PeopleAccess.RolesOf(person, agencies, now).Roles.HasFlag(Roles.Manager);

    /// <summary>Of what the person chose, the clocks of the house that they may see; the agency's caller stands for its rights.</summary>
    public static NotificationKind ClocksOf(Person person, Caller agency, AgencyDirectory agencies, DateTimeOffset now) =>
        (NewsOf(person) & NotificationRules.OfTheHouse) is not NotificationKind.None and var chosen
            ? chosen & NotificationKinds.For(agency with { Roles = PeopleAccess.RolesOf(person, agencies, now).Roles, Person = person.Id })
            : NotificationKind.None;

    /// <summary>The daily mail is due: it was not sent today, it is late enough, and these are no quiet hours.</summary>
    public static bool IsDaily(MailTimes times, Person person, DateOnly? last, DateTimeOffset now) =>
        person.Settings.Mails == MailWish.Daily && now.UtcDateTime.Hour >= times.DailyFrom
        && (last is not { } day || day < AgencyDirectory.DayOf(now)) && person.Settings.Notifications?.IsQuietAt(now) != true;
}
