using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Identity;
using CPort.Domain.People;
using CPort.Domain.People.Verbs;
using CsCheck;
using static CPort.Actors.Tests.Agencies.AgencyExamples;
using static CPort.Actors.Tests.People.PeopleExamples;

namespace CPort.Actors.Tests.People;

public sealed class PeopleRulesTests
{
    private static readonly AgencyId Operators = AgencyId.Parse("operator");
    private static readonly AgencyId Interpol = AgencyId.Parse("interpol");

    public static TheoryData<string, Roles, bool> RolesOfKinds => new()
    {
        { "hotline-nl", Roles.Analyst, true },
        { "hotline-nl", Roles.Analyst | Roles.Manager, true },
        { "hotline-nl", Roles.Manager, false },
        { "hotline-nl", Roles.Officer, false },
        { "hotline-nl", Roles.Operator, false },
        { "hotline-nl", Roles.Machine, false },
        { "hotline-nl", Roles.None, false },
        { "hotline-nl", Roles.Administrator, true },
        { "hotline-nl", Roles.Trainer, true },
        { "police-nl", Roles.Officer | Roles.Manager | Roles.Administrator, true },
        { "police-nl", Roles.Analyst, false },
        { "interpol", Roles.Officer | Roles.Manager, true },
        { "interpol", Roles.Auditor, true },
        { "operator", Roles.Operator, true },
        { "operator", Roles.Analyst, false },
        { "supervisor-nl", Roles.Auditor, true },
        { "supervisor-nl", Roles.Officer, false },
        { "provider-nl", Roles.Administrator, true },
        { "provider-nl", Roles.Auditor, false },
    };

    [Theory]
    [MemberData(nameof(RolesOfKinds))]
    public void Roles_are_those_that_the_agencys_kind_has(string agency, Roles roles, bool allowed)
    {
        var decision = Decide(PeopleRegistry.Empty, Invite(AgencyId.Parse(agency), roles));
        Assert.Equal(allowed, decision is PersonDecision.Accepted);
        if (!allowed)
        {
            Assert.Equal(PersonRejection.InvalidRoles, ReasonOf(decision));
        }
    }

    public static TheoryData<string, Roles, string, PersonRejection?> Inviters => new()
    {
        { "hotline-nl", Roles.Administrator, "hotline-nl", null },
        { "hotline-nl", Roles.Analyst | Roles.Manager, "hotline-nl", PersonRejection.NotAuthorised },
        { "hotline-nl", Roles.Analyst, "hotline-nl", PersonRejection.NotAuthorised },
        { "hotline-de", Roles.Administrator, "hotline-nl", PersonRejection.NotAuthorised },
        { "bureau-nl", Roles.Officer | Roles.Manager, "police-nl", PersonRejection.NotAuthorised },
        { "operator", Roles.Operator, "hotline-nl", PersonRejection.AgencyInvites },
        { "operator", Roles.Auditor, "hotline-nl", PersonRejection.NotAuthorised },
    };

    [Theory]
    [MemberData(nameof(Inviters))]
    public void An_agency_invites_its_people_itself(string agency, Roles roles, string of, PersonRejection? refused)
    {
        var decision = Decide(PeopleRegistry.Empty, Invite(AgencyId.Parse(of), AgencyId.Parse(of) == PoliceNl ? Roles.Officer : Roles.Analyst,
            by: Key(AgencyId.Parse(agency), roles)));
        Assert.Equal(refused, decision is PersonDecision.Rejected r ? r.Reason : null);
    }

    [Fact]
    public void An_operator_invites_the_first_administrator_and_nobody_after_that()
    {
        var asOperator = Key(Operators, Roles.Operator);
        var first = Invite(HotlineNl, Roles.Administrator, by: asOperator);
        var candidate = Candidate(first);
        var state = Do(PeopleRegistry.Empty, first, candidate: candidate);

        // Who has not come is nobody yet: the link may have been lost.
        Assert.IsType<PersonDecision.Accepted>(Decide(state, Invite(HotlineNl, Roles.Administrator, "bob", asOperator)));
        state = Do(state, new AcceptInvitation { Context = By(Itself), LinkHash = candidate.LinkHash });
        Assert.Equal(PersonRejection.AgencyInvites, ReasonOf(Decide(state, Invite(HotlineNl, Roles.Administrator, "bob", asOperator))));

        // Nor where the agency came in by a key.
        var cameIn = AgencyDirectory.Of(After(AgencyRegistry.Empty, Register("hotline-nl", AgencyKind.Hotline, In(NL))));
        cameIn = cameIn.With(new CPort.Domain.Agencies.Verbs.AgencyArrived { Meta = By().ToMeta(), Agency = HotlineNl });
        Assert.Equal(PersonRejection.AgencyInvites,
            ReasonOf(Decide(PeopleRegistry.Empty, Invite(HotlineNl, Roles.Administrator, by: asOperator), agencies: cameIn)));
    }

