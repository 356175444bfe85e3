namespace CPort.Domain.Hashes;

/// <summary>A source's current word on a hash: its opinion, or that it took it back (then <see cref="HashOpinion.At"/> says when).</summary>
[ProtoContract]
public sealed record SourceOpinion
{
    [ProtoMember(1)] public required HashOpinion Opinion { get; init; }
    [ProtoMember(2)] public HashFlags Flags { get; init; }
    [ProtoMember(3)] public bool Retracted { get; init; }

    /// <summary>
    /// What the source said besides: on other reports' items, and outside any report; one word of each, those that stand first, the latest first, at most
    /// <see cref="MaxOthers"/>. When the report of the current word is withdrawn, the latest of them is the source's word again.
    /// </summary>
    [ProtoMember(4)] public ImmutableArray<OtherWord> Others { get; init; } = [];

    /// <summary>Some 200 bytes each, of hashes on which one source speaks in several reports.</summary>
    internal const int MaxOthers = 8;

    /// <summary>Recorded, counted, and part of the verdict: neither taken back nor doubtful.</summary>
    public bool Counts => !Retracted && Opinion.Classification.HasEffect();

    /// <summary>Says the same, apart from when and on which item.</summary>
    internal bool SaysTheSame(SourceOpinion other) =>
        Retracted == other.Retracted
        && (Retracted
            || (Flags == other.Flags && Opinion.Basis == other.Opinion.Basis
                && Opinion.Classification == other.Opinion.Classification && Opinion.Country == other.Opinion.Country
                && Opinion.Trust == other.Opinion.Trust && Opinion.Speaks == other.Opinion.Speaks && Opinion.Origin == other.Opinion.Origin));

    internal SourceOpinion With(TrustLevel trust) => this with
    {
        Opinion = Opinion with { Trust = trust },
        Others = Others.IsEmpty ? Others : [.. Others.Select(o => o with { Opinion = o.Opinion with { Trust = trust } })],
    };

    /// <summary>All its words are at the trust.</summary>
    internal bool IsAt(TrustLevel trust) => Opinion.Trust == trust && Others.All(o => o.Opinion.Trust == trust);

    /// <summary>From the same report, or both from none: the later one is said in place of the earlier.</summary>
    internal bool IsFromSamePlace(SourceOpinion other) => Opinion.Item?.Report == other.Opinion.Item?.Report;

    /// <summary>Taken back with its report: as if it had not been said there.</summary>
    private bool IsWithdrawn => Retracted && Opinion.Item is not null;

    /// <summary>
    /// The source's word once it has said this too; null: nothing new by it. Of each report its last word counts, and of those the latest; one that was
    /// withdrawn with its report counts only when there is no other.
    /// </summary>
    internal SourceOpinion? After(SourceOpinion said)
    {
        ImmutableArray<SourceOpinion> all = [this with { Others = [] }, .. Others.Select(o => o.ToWord())];
        var place = all.FirstOrDefault(said.IsFromSamePlace);
        if (place is not null && said.CompareOrder(place) <= 0)
        {
            return null;
        }

        var words = all.Where(word => !ReferenceEquals(word, place)).Append(said)
            .OrderBy(word => word.IsWithdrawn).ThenByDescending(word => word, Latest).ToArray();
        var next = words[0] with { Others = [.. words.Skip(1).Take(MaxOthers).Select(OtherWord.Of)] };
        return next == this ? null : next;
    }

    // Of two reports at one instant that say the same, one has to be the word.
    private static readonly Comparer<SourceOpinion> Latest = Comparer<SourceOpinion>.Create(
        (a, b) => a.CompareOrder(b) is var order and not 0 ? order : Nullable.Compare(a.Opinion.Item, b.Opinion.Item));

    public bool Equals(SourceOpinion? other) =>
        other is not null && Opinion == other.Opinion && Flags == other.Flags && Retracted == other.Retracted
        && Others.AsSpan().SequenceEqual(other.Others.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Opinion, Flags, Retracted, Others.Length);

    /// <summary>By agency, list and law; 0 when all three are the same: one source.</summary>
    internal int CompareSource(SourceOpinion other) =>
        string.CompareOrdinal(Opinion.Agency.Value, other.Opinion.Agency.Value) is var byAgency and not 0 ? byAgency
        : string.CompareOrdinal(Opinion.List ?? "", other.Opinion.List ?? "") is var byList and not 0 ? byList
        : string.CompareOrdinal(Opinion.Country?.Code ?? "", other.Opinion.Country?.Code ?? "");

