using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using CsCheck;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Hashes;

/// <summary>What one word on a hash is, and which earlier word it replaces: sources, laws, origins, order.</summary>
public class HashSourceTests
{
    private static readonly HashBucketId Bucket = HashBucketId.For(Tenant.Live, Sha256(1));
    private static readonly ContentHash Hash = Sha256(1);

    private static HashVerdict Verdict(HashBucket state) => HashBucketRules.VerdictOf(state, Hash);

    /// <summary>Audit B10: a hotline of two countries had one word, and the Austrian one took the German one's place.</summary>
    [Fact]
    public void An_agency_has_a_word_by_each_law_and_a_correction_replaces_that_one_only()
    {
        var (state, _) = HashBucket.New(Bucket).Do(
            Opine(Bucket, Hash, Says("hotline-x", Classification.National, De)),
            Opine(Bucket, Hash, Says("hotline-x", Classification.NotIllegal, Nl, minute: 1)));
        Assert.Equal(
            [(De, Classification.National), (Nl, Classification.NotIllegal)], Verdict(state).Opinions.Select(o => (o.Country!.Value, o.Classification)));

        (state, _) = state.Do(Opine(Bucket, Hash, Says("hotline-x", Classification.Baseline, De, minute: 2)));
        (state, _) = state.Do(Opine(Bucket, Hash, Says("hotline-x", Classification.NotIllegal, Nl, minute: 3), retract: true));
        var left = Assert.Single(Verdict(state).Opinions);
        Assert.Equal((De, Classification.Baseline), (left.Country, left.Classification));
    }

    /// <summary>Audit B30: a correction on a node whose clock is behind was dropped.</summary>
    [Fact]
    public void Words_from_one_report_go_by_its_own_events_and_not_by_clocks()
    {
        static HashOpinion Word(Classification classification, int minute, long sequence, int report = 1) =>
            Says("hotline-nl", classification, Nl, minute: minute) with { Item = Item(report), Sequence = sequence };

        var (state, _) = HashBucket.New(Bucket).Do(Opine(Bucket, Hash, Word(Classification.National, minute: 5, sequence: 3)));
        (state, _) = state.Do(Opine(Bucket, Hash, Word(Classification.NotIllegal, minute: 3, sequence: 4)));
        Assert.Equal(Classification.NotIllegal, Assert.Single(Verdict(state).Opinions).Classification);

        // The first word once more, late: it stays the earlier one.
        Assert.Null(state.Do(Opine(Bucket, Hash, Word(Classification.National, minute: 5, sequence: 3))).Event);

        // Another report's events are not counted with this one's.
        (state, _) = state.Do(Opine(Bucket, Hash, Word(Classification.Baseline, minute: 4, sequence: 1, report: 2)));
        Assert.Equal(Classification.Baseline, Assert.Single(Verdict(state).Opinions).Classification);
    }

    [Fact]
    public void Words_from_one_report_end_alike_in_whatever_order_they_come_and_whatever_the_clocks_say() =>
        Gen.Select(Gen.Select(Gen.Int[0, 5], Gen.Enum<Classification>(), Gen.Bool).Array[1, 8], Gen.Int).Sample((words, seed) =>
        {
            var commands = words.Select((w, i) => Opine(
                Bucket, Hash, Says("hotline-nl", w.Item2, Nl, minute: w.Item1) with { Item = Item(1), Sequence = i + 1 }, w.Item3)).ToArray();
            var inOrder = commands.Aggregate(HashBucket.New(Bucket), (s, c) => s.Do(c).State);
            new Random(seed).Shuffle(commands);
            var shuffled = commands.Aggregate(HashBucket.New(Bucket), (s, c) => s.Do(c).State);
            Assert.Equal(Verdict(inOrder).Opinions.AsEnumerable(), Verdict(shuffled).Opinions);
            Assert.Equal(words[^1].Item3 || words[^1].Item2 == Classification.Doubtful, Verdict(inOrder).Opinions.IsEmpty);
        });

    [Fact]
    public void A_third_agency_that_says_the_same_is_recorded_and_told_to_nobody()
    {
        var (state, _) = HashBucket.New(Bucket).Do(
            Opine(Bucket, Hash, Says("agency-a", Classification.Baseline)), Opine(Bucket, Hash, Says("agency-b", Classification.Baseline)));
        (state, _) = state.Do(Sight(Bucket, (Hash, Item(1))));
        var version = Verdict(state).Version;
        (state, var e) = state.Do(Opine(Bucket, Hash, Says("agency-c", Classification.Baseline)));
        Assert.NotNull(e);
        Assert.Equal(3, Verdict(state).Opinions.Length);
        Assert.Equal(version, Verdict(state).Version);
        Assert.Empty(state.Pending);

        // One that says something else is told.
        (state, _) = state.Do(Opine(Bucket, Hash, Says("agency-d", Classification.Baseline, trust: TrustLevel.Trusted)));
        Assert.Equal(version + 1, Verdict(state).Version);
        Assert.Single(state.Pending);
    }

