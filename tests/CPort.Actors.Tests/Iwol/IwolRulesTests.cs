using System.Collections.Immutable;
using System.Text;
using CPort.Actors.Tests.Reports;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Iwol;
using CPort.Domain.Iwol.Verbs;
using CPort.Domain.Routing;
using CPort.Tests.Shared;
using static CPort.Actors.Tests.Reports.ReportScenario;

namespace CPort.Actors.Tests.Iwol;

/// <summary>Domains of the "worst of" list: what it takes to be on it, who sees whose findings, and what its versions hold.</summary>
public sealed class IwolRulesTests
{
    private static readonly IwolKey Key = new(77);
    private static readonly Sealed Words = new() { Bytes = [1, 2, 3] };
    private static readonly Sealed Name = TestKeys.Seam.Seal(IwolRules.PlaceOf(Key), new SecretText { Text = "a.example" });
    private static readonly Sealed Reference = TestKeys.Seam.Seal(IwolRules.PlaceOf(Key, -1), new SecretText { Text = "in a safe" });
    private static readonly Caller OfficerNl = Police("police-nl", "NL");
    private static readonly Caller OfficerDe = Police("police-de", "DE");
    private static readonly Caller OfficerIp = Interpol with { Roles = Roles.Officer };

    private readonly FakeMembership _members = new();
    private IwolCandidate _candidate = IwolCandidate.None;
    private DateTimeOffset _now = Start;
    private int _commands;

    public IwolRulesTests()
    {
        foreach (var (agency, country) in new[] { ("police-nl", "NL"), ("police-nl2", "NL"), ("police-de", "DE"), ("police-gb", "GB"), ("police-fr", "FR") })
        {
            _members.Working[AgencyId.Parse(agency)] = [Country.Parse(country)];
        }
    }

    private static Caller Police(string agency, string country) => PoliceNl with
    {
        Agency = AgencyId.Parse(agency), Countries = [Country.Parse(country)], PrimaryCountry = Country.Parse(country), Purpose = "case 1", KeyId = agency,
        Roles = Roles.Officer,
    };

    private IwolEnvironment Environment => new(_now, new IwolPolicy(), _members);

    private CommandContext Context(Caller caller, string? id = null) =>
        new() { CommandId = CommandId.Parse(id ?? $"c-{++_commands}"), Caller = caller, OccurredAt = _now };

    private IwolReply Do(IIwolCommand command)
    {
        var decision = IwolRules.Decide(_candidate, command, Environment);
        _candidate = decision.Events.Aggregate(_candidate, IwolRules.Apply);
        return decision.Reply;
    }

    private IwolReply Propose(int ordinal = 1, Caller? by = null) => Do(new ProposeDomain
    {
        Key = Key, Context = Context(by ?? OfficerNl), SealedName = Name,
        Evidence = new IwolEvidence { Item = new ItemRef(new ReportId(5), ordinal), By = OfficerNl.Agency },
    });

    private IwolReply Attest(Caller by, bool severe = true, DateTimeOffset? seen = null, Country? country = null) => Do(new AttestDomain
    {
        Key = Key, Context = Context(by), ChildrenReal = true, YoungerThan13 = true, Severe = severe, SeenAt = seen ?? _now.AddHours(-1), Country = country,
        SealedReference = Reference,
    });

    private IwolReply List(Caller? by = null, string? hold = null, int evidence = 1, DateTimeOffset? review = null) => Do(new DecideDomain
    {
        Key = Key, Context = Context(by ?? OfficerIp), List = true, ReviewBy = review, Standing = new IwolStanding { Evidence = evidence, Hold = hold },
    });

    /// <summary>Declined, and proposed by the same item again.</summary>
    private void Anew()
    {
        Do(new DecideDomain { Key = Key, Context = Context(OfficerIp), SealedWhy = Words });
        Propose();
    }

    private void Published() => Do(new NotePublished { Key = Key, Context = Context(Caller.System), Change = _candidate.Changes, ListVersion = 7 });

