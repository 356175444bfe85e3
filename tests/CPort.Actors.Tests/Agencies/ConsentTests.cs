using System.Collections.Immutable;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;
using static CPort.Actors.Tests.Agencies.AgencyExamples;

namespace CPort.Actors.Tests.Agencies;

/// <summary>What widens what an agency sees, or how far it is believed, is a proposal until somebody else has agreed.</summary>
public sealed class ConsentTests
{
    private static readonly AgencyId OperatorAgency = AgencyId.Parse("operator");
    private static readonly AgencyId HotlineFr = AgencyId.Parse("hotline-fr");
    private static readonly Country BE = Country.Parse("BE");

    // Two hands that CPort itself made, and who came in with a live key: hotlines of NL, DE and FR. BE has never been served.
    private static readonly ApiKey First = ApiKey.Generate();
    private static readonly ApiKey Second = ApiKey.Generate();
    private static readonly AgencyRegistry Fresh = new[] { First, Second }.Aggregate(
        After(AgencyRegistry.Empty, Register("operator", AgencyKind.Operator) with { Context = By(Caller.System) }),
        (state, key) => After(state, Issue(OperatorAgency, Roles.Operator) with { Context = By(Caller.System) }, key));

    private static readonly AgencyRegistry InUse = new[] { HotlineNl, HotlineDe, HotlineFr }.Aggregate(
        After(Fresh, Wish(Register("hotline-nl", AgencyKind.Hotline, In(NL))), Wish(Register("hotline-de", AgencyKind.Hotline, In(DE))),
            Wish(Register("hotline-fr", AgencyKind.Hotline, In(FR)) with { Trust = TrustLevel.Untrusted })),
        (state, agency) => After(state, Issue(agency) with { Context = By(Hand(First)) }, ApiKey.Generate()));

    public static TheoryData<string, IAgencyCommand, string> Wishes => new()
    {
        // What, the command, and whom it concerns: countries, * for everybody, nothing when it is done at once.
        { "a country that another serves", Countries("hotline-nl", In(NL), In(DE)), "DE" },
        { "two of them", Countries("hotline-nl", In(NL), In(DE), In(FR)), "DE FR" },
        { "a country that nobody has served", Countries("hotline-nl", In(NL), In(BE)), "" },
        { "its own country again, for longer or shorter", Countries("hotline-nl", In(NL, "2019-01-01")), "" },
        { "no country", Countries("hotline-nl"), "" },
        { "a new hotline beside another", Register("new", AgencyKind.Hotline, In(NL)), "NL" },
        { "police beside a hotline", Register("new", AgencyKind.Police, In(NL)), "NL" },
        { "a supervisory authority", Register("new", AgencyKind.SupervisoryAuthority, In(NL), In(BE)), "NL" },
        { "a provider, which sees nothing", Register("new", AgencyKind.Provider, In(NL)), "" },
        { "a hotline where none is", Register("new", AgencyKind.Hotline, In(BE)), "" },
        { "another operator", Register("new", AgencyKind.Operator), "" },
        { "INTERPOL", Register("new", AgencyKind.Interpol), "*" },
        { "a trusted hotline where none is", Register("new", AgencyKind.Hotline, In(BE)) with { Trust = TrustLevel.Trusted }, "*" },
        { "an untrusted one", Register("new", AgencyKind.Hotline, In(BE)) with { Trust = TrustLevel.Untrusted }, "" },
        { "a mandated one", Register("new", AgencyKind.Hotline, In(BE)) with { HoldsOrphanMandate = true }, "*" },
        { "a mandated one beside another", Register("new", AgencyKind.Hotline, In(NL)) with { HoldsOrphanMandate = true }, "NL *" },
        { "more trust", Trust("hotline-nl", TrustLevel.Trusted), "*" },
        { "as much trust as others", Trust("hotline-fr", TrustLevel.Standard), "*" },
        { "less trust", Trust("hotline-nl", TrustLevel.Untrusted), "" },
        { "the mandate", new SetMandate { Context = By(), Agency = HotlineNl, HoldsOrphanMandate = true }, "*" },
    };

