namespace CPort.Domain.Hashes;

/// <summary>Where an opinion about a hash comes from.</summary>
public enum OpinionBasis
{
    /// <summary>An analyst looked: at an item of a report, or at what an import that names its origin says was looked at.</summary>
    Human = 1,

    /// <summary>A list of known hashes that an agency imported, or a correction of hashes without an item.</summary>
    List = 2,
}

/// <summary>
/// One source's opinion of one hash, as it counts now. A source is an agency, or an agency's list, speaking by one law; its later opinion replaces its earlier
/// one, never the same agency's by another law, and the bucket keeps the history.
/// </summary>
[ProtoContract]
public sealed record HashOpinion
{
    [ProtoMember(1)] public required AgencyId Agency { get; init; }

    /// <summary>The list's name when the basis is a list, else null.</summary>
    [ProtoMember(2)] public string? List { get; init; }
    [ProtoMember(3)] public required OpinionBasis Basis { get; init; }
    [ProtoMember(4)] public required Classification Classification { get; init; }

    /// <summary>The law: the country whose law the opinion follows, part of the source. Baseline needs none; INTERPOL's has none.</summary>
    [ProtoMember(5)] public Country? Country { get; init; }

    /// <summary>The agency's present trust, as the bucket knows it; of a word on its way there, its maker's view.</summary>
    [ProtoMember(6)] public required TrustLevel Trust { get; init; }

    /// <summary>When the source decided, UTC.</summary>
    [ProtoMember(7)] public required DateTimeOffset At { get; init; }

    /// <summary>The report item the opinion was formed on, when the basis is human.</summary>
    [ProtoMember(8)] public ItemRef? Item { get; init; }

    /// <summary>
    /// The agency speaks for <see cref="Country"/>: a hotline or national police that was a member of it on the day of the word, which follows that country's
    /// law. Decided once, by whoever makes the word.
    /// </summary>
    [ProtoMember(9)] public bool Speaks { get; init; }

    /// <summary>Who judged, when that is not the agency itself: the maker of an imported list. Independence is of origins.</summary>
    [ProtoMember(10)] public string? Origin { get; init; }

    /// <summary>
    /// The number of the report's event that made it, of an opinion formed on <see cref="Item"/>; else 0. It orders a source's words from one report, whatever
    /// the clocks of the nodes say that wrote them.
    /// </summary>
    [ProtoMember(11)] public long Sequence { get; init; }
}

/// <summary>
/// Opinions that count of one hash, and the words they come to, worked out once. Equal to any other: it says nothing that a verdict's opinions do not.
/// </summary>
internal sealed class CountingOpinions(ImmutableArray<HashOpinion> opinions)
{
    public static readonly CountingOpinions None = new([]);

    // Two threads may work it out: the same.
    private ImmutableArray<HashWord> _words;

    public ImmutableArray<HashOpinion> Opinions => opinions;

    public ImmutableArray<HashWord> Words
    {
        get
        {
            if (_words.IsDefault)
            {
                _words = HashWords.Reduce(opinions);
            }

            return _words;
        }
    }

    public override bool Equals(object? other) => other is CountingOpinions;

    public override int GetHashCode() => 0;
}

/// <summary>
/// What a bucket says of one hash at one moment: the opinions that count, and a version that only rises, so that a late "add" cannot
/// undo a "remove" (design.md, "Inherited opinions").
/// </summary>
[ProtoContract]
public sealed record HashVerdict
{
    [ProtoMember(1)] public required ContentHash Hash { get; init; }

    /// <summary>0: the bucket never held an opinion of this hash.</summary>
    [ProtoMember(2)] public required long Version { get; init; }

    /// <summary>Current opinions, one a source; empty when unknown or all retracted.</summary>
    [ProtoMember(3)] public ImmutableArray<HashOpinion> Opinions { get; init; } = [];

    [ProtoMember(5)] public bool VictimIdentified { get; init; }
    [ProtoMember(6)] public bool SeriesKnown { get; init; }

    /// <summary>A trap value (hash of the empty file, flat PDQ): never matches anything.</summary>
    [ProtoMember(7)] public bool Trap { get; init; }

    /// <summary>How many report items this hash was seen on.</summary>
    [ProtoMember(8)] public int Sightings { get; init; }

    /// <summary>
    /// In quarantine as over-matching: never near anything. <see cref="Trap"/> is set besides unless the hash is confirmed (<see cref="HashQuarantine"/>), so
    /// that nothing is inherited from it either.
    /// </summary>
    [ProtoMember(9)] public bool Quarantined { get; init; }

    public bool IsKnown => !Opinions.IsEmpty && !Trap;

    /// <summary>The words that <see cref="Opinions"/> come to (<see cref="HashWords.Reduce"/>).</summary>
    internal ImmutableArray<HashWord> Words => Counting is { } held && held.Opinions == Opinions ? held.Words : HashWords.Reduce(Opinions);

    /// <summary>Where the bucket is on this node: its own, so that a word told to a thousand reports is worked out once.</summary>
    internal CountingOpinions? Counting { get; init; }

    /// <summary>The newest of each hash, in the order in which they are first named; of one version the first.</summary>
    internal static List<HashVerdict> Newest(IEnumerable<HashVerdict> verdicts)
    {
        var newest = new List<HashVerdict>();
        foreach (var verdict in verdicts)
        {
            var at = newest.FindIndex(v => v.Hash == verdict.Hash);
            if (at < 0)
            {
                newest.Add(verdict);
            }
            else if (verdict.Version > newest[at].Version)
            {
                newest[at] = verdict;
            }
        }

        return newest;
    }

    /// <summary>Says no more than that the hash is unknown, and carried by nothing.</summary>
    internal bool IsNothing =>
        Version == 0 && Opinions.IsEmpty && Sightings == 0 && !VictimIdentified && !SeriesKnown && !Trap && !Quarantined;
}

/// <summary>A known PDQ value near an item's own: suggests, never decides.</summary>
[ProtoContract]
public sealed record NearMatch
{
    /// <summary>Hamming distance, 0 to 256.</summary>
    [ProtoMember(1)] public required int Distance { get; init; }
    [ProtoMember(2)] public required HashVerdict Verdict { get; init; }
}
