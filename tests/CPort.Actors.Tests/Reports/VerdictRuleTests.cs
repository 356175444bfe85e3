using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Inheritance;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Routing;
using CPort.Actors.Tests.Hashes;
using static CPort.Domain.CodeLists.Classification;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>Whose word counts for an item (verdicts.md 2 to 5), each line of the audit with its input.</summary>
public class VerdictRuleTests
{
    private static readonly Caller Trusted = Nl with { Trust = TrustLevel.Trusted }, Untrusted = Nl with { Trust = TrustLevel.Untrusted };

    private static ReportScenario Sent(Caller by, Country host, Classification said, params ActionInput[] actions)
    {
        var s = new ReportScenario();
        s.Submit(by, Entry(host) with { Assessment = Opinion(said), Actions = [.. actions], Hashes = [Sha256(1)] });
        s.Work();
        return s;
    }

    [Fact]
    public void What_a_reporter_says_counts_where_it_speaks_for_the_country_and_a_trusted_ones_Baseline_everywhere()
    {
        Assert.Null(Sent(Nl, BE, Baseline)[1].Effective());
        Assert.Null(Sent(Trusted, BE, National)[1].Effective());
        Assert.Null(Sent(Trusted, BE, NotIllegal)[1].Effective());
        Assert.Equal(Baseline, Sent(Trusted, BE, Baseline)[1].Effective());
        Assert.Equal(National, Sent(Nl, NL, National)[1].Effective());

        // De1 speaks for the country of which De2 has the item.
        var s = Sent(De1, DE, National);
        s.Claim(De2);
        Assert.Equal(National, s[1].Effective());
        Assert.Equal(CommandOutcome.Accepted, s.Assess(De2, NotIllegal).Outcome);
        Assert.Equal(NotIllegal, s[1].Effective());
    }

