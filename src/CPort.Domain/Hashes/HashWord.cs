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
    public static ImmutableArray<HashWord> Reduce(IEnumerable<HashOpinion> opinions) =>
    [
        .. opinions.Where(o => o.Classification.HasEffect()).Select(Of)
            .OrderBy(w => w.Classification).ThenBy(w => w.Law?.Code, StringComparer.Ordinal).ThenBy(w => w.Trust).ThenByDescending(w => w.Speaks)
            .ThenBy(w => w.Judge, StringComparer.Ordinal).ThenBy(w => w.Agency.Value, StringComparer.Ordinal)
            .ThenBy(w => w.List, StringComparer.Ordinal)
            .GroupBy(w => (w.Classification, w.Law, w.Trust, w.Speaks))
            .SelectMany(Two),
    ];

    // The first two that are independent; where no two are, the first says all.
    private static IEnumerable<HashWord> Two(IEnumerable<HashWord> same)
    {
        var all = same.ToArray();
        foreach (var one in all)
        {
            if (Array.Find(all, one.IsIndependentOf) is { } other)
            {
                return [one, other];
            }
        }

        return all[..1];
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

    public static KnownHash Of(int place, HashVerdict verdict) => new()
    {
        Place = place, Version = verdict.Version, Words = HashWords.Reduce(verdict.Opinions),
        Flags = (verdict.VictimIdentified ? HashFlags.VictimIdentified : 0) | (verdict.SeriesKnown ? HashFlags.SeriesKnown : 0)
            | (verdict.Trap ? HashFlags.Trap : 0),
    };

    public bool Equals(KnownHash? other) =>
        other is not null && Place == other.Place && Version == other.Version && Flags == other.Flags
        && Words.AsSpan().SequenceEqual(other.Words.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Place, Version, Flags, Words.Length);
}