    /// <summary>
    /// Above 0: said after the other word of the same source. Words from one report go by its own events, and one of them taken back is taken back; all others
    /// go by their time, and of two at the same instant a retraction stands, else the graver: so the outcome is the same in whatever order messages come.
    /// </summary>
    internal int CompareOrder(SourceOpinion other)
    {
        var ofOneReport = Opinion.Sequence > 0 && other.Opinion.Sequence > 0 && Opinion.Item?.Report == other.Opinion.Item?.Report;
        var order = ofOneReport ? Opinion.Sequence.CompareTo(other.Opinion.Sequence) : Opinion.At.CompareTo(other.Opinion.At);
        return order != 0 ? order
            : Retracted != other.Retracted ? Retracted ? 1 : -1
            : ofOneReport && Opinion.At.CompareTo(other.Opinion.At) is var byTime and not 0 ? byTime
            : Key(other).CompareTo(Key(this));

        static (int, bool, string, int, int, int) Key(SourceOpinion w) =>
            ((int)w.Opinion.Classification, !w.Opinion.Speaks, w.Opinion.Origin ?? "", (int)w.Opinion.Trust, (int)w.Opinion.Basis, (int)w.Flags);
    }
}

/// <summary>What a source said besides its current word (<see cref="SourceOpinion.Others"/>).</summary>
[ProtoContract]
public sealed record OtherWord
{
    [ProtoMember(1)] public required HashOpinion Opinion { get; init; }
    [ProtoMember(2)] public HashFlags Flags { get; init; }
    [ProtoMember(3)] public bool Retracted { get; init; }

    internal static OtherWord Of(SourceOpinion word) => new() { Opinion = word.Opinion, Flags = word.Flags, Retracted = word.Retracted };

    internal SourceOpinion ToWord() => new() { Opinion = Opinion, Flags = Flags, Retracted = Retracted };
}

/// <summary>A word that no longer counts, and since when.</summary>
[ProtoContract]
public sealed record PastOpinion
{
    [ProtoMember(1)] public required SourceOpinion Word { get; init; }

    /// <summary>When the source said something else, UTC.</summary>
    [ProtoMember(2)] public required DateTimeOffset Until { get; init; }
}

/// <summary>
/// What is said of a hash, without the hash and without its sightings, so that all hashes of which lists say the same share one entry: a list of ten millions
/// costs little more than its values. Its content never changes; <see cref="Number"/> and <see cref="Rows"/> belong to the bucket.
/// </summary>
internal sealed class HashEntry
{
    /// <summary>Of a hash nobody spoke of.</summary>
    public static readonly HashEntry Empty = new(0, [], []);

    private HashEntry(long version, ImmutableArray<SourceOpinion> sources, ImmutableArray<PastOpinion> history)
    {
        (Version, Sources, History) = (version, sources, history);
        var (known, human) = (false, false);
        List<HashWord>? trusted = null;
        foreach (var word in sources)
        {
            if (!word.Counts)
            {
                continue;
            }

            known = true;
            switch (word.Opinion.Trust)
            {
                case TrustLevel.Trusted:
                    Flags |= word.Flags;
                    human |= word.Opinion.Basis == OpinionBasis.Human;
                    (trusted ??= []).Add(HashWords.Of(word.Opinion));
                    break;
                case TrustLevel.Standard:
                    Flags |= word.Flags & ~HashFlags.Trap;
                    break;
            }
        }

        (HasOpinions, Known) = (known, known && !Flags.HasFlag(HashFlags.Trap));
        Confirmed = human || trusted?.Exists(a => trusted.Exists(b =>
            a.IsIndependentOf(b) && a.Classification.IsIllegal() == b.Classification.IsIllegal())) == true;
    }

    /// <summary>
    /// Rises with every change of what the verdict says: its words reduced to two of a meaning (<see cref="HashWords.Reduce"/>), its flags, whether it is
    /// confirmed; and with every word that is said no more. Never falls, also when all opinions are retracted.
    /// </summary>
    public long Version { get; }

    /// <summary>One word a source, ordered by source.</summary>
    public ImmutableArray<SourceOpinion> Sources { get; }

    /// <summary>Oldest first.</summary>
    public ImmutableArray<PastOpinion> History { get; }

