using System.Collections.Immutable;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>Police first: what a hold stops, for how long, who says so, and who knows of it.</summary>
public sealed class HoldTests
{
    private static readonly Caller Officer = PoliceNl with { Purpose = "case 1" };
    private static readonly Caller Manager = Officer with { KeyId = "key-manager", Roles = Roles.Officer | Roles.Manager };
    private static readonly Caller Other = Officer with { Agency = AgencyId.Parse("police-nl-2"), KeyId = "key-police-2" };
    private static readonly Caller Bureau =
        Other with { Roles = Roles.Officer | Roles.Manager, IsNationalBureau = true, LooksAfter = [Officer.Agency] };

    private static ReportScenario Assessed(Country country)
    {
        var s = HostedIn(country, items: 2);
        var hotline = country == NL ? Nl : Be;
        Assert.Equal(RejectionCode.None, s.Assess(hotline, Classification.National, 1, 2).Code);
        return s;
    }

    [Theory]
    [InlineData(ActionType.ReportedToIsp, RejectionCode.OnHold)]
    [InlineData(ActionType.ReportedToLea, RejectionCode.None)]
    [InlineData(ActionType.Removed, RejectionCode.None)]
    [InlineData(ActionType.Unavailable, RejectionCode.None)]
    public void A_running_hold_refuses_that_the_host_is_told_and_nothing_else(ActionType action, RejectionCode expected)
    {
        var s = Assessed(NL);
        var held = s.Hold(Officer);
        Assert.Equal((CommandOutcome.Accepted, s.Report.Holds[0].Number), (held.Outcome, held.Hold));
        var reply = s.Act(Nl, action);
        Assert.Equal(expected, reply.Code);
        Assert.Equal(expected == RejectionCode.OnHold, reply.Detail?.Contains(new HoldRef(s.Id, held.Hold).ToString(), StringComparison.Ordinal) == true);

        // The other item is not held.
        Assert.Equal(RejectionCode.None, s.Act(Nl, action, 2).Code);
    }

    [Fact]
    public void Assessing_goes_on_under_a_hold()
    {
        var s = HostedIn(NL);
        s.Hold(Officer);
        Assert.Equal(RejectionCode.None, s.Assess(Nl, Classification.Baseline).Code);
    }

    [Fact]
    public void It_ends_by_the_clock_whether_or_not_anybody_was_awake_to_write_it_down()
    {
        var s = Assessed(NL);
        s.Hold(Officer);
        s.Now = Start.AddHours(ReportLimits.HoldHours).AddSeconds(-1);
        Assert.Equal(RejectionCode.OnHold, s.Act(Nl, ActionType.ReportedToIsp).Code);
        Assert.Empty(ReportRules.Decide(s.Report, new ExpireHolds { ReportId = s.Id, Context = s.Context(Caller.System) }, s.Environment).Events);
        s.Now = Start.AddHours(ReportLimits.HoldHours);
        Assert.Null(s.Report.Holds[0].Ended);
        Assert.Equal(RejectionCode.None, s.Act(Nl, ActionType.ReportedToIsp).Code);
        Assert.Equal(RejectionCode.HoldHasEnded, s.Lift(Officer).Code);

        s.Expire();
        Assert.Equal((HoldState.Expired, Start.AddHours(ReportLimits.HoldHours)), (s.Report.Holds[0].Ended, s.Report.Holds[0].EndedAt));
        Assert.IsType<HoldExpired>(s.Events[^1]);
        s.Expire();
        Assert.Single(s.Events.OfType<HoldExpired>());
    }

    [Fact]
    public void Only_its_own_jurisdiction_holds_and_INTERPOL_where_there_is_none()
    {
        var s = Assessed(BE);
        Assert.Equal(RejectionCode.NotFound, s.Hold(Officer).Code);
        Assert.Equal(RejectionCode.NotAuthorised, s.Hold(Interpol).Code);
        Assert.Equal(RejectionCode.NotAuthorised, s.Hold(Be).Code);
        Assert.Equal(RejectionCode.None, s.Hold(Officer with { Countries = [BE] }).Code);

        var orphan = HostedIn(RU);
        Assert.Equal(RejectionCode.None, orphan.Hold(Interpol).Code);
        Assert.Equal(RejectionCode.NotFound, orphan.Hold(Officer with { Purpose = null, Countries = [RU] }).Code);
    }

