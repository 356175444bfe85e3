using System.Collections.Immutable;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Inheritance;
using CsCheck;
using CPort.Tests.Shared;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Inheritance;

/// <summary>verdicts.md section 3, row by row, and what must hold over any words.</summary>
public sealed class DecisionTableTests
{
    private const Classification Baseline = Classification.Baseline;
    private const Classification National = Classification.National;
    private const Classification NotIllegal = Classification.NotIllegal;
    private const TrustLevel Trusted = TrustLevel.Trusted;
    private const TrustLevel Untrusted = TrustLevel.Untrusted;

    private static readonly InheritanceOptions Default = new();
    private static readonly Country Fr = Country.Parse("FR");

    private static HashWord Word(
        string agency, Classification c, Country? law = null, bool speaks = false, TrustLevel trust = TrustLevel.Standard, string? list = null,
        string? origin = null) =>
        new() { Agency = AgencyId.Parse(agency), Classification = c, Law = law, Speaks = speaks, Trust = trust, List = list, Origin = origin };

    private static HashWord Speaker(string agency, Classification c, Country law, TrustLevel trust = TrustLevel.Standard) => Word(agency, c, law, true, trust);

    private static InheritanceDecision? Decide(Country? country, params HashWord[] words) => Decide(Default, country, (HashAlgorithm.Sha256, words));

    private static InheritanceDecision? Decide(InheritanceOptions options, Country? country, params (HashAlgorithm Algorithm, HashWord[] Words)[] hashes) =>
        DecisionTable.Decide(country, [.. hashes.Select((h, n) => Made(h.Algorithm, n + 1))],
            [.. hashes.Select((h, n) => new KnownHash { Place = n, Version = 3, Words = [.. h.Words] })], [], options);

    private static void Is(InheritanceDecision? decision, InheritanceKind kind, int row, Classification? classification = null)
    {
        Assert.NotNull(decision);
        Assert.Equal((kind, row, classification), (decision.Kind, decision.Row, decision.Classification));
    }

    [Fact]
    public void Row_1_a_believed_baseline_is_inherited_everywhere_also_where_there_is_no_country()
    {
        foreach (var country in new Country?[] { Nl, De, null })
        {
            Is(Decide(country, Word("interpol", Baseline, trust: Trusted, list: "icse")), InheritanceKind.Inherited, 1, Baseline);
            Is(Decide(country, Word("hotline-fr", Baseline), Word("hotline-ie", Baseline)), InheritanceKind.Inherited, 1, Baseline);
        }
    }

    [Fact]
    public void One_more_baseline_never_makes_it_less_believed()
    {
        // Two importers of two lists; then one of them imports the other's list too.
        HashOpinion[] opinions = [Listed("hotline-nl", Nl, "ncmec"), Listed("hotline-de", De, "iwf"), Listed("hotline-nl", Nl, "iwf")];
        foreach (var said in new[] { opinions[..2], opinions, [.. opinions.Reverse()] })
        {
            Is(Decide(Fr, [.. HashWords.Reduce(said)]), InheritanceKind.Inherited, 1, Baseline);
        }

        static HashOpinion Listed(string agency, Country law, string list) => new()
        {
            Agency = AgencyId.Parse(agency), List = list, Origin = list, Classification = Baseline, Country = law, Speaks = true,
            Trust = TrustLevel.Standard, Basis = OpinionBasis.List, At = DateTimeOffset.UnixEpoch,
        };
    }

    [Fact]
    public void Row_3_believed_words_are_weighed_by_the_hash_on_which_they_are_believed()
    {
        var always = Default with { WeakHashes = WeakHashes.Always };
        var (interpol, gb) = (Word("interpol", Baseline, trust: Trusted), Word("hotline-gb", NotIllegal, trust: Trusted));

        // One standard Baseline on the stronger hash ends no dispute of two trusted ones, nor does one standard NotIllegal there begin one.
        Is(Decide(always, Nl, (HashAlgorithm.Sha256, [Word("hotline-fr", Baseline)]), (HashAlgorithm.Md5, [interpol, gb])), InheritanceKind.Disputed, 3);
        Is(Decide(always, Nl, (HashAlgorithm.Sha256, [interpol, Word("hotline-fr", NotIllegal)]), (HashAlgorithm.Md5, [interpol, gb])),
            InheritanceKind.Inherited, 2, Baseline);
    }

