using System.Collections.Immutable;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Routing;
using CsCheck;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>
/// The invariants of domain.md 8 over random lives of a report: several agencies and countries, arguments that are often wrong, replays, strangers.
/// A step is a row of small numbers, so that a failing life shrinks to a short one.
/// </summary>
public class ReportPropertyTests
{
    private static readonly Caller[] Callers =
        [Nl, NlColleague, Be, De1, De2, De1 with { KeyId = "key-de1-2" }, Uk, NlAuditor, PoliceNl with
            { Purpose = "case 1", Roles = Roles.Officer | Roles.Manager, IsNationalBureau = true }, Interpol, De2 with
            { Roles = Roles.Machine }, PoliceUa];

    /// <summary>One of the report's holds, or none.</summary>
    private static int Held(ReportScenario s, int which) => s.Report.Holds.ElementAtOrDefault(which % 3)?.Number ?? 1;

    private static readonly Country?[] Hosts = [NL, BE, DE, RU, UA, null];
    private static readonly Country[] Countries = [NL, BE, DE, GB, RU, UA];
    private static readonly Classification[] Opinions =
        [Classification.Baseline, Classification.National, Classification.NotIllegal, Classification.National, Classification.Doubtful];
    private static readonly ActionType[] Actions =
        [ActionType.ReportedToLea, ActionType.ReportedToIsp, ActionType.Unavailable, ActionType.NotIllegal, ActionType.Removed];
    private static readonly ActionReason?[] Reasons = [null, ActionReason.Other, ActionReason.ContentNotFound, ActionReason.AdultPornography];

    private static readonly TrustLevel[] Trusts = Enum.GetValues<TrustLevel>();

    private static readonly Gen<(int Kind, int Who, int A, int B, int C)> Step =
        Gen.Select(Gen.Int[0, 31], Gen.Int[0, 23], Gen.Int[0, 7], Gen.Int[0, 29], Gen.Int[0, 9]);

    [Fact]
    public void Whatever_is_asked_the_invariants_hold_after_every_step() =>
        Step.Array[1, 60].Sample(steps => { Live(steps, new IccamRules()); }, iter: 2000);

    [Fact]
    public void They_hold_with_the_report_wide_gate_and_with_none() =>
        Gen.Select(Step.Array[1, 60], Gen.Bool).Sample((steps, off) =>
            { Live(steps, new() { Gate = off ? AssessmentGate.Off : AssessmentGate.WholeReport }); }, iter: 500);

    [Fact]
    public void With_every_switch_off_the_state_is_still_sound() =>
        Step.Array[1, 60].Sample(steps =>
        {
            Live(steps, new()
            {
                BaselineIsFinal = false, OnlyNationalIsOverruled = false, NoAssessmentAfterAction = false, ActionOnce = false, Gate = AssessmentGate.Off,
                NotIllegalFollowsAssessment = false,
            });
        }, iter: 500);

    /// <summary>
    /// Liveness (verdicts.md 4). Whatever became of it: once CPort's own work is done, every open item is somebody's, and whatever the truth about it, that
    /// somebody has a truthful command that takes it nearer to its end: judges it, tells of it, or closes it.
    /// </summary>
    [Fact]
    public void Every_open_item_can_be_brought_nearer_to_its_end_by_a_truthful_command_of_somebody() =>
        Step.Array[1, 60].Sample(steps => CheckLiveness(Live(steps, new IccamRules())), iter: 1000);

