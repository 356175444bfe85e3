using System.Collections.Immutable;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CsCheck;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Reports;

/// <summary>
/// Every verb refuses whom the access table refuses, and nobody else, over any caller and item: all kinds of agencies and roles,
/// ended memberships, orphans, taken and moved ones, items not routed yet, both tenants.
/// </summary>
public class ReportGuardTests
{
    private static readonly ImmutableArray<Country> Countries = [NL, DE, GB];
    private static readonly ImmutableArray<AgencyId> Agencies = [.. "abc".Select(c => AgencyId.Parse($"agency-{c}"))];

    private static readonly Gen<AgencyId> AnyAgency = Gen.Int[0, 2].Select(i => Agencies[i]);
    private static readonly Gen<Country> AnyCountry = Gen.Int[0, 2].Select(i => Countries[i]);
    private static readonly Gen<Country?> MaybeCountry = Gen.Int[0, 3].Select(i => i == 3 ? (Country?)null : Countries[i]);

    // Hotlines more often than others: they are who may do most.
    private static readonly Gen<Caller> AnyCaller =
        Gen.Select(AnyAgency, Gen.Int[0, 12], Gen.Int[0, 63], AnyCountry.Array[0, 2], Gen.Bool, Gen.Int[0, 7], Gen.Bool).Select(
            (agency, kind, roles, countries, mandate, tenant, purpose) => new Caller
            {
                Agency = agency, Kind = kind is 0 or > 7 ? AgencyKind.Hotline : (AgencyKind)kind, Roles = (Roles)roles,
                KeyId = "k", Owner = purpose ? PersonId.Parse("p-0000000000000001") : null,
                Countries = [.. countries.Distinct()], HoldsOrphanMandate = mandate, IsNationalBureau = mandate,
                Tenant = tenant == 0 ? Tenant.Training : Tenant.Live, Purpose = purpose ? "case 1" : null,
            });

    private static readonly Gen<Assignment?> AnyAssignment =
        Gen.Select(Gen.Int[0, 4], AnyCountry, AnyAgency, Gen.Int[1, 2]).Select((kind, country, hotline, episode) => kind switch
        {
            0 => null,
            1 => new Assignment { Episode = episode, CountrySince = Start, Orphan = true, EscalatedTo = episode == 2 ? hotline : null },
            2 => new Assignment { Episode = episode, CountrySince = Start, Country = country },
            3 => new Assignment { Episode = episode, CountrySince = Start, Country = country, Hotline = hotline, Orphan = true },
            _ => new Assignment { Episode = episode, CountrySince = Start, Country = country, Hotline = hotline },
        });

    private static readonly Gen<ContentItem> AnyItem =
        Gen.Select(AnyAssignment, MaybeCountry, Gen.Select(AnyAgency, AnyCountry, Gen.Int[1, 3]).Array[0, 2], Gen.Bool, AnyAssignment).Select(
            (assignment, host, opinions, gone, before) =>
            new ContentItem
            {
                Ordinal = 1, Number = 1, Secrets = AnySealed, AddedAt = Start, Assignment = assignment,
                Hosting = host is null ? null : Facts(host), Traced = true, Matched = true,
                EarlierAssignments = before is null ? [] : [before],
                Assessments = [.. opinions.Select((o, i) => new Assessment
                {
                    Id = i + 1, Agency = o.Item1, Country = o.Item2, Classification = (Classification)o.Item3,
                    At = Start, KeyId = "k",
                })],
                Actions = gone && assignment is not null
                    ? [new CaseAction
                    {
                        Type = ActionType.Removed, Agency = Agencies[0], KeyId = "k", Date = Start, RecordedAt = Start,
                        Episode = assignment.Episode,
                    }]
                    : [],
            });

    private static readonly Gen<Report> AnyReport =
        Gen.Select(AnyItem.Array[1, 3], AnyAgency, Gen.Int[0, 7]).Select((items, reporting, tenant) => Report.None with
        {
            Id = TestKeys.IdOf(Tenant.Live, reporting, HotlineReference.Parse("r")), Version = 3, Number = 7, ReportingHotline = reporting,
            Tenant = tenant == 0 ? Tenant.Training : Tenant.Live,
            Items = [.. items.Select((item, i) => item with { Ordinal = i + 1, Number = i + 1 })],
        });