    [Fact]
    public void A_link_works_once_and_for_half_an_hour()
    {
        var invite = Invite(HotlineNl, Roles.Analyst);
        var candidate = Candidate(invite);
        var state = Do(PeopleRegistry.Empty, invite, candidate: candidate);
        AcceptInvitation Accept() => new() { Context = By(Itself), LinkHash = candidate.LinkHash };

        Assert.Equal(PersonRejection.LinkInvalid, ReasonOf(Decide(state, Accept(), Noon + PeopleRules.LinkLife)));
        Assert.NotNull(PeopleDirectory.Of(state).FindByLink(candidate.LinkHash, Noon + PeopleRules.LinkLife - TimeSpan.FromTicks(1)));
        Assert.Null(PeopleDirectory.Of(state).FindByLink(candidate.LinkHash, Noon + PeopleRules.LinkLife));

        var after = Do(state, Accept(), Noon + PeopleRules.LinkLife - TimeSpan.FromTicks(1));
        Assert.Equal(PersonState.Active, after.People[candidate.Person].State);
        Assert.Equal(PersonRejection.LinkInvalid, ReasonOf(Decide(after, Accept())));
        Assert.Equal(PersonRejection.LinkInvalid, ReasonOf(Decide(after, new AcceptInvitation { Context = By(Itself),
            LinkHash = EnrolmentLink.Generate().Hash })));

        // Nobody but CPort itself takes a link up.
        Assert.Equal(PersonRejection.NotAuthorised,
            ReasonOf(Decide(state, Accept() with { Context = By(Key(HotlineNl, Roles.Administrator)) })));
    }

    [Fact]
    public void A_sign_in_name_is_one_persons_in_the_agency_until_they_are_stopped()
    {
        var (state, anna) = WhoCame(PeopleRegistry.Empty, HotlineNl, Roles.Analyst);
        Assert.Equal(PersonRejection.NameTaken, ReasonOf(Decide(state, Invite(HotlineNl, Roles.Analyst))));
        Assert.IsType<PersonDecision.Accepted>(Decide(state, Invite(HotlineDe, Roles.Analyst)));
        state = Do(state, new StopPerson { Context = By(Key(HotlineNl, Roles.Administrator)), Person = anna });
        Assert.IsType<PersonDecision.Accepted>(Decide(state, Invite(HotlineNl, Roles.Analyst)));
    }

    [Fact]
    public void The_last_administrator_is_stopped_by_an_operator_or_the_bureau_only()
    {
        var (state, admin) = WhoCame(PeopleRegistry.Empty, PoliceNl, Roles.Administrator);
        StopPerson Stop(Caller by) => new() { Context = By(by), Person = admin };
        Assert.Equal(PersonRejection.LastAdministrator, ReasonOf(Decide(state, Stop(Session(Confirmed(state, admin), admin)))));
        Assert.Equal(PersonRejection.LastAdministrator, ReasonOf(Decide(state, Stop(Key(PoliceNl, Roles.Administrator)))));
        Assert.IsType<PersonDecision.Accepted>(Decide(state, Stop(Key(Operators, Roles.Operator))));
        Assert.IsType<PersonDecision.Accepted>(Decide(state, Stop(Key(BureauNl, Roles.Officer | Roles.Manager))));
        Assert.Equal(PersonRejection.UnknownPerson, ReasonOf(Decide(state, Stop(Key(PoliceDe, Roles.Administrator)))));

        // Nor are the rights taken from the last one; with another one there both can be done.
        var demote = new ChangePersonRoles { Context = By(Key(PoliceNl, Roles.Administrator)), Person = admin, Roles = Roles.Officer };
        Assert.Equal(PersonRejection.LastAdministrator, ReasonOf(Decide(state, demote)));
        var (two, _) = WhoCame(state, PoliceNl, Roles.Administrator, "bob");
        Assert.IsType<PersonDecision.Accepted>(Decide(two, demote with { Context = By(Key(PoliceNl, Roles.Administrator)) }));
        Assert.IsType<PersonDecision.Accepted>(Decide(two, Stop(Key(PoliceNl, Roles.Administrator))));
    }