    [Fact]
    public void B8_an_untrusted_reporters_Baseline_binds_nobody()
    {
        var s = Sent(Untrusted, BE, Baseline);
        Assert.Null(s[1].Effective());
        Assert.Equal(ItemRelations.None, AccessTable.RelationsOf(Interpol, ReportViews.RelationFacts(s.Report, s[1])));
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Be, NotIllegal).Outcome);
        Assert.Equal(NotIllegal, s[1].Effective());

        // Trust is about what reaches others: who has the item decides it, whatever its trust.
        Assert.Equal(Baseline, Sent(Untrusted, NL, Baseline)[1].Effective());
    }

    [Fact]
    public void Two_independent_standard_Baselines_on_the_item_itself_are_believed()
    {
        var s = Sent(Nl, BE, Baseline);
        s.Assess(Be, Baseline);
        s.Host(Be, DE);
        s.Move(Be, DE);
        Assert.Equal(Baseline, s[1].Effective());
        Assert.Equal(RejectionCode.BaselineIsFinal, s.Assess(De1, National).Code);
    }

    [Fact]
    public void B4_an_inherited_Baseline_is_final_and_a_later_one_lifts_National()
    {
        var s = HostedIn(BE);
        s.Inherit(Baseline);
        Assert.Equal(RejectionCode.BaselineIsFinal, s.Assess(Be, NotIllegal).Code);

        var t = HostedIn(BE);
        t.Assess(Be, National);
        t.Inherit(Baseline);
        Assert.Equal(Baseline, t[1].Effective());
        Assert.Equal(RejectionCode.BaselineIsFinal, t.Assess(Be, NotIllegal).Code);
        t.Inherit(null);
        Assert.Equal(National, t[1].Effective());
    }

    [Fact]
    public void A_Baseline_against_a_local_NotIllegal_contradicts_it_and_the_open_item_waits_for_another_look()
    {
        var s = HostedIn(BE);
        s.Assess(Be, NotIllegal);
        s.Inherit(Baseline);
        Assert.True(s[1].IsContradicted());
        Assert.Null(s[1].Effective());
        Assert.Equal(ItemState.Unassessed, s[1].State());
        Assert.True(WorkQueue.Unassessed.Holds(s[1]));
        Assert.False(WorkQueue.Contradicted.Holds(s[1]));
        Assert.True(AccessTable.RelationsOf(Interpol, ReportViews.RelationFacts(s.Report, s[1])).HasFlag(ItemRelations.Interpol));

        // Looked at again, with the Baseline in view, it may be found not illegal once more: then it is closed, and still shown as contradicted.
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Be, NotIllegal).Outcome);
        Assert.Equal(NotIllegal, s[1].Effective());
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, ActionType.NotIllegal).Outcome);
        Assert.True(s[1].IsContradicted());
        Assert.False(WorkQueue.Contradicted.Holds(s[1]));
    }

    [Fact]
    public void B13_a_closed_NotIllegal_item_is_reopened_by_the_assigned_country_as_a_new_occurrence()
    {
        var s = HostedIn(BE);
        s.Assess(Be, NotIllegal);
        Assert.Equal(RejectionCode.NotReopenable, s.Reopen(Be).Code);
        s.Act(Be, ActionType.NotIllegal);
        Assert.Equal(RejectionCode.NotAuthorised, s.Reopen(Nl).Code);
        var reply = s.Reopen(Be);
        Assert.Equal([1, 2], reply.Items.Select(i => i.Ordinal));
        Assert.Equal((ItemState.NotIllegal, ItemState.Unassessed), (s[1].State(), s[2].State()));
        Assert.Equal((Be.Agency, BE, 2, 1), (s[2].Assignment!.Hotline!.Value, s[2].Assignment!.Country!.Value, s[1].NextOccurrence!.Value,
            s[2].PreviousOccurrence!.Value));
        Assert.Equal(RejectionCode.NotReopenable, s.Reopen(Be).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Be, Baseline, 2).Outcome);
    }

    [Fact]
    public void B13_a_closed_item_against_which_a_Baseline_came_is_in_the_queue_contradicted_until_it_is_reopened()
    {
        var s = HostedIn(BE);
        s.Assess(Be, NotIllegal);
        s.Act(Be, ActionType.NotIllegal);
        s.Inherit(Baseline);
        Assert.Equal((true, NotIllegal, ItemState.NotIllegal), (s[1].IsContradicted(), s[1].Effective()!.Value, s[1].State()));
        Assert.True(WorkQueue.Contradicted.Holds(s[1]));
        s.Reopen(Be);
        Assert.False(WorkQueue.Contradicted.Holds(s[1]));
        s.Inherit(Baseline, item: 2);
        Assert.Equal(Baseline, s[2].Effective());

        // Closed on an inherited NotIllegal, which the Baseline has replaced.
        var t = HostedIn(BE);
        t.Inherit(NotIllegal);
        t.Act(Be, ActionType.NotIllegal);
        t.Inherit(Baseline);
        Assert.True(WorkQueue.Contradicted.Holds(t[1]));
    }

    [Fact]
    public void INTERPOL_keeps_sight_of_what_is_disputed()
    {
        var s = HostedIn(BE);
        s.Inherit(Baseline);
        Assert.True(AccessTable.RelationsOf(Interpol, ReportViews.RelationFacts(s.Report, s[1])).HasFlag(ItemRelations.Interpol));
        s.Inherit(null, InheritanceKind.Disputed);
        Assert.True(AccessTable.RelationsOf(Interpol, ReportViews.RelationFacts(s.Report, s[1])).HasFlag(ItemRelations.Interpol));
        Assert.Equal(ItemState.Unassessed, s[1].State());
    }

    [Fact]
    public void An_objection_to_a_Baseline_is_a_word_against_it_and_no_assessment()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(BE) with { Hashes = [Sha256(1)] });
        s.Work();
        Assert.Equal(RejectionCode.NothingToObjectTo, s.Object(Be).Code);
        s.Inherit(Baseline);
        Assert.Equal(RejectionCode.ReasonMissing, s.Do(new ObjectToBaseline { ReportId = s.Id, Context = s.Context(Be), Items = At(1) }).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Object(Be).Outcome);
        Assert.Equal((Baseline, ItemState.Unactioned, true), (s[1].Effective()!.Value, s[1].State(), s[1].IsObjectedTo()));
        Assert.True(WorkQueue.Objections.Holds(s[1]));
        Assert.Equal(RejectionCode.NothingToObjectTo, s.Object(Be).Code);

        // The buckets hear of it as of any other word of the agency, under its law.
        var word = Assert.Single(s[1].Unpropagated());
        Assert.Equal(s.Report.Version, word.Sequence);
        Assert.Equal((Be.Agency, NotIllegal, BE, true, true), (word.Agency, word.Classification, word.Country!.Value, word.Speaks, word.Objection));

        // Withdrawn by a correction.
        Assert.Equal(CommandOutcome.Accepted, s.Correct(Be, Baseline).Outcome);
        Assert.False(s[1].IsObjectedTo());
        Assert.Equal(Baseline, Assert.Single(s[1].Unpropagated()).Classification);
        Assert.True(s[1].IsKnownWithoutLook());
        Assert.Equal(CommandOutcome.Accepted, s.Object(Be).Outcome);

        // Nobody objects to itself.
        var t = HostedIn(BE);
        t.Assess(Be, Baseline);
        Assert.Equal(RejectionCode.NothingToObjectTo, t.Object(Be).Code);
        Assert.Equal(CommandOutcome.Accepted, t.Object(Nl).Outcome);
        Assert.Equal(Baseline, t[1].Effective());
    }

    [Fact]
    public void B5_what_has_no_classification_any_more_is_assessed_again_whatever_was_done_with_it()
    {
        // Input A: a list's Baseline, told to police, and the list takes it back.
        var s = HostedIn(DE);
        s.Claim(De1);
        s.Inherit(Baseline);
        s.Act(De1, ActionType.ReportedToLea);
        s.Inherit(null);
        Assert.Equal(ItemState.Unassessed, s[1].State());
        Assert.True(WorkQueue.Unassessed.Holds(s[1]));
        Assert.False(WorkQueue.Unactioned.Holds(s[1]));
        Assert.Equal(CommandOutcome.Accepted, s.Assess(De1, NotIllegal).Outcome);
        Assert.Equal(CommandOutcome.Accepted, s.Act(De1, ActionType.NotIllegal).Outcome);

        // Input B: told to police at intake, without an opinion, or with v2's Doubtful.
        foreach (var said in (Classification?[])[null, Doubtful])
        {
            var t = new ReportScenario();
            t.Submit(Nl, Entry(NL) with { Assessment = said is { } c ? Opinion(c) : null, Actions = [Action(ActionType.ReportedToLea)] });
            t.Work();
            Assert.Equal(ItemState.Unassessed, t[1].State());
            Assert.True(WorkQueue.Unassessed.Holds(t[1]));
            Assert.Equal(CommandOutcome.Accepted, t.Assess(Nl, National).Outcome);
            Assert.Equal(ItemState.Monitoring, t[1].State());
            Assert.Equal(RejectionCode.AlreadyActedOn, t.Assess(Nl, NotIllegal).Code);
            Assert.Equal(CommandOutcome.Accepted, t.Act(Nl, ActionType.Removed).Outcome);
        }
    }

    [Fact]
    public void B7_the_author_corrects_its_own_slip_after_a_move_an_action_and_the_end()
    {
        var s = new ReportScenario();
        s.Submit(Se, Entry(NL) with { Hashes = [Sha256(1)] });
        s.Work();
        s.Assess(Nl, Baseline);
        s.Work(propagated: [new AssessmentRef { Ordinal = 1, AssessmentId = 1 }]);
        s.Host(Nl, BE);
        s.Move(Nl, BE);
        Assert.Equal(CommandOutcome.Accepted, s.Correct(Nl, National).Outcome);
        Assert.Equal((National, NL, 1), (s[1].Assessments[^1].Classification, s[1].Assessments[^1].Country!.Value, s[1].Assessments[^1].Episode));
        Assert.Equal([2], s[1].Unpropagated().Select(a => a.Id));
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Be, Baseline).Outcome);
        s.Act(Be, ActionType.ReportedToLea);
        s.Act(Be, ActionType.Removed);
        Assert.Equal(CommandOutcome.Accepted, s.Correct(Be, NotIllegal).Outcome);
        Assert.Equal((ItemState.Removed, NotIllegal), (s[1].State(), s[1].Effective()!.Value));

        // Another's is not its own.
        Assert.Equal(RejectionCode.NothingToCorrect, s.Do(new CorrectAssessment
        {
            ReportId = s.Id, Context = s.Context(Be), Item = At(1)[0], Assessment = Opinion(National), AssessmentId = 2,
        }).Code);
        Assert.Equal(RejectionCode.NothingToCorrect, s.Correct(Se, National).Code);
    }

    [Fact]
    public void B30_a_correction_is_the_later_word_whatever_the_nodes_clock_says()
    {
        var s = HostedIn(BE);
        s.Assess(Be, National);
        s.Now = Start.AddSeconds(-2);
        s.Correct(Be, NotIllegal);
        Assert.True(s[1].Assessments[1].At > s[1].Assessments[0].At);
    }

    [Fact]
    public void B9_a_withdrawn_report_takes_its_opinions_along_whenever_it_is_withdrawn()
    {
        foreach (var told in (bool[])[false, true])
        {
            var s = Sent(Trusted, BE, Baseline);
            s.Work(verdicts: [new ItemVerdicts { Ordinal = 1 }], full: true);
            if (told)
            {
                s.Work(propagated: [new AssessmentRef { Ordinal = 1, AssessmentId = 1 }]);
            }

            s.Withdraw(Nl);
            Assert.True(s.Report.HasUnfinishedWork());
            var back = Assert.Single(s[1].Unpropagated());
            Assert.True(back.WithdrawnAt > back.At && !back.Counts);

            // An answer that was under way tells of the opinion, not of its end.
            s.Work(propagated: [new AssessmentRef { Ordinal = 1, AssessmentId = 1 }]);
            Assert.Single(s[1].Unpropagated());
            s.Work(propagated: [new AssessmentRef { Ordinal = 1, AssessmentId = 1, Retracted = true }]);
            Assert.False(s.Report.HasUnfinishedWork());
        }
    }

    [Fact]
    public void B11_what_nobody_can_trace_is_told_to_police_or_found_gone_by_its_reporter_and_goes_the_orphans_way()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(), Entry());
        s.Work([new ItemTrace { Ordinal = 1, Facts = Facts(null) }, new ItemTrace { Ordinal = 2, Facts = Facts(null) }]);
        Assert.Equal(ItemState.Untraced, s[1].State());
        Assert.Equal(RejectionCode.NotAuthorised, s.Assess(Nl, National).Code);
        Assert.Equal(RejectionCode.NotAssigned, s.Act(Nl, ActionType.Removed).Code);
        Assert.Equal(RejectionCode.NotFound, s.Act(Se, ActionType.ReportedToLea).Code);
        Assert.Equal(CommandOutcome.Accepted, s.Act(Nl, ActionType.ReportedToLea).Outcome);
        Assert.Equal(RejectionCode.ActionAlreadyRecorded, s.Act(Nl, ActionType.ReportedToLea).Code);
        Assert.Equal(ItemState.Untraced, s[1].State());
        Assert.Equal(CommandOutcome.Accepted, s.Act(Nl, ActionType.Unavailable, 2).Outcome);
        Assert.Equal(ItemState.Unavailable, s[2].State());

        // After the deadline a mandated hotline may take it; after another it goes to the reporter's police, else to INTERPOL.
        s.Escalate(1, 2);
        Assert.Equal((ItemState.Orphaned, ItemState.Unavailable), (s[1].State(), s[2].State()));
        Assert.True(WorkQueue.Orphaned.Holds(s[1]));
        s.Escalate(1);
        Assert.Equal(PoliceNl.Agency, s[1].Assignment!.EscalatedTo);
        Assert.Equal(CommandOutcome.Accepted, s.Assign(Uk, Uk).Outcome);
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Uk, National).Outcome);

        var t = new ReportScenario();
        t.Submit(Be, Entry());
        t.Work([new ItemTrace { Ordinal = 1, Facts = Facts(null) }]);
        t.Escalate(1);
        t.Escalate(1);
        Assert.Equal(Interpol.Agency, t[1].Assignment!.EscalatedTo);
    }

    [Fact]
    public void Whom_an_orphan_went_to_takes_assesses_acts_on_and_closes_it()
    {
        foreach (var (host, to) in ((Country, Caller)[])[(UA, PoliceUa), (RU, Interpol)])
        {
            var s = HostedIn(host);
            Assert.NotEqual(CommandOutcome.Accepted, s.Assess(to, National).Outcome);
            s.Escalate(1);
            Assert.Equal(to.Agency, s[1].Assignment!.EscalatedTo);
            Assert.Equal(CommandOutcome.Accepted, s.Claim(to).Outcome);
            Assert.Equal(to.Agency, s[1].Lease!.Agency);
            Assert.Equal(CommandOutcome.Accepted, s.Assess(to, National).Outcome);
            Assert.Equal((National, to == PoliceUa ? UA : (Country?)null), (s[1].Effective()!.Value, s[1].Assessments[0].Country));
            Assert.Equal(CommandOutcome.Accepted, s.Note(to, 1).Outcome);
            Assert.Equal(CommandOutcome.Accepted, s.Act(to, ActionType.ReportedToIsp).Outcome);
            Assert.Equal(CommandOutcome.Accepted, s.Act(to, ActionType.Removed).Outcome);
            Assert.Equal(ItemState.Removed, s[1].State());
            Assert.Null(s[1].Assignment!.Hotline);
        }

        // Another police stands in no relation to it.
        var t = HostedIn(UA);
        t.Escalate(1);
        Assert.Equal(RejectionCode.NotFound, t.Assess(PoliceNl with { Purpose = "case 1" }, National).Code);
    }

    [Fact]
    public void B18_the_items_of_who_leaves_go_back_to_the_country_or_become_orphans_and_a_first_hotline_gets_its_orphans()
    {
        var s = new ReportScenario();
        s.Submit(Se, Entry(DE), Entry(NL), Entry(BE), Entry(RU));
        s.Work();
        s.Claim(De1, 1);
        s.Assess(Nl, National, 2);
        s.Act(Nl, ActionType.Removed, 2);
        s.Assess(Be, National, 3);
        s.Members.Hotlines[DE] = [De2.Agency];
        s.Members.Hotlines[NL] = [];
        s.Members.Hotlines[BE] = [];
        var ru = Hotline("hotline-ru", RU);
        s.Members.Hotlines[RU] = [ru.Agency];
        Assert.Equal(RejectionCode.NotAuthorised, s.Reassign(Se, 1).Code);
        s.Reassign(Caller.System, 1, 2, 3, 4);

        Assert.Equal((De2.Agency, 1, null), (s[1].Assignment!.Hotline!.Value, s[1].Assignment!.Episode, s[1].Lease));
        Assert.Equal((ItemState.Removed, Nl.Agency), (s[2].State(), s[2].Assignment!.Hotline!.Value));
        Assert.Equal((ItemState.Orphaned, 2), (s[3].State(), s[3].Assignment!.Episode));
        Assert.Equal((RU, ru.Agency, 2), (s[4].Assignment!.Country!.Value, s[4].Assignment!.Hotline!.Value, s[4].Assignment!.Episode));
        Assert.Equal(CommandOutcome.Accepted, s.Assess(ru, National, 4).Outcome);
        var version = s.Report.Version;
        s.Reassign(Caller.System, 1, 2, 3, 4);
        Assert.Equal(version, s.Report.Version);
    }

    [Fact]
    public void B19_who_had_an_item_sees_what_became_of_it()
    {
        var s = HostedIn(BE);
        s.Assess(Be, National);
        s.Act(Be, ActionType.ReportedToLea);
        s.Host(Be, DE);
        s.Move(Be, DE);
        s.Assess(De1, Baseline);
        s.Act(De1, ActionType.ReportedToLea);
        s.Act(De1, ActionType.Removed);
        var facts = ReportViews.RelationFacts(s.Report, s[1]);
        Assert.Equal(ItemRelations.FormerlyAssigned, AccessTable.RelationsOf(Be, facts));
        Assert.Equal(ItemRelations.FormerlyAssigned, AccessTable.RelationsOf(Hotline("hotline-be2", BE), facts));
        Assert.Equal(ItemRelations.FormerlyAssigned, AccessTable.RelationsOf(PoliceNl with { Countries = [BE], Purpose = "case 1" }, facts));
        Assert.Equal(ItemRelations.None, AccessTable.RelationsOf(Se, facts));

        var view = Assert.Single(ReportViews.Page(s.Report, new GetReport { ReportId = s.Id, Caller = Be }, new HmacOnlySeam()).Items);
        Assert.Equal((ItemState.Removed, Baseline), (view.State!.Value, view.Effective!.Value));
        Assert.Equal([Be.Agency], view.Item.Assessments.Select(a => a.Agency));
        Assert.Equal([(Be.Agency, ActionType.ReportedToLea), (De1.Agency, ActionType.Removed)], view.Item.Actions.Select(a => (a.Agency, a.Type)));
        Assert.Null(view.Secrets);
        Assert.Null(view.Item.Hosting);
        Assert.Equal(CommandOutcome.Accepted, s.Correct(Be, NotIllegal).Outcome);
    }

    [Fact]
    public void B26_whose_lists_said_so_is_told_with_the_hashes_only()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(BE) with { SealedSecrets = AnySealed, Hashes = [Sha256(1)] });
        s.Work(verdicts:
        [
            new ItemVerdicts
            {
                Ordinal = 1, Exact =
                [
                    new HashVerdict
                    {
                        Hash = Sha256(1), Version = 1, Opinions =
                        [
                            new HashOpinion
                            {
                                Agency = Interpol.Agency, List = "icse", Basis = OpinionBasis.List, Classification = Baseline, Trust = TrustLevel.Trusted,
                                At = Start,
                            },
                        ],
                    },
                ],
            },
        ], full: true);
        var supervisor = new Caller
        {
            Agency = AgencyId.Parse("supervisor-be"), Kind = AgencyKind.SupervisoryAuthority, Roles = Roles.Auditor, KeyId = "k", Countries = [BE],
        };
        var view = Assert.Single(ReportViews.Page(s.Report, new GetReport { ReportId = s.Id, Caller = supervisor }, new HmacOnlySeam()).Items);
        Assert.Equal((Baseline, InheritanceKind.Inherited), (view.Effective!.Value, view.Item.Inheritance!.Kind));
        Assert.Empty(view.Item.Inheritance.Sources);
        Assert.Empty(view.Item.Known);
        Assert.Equal([Interpol.Agency], s[1].BaselineBy());
    }

    [Fact]
    public void B16_a_command_id_is_one_commands_own()
    {
        var s = HostedIn(BE, items: 2);
        CommandContext Context(ulong digest) => s.Context(Be, "item-5") with { Digest = digest };
        AssessItems Assess(ulong digest, int item = 1) =>
            new() { ReportId = s.Id, Context = Context(digest), Items = At(item), Assessment = Opinion(National) };
        Assert.Equal(CommandOutcome.Accepted, s.Do(Assess(7)).Outcome);
        Assert.True(s.Do(Assess(7)).Replayed);
        Assert.Equal(RejectionCode.CommandIdInUse, s.Do(Assess(8, 2)).Code);
        Assert.Equal(RejectionCode.CommandIdInUse, s.Do(new MarkUrgent { ReportId = s.Id, Context = Context(7), Urgent = true }).Code);
        Assert.False(s.Report.Urgent);

        // The submission's own id as well.
        var id = s.Report.SubmissionCommand.Value;
        Assert.Equal(RejectionCode.CommandIdInUse, s.Do(new MarkUrgent { ReportId = s.Id, Context = s.Context(Nl, id), Urgent = true }).Code);

        // Tenant and role are looked at before anything that was answered is given again.
        var training = Be with { Tenant = Tenant.Training };
        Assert.Equal(RejectionCode.NotFound, s.Do(Assess(7) with { Context = Context(7) with { Caller = training } }).Code);
        Assert.Equal(RejectionCode.NotAuthorised, s.Do(Assess(7) with { Context = Context(7) with { Caller = Be with { Roles = Roles.Auditor } } }).Code);
        s.Host(Be, NL, 1);
        s.Move(Be, NL, 1);
        Assert.True(s.Do(Assess(7)).Replayed);
    }

    [Fact]
    public void B31_what_is_said_of_the_hosting_goes_into_what_is_known_and_without_a_country_the_trace_is_still_done()
    {
        static HostingFacts Isp(string? isp) => new() { Isp = isp, Source = HostingSource.Analyst, TracedAt = Start };
        var s = new ReportScenario();
        s.Submit(Nl, Entry());
        s.Do(new UpdateHosting { ReportId = s.Id, Context = s.Context(Nl), Items = At(1), Facts = Isp("isp.example") });
        Assert.True(s[1].NeedsTrace());
        s.Work([new ItemTrace { Ordinal = 1, Facts = Facts(BE) }]);
        Assert.Equal((BE, "isp.example"), (s[1].Hosting!.Country!.Value, s[1].Hosting!.Isp));

        s.Do(new UpdateHosting { ReportId = s.Id, Context = s.Context(Be), Items = At(1), Facts = Isp("other.example") });
        Assert.Equal((BE, "192.0.2.7", "other.example", true), (s[1].Hosting!.Country!.Value, s[1].Hosting!.IpAddress, s[1].Hosting!.Isp, s[1].Traced));

        // Found nowhere, then told its address: it is traced again.
        var t = new ReportScenario();
        t.Submit(Nl, Entry());
        t.Work([new ItemTrace { Ordinal = 1, Facts = Isp(null) }]);
        Assert.Equal(ItemState.Untraced, t[1].State());
        t.Do(new UpdateHosting { ReportId = t.Id, Context = t.Context(Nl), Items = At(1), Facts = Facts(null) });
        Assert.True(t[1].NeedsTrace());
    }

    [Fact]
    public void B32_a_withdrawn_report_that_is_sent_again_is_told_so()
    {
        var s = HostedIn(BE);
        Assert.False(s.Submit(Nl, Entry(BE)).Withdrawn);
        s.Withdraw(Nl);
        var reply = s.Submit(Nl, Entry(BE));
        Assert.Equal((CommandOutcome.Duplicate, true), (reply.Outcome, reply.Withdrawn));
    }

    [Fact]
    public void Objections_are_listed_for_those_whose_Baseline_it_is()
    {
        var s = Sent(Trusted, BE, Baseline);
        s.Object(Be);
        Assert.Equal([Nl.Agency], s[1].BaselineBy());
        var row = Projections.RowOf(s.Report, s[1]);
        bool Lists(Caller caller) => Actors.Projections.AccessScope.WorkOf(caller, WorkQueue.Objections).Compile()(row) && row.QObjections is not null;
        Assert.True(Lists(Trusted));
        Assert.True(Lists(Interpol));
        Assert.False(Lists(Be));
        Assert.False(Lists(Se));
    }

    [Fact]
    public void A_trusted_reporters_Baseline_binds_while_the_reporter_is_trusted_and_what_was_done_without_it_is_seen_again()
    {
        var s = Sent(Trusted, BE, Baseline);
        Assert.Equal((Baseline, Nl.Agency), (s[1].Effective()!.Value, s[1].Judgement().By!.Agency));
        Assert.Equal(RejectionCode.BaselineIsFinal, s.Assess(Be, NotIllegal).Code);
        foreach (var (trust, counts) in ((TrustLevel, bool)[])[(TrustLevel.Untrusted, false), (TrustLevel.Standard, false), (TrustLevel.Trusted, true)])
        {
            var version = s[1].Version;
            Assert.Equal(CommandOutcome.Accepted, s.Trust(Nl, trust).Outcome);
            Assert.Equal((version + 1, trust), (s[1].Version, s[1].Assessments[0].Trust));
            Assert.Equal(counts ? Baseline : null, s[1].Effective());
            Assert.Equal((!counts, counts), (WorkQueue.Unassessed.Holds(s[1]), WorkQueue.Unactioned.Holds(s[1])));

            // Told again it is nothing new; nor is what an agency that is not in the directory said.
            s.Trust(Nl, trust);
            s.Trust(Se, TrustLevel.Untrusted);
            Assert.Equal(version + 1, s[1].Version);
        }

        // Found not illegal while nobody believed it: back for another look when it is believed again; and lifted again with the trust.
        s.Trust(Nl, TrustLevel.Untrusted);
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Be, NotIllegal).Outcome);
        Assert.Equal((NotIllegal, false), (s[1].Effective()!.Value, s[1].IsContradicted()));
        s.Trust(Nl, TrustLevel.Trusted);
        Assert.Equal((true, true), (s[1].AwaitsSecondLook(), WorkQueue.Unassessed.Holds(s[1])));
        s.Trust(Nl, TrustLevel.Standard);
        Assert.Equal((NotIllegal, false), (s[1].Effective()!.Value, s[1].IsContradicted()));
        s.Act(Be, ActionType.NotIllegal);
        s.Trust(Nl, TrustLevel.Trusted);
        Assert.True(WorkQueue.Contradicted.Holds(s[1]));
        s.Trust(Nl, TrustLevel.Untrusted);
        Assert.False(WorkQueue.Contradicted.Holds(s[1]));

        // Withdrawn opinions are nobody's any more.
        s = Sent(Trusted, BE, Baseline);
        s.Withdraw(Nl);
        var events = s.Events.Count;
        s.Trust(Nl, TrustLevel.Untrusted);
        Assert.Equal(events, s.Events.Count);
    }

    [Fact]
    public void Trust_follows_for_every_agency_and_item_with_at_most_200_items_an_event()
    {
        var s = new ReportScenario();
        s.Submit(De1, [.. Enumerable.Range(0, 203).Select(_ => Entry(DE) with { Assessment = Opinion(National) })]);
        s.Work();
        s.Claim(De2, 2, 3);
        Assert.Equal(CommandOutcome.Accepted, s.Assess(De2, Baseline, 2, 3).Outcome);
        s.Members.Trust[De2.Agency] = TrustLevel.Trusted;
        var before = s.Events.Count;
        s.Trust(De1, TrustLevel.Untrusted);
        Assert.Equal([(De1.Agency, 200), (De1.Agency, 3), (De2.Agency, 2)],
            s.Events.Skip(before).Cast<TrustFollowed>().Select(e => (e.Agency, e.Ordinals.Length)));
        Assert.All(s.Report.Items.SelectMany(i => i.Assessments),
            a => Assert.Equal(a.Agency == De1.Agency ? TrustLevel.Untrusted : TrustLevel.Trusted, a.Trust));

        // An untrusted one's word at intake binds nobody else of its country either.
        Assert.Null(s[1].Effective());
        Assert.Equal(",hotline-de1=3,hotline-de2=2,", Actors.Projections.ReadRows.Of(s.Report).OpinionTrust);
    }

    [Fact]
    public void A_believed_Baseline_that_believed_words_dispute_contradicts_a_local_NotIllegal_like_an_undisputed_one()
    {
        var s = HostedIn(BE);
        s.Assess(Be, NotIllegal);
        s.Inherit(null, InheritanceKind.Disputed, row: 3);
        Assert.Equal((true, true, true), (s[1].IsDisputed(), s[1].IsContradicted(), WorkQueue.Unassessed.Holds(s[1])));
        Assert.Equal(CommandOutcome.Accepted, s.Assess(Be, NotIllegal).Outcome);
        Assert.Equal(NotIllegal, s[1].Effective());
        s.Act(Be, ActionType.NotIllegal);
        Assert.Equal((true, false), (s[1].IsContradicted(), WorkQueue.Contradicted.Holds(s[1])));

        // Said in sight of the dispute, as the first look.
        var t = HostedIn(BE);
        t.Inherit(null, InheritanceKind.Disputed, row: 3);
        Assert.True(WorkQueue.Unassessed.Holds(t[1]));
        t.Assess(Be, NotIllegal);
        Assert.Equal((NotIllegal, true), (t[1].Effective()!.Value, t[1].IsContradicted()));

        // Closed before: listed, and reopened.
        var u = HostedIn(BE);
        u.Assess(Be, NotIllegal);
        u.Act(Be, ActionType.NotIllegal);
        u.Inherit(null, InheritanceKind.Disputed, row: 3);
        Assert.Equal((true, NotIllegal), (WorkQueue.Contradicted.Holds(u[1]), u[1].Effective()!.Value));
        Assert.Equal(CommandOutcome.Accepted, u.Reopen(Be).Outcome);

        // What only weak hashes say, or a dispute within the country, is no believed Baseline.
        foreach (var row in (int[])[0, 7])
        {
            var v = HostedIn(BE);
            v.Assess(Be, NotIllegal);
            v.Inherit(null, InheritanceKind.Disputed, row: row);
            Assert.Equal((NotIllegal, false), (v[1].Effective()!.Value, v[1].IsContradicted()));
        }
    }

    [Fact]
    public void A_disputed_Baseline_of_who_has_the_job_stays_final_and_is_listed_for_quality_control_and_any_other_waits_for_a_look()
    {
        var s = HostedIn(BE);
        s.Assess(Be, Baseline);
        s.Inherit(null, InheritanceKind.Disputed, row: 3);
        Assert.Equal((Baseline, true, false), (s[1].Effective()!.Value, s[1].IsDisputed(), s[1].IsContradicted()));
        Assert.Equal((true, true), (WorkQueue.Objections.Holds(s[1]), WorkQueue.Unactioned.Holds(s[1])));
        Assert.Contains(Be.Agency, s[1].BaselineBy());
        Assert.Equal(RejectionCode.BaselineIsFinal, s.Assess(Be, NotIllegal).Code);

        // A local National goes on counting: it is a look, and nobody's Baseline lifts it undisputed.
        var n = HostedIn(BE);
        n.Assess(Be, National);
        n.Inherit(null, InheritanceKind.Disputed, row: 3);
        Assert.Equal(National, n[1].Effective());

        // A trusted reporter's Baseline is the word that is disputed, not a look of the job's; nor is what was said with the report.
        var t = Sent(Trusted, BE, Baseline);
        t.Inherit(null, InheritanceKind.Disputed, row: 3);
        Assert.Null(t[1].Effective());
        Assert.True(WorkQueue.Unassessed.Holds(t[1]));
        Assert.Equal(CommandOutcome.Accepted, t.Assess(Be, National).Outcome);
        Assert.Equal(National, t[1].Effective());
        foreach (var row in (int[])[3, 7])
        {
            var u = Sent(De1, DE, NotIllegal);
            u.Claim(De2);
            Assert.Equal(NotIllegal, u[1].Effective());
            u.Inherit(null, InheritanceKind.Disputed, row: row);
            Assert.Null(u[1].Effective());
            Assert.True(WorkQueue.Unassessed.Holds(u[1]));
        }

        // Weak hashes only suggest.
        var w = Sent(De1, DE, NotIllegal);
        w.Inherit(null, InheritanceKind.Disputed);
        Assert.Equal(NotIllegal, w[1].Effective());
    }

    private static readonly Caller BeNl = Be with { Countries = [BE, NL], PrimaryCountry = BE };

    private static ReportScenario ByTwoCountries(params SubmittedItem[] items)
    {
        var s = new ReportScenario();
        s.Members.Hotlines[NL] = [Be.Agency];
        s.Submit(BeNl, items);
        return s;
    }

    private static SubmittedItem Untold(Country? host = null) => Entry(host) with { Assessment = Opinion(National), Hashes = [Sha256(1)] };

    [Fact]
    public void What_a_hotline_of_several_countries_says_with_a_report_follows_the_law_of_the_one_where_the_item_is_found()
    {
        var s = ByTwoCountries(Untold(), Untold(NL), Untold());
        Assert.Equal([BE, NL, BE], s.Report.Items.Select(i => i.Assessments[0].Country!.Value));

        // Until the tracers have answered the buckets are not told by which law.
        Assert.Equal([false, true, false], s.Report.Items.Select(i => i.Unpropagated().Any()));
        s.Work([new ItemTrace { Ordinal = 1, Facts = Facts(NL) }, new ItemTrace { Ordinal = 3, Facts = Facts(SE) }]);
        Assert.Equal([(NL, true), (NL, true), (BE, true)], s.Report.Items.Select(i => (i.Assessments.Single().Country!.Value, i.Assessments[0].Speaks)));
        Assert.All(s.Report.Items, i => Assert.Single(i.Unpropagated()));

        // So it counts where the job came to itself.
        Assert.Equal((National, Be.Agency), (s[1].Effective()!.Value, s[1].Assignment!.Hotline!.Value));
        Assert.Null(s[3].Effective());

        // A later move changes no word that was said.
        s.Host(BeNl, BE, 1);
        s.Move(BeNl, BE, 1);
        Assert.Equal(NL, Assert.Single(s[1].Assessments).Country);

        // One country, or a category of one: nothing to follow.
        var t = new ReportScenario();
        t.Submit(Nl, Untold());
        Assert.Single(t[1].Unpropagated());
    }

    [Fact]
    public void Found_after_the_tracers_gave_up_the_word_by_the_other_law_is_taken_back_from_the_buckets()
    {
        var s = ByTwoCountries(Untold());
        s.Work([new ItemTrace { Ordinal = 1, Facts = Facts(null) }], full: true);
        Assert.Equal(BE, Assert.Single(s[1].Unpropagated()).Country);
        s.Work(propagated: [new AssessmentRef { Ordinal = 1, AssessmentId = 1 }]);
        s.Host(BeNl, NL);
        Assert.Equal((NL, Be.Agency, National), (s[1].Assignment!.Country!.Value, s[1].Assignment!.Hotline!.Value, s[1].Effective()!.Value));
        Assert.Equal([(1, BE, true), (2, NL, false)], s[1].Unpropagated().Select(a => (a.Id, a.Country!.Value, a.WithdrawnAt is not null)));

        // What was under way by the old law settles nothing of the new one.
        s.Work(propagated: [new AssessmentRef { Ordinal = 1, AssessmentId = 1 }]);
        Assert.Equal([1, 2], s[1].Unpropagated().Select(a => a.Id));
        s.Work(propagated: [new AssessmentRef { Ordinal = 1, AssessmentId = 1, Retracted = true }, new AssessmentRef { Ordinal = 1, AssessmentId = 2 }]);
        Assert.Empty(s[1].Unpropagated());
        Assert.Equal(Fingerprint(s.Report), Fingerprint(s.Events.Select(OverTheWire).Aggregate(Report.None, ReportRules.Apply)));

        // A correction before it is found goes the same way.
        var t = ByTwoCountries(Untold());
        t.Correct(BeNl, Baseline);
        Assert.Empty(t[1].Unpropagated());
        t.Work([new ItemTrace { Ordinal = 1, Facts = Facts(NL) }]);
        Assert.Equal((NL, Baseline), (Assert.Single(t[1].Unpropagated()).Country!.Value, t[1].Effective()!.Value));
    }

    private static class Projections
    {
        public static Actors.Projections.ItemRow RowOf(Report report, ContentItem item) => Actors.Projections.ReadRows.Of(new HmacOnlySeam(), report, item);
    }

    [Fact]
    public void A_correction_reaches_every_occurrence_that_carries_the_opinion()
    {
        var s = Sent(De1, DE, National);
        s.Claim(De2);
        s.Assess(De2, Baseline);
        s.Act(De2, ActionType.Removed);
        s.SeenAgain(De2);
        s.Work(traces: [new ItemTrace { Ordinal = 2, Facts = Facts(DE) }]);
        s.Claim(De2, 2);
        s.Act(De2, ActionType.Removed, 2);
        s.SeenAgain(De2, 2);
        s.Work(traces: [new ItemTrace { Ordinal = 3, Facts = Facts(DE) }]);
        Assert.Equal(Baseline, s[3].Effective());

        // By whichever occurrence it is named: the others follow, and the buckets hear of it once.
        Assert.Equal(CommandOutcome.Accepted, s.Correct(De2, NotIllegal, item: 2).Outcome);
        Assert.All([1, 2, 3], n => Assert.Equal(NotIllegal, Assert.Single(s[n].Assessments, a => a.Counts && a.Agency == De2.Agency).Classification));
        Assert.Equal([1], s.Report.Items.Where(i => i.Unpropagated().Any(a => a.Agency == De2.Agency)).Select(i => i.Ordinal));
        Assert.All([1, 2, 3], n => Assert.Equal(National, Assert.Single(s[n].Assessments, a => a.Counts && a.Agency == De1.Agency).Classification));

        // And once more, of what was corrected.
        Assert.Equal(CommandOutcome.Accepted, s.Correct(De2, National).Outcome);
        Assert.All([1, 2, 3], n => Assert.Equal(National, Assert.Single(s[n].Assessments, a => a.Counts && a.Agency == De2.Agency).Classification));
    }

    [Theory]
    [InlineData(TrustLevel.Standard, false)]
    [InlineData(TrustLevel.Untrusted, false)]
    [InlineData(TrustLevel.Trusted, true)]
    public void What_another_country_says_is_gone_stays_the_assigned_countrys_to_close(TrustLevel trust, bool closes)
    {
        foreach (var type in (ActionType[])[ActionType.Removed, ActionType.Unavailable])
        {
            var s = Sent(Nl with { Trust = trust }, BE, Baseline, Action(type));
            Assert.Equal(closes, s[1].IsClosed());
            Assert.Equal(type, Assert.Single(s[1].Actions).Type);
            if (!closes)
            {
                Assert.Equal(CommandOutcome.Accepted, s.Assess(Be, Baseline).Outcome);
                Assert.Equal(CommandOutcome.Accepted, s.Act(Be, type).Outcome);
                Assert.True(s[1].IsClosed());
            }
        }
    }

    [Fact]
    public void At_home_who_is_not_trusted_closes_by_its_report_only_what_it_has_itself()
    {
        Assert.True(Sent(Untrusted, NL, Baseline, Action(ActionType.Removed))[1].IsClosed());
        Assert.True(Sent(De1, DE, Baseline, Action(ActionType.Removed))[1].IsClosed());
        var s = Sent(De1 with { Trust = TrustLevel.Untrusted }, DE, Baseline, Action(ActionType.Removed));
        Assert.False(s[1].IsClosed());
        s.Claim(De2);
        Assert.False(s[1].IsClosed());
    }

    [Fact]
    public void A_preview_says_what_the_command_would_change_and_tell_and_refuses_as_it_does()
    {
        var s = Sent(Nl, NL, National);
        s.Work(propagated: [new AssessmentRef { Ordinal = 1, AssessmentId = 1 }]);
        var correct = new CorrectAssessment
        {
            ReportId = s.Id, Context = s.Context(Nl), Item = new ItemTarget { Ordinal = 1 }, Assessment = Opinion(Baseline), SealedWhy = AnySealed,
        };
        var preview = ReportPreview.Of(s.Report, new PreviewReportChange { ReportId = s.Id, Correct = correct }, correct, s.Environment);
        Assert.Equal((CommandOutcome.Accepted, false), (preview.Reply.Outcome, preview.Reply.Replayed));
        Assert.Equal([1], preview.Ordinals);
        var word = Assert.Single(preview.Words);
        Assert.Equal((Sha256(1), Baseline, false), (word.Hash, word.Opinion.Classification, word.Retract));

        var withdraw = new WithdrawReport { ReportId = s.Id, Context = s.Context(Nl) };
        preview = ReportPreview.Of(s.Report, new PreviewReportChange { ReportId = s.Id, Withdraw = withdraw }, withdraw, s.Environment);
        Assert.True(Assert.Single(preview.Words).Retract);
        Assert.Equal(RejectionCode.CountChanged, s.Do(withdraw with { CountChanged = true }).Code);
        Assert.False(s.Report.Withdrawn);

        // Done, its repeat is answered as the first time, whatever is counted then.
        Assert.Equal(CommandOutcome.Accepted, s.Do(correct).Outcome);
        Assert.True(s.Do(correct with { CountChanged = true }).Replayed);
        preview = ReportPreview.Of(s.Report, new PreviewReportChange { ReportId = s.Id, Correct = correct }, correct, s.Environment);
        Assert.True(preview.Reply.Replayed);
        withdraw = new WithdrawReport { ReportId = s.Id, Context = s.Context(Be) };
        preview = ReportPreview.Of(s.Report, new PreviewReportChange { ReportId = s.Id, Withdraw = withdraw }, withdraw, s.Environment);
        Assert.Equal(CommandOutcome.Rejected, preview.Reply.Outcome);
        Assert.Empty(preview.Words);
    }

    [Fact]
    public void Whoever_reports_closes_nothing_that_nobody_has_but_by_its_being_gone()
    {
        var s = new ReportScenario();
        s.Submit(Se, Entry() with
        {
            Assessment = Opinion(Classification.NotIllegal), Actions = [Action(ActionType.NotIllegal, reason: ActionReason.AdultPornography)],
        });
        s.Work(traces: [new ItemTrace { Ordinal = 1, Facts = Facts(null) }]);
        Assert.Equal(ItemState.Untraced, s[1].State());

        var t = new ReportScenario();
        t.Submit(Se, Entry() with { Actions = [Action(ActionType.Removed)] });
        Assert.Equal(ItemState.Removed, t[1].State());
    }

    [Fact]
    public void A_judge_of_several_countries_judges_others_items_by_the_law_of_its_primary_one()
    {
        var islands = Se with { Countries = [BE, NL], PrimaryCountry = NL };
        var s = HostedIn(DE);
        Assert.Equal(NL, VerbRules.LawOf(s[1], islands));
        Assert.Equal(DE, VerbRules.LawOf(s[1], islands with { Countries = [BE, DE, NL] }));
    }

    [Fact]
    public void An_item_that_gets_its_country_after_it_was_matched_is_looked_up_again()
    {
        var s = new ReportScenario();
        s.Submit(Se, Entry() with { Hashes = [Sha256(7)] });
        s.Work(traces: [new ItemTrace { Ordinal = 1, Facts = Facts(null) }], verdicts: [new ItemVerdicts { Ordinal = 1 }], full: true);
        Assert.True(s[1].Matched);
        s.Host(Se, DE);
        Assert.Equal(DE, s[1].Assignment?.Country);
        Assert.False(s[1].Matched);

        var t = new ReportScenario();
        t.Submit(Se, Entry() with { Hashes = [Sha256(7)] });
        t.Work(verdicts: [new ItemVerdicts { Ordinal = 1 }], full: true);
        Assert.True(t[1].Matched);
        t.Work(traces: [new ItemTrace { Ordinal = 1, Facts = Facts(DE, HostingSource.StaticTable) }]);
        Assert.Equal(DE, t[1].Assignment?.Country);
        Assert.False(t[1].Matched);
    }

    [Fact]
    public void Words_of_who_has_retracted_are_the_reason_no_more_and_one_more_that_says_the_same_is_no_news()
    {
        var s = new ReportScenario();
        s.Submit(Nl, Entry(BE) with { Hashes = [Sha256(1)] });
        HashOpinion By(string agency, Classification said = Baseline) =>
            HashSamples.Says(agency, said, trust: said == Baseline ? TrustLevel.Trusted : TrustLevel.Standard);
        int Told(long version, params HashOpinion[] all)
        {
            var before = s.Events.Count;
            var verdict = new HashVerdict { Hash = Sha256(1), Version = version, Opinions = [.. all] };
            s.Work(verdicts: [new ItemVerdicts { Ordinal = 1, Exact = [verdict] }], full: true);
            Assert.Equal(Baseline, s[1].Effective());
            return s.Events.Count - before;
        }

        IEnumerable<string> Shown() => s[1].Inheritance!.WordsOf(s[1].Known, s[1].Near).Select(w => w.Agency.Value);
        Assert.Equal(1, Told(1, By("interpol")));
        Assert.Equal(0, Told(2, By("interpol"), By("hotline-gb")));
        Assert.Equal(["interpol"], Shown());
        Assert.Equal(1, Told(3, By("hotline-gb")));
        Assert.Equal(["hotline-gb"], Shown());
        Assert.Equal(["hotline-gb"], s[1].BaselineBy().Select(a => a.Value));

        // What is objected to is in the queue of each whose Baseline it carries, so that there one more is news.
        var against = By("hotline-be", NotIllegal);
        Assert.Equal(1, Told(4, By("hotline-gb"), against));
        Assert.Equal(1, Told(5, By("hotline-gb"), By("interpol"), against));
        Assert.Equal(["hotline-gb", "interpol"], s[1].BaselineBy().Select(a => a.Value).Order());
        Assert.Equal(1, Told(6, By("interpol"), against));
        Assert.Equal(["interpol"], s[1].BaselineBy().Select(a => a.Value));
    }

    [Fact]
    public void Actions_that_came_with_a_report_follow_the_law_of_the_country_where_the_item_is_found()
    {
        var s = ByTwoCountries(Entry() with { Actions = [Action(ActionType.ReportedToLea)] }, Entry() with { Actions = [Action(ActionType.Removed)] });
        s.Work([new ItemTrace { Ordinal = 1, Facts = Facts(NL) }, new ItemTrace { Ordinal = 2, Facts = Facts(NL) }]);
        Assert.All(s.Report.Items, i => Assert.Equal((NL, true), (i.Actions.Single().Country!.Value, i.Actions[0].Speaks)));
        Assert.Equal(RejectionCode.ActionAlreadyRecorded, s.Act(BeNl, ActionType.ReportedToLea).Code);
        Assert.Equal(ItemState.Removed, s[2].State());

        // Recorded while nobody could trace it, and a country that the agency does not serve.
        var t = ByTwoCountries(Entry(), Entry());
        t.Work([new ItemTrace { Ordinal = 1, Facts = Facts(null) }, new ItemTrace { Ordinal = 2, Facts = Facts(null) }]);
        t.Act(BeNl, ActionType.ReportedToLea, 1, 2);
        Assert.Equal([BE, BE], t.Report.Items.Select(i => i.Actions.Single().Country!.Value));
        t.Host(BeNl, NL, 1);
        t.Host(BeNl, SE, 2);
        Assert.Equal([NL, BE], t.Report.Items.Select(i => i.Actions.Single().Country!.Value));
        Assert.Equal(Fingerprint(t.Report), Fingerprint(t.Events.Select(OverTheWire).Aggregate(Report.None, ReportRules.Apply)));
    }

    [Fact]
    public void What_closes_an_item_because_its_reporter_is_believed_follows_its_present_trust()
    {
        var s = Sent(Nl, BE, Baseline, Action(ActionType.Removed));
        Assert.False(s[1].IsClosed());
        s.Trust(Nl, TrustLevel.Trusted);
        Assert.Equal(ItemState.Removed, s[1].State());
        s.Trust(Nl, TrustLevel.Standard);
        Assert.False(s[1].IsClosed());

        // What closed it stays what closed it.
        s.Assess(Be, Baseline);
        Assert.Equal(CommandOutcome.Accepted, s.Act(Be, ActionType.Removed).Outcome);
        s.Trust(Nl, TrustLevel.Trusted);
        Assert.Equal(Be.Agency, s[1].FinalAction()!.Agency);

        // So does what was seen online again since.
        var t = Sent(Trusted, BE, Baseline, Action(ActionType.Removed));
        Assert.Equal(CommandOutcome.Accepted, t.SeenAgain(Nl).Outcome);
        t.Trust(Nl, TrustLevel.Standard);
        Assert.Equal((true, false), (t[1].IsClosed(), t[2].IsClosed()));
    }

    [Fact]
    public void An_item_without_hashes_is_disputed_by_objections_that_are_believed()
    {
        ReportScenario Sent(Country host)
        {
            var s = new ReportScenario();
            s.Submit(Trusted, Entry(host) with { Assessment = Opinion(Baseline) });
            s.Work();
            Assert.Equal(Baseline, s[1].Effective());
            return s;
        }

        // One trusted objector, or two standard ones; one alone changes nothing.
        var s = Sent(DE);
        s.Claim(De1);
        s.Object(De1);
        Assert.Equal((Baseline, true, false), (s[1].Effective()!.Value, WorkQueue.Objections.Holds(s[1]), s[1].IsDisputed()));
        s.Object(De2);
        Assert.Equal((null, true, true), (s[1].Effective(), s[1].IsDisputed(), WorkQueue.Unassessed.Holds(s[1])));
        Assert.True(AccessTable.RelationsOf(Interpol, ReportViews.RelationFacts(s.Report, s[1])).HasFlag(ItemRelations.Interpol));
        Assert.True(ItemPriority.Of(s.Report, s[1]).HasFlag(PriorityReasons.Disputed));

        var t = Sent(BE);
        t.Object(Be with { Trust = TrustLevel.Trusted });
        Assert.Equal((null, true), (t[1].Effective(), t[1].IsDisputed()));

        // Taken back, the Baseline stands again; looked at, what the country says counts.
        s.Correct(De2, Baseline);
        Assert.Equal((Baseline, false), (s[1].Effective()!.Value, s[1].IsDisputed()));
        Assert.Equal(CommandOutcome.Accepted, t.Assess(Be, National).Outcome);
        Assert.Equal(National, t[1].Effective());
    }

    [Fact]
    public void Row_5_a_Baseline_that_only_one_voice_of_the_country_says_lifts_nothing_that_the_country_said_of_the_item()
    {
        var s = HostedIn(DE);
        s.Claim(De1);
        s.Inherit(Baseline, row: 5);
        Assert.Equal(Baseline, s[1].Effective());
        s.Inherit(null);
        s.Assess(De1, National);
        s.Inherit(Baseline, row: 5);
        Assert.Equal((National, false), (s[1].Effective()!.Value, s[1].IsContradicted()));
        s.Inherit(Baseline, row: 1);
        Assert.Equal(Baseline, s[1].Effective());
    }
}
