using static CPort.Domain.Iwol.IwolRules;

namespace CPort.Domain.Iwol.Verbs;

/// <summary>The list has the domain's change, or reports have heard of it. Of CPort itself; never travels between nodes.</summary>
[ProtoContract, Manifest("wc7")]
public sealed record NotePublished : IIwolCommand
{
    [ProtoMember(1)] public required IwolKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }

    /// <summary>Which of the domain's changes.</summary>
    [ProtoMember(3)] public required int Change { get; init; }

    /// <summary>The list's version with it; 0: it is reports that have heard.</summary>
    [ProtoMember(4)] public int ListVersion { get; init; }
    [ProtoMember(5)] public ImmutableArray<ItemRef> Told { get; init; } = [];

    public IwolDecision Decide(IwolCandidate candidate, IwolEnvironment environment) =>
        Context.Caller.Kind != AgencyKind.System || !candidate.Exists ? Absent(candidate, this)
        : ListVersion == 0 && Told.IsEmpty ? Accepted(candidate, this)
        : Accepted(candidate, this, new ChangePublished { Meta = Context.ToMeta(), Change = Change, ListVersion = ListVersion, Told = Told });
}

/// <summary>The list has the change, or reports have heard of it.</summary>
[ProtoContract, Manifest("we8")]
public sealed record ChangePublished : IIwolEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public IwolReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Change { get; init; }
    [ProtoMember(4)] public int ListVersion { get; init; }
    [ProtoMember(5)] public ImmutableArray<ItemRef> Told { get; init; } = [];

    public IIwolEvent Stamped(EventMeta meta, IwolReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public IwolCandidate Apply(IwolCandidate candidate) => candidate with
    {
        Published = ListVersion > 0 ? Math.Max(candidate.Published, Change) : candidate.Published,
        ListVersion = ListVersion > 0 ? ListVersion : candidate.ListVersion,
        Evidence = [.. candidate.Evidence.Select(e => Told.Contains(e.Item) ? e with { Told = Math.Max(e.Told, Change) } : e)],
    };
}
