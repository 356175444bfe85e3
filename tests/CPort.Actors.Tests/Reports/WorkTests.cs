using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>What hotlines do with items, and what CPort does by itself.</summary>
public class WorkTests
{
    [Fact]
    public void One_hotline_in_the_country_has_the_item_at_once_several_leave_it_open()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(BE), Entry(DE), Entry(RU), Entry());
        s.Work([new ItemTrace { Ordinal = 4, Facts = Facts(null) }]);
        Assert.Equal([ItemState.Unassessed, ItemState.AssignedToCountry, ItemState.Orphaned, ItemState.Untraced], s.Report.Items.Select(i => i.State()));
        Assert.Equal(Be.Agency, s[1].Assignment!.Hotline);
        Assert.Null(s[2].Assignment!.Hotline);
        Assert.Null(s[3].Assignment!.Country);
        Assert.False(s.Report.HasUnfinishedWork());
    }

    [Fact]
    public void An_item_waits_as_received_until_it_is_traced_and_the_first_answer_counts()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry());
        Assert.Equal(ItemState.Received, s[1].State());
        Assert.True(s.Report.HasUnfinishedWork());
        s.Work([new ItemTrace { Ordinal = 1, Facts = Facts(BE) }, new ItemTrace { Ordinal = 1, Facts = Facts(NL) }, new ItemTrace
            { Ordinal = 9, Facts = Facts(NL) }]);
        Assert.Equal(BE, s[1].Assignment!.Country);
        Assert.Equal(2, s[1].Version);
    }

    [Fact]
    public void What_the_tracer_did_not_learn_stays_as_reported()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry() with { Hosting = Facts(null) with { Isp = "isp.example" } });
        s.Work([new ItemTrace { Ordinal = 1, Facts = Facts(BE) with { IpAddress = null } }]);
        Assert.Equal(("isp.example", "192.0.2.7"), (s[1].Hosting!.Isp, s[1].Hosting!.IpAddress));
    }

    [Fact]
    public void Only_CPort_completes_automatic_work_and_escalates()
    {
        var s = HostedIn(RU);
        Assert.Equal(RejectionCode.NotAuthorised, s.Work(by: Nl).Code);
        Assert.Equal(RejectionCode.NotAuthorised, s.Do(new EscalateOrphans { ReportId = s.Id, Context = s.Context(Uk), Ordinals = [1] }).Code);
    }

    [Fact]
    public void A_hotline_of_the_country_gives_an_item_to_one_of_its_hotlines()
    {
        var s = HostedIn(DE);
        Assert.Equal(RejectionCode.WrongHotline, s.Assign(De1, Be).Code);
        Assert.Equal(RejectionCode.NotAuthorised, s.Assign(Nl, Nl).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Assign(De1, De2).Outcome);
        Assert.Equal(De2.Agency, s[1].Assignment!.Hotline);
        Assert.Equal(RejectionCode.AlreadyAssignedThere, s.Assign(De2, De2).Code);
    }

    [Fact]
    public void An_item_without_country_is_not_assigned()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry());
        Assert.Equal(RejectionCode.NotAssigned, s.Assign(Nl, Nl).Code);
    }

    [Fact]
    public void A_claimed_item_is_not_given_away_by_others_and_given_away_it_is_free()
    {
        var s = HostedIn(DE);
        s.Claim(De1);
        Assert.Equal(RejectionCode.Leased, s.Assign(De2, De2).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Assign(De1, De2).Outcome);
        Assert.Null(s[1].Lease);
        Assert.Equal(CommandOutcome.Accepted, s.Assess(De2, Classification.National).Outcome);
    }

    [Fact]
    public void A_mandated_hotline_takes_an_orphan_for_itself()
    {
        var s = HostedIn(RU);
        Assert.Equal(RejectionCode.NotFound, s.Assign(De1, De1).Code);
        Assert.Equal(RejectionCode.WrongHotline, s.Assign(Uk, De1).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Assign(Uk, Uk).Outcome);
        Assert.Equal((GB, Uk.Agency, 1), (s[1].Assignment!.Country!.Value, s[1].Assignment!.Hotline!.Value, s[1].Assignment!.Episode));
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Uk, Classification.National).Outcome);
        Assert.Equal(Classification.National, s[1].Effective());
    }

    [Fact]
    public void An_orphan_found_to_be_hosted_at_its_takers_is_an_orphan_no_more()
    {
        var s = HostedIn(RU);
        s.Claim(Uk);
        s.Host(Uk, GB);
        Assert.False(s[1].Assignment!.Orphan);
        Assert.Equal((GB, Uk.Agency), (s[1].Assignment!.Country!.Value, s[1].Assignment!.Hotline!.Value));
        Assert.NotNull(s[1].Lease);
    }

    [Fact]
    public void An_orphan_found_to_be_hosted_in_a_member_country_moves_there()
    {
        var s = HostedIn(RU);
        Assert.Equal(RejectionCode.AlreadyAssignedThere, s.Move(Uk, RU).Code);
        s.Host(Uk, BE);
        Assert.Equal(ItemState.Orphaned, s[1].State());
        Assert.Equal(CommandOutcome.Accepted, s.Move(Uk, BE).Outcome);
        Assert.Equal(Be.Agency, s[1].Assignment!.Hotline);
        Assert.False(s[1].Assignment!.Orphan);
    }

    [Fact]
    public void The_first_to_claim_has_it()
    {
        var s = HostedIn(DE);
        Assert.Equal(CommandOutcome.Accepted, s.Claim(De2).Outcome);
        Assert.Equal(De2.Agency, s[1].Assignment!.Hotline);
        Assert.Equal(RejectionCode.NotAuthorised, s.Claim(De1).Code);
    }

    [Fact]
    public void Whoever_works_on_an_open_item_has_it_from_then_on()
    {
        var s = HostedIn(DE, items: 3);
        s.Assess(De1, Classification.National, 1);
        s.Act(De2, ActionType.Unavailable, 2);
        s.Name(De2, "de-3", 3);
        Assert.Equal([De1.Agency, De2.Agency, De2.Agency], s.Report.Items.Select(i => i.Assignment!.Hotline!.Value));
    }

    [Fact]
    public void A_claim_keeps_other_analysts_out_until_it_runs_out()
    {
        var s = HostedIn(NL);
        s.Claim(Nl);
        Assert.Equal(Start.AddMinutes(30), s[1].Lease!.Until);
        Assert.All(
            [s.Claim(NlColleague), s.Assess(NlColleague, Classification.National), s.Act(NlColleague, ActionType.Unavailable), s.Release(NlColleague),
             s.Host(NlColleague, BE), s.Name(NlColleague, "x")],
            reply => Assert.Equal(RejectionCode.Leased, reply.Code));
        s.Now = Start.AddMinutes(20);
        s.Claim(Nl);
        Assert.Equal(Start.AddMinutes(50), s[1].Lease!.Until);
        s.Now = Start.AddMinutes(50);
        Assert.Equal(CommandOutcome.Accepted, s.Claim(NlColleague).Outcome);
        Assert.Equal(NlColleague.KeyId, s[1].Lease!.KeyId);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1441)]
    public void A_claim_lasts_a_minute_to_a_day(int minutes)
    {
        var s = HostedIn(NL);
        Assert.Equal(CommandOutcome.Rejected, s.Do(new ClaimItems { ReportId = s.Id, Context = s.Context(Nl), Items = At(1), Minutes = minutes }).Outcome);
    }

    [Fact]
    public void A_released_item_is_free_and_an_unheld_one_cannot_be_released()
    {
        var s = HostedIn(NL);
        Assert.Equal(RejectionCode.NotLeased, s.Release(Nl).Code);
        s.Claim(Nl);
        s.Release(Nl);
        Assert.Null(s[1].Lease);
        s.Claim(Nl);
        s.Now = Start.AddHours(1);
        Assert.Equal(RejectionCode.NotLeased, s.Release(Nl).Code);
    }

    [Fact]
    public void A_final_action_frees_the_item()
    {
        var s = HostedIn(NL);
        s.Claim(Nl);
        s.Act(Nl, ActionType.Unavailable);
        Assert.Null(s[1].Lease);
    }

    [Fact]
    public void Doubtful_is_for_v2_submissions_only()
    {
        var s = HostedIn(NL);
        Assert.Equal(RejectionCode.DoubtfulHasNoEffect, s.Assess(Nl, Classification.Doubtful).Code);
        s.Assess(Nl, Classification.National);
        Assert.Equal(RejectionCode.DoubtfulHasNoEffect, s.Correct(Nl, Classification.Doubtful).Code);
    }

    [Fact]
    public void A_correction_replaces_ones_own_last_opinion_and_keeps_the_trail()
    {
        var s = HostedIn(BE);
        Assert.Equal(RejectionCode.NothingToCorrect, s.Correct(Be, Classification.National).Code);
        s.Assess(Be, Classification.NotIllegal);
        s.Correct(Be, Classification.National);
        Assert.Equal(Classification.National, s[1].Effective());
        Assert.Equal([2, null], s[1].Assessments.Select(a => a.CorrectedBy));
        Assert.Equal([Classification.NotIllegal, Classification.National], s[1].Assessments.Select(a => a.Classification));
        Assert.NotNull(Assert.IsType<ItemsAssessed>(s.Events[^1]).Why);
    }

    [Fact]
    public void A_baseline_slip_is_set_right_by_its_own_agency_only()
    {
        var s = new ReportScenario();
        s.Submit(Nl with { Trust = TrustLevel.Trusted }, Entry(BE) with { Assessment = Opinion(Classification.Baseline) });
        s.Work();
        Assert.Equal(RejectionCode.NothingToCorrect, s.Correct(Be, Classification.NotIllegal).Code);
        Assert.Equal(RejectionCode.NotFound, s.Correct(De1, Classification.NotIllegal).Code);
        Assert.Equal(Classification.Baseline, s[1].Effective());
        Assert.Equal(CommandOutcome.Accepted, s.Correct(Nl, Classification.National).Outcome);
        Assert.Null(s[1].Effective());
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Be, Classification.NotIllegal).Outcome);
    }

    [Fact]
    public void Actions_need_their_reasons_and_no_others_and_no_date_in_the_future()
    {
        var s = HostedIn(BE);
        s.Assess(Be, Classification.National);
        ActionInput Of(ActionType type, ActionReason? reason, int minutes = 0) => new() { Type = type, Date = Start.AddMinutes(minutes), Reason = reason };
        Assert.Equal(RejectionCode.ReasonMissing, s.Act(Be, Of(ActionType.Unavailable, null)).Code);
        Assert.Equal(RejectionCode.ReasonDoesNotFit, s.Act(Be, Of(ActionType.Unavailable, ActionReason.ImagesTooSmall)).Code);
        Assert.Equal(RejectionCode.ReasonDoesNotFit, s.Act(Be, Of(ActionType.Removed, ActionReason.Other)).Code);
        Assert.Equal(RejectionCode.DateInFuture, s.Act(Be, Of(ActionType.Removed, null, 6)).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, Of(ActionType.Unavailable, ActionReason.Other, 5)).Outcome);
    }

    [Fact]
    public void The_reporter_says_where_an_untraced_item_is_hosted_and_it_is_routed_at_once()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry());
        Assert.Equal(CommandOutcome.Accepted, s.Host(Nl, BE).Outcome);
        Assert.Equal(Be.Agency, s[1].Assignment!.Hotline);
        Assert.Equal(RejectionCode.NotAuthorised, s.Host(Nl, DE).Code);
    }

    [Fact]
    public void Earlier_hosting_is_kept()
    {
        var s = HostedIn(BE);
        s.Host(Be, DE);
        Assert.Equal((DE, BE), (s[1].Hosting!.Country!.Value, Assert.Single(s[1].EarlierHosting).Country!.Value));
        Assert.Equal(BE, s[1].Assignment!.Country);
    }

    [Fact]
    public void A_move_opens_a_new_episode_without_lease_and_reference()
    {
        var s = HostedIn(BE);
        s.Assess(Be, Classification.National);
        s.Act(Be, ActionType.ReportedToIsp);
        s.Name(Be, "be-1");
        s.Claim(Be);
        s.Host(Be, DE);
        s.Now = Start.AddDays(1);
        s.Now = Start.AddMinutes(10);
        Assert.Equal(RejectionCode.AlreadyAssignedThere, HostedIn(BE).Move(Be, BE).Code);
        s.Move(Be, DE);
        Assert.Equal(ItemState.AssignedToCountry, s[1].State());
        Assert.Null(s[1].Lease);
        Assert.Null(s[1].AssignedReference);
        Assert.Equal(Start.AddMinutes(10), s[1].Assignment!.CountrySince);
        Assert.Null(s[1].Effective());

        // It sees what became of it, and does nothing with it any more.
        Assert.Equal(RejectionCode.NotAuthorised, s.Assess(Be, Classification.National).Code);
        s.Assess(De1, Classification.National);
        Assert.Equal(CommandOutcome.Accepted, s.Act(De1, ActionType.ReportedToIsp).Outcome);
    }

    [Fact]
    public void A_move_to_where_no_hotline_is_makes_an_orphan()
    {
        var s = HostedIn(BE);
        s.Host(Be, RU);
        s.Move(Be, RU);
        Assert.Equal(ItemState.Orphaned, s[1].State());
        Assert.Null(s[1].Assignment!.Country);
        Assert.Equal(2, s[1].Assignment!.Episode);
    }

    [Fact]
    public void A_trusted_Baseline_goes_along_with_a_move_a_standard_one_binds_its_own_episode()
    {
        foreach (var trust in (TrustLevel[])[TrustLevel.Standard, TrustLevel.Trusted])
        {
            var s = HostedIn(BE);
            s.Assess(Be with { Trust = trust }, Classification.Baseline);
            Assert.Equal(RejectionCode.BaselineIsFinal, s.Assess(Be, Classification.National).Code);
            s.Host(Be, NL);
            s.Move(Be, NL);
            var trusted = trust == TrustLevel.Trusted;
            Assert.Equal(trusted ? ItemState.Unactioned : ItemState.Unassessed, s[1].State());
            Assert.Equal(trusted ? RejectionCode.BaselineIsFinal : RejectionCode.None, s.Assess(Nl, Classification.NotIllegal).Code);
        }
    }

    [Fact]
    public void What_was_gone_and_is_seen_again_is_a_new_occurrence_linked_to_the_old()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(BE) with { Hashes = [Sha256(1)] });
        s.Work();
        Assert.Equal(RejectionCode.NotOffline, s.SeenAgain(Nl).Code);
        s.Assess(Be, Classification.National);
        s.Act(Be, ActionType.Removed);
        var reply = s.SeenAgain(Be);
        Assert.Equal([1, 2], reply.Items.Select(i => i.Ordinal));
        Assert.Equal((2, 1), (s[1].NextOccurrence!.Value, s[2].PreviousOccurrence!.Value));
        Assert.Equal((ItemState.Removed, ItemState.Received), (s[1].State(), s[2].State()));
        Assert.Empty(s[2].Actions);
        Assert.False(s[2].Matched);
        Assert.Equal(RejectionCode.NotOffline, s.SeenAgain(Be).Code);
        s.Work([new ItemTrace { Ordinal = 2, Facts = Facts(BE) }]);
        Assert.Equal(ItemState.Unactioned, s[2].State());
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, ActionType.Removed, 2).Outcome);
    }

    [Fact]
    public void A_not_illegal_item_is_not_seen_online_again()
    {
        var s = HostedIn(BE);
        s.Assess(Be, Classification.NotIllegal);
        s.Act(Be, ActionType.NotIllegal);
        Assert.Equal(RejectionCode.NotOffline, s.SeenAgain(Be).Code);
    }

    [Fact]
    public void The_assigned_hotlines_reference_stands_beside_the_reporters()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(BE) with { Reference = HotlineReference.Parse("nl-1") });
        s.Work();
        Assert.Equal(RejectionCode.NotAuthorised, s.Name(Nl, "nl-2").Code);
        s.Name(Be, "be-1");
        Assert.Equal(("nl-1", "be-1"), (s[1].ReportingReference!.Value.Value, s[1].AssignedReference!.Value.Value));
    }

    [Fact]
    public void Memos_are_written_by_those_who_have_part_in_the_item()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(BE), Entry(DE));
        s.Work();
        Assert.Equal(CommandOutcome.Accepted, s.Note(Nl).Outcome);
        Assert.Equal(CommandOutcome.Accepted, s.Note(Be, 1).Outcome);
        Assert.Equal(RejectionCode.NotFound, s.Note(Be, 2).Code);
        Assert.Equal(RejectionCode.NotFound, s.Note(Be, 3).Code);
        Assert.Equal(RejectionCode.NothingToChange, s.Note(Nl, text: false).Code);
        Assert.Equal([null, 1], s.Report.Memos.Select(m => m.Ordinal));
    }

    [Fact]
    public void Site_facts_are_set_one_by_one()
    {
        var s = HostedIn(BE);
        Assert.Equal(RejectionCode.NothingToChange, s.Describe(Be).Code);
        s.Describe(Be, SiteType.Forum, paid: [PaymentMethod.Visa, PaymentMethod.Bitcoin]);
        s.Describe(Nl, commerciality: Commerciality.Commercial);
        Assert.Equal((SiteType.Forum, Commerciality.Commercial, 2), (s.Report.SiteType!.Value, s.Report.Commerciality!.Value, s.Report.PaymentMethods.Length));

        // Each is changed by who set it (B17).
        Assert.Equal(RejectionCode.SetByAnother, s.Describe(Nl, paid: []).Code);
        Assert.Equal(RejectionCode.SetByAnother, s.Describe(Be, commerciality: Commerciality.NonCommercial).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Describe(Be, SiteType.Blog, Commerciality.Commercial, []).Outcome);
        Assert.Empty(s.Report.PaymentMethods);
    }

    [Fact]
    public void Orphans_nobody_took_go_to_national_police_else_to_interpol_once()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(UA), Entry(RU), Entry(BE), Entry(RU));
        s.Work();
        s.Assign(Uk, Uk, 4);
        s.Escalate(1, 1, 2, 3, 4, 9);
        Assert.Equal(["police-ua", "interpol", null, null], s.Report.Items.Select(i => i.Assignment!.EscalatedTo?.Value));
        Assert.Equal(2, s[1].Version);
        var version = s.Report.Version;
        s.Escalate(1, 2);
        Assert.Equal(version, s.Report.Version);
        Assert.Equal(CommandOutcome.Accepted, s.Assign(Uk, Uk, 2).Outcome);
    }

    [Fact]
    public void Without_interpol_an_orphan_waits()
    {
        var s = HostedIn(RU);
        s.Members.Interpol = null;
        Assert.Equal(CommandOutcome.Accepted, s.Escalate(1).Outcome);
        Assert.Null(s[1].Assignment!.EscalatedTo);
    }

    [Fact]
    public void A_replayed_command_id_gets_the_answer_it_got_the_first_time()
    {
        var s = HostedIn(BE, items: 2);
        var command = new AssessItems { ReportId = s.Id, Context = s.Context(Be, "once"), Items = At(1, 2, 9), Assessment = Opinion(Classification.National) };
        var first = s.Do(command);
        s.Act(Be, ActionType.Removed, 1);
        var again = s.Do(command);
        Assert.True(again.Replayed);
        Assert.Equal(Bytes(first), Bytes(again with { Replayed = false }));
        Assert.Single(s[2].Assessments);
    }

    /// <summary>A colleague who sends the same command has not done it: they are not told that they have.</summary>
    [Fact]
    public void A_persons_command_id_is_theirs_and_a_keys_is_its_agencys()
    {
        var s = HostedIn(BE, items: 2);
        Caller Signed(string id) => Be with { KeyId = id, Person = PersonId.Parse(id) };
        AssessItems Assess(Caller by, string command, int item) => new()
        {
            ReportId = s.Id, Context = s.Context(by, command), Items = At(item), Assessment = Opinion(Classification.National),
        };
        var (anna, bob) = (Signed("p-0000000000000001"), Signed("p-0000000000000002"));
        Assert.Equal(CommandOutcome.Accepted, s.Do(Assess(anna, "once", 1)).Outcome);
        Assert.True(s.Do(Assess(anna, "once", 1)).Replayed);
        Assert.Equal(RejectionCode.CommandIdInUse, s.Do(Assess(bob, "once", 1)).Code);
        Assert.Equal(RejectionCode.CommandIdInUse, s.Do(Assess(Be, "once", 1)).Code);
        Assert.Single(s[1].Assessments);

        // The agency's next key repeats what the one before it did not hear the answer to.
        Assert.Equal(CommandOutcome.Accepted, s.Do(Assess(Be, "machine", 2)).Outcome);
        Assert.True(s.Do(Assess(Be with { KeyId = "key-be-2" }, "machine", 2)).Replayed);
    }

    [Fact]
    public void Which_key_or_person_it_was_is_told_to_their_own_agency_only()
    {
        var s = HostedIn(DE);
        ClaimItems Claim() => new() { ReportId = s.Id, Context = s.Context(De1), Items = At(1), Minutes = 10 };
        s.Do(Claim());
        s.Do(new AssessItems { ReportId = s.Id, Context = s.Context(De1), Items = At(1), Assessment = Opinion(Classification.National) });
        s.Act(De1, ActionType.ReportedToLea);
        s.Do(Claim());
        System.Collections.Immutable.ImmutableArray<SequencedEvent> events = [.. s.Events.Select((e, i) => new SequencedEvent(i + 1, e))];
        HistoryPage History(Caller who) => ReportViews.History(
            s.Report, new GetHistory { ReportId = s.Id, Caller = who, FromSequence = 1 }, events, new OpensAnything());
        ItemView Item(Caller who) => Assert.Single(ReportViews.Page(s.Report, new GetReport { ReportId = s.Id, Caller = who }, new OpensAnything()).Items);

        foreach (var (who, told) in new[] { (De1, true), (De2, false), (Nl, false) })
        {
            var of = History(who).Entries.Where(e => e.Meta.Agency == De1.Agency).ToList();
            Assert.True(of.Count >= 3, $"{of.Count} events for {who.Agency}");
            Assert.All(of, e => Assert.Equal((told ? De1.KeyId : "", De1.Roles), (e.Meta.KeyId, e.Meta.Roles)));
            var item = Item(who).Item;
            Assert.All(item.Assessments, a => Assert.Equal(told ? De1.KeyId : "", a.KeyId));
            Assert.All(item.Actions, a => Assert.Equal(told ? De1.KeyId : "", a.KeyId));
            Assert.Equal(told ? De1.KeyId : "", item.Lease?.KeyId ?? "");
        }

        // Somebody sees each of them who is not of the agency.
        Assert.NotEmpty(Item(De2).Item.Assessments);
        Assert.NotEmpty(Item(De2).Item.Actions);
    }

    [Fact]
    public void A_replayed_sighting_names_the_new_occurrence_again()
    {
        var s = HostedIn(BE);
        s.Act(Be, ActionType.Unavailable);
        var command = new SeenOnlineAgain { ReportId = s.Id, Context = s.Context(Be, "seen"), Item = At(1)[0], ItemNumber = 9 };
        Assert.Equal(2, s.Do(command).Items.Length);
        Assert.Equal(2, s.Do(command).Items.Length);
        Assert.Equal(2, s.Report.Items.Count);
    }

    [Fact]
    public void Two_agencies_may_use_the_same_command_id()
    {
        var s = HostedIn(BE);
        s.Do(new MarkUrgent { ReportId = s.Id, Context = s.Context(Nl, "1"), Urgent = true });
        var reply = s.Do(new AssessItems { ReportId = s.Id, Context = s.Context(Be, "1"), Items = At(1), Assessment = Opinion(Classification.National) });
        Assert.False(reply.Replayed);
        Assert.Single(s[1].Assessments);
        Assert.Equal(RejectionCode.NotFound, s.Do(new MarkUrgent { ReportId = s.Id, Context = s.Context(Se, "1"), Urgent = true }).Code);
    }

    [Fact]
    public void The_last_sixty_four_answers_are_remembered()
    {
        var s = HostedIn(BE);
        for (var i = 0; i < 70; i++)
        {
            s.Note(Nl);
        }

        Assert.Equal(Report.RememberedCommands, s.Report.Receipts.Kept.Count);
    }

    [Fact]
    public void A_stale_version_is_refused_and_the_present_one_told()
    {
        var s = HostedIn(BE);
        var target = new ItemTarget { Ordinal = 1, ExpectedVersion = s[1].Version };
        AssessItems Assess() => new() { ReportId = s.Id, Context = s.Context(Be), Items = [target], Assessment = Opinion(Classification.National) };
        Assert.Equal(CommandOutcome.Accepted, s.Do(Assess()).Outcome);
        var reply = s.Do(Assess());
        Assert.Equal(RejectionCode.VersionMismatch, reply.Code);
        Assert.Equal(s[1].Version, Assert.Single(reply.Items).Version);
    }

    [Fact]
    public void In_a_batch_one_bad_item_never_harms_its_neighbours()
    {
        var s = HostedIn(BE, items: 4);
        s.Act(Be, ActionType.Unavailable, 2);
        var reply = s.Assess(Be, Classification.National, 1, 2, 1, 99, 4);
        Assert.Equal(CommandOutcome.Accepted, reply.Outcome);
        Assert.Equal([RejectionCode.None, RejectionCode.ItemIsClosed, RejectionCode.NotFound, RejectionCode.NotFound, RejectionCode.None],
            reply.Items.Select(i => i.Code));
        Assert.Equal([1, 0, 0, 1], s.Report.Items.Select(i => i.Assessments.Length));
        Assert.Equal(RejectionCode.TooManyItems, s.Do(new ReleaseItems { ReportId = s.Id, Context = s.Context(Be) }).Code);
        Assert.Equal(RejectionCode.TooManyItems, s.Claim(Be, [.. Enumerable.Range(1, 201)]).Code);
    }

    [Fact]
    public void To_a_stranger_denied_and_absent_look_alike_for_every_command()
    {
        var s = HostedIn(BE);
        s.Assess(Be, Classification.National);
        var here = Everything(s, Se).Select(Bytes).ToArray();
        s.Withdraw(Nl);
        var withdrawn = new ReportScenario();
        withdrawn.Submit(Nl, Entry(BE));
        withdrawn.Withdraw(Nl);
        var absent = new ReportScenario();
        SetId(absent, s);
        Assert.Equal(here, Everything(absent, Se).Select(Bytes));
        Assert.Equal(here, Everything(withdrawn, Se).Select(Bytes));
        Assert.All(Everything(s, PoliceNl).Concat(Everything(s, De1)), r => Assert.Equal(RejectionCode.NotFound, r.Code));
    }

    [Fact]
    public void An_item_of_others_in_ones_own_report_looks_absent()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(BE), Entry(DE));
        s.Work();
        ItemOutcome Of(int ordinal) => s.Assess(Be, Classification.National, ordinal, ordinal).Items[0] with { Ordinal = 0 };
        Assert.Equal(Of(7), Of(2));
        Assert.Equal(s.Assess(Be, Classification.National, 7, 7).Items[1] with { Ordinal = 0 }, s.Assess(Be, Classification.National, 2, 2).Items[1] with
            { Ordinal = 0 });
    }

    private static void SetId(ReportScenario absent, ReportScenario like)
    {
        absent.Submit(NlAuditor, Entry());
        Assert.Equal(like.Id, absent.Id);
        Assert.False(absent.Report.Exists);
    }

    private static CommandReply[] Everything(ReportScenario s, Caller by) =>
    [
        s.Add(by, Entry()), s.Add(by), s.Amend(by, Start), s.Amend(by, null), s.Withdraw(by), s.Urgent(by), s.Assign(by, by), s.Claim(by), s.Release(by),
        s.Do(new ClaimItems { ReportId = s.Id, Context = s.Context(by), Items = At(1), Minutes = 0 }),
            s.Do(new ReleaseItems { ReportId = s.Id, Context = s.Context(by) }),
        s.Assess(by, Classification.National), s.Assess(by, Classification.National, 1, 1, 2), s.Correct(by, Classification.National),
            s.Act(by, ActionType.Removed),
        s.Act(by, new ActionInput { Type = ActionType.Unavailable, Date = Start }), s.Act(by, ActionType.Removed, []), s.Host(by, NL), s.Move(by, BE),
            s.SeenAgain(by),
        s.SeenAgain(by, 5), s.Name(by, "x"), s.Describe(by), s.Describe(by, SiteType.Blog), s.Note(by), s.Note(by, 1), s.Note(by, 5), s.Note(by, text: false),
        s.Object(by), s.Reopen(by), s.Reassign(by, 1),
        s.Work(by: by), s.Do(new EscalateOrphans { ReportId = s.Id, Context = s.Context(by), Ordinals = [1] }),
    ];

    private sealed class OpensAnything : ConfidentialSeam
    {
        public override Sealed Seal<T>(SealedPlace place, T secret, bool repeatable = false) => AnySealed;

        public override T Open<T>(SealedPlace place, Sealed secret) => (T)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(typeof(T));

        public override byte[] Keyed(string purpose, ReadOnlySpan<byte> data) => new byte[32];
    }
}