    [Fact]
    public void It_takes_two_countries_and_two_agencies_who_agree_an_item_and_no_hold()
    {
        Propose();
        Assert.Equal(IwolRejection.NotDecidable, List().Code);
        Attest(OfficerNl);
        Attest(OfficerIp);
        Assert.Equal(IwolRejection.NotDecidable, List().Code);
        Assert.Equal(IwolRejection.CountryHasAttested, Attest(OfficerNl with { Agency = AgencyId.Parse("police-nl2") }).Code);
        Attest(OfficerDe, severe: false);
        Assert.Equal(IwolRejection.NotDecidable, List().Code);
        Anew();
        Attest(OfficerNl);
        Attest(OfficerDe);
        Assert.Equal(IwolRejection.NotFound, List(OfficerNl).Code);
        Assert.Equal(IwolRejection.NoEvidence, List(evidence: 0).Code);
        var held = List(hold: "X-h1");
        Assert.Equal(IwolRejection.OnHold, held.Code);
        Assert.Contains("X-h1", held.Detail, StringComparison.Ordinal);
        Assert.Equal(IwolRejection.ReviewDoesNotFit, List(review: _now.AddDays(90).AddTicks(1)).Code);
        Assert.Equal(IwolState.Listed, List(review: _now.AddDays(90)).State);
        Assert.True(_candidate.OwesList);
    }

    [Fact]
    public void Findings_are_a_persons_of_today_and_blind_until_ones_own_is_given()
    {
        Propose();
        Assert.Equal(IwolRejection.NotFound, Attest(OfficerNl with { Roles = Roles.Machine }).Code);
        Assert.Equal(IwolRejection.NotFound, Attest(OfficerNl with { Purpose = null }).Code);
        Assert.Equal(IwolRejection.AttestationDoesNotFit, Attest(OfficerNl, seen: _now.AddDays(-91)).Code);
        Assert.Equal(IwolRejection.AttestationDoesNotFit, Attest(OfficerNl, seen: _now.AddMinutes(1)).Code);
        Assert.Equal(IwolRejection.AttestationDoesNotFit, Attest(OfficerNl, country: Country.Parse("DE")).Code);
        Assert.Equal(IwolRejection.AttestationDoesNotFit, Attest(OfficerIp, country: Country.Parse("DE")).Code);
        Attest(OfficerNl);
        var policy = Environment;
        Assert.True(IwolRules.SeesAttestations(_candidate, OfficerNl, policy));
        Assert.False(IwolRules.SeesAttestations(_candidate, OfficerDe, policy));
        Assert.False(IwolRules.SeesAttestations(_candidate, OfficerIp, policy));
        Attest(OfficerDe);
        Assert.True(IwolRules.SeesAttestations(_candidate, OfficerDe, policy));
        Assert.True(IwolRules.SeesAttestations(_candidate, OfficerIp, policy));
        Assert.False(IwolRules.SeesAttestations(_candidate, OfficerNl with { Agency = AgencyId.Parse("police-fr") }, policy));
    }

    [Fact]
    public void Not_even_whether_enough_agree_is_told_to_who_has_not_said_what_it_found()
    {
        Propose(by: OfficerNl);
        Attest(OfficerNl);
        Attest(OfficerDe);
        (bool, bool, int) Seen(Caller by) => IwolRules.Page(
            _candidate, new GetIwolCandidate { Key = Key, Caller = by }, TestKeys.Seam, Environment)
            is { Found: true } page ? (page.Blind, page.Decidable, page.Attested) : default;
        Assert.Equal((true, false, 0), Seen(Police("police-gb", "GB")));
        Assert.Equal((false, true, 2), Seen(OfficerNl));
        Assert.Equal((false, true, 2), Seen(OfficerIp));
        Attest(Police("police-gb", "GB"), severe: false);
        Assert.Equal((true, false, 0), Seen(Police("police-fr", "FR")));
        Assert.Equal((false, false, 3), Seen(OfficerIp));
    }

    [Fact]
    public void What_was_seen_too_long_ago_decides_nothing_and_a_no_stands()
    {
        Propose();
        Attest(OfficerNl);
        Attest(OfficerDe);
        _now = _now.AddDays(90);
        Assert.Equal(IwolRejection.NotDecidable, List().Code);
        Attest(OfficerNl);
        Assert.Equal(IwolRejection.NotDecidable, List().Code);
        Attest(OfficerDe);
        Attest(Police("police-gb", "GB"), severe: false);
        _now = _now.AddDays(90);
        Attest(OfficerNl);
        Attest(OfficerDe);
        Assert.Equal(IwolRejection.NotDecidable, List().Code);
        Attest(Police("police-gb", "GB"));
        Assert.Equal(IwolState.Listed, List().State);
    }

