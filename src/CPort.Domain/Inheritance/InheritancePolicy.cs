using CPort.Domain.Hashes;

namespace CPort.Domain.Inheritance;

/// <summary>Whether MD5 and SHA-1, for which collisions can be made, decide without a human.</summary>
public enum WeakHashes
{
    /// <summary>They only suggest.</summary>
    Never = 0,

    /// <summary>MD5 and SHA-1 of one item, both known and saying the same, decide; one alone suggests.</summary>
    WhenBothAgree = 1,

    /// <summary>One alone decides.</summary>
    Always = 2,
}

/// <summary>The switches of <see cref="InheritancePolicy"/>.</summary>
public sealed record InheritanceOptions
{
    public WeakHashes WeakHashes { get; init; } = WeakHashes.WhenBothAgree;

    /// <summary>Equal PhotoDNA bytes decide like SHA-256 does. Off: they only suggest.</summary>
    public bool PhotoDnaDecides { get; init; }

    /// <summary>How many independent agencies of standard trust make a Baseline verdict that others inherit; 2 or more.</summary>
    public int StandardAgenciesNeeded { get; init; } = 2;
}

/// <summary>Why a match only suggests.</summary>
public enum SuggestionReason
{
    /// <summary>A PDQ value within the radius, or equal: perceptual hashes never decide.</summary>
    Near = 1,

    /// <summary>MD5 or SHA-1 alone.</summary>
    WeakHashOnly = 2,

    /// <summary>PhotoDNA alone.</summary>
    PhotoDnaOnly = 3,

    /// <summary>Too few independent sources of standard trust.</summary>
    SingleStandardSource = 4,

    /// <summary>Untrusted sources only.</summary>
    Untrusted = 5,
}

/// <summary>What an item's verdicts mean for it: a closed set.</summary>
public abstract record PolicyReading
{
    private PolicyReading()
    {
    }

    /// <summary>
    /// The item takes the classification without a human. <paramref name="Country"/> is the country whose law it follows, null for Baseline.
    /// <paramref name="Version"/> is the version of <paramref name="Hash"/>'s verdict; <paramref name="Sources"/> are the opinions it rests on.
    /// </summary>
    public sealed record Inherited(
        Classification Classification, Country? Country, ContentHash Hash, long Version, ImmutableArray<HashOpinion> Sources)
            : PolicyReading
    {
        /// <summary>In words, without the hash's value: <c>Sha256 v3: Baseline by interpol (list icse)</c>.</summary>
        public string Provenance => Describe(Hash.Algorithm, Version, Sources);
    }

    /// <summary>A human looks, with this in view. <paramref name="Distance"/> is the PDQ distance, null for exact hashes.</summary>
    public sealed record Suggested(
        SuggestionReason Why, Classification Classification, ContentHash Hash, long Version, int? Distance,
            ImmutableArray<HashOpinion> Sources)
        : PolicyReading
    {
        public string Provenance => Describe(Hash.Algorithm, Version, Sources);
    }

    /// <summary>Illegal by the law of other countries than the item's; a human of the item's country looks.</summary>
    public sealed record NationalElsewhere(ImmutableArray<Country> Countries, ContentHash Hash, long Version,
        ImmutableArray<HashOpinion> Sources)
        : PolicyReading
    {
        public string Provenance => Describe(Hash.Algorithm, Version, Sources);
    }

    /// <summary>Opinions that cannot both stand; a human looks, nothing is chosen.</summary>
    public sealed record Disputed(ContentHash Hash, long Version, ImmutableArray<HashOpinion> Sources) : PolicyReading
    {
        public string Provenance => Describe(Hash.Algorithm, Version, Sources);
    }

    /// <summary>Nothing known that concerns the item.</summary>
    public sealed record Unknown : PolicyReading
    {
        public static readonly Unknown Instance = new();
    }

    private static string Describe(HashAlgorithm algorithm, long version, ImmutableArray<HashOpinion> sources) =>
        $"{algorithm} v{version}: " + string.Join(", ", sources.Select(o =>
            $"{o.Classification}{(o.Country is { } c ? $" ({c})" : "")} by {o.Agency}{(o.List is { } list ? $" (list {list})" : "")}"));
}

