using System.ComponentModel.DataAnnotations;

namespace CPort.Api.Reports;

/// <summary>An item of the report in the path, and the version the caller saw of it.</summary>
public sealed record ItemTargetBody
{
    /// <summary>The ordinal, from 1. Required.</summary>
    [Required]
    public int? Item { get; init; }

    /// <summary>When given, the command is refused (412) for an item that has changed since.</summary>
    public int? ExpectedVersion { get; init; }
}

/// <summary>Items added to a report, at most 200 at a time.</summary>
public sealed record AddItemsBody : ILongBody
{
    [Required]
    public List<UrlEntryBody?>? Urls { get; init; }
}

/// <summary>Corrections by the reporting hotline; only fields that are given change. Null or an empty text takes a text away.</summary>
public sealed record AmendBody
{
    public DateValue? HotlineReceivedDate { get; init; }
    public ClearableText? SourceUrlReferrer { get; init; }
    public ClearableText? SourceUrlUsername { get; init; }
    public ClearableText? SourceUrlPassword { get; init; }
    public ClearableText? Memo { get; init; }
    public ClearableText? ReportingAnalystName { get; init; }
}

public sealed record WithdrawBody
{
    public string? Reason { get; init; }

    /// <summary>The number of items that the answer before said will change. Left out: only count.</summary>
    public int? Confirm { get; init; }
}

public sealed record UrgentBody
{
    /// <summary>Required.</summary>
    [Required]
    public bool? Urgent { get; init; }
}

/// <summary>Facts about the site; only those that are given change. An empty list of payment methods clears it.</summary>
public sealed record SiteFactsBody
{
    public CodeValue? SourceUrlSiteType { get; init; }
    public CodeValue? SourceUrlCommerciality { get; init; }
    public List<CodeValue?>? SourceUrlPaymentMethods { get; init; }
}

public sealed record MemoBody
{
    /// <summary>Required.</summary>
    [Required]
    public string? Text { get; init; }

    /// <summary>The ordinal of the item it is about; left out: the report.</summary>
    public int? Item { get; init; }
}

public sealed record AssignBody
{
    [Required]
    public List<ItemTargetBody?>? Items { get; init; }

    /// <summary>The hotline's agency id. Required.</summary>
    [Required]
    public string? Hotline { get; init; }
}

public sealed record ClaimBody
{
    [Required]
    public List<ItemTargetBody?>? Items { get; init; }

    /// <summary>1 to 1,440; left out: 30.</summary>
    public int? Minutes { get; init; }
}

public sealed record ItemsBody
{
    [Required]
    public List<ItemTargetBody?>? Items { get; init; }
}

public sealed record AssessBody
{
    [Required]
    public List<ItemTargetBody?>? Items { get; init; }
    [Required]
    public AssessmentBody? Assessment { get; init; }
}

public sealed record CorrectBody
{
    /// <summary>The item's ordinal. Required.</summary>
    [Required]
    public int? Item { get; init; }
    public int? ExpectedVersion { get; init; }
    [Required]
    public AssessmentBody? Assessment { get; init; }
    public string? Why { get; init; }

    /// <summary>Which of one's own, by its id in the item's answer; left out: the last.</summary>
    public int? AssessmentId { get; init; }

    /// <summary>The number of items that the answer before said will change. Left out: only count.</summary>
    public int? Confirm { get; init; }
}

public sealed record ObjectBody
{
    [Required]
    public List<ItemTargetBody?>? Items { get; init; }

    /// <summary>The reason. Required.</summary>
    [Required]
    public string? Why { get; init; }
    public string? ObjectingAnalystName { get; init; }
}

public sealed record ReopenBody
{
    /// <summary>The item's ordinal. Required.</summary>
    [Required]
    public int? Item { get; init; }
    public int? ExpectedVersion { get; init; }
    public string? Why { get; init; }
}

public sealed record ActBody
{
    [Required]
    public List<ItemTargetBody?>? Items { get; init; }
    [Required]
    public ActionBody? Action { get; init; }
}

public sealed record HostingBody
{
    [Required]
    public List<ItemTargetBody?>? Items { get; init; }
    public string? HostingCountryCode { get; init; }
    public string? HostingIpAddress { get; init; }
    public string? HostingIsp { get; init; }
    public HostingOrganizationBody? HostingOrganization { get; init; }
}

public sealed record MoveBody
{
    [Required]
    public List<ItemTargetBody?>? Items { get; init; }

    /// <summary>Required.</summary>
    [Required]
    public string? CountryCode { get; init; }
}

public sealed record ItemBody
{
    /// <summary>The item's ordinal. Required.</summary>
    [Required]
    public int? Item { get; init; }
    public int? ExpectedVersion { get; init; }
}

public sealed record ReferenceBody
{
    /// <summary>Required.</summary>
    [Required]
    public string? AssignedHotlineReference { get; init; }
    public int? ExpectedVersion { get; init; }
}
