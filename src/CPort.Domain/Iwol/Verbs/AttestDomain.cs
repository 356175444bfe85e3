using static CPort.Domain.Iwol.IwolRules;

namespace CPort.Domain.Iwol.Verbs;

/// <summary>
/// An officer says what he or she found on the domain, by hand, and blind: a country says it once, and the agency's own word can be replaced as long as no
/// other was to be seen, or once it is too old to count.
/// </summary>
[ProtoContract, Manifest("wc2")]
public sealed record AttestDomain : IIwolCommand
{
    [ProtoMember(1)] public required IwolKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public Country? Country { get; init; }
    [ProtoMember(4)] public bool ChildrenReal { get; init; }
    [ProtoMember(5)] public bool YoungerThan13 { get; init; }
    [ProtoMember(6)] public bool Severe { get; init; }
    [ProtoMember(7)] public required DateTimeOffset SeenAt { get; init; }

    /// <summary>In the clear on the way in.</summary>
    [ProtoMember(8)] public SecretText? Reference { get; init; }
    [ProtoMember(9)] public Sealed? SealedReference { get; init; }

    public IIwolCommand Seal(ConfidentialSeam seam) =>
        this with { Reference = null, SealedReference = Reference is { } text ? seam.Seal(PlaceOf(Key, ReferenceLine), text) : null };

    public IwolDecision Decide(IwolCandidate candidate, IwolEnvironment environment)
    {
        var caller = Context.Caller;
        if (!IsSeenBy(candidate, caller) || !IsWhoLooks(caller))
        {
            return Absent(candidate, this);
        }

        if (!IsOpen(candidate))
        {
            return NotThere(candidate, this, IwolState.Candidate, IwolState.Listed);
        }

        // INTERPOL is an agency, and no country.
        var country = caller.Kind == AgencyKind.Interpol ? null : Country ?? caller.PrimaryCountry;
        if ((caller.Kind == AgencyKind.Interpol) == (Country is not null) && Country is not null
            || (caller.Kind != AgencyKind.Interpol && !caller.WorksFor(country)))
        {
            return Rejected(candidate, this, IwolRejection.AttestationDoesNotFit, "Police speak for a country that they work for; INTERPOL for none.");
        }

        if (SealedReference is null || SeenAt > environment.Now || SeenAt < environment.Now.AddDays(-IwolLimits.SeenDays))
        {
            return Rejected(candidate, this, IwolRejection.AttestationDoesNotFit,
                $"It says where what was seen is kept, and when it was seen: within the last {IwolLimits.SeenDays} days.");
        }

        if (country is not null && candidate.Attestations.Any(a => a.Country == country && a.Agency != caller.Agency && StillSpeaks(a, environment)))
        {
            return Rejected(candidate, this, IwolRejection.CountryHasAttested, "Another agency of that country has said what it found.");
        }

        if (IsBlindNoMore(candidate, caller, environment))
        {
            return Rejected(candidate, this, IwolRejection.NotBlindAnyMore,
                "Your agency could see what others found. What it said before stands, until it is too old to count or the domain is proposed anew.");
        }

        return Accepted(candidate, this, new DomainAttested
        {
            Meta = Context.ToMeta(),
            Attestation = new IwolAttestation
            {
                Agency = caller.Agency, Country = country, KeyId = caller.KeyId, ChildrenReal = ChildrenReal, YoungerThan13 = YoungerThan13, Severe = Severe,
                SeenAt = SeenAt, At = environment.Now, Reference = SealedReference,
            },
        });
    }

    /// <summary>The caller can say what it found now; whether it fits is another question.</summary>
    internal static bool MayBeSaid(IwolCandidate candidate, Caller caller, IwolEnvironment environment) =>
        IsWhoLooks(caller) && IsOpen(candidate) && !IsBlindNoMore(candidate, caller, environment);

    private static bool IsWhoLooks(Caller caller) => AccessTable.AsksForItself(caller) && caller.Is(Roles.Officer);

    private static bool IsOpen(IwolCandidate candidate) => candidate.State is IwolState.Candidate or IwolState.Listed;

    /// <summary>
    /// Others' words were to be seen: with one's own, by when that was given and not by what it says of when, which is its giver's to choose; or by who
    /// decides. Of a listed domain all is told to all, and INTERPOL has decided: a word is news for the next decision.
    /// </summary>
    private static bool IsBlindNoMore(IwolCandidate candidate, Caller caller, IwolEnvironment environment) =>
        candidate.State == IwolState.Candidate && (candidate.Attestations.FirstOrDefault(a => a.Agency == caller.Agency) is { } own
            ? candidate.Attestations.Length > 1 && own.At.AddDays(IwolLimits.SeenDays) > environment.Now
            : SeesAttestations(candidate, caller, environment));
}

/// <summary>An officer said what was found.</summary>
[ProtoContract, Manifest("we2")]
public sealed record DomainAttested : IIwolEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public IwolReply? Receipt { get; init; }
    [ProtoMember(3)] public required IwolAttestation Attestation { get; init; }

    public IIwolEvent Stamped(EventMeta meta, IwolReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public IwolCandidate Apply(IwolCandidate candidate) => candidate with
    {
        Attestations =
        [
            .. candidate.Attestations.Where(a =>
                a.Agency != Attestation.Agency && (Attestation.Country is null || a.Country != Attestation.Country)),
            Attestation,
        ],
    };
}
