using System.Collections.Immutable;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Near;

namespace CPort.Actors.Matching;

/// <summary>A request that near searches belong to.</summary>
internal interface INearRequest
{
    /// <summary>Answered, or given up: its searches need not be sent any more.</summary>
    bool Over { get; }
}

/// <summary>One near query on its way through all PDQ buckets, and what they have found so far.</summary>
internal sealed class NearSearch(INearRequest request, NearQuery query)
{
    private List<NearMatch>? _matches;
    private List<LookAlike>? _lookAlikes;
    private bool _truncated;
    private NearAnswer? _answer;

    public INearRequest Request { get; } = request;

    public NearQuery Query { get; } = query;

    /// <summary>Sightings of the value that the search waits for.</summary>
    public int Unsighted { get; set; }

    /// <summary>Buckets that have not answered yet.</summary>
    public int Buckets { get; set; }

    public void Take(NearAnswer answer)
    {
        _truncated |= answer.Truncated;
        if (!answer.Matches.IsEmpty)
        {
            (_matches ??= []).AddRange(answer.Matches);
            _truncated |= Cut(_matches, 4 * Query.MaxResults, Query.MaxResults, Order);
        }

        if (!answer.LookAlikes.IsEmpty)
        {
            (_lookAlikes ??= []).AddRange(answer.LookAlikes);
            Cut(_lookAlikes, 4 * Query.MaxLookAlikes, Query.MaxLookAlikes, Order);
        }
    }

    /// <summary>Nearest first over all buckets.</summary>
    public NearAnswer Answer()
    {
        if (_answer is null)
        {
            // Each bucket gave its nearest, so the nearest of all are among them.
            _truncated |= _matches is not null && Cut(_matches, Query.MaxResults, Query.MaxResults, Order);
            if (_lookAlikes is not null)
            {
                Cut(_lookAlikes, Query.MaxLookAlikes, Query.MaxLookAlikes, Order);
            }

            _matches?.Sort(Order);
            _lookAlikes?.Sort(Order);
            _answer = new NearAnswer
            {
                Matches = _matches is null ? [] : [.. _matches], Truncated = _truncated,
                LookAlikes = _lookAlikes is null ? [] : [.. _lookAlikes],
            };
        }

        return _answer;
    }

    private static int Order(NearMatch a, NearMatch b) =>
        PdqIndex.Order(new PdqHit(a.Verdict.Hash, a.Distance), new PdqHit(b.Verdict.Hash, b.Distance));

    private static int Order(LookAlike a, LookAlike b) => PdqIndex.Order(new PdqHit(a.Hash, a.Distance), new PdqHit(b.Hash, b.Distance));

    // Now and then while answers come in, so that dense values do not pile up what will not be listed.
    private static bool Cut<T>(List<T> all, int beyond, int most, Comparison<T> order)
    {
        if (all.Count <= beyond)
        {
            return false;
        }

        all.Sort(order);
        all.RemoveRange(most, all.Count - most);
        return true;
    }
}

/// <summary>
/// The near queries of all requests in one row, which every PDQ bucket reads at its own pace: one message a bucket under way, the next as soon
/// as it is answered. Buckets that read alike share the message's array. Requests with many queries are let in by turns, a little ahead of the
/// fastest bucket. Not thread-safe: it belongs to the matching actor.
/// </summary>
internal sealed class NearStream
{
    /// <summary>Queries that one request puts in before it is another's turn.</summary>
    private const int Turn = 50;

    private readonly int _part;
    private readonly Lane[] _lanes;
    private readonly Dictionary<long, Lane> _underWay = [];
    private readonly Queue<INearRequest> _turns = new();
    private readonly Dictionary<INearRequest, Queue<NearSearch>> _outside = [];
    private readonly List<NearSearch> _stream = [];
    private readonly Dictionary<long, Slice> _slices = [];
    private readonly List<NearSearch> _done = [];

    // Positions count from the start of time; the stream holds those from _first on.
    private long _first;

    public NearStream(ImmutableArray<HashBucketId> buckets, int part)
    {
        _part = part;
        _lanes = [.. buckets.Select(b => new Lane(this, b))];
    }

    private long End => _first + _stream.Count;

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
    /// The buckets that can be sent a message and have something to be sent; the caller must call each one's <see cref="Lane.Ask"/>. Those of one node
    /// (<paramref name="nodeOf"/>; null: none in particular) read in step, the next slice when all have answered, so that it takes one message a node:
    /// no request is done before all have answered anyway.
    /// </summary>
    public IEnumerable<Lane> Idle(Func<HashBucketId, object?> nodeOf)
    {
        LetIn();
        if (Array.TrueForAll(_lanes, l => l.Slice is not null || l.Next >= End))
        {
            yield break;
        }

        var reading = _lanes.Where(l => l.Slice is not null).Select(l => nodeOf(l.Bucket)).OfType<object>().ToHashSet();
        foreach (var lane in _lanes)
        {
            if (lane.Slice is null && (reading.Count == 0 || nodeOf(lane.Bucket) is not { } node || !reading.Contains(node)) && lane.Prepare())
            {
                yield return lane;
            }
        }
    }