    [Theory]
    [MemberData(nameof(Wishes))]
    public void What_widens_sight_or_belief_waits_where_others_are_concerned(string what, IAgencyCommand command, string concerns)
    {
        var decided = Assert.IsType<AgencyDecision.Accepted>(Decide(InUse, Wish(command))).Event;
        var proposed = decided as ChangeProposed;
        Assert.True(concerns.Length == 0 == proposed is null, what);
        var whom = proposed is null ? "" : string.Join(' ', proposed.Countries.Select(c => c.Code).Concat(proposed.Everybody ? ["*"] : []));
        Assert.True(concerns == whom, $"{what}: {whom}");

        // Nothing has changed but that it waits.
        if (proposed is not null)
        {
            var after = AgencyRules.Apply(InUse, proposed);
            Assert.Equal(Picture(InUse with { Recent = after.Recent, Changes = after.Changes, Version = after.Version }), Picture(after));
        }

        // On a fresh installation there is nobody to ask, and CPort itself asks nobody.
        var alone = After(Fresh, Wish(Register("hotline-nl", AgencyKind.Hotline, In(NL))), Wish(Register("hotline-fr") with { Trust = TrustLevel.Untrusted }));
        Assert.IsNotType<ChangeProposed>(Assert.IsType<AgencyDecision.Accepted>(Decide(alone, Wish(command))).Event);
        Assert.IsNotType<ChangeProposed>(Assert.IsType<AgencyDecision.Accepted>(Decide(InUse, Wish(command, Caller.System))).Event);
    }

    [Fact]
    public void No_closing_no_taking_away_and_no_revoking_makes_a_country_one_that_nobody_is_asked_about()
    {
        var wish = Wish(Register("new", AgencyKind.Hotline, In(NL)));
        IAgencyCommand[] ways =
        [
            Wish(Countries("hotline-nl")), Wish(new DeactivateAgency { Context = By(), Agency = HotlineNl }),
            Wish(Countries("hotline-nl", In(NL, "2020-01-01", "2020-12-31"))),
            Wish(new RevokeKey { Context = By(), Agency = HotlineNl, KeyId = InUse.Keys.Values.Single(k => k.Agency == HotlineNl).KeyId }),
        ];
        Assert.All(ways, way => Assert.IsType<ChangeProposed>(Assert.IsType<AgencyDecision.Accepted>(Decide(After(InUse, way), wish)).Event));

        // Who gave a country up gets it back without a word only while nobody else has served it.
        Assert.IsType<MembershipsChanged>(Assert.IsType<AgencyDecision.Accepted>(
            Decide(After(InUse, ways[0]), Wish(Countries("hotline-nl", In(NL))))).Event);
    }

    [Fact]
    public void An_operator_agrees_only_by_a_key_that_did_not_come_from_the_same_hand()
    {
        var (own, ofOwn, sibling, ofSecond, rotated) = (ApiKey.Generate(), ApiKey.Generate(), ApiKey.Generate(), ApiKey.Generate(), ApiKey.Generate());
        IssueKey Further(ApiKey by) => Issue(OperatorAgency, Roles.Operator) with { Context = By(Hand(by)) };
        var state = After(After(After(After(InUse, Further(First), own), Further(own), ofOwn), Further(First), sibling), Further(Second), ofSecond);

        // Who changes another's key has the new one in hand.
        state = After(state, new RotateKey { Context = By(Hand(own)), Agency = OperatorAgency, KeyId = ofSecond.KeyId }, rotated);

        foreach (var (wants, agrees, counts) in new[]
        {
            (First, First, false), (First, own, false), (First, ofOwn, false), (own, First, false), (own, sibling, false), (ofOwn, sibling, false),
            (First, rotated, false), (Second, ofSecond, false), (First, Second, true), (ofOwn, Second, true), (Second, ofOwn, true), (sibling, ofSecond, true),
        })
        {
            var (wanted, number) = Waiting(state, Wish(Trust("hotline-nl", TrustLevel.Trusted), Hand(wants)));
            var decision = Decide(wanted, Approve(HotlineNl, number, Hand(agrees)));
            Assert.Equal(counts ? typeof(AgencyDecision.Accepted) : typeof(AgencyDecision.Rejected), decision.GetType());
            if (counts)
            {
                var done = AgencyRules.Apply(wanted, ((AgencyDecision.Accepted)decision).Event);
                Assert.Equal(TrustLevel.Trusted, done.Agencies[HotlineNl].Trust);
                Assert.IsType<AgencyDecision.Unchanged>(Decide(done, Approve(HotlineNl, number, Hand(agrees))));
            }
            else
            {
                Assert.Equal(AgencyRejection.SecondPersonNeeded, ReasonOf(decision));
            }

            // The same of keys of agencies.
            var further = ApiKey.Generate();
            var issued = After(state, Issue(HotlineNl) with { Context = By(Hand(wants)) }, further);
            var approval = new ApproveKey { Context = By(Hand(agrees)), Agency = HotlineNl, KeyId = further.KeyId };
            Assert.Equal(decision.GetType(), Decide(issued, approval).GetType());
        }
    }

