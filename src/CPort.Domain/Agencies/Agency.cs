using System.Net;
using CPort.Domain.Agencies.Verbs;

namespace CPort.Domain.Agencies;

/// <summary>
/// An agency works for a country from one day to another, both inclusive, UTC days. Many to many: one hotline can serve several countries and one country can
/// have several hotlines (design.md, "country").
/// </summary>
[ProtoContract]
public sealed record Membership
{
    [ProtoMember(1)] public required Country Country { get; init; }

    /// <summary>First day the membership holds.</summary>
    [ProtoMember(2)] public required DateOnly From { get; init; }

    /// <summary>Last day the membership holds; null while no end is known.</summary>
    [ProtoMember(3)] public DateOnly? To { get; init; }

    public bool HoldsOn(DateOnly day) => From <= day && (To is null || day <= To);
}

/// <summary>One agency as it stands now.</summary>
public sealed record Agency
{
    public required AgencyId Id { get; init; }

    /// <summary>Its name for people, 1 to 200 characters.</summary>
    public required string Name { get; init; }
    public required AgencyKind Kind { get; init; }

    /// <summary>Ordered by country and first day; memberships of one country never overlap.</summary>
    public ImmutableArray<Membership> Memberships { get; init; } = [];

    /// <summary>
    /// By whose law the agency judges when nothing names another, and for which country it takes an orphan: one that it has a membership of. Null when it has
    /// none.
    /// </summary>
    public Country? PrimaryCountry { get; init; }

    /// <summary>May take orphans and assign them to itself (domain.md 1.3); hotlines only.</summary>
    public bool HoldsOrphanMandate { get; init; }

    /// <summary>The national bureau of the countries it works for: police only, one a country. It confirms the people of their police.</summary>
    public bool IsNationalBureau { get; init; }
    public TrustLevel Trust { get; init; } = TrustLevel.Standard;

    /// <summary>
    /// How far its words are believed, earlier and later ones. A closed agency's are one standard judge's at most: alone a word decides only while somebody
    /// answers for it and can take it back. <see cref="Trust"/> can be lowered further, also of a closed one.
    /// </summary>
    public TrustLevel PresentTrust => !Active && Trust == TrustLevel.Trusted ? TrustLevel.Standard : Trust;

    /// <summary>What it has looked at twice.</summary>
    public SecondLookPolicy SecondLooks { get; init; } = SecondLookPolicy.Off;

    /// <summary>After so many minutes without an acknowledgement its managers are told of an alert by mail; 0: they are not.</summary>
    public int ManagersAfter { get; init; } = EscalationLimits.UsualManagersAfter;

    /// <summary>The number ICCAM knows the hotline by (domain.md 1.6), positive, unique among active agencies.</summary>
    public int? IccamHotlineNumber { get; init; }

    /// <summary>How its own system comes in at the ICCAM façade; null: it does not.</summary>
    public IccamAccess? Iccam { get; init; }

    /// <summary>What was set instead and waits for somebody else's consent.</summary>
    public IccamAccess? IccamWaiting { get; init; }

    /// <summary>An inactive agency's keys do not authenticate, and nothing is assigned to it.</summary>
    public bool Active { get; init; } = true;

    /// <summary>It has, or had, a live key or a person who signed in: somebody there sees what it may see, and can be asked.</summary>
    public bool CameIn { get; init; }
    public required DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Who speaks for the agency on that day: what follows from the agency alone; purpose, tenant and person are added.</summary>
    public Caller CallerOn(DateOnly day, Roles roles, string keyId) => new()
    {
        Agency = Id, Kind = Kind, Roles = roles, KeyId = keyId, Countries = CountriesOn(day), PrimaryCountry = PrimaryCountryOn(day),
        HoldsOrphanMandate = HoldsOrphanMandate, IsNationalBureau = IsNationalBureau, Trust = Trust,
    };

    public bool WorksFor(Country country, DateOnly day) => Memberships.Any(m => m.Country == country && m.HoldsOn(day));

    /// <summary>The primary country on a day: while its membership does not hold, the first of those that do.</summary>
    public Country? PrimaryCountryOn(DateOnly day) =>
        PrimaryCountry is { } primary && WorksFor(primary, day) ? primary : CountriesOn(day) is [var first, ..] ? first : null;

    /// <summary>
    /// The agency speaks for the country on the day, so that a word by its law is the country's own (verdicts.md 1). Of a caller:
    /// <see cref="Caller.SpeaksFor"/>.
    /// </summary>
    public bool SpeaksFor(Country? law, DateOnly day) => Speaking.May(Kind) && law is { } country && WorksFor(country, day);

    /// <summary>The countries it works for on a day, each once, in order.</summary>
    public ImmutableArray<Country> CountriesOn(DateOnly day) => [.. Memberships.Where(m => m.HoldsOn(day)).Select(m => m.Country).Distinct()];
}

