using System.ComponentModel.DataAnnotations;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.Audit;

namespace CPort.Api.Agencies;

/// <summary>A new agency.</summary>
public sealed record RegisterAgencyBody
{
    /// <summary>2 to 40 characters of a-z, 0-9 and hyphen; never changed. Required.</summary>
    [Required]
    public string? Id { get; init; }

    /// <summary>For people. Required.</summary>
    [Required]
    public string? Name { get; init; }

    /// <summary>Hotline, Police, Interpol, Provider, Operator or SupervisoryAuthority. Required.</summary>
    [Required]
    public string? Kind { get; init; }

    /// <summary>Countries it works for from today on; or <c>memberships</c> with dates.</summary>
    public List<string?>? Countries { get; init; }
    public List<MembershipBody?>? Memberships { get; init; }

    /// <summary>By whose law it judges when nothing names another; left out: the first of its countries.</summary>
    public string? PrimaryCountry { get; init; }
    public bool? HoldsOrphanMandate { get; init; }

    /// <summary>Standard (default), Trusted or Untrusted.</summary>
    public string? Trust { get; init; }

    /// <summary>The number ICCAM knows a hotline by.</summary>
    public int? IccamHotlineNumber { get; init; }
}

/// <summary>A country from one day to another, both included, UTC.</summary>
public sealed record MembershipBody
{
    /// <summary>Required.</summary>
    [Required]
    public string? Country { get; init; }

    /// <summary>Left out: today.</summary>
    public DateOnly? From { get; init; }
    public DateOnly? To { get; init; }
}

/// <summary>Changes of an agency; only fields that are given change.</summary>
public sealed record ChangeAgencyBody
{
    /// <summary>Replaces all memberships, from today on.</summary>
    public List<string?>? Countries { get; init; }

    /// <summary>Replaces all memberships.</summary>
    public List<MembershipBody?>? Memberships { get; init; }

    /// <summary>By whose law it judges when nothing names another.</summary>
    public string? PrimaryCountry { get; init; }
    public string? Trust { get; init; }
    public bool? HoldsOrphanMandate { get; init; }

    /// <summary>Police: confirms the people of its countries' police.</summary>
    public bool? IsNationalBureau { get; init; }

    /// <summary>Only <c>false</c>: closes the agency for good.</summary>
    public bool? Active { get; init; }
}

public sealed record IssueKeyBody
{
    /// <summary>Analyst, Officer, Operator, Auditor, Machine: one or more that the agency's kind allows. Required.</summary>
    [Required]
    public List<string?>? Roles { get; init; }

    /// <summary>Live (default) or Training.</summary>
    public string? Tenant { get; init; }

    /// <summary>ISO 8601, UTC; left out: until revoked.</summary>
    public DateValue? ExpiresAt { get; init; }

    /// <summary>
    /// The id of the person whose own key it is, of the agency's people: it never has more roles than that person has at the moment, and ends with them. Left
    /// out: the agency's.
    /// </summary>
    public string? Owner { get; init; }

    /// <summary>Networks that it may come from, at most 20, as <c>192.0.2.0/24</c>, <c>2001:db8::/32</c> or one address; left out: anywhere.</summary>
    public List<string?>? Networks { get; init; }
}

public sealed record RotateKeyBody
{
    /// <summary>How long the old key still works beside the new one, seconds: 3600 (an hour) to 2592000 (30 days); left out: a day.</summary>
    public long? GraceSeconds { get; init; }
    public DateValue? ExpiresAt { get; init; }
}

/// <summary>An agency.</summary>
public sealed record AgencyAnswer : IShowsData
{
    Shown IShowsData.What() => new([new AuditObject(AuditObjectKind.Agency, Id)], [.. ShownFields.Of(this)]);

    public required string Id { get; init; }
    public required string Name { get; init; }
    public required AgencyKind Kind { get; init; }

    /// <summary>The countries it works for today.</summary>
    public required IReadOnlyList<string> Countries { get; init; }

    /// <summary>By whose law it judges when nothing names another; absent when it works for no country.</summary>
    public string? PrimaryCountry { get; init; }
    public required IReadOnlyList<MembershipAnswer> Memberships { get; init; }
    public required bool HoldsOrphanMandate { get; init; }

    /// <summary>The national bureau of its countries; absent: it is none.</summary>
    public bool? IsNationalBureau { get; init; }
    public required TrustLevel Trust { get; init; }
    public int? IccamHotlineNumber { get; init; }
    public required bool Active { get; init; }
    public required DateTimeOffset RegisteredAt { get; init; }
    public required IReadOnlyList<KeyAnswer> Keys { get; init; }

    /// <summary>How its own system comes in at the ICCAM façade; absent: it does not.</summary>
    public IccamAccessAnswer? Iccam { get; init; }

