using static CPort.Domain.Iwol.IwolRules;

namespace CPort.Domain.Iwol.Verbs;

/// <summary>INTERPOL takes a domain off the list.</summary>
[ProtoContract, Manifest("wc6")]
public sealed record RemoveDomain : IIwolCommand
{
    [ProtoMember(1)] public required IwolKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public SecretText? Why { get; init; }
    [ProtoMember(4)] public Sealed? SealedWhy { get; init; }

    public IIwolCommand Seal(ConfidentialSeam seam) => this with { Why = null, SealedWhy = SealNote(seam, Key, Why) };

    public IwolDecision Decide(IwolCandidate candidate, IwolEnvironment environment) =>
        !candidate.Exists || !IsInterpol(Context) ? Absent(candidate, this)
        : candidate.State != IwolState.Listed ? NotThere(candidate, this, IwolState.Listed)
        : Accepted(candidate, this, new DomainRemoved
        {
            Meta = Context.ToMeta(),
            Note = new IwolNote { Kind = IwolNoteKind.Removed, Agency = Context.Caller.Agency, At = environment.Now, Text = SealedWhy },
        });
}

/// <summary>The domain is to be off the list.</summary>
[ProtoContract, Manifest("we7")]
public sealed record DomainRemoved : IIwolEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public IwolReply? Receipt { get; init; }
    [ProtoMember(3)] public required IwolNote Note { get; init; }

    public IIwolEvent Stamped(EventMeta meta, IwolReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public IwolCandidate Apply(IwolCandidate candidate) => candidate with
    {
        State = IwolState.Removed, ReviewBy = null, RemovalProposed = false, Appealed = false, Changes = candidate.Changes + 1,
        Notes = candidate.Notes.Add(Note),
    };
}