    /// <summary>What is marked by sources that are heard; a trap by trusted ones only.</summary>
    public HashFlags Flags { get; }

    /// <summary>An opinion counts.</summary>
    public bool HasOpinions { get; }

    /// <summary>An opinion counts, and no trusted source calls the hash a trap.</summary>
    public bool Known { get; }

    /// <summary>The opinions apply in quarantine too: see <see cref="HashQuarantine"/>.</summary>
    public bool Confirmed { get; }

    /// <summary>The opinions that count, with the words they come to: made when first asked for, and shared by all who are told.</summary>
    public CountingOpinions Counting => _counting ??= HasOpinions
        ? new CountingOpinions([.. Sources.Where(w => w.Counts).Select(w => w.Opinion)]) : CountingOpinions.None;

    private CountingOpinions? _counting;

    /// <summary>The entry's place in its bucket, -1 when no row has it.</summary>
    public int Number { get; set; } = -1;

    /// <summary>Rows that have it.</summary>
    public int Rows { get; set; }

    public static HashEntry From(HashEntrySnapshot s) => new(s.Version, s.Sources, s.History);

    public HashEntrySnapshot ToSnapshot() => new() { Version = Version, Sources = Sources, History = History };

    public HashEntry At(long version) => new(version, Sources, History);

    /// <summary>The word's source has spoken of the hash and not taken it back.</summary>
    public bool Stands(SourceOpinion word) => WordOf(word) is { Retracted: false };

    /// <summary>
    /// The entry with the agency's words at another trust; null when it has none or they are at it. The version rises when one of them counts, whatever the
    /// verdict makes of it: this is applied to every entry on replay, and so must follow from the entry alone.
    /// </summary>
    public HashEntry? With(AgencyId agency, TrustLevel trust)
    {
        var counts = false;
        ImmutableArray<SourceOpinion>.Builder? words = null;
        for (var i = 0; i < Sources.Length; i++)
        {
            var word = Sources[i];
            if (word.Opinion.Agency == agency && !word.IsAt(trust))
            {
                (words ??= Sources.ToBuilder())[i] = word.With(trust);
                counts |= word.Counts && word.Opinion.Trust != trust;
            }
        }

        return words is null ? null : new HashEntry(Version + (counts ? 1 : 0), words.DrainToImmutable(), History);
    }

    public SourceOpinion? WordOf(SourceOpinion source)
    {
        foreach (var word in Sources)
        {
            if (word.CompareSource(source) == 0)
            {
                return word;
            }
        }

        return null;
    }

    /// <summary>Puts a source's new word to what it said before; what no longer counts becomes history when it said something else.</summary>
    public HashEntry Put(SourceOpinion word, long version)
    {
        var at = 0;
        while (at < Sources.Length && Sources[at].CompareSource(word) < 0)
        {
            at++;
        }

        if (at == Sources.Length || Sources[at].CompareSource(word) != 0)
        {
            return new HashEntry(version, Sources.Insert(at, word), History);
        }

        var old = Sources[at];
        return old.After(word) is not { } next ? At(version) : new HashEntry(
            version, Sources.SetItem(at, next),
            old.SaysTheSame(next) ? History : History.Add(new PastOpinion { Word = old with { Others = [] }, Until = word.Opinion.At }));
    }

    /// <summary>The entry after a source's word, or null when the word has no effect: it is no later than what the source said there before.</summary>
    public HashEntry? After(SourceOpinion word, bool byContent)
    {
        if (WordOf(word) is { } old)
        {
            if ((byContent && old.SaysTheSame(word)) || old.After(word) is null)
            {
                return null;
            }
        }
        else if (word.Retracted && byContent)
        {
            return null;
        }

        var next = Put(word, Version);
        return SameVerdict(this, next, word) ? next : Put(word, Version + 1);
    }

    /// <summary>
    /// One voice more that says what two say already changes nothing for anybody. One that says so no more does: it may be the one that a report shows.
    /// </summary>
    private static bool SameVerdict(HashEntry a, HashEntry b, SourceOpinion source)
    {
        return a.Flags == b.Flags && a.Confirmed == b.Confirmed && (Said(a) is not { } said || said == Said(b))
            && a.Counting.Words.SequenceEqual(b.Counting.Words);

        HashWord? Said(HashEntry entry) => entry.WordOf(source) is { Counts: true } word ? HashWords.Of(word.Opinion) : null;
    }
}
