using CPort.Actors.Hashes;
using CPort.Actors.Hashes.Transport;

namespace CPort.Actors.Matching;

/// <summary>
/// The way to one bucket for one kind of question. One message is under way at a time: it leaves at once when nothing is, and what comes meanwhile, from
/// whatever request, leaves together after its answer. <see cref="BucketLanes"/> says what happens when no answer comes.
/// </summary>
internal abstract class BucketLane(HashBucketId bucket, AnswerTimes times)
{
    public HashBucketId Bucket { get; } = bucket;

    /// <summary>How long answers to this kind of question take.</summary>
    public AnswerTimes Times { get; } = times;

    /// <summary>A message is under way.</summary>
    public abstract bool IsBusy { get; }

    /// <summary>Nobody waits any more for what is under way.</summary>
    public abstract bool IsOver { get; }

    /// <summary>Takes from what waits as much as a message holds; null: nothing waits.</summary>
    public abstract IHashBucketMessage? Next(long requestId);

    /// <summary>Lets go what is under way.</summary>
    public abstract void Drop();
}

/// <summary>
/// What is under way to the buckets, by request id. <b>What happens when a bucket does not answer stands here</b>, for every
/// question of the matching actor:
/// <list type="number">
/// <item>After <see cref="AnswerTimes.Wait"/> (a second, longer while answers take long) the same message goes again, by itself
/// and through the shard region, wherever the bucket is by then; then after twice that, then every four times that: a bucket that
/// is only busy gets no second helping of the work that keeps it so. Buckets are idempotent, so either answer will do, and a
/// second one is none.</item>
/// <item>When a node's door closes, what its buckets were asked goes again at once (<see cref="Hurry"/>).</item>
/// <item>A request that is not whole after <see cref="MatchingOptions.Timeout"/> is answered as unavailable, never in part. Once
/// nobody waits for a message it is dropped, and the lane goes on with what has come meanwhile.</item>
/// </list>
/// An answer to part of a message is one: the rest leaves first in the next. One without anything in it is none. Who asks once
/// and is no actor (imports, changes of opinions) asks by <see cref="HashBucketAsk"/>. Not thread-safe.
/// </summary>
internal sealed class BucketLanes(HashRoutes routes, TimeProvider time)
{
    private sealed record Asking(BucketLane Lane, IHashBucketMessage Message, long Since)
    {
        public int Times { get; set; } = 1;

        public DateTimeOffset Again { get; set; }
    }

    private readonly Dictionary<long, Asking> _underWay = [];
    private readonly HashSet<RowLane> _ready = [];
    private long _lastId;

    /// <summary>The lane whose message has this id and is under way; null: none.</summary>
    public BucketLane? this[long requestId] => _underWay.GetValueOrDefault(requestId)?.Lane;

    /// <summary>Something waits in the lane, or may. It leaves by <see cref="SendReady"/>, when the whole request waits in its lanes.</summary>
    public void Ready(RowLane lane) => _ready.Add(lane);

    /// <summary>Sends what can leave.</summary>
    public void SendReady()
    {
        foreach (var lane in _ready)
        {
            Send(lane);
        }

        _ready.Clear();
    }

    /// <summary>Sends the lane's next message, if nothing is under way and something waits.</summary>
    public void Send(BucketLane lane)
    {
        if (!lane.IsBusy && lane.Next(_lastId + 1) is { } message)
        {
            var asking = new Asking(lane, message, time.GetTimestamp());
            asking.Again = AgainAfter(asking);
            _underWay.Add(++_lastId, asking);
            routes.Tell(message);
        }
    }

    /// <summary>A message is answered: the lane it belonged to; null for what is not under way, such as a second answer.</summary>
    public BucketLane? Answered(long requestId)
    {
        if (!_underWay.Remove(requestId, out var asking))
        {
            return null;
        }

        asking.Lane.Times.Add(time.GetElapsedTime(asking.Since));
        return asking.Lane;
    }

    /// <summary>Asks again what is due, and drops what nobody waits for.</summary>
    public void AskAgain()
    {
        var now = time.GetUtcNow();
        foreach (var (id, asking) in _underWay.Where(u => u.Value.Again <= now).ToList())
        {
            if (!asking.Lane.IsOver)
            {
                asking.Times++;
                asking.Again = AgainAfter(asking);
                HashInstruments.OnBucketAskedAgain();
                routes.TellAgain(asking.Message);
                continue;
            }

            _underWay.Remove(id);
            asking.Lane.Drop();
            if (asking.Lane is RowLane lane)
            {
                Ready(lane);
            }
        }
    }

    /// <summary>The node of these buckets has ended, or is about to: what they were asked is due to be asked again.</summary>
    public void Hurry(IReadOnlySet<HashBucketId> buckets)
    {
        foreach (var asking in _underWay.Values.Where(a => buckets.Contains(a.Lane.Bucket)))
        {
            asking.Again = time.GetUtcNow();
        }
    }

    private DateTimeOffset AgainAfter(Asking asking) => time.GetUtcNow() + (asking.Lane.Times.Wait * (1 << Math.Min(asking.Times - 1, 2)));
}
