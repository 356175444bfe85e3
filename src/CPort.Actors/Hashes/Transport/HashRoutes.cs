namespace CPort.Actors.Hashes.Transport;

/// <summary>
/// How the messages of one turn reach their buckets: those for a bucket of which it is known that it lives on another node go together to that node's
/// <see cref="HashDoor"/>, all others to the shard region. Where a bucket lives is learnt from its answers, and forgotten when one does not come; a wrong guess
/// costs a detour, because the door passes messages on through its own region. Belongs to the matching actor; not thread-safe.
/// </summary>
/// <param name="buckets">The shard region, or its proxy.</param>
/// <param name="silence">A door that has answered nothing for so long is not used until it is found anew.</param>
/// <param name="time">For the silence.</param>
/// <param name="find">Looks for the door at an address; an answer comes to <see cref="Found"/>, if there is one.</param>
internal sealed class HashRoutes(IActorRef buckets, Func<TimeSpan> silence, TimeProvider time, Action<Address> find)
{
    /// <summary>A node that has no door (an older version) is asked for one so seldom.</summary>
    private static readonly TimeSpan FindAgain = TimeSpan.FromSeconds(10);

    private sealed class Node(Address address)
    {
        public Address Address { get; } = address;

        public IActorRef? Door { get; set; }

        /// <summary>When the door was looked for; null: never.</summary>
        public long? Sought { get; set; }

        /// <summary>Since when a bundle is unanswered; null: none is, or the door has answered something since.</summary>
        public long? Unanswered { get; set; }

        public List<IHashBucketMessage> Leaving { get; } = [];
    }

    private readonly Dictionary<HashBucketId, Node> _homes = [];
    private readonly Dictionary<Address, Node> _nodes = [];
    private readonly List<Node> _leaving = [];

    /// <summary>Sends a message, or lays it by until <see cref="Leave"/>.</summary>
    public void Tell(IHashBucketMessage message)
    {
        if (!_homes.TryGetValue(message.Bucket, out var node) || node.Door is null)
        {
            buckets.Tell(message);
            return;
        }

        if (node.Leaving.Count == 0)
        {
            _leaving.Add(node);
        }

        node.Leaving.Add(message);
    }

    /// <summary>What stands for the node to whose door the bucket's messages go; null: they go to the region.</summary>
    public object? NodeOf(HashBucketId bucket) =>
        _homes.Count > 0 && _homes.TryGetValue(bucket, out var node) && node.Door is not null ? node : null;

    /// <summary>Sends what has been laid by in this turn.</summary>
    public void Leave()
    {
        foreach (var node in _leaving)
        {
            if (node.Leaving.Count == 1)
            {
                buckets.Tell(node.Leaving[0]);
            }
            else
            {
                foreach (var bundle in HashBundle.Of(node.Leaving))
                {
                    node.Door.Tell(bundle);
                }

                node.Unanswered ??= time.GetTimestamp();
                HashInstruments.OnBundle(node.Leaving.Count);
            }

            node.Leaving.Clear();
        }

        _leaving.Clear();
    }

    /// <summary>Sends a message again, to wherever the region knows the bucket to be.</summary>
    public void TellAgain(IHashBucketMessage message)
    {
        _homes.Remove(message.Bucket);
        buckets.Tell(message);
    }

    /// <summary>A bucket answered by itself.</summary>
    public void Learn(HashBucketId bucket, IActorRef sender)
    {
        var address = sender.Path.Address;
        if (!address.HasGlobalScope)
        {
            _homes.Remove(bucket);
            return;
        }

        if (!_nodes.TryGetValue(address, out var node))
        {
            _nodes.Add(address, node = new Node(address));
        }

        _homes[bucket] = node;
        if (node.Door is null && (node.Sought is not { } sought || time.GetElapsedTime(sought) >= FindAgain))
        {
            node.Sought = time.GetTimestamp();
            find(address);
        }
    }

    /// <summary>The bucket is not where it was asked.</summary>
    public void Forget(HashBucketId bucket) => _homes.Remove(bucket);

    /// <summary>A door has answered.</summary>
    public void Heard(IActorRef door)
    {
        if (_nodes.TryGetValue(door.Path.Address, out var node))
        {
            node.Unanswered = null;
        }
    }

    /// <summary>There is a door. True: it is used from now on.</summary>
    public bool Found(IActorRef door)
    {
        if (!_nodes.TryGetValue(door.Path.Address, out var node))
        {
            return false;
        }

        (node.Door, node.Unanswered) = (door, null);
        return true;
    }

    /// <summary>A door is gone: it is used no more, and buckets of its node are asked through the region. Returns these.</summary>
    public IReadOnlySet<HashBucketId> Lost(IActorRef door) =>
        _nodes.TryGetValue(door.Path.Address, out var node) && door.Equals(node.Door) ? Drop(node) : new HashSet<HashBucketId>();

    /// <summary>Doors that have been silent for too long; they are used no more.</summary>
    public IReadOnlyList<IActorRef> Silent()
    {
        var longest = silence();
        var silent = _nodes.Values.Where(n => n.Unanswered is { } since && time.GetElapsedTime(since) >= longest).ToList();
        silent.ForEach(n => Drop(n));
        return [.. silent.Select(n => n.Door!)];
    }

    private HashSet<HashBucketId> Drop(Node node)
    {
        var homes = _homes.Where(h => h.Value == node).Select(h => h.Key).ToHashSet();
        foreach (var bucket in homes)
        {
            _homes.Remove(bucket);
        }

        _nodes.Remove(node.Address);
        return homes;
    }
}