    /// <summary>Each verb with what it asks of the table: for the item it names, else for any item of the report.</summary>
    private static readonly ImmutableArray<(Func<Report, CommandContext, IReportVerb> Make, ItemWrite Write, bool OfItem)> Verbs =
    [
        ((r, c) => new AmendReport { ReportId = r.Id, Context = c, HotlineReceivedDate = Start }, ItemWrite.Amend, false),
        ((r, c) => new WithdrawReport { ReportId = r.Id, Context = c }, ItemWrite.Withdraw, false),
        ((r, c) => new AddItems { ReportId = r.Id, Context = c,
            FirstItemNumber = 90, Items = [Entry(NL)] }, ItemWrite.AddItems, false),
        ((r, c) => new MarkUrgent { ReportId = r.Id, Context = c, Urgent = true }, ItemWrite.MarkUrgent, false),
        ((r, c) => new SetSiteFacts { ReportId = r.Id, Context = c, SiteType = SiteType.Forum }, ItemWrite.DescribeSite, false),
        ((r, c) => new AddMemo { ReportId = r.Id, Context = c, SealedText = AnySealed }, ItemWrite.AddMemo, false),
        ((r, c) => new AddMemo { ReportId = r.Id, Context = c, SealedText = AnySealed, Ordinal = 1 }, ItemWrite.AddMemo, true),
        ((r, c) => new AssignItems { ReportId = r.Id, Context = c,
            Items = At(1), Hotline = c.Caller.Agency }, ItemWrite.Assign, true),
        ((r, c) => new AssignItems { ReportId = r.Id, Context = c,
            Items = At(1), Hotline = Agencies[0] }, ItemWrite.Assign, true),
        ((r, c) => new ClaimItems { ReportId = r.Id, Context = c, Items = At(1) }, ItemWrite.Claim, true),
        ((r, c) => new ReleaseItems { ReportId = r.Id, Context = c, Items = At(1) }, ItemWrite.Release, true),
        ((r, c) => new AssessItems { ReportId = r.Id, Context = c,
            Items = At(1), Assessment = Opinion(Classification.National) }, ItemWrite.Assess, true),
        ((r, c) => new CorrectAssessment
        {
            ReportId = r.Id, Context = c, Item = At(1)[0], Assessment = Opinion(Classification.National),
        }, ItemWrite.CorrectAssessment, true),
        ((r, c) => new RecordActions { ReportId = r.Id, Context = c,
            Items = At(1), Action = Action(ActionType.ReportedToLea) }, ItemWrite.Act, true),
        ((r, c) => new UpdateHosting { ReportId = r.Id, Context = c,
            Items = At(1), Facts = Facts(DE) }, ItemWrite.UpdateHosting, true),
        ((r, c) => new MoveToCountry { ReportId = r.Id, Context = c,
            Items = At(1), Country = DE }, ItemWrite.MoveToCountry, true),
        ((r, c) => new SeenOnlineAgain { ReportId = r.Id, Context = c,
            Item = At(1)[0], ItemNumber = 90 }, ItemWrite.SeenOnline, true),
        ((r, c) => new SetHotlineReference
        {
            ReportId = r.Id, Context = c, Item = At(1)[0], Reference = HotlineReference.Parse("mine"),
        }, ItemWrite.SetReference, true),
        ((r, c) => new ObjectToBaseline { ReportId = r.Id, Context = c, Items = At(1), SealedWhy = AnySealed }, ItemWrite.Object, true),
        ((r, c) => new ReopenItem { ReportId = r.Id, Context = c, Item = At(1)[0], ItemNumber = 90 }, ItemWrite.Reopen, true),
        ((r, c) => new ReassignItems { ReportId = r.Id, Context = c, Ordinals = [1] }, ItemWrite.Automatic, false),
        ((r, c) => new EscalateOrphans { ReportId = r.Id, Context = c, Ordinals = [1] }, ItemWrite.Automatic, false),
        ((r, c) => new FollowTrust { ReportId = r.Id, Context = c }, ItemWrite.Automatic, false),
        ((r, c) => new ReturnClaims { ReportId = r.Id, Context = c, Agency = c.Caller.Agency, KeyId = c.Caller.KeyId }, ItemWrite.Automatic, false),
        ((r, c) => new RequestHold { ReportId = r.Id, Context = c, Items = At(1), Reason = HoldReason.CountryRelated }, ItemWrite.Hold, true),
        ((r, c) => new ExtendHold { ReportId = r.Id, Context = c, Number = Held(r), Until = Start.AddDays(1) }, ItemWrite.ExtendHold, false),
        ((r, c) => new LiftHold { ReportId = r.Id, Context = c, Number = Held(r) }, ItemWrite.LiftHold, false),
        ((r, c) => new ObjectToHold { ReportId = r.Id, Context = c, Number = Held(r), SealedWhy = AnySealed }, ItemWrite.ObjectToHold, false),
        ((r, c) => new OverruleHold { ReportId = r.Id, Context = c, Number = Held(r), SealedWhy = AnySealed }, ItemWrite.OverruleHold, false),
        ((r, c) => new RequestReferral
        {
            ReportId = r.Id, Context = c, Items = At(1), Agency = c.Caller.Agency, Why = ReferralWhy.Host,
        }, ItemWrite.Refer, true),
        ((r, c) => new TakeReferral
        {
            ReportId = r.Id, Context = c, Agency = Agencies[0], Why = ReferralWhy.Host, About = "x", Referral = new(new(7), 1), Ordinals = [1],
        }, ItemWrite.Automatic, false),
        ((r, c) => new AssessBlind { ReportId = r.Id, Context = c, Item = At(1)[0], Assessment = Opinion(Classification.National) }, ItemWrite.Look, true),
        ((r, c) => new AskForLook { ReportId = r.Id, Context = c, Items = At(1), Agency = Agencies[0] }, ItemWrite.AskForLook, true),
        ((r, c) => new ProposeForIcse { ReportId = r.Id, Context = c, Items = At(1), SealedWhy = AnySealed }, ItemWrite.ProposeForIcse, true),
        ((r, c) => new TakeIcse
        {
            ReportId = r.Id, Context = c, Ordinal = 1, Icse = new ItemIcse { Package = new(7), News = 1, At = c.OccurredAt },
        }, ItemWrite.Automatic, false),
        ((r, c) => new TakeListing
        {
            ReportId = r.Id, Context = c, Ordinals = [1],
            Listing = new ItemListing { Key = new(7), Change = 1, Listed = true, ListVersion = 1, At = c.OccurredAt },
        }, ItemWrite.Automatic, false),
        ((r, c) => new AskQuestion
        {
            ReportId = r.Id, Context = c, Items = At(1), To = QuestionTo.Source, Fields = [DataField.Referrer],
        }, ItemWrite.Ask, true),
        ((r, c) => new AnswerQuestion { ReportId = r.Id, Context = c, Number = Asked(r), Impossible = true }, ItemWrite.Answer, false),
        ((r, c) => new JudgeAnswer { ReportId = r.Id, Context = c, Number = Asked(r), Satisfied = true }, ItemWrite.JudgeAnswer, false),
        ((r, c) => new NoteOverdue { ReportId = r.Id, Context = c }, ItemWrite.Automatic, false),
        ((r, c) => new ExpireHolds { ReportId = r.Id, Context = c }, ItemWrite.Automatic, false),
        ((r, c) => new CompleteAutomaticWork { ReportId = r.Id, Context = c }, ItemWrite.Automatic, false),
    ];

