namespace CPort.Domain.Iwol;

/// <summary>An item that speaks for listing its domain: judged Baseline by a person, with where it stands.</summary>
[ProtoContract]
public sealed record IwolEvidence
{
    [ProtoMember(1)] public required ItemRef Item { get; init; }

    /// <summary>The item's number, for people.</summary>
    [ProtoMember(2)] public long Number { get; init; }

    /// <summary>Who named it.</summary>
    [ProtoMember(3)] public required AgencyId By { get; init; }
    [ProtoMember(4)] public DateTimeOffset At { get; init; }

    /// <summary>How many of the domain's entries into the list and removals its report has heard of.</summary>
    public int Told { get; init; }
}

/// <summary>What one officer found on the domain, by hand.</summary>
[ProtoContract]
public sealed record IwolAttestation
{
    [ProtoMember(1)] public required AgencyId Agency { get; init; }

    /// <summary>For which country; null: INTERPOL, which speaks for none.</summary>
    [ProtoMember(2)] public Country? Country { get; init; }

    /// <summary>The officer's key or person.</summary>
    [ProtoMember(3)] public required string KeyId { get; init; }
    [ProtoMember(4)] public bool ChildrenReal { get; init; }
    [ProtoMember(5)] public bool YoungerThan13 { get; init; }
    [ProtoMember(6)] public bool Severe { get; init; }

    /// <summary>When the officer looked.</summary>
    [ProtoMember(7)] public required DateTimeOffset SeenAt { get; init; }
    [ProtoMember(8)] public required DateTimeOffset At { get; init; }

    /// <summary>Where the agency keeps what it saw, outside CPort; sealed.</summary>
    [ProtoMember(9)] public Sealed? Reference { get; init; }

    /// <summary>All three are so.</summary>
    public bool Agrees => ChildrenReal && YoungerThan13 && Severe;
}

/// <summary>A line of what was said about the domain in words, sealed: why it was declined, removed, or ought to be.</summary>
[ProtoContract]
public sealed record IwolNote
{
    [ProtoMember(1)] public required IwolNoteKind Kind { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required DateTimeOffset At { get; init; }
    [ProtoMember(4)] public Sealed? Text { get; init; }
}

/// <summary>What a line is.</summary>
public enum IwolNoteKind
{
    Declined = 1,
    Removed,

    /// <summary>Somebody, or the calendar, proposes to take it off the list.</summary>
    RemovalProposed,

    /// <summary>The domain's owner, or somebody for it, says that it is there wrongly.</summary>
    Appealed,

    /// <summary>It was looked at again and stays.</summary>
    Confirmed,
}

/// <summary>A domain on its way to and from the list. Its name and all words are sealed.</summary>
public sealed record IwolCandidate
{
    public const int RememberedCommands = 64;

    public static readonly IwolCandidate None = new();

    public IwolKey Key { get; init; }
    public long Version { get; init; }
    public Tenant Tenant { get; init; }

    /// <summary>The registrable domain, as an A-label; sealed.</summary>
    public Sealed? Name { get; init; }
    public DateTimeOffset ProposedAt { get; init; }
    public DateTimeOffset ChangedAt { get; init; }
    public IwolState State { get; init; }
    public ImmutableArray<IwolEvidence> Evidence { get; init; } = [];

    /// <summary>One of each agency, and of each country; one that replaces another comes last.</summary>
    public ImmutableArray<IwolAttestation> Attestations { get; init; } = [];
    public ImmutableArray<IwolNote> Notes { get; init; } = [];

    /// <summary>When somebody has to look at it again.</summary>
    public DateTimeOffset? ReviewBy { get; init; }

    /// <summary>It is proposed to take it off the list.</summary>
    public bool RemovalProposed { get; init; }

    /// <summary>Somebody objects to it, and nobody has decided on that yet.</summary>
    public bool Appealed { get; init; }

    /// <summary>How often it was put on the list or taken off.</summary>
    public int Changes { get; init; }

    /// <summary>Which of <see cref="Changes"/> the list has, and its version with it.</summary>
    public int Published { get; init; }
    public int ListVersion { get; init; }
    public ReplayMemory<(AgencyId Agency, CommandId Command), IwolReply> Receipts { get; init; } = ReplayMemory<(AgencyId, CommandId), IwolReply>.Empty;

    public bool Exists => Version > 0;

    public bool OwesList => Published < Changes;

    /// <summary>The list has yet to be told, or a report.</summary>
    public bool Owes => OwesList || (Changes > 0 && Evidence.Any(e => e.Told < Published));
}

/// <summary>Which attestations it takes.</summary>
/// <param name="Countries">Different countries, at least.</param>
/// <param name="Agencies">Different agencies, at least.</param>
/// <param name="ReviewDays">A listed domain is looked at again within so many days.</param>
public sealed record IwolPolicy(int Countries = 2, int Agencies = 2, int ReviewDays = IwolLimits.ReviewDays);

/// <summary>Figures of the list.</summary>
public static class IwolLimits
{
    /// <summary>Days within which a listed domain is looked at again.</summary>
    public const int ReviewDays = 90;

    /// <summary>What an officer saw longer ago than this says nothing of today.</summary>
    public const int SeenDays = 90;

    /// <summary>Items that speak for one domain, of one agency and of all.</summary>
    public const int EvidenceOfAgency = 100;
    public const int Evidence = 2_000;

    /// <summary>Lines of words of one agency on one domain, until INTERPOL decides on it the next time: what it says itself always has room.</summary>
    public const int NotesOfAgency = 20;

    /// <summary>Rules of a public suffix list by which domains are listed: a short one would take a country's second level for somebody's domain.</summary>
    public const int SuffixRules = 5_000;
}
