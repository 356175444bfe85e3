using static CPort.Domain.Iwol.IwolRules;

namespace CPort.Domain.Iwol.Verbs;

/// <summary>How the domain's items stand when it is decided; looked at by the node that sends the decision.</summary>
[ProtoContract]
public sealed record IwolStanding
{
    /// <summary>Items that are Baseline by a person still.</summary>
    [ProtoMember(1)] public int Evidence { get; init; }

    /// <summary>A hold of police that runs on an item of the domain; null: none does.</summary>
    [ProtoMember(2)] public string? Hold { get; init; }

    /// <summary>Its name cannot stand in the list, by the rules and the public suffix list of today.</summary>
    [ProtoMember(3)] public bool NoDomain { get; init; }
}

/// <summary>INTERPOL takes a domain into the list, or declines it, in words.</summary>
[ProtoContract, Manifest("wc3")]
public sealed record DecideDomain : IIwolCommand
{
    [ProtoMember(1)] public required IwolKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }

    /// <summary>False: it is declined.</summary>
    [ProtoMember(3)] public bool List { get; init; }

    /// <summary>When it is looked at again; null: as late as it can be.</summary>
    [ProtoMember(4)] public DateTimeOffset? ReviewBy { get; init; }
    [ProtoMember(5)] public IwolStanding? Standing { get; init; }
    [ProtoMember(6)] public SecretText? Why { get; init; }
    [ProtoMember(7)] public Sealed? SealedWhy { get; init; }

    public IIwolCommand Seal(ConfidentialSeam seam) => this with { Why = null, SealedWhy = SealNote(seam, Key, Why) };

    public IwolDecision Decide(IwolCandidate candidate, IwolEnvironment environment)
    {
        if (!candidate.Exists || !IsInterpol(Context))
        {
            return Absent(candidate, this);
        }

        if (candidate.State != IwolState.Candidate)
        {
            return NotThere(candidate, this, IwolState.Candidate);
        }

        if (!List)
        {
            return Accepted(candidate, this, new DomainDeclined
            {
                Meta = Context.ToMeta(),
                Note = new IwolNote { Kind = IwolNoteKind.Declined, Agency = Context.Caller.Agency, At = environment.Now, Text = SealedWhy },
            });
        }

        if (Standing is { NoDomain: true })
        {
            return Rejected(candidate, this, IwolRejection.NotADomain, NotListable);
        }

        if (!IsDecidable(candidate, environment))
        {
            return Rejected(candidate, this, IwolRejection.NotDecidable,
                $"It takes officers of {environment.Policy.Countries} countries and {environment.Policy.Agencies} agencies who agree,"
                + $" by what they saw in the last {IwolLimits.SeenDays} days, and none who does not."
                + (candidate.Attestations.All(a => StillSpeaks(a, environment)) ? ""
                    : " Words do not count whose agency takes part no more, or works no more for the country it spoke for: its police of today may look."));
        }

        if (Standing is not { Evidence: > 0 })
        {
            return Rejected(candidate, this, IwolRejection.NoEvidence, "No item of it is Baseline by a person's judgement; hashes do not count.");
        }

        if (Standing.Hold is { } hold)
        {
            return Rejected(candidate, this, IwolRejection.OnHold, $"Hold {hold} of police runs on an item of it: nothing is published until its end.");
        }

        return ReviewDate(ReviewBy, environment) is { } review
            ? Accepted(candidate, this, new DomainListed { Meta = Context.ToMeta(), ReviewBy = review })
            : Rejected(candidate, this, IwolRejection.ReviewDoesNotFit, $"It is looked at again within {environment.Policy.ReviewDays} days.");
    }

    /// <summary>Null: too late, or over.</summary>
    internal static DateTimeOffset? ReviewDate(DateTimeOffset? given, IwolEnvironment environment)
    {
        var latest = environment.Now.AddDays(environment.Policy.ReviewDays);
        var date = given ?? latest;
        return date > environment.Now && date <= latest ? date : null;
    }
}

/// <summary>The domain is to be on the list.</summary>
[ProtoContract, Manifest("we3")]
public sealed record DomainListed : IIwolEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public IwolReply? Receipt { get; init; }
    [ProtoMember(3)] public required DateTimeOffset ReviewBy { get; init; }

    public IIwolEvent Stamped(EventMeta meta, IwolReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public IwolCandidate Apply(IwolCandidate candidate) => candidate with
    {
        State = IwolState.Listed, ReviewBy = ReviewBy, RemovalProposed = false, Appealed = false, Changes = candidate.Changes + 1,
    };
}

/// <summary>The domain is not taken into the list.</summary>
[ProtoContract, Manifest("we4")]
public sealed record DomainDeclined : IIwolEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public IwolReply? Receipt { get; init; }
    [ProtoMember(3)] public required IwolNote Note { get; init; }

    public IIwolEvent Stamped(EventMeta meta, IwolReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public IwolCandidate Apply(IwolCandidate candidate) =>
        candidate with { State = IwolState.Declined, Notes = candidate.Notes.Add(Note), ReviewBy = null };
}