    /// <summary>Takes a bucket's answer; returns the searches that it completed, valid until the next call. An answer to nothing completes nothing.</summary>
    public IReadOnlyList<NearSearch> Take(NearFound reply)
    {
        _done.Clear();
        if (reply.Answers.IsDefaultOrEmpty || !_underWay.Remove(reply.RequestId, out var lane))
        {
            return _done;
        }

        var slice = lane.Slice!;
        var answered = Math.Min(reply.Answers.Length, slice.Searches.Length);
        for (var i = 0; i < answered; i++)
        {
            var search = slice.Searches[i];
            search.Take(reply.Answers[i]);
            if (--search.Buckets == 0)
            {
                _done.Add(search);
            }
        }

        lane.Advance(lane.Next + answered);
        Forget();
        return _done;
    }

    /// <summary>Buckets to be asked again; those whose waiting requests are all over are let go on instead.</summary>
    public List<Lane> Late(DateTimeOffset now)
    {
        var late = new List<Lane>();
        foreach (var (id, lane) in _underWay.Where(u => u.Value.AskAgain <= now).ToList())
        {
            if (lane.Slice!.IsOver)
            {
                _underWay.Remove(id);
                lane.Advance(lane.Slice.End);
            }
            else
            {
                late.Add(lane);
            }
        }

        Forget();
        return late;
    }

    /// <summary>Makes what is under way to these buckets due to be asked again.</summary>
    public void Hurry(IReadOnlySet<HashBucketId> buckets, DateTimeOffset now)
    {
        foreach (var lane in _underWay.Values.Where(l => buckets.Contains(l.Bucket)))
        {
            lane.AskAgainAt(now);
        }
    }

    /// <summary>The bucket's lane whose message with this id is under way; null: none.</summary>
    public Lane? UnderWay(long requestId) => _underWay.GetValueOrDefault(requestId);

    private void LetIn()
    {
        var lead = _lanes.Max(l => l.Slice?.End ?? l.Next);
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

    private Slice SliceAt(long from)
    {
        // Slices end at multiples of the part, so that a bucket that answered in part reads on in step with the others.
        var end = Math.Min(End, ((from / _part) + 1) * _part);
        if (!_slices.TryGetValue(from, out var slice) || slice.End != end)
        {
            var searches = _stream.GetRange((int)(from - _first), (int)(end - from)).ToArray();
            _slices[from] = slice = new Slice(end, searches, [.. searches.Select(s => s.Query)]);
        }

        return slice;
    }

    private void Forget()
    {
        var slowest = _lanes.Min(l => l.Next);
        if (slowest == End)
        {
            // All is read: begin the next part afresh, so that no request is cut in two without need.
            _first = ((End + _part - 1) / _part) * _part;
            _stream.Clear();
            _slices.Clear();
            foreach (var lane in _lanes)
            {
                lane.Advance(_first);
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

    /// <summary>A stretch of the stream, as one message carries it.</summary>
    internal sealed record Slice(long End, NearSearch[] Searches, ImmutableArray<NearQuery> Queries)
    {
        public bool IsOver => Array.TrueForAll(Searches, static s => s.Request.Over);
    }

    /// <summary>One bucket's reading of the stream.</summary>
    internal sealed class Lane(NearStream stream, HashBucketId bucket)
    {
        public HashBucketId Bucket { get; } = bucket;

        /// <summary>Position of the first search it has not answered.</summary>
        public long Next { get; private set; }

        /// <summary>What is under way; null: nothing.</summary>
        public Slice? Slice { get; private set; }

        public SearchNear? Message { get; private set; }

        public int Asked { get; private set; }

        /// <summary>Timestamp of the first time of asking.</summary>
        public long FirstAsked { get; private set; }

        public DateTimeOffset AskAgain { get; private set; }

        /// <summary>Finds what to ask next; false when nothing is left. Searches of requests that are over are passed by.</summary>
        internal bool Prepare()
        {
            while (Next < stream.End)
            {
                var slice = stream.SliceAt(Next);
                if (!slice.IsOver)
                {
                    Slice = slice;
                    return true;
                }

                Next = slice.End;
            }

            return false;
        }

        public void Ask(long requestId, long askedAt, DateTimeOffset askAgain)
        {
            Message = new SearchNear { Bucket = Bucket, RequestId = requestId, Queries = Slice!.Queries };
            (Asked, FirstAsked, AskAgain) = (1, askedAt, askAgain);
            stream._underWay.Add(requestId, this);
        }

        public void AskedAgain(DateTimeOffset next) => (Asked, AskAgain) = (Asked + 1, next);

        public void AskAgainAt(DateTimeOffset next) => AskAgain = next;

        internal void Advance(long to) => (Next, Slice, Message) = (to, null, null);
    }
}
