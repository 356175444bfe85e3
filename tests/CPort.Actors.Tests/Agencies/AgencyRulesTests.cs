using CPort.Actors.Serialization;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;
using CsCheck;
using static CPort.Actors.Tests.Agencies.AgencyExamples;

namespace CPort.Actors.Tests.Agencies;

public sealed class AgencyRulesTests
{
    private static readonly AgencyRegistry WithNl = After(AgencyRegistry.Empty, Register("hotline-nl", AgencyKind.Hotline, In(NL)));

    public static TheoryData<AgencyKind, Roles, Tenant, bool> Administrators => new()
    {
        { AgencyKind.System, Roles.Machine, Tenant.Live, true },
        { AgencyKind.Operator, Roles.Operator, Tenant.Live, true },
        { AgencyKind.Operator, Roles.Operator | Roles.Auditor, Tenant.Live, true },
        { AgencyKind.Operator, Roles.Operator, Tenant.Training, false },
        { AgencyKind.Operator, Roles.Auditor, Tenant.Live, false },
        { AgencyKind.Hotline, Roles.Operator, Tenant.Live, false },
        { AgencyKind.Police, Roles.Officer, Tenant.Live, false },
        { AgencyKind.Interpol, Roles.Analyst | Roles.Machine, Tenant.Live, false },
        { AgencyKind.SupervisoryAuthority, Roles.Auditor, Tenant.Live, false },
    };

    [Theory]
    [MemberData(nameof(Administrators))]
    public void Only_a_live_operator_or_CPort_itself_changes_the_registry(AgencyKind kind, Roles roles, Tenant tenant, bool allowed)
    {
        var caller = Operator with { Kind = kind, Roles = roles, Tenant = tenant };
        var key = ApiKey.Generate().Candidate;
        IAgencyCommand[] commands =
        [
            Register("hotline-xx") with { Context = By(caller) },
            new ChangeMemberships { Context = By(caller), Agency = HotlineNl, Memberships = [In(DE)] },
            new SetTrust { Context = By(caller), Agency = HotlineNl, Trust = TrustLevel.Trusted },
            new SetMandate { Context = By(caller), Agency = HotlineNl, HoldsOrphanMandate = true },
            new DeactivateAgency { Context = By(caller), Agency = HotlineNl },
            Issue(HotlineNl) with { Context = By(caller) },
        ];
        Assert.All(commands, c => Assert.Equal(allowed, Decide(WithNl, c, key: key) is AgencyDecision.Accepted));
        Assert.All(commands, c => Assert.Equal(allowed, Decide(WithNl, c, key: key) is not AgencyDecision.Rejected { Reason: AgencyRejection.NotAuthorised }));
        var primary = new SetPrimaryCountry { Context = By(caller), Agency = HotlineNl, Country = DE };
        Assert.Equal(allowed, Decide(After(WithNl, new ChangeMemberships { Context = By(), Agency = HotlineNl, Memberships = [In(NL), In(DE)] }), primary)
            is AgencyDecision.Accepted);
    }

