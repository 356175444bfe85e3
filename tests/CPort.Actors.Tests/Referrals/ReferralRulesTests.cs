using System.Collections.Immutable;
using CPort.Actors.Tests.Reports;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Referrals;
using CPort.Domain.Referrals.Verbs;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Referrals;

/// <summary>Referrals: what opens one, what joins it, which answer follows which, who sees it, and what its items' reports keep.</summary>
public sealed class ReferralRulesTests
{
    private static readonly ReferralKey Key = new(77);
    private static readonly Caller Officer = PoliceNl with { Purpose = "case 1" };
    private static readonly Caller Itself = Caller.System;

    private readonly FakeMembership _members = new();
    private ReferralBook _book = ReferralBook.None;
    private DateTimeOffset _now = Start;
    private int _commands;

    private CommandContext Context(Caller caller, string? id = null) =>
        new() { CommandId = CommandId.Parse(id ?? $"c-{++_commands}"), Caller = caller, OccurredAt = _now };

    private ReferralReply Do(IReferralCommand command)
    {
        var decision = ReferralRules.Decide(_book, command, new ReferralEnvironment(_now, _members));
        _book = decision.Events.Aggregate(_book, ReferralRules.Apply);
        return decision.Reply;
    }

    private ReferralReply Refer(bool urgent = false, params int[] ordinals) => Do(new ReferItems
    {
        Key = Key, Context = Context(Itself), Agency = Officer.Agency, Why = ReferralWhy.Host, About = "host",
        Items = [.. ordinals.Select(o => new ReferredItem { Item = new ItemRef(new ReportId(5), o), Number = o, Urgent = urgent, Country = NL })],
    });

    private ReferralReply Answer(ReferralState state, Func<AnswerReferral, AnswerReferral>? with = null, Caller? by = null, int number = 1, string? id = null)
    {
        var command = new AnswerReferral { Key = Key, Context = Context(by ?? Officer, id), Number = number, State = state };
        return Do((with ?? Full)(command));

        static AnswerReferral Full(AnswerReferral c) => c.State switch
        {
            ReferralState.Declined => c with { Reason = DeclineReason.TooLittleData },
            ReferralState.Closed => c with { Outcome = ReferralOutcome.VictimIdentified },
            ReferralState.Known => c with { KnownAs = KnownAs.Series },
            ReferralState.Forwarded => c with { To = Interpol.Agency },
            _ => c,
        };
    }

    [Fact]
    public void Items_open_a_referral_and_later_ones_join_it_once()
    {
        Assert.Equal(1, Refer(ordinals: [1, 2]).Number);
        Assert.Equal(1, Refer(ordinals: [2, 3]).Number);
        var version = _book.Version;
        Assert.Equal(1, Refer(ordinals: [1, 2, 3]).Number);
        Assert.Equal(version, _book.Version);
        Assert.Equal([1, 2, 3], _book.Referrals[0].Items.Select(i => i.Item.Ordinal));
        Assert.False(_book.Referrals[0].Urgent);
        Refer(urgent: true, 2);
        Assert.True(_book.Referrals[0].Urgent);
        Assert.Equal(3, _book.Referrals[0].Items.Count);
    }

    [Fact]
    public void What_ICSE_says_stands_beside_the_item_whichever_of_the_two_came_first_and_the_later_word_holds()
    {
        Refer(ordinals: [1, 2]);
        ItemWord Word(int ordinal, IcseWord? word, int second) =>
            new() { Item = new ItemRef(new ReportId(5), ordinal), Word = word, At = Start.AddSeconds(second) };
        NoteIcse Said(params ItemWord[] words) => new() { Key = Key, Context = Context(Itself), Number = 1, Words = [.. words] };
        NoteTold Told(params ItemWord[] words) => new()
        {
            Key = Key, Context = Context(Itself), Number = 1, Told = [new ToldReport { Report = new ReportId(5), Ordinals = [1, 2], Icse = [.. words] }],
        };
        (IcseWord?, IcseWord?) Now() => (_book.Referrals[0].Items[0].Icse, _book.Referrals[0].Items[1].Icse);

        // It was said before the items were referred: the report has it when it is told of the referral.
        Do(Told(Word(1, IcseWord.Known, 1)));
        Assert.Equal((IcseWord.Known, null), Now());
        Do(Said(Word(1, IcseWord.VictimIdentified, 3), Word(2, IcseWord.New, 3), Word(3, IcseWord.New, 3)));
        Assert.Equal((IcseWord.VictimIdentified, IcseWord.New), Now());

        // Called back; what the report said before is under way yet, and comes twice.
        Do(Said(Word(2, null, 5)));
        var version = _book.Version;
        Do(Said(Word(2, null, 5), Word(2, IcseWord.New, 3)));
        Assert.Equal(version, _book.Version);
        Do(Told(Word(1, IcseWord.Known, 1), Word(2, IcseWord.New, 3)));
        Assert.Equal((IcseWord.VictimIdentified, null), Now());

        // Only CPort itself says so.
        Assert.Equal(ReferralRejection.NotFound, Do(Said(Word(1, null, 9)) with { Context = Context(Officer) }).Code);
    }