    private static int Held(Report report) => report.Holds is [var first, ..] ? first.Number : 1;

    private static int Asked(Report report) => report.Questions is [var first, ..] ? first.Number : 1;

    [Fact]
    public void A_verb_refuses_whom_the_access_table_refuses_and_nobody_else() =>
        Gen.Select(AnyReport, AnyCaller, Gen.Int[0, Verbs.Length - 1], AnyAgency).Sample((report, caller, which, leaver) =>
        {
            // One hotline's membership has ended since the caller was made: the caller's countries are what counts.
            var members = new FakeMembership();
            foreach (var country in Countries)
            {
                members.Hotlines[country] = [.. Agencies.Where(a => a != leaver)];
            }

            var (make, write, ofItem) = Verbs[which];
            var verb = make(report, new CommandContext { CommandId = CommandId.Parse("c"), Caller = caller, OccurredAt = Start });
            var code = ReportRules.Decide(report, verb, new ReportEnvironment { Now = Start, Members = members }).Reply.Code;

            ItemRelationFacts Facts(ContentItem item) => ReportViews.RelationFacts(report, item);
            bool May(ContentItem item, ItemWrite w) => AccessTable.MayWrite(caller, Facts(item), w);
            var named = ofItem ? report.Items.Take(1).ToArray() : [.. report.Items];
            var takesOrphan = write is ItemWrite.Assign or ItemWrite.Claim && May(named[0], ItemWrite.TakeOrphan);
            var expected = named.Any(i => May(i, write)) || takesOrphan ? RejectionCode.None
                : named.All(i => AccessTable.RelationsOf(caller, Facts(i)) == ItemRelations.None) ? RejectionCode.NotFound
                : write == ItemWrite.Assign && named[0].Assignment?.Country is null ? RejectionCode.NotAssigned
                : RejectionCode.NotAuthorised;
            var refused = code is RejectionCode.NotFound or RejectionCode.NotAuthorised or RejectionCode.NotAssigned;
            Assert.Equal(expected, refused ? code : RejectionCode.None);
        }, iter: 50_000);

    [Fact]
    public void Every_command_of_a_report_is_held_to_the_table_above()
    {
        var held = Verbs.Select(v => v.Make(Report.None, new ReportScenario().Context(Nl)).GetType()).Distinct();
        var all = typeof(IReportVerb).Assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(IReportVerb)) && !t.IsInterface);
        Assert.Equal(all.Where(t => t != typeof(SubmitReport)).Select(t => t.Name).Order(), held.Select(t => t.Name).Order());
    }
}