    [Fact]
    public void Row_2_one_standard_not_illegal_anywhere_or_here_is_an_objection_and_changes_nothing()
    {
        foreach (var objector in new[] { Speaker("hotline-fr", NotIllegal, Fr), Speaker("hotline-nl", NotIllegal, Nl) })
        {
            var decision = Decide(Nl, Word("interpol", Baseline, trust: Trusted), objector);
            Is(decision, InheritanceKind.Inherited, 2, Baseline);
            Assert.True(decision!.Objected);
        }
    }

    [Fact]
    public void Row_3_two_believed_words_against_each_other_are_disputed_everywhere()
    {
        foreach (var country in new Country?[] { Nl, De, null })
        {
            Is(Decide(country, Word("interpol", Baseline, trust: Trusted), Speaker("hotline-uk", NotIllegal, Fr, Trusted)), InheritanceKind.Disputed, 3);
            Is(Decide(country, Word("interpol", Baseline, trust: Trusted), Speaker("hotline-fr", NotIllegal, Fr), Speaker("hotline-de", NotIllegal, De)),
                InheritanceKind.Disputed, 3);
        }
    }

    [Fact]
    public void Row_4_a_baseline_of_one_standard_judge_elsewhere_is_suggested_however_often_it_says_so()
    {
        var decision = Decide(Nl, Word("hotline-fr", Baseline), Word("hotline-fr", Baseline, list: "fr known"));
        Is(decision, InheritanceKind.Suggested, 4, Baseline);
        Assert.Equal(SuggestionReason.SingleStandardSource, decision!.Reason);
    }

    [Fact]
    public void Row_9_what_follows_no_countrys_law_is_shown()
    {
        Is(Decide(Nl, Word("interpol", National, trust: Trusted)), InheritanceKind.Suggested, 9, National);
        Is(Decide(null, Word("interpol", NotIllegal, trust: Trusted)), InheritanceKind.Suggested, 9, NotIllegal);
    }

    [Fact]
    public void Row_4_two_importers_of_one_list_are_one_judge()
    {
        Is(Decide(Nl, Word("hotline-fr", Baseline, list: "x", origin: "maker"), Word("hotline-ie", Baseline, list: "y", origin: "maker")),
            InheritanceKind.Suggested, 4, Baseline);
        Is(Decide(Nl, Word("hotline-fr", Baseline, list: "x", origin: "maker"), Word("hotline-fr", Baseline, list: "y", origin: "another")),
            InheritanceKind.Suggested, 4, Baseline);
        Is(Decide(Nl, Word("hotline-fr", Baseline, list: "x", origin: "maker"), Word("hotline-ie", Baseline, list: "y", origin: "another")),
            InheritanceKind.Inherited, 1, Baseline);

        // A third word that agrees never hides the two that are independent.
        HashOpinion Listed(string agency, string list) => new()
        {
            Agency = AgencyId.Parse(agency), List = list, Origin = list, Classification = Baseline, Trust = TrustLevel.Standard,
            Basis = OpinionBasis.List, At = default,
        };
        Is(Decide(Nl, [.. HashWords.Reduce([Listed("hotline-be", "aaa"), Listed("hotline-be", "zzz"), Listed("hotline-ie", "aaa")])]),
            InheritanceKind.Inherited, 1, Baseline);
    }

    [Fact]
    public void Row_5_what_a_countrys_own_hotline_calls_illegal_is_inherited_there_and_only_there()
    {
        Is(Decide(Nl, Speaker("hotline-nl", National, Nl)), InheritanceKind.Inherited, 5, National);
        Is(Decide(Nl, Speaker("hotline-nl", Baseline, Nl)), InheritanceKind.Inherited, 5, Baseline);
        Is(Decide(De, Speaker("hotline-nl", Baseline, Nl)), InheritanceKind.Suggested, 4, Baseline);
        Is(Decide(null, Speaker("hotline-nl", Baseline, Nl)), InheritanceKind.Suggested, 4, Baseline);
    }

    [Fact]
    public void Row_6_not_illegal_is_inherited_in_its_country_unless_a_believed_baseline_is_against_it()
    {
        Is(Decide(Nl, Speaker("hotline-nl", NotIllegal, Nl)), InheritanceKind.Inherited, 6, NotIllegal);
        Is(Decide(Nl, Speaker("hotline-nl", NotIllegal, Nl), Word("hotline-fr", Baseline)), InheritanceKind.Inherited, 6, NotIllegal);
        Is(Decide(Nl, Speaker("hotline-nl", NotIllegal, Nl), Word("interpol", Baseline, trust: Trusted)), InheritanceKind.Inherited, 2, Baseline);
    }

