namespace CPort.Iccam.Contracts;

// What clients of ICCAM's API v3 send. Texts may come as numbers, lists as one number, codes and flags as texts: IccamJson reads all of it, and unknown keys
// are passed over. Null is "not given", as are "" and, of the codes of a page, 0.

/// <summary><c>POST Authentication</c>.</summary>
public sealed record LoginRequest
{
    public string? Username { get; init; }
    public string? Password { get; init; }

    public override string ToString() => nameof(LoginRequest);
}

/// <summary><c>POST Authentication/refresh</c>.</summary>
public sealed record RefreshRequest
{
    public string? BearerToken { get; init; }
    public string? RefreshToken { get; init; }

    public override string ToString() => nameof(RefreshRequest);
}

/// <summary><c>POST rest/reports</c>.</summary>
public sealed record ReportRequest
{
    public string? ReportingAnalystName { get; init; }

    /// <summary>When the public reported; 1970 when that is not known.</summary>
    public string? HotlineReceivedDate { get; init; }

    /// <summary>File number and local minute: another one with every attempt.</summary>
    public string? HotlineReference { get; init; }
    public string? Memo { get; init; }
    public List<UrlRequest?>? Urls { get; init; }
    public string? SourceUrlUsername { get; init; }
    public string? SourceUrlPassword { get; init; }
    public string? SourceUrlReferrer { get; init; }
    public int? SourceUrlSiteType { get; init; }
    public int? SourceUrlCommerciality { get; init; }
    public List<int>? SourceUrlPaymentMethods { get; init; }
}

/// <summary>One URL of a report.</summary>
public sealed record UrlRequest
{
    public string? UrlString { get; init; }
    public string? HotlineReference { get; init; }

    /// <summary>Whatever the client's whois said.</summary>
    public string? HostingCountryCode { get; init; }
    public string? HostingIpAddress { get; init; }
    public string? HostingIsp { get; init; }
    public OrganizationRequest? HostingOrganization { get; init; }
    public bool? IsSourceUrl { get; init; }
    public string? Memo { get; init; }
    public int? ContentType { get; init; }
    public AssessmentRequest? Assessment { get; init; }
    public List<ActionRequest?>? Actions { get; init; }
}

public sealed record OrganizationRequest
{
    public string? OrganizationName { get; init; }
}

/// <summary>An assessment, in a report and by <c>PUT rest/Content/{id}/assessment</c>.</summary>
public sealed record AssessmentRequest
{
    public string? AssessingAnalystName { get; init; }
    public int? Classification { get; init; }
    public int? AgeCategorization { get; init; }
    public int? GenderCategorization { get; init; }
    public bool? VirtualContentCategorization { get; init; }
    public bool? UserGeneratedContentCategorization { get; init; }
    public bool? ChildModelingCategorization { get; init; }
}

/// <summary><c>POST rest/Content/{id}/actions</c>.</summary>
public sealed record ActionRequest
{
    public int? ActionType { get; init; }
    public string? ActioningAnalystName { get; init; }
    public string? ActionDate { get; init; }
    public int? ReasonId { get; init; }
    public string? ReasonText { get; init; }
}
