using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Exchange;
using CPort.Domain.Identity;
using CPort.Domain.People;
using CPort.Domain.Referrals;

namespace CPort.Actors.Tests.Exchange;

/// <summary>When people are told by mail.</summary>
public sealed class MailRulesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);
    private static readonly MailTimes Times = new(TimeSpan.FromMinutes(5), 6);

    [Theory]
    [InlineData("cport.report.urgent.v1", true, "hotline-gb", true)]
    [InlineData("cport.referral.opened.v1", true, "hotline-gb", true)]
    [InlineData("cport.referral.opened.v1", false, "hotline-gb", false)]
    [InlineData("cport.referral.urgent.v1", true, "cport", true)]
    [InlineData("cport.referral.escalated.v1", true, "cport", true)]
    [InlineData("cport.item.added.v1", true, "hotline-gb", false)]

    // No longer urgent; and what the agency did itself.
    [InlineData("cport.report.urgent.v1", false, "hotline-gb", false)]
    [InlineData("cport.report.urgent.v1", true, "hotline-nl", false)]
    public void Urgent_news_from_elsewhere_are_told_at_once(string type, bool urgent, string by, bool told) =>
        Assert.Equal(told, MailRules.IsAlarm(
            new FeedFacts
            {
                Ordering = 1, Part = 1, Type = type, Number = 1, Version = 1, Urgent = urgent, State = ItemState.Unassessed, By = AgencyId.Parse(by),
                ByKind = AgencyKind.Hotline, At = Noon,
            },
            AgencyId.Parse("hotline-nl")));

    [Theory]
    [InlineData(null, true)]
    [InlineData(-299, false)]
    [InlineData(-300, true)]
    public void Mails_about_something_urgent_are_some_time_apart(int? last, bool told) =>
        Assert.Equal(told, MailRules.MayTell(Times, last is { } seconds ? Noon.AddSeconds(seconds) : null, Noon));

    /// <summary>A kind that people can be told of is news of the feed, or comes by a clock of the agency's own house; none is told twice.</summary>
    [Fact]
    public void Each_kind_has_its_news_and_no_news_two_kinds()
    {
        Assert.Equal(
            Enum.GetValues<NotificationKind>().Where(k => k != NotificationKind.None).Order(), NotificationKinds.All.Select(r => r.Kind).Order());
        var told = NotificationKinds.All.SelectMany(r => r.News).Select(n => n.Name).ToArray();
        Assert.Equal(told.Length, told.Distinct().Count());
        Assert.Equal(
            NotificationRules.InMails | NotificationKind.Urgent,
            NotificationKinds.All.Where(r => !r.News.IsEmpty).Aggregate(NotificationKind.None, (all, r) => all | r.Kind) | NotificationRules.OfTheHouse);
        Assert.Equal(
            NotificationRules.OfTheHouse, NotificationKinds.All.Where(r => r.News.IsEmpty).Aggregate(NotificationKind.None, (all, r) => all | r.Kind));
    }

    [Theory]
    [InlineData(10, 9, false)]
    [InlineData(10, 10, true)]
    [InlineData(1, 1, true)]
    [InlineData(14, 13, false)]
    [InlineData(0, 14, false)]
    public void Managers_are_told_of_an_alert_after_the_agencys_minutes(int after, int minutes, bool told) => Assert.Equal(told, MailRules.IsEscalated(
        new Agency { Id = AgencyId.Parse("police-nl"), Name = "Police", Kind = AgencyKind.Police, RegisteredAt = Noon, ManagersAfter = after },
        Noon.AddMinutes(ReferralLimits.AlertMinutes), Noon.AddMinutes(minutes)));

    [Fact]
    public void Managers_are_told_before_others_are() => Assert.True(
        EscalationLimits.MostManagersAfter < ReferralLimits.AlertMinutes && EscalationLimits.UsualManagersAfter <= EscalationLimits.MostManagersAfter);

    [Theory]
    [InlineData("cport.hold.requested.v1", false, "police-nl", AgencyKind.Hotline, NotificationKind.Holds)]
    [InlineData("cport.hold.requested.v1", false, "hotline-nl", AgencyKind.Police, NotificationKind.None)]
    [InlineData("cport.referral.opened.v1", false, "cport", AgencyKind.Police, NotificationKind.Referrals)]
    [InlineData("cport.referral.opened.v1", false, "cport", AgencyKind.Hotline, NotificationKind.None)]
    [InlineData("cport.report.urgent.v1", true, "hotline-gb", AgencyKind.Hotline, NotificationKind.Urgent)]
    [InlineData("cport.report.urgent.v1", false, "hotline-gb", AgencyKind.Hotline, NotificationKind.None)]
    [InlineData("cport.item.second_look.v1", false, "hotline-nl", AgencyKind.Hotline, NotificationKind.Looks)]
    [InlineData("cport.item.added.v1", false, "hotline-gb", AgencyKind.Hotline, NotificationKind.None)]
    public void What_an_agencys_people_are_told_of_follows_from_its_feed(string type, bool urgent, string by, AgencyKind kind, NotificationKind told) =>
        Assert.Equal(told, NotificationKinds.Of(
            new FeedFacts
            {
                Ordering = 1, Part = 1, Type = type, Number = 1, Version = 1, Urgent = urgent, State = ItemState.Unassessed, By = AgencyId.Parse(by),
                ByKind = AgencyKind.Hotline, At = Noon,
            },
            AgencyId.Parse("hotline-nl"), kind));

    [Theory]
    [InlineData(null, null, 720, false)]
    [InlineData(660, 780, 720, true)]
    [InlineData(720, 780, 720, true)]
    [InlineData(660, 720, 720, false)]
    [InlineData(1320, 360, 720, false)]
    [InlineData(1320, 360, 1380, true)]
    [InlineData(1320, 360, 0, true)]
    [InlineData(1320, 360, 359, true)]
    [InlineData(1320, 360, 360, false)]
    public void Quiet_hours_may_go_over_midnight(int? from, int? to, int minute, bool quiet) => Assert.Equal(
        quiet, new NotificationRules { QuietFrom = from, QuietTo = to }.IsQuietAt(Noon.Date.AddMinutes(minute)));

    [Fact]
    public void What_is_looked_for_is_what_may_be_told() => Assert.All(MailRules.Types, t => Assert.True(FeedTypes.All.ContainsKey(t)));
}
