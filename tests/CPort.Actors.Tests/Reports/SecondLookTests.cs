using CPort.Domain.Agencies;
using System.Text;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Exchange;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Queues;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using static CPort.Actors.Tests.Reports.ReportScenario;
using static CPort.Domain.CodeLists.Classification;

namespace CPort.Actors.Tests.Reports;

/// <summary>Second looks: blind, by other people, until enough have come to the same (docs/rules.md).</summary>
public class SecondLookTests
{
    private static readonly Caller Anna = Person(Nl, 1), Bob = Person(Nl, 2), Carla = Person(Nl, 3), Dirk = Person(Nl, 4);
    private static readonly Caller Boss = Person(Nl, 5) with { Roles = Roles.Analyst | Roles.Manager };
    private static readonly Caller Officer = Person(PoliceUa, 6);
    private static readonly SecondLookPolicy Strict = new() { For = LookFor.NewBaseline, Version = 3 };

    private static Caller Person(Caller of, int n) => of with { Person = PersonId.Parse($"p-{n:D16}"), KeyId = $"p-{n:D16}" };

    private static ReportScenario New(SecondLookPolicy? policy = null, int items = 1)
    {
        var s = HostedIn(NL, items);
        s.Members.Looks[Nl.Agency] = policy ?? Strict;
        return s;
    }

    private static CommandReply Look(ReportScenario s, Caller by, Classification said) => s.Do(new AssessBlind
    {
        ReportId = s.Id, Context = s.Context(by), Item = At(1)[0], Assessment = Opinion(said),
    });

    private static CommandReply Ask(ReportScenario s, Caller by, AgencyId agency) =>
        s.Do(new AskForLook { ReportId = s.Id, Context = s.Context(by), Items = At(1), Agency = agency });

    private static ItemView Seen(ReportScenario s, Caller by) =>
        ReportViews.Page(s.Report, new GetReport { ReportId = s.Id, Caller = by }, new OpenSeam()).Items[0];

    // Who has to be asked in which order, and what comes of it; null: it waits still.
    [Theory]
    [InlineData(2, "B B", Baseline)]
    [InlineData(2, "B N", null)]
    [InlineData(2, "B N N", National)]
    [InlineData(2, "B N B", Baseline)]
    [InlineData(2, "B N X", null)]
    [InlineData(2, "B N X X", NotIllegal)]
    [InlineData(2, "B X X", NotIllegal)]
    [InlineData(3, "B B", null)]
    [InlineData(3, "B B B", Baseline)]
    [InlineData(3, "B N N N", National)]
    public void So_many_equal_answers_decide_and_of_two_who_disagree_the_next_person(int agreeing, string said, Classification? comes)
    {
        var s = New(Strict with { Agreeing = agreeing });
        Caller[] people = [Anna, Bob, Carla, Dirk];
        var words = said.Split(' ').Select(w => w switch { "B" => Baseline, "N" => National, _ => NotIllegal }).ToArray();
        Assert.Equal(RejectionCode.None, s.Assess(people[0], words[0]).Code);
        for (var i = 1; i < words.Length; i++)
        {
            Assert.Null(s[1].Effective());
            Assert.Equal(RejectionCode.None, Look(s, people[i], words[i]).Code);
        }

        Assert.Equal((comes, comes is null), (s[1].Effective(), s[1].OpenLook() is not null));
        Assert.Equal(comes is null ? ItemState.AwaitsSecondLook : ItemState.Unactioned, s[1].State());
        Assert.Equal(comes is null, WorkQueue.SecondLooks.Holds(s[1]));
        Assert.Equal(comes is null ? 0 : words.Length, s[1].Assessments[^1].Looks);

        // As it is read back from the journal.
        Assert.Equal(Fingerprint(s.Report), Fingerprint(s.Events.Select(OverTheWire).Aggregate(Report.None, ReportRules.Apply)));
    }

    [Theory]
    [InlineData(LookFor.NewBaseline, Baseline, false, true)]
    [InlineData(LookFor.NewBaseline, National, false, false)]
    [InlineData(LookFor.NewBaseline, Baseline, true, false)]
    [InlineData(LookFor.Icse, Baseline, false, true)]
    [InlineData(LookFor.Icse, National, false, true)]
    [InlineData(LookFor.Icse, NotIllegal, false, false)]
    [InlineData(LookFor.Icse, National, true, false)]
    [InlineData(LookFor.Iwol, Baseline, true, true)]
    [InlineData(LookFor.Iwol, National, false, false)]
    [InlineData(LookFor.None, Baseline, false, false)]
    public void The_policy_says_what_is_looked_at_twice(LookFor what, Classification said, bool known, bool waits)
    {
        var s = New();
        var md5 = ContentHash.FromBytes(HashAlgorithm.Md5, Enumerable.Repeat((byte)7, 16).ToArray());
        var item = s[1] with { Hashes = [md5], Known = known ? [KnownHash.Of(0, Verdict(md5))] : [] };
        Assert.Equal(waits, new SecondLookPolicy { For = what }.Asks(s.Report, item, said));

        // The stricter of the agency's and everybody's, each way round.
        Assert.Equal(waits, new SecondLookPolicy().And(new SecondLookPolicy { For = what }).Asks(s.Report, item, said));
        Assert.Equal(4, new SecondLookPolicy { Agreeing = 2 }.And(new SecondLookPolicy { Agreeing = 4 }).Agreeing);
    }