    public static TheoryData<string, RegisterAgency, AgencyRejection> BadRegistrations => new()
    {
        { "exists", Register("hotline-nl"), AgencyRejection.AgencyExists },
        { "reserved", Register("cport"), AgencyRejection.ReservedId },
        { "system kind", Register("x1", AgencyKind.System), AgencyRejection.InvalidKind },
        { "unknown kind", Register("x1", (AgencyKind)99), AgencyRejection.InvalidKind },
        { "empty name", Register("x1") with { Name = " " }, AgencyRejection.InvalidName },
        { "control character", Register("x1") with { Name = "a\nb" }, AgencyRejection.InvalidName },
        { "long name", Register("x1") with { Name = new string('n', 201) }, AgencyRejection.InvalidName },
        { "ends before it begins", Register("x1", AgencyKind.Hotline, In(NL, "2026-01-02", "2026-01-01")), AgencyRejection.InvalidMemberships },
        { "overlap", Register("x1", AgencyKind.Hotline, In(NL, "2020-01-01", "2026-01-01"), In(NL, "2026-01-01")), AgencyRejection.InvalidMemberships },
        { "open end overlaps", Register("x1", AgencyKind.Hotline, In(NL), In(NL, "2026-01-01")), AgencyRejection.InvalidMemberships },
        { "no country", Register("x1", AgencyKind.Hotline, In(default)), AgencyRejection.InvalidMemberships },
        { "primary country of another", Register("x1", AgencyKind.Hotline, In(NL)) with { PrimaryCountry = DE }, AgencyRejection.InvalidMemberships },
        { "police mandate", Register("x1", AgencyKind.Police) with { HoldsOrphanMandate = true }, AgencyRejection.MandateNeedsHotline },
        { "trust", Register("x1") with { Trust = (TrustLevel)9 }, AgencyRejection.InvalidTrust },
        { "number zero", Register("x1") with { IccamHotlineNumber = 0 }, AgencyRejection.InvalidHotlineNumber },
        { "number of police", Register("x1", AgencyKind.Police) with { IccamHotlineNumber = 5 }, AgencyRejection.InvalidHotlineNumber },
        { "number taken", Register("x1") with { IccamHotlineNumber = 43 }, AgencyRejection.HotlineNumberTaken },
        { "second INTERPOL", Register("x1", AgencyKind.Interpol), AgencyRejection.InterpolExists },
    };

    [Theory]
    [MemberData(nameof(BadRegistrations))]
    public void A_registration_that_cannot_stand_is_refused_with_its_reason(string what, RegisterAgency command, AgencyRejection reason)
    {
        var state = After(AgencyRegistry.Empty, Register("hotline-nl") with { IccamHotlineNumber = 43 }, Register("interpol", AgencyKind.Interpol));
        Assert.True(ReasonOf(Decide(state, command)) == reason, what);
    }

    [Fact]
    public void Memberships_of_one_country_may_follow_each_other_and_are_kept_in_order()
    {
        var state = After(AgencyRegistry.Empty, Register("h1", AgencyKind.Hotline, In(NL, "2026-01-02"), In(DE), In(NL, "2020-01-01", "2026-01-01")));
        Assert.Equal(["DE", "NL", "NL"], state.Agencies[AgencyId.Parse("h1")].Memberships.Select(m => m.Country.Code));
        Assert.Equal(DateOnly.Parse("2020-01-01"), state.Agencies[AgencyId.Parse("h1")].Memberships[1].From);
    }

    /// <summary>Audit B10: a hotline of several countries was taken for the first one in the alphabet.</summary>
    [Fact]
    public void The_primary_country_is_the_first_that_was_given_until_another_one_is_named_or_it_is_served_no_more()
    {
        var id = AgencyId.Parse("h1");
        var state = After(AgencyRegistry.Empty, Register("h1", AgencyKind.Hotline, In(NL), In(FR), In(DE)));
        Assert.Equal(NL, state.Agencies[id].PrimaryCountry);
        state = After(state, new SetPrimaryCountry { Context = By(), Agency = id, Country = FR });
        Assert.Equal(FR, state.Agencies[id].PrimaryCountry);
        Assert.IsType<AgencyDecision.Unchanged>(Decide(state, new SetPrimaryCountry { Context = By(), Agency = id, Country = FR }));
        var elsewhere = new SetPrimaryCountry { Context = By(), Agency = id, Country = Country.Parse("BE") };
        Assert.Equal(AgencyRejection.InvalidMemberships, ReasonOf(Decide(state, elsewhere)));

        state = After(state, new ChangeMemberships { Context = By(), Agency = id, Memberships = [In(NL), In(FR)] });
        Assert.Equal(FR, state.Agencies[id].PrimaryCountry);
        state = After(state, new ChangeMemberships { Context = By(), Agency = id, Memberships = [In(NL), In(DE)] });
        Assert.Equal(NL, state.Agencies[id].PrimaryCountry);
        Assert.Equal(FR, After(AgencyRegistry.Empty, Register("h1", AgencyKind.Hotline, In(NL), In(FR)) with { PrimaryCountry = FR }).Agencies[id]
            .PrimaryCountry);
    }