    [Fact]
    public void It_stops_nothing_in_a_country_where_its_agency_has_no_say()
    {
        var s = Assessed(NL);
        s.Hold(Officer, hours: 200);
        Assert.Equal(RejectionCode.None, s.Host(Nl, BE).Code);

        // Still the Netherlands' job.
        Assert.Equal(RejectionCode.OnHold, s.Act(Nl, ActionType.ReportedToIsp).Code);
        Assert.Equal(RejectionCode.None, s.Move(Nl, BE).Code);
        Assert.Equal(RejectionCode.None, s.Assess(Be, Classification.National).Code);
        Assert.Equal(RejectionCode.None, s.Act(Be, ActionType.ReportedToIsp).Code);
        Assert.Equal(RejectionCode.None, s.Lift(Officer).Code);
    }

    [Fact]
    public void It_lasts_no_longer_than_the_policy_lets_it_and_a_manager_extends_it()
    {
        var s = Assessed(NL);
        Assert.Equal(RejectionCode.HoldEndDoesNotFit, s.Hold(Officer, hours: ReportLimits.MaxHoldHours + 1).Code);
        Assert.Equal(RejectionCode.HoldEndDoesNotFit, s.Hold(Officer, hours: -1).Code);
        s.Hold(Officer);
        Assert.Equal(RejectionCode.AlreadyOnHold, s.Hold(Officer).Code);
        Assert.Equal(RejectionCode.NotAuthorised, s.Extend(Officer, Start.AddHours(100)).Code);
        Assert.Equal(RejectionCode.HoldEndDoesNotFit, s.Extend(Manager, Start.AddHours(1)).Code);
        Assert.Equal(RejectionCode.HoldEndDoesNotFit, s.Extend(Manager, Start.AddHours(ReportLimits.MaxHoldHours).AddSeconds(1)).Code);
        Assert.Equal(RejectionCode.None, s.Extend(Manager, Start.AddHours(100)).Code);
        s.Now = Start.AddHours(99);
        Assert.Equal(RejectionCode.OnHold, s.Act(Nl, ActionType.ReportedToIsp).Code);
        Assert.Equal(RejectionCode.None, s.Lift(Manager).Code);
        Assert.Equal(RejectionCode.None, s.Act(Nl, ActionType.ReportedToIsp).Code);
    }

    [Fact]
    public void A_hotline_objects_and_the_national_bureau_decides_by_another_person_than_who_asked()
    {
        var s = Assessed(NL);
        s.Hold(Officer);
        Assert.Equal(RejectionCode.NotAuthorised, s.Overrule(Manager).Code);
        Assert.Equal(RejectionCode.NotObjectedTo, s.Overrule(Bureau).Code);
        Assert.Equal(RejectionCode.NotAuthorised, s.ObjectToHold(Officer).Code);
        Assert.Equal(RejectionCode.None, s.ObjectToHold(Nl).Code);
        Assert.Equal(RejectionCode.NothingToChange, s.ObjectToHold(Nl).Code);
        Assert.Equal(RejectionCode.OnHold, s.Act(Nl, ActionType.ReportedToIsp).Code);
        Assert.Equal(RejectionCode.SetByAnother, s.Lift(Bureau).Code);

        // A bureau of the item's country that is none of the country whose police asks.
        Assert.Equal(RejectionCode.NoSuchHold, s.Overrule(Bureau with { LooksAfter = [PoliceUa.Agency] }).Code);
        Assert.Equal(RejectionCode.None, s.Overrule(Bureau).Code);
        Assert.Equal(HoldState.Overruled, s.Report.Holds[0].Ended);
        Assert.Equal(RejectionCode.None, s.Act(Nl, ActionType.ReportedToIsp).Code);

        var own = Assessed(NL);
        var bureau = Manager with { IsNationalBureau = true };
        own.Hold(bureau);
        own.ObjectToHold(Nl);
        Assert.Equal(RejectionCode.SamePerson, own.Overrule(bureau).Code);
        Assert.Equal(RejectionCode.None, own.Overrule(bureau with { KeyId = "another" }).Code);
    }

