using static CPort.Domain.Iwol.IwolRules;

namespace CPort.Domain.Iwol.Verbs;

/// <summary>INTERPOL has looked at a listed domain again, and it stays, until the next look.</summary>
[ProtoContract, Manifest("wc4")]
public sealed record ReviewDomain : IIwolCommand
{
    [ProtoMember(1)] public required IwolKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public DateTimeOffset? ReviewBy { get; init; }
    [ProtoMember(4)] public SecretText? Why { get; init; }
    [ProtoMember(5)] public Sealed? SealedWhy { get; init; }

    public IIwolCommand Seal(ConfidentialSeam seam) => this with { Why = null, SealedWhy = SealNote(seam, Key, Why) };

    public IwolDecision Decide(IwolCandidate candidate, IwolEnvironment environment) =>
        !candidate.Exists || !IsInterpol(Context) ? Absent(candidate, this)
        : candidate.State != IwolState.Listed ? NotThere(candidate, this, IwolState.Listed)
        : DecideDomain.ReviewDate(ReviewBy, environment) is not { } review
            ? Rejected(candidate, this, IwolRejection.ReviewDoesNotFit, $"It is looked at again within {environment.Policy.ReviewDays} days.")
        : Accepted(candidate, this, new DomainReviewed
        {
            Meta = Context.ToMeta(), ReviewBy = review,
            Note = new IwolNote { Kind = IwolNoteKind.Confirmed, Agency = Context.Caller.Agency, At = environment.Now, Text = SealedWhy },
        });
}

/// <summary>The domain stays on the list; what was proposed or objected is decided by it.</summary>
[ProtoContract, Manifest("we5")]
public sealed record DomainReviewed : IIwolEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public IwolReply? Receipt { get; init; }
    [ProtoMember(3)] public required DateTimeOffset ReviewBy { get; init; }
    [ProtoMember(4)] public required IwolNote Note { get; init; }

    public IIwolEvent Stamped(EventMeta meta, IwolReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public IwolCandidate Apply(IwolCandidate candidate) =>
        candidate with { ReviewBy = ReviewBy, RemovalProposed = false, Appealed = false, Notes = candidate.Notes.Add(Note) };
}
