using CPort.Actors.Tests.Reports;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Exchange;
using CPort.Domain.Identity;
using CPort.Domain.Referrals;
using CPort.Domain.Referrals.Verbs;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Referrals;

/// <summary>What is urgent is acknowledged by a person in time, or goes further, once.</summary>
public sealed class AlertTests
{
    private static readonly ReferralKey Key = new(77);
    private static readonly Caller Officer = PoliceNl with { Purpose = "case 1" };
    private static readonly Caller Machine = Officer with { Roles = Roles.Machine, KeyId = "key-machine" };
    private static readonly AgencyId Bureau = AgencyId.Parse("police-bureau");

    private readonly FakeMembership _members = new();
    private ReferralBook _book = ReferralBook.None;
    private DateTimeOffset _now = Start;
    private int _commands;

    private CommandContext Context(Caller caller) => new() { CommandId = CommandId.Parse($"c-{++_commands}"), Caller = caller, OccurredAt = _now };

    private ReferralReply Do(IReferralCommand command)
    {
        var decision = ReferralRules.Decide(_book, command, new ReferralEnvironment(_now, _members));
        _book = decision.Events.Aggregate(_book, ReferralRules.Apply);
        return decision.Reply;
    }

    private void Refer(int ordinal, bool urgent = true, AgencyId? to = null) => Do(new ReferItems
    {
        Key = Key, Context = Context(Caller.System), Agency = to ?? Officer.Agency, Why = ReferralWhy.Host, About = "host",
        Items = [new ReferredItem { Item = new ItemRef(new ReportId(5), ordinal), Number = ordinal, Urgent = urgent, Country = NL }],
    });

    private void Wake() => Do(new EscalateAlert { Key = Key, Context = Context(Caller.System), Number = 1 });

    private ReferralReply Acknowledge(Caller by) => Do(new AcknowledgeAlert { Key = Key, Context = Context(by), Number = 1 });

    private Referral First => _book.Referrals[0];

    [Fact]
    public void It_goes_to_the_national_bureau_after_fifteen_minutes_once_and_stays_its_agencys()
    {
        _members.Bureaus[NL] = Bureau;
        Refer(1);
        Assert.Equal(Start.AddMinutes(15), First.AlertDue);
        _now = Start.AddMinutes(15).AddSeconds(-1);
        Wake();
        Assert.Empty(First.Lines);
        _now = Start.AddMinutes(15);
        Wake();
        Wake();
        var line = Assert.Single(First.Lines);
        Assert.Equal((true, Bureau, ReferralState.Open), (line.Escalated, line.To, line.State));
        Assert.True(First is { OwesForward: true, Owes: true, State: ReferralState.Open });
        Assert.Null(First.AlertDue);
        Assert.Equal(ReferralRejection.None, Acknowledge(Officer).Code);
        Assert.Equal(ReferralRejection.NothingToAcknowledge, Acknowledge(Officer).Code);
    }

    [Theory]
    [InlineData("police-nl", false, "interpol")]
    [InlineData("police-nl", true, "police-bureau")]
    [InlineData("police-bureau", true, "interpol")]
    [InlineData("interpol", true, null)]
    public void Where_no_bureau_is_left_it_goes_to_INTERPOL(string agency, bool hasBureau, string? to)
    {
        if (hasBureau)
        {
            _members.Bureaus[NL] = Bureau;
        }

        Refer(1, to: AgencyId.Parse(agency));
        _now = Start.AddHours(1);
        Wake();
        Assert.Equal(to, Assert.Single(First.Lines).To?.Value);
        Assert.Equal(to is not null, First.OwesForward);
    }

    /// <summary>A force that works for two countries: the bureau of the one has nothing to do with what concerns the other.</summary>
    [Fact]
    public void Another_countrys_bureau_hears_of_nothing()
    {
        var ua = AgencyId.Parse("police-ua");
        _members.Bureaus[UA] = Bureau;
        Assert.Equal(UA, Assert.Single(_members.CountriesOf(ua)));
        Refer(1, to: ua);
        _now = Start.AddMinutes(15);
        Wake();
        Assert.Equal(Interpol.Agency, Assert.Single(First.Lines).To);
    }