    [Fact]
    public void A_sample_of_everything_else_is_looked_at_too_so_that_waiting_tells_nothing()
    {
        var s = HostedIn(NL, items: 190);
        var drawn = s.Report.Items.Count(i => new SecondLookPolicy { Sample = 20 }.Asks(s.Report, i, NotIllegal));
        Assert.InRange(drawn, 15, 70);
        Assert.All(s.Report.Items, i => Assert.True(new SecondLookPolicy { Sample = 100 }.Asks(s.Report, i, National)));
        Assert.All(s.Report.Items, i => Assert.False(new SecondLookPolicy { Sample = 100 }.Asks(s.Report, i, Doubtful)));
    }

    [Fact]
    public void Nobody_looks_twice_and_no_machine_at_all()
    {
        var s = New();
        s.Assess(Anna, Baseline);
        Assert.Equal(RejectionCode.SamePerson, Look(s, Anna, Baseline).Code);

        // By a key of her own she is the same person.
        Assert.Equal(RejectionCode.SamePerson, Look(s, Nl with { KeyId = "another", Owner = Anna.Person }, Baseline).Code);
        Assert.Equal(RejectionCode.NotAuthorised, Look(s, Nl, Baseline).Code);
        Assert.Equal(RejectionCode.NotAuthorised, Look(s, Bob with { Roles = Roles.Machine }, Baseline).Code);
        Assert.Equal(RejectionCode.None, Look(s, Bob, National).Code);
        Assert.Equal(RejectionCode.SamePerson, Look(s, Bob, National).Code);
        Assert.Equal(RejectionCode.SamePerson, s.Claim(Bob).Code);
        Assert.Equal(RejectionCode.None, s.Claim(Carla).Code);
        Assert.Equal(RejectionCode.Leased, Look(s, Dirk, National).Code);
    }

    [Fact]
    public void What_one_has_said_is_told_to_no_hash_and_is_no_candidate_until_another_agrees()
    {
        var s = HostedIn(NL);
        s.Members.Looks[Nl.Agency] = Strict;
        s.Add(Nl, Entry(NL) with { Hashes = [Sha256(9)] });
        s.Work();
        s.Assess(Anna, Baseline, 2);
        ContentItem Item() => s[2];
        Assert.Empty(Item().Unpropagated());
        Assert.Equal((null, false, false), (Item().Effective(), Item().IsSaidIllegal(), Item().IsBaselineBelieved()));
        Assert.Equal(RejectionCode.NotIllegal, s.Do(new ProposeForIcse
        {
            ReportId = s.Id, Context = s.Context(Anna), Items = At(2), SealedWhy = AnySealed,
        }).Code);
        Assert.Equal(RejectionCode.NotAssessedYet, s.Act(Anna, ActionType.ReportedToIsp, 2).Code);

        s.Now = s.Now.AddHours(3);
        s.Do(new AssessBlind { ReportId = s.Id, Context = s.Context(Bob), Item = At(2)[0], Assessment = Opinion(Baseline) });
        var word = Assert.Single(Item().Unpropagated());
        Assert.Equal((Baseline, s.Now, Nl.Agency), (word.Classification, word.At, word.Agency));
        Assert.Equal(RejectionCode.None, s.Act(Anna, ActionType.ReportedToIsp, 2).Code);
    }