    /// <summary>Who had all of an agency's keys made holds them all: by a plain one it does not make itself the agency's administrator or auditor.</summary>
    [Theory]
    [InlineData(Roles.Administrator)]
    [InlineData(Roles.Manager | Roles.Analyst)]
    [InlineData(Roles.Auditor)]
    public void A_key_agrees_to_none_with_more_rights_unless_it_came_from_another_hand(Roles raised)
    {
        var (plain, ofSecond, leads, wanted) = (ApiKey.Generate(), ApiKey.Generate(), ApiKey.Generate(), ApiKey.Generate());
        var state = After(InUse, Issue(HotlineNl) with { Context = By(Hand(First)) }, plain);
        state = After(state, Issue(HotlineNl) with { Context = By(Hand(Second)) }, ofSecond);
        state = After(After(state, Issue(HotlineNl, raised) with { Context = By(Hand(First)) }, leads), Issue(HotlineNl, raised) with
            { Context = By(Hand(First)) }, wanted);
        Caller Key(ApiKey key, Roles roles) => Person(HotlineNl) with { KeyId = key.KeyId, Roles = roles };
        AgencyDecision By_(Caller by) => Decide(state, new ApproveKey { Context = By(by), Agency = HotlineNl, KeyId = wanted.KeyId });
        var (anna, somebody) = (PersonId.New(), PersonId.New());
        Caller SignedIn(PersonId who, Roles roles) => Person(HotlineNl) with { KeyId = who.Value, Person = who, Roles = roles };

        Assert.Equal(AgencyRejection.SecondPersonNeeded, ReasonOf(By_(Key(plain, Roles.Analyst | Roles.Machine))));
        Assert.Equal(AgencyRejection.SecondPersonNeeded, ReasonOf(By_(SignedIn(anna, Roles.Analyst))));
        Assert.Equal(AgencyRejection.SecondPersonNeeded, ReasonOf(By_(Key(plain, Roles.Analyst) with { KeyId = "not-a-key" })));
        Assert.Equal(AgencyRejection.SecondPersonNeeded, ReasonOf(By_(Hand(First))));
        Assert.IsType<AgencyDecision.Accepted>(By_(Key(ofSecond, Roles.Analyst)));
        Assert.IsType<AgencyDecision.Accepted>(By_(SignedIn(anna, Roles.Administrator)));
        Assert.IsType<AgencyDecision.Accepted>(By_(Hand(Second)));

        // Who has the rights already raises nobody; a plain further key is agreed to by a plain one.
        Assert.IsType<AgencyDecision.Accepted>(By_(Key(leads, raised)));
        state = After(state, Issue(HotlineNl) with { Context = By(Hand(First)) }, wanted = ApiKey.Generate());
        Assert.IsType<AgencyDecision.Accepted>(By_(Key(plain, Roles.Machine)));

        // Nobody agrees to a key of their own.
        state = After(state, Issue(HotlineNl) with { Context = By(Hand(First)), Owner = anna }, wanted = ApiKey.Generate());
        Assert.Equal(AgencyRejection.SecondPersonNeeded, ReasonOf(By_(SignedIn(anna, Roles.Analyst | Roles.Administrator))));
        Assert.IsType<AgencyDecision.Accepted>(By_(SignedIn(somebody, Roles.Analyst)));
    }

    [Fact]
    public void Each_country_agrees_for_itself_and_the_change_is_made_with_the_last()
    {
        var (state, number) = Waiting(InUse, Wish(Countries("hotline-nl", In(NL), In(DE), In(FR))));
        Assert.Equal(AgencyRejection.SecondPersonNeeded, ReasonOf(Decide(state, Approve(HotlineNl, number, Person(HotlineNl)))));
        state = After(state, Approve(HotlineNl, number, Person(HotlineDe)));
        Assert.Equal([NL], [.. state.Agencies[HotlineNl].CountriesOn(Today)]);
        Assert.IsType<AgencyDecision.Unchanged>(Decide(state, Approve(HotlineNl, number, Person(HotlineDe))));
        state = After(state, Approve(HotlineNl, number, Person(HotlineFr)));
        Assert.Equal([DE, FR, NL], [.. state.Agencies[HotlineNl].CountriesOn(Today)]);
        Assert.Equal(2, state.Changes[number].AgreedBy.Length);
    }

