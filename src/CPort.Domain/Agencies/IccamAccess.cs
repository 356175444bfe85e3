namespace CPort.Domain.Agencies;

/// <summary>
/// How a hotline's own system, written for ICCAM's API v3, comes in at the façade, and how it writes (docs/iccam.md). A row of its agency: who it is follows
/// from one of the agency's keys, so that it may what that key may, and ends with it.
/// </summary>
[ProtoContract]
public sealed record IccamAccess
{
    public const int MaxUserNameLength = 100;
    public const int MaxSpellingLength = 40;

    /// <summary>SHA-256 in hexadecimal.</summary>
    public const int ThumbprintLength = 64;

    /// <summary>What it signs in by, in the form of <see cref="IccamPassword.Plain"/>; unique among all agencies.</summary>
    [ProtoMember(1)] public required string UserName { get; init; }

    /// <summary>Of <see cref="IccamPassword.Hash"/>; null: the certificate suffices.</summary>
    [ProtoMember(2)] public string? PasswordHash { get; init; }

    /// <summary>
    /// SHA-256 of the one client certificate that it may show, 64 small hexadecimal digits; null: any that the listener's authorities have signed.
    /// </summary>
    [ProtoMember(3)] public string? CertificateThumbprint { get; init; }

    /// <summary>The agency's key as which it speaks.</summary>
    [ProtoMember(4)] public required string KeyId { get; init; }

    /// <summary>The analyst whose name stands where it gives none.</summary>
    [ProtoMember(5)] public required string AnalystName { get; init; }

    /// <summary>How it writes its own country (<c>UK</c>), and compares letter by letter; null: as ISO does.</summary>
    [ProtoMember(6)] public string? CountrySpelling { get; init; }

    /// <summary>
    /// The zone of its clock by its name in the time zone database (<c>Europe/Amsterdam</c>): east of Greenwich it sends local time that claims to be UTC.
    /// Null: its dates are what they say.
    /// </summary>
    [ProtoMember(7)] public string? TimeZone { get; init; }

    /// <summary>A date ahead of now is refused; else it is the moment of receipt.</summary>
    [ProtoMember(8)] public bool RefusesFutureDates { get; init; }

    /// <summary>The number of the registry's event that last changed how it comes in: tokens of before that do not work.</summary>
    [ProtoMember(9)] public long Credentials { get; init; }

    /// <summary>The key or person that had it set. Of the state; follows from the event.</summary>
    public string? SetBy { get; init; }

    /// <summary>Comes in the same way, whatever else it writes differently.</summary>
    internal bool ComesInLike(IccamAccess other) => UserName == other.UserName && PasswordHash == other.PasswordHash
        && CertificateThumbprint == other.CertificateThumbprint && KeyId == other.KeyId;

    public override string ToString() => $"IccamAccess({KeyId})";
}
