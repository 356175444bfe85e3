using System.Buffers.Binary;
using System.Collections.Immutable;

namespace CPort.Actors.Hashes;

/// <summary>
/// Near search over a PDQ bucket: one index of the known values, one of the look-alikes (values that items carry and of which no opinion counts). A
/// value moves between them as it becomes known and unknown; traps and what is in quarantine stand in neither. Derived from the bucket's state and
/// rebuilt on recovery.
/// <para>
/// Notes as well how many different values are searched near one, for <see cref="QuarantineLimits.NearValues"/>. It takes a sample of the queries,
/// one value in <see cref="Sample"/> chosen by the value itself, so that the same value asked again counts once and a popular value costs some bytes
/// a thousand queries.
/// </para>
/// </summary>
internal sealed class HashNearSearch
{
    /// <summary>One in so many values is counted.</summary>
    public const int Sample = 16;

    // Rows whose neighbours are counted; then counting begins anew, so that memory is bounded.
    private const int MaxCounted = 50_000;

    private readonly PdqIndex _known = new();
    private readonly PdqIndex _lookAlikes = new();
    private readonly Dictionary<int, HashSet<ulong>> _near = [];

    private enum Place
    {
        Nowhere,
        Known,
        LookAlikes,
    }

    /// <summary>Puts every value of the bucket where it belongs; for an index without values.</summary>
    public void Load(HashBucket state)
    {
        for (var row = 0; row < state.Count; row++)
        {
            (PlaceOf(state, row) switch { Place.Known => _known, Place.LookAlikes => _lookAlikes, _ => null })?.Add(state.HashOf(row));
        }
    }

    /// <summary>Moves a value whose state changed.</summary>
    public void Update(HashBucket state, int row)
    {
        var (hash, place) = (state.HashOf(row), PlaceOf(state, row));
        Put(_known, hash, place == Place.Known);
        Put(_lookAlikes, hash, place == Place.LookAlikes);
        if (place == Place.Nowhere)
        {
            _near.Remove(row);
        }
    }

    /// <summary>
    /// Answers the queries in order, fewer when the rest would not fit. <paramref name="overMatching"/> gets the rows that now have
    /// <paramref name="most"/> different values or more near them, and how many; 0 counts nothing.
    /// </summary>
    public NearFound Search(HashBucket state, SearchNear query, int most, List<(int Row, int Values)> overMatching)
    {
        var answers = ImmutableArray.CreateBuilder<NearAnswer>();
        var weight = 0;
        foreach (var q in query.Queries)
        {
            var answer = Search(state, q, out var bytes);
            weight += bytes;
            if (weight > HashBucketLimits.PartBytes && answers.Count > 0)
            {
                break;
            }

            answers.Add(answer);
            if (most > 0 && IsSampled(q.Hash, out var mark))
            {
                Count(answer.Matches.Where(m => m.Distance > 0).Select(m => m.Verdict.Hash), mark);
                Count(answer.LookAlikes.Where(l => l.Distance > 0).Select(l => l.Hash), mark);
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

    private NearAnswer Search(HashBucket state, NearQuery q, out int bytes)
    {
        bytes = 8;
        if (q.Hash.Algorithm != HashAlgorithm.Pdq || TrapValues.IsTrap(q.Hash))
        {
            return new NearAnswer();
        }

        var radius = Math.Clamp(q.Radius, 0, PdqIndex.MaxRadius);
        var known = _known.Search(q.Hash, radius, Math.Clamp(q.MaxResults, 1, 100));
        var matches = ImmutableArray.CreateBuilder<NearMatch>(known.Hits.Length);
        foreach (var hit in known.Hits)
        {
            var verdict = HashBucketRules.VerdictOf(state, hit.Hash);
            bytes += HashBucketRules.WeightOf(verdict);
            matches.Add(new NearMatch { Distance = hit.Distance, Verdict = verdict });
        }

        if (q.MaxLookAlikes <= 0)
        {
            return new NearAnswer { Matches = matches.MoveToImmutable(), Truncated = known.Truncated };
        }

        var alike = _lookAlikes.Search(q.Hash, radius, Math.Min(q.MaxLookAlikes, 100));
        var lookAlikes = ImmutableArray.CreateBuilder<LookAlike>(alike.Hits.Length);
        foreach (var hit in alike.Hits)
        {
            bytes += 50;
            lookAlikes.Add(new LookAlike { Hash = hit.Hash, Distance = hit.Distance, Items = state.Sightings.CountOf(state.RowOf(hit.Hash)) });
        }

        return new NearAnswer
        {
            Matches = matches.MoveToImmutable(), Truncated = known.Truncated, LookAlikes = lookAlikes.MoveToImmutable(), LookAlikesTruncated = alike.Truncated,
        };
    }

    private static Place PlaceOf(HashBucket state, int row) =>
        state.IsQuarantined(row) || state.IsTrap(row) ? Place.Nowhere
        : state.IsKnown(row) ? Place.Known
        : state.Sightings.CountOf(row) > 0 ? Place.LookAlikes
        : Place.Nowhere;

    private static void Put(PdqIndex index, ContentHash hash, bool there)
    {
        if (there)
        {
            index.Add(hash);
        }
        else
        {
            index.Remove(hash);
        }
    }

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