    /// <summary>To who is not part of it there is none: not as a number that rose, and not as a conflict of a form from before.</summary>
    [Fact]
    public void What_police_and_hotlines_say_to_one_another_raises_no_version_of_an_item()
    {
        var s = Assessed(NL);
        var seen = s.Report.Items[0].Version;
        Assert.Equal(RejectionCode.None, s.Hold(Officer).Code);
        Assert.Equal(RejectionCode.None, s.ObjectToHold(Nl).Code);
        Assert.Equal(RejectionCode.None, s.Extend(Manager, Start.AddHours(100)).Code);
        Assert.Equal(RejectionCode.None, s.Lift(Manager).Code);
        Assert.Equal(RejectionCode.None, s.Do(new RequestReferral
        {
            ReportId = s.Id, Context = s.Context(Nl), Items = At(1), Agency = Officer.Agency, Why = ReferralWhy.Report,
        }).Code);
        s.Do(new TakeReferral
        {
            ReportId = s.Id, Context = s.Context(Caller.System), Agency = Officer.Agency, Why = ReferralWhy.Report, About = "",
            Referral = new ReferralRef(new ReferralKey(7), 1), Ordinals = [1],
            Words = [new PoliceWord { Line = 1, At = Start, State = ReferralState.Received }],
        });
        Assert.Equal(RejectionCode.None, s.Do(new AskQuestion
        {
            ReportId = s.Id, Context = s.Context(Officer), Items = At(1), To = QuestionTo.Assigned, Fields = [DataField.UploadTime],
        }).Code);
        Assert.NotEmpty(s.Report.Items[0].Referrals.SelectMany(r => r.Words));
        Assert.Equal(seen, s.Report.Items[0].Version);
        Assert.Equal(RejectionCode.None, s.Do(new RecordActions
        {
            ReportId = s.Id, Context = s.Context(Nl), Items = [new ItemTarget { Ordinal = 1, ExpectedVersion = seen }],
            Action = Action(ActionType.ReportedToLea, Start),
        }).Code);
    }

    [Fact]
    public void A_repeated_command_is_answered_as_the_first_time_with_the_holds_number()
    {
        var s = Assessed(NL);
        var command = new RequestHold
        {
            ReportId = s.Id, Context = s.Context(Officer, "hold-1"), Items = At(1), Reason = HoldReason.OngoingInvestigation, SealedNote = AnySealed,
        };
        var first = s.Do(command);
        var again = s.Do(command);
        Assert.True(again.Replayed);
        Assert.Equal((s.Report.Holds[0].Number, s.Report.Holds[0].Number), (first.Hold, again.Hold));
        Assert.Single(s.Report.Holds);
    }

    [Fact]
    public void A_holds_number_and_an_agencys_share_tell_nothing_of_anothers()
    {
        var (alone, second) = (Assessed(NL), Assessed(NL));
        for (var i = 0; i < ReportLimits.HoldsOfAgency; i++)
        {
            var held = second.Hold(Officer);
            Assert.Equal((RejectionCode.None, RejectionCode.None), (held.Code, second.Lift(Officer, held.Hold).Code));
        }

        Assert.Equal(RejectionCode.TooManyItems, second.Hold(Officer).Code);
        var (first, after) = (alone.Hold(Other), second.Hold(Other));
        Assert.Equal((RejectionCode.None, first.Hold), (after.Code, after.Hold));
        Assert.True(HoldRef.TryParse(new HoldRef(second.Id, after.Hold).ToString(), out var same) && same.Number == after.Hold);
        Assert.Equal(second.Report.Holds.Length, second.Report.Holds.Select(h => h.Number).Distinct().Count());
        Assert.All(second.Report.Holds, h => Assert.InRange(h.Number, 100_000, 999_999));
    }

