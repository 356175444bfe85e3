using static CPort.Domain.Agencies.AgencyRules;

namespace CPort.Domain.Agencies.Verbs;

/// <summary>
/// Says how a hotline's own system comes in at the ICCAM façade and how it writes. It works as one of the agency's keys; how it comes in needs the same consent
/// as a key, and until that is given what was set before goes on.
/// </summary>
[ProtoContract, Manifest("ac30")]
public sealed record SetIccamAccess : IAgencyCommand
{
    [ProtoMember(1)] public required CommandContext Context { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }

    /// <summary>Without a password's hash the present one stays; <see cref="IccamAccess.Credentials"/> is given by the registry.</summary>
    [ProtoMember(3)] public required IccamAccess Access { get; init; }

    Type IAgencyCommand.Makes => typeof(IccamAccessSet);

    Deed IAgencyCommand.Deed => Deed.IssueKeys;

    bool IAgencyCommand.OfOwnAgency => true;

    AgencyDecision IAgencyCommand.Decide(AgencyRegistry state, EventMeta meta, KeyCandidate? candidate)
    {
        var agency = state.Agencies[Agency];
        var present = agency.Iccam;
        var wanted = Access with
        {
            UserName = IccamPassword.Plain(Access.UserName), PasswordHash = Access.PasswordHash ?? present?.PasswordHash,
            CertificateThumbprint = Access.CertificateThumbprint?.ToLowerInvariant(),
        };
        if (Fault(agency, wanted) is { } fault)
        {
            return Reject(AgencyRejection.InvalidIccamAccess, fault);
        }

        if (KeyOf(state, this, wanted.KeyId) is not { } key)
        {
            return Reject(AgencyRejection.UnknownKey, $"Agency '{Agency}' has no such key.");
        }

        if (!key.IsValidAt(meta.RecordedAt) || key.Owner is not null || (key.Roles & (Roles.Analyst | Roles.Machine)) == Roles.None)
        {
            return Reject(AgencyRejection.InvalidIccamAccess, "keyId: a key of the agency's own that works, with the role analyst or machine.");
        }

        if (state.Agencies.Values.Any(a => a.Id != Agency && (a.Iccam?.UserName == wanted.UserName || a.IccamWaiting?.UserName == wanted.UserName)))
        {
            return Reject(AgencyRejection.IccamUserTaken, "Another agency's system signs in by this user name.");
        }

        var likeBefore = present?.ComesInLike(wanted) == true;
        wanted = wanted with { Credentials = likeBefore ? present!.Credentials : state.Version + 1 };
        return likeBefore && agency.IccamWaiting is null && wanted with { SetBy = present!.SetBy } == present ? Unchanged
            : Accept(new IccamAccessSet
            {
                Meta = meta, Agency = Agency, Access = wanted, AwaitsConsent = !likeBefore && NeedsConsent(state, this, key.Tenant),
            });
    }

    private static string? Fault(Agency agency, IccamAccess wanted)
    {
        static bool IsLine(string? text, int longest) => text is { Length: > 0 } && text.Length <= longest && !text.Any(char.IsControl);
        return agency.Kind != AgencyKind.Hotline ? "Only a hotline's system comes in as ICCAM's clients do."
            : !IsLine(wanted.UserName, IccamAccess.MaxUserNameLength) ? $"userName: 1 to {IccamAccess.MaxUserNameLength} characters, no control characters."
            : !IsLine(wanted.AnalystName, MaxNameLength) ? $"analystName: 1 to {MaxNameLength} characters, no control characters."
            : wanted.CountrySpelling is { } spelling && !IsLine(spelling, IccamAccess.MaxSpellingLength)
                ? $"countrySpelling: at most {IccamAccess.MaxSpellingLength} characters, no control characters."
            : wanted.CertificateThumbprint is { } print && (print.Length != IccamAccess.ThumbprintLength || !print.All(char.IsAsciiHexDigit))
                ? "certificate: the SHA-256 of the client certificate, 64 hexadecimal digits."
            : wanted is { PasswordHash: null, CertificateThumbprint: null } ? "A password or the SHA-256 of a client certificate is needed."
            : wanted.TimeZone is { } zone && !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _)
                ? "timeZone: a name of the time zone database, for example Europe/Amsterdam."
            : null;
    }
}

/// <summary>How a hotline's system comes in and writes; how it comes in counts once somebody else has agreed, where that is needed.</summary>
[ProtoContract, Manifest("ae30")]
public sealed record IccamAccessSet : IAgencyEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required IccamAccess Access { get; init; }
    [ProtoMember(4)] public bool AwaitsConsent { get; init; }

    string? IAgencyEvent.OfKey => Access.KeyId;

    public AgencyRegistry Apply(AgencyRegistry state)
    {
        var (agency, access) = (state.Agencies[Agency], Access with { SetBy = Meta.KeyId });
        return state.With(AwaitsConsent ? agency with { IccamWaiting = access } : agency with { Iccam = access, IccamWaiting = null });
    }
}