    [Fact]
    public void Row_7_two_that_speak_for_the_country_contradict_there_and_are_shown_as_disputed_there_elsewhere()
    {
        HashWord[] words = [Speaker("hotline-de", National, De), Speaker("hotline-de2", NotIllegal, De)];
        Is(Decide(De, words), InheritanceKind.Disputed, 7);
        var elsewhere = Decide(Fr, words);
        Is(elsewhere, InheritanceKind.NationalElsewhere, 8, National);
        Assert.Equal([new ElsewhereWord { Country = De }], elsewhere!.Elsewhere.AsEnumerable());
    }

    [Fact]
    public void Row_8_another_countrys_law_is_shown_and_decides_nothing()
    {
        var national = Decide(Nl, Speaker("hotline-fr", National, Fr), Speaker("hotline-de", NotIllegal, De, Trusted));
        Is(national, InheritanceKind.NationalElsewhere, 8, National);
        Assert.Equal([Fr], national!.Countries.AsEnumerable());
        Assert.Equal(
            [new ElsewhereWord { Country = De, Classification = NotIllegal }, new ElsewhereWord { Country = Fr, Classification = National }],
            national.Elsewhere.AsEnumerable());
        Is(Decide(Nl, Speaker("hotline-de", NotIllegal, De)), InheritanceKind.Suggested, 8, NotIllegal);
    }

    [Theory]
    [InlineData(NotIllegal)]
    [InlineData(National)]
    public void Row_9_who_names_the_country_without_speaking_for_it_is_shown(Classification said)
    {
        // B1: a Dutch key's list by German law; with several lists, from several importers, and by a trusted agency.
        var decision = Decide(De, Word("hotline-nl", said, De, list: "a"), Word("hotline-nl", said, De, list: "b"), Word("ncmec", said, De, trust: Trusted));
        Is(decision, InheritanceKind.Suggested, 9, said);
        Assert.Equal(SuggestionReason.DoesNotSpeak, decision!.Reason);
    }

    [Fact]
    public void Row_10_a_single_baseline_and_another_countrys_national_are_both_shown_the_graver_first()
    {
        // B27.
        var decision = Decide(Nl, Speaker("hotline-fr", National, Fr), Speaker("hotline-ie", Baseline, Country.Parse("IE")));
        Is(decision, InheritanceKind.Suggested, 10, Baseline);
        Assert.Equal([new ElsewhereWord { Country = Fr, Classification = National }], decision!.Elsewhere.AsEnumerable());
    }

    [Fact]
    public void Untrusted_words_only_suggest_and_object_to_nothing()
    {
        var decision = Decide(Nl, [.. Enumerable.Range(1, 5).Select(n => Speaker($"agency-{n}", Baseline, Nl, Untrusted))]);
        Is(decision, InheritanceKind.Suggested, 0, Baseline);
        Assert.Equal(SuggestionReason.Untrusted, decision!.Reason);
        Is(Decide(Nl, Word("interpol", Baseline, trust: Trusted), Speaker("hotline-nl", NotIllegal, Nl, Untrusted)), InheritanceKind.Inherited, 1, Baseline);
    }

    [Fact]
    public void The_gravest_believed_verdict_of_any_exact_hash_wins()
    {
        // B4: ICSE has MD5 and SHA-1 only; the Dutch said National of all three.
        HashWord[] list = [Word("interpol", Baseline, trust: Trusted, list: "icse")];
        HashWord[] national = [Speaker("hotline-nl", National, Nl)];
        foreach (var country in new[] { Nl, De })
        {
            Is(Decide(
                    Default, country, (HashAlgorithm.Sha256, national), (HashAlgorithm.Sha1, [.. list, .. national]),
                    (HashAlgorithm.Md5, [.. list, .. national])),
                InheritanceKind.Inherited, 1, Baseline);
        }
    }