    [Fact]
    public void A_command_that_changes_nothing_gives_no_event()
    {
        Assert.IsType<AgencyDecision.Unchanged>(Decide(WithNl, new SetTrust { Context = By(), Agency = HotlineNl, Trust = TrustLevel.Standard }));
        Assert.IsType<AgencyDecision.Unchanged>(Decide(WithNl, new SetMandate { Context = By(), Agency = HotlineNl }));
        Assert.IsType<AgencyDecision.Unchanged>(Decide(WithNl, new ChangeMemberships { Context = By(), Agency = HotlineNl, Memberships = [In(NL)] }));
    }

    [Fact]
    public void A_repeated_command_is_recognised_and_its_id_cannot_name_another_command()
    {
        var command = Register("h2") with { Context = By(commandId: "one") };
        var state = After(WithNl, command);
        Assert.Equal(2, Assert.IsType<AgencyDecision.Replayed>(Decide(state, command)).Earlier.Version);
        Assert.Equal(AgencyRejection.CommandIdInUse, ReasonOf(Decide(state, Register("h3") with { Context = By(commandId: "one") })));
        Assert.Equal(AgencyRejection.CommandIdInUse,
            ReasonOf(Decide(state, new DeactivateAgency { Context = By(commandId: "one"), Agency = AgencyId.Parse("h2") })));
    }

    [Fact]
    public void The_registry_remembers_a_thousand_commands_and_no_more()
    {
        var state = Enumerable.Range(0, AgencyRegistry.RememberedCommands + 5).Aggregate(WithNl, (s, i) => After(s,
            new SetMandate { Context = By(commandId: $"c{i}"), Agency = HotlineNl, HoldsOrphanMandate = i % 2 == 0 }));
        Assert.Equal(AgencyRegistry.RememberedCommands, state.Recent.Kept.Count);
        Assert.Null(state.Recent.Of(CommandId.Parse("c4")));
        Assert.NotNull(state.Recent.Of(CommandId.Parse("c5")));
    }

    [Fact]
    public void A_closed_agency_takes_no_command_but_the_ending_of_its_keys_and_of_its_trust()
    {
        var key = ApiKey.Generate();
        var state = After(After(WithNl, Issue(HotlineNl), key), new DeactivateAgency { Context = By(), Agency = HotlineNl });
        Assert.Equal(AgencyRejection.AgencyInactive, ReasonOf(Decide(state, Issue(HotlineNl), key: ApiKey.Generate().Candidate)));
        Assert.Equal(AgencyRejection.AgencyInactive, ReasonOf(Decide(state, new SetMandate { Context = By(), Agency = HotlineNl, HoldsOrphanMandate = true })));
        Assert.IsType<AgencyDecision.Unchanged>(Decide(state, new DeactivateAgency { Context = By(), Agency = HotlineNl }));
        Assert.IsType<AgencyDecision.Accepted>(Decide(state, new RevokeKey { Context = By(), Agency = HotlineNl, KeyId = key.KeyId }));
        Assert.IsType<AgencyDecision.Accepted>(Decide(state, new SetTrust { Context = By(), Agency = HotlineNl, Trust = TrustLevel.Untrusted }));
    }