    [Fact]
    public void Police_of_a_country_with_a_bureau_see_nothing_before_it_has_confirmed_them()
    {
        var (state, officer) = WhoCame(PeopleRegistry.Empty, PoliceNl, Roles.Officer);
        Assert.Equal((Roles.None, Standing.AwaitsBureau), PeopleAccess.RolesOf(state.People[officer], Registered, Noon));
        ConfirmPerson Confirm(Caller by, Roles roles = Roles.Officer) => new() { Context = By(by), Person = officer, Roles = roles };
        Assert.Equal(PersonRejection.NotAuthorised, ReasonOf(Decide(state, Confirm(Key(PoliceNl, Roles.Administrator)))));
        Assert.Equal(PersonRejection.UnknownPerson, ReasonOf(Decide(state, Confirm(Key(PoliceDe, Roles.Officer | Roles.Manager)))));
        Assert.Equal(PersonRejection.InvalidRoles, ReasonOf(Decide(state, Confirm(Key(BureauNl, Roles.Officer | Roles.Manager),
            Roles.Officer | Roles.Manager))));
        state = Do(state, Confirm(Key(BureauNl, Roles.Officer | Roles.Manager)));
        Assert.Equal((Roles.Officer, Standing.Good), PeopleAccess.RolesOf(state.People[officer], Registered, Noon));

        // More roles, and a link that somebody else could have taken up, are confirmed anew; fewer are not.
        var admin = Key(PoliceNl, Roles.Administrator);
        var more = Do(state, new ChangePersonRoles { Context = By(admin), Person = officer, Roles = Roles.Officer | Roles.Manager });
        Assert.Equal(Standing.AwaitsBureau, PeopleAccess.RolesOf(more.People[officer], Registered, Noon).Standing);
        Assert.Equal(Standing.AwaitsBureau,
            PeopleAccess.RolesOf(Do(state, new ResetPerson { Context = By(admin), Person = officer }).People[officer], Registered, Noon).Standing);

        // Where there is no bureau, and of the bureau itself, nobody waits; nor do hotlines.
        foreach (var (agency, roles) in new[] { (PoliceDe, Roles.Officer), (BureauNl, Roles.Officer), (HotlineNl, Roles.Analyst) })
        {
            var (other, person) = WhoCame(PeopleRegistry.Empty, agency, roles);
            Assert.Equal((roles, Standing.Good), PeopleAccess.RolesOf(other.People[person], Registered, Noon));
        }
    }

    [Fact]
    public void Roles_lapse_on_the_day_after_the_last_and_work_again_once_somebody_else_has_said_so()
    {
        var (state, anna) = WhoCame(PeopleRegistry.Empty, HotlineNl, Roles.Analyst);
        var last = Noon.AddDays(PeopleRules.CertifiedDays);
        Assert.Equal(Standing.Good, PeopleAccess.RolesOf(state.People[anna], Registered, last).Standing);
        Assert.Equal((Roles.None, Standing.Lapsed), PeopleAccess.RolesOf(state.People[anna], Registered, last.AddDays(1)));
        var again = new RecertifyPerson { Context = By(Key(HotlineNl, Roles.Analyst | Roles.Manager)), Person = anna };
        Assert.IsType<PersonDecision.Unchanged>(Decide(state, again));
        Assert.Equal(PersonRejection.NotAuthorised, ReasonOf(Decide(state, again with { Context = By(Session(state, anna)) })));
        var certified = Do(state, again, last.AddDays(1));
        Assert.Equal(Standing.Good, PeopleAccess.RolesOf(certified.People[anna], Registered, last.AddDays(1)).Standing);
    }

    [Fact]
    public void Police_and_INTERPOL_look_at_nothing_without_a_purpose_of_this_shift()
    {
        foreach (var agency in new[] { PoliceDe, Interpol })
        {
            var (state, person) = WhoCame(PeopleRegistry.Empty, agency, Roles.Officer | Roles.Administrator);
            SessionCaller At(string? purpose, DateTimeOffset? said, DateTimeOffset now) => PeopleAccess.CallerOf(
                state.People[person], new SessionRights(Tenant.Live, (Roles)~0, purpose, said), Registered, now);
            var without = At(null, null, Noon);
            Assert.Equal((Roles.Administrator, Standing.PurposeNeeded, null), (without.Caller!.Roles, without.Standing, without.Caller.Purpose));
            var with = At("NL-2026-0144", Noon, Noon);
            Assert.Equal((Roles.Officer | Roles.Administrator, Standing.Good, "NL-2026-0144"), (with.Caller!.Roles, with.Standing, with.Caller.Purpose));
            Assert.Equal(Standing.Good, At("x", Noon, Noon + PeopleAccess.PurposeLife - TimeSpan.FromTicks(1)).Standing);
            Assert.Equal(Standing.PurposeNeeded, At("x", Noon, Noon + PeopleAccess.PurposeLife).Standing);
        }

        var (hotline, anna) = WhoCame(PeopleRegistry.Empty, HotlineNl, Roles.Analyst);
        Assert.Equal(Standing.Good, PeopleAccess.CallerOf(hotline.People[anna], new SessionRights(Tenant.Live, Roles.Analyst), Registered, Noon).Standing);
    }

