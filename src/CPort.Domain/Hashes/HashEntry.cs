namespace CPort.Domain.Hashes;

/// <summary>A source's current word on a hash: its opinion, or that it took it back (then <see cref="HashOpinion.At"/> says when).</summary>
[ProtoContract]
public sealed record SourceOpinion
{
    [ProtoMember(1)] public required HashOpinion Opinion { get; init; }
    [ProtoMember(2)] public HashFlags Flags { get; init; }
    [ProtoMember(3)] public bool Retracted { get; init; }

    /// <summary>Recorded, counted, and part of the verdict: neither taken back nor doubtful.</summary>
    public bool Counts => !Retracted && Opinion.Classification.HasEffect();

    /// <summary>Says the same, apart from when and on which item.</summary>
    internal bool SaysTheSame(SourceOpinion other) =>
        Retracted == other.Retracted
        && (Retracted
            || (Flags == other.Flags && Opinion.Basis == other.Opinion.Basis
                && Opinion.Classification == other.Opinion.Classification
                && Opinion.Country == other.Opinion.Country && Opinion.Trust == other.Opinion.Trust));

    /// <summary>By agency, then list; 0 when both are one source.</summary>
    internal int CompareSource(SourceOpinion other) =>
        string.CompareOrdinal(Opinion.Agency.Value, other.Opinion.Agency.Value) is var c and not 0
            ? c
            : string.CompareOrdinal(Opinion.List ?? "", other.Opinion.List ?? "");
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
        var (known, trap, human) = (false, false, false);
        AgencyId? trusted = null;
        var agencies = 0;
        foreach (var word in sources)
        {
            if (!word.Counts)
            {
                continue;
            }

            known = true;
            if (word.Opinion.Trust == TrustLevel.Trusted)
            {
                trap |= word.Flags.HasFlag(HashFlags.Trap);
                human |= word.Opinion.Basis == OpinionBasis.Human;
                agencies += trusted == word.Opinion.Agency ? 0 : 1;
                trusted = word.Opinion.Agency;
            }
        }

        (HasOpinions, Known, Confirmed) = (known, known && !trap, human || agencies >= 2);
    }

    /// <summary>Rises by one with every change of the verdict; never falls, also when all opinions are retracted.</summary>
    public long Version { get; }

    /// <summary>One word a source, ordered by source.</summary>
    public ImmutableArray<SourceOpinion> Sources { get; }

    /// <summary>Oldest first.</summary>
    public ImmutableArray<PastOpinion> History { get; }

    /// <summary>An opinion counts.</summary>
    public bool HasOpinions { get; }

    /// <summary>An opinion counts, and no trusted source calls the hash a trap.</summary>
    public bool Known { get; }

    /// <summary>The opinions apply in quarantine too: see <see cref="HashQuarantine"/>.</summary>
    public bool Confirmed { get; }

    /// <summary>The entry's place in its bucket, -1 when no row has it.</summary>
    public int Number { get; set; } = -1;

    /// <summary>Rows that have it.</summary>
    public int Rows { get; set; }

    public static HashEntry From(HashEntrySnapshot s) => new(s.Version, s.Sources, s.History);

    public HashEntrySnapshot ToSnapshot() => new() { Version = Version, Sources = Sources, History = History };

    public HashEntry At(long version) => new(version, Sources, History);

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

    /// <summary>Puts a source's new word in place of its old one, which becomes history when it said something else.</summary>
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
        return new HashEntry(
            version, Sources.SetItem(at, word),
            old.SaysTheSame(word) ? History : History.Add(new PastOpinion { Word = old, Until = word.Opinion.At }));
    }

    /// <summary>
    /// The entry after a source's word, or null when the word has no effect. A source's words are ordered by their own time, not by arrival; of two at the same
    /// instant a retraction stands, else the graver: so the outcome is the same in whatever order messages come.
    /// </summary>
    public HashEntry? After(SourceOpinion word, bool byContent)
    {
        if (WordOf(word) is { } old)
        {
            var same = old.SaysTheSame(word);
            var order = word.Opinion.At.CompareTo(old.Opinion.At);
            if (order < 0 || (same && (byContent || order == 0)) || (order == 0 && !Stands(word, old)))
            {
                return null;
            }
        }
        else if (word.Retracted && byContent)
        {
            return null;
        }

        var next = Put(word, Version);
        return SameVerdict(this, next) ? next : Put(word, Version + 1);
    }

    private static bool Stands(SourceOpinion word, SourceOpinion against)
    {
        if (word.Retracted != against.Retracted)
        {
            return word.Retracted;
        }

        static (int, string, int, int, int) Key(SourceOpinion w) =>
            ((int)w.Opinion.Classification, w.Opinion.Country?.Code ?? "", (int)w.Opinion.Trust, (int)w.Opinion.Basis, (int)w.Flags);

        return Key(word).CompareTo(Key(against)) < 0;
    }

    private static bool SameVerdict(HashEntry a, HashEntry b)
    {
        using var x = a.Sources.Where(w => w.Counts).GetEnumerator();
        using var y = b.Sources.Where(w => w.Counts).GetEnumerator();
        while (true)
        {
            var (more, other) = (x.MoveNext(), y.MoveNext());
            if (more != other)
            {
                return false;
            }

            if (!more)
            {
                return true;
            }

            if (x.Current.CompareSource(y.Current) != 0 || !x.Current.SaysTheSame(y.Current))
            {
                return false;
            }
        }
    }
}