    /// <summary>What was set instead and waits for somebody else's consent.</summary>
    public IccamAccessAnswer? IccamWaiting { get; init; }

    /// <summary>
    /// Changes that widen what an agency sees or how far it is believed, waiting for consent or decided, newest first: of this agency, and to the agency itself
    /// also those that concern it.
    /// </summary>
    public required IReadOnlyList<ChangeAnswer> Changes { get; init; }

    /// <summary>Who else sees items by its countries; to the agency itself.</summary>
    public IReadOnlyList<NeighbourAnswer>? Beside { get; init; }

    public static AgencyAnswer Of(AgencyDirectory directory, Agency agency, DateTimeOffset now, bool toItself = false) => Of(
        agency, directory.KeysOf(agency.Id), now,
        toItself ? directory.ChangesFor(agency, AgencyDirectory.DayOf(now)) : directory.Changes.Where(c => c.Agency == agency.Id),
        toItself ? directory.BesideIn(agency, AgencyDirectory.DayOf(now)) : null);

    private static AgencyAnswer Of(
        Agency agency, IEnumerable<ApiKeyRecord> keys, DateTimeOffset now, IEnumerable<ProposedChange> changes, IEnumerable<Agency>? beside) => new()
    {
        Id = agency.Id.Value, Name = agency.Name, Kind = agency.Kind, Countries = [.. agency.CountriesOn(AgencyDirectory.DayOf(now)).Select(c => c.Code)],
        PrimaryCountry = agency.PrimaryCountryOn(AgencyDirectory.DayOf(now))?.Code,
        Memberships = [.. agency.Memberships.Select(MembershipAnswer.Of)], HoldsOrphanMandate = agency.HoldsOrphanMandate,
        IsNationalBureau = agency.IsNationalBureau ? true : null,
        Trust = agency.Trust, IccamHotlineNumber = agency.IccamHotlineNumber, Active = agency.Active, RegisteredAt = agency.RegisteredAt,
        Keys = [.. keys.Select(k => KeyAnswer.Of(k, now))], Changes = [.. changes.Select(c => ChangeAnswer.From(c, now))],
        Beside = beside?.Select(a => NeighbourAnswer.Of(a, now)).ToList(), Iccam = IccamAccessAnswer.Of(agency.Iccam),
        IccamWaiting = IccamAccessAnswer.Of(agency.IccamWaiting),
    };
}

/// <summary>An agency that sees items by the same country.</summary>
/// <param name="CameIn">It has, or had, a live key.</param>
public sealed record NeighbourAnswer(string Id, string Name, AgencyKind Kind, IReadOnlyList<string> Countries, bool CameIn, DateTimeOffset RegisteredAt)
{
    public static NeighbourAnswer Of(Agency a, DateTimeOffset now) => new(
        a.Id.Value, a.Name, a.Kind, [.. a.CountriesOn(AgencyDirectory.DayOf(now)).Select(c => c.Code)], a.CameIn, a.RegisteredAt);
}

public enum ChangeState
{
    Open = 1,
    Made,
    Refused,

    /// <summary>Nobody answered in time.</summary>
    Lapsed,
}

/// <summary>What a change is of; its fields are what is wanted.</summary>
public enum ChangeOf
{
    Registration = 1,
    Memberships,
    Trust,
    Mandate,
}

/// <summary>A change that widens what an agency sees or how far it is believed, and waits for somebody else's consent, or was decided.</summary>
public sealed record ChangeAnswer
{
    public required long Number { get; init; }
    public required string Agency { get; init; }
    public required ChangeOf Of { get; init; }
    public required ChangeState State { get; init; }

    /// <summary>Countries whose agencies it concerns: each may agree for its own (<c>:approve</c>), or a second operator for all.</summary>
    public required IReadOnlyList<string> Concerns { get; init; }

    /// <summary>It concerns every agency: a second operator must agree.</summary>
    public required bool ConcernsEverybody { get; init; }

    /// <summary>Countries that have agreed.</summary>
    public required IReadOnlyList<string> AgreedFor { get; init; }

    /// <summary>Ids of the keys that agreed.</summary>
    public required IReadOnlyList<string> AgreedBy { get; init; }

    /// <summary>The id of the key that said no.</summary>
    public string? RefusedBy { get; init; }

    /// <summary>The id of the operator's key that wants it.</summary>
    public required string ProposedBy { get; init; }
    public required DateTimeOffset ProposedAt { get; init; }

    /// <summary>Until when it waits.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? DecidedAt { get; init; }

    /// <summary>Of a registration.</summary>
    public string? Name { get; init; }
    public AgencyKind? Kind { get; init; }

    /// <summary>All memberships that the agency would have.</summary>
    public IReadOnlyList<MembershipAnswer>? Memberships { get; init; }
    public TrustLevel? Trust { get; init; }
    public bool? HoldsOrphanMandate { get; init; }