    private static void CheckLiveness(ReportScenario s)
    {
        foreach (var country in Countries)
        {
            // Who has left has left; the rest is up to the agencies that take part.
            Assert.True(s.Members.HotlinesOf(country).All(a => Callers.Any(c => c.Agency == a)));
        }

        if (s.Report.Withdrawn)
        {
            return;
        }

        var all = Enumerable.Range(1, s.Report.Items.Count).ToArray();
        s.Work([.. all.Select(o => new ItemTrace { Ordinal = o, Facts = Facts(null, HostingSource.NotFound) })], full: true);

        // Untraced become orphans, orphans go to police or INTERPOL, what the leavers had goes back.
        s.Reassign(Caller.System with { Tenant = s.Report.Tenant }, all);
        s.Escalate(all);
        s.Escalate(all);

        // And every hold has ended by its time.
        s.Now = s.Now.AddDays(2) + s.Environment.LongestHold;
        var present = Callers.Where(c =>
            c.Kind != AgencyKind.Hotline || c.Countries.Any(country => s.Members.HotlinesOf(country).Contains(c.Agency))).ToArray();
        foreach (var item in s.Report.Items.Where(i => !i.IsClosed()))
        {
            Assert.NotNull(item.Assignment);
            bool Somebody(Func<CommandContext, IReportVerb> command) => present.Any(c =>
                ReportRules.Decide(s.Report, command(s.Context(c)), s.Environment) is { Reply.Outcome: CommandOutcome.Accepted, Events.IsEmpty: false });
            bool Acts(ActionType type) => Somebody(c =>
                new RecordActions { ReportId = s.Id, Context = c, Items = At(item.Ordinal), Action = Action(type, s.Now) });

            // It is gone: whoever finds that out says so, and that is its end.
            Assert.True(Acts(ActionType.Unavailable), $"{item.State()} {item.Effective()} {item.Assignment}");

            // It is there: whatever it is in truth, what does not count as anything is judged so.
            if (item.Effective() is not { } effective)
            {
                Assert.All((Classification[])[Classification.Baseline, Classification.National, Classification.NotIllegal], truth => Assert.True(Somebody(c =>
                    new AssessItems { ReportId = s.Id, Context = c, Items = At(item.Ordinal), Assessment = Opinion(truth) }),
                        $"{truth} {item.State()} {item.Assignment}"));
            }
            else if (effective == Classification.NotIllegal)
            {
                Assert.True(Acts(ActionType.NotIllegal));
            }
            else
            {
                // Illegal: it is told to police and host until it has been, and who thinks Baseline wrong says so.
                Assert.All((ActionType[])[ActionType.ReportedToLea, ActionType.ReportedToIsp], type =>
                    Assert.True(Acts(type) || item.Actions.Any(a => a.Type == type)));
                Assert.True(Acts(ActionType.Removed));
                Assert.True(effective != Classification.Baseline
                    || item.Assessments.Any(a => a.Counts && a.Classification == Classification.Baseline)
                    || item.Assessments.Any(a => a is { Stands: true, Objection: true })
                    || Somebody(c => new ObjectToBaseline { ReportId = s.Id, Context = c, Items = At(item.Ordinal), SealedWhy = AnySealed }));
            }
        }
    }

    private static ReportScenario Live((int Kind, int Who, int A, int B, int C)[] steps, IccamRules rules)
    {
        var s = new ReportScenario { Rules = rules, MaxItems = 12 };
        var events = new List<IReportEvent>();
        s.Submit(Nl, SubmittedEntry(0, 1), SubmittedEntry(1, 7), SubmittedEntry(2, steps[0].C), SubmittedEntry(3, steps[0].B));
        if (!s.Report.Exists)
        {
            s.Submit(Nl, SubmittedEntry(0, 0), SubmittedEntry(1, 0), SubmittedEntry(2, 0), SubmittedEntry(3, 0));
        }

        Check(s, [], Report.None, s.Events.ToImmutableArray());
        IReportVerb? last = null;
        foreach (var step in steps)
        {
            if (step is { Kind: 26, B: < 4 })
            {
                // A hotline is closed, or takes part again.
                var country = Countries[step.B];
                s.Members.Hotlines[country] = s.Members.HotlinesOf(country).IsEmpty ? [.. Hotlines(country)] : [];
            }

            if (step.Kind == 23)
            {
                s.Members.Trust[Callers[step.A].Agency] = Trusts[step.B % Trusts.Length];
            }

            s.Now = s.Now.AddMinutes(step.C * step.C);
            var make = Command(s, step);
            var caller = step.Who < Callers.Length ? Callers[step.Who] : WhoseJob(s, step.A) ?? Nl;
            var command = step.Kind == 27 && step.B > 9 && last is not null ? last : make(caller);
            var before = s.Report;
            var count = s.Events.Count;
            var decision = ReportRules.Decide(before, command, s.Environment);
            var reply = s.Do(command);
            var made = s.Events.Skip(count).ToImmutableArray();

            Assert.Equal(decision.Events.Length, made.Length);
            Assert.True(reply.Outcome == CommandOutcome.Accepted || made.IsEmpty);
            Check(s, s.Events.Take(count).ToImmutableArray(), before, made);
            CheckReply(s, before, command, reply, made);
            CheckStranger(s, make);
            last = command;
        }

        // What was written tells everything, also after the journal's bytes.
        var expected = Fingerprint(s.Report);
        Assert.Equal(expected, Fingerprint(s.Events.Aggregate(Report.None, ReportRules.Apply)));
        Assert.Equal(expected, Fingerprint(s.Events.Select(OverTheWire).Aggregate(Report.None, ReportRules.Apply)));
        return s;
    }

