using CPort.Domain.Hashes;

namespace CPort.Domain.Inheritance;

/// <summary>One row of the decision table, in words.</summary>
/// <param name="Number">As in verdicts.md section 3.</param>
/// <param name="Words">What is said of the item's hashes.</param>
/// <param name="Verdict">What follows for the item.</param>
/// <param name="Look">Whether a human looks.</param>
public sealed record DecisionRow(int Number, string Words, string Verdict, string Look);

/// <summary>A known PDQ value near an item's own: suggests, never decides.</summary>
[ProtoContract]
public sealed record KnownNear
{
    /// <summary>Hamming distance, 0 to 256.</summary>
    [ProtoMember(1)] public required int Distance { get; init; }
    [ProtoMember(2)] public required ContentHash Hash { get; init; }
    [ProtoMember(3)] public required long Version { get; init; }
    [ProtoMember(4)] public ImmutableArray<HashWord> Words { get; init; } = [];

    public static KnownNear Of(NearMatch match) => new()
    {
        Distance = match.Distance, Hash = match.Verdict.Hash, Version = match.Verdict.Version, Words = match.Verdict.Words,
    };
}

/// <summary>
/// Whose word counts where: from the words on an item's hashes, read together, to what the item of a country inherits. One pure function; the options are data.
/// Trust is present trust: the buckets tell of its changes. <c>docs/rules.md</c> shows <see cref="Rows"/>.
/// </summary>
public static class DecisionTable
{
    public static ImmutableArray<DecisionRow> Rows { get; } =
    [
        new(1, "Baseline believed, nothing against it", "Baseline, inherited", "no look"),
        new(2, "Baseline believed; NotIllegal by anybody heard, not believed", "Baseline stays, the objection is shown", "no look; quality control lists it"),
        new(3, "Baseline believed, NotIllegal believed", "disputed, everywhere", "a look"),
        new(4, "Baseline by one standard judge who does not speak for the item's country", "suggested", "a look, first in its queue"),
        new(5, "National, or a Baseline not believed elsewhere, by who speaks for the country; nothing of its own against it",
            "inherited in that country", "no look"),
        new(6, "NotIllegal by who speaks for the country; nothing of its own and no believed Baseline against it",
            "NotIllegal, inherited in that country", "no look"),
        new(7, "two that speak for the country contradict", "disputed in that country", "a look"),
        new(8, "National or NotIllegal by another country's law, whoever says it", "shown: illegal, not illegal or disputed in that country", "a look"),
        new(9, "a word names the country without speaking for it, or no country", "shown with its origin", "a look"),
        new(10, "rows 4 and 8 together", "both are shown, the graver first", "a look"),
    ];

    /// <summary>One word, on which hash. All words of a hash are of its strength.</summary>
    private readonly record struct Said(HashWord Word, int Place, int Index, HashAlgorithm Algorithm, HashStrength Strength, long Version)
    {
        public Classification Is => Word.Classification;
    }

    /// <param name="country">The item's assigned country; null while it has none: then nobody speaks for it.</param>
    /// <param name="hashes">The item's hashes; a <see cref="KnownHash.Place"/> is a place in them.</param>
    /// <param name="known">What is known of them.</param>
    /// <param name="near">Known PDQ values near its own, nearest first.</param>
    /// <param name="options">The switches.</param>
    /// <returns>Null: nothing is known that concerns the item.</returns>
    public static InheritanceDecision? Decide(
        Country? country, ImmutableArray<ContentHash> hashes, ImmutableArray<KnownHash> known, ImmutableArray<KnownNear> near, InheritanceOptions options)
    {
        if (near.IsEmpty && !known.Any(k => k.IsKnown))
        {
            return null;
        }

        // Each news of each hash comes through here: no more is made than what is read.
        var said = new List<Said>(known.Sum(k => k.Words.Length));
        foreach (var k in known)
        {
            if (k.IsKnown)
            {
                var row = HashAlgorithms.Of(hashes[k.Place].Algorithm);
                for (var index = 0; index < k.Words.Length; index++)
                {
                    if (k.Words[index].Classification.HasEffect())
                    {
                        said.Add(new Said(k.Words[index], k.Place, index, row.Algorithm, row.Strength, k.Version));
                    }
                }
            }
        }

        if (!IsInOrder(said))
        {
            said = [.. said.OrderBy(s => s.Strength).ThenBy(s => s.Place)];
        }

        var exact = Those(said, static s => s.Strength != HashStrength.Perceptual);
        var heard = Those(exact, static s => s.Word.Heard);
        var deciding = heard.TrueForAll(static s => s.Strength == HashStrength.Strong) ? heard : Deciding(heard, options);
        return Verdict(country, deciding, heard)
            ?? Shown(country, deciding)
            ?? ((Verdict(country, heard, heard) ?? Shown(country, heard)) is { } weak ? Weaken(weak, heard) : null)
            ?? Untrusted(exact)
            ?? Near(said, near);
    }