    private ReferralReply ReferTo(Country? country, AgencyId? by, params int[] ordinals) => Do(new ReferItems
    {
        Key = Key, Context = Context(Itself), Agency = Officer.Agency, Why = ReferralWhy.Host, About = "host", By = by,
        Items = [.. ordinals.Select(o => new ReferredItem { Item = new ItemRef(new ReportId(5), o), Number = o, Country = country })],
    });

    /// <summary>What somebody referred by hand the rule may owe to the same police later: then its report is told so, or it would be owed for ever.</summary>
    [Fact]
    public void A_country_that_comes_later_is_news_and_the_report_hears_of_each()
    {
        ReferTo(null, Nl.Agency, 1);
        Do(new NoteTold { Key = Key, Context = Context(Itself), Number = 1, Told = [new ToldReport { Report = new ReportId(5), Ordinals = [1] }] });
        Assert.False(_book.Owes);
        Assert.Equal(1, ReferTo(NL, null, 1).Number);
        Assert.True(_book.Owes);
        Assert.Equal([NL], Assert.Single(_book.Referrals[0].Items).Countries);
        Assert.Equal(1, ReferTo(DE, null, 1).Number);
        var version = _book.Version;
        ReferTo(NL, null, 1);
        ReferTo(DE, null, 1);
        Assert.Equal(version, _book.Version);
        var item = Assert.Single(_book.Referrals[0].Items);
        Assert.Equal([NL, DE], item.Countries);

        // And the report owes it to neither any more.
        var s = HostedIn(NL);
        s.Assess(Nl, Classification.National);
        Assert.Equal(NL, s[1].OwedTo(s.Report, Classification.National, NL));
        var told = new TakeReferral
        {
            ReportId = s.Id, Context = s.Context(Itself), Agency = Officer.Agency, Why = ReferralWhy.Host, About = "host", Referral = new ReferralRef(Key, 1),
            Ordinals = [1],
        };
        s.Do(told);
        Assert.Equal(NL, s[1].OwedTo(s.Report, Classification.National, NL));
        s.Do(told with { Country = item.Country, AlsoFor = item.AlsoFor, Context = s.Context(Itself) });
        Assert.Null(s[1].OwedTo(s.Report, Classification.National, NL));
        Assert.Null(s[1].OwedTo(s.Report, Classification.National, DE));
        Assert.Equal(BE, s[1].OwedTo(s.Report, Classification.National, BE));
        Assert.Single(s[1].Referrals);
    }

    [Fact]
    public void What_is_handed_back_is_somebodys_again()
    {
        Refer(ordinals: [1]);
        Assert.Equal(ReferralRejection.None, Answer(ReferralState.Forwarded).Code);
        Assert.True(_book.Referrals[0].OwesForward);
        Do(new NoteTold { Key = Key, Context = Context(Itself), Number = 1, Told = [new ToldReport { Line = 1 }] });
        Assert.False(_book.Referrals[0].OwesForward);

        // The rule gives it to nobody twice; who hands it on does.
        Assert.Equal(1, Refer(ordinals: [1]).Number);
        Assert.Single(_book.Referrals);
        Assert.Equal(2, ReferTo(NL, Interpol.Agency, 1).Number);
        Assert.Equal(ReferralState.Open, _book.Referrals[1].State);
        Assert.Equal(2, ReferTo(NL, Interpol.Agency, 1).Number);
        Assert.Equal(2, _book.Referrals.Count);
    }

    /// <summary>A round that began before something was handed on does not say that it arrived.</summary>
    [Fact]
    public void What_was_handed_on_while_others_were_told_is_owed_still()
    {
        Refer(ordinals: [1]);
        Answer(ReferralState.Received);
        Answer(ReferralState.Forwarded);
        Do(new NoteTold { Key = Key, Context = Context(Itself), Number = 1, Told = [new ToldReport { Line = 1 }] });
        Assert.True(_book.Referrals[0].OwesForward);
        Do(new NoteTold { Key = Key, Context = Context(Itself), Number = 1, Told = [new ToldReport { Line = 2 }] });
        Assert.False(_book.Referrals[0].OwesForward);
    }

