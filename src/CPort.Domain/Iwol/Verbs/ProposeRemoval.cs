using static CPort.Domain.Iwol.IwolRules;

namespace CPort.Domain.Iwol.Verbs;

/// <summary>
/// Somebody, or the calendar once the review is due, proposes to take a listed domain off; or its owner's objection is put down. Neither takes it off: that
/// INTERPOL decides.
/// </summary>
[ProtoContract, Manifest("wc5")]
public sealed record ProposeRemoval : IIwolCommand
{
    [ProtoMember(1)] public required IwolKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }

    /// <summary>It is an objection of the domain's owner.</summary>
    [ProtoMember(3)] public bool Appeal { get; init; }
    [ProtoMember(4)] public SecretText? Why { get; init; }
    [ProtoMember(5)] public Sealed? SealedWhy { get; init; }

    public IIwolCommand Seal(ConfidentialSeam seam) => this with { Why = null, SealedWhy = SealNote(seam, Key, Why) };

    public IwolDecision Decide(IwolCandidate candidate, IwolEnvironment environment)
    {
        var itself = Context.Caller.Kind == AgencyKind.System;
        if (!itself && !IsSeenBy(candidate, Context.Caller))
        {
            return Absent(candidate, this);
        }

        if (candidate.State != IwolState.Listed)
        {
            return NotThere(candidate, this, IwolState.Listed);
        }

        // The calendar says it once in between, and has to.
        if (!itself && HasSaidEnough(candidate, Context.Caller.Agency))
        {
            return Rejected(candidate, this, IwolRejection.TooManyNotes,
                $"{IwolLimits.NotesOfAgency} of your agency's proposals and objections wait for INTERPOL's decision.");
        }

        // The calendar comes every second, and says it once.
        return itself && (candidate.RemovalProposed || candidate.ReviewBy > environment.Now) ? Accepted(candidate, this)
            : Accepted(candidate, this, new RemovalProposed
            {
                Meta = Context.ToMeta(),
                Note = new IwolNote
                {
                    Kind = Appeal ? IwolNoteKind.Appealed : IwolNoteKind.RemovalProposed, Agency = Context.Caller.Agency, At = environment.Now,
                    Text = SealedWhy,
                },
            });
    }
}

/// <summary>It is proposed to take the domain off the list, or somebody objects to it.</summary>
[ProtoContract, Manifest("we6")]
public sealed record RemovalProposed : IIwolEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public IwolReply? Receipt { get; init; }
    [ProtoMember(3)] public required IwolNote Note { get; init; }

    public IIwolEvent Stamped(EventMeta meta, IwolReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public IwolCandidate Apply(IwolCandidate candidate) => candidate with
    {
        RemovalProposed = candidate.RemovalProposed || Note.Kind == IwolNoteKind.RemovalProposed,
        Appealed = candidate.Appealed || Note.Kind == IwolNoteKind.Appealed, Notes = candidate.Notes.Add(Note),
    };
}
