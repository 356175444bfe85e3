namespace CPort.Iccam.Contracts;

// What clients of ICCAM's API v3 read. Every property is written, also when it is null: reading one that is not there ends a PHP client.

/// <summary>The answer to a sign-in and a refresh.</summary>
/// <param name="BearerToken">Goes into <c>Authorization: Bearer</c>.</param>
/// <param name="RefreshToken">Gives a new one.</param>
/// <param name="BearerTokenExpiresIn">Seconds.</param>
public sealed record TokenAnswer(string BearerToken, string RefreshToken, long BearerTokenExpiresIn)
{
    public override string ToString() => nameof(TokenAnswer);
}

/// <summary><c>GET Authentication/userinfo</c>.</summary>
public sealed record UserAnswer(bool IsAuthenticated, ClaimsAnswer? ExposedClaims);

/// <param name="Name">The user name.</param>
/// <param name="Exp">When the token ends, seconds since 1970.</param>
public sealed record ClaimsAnswer(string Name, long Exp);

/// <summary>A row of a list of codes.</summary>
public sealed record EntityRow(int Id, string Name);

/// <summary>A row of <c>rest/action-types</c>; <see cref="Id"/> goes first where it is there.</summary>
public sealed record ActionTypeRow(int Id, int Type, string Name);

public sealed record CountryRow(int Id, string Code, string Name);

/// <param name="Id">The number ICCAM knows the hotline by, or one that CPort made up.</param>
/// <param name="CountryCodes">As the reader writes them.</param>
public sealed record HotlineRow(int Id, string Name, IReadOnlyList<string> CountryCodes);

/// <summary>A row of a queue.</summary>
public sealed record QueueRow
{
    public required long ReportId { get; init; }
    public required long ContentId { get; init; }
    public string? AssignedCountryCode { get; init; }
    public DateTimeOffset? CountryAssignmentDate { get; init; }
    public DateTimeOffset? HotlineAssignmentDate { get; init; }
}

/// <summary><c>GET rest/Content/{id}</c>.</summary>
public sealed record ContentAnswer
{
    public required long ContentId { get; init; }
    public required long ReportId { get; init; }
    public required ContentUrl Url { get; init; }

    /// <summary>Null: nobody's, or not told.</summary>
    public string? AssignedCountryCode { get; init; }
    public DateTimeOffset? CountryAssignmentDate { get; init; }
    public DateTimeOffset? HotlineAssignmentDate { get; init; }
    public string? Memo { get; init; }

    /// <summary>The caller's own reference.</summary>
    public string? HotlineReference { get; init; }
    public int? ContentType { get; init; }
    public string? State { get; init; }

    /// <summary>Oldest first; the last is what counts for the assigned country now. Never null.</summary>
    public required IReadOnlyList<ContentAssessment> Assessments { get; init; }

    /// <summary>Of the country that has it now. Never null.</summary>
    public required IReadOnlyList<ContentAction> Actions { get; init; }
}

/// <param name="UrlString">Byte for byte as it was posted.</param>
public sealed record ContentUrl(
    string? UrlString, bool IsSourceUrl, string? HostingCountryCode, string? HostingIpAddress, string? HostingIsp);

public sealed record ContentAssessment
{
    public required int Classification { get; init; }
    public int AgeCategorization { get; init; } = 1;
    public int GenderCategorization { get; init; } = 1;
    public int VirtualContentCategorization { get; init; }
    public int UserGeneratedContentCategorization { get; init; }
    public int ChildModelingCategorization { get; init; }

    /// <summary>Of the caller's own; of others' their agency.</summary>
    public string? AssessingAnalystName { get; init; }
    public DateTimeOffset? AssessmentDate { get; init; }
}

/// <param name="AnalystName">Of the caller's own; of others' their agency.</param>
public sealed record ContentAction(int ActionType, string AnalystName, DateTimeOffset ActionDate, int? ReasonId, string? ReasonText);

/// <summary><c>GET rest/Reports/{id}</c>.</summary>
public sealed record ReportAnswer
{
    public required long ReportId { get; init; }

    /// <summary>All that the caller sees of the report, and its page.</summary>
    public required IReadOnlyList<ReportContent> ReportContents { get; init; }
    public int? SourceUrlSiteType { get; init; }
    public int? SourceUrlCommerciality { get; init; }
    public IReadOnlyList<int>? SourceUrlPaymentMethods { get; init; }
    public string? Memo { get; init; }

    /// <summary>What the report calls <c>sourceUrlReferrer</c>.</summary>
    public string? ReferrerUrl { get; init; }
    public required int ReportingHotlineId { get; init; }

    /// <summary>To the reporting hotline.</summary>
    public string? ReportingAnalystName { get; init; }
    public string? HotlineReference { get; init; }
    public DateTimeOffset? HotlineReceivedDate { get; init; }
}

public sealed record ReportContent(long ContentId, string? UrlString, bool IsSourceUrl);

/// <summary>Every refusal: of it clients read <see cref="Errors"/>, by field.</summary>
public sealed record ErrorAnswer(string Type, string Title, int Status, IReadOnlyDictionary<string, string[]> Errors);