    [Fact]
    public void Who_is_not_concerned_is_told_that_there_is_no_such_change_and_a_training_key_agrees_to_nothing()
    {
        var (state, number) = Waiting(InUse, Wish(Register("new", AgencyKind.Hotline, In(NL)) with { HoldsOrphanMandate = true }));
        var (country, of) = Waiting(InUse, Wish(Register("new", AgencyKind.Hotline, In(NL))));
        Assert.Equal(AgencyRejection.UnknownChange, ReasonOf(Decide(country, Approve(AgencyId.Parse("new"), of, Person(HotlineDe)))));
        Assert.Equal(AgencyRejection.UnknownChange, ReasonOf(Decide(country, Approve(HotlineDe, of, Person(HotlineNl)))));
        Assert.Equal(AgencyRejection.UnknownChange, ReasonOf(Decide(country, Refuse(AgencyId.Parse("new"), of, Person(HotlineDe)))));
        var exercise = Approve(AgencyId.Parse("new"), of, Person(HotlineNl) with { Tenant = Tenant.Training });
        Assert.Equal(AgencyRejection.NotAuthorised, ReasonOf(Decide(country, exercise)));

        // What concerns everybody is shown to all and agreed to by none of them alone; the country's consent is not enough for it.
        Assert.Equal(AgencyRejection.SecondPersonNeeded, ReasonOf(Decide(state, Approve(AgencyId.Parse("new"), number, Person(HotlineDe)))));
        state = After(state, Approve(AgencyId.Parse("new"), number, Person(HotlineNl)));
        Assert.DoesNotContain(AgencyId.Parse("new"), state.Agencies.Keys);
        state = After(state, Approve(AgencyId.Parse("new"), number, Hand(Second)));
        Assert.True(state.Agencies[AgencyId.Parse("new")].HoldsOrphanMandate);
    }

    [Fact]
    public void A_change_is_weighed_again_when_it_is_agreed_to_and_lapses()
    {
        // What the registry says meanwhile counts: the id is taken, or more is widened than was asked for.
        var (state, number) = Waiting(InUse, Wish(Register("new", AgencyKind.Hotline, In(NL))));
        var taken = After(state, Wish(Register("new", AgencyKind.Provider)));
        Assert.Equal(AgencyRejection.AgencyExists, ReasonOf(Decide(taken, Approve(AgencyId.Parse("new"), number, Person(HotlineNl)))));

        var (both, change) = Waiting(InUse, Wish(Countries("hotline-nl", In(NL), In(DE))));
        var police = AgencyId.Parse("police-nl");
        var served = After(After(both, Wish(Register("police-nl", AgencyKind.Police, In(NL)), Caller.System)), Issue(police, Roles.Officer), ApiKey.Generate());
        var narrowed = After(served, Wish(Countries("hotline-nl")));
        var half = After(narrowed, Approve(HotlineNl, change, Person(HotlineDe)));
        Assert.Empty(half.Agencies[HotlineNl].CountriesOn(Today));

        var late = Noon + ProposedChange.Waits;
        Assert.Equal(AgencyRejection.ChangeDecided, ReasonOf(Decide(both, Approve(HotlineNl, change, Person(HotlineDe)), late)));
        Assert.IsType<AgencyDecision.Accepted>(Decide(both, Approve(HotlineNl, change, Person(HotlineDe)), late.AddTicks(-1)));
    }

    [Fact]
    public void A_wish_is_refused_by_who_may_agree_by_whom_it_is_about_and_by_operators_and_is_then_over()
    {
        var (state, number) = Waiting(InUse, Wish(Countries("hotline-nl", In(NL), In(DE))));
        foreach (var by in new[] { Person(HotlineNl), Person(HotlineDe), Hand(First), Hand(Second) })
        {
            var refused = After(state, Refuse(HotlineNl, number, by));
            Assert.Equal(by.KeyId, refused.Changes[number].RefusedBy);
            Assert.Equal(AgencyRejection.ChangeDecided, ReasonOf(Decide(refused, Approve(HotlineNl, number, Person(HotlineDe)))));
            Assert.IsType<AgencyDecision.Unchanged>(Decide(refused, Refuse(HotlineNl, number, by)));
        }

        var (all, trust) = Waiting(InUse, Wish(Trust("hotline-nl", TrustLevel.Trusted)));
        Assert.Equal(AgencyRejection.SecondPersonNeeded, ReasonOf(Decide(all, Refuse(HotlineNl, trust, Person(HotlineDe)))));
    }

