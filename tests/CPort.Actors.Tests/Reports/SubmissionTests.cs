using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>What the reporting hotline does with its own report.</summary>
public class SubmissionTests
{
    private static readonly HmacOnlySeam Seam = new();

    private static SubmittedItem Clear(string url, string? memo = null) =>
        Entry(BE) with { Secrets = new ItemSecrets { Url = url, Memo = memo } };

    /// <summary>As the API makes it and the report's actor seals it.</summary>
    private static SubmitReport Stamped(SubmitReport clear)
    {
        var stamped = SubmissionDigest.Stamp(Seam, clear);
        return stamped with { Secrets = null, Items = [.. stamped.Items.Select(i => i with { Secrets = null })] };
    }

    [Fact]
    public void A_report_is_accepted_with_its_number_and_its_items_get_theirs_in_order()
    {
        var s = new ReportScenario();
        var reply = s.Submit(Nl, Entry(BE), Entry());
        Assert.Equal((CommandOutcome.Accepted, 77L, 1L), (reply.Outcome, reply.ReportNumber, reply.Version));
        Assert.Equal([1, 2], s.Report.Items.Select(i => i.Ordinal));
        Assert.Equal(s[1].Number + 1, s[2].Number);
        Assert.Equal((true, false), (s[1].Traced, s[2].Traced));

        // B34: a known hosting country is routed with the first write.
        Assert.Equal((BE, null), (s[1].Assignment?.Country, s[2].Assignment?.Country));
        Assert.Equal(NL, s.Report.ReportingCountry);
    }

    [Fact]
    public void The_same_report_again_is_a_duplicate_whatever_happened_to_it_since()
    {
        var s = new ReportScenario();
        var submission = s.Submission(Nl, "ref-1", Clear("https://a.example/1"), Clear("https://a.example/2")) with
            { Secrets = new ReportSecrets { Memo = "m" } };
        s.Do(Stamped(submission));
        s.Work();
        s.Amend(Nl, Start.AddHours(-9));
        var reply = s.Do(Stamped(submission with { Context = s.Context(Nl) }));
        Assert.Equal((CommandOutcome.Duplicate, 77L), (reply.Outcome, reply.ReportNumber));
        Assert.Empty(reply.Fields);
    }

    [Fact]
    public void The_very_command_that_submitted_a_report_is_answered_as_the_first_time()
    {
        var s = new ReportScenario();
        var submission = Stamped(s.Submission(Nl, "ref-1", Clear("https://a.example/1")));
        var first = s.Do(submission);
        s.Work();
        var again = s.Do(submission);
        Assert.Equal((CommandOutcome.Accepted, true, first.ReportNumber), (again.Outcome, again.Replayed, again.ReportNumber));
    }

    [Fact]
    public void The_same_reference_with_other_content_is_a_conflict_that_names_the_fields()
    {
        var s = new ReportScenario();
        var submission = s.Submission(Nl, "ref-1", Clear("https://a.example/1"), Clear("https://a.example/2", "x"));
        s.Do(Stamped(submission));
        var version = s.Report.Version;
        var reply = s.Do(Stamped(submission with
        {
            SiteType = SiteType.Forum, Urgent = true, Secrets = new ReportSecrets { Password = "p" },
            Items = [submission.Items[0] with { Assessment = Opinion(Classification.National) }, Clear("https://a.example/3", "x")],
        }));
        Assert.Equal(CommandOutcome.Conflict, reply.Outcome);
        Assert.Equal(["sourceUrlPassword", "sourceUrlSiteType", "urgent", "urls[0].assessment", "urls[1].urlString"],
            reply.Fields.Order(StringComparer.Ordinal));
        Assert.Equal(version, s.Report.Version);
        Assert.Equal("urls", Assert.Single(s.Do(Stamped(submission with { Items = [submission.Items[0]] })).Fields));
    }

    [Fact]
    public void Items_added_later_do_not_count_against_a_resent_report()
    {
        var s = new ReportScenario();
        var submission = Stamped(s.Submission(Nl, "ref-1", Clear("https://a.example/1")));
        s.Do(submission);
        s.Do(new AddItems { ReportId = s.Report.Id, Context = s.Context(Nl), FirstItemNumber = 5, Items = [Entry(BE)] });
        Assert.Equal(CommandOutcome.Duplicate, s.Do(submission with { Context = s.Context(Nl) }).Outcome);
    }

    [Fact]
    public void A_report_has_one_item_at_least_and_no_more_than_the_limit()
    {
        var s = new ReportScenario { MaxItems = 2 };
        Assert.Equal(RejectionCode.TooManyItems, s.Submit(Nl).Code);
        Assert.Equal(RejectionCode.TooManyItems, s.Submit(Nl, Entry(), Entry(), Entry()).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Submit(Nl, Entry(), Entry()).Outcome);
        Assert.Equal(RejectionCode.TooManyItems, s.Add(Nl, Entry()).Code);
    }

