namespace CPort.Domain.Hashes;

/// <summary>
/// What a decision needs of an opinion: who says what of a hash, by which law, and how far it is believed. Opinions themselves (when, on which item) stay in
/// the bucket; who asks why gets them from there.
/// </summary>
[ProtoContract]
public sealed record HashWord
{
    [ProtoMember(1)] public required AgencyId Agency { get; init; }

    /// <summary>The list that says so; null: the agency itself.</summary>
    [ProtoMember(2)] public string? List { get; init; }
    [ProtoMember(3)] public required Classification Classification { get; init; }

    /// <summary>The country whose law it follows; Baseline needs none.</summary>
    [ProtoMember(4)] public Country? Law { get; init; }
    [ProtoMember(5)] public TrustLevel Trust { get; init; } = TrustLevel.Standard;

    /// <summary>The agency speaks for <see cref="Law"/> (verdicts.md 1); everybody else who names a country only reports it.</summary>
    [ProtoMember(6)] public bool Speaks { get; init; }

    /// <summary>Who judged, when that is not the agency itself.</summary>
    [ProtoMember(7)] public string? Origin { get; init; }

    /// <summary>Who judged.</summary>
    public string Judge => Origin ?? Agency.Value;

    /// <summary>Neither one agency's, whatever origins it names, nor one judge's, whose list two agencies import.</summary>
    public bool IsIndependentOf(HashWord other) => Judge != other.Judge && Agency != other.Agency;

    /// <summary>Says the same, whoever says it.</summary>
    internal bool MeansLike(HashWord other) =>
        Classification == other.Classification && Law == other.Law && Trust == other.Trust && Speaks == other.Speaks;

    /// <summary>The opinion is this word.</summary>
    internal bool IsOf(HashOpinion o) =>
        Classification == o.Classification && Agency == o.Agency && List == o.List && Law == o.Country && Trust == o.Trust && Speaks == o.Speaks
        && Origin == o.Origin;

    /// <summary>Untrusted words are shown and decide nothing for anybody else.</summary>
    public bool Heard => Trust != TrustLevel.Untrusted && Classification.HasEffect();

    /// <summary>For people, without the hash: <c>National (DE) by hotline-de (list a)</c>.</summary>
    public override string ToString() =>
        $"{Classification}{(Law is { } c ? $" ({c})" : "")} by {Agency}{(List is { } list ? $" (list {list})" : "")}"
        + (Origin is { } o && o != Agency.Value && o != List ? $", from {o}" : "");
}

/// <summary>Words of one meaning count as one.</summary>
public static class HashWords
{
    /// <summary>
    /// The words that a verdict says and its version counts: of one meaning (classification, law, trust, who speaks) at most two, by independent judges, in a
    /// fixed order: two are more than one, and three are no more than two. What a further agency says alike changes nothing for anybody and is not told.
    /// </summary>
    public static ImmutableArray<HashWord> Reduce(IEnumerable<HashOpinion> opinions)
    {
        var words = new List<HashWord>();
        foreach (var opinion in opinions)
        {
            if (opinion.Classification.HasEffect())
            {
                words.Add(Of(opinion));
            }
        }

        words.Sort(Compare);
        var reduced = ImmutableArray.CreateBuilder<HashWord>();
        for (int first = 0, next = 1; next <= words.Count; next++)
        {
            if (next == words.Count || !words[next].MeansLike(words[first]))
            {
                AddTwo(words, first, next, reduced);
                first = next;
            }
        }

        return reduced.ToImmutable();
    }

    /// <summary>By meaning, then by judge, agency, list and origin.</summary>
    private static int Compare(HashWord one, HashWord other) =>
        ((int)one.Classification).CompareTo((int)other.Classification) is var byClassification and not 0 ? byClassification
        : string.CompareOrdinal(one.Law?.Code, other.Law?.Code) is var byLaw and not 0 ? byLaw
        : ((int)one.Trust).CompareTo((int)other.Trust) is var byTrust and not 0 ? byTrust
        : other.Speaks.CompareTo(one.Speaks) is var bySpeaks and not 0 ? bySpeaks
        : string.CompareOrdinal(one.Judge, other.Judge) is var byJudge and not 0 ? byJudge
        : string.CompareOrdinal(one.Agency.Value, other.Agency.Value) is var byAgency and not 0 ? byAgency
        : string.CompareOrdinal(one.List, other.List) is var byList and not 0 ? byList
        : string.CompareOrdinal(one.Origin, other.Origin);

    // The first two that are independent. Where no two are, they are all one agency's or all one judge's: of these another judge's, or another agency's, word
    // is kept beside the first, because one of both is independent of whatever word of another law is independent of any of them.
    private static void AddTwo(List<HashWord> words, int first, int end, ImmutableArray<HashWord>.Builder reduced)
    {
        for (var one = first; one < end; one++)
        {
            for (var other = first; other < end; other++)
            {
                if (words[one].IsIndependentOf(words[other]))
                {
                    reduced.Add(words[one]);
                    reduced.Add(words[other]);
                    return;
                }
            }
        }

        reduced.Add(words[first]);
        var another = words.FindIndex(first, end - first, w => w.Judge != words[first].Judge || w.Agency != words[first].Agency);
        if (another >= 0)
        {
            reduced.Add(words[another]);
        }
    }

    public static HashWord Of(HashOpinion o) => new()
    {
        Agency = o.Agency, List = o.List, Classification = o.Classification, Law = o.Country, Trust = o.Trust, Speaks = o.Speaks,
        Origin = o.Origin,
    };
}

/// <summary>What a report keeps of one of its hashes.</summary>
[ProtoContract]
public sealed record KnownHash
{
    /// <summary>The hash's place in its item's list, from 0.</summary>
    [ProtoMember(1)] public int Place { get; init; }

    /// <summary>The version of the verdict.</summary>
    [ProtoMember(2)] public required long Version { get; init; }
    [ProtoMember(3)] public ImmutableArray<HashWord> Words { get; init; } = [];
    [ProtoMember(4)] public HashFlags Flags { get; init; }

    /// <summary>Says something that may count: a trap (also one in quarantine, unconfirmed) does not.</summary>
    public bool IsKnown => !Words.IsEmpty && !Flags.HasFlag(HashFlags.Trap);

    /// <summary>What is known of the hash at this place; null: nothing.</summary>
    internal static KnownHash? At(ImmutableArray<KnownHash> known, int place)
    {
        foreach (var k in known)
        {
            if (k.Place == place)
            {
                return k;
            }
        }

        return null;
    }

    public static KnownHash Of(int place, HashVerdict verdict) => new()
    {
        Place = place, Version = verdict.Version, Words = verdict.Words,
        Flags = (verdict.VictimIdentified ? HashFlags.VictimIdentified : 0) | (verdict.SeriesKnown ? HashFlags.SeriesKnown : 0)
            | (verdict.Trap ? HashFlags.Trap : 0),
    };

    public bool Equals(KnownHash? other) =>
        other is not null && Place == other.Place && Version == other.Version && Flags == other.Flags
        && Words.AsSpan().SequenceEqual(other.Words.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Place, Version, Flags, Words.Length);
}
