using CPort.Domain.Hashes;

namespace CPort.Domain.Inheritance;

/// <summary>What an item's hash verdicts amount to.</summary>
public enum InheritanceKind
{
    /// <summary>A verdict that others are entitled to take over without a human look.</summary>
    Inherited = 1,

    /// <summary>Worth showing to an analyst, decides nothing: <see cref="SuggestionReason"/> says why not.</summary>
    Suggested = 2,

    /// <summary>Nationally illegal in other countries; queued here.</summary>
    NationalElsewhere = 3,

    /// <summary>Believed words contradict; never silently chosen.</summary>
    Disputed = 4,
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

    /// <summary>It names the country and does not speak for it.</summary>
    DoesNotSpeak = 6,

    /// <summary>Not illegal in other countries.</summary>
    ClearedElsewhere = 7,
}

/// <summary>What is said by the law of a country that is not the item's.</summary>
[ProtoContract]
public sealed record ElsewhereWord
{
    [ProtoMember(1)] public required Country Country { get; init; }

    /// <summary>Null: disputed there.</summary>
    [ProtoMember(2)] public Classification? Classification { get; init; }
}

/// <summary>
/// The decision table's answer for one item. Stored with the event, so that replay never consults today's table; it names its sources by their places in what
/// the item knows of its hashes.
/// </summary>
[ProtoContract]
public sealed record InheritanceDecision
{
    /// <summary>Places from here on are those of <c>ContentItem.Near</c>.</summary>
    public const int NearPlaces = 1_000;

    [ProtoMember(1)] public required InheritanceKind Kind { get; init; }

    /// <summary>The inherited or suggested classification.</summary>
    [ProtoMember(2)] public Classification? Classification { get; init; }

    /// <summary>
    /// The countries whose law made it so: the item's own for National and NotIllegal, the others for <see cref="InheritanceKind.NationalElsewhere"/>.
    /// </summary>
    [ProtoMember(3)] public ImmutableArray<Country> Countries { get; init; } = [];

    /// <summary>The row of <see cref="DecisionTable.Rows"/>; 0: by none of them (a near, weak or untrusted match).</summary>
    [ProtoMember(4)] public int Row { get; init; }

    /// <summary>Place of the hash that decided (<see cref="NearPlaces"/>), and its verdict's version.</summary>
    [ProtoMember(5)] public int Place { get; init; }
    [ProtoMember(6)] public long VerdictVersion { get; init; }

    /// <summary>The words it rests on, in pairs: place of the hash, place of the word within it.</summary>
    [ProtoMember(7, IsPacked = true)] public int[] Sources { get; init; } = [];

    /// <summary>Why it only suggests.</summary>
    [ProtoMember(8)] public SuggestionReason? Reason { get; init; }

    /// <summary>Hamming distance of the nearest PDQ value, when that is what suggests.</summary>
    [ProtoMember(9)] public int? Distance { get; init; }

    /// <summary>Somebody says not illegal, too little believed to change anything (row 2).</summary>
    [ProtoMember(10)] public bool Objected { get; init; }

    /// <summary>What other countries' laws say.</summary>
    [ProtoMember(11)] public ImmutableArray<ElsewhereWord> Elsewhere { get; init; } = [];

    /// <summary>The words it rests on.</summary>
    public IEnumerable<HashWord> WordsOf(ImmutableArray<KnownHash> known, ImmutableArray<KnownNear> near) =>
        Sources.Chunk(2).Select(s => s[0] >= NearPlaces ? near[s[0] - NearPlaces].Words[s[1]] : At(known, s[0]).Words[s[1]]);

    /// <summary>Those of them that are said of the item's own hashes, each with the place of its hash.</summary>
    internal IEnumerable<(int Place, HashWord Word)> PlacedWords(ImmutableArray<KnownHash> known)
    {
        for (var i = 0; i < Sources.Length; i += 2)
        {
            if (Sources[i] is var place && place < NearPlaces)
            {
                yield return (place, At(known, place).Words[Sources[i + 1]]);
            }
        }
    }

    private static KnownHash At(ImmutableArray<KnownHash> known, int place) =>
        KnownHash.At(known, place) ?? throw new InvalidOperationException("A decision's source is not among what is known.");

    /// <summary>One sentence for people, without hash values: <c>Sha256 v3: Baseline by interpol (list icse)</c>.</summary>
    public string Why(ImmutableArray<ContentHash> hashes, ImmutableArray<KnownHash> known, ImmutableArray<KnownNear> near) =>
        $"{(Reason is { } why ? $"{why}: " : "")}{AlgorithmOf(hashes)} v{VerdictVersion}: {string.Join(", ", WordsOf(known, near))}";

    /// <summary>Of the hash that decided.</summary>
    public HashAlgorithm AlgorithmOf(ImmutableArray<ContentHash> hashes) => Place >= NearPlaces ? HashAlgorithm.Pdq : hashes[Place].Algorithm;

    /// <summary>For who sees the classification and no hashes: whose words, which hash and how near belong to the hashes.</summary>
    public InheritanceDecision WithoutSources() => this with { Sources = [], Place = -1, VerdictVersion = 0, Distance = null, Reason = null };

    /// <summary>Decides the same, though by other words or versions of verdicts.</summary>
    public bool SaysTheSame(InheritanceDecision? other) =>
        other is not null && Kind == other.Kind && Classification == other.Classification && Row == other.Row && Reason == other.Reason
        && Distance == other.Distance && Objected == other.Objected && Countries.AsSpan().SequenceEqual(other.Countries.AsSpan())
        && Elsewhere.AsSpan().SequenceEqual(other.Elsewhere.AsSpan());

    public bool Equals(InheritanceDecision? other) =>
        SaysTheSame(other) && Place == other!.Place && VerdictVersion == other.VerdictVersion && Sources.AsSpan().SequenceEqual(other.Sources);

    public override int GetHashCode() => HashCode.Combine(Kind, Classification, Row, Place, VerdictVersion);
}
