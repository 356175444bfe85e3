using CPort.Actors.Hashes.Transport;

namespace CPort.Actors.Matching;

/// <summary>
/// What all open requests ask of the buckets, and where the answers belong. Rows (sightings, lookups) go to their hash's bucket by
/// <see cref="RowLanes{T}"/>, near searches to every PDQ bucket by <see cref="NearStream"/>. Not thread-safe.
/// </summary>
internal sealed class Scatter
{
    private readonly HashRoutes _routes;
    private readonly Action<Gather> _whole;
    private readonly BucketLanes _lanes;
    private readonly RowLanes<HashSighting> _sightings;
    private readonly RowLanes<ContentHash> _lookups;
    private readonly Dictionary<Tenant, NearStream> _near = [];
    private readonly AnswerTimes _nearTimes;

    /// <param name="routes">How messages reach their buckets.</param>
    /// <param name="lanes">What is under way to them.</param>
    /// <param name="exact">How long answers to rows take.</param>
    /// <param name="near">How long answers to near queries take.</param>
    /// <param name="whole">Is told of each request that all buckets have answered, once.</param>
    public Scatter(HashRoutes routes, BucketLanes lanes, AnswerTimes exact, AnswerTimes near, Action<Gather> whole)
    {
        (_routes, _lanes, _whole) = (routes, lanes, whole);
        _sightings = new RowLanes<HashSighting>(lanes, exact, s => s.Hash, (bucket, id, rows) =>
            new SightAndLookup { Bucket = bucket, RequestId = id, Sightings = Values(rows), TraceParents = TracesOf(rows) });
        _lookups = new RowLanes<ContentHash>(lanes, exact, h => h, (bucket, id, rows) =>
            new LookupHashes { Bucket = bucket, RequestId = id, Hashes = Values(rows) });
        _nearTimes = near;
    }

    /// <summary>Lays by what a request asks until <see cref="Leave"/>.</summary>
    public void Ask(Gather request)
    {
        switch (request)
        {
            case ReportGather report:
                _sightings.Add(report.Sightings());
                break;
            case LookupGather lookup:
                _lookups.Add(lookup.Lookups());
                foreach (var search in lookup.Searches)
                {
                    Near(lookup.Tenant).Add(search);
                }

                break;
        }

        if (request.Outstanding == 0)
        {
            _whole(request);
        }
    }

    /// <summary>Sends what can leave. At the end of each turn, so that what belongs together leaves together.</summary>
    public void Leave()
    {
        _lanes.SendReady();
        foreach (var lane in _near.Values.SelectMany(stream => stream.Ready(_routes.NodeOf)))
        {
            _lanes.Send(lane);
        }

        _routes.Leave();
    }

    /// <summary>A bucket has answered by itself.</summary>
    public void Take(IHashBucketReply reply, IActorRef sender)
    {
        if (_lanes[reply.RequestId] is not { } lane)
        {
            return;
        }

        _routes.Learn(lane.Bucket, sender);
        switch (reply)
        {
            case HashesAnswered found:
                TakeVerdicts(found.RequestId, found.Verdicts.AsSpan()!);
                break;
            case NearFound found:
                TakeNear(found);
                break;
        }
    }

    /// <summary>Buckets of one node have answered together.</summary>
    public void Take(HashBundleAnswered replies, IActorRef door)
    {
        _routes.Heard(door);
        foreach (var lane in replies.Elsewhere.Select(id => _lanes[id]).OfType<BucketLane>())
        {
            _routes.Forget(lane.Bucket);
        }

        ReadOnlySpan<HashVerdict?> verdicts = replies.AllVerdicts();
        for (var i = 0; i < replies.VerdictIds.Length; i++)
        {
            TakeVerdicts(replies.VerdictIds[i], verdicts[..replies.VerdictCounts[i]]);
            verdicts = verdicts[replies.VerdictCounts[i]..];
        }

        foreach (var near in replies.Near)
        {
            TakeNear(near.Whole());
        }
    }

    /// <summary>Verdicts on the first of a message's rows; null: nothing is known. None: no answer at all, and the bucket is asked again in time.</summary>
    private void TakeVerdicts(long id, ReadOnlySpan<HashVerdict?> verdicts)
    {
        if (!verdicts.IsEmpty && _lanes.Answered(id) is RowLane lane)
        {
            var rows = lane.Take(verdicts.Length);
            for (var i = 0; i < rows.Count; i++)
            {
                if (rows[i].Request.Take(rows[i].Slot, verdicts[i]) is { } search)
                {
                    Near(search.Request.Tenant).Add(search);
                }

                Answered(rows[i].Request);
            }

            _lanes.Ready(lane);
        }
    }

    private void TakeNear(NearFound found)
    {
        if (!found.Answers.IsDefaultOrEmpty && _lanes.Answered(found.RequestId) is NearLane lane)
        {
            foreach (var search in lane.Take(found.Answers))
            {
                Answered(search.Request);
            }
        }
    }

    private NearStream Near(Tenant tenant)
    {
        if (!_near.TryGetValue(tenant, out var stream))
        {
            _near.Add(tenant, stream = new NearStream([.. HashBucketId.AllPdq(tenant)], HashBucketLimits.NearPart, _nearTimes));
        }

        return stream;
    }

    private void Answered(Gather request)
    {
        if (request.Answered())
        {
            _whole(request);
        }
    }

    private static ImmutableArray<T> Values<T>(IReadOnlyList<Row<T>> rows) => [.. rows.Select(r => r.Value)];

    // A message joins rows of many reports; at most a few of them are being recorded.
    private static ImmutableArray<string> TracesOf(IReadOnlyList<Row> rows) => [.. rows.Select(r => r.Request.TraceParent).OfType<string>().Distinct().Take(8)];
}
