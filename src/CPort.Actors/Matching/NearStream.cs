namespace CPort.Actors.Matching;

/// <summary>
/// The near queries of all requests in one row, which every PDQ bucket reads at its own pace by a <see cref="NearLane"/>. Buckets that read alike share the
/// message's array. Requests with many queries are let in by turns, a little ahead of the fastest bucket, so that a report does not wait for ten thousand
/// lookups. Not thread-safe: it belongs to the matching actor.
/// </summary>
internal sealed class NearStream
{
    /// <summary>Queries that one request puts in before it is another's turn.</summary>
    private const int Turn = 50;

    private readonly int _part;
    private readonly NearLane[] _lanes;
    private readonly Queue<Gather> _turns = new();
    private readonly Dictionary<Gather, Queue<NearSearch>> _outside = [];
    private readonly List<NearSearch> _stream = [];
    private readonly Dictionary<long, NearSlice> _slices = [];

    // Positions count from the start of time; the stream holds those from _first on.
    private long _first;

    public NearStream(ImmutableArray<HashBucketId> buckets, int part, AnswerTimes times)
    {
        _part = part;
        _lanes = [.. buckets.Select(b => new NearLane(this, b, times))];
    }

    /// <summary>The position after the last search that was let in.</summary>
    public long End => _first + _stream.Count;

    public void Add(NearSearch search)
    {
        search.Buckets = _lanes.Length;
        if (!_outside.TryGetValue(search.Request, out var waiting))
        {
            _outside.Add(search.Request, waiting = new Queue<NearSearch>());
            _turns.Enqueue(search.Request);
        }

        waiting.Enqueue(search);
    }

    /// <summary>
    /// The buckets that can be sent a message, if they have not read all; each is to be sent its next before the enumeration goes on. Those of one node
    /// (<paramref name="nodeOf"/>; null: none in particular) read in step, the next slice when all have answered, so that it takes one message a node: no
    /// request is done before all have answered anyway.
    /// </summary>
    public IEnumerable<NearLane> Ready(Func<HashBucketId, object?> nodeOf)
    {
        LetIn();
        if (Array.TrueForAll(_lanes, l => l.IsBusy || l.Position >= End))
        {
            yield break;
        }

        var reading = _lanes.Where(l => l.IsBusy).Select(l => nodeOf(l.Bucket)).OfType<object>().ToHashSet();
        foreach (var lane in _lanes)
        {
            if (!lane.IsBusy && (reading.Count == 0 || nodeOf(lane.Bucket) is not { } node || !reading.Contains(node)))
            {
                yield return lane;
            }
        }
    }

    /// <summary>What begins at a position, to the end of its part.</summary>
    public NearSlice SliceAt(long from)
    {
        // Slices end at multiples of the part, so that a bucket that answered in part reads on in step with the others.
        var end = Math.Min(End, ((from / _part) + 1) * _part);
        if (!_slices.TryGetValue(from, out var slice) || slice.End != end)
        {
            var searches = _stream.GetRange((int)(from - _first), (int)(end - from)).ToArray();
            _slices[from] = slice = new NearSlice(end, searches, [.. searches.Select(s => s.Query)]);
        }

        return slice;
    }

    /// <summary>Forgets what every bucket has read.</summary>
    public void Forget()
    {
        var slowest = _lanes.Min(l => l.Position);
        if (slowest == End)
        {
            // All is read: begin the next part afresh, so that no request is cut in two without need.
            _first = ((End + _part - 1) / _part) * _part;
            _stream.Clear();
            _slices.Clear();
            foreach (var lane in _lanes)
            {
                lane.Position = _first;
            }
        }
        else if (slowest - _first >= 8 * _part)
        {
            _stream.RemoveRange(0, (int)(slowest - _first));
            _first = slowest;
            foreach (var from in _slices.Keys.Where(k => k < slowest).ToList())
            {
                _slices.Remove(from);
            }
        }
    }

    private void LetIn()
    {
        var lead = _lanes.Max(l => l.LastSent);
        while (_turns.Count > 0 && End - lead < _part)
        {
            var request = _turns.Dequeue();
            var waiting = _outside[request];
            var most = request.Over ? 0 : _turns.Count == 0 ? _part : Turn;
            for (var n = 0; n < most && waiting.TryDequeue(out var search); n++)
            {
                _stream.Add(search);
            }

            if (waiting.Count > 0 && !request.Over)
            {
                _turns.Enqueue(request);
            }
            else
            {
                _outside.Remove(request);
            }
        }
    }
}

/// <summary>A stretch of the stream up to the position <paramref name="End"/>, as one message carries it.</summary>
internal sealed record NearSlice(long End, NearSearch[] Searches, ImmutableArray<NearQuery> Queries)
{
    public bool IsOver => Array.TrueForAll(Searches, static s => s.Request.Over);
}

/// <summary>One PDQ bucket's reading of the stream: a slice at a time, the next when it is answered.</summary>
internal sealed class NearLane(NearStream stream, HashBucketId bucket, AnswerTimes times) : BucketLane(bucket, times)
{
    private NearSlice? _slice;

    /// <summary>Position of the first search it has not answered.</summary>
    public long Position { get; set; }

    /// <summary>Position after the last search it was sent.</summary>
    public long LastSent => _slice?.End ?? Position;

    public override bool IsBusy => _slice is not null;

    public override bool IsOver => _slice is not { IsOver: false };

    /// <summary>Searches of requests that are over are passed by.</summary>
    public override IHashBucketMessage? Next(long requestId)
    {
        while (Position < stream.End)
        {
            var slice = stream.SliceAt(Position);
            if (!slice.IsOver)
            {
                _slice = slice;
                return new SearchNear { Bucket = Bucket, RequestId = requestId, Queries = slice.Queries };
            }

            Position = slice.End;
        }

        return null;
    }

    /// <summary>Takes answers to the first searches of what was under way; returns the searches that these complete.</summary>
    public IReadOnlyList<NearSearch> Take(ImmutableArray<NearAnswer> answers)
    {
        var done = new List<NearSearch>();
        var searches = _slice!.Searches;
        var answered = Math.Min(answers.Length, searches.Length);
        for (var i = 0; i < answered; i++)
        {
            searches[i].Take(answers[i]);
            if (--searches[i].Buckets == 0)
            {
                done.Add(searches[i]);
            }
        }

        Advance(Position + answered);
        return done;
    }

    public override void Drop() => Advance(_slice!.End);

    private void Advance(long to)
    {
        (Position, _slice) = (to, null);
        stream.Forget();
    }
}