    [Fact]
    public void Who_may_look_sees_nothing_of_what_was_said_nor_by_whom_and_everybody_does_once_it_is_settled()
    {
        var s = New();
        s.Claim(Anna);
        s.Do(new AssessItems
        {
            ReportId = s.Id, Context = s.Context(Anna), Items = At(1), Assessment = Opinion(Baseline) with { Age = AgeCategory.Infant },
        });
        Look(s, Bob, National);

        // Reporter and assigned hotline are one here; others of other agencies see neither.
        foreach (var caller in new[] { Carla, Nl, Boss, Person(Nl, 9) with { Roles = Roles.Analyst | Roles.Auditor } })
        {
            var view = Seen(s, caller);
            Assert.Equal((null, 0, null), (view.Effective, view.Item.Assessments.Length, view.Item.Inheritance));
            Assert.Equal((true, 0, 0), (view.WaitsForLook, view.Item.Look!.Answers.Length, view.Item.Look.By.Length));
            var all = Encoding.UTF8.GetString(Bytes(view)) + Told(s, caller);
            Assert.DoesNotContain(Anna.KeyId, all, StringComparison.Ordinal);
            Assert.DoesNotContain(Bob.KeyId, all, StringComparison.Ordinal);
            Assert.DoesNotContain("Baseline", all, StringComparison.Ordinal);
            Assert.DoesNotContain("Infant", all, StringComparison.Ordinal);
        }

        // The bytes are those of an item of which somebody said the opposite.
        var t = New(Strict with { Sample = 100 });
        t.Claim(Anna);
        t.Assess(Anna, NotIllegal);
        Look(t, Bob, Baseline);
        Assert.Equal(Bytes(Seen(s, Carla)), Bytes(Seen(t, Carla)));
        Assert.Equal(Told(s, Carla), Told(t, Carla));

        // The first sees her own word, and not the other's.
        var own = Seen(s, Anna);
        Assert.Equal((Baseline, true), (Assert.Single(own.Item.Assessments).Classification, own.Item.Look!.IsBy(Anna)));
        Assert.Empty(own.Item.Look.Answers);
        Assert.DoesNotContain(Bob.KeyId, Encoding.UTF8.GetString(Bytes(own)), StringComparison.Ordinal);

        Look(s, Carla, National);
        var after = Seen(s, Person(Nl, 9));
        Assert.Equal((National, 2, false), (after.Effective!.Value, after.Item.Look!.Answers.Length, after.WaitsForLook));
        Assert.Contains("3 have looked, and enough of them say National", Told(s, Person(Nl, 9)), StringComparison.Ordinal);
    }

    private static string Told(ReportScenario s, Caller caller)
    {
        var events = s.Events.Select((e, i) => new SequencedEvent(i + 1, e)).ToArray();
        var page = ReportViews.History(s.Report, new GetHistory { ReportId = s.Id, Caller = caller }, [.. events], new OpenSeam());
        var after = Report.None;
        var feed = s.Events.SelectMany(e => FeedTypes.Of(e, after = ReportRules.Apply(after, e))).Select(f => $"{f.Type} {f.Ordinal}");
        return string.Join('\n', page.Entries.Select(e => $"{e.Sequence} {e.Event} {e.Meta.Agency} {e.Meta.KeyId} {string.Join('|', e.Facts)} {e.Text}")
            .Concat(feed));
    }

    [Fact]
    public void Who_said_it_corrects_it_and_nobody_else_may()
    {
        var s = New();
        s.Assess(Anna, Baseline);
        Assert.Equal(RejectionCode.AwaitsSecondLook, s.Correct(Bob, National).Code);
        Assert.Equal(RejectionCode.AwaitsSecondLook, s.Assess(Bob, National).Code);
        Look(s, Bob, National);

        // To the same: those who have answered answer anew; to what nobody has to look at: it counts.
        Assert.Equal(RejectionCode.None, s.Correct(Anna, Baseline).Code);
        Assert.Equal((1, 0), (s[1].OpenLook()!.By.Length, s[1].Look!.Answers.Length));
        Assert.Equal(RejectionCode.None, Look(s, Bob, National).Code);
        Assert.Equal(RejectionCode.None, s.Correct(Anna, National).Code);
        Assert.Equal((National, false), (s[1].Effective()!.Value, s[1].OpenLook() is not null));
        Assert.Equal(RejectionCode.NoSecondLook, Look(s, Carla, National).Code);

        // And from what counts to what has to be looked at: nobody goes round the second look by a slip.
        Assert.Equal(RejectionCode.None, s.Correct(Anna, Baseline).Code);
        Assert.Equal((null, true), (s[1].Effective(), s[1].OpenLook() is not null));
    }

