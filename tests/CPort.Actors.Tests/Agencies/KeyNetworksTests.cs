using System.Collections.Immutable;
using System.Net;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.Identity;
using static CPort.Actors.Tests.Agencies.AgencyExamples;

namespace CPort.Actors.Tests.Agencies;

/// <summary>The networks that a key may come from: how they are written, who sets them, who agrees, and what they keep out.</summary>
public sealed class KeyNetworksTests
{
    private static readonly ApiKey Key = ApiKey.Generate();
    private static readonly Caller Second = Operator with { KeyId = "second-opera" };

    /// <summary>A hotline that came in, with a key for one network of each kind.</summary>
    private static readonly AgencyRegistry Limited = After(
        After(AgencyRegistry.Empty, Register("hotline-nl", AgencyKind.Hotline, In(NL))),
        Issue(HotlineNl) with { Networks = ["192.0.2.0/24", "2001:db8:1::/48"] }, Key);

    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.0/24")]
    [InlineData("192.0.2.7", "192.0.2.7/32")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("2001:DB8::/32", "2001:db8::/32")]
    [InlineData("2001:db8::1", "2001:db8::1/128")]
    [InlineData("::ffff:192.0.2.0/120", "192.0.2.0/24")]
    [InlineData("192.0.2.7/24", null)]
    [InlineData("2001:db8::1/32", null)]
    [InlineData("192.0.2.0/33", null)]
    [InlineData("192.0.2.0/-1", null)]
    [InlineData("192.0.2.0/+8", null)]
    [InlineData("192.0.2.0/24/24", null)]
    [InlineData("192.0.2", null)]
    [InlineData("192.000.002.000/24", null)]
    [InlineData("0xc0000200/24", null)]
    [InlineData("fe80::1%eth0/128", null)]
    [InlineData("[2001:db8::]/32", null)]
    [InlineData("::ffff:192.0.2.0/24", null)]
    [InlineData("example/24", null)]
    [InlineData("/24", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void A_network_is_written_in_one_way_and_what_is_none_is_refused(string? text, string? written) =>
        Assert.Equal(written, KeyNetworks.TryParse(text, out var network) ? network.ToString() : null);

    [Theory]
    [InlineData("192.0.2.200", true)]
    [InlineData("192.0.3.1", false)]
    [InlineData("::ffff:192.0.2.200", true)]
    [InlineData("::ffff:192.0.3.1", false)]
    [InlineData("2001:db8:1:2::3", true)]
    [InlineData("2001:db8:2::3", false)]
    [InlineData("::192.0.2.200", false)]
    [InlineData(null, false)]
    public void A_key_works_from_its_networks_and_from_nowhere_else(string? from, bool works)
    {
        var answer = AgencyDirectory.Of(Limited).Authenticate(Key.Text, Noon, null, from: from is null ? null : IPAddress.Parse(from));
        if (works)
        {
            Assert.IsType<Authentication.Accepted>(answer);
            return;
        }

        var refused = Assert.IsType<Authentication.Refused>(answer);
        Assert.Equal((RefusalCause.OutsideNetworks, true, Key.KeyId), (refused.Cause, refused.MayBeExplained, refused.Named!.KeyId));
    }

    [Fact]
    public void Who_has_not_the_secret_or_an_ended_key_does_not_learn_of_networks()
    {
        var elsewhere = IPAddress.Parse("198.51.100.1");
        var directory = AgencyDirectory.Of(Limited);
        Assert.Equal(RefusalCause.Unknown, Cause(directory, Key.Text[..^43] + ApiKey.Generate().Text[^43..]));
        var revoked = AgencyDirectory.Of(After(Limited, new RevokeKey { Context = By(), Agency = HotlineNl, KeyId = Key.KeyId }));
        Assert.Equal(RefusalCause.Revoked, Cause(revoked, Key.Text));

        RefusalCause Cause(AgencyDirectory of, string text) =>
            Assert.IsType<Authentication.Refused>(of.Authenticate(text, Noon, null, from: elsewhere)).Cause;
    }

    [Fact]
    public void Fewer_count_at_once_and_more_once_another_hand_has_agreed_to_what_it_looked_at()
    {
        Assert.Equal(["192.0.2.128/25"], NetworksOf(After(Limited, Set("192.0.2.128/25"))));
        Assert.Equal(["192.0.2.128/25"], NetworksOf(After(Limited, Set("::ffff:192.0.2.128/121", "192.0.2.128/25"))));
        Assert.IsType<AgencyDecision.Unchanged>(Decide(Limited, Set("2001:db8:1::/48", "192.0.2.0/24")));

        foreach (var wider in new[] { Set(), Set("192.0.2.0/23"), Set("192.0.2.0/24", "198.51.100.0/24"), Set("0.0.0.0/0") })
        {
            var waits = After(Limited, wider);
            Assert.Equal(["192.0.2.0/24", "2001:db8:1::/48"], NetworksOf(waits));
            var number = waits.Keys[Key.KeyId].NetworksWaiting!.Number;
            Assert.Equal(AgencyRejection.SecondPersonNeeded, ReasonOf(Decide(waits, Approve(number, Operator))));
            Assert.Equal(AgencyRejection.UnknownKeyNetworks, ReasonOf(Decide(waits, Approve(number - 1, Second))));
            var works = After(waits, Approve(number, Second));
            Assert.Equal(KeyNetworks.Read(wider.Networks)!.Value.Select(n => n.ToString()), NetworksOf(works));
            Assert.Equal(AgencyRejection.UnknownKeyNetworks, ReasonOf(Decide(works, Approve(number, Second))));

            // Who thinks better of it takes the wish back, and nobody agrees to it any more.
            var back = After(waits, Set("192.0.2.0/24", "2001:db8:1::/48"));
            Assert.Null(back.Keys[Key.KeyId].NetworksWaiting);
            Assert.Equal(AgencyRejection.UnknownKeyNetworks, ReasonOf(Decide(back, Approve(number, Second))));
        }
    }

    [Fact]
    public void The_agency_itself_agrees_to_an_operators_wish_and_an_operator_to_its_administrators()
    {
        var (analyst, person) = (new Caller { Agency = HotlineNl, Kind = AgencyKind.Hotline, Roles = Roles.Administrator, KeyId = Key.KeyId }, PersonId.New());
        var administrator = analyst with { KeyId = person.Value, Person = person };
        var waits = After(Limited, Set("0.0.0.0/0"));
        Assert.Equal(["0.0.0.0/0"], NetworksOf(After(waits, Approve(waits.Keys[Key.KeyId].NetworksWaiting!.Number, administrator))));

        waits = After(Limited, Set("0.0.0.0/0") with { Context = By(administrator) });
        var number = waits.Keys[Key.KeyId].NetworksWaiting!.Number;
        Assert.Equal(AgencyRejection.SecondPersonNeeded, ReasonOf(Decide(waits, Approve(number, administrator))));
        Assert.Equal(["0.0.0.0/0"], NetworksOf(After(waits, Approve(number, Operator))));

        // Of another agency's key nobody else hears.
        var stranger = administrator with { Agency = HotlineDe };
        Assert.Equal(AgencyRejection.UnknownAgency, ReasonOf(Decide(Limited, Set("192.0.2.0/25") with { Context = By(stranger) })));
    }

    [Fact]
    public void An_operators_own_key_has_networks_too_and_they_need_no_consent()
    {
        var (key, of) = (ApiKey.Generate(), Operator.Agency);
        var state = After(After(AgencyRegistry.Empty, Register("operator", AgencyKind.Operator)),
            Issue(of, Roles.Operator) with { Networks = ["192.0.2.1"] }, key);
        state = After(state, new SetKeyNetworks { Context = By(), Agency = of, KeyId = key.KeyId, Networks = ["198.51.100.0/24"] });
        var directory = AgencyDirectory.Of(state);
        Assert.IsType<Authentication.Accepted>(directory.Authenticate(key.Text, Noon, null, from: IPAddress.Parse("198.51.100.9")));
        Assert.IsType<Authentication.Refused>(directory.Authenticate(key.Text, Noon, null, from: IPAddress.Parse("192.0.2.1")));
    }

    [Fact]
    public void A_replaced_key_hands_its_networks_on_and_those_that_wait_it_does_not()
    {
        var next = ApiKey.Generate();
        var state = After(Limited, Set("0.0.0.0/0"));
        state = Approved(After(state, new RotateKey { Context = By(), Agency = HotlineNl, KeyId = Key.KeyId }, next), next);
        var successor = state.Keys[next.KeyId];
        Assert.Equal(["192.0.2.0/24", "2001:db8:1::/48"], KeyNetworks.Texts(successor.Networks).AsEnumerable());
        Assert.Null(successor.NetworksWaiting);
        var directory = AgencyDirectory.Of(state);
        Assert.IsType<Authentication.Accepted>(directory.Authenticate(next.Text, Noon, null, from: IPAddress.Parse("192.0.2.5")));
        Assert.IsType<Authentication.Refused>(directory.Authenticate(next.Text, Noon, null, from: IPAddress.Parse("198.51.100.5")));
    }

    [Fact]
    public void Too_many_none_and_those_of_a_key_that_has_ended_are_refused()
    {
        var many = Enumerable.Range(0, KeyNetworks.Max + 1).Select(i => $"192.0.2.{i}").ToImmutableArray();
        Assert.Equal(AgencyRejection.InvalidNetworks, ReasonOf(Decide(Limited, Set([.. many]))));
        Assert.IsType<AgencyDecision.Accepted>(Decide(Limited, Set([.. many[1..]])));
        Assert.Equal(AgencyRejection.InvalidNetworks, ReasonOf(Decide(Limited, Set("192.0.2.1/24"))));
        Assert.Equal(AgencyRejection.InvalidNetworks, ReasonOf(Decide(Limited, Issue(HotlineNl) with { Networks = many }, key: ApiKey.Generate().Candidate)));
        Assert.Equal(AgencyRejection.UnknownKey, ReasonOf(Decide(Limited, Set("192.0.2.1") with { KeyId = "none" })));
        var revoked = After(Limited, new RevokeKey { Context = By(), Agency = HotlineNl, KeyId = Key.KeyId });
        Assert.Equal(AgencyRejection.KeyRevoked, ReasonOf(Decide(revoked, Set("192.0.2.1"))));
    }

    [Fact]
    public void A_hotlines_own_ICCAM_system_comes_from_its_keys_networks()
    {
        var access = new IccamAccess { UserName = "nl-system", PasswordHash = "hash", KeyId = Key.KeyId, AnalystName = "Analyst" };
        var waits = After(Limited, new SetIccamAccess { Context = By(), Agency = HotlineNl, Access = access });
        var works = AgencyDirectory.Of(After(waits, new ApproveIccamAccess
        {
            Context = By(Second), Agency = HotlineNl, Credentials = waits.Agencies[HotlineNl].IccamWaiting!.Credentials,
        }));
        var (agency, set) = works.FindIccam("nl-system")!.Value;
        Assert.IsType<Authentication.Accepted>(works.AuthenticateIccam(agency, set, Noon, IPAddress.Parse("192.0.2.5")));
        Assert.Equal(
            RefusalCause.OutsideNetworks,
            Assert.IsType<Authentication.Refused>(works.AuthenticateIccam(agency, set, Noon, IPAddress.Parse("198.51.100.5"))).Cause);
    }

    private static IEnumerable<string> NetworksOf(AgencyRegistry state) => KeyNetworks.Texts(state.Keys[Key.KeyId].Networks);

    private static SetKeyNetworks Set(params string[] networks) => new() { Context = By(), Agency = HotlineNl, KeyId = Key.KeyId, Networks = [.. networks] };

    private static ApproveKeyNetworks Approve(long number, Caller by) => new() { Context = By(by), Agency = HotlineNl, KeyId = Key.KeyId, Number = number };
}