    [Fact]
    public void Of_contradicting_words_the_stronger_hashs_stands_but_no_not_illegal_beats_a_believed_baseline_unseen()
    {
        HashWord[] national = [Speaker("hotline-nl", National, Nl)];
        HashWord[] cleared = [Speaker("hotline-nl2", NotIllegal, Nl, Trusted)];
        Is(Decide(Default, Nl, (HashAlgorithm.Sha256, national), (HashAlgorithm.Md5, cleared)), InheritanceKind.Inherited, 5, National);
        Is(Decide(Default, Nl, (HashAlgorithm.Sha256, cleared), (HashAlgorithm.Md5, [Speaker("hotline-nl", National, Nl, Trusted)])),
            InheritanceKind.Inherited, 6, NotIllegal);
        HashWord[] list = [Word("interpol", Baseline, trust: Trusted)];
        Is(Decide(Default, Nl, (HashAlgorithm.Sha256, list), (HashAlgorithm.Md5, cleared)), InheritanceKind.Inherited, 2, Baseline);
        Is(Decide(Default, Nl, (HashAlgorithm.Sha256, cleared), (HashAlgorithm.Md5, list)), InheritanceKind.Disputed, 3);
    }

    [Fact]
    public void A_weak_hash_alone_decides_for_trusted_sources_only_and_both_together_for_all()
    {
        HashWord[] two = [Word("hotline-fr", Baseline), Word("hotline-ie", Baseline)];
        HashWord[] trusted = [Word("interpol", Baseline, trust: Trusted)];
        var alone = Decide(Default, Nl, (HashAlgorithm.Md5, two));
        Is(alone, InheritanceKind.Suggested, 0, Baseline);
        Assert.Equal(SuggestionReason.WeakHashOnly, alone!.Reason);
        Is(Decide(Default, Nl, (HashAlgorithm.Md5, trusted)), InheritanceKind.Inherited, 1, Baseline);
        Is(Decide(Default, Nl, (HashAlgorithm.Md5, two), (HashAlgorithm.Sha1, two)), InheritanceKind.Inherited, 1, Baseline);
        Is(Decide(Default, Nl, (HashAlgorithm.Md5, [Speaker("hotline-nl", NotIllegal, Nl)]), (HashAlgorithm.Sha1, [Word("hotline-be", NotIllegal, Nl)])),
            InheritanceKind.Suggested, 0, NotIllegal);
        Is(Decide(new InheritanceOptions { WeakHashes = WeakHashes.Always }, Nl, (HashAlgorithm.Md5, two)), InheritanceKind.Inherited, 1, Baseline);
        Is(Decide(new InheritanceOptions { WeakHashes = WeakHashes.Never }, Nl, (HashAlgorithm.Md5, two), (HashAlgorithm.Sha1, two)),
            InheritanceKind.Suggested, 0, Baseline);
    }

    [Fact]
    public void PhotoDna_suggests_unless_the_option_lets_it_decide_and_pdq_always_only_suggests()
    {
        HashWord[] trusted = [Word("interpol", Baseline, trust: Trusted)];
        Assert.Equal(SuggestionReason.PhotoDnaOnly, Decide(Default, Nl, (HashAlgorithm.PhotoDna, trusted))!.Reason);
        Is(Decide(new InheritanceOptions { PhotoDnaDecides = true }, Nl, (HashAlgorithm.PhotoDna, trusted)), InheritanceKind.Inherited, 1, Baseline);
        var pdq = Decide(Default, Nl, (HashAlgorithm.Pdq, trusted));
        Is(pdq, InheritanceKind.Suggested, 0, Baseline);
        Assert.Equal((SuggestionReason.Near, 0), (pdq!.Reason, pdq.Distance));
    }

    [Fact]
    public void The_nearest_known_value_that_somebody_calls_illegal_suggests()
    {
        KnownNear Near(int distance, Classification c) => new()
        {
            Distance = distance, Hash = Made(HashAlgorithm.Pdq, distance), Version = 1, Words = [Word("interpol", c, trust: Trusted)],
        };
        var decision = DecisionTable.Decide(Nl, [Made(HashAlgorithm.Pdq, 99)], [], [Near(3, NotIllegal), Near(7, National), Near(9, Baseline)], Default);
        Is(decision, InheritanceKind.Suggested, 0, National);
        Assert.Equal(7, decision!.Distance);
        Assert.Equal("National by interpol", Assert.Single(decision.WordsOf([], [Near(3, NotIllegal), Near(7, National)])).ToString());
    }