    [Fact]
    public void INTERPOL_hands_on_to_any_police_and_police_to_that_of_the_items_countries()
    {
        Refer(ordinals: [1]);
        var ua = AgencyId.Parse("police-ua");
        _members.Bureaus[UA] = AgencyId.Parse("police-bureau-ua");
        Assert.Equal(ReferralRejection.ForwardDoesNotFit, Answer(ReferralState.Forwarded, c => c with { To = ua }).Code);

        // Also where the officer's agency works for both countries: the item is the Netherlands'.
        Assert.Equal(
            ReferralRejection.ForwardDoesNotFit, Answer(ReferralState.Forwarded, c => c with { To = ua }, Officer with { Countries = [NL, UA] }).Code);
        _book = _book with { Agency = Interpol.Agency };
        Assert.Equal(ReferralRejection.None, Answer(ReferralState.Forwarded, c => c with { To = ua }, Interpol with { Purpose = "case 1" }).Code);
    }

    [Fact]
    public void What_its_agency_works_on_no_more_goes_to_the_countrys_police_of_today()
    {
        Refer(ordinals: [1, 2]);
        var successor = AgencyId.Parse("police-bureau");
        HandOver Over(AgencyId to) => new() { Key = Key, Context = Context(Itself), Number = 1, To = to };
        _members.Bureaus[NL] = successor;

        // It works for the country still.
        Do(Over(successor));
        Assert.Empty(_book.Referrals[0].Lines);
        Assert.Equal(ReferralRejection.NotFound, Do(Over(successor) with { Context = Context(Officer) }).Code);
        _book = _book with { Agency = AgencyId.Parse("police-closed") };
        Do(Over(AgencyId.Parse("police-ua")));
        Assert.Empty(_book.Referrals[0].Lines);
        Do(Over(successor));
        Do(Over(successor));
        Assert.Equal((ReferralState.Forwarded, successor), (Assert.Single(_book.Referrals[0].Lines).State, _book.Referrals[0].Lines[0].To!.Value));
        Assert.True(_book.Referrals[0].OwesForward);
    }

    [Fact]
    public void One_that_police_works_on_takes_new_items_for_seven_days_one_that_waits_for_ever_one_that_ended_never()
    {
        Refer(ordinals: [1]);
        _now = Start.AddDays(30);
        Assert.Equal(1, Refer(ordinals: [2]).Number);
        Answer(ReferralState.Received);
        Assert.Equal(2, Refer(ordinals: [3]).Number);
        Answer(ReferralState.InUse, number: 2);
        _now = Start.AddDays(37).AddSeconds(-1);
        Assert.Equal(2, Refer(ordinals: [4]).Number);
        _now = Start.AddDays(37);
        Assert.Equal(3, Refer(ordinals: [5]).Number);
        Answer(ReferralState.Declined, number: 3);
        Assert.Equal(4, Refer(ordinals: [6]).Number);
        Assert.Single(_book.Referrals, r => r.State == ReferralState.Open);
    }

    [Theory]
    [InlineData(ReferralState.Open, "Received InUse Declined Known Forwarded")]
    [InlineData(ReferralState.Received, "InUse Closed Declined Known Forwarded")]
    [InlineData(ReferralState.InUse, "Closed Declined Known Forwarded")]
    [InlineData(ReferralState.Closed, "")]
    [InlineData(ReferralState.Declined, "")]
    [InlineData(ReferralState.Known, "")]
    [InlineData(ReferralState.Forwarded, "")]
    public void Which_answer_follows_which(ReferralState from, string expected)
    {
        Refer(ordinals: [1]);
        if (from is not ReferralState.Open)
        {
            Answer(ReferralState.Received);
            Assert.True(from == ReferralState.Received || Answer(from).Code == ReferralRejection.None);
        }

        Assert.Equal(from, _book.Referrals[0].State);
        var before = _book;
        var taken = new List<ReferralState>();
        foreach (var state in Enum.GetValues<ReferralState>())
        {
            _book = before;
            var reply = Answer(state);
            Assert.Contains(reply.Code, (ReferralRejection[])[ReferralRejection.None, ReferralRejection.ReferralIsOver]);
            if (reply.Code == ReferralRejection.None)
            {
                taken.Add(state);
            }
        }

        Assert.Equal(expected, string.Join(' ', taken));
    }