    private static IEnumerable<AgencyId> Hotlines(Country country) =>
        Callers.Where(c => c.Kind == AgencyKind.Hotline && c.WorksFor(country)).Select(c => c.Agency).Distinct();

    private static SubmittedItem SubmittedEntry(int a, int b) => Entry(Hosts[(a + b) % Hosts.Length]) with
    {
        Assessment = b % 3 == 1 ? Opinion(Opinions[b % Opinions.Length]) : null,
        Actions = b % 7 == 0 && b > 0 ? [Action(Actions[b % Actions.Length])] : b % 11 == 3 ? [Action(ActionType.ReportedToLea),
            Action(ActionType.Removed)] : [],
        Hashes = a % 2 == 1 ? [Sha256((byte)(a + 1))] : [],
    };

    private static Caller? WhoseJob(ReportScenario s, int a)
    {
        var item = s.Report.Items[a % s.Report.Items.Count];
        return item.Assignment switch
        {
            { Hotline: { } hotline } => Callers.First(c => c.Agency == hotline),
            { Country: { } country } => Callers.First(c => c.WorksFor(country)),
            { EscalatedTo: { } to } => Callers.First(c => c.Agency == to),
            { Orphan: true } => Uk,
            _ => null,
        };
    }

    private static Func<Caller, IReportVerb> Command(ReportScenario s, (int Kind, int Who, int A, int B, int C) step)
    {
        var (kind, _, a, b, c) = step;
        var items = s.Report.Items.Count;

        // Mostly one item that exists, sometimes several, twice the same, or none that exists.
        var ordinal = (a % items) + 1;
        ImmutableArray<ItemTarget> targets = c switch
        {
            0 => At(ordinal, (b % items) + 1, items + 1),
            1 => At(1, 2, 3, 4),
            2 => [],
            3 => [new ItemTarget { Ordinal = ordinal, ExpectedVersion = s[ordinal].Version + (b % 2) }],
            _ => At(ordinal),
        };
        var target = c == 2 ? new ItemTarget { Ordinal = items + 1 } : targets[0];
        var country = Countries[b % Countries.Length];
        var action = new ActionInput { Type = Actions[b % Actions.Length], Date = s.Now.AddMinutes(c == 9 ? 6 : 0),
            Reason = Reasons[(b / 5) % Reasons.Length] };
        if (c > 4 && action.Type.NeedsReason())
        {
            action = Action(action.Type, action.Date);
        }

        return caller =>
        {
            var context = s.Context(caller);
            var automatic = s.Context(c == 9 ? caller : Caller.System);
            return kind switch
            {
                0 or 1 or 2 => new AssessItems { ReportId = s.Id, Context = context, Items = targets, Assessment = Opinion(Opinions[b % Opinions.Length]) },
                3 or 4 or 5 => new RecordActions { ReportId = s.Id, Context = context, Items = targets, Action = action },
                6 or 7 => new CompleteAutomaticWork
                {
                    ReportId = s.Id, Context = automatic,
                    Traces = [.. targets.Concat(targets).Select(t =>
                        new ItemTrace { Ordinal = t.Ordinal, Facts = Facts(Hosts[b % Hosts.Length], HostingSource.StaticTable) })],
                    Verdicts = [.. targets.Concat(targets).Select(t => Verdicts(s, t.Ordinal, b, c) with { LookedUp = a % 2 == 0, NearSearched = a % 2 == 0 })],
                    Propagated = [.. targets.Select(t => new AssessmentRef { Ordinal = t.Ordinal, AssessmentId = (b % 3) + 1 })],
                },
                8 => new ClaimItems { ReportId = s.Id, Context = context, Items = targets, Minutes = b == 29 ? 0 : b + 1 },
                9 => new ReleaseItems { ReportId = s.Id, Context = context, Items = targets },
                10 => new AssignItems { ReportId = s.Id, Context = context, Items = targets, Hotline = Callers[b % Callers.Length].Agency },
                11 or 12 => new UpdateHosting { ReportId = s.Id, Context = context, Items = targets, Facts = Facts(b % 7 == 6 ? null : country) },
                13 or 14 => new MoveToCountry
                {
                    ReportId = s.Id, Context = context, Items = targets, Country = c > 4 && s[ordinal].Hosting?.Country is { } host ? host : country,
                },
                15 => new SeenOnlineAgain { ReportId = s.Id, Context = context, Item = target, ItemNumber = s.Numbers(1) },
                16 => new SetHotlineReference { ReportId = s.Id, Context = context, Item = target, Reference = HotlineReference.Parse($"ref {b}") },
                17 => new CorrectAssessment { ReportId = s.Id, Context = context, Item = target, Assessment = Opinion(Opinions[b % Opinions.Length]),
                    SealedWhy = AnySealed },
                18 => new AddMemo { ReportId = s.Id, Context = context, Ordinal = c > 5 ? null : target.Ordinal, SealedText = b == 0 ? null : AnySealed },
                19 => new SetSiteFacts
                {
                    ReportId = s.Id, Context = context, SiteType = b % 3 == 0
                        ? null : SiteType.Forum, Commerciality = b % 4 == 0 ? null : Commerciality.Commercial,
                    PaymentMethods = b % 5 == 0 ? [] : [PaymentMethod.Visa], PaymentMethodsGiven = b % 2 == 0,
                },
                20 => new MarkUrgent { ReportId = s.Id, Context = context, Urgent = b % 2 == 0 },
                21 => new AddItems { ReportId = s.Id, Context = context, FirstItemNumber = s.Numbers(2), Items = c == 2
                    ? [] : [SubmittedEntry(a, b), SubmittedEntry(b, c)] },
                22 => b == 29
                    ? new WithdrawReport { ReportId = s.Id, Context = context, SealedReason = AnySealed }
                    : new AmendReport { ReportId = s.Id, Context = context, HotlineReceivedDate = b == 0
                        ? null : s.Now.AddHours(b - 28), SealedSecrets = c == 1 ? AnySealed : null },
                23 => new FollowTrust { ReportId = s.Id, Context = automatic },
                24 => new ReopenItem { ReportId = s.Id, Context = context, Item = target, ItemNumber = s.Numbers(1) },
                25 => new ObjectToBaseline { ReportId = s.Id, Context = context, Items = targets, SealedWhy = b == 0 ? null : AnySealed },
                26 => new ReassignItems { ReportId = s.Id, Context = automatic, Ordinals = [.. targets.Concat(targets).Select(t => t.Ordinal)] },
                28 => new RequestHold
                {
                    ReportId = s.Id, Context = context, Items = targets, Reason = HoldReason.CountryRelated, Until = b == 0 ? null : s.Now.AddMinutes(b * 40),
                    SealedNote = AnySealed,
                },
                29 => new ObjectToHold { ReportId = s.Id, Context = context, Number = Held(s, b), SealedWhy = AnySealed },
                30 when c < 4 => new ExtendHold { ReportId = s.Id, Context = context, Number = Held(s, b), Until = s.Now.AddHours(b) },
                30 when c < 8 => new OverruleHold { ReportId = s.Id, Context = context, Number = Held(s, b), SealedWhy = AnySealed },
                30 => new LiftHold { ReportId = s.Id, Context = context, Number = Held(s, b), SealedWhy = AnySealed },
                31 when c < 8 => new ExpireHolds { ReportId = s.Id, Context = automatic },
                31 => new NoteOverdue { ReportId = s.Id, Context = automatic },
                _ => new EscalateOrphans { ReportId = s.Id, Context = automatic, Ordinals = [.. targets.Concat(targets).Select(t => t.Ordinal)] },
            };
        };
    }