    public static ChangeAnswer From(ProposedChange c, DateTimeOffset now)
    {
        var answer = new ChangeAnswer
        {
            Number = c.Number, Agency = c.Agency.Value, Of = default, Concerns = [.. c.Concerns.Countries.Select(x => x.Code)],
            State = c.RefusedBy is not null ? ChangeState.Refused : c.DecidedAt is not null ? ChangeState.Made
                : c.IsOpenAt(now) ? ChangeState.Open : ChangeState.Lapsed,
            ConcernsEverybody = c.Concerns.Everybody, AgreedFor = [.. c.AgreedFor.Select(x => x.Code)], AgreedBy = c.AgreedBy, RefusedBy = c.RefusedBy,
            ProposedBy = c.ProposedBy, ProposedAt = c.ProposedAt, ExpiresAt = c.ProposedAt + ProposedChange.Waits, DecidedAt = c.DecidedAt,
        };
        return c.Change switch
        {
            AgencyRegistered r => answer with
            {
                Of = ChangeOf.Registration, Name = r.Name, Kind = r.Kind, Memberships = Of(r.Memberships), Trust = r.Trust,
                HoldsOrphanMandate = r.HoldsOrphanMandate,
            },
            MembershipsChanged m => answer with { Of = ChangeOf.Memberships, Memberships = Of(m.Memberships) },
            TrustChanged t => answer with { Of = ChangeOf.Trust, Trust = t.Trust },
            MandateChanged m => answer with { Of = ChangeOf.Mandate, HoldsOrphanMandate = m.HoldsOrphanMandate },
            _ => throw new InvalidOperationException($"{c.Change.GetType().Name} has no place in an answer."),
        };

        static IReadOnlyList<MembershipAnswer> Of(IEnumerable<Membership> memberships) => [.. memberships.Select(MembershipAnswer.Of)];
    }
}

public sealed record MembershipAnswer(string Country, DateOnly From, DateOnly? To)
{
    public static MembershipAnswer Of(Membership m) => new(m.Country.Code, m.From, m.To);
}

/// <summary>A key without its secret, which is stored nowhere.</summary>
/// <param name="IssuedBy">The id of the key that had it made; <c>system</c> is CPort at its first start.</param>
/// <param name="AwaitsConsent">It does not work before the agency, or a second operator, has agreed to it (<c>:approve</c>).</param>
/// <param name="ApprovedBy">The id of the key or person that agreed.</param>
/// <param name="Owner">The id of the person whose own it is; absent: the agency's.</param>
/// <param name="Networks">The networks that it may come from; empty: anywhere.</param>
/// <param name="NetworksWaiting">What was set instead and waits for somebody else's consent.</param>
public sealed record KeyAnswer(
    string KeyId, IReadOnlyList<string> Roles, string Tenant, bool Valid, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt,
    string? ReplacedBy, string? IssuedBy, bool AwaitsConsent, string? ApprovedBy, string? Owner,
    IReadOnlyList<string> Networks, WaitingNetworksAnswer? NetworksWaiting = null)
{
    public static KeyAnswer Of(ApiKeyRecord k, DateTimeOffset now) => new(
        k.KeyId, [.. Enum.GetValues<Roles>().Where(r => r != Domain.Identity.Roles.None && k.Roles.HasFlag(r)).Select(r => r.ToString())], k.Tenant.ToString(),
        k.IsValidAt(now), k.CreatedAt, k.ExpiresAt, k.RevokedAt, k.ReplacedBy, k.IssuedBy, k.AwaitsConsent, k.ApprovedBy, k.Owner?.Value,
        KeyNetworks.Texts(k.Networks), WaitingNetworksAnswer.Of(k.NetworksWaiting));
}

/// <param name="Changes">All changes that wait for consent, and the last that were decided, newest first; also of agencies that are not registered yet.</param>
public sealed record AgenciesAnswer(IReadOnlyList<AgencyAnswer> Agencies, IReadOnlyList<ChangeAnswer> Changes) : IShowsData
{
    Shown IShowsData.What() => new(
        [.. Agencies.Select(a => new AuditObject(AuditObjectKind.Agency, a.Id))], [.. ShownFields.Of(Agencies)], Agencies.Count);

    public static AgenciesAnswer Of(AgencyDirectory directory, DateTimeOffset now) => new(
        [.. directory.Agencies.Select(a => AgencyAnswer.Of(directory, a, now))], [.. directory.Changes.Select(c => ChangeAnswer.From(c, now))]);
}

/// <summary>A new key.</summary>
/// <param name="ApiKey">The key, shown this once; absent when the command was a repeat: issue another.</param>
/// <param name="AwaitsConsent">True: it works once the agency, or a second operator, has agreed to it (<c>:approve</c>).</param>
public sealed record NewKeyAnswer(string Agency, string KeyId, string? ApiKey, bool? AwaitsConsent = null);
