namespace CPort.Domain.Access;

/// <summary>
/// Who is asking: the agency, the key or person, its roles and the purpose given. Made by the API from the key alone, carried by every command and query; the
/// rules decide with it.
/// </summary>
[ProtoContract]
public sealed record Caller
{
    [ProtoMember(1)] public required AgencyId Agency { get; init; }
    [ProtoMember(2)] public required AgencyKind Kind { get; init; }
    [ProtoMember(3)] public required Roles Roles { get; init; }

    /// <summary>The public part of the API key, or a person's id; never the secret.</summary>
    [ProtoMember(4)] public required string KeyId { get; init; }

    /// <summary>The countries the agency works for today (many to many, by validity dates).</summary>
    [ProtoMember(5)] public ImmutableArray<Country> Countries { get; init; } = [];

    /// <summary>A hotline mandated to take orphans (domain.md 1.3).</summary>
    [ProtoMember(6)] public bool HoldsOrphanMandate { get; init; }

    /// <summary>Why the caller looks; police must give one.</summary>
    [ProtoMember(7)] public string? Purpose { get; init; }

    [ProtoMember(8)] public TrustLevel Trust { get; init; } = TrustLevel.Standard;

    [ProtoMember(9)] public Tenant Tenant { get; init; }

    /// <summary>
    /// The country by whose law the agency judges when nothing names another: a field of the agency (<c>Agency.PrimaryCountry</c>). Of an agency with one
    /// country that one; null when it works for none.
    /// </summary>
    [ProtoMember(10)] public Country? PrimaryCountry
    {
        get => field ?? (Countries is [var only] ? only : null);
        init;
    }

    /// <summary>The person who is signed in; null for a key. Then <see cref="KeyId"/> is this id, so that claims and events are one person's.</summary>
    [ProtoMember(11)] public PersonId? Person { get; init; }

    /// <summary>Of police: the national bureau of the countries it works for, which confirms their people.</summary>
    [ProtoMember(12)] public bool IsNationalBureau { get; init; }

    /// <summary>
    /// Of a national bureau: the police agencies of its countries, whose holds, questions and feedback it is part of; of other countries' police it is not.
    /// </summary>
    [ProtoMember(20)] public ImmutableArray<AgencyId> LooksAfter { get; init; } = [];

    /// <summary>Of a key that is one person's own: that person.</summary>
    [ProtoMember(13)] public PersonId? Owner { get; init; }

    /// <summary>It is known which person it is: signed in, or by a key of their own.</summary>
    public bool NamesPerson => Person is not null || Owner is not null;

    /// <summary>Whose hand it is: one person's, signed in and by a key of their own alike; else the key's.</summary>
    public string Hand => (Person ?? Owner)?.Value ?? KeyId;

    /// <summary>The law that an opinion follows which names none: the item's assigned country's when the agency serves it, else the primary one's.</summary>
    public Country? LawFor(Country? assigned = null) => WorksFor(assigned) ? assigned : PrimaryCountry;

    /// <summary>
    /// The agency speaks for the country today, so that a word by its law is the country's own (verdicts.md 1): a hotline or national police that is a member
    /// of it. Everybody else who names a country only reports what is said there.
    /// </summary>
    public bool SpeaksFor(Country? law) => Speaking.May(Kind) && WorksFor(law);

    public bool WorksFor(Country? country) => country is { } c && Countries.Contains(c);

    public bool Is(Roles role) => (Roles & role) != 0;

    /// <summary>CPort's own hand: automatic tracing, matching, routing and waking.</summary>
    public static readonly Caller System = new()
    {
        Agency = AgencyId.Parse("cport"), Kind = AgencyKind.System, Roles = Roles.Machine, KeyId = "system",
        Trust = TrustLevel.Trusted,
    };
}
