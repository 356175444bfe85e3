using System.Collections.Immutable;
using System.Runtime.InteropServices;
using CPort.Actors.CodeLists;
using CPort.Actors.Reports;
using ProtoBuf;

namespace CPort.Actors.Hashes;

/// <summary>A source's current word on a hash: its opinion, or that it took it back (then <see cref="HashOpinion.At"/> says when).</summary>
[ProtoContract]
public sealed record SourceOpinion
{
    [ProtoMember(1)] public required HashOpinion Opinion { get; init; }
    [ProtoMember(2)] public HashFlags Flags { get; init; }
    [ProtoMember(3)] public bool Retracted { get; init; }

    /// <summary>Recorded, counted, and part of the verdict: neither taken back nor doubtful.</summary>
    public bool Counts => !Retracted && Opinion.Classification != Classification.Doubtful;

    /// <summary>Says the same, apart from when and on which item.</summary>
    internal bool SaysTheSame(SourceOpinion other) =>
        Retracted == other.Retracted
        && (Retracted
            || (Flags == other.Flags && Opinion.Basis == other.Opinion.Basis && Opinion.Classification == other.Opinion.Classification
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

/// <summary>An item that carries the hash, and the verdict's version that its report has taken.</summary>
internal readonly record struct Sighting(ReportId Report, int Ordinal, long Told)
{
    public ItemRef Item => new(Report, Ordinal);
}

/// <summary>
/// All that a bucket holds of one hash. Does not hold the hash itself, so that hashes imported alike share one entry (a list of a million costs
/// little more than its values).
/// </summary>
internal sealed record HashEntry
{
    public static readonly HashEntry Empty = new();

    /// <summary>Rises by one with every change of the verdict; never falls, also when all opinions are retracted.</summary>
    public long Version { get; private init; }

    /// <summary>One word a source, ordered by source.</summary>
    public ImmutableArray<SourceOpinion> Sources { get; private init; } = [];

    /// <summary>Oldest first.</summary>
    public ImmutableArray<PastOpinion> History { get; private init; } = [];

    /// <summary>Ordered by report and ordinal.</summary>
    public ImmutableArray<Sighting> Sightings { get; private init; } = [];

    public static HashEntry From(HashEntrySnapshot s) => new()
    {
        Version = s.Version, Sources = s.Sources, History = s.History,
        Sightings = [.. s.Sightings.Select((item, i) => new Sighting(item.Report, item.Ordinal, s.Told[i]))],
    };

    public HashEntrySnapshot ToSnapshot() => new()
    {
        Version = Version, Sources = Sources, History = History,
        Sightings = [.. Sightings.Select(s => s.Item)], Told = [.. Sightings.Select(s => s.Told)],
    };

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
            return this with { Version = version, Sources = Sources.Insert(at, word) };
        }

        var old = Sources[at];
        return this with
        {
            Version = version,
            Sources = Sources.SetItem(at, word),
            History = old.SaysTheSame(word) ? History : History.Add(new PastOpinion { Word = old, Until = word.Opinion.At }),
        };
    }

    public bool HasSighting(ItemRef item) => IndexOf(item) >= 0;

    public HashEntry AddSightings(List<ItemRef> items)
    {
        if (items.Count == 1)
        {
            var at = IndexOf(items[0]);
            return at >= 0 ? this : this with { Sightings = Sightings.Insert(~at, new Sighting(items[0].Report, items[0].Ordinal, Version)) };
        }

        // One sort for the whole batch: inserting one by one would copy a popular hash's sightings each time.
        var all = Sightings.ToBuilder();
        all.AddRange(items.Where(i => !HasSighting(i)).Distinct().Select(i => new Sighting(i.Report, i.Ordinal, Version)));
        all.Sort(static (a, b) => a.Item.CompareTo(b.Item));
        return this with { Sightings = all.DrainToImmutable() };
    }

    public HashEntry Deliver(IEnumerable<VerdictDelivered> delivered)
    {
        var sightings = Sightings.ToBuilder();
        foreach (var d in delivered)
        {
            for (var i = FirstOf(d.ReportId, d.FirstOrdinal); i < sightings.Count; i++)
            {
                var s = sightings[i];
                if (s.Report != d.ReportId || s.Ordinal > d.LastOrdinal)
                {
                    break;
                }

                sightings[i] = s with { Told = Math.Max(s.Told, d.Version) };
            }
        }

        return this with { Sightings = sightings.DrainToImmutable() };
    }

    public bool HasUntold()
    {
        foreach (var s in Sightings)
        {
            if (s.Told < Version)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Index of the first sighting at or after (report, ordinal).</summary>
    public int FirstOf(ReportId report, int ordinal = 0)
    {
        var i = IndexOf(new ItemRef(report, ordinal));
        return i >= 0 ? i : ~i;
    }

    private int IndexOf(ItemRef item)
    {
        var (low, high) = (0, Sightings.Length - 1);
        while (low <= high)
        {
            var mid = (low + high) / 2;
            var order = Sightings[mid].Item.CompareTo(item);
            if (order == 0)
            {
                return mid;
            }

            (low, high) = order < 0 ? (mid + 1, high) : (low, mid - 1);
        }

        return ~low;
    }
}

/// <summary>
/// A bucket's state: the entries by hash, and the hashes whose changed verdict some report has yet to take (the persisted fan-out).
/// Changed by <see cref="HashBucketRules.Apply"/> only.
/// </summary>
public sealed record HashBucket
{
    internal HashBucket(HashBucketId id) => Id = id;

    public HashBucketId Id { get; }

    internal ImmutableDictionary<ContentHash, HashEntry> Entries { get; init; } = ImmutableDictionary<ContentHash, HashEntry>.Empty;

    internal ImmutableHashSet<ContentHash> Pending { get; init; } = [];

    /// <summary>Items over all hashes.</summary>
    public long SightingCount { get; internal init; }

    public static HashBucket New(HashBucketId id) => new(id);

    internal HashEntry EntryOf(ContentHash hash) => Entries.GetValueOrDefault(hash) ?? HashEntry.Empty;

    public HashBucketSnapshot ToSnapshot()
    {
        var length = ContentHash.LengthOf(Id.Algorithm);
        var hashes = new byte[Entries.Count * length];
        var entryOf = new int[Entries.Count];
        var numbers = new Dictionary<HashEntry, int>(ReferenceEqualityComparer.Instance);
        var entries = ImmutableArray.CreateBuilder<HashEntrySnapshot>();
        var at = 0;
        foreach (var (hash, entry) in Entries)
        {
            hash.Bytes.CopyTo(hashes.AsSpan(at * length));
            ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(numbers, entry, out var seen);
            if (!seen)
            {
                number = entries.Count;
                entries.Add(entry.ToSnapshot());
            }

            entryOf[at++] = number;
        }

        return new HashBucketSnapshot { Bucket = Id, Hashes = hashes, EntryOf = entryOf, Entries = entries.DrainToImmutable() };
    }

    public static HashBucket From(HashBucketSnapshot snapshot)
    {
        var length = ContentHash.LengthOf(snapshot.Bucket.Algorithm);
        HashEntry[] shared = [.. snapshot.Entries.Select(HashEntry.From)];
        var entries = ImmutableDictionary.CreateBuilder<ContentHash, HashEntry>();
        var pending = ImmutableHashSet.CreateBuilder<ContentHash>();
        var sightings = 0L;
        for (var i = 0; i < snapshot.EntryOf.Length; i++)
        {
            var hash = ContentHash.FromBytes(snapshot.Bucket.Algorithm, snapshot.Hashes.AsSpan(i * length, length));
            var entry = shared[snapshot.EntryOf[i]];
            entries.Add(hash, entry);
            sightings += entry.Sightings.Length;
            if (entry.HasUntold())
            {
                pending.Add(hash);
            }
        }

        return new HashBucket(snapshot.Bucket) { Entries = entries.ToImmutable(), Pending = pending.ToImmutable(), SightingCount = sightings };
    }
}