    private static ItemVerdicts Verdicts(ReportScenario s, int ordinal, int b, int c)
    {
        var hash = s.Report.Item(ordinal)?.Hashes.FirstOrDefault() is { Bytes.Length: > 0 } own && c != 5 ? own : Sha256(99);
        HashVerdict Of(int version) => new()
        {
            Hash = hash, Version = version,
            Opinions = version % 3 == 0 ? [] :
            [
                new HashOpinion
                {
                    Agency = Uk.Agency, Basis = OpinionBasis.Human, Classification = Opinions[version % 3], Country = GB, Trust = TrustLevel.Trusted,
                        At = Start,
                },
            ],
        };
        return new ItemVerdicts { Ordinal = ordinal, Exact = c == 6 ? [Of(b), Of(b + 1)] : [Of(b)] };
    }

    private static void Check(ReportScenario s, ImmutableArray<IReportEvent> earlier, Report before, ImmutableArray<IReportEvent> made)
    {
        var report = before;
        foreach (var e in made)
        {
            var next = ReportRules.Apply(report, e);
            CheckEvent(s, report, e, next);
            report = next;
        }

        Assert.Equal(earlier.Length + made.Length, report.Version);
        foreach (var (item, index) in report.Items.Select((item, index) => (item, index)))
        {
            Assert.Equal(index + 1, item.Ordinal);
            if (item.Assignment is { Orphan: true } orphan)
            {
                Assert.True(orphan.Hotline is null == orphan.Country is null);
                Assert.True(orphan.Country is null || orphan.Country != item.Hosting?.Country);
            }

            if (item.Lease is { } lease)
            {
                Assert.Equal(item.Assignment!.Country is null ? item.Assignment.EscalatedTo : item.Assignment.Hotline, lease.Agency);
            }

            Assert.Equal(item.Known.Length, item.Known.DistinctBy(k => k.Place).Count());
            Assert.All(item.Known, k => Assert.InRange(k.Place, 0, item.Hashes.Length - 1));
            if (s.Rules.ActionOnce)
            {
                Assert.All(item.Actions.GroupBy(a => (a.Type, a.Episode)), g => Assert.Single(g));
            }

            // A final action is the last of its episode.
            foreach (var episode in item.Actions.Where(a => a.Episode > 0).GroupBy(a => a.Episode))
            {
                Assert.DoesNotContain(episode.SkipLast(1), a => a.Type.IsFinal());
            }
        }

        _ = report.State();
        _ = report.Items.Select(i => i.State()).ToArray();
    }