/// <summary>
/// From what is known of an item's hashes to what the item inherits (design.md, "Inheritance" and "Who is believed"). Pure; the options are data.
/// Contradictions over all exact hashes come first; then the strongest exact hash decides (<see cref="HashStrength"/>); what does not decide suggests.
/// </summary>
public static class InheritancePolicy
{
    /// <summary>As <see cref="Read(Country?, ItemVerdicts, InheritanceOptions)"/>, in the form that is stored with the item; null: nothing is known.</summary>
    public static InheritanceDecision? Decide(Country? country, ItemVerdicts item, InheritanceOptions options) =>
        Read(country, item, options) switch
    {
        PolicyReading.Inherited r => new InheritanceDecision
        {
            Kind = InheritanceKind.Inherited, Classification = r.Classification, Countries = r.Country is { } c ? [c] : [],
            DecisiveHash = r.Hash, VerdictVersion = r.Version, Sources = r.Sources, Why = r.Provenance,
        },
        PolicyReading.Suggested r => new InheritanceDecision
        {
            Kind = InheritanceKind.Suggested, Classification = r.Classification, DecisiveHash = r.Hash,
                VerdictVersion = r.Version,
            Sources = r.Sources, Why = $"{r.Why}: {r.Provenance}", Distance = r.Distance,
        },
        PolicyReading.NationalElsewhere r => new InheritanceDecision
        {
            Kind = InheritanceKind.NationalElsewhere, Classification = Classification.National, Countries = r.Countries,
            DecisiveHash = r.Hash, VerdictVersion = r.Version, Sources = r.Sources, Why = r.Provenance,
        },
        PolicyReading.Disputed r => new InheritanceDecision
        {
            Kind = InheritanceKind.Disputed, DecisiveHash = r.Hash, VerdictVersion = r.Version, Sources = r.Sources,
                Why = r.Provenance,
        },
        _ => null,
    };

    /// <param name="country">The item's assigned country, else its hosting country; null when unknown: then only Baseline is inherited.</param>
    /// <param name="item">What the buckets say of the item's hashes.</param>
    /// <param name="options">The switches.</param>
    public static PolicyReading Read(Country? country, ItemVerdicts item, InheritanceOptions options)
    {
        var known = item.Exact.Where(v => v.IsKnown && v.Opinions.Any(HasEffect)).ToList();
        HashVerdict[] Of(HashStrength strength) =>
            [.. HashAlgorithms.StrongestFirst.Where(a => a.Strength == strength)
                .Select(a => known.Find(v => v.Hash.Algorithm == a.Algorithm)).OfType<HashVerdict>()];
        var (strong, weak, opaque) = (Of(HashStrength.Strong), Of(HashStrength.Weak), Of(HashStrength.Opaque));

        if (FindDispute(country, [.. strong, .. weak, .. options.PhotoDnaDecides ? opaque : []]) is { } disputed)
        {
            return disputed;
        }

        var suggestions = new List<PolicyReading>();
        foreach (var reading in (IEnumerable<PolicyReading>)
            [
                .. strong.Select(v => Read(country, v, options)),
                ReadWeak(country, weak, options),
                .. opaque.Select(v => ReadOpaque(country, v, options)),
            ])
        {
            if (reading is PolicyReading.Inherited)
            {
                return reading;
            }

            suggestions.Add(reading);
        }

        suggestions.Add(ReadNear(item));
        return (PolicyReading?)suggestions.Find(s => s is PolicyReading.NationalElsewhere)
            ?? (PolicyReading?)suggestions.OfType<PolicyReading.Suggested>().MinBy(s => s.Classification)
            ?? PolicyReading.Unknown.Instance;
    }

    private static bool HasEffect(HashOpinion o) => o.Classification.HasEffect();

    private static bool Heard(HashOpinion o) => HasEffect(o) && o.Trust != TrustLevel.Untrusted;

    // Over all exact hashes together, as one file carries them all: Baseline against NotIllegal anywhere; within the item's country National against
    // NotIllegal. What another country disputes within itself concerns the item only when its own country has not spoken.
    private static PolicyReading.Disputed? FindDispute(Country? country, IReadOnlyList<HashVerdict> exact)
    {
        var heard = exact.SelectMany(v => v.Opinions).Where(Heard).ToList();
        if (!HashBucketRules.IsDisputed(heard))
        {
            return null;
        }

        var everywhere = heard.Exists(o => o.Classification == Classification.Baseline)
            && heard.Exists(o => o.Classification == Classification.NotIllegal);
        var own = heard.Where(o => country is not null && o.Country == country).ToList();
        if (!everywhere && own.Count > 0 && !HashBucketRules.IsDisputed(own))
        {
            return null;
        }

        var first = exact.First(v => v.Opinions.Any(Heard));
        return new PolicyReading.Disputed(first.Hash, first.Version, [.. heard]);
    }