    [Fact]
    public void A_trap_and_nothing_said_say_nothing()
    {
        Assert.Null(Decide(Nl));
        Assert.Null(DecisionTable.Decide(Nl, [Made(HashAlgorithm.Sha256, 1)],
            [new KnownHash { Place = 0, Version = 1, Words = [Word("interpol", Baseline, trust: Trusted)], Flags = HashFlags.Trap }], [], Default));
    }

    [Fact]
    public void The_page_on_rules_says_of_each_row_what_the_code_says()
    {
        const string Head = "| # | words | verdict for the item | queue |\n|---|---|---|---|\n";
        var path = Repository.PathOf("docs", "rules.md");
        var page = File.ReadAllText(path);
        var from = page.IndexOf(Head, StringComparison.Ordinal) + Head.Length;
        var rows = string.Concat(DecisionTable.Rows.Select(r => $"| {r.Number} | {r.Words} | {r.Verdict} | {r.Look} |\n"));
        var to = page.IndexOf("\n\n", from, StringComparison.Ordinal) + 1;
        if (Environment.GetEnvironmentVariable("CPORT_UPDATE_DOCS") == "1")
        {
            File.WriteAllText(path, page[..from] + rows + page[to..]);
        }

        Assert.True(File.ReadAllText(path)[from..].StartsWith(rows + "\n", StringComparison.Ordinal),
            "docs/rules.md differs from DecisionTable; run this test with CPORT_UPDATE_DOCS=1 and commit the file.");
    }

    private static bool IsDisputed(HashAlgorithm algorithm, params HashWord[] words) => DecisionTable.IsDisputed(new HashVerdict
    {
        Hash = Made(algorithm, 1), Version = 1, Opinions = [.. words.Select(Opinion)],
    });

    private static HashOpinion Opinion(HashWord w) => new()
    {
        Agency = w.Agency, List = w.List, Classification = w.Classification, Country = w.Law, Trust = w.Trust, Speaks = w.Speaks, Origin = w.Origin,
        Basis = OpinionBasis.List, At = default,
    };

    [Fact]
    public void A_hash_is_disputed_by_rows_3_and_7_and_by_nothing_else()
    {
        foreach (var algorithm in (HashAlgorithm[])[HashAlgorithm.Sha256, HashAlgorithm.Md5])
        {
            var list = Word("interpol", Baseline, trust: Trusted);
            Assert.True(IsDisputed(algorithm, list, Speaker("hotline-uk", NotIllegal, Fr, Trusted)));
            Assert.True(IsDisputed(
                algorithm, Word("hotline-nl", Baseline), Word("hotline-ie", Baseline), Word("hotline-fr", NotIllegal), Word("hotline-de", NotIllegal)));
            Assert.True(IsDisputed(algorithm, Speaker("hotline-de", National, De), Speaker("hotline-de2", NotIllegal, De)));

            // An objection that is not believed, a word that speaks for no country, two countries that see it differently, an untrusted word.
            Assert.False(IsDisputed(algorithm, list, Speaker("hotline-fr", NotIllegal, Fr)));
            Assert.False(IsDisputed(algorithm, Word("hotline-nl", Baseline), Word("hotline-fr", NotIllegal)));
            Assert.False(IsDisputed(algorithm, Speaker("hotline-de", National, De), Word("hotline-us", NotIllegal, De)));
            Assert.False(IsDisputed(algorithm, Speaker("hotline-de", National, De), Speaker("hotline-fr", NotIllegal, Fr)));
            Assert.False(IsDisputed(algorithm, list, Speaker("hotline-fr", NotIllegal, Fr, Untrusted)));
            Assert.False(IsDisputed(algorithm));
        }
    }

    [Fact]
    public void A_hash_is_disputed_when_an_item_of_some_country_is_that_carries_nothing_else() =>
        AnyWord.Array[0, 6].Sample(words =>
            Assert.Equal(
                new Country?[] { Nl, De, Fr, null }.Any(c => Decide(c, words)?.Kind == InheritanceKind.Disputed), IsDisputed(HashAlgorithm.Sha256, words)));

    [Fact]
    public void A_dispute_by_weak_hashes_only_is_shown_by_no_row()
    {
        HashWord[] words = [Word("hotline-fr", Baseline), Word("hotline-ie", Baseline), Word("hotline-nl", NotIllegal), Word("hotline-de", NotIllegal)];
        Is(Decide(Default, Nl, (HashAlgorithm.Md5, words)), InheritanceKind.Disputed, 0);
        Is(Decide(Default, Nl, (HashAlgorithm.Sha256, words)), InheritanceKind.Disputed, 3);
    }