    private static void CheckEvent(ReportScenario s, Report before, IReportEvent e, Report after)
    {
        Assert.Equal(before.Version + 1, after.Version);
        Assert.True(!before.Withdrawn || e is AutomaticWorkDone);
        var touched = Touched(before, e);
        Assert.Equal(touched.Length, touched.Distinct().Count());
        Assert.True(touched.Length <= ReportRules.ItemsPerPart);
        for (var i = 0; i < before.Items.Count; i++)
        {
            // What police and hotlines say to one another raises none: to others it does not exist.
            Assert.Equal(before.Items[i].Version + (touched.Contains(i + 1) && !IsSaid(e) ? 1 : 0), after.Items[i].Version);
            CheckItem(s, before.Items[i], e, after.Items[i], touched.Contains(i + 1));
        }

        Assert.All(after.Items.Skip(before.Items.Count), i => Assert.Equal(1, i.Version));
    }

    private static bool IsSaid(IReportEvent e) =>
        e is HoldRequested or HoldExtended or HoldLifted or HoldObjected or HoldOverruled or HoldExpired;

    private static ImmutableArray<int> Touched(Report before, IReportEvent e) => e switch
    {
        ReportWithdrawn => [.. before.Items.Select(i => i.Ordinal)],
        AutomaticWorkDone x => [.. x.Steps.Select(t => t.Ordinal)],
        ItemsAssigned x => [.. x.Assignments.Select(t => t.Ordinal)],
        TrustFollowed x => x.Ordinals,
        ItemsClaimed x => x.Ordinals,
        ItemsReleased x => x.Ordinals,
        ItemsAssessed x => [.. x.Assessments.Select(t => t.Ordinal)],
        ObjectionsRaised x => [.. x.Objections.Select(t => t.Ordinal)],
        ItemReopened x => [x.EarlierOrdinal],
        ActionsRecorded x => [.. x.Actions.Select(t => t.Ordinal)],
        HostingUpdated x => x.Ordinals,
        ItemSeenOnlineAgain x => [x.EarlierOrdinal],
        HotlineReferenceSet x => [x.Ordinal],
        HoldRequested x => x.Hold.Ordinals,
        HoldExtended or HoldLifted or HoldObjected or HoldOverruled or HoldExpired => e.Touches(),
        _ => [],
    };