    [Fact]
    public void A_repeated_wish_is_the_same_one_and_their_number_is_limited()
    {
        var wish = Wish(Trust("hotline-nl", TrustLevel.Trusted));
        var (state, number) = Waiting(InUse, wish);
        Assert.Equal(number, Assert.IsType<AgencyDecision.Replayed>(Decide(state, wish)).Earlier.Change);
        var full = Enumerable.Range(0, AgencyRules.MaxOpenChanges).Aggregate(InUse, (s, _) => After(s, Wish(Trust("hotline-nl", TrustLevel.Trusted))));
        Assert.Equal(AgencyRejection.TooManyChanges, ReasonOf(Decide(full, Wish(Trust("hotline-de", TrustLevel.Trusted)))));
        Assert.IsType<AgencyDecision.Accepted>(Decide(full, Wish(Trust("hotline-de", TrustLevel.Trusted)), Noon + ProposedChange.Waits));
    }

    [Fact]
    public void An_agency_is_shown_what_concerns_it_and_who_sees_items_beside_it()
    {
        var (state, _) = Waiting(InUse, Wish(Countries("hotline-de", In(NL), In(DE))));
        (state, var all) = Waiting(state, Wish(Trust("hotline-fr", TrustLevel.Trusted)));
        var (directory, nl) = (AgencyDirectory.Of(state), state.Agencies[HotlineNl]);
        Assert.Equal([HotlineFr, HotlineDe], directory.ChangesFor(nl, Today).Select(c => c.Agency));
        Assert.Equal([HotlineFr], directory.ChangesFor(state.Agencies[HotlineFr], Today).Select(c => c.Agency));
        Assert.Empty(directory.BesideIn(nl, Today));
        var after = AgencyDirectory.Of(After(state, Approve(HotlineFr, all, Hand(Second)),
            Wish(Countries("hotline-fr", In(NL), In(FR)), Caller.System)));
        Assert.Equal([HotlineFr], after.BesideIn(nl, Today).Select(a => a.Id));
    }

    private static DateOnly Today => AgencyDirectory.DayOf(Noon);

    private static Caller Hand(ApiKey key) => Operator with { KeyId = key.KeyId };

    private static Caller Person(AgencyId agency) => new() { Agency = agency, Kind = AgencyKind.Hotline, Roles = Roles.Analyst, KeyId = $"of-{agency}" };

    private static ChangeMemberships Countries(string agency, params Membership[] memberships) =>
        new() { Context = By(), Agency = AgencyId.Parse(agency), Memberships = [.. memberships] };

    private static SetTrust Trust(string agency, TrustLevel trust) => new() { Context = By(), Agency = AgencyId.Parse(agency), Trust = trust };

    private static ApproveChange Approve(AgencyId agency, long number, Caller by) => new() { Context = By(by), Agency = agency, Number = number };

    private static RefuseChange Refuse(AgencyId agency, long number, Caller by) => new() { Context = By(by), Agency = agency, Number = number };

    /// <summary>The command by the first hand, or whoever is named.</summary>
    private static IAgencyCommand Wish(IAgencyCommand command, Caller? by = null)
    {
        var context = By(by ?? Hand(First));
        return command switch
        {
            RegisterAgency c => c with { Context = context },
            ChangeMemberships c => c with { Context = context },
            SetTrust c => c with { Context = context },
            SetMandate c => c with { Context = context },
            DeactivateAgency c => c with { Context = context },
            RevokeKey c => c with { Context = context },
            _ => throw new ArgumentOutOfRangeException(nameof(command)),
        };
    }

    /// <summary>The state in which the wish waits, and its number.</summary>
    private static (AgencyRegistry State, long Number) Waiting(AgencyRegistry state, IAgencyCommand wish) =>
        (After(state, wish), Assert.IsType<ChangeProposed>(Assert.IsType<AgencyDecision.Accepted>(Decide(state, wish)).Event).Number);
}