    /// <summary>Audit B1: rows of a list that name a country which its importer does not serve are no words of that country.</summary>
    [Fact]
    public void A_row_speaks_for_the_countries_that_its_importer_serves()
    {
        var rows = new[] { (Country?)Nl, De, null }
            .Select((law, i) => new HashListRow { Hash = Sha256(i + 1), Classification = Classification.National, Country = law });
        var import = Import(Bucket, rows);
        var (state, e) = HashBucket.New(Bucket).Do(import with { Source = import.Source with { SpeaksFor = [Nl], Origin = "ncmec" } });
        var opinions = Enumerable.Range(1, 3).Select(n => Assert.Single(HashBucketRules.VerdictOf(state, Sha256(n)).Opinions)).ToList();
        Assert.Equal([true, false, false], opinions.Select(o => o.Speaks));
        Assert.All(opinions, o => Assert.Equal("ncmec", o.Origin));
        Assert.Equal(Fingerprint(state), Fingerprint(HashBucketRules.Apply(HashBucket.New(Bucket), OverTheWire(e!))));
    }

    /// <summary>Audit B29: two importers of one list were two sources.</summary>
    [Theory]
    [InlineData("icse", "icse", false)]
    [InlineData("icse", "ncmec", true)]
    [InlineData(null, "agency-a", false)]
    public void Two_trusted_agencies_confirm_a_hash_unless_one_judge_stands_behind_both(string? one, string? other, bool confirmed)
    {
        var (state, _) = HashBucket.New(Bucket).Do(
            Opine(Bucket, Hash, Says("agency-a", Classification.Baseline, trust: TrustLevel.Trusted, list: "a") with { Origin = one }),
            Opine(Bucket, Hash, Says("agency-b", Classification.Baseline, trust: TrustLevel.Trusted, list: "b") with { Origin = other }));
        Assert.Equal(confirmed, state.EntryOf(Hash).Confirmed);
    }

    [Fact]
    public void One_agency_with_two_lists_confirms_nothing()
    {
        var (state, _) = HashBucket.New(Bucket).Do(
            Opine(Bucket, Hash, Says("agency-a", Classification.Baseline, trust: TrustLevel.Trusted, list: "a") with { Origin = "a" }),
            Opine(Bucket, Hash, Says("agency-a", Classification.Baseline, trust: TrustLevel.Trusted, list: "b") with { Origin = "b" }));
        Assert.False(state.EntryOf(Hash).Confirmed);
    }

    /// <summary>Audit B15: a correction made a word that never was.</summary>
    [Fact]
    public void A_correction_outside_any_report_needs_a_word_that_stands()
    {
        var opinion = Says("hotline-nl", Classification.Baseline, Nl, list: "own");
        RecordBucketOpinions Correct(HashOpinion word, bool retract = false) => Opine(Bucket, Hash, word, retract) with { OnlyStanding = true };

        var state = HashBucket.New(Bucket);
        Assert.Null(state.Do(Correct(opinion)).Event);
        (state, _) = state.Do(Opine(Bucket, Hash, opinion));
        Assert.Null(state.Do(Correct(opinion with { Country = De, At = Start.AddMinutes(1) })).Event);
        Assert.Null(state.Do(Correct(opinion with { List = null, At = Start.AddMinutes(1) })).Event);
        (state, var corrected) = state.Do(Correct(opinion with { Classification = Classification.National, At = Start.AddMinutes(1) }));
        Assert.NotNull(corrected);
        (state, _) = state.Do(Correct(opinion with { At = Start.AddMinutes(2) }, retract: true));
        Assert.False(Verdict(state).IsKnown);

        // What was taken back is no longer there to be corrected.
        Assert.Null(state.Do(Correct(opinion with { At = Start.AddMinutes(3) })).Event);

        var preview = HashBucketRules.Preview(state, new PreviewChange
        {
            Bucket = Bucket, RequestId = 1, OnlyStanding = true,
            Opinions = [new OpinionOnHash { Hash = Hash, Opinion = opinion with { At = Start.AddMinutes(3) } }],
        });
        Assert.Equal([(byte)OpinionChangeOutcome.NoWord], preview.Outcomes);
    }

    private static HashOpinion Of(int report, Classification classification, int minute, long sequence = 1) =>
        Says("hotline-nl", classification, Nl, minute: minute) with { Item = Item(report), Sequence = sequence };

