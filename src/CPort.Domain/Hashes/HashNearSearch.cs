using System.Runtime.InteropServices;
using CPort.Domain.Hashes.Near;
using CPort.Domain.Hashes.Verbs;

namespace CPort.Domain.Hashes;

/// <summary>
/// Near search over a PDQ bucket: one index of the known values, one of the look-alikes (values that items carry and of which no opinion counts). A value moves
/// between them as it becomes known and unknown; traps and what is in quarantine stand in neither. Derived from the bucket's state and rebuilt on recovery.
/// <para>
/// Notes as well how many different values are searched near one, for <see cref="QuarantineLimits.NearValues"/>. It takes a sample of the queries, one value in
/// <see cref="Sample"/> chosen by the value itself, so that the same value asked again counts once and a popular value costs some bytes a thousand queries.
/// </para>
/// </summary>
internal sealed class HashNearSearch
{
    /// <summary>One in so many values is counted.</summary>
    public const int Sample = 16;

    // Rows whose neighbours are counted; then counting begins anew, so that memory is bounded.
    private const int MaxCounted = 50_000;

    // What the index takes at once with its tables in cache.
    private const int Batch = 64;

    private readonly PdqIndex _known = new();
    private readonly PdqIndex _lookAlikes = new();
    private readonly Dictionary<int, HashSet<ulong>> _near = [];

    // By index: where it stands. To ask an index for a value it may not have costs more than all else about an imported row.
    private readonly List<Place> _places = [];

    private enum Place : byte
    {
        Nowhere,
        Known,
        LookAlikes,
    }

    /// <summary>Bytes of both indexes.</summary>
    public long MemoryBytes => _known.MemoryBytes + _lookAlikes.MemoryBytes + _places.Capacity;

    /// <summary>Puts every value of the bucket where it belongs; for an index without values.</summary>
    public void Load(HashBucket state)
    {
        var (known, lookAlikes) = (new List<PdqValue>(state.Count), new List<PdqValue>());
        foreach (var row in state.Rows)
        {
            var place = PlaceOf(state, row);
            _places.Add(place);
            (place switch { Place.Known => known, Place.LookAlikes => lookAlikes, _ => null })?.Add(PdqValue.FromBytes(state.ValueOf(row)));
        }

        _known.AddMany(CollectionsMarshal.AsSpan(known));
        _lookAlikes.AddMany(CollectionsMarshal.AsSpan(lookAlikes));
    }

    /// <summary>Moves a value whose state changed.</summary>
    public void Update(HashBucket state, int row)
    {
        var index = HashRow.IndexOf(row);
        while (_places.Count <= index)
        {
            _places.Add(Place.Nowhere);
        }

        var (old, place) = (_places[index], PlaceOf(state, row));
        if (old == place)
        {
            return;
        }

        _places[index] = place;
        var value = PdqValue.FromBytes(state.ValueOf(row));
        IndexOf(old)?.Remove(value);
        IndexOf(place)?.Add(value);
        if (place == Place.Nowhere)
        {
            _near.Remove(row);
        }
    }

    /// <summary>
    /// Answers the queries in order, fewer when the rest would not fit. <paramref name="overMatching"/> gets the rows that now have <paramref name="most"/>
    /// different values or more near them, and how many; 0 counts nothing.
    /// </summary>
    public NearFound Search(HashBucket state, SearchNear query, int most, List<(int Row, int Values)> overMatching)
    {
        var queries = query.Queries.AsSpan();
        var weight = 0;
        var answers = ImmutableArray.CreateBuilder<NearAnswer>(queries.Length);
        var found = new NearAnswer[Math.Min(Batch, queries.Length)];

        // A batch at a time: what would not fit in the answer is not searched in vain, and the indexes answer a batch faster than its queries.
        for (; queries.Length > 0; queries = queries[Math.Min(Batch, queries.Length)..])
        {
            var batch = queries[..Math.Min(Batch, queries.Length)];
            Search(state, batch, found);
            for (var i = 0; i < batch.Length; i++)
            {
                var answer = found[i];
                weight += Math.Max(8, answer.Weight);
                if (weight > HashBucketLimits.PartBytes && answers.Count > 0)
                {
                    return new NearFound { RequestId = query.RequestId, Answers = answers.DrainToImmutable() };
                }

                answers.Add(answer);
                if (most > 0 && !answer.IsNothing && IsSampled(batch[i].Hash, out var mark))
                {
                    Count(answer.Matches.Where(m => m.Distance > 0).Select(m => m.Verdict.Hash), mark);
                    Count(answer.LookAlikes.Where(l => l.Distance > 0).Select(l => l.Hash), mark);
                }
            }
        }

        return new NearFound { RequestId = query.RequestId, Answers = answers.DrainToImmutable() };

        void Count(IEnumerable<ContentHash> hits, ulong mark)
        {
            foreach (var row in hits.Select(state.RowOf))
            {
                if (_near.Count >= MaxCounted)
                {
                    _near.Clear();
                }

                if (!_near.TryGetValue(row, out var marks))
                {
                    _near.Add(row, marks = []);
                }

                // Said once; released values have been judged by somebody.
                if (marks.Add(mark) && marks.Count * Sample >= most && (marks.Count - 1) * Sample < most && !state.Quarantine.ContainsKey(row))
                {
                    overMatching.Add((row, marks.Count * Sample));
                }
            }
        }
    }