    [Fact]
    public void A_session_speaks_for_the_person_with_chosen_roles_of_theirs_and_is_over_with_them()
    {
        var (state, anna) = WhoCame(PeopleRegistry.Empty, HotlineNl, Roles.Analyst | Roles.Manager);
        var caller = PeopleAccess.CallerOf(state.People[anna], new SessionRights(Tenant.Training, Roles.Analyst | Roles.Administrator),
            Registered, Noon).Caller!;
        Assert.Equal((anna, anna.Value, Roles.Analyst, HotlineNl, Registered.Training), (caller.Person!.Value, caller.KeyId, caller.Roles, caller.Agency,
            caller.Tenant));
        var stopped = Do(state, new StopPerson { Context = By(Key(HotlineNl, Roles.Administrator)), Person = anna });
        Assert.Equal(new SessionCaller(null, Standing.Over), PeopleAccess.CallerOf(stopped.People[anna], new SessionRights(Tenant.Live, Roles.Analyst),
            Registered, Noon));
        Assert.True(stopped.People[anna].Generation > state.People[anna].Generation);
    }

    [Fact]
    public void Administrators_see_no_report() => Assert.All(Enum.GetValues<AgencyKind>().Where(k => k != AgencyKind.System), kind =>
    {
        var caller = Key(HotlineNl, Roles.Administrator | Roles.Trainer) with { Kind = kind };
        Assert.Empty(AccessTable.RelationsOf(caller));
        Assert.False(AccessTable.May(caller, Deed.ListItems));
        Assert.False(AccessTable.May(caller, Deed.LookUpHashes));
    });

    /// <summary>Whoever asks for whatever about oneself: no role is gained by it, and nothing but one's settings and one's end can be had.</summary>
    [Fact]
    public void Nobody_raises_rights_of_their_own() => Gen.Select(
        Gen.OneOfConst("hotline-nl", "police-nl", "bureau-nl", "police-de", "interpol", "operator", "supervisor-nl"), Gen.Int[1, 255], Gen.Int[0, 9],
            Gen.Int[1, 255])
        .Sample((agency, own, which, wanted) =>
        {
            var id = AgencyId.Parse(agency);
            var roles = (Roles)own & PeopleRules.RolesAllowed(Registered.Find(id)!.Kind);
            if (PeopleRules.Fault(Registered.Find(id)!.Kind, roles) is not null)
            {
                return;
            }

            var (state, me) = WhoCame(PeopleRegistry.Empty, id, roles);
            var context = By(Session(Confirmed(state, me), me));
            IPersonCommand command = which switch
            {
                0 => new ChangePersonRoles { Context = context, Person = me, Roles = (Roles)wanted },
                1 => new ConfirmPerson { Context = context, Person = me, Roles = roles },
                2 => new RecertifyPerson { Context = context, Person = me },
                3 => new ResetPerson { Context = context, Person = me },
                4 => new UnlockPerson { Context = context, Person = me },
                5 => new LinkProvider { Context = context, Person = me, Mark = "0123" },
                6 => new LockPerson { Context = context, Person = me },
                7 => new StopPerson { Context = context, Person = me },
                8 => new ChangeSettings { Context = context, Person = me, Settings = new PersonSettings { NameVisible = true } },
                _ => new ChangePersonRoles { Context = context, Person = me, Roles = roles | Roles.Administrator },
            };
            var decision = Decide(state, command, Noon.AddDays(1));
            if (which is not (7 or 8))
            {
                Assert.IsType<PersonDecision.Rejected>(decision);
            }

            Assert.True(decision is not PersonDecision.Accepted accepted || (PeopleRules.Apply(state, accepted.Event).People[me].Roles & ~roles) == 0);
        });

