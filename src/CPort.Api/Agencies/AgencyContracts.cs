using System.ComponentModel.DataAnnotations;
using CPort.Domain.Agencies;

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
}

public sealed record RotateKeyBody
{
    /// <summary>How long the old key still works, seconds; left out: 0, at most 30 days.</summary>
    public long? GraceSeconds { get; init; }
    public DateValue? ExpiresAt { get; init; }
}

/// <summary>An agency.</summary>
public sealed record AgencyAnswer
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required AgencyKind Kind { get; init; }

    /// <summary>The countries it works for today.</summary>
    public required IReadOnlyList<string> Countries { get; init; }

    /// <summary>By whose law it judges when nothing names another; absent when it works for no country.</summary>
    public string? PrimaryCountry { get; init; }
    public required IReadOnlyList<MembershipAnswer> Memberships { get; init; }
    public required bool HoldsOrphanMandate { get; init; }
    public required TrustLevel Trust { get; init; }
    public int? IccamHotlineNumber { get; init; }
    public required bool Active { get; init; }
    public required DateTimeOffset RegisteredAt { get; init; }
    public required IReadOnlyList<KeyAnswer> Keys { get; init; }

    public static AgencyAnswer Of(Agency agency, IEnumerable<ApiKeyRecord> keys, DateTimeOffset now) => new()
    {
        Id = agency.Id.Value, Name = agency.Name, Kind = agency.Kind, Countries = [.. agency.CountriesOn(AgencyDirectory.DayOf(now)).Select(c => c.Code)],
        PrimaryCountry = agency.PrimaryCountryOn(AgencyDirectory.DayOf(now))?.Code,
        Memberships = [.. agency.Memberships.Select(m => new MembershipAnswer(m.Country.Code, m.From, m.To))], HoldsOrphanMandate = agency.HoldsOrphanMandate,
        Trust = agency.Trust, IccamHotlineNumber = agency.IccamHotlineNumber, Active = agency.Active, RegisteredAt = agency.RegisteredAt,
        Keys = [.. keys.Select(k => KeyAnswer.Of(k, now))],
    };
}

public sealed record MembershipAnswer(string Country, DateOnly From, DateOnly? To);

/// <summary>A key without its secret, which is stored nowhere.</summary>
/// <param name="IssuedBy">The id of the key that had it made; <c>system</c> is CPort at its first start.</param>
/// <param name="AwaitsConsent">It does not work before the agency, or a second operator, has agreed to it (<c>:approve</c>).</param>
/// <param name="ApprovedBy">The id of the key that agreed.</param>
public sealed record KeyAnswer(
    string KeyId, IReadOnlyList<string> Roles, string Tenant, bool Valid, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt,
    string? ReplacedBy, string? IssuedBy, bool AwaitsConsent, string? ApprovedBy)
{
    public static KeyAnswer Of(ApiKeyRecord k, DateTimeOffset now) => new(
        k.KeyId, [.. Enum.GetValues<Roles>().Where(r => r != Domain.Identity.Roles.None && k.Roles.HasFlag(r)).Select(r => r.ToString())], k.Tenant.ToString(),
        k.IsValidAt(now), k.CreatedAt, k.ExpiresAt, k.RevokedAt, k.ReplacedBy, k.IssuedBy, k.AwaitsConsent, k.ApprovedBy);
}

public sealed record AgenciesAnswer(IReadOnlyList<AgencyAnswer> Agencies);

/// <summary>A new key.</summary>
/// <param name="ApiKey">The key, shown this once; absent when the command was a repeat: issue another.</param>
/// <param name="AwaitsConsent">True: it works once the agency, or a second operator, has agreed to it (<c>:approve</c>).</param>
public sealed record NewKeyAnswer(string Agency, string KeyId, string? ApiKey, bool? AwaitsConsent = null);
