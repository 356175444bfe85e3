namespace CPort.Actors.Cluster;

/// <summary>
/// From a node that looks for its cluster to another one, before either joins. Answered by <see cref="JoinAnswer"/>. These two must stay readable for every
/// later version, or versions could not tell each other that they do not fit.
/// </summary>
[ProtoContract, Manifest("cc1")]
public sealed record JoinQuestion : IWireMessage
{
    /// <summary>The asker's address, for the log.</summary>
    [ProtoMember(1)] public required string Address { get; init; }
}

/// <summary>What the asked node is and belongs to.</summary>
[ProtoContract, Manifest("cr1")]
public sealed record JoinAnswer : IWireReply
{
    /// <summary>The cluster it is a member of, status Up; null while it looks for one.</summary>
    [ProtoMember(1)] public string? Incarnation { get; init; }

    /// <summary>Figures in which nodes of one cluster must agree.</summary>
    [ProtoMember(2)] public ImmutableArray<JoinFigure> Figures { get; init; } = [];

    /// <summary>Milliseconds since the database last took its sign of life; null while it is no member, or runs a version that does not tell.</summary>
    [ProtoMember(3)] public long? SinceDatabase { get; init; }

    /// <summary>Addresses of the members that its cluster does not reach at the moment.</summary>
    [ProtoMember(4)] public ImmutableArray<string> Unreachable { get; init; } = [];
}

/// <summary>One figure; see <see cref="FixedFigure"/>.</summary>
[ProtoContract]
public sealed record JoinFigure
{
    [ProtoMember(1)] public required string Name { get; init; }
    [ProtoMember(2)] public required string Value { get; init; }
}

/// <summary>Answers nodes that look for a cluster. One a node, at <see cref="Path"/>; knows nothing but what it is told.</summary>
public sealed class JoinGate : ReceiveActor
{
    /// <summary>Where it stands on every node: <c>/user/join-gate</c>.</summary>
    public const string ActorName = "join-gate";

    public JoinGate(ImmutableArray<FixedFigure> figures, Func<string?> incarnation, Func<TimeSpan?> sinceDatabase, Func<ImmutableArray<string>> unreachable)
    {
        var known = figures.Select(f => new JoinFigure { Name = f.Name, Value = f.Value }).ToImmutableArray();
        Receive<JoinQuestion>(_ => Sender.Tell(new JoinAnswer
        {
            Incarnation = incarnation(), Figures = known, SinceDatabase = (long?)sinceDatabase()?.TotalMilliseconds, Unreachable = unreachable(),
        }));
    }

    /// <summary>Asks a node's gate; null when it does not answer in time.</summary>
    public static async Task<GateAnswer?> AskAsync(ActorSystem system, Address node, string self, TimeSpan patience, CancellationToken cancellation)
    {
        try
        {
            var answer = await system.ActorSelection(new RootActorPath(node) / "user" / ActorName)
                .Ask<JoinAnswer>(new JoinQuestion { Address = self }, patience, cancellation).ConfigureAwait(false);
            return new GateAnswer(node.ToString(), answer.Incarnation, [.. answer.Figures.Select(f => new FixedFigure(f.Name, f.Value))])
            {
                SinceDatabase = answer.SinceDatabase is { } age ? TimeSpan.FromMilliseconds(age) : null, Unreachable = answer.Unreachable,
            };
        }
        catch (Exception e) when (e is AskTimeoutException or InvalidCastException && !cancellation.IsCancellationRequested)
        {
            return null;
        }
    }
}
