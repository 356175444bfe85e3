using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.Identity;
using static CPort.Actors.Tests.Agencies.AgencyExamples;

namespace CPort.Actors.Tests.Agencies;

/// <summary>How a hotline's own system comes in is a key's affair: who sets it, who agrees, what ends it.</summary>
public sealed class IccamAccessTests
{
    private static readonly ApiKey Key = ApiKey.Generate();
    private static readonly AgencyRegistry Came = After(
        After(AgencyRegistry.Empty, Register("hotline-nl", AgencyKind.Hotline, In(NL)), Register("hotline-de", AgencyKind.Hotline, In(DE))),
        Issue(HotlineNl), Key);

    private static readonly Caller Second = Operator with { KeyId = "second-opera" };

    public static TheoryData<string, IccamAccess, AgencyRejection> Impossible => new()
    {
        { "no name", Access() with { UserName = "" }, AgencyRejection.InvalidIccamAccess },
        { "a long name", Access() with { UserName = new string('u', 101) }, AgencyRejection.InvalidIccamAccess },
        { "no analyst", Access() with { AnalystName = "" }, AgencyRejection.InvalidIccamAccess },
        { "neither password nor certificate", Access() with { PasswordHash = null }, AgencyRejection.InvalidIccamAccess },
        { "no SHA-256", Access() with { CertificateThumbprint = new string('a', 40) }, AgencyRejection.InvalidIccamAccess },
        { "no zone", Access() with { TimeZone = "Europe/Nowhere" }, AgencyRejection.InvalidIccamAccess },
        { "a spelling of two lines", Access() with { CountrySpelling = "U\nK" }, AgencyRejection.InvalidIccamAccess },
        { "a key that is none", Access() with { KeyId = "none" }, AgencyRejection.UnknownKey },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void What_cannot_be_is_refused_with_its_reason(string what, IccamAccess access, AgencyRejection reason) =>
        Assert.True(ReasonOf(Decide(Came, Set(access))) == reason, what);

    [Fact]
    public void It_works_once_another_hand_has_agreed_to_what_it_looked_at_and_until_then_what_was_before_does()
    {
        var waits = After(Came, Set(Access()));
        var number = waits.Agencies[HotlineNl].IccamWaiting!.Credentials;
        Assert.Null(AgencyDirectory.Of(waits).FindIccam("nl-system"));
        Assert.Equal(AgencyRejection.SecondPersonNeeded, ReasonOf(Decide(waits, Approve(number, Operator))));
        Assert.Equal(AgencyRejection.UnknownIccamAccess, ReasonOf(Decide(waits, Approve(number - 1, Second))));
        var works = After(waits, Approve(number, Second));
        Assert.Equal(HotlineNl, AgencyDirectory.Of(works).FindIccam("nl-system")!.Value.Agency.Id);

        // Another password waits, and its number is another: what came in by the old one stays in until that is agreed to.
        var changed = After(works, Set(Access() with { PasswordHash = "another" }));
        Assert.Equal(number, changed.Agencies[HotlineNl].Iccam!.Credentials);
        Assert.NotEqual(number, changed.Agencies[HotlineNl].IccamWaiting!.Credentials);

        // How it writes is nobody else's affair, and ends nothing; without a password the present one stays.
        var writes = After(works, Set(Access() with { PasswordHash = null, CountrySpelling = "Nederland" })).Agencies[HotlineNl];
        Assert.Equal((number, "hash", "Nederland"), (writes.Iccam!.Credentials, writes.Iccam.PasswordHash, writes.Iccam.CountrySpelling));
        Assert.Null(writes.IccamWaiting);
        Assert.IsType<AgencyDecision.Unchanged>(Decide(works, Set(Access() with { PasswordHash = null })));
    }

    [Fact]
    public void A_user_name_is_one_systems_alone_whatever_PHP_makes_of_it()
    {
        var key = ApiKey.Generate();
        var state = After(After(Came, Set(Access() with { UserName = "0042" })), Issue(HotlineDe), key);
        Assert.Equal(AgencyRejection.IccamUserTaken, ReasonOf(Decide(state, new SetIccamAccess
        {
            Context = By(), Agency = HotlineDe, Access = Access() with { UserName = "42.0", KeyId = key.KeyId },
        })));
    }

    [Fact]
    public void It_speaks_as_its_key_and_ends_with_it_or_with_its_successor_or_when_it_is_stopped()
    {
        var works = Working();
        var directory = AgencyDirectory.Of(works);
        var (agency, access) = directory.FindIccam("nl-system")!.Value;
        var caller = Assert.IsType<Authentication.Accepted>(directory.AuthenticateIccam(agency, access, Noon)).Caller;
        Assert.Equal((HotlineNl, Key.KeyId, Roles.Analyst), (caller.Agency, caller.KeyId, caller.Roles));

        var revoked = AgencyDirectory.Of(After(works, new RevokeKey { Context = By(), Agency = HotlineNl, KeyId = Key.KeyId }));
        Assert.Equal(RefusalCause.Revoked, Assert.IsType<Authentication.Refused>(revoked.AuthenticateIccam(agency, access, Noon)).Cause);

        // The successor works once it was agreed to, and then the old one for its grace.
        var next = ApiKey.Generate();
        var rotated = After(works, new RotateKey { Context = By(), Agency = HotlineNl, KeyId = Key.KeyId, Grace = AgencyRules.DefaultGrace }, next);
        var later = AgencyDirectory.Of(Approved(rotated, next));
        Assert.Equal(next.KeyId, Assert.IsType<Authentication.Accepted>(later.AuthenticateIccam(agency, access, Noon + AgencyRules.DefaultGrace)).Caller.KeyId);

        Assert.Null(AgencyDirectory.Of(After(works, new StopIccamAccess { Context = By(), Agency = HotlineNl })).FindIccam("nl-system"));
        Assert.Null(AgencyDirectory.Of(After(works, new DeactivateAgency { Context = By(), Agency = HotlineNl })).FindIccam("nl-system"));
    }

    [Fact]
    public void Only_a_hotline_has_one_and_nobody_sets_anothers()
    {
        var key = ApiKey.Generate();
        var police = After(After(AgencyRegistry.Empty, Register("police-nl", AgencyKind.Police, In(NL))), Issue(AgencyId.Parse("police-nl"), Roles.Officer), key);
        Assert.Equal(AgencyRejection.InvalidIccamAccess, ReasonOf(Decide(police, new SetIccamAccess
        {
            Context = By(), Agency = AgencyId.Parse("police-nl"), Access = Access() with { KeyId = key.KeyId },
        })));
        var analyst = new Caller { Agency = HotlineNl, Kind = AgencyKind.Hotline, Roles = Roles.Analyst, KeyId = Key.KeyId };
        Assert.Equal(AgencyRejection.NotAuthorised, ReasonOf(Decide(Came, Set(Access()) with { Context = By(analyst) })));
    }

    private static AgencyRegistry Working()
    {
        var waits = After(Came, Set(Access()));
        return After(waits, Approve(waits.Agencies[HotlineNl].IccamWaiting!.Credentials, Second));
    }

    private static IccamAccess Access() => new() { UserName = "nl-system", PasswordHash = "hash", KeyId = Key.KeyId, AnalystName = "Analyst" };

    private static SetIccamAccess Set(IccamAccess access) => new() { Context = By(), Agency = HotlineNl, Access = access };

    private static ApproveIccamAccess Approve(long number, Caller by) => new() { Context = By(by), Agency = HotlineNl, Credentials = number };
}