/// <summary>One API key as it stands now: who it speaks for and how long, and a hash of its secret. The secret itself is nowhere.</summary>
public sealed record ApiKeyRecord
{
    /// <summary>The public part, see <see cref="ApiKey"/>; stands in events and logs.</summary>
    public required string KeyId { get; init; }
    public required AgencyId Agency { get; init; }

    /// <summary>SHA-256 of the secret, 64 lower-case hex digits. A plain hash is enough: the secret is 256 random bits, not a password.</summary>
    public required string SecretHash { get; init; }
    public required Roles Roles { get; init; }
    public required Tenant Tenant { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>First instant it no longer works; null: until revoked.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>The key that a rotation put in its place.</summary>
    public string? ReplacedBy { get; init; }

    /// <summary>How long the key that it replaces works on beside it; null: it replaces none.</summary>
    public TimeSpan? Grace { get; init; }

    /// <summary>The key that had it made.</summary>
    public string? IssuedBy { get; init; }

    /// <summary>It does not work before somebody else has agreed to it (<see cref="Verbs.ApproveKey"/>).</summary>
    public bool AwaitsConsent { get; init; }

    /// <summary>The key or person that agreed.</summary>
    public string? ApprovedBy { get; init; }

    /// <summary>The person whose own it is: with them it ends, and it has no role that they lack. Null: the agency's.</summary>
    public PersonId? Owner { get; init; }

    /// <summary>The networks that it may come from; none: anywhere.</summary>
    public ImmutableArray<IPNetwork> Networks { get; init; } = [];

    /// <summary>What was set instead and waits for somebody else's consent.</summary>
    public WaitingNetworks? NetworksWaiting { get; init; }

    public bool IsValidAt(DateTimeOffset now) => !AwaitsConsent && IsKeptAt(now);

    /// <summary>Neither revoked nor expired, whether it works yet or not.</summary>
    public bool IsKeptAt(DateTimeOffset now) => RevokedAt is null && (ExpiresAt is null || now < ExpiresAt);

    public override string ToString() => $"ApiKeyRecord({KeyId})";
}

/// <summary>A command that took effect and may come again: what it did, so that the repeat gets the same answer.</summary>
/// <param name="Id">Given by who sent it.</param>
/// <param name="Made">The event it led to.</param>
/// <param name="Agency">The agency that it changed.</param>
/// <param name="KeyId">The key that it is about.</param>
/// <param name="Version">The registry's, after it.</param>
/// <param name="Digest">Of the request that brought it (<see cref="CommandContext.Digest"/>); 0: none was made.</param>
/// <param name="Change">The proposed change that it made or was about.</param>
public sealed record RecentCommand(CommandId Id, Type Made, AgencyId Agency, string? KeyId, long Version, ulong Digest, long? Change = null);

/// <summary>The state of the registry: every agency and key. Built by <see cref="AgencyRules.Apply"/> from events alone.</summary>
public sealed record AgencyRegistry
{
    /// <summary>How many commands are remembered; an older one that is sent again is decided anew.</summary>
    public const int RememberedCommands = 1_000;

    public static readonly AgencyRegistry Empty = new();

    public ImmutableDictionary<AgencyId, Agency> Agencies { get; init; } = ImmutableDictionary<AgencyId, Agency>.Empty;

    /// <summary>By key id, also revoked and expired ones: a key id is never given out again.</summary>
    public ImmutableDictionary<string, ApiKeyRecord> Keys { get; init; } = ImmutableDictionary.Create<string, ApiKeyRecord>(StringComparer.Ordinal);

    /// <summary>By number: changes that wait for consent, and the last that were decided.</summary>
    public ImmutableSortedDictionary<long, ProposedChange> Changes { get; init; } = ImmutableSortedDictionary<long, ProposedChange>.Empty;

    /// <summary>
    /// Which agency has ever served which country and seen it; only ever grows, so that no closing and no taking away of a country makes it one that nobody is
    /// asked about.
    /// </summary>
    public ImmutableHashSet<(Country Country, AgencyId Agency)> Served { get; init; } = [];

    /// <summary>Events applied so far: the sequence number of the last one in the journal.</summary>
    public long Version { get; init; }

    /// <summary>The training that goes on: what keys for training are for.</summary>
    public Tenant Training { get; init; } = Tenant.Training;

    /// <summary>What training held when the last commands emptied it.</summary>
    public ReplayMemory<CommandId, TrainingHolds> Emptied { get; init; } = ReplayMemory<CommandId, TrainingHolds>.Empty;

    internal ReplayMemory<CommandId, RecentCommand> Recent { get; init; } = ReplayMemory<CommandId, RecentCommand>.Empty;

    internal AgencyRegistry With(Agency agency) => this with { Agencies = Agencies.SetItem(agency.Id, agency) };

    internal AgencyRegistry With(ApiKeyRecord key) => this with { Keys = Keys.SetItem(key.KeyId, key) };
}
