namespace CPort.Actors.Entities;

/// <summary>
/// Has an entity of any kind read its journal and go on with what it owes; harmless when it owes nothing. Sent to the region of its kind; answered by
/// <see cref="EntityAwake"/>.
/// </summary>
[ProtoContract, Manifest("en1")]
public sealed record WakeEntity : IWireMessage
{
    /// <summary>The entity's id in its region.</summary>
    [ProtoMember(1)] public required string Id { get; init; }

    /// <summary>Events of it that the sender has seen in the journal; 0: not said. One who knows less reads the journal anew.</summary>
    [ProtoMember(2)] public long Version { get; init; }
}

/// <summary>The entity has read its journal.</summary>
[ProtoContract, Manifest("en2")]
public sealed record EntityAwake : IWireReply
{
    [ProtoMember(1)] public required string Id { get; init; }

    /// <summary>Events that it knows.</summary>
    [ProtoMember(2)] public long Version { get; init; }
}