    /// <summary>The answers to a batch, at most <see cref="Batch"/>, in order.</summary>
    private void Search(HashBucket state, ReadOnlySpan<NearQuery> queries, Span<NearAnswer> answers)
    {
        // Where a query's answers stand among those of the index; -1 when it is not asked.
        Span<int> knownAt = stackalloc int[queries.Length];
        Span<int> alikeAt = stackalloc int[queries.Length];
        Span<PdqQuery> known = stackalloc PdqQuery[queries.Length];
        Span<PdqQuery> alike = stackalloc PdqQuery[queries.Length];
        var (askedKnown, askedAlike) = (0, 0);
        for (var i = 0; i < queries.Length; i++)
        {
            var q = queries[i];
            (knownAt[i], alikeAt[i]) = (-1, -1);
            if (q.Hash.Algorithm != HashAlgorithm.Pdq || TrapValues.IsTrap(q.Hash))
            {
                continue;
            }

            var (value, radius) = (PdqValue.From(q.Hash), q.Radius);
            knownAt[i] = askedKnown;
            known[askedKnown++] = new PdqQuery(value, radius, Math.Clamp(q.MaxResults, 1, 100));
            if (q.MaxLookAlikes > 0)
            {
                alikeAt[i] = askedAlike;
                alike[askedAlike++] = new PdqQuery(value, radius, Math.Min(q.MaxLookAlikes, 100));
            }
        }

        var knownHits = _known.SearchMany(known[..askedKnown]);
        var alikeHits = _lookAlikes.SearchMany(alike[..askedAlike]);
        for (var i = 0; i < queries.Length; i++)
        {
            var near = knownAt[i] < 0 ? NoHits : knownHits[knownAt[i]];
            var likes = alikeAt[i] < 0 ? NoHits : alikeHits[alikeAt[i]];

            // Of many buckets that are asked, most have nothing.
            answers[i] = near is { Hits.IsEmpty: true, Truncated: false } && likes.Hits.IsEmpty ? NearAnswer.Nothing : new NearAnswer
            {
                Matches = [.. near.Hits.Select(hit =>
                    new NearMatch { Distance = hit.Distance, Verdict = HashBucketRules.VerdictOf(state, hit.Hash) })],
                Truncated = near.Truncated,
                LookAlikes = [.. likes.Hits.Select(hit => new LookAlike
                    { Hash = hit.Hash, Distance = hit.Distance, Items = state.Sightings.CountOf(state.RowOf(hit.Hash)) })],
            };
        }
    }

    private static readonly PdqHits NoHits = new([], false);

    private static Place PlaceOf(HashBucket state, int row) =>
        state.IsQuarantined(row) || state.IsTrap(row) ? Place.Nowhere
        : state.IsKnown(row) ? Place.Known
        : state.Sightings.CountOf(row) > 0 ? Place.LookAlikes
        : Place.Nowhere;

    private PdqIndex? IndexOf(Place place) => place switch { Place.Known => _known, Place.LookAlikes => _lookAlikes, _ => null };

    private static bool IsSampled(ContentHash hash, out ulong mark)
    {
        mark = 0;
        for (var bytes = hash.Bytes; bytes.Length >= 8; bytes = bytes[8..])
        {
            mark = (mark ^ BinaryPrimitives.ReadUInt64BigEndian(bytes)) * 0x9E3779B97F4A7C15UL;
            mark ^= mark >> 32;
        }

        return mark % Sample == 0;
    }
}