    // One hash that may decide by itself.
    private static PolicyReading Read(Country? country, HashVerdict verdict, InheritanceOptions options)
    {
        var baseline = verdict.Opinions.Where(o => o.Classification == Classification.Baseline).ToImmutableArray();
        var own = country is null
            ? []
            : verdict.Opinions.Where(o => o.Country == country && Heard(o)).ToImmutableArray();

        if (IsBelieved(baseline, options) || own.Any(o =>
            o is { Classification: Classification.Baseline, Basis: OpinionBasis.Human }))
        {
            return new PolicyReading.Inherited(
                Classification.Baseline, null, verdict.Hash, verdict.Version, [.. baseline.Where(Heard)]);
        }

        foreach (var classification in (ReadOnlySpan<Classification>)[Classification.National, Classification.NotIllegal])
        {
            var said = own.Where(o => o.Classification == classification).ToImmutableArray();
            if (!said.IsEmpty)
            {
                return new PolicyReading.Inherited(classification, country, verdict.Hash, verdict.Version, said);
            }
        }

        var national = verdict.Opinions.Where(o =>
            o.Classification == Classification.National && o.Country is not null && Heard(o)).ToImmutableArray();
        if (!national.IsEmpty)
        {
            return new PolicyReading.NationalElsewhere(
                [.. national.Select(o => o.Country!.Value).Distinct().Order()], verdict.Hash, verdict.Version, national);
        }

        if (!baseline.IsEmpty)
        {
            return Suggest(baseline.Any(Heard)
                ? SuggestionReason.SingleStandardSource : SuggestionReason.Untrusted, Classification.Baseline, baseline);
        }

        var untrusted = verdict.Opinions.Where(o => o is { Trust: TrustLevel.Untrusted, Classification: Classification.National })
            .ToImmutableArray();
        return untrusted.IsEmpty
            ? PolicyReading.Unknown.Instance
            : Suggest(SuggestionReason.Untrusted, Classification.National, untrusted);

        PolicyReading Suggest(SuggestionReason why, Classification classification, ImmutableArray<HashOpinion> sources) =>
            new PolicyReading.Suggested(why, classification, verdict.Hash, verdict.Version, null, sources);
    }

    private static PolicyReading ReadWeak(Country? country, HashVerdict[] weak, InheritanceOptions options)
    {
        var readings = weak.Select(v => Read(country, v, options)).ToList();
        var agree = readings.Count > 1 && readings.TrueForAll(r => (readings[0], r) switch
        {
            (PolicyReading.Inherited a, PolicyReading.Inherited b) =>
                a.Classification == b.Classification && a.Country == b.Country,
            (PolicyReading.NationalElsewhere, PolicyReading.NationalElsewhere) => true,
            _ => false,
        });

        return options.WeakHashes switch
        {
            WeakHashes.Always => First(readings),
            WeakHashes.WhenBothAgree when agree => readings[0],
            _ => Weaken(First(readings)),
        };

        // The weightiest, or what an untrusted source says of the SHA-1 would hide what a believed one says of the MD5.
        static PolicyReading First(List<PolicyReading> readings) => readings.MinBy(r => r switch
        {
            PolicyReading.Inherited => 0,
            PolicyReading.NationalElsewhere => 1,
            PolicyReading.Suggested { Why: not SuggestionReason.Untrusted } => 2,
            PolicyReading.Suggested => 3,
            _ => 4,
        }) ?? PolicyReading.Unknown.Instance;

        static PolicyReading Weaken(PolicyReading reading) => AsSuggestion(reading, SuggestionReason.WeakHashOnly);
    }

    private static PolicyReading ReadOpaque(Country? country, HashVerdict verdict, InheritanceOptions options)
    {
        var reading = Read(country, verdict, options);
        return options.PhotoDnaDecides ? reading : AsSuggestion(reading, SuggestionReason.PhotoDnaOnly);
    }

    // A match that something is not illegal is no reason to look with more urgency, but it is shown all the same.
    private static PolicyReading AsSuggestion(PolicyReading reading, SuggestionReason why) => reading switch
    {
        PolicyReading.Inherited i => new PolicyReading.Suggested(why, i.Classification, i.Hash, i.Version, null, i.Sources),
        PolicyReading.NationalElsewhere n =>
            new PolicyReading.Suggested(why, Classification.National, n.Hash, n.Version, null, n.Sources),
        _ => reading,
    };

    private static PolicyReading ReadNear(ItemVerdicts item)
    {
        var equal = item.Exact.Where(v => v.Hash.Algorithm == HashAlgorithm.Pdq && v.IsKnown)
            .Select(v => new NearMatch { Distance = 0, Verdict = v });
        foreach (var match in equal.Concat(item.Near).Where(m => m.Verdict.IsKnown).OrderBy(m => m.Distance))
        {
            var illegal = match.Verdict.Opinions
                .Where(o => o.Classification.IsIllegal())
                .OrderBy(o => o.Classification).ToImmutableArray();
            if (!illegal.IsEmpty)
            {
                return new PolicyReading.Suggested(
                    SuggestionReason.Near, illegal[0].Classification, match.Verdict.Hash, match.Verdict.Version, match.Distance,
                        illegal);
            }
        }

        return PolicyReading.Unknown.Instance;
    }

    private static bool IsBelieved(ImmutableArray<HashOpinion> agreeing, InheritanceOptions options) =>
        agreeing.Any(o => o.Trust == TrustLevel.Trusted)
        || agreeing.Where(o => o.Trust == TrustLevel.Standard).Select(o => o.Agency).Distinct()
            .Count() >= Math.Max(2, options.StandardAgenciesNeeded);
}
