namespace CPort.Actors.Projections;

/// <summary>
/// Builds a new table set from the whole journal beside the one that serves, and switches when it has caught up. Answered by <see cref="RebuildStarted"/>.
/// </summary>
[ProtoContract, Manifest("pc1")]
public sealed record RebuildProjections : IWireMessage;

/// <summary>A rebuild is under way.</summary>
[ProtoContract, Manifest("pr1")]
public sealed record RebuildStarted : IWireReply
{
    /// <summary>The set being built.</summary>
    [ProtoMember(1)] public required int Set { get; init; }

    /// <summary>It was under way before.</summary>
    [ProtoMember(2)] public bool AlreadyRunning { get; init; }
}

/// <summary>
/// Compares every report, and what its rows say, with the journal and mends, also the stuck ones. Answered by <see cref="ProjectionsReconciled"/>.
/// </summary>
[ProtoContract, Manifest("pc2")]
public sealed record ReconcileProjections : IWireMessage;

/// <summary>The comparison is done.</summary>
[ProtoContract, Manifest("pr2")]
public sealed record ProjectionsReconciled : IWireReply
{
    /// <summary>Reports whose rows were behind, missing or stuck and are right now.</summary>
    [ProtoMember(1)] public required int Mended { get; init; }

    /// <summary>Reports whose rows said something else than the journal, though they were current, and are right now.</summary>
    [ProtoMember(2)] public int Changed { get; init; }

    /// <summary>Reports that rows tell of and the journal does not, or not so far. Nothing was done to them.</summary>
    [ProtoMember(3)] public int Unproven { get; init; }

    /// <summary>Ids of those two kinds, some of them when there are many.</summary>
    [ProtoMember(4)] public ImmutableArray<string> Reports { get; init; } = [];

    /// <summary>As many ids as an answer has.</summary>
    public const int Named = 200;

    public ProjectionsReconciled And(ProjectionsReconciled other) => new()
    {
        Mended = Mended + other.Mended, Changed = Changed + other.Changed, Unproven = Unproven + other.Unproven,
        Reports = [.. Reports.Concat(other.Reports).Distinct().Take(Named)],
    };
}

/// <summary>What a node is to keep current, and how far the journal is complete. Comes again and again; nothing answers it.</summary>
[ProtoContract, Manifest("pc3")]
public sealed record ProjectUpTo : IWireMessage
{
    /// <summary>Every journal row up to this number is there.</summary>
    [ProtoMember(1)] public required long Horizon { get; init; }

    /// <summary>The node's share of each table set; sets that are not named are none of its business any more.</summary>
    [ProtoMember(2)] public ImmutableArray<ProjectionPart> Parts { get; init; } = [];
}

/// <summary>A node's share of one table set.</summary>
[ProtoContract, Manifest("pd1")]
public sealed record ProjectionPart : IWireMessage
{
    [ProtoMember(1)] public required int Set { get; init; }

    /// <summary>Numbers of slices, <see cref="ProjectionSlices"/>.</summary>
    [ProtoMember(2)] public ImmutableArray<int> Slices { get; init; } = [];
}

/// <summary>
/// Compares all reports of these slices, and what their rows say, with the journal and mends. Answered by <see cref="ProjectionsReconciled"/> or <see
/// cref="ProjectionUnavailable"/>.
/// </summary>
[ProtoContract, Manifest("pc4")]
public sealed record ReconcilePart : IWireMessage
{
    [ProtoMember(1)] public ImmutableArray<ProjectionPart> Parts { get; init; } = [];
}

/// <summary>The request could not be carried out now; it is safe to repeat.</summary>
[ProtoContract, Manifest("pr3")]
public sealed record ProjectionUnavailable : IWireReply
{
    /// <summary>The kind of fault, without data.</summary>
    [ProtoMember(1)] public required string Reason { get; init; }
}