    /// <summary>
    /// Whether the words on one hash dispute it for everybody (row 3), or in a country whose law they follow (row 7), as if the hash decided by itself.
    /// </summary>
    public static bool IsDisputed(HashVerdict verdict)
    {
        var heard = verdict.Opinions.Select(HashWords.Of).Where(w => w.Heard)
            .Select((w, i) => new Said(w, 0, i, verdict.Hash.Algorithm, HashStrength.Strong, verdict.Version)).ToList();
        return heard.Select(s => s.Word.Law).Distinct().Any(country => Verdict(country, heard, heard) is { Kind: InheritanceKind.Disputed });
    }

    private static bool IsInOrder(List<Said> said)
    {
        for (var i = 1; i < said.Count; i++)
        {
            var (before, after) = (said[i - 1], said[i]);
            if (before.Strength > after.Strength || (before.Strength == after.Strength && before.Place > after.Place))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>As <c>FindAll</c>, without a list of its own where there are none or all; nobody changes what it returns.</summary>
    private static List<Said> Those(List<Said> said, Predicate<Said> which)
    {
        var count = 0;
        foreach (var s in said)
        {
            count += which(s) ? 1 : 0;
        }

        if (count == said.Count || count == 0)
        {
            return count == 0 ? None : said;
        }

        var those = new List<Said>(count);
        foreach (var s in said)
        {
            if (which(s))
            {
                those.Add(s);
            }
        }

        return those;
    }

    private static readonly List<Said> None = [];

    private static List<Said> Deciding(List<Said> heard, InheritanceOptions options)
    {
        var deciding = new List<Said>(heard.Count);
        foreach (var s in heard)
        {
            if (Decides(s, heard, options))
            {
                deciding.Add(s);
            }
        }

        return deciding;
    }

    // MD5 and SHA-1 can be forged, and nobody can say what else has a PhotoDNA value.
    private static bool Decides(Said s, List<Said> heard, InheritanceOptions options) => s.Strength switch
    {
        HashStrength.Strong => true,
        HashStrength.Weak => s.Word.Trust == TrustLevel.Trusted || options.WeakHashes switch
        {
            WeakHashes.Always => true,
            // The same by the same voice: who only reports what a country's law says does not give weight to who speaks for it.
            WeakHashes.WhenBothAgree => IsSaidOfTheOther(s, heard),
            _ => false,
        },
        HashStrength.Opaque => options.PhotoDnaDecides,
        _ => false,
    };

    private static bool IsSaidOfTheOther(Said s, List<Said> heard)
    {
        foreach (var o in heard)
        {
            if (o.Strength == HashStrength.Weak && o.Algorithm != s.Algorithm && o.Is == s.Is && o.Word.Law == s.Word.Law && o.Word.Speaks == s.Word.Speaks)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The strength down to which words must be counted to be believed; <paramref name="said"/> is believed as a whole.</summary>
    private static HashStrength BelievedAt(List<Said> said)
    {
        var strengths = said.Select(static s => s.Strength).Distinct().Order();
        return strengths.First(most => Believed(said.FindAll(s => s.Strength <= most)));
    }

    /// <summary>Rows 1 to 3 and 5 to 7: what is decided without a human, or disputed.</summary>
    private static InheritanceDecision? Verdict(Country? country, List<Said> deciding, List<Said> heard)
    {
        var baseline = Those(deciding, static s => s.Is == Classification.Baseline);
        if (Believed(baseline))
        {
            var against = Those(heard, static s => s.Is == Classification.NotIllegal);
            var believed = Those(deciding, static s => s.Is == Classification.NotIllegal);

            // Of contradicting verdicts the stronger hash's stands, except that no NotIllegal ever beats a believed Baseline silently.
            return Believed(believed) && BelievedAt(believed) <= BelievedAt(baseline)
                ? Make(InheritanceKind.Disputed, 3, [.. baseline, .. believed])
                : Make(InheritanceKind.Inherited, against.Count == 0 ? 1 : 2, baseline) with
                {
                    Classification = Classification.Baseline, Objected = against.Count > 0,
                };
        }

        var own = country is { } law ? Those(deciding, s => s.Word.Speaks && s.Word.Law == law) : None;
        var (illegal, cleared) = (Those(own, static s => s.Is.IsIllegal()), Those(own, static s => s.Is == Classification.NotIllegal));
        if (illegal.Count > 0 && cleared.Count > 0 && illegal[0].Strength == cleared[0].Strength)
        {
            return Make(InheritanceKind.Disputed, 7, own);
        }

        var stands = illegal.Count > 0 && (cleared.Count == 0 || illegal[0].Strength < cleared[0].Strength) ? illegal : cleared;
        if (stands.Count == 0)
        {
            return null;
        }

        var gravest = stands.Min(s => s.Is);
        return Make(InheritanceKind.Inherited, gravest.IsIllegal() ? 5 : 6, Those(stands, s => s.Is == gravest)) with
        {
            Classification = gravest, Countries = [country!.Value],
        };
    }

    /// <summary>Rows 4 and 8 to 10: what a human is shown.</summary>
    private static InheritanceDecision? Shown(Country? country, List<Said> deciding)
    {
        var elsewhere = Those(deciding, s => s.Word.Law is { } law && law != country && s.Is != Classification.Baseline);
        var laws = elsewhere.Count == 0 ? [] : elsewhere.GroupBy(s => s.Word.Law!.Value).OrderBy(g => g.Key)
            .Select(g => (Country: g.Key, Said: g.Select(s => s.Is).Distinct().ToArray()))
            .Select(g => new ElsewhereWord { Country = g.Country, Classification = g.Said is [var one] ? one : null }).ToImmutableArray();
        if (Those(deciding, static s => s.Is == Classification.Baseline) is { Count: > 0 } baseline)
        {
            return Suggest(SuggestionReason.SingleStandardSource, laws.IsEmpty ? 4 : 10, baseline) with { Elsewhere = laws };
        }

        // INTERPOL judges by no country's law: what it says besides Baseline speaks for none.
        var named = Those(deciding, s => s.Word.Law is null ? s.Is != Classification.Baseline : s.Word.Law == country);
        var national = Those(elsewhere, static s => s.Is == Classification.National);
        var shown = named.Exists(s => s.Is.IsIllegal()) || (named.Count > 0 && national.Count == 0)
                ? Suggest(SuggestionReason.DoesNotSpeak, 9, named.FindAll(s => s.Is == named.Min(n => n.Is)))
            : national.Count > 0 ? Make(InheritanceKind.NationalElsewhere, 8, national) with
            {
                Classification = Classification.National, Countries = [.. national.Select(s => s.Word.Law!.Value).Distinct().Order()],
            }
            : elsewhere.Count > 0 ? Suggest(SuggestionReason.ClearedElsewhere, 8, elsewhere) with { Countries = [.. laws.Select(l => l.Country)] }
            : null;
        return shown is null ? null : shown with { Elsewhere = laws };
    }

    // What weak hashes would decide, were they strong.
    private static InheritanceDecision? Weaken(InheritanceDecision decision, List<Said> heard) =>
        decision.Kind == InheritanceKind.Disputed
            ? decision with { Row = 0 }
            : decision with
            {
                Kind = InheritanceKind.Suggested, Row = 0, Objected = false,
                Reason = decision.Reason ?? (heard.Exists(s => s.Place == decision.Place && s.Strength == HashStrength.Opaque)
                    ? SuggestionReason.PhotoDnaOnly : SuggestionReason.WeakHashOnly),
            };

    private static InheritanceDecision? Untrusted(List<Said> exact)
    {
        var illegal = Those(exact, static s => s.Word.Trust == TrustLevel.Untrusted && s.Is.IsIllegal());
        return illegal.Count == 0 ? null
            : Suggest(SuggestionReason.Untrusted, 0, illegal.FindAll(s => s.Is == illegal.Min(i => i.Is)));
    }

    private static InheritanceDecision? Near(List<Said> said, ImmutableArray<KnownNear> near)
    {
        var equal = Those(said, static s => s.Strength == HashStrength.Perceptual && s.Is.IsIllegal());
        if (equal.Count > 0)
        {
            return Suggest(SuggestionReason.Near, 0, [.. equal.OrderBy(s => s.Is)]) with { Distance = 0 };
        }

        for (var i = 0; i < near.Length; i++)
        {
            var match = near[i];
            List<Said> illegal =
            [
                .. match.Words.Select((word, index) => new Said(
                        word, InheritanceDecision.NearPlaces + i, index, HashAlgorithm.Pdq, HashStrength.Perceptual, match.Version))
                    .Where(s => s.Is.IsIllegal()).OrderBy(s => s.Is),
            ];
            if (illegal.Count > 0)
            {
                return Suggest(SuggestionReason.Near, 0, illegal) with { Distance = match.Distance };
            }
        }

        return null;
    }

    private static InheritanceDecision Suggest(SuggestionReason why, int row, List<Said> sources) =>
        Make(InheritanceKind.Suggested, row, sources) with { Classification = sources[0].Is, Reason = why };

    private static InheritanceDecision Make(InheritanceKind kind, int row, List<Said> sources) => new()
    {
        Kind = kind, Row = row, Place = sources[0].Place, VerdictVersion = sources[0].Version,
        Sources = SourcesOf(sources),
    };

    private static int[] SourcesOf(List<Said> said)
    {
        var sources = new int[2 * said.Count];
        for (var i = 0; i < said.Count; i++)
        {
            (sources[2 * i], sources[(2 * i) + 1]) = (said[i].Place, said[i].Index);
        }

        return sources;
    }

    private static bool Believed(List<Said> agreeing)
    {
        foreach (var s in agreeing)
        {
            if (s.Word.Trust == TrustLevel.Trusted)
            {
                return true;
            }

            foreach (var other in agreeing)
            {
                if (s.Word.IsIndependentOf(other.Word))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