    private static readonly Gen<HashWord> AnyWord =
        from agency in Gen.Int[1, 5]
        from c in Gen.OneOfConst(Baseline, National, NotIllegal)
        from law in Gen.OneOfConst(Nl, De, Fr)
        from speaks in Gen.Bool
        from trust in Gen.OneOfConst(TrustLevel.Standard, TrustLevel.Trusted, TrustLevel.Untrusted)
        from origin in Gen.OneOfConst(null, null, "maker")
        select Word($"agency-{agency}", c, c == Baseline && !speaks ? null : law, speaks, trust, origin is null ? null : "list", origin);

    private static readonly Gen<(HashAlgorithm Algorithm, HashWord[] Words)[]> AnyHashes =
        from algorithms in Gen.OneOfConst(HashAlgorithm.Sha256, HashAlgorithm.Sha1, HashAlgorithm.Md5, HashAlgorithm.PhotoDna, HashAlgorithm.Pdq).Array[1, 4]
        from words in AnyWord.Array[0, 6].Array[algorithms.Length]
        select algorithms.Distinct().Select((a, n) => (a, words[n])).ToArray();

    private static readonly Gen<InheritanceOptions> AnyOptions =
        from weak in Gen.OneOfConst(WeakHashes.Never, WeakHashes.WhenBothAgree, WeakHashes.Always)
        from photo in Gen.Bool
        select new InheritanceOptions { WeakHashes = weak, PhotoDnaDecides = photo };

    /// <summary>The property of issue 10, point 1.</summary>
    [Fact]
    public void No_standard_words_that_do_not_speak_for_a_country_decide_anything_for_it_except_two_independent_baselines() =>
        Gen.Select(AnyHashes, AnyOptions).Sample((hashes, options) =>
        {
            var foreign = hashes.Select(h => (h.Algorithm, Words: h.Words.Where(w => w.Trust != Trusted && !(w.Speaks && w.Law == Nl)).ToArray())).ToArray();
            var decision = Decide(options, Nl, foreign);
            var judges = foreign.SelectMany(h => h.Words).Where(w => w.Classification == Baseline && w.Heard).Select(w => w.Judge).Distinct().Count();
            return decision?.Kind != InheritanceKind.Inherited || (decision.Classification == Baseline && judges >= 2);
        });

    [Fact]
    public void What_a_country_inherits_by_its_own_word_needs_nobody_elses() =>
        Gen.Select(AnyHashes, AnyOptions).Sample((hashes, options) =>
        {
            var own = hashes.Select(h => (h.Algorithm, h.Words.Where(w => w.Speaks && w.Law == Nl).ToArray())).ToArray();
            return Decide(options, Nl, hashes) is not { Row: 5 or 6, Kind: InheritanceKind.Inherited } decision
                || Decide(options, Nl, own) is { Kind: InheritanceKind.Inherited } alone && alone.Classification == decision.Classification;
        });

    [Fact]
    public void Words_in_any_order_and_reduced_to_one_meaning_give_the_same_decision() =>
        Gen.Select(AnyHashes, AnyOptions, Gen.Int).Sample((hashes, options, seed) =>
        {
            var random = new Random(seed);
            InheritanceDecision? Of(bool reduce) => Decide(options, Nl,
                [.. hashes.Select(h => (h.Algorithm, reduce
                    ? [.. HashWords.Reduce(h.Words.OrderBy(_ => random.Next()).Select(Opinion))] : h.Words.OrderBy(_ => random.Next()).ToArray()))]);
            var (one, two, reduced) = (Of(false), Of(false), Of(true));
            Assert.True(one?.SaysTheSame(two) ?? two is null);
            Assert.True(one?.SaysTheSame(reduced) ?? reduced is null);
        });

    [Fact]
    public void A_decision_names_words_that_say_it() =>
        Gen.Select(AnyHashes, AnyOptions).Sample((hashes, options) =>
        {
            var known = hashes.Select((h, n) => new KnownHash { Place = n, Version = 3, Words = [.. h.Words] }).ToImmutableArray();
            if (Decide(options, Nl, hashes) is { } decision)
            {
                var words = decision.WordsOf(known, []).ToArray();
                Assert.NotEmpty(words);
                Assert.True(decision.Classification is not { } c || decision.Reason == SuggestionReason.Near || words.All(w => w.Classification == c));
            }
        });
}
