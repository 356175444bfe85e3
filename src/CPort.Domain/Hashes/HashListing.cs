namespace CPort.Domain.Hashes;

/// <summary>Which lists of an agency a bucket holds rows of. Answered by <see cref="HashListsReply"/>.</summary>
[ProtoContract, Manifest("hq41")]
public sealed record GetHashLists : IHashBucketQuestion
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }

    /// <summary>Whose lists.</summary>
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
}

/// <summary>The agency's lists in one bucket, by name and origin.</summary>
[ProtoContract, Manifest("hr41")]
public sealed record HashListsReply : IWireReply
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public ImmutableArray<HashListCount> Lists { get; init; } = [];

    /// <summary>There are more than one answer has room for (<see cref="HashListing.MaxLists"/>).</summary>
    [ProtoMember(3)] public bool More { get; init; }
}

/// <summary>How much of a list there is.</summary>
[ProtoContract]
public sealed record HashListCount
{
    /// <summary>The list's name.</summary>
    [ProtoMember(1)] public required string List { get; init; }

    /// <summary>Who made it; null: the agency itself.</summary>
    [ProtoMember(2)] public string? Origin { get; init; }

    /// <summary>Words that stand; a hash has one by each law that the list speaks of.</summary>
    [ProtoMember(3)] public int Standing { get; init; }

    /// <summary>Words that were taken back.</summary>
    [ProtoMember(4)] public int Retracted { get; init; }

    /// <summary>When the newest of its words was said, UTC.</summary>
    [ProtoMember(5)] public required DateTimeOffset Newest { get; init; }

    /// <summary>Both together, as of one list.</summary>
    public HashListCount With(HashListCount other) => this with
    {
        Standing = Standing + other.Standing, Retracted = Retracted + other.Retracted, Newest = Newest > other.Newest ? Newest : other.Newest,
    };
}

/// <summary>
/// What a list says of the bucket's hashes now, a page at a time in order of their rows; or of some of them, in the order named: <see cref="Rows"/>, then
/// <see cref="Hashes"/>. Answered by <see cref="HashListPage"/>.
/// </summary>
[ProtoContract, Manifest("hq42")]
public sealed record ReadHashList : IHashBucketQuestion
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required string List { get; init; }

    /// <summary>As <see cref="HashListPage.Next"/> of the page before; 0: from the beginning.</summary>
    [ProtoMember(4)] public int From { get; init; }

    /// <summary>Hashes to list, 1 to <see cref="HashBucketLimits.Part"/>.</summary>
    [ProtoMember(5)] public int Limit { get; init; } = HashBucketLimits.Part;
    [ProtoMember(6, IsPacked = true)] public int[] Rows { get; init; } = [];
    [ProtoMember(7)] public ImmutableArray<ContentHash> Hashes { get; init; } = [];

    /// <summary>Only some of them; at most <see cref="HashBucketLimits.Part"/>.</summary>
    public bool IsNamed => Rows.Length > 0 || !Hashes.IsEmpty;
}

/// <summary>A page of a list in one bucket.</summary>
[ProtoContract, Manifest("hr42")]
public sealed record HashListPage : IWireReply
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }

    /// <summary>Those of which the list has said something, also what it took back.</summary>
    [ProtoMember(2)] public ImmutableArray<ListedHash> Hashes { get; init; } = [];

    /// <summary>Where the next page begins; null: this was the last.</summary>
    [ProtoMember(3)] public int? Next { get; init; }

    /// <summary>The number of the bucket's last event in it: what comes later stands in later ones.</summary>
    [ProtoMember(4)] public long Sequence { get; init; }
}

/// <summary>A hash and what a list says of it.</summary>
[ProtoContract]
public sealed record ListedHash
{
    /// <summary>With the bucket it names the hash for ever.</summary>
    [ProtoMember(1)] public required int Row { get; init; }
    [ProtoMember(2)] public required ContentHash Hash { get; init; }

    /// <summary>One by each law, in order of the laws.</summary>
    [ProtoMember(3)] public ImmutableArray<SourceOpinion> Words { get; init; } = [];

    /// <summary>The list has it still: one of its words was not taken back.</summary>
    public bool Stands => Words.Any(w => !w.Retracted);

    /// <summary>When the last of them was said, UTC.</summary>
    public DateTimeOffset ChangedAt => Words.Max(w => w.Opinion.At);
}

/// <summary>Which rows hashes have. Answered by <see cref="HashesLocated"/>.</summary>
[ProtoContract, Manifest("hq43")]
public sealed record LocateHashes : IHashBucketQuestion
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }

    /// <summary>At most <see cref="HashBucketLimits.Part"/>.</summary>
    [ProtoMember(2)] public ImmutableArray<ContentHash> Hashes { get; init; } = [];
}

/// <summary>The rows, in the order asked; -1: none.</summary>
[ProtoContract, Manifest("hr43")]
public sealed record HashesLocated : IWireReply
{
    [ProtoMember(1)] public required HashBucketId Bucket { get; init; }
    [ProtoMember(2, IsPacked = true)] public int[] Rows { get; init; } = [];
}

