using CPort.Actors.Tests.Hashes;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Inheritance;
using CsCheck;
using static CPort.Domain.Inheritance.PolicyReading;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Matching;

public class InheritancePolicyTests
{
    private static readonly InheritanceOptions Default = new();

    private static HashVerdict Known(HashAlgorithm algorithm, params HashOpinion[] opinions) => new()
    {
        Hash = Made(algorithm, 1), Version = 3, Opinions = [.. opinions], Disputed = HashBucketRules.IsDisputed(opinions),
    };

    private static ItemVerdicts Of(params HashVerdict[] exact) => new() { Ordinal = 1, Exact = [.. exact] };

    private static HashOpinion Trusted(Classification c, Country? country = null) => Says("interpol", c, country, TrustLevel.Trusted, list: "icse");

    private static PolicyReading Decide(Country? country, params HashVerdict[] exact) => InheritancePolicy.Read(country, Of(exact), Default);

    [Fact]
    public void Baseline_from_a_trusted_source_is_inherited_everywhere_also_where_the_country_is_unknown()
    {
        foreach (var country in new Country?[] { Nl, De, null })
        {
            var inherited = Assert.IsType<Inherited>(Decide(country, Known(HashAlgorithm.Sha256, Trusted(Classification.Baseline))));
            Assert.Equal(Classification.Baseline, inherited.Classification);
            Assert.Null(inherited.Country);
            Assert.Equal(3, inherited.Version);
            Assert.Equal("Sha256 v3: Baseline by interpol (list icse)", inherited.Provenance);
        }
    }

    [Fact]
    public void One_standard_source_suggests_and_two_independent_ones_decide()
    {
        var one = Says("hotline-fr", Classification.Baseline, Country.Parse("FR"));
        var same = Says("hotline-fr", Classification.Baseline, list: "fr known");
        var two = Says("hotline-ie", Classification.Baseline, Country.Parse("IE"));
        Assert.Equal(SuggestionReason.SingleStandardSource, Assert.IsType<Suggested>(Decide(Nl, Known(HashAlgorithm.Sha256, one))).Why);
        Assert.Equal(SuggestionReason.SingleStandardSource, Assert.IsType<Suggested>(Decide(Nl, Known(HashAlgorithm.Sha256, one, same))).Why);
        Assert.IsType<Inherited>(Decide(Nl, Known(HashAlgorithm.Sha256, one, two)));
    }

    [Fact]
    public void Untrusted_sources_only_suggest()
    {
        var opinions = Enumerable.Range(1, 5).Select(n => Says($"agency-{n}", Classification.Baseline, Nl, TrustLevel.Untrusted)).ToArray();
        Assert.Equal(SuggestionReason.Untrusted, Assert.IsType<Suggested>(Decide(Nl, Known(HashAlgorithm.Sha256, opinions))).Why);
    }

    [Fact]
    public void A_human_of_the_items_own_country_is_enough_there()
    {
        var verdict = Known(HashAlgorithm.Sha256, Says("hotline-nl", Classification.Baseline, Nl));
        Assert.IsType<Inherited>(Decide(Nl, verdict));
        Assert.IsType<Suggested>(Decide(De, verdict));
    }

    [Fact]
    public void National_is_inherited_in_its_country_and_shown_elsewhere()
    {
        var verdict = Known(HashAlgorithm.Sha256, Says("hotline-nl", Classification.National, Nl));
        var inherited = Assert.IsType<Inherited>(Decide(Nl, verdict));
        Assert.Equal((Classification.National, Nl), (inherited.Classification, inherited.Country!.Value));
        Assert.Equal([Nl], Assert.IsType<NationalElsewhere>(Decide(De, verdict)).Countries.AsEnumerable());
        Assert.Equal([Nl], Assert.IsType<NationalElsewhere>(Decide(null, verdict)).Countries.AsEnumerable());
    }

    [Fact]
    public void Not_illegal_is_inherited_in_its_country_only()
    {
        var verdict = Known(HashAlgorithm.Sha256, Says("hotline-nl", Classification.NotIllegal, Nl));
        Assert.Equal(Classification.NotIllegal, Assert.IsType<Inherited>(Decide(Nl, verdict)).Classification);
        Assert.IsType<Unknown>(Decide(De, verdict));
        Assert.IsType<Unknown>(Decide(null, verdict));
    }