    [Fact]
    public void A_word_is_replaced_only_as_long_as_no_other_was_to_be_seen()
    {
        Propose();
        Attest(OfficerNl, severe: false, seen: _now.AddDays(-89));
        Assert.Equal(IwolRejection.None, Attest(OfficerNl, seen: _now.AddDays(-89)).Code);
        Attest(OfficerDe, severe: false);
        Assert.Equal(IwolRejection.NotBlindAnyMore, Attest(OfficerDe).Code);

        // Nor once what it says that it saw is too old, which is its giver's to choose.
        _now = _now.AddDays(2);
        Assert.Equal(IwolRejection.NotBlindAnyMore, Attest(OfficerNl, severe: false).Code);
        Assert.Equal([true, false], _candidate.Attestations.Select(a => a.Agrees));

        // Who decides has seen them as soon as there are enough.
        Anew();
        Attest(OfficerNl);
        Assert.Equal(IwolRejection.None, Attest(OfficerIp).Code);
        Anew();
        Attest(OfficerNl);
        Attest(OfficerDe);
        Assert.Equal(IwolRejection.NotBlindAnyMore, Attest(OfficerIp).Code);

        // What is listed has been decided.
        List();
        Assert.Equal(IwolRejection.None, Attest(OfficerDe, severe: false).Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Words_of_police_that_is_closed_or_works_elsewhere_do_not_count_and_a_no_stands_until_the_countrys_police_of_today_looks(bool closed)
    {
        Propose();
        Attest(OfficerNl);
        Attest(OfficerDe);
        Assert.True(IwolRules.IsDecidable(_candidate, Environment));
        Leaves(OfficerNl.Agency);
        var refused = List();
        Assert.Equal(IwolRejection.NotDecidable, refused.Code);
        Assert.Contains("do not count", refused.Detail, StringComparison.Ordinal);
        Assert.Equal(IwolRejection.None, Attest(Police("police-nl2", "NL"), severe: false).Code);
        Assert.Equal(2, _candidate.Attestations.Length);
        Leaves(AgencyId.Parse("police-nl2"));
        Attest(Police("police-gb", "GB"));
        Assert.Equal(IwolRejection.NotDecidable, List().Code);
        _members.Closed.Clear();
        _members.Working[AgencyId.Parse("police-nl3")] = [NL];
        Attest(Police("police-nl3", "NL"));
        Assert.Equal(IwolState.Listed, List().State);

        void Leaves(AgencyId agency)
        {
            _members.Working[agency] = closed ? [] : [Country.Parse("FR")];
            if (closed)
            {
                _members.Closed.Add(agency);
            }
        }
    }

    [Fact]
    public void Others_have_so_many_words_and_the_decision_is_taken_all_the_same()
    {
        Propose();
        Attest(OfficerNl);
        Attest(OfficerDe);
        List();
        ProposeRemoval Word(Caller by) => new() { Key = Key, Context = Context(by), Appeal = true, SealedWhy = Words };
        for (var i = 0; i < IwolLimits.NotesOfAgency; i++)
        {
            Assert.Equal(IwolRejection.None, Do(Word(OfficerNl)).Code);
        }

        // Another's room is its own.
        Assert.Equal(IwolRejection.TooManyNotes, Do(Word(OfficerNl)).Code);
        Assert.Equal(IwolRejection.None, Do(Word(OfficerDe)).Code);
        _now = _now.AddDays(90);
        Do(Word(Caller.System) with { Appeal = false });
        Assert.True(_candidate.RemovalProposed);
        Assert.Equal(IwolRejection.None, Do(new ReviewDomain { Key = Key, Context = Context(OfficerIp) }).Code);
        Assert.Equal(IwolRejection.None, Do(Word(OfficerNl)).Code);
    }

    [Fact]
    public void An_agencys_items_leave_room_for_anothers()
    {
        for (var i = 1; i <= IwolLimits.EvidenceOfAgency; i++)
        {
            Assert.Equal(IwolRejection.None, Propose(i).Code);
        }

        Assert.Equal(IwolRejection.TooMuchEvidence, Propose(IwolLimits.EvidenceOfAgency + 1).Code);
        Assert.Equal(IwolRejection.None, Propose(IwolLimits.EvidenceOfAgency + 1, OfficerDe).Code);
    }

    [Theory]
    [InlineData("stop.example", true)]
    [InlineData("example", true)]
    [InlineData("top.example", false)]
    [InlineData("a.stop.example", false)]
    public void The_stop_page_is_never_behind_itself(string domain, bool stops) =>
        Assert.Equal(stops, new IwolPublication { Answer = IwolAnswer.StopName, StopName = "stop.example" }.Stops(domain));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_was_removed_or_declined_is_a_candidate_again_by_the_same_item(bool listed)
    {
        Propose();
        Attest(OfficerNl);
        Attest(OfficerDe);
        if (listed)
        {
            List();
            Do(new RemoveDomain { Key = Key, Context = Context(OfficerIp), SealedWhy = Words });
        }
        else
        {
            Do(new DecideDomain { Key = Key, Context = Context(OfficerIp), SealedWhy = Words });
        }

        Assert.Equal(IwolState.Candidate, Propose().State);
        Assert.Empty(_candidate.Attestations);
        Assert.Single(_candidate.Evidence);
        Assert.Equal(IwolState.Candidate, Attest(OfficerNl).State);
        var version = _candidate.Version;
        Propose();
        Assert.Equal(version, _candidate.Version);
    }

    [Theory]
    [InlineData("a.example", true)]
    [InlineData("xn--nxasmq6b.a-1.example", true)]
    [InlineData("*.github.io", false)]
    [InlineData("*.example", false)]
    [InlineData("a;b.example", false)]
    [InlineData("=1+1.example", false)]
    [InlineData("@a.example", false)]
    [InlineData("a_b.example", false)]
    [InlineData("-ab.example", false)]
    [InlineData("ab-.example", false)]
    [InlineData("A.example", false)]
    [InlineData("a b.example", false)]
    [InlineData("a..example", false)]
    [InlineData("example", false)]
    [InlineData("*.com.rpz-nsdname", false)]
    [InlineData("x.rpz-nsdname", false)]
    [InlineData("32.1.2.0.192.rpz-ip", false)]
    [InlineData("abc.onion", false)]
    [InlineData("foo.in-addr.arpa", false)]
    [InlineData("host.internal", false)]
    [InlineData("a.7", false)]
    public void No_file_ever_holds_what_is_no_name(string name, bool fits)
    {
        Assert.Equal(fits, ListedName.Fits(name));
        foreach (var format in Enum.GetValues<IwolFormat>())
        {
            string Written(params (string, DateTimeOffset)[] domains) =>
                Encoding.UTF8.GetString(IwolFile.Write(format, 3, Start, new IwolPublication(), domains));
            var without = Written(("sound.example", Start));
            Assert.Equal(fits, Written(("sound.example", Start), (name, Start)) != without);
        }
    }

    [Theory]
    [InlineData("a.co.uk", true)]
    [InlineData("customer.github.io", true)]
    [InlineData("github.io", false)]
    [InlineData("co.uk", false)]
    [InlineData("kobe.jp", false)]
    [InlineData("amazonaws.com", false)]
    [InlineData("foo.i2p", false)]
    [InlineData("www.a.co.uk", false)]
    public void Only_what_its_owner_alone_has_is_listed(string name, bool own) =>
        Assert.Equal(own, new UrlKeyMaker(TestKeys.Seam, Suffixes.Shipped).IsOnesOwn(name));

    [Fact]
    public void A_name_that_cannot_stand_in_the_list_is_refused_again_when_it_is_decided()
    {
        Propose();
        Attest(OfficerNl);
        Attest(OfficerDe);
        Assert.Equal(IwolRejection.NotADomain, Do(new DecideDomain
        {
            Key = Key, Context = Context(OfficerIp), List = true, Standing = new IwolStanding { Evidence = 1, NoDomain = true },
        }).Code);
    }

    [Fact]
    public void The_calendar_proposes_to_remove_and_removes_nothing()
    {
        Propose();
        Attest(OfficerNl);
        Attest(OfficerDe);
        List();
        Published();
        var itself = new ProposeRemoval { Key = Key, Context = Context(Caller.System) };
        Do(itself);
        Assert.False(_candidate.RemovalProposed);
        _now = _now.AddDays(90);
        Do(itself with { Context = Context(Caller.System) });
        var version = _candidate.Version;
        Do(itself with { Context = Context(Caller.System) });
        Assert.Equal((true, IwolState.Listed, version), (_candidate.RemovalProposed, _candidate.State, _candidate.Version));
        Assert.Equal(IwolState.Listed, Do(new ReviewDomain { Key = Key, Context = Context(OfficerIp) }).State);
        Assert.False(_candidate.RemovalProposed);
        Assert.Equal(_now.AddDays(90), _candidate.ReviewBy);
        Assert.Equal(IwolState.Removed, Do(new RemoveDomain { Key = Key, Context = Context(OfficerIp), SealedWhy = Words }).State);
        Assert.True(_candidate.Owes);

        // What comes back is looked at anew.
        Assert.Equal(IwolState.Candidate, Propose(2).State);
        Assert.Empty(_candidate.Attestations);
    }

    [Fact]
    public void A_command_that_comes_twice_is_answered_as_before_and_another_under_its_id_is_refused()
    {
        Propose();
        var attest = new AttestDomain { Key = Key, Context = Context(OfficerNl, "once"), SeenAt = _now, SealedReference = Words };
        Do(attest);
        var version = _candidate.Version;
        Assert.True(Do(attest).Replayed);
        Assert.Equal(IwolRejection.CommandIdInUse, Do(new ProposeRemoval { Key = Key, Context = Context(OfficerNl, "once") }).Code);
        Assert.Equal(version, _candidate.Version);
        Assert.Equal(IwolRejection.NotFound, Attest(OfficerNl with { Tenant = Tenant.Training }).Code);
    }

    [Fact]
    public void Every_version_is_what_its_changes_made_it_whatever_came_later()
    {
        var (list, random) = (IwolList.None, new Random(17));
        var expected = new List<HashSet<UInt128>> { new() };
        for (var i = 0; i < 200; i++)
        {
            var key = (UInt128)random.Next(1, 12);
            var on = !expected[^1].Contains(key);
            var command = new PublishDomain
            {
                Key = new IwolKey(key), Context = CommandContext.OfSystem(Tenant.Live, Start.AddHours(i)), Name = Words, Listed = on, Change = i,
                Publication = new IwolPublication(),
            };
            list = list.Apply(command.Decide(list)!);
            Assert.Null(command.Decide(list));
            var now = expected[^1].ToHashSet();
            Assert.True(on ? now.Add(key) : now.Remove(key));
            expected.Add(now);
        }

        for (var version = 0; version < expected.Count; version++)
        {
            var page = new GetIwolList { Version = version }.Page(list);
            Assert.Equal(expected[version], page.Entries.Select(e => e.Key.Value).ToHashSet());
            var since = new GetIwolList { Since = version }.Page(list).Entries.ToDictionary(e => e.Key.Value, e => e.Listed);
            var made = expected[version].Where(k => since.GetValueOrDefault(k, true)).Concat(since.Where(s => s.Value).Select(s => s.Key)).ToHashSet();
            Assert.Equal(expected[^1], made);
        }

        Assert.False(new GetIwolList { Version = 201 }.Page(list).Found);
    }

    [Theory]
    [InlineData(IwolAnswer.NoSuchName, "CNAME .")]
    [InlineData(IwolAnswer.NoData, "CNAME *.")]
    [InlineData(IwolAnswer.StopAddress, "A 192.0.2.1")]
    [InlineData(IwolAnswer.StopName, "CNAME stop.example.")]
    public void Files_hold_the_domains_in_order_and_nothing_else(IwolAnswer answer, string record)
    {
        var publication = new IwolPublication { Answer = answer, Address4 = "192.0.2.1", StopName = "stop.example" };
        (string, DateTimeOffset)[] domains = [("b.example", Start), ("a.example", Start)];
        string Write(IwolFormat format) => Encoding.UTF8.GetString(IwolFile.Write(format, 3, Start, publication, domains));
        Assert.Equal(["a.example", "b.example"], Write(IwolFormat.Txt).Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..]);
        var zone = Write(IwolFormat.Rpz);
        foreach (var name in new[] { "a", "*.a", "b", "*.b" })
        {
            Assert.Contains($"\n{name}.example.iwol.rpz. 300 IN {record}\n", zone, StringComparison.Ordinal);
        }

        Assert.Contains("IN SOA localhost. root.localhost. 3 ", zone, StringComparison.Ordinal);
        Assert.Contains("IN ZONEMD 3 1 1 ", zone.Split('\n')[^2], StringComparison.Ordinal);
        Assert.Equal(Write(IwolFormat.Rpz), Encoding.UTF8.GetString(IwolFile.Write(IwolFormat.Rpz, 3, Start, publication, domains.Reverse())));
    }
}