    [Theory]
    [InlineData(TrustLevel.Trusted, TrustLevel.Standard)]
    [InlineData(TrustLevel.Standard, TrustLevel.Standard)]
    [InlineData(TrustLevel.Untrusted, TrustLevel.Untrusted)]
    public void A_closed_agencys_words_are_believed_as_one_standard_judges_at_most(TrustLevel trust, TrustLevel closed)
    {
        var state = After(AgencyRegistry.Empty, Register("hotline-nl") with { Trust = trust });
        Assert.Equal(trust, new DirectoryMembership(AgencyDirectory.Of(state), Noon).TrustOf(HotlineNl));
        state = After(state, new DeactivateAgency { Context = By(), Agency = HotlineNl });
        Assert.Equal(closed, new DirectoryMembership(AgencyDirectory.Of(state), Noon).TrustOf(HotlineNl));
        Assert.Null(new DirectoryMembership(AgencyDirectory.Of(state), Noon).TrustOf(AgencyId.Parse("nobody")));
    }

    [Fact]
    public void An_operator_cannot_close_its_own_agency()
    {
        var state = After(AgencyRegistry.Empty, Register("operator", AgencyKind.Operator));
        Assert.Equal(AgencyRejection.OwnAgency, ReasonOf(Decide(state, new DeactivateAgency { Context = By(), Agency = Operator.Agency })));
    }

    [Theory]
    [InlineData(AgencyKind.Hotline, Roles.Operator)]
    [InlineData(AgencyKind.Hotline, Roles.Officer)]
    [InlineData(AgencyKind.Hotline, Roles.None)]
    [InlineData(AgencyKind.Police, Roles.Analyst)]
    [InlineData(AgencyKind.Operator, Roles.Operator | Roles.Analyst)]
    [InlineData(AgencyKind.SupervisoryAuthority, Roles.Auditor | Roles.Machine)]
    public void A_key_cannot_hold_a_role_that_its_agency_does_not_have(AgencyKind kind, Roles roles)
    {
        var state = After(AgencyRegistry.Empty, Register("a1", kind));
        Assert.Equal(AgencyRejection.InvalidRoles, ReasonOf(Decide(state, Issue(AgencyId.Parse("a1"), roles), key: ApiKey.Generate().Candidate)));
    }

    [Fact]
    public void An_agency_holds_a_limited_number_of_valid_keys()
    {
        var state = Enumerable.Range(0, AgencyRules.MaxValidKeys).Aggregate(WithNl, (s, _) => After(s, Issue(HotlineNl), ApiKey.Generate()));
        Assert.Equal(AgencyRejection.TooManyKeys, ReasonOf(Decide(state, Issue(HotlineNl), key: ApiKey.Generate().Candidate)));
        state = After(state, new RevokeKey { Context = By(), Agency = HotlineNl, KeyId = state.Keys.Keys.First() });
        Assert.IsType<AgencyDecision.Accepted>(Decide(state, Issue(HotlineNl), key: ApiKey.Generate().Candidate));
    }

    [Fact]
    public void A_rotated_key_keeps_roles_tenant_and_lifetime()
    {
        var (old, fresh) = (ApiKey.Generate(), ApiKey.Generate());
        var issued = After(WithNl, Issue(HotlineNl, Roles.Machine, Noon.AddDays(30), Tenant.Training), old);
        var state = After(issued, new RotateKey { Context = By(), Agency = HotlineNl, KeyId = old.KeyId, Grace = TimeSpan.FromDays(1) }, fresh,
            Noon.AddDays(10));
        var (was, now) = (state.Keys[old.KeyId], state.Keys[fresh.KeyId]);
        Assert.Equal((Roles.Machine, Tenant.Training, Noon.AddDays(40)), (now.Roles, now.Tenant, now.ExpiresAt));
        Assert.Equal((Noon.AddDays(11), fresh.KeyId), (was.ExpiresAt, was.ReplacedBy));
    }