    [Fact]
    public void Ten_thousand_items_come_in_events_of_two_hundred()
    {
        var s = new ReportScenario();
        Assert.Equal(50, s.Submit(Nl, [.. Enumerable.Repeat(Entry(BE), 10_000)]).Version);
        Assert.Equal((10_000, 10_000), (s.Report.Items.Count, s.Report.SubmittedItems));
        Assert.All(s.Events.OfType<ItemsAdded>(), e => Assert.Equal(200, e.Items.Length));
        Assert.All(s.Report.Items, i => Assert.Equal(Be.Agency, i.Assignment!.Hotline));
    }

    [Fact]
    public void Dates_in_the_future_are_refused_but_for_the_clocks_tolerance()
    {
        var s = new ReportScenario();
        Assert.Equal(RejectionCode.DateInFuture, s.Do(s.Submission(Nl, "r", Entry()) with { HotlineReceivedDate = Start.AddMinutes(6) }).Code);
        Assert.Equal(RejectionCode.DateInFuture, s.Submit(Nl, Entry() with { Actions = [Action(ActionType.Removed, Start.AddMinutes(6))] }).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Do(s.Submission(Nl, "r", Entry()) with { HotlineReceivedDate = Start.AddMinutes(4) }).Outcome);
        Assert.Equal(RejectionCode.DateInFuture,
            s.Do(new AmendReport { ReportId = s.Report.Id, Context = s.Context(Nl), HotlineReceivedDate = Start.AddMinutes(6) }).Code);
    }

    [Fact]
    public void A_provider_reports_and_neither_assesses_nor_acts()
    {
        var (s, provider) = (new ReportScenario(), Nl with { Kind = AgencyKind.Provider, Roles = Roles.Machine });
        Assert.Equal(RejectionCode.NotAuthorised, s.Submit(provider, Entry() with { Assessment = Opinion(Classification.Baseline) }).Code);
        Assert.Equal(RejectionCode.NotAuthorised, s.Submit(provider, Entry() with { Actions = [Action(ActionType.Removed)] }).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Submit(provider, Entry()).Outcome);
        Assert.True(s.Report.FromProvider);
    }

    [Fact]
    public void Only_a_hotlines_or_providers_analyst_or_machine_submits()
    {
        var s = new ReportScenario();
        Assert.All([PoliceNl, Interpol, NlAuditor, Nl with { Roles = Roles.Operator }, Nl with { Kind = AgencyKind.SupervisoryAuthority }],
            caller => Assert.Equal(RejectionCode.NotAuthorised, s.Submit(caller, Entry()).Code));
        Assert.Equal(CommandOutcome.Accepted, s.Submit(Nl with { Roles = Roles.Machine }, Entry()).Outcome);
        Assert.Equal(RejectionCode.NotAuthorised, s.Submit(NlAuditor, Entry()).Code);
    }

    [Fact]
    public void Live_and_training_never_meet()
    {
        var s = HostedIn(BE);
        var training = Nl with { Tenant = Tenant.Training };
        Assert.Equal(RejectionCode.NotFound, s.Submit(training, Entry(BE)).Code);
        Assert.Equal(RejectionCode.NotFound, s.Urgent(training).Code);
        Assert.Equal(0, s.Urgent(training).ReportNumber);
    }

    [Fact]
    public void A_training_report_gets_its_automatic_work_done()
    {
        var s = new ReportScenario();
        s.Submit(Nl with { Tenant = Tenant.Training }, Entry(BE));
        s.Work();
        Assert.Equal(BE, s[1].Assignment!.Country);
    }

    [Theory]
    [InlineData(RejectionCode.ReasonMissing, ActionType.Unavailable, null)]
    [InlineData(RejectionCode.ReasonDoesNotFit, ActionType.Unavailable, ActionReason.AdultPornography)]
    [InlineData(RejectionCode.ReasonDoesNotFit, ActionType.ReportedToLea, ActionReason.Other)]
    [InlineData(RejectionCode.ActionDoesNotFitAssessment, ActionType.NotIllegal, ActionReason.AdultPornography)]
    public void Actions_that_come_with_a_report_obey_the_rules_of_actions(RejectionCode code, ActionType type, ActionReason? reason)
    {
        var s = new ReportScenario();
        var entry = Entry(BE) with { Actions = [new ActionInput { Type = type, Date = Start, Reason = reason }] };
        Assert.Equal(code, s.Submit(Nl, Entry(BE), entry).Code);
        s.Submit(Nl, Entry(BE));
        Assert.Equal(code, s.Add(Nl, entry).Code);
    }