    private static void CheckItem(ReportScenario s, ContentItem before, IReportEvent e, ContentItem after, bool touched)
    {
        var agency = e.Meta.Agency;

        // Opinions are append-only, and only their own agency sets one right. While a Baseline opinion counts, the item is Baseline.
        var corrected = (e as ItemsAssessed)?.Assessments.FirstOrDefault(a => a.Ordinal == before.Ordinal)?.Corrects;
        for (var i = 0; i < before.Assessments.Length; i++)
        {
            var (old, now) = (before.Assessments[i], after.Assessments[i]);
            Assert.Equal(old, now with { CorrectedBy = old.CorrectedBy, Propagated = old.Propagated, WithdrawnAt = old.WithdrawnAt, Trust = old.Trust });
            Assert.True(old.Trust == now.Trust || (e is TrustFollowed { Agency: var whose, Trust: var trust } && old.Stands
                && (whose, trust) == (old.Agency, now.Trust)));
            Assert.True(old.WithdrawnAt == now.WithdrawnAt || e is ReportWithdrawn);
            Assert.True(old.CorrectedBy == now.CorrectedBy || (old.Stands && corrected == old.Id && old.Agency == agency));
        }

        Assert.Equal(after.Assessments.Length, after.Assessments.DistinctBy(a => a.Id).Count());
        if (after.Assessments.Any(a => a is { Counts: true, Classification: Classification.Baseline } && after.IsOfTheJob(a))
            || (after.Inherited() == Classification.Baseline && !after.IsContradicted()))
        {
            Assert.Equal(Classification.Baseline, after.Effective());
        }

        if (!touched)
        {
            return;
        }

        switch (e)
        {
            case ItemsAssessed x:
                if (corrected is null)
                {
                    // Rules 1 to 3 are about judging again: an item of which nothing counts is always assessed.
                    Assert.False(before.IsClosed());
                    Assert.Equal(agency, before.Assignment!.Country is null ? before.Assignment.EscalatedTo : before.Assignment.Hotline);
                    Assert.True(before.Assignment.Country is null || before.Assignment.Country == after.Assessments[^1].Country);
                    Assert.False(s.Rules.BaselineIsFinal && before.Effective() == Classification.Baseline);
                    Assert.False(s.Rules.NoAssessmentAfterAction && before.HasAction() && before.Effective() is not null);
                }

                Assert.Equal(before.IsClosed() ? before.State() : after.State(), after.State());

                Assert.Equal(agency, after.Assessments[^1].Agency);
                break;

            case ActionsRecorded when before.Assignment is null:
                Assert.False(before.IsClosed());
                Assert.Equal(agency, s.Report.ReportingHotline);
                Assert.Contains(after.Actions[^1].Type, (ActionType[])[ActionType.ReportedToLea, ActionType.Unavailable]);
                break;

            case ActionsRecorded x:
                Assert.False(before.IsClosed());
                Assert.Equal(agency, before.Assignment!.Country is null ? before.Assignment.EscalatedTo : before.Assignment.Hotline);
                Assert.False(s.Rules.NotIllegalFollowsAssessment && after.Actions[^1].Type == ActionType.NotIllegal
                    && before.Effective() != Classification.NotIllegal);
                Assert.False(s.Rules.Gate == AssessmentGate.PerItem && after.Actions[^1].Type != ActionType.Unavailable && before.Effective() is null);
                Assert.True(after.Actions[^1].Date <= s.Now + s.Environment.ClockTolerance);
                break;

            case ItemsClaimed or ItemsReleased or HostingUpdated:
                Assert.False(before.IsClosed());
                break;

            case ItemsAssigned:
                // Automatic routing gives a closed item its country as well; nothing else moves it. Naming an item gives it to the hotline that names it.
                Assert.True(!before.IsClosed() || before.Assignment is null || before.Assignment.Hotline is null);
                var (from, to) = (before.Assignment, after.Assignment!);
                if (from is null || to.Episode != from.Episode)
                {
                    Assert.Equal((from?.Episode ?? 0) + 1, to.Episode);
                    Assert.True(to.Country is null ? to.Orphan && (before.Hosting?.Country is not { } host || s.Members.HotlinesOf(host).IsEmpty)
                        : to.Country == before.Hosting?.Country);
                    Assert.Null(after.Lease);
                }
                else
                {
                    Assert.True(to.Country == from.Country || (from is { Orphan: true, Country: null } && agency == Uk.Agency && to.Country == GB));
                }

                Assert.True(to.Hotline == from?.Hotline || after.AssignedReference is null);
                // A caller's own countries count, also when it is closed while its command is under way.
                Assert.True(to.Hotline is null || to.Hotline == agency || s.Members.HotlinesOf(to.Country!.Value).Contains(to.Hotline.Value));
                break;
        }
    }