    [Fact]
    public void An_answer_says_what_belongs_to_it_and_nothing_else()
    {
        Refer(ordinals: [1]);
        Assert.Equal(ReferralRejection.AnswerDoesNotFit, Answer(ReferralState.Declined, c => c).Code);
        Assert.Equal(ReferralRejection.AnswerDoesNotFit, Answer(ReferralState.Received, c => c with { Outcome = ReferralOutcome.NoResult }).Code);
        Assert.Equal(ReferralRejection.ForwardDoesNotFit, Answer(ReferralState.Forwarded, c => c with { To = Nl.Agency }).Code);
        Assert.Equal(ReferralRejection.ForwardDoesNotFit, Answer(ReferralState.Forwarded, c => c with { To = Officer.Agency }).Code);

        // Police of another country: by way of INTERPOL.
        Assert.Equal(ReferralRejection.ForwardDoesNotFit, Answer(ReferralState.Forwarded, c => c with { To = PoliceUa.Agency }).Code);
        Assert.Equal(ReferralRejection.None, Answer(ReferralState.Forwarded).Code);
        Assert.True(_book.Referrals[0].OwesForward);
    }

    [Fact]
    public void A_repeated_answer_is_the_first_one_and_another_under_its_id_is_refused()
    {
        Refer(ordinals: [1]);
        Assert.False(Answer(ReferralState.Received, id: "a").Replayed);
        Assert.True(Answer(ReferralState.Received, id: "a").Replayed);
        Assert.Single(_book.Referrals[0].Lines);
    }

    [Fact]
    public void To_everybody_but_its_agency_there_is_none()
    {
        Refer(ordinals: [1]);
        var absent = ReferralRules.Decide(ReferralBook.None,
            new AnswerReferral { Key = Key, Context = Context(Officer), Number = 1, State = ReferralState.Received },
            new ReferralEnvironment(_now, _members)).Reply;
        foreach (var stranger in new[]
        {
            Nl, Interpol, PoliceUa, Officer with { Purpose = " " }, Officer with { Tenant = Tenant.Training }, Officer with { Roles = Roles.Auditor },
            Officer with { Agency = AgencyId.Parse("police-nl-2") },
        })
        {
            Assert.Equal(absent, Answer(ReferralState.Received, by: stranger));
            Assert.False(ReferralRules.Page(_book, new GetReferral { Key = Key, Number = 1, Caller = stranger }, new HmacOnlySeam()).Found);
            Assert.Equal(ReferralRejection.NotFound, Do(new ReferItems
            {
                Key = Key, Context = Context(stranger), Agency = Officer.Agency, Why = ReferralWhy.Host, About = "host",
                Items = [new ReferredItem { Item = new ItemRef(new ReportId(5), 9) }],
            }).Code);
        }

        Assert.True(ReferralRules.Page(_book, new GetReferral { Key = Key, Number = 1, Caller = Officer }, new HmacOnlySeam()).Found);
        Assert.False(ReferralRules.Page(_book, new GetReferral { Key = Key, Number = 2, Caller = Officer }, new HmacOnlySeam()).Found);
    }

    [Fact]
    public void Reports_are_owed_each_answer_until_they_have_taken_it()
    {
        Refer(ordinals: [1, 2]);
        Assert.True(_book.Owes);
        void Told(int line, params int[] ordinals) => Do(new NoteTold
        {
            Key = Key, Context = Context(Itself), Number = 1, Told = [new ToldReport { Report = new ReportId(5), Line = line, Ordinals = [.. ordinals] }],
        });
        Told(0, 1);
        Assert.True(_book.Owes);
        Told(0, 2);
        Assert.False(_book.Owes);
        Answer(ReferralState.Received);
        Assert.True(_book.Owes);
        Told(1, 1, 2);
        Assert.False(_book.Owes);
        Refer(ordinals: [3]);
        Assert.True(_book.Owes);
    }

    [Fact]
    public void What_is_judged_illegal_is_owed_to_the_police_of_its_countries_until_the_report_knows_that_it_has_it()
    {
        var s = HostedIn(NL);
        Country? Owed() => s[1].OwedTo(s.Report, s[1].Effective(), s[1].Hosting?.Country);
        Assert.Null(Owed());
        s.Urgent(Nl);
        Assert.Equal(NL, Owed());
        s.Urgent(Nl, urgent: false);
        s.Assess(Nl, Classification.National);
        Assert.Equal(NL, Owed());
        s.Do(Taken(s));
        Assert.Null(Owed());
        s.Urgent(Nl);
        Assert.Equal(NL, Owed());
        s.Do(Taken(s) with { Urgent = true });
        Assert.Null(Owed());

        var other = HostedIn(NL);
        other.Assess(Nl, Classification.NotIllegal);
        Assert.Null(other[1].OwedTo(other.Report, other[1].Effective(), NL));
    }