    [Fact]
    public void A_withdrawn_report_leaves_what_its_agency_says_on_others()
    {
        var state = HashBucket.New(Bucket);
        for (var report = 1; report <= 3; report++)
        {
            (state, _) = state.Do(Opine(Bucket, Hash, Of(report, Classification.Baseline, report)));
        }

        var version = Verdict(state).Version;
        foreach (var report in (int[])[3, 1])
        {
            (state, var e) = state.Do(Opine(Bucket, Hash, Of(report, Classification.Baseline, 10), retract: true));
            Assert.NotNull(e);
            Assert.Equal(Classification.Baseline, Assert.Single(Verdict(state).Opinions).Classification);
            Assert.Equal(version, Verdict(state).Version);

            // The message once more, or what it takes back, late.
            Assert.Null(state.Do(Opine(Bucket, Hash, Of(report, Classification.Baseline, 10), retract: true)).Event);
            Assert.Null(state.Do(Opine(Bucket, Hash, Of(report, Classification.Baseline, report))).Event);
        }

        (state, _) = state.Do(Opine(Bucket, Hash, Of(2, Classification.Baseline, 11), retract: true));
        Assert.Empty(Verdict(state).Opinions);
        Assert.Equal(version + 1, Verdict(state).Version);
    }

    [Fact]
    public void What_was_said_before_comes_back_when_the_report_that_said_otherwise_is_withdrawn()
    {
        var (state, _) = HashBucket.New(Bucket).Do(Opine(Bucket, Hash, Of(1, Classification.Baseline, 1)));
        (state, _) = state.Do(Opine(Bucket, Hash, Of(2, Classification.NotIllegal, 2)));
        Assert.Equal(Classification.NotIllegal, Assert.Single(Verdict(state).Opinions).Classification);
        (state, _) = state.Do(Opine(Bucket, Hash, Of(2, Classification.NotIllegal, 3), retract: true));
        Assert.Equal(Classification.Baseline, Assert.Single(Verdict(state).Opinions).Classification);

        // What is said outside any report is said of the hash, whatever reports said before it.
        (state, _) = state.Do(Opine(Bucket, Hash, Says("hotline-nl", Classification.Baseline, Nl, minute: 4), retract: true));
        Assert.Empty(Verdict(state).Opinions);
        (state, _) = state.Do(Opine(Bucket, Hash, Of(3, Classification.National, 5)));
        (state, _) = state.Do(Opine(Bucket, Hash, Of(3, Classification.National, 6), retract: true));
        Assert.Empty(Verdict(state).Opinions);
    }

    [Fact]
    public void Words_from_several_reports_end_alike_in_whatever_order_they_come() =>
        Gen.Select(
            Gen.Select(Gen.Int[0, 4], Gen.Int[0, 5], Gen.OneOfConst(Classification.Baseline, Classification.National, Classification.NotIllegal), Gen.Bool)
                .Array[1, 12],
            Gen.Int).Sample((words, seed) =>
        {
            // Report 0: outside any. A retraction is of what its report said last.
            var commands = words.Select((w, i) => Opine(
                Bucket, Hash,
                Says("hotline-nl", w.Item3, Nl, minute: w.Item2) with { Item = w.Item1 == 0 ? null : Item(w.Item1), Sequence = w.Item1 == 0 ? 0 : i + 1 },
                w.Item4)).ToArray();
            var inOrder = commands.Aggregate(HashBucket.New(Bucket), (s, c) => s.Do(c).State);
            new Random(seed).Shuffle(commands);
            var shuffled = commands.Aggregate(HashBucket.New(Bucket), (s, c) => s.Do(c).State);
            Assert.Equal(Verdict(inOrder).Opinions.AsEnumerable(), Verdict(shuffled).Opinions);

            // And as a replay, and a snapshot, have it.
            Assert.Equal(Fingerprint(inOrder), Fingerprint(HashBucket.From(inOrder.ToSnapshot())));
        });

    [Fact]
    public void Of_one_source_no_more_words_are_kept_than_are_worth_it()
    {
        var state = HashBucket.New(Bucket);
        for (var report = 1; report <= 30; report++)
        {
            (state, _) = state.Do(Opine(Bucket, Hash, Of(report, Classification.Baseline, report)));
        }

        Assert.Equal(SourceOpinion.MaxOthers, Assert.Single(state.EntryOf(Hash).Sources).Others.Length);
        (state, _) = state.Do(Opine(Bucket, Hash, Of(30, Classification.Baseline, 40), retract: true));
        Assert.Equal(Item(29), Assert.Single(Verdict(state).Opinions).Item);
    }
}
