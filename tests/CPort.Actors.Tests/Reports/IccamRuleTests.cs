using CPort.Domain.CodeLists;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using static CPort.Domain.CodeLists.ActionType;
using static CPort.Domain.CodeLists.Classification;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>ICCAM's rules 1 to 12 (domain.md 1.4): the refused side, the allowed side, and the switch where there is one.</summary>
public class IccamRuleTests
{
    [Fact]
    public void Rule_1_nobody_reclassifies_a_baseline_item()
    {
        var s = HostedIn(BE);
        s.Assess(Be, Baseline);
        Assert.Equal(RejectionCode.BaselineIsFinal, s.Assess(Be, National).Code);
        Assert.Equal(Baseline, s[1].Effective());
    }

    [Fact]
    public void Rule_1_holds_for_a_baseline_opinion_that_came_with_the_report()
    {
        var s = new ReportScenario();
        s.Submit(Nl with { Trust = TrustLevel.Trusted }, Entry(BE) with { Assessment = Opinion(Baseline) });
        s.Work();
        Assert.Equal(Baseline, s[1].Effective());
        Assert.Equal(RejectionCode.BaselineIsFinal, s.Assess(Be, Classification.NotIllegal).Code);
    }

    [Fact]
    public void Rule_1_lets_actions_on_a_baseline_item_be_recorded()
    {
        var s = HostedIn(BE);
        s.Assess(Be, Baseline);
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, ReportedToLea).Outcome);
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, Removed).Outcome);
    }

    [Fact]
    public void Rule_1_switched_off_lets_an_opinion_be_added_to_a_baseline_item()
    {
        var s = HostedIn(BE, rules: new() { BaselineIsFinal = false });
        s.Assess(Be, Baseline);
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Be, National).Outcome);
    }

    [Fact]
    public void Rule_2_a_national_opinion_is_overruled_and_the_last_one_counts()
    {
        var s = HostedIn(BE);
        s.Assess(Be, National);
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Be, Classification.NotIllegal).Outcome);
        Assert.Equal(Classification.NotIllegal, s[1].Effective());
        Assert.Equal(2, s[1].Assessments.Length);
    }

    [Fact]
    public void Rule_2_not_illegal_is_left_alone()
    {
        var s = HostedIn(BE);
        s.Assess(Be, Classification.NotIllegal);
        Assert.Equal(RejectionCode.OnlyNationalIsOverruled, s.Assess(Be, National).Code);
    }

    [Fact]
    public void Rule_2_does_not_bind_a_country_to_another_countrys_law()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(BE) with { Assessment = Opinion(Classification.NotIllegal) });
        s.Work();
        Assert.Null(s[1].Effective());
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Be, National).Outcome);
        Assert.Equal(National, s[1].Effective());
    }

    [Fact]
    public void Rule_2_switched_off_lets_not_illegal_be_overruled()
    {
        var s = HostedIn(BE, rules: new() { OnlyNationalIsOverruled = false });
        s.Assess(Be, Classification.NotIllegal);
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Be, National).Outcome);
    }

    [Fact]
    public void Rule_3_no_assessment_after_an_action()
    {
        var s = HostedIn(BE);
        s.Assess(Be, National);
        s.Act(Be, ReportedToLea);
        Assert.Equal(RejectionCode.AlreadyActedOn, s.Assess(Be, Baseline).Code);

        // One's own slip is another matter (verdicts.md 3).
        Assert.Equal(CommandOutcome.Accepted, s.Correct(Be, Classification.NotIllegal).Outcome);
    }

    [Fact]
    public void Rule_3_begins_anew_with_a_move()
    {
        var s = HostedIn(BE);
        s.Assess(Be, National);
        s.Act(Be, ReportedToLea);
        s.Host(Be, NL);
        s.Move(Be, NL);
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Nl, National).Outcome);
    }

    [Fact]
    public void Rule_3_is_not_set_off_by_what_the_reporting_hotline_told_its_own_police()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(BE) with { Assessment = Opinion(National), Actions = [Action(ReportedToLea)] });
        s.Work();
        Assert.Equal(ItemState.Unassessed, s[1].State());
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Be, National).Outcome);
        Assert.Equal(ItemState.Unactioned, s[1].State());
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, ReportedToLea).Outcome);
    }

    [Fact]
    public void Rule_3_counts_actions_that_came_with_the_report_when_the_job_is_the_reporters_own()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(NL) with { Assessment = Opinion(National), Actions = [Action(ReportedToLea)] });
        s.Work();
        Assert.Equal(ItemState.Monitoring, s[1].State());
        Assert.Equal(RejectionCode.AlreadyActedOn, s.Assess(Nl, Baseline).Code);
        Assert.Equal(RejectionCode.ActionAlreadyRecorded, s.Act(Nl, ReportedToLea).Code);
    }

    [Fact]
    public void Rule_3_switched_off_lets_assessments_follow_actions()
    {
        var s = HostedIn(BE, rules: new() { NoAssessmentAfterAction = false });
        s.Assess(Be, National);
        s.Act(Be, ReportedToLea);
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Be, Baseline).Outcome);
        Assert.Equal(CommandOutcome.Accepted, s.Correct(Be, Classification.NotIllegal).Outcome);
    }

    [Fact]
    public void Rule_4_only_the_assigned_countrys_hotline_assesses_and_acts()
    {
        var s = HostedIn(BE);
        Assert.Equal(RejectionCode.NotAuthorised, s.Assess(Nl, National).Code);
        Assert.Equal(RejectionCode.NotAuthorised, s.Act(Nl, Unavailable).Code);
        Assert.Equal(RejectionCode.NotFound, s.Assess(De1, National).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Be, National).Outcome);
    }

    [Fact]
    public void Rule_4_before_routing_nobody_assesses_not_even_the_reporter()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry());
        Assert.Equal(RejectionCode.NotAuthorised, s.Assess(Nl, National).Code);
    }

    [Fact]
    public void Rule_4_another_hotline_of_the_country_is_told_that_it_may_not()
    {
        var s = HostedIn(DE);
        s.Claim(De1);
        Assert.Equal(RejectionCode.NotAuthorised, s.Assess(De2, National).Code);
    }

    [Fact]
    public void Rule_5_hosting_and_assigned_country_are_separate()
    {
        var s = HostedIn(RU);
        s.Assign(Uk, Uk);
        Assert.Equal(RU, s[1].Hosting!.Country);
        Assert.Equal(GB, s[1].Assignment!.Country);
        Assert.True(s[1].Assignment!.Orphan);
    }

    [Fact]
    public void Rule_6_the_three_dates_are_kept_apart()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry());
        s.Now = Start.AddHours(2);
        s.Work([new ItemTrace { Ordinal = 1, Facts = Facts(DE) }]);
        s.Now = Start.AddHours(5);
        s.Claim(De1);
        Assert.Equal(Start.AddHours(-1), s.Report.HotlineReceivedDate);
        Assert.Equal(Start, s.Report.SubmittedAt);
        Assert.Equal(Start.AddHours(2), s[1].Assignment!.CountrySince);
        Assert.Equal(Start.AddHours(5), s[1].Assignment!.HotlineSince);
    }

    [Theory]
    [InlineData(Removed, ItemState.Removed)]
    [InlineData(Unavailable, ItemState.Unavailable)]
    public void Rule_7_a_final_action_closes_the_item(ActionType final, ItemState state)
    {
        var s = HostedIn(BE);
        s.Assess(Be, National);
        s.Act(Be, ReportedToIsp);
        Assert.False(s[1].IsClosed());
        s.Act(Be, final);
        Assert.Equal(state, s[1].State());
        Assert.Equal(RejectionCode.ItemIsClosed, s.Act(Be, ReportedToLea).Code);
        Assert.Equal(RejectionCode.ItemIsClosed, s.Assess(Be, Baseline).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Correct(Be, Baseline).Outcome);
        Assert.Equal(state, s[1].State());
        Assert.Equal(RejectionCode.ItemIsClosed, s.Claim(Be).Code);
        Assert.Equal(RejectionCode.ItemIsClosed, s.Host(Be, NL).Code);
        Assert.Equal(RejectionCode.ItemIsClosed, s.Move(Be, NL).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Name(Be, "be-9").Outcome);
    }

    [Fact]
    public void Rule_7_an_orphan_closed_at_intake_cannot_be_taken()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(RU) with { Actions = [Action(Removed)] });
        s.Work();
        Assert.Equal(RejectionCode.ItemIsClosed, s.Assign(Uk, Uk).Code);
        Assert.Equal(RejectionCode.ItemIsClosed, s.Claim(Uk).Code);
        Assert.Equal(RejectionCode.ItemIsClosed, s.Host(Uk, BE).Code);
    }

    [Fact]
    public void Rule_7_what_closes_at_intake_closes_only_at_home()
    {
        var s = new ReportScenario();
        s.Submit(Nl,
            Entry(BE) with { Actions = [Action(Unavailable)] },
            Entry(BE) with { Assessment = Opinion(Classification.NotIllegal), Actions = [Action(ActionType.NotIllegal)] },
            Entry(NL) with { Assessment = Opinion(Classification.NotIllegal), Actions = [Action(ActionType.NotIllegal)] });
        s.Work();
        Assert.Equal(ItemState.Unassessed, s[1].State());
        Assert.Equal(ItemState.Unassessed, s[2].State());
        Assert.Equal(ItemState.NotIllegal, s[3].State());
    }

    [Fact]
    public void Rule_8_each_action_once_in_an_episode()
    {
        var s = HostedIn(BE);
        s.Assess(Be, National);
        s.Act(Be, ReportedToLea);
        Assert.Equal(RejectionCode.ActionAlreadyRecorded, s.Act(Be, ReportedToLea).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, ReportedToIsp).Outcome);
        s.Host(Be, NL);
        s.Move(Be, NL);
        s.Assess(Nl, National);
        Assert.Equal(CommandOutcome.Accepted, s.Act(Nl, ReportedToLea).Outcome);
    }

    [Fact]
    public void Rule_8_switched_off_lets_actions_repeat()
    {
        var s = HostedIn(BE, rules: new() { ActionOnce = false });
        s.Assess(Be, National);
        s.Act(Be, ReportedToLea);
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, ReportedToLea).Outcome);
    }

    [Fact]
    public void Rule_9_an_item_is_assessed_before_it_is_acted_on_but_unavailable_may_come_first()
    {
        var s = HostedIn(BE, items: 2);
        Assert.Equal(RejectionCode.NotAssessedYet, s.Act(Be, ReportedToLea).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, Unavailable).Outcome);
        s.Assess(Be, National, 2);
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, ReportedToLea, 2).Outcome);
    }

    [Fact]
    public void Rule_9_report_wide_waits_for_every_item_and_the_sites_facts()
    {
        var s = HostedIn(BE, items: 2, rules: new() { Gate = AssessmentGate.WholeReport });
        s.Assess(Be, National, 1);
        Assert.Equal(RejectionCode.ReportNotComplete, s.Act(Be, ReportedToLea).Code);
        s.Assess(Be, National, 2);
        Assert.Equal(RejectionCode.ReportNotComplete, s.Act(Be, ReportedToLea).Code);
        s.Describe(Be, SiteType.Website, Commerciality.NonCommercial, []);
        Assert.Equal(RejectionCode.ReportNotComplete, s.Act(Be, ReportedToLea).Code);
        Assert.Equal(ReportState.Classification, s.Report.State());
        s.Describe(Be, paid: [PaymentMethod.None]);
        Assert.Equal(ReportState.Monitoring, s.Report.State());
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, ReportedToLea).Outcome);
        s.Act(Be, Removed, 1, 2);
        Assert.Equal(ReportState.Completed, s.Report.State());
    }

    [Fact]
    public void Rule_9_switched_off_lets_actions_come_before_assessments()
    {
        var s = HostedIn(BE, rules: new() { Gate = AssessmentGate.Off });
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, ReportedToLea).Outcome);
    }

    [Fact]
    public void Rule_10_a_not_illegal_item_is_closed_by_not_illegal_or_unavailable_only()
    {
        var s = HostedIn(BE, items: 2);
        s.Assess(Be, Classification.NotIllegal, 1, 2);
        Assert.All([ReportedToLea, ReportedToIsp, Removed], type => Assert.Equal(RejectionCode.ActionDoesNotFitAssessment, s.Act(Be, type).Code));
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, ActionType.NotIllegal, 1).Outcome);
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, Unavailable, 2).Outcome);
    }

    [Fact]
    public void Rule_10_not_illegal_needs_a_not_illegal_item()
    {
        var s = HostedIn(BE);
        s.Assess(Be, National);
        Assert.Equal(RejectionCode.ActionDoesNotFitAssessment, s.Act(Be, ActionType.NotIllegal).Code);
    }

    [Fact]
    public void Rule_10_switched_off_lets_any_action_follow_any_assessment()
    {
        var s = HostedIn(BE, rules: new() { NotIllegalFollowsAssessment = false });
        s.Assess(Be, National);
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, ActionType.NotIllegal).Outcome);
    }

    [Fact]
    public void Rule_11_a_move_is_hosting_first_and_then_the_country()
    {
        var s = HostedIn(BE);
        Assert.Equal(RejectionCode.HostingFirst, s.Move(Be, NL).Code);
        s.Host(Be, NL);
        Assert.Equal(BE, s[1].Assignment!.Country);
        Assert.Equal(RejectionCode.HostingFirst, s.Move(Be, DE).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Move(Be, NL).Outcome);
        Assert.Equal(NL, s[1].Assignment!.Country);
        Assert.Equal(2, s[1].Assignment!.Episode);
        Assert.Equal(ItemState.Unassessed, s[1].State());
    }

    [Fact]
    public void Rule_12_a_late_trace_or_a_resent_report_does_not_disturb_running_work()
    {
        var s = HostedIn(BE);
        s.Assess(Be, National);
        s.Claim(Be);
        var before = Fingerprint(s.Report);
        s.Work([new ItemTrace { Ordinal = 1, Facts = Facts(NL) }]);
        Assert.Equal(CommandOutcome.Duplicate, s.Submit(Nl, Entry(BE)).Outcome);
        Assert.Equal(before, Fingerprint(s.Report));
    }
}