    [Fact]
    public void Contradictions_are_shown_and_never_chosen()
    {
        Assert.IsType<Disputed>(Decide(Nl, Known(HashAlgorithm.Sha256, Trusted(Classification.Baseline), Says("hotline-de", Classification.NotIllegal, De))));
        Assert.IsType<Disputed>(Decide(Nl, Known(HashAlgorithm.Sha256, Says("hotline-a", Classification.National, Nl),
            Says("hotline-b", Classification.NotIllegal, Nl))));
        Assert.IsType<Disputed>(Decide(
            Nl, Known(HashAlgorithm.Sha256, Trusted(Classification.Baseline)), Known(HashAlgorithm.Md5, Says("hotline-nl", Classification.NotIllegal, Nl))));
    }

    [Fact]
    public void What_another_country_disputes_within_itself_does_not_undo_the_own_countrys_word() =>
        Assert.IsType<Inherited>(Decide(De, Known(
            HashAlgorithm.Sha256, Says("hotline-a", Classification.National, Nl), Says("hotline-b", Classification.NotIllegal, Nl),
            Says("hotline-de", Classification.National, De))));

    [Fact]
    public void National_here_and_not_illegal_abroad_is_no_contradiction() =>
        Assert.IsType<Inherited>(Decide(Nl, Known(
            HashAlgorithm.Sha256, Says("hotline-nl", Classification.National, Nl), Says("hotline-de", Classification.NotIllegal, De))));

    [Theory]
    [InlineData(WeakHashes.Never, true, true, false)]
    [InlineData(WeakHashes.WhenBothAgree, true, false, false)]
    [InlineData(WeakHashes.WhenBothAgree, false, true, false)]
    [InlineData(WeakHashes.WhenBothAgree, true, true, true)]
    [InlineData(WeakHashes.Always, true, false, true)]
    [InlineData(WeakHashes.Always, false, true, true)]
    public void Md5_and_sha1_decide_as_configured(WeakHashes weak, bool md5, bool sha1, bool decides)
    {
        HashVerdict[] exact =
        [
            .. md5 ? [Known(HashAlgorithm.Md5, Trusted(Classification.Baseline))] : Array.Empty<HashVerdict>(),
            .. sha1 ? [Known(HashAlgorithm.Sha1, Trusted(Classification.Baseline))] : Array.Empty<HashVerdict>(),
        ];
        var decision = InheritancePolicy.Read(Nl, Of(exact), Default with { WeakHashes = weak });
        if (decides)
        {
            Assert.IsType<Inherited>(decision);
        }
        else
        {
            Assert.Equal(SuggestionReason.WeakHashOnly, Assert.IsType<Suggested>(decision).Why);
        }
    }

    [Fact]
    public void The_strongest_hash_decides() =>
        Assert.Equal(HashAlgorithm.Sha256, Assert.IsType<Inherited>(Decide(
            Nl,
            Known(HashAlgorithm.Md5, Trusted(Classification.Baseline)), Known(HashAlgorithm.Sha1, Trusted(Classification.Baseline)),
            Known(HashAlgorithm.Sha256, Says("hotline-nl", Classification.National, Nl)))).Hash.Algorithm);

    [Fact]
    public void An_untrusted_word_on_the_sha1_does_not_hide_a_heard_one_on_the_md5() =>
        Assert.IsType<NationalElsewhere>(InheritancePolicy.Read(
            De,
            Of(Known(HashAlgorithm.Sha1, Says("agency-x", Classification.Baseline, trust: TrustLevel.Untrusted)),
                Known(HashAlgorithm.Md5, Says("hotline-nl", Classification.National, Nl))),
            Default with { WeakHashes = WeakHashes.Always }));

    [Fact]
    public void PhotoDna_suggests_unless_configured()
    {
        var item = Of(Known(HashAlgorithm.PhotoDna, Trusted(Classification.Baseline)));
        Assert.Equal(SuggestionReason.PhotoDnaOnly, Assert.IsType<Suggested>(InheritancePolicy.Read(Nl, item, Default)).Why);
        Assert.IsType<Inherited>(InheritancePolicy.Read(Nl, item, Default with { PhotoDnaDecides = true }));
    }

    [Fact]
    public void A_near_or_equal_pdq_never_decides()
    {
        var pdq = Known(HashAlgorithm.Pdq, Trusted(Classification.Baseline));
        Assert.Equal(0, Assert.IsType<Suggested>(Decide(Nl, pdq)).Distance);
        var near = new ItemVerdicts { Ordinal = 1, Near = [new NearMatch { Distance = 12, Verdict = pdq }] };
        var suggested = Assert.IsType<Suggested>(InheritancePolicy.Read(Nl, near, Default));
        Assert.Equal((SuggestionReason.Near, 12), (suggested.Why, suggested.Distance!.Value));
    }