    [Fact]
    public void It_ends_with_the_report_the_episode_and_a_believed_baseline_and_not_with_what_is_gone()
    {
        var withdrawn = New();
        withdrawn.Assess(Anna, Baseline);
        withdrawn.Withdraw(Nl);
        Assert.Null(withdrawn[1].OpenLook());
        Assert.Equal(RejectionCode.Withdrawn, Look(withdrawn, Bob, Baseline).Code);

        var moved = New();
        moved.Assess(Anna, Baseline);
        moved.Host(Anna, BE);
        moved.Move(Anna, BE);
        Assert.Equal((null, ItemState.Unassessed), (moved[1].OpenLook(), moved[1].State()));
        Assert.Empty(moved[1].Unpropagated());
        Assert.Equal(RejectionCode.NothingToCorrect, moved.Correct(Anna, Baseline).Code);

        var known = New();
        known.Assess(Anna, Baseline);
        known.Inherit(Baseline, row: 1);
        Assert.Equal((Baseline, null), (known[1].Effective()!.Value, known[1].OpenLook()));
        known.Inherit(null);
        Assert.NotNull(known[1].OpenLook());

        var gone = New();
        gone.Assess(Anna, Baseline);
        gone.Act(Anna, ActionType.Unavailable);
        Assert.True(gone[1].IsClosed() && WorkQueue.SecondLooks.Holds(gone[1]));
        Assert.Equal(RejectionCode.None, gone.Claim(Bob).Code);
        Look(gone, Bob, Baseline);
        Assert.Equal((Baseline, ItemState.Unavailable), (gone[1].Effective()!.Value, gone[1].State()));

        // Seen online again: what was never agreed on goes nowhere.
        var again = New();
        again.Assess(Anna, Baseline);
        again.Act(Anna, ActionType.Unavailable);
        again.SeenAgain(Anna);
        Assert.Equal((null, 0, null), (again[1].OpenLook(), again[2].Assessments.Length, again[2].Look));
    }

    [Fact]
    public void Another_agency_is_asked_by_a_manager_sees_the_item_until_it_is_settled_and_nothing_of_what_was_said()
    {
        var s = New();
        s.Assess(Anna, Baseline);
        Assert.Equal(RejectionCode.NotFound, Look(s, Officer, Baseline).Code);
        Assert.Equal(RejectionCode.NotAuthorised, Ask(s, Bob, Officer.Agency).Code);
        Assert.Equal(RejectionCode.NotForLooks, Ask(s, Boss, Officer.Agency).Code);
        s.Members.Lookers.Add(Officer.Agency);
        Assert.Equal(RejectionCode.NotForLooks, Ask(s, Boss, Nl.Agency).Code);
        Assert.Equal(RejectionCode.None, Ask(s, Boss, Officer.Agency).Code);
        Assert.Equal(RejectionCode.NothingToChange, Ask(s, Boss, Officer.Agency).Code);

        var view = Seen(s, Officer);
        Assert.Equal((true, 0, null, "https://host.example/1"), (view.WaitsForLook, view.Item.Assessments.Length, view.Effective, view.Secrets!.Url));
        Assert.DoesNotContain("Baseline", Told(s, Officer), StringComparison.Ordinal);
        Assert.Equal(RejectionCode.NotAuthorised, s.Assess(Officer, Baseline).Code);
        Assert.Equal(RejectionCode.None, s.Claim(Officer).Code);
        Assert.Equal(RejectionCode.None, Look(s, Officer, Baseline).Code);

        // It is the hotline's word, by its law; who was asked sees what became of it.
        Assert.Equal((Baseline, Nl.Agency, NL), (s[1].Effective()!.Value, s[1].Assessments[^1].Agency, s[1].Assessments[^1].Country!.Value));
        var facts = ReportViews.RelationFacts(s.Report, s[1]);
        Assert.Equal(ItemRelations.FormerlyAssigned, AccessTable.RelationsOf(Officer, facts) & ~ItemRelations.PoliceOfCountry);
    }

    [Fact]
    public void Of_one_analyst_who_is_stopped_the_word_stands_and_others_settle_it()
    {
        var s = New();
        s.Assess(Anna, Baseline);
        s.Claim(Bob);
        s.Do(new ReturnClaims { ReportId = s.Id, Context = s.Context(Caller.System), Agency = Nl.Agency, KeyId = Bob.KeyId });
        Assert.Null(s[1].Lease);
        Assert.Equal(RejectionCode.None, Look(s, Carla, Baseline).Code);
        Assert.Equal(Baseline, s[1].Effective());
    }

    private static HashVerdict Verdict(ContentHash hash) => new()
    {
        Hash = hash, Version = 1, Opinions =
        [
            new HashOpinion { Agency = Be.Agency, Basis = OpinionBasis.List, Classification = National, Country = BE, At = Start, Trust = TrustLevel.Standard },
        ],
    };

    /// <summary>Opens what every test here seals: one address, and nothing else.</summary>
    private sealed class OpenSeam : ConfidentialSeam
    {
        public override Sealed Seal<T>(SealedPlace place, T secret, bool repeatable = false) => AnySealed;

        public override T Open<T>(SealedPlace place, Sealed secret) =>
            typeof(T) == typeof(ItemSecrets) ? (T)(object)new ItemSecrets { Url = "https://host.example/1" }
            : typeof(T) == typeof(ReportSecrets) ? (T)(object)new ReportSecrets() : (T)(object)new SecretText { Text = "x" };

        public override byte[] Keyed(string purpose, ReadOnlySpan<byte> data) => [.. data];
    }
}
