namespace CPort.Actors.Hashes;

/// <summary>Commands that are written by one event, and who waits for their answers.</summary>
internal sealed record HashBucketBatch(ImmutableArray<IHashBucketWrite> Commands, ImmutableArray<IActorRef> Senders);

/// <summary>What a bucket has been told to write and has not begun to.</summary>
internal sealed class HashBucketQueue(HashBucketOptions options)
{
    private readonly Queue<(IHashBucketWrite Command, IActorRef Sender)> _waiting = new();

    public bool IsEmpty => _waiting.Count == 0;

    public void Add(IHashBucketWrite command, IActorRef sender) => _waiting.Enqueue((command, sender));

    /// <summary>The bucket itself puts a hash into quarantine near which too many values were searched.</summary>
    public void AddOverMatching(HashBucketId id, int row, int values, DateTimeOffset now) => Add(
        new ChangeQuarantine { Bucket = id, RequestId = 0, Rows = [row], Reason = QuarantineReason.ManyNearValues, NearValues = values, At = now },
        ActorRefs.Nobody);

    /// <summary>The next commands, as many as one event joins.</summary>
    public HashBucketBatch Take()
    {
        var (commands, senders, rows) = (ImmutableArray.CreateBuilder<IHashBucketWrite>(), ImmutableArray.CreateBuilder<IActorRef>(), 0);
        while (commands.Count < options.BatchCommands && rows < options.BatchRows && _waiting.TryDequeue(out var next))
        {
            commands.Add(next.Command);
            senders.Add(next.Sender);
            rows += HashBucketRows.Of(next.Command);
        }

        return new HashBucketBatch(commands.DrainToImmutable(), senders.DrainToImmutable());
    }
}