    /// <summary>For any two agencies: what is done about people of another is done by the row that says so, and nothing is known of them else.</summary>
    [Fact]
    public void Of_other_agencies_people_roles_and_unit_are_seen_and_nothing_is_done() => Gen.Select(
        Gen.OneOfConst("hotline-nl", "police-nl", "police-de", "interpol", "supervisor-nl", "provider-nl"), Gen.Int[1, 255],
        Gen.OneOfConst("hotline-de", "bureau-nl", "operator")).Sample((asker, roles, of) =>
        {
            var person = AgencyId.Parse(of) switch
            {
                var o when o == Operators => WhoCame(PeopleRegistry.Empty, o, Roles.Operator),
                var o when o == BureauNl => WhoCame(PeopleRegistry.Empty, o, Roles.Officer),
                var o => WhoCame(PeopleRegistry.Empty, o, Roles.Analyst),
            };
            var caller = Key(AgencyId.Parse(asker), (Roles)roles);
            var facts = PeopleRules.Facts(person.State.People[person.Person], Registered, Noon)!;
            Assert.Equal(PersonSight.RoleAndUnit, AccessTable.SightOf(caller, facts));
            Assert.All(Enum.GetValues<PersonWrite>(), write => Assert.False(AccessTable.MayOnPerson(caller, facts, write)));
        });

    [Fact]
    public void Whoever_exercises_changes_nobody()
    {
        var (state, anna) = WhoCame(PeopleRegistry.Empty, HotlineNl, Roles.Analyst);
        var training = Key(HotlineNl, Roles.Administrator, Registered.Training);
        Assert.Equal(PersonRejection.NotAuthorised, ReasonOf(Decide(state, new StopPerson { Context = By(training), Person = anna })));
        Assert.Equal(PersonRejection.NotAuthorised, ReasonOf(Decide(state, Invite(HotlineNl, Roles.Analyst, "bob", training))));
    }

    [Fact]
    public void A_command_that_comes_again_is_answered_as_before_and_another_under_its_id_is_refused()
    {
        var invite = Invite(HotlineNl, Roles.Analyst, by: Key(HotlineNl, Roles.Administrator));
        var candidate = Candidate(invite);
        var state = Do(PeopleRegistry.Empty, invite, candidate: candidate);
        Assert.Equal(candidate.Person, Assert.IsType<PersonDecision.Replayed>(Decide(state, invite)).Earlier.Person);
        var id = invite.Context.CommandId.Value;
        Assert.Equal(PersonRejection.CommandIdInUse,
            ReasonOf(Decide(state, new StopPerson { Context = By(Key(HotlineNl, Roles.Administrator), id), Person = candidate.Person })));
        Assert.Equal(PersonRejection.CommandIdInUse,
            ReasonOf(Decide(state, invite with { Context = By(Key(HotlineDe, Roles.Administrator), id), Agency = HotlineDe })));
    }

    [Fact]
    public void A_provider_names_one_person()
    {
        var (state, anna) = WhoCame(PeopleRegistry.Empty, HotlineNl, Roles.Analyst);
        (state, var bob) = WhoCame(state, HotlineNl, Roles.Analyst, "bob");
        var mark = PersonMarks.OfProvider(Seam, "https://idp.example", "u-1");
        LinkProvider Link(PersonId person, string? to) => new() { Context = By(Key(HotlineNl, Roles.Administrator)), Person = person, Mark = to };
        state = Do(state, Link(anna, mark));
        Assert.Equal(anna, PeopleDirectory.Of(state).FindByProvider(mark)!.Id);
        Assert.Equal(PersonRejection.ProviderTaken, ReasonOf(Decide(state, Link(bob, mark))));
        state = Do(Do(state, Link(anna, null)), Link(bob, mark));
        Assert.Equal(bob, PeopleDirectory.Of(state).FindByProvider(mark)!.Id);
        Assert.NotEqual(mark, PersonMarks.OfProvider(Seam, "https://other.example", "u-1"));
    }

    [Fact]
    public void Nothing_of_an_event_says_who_a_person_is()
    {
        var invite = Invite(HotlineNl, Roles.Analyst, "zebediah");
        var happened = Assert.IsType<PersonDecision.Accepted>(Decide(PeopleRegistry.Empty, invite)).Event;
        Assert.DoesNotContain("zebediah", happened.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("zebediah", invite.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    private static PeopleRegistry Confirmed(PeopleRegistry state, PersonId person) =>
        PeopleRules.Apply(state, new PersonConfirmed { Meta = By().ToMeta() with { RecordedAt = Noon }, Person = person });
}
