using static CPort.Domain.Iwol.IwolRules;

namespace CPort.Domain.Iwol.Verbs;

/// <summary>
/// An item judged Baseline by a person speaks for listing its domain: it opens a candidate, or joins the one there is. What the item is was looked at by the
/// node that sends this, with the caller's own eyes.
/// </summary>
[ProtoContract, Manifest("wc1")]
public sealed record ProposeDomain : IIwolCommand
{
    [ProtoMember(1)] public required IwolKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required IwolEvidence Evidence { get; init; }

    /// <summary>The registrable domain, in the clear on the way in.</summary>
    [ProtoMember(4)] public SecretText? Name { get; init; }
    [ProtoMember(5)] public Sealed? SealedName { get; init; }

    public IIwolCommand Seal(ConfidentialSeam seam) =>
        this with { Name = null, SealedName = Name is { } name ? seam.Seal(PlaceOf(Key), name) : null };

    public IwolDecision Decide(IwolCandidate candidate, IwolEnvironment environment) =>
        IsKnown(candidate, Evidence.Item) && !IsOver(candidate) ? Accepted(candidate, this)
        : !IsKnown(candidate, Evidence.Item) && (candidate.Evidence.Length >= IwolLimits.Evidence
            || candidate.Evidence.Count(e => e.By == Context.Caller.Agency) >= IwolLimits.EvidenceOfAgency)
            ? Rejected(candidate, this, IwolRejection.TooMuchEvidence,
                $"At most {IwolLimits.EvidenceOfAgency} items of an agency, and {IwolLimits.Evidence} in all, speak for one domain.")
        : Accepted(candidate, this, new DomainProposed
        {
            Meta = Context.ToMeta(), Key = Key, Evidence = Evidence with { At = environment.Now, By = Context.Caller.Agency },
            Name = candidate.Exists ? null : SealedName,
        });

    internal static bool IsKnown(IwolCandidate candidate, ItemRef item) => candidate.Evidence.Any(e => e.Item == item);

    /// <summary>It has to be proposed again, be it by what spoke for it before.</summary>
    internal static bool IsOver(IwolCandidate candidate) => candidate.State is IwolState.Declined or IwolState.Removed;
}

/// <summary>A domain was proposed, or an item joined what speaks for it. One that was declined or removed is a candidate again.</summary>
[ProtoContract, Manifest("we1")]
public sealed record DomainProposed : IIwolEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public IwolReply? Receipt { get; init; }
    [ProtoMember(3)] public required IwolKey Key { get; init; }
    [ProtoMember(4)] public required IwolEvidence Evidence { get; init; }
    [ProtoMember(5)] public Sealed? Name { get; init; }

    public IIwolEvent Stamped(EventMeta meta, IwolReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public IwolCandidate Apply(IwolCandidate candidate)
    {
        // What officers found before it was declined or removed says nothing of today.
        var again = ProposeDomain.IsOver(candidate);
        return candidate with
        {
            Key = Key, Tenant = Meta.Tenant, Name = candidate.Name ?? Name, ProposedAt = candidate.Exists ? candidate.ProposedAt : Meta.OccurredAt,
            Evidence = ProposeDomain.IsKnown(candidate, Evidence.Item) ? candidate.Evidence
                : candidate.Evidence.Add(Evidence with { Told = candidate.State == IwolState.Listed ? 0 : candidate.Published }),
            State = candidate.State == IwolState.Listed ? IwolState.Listed : IwolState.Candidate,
            Attestations = again ? [] : candidate.Attestations,
        };
    }
}
