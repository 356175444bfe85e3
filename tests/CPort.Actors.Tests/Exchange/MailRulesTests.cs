using CPort.Domain.CodeLists;
using CPort.Domain.Exchange;
using CPort.Domain.Identity;

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

    [Fact]
    public void What_is_looked_for_is_what_may_be_told() => Assert.All(MailRules.Types, t => Assert.True(FeedTypes.All.ContainsKey(t)));
}