    private static void CheckReply(ReportScenario s, Report before, IReportVerb command, CommandReply reply, ImmutableArray<IReportEvent> made)
    {
        if (reply.Replayed)
        {
            Assert.Empty(made);
            return;
        }

        if (reply.Outcome == CommandOutcome.Accepted)
        {
            Assert.Equal(s.Report.Version, reply.Version);
            Assert.All(reply.Items.Where(i => i.Accepted), i => Assert.Equal(s[i.Ordinal].Version, i.Version));
        }

        // One refused item never harms its neighbours: what is accepted here is accepted alone as well, and the other way round.
        if (command is AssessItems { Items.Length: > 1 } batch)
        {
            foreach (var (target, outcome) in batch.Items.Zip(reply.Items, (t, o) => (t, o)).DistinctBy(p => p.t.Ordinal))
            {
                var alone = ReportRules.Decide(before, batch with { Items = [target] }, s.Environment).Reply;
                Assert.Equal(alone.Items.IsEmpty ? alone.Code : alone.Items[0].Code, outcome.Code);
            }
        }

        if (!made.IsEmpty && command.Context.Caller.Kind != AgencyKind.System)
        {
            var again = ReportRules.Decide(s.Report, command, s.Environment);
            Assert.Empty(again.Events);
            Assert.True(again.Reply.Replayed);
            Assert.Equal(Bytes(reply), Bytes(again.Reply with { Replayed = false }));
        }
    }

    /// <summary>To a stranger this report and no report at all answer alike, whatever is wrong with the command.</summary>
    private static void CheckStranger(ReportScenario s, Func<Caller, IReportVerb> make)
    {
        if (make(Se) is { Context.Caller.Kind: not AgencyKind.System } command)
        {
            var decision = ReportRules.Decide(s.Report, command, s.Environment);
            Assert.Empty(decision.Events);
            Assert.Equal(RejectionCode.NotFound, decision.Reply.Code);
            Assert.Equal(Bytes(ReportRules.Decide(Report.None, command, s.Environment).Reply), Bytes(decision.Reply));
        }
    }
}