    /// <summary>Security 14: an operator made itself a hotline's analyst, and no log said so.</summary>
    [Fact]
    public void A_further_key_of_another_agency_works_only_once_the_agency_or_a_second_operator_has_agreed()
    {
        var (first, second, third) = (ApiKey.Generate(), ApiKey.Generate(), ApiKey.Generate());
        var state = After(After(WithNl, Register("hotline-de")), Issue(HotlineNl), first);
        Assert.True(state.Keys[first.KeyId].IsValidAt(Noon));
        state = After(state, Issue(HotlineNl), second);
        Assert.False(state.Keys[second.KeyId].IsValidAt(Noon));

        ApproveKey Approve(Caller by, string key) => new() { Context = By(by), Agency = HotlineNl, KeyId = key };
        var person = new Caller { Agency = HotlineNl, Kind = AgencyKind.Hotline, Roles = Roles.Analyst, KeyId = first.KeyId };
        Assert.Equal(AgencyRejection.SecondPersonNeeded, ReasonOf(Decide(state, Approve(Operator, second.KeyId))));
        Assert.Equal(AgencyRejection.UnknownAgency, ReasonOf(Decide(state, Approve(person with { Agency = HotlineDe }, second.KeyId))));
        Assert.Equal(AgencyRejection.NotAuthorised, ReasonOf(Decide(state, Approve(person with { Tenant = Tenant.Training }, second.KeyId))));
        Assert.True(After(state, Approve(person, second.KeyId)).Keys[second.KeyId].IsValidAt(Noon));
        Assert.True(After(state, Approve(Operator with { KeyId = "another" }, second.KeyId)).Keys[second.KeyId].IsValidAt(Noon));

        // A rotation is no way round; exercises and operators' own keys need nobody.
        state = After(state, new RotateKey { Context = By(), Agency = HotlineNl, KeyId = first.KeyId, Grace = TimeSpan.FromDays(1) }, third);
        Assert.False(state.Keys[third.KeyId].IsValidAt(Noon));
        var exercise = ApiKey.Generate();
        Assert.True(After(state, Issue(HotlineNl, tenant: Tenant.Training), exercise).Keys[exercise.KeyId].IsValidAt(Noon));
    }

    /// <summary>
    /// An administrator who is signed in looks after the agency's keys; a live one waits for an operator, and the agency itself does not agree to it.
    /// </summary>
    [Fact]
    public void A_key_that_an_agencys_administrator_makes_waits_for_an_operator()
    {
        var (first, made, exercise) = (ApiKey.Generate(), ApiKey.Generate(), ApiKey.Generate());
        var state = After(After(WithNl, Register("hotline-de"), Register("police-nl", AgencyKind.Police)), Issue(HotlineNl), first);
        var ada = new Caller
        {
            Agency = HotlineNl, Kind = AgencyKind.Hotline, Roles = Roles.Administrator, KeyId = "p-0000000000000001",
            Person = PersonId.Parse("p-0000000000000001"),
        };
        IssueKey ByPerson(Caller caller, AgencyId? agency = null, Tenant tenant = Tenant.Live) =>
            Issue(agency ?? HotlineNl, tenant: tenant) with { Context = By(caller) };
        ApproveKey Approve(Caller caller) => new() { Context = By(caller), Agency = HotlineNl, KeyId = made.KeyId };

        // By a session and not by a key, live, with that role, and of no other agency, open or closed.
        foreach (var nobody in new[] { ada with { Person = null }, ada with { Roles = Roles.Analyst | Roles.Manager }, ada with { Tenant = Tenant.Training } })
        {
            Assert.Equal(AgencyRejection.NotAuthorised, ReasonOf(Decide(state, ByPerson(nobody), key: made.Candidate)));
        }

        var closed = After(state, new DeactivateAgency { Context = By(), Agency = HotlineDe });
        Assert.Equal(AgencyRejection.UnknownAgency, ReasonOf(Decide(state, ByPerson(ada, HotlineDe), key: made.Candidate)));
        Assert.Equal(AgencyRejection.UnknownAgency, ReasonOf(Decide(closed, ByPerson(ada, HotlineDe), key: made.Candidate)));
        Assert.Equal(AgencyRejection.UnknownAgency, ReasonOf(Decide(closed, ByPerson(ada, AgencyId.Parse("none")), key: made.Candidate)));

        state = After(After(state, ByPerson(ada), made), ByPerson(ada, tenant: Tenant.Training), exercise);
        Assert.False(state.Keys[made.KeyId].IsValidAt(Noon));
        Assert.True(state.Keys[exercise.KeyId].IsValidAt(Noon));
        var colleague = ada with { KeyId = "p-0000000000000002", Person = PersonId.Parse("p-0000000000000002") };
        var key = new Caller { Agency = HotlineNl, Kind = AgencyKind.Hotline, Roles = Roles.Analyst, KeyId = first.KeyId };
        var oda = Operator with { KeyId = "p-0000000000000003", Person = PersonId.Parse("p-0000000000000003") };
        foreach (var own in new[] { ada, colleague, key })
        {
            Assert.Equal(AgencyRejection.SecondPersonNeeded, ReasonOf(Decide(state, Approve(own))));
        }

        Assert.True(After(state, Approve(Operator)).Keys[made.KeyId].IsValidAt(Noon));
        Assert.True(After(state, Approve(oda)).Keys[made.KeyId].IsValidAt(Noon));

        // What an operator's key made no operator who is signed in agrees to: nobody can say whose hand invited them. Nor does one make keys.
        var further = ApiKey.Generate();
        var issued = After(state, Issue(HotlineNl), further);
        Assert.Equal(AgencyRejection.SecondPersonNeeded, ReasonOf(Decide(issued, Approve(oda) with { KeyId = further.KeyId })));
        Assert.True(After(issued, Approve(ada) with { KeyId = further.KeyId }).Keys[further.KeyId].IsValidAt(Noon));
        Assert.Equal(AgencyRejection.NotAuthorised, ReasonOf(Decide(state, ByPerson(oda), key: made.Candidate)));

        // Ending needs nobody, and one's own only.
        Assert.NotNull(After(state, new RevokeKey { Context = By(ada), Agency = HotlineNl, KeyId = first.KeyId }).Keys[first.KeyId].RevokedAt);
        Assert.Equal(AgencyRejection.UnknownAgency, ReasonOf(Decide(
            state, new RevokeKey { Context = By(ada with { Agency = HotlineDe }), Agency = HotlineNl, KeyId = first.KeyId })));
    }

