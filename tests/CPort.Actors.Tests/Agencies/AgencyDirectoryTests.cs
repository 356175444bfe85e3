using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.CodeLists;
using CPort.Domain.Identity;
using static CPort.Actors.Tests.Agencies.AgencyExamples;

namespace CPort.Actors.Tests.Agencies;

public sealed class AgencyDirectoryTests
{
    private static readonly DateOnly Today = AgencyDirectory.DayOf(Noon);

    private static readonly AgencyRegistry Registry = After(AgencyRegistry.Empty,
        Register("hotline-nl", AgencyKind.Hotline, In(NL)) with { IccamHotlineNumber = 43, HoldsOrphanMandate = true, Trust = TrustLevel.Trusted },
        Register("hotline-de", AgencyKind.Hotline, In(DE)),
        Register("hotline-de-2", AgencyKind.Hotline, In(DE, "2026-11-03", "2026-11-04"), In(FR, "2020-01-01", "2026-11-02")),
        Register("police-nl", AgencyKind.Police, In(NL)),
        Register("interpol", AgencyKind.Interpol));

    private static readonly AgencyDirectory Directory = AgencyDirectory.Of(Registry);

    [Fact]
    public void Members_are_found_by_country_and_day_both_ends_included()
    {
        Assert.Equal(["hotline-de"], Directory.HotlinesOf(DE, Today.AddDays(-1)).Select(a => a.Value));
        Assert.Equal(["hotline-de", "hotline-de-2"], Directory.HotlinesOf(DE, Today).Select(a => a.Value));
        Assert.Equal(["hotline-de", "hotline-de-2"], Directory.HotlinesOf(DE, Today.AddDays(1)).Select(a => a.Value));
        Assert.Equal(["hotline-de"], Directory.HotlinesOf(DE, Today.AddDays(2)).Select(a => a.Value));
        Assert.Equal(["hotline-de-2"], Directory.HotlinesOf(FR, Today.AddDays(-1)).Select(a => a.Value));
        Assert.Empty(Directory.HotlinesOf(FR, Today));
        Assert.Empty(Directory.HotlinesOf(Country.Parse("JP"), Today));
    }

    [Fact]
    public void Police_INTERPOL_and_mandates_are_found()
    {
        Assert.Equal(["police-nl"], Directory.PoliceOf(NL, Today).Select(a => a.Value));
        Assert.Empty(Directory.PoliceOf(DE, Today));
        Assert.Equal("interpol", Directory.Interpol?.Value);
        Assert.Equal(HotlineNl, Assert.Single(Directory.MandatedHotlines));
    }

    [Fact]
    public void A_closed_agency_is_found_by_its_id_only()
    {
        var directory = AgencyDirectory.Of(After(Registry,
            new DeactivateAgency { Context = By(), Agency = HotlineNl }, new DeactivateAgency { Context = By(), Agency = AgencyId.Parse("interpol") }));
        Assert.False(directory.Find(HotlineNl)!.Active);
        Assert.Empty(directory.HotlinesOf(NL, Today));
        Assert.Empty(directory.MandatedHotlines);
        Assert.Null(directory.Interpol);
        Assert.Null(AgencyDirectory.Empty.Interpol);
    }

    [Fact]
    public void A_key_speaks_for_its_agency_as_it_is_today()
    {
        var key = ApiKey.Generate();
        var directory = AgencyDirectory.Of(After(Registry, Issue(HotlineNl, Roles.Analyst | Roles.Machine, tenant: Tenant.Training), key));
        var caller = Assert.IsType<Authentication.Accepted>(directory.Authenticate(key.Text, Noon, " weekly review ")).Caller;
        Assert.Equal((HotlineNl, AgencyKind.Hotline, Roles.Analyst | Roles.Machine, key.KeyId), (caller.Agency, caller.Kind, caller.Roles, caller.KeyId));
        Assert.Equal(NL, Assert.Single(caller.Countries));
        Assert.Equal((true, "weekly review", TrustLevel.Trusted, Tenant.Training), (caller.HoldsOrphanMandate, caller.Purpose, caller.Trust, caller.Tenant));
    }

    [Fact]
    public void A_caller_works_for_the_countries_whose_membership_holds_at_that_moment()
    {
        var (id, key) = (AgencyId.Parse("hotline-de-2"), ApiKey.Generate());
        var directory = AgencyDirectory.Of(After(Registry, Issue(id), key));
        Country[] CountriesAt(DateTimeOffset t) => [.. Assert.IsType<Authentication.Accepted>(directory.Authenticate(key.Text, t, null)).Caller.Countries];
        Assert.Equal([FR], CountriesAt(Noon.AddDays(-1)));
        Assert.Equal([DE], CountriesAt(Noon));
        Assert.Empty(CountriesAt(Noon.AddDays(5)));
    }