    [Fact]
    public void Doubtful_opinions_traps_and_silence_mean_unknown()
    {
        Assert.IsType<Unknown>(Decide(Nl));
        Assert.IsType<Unknown>(Decide(Nl, Known(HashAlgorithm.Sha256)));
        Assert.IsType<Unknown>(Decide(Nl, Known(HashAlgorithm.Sha256, Says("hotline-nl", Classification.Doubtful, Nl))));
        Assert.IsType<Unknown>(Decide(Nl, Known(HashAlgorithm.Sha256, Trusted(Classification.Baseline)) with { Trap = true }));
    }

    private static readonly Gen<Country?> Countries = Gen.OneOfConst<Country?>(Nl, De, null);

    private static readonly Gen<HashOpinion> Opinions = Gen.Select(
        Gen.Int[1, 4], Gen.Enum<Classification>(), Countries, Gen.Enum<TrustLevel>(), Gen.Bool,
        (agency, c, country, trust, list) => Says($"agency-{agency}", c, country, trust, list: list ? "list" : null));

    private static readonly Gen<ItemVerdicts> Items = Gen.Select(Gen.Enum<HashAlgorithm>(), Opinions.Array[0, 3]).Array[0, 4]
        .Select(hashes => Of([.. hashes.DistinctBy(h => h.Item1).Select(h => Known(h.Item1, h.Item2))]));

    private static readonly Gen<InheritanceOptions> Options = Gen.Select(Gen.Enum<WeakHashes>(), Gen.Bool)
        .Select((weak, photoDna) => new InheritanceOptions { WeakHashes = weak, PhotoDnaDecides = photoDna });

    [Fact]
    public void Whatever_is_inherited_rests_on_opinions_that_may_decide() => Gen.Select(Countries, Items, Options).Sample((country, item, options) =>
    {
        if (InheritancePolicy.Read(country, item, options) is not Inherited i)
        {
            return;
        }

        Assert.NotEmpty(i.Sources);
        Assert.All(i.Sources, s => Assert.NotEqual(TrustLevel.Untrusted, s.Trust));
        Assert.All(i.Sources, s => Assert.Equal(i.Classification, s.Classification));
        Assert.NotEqual(HashAlgorithm.Pdq, i.Hash.Algorithm);
        Assert.NotEqual(Classification.Doubtful, i.Classification);
        if (i.Classification == Classification.Baseline)
        {
            Assert.True(
                i.Sources.Any(s => s.Trust == TrustLevel.Trusted)
                || i.Sources.Select(s => s.Agency).Distinct().Count() >= 2
                || i.Sources.Any(s => s.Basis == OpinionBasis.Human && s.Country == country));
        }
        else
        {
            Assert.Equal(country, i.Country);
            Assert.All(i.Sources, s => Assert.Equal(country, s.Country));
        }
    });

    [Fact]
    public void Untrusted_opinions_change_nothing_that_is_decided() => Gen.Select(Countries, Items, Options).Sample((country, item, options) =>
    {
        var without = item with
        {
            Exact = [.. item.Exact.Select(v => v with { Opinions = [.. v.Opinions.Where(o => o.Trust != TrustLevel.Untrusted)] })],
        };
        Assert.Equal(Short(InheritancePolicy.Read(country, without, options)), Short(InheritancePolicy.Read(country, item, options)));

        static string? Short(PolicyReading d) => d switch
        {
            Inherited i => $"inherited {i.Classification} {i.Country}",
            NationalElsewhere n => $"elsewhere {string.Join(',', n.Countries)}",
            Disputed => "disputed",
            _ => null,
        };
    });

    [Fact]
    public void A_second_contradicting_word_of_the_own_country_is_never_overruled() => Gen.Select(Items, Options).Sample((item, options) =>
    {
        var contradiction = Known(
            HashAlgorithm.Sha256, Says("hotline-nl", Classification.NotIllegal, Nl), Says("police-nl", Classification.National, Nl));
        var disputed = item with { Exact = [.. item.Exact.Where(v => v.Hash.Algorithm != HashAlgorithm.Sha256), contradiction] };
        Assert.IsType<Disputed>(InheritancePolicy.Read(Nl, disputed, options));
    });
}