    [Fact]
    public void A_grace_time_never_prolongs_a_key()
    {
        var old = ApiKey.Generate();
        var issued = After(WithNl, Issue(HotlineNl, expires: Noon.AddHours(1)), old);
        var fresh = ApiKey.Generate();
        var rotate = new RotateKey { Context = By(), Agency = HotlineNl, KeyId = old.KeyId, Grace = TimeSpan.FromDays(1) };
        var state = Approved(After(issued, rotate, fresh), fresh);
        Assert.Equal(Noon.AddHours(1), state.Keys[old.KeyId].ExpiresAt);
    }

    [Fact]
    public void A_key_that_is_revoked_replaced_or_of_another_agency_is_not_rotated()
    {
        var key = ApiKey.Generate();
        var state = After(After(WithNl, Register("hotline-de")), Issue(HotlineNl), key);
        RotateKey Rotate(AgencyId agency, TimeSpan? grace = null) =>
            new() { Context = By(), Agency = agency, KeyId = key.KeyId, Grace = grace ?? AgencyRules.LeastGrace };
        AgencyRejection Reason(AgencyRegistry s, RotateKey c) => ReasonOf(Decide(s, c, key: ApiKey.Generate().Candidate));

        Assert.Equal(AgencyRejection.UnknownKey, Reason(state, Rotate(HotlineDe)));
        Assert.Equal(AgencyRejection.InvalidGrace, Reason(state, Rotate(HotlineNl, AgencyRules.MaxGrace + TimeSpan.FromTicks(1))));
        Assert.Equal(AgencyRejection.InvalidGrace, Reason(state, Rotate(HotlineNl, AgencyRules.LeastGrace - TimeSpan.FromTicks(1))));
        Assert.Equal(AgencyRejection.InvalidGrace, Reason(state, Rotate(HotlineNl, TimeSpan.Zero)));
        Assert.Equal(AgencyRejection.KeyReplaced, Reason(After(state, Rotate(HotlineNl), ApiKey.Generate()), Rotate(HotlineNl)));
        Assert.Equal(AgencyRejection.KeyRevoked,
            Reason(After(state, new RevokeKey { Context = By(), Agency = HotlineNl, KeyId = key.KeyId }), Rotate(HotlineNl)));
    }