/// <summary>What an agency's lists hold in a bucket, read row by row: for its own systems, never for others'.</summary>
public static class HashListing
{
    /// <summary>Names that one answer lists.</summary>
    public const int MaxLists = 1_000;

    /// <summary>Rows that one message is looked for through at most: a bucket with few rows of a list keeps nobody waiting.</summary>
    public const int MaxLooked = 50_000;

    /// <summary>Of a word in a message without its texts, at most; a hash with one word of short names has some 200.</summary>
    private const int BytesOfWord = 150;

    /// <summary>The agency's lists. Works entry by entry, which many hashes share: a list of millions costs no more than a short one.</summary>
    public static HashListsReply Describe(HashBucket state, GetHashLists query)
    {
        var lists = new Dictionary<(string List, string? Origin), HashListCount>();
        foreach (var entry in state.Entries)
        {
            foreach (var word in entry.Sources)
            {
                var opinion = word.Opinion;
                if (opinion.Agency != query.Agency || opinion.List is not { } list)
                {
                    continue;
                }

                var count = new HashListCount
                {
                    List = list, Origin = opinion.Origin, Newest = opinion.At, Standing = word.Retracted ? 0 : entry.Rows,
                    Retracted = word.Retracted ? entry.Rows : 0,
                };
                lists[(list, opinion.Origin)] = lists.TryGetValue((list, opinion.Origin), out var before) ? before.With(count) : count;
            }
        }

        return new HashListsReply
        {
            Bucket = state.Id, More = lists.Count > MaxLists,
            Lists = [.. lists.Values.OrderBy(l => l.List, StringComparer.Ordinal).ThenBy(l => l.Origin, StringComparer.Ordinal).Take(MaxLists)],
        };
    }

    /// <summary>A page of a list; <paramref name="sequence"/>: the number of the bucket's last event.</summary>
    public static HashListPage Describe(HashBucket state, ReadHashList query, long sequence)
    {
        var limit = Math.Clamp(query.Limit, 1, HashBucketLimits.Part);
        var found = ImmutableArray.CreateBuilder<ListedHash>();
        var (looked, bytes) = (0, 0);
        int? next = null;
        foreach (var row in query.IsNamed ? Named(state, query) : state.RowsFrom(query.From))
        {
            if (!query.IsNamed && (found.Count == limit || ++looked > MaxLooked || bytes > HashBucketLimits.PartBytes))
            {
                next = row;
                break;
            }

            if (Of(state, row, query.Agency, query.List) is { } listed)
            {
                found.Add(listed);
                bytes += listed.Words.Sum(w => BytesOfWord + (3 * ((w.Opinion.List?.Length ?? 0) + (w.Opinion.Origin?.Length ?? 0))));
            }
        }

        return new HashListPage { Bucket = state.Id, Hashes = found.ToImmutable(), Next = next, Sequence = sequence };
    }

    /// <summary>The rows of hashes.</summary>
    public static HashesLocated Describe(HashBucket state, LocateHashes query) =>
        new() { Bucket = state.Id, Rows = [.. query.Hashes.Take(HashBucketLimits.Part).Select(state.RowOf)] };

    /// <summary>
    /// The rows of which events say that a list's word on them changed, and the hashes whose rows they do not name; each once. What it is by now the bucket
    /// says.
    /// </summary>
    public static (ImmutableArray<int> Rows, ImmutableArray<ContentHash> Hashes) ChangedBy(IEnumerable<HashesRecorded> events, AgencyId agency, string list)
    {
        var (rows, hashes) = (new SortedSet<int>(), new HashSet<ContentHash>());
        foreach (var word in events.SelectMany(e => e.Words).Where(w => w.Word.Opinion.Agency == agency && w.Word.Opinion.List == list))
        {
            rows.UnionWith(word.Rows);
            foreach (var part in word.Packed)
            {
                var length = ContentHash.LengthOf(part.Algorithm);
                for (var at = 0; at + length <= part.Values.Length; at += length)
                {
                    hashes.Add(ContentHash.FromBytes(part.Algorithm, part.Values.AsSpan(at, length)));
                }
            }
        }

        return ([.. rows], [.. hashes]);
    }

    private static IEnumerable<int> Named(HashBucket state, ReadHashList query) =>
        query.Rows.Concat(query.Hashes.Select(state.RowOf)).Where(state.HasRow).Distinct().Take(HashBucketLimits.Part);

    // Where a word was said besides, and on which item, is no part of a list.
    private static ListedHash? Of(HashBucket state, int row, AgencyId agency, string list)
    {
        ImmutableArray<SourceOpinion>.Builder? words = null;
        foreach (var word in state.EntryOf(row).Sources)
        {
            if (word.Opinion.Agency == agency && word.Opinion.List == list)
            {
                (words ??= ImmutableArray.CreateBuilder<SourceOpinion>()).Add(word with { Opinion = word.Opinion with { Item = null }, Others = [] });
            }
        }

        return words is null ? null : new ListedHash { Row = row, Hash = state.HashOf(row), Words = words.ToImmutable() };
    }
}