    private static TakeReferral Taken(ReportScenario s) => new()
    {
        ReportId = s.Id, Context = s.Context(Itself), Agency = Officer.Agency, Country = NL, Why = ReferralWhy.Host, About = "host",
        Referral = new ReferralRef(Key, 1), Ordinals = [1],
    };

    [Fact]
    public void A_report_takes_each_word_of_police_once_and_shows_it_to_its_parties_only()
    {
        var s = HostedIn(NL);
        s.Assess(Nl, Classification.National);
        PoliceWord Word(int line, ReferralState state) => new() { Line = line, State = state, At = Start };
        s.Do(Taken(s));
        s.Do(Taken(s) with { Words = [Word(1, ReferralState.Received)] });
        s.Do(Taken(s) with { Words = [Word(1, ReferralState.Received), Word(2, ReferralState.InUse)] });
        var count = s.Events.Count;
        s.Do(Taken(s) with { Words = [Word(1, ReferralState.Received)] });
        Assert.Equal(count, s.Events.Count);
        var referral = Assert.Single(s[1].Referrals);
        Assert.Equal([1, 2], referral.Words.Select(w => w.Line));
        Assert.Equal(ReferralState.InUse, referral.State);

        // Of another agency of the country there is nothing, and INTERPOL, which sees the item, has no part either.
        Assert.True(AccessTable.IsParty(Nl, ReportViews.RelationFacts(s.Report, s[1]), Officer.Agency));
        Assert.True(AccessTable.IsParty(Officer, ReportViews.RelationFacts(s.Report, s[1]), Officer.Agency));
        foreach (var other in new[] { Officer with { Agency = AgencyId.Parse("police-nl-2") }, Interpol, Be })
        {
            Assert.False(AccessTable.IsParty(other, ReportViews.RelationFacts(s.Report, s[1]), Officer.Agency));
            Assert.All(s.Events.OfType<ReferralNoted>(), e => Assert.False(((IReportEvent)e).IsShownTo(other, s.Report)));
        }
    }

    [Fact]
    public void By_hand_a_hotline_refers_to_any_police_and_police_to_itself()
    {
        var s = HostedIn(NL);
        CommandReply By(Caller caller, AgencyId to, ReferralWhy why = ReferralWhy.Report) => s.Do(new RequestReferral
        {
            ReportId = s.Id, Context = s.Context(caller), Items = At(1), Agency = to, Why = why,
        });
        Assert.Equal(RejectionCode.NotFound, By(PoliceUa, PoliceUa.Agency).Code);
        Assert.Equal(RejectionCode.NotPolice, By(Nl, Be.Agency).Code);
        Assert.Equal(RejectionCode.NotPolice, By(Officer, PoliceUa.Agency).Code);
        Assert.Equal(RejectionCode.None, By(Nl, PoliceUa.Agency).Code);
        Assert.Equal(RejectionCode.NothingToChange, By(Nl, PoliceUa.Agency).Code);

        // From then on it sees the item, though it is neither hosted there nor that country's job, and no more than that.
        var facts = ReportViews.RelationFacts(s.Report, s[1]);
        Assert.Equal(ItemRelations.Referred, AccessTable.RelationsOf(PoliceUa, facts));
        Assert.Equal(ItemRelations.None, AccessTable.RelationsOf(PoliceUa with { Purpose = null }, facts));
        Assert.Equal(ItemRelations.None, AccessTable.RelationsOf(PoliceUa with { Agency = AgencyId.Parse("police-ua-2") }, facts));
        Assert.Equal(PoliceUa.Agency, s[1].Asked()!.Agency);
        s.Do(Taken(s) with { Agency = PoliceUa.Agency, Country = null, Why = ReferralWhy.Report, About = s.Id.ToString() });
        Assert.Null(s[1].Asked());
        Assert.Single(s[1].Referrals);
    }

    [Fact]
    public void What_a_hotline_refers_leaves_police_its_own_share()
    {
        var s = HostedIn(NL);
        CommandReply By(Caller caller, string to) => s.Do(new RequestReferral
        {
            ReportId = s.Id, Context = s.Context(caller), Items = At(1), Agency = AgencyId.Parse(to), Why = ReferralWhy.Report,
        });
        for (var i = 0; i < ReportLimits.ReferralsOfAgency; i++)
        {
            Assert.Equal(RejectionCode.None, By(Nl, $"police-{i}").Code);
        }

        Assert.Equal(RejectionCode.TooManyItems, By(Nl, "police-more").Code);
        Assert.Equal(RejectionCode.None, By(Officer, Officer.Agency.Value).Code);
    }
}