    /// <summary>The answer with the new key can be lost, and the consent to it can take its time: until it works the old one does.</summary>
    [Fact]
    public void A_rotation_whose_answer_is_lost_takes_no_key_away()
    {
        var (old, lost, next, last) = (ApiKey.Generate(), ApiKey.Generate(), ApiKey.Generate(), ApiKey.Generate());
        RotateKey Rotate(ApiKey key) => new() { Context = By(), Agency = HotlineNl, KeyId = key.KeyId, Grace = AgencyRules.LeastGrace };
        var state = After(After(WithNl, Issue(HotlineNl), old), Rotate(old), lost);
        Assert.True(state.Keys[old.KeyId].IsValidAt(Noon.AddYears(1)));

        // Nobody ever held it: its successor takes both their places, from when it is agreed to.
        Assert.Equal(AgencyRejection.KeyReplaced, ReasonOf(Decide(state, Rotate(old), key: next.Candidate)));
        state = Approved(After(state, Rotate(lost), next), next);
        Assert.True(state.Keys[old.KeyId].IsValidAt(Noon + AgencyRules.LeastGrace - TimeSpan.FromTicks(1)));
        Assert.All(new[] { old, lost }, key => Assert.False(state.Keys[key.KeyId].IsValidAt(Noon + AgencyRules.LeastGrace)));
        Assert.True(state.Keys[next.KeyId].IsValidAt(Noon.AddYears(1)));

        // A successor that was revoked stands in no way.
        state = After(After(state, Rotate(next), last), new RevokeKey { Context = By(), Agency = HotlineNl, KeyId = last.KeyId });
        Assert.IsType<AgencyDecision.Accepted>(Decide(state, Rotate(next), key: ApiKey.Generate().Candidate));
    }