    [Fact]
    public void Actions_that_come_with_a_report_are_one_of_each_type_and_nothing_follows_a_final_one()
    {
        var s = new ReportScenario();
        SubmittedItem With(params ActionInput[] actions) => Entry(BE) with { Actions = [.. actions] };
        Assert.Equal(RejectionCode.ActionAlreadyRecorded, s.Submit(Nl, With(Action(ActionType.ReportedToLea), Action(ActionType.ReportedToLea))).Code);
        Assert.Equal(RejectionCode.ItemIsClosed, s.Submit(Nl, With(Action(ActionType.Removed), Action(ActionType.Unavailable))).Code);
        Assert.Equal(RejectionCode.ItemIsClosed,
            s.Submit(Nl, With(Action(ActionType.Removed, Start.AddHours(-2)), Action(ActionType.ReportedToLea, Start.AddHours(-1)))).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Submit(Nl, With(Action(ActionType.ReportedToLea), Action(ActionType.ReportedToIsp), Action(ActionType.Removed)))
            .Outcome);
    }

    [Fact]
    public void The_reporter_adds_items_and_nobody_else_does()
    {
        var s = HostedIn(BE);
        var reply = s.Add(Nl, Entry(NL), Entry());
        Assert.Equal([2, 3], reply.Items.Select(i => i.Ordinal));
        Assert.Equal(1, s.Report.SubmittedItems);
        Assert.Equal(RejectionCode.NotAuthorised, s.Add(Be, Entry()).Code);
        Assert.Equal(RejectionCode.TooManyItems, s.Add(Nl).Code);
        Assert.Equal(RejectionCode.TooManyItems, s.Add(Nl, [.. Enumerable.Repeat(Entry(), 201)]).Code);
    }

    [Fact]
    public void An_item_can_not_be_added_with_an_action_of_tomorrow()
    {
        var s = HostedIn(BE);
        Assert.Equal(RejectionCode.DateInFuture, s.Add(Nl, Entry() with { Actions = [Action(ActionType.Removed, Start.AddDays(1))] }).Code);
    }

    [Fact]
    public void The_reporter_amends_its_report_and_an_empty_amendment_is_refused()
    {
        var s = HostedIn(BE);
        s.Amend(Nl, Start.AddDays(-2));
        Assert.Equal(Start.AddDays(-2), s.Report.HotlineReceivedDate);
        Assert.Equal(RejectionCode.NothingToChange, s.Amend(Nl, null).Code);
        Assert.Equal(RejectionCode.NotAuthorised, s.Amend(Be, Start).Code);
    }

    [Fact]
    public void A_report_is_withdrawn_with_all_its_items_and_then_takes_nothing_more()
    {
        var s = HostedIn(BE, items: 2);
        s.Claim(Be, 1);
        Assert.Equal(CommandOutcome.Accepted, s.Withdraw(Nl).Outcome);
        Assert.Equal(ReportState.Withdrawn, s.Report.State());
        Assert.All(s.Report.Items, i => Assert.Equal(ItemState.Withdrawn, i.State()));
        Assert.Null(s[1].Lease);
        Assert.Equal(RejectionCode.Withdrawn, s.Assess(Be, Classification.National).Code);
        Assert.Equal(RejectionCode.Withdrawn, s.Withdraw(Nl).Code);
        Assert.False(s.Report.HasUnfinishedWork());
    }

    [Fact]
    public void A_report_that_others_have_worked_on_is_not_withdrawn()
    {
        var s = HostedIn(BE);
        Assert.Equal(RejectionCode.NotAuthorised, s.Withdraw(Be).Code);
        s.Assess(Be, Classification.National);
        Assert.Equal(RejectionCode.OthersHaveActed, s.Withdraw(Nl).Code);
    }

    [Fact]
    public void An_auditors_key_of_the_reporting_hotline_changes_nothing()
    {
        var s = HostedIn(NL);
        var version = s.Report.Version;
        Assert.All(
            [s.Withdraw(NlAuditor), s.Amend(NlAuditor, Start), s.Urgent(NlAuditor), s.Note(NlAuditor), s.Describe(NlAuditor, SiteType.Blog),
                s.Add(NlAuditor, Entry()),
             s.Claim(NlAuditor), s.Assess(NlAuditor, Classification.National), s.Assign(NlAuditor, Nl), s.Host(NlAuditor, BE), s.SeenAgain(NlAuditor)],
            reply => Assert.Equal(RejectionCode.NotAuthorised, reply.Code));
        Assert.Equal(version, s.Report.Version);
    }

    [Fact]
    public void Urgent_is_set_by_reporter_and_assigned_hotline_and_each_lifts_its_own_word_only()
    {
        var s = HostedIn(BE);
        s.Urgent(Be);
        Assert.True(s.Report.Urgent);
        Assert.Equal(RejectionCode.SetByAnother, s.Urgent(Nl, urgent: false).Code);
        s.Urgent(Nl);
        var version = s.Report.Version;
        Assert.Equal((CommandOutcome.Accepted, version), (s.Urgent(Nl).Outcome, s.Report.Version));
        s.Urgent(Be, urgent: false);
        Assert.True(s.Report.Urgent);
        s.Urgent(Nl, urgent: false);
        Assert.False(s.Report.Urgent);
        Assert.Equal(CommandOutcome.Accepted, s.Urgent(Be, urgent: false).Outcome);
    }
}