    [Fact]
    public void A_caller_judges_by_the_assigned_countrys_law_when_it_serves_that_else_by_its_primary_countrys_and_speaks_for_those_it_serves()
    {
        var (id, key) = (AgencyId.Parse("hotline-x"), ApiKey.Generate());
        var directory = AgencyDirectory.Of(After(
            After(Registry, Register("hotline-x", AgencyKind.Hotline, In(NL, to: "2026-11-03"), In(DE), In(FR))), Issue(id), key));
        Caller At(DateTimeOffset t) => Assert.IsType<Authentication.Accepted>(directory.Authenticate(key.Text, t, null)).Caller;
        var (today, later) = (At(Noon), At(Noon.AddDays(1)));
        Assert.Equal(
            [NL, FR, NL, DE],
            new[] { today.LawFor(), today.LawFor(FR), today.LawFor(Country.Parse("GB")), later.LawFor(NL) }.Select(c => c!.Value));
        Assert.Equal(
            [true, true, false, false], [today.SpeaksFor(NL), today.SpeaksFor(FR), today.SpeaksFor(Country.Parse("GB")), today.SpeaksFor(null)]);
        Assert.False(later.SpeaksFor(NL));
        Assert.False((today with { Kind = AgencyKind.Interpol }).SpeaksFor(NL));
        Assert.True((today with { Kind = AgencyKind.Police }).SpeaksFor(NL));

        var agency = directory.Find(id)!;
        Assert.Equal([true, false], new[] { Today, Today.AddDays(1) }.Select(day => agency.SpeaksFor(NL, day)));
        Assert.Equal(NL, new Caller { Agency = id, Kind = AgencyKind.Hotline, Roles = Roles.Analyst, KeyId = "k", Countries = [NL] }.PrimaryCountry);
    }

    [Fact]
    public void Unknown_wrong_revoked_expired_and_closed_are_all_refused_and_look_alike_outside()
    {
        var (revoked, expired, good, waiting) = (ApiKey.Generate(), ApiKey.Generate(), ApiKey.Generate(), ApiKey.Generate());
        var state = After(After(After(Registry, Issue(HotlineNl), revoked), Issue(HotlineNl, expires: Noon.AddHours(1)), expired), Issue(HotlineDe), good);
        state = After(Approved(state, expired), Issue(HotlineNl), waiting);
        state = After(state, new RevokeKey { Context = By(), Agency = HotlineNl, KeyId = revoked.KeyId }, new DeactivateAgency
            { Context = By(), Agency = HotlineDe });
        var directory = AgencyDirectory.Of(state);
        var wrongSecret = expired.Text[..^43] + good.Text[^43..];

        (string? Key, RefusalCause Cause)[] cases =
        [
            (null, RefusalCause.Malformed), ("", RefusalCause.Malformed), ("cport_x_y", RefusalCause.Malformed), (good.Text + "A", RefusalCause.Malformed),
            (ApiKey.Generate().Text, RefusalCause.Unknown), (wrongSecret, RefusalCause.Unknown), (revoked.Text, RefusalCause.Revoked),
            (expired.Text, RefusalCause.Expired), (good.Text, RefusalCause.AgencyInactive), (waiting.Text, RefusalCause.AwaitsConsent),
        ];
        Assert.All(cases, c =>
        {
            var refused = Assert.IsType<Authentication.Refused>(directory.Authenticate(c.Key, Noon.AddHours(1), null));
            Assert.Equal(c.Cause, refused.Cause);
            Assert.False(refused.MayBeExplained);
        });
        Assert.IsType<Authentication.Accepted>(directory.Authenticate(expired.Text, Noon.AddHours(1).AddTicks(-1), null));
    }

    [Fact]
    public void A_persons_own_key_has_no_role_that_they_lack_and_ends_with_them_also_once_it_was_rotated()
    {
        var (key, next, owner) = (ApiKey.Generate(), ApiKey.Generate(), PersonId.New());
        var state = After(Registry, Issue(HotlineNl, Roles.Analyst | Roles.Auditor | Roles.Machine) with { Owner = owner }, key);
        var rotated = Approved(After(state, new RotateKey { Context = By(), Agency = HotlineNl, KeyId = key.KeyId }, next), next);
        foreach (var (directory, text) in new[] { (AgencyDirectory.Of(state), key.Text), (AgencyDirectory.Of(rotated), next.Text) })
        {
            Authentication By(Roles now) => directory.Authenticate(text, Noon, null, (who, agency) => who == owner && agency == HotlineNl ? now : Roles.None);
            Assert.Equal(Roles.Analyst | Roles.Machine, Assert.IsType<Authentication.Accepted>(By(Roles.Analyst | Roles.Manager)).Caller.Roles);
            Assert.Equal(Roles.Auditor | Roles.Machine, Assert.IsType<Authentication.Accepted>(By(Roles.Auditor)).Caller.Roles);
            Assert.Equal(RefusalCause.OwnerStopped, Assert.IsType<Authentication.Refused>(By(Roles.None)).Cause);
            Assert.IsType<Authentication.Refused>(directory.Authenticate(text, Noon, null));
        }
    }