    /// <summary>Random commands, many of them refused, over a few agencies; a made key has a number instead of a random secret.</summary>
    private static readonly Gen<(IAgencyCommand Command, int Hour)> AnyCommand =
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 4], Gen.Int[0, 40], Gen.Int[1, 6], Gen.Int[0, 31], Gen.Bool, Gen.Int[0, 60]).Select(
            (what, agency, hour, kind, roles, flag, id) =>
            {
                var a = AgencyId.Parse($"a{agency}");
                var context = By(commandId: $"c{id}");
                var memberships = flag ? [In(NL), In(DE, "2025-01-01", "2026-01-01")] : System.Collections.Immutable.ImmutableArray.Create(In(FR));
                IAgencyCommand command = what switch
                {
                    0 => Register($"a{agency}", (AgencyKind)kind, [.. memberships]) with { Context = context, HoldsOrphanMandate = flag },
                    1 => new ChangeMemberships { Context = context, Agency = a, Memberships = memberships },
                    2 => new SetTrust { Context = context, Agency = a, Trust = (TrustLevel)kind },
                    3 => new SetMandate { Context = context, Agency = a, HoldsOrphanMandate = flag },
                    4 => hour % 8 == 0 ? new DeactivateAgency { Context = context, Agency = a } : Register($"a{agency}",
                        (AgencyKind)kind) with { Context = context },
                    5 => new IssueKey { Context = context, Agency = a, Roles = (Roles)roles, ExpiresAt = flag ? Noon.AddHours(hour) : null },
                    6 => new RotateKey { Context = context, Agency = a, KeyId = $"key{roles}", Grace = TimeSpan.FromHours(id) },
                    7 => new RevokeKey { Context = context, Agency = a, KeyId = $"key{roles}" },
                    8 => new ApproveChange { Context = By(Operator with { KeyId = "second-opera" }, $"c{id}"), Agency = a, Number = roles },
                    _ => new RefuseChange { Context = context, Agency = a, Number = roles },
                };
                return (command, hour);
            });

    [Fact]
    public void Replaying_the_stored_events_gives_the_live_state_and_the_registry_stays_sound() =>
        AnyCommand.Array[0, 80].Sample(commands =>
        {
            var (live, journal, made) = (AgencyRegistry.Empty, new List<IAgencyEvent>(), 0);
            foreach (var (command, hour) in commands)
            {
                var candidate = new KeyCandidate($"key{made}", $"hash{made}");
                if (Decide(live, command, Noon.AddHours(hour), candidate) is AgencyDecision.Accepted accepted)
                {
                    made += command is IssueKey or RotateKey ? 1 : 0;
                    journal.Add((IAgencyEvent)WireModel.Instance.DeepClone((object)accepted.Event));
                    live = AgencyRules.Apply(live, accepted.Event);
                }

                Assert.All(live.Keys.Values, k => Assert.True(
                    live.Agencies.TryGetValue(k.Agency, out var a) && k.Roles != Roles.None && (k.Roles & ~AgencyRules.RolesAllowed(a.Kind)) == 0));
                Assert.All(live.Agencies.Values, a => Assert.False(a.HoldsOrphanMandate && a.Kind != AgencyKind.Hotline));
                Assert.True(live.Agencies.Values.Count(a => a.Active && a.Kind == AgencyKind.Interpol) <= 1);
            }

            Assert.Equal(journal.Count, live.Version);
            Assert.Equal(Picture(live), Picture(journal.Aggregate(AgencyRegistry.Empty, AgencyRules.Apply)));
        }, iter: 300);

    [Fact]
    public void A_command_id_names_one_request_only()
    {
        var command = new SetTrust { Context = By(commandId: "one") with { Digest = 7 }, Agency = HotlineNl, Trust = TrustLevel.Trusted };
        var done = Assert.IsType<AgencyDecision.Accepted>(AgencyRules.Decide(WithNl, command, command.Context.ToMeta() with { RequestDigest = 7 }));
        var state = AgencyRules.Apply(WithNl, done.Event);
        Assert.IsType<AgencyDecision.Replayed>(Decide(state, command));
        var other = command with { Context = command.Context with { Digest = 8 }, Trust = TrustLevel.Untrusted };
        Assert.Equal(AgencyRejection.CommandIdInUse, ReasonOf(Decide(state, other)));
    }

    [Fact]
    public void Emptied_training_is_another_one_from_then_on_and_a_repeat_empties_no_second()
    {
        var command = new EmptyTraining
        {
            Context = By(commandId: "empty"), Agency = By().Caller.Agency, Confirmed = true, Training = Tenant.Training,
            Holds = new TrainingHolds { Reports = 1, Items = 2, Rejections = 3 },
        };
        var known = WithNl.With(new Agency { Id = command.Agency, Name = "x", Kind = AgencyKind.Operator, RegisteredAt = default });
        Assert.Equal(AgencyRejection.CountChanged, ReasonOf(Decide(known, command with { Confirmed = false })));
        var state = After(known, command);
        Assert.Equal((Tenant)2, state.Training);
        Assert.Equal(command.Holds, state.Emptied.Of(command.Context.CommandId));
        Assert.IsType<AgencyDecision.Replayed>(Decide(state, command with { Confirmed = false, Training = state.Training }));
        var again = command with { Context = By(commandId: "again") };
        Assert.Equal(AgencyRejection.CountChanged, ReasonOf(Decide(state, again)));
        Assert.Equal((Tenant)3, After(state, again with { Training = state.Training }).Training);
        Assert.Equal(AgencyRejection.NotAuthorised, ReasonOf(Decide(known, command with
        {
            Context = command.Context with { Caller = command.Context.Caller with { Tenant = Tenant.Training } },
        })));
    }
}
