namespace CPort.Domain.Iwol;

/// <summary>A command about one domain. Repeating it with the same command id is always safe.</summary>
public interface IIwolCommand : IIwolMessage
{
    CommandContext Context { get; }

    /// <summary>The same with its confidential parts sealed.</summary>
    IIwolCommand Seal(ConfidentialSeam seam) => this;

    IwolDecision Decide(IwolCandidate candidate, IwolEnvironment environment);
}

/// <summary>Something that happened to a domain. Stored for ever.</summary>
public interface IIwolEvent : IWireEvent
{
    EventMeta Meta { get; init; }

    IwolReply? Receipt { get; init; }

    IIwolEvent Stamped(EventMeta meta, IwolReply? receipt);

    IwolCandidate Apply(IwolCandidate candidate);
}

/// <summary>What the rules look at besides the domain.</summary>
public sealed record IwolEnvironment(DateTimeOffset Now, IwolPolicy Policy, IMembership Members);

/// <summary>Events to persist, and the answer once they are durable.</summary>
public sealed record IwolDecision(ImmutableArray<IIwolEvent> Events, IwolReply Reply);

/// <summary>Why a rule says no. The names are the API's problem codes.</summary>
public enum IwolRejection
{
    None = 0,

    /// <summary>Absent, or not for the caller: the two look alike.</summary>
    NotFound = 1,
    CommandIdInUse = 2,

    /// <summary>The domain is not where this could be done.</summary>
    DomainNotThere = 3,

    /// <summary>Another agency of the country has said what it found.</summary>
    CountryHasAttested = 4,
    AttestationDoesNotFit = 5,

    /// <summary>Too few have looked, or one of them does not agree.</summary>
    NotDecidable = 6,

    /// <summary>No item of it is Baseline by a person any more.</summary>
    NoEvidence = 7,
    OnHold = 8,
    ReviewDoesNotFit = 9,
    TooMuchEvidence = 10,

    /// <summary>It is no registrable domain: an address, a public suffix, a name that no resolver of the internet knows.</summary>
    NotADomain = 11,

    /// <summary>Enough was said of it until INTERPOL decides.</summary>
    TooManyNotes = 12,

    /// <summary>What others found was to be seen: a word that was given before stays, and none is given after it.</summary>
    NotBlindAnyMore = 13,
}

/// <summary>The answer to a command.</summary>
[ProtoContract, Manifest("wr1")]
public sealed record IwolReply : IWireReply
{
    [ProtoMember(1)] public required IwolKey Key { get; init; }
    [ProtoMember(2)] public IwolRejection Code { get; init; }
    [ProtoMember(3)] public string? Detail { get; init; }
    [ProtoMember(4)] public bool Replayed { get; init; }
    [ProtoMember(5)] public IwolState State { get; init; }

    /// <summary>Which command it answers.</summary>
    [ProtoMember(6)] public string? Command { get; init; }
    [ProtoMember(7, DataFormat = DataFormat.FixedSize)] public ulong Digest { get; init; }
}

/// <summary>Asks for a domain as the caller may see it. Answered by <see cref="IwolPage"/>.</summary>
[ProtoContract, Manifest("wq1")]
public sealed record GetIwolCandidate : IIwolMessage
{
    [ProtoMember(1)] public required IwolKey Key { get; init; }
    [ProtoMember(2)] public required Caller Caller { get; init; }

    /// <summary>Only the first so many notes; null: all, the newest texts first to have room.</summary>
    [ProtoMember(3)] public int? Notes { get; init; }
}

/// <summary>A domain as one caller may see it; <see cref="Found"/> false: nothing to see, for whatever reason.</summary>
[ProtoContract, Manifest("wr2")]
public sealed record IwolPage : IWireReply
{
    [ProtoMember(1)] public required IwolKey Key { get; init; }
    [ProtoMember(2)] public bool Found { get; init; }
    [ProtoMember(3)] public string Name { get; init; } = "";
    [ProtoMember(4)] public IwolState State { get; init; }
    [ProtoMember(5)] public DateTimeOffset ProposedAt { get; init; }
    [ProtoMember(6)] public DateTimeOffset ChangedAt { get; init; }
    [ProtoMember(7)] public DateTimeOffset? ReviewBy { get; init; }
    [ProtoMember(8)] public bool RemovalProposed { get; init; }
    [ProtoMember(9)] public bool Appealed { get; init; }
    /// <summary>False to who is not told what was found.</summary>
    [ProtoMember(10)] public bool Decidable { get; init; }

    /// <summary>How many have said what they found; 0 to who is not told.</summary>
    [ProtoMember(11)] public int Attested { get; init; }
    [ProtoMember(12)] public ImmutableArray<IwolEvidence> Evidence { get; init; } = [];

    /// <summary>What was found; empty to who has not said yet what it found itself.</summary>
    [ProtoMember(13)] public ImmutableArray<IwolAttestation> Attestations { get; init; } = [];

    /// <summary>Where each keeps what it saw; the caller's own alone.</summary>
    [ProtoMember(14)] public string? OwnReference { get; init; }
    [ProtoMember(15)] public ImmutableArray<IwolNote> Notes { get; init; } = [];
    [ProtoMember(16)] public ImmutableArray<string> Texts { get; init; } = [];

    /// <summary>The list's version that has its last change; 0: none has.</summary>
    [ProtoMember(17)] public int ListVersion { get; init; }

    /// <summary>The caller is told nothing of what others found, not even how many, until it has said what it found itself.</summary>
    [ProtoMember(18)] public bool Blind { get; init; }

    /// <summary>The caller may say what was found, for the first time or instead of what it said before.</summary>
    [ProtoMember(90)] public bool MayAttest { get; init; }

    /// <summary>Texts of the first so many notes had no room here; null: all are.</summary>
    [ProtoMember(30)] public int? Earlier { get; init; }
}