    [Fact]
    public void What_comes_after_an_alert_that_nobody_saw_is_an_alert_of_its_own()
    {
        _members.Bureaus[NL] = Bureau;
        Refer(1);
        _now = Start.AddMinutes(15);
        Wake();
        Assert.Null(First.AlertDue);
        _now = Start.AddMinutes(20);
        Refer(2);
        Assert.Equal(_now.AddMinutes(15), First.AlertDue);
        Refer(2);
        _now = Start.AddMinutes(35);
        Wake();
        Assert.Equal([Bureau, Bureau], First.Lines.Where(l => l.Escalated).Select(l => l.To));
    }

    [Theory]
    [InlineData(ReferralState.Declined)]
    [InlineData(ReferralState.Known)]
    public void What_a_machine_ends_a_person_has_not_seen(ReferralState end)
    {
        Refer(1);
        Assert.Equal(ReferralRejection.None, Do(new AnswerReferral
        {
            Key = Key, Context = Context(Machine), Number = 1, State = end, Reason = end == ReferralState.Declined ? DeclineReason.TooLittleData : null,
            KnownAs = end == ReferralState.Known ? KnownAs.Series : null,
        }).Code);
        Assert.NotNull(First.AlertDue);
        _now = Start.AddMinutes(15);
        Wake();
        Assert.True(First.Lines[^1].Escalated);
        Assert.Equal(end, First.State);
        Assert.Equal(ReferralRejection.None, Acknowledge(Officer).Code);
    }

    [Fact]
    public void A_person_acknowledges_it_by_saying_so_or_by_any_answer_and_a_machine_does_not()
    {
        Refer(1);
        Assert.Equal(ReferralRejection.PersonNeeded, Acknowledge(Machine).Code);
        Assert.Equal(ReferralRejection.None, Do(new AnswerReferral
            { Key = Key, Context = Context(Machine), Number = 1, State = ReferralState.Received }).Code);
        Assert.NotNull(First.AlertDue);
        Assert.Equal(ReferralRejection.None, Do(new AnswerReferral
            { Key = Key, Context = Context(Officer), Number = 1, State = ReferralState.InUse }).Code);
        Assert.Equal((null, _now), (First.AlertDue, First.AcknowledgedAt));
        _now = Start.AddHours(1);
        Wake();
        Assert.DoesNotContain(First.Lines, l => l.Escalated);
    }

    [Fact]
    public void More_that_is_urgent_does_not_put_the_clock_back_and_is_an_alert_of_its_own_later()
    {
        Refer(1, urgent: false);
        Assert.Null(First.AlertDue);
        Refer(2);
        _now = Start.AddMinutes(10);
        Refer(3);
        Assert.Equal(Start.AddMinutes(15), First.AlertDue);
        Acknowledge(Officer);
        _now = Start.AddHours(2);
        Refer(4, urgent: false);
        Assert.Null(First.AlertDue);
        Refer(5);
        Assert.Equal(_now.AddMinutes(15), First.AlertDue);
    }

    [Fact]
    public void The_feed_tells_an_alert_and_that_it_went_further()
    {
        var s = HostedIn(NL);
        TakeReferral Taken(bool urgent, params PoliceWord[] words) => new()
        {
            ReportId = s.Id, Context = s.Context(Caller.System), Agency = Officer.Agency, Country = NL, Why = ReferralWhy.Host, About = "host",
            Referral = new ReferralRef(Key, 1), Ordinals = [1], Urgent = urgent, Words = [.. words],
        };
        s.Do(Taken(false));
        s.Do(Taken(true));
        s.Do(Taken(true, new PoliceWord { Line = 1, State = ReferralState.Open, At = Start, Escalated = true, To = Bureau }));
        s.Do(Taken(true, new PoliceWord { Line = 2, State = ReferralState.Received, At = Start }));
        Assert.Equal(
            ["cport.referral.opened.v1", "cport.referral.urgent.v1", "cport.referral.escalated.v1", "cport.feedback.given.v1"],
            s.Events.OfType<ReferralNoted>().SelectMany(e => FeedTypes.Of(e, s.Report)).Select(n => n.Type.Name));
        Assert.Equal(ReferralState.Received, s[1].Referrals[0].State);
    }
}
