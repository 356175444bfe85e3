namespace CPort.Actors.Matching;

/// <summary>One row of a message to a bucket: where its answer belongs.</summary>
internal abstract record Row(Gather Request, int Slot);

/// <summary>A row and what the bucket is told or asked.</summary>
internal sealed record Row<T>(Gather Request, int Slot, T Value) : Row(Request, Slot);

/// <summary>A lane for rows of many requests: sightings or lookups.</summary>
internal abstract class RowLane(HashBucketId bucket, AnswerTimes times) : BucketLane(bucket, times)
{
    /// <summary>The first so many rows of what was under way, at most all, are answered; the others go first in the next message.</summary>
    public abstract IReadOnlyList<Row> Take(int answered);

    public override void Drop() => Take(int.MaxValue);
}

/// <summary>The lanes of one kind of question, one a bucket.</summary>
/// <param name="lanes">Where they are said to be ready.</param>
/// <param name="times">How long answers take.</param>
/// <param name="hashOf">The hash that says a row's bucket.</param>
/// <param name="join">Makes a message of rows.</param>
internal sealed class RowLanes<T>(
    BucketLanes lanes, AnswerTimes times, Func<T, ContentHash> hashOf,
    Func<HashBucketId, long, IReadOnlyList<Row<T>>, IHashBucketMessage> join)
{
    private readonly AnswerTimes _times = times;
    private readonly Func<HashBucketId, long, IReadOnlyList<Row<T>>, IHashBucketMessage> _join = join;
    private readonly Dictionary<HashBucketId, Lane> _byBucket = [];

    public void Add(IEnumerable<Row<T>> rows)
    {
        foreach (var row in rows)
        {
            var bucket = HashBucketId.For(row.Request.Tenant, hashOf(row.Value));
            if (!_byBucket.TryGetValue(bucket, out var lane))
            {
                _byBucket.Add(bucket, lane = new Lane(this, bucket));
            }

            lane.Waiting.AddLast(row);
            lanes.Ready(lane);
        }
    }

    private sealed class Lane(RowLanes<T> all, HashBucketId bucket) : RowLane(bucket, all._times)
    {
        private Row<T>[] _sent = [];

        public LinkedList<Row<T>> Waiting { get; } = new();

        public override bool IsBusy => _sent.Length > 0;

        public override bool IsOver => Array.TrueForAll(_sent, static r => r.Request.Over);

        public override IHashBucketMessage? Next(long requestId)
        {
            var rows = new List<Row<T>>();
            while (rows.Count < HashBucketLimits.Part && Waiting.First is { } first)
            {
                Waiting.RemoveFirst();
                if (!first.Value.Request.Over)
                {
                    rows.Add(first.Value);
                }
            }

            _sent = [.. rows];
            return IsBusy ? all._join(Bucket, requestId, _sent) : null;
        }

        public override IReadOnlyList<Row> Take(int answered)
        {
            var rows = _sent;
            _sent = [];
            for (var i = rows.Length - 1; i >= answered; i--)
            {
                Waiting.AddFirst(rows[i]);
            }

            return answered < rows.Length ? rows[..answered] : rows;
        }
    }
}
