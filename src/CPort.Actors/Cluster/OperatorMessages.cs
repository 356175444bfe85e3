namespace CPort.Actors.Cluster;

/// <summary>Asks a node's <see cref="OperatorActor"/> which shards it holds. Answered by <see cref="NodeShards"/>.</summary>
[ProtoContract, Manifest("co1")]
public sealed record AskNodeShards : IWireMessage
{
    /// <summary>How long each region may take, milliseconds.</summary>
    [ProtoMember(1)] public required int TimeoutMs { get; init; }
}

/// <summary>The shards of one node, by region; regions for which the node is only a proxy are not among them.</summary>
[ProtoContract, Manifest("co2")]
public sealed record NodeShards : IWireReply
{
    [ProtoMember(1)] public ImmutableArray<RegionShards> Regions { get; init; } = [];
}

/// <summary>What one node holds of one region.</summary>
[ProtoContract]
public sealed record RegionShards
{
    [ProtoMember(1)] public required string TypeName { get; init; }
    [ProtoMember(2)] public ImmutableArray<ShardCount> Shards { get; init; } = [];

    /// <summary>Shards that did not answer in time.</summary>
    [ProtoMember(3)] public ImmutableArray<string> Failed { get; init; } = [];

    /// <summary>The region itself did not answer in time; nothing is known of its shards.</summary>
    [ProtoMember(4)] public bool NoAnswer { get; init; }
}

/// <summary>A shard and how many entities of it are in memory.</summary>
[ProtoContract]
public sealed record ShardCount
{
    [ProtoMember(1)] public required string Id { get; init; }
    [ProtoMember(2)] public int Entities { get; init; }
}

/// <summary>Asks a node's <see cref="OperatorActor"/> for its actors below a path. Answered by <see cref="ActorTree"/>.</summary>
[ProtoContract, Manifest("co3")]
public sealed record AskActorTree : IWireMessage
{
    /// <summary>For example <c>/user</c>; <c>/</c> is everything.</summary>
    [ProtoMember(1)] public required string Start { get; init; }

    /// <summary>Levels below the start, 0 to 20.</summary>
    [ProtoMember(2)] public required int Depth { get; init; }
}

/// <summary>Actor paths, parents before children, at most <see cref="Most"/>.</summary>
[ProtoContract, Manifest("co4")]
public sealed record ActorTree : IWireReply
{
    /// <summary>Keeps the answer well below the largest message between nodes.</summary>
    public const int Most = 4_000;

    [ProtoMember(1)] public ImmutableArray<string> Paths { get; init; } = [];

    /// <summary>There are more than are listed.</summary>
    [ProtoMember(2)] public bool Truncated { get; init; }

    /// <summary>False: no actor has the path.</summary>
    [ProtoMember(3)] public bool Found { get; init; }
}