    /// <summary>For the audit log of the agency, whatever was wrong; of a key that nobody has there is nobody to tell.</summary>
    [Fact]
    public void A_refused_key_names_its_agency_where_there_is_such_a_key()
    {
        var (key, other) = (ApiKey.Generate(), ApiKey.Generate());
        var state = After(After(Registry, Issue(HotlineNl), key), new RevokeKey { Context = By(), Agency = HotlineNl, KeyId = key.KeyId });
        var directory = AgencyDirectory.Of(state);
        foreach (var text in new[] { key.Text, key.Text[..^43] + other.Text[^43..] })
        {
            var named = Assert.IsType<Authentication.Refused>(directory.Authenticate(text, Noon, null)).Named;
            Assert.Equal((HotlineNl, key.KeyId, Roles.None), (named!.Agency, named.KeyId, named.Roles));
        }

        Assert.Null(Assert.IsType<Authentication.Refused>(directory.Authenticate(other.Text, Noon, null)).Named);
        Assert.Null(Assert.IsType<Authentication.Refused>(directory.Authenticate("x", Noon, null)).Named);
    }

    [Fact]
    public void A_rotated_key_works_until_its_grace_time_ends()
    {
        var (old, fresh, last) = (ApiKey.Generate(), ApiKey.Generate(), ApiKey.Generate());
        var state = After(After(Registry, Issue(HotlineNl), old),
            new RotateKey { Context = By(), Agency = HotlineNl, KeyId = old.KeyId, Grace = TimeSpan.FromHours(1) }, fresh);
        state = Approved(state, fresh);
        var directory = AgencyDirectory.Of(state);
        Assert.IsType<Authentication.Accepted>(directory.Authenticate(old.Text, Noon.AddMinutes(59), null));
        Assert.IsType<Authentication.Refused>(directory.Authenticate(old.Text, Noon.AddHours(1), null));
        Assert.IsType<Authentication.Accepted>(directory.Authenticate(fresh.Text, Noon, null));

        directory = AgencyDirectory.Of(Approved(After(state, new RotateKey { Context = By(), Agency = HotlineNl, KeyId = fresh.KeyId }, last), last));
        Assert.IsType<Authentication.Refused>(directory.Authenticate(fresh.Text, Noon + AgencyRules.DefaultGrace, null));
        Assert.IsType<Authentication.Accepted>(directory.Authenticate(last.Text, Noon + AgencyRules.DefaultGrace, null));
    }

    [Fact]
    public void Police_must_state_a_purpose_and_learn_so_only_with_a_good_key()
    {
        var key = ApiKey.Generate();
        var directory = AgencyDirectory.Of(After(Registry, Issue(AgencyId.Parse("police-nl"), Roles.Officer), key));
        var missing = Assert.IsType<Authentication.Refused>(directory.Authenticate(key.Text, Noon, "  "));
        Assert.Equal((RefusalCause.PurposeMissing, true), (missing.Cause, missing.MayBeExplained));
        Assert.Equal(RefusalCause.PurposeInvalid, Assert.IsType<Authentication.Refused>(directory.Authenticate(key.Text, Noon, new string('p', 201))).Cause);
        Assert.Equal(RefusalCause.PurposeInvalid, Assert.IsType<Authentication.Refused>(directory.Authenticate(key.Text, Noon, "a\nb")).Cause);
        Assert.Equal("case 12", Assert.IsType<Authentication.Accepted>(directory.Authenticate(key.Text, Noon, "case 12")).Caller.Purpose);
    }

    [Fact]
    public void A_key_reads_back_from_its_text_and_says_only_its_public_part()
    {
        for (var i = 0; i < 200; i++)
        {
            var key = ApiKey.Generate();
            Assert.Matches(@"\Acport_[0-9a-z]{12}_[A-Za-z0-9_-]{43}\z", key.Text);
            Assert.True(ApiKey.TryParse(key.Text, out var read));
            Assert.Equal((key.KeyId, key.SecretHash), (read.KeyId, read.SecretHash));
            Assert.DoesNotContain(key.Text[^43..], key.ToString() + key.Candidate);
        }

        Assert.DoesNotContain("cport_", new ApiKeyShown { Agency = HotlineNl, KeyId = "k", ApiKey = ApiKey.Generate().Text, SequenceNr = 1 }.ToString());
    }
}
