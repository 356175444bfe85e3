using System.ComponentModel.DataAnnotations;

namespace CPort.Api.Reading;

/// <summary>The network that hosts.</summary>
public sealed record HostingOrganizationBody
{
    public uint? AutonomousSystemNumber { get; init; }
    public string? OrganizationName { get; init; }
    public FlagValue? IsContentDeliveryNetwork { get; init; }
}

/// <summary>An opinion of an item.</summary>
public sealed record AssessmentBody
{
    public string? AssessingAnalystName { get; init; }

    /// <summary>One of the classifications listed above. Required, unless a category says it.</summary>
    public CodeValue? Classification { get; init; }

    /// <summary>What was chosen in another scheme than ICCAM's; the classification follows from it.</summary>
    public CategoryBody? Category { get; init; }
    public CodeValue? AgeCategorization { get; init; }
    public CodeValue? GenderCategorization { get; init; }
    public FlagValue? VirtualContentCategorization { get; init; }
    public FlagValue? UserGeneratedContentCategorization { get; init; }
    public FlagValue? ChildModelingCategorization { get; init; }
}

/// <summary>A category, never a bare number: its scheme, the scheme's version and the country whose law it follows say what the code means.</summary>
public sealed record CategoryBody
{
    /// <summary>Required.</summary>
    [Required]
    public string? Scheme { get; init; }

    /// <summary>Required.</summary>
    [Required]
    public string? Version { get; init; }

    /// <summary>Left out: no country's.</summary>
    public string? CountryCode { get; init; }

    /// <summary>Required.</summary>
    [Required]
    public string? Code { get; init; }
}

/// <summary>Something done about an item.</summary>
public sealed record ActionBody
{
    /// <summary>One of the action types listed above. Required.</summary>
    [Required]
    public CodeValue? ActionType { get; init; }
    public string? ActioningAnalystName { get; init; }

    /// <summary>When it was done; ISO 8601, UTC. Required in a report; left out in a command: now.</summary>
    public DateValue? ActionDate { get; init; }

    /// <summary>One of the action reasons listed above; only for actions that take one, and required there.</summary>
    public CodeValue? ReasonId { get; init; }
    public string? ReasonText { get; init; }
}

/// <summary>Hashes of the media behind a URL: hexadecimal, or the base64 and base32 forms that lists use.</summary>
public sealed record HashesBody : HashTexts
{
    /// <summary>Bytes.</summary>
    public long? MediaSize { get; init; }
    public string? MimeType { get; init; }
}

/// <summary>One hash.</summary>
public sealed record HashBody
{
    /// <summary>As answers name it, in either case. Required.</summary>
    [Required]
    public string? Algorithm { get; init; }

    /// <summary>Hexadecimal, or the base32 and base64 forms that lists use. Required.</summary>
    [Required]
    public string? Value { get; init; }

    /// <summary>Of a PDQ value, 0 to 100; below the installation's floor (50 unless configured) it is not searched near.</summary>
    public int? Quality { get; init; }
}