    [Fact]
    public void Who_is_part_of_it_sees_it_and_to_all_others_there_is_none()
    {
        var s = HostedIn(NL, items: 2);
        s.Host(Nl, DE, 2);
        s.Hold(Officer, items: [1, 2]);
        var seam = new OpeningSeam();
        var events = s.Events.Select((e, i) => new SequencedEvent(i + 1, e)).ToImmutableArray();
        foreach (var (who, isPart) in new[] { (Officer, true), (Nl, true), (Other, false), (Bureau, true), (Interpol, false), (De1, false) })
        {
            var page = ReportViews.Page(s.Report, new GetReport { ReportId = s.Id, Caller = who }, seam, () => s.Environment);
            var history = ReportViews.History(s.Report, new GetHistory { ReportId = s.Id, Caller = who }, events, seam);
            Assert.True(isPart == page.Items.Any(i => !i.Holds.IsEmpty), who.Agency.Value);
            Assert.True(isPart == history.Entries.Any(e => e.Event == nameof(HoldRequested)), who.Agency.Value);
        }

        Assert.Equal(RejectionCode.NoSuchHold, s.Lift(Other).Code);
        Assert.Equal(RejectionCode.NoSuchHold, s.Lift(Other, hold: 7).Code);
        Assert.Equal(RejectionCode.NotAuthorised, s.Lift(De1).Code);
        Assert.Equal(RejectionCode.NotFound, s.Lift(Interpol).Code);
    }

    /// <summary>Opens whatever it is given: the texts are not what is looked at.</summary>
    private sealed class OpeningSeam : ConfidentialSeam
    {
        public override Sealed Seal<T>(SealedPlace place, T secret, bool repeatable = false) => AnySealed;

        public override T Open<T>(SealedPlace place, Sealed secret) =>
            typeof(T) == typeof(SecretText) ? (T)(object)new SecretText { Text = "text" }
            : typeof(T) == typeof(ItemSecrets) ? (T)(object)new ItemSecrets { Url = "https://img.host.example/1" }
            : (T)(object)new ReportSecrets();

        public override byte[] Keyed(string purpose, ReadOnlySpan<byte> data) => throw new NotSupportedException();
    }

    [Fact]
    public void What_can_be_done_says_that_the_host_may_not_be_told_and_why()
    {
        var s = Assessed(NL);
        ItemWay Way() => ItemWays.Of(s.Report, s[1], Nl, s.Environment).Single(w => w.Action == ActionType.ReportedToIsp);
        Assert.True(Way().Possible);
        var hold = s.Hold(Officer).Hold;
        Assert.Equal(RejectionCode.OnHold, Way().Code);
        Assert.Contains(new HoldRef(s.Id, hold).ToString(), Way().Detail, StringComparison.Ordinal);
        Assert.Contains(ItemWays.Of(s.Report, s[1], Nl, s.Environment), w => w is { Write: ItemWrite.ObjectToHold, Possible: true } && w.Hold == hold);
        Assert.Contains(ItemWays.Of(s.Report, s[1], Officer, s.Environment), w => w is { Write: ItemWrite.LiftHold, Possible: true } && w.Hold == hold);
        Assert.DoesNotContain(ItemWays.Of(s.Report, s[1], Other, s.Environment), w => w.Hold > 0);
    }

    [Fact]
    public void A_withdrawn_report_holds_nothing_any_more()
    {
        var s = HostedIn(NL);
        s.Hold(Officer);
        Assert.Equal(RejectionCode.None, s.Withdraw(Nl).Code);
        Assert.Equal(HoldState.Withdrawn, s.Report.Holds[0].Ended);
    }
}
