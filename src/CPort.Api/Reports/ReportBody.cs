using System.ComponentModel.DataAnnotations;
using CPort.Domain.Confidential;
using CPort.Domain.Routing;

namespace CPort.Api.Reports;

/// <summary>A report as ICCAM v3's <c>POST rest/reports</c> takes it, plus hashes for each URL entry and <c>urgent</c>. Null is "not given".</summary>
public sealed record ReportBody : IReportBody
{
    /// <summary>Name of the reporting analyst, at most 200 characters.</summary>
    public string? ReportingAnalystName { get; init; }

    /// <summary>When the public reported to the hotline. Required; ISO 8601, UTC.</summary>
    [Required]
    public DateValue? HotlineReceivedDate { get; init; }

    /// <summary>The hotline's own name for the report, unique for it. Required; the same reference again is a duplicate or a conflict.</summary>
    [Required]
    public string? HotlineReference { get; init; }
    public string? Memo { get; init; }

    /// <summary>User name for the page, if one is needed.</summary>
    public string? SourceUrlUsername { get; init; }

    /// <summary>Password for the page, if one is needed.</summary>
    public string? SourceUrlPassword { get; init; }

    /// <summary>The referrer that makes the page show its content.</summary>
    public string? SourceUrlReferrer { get; init; }
    public CodeValue? SourceUrlSiteType { get; init; }
    public CodeValue? SourceUrlCommerciality { get; init; }
    public List<CodeValue?>? SourceUrlPaymentMethods { get; init; }

    /// <summary>One entry for each content URL, the page itself included; 1 to 10,000. Required.</summary>
    [Required]
    public List<UrlEntryBody?>? Urls { get; init; }

    /// <summary>A child is at immediate risk: the report goes before everything.</summary>
    public bool? Urgent { get; init; }
}

/// <summary>One content URL of a report.</summary>
public sealed record UrlEntryBody
{
    /// <summary>The URL, kept exactly as given. Required; http, https or ftp, at most 4,096 characters.</summary>
    [Required]
    public string? UrlString { get; init; }

    /// <summary>The hotline's own name for the item.</summary>
    public string? HotlineReference { get; init; }

    /// <summary>ISO 3166-1 alpha-2, <c>UK</c> for <c>GB</c> included. Left out: CPort traces.</summary>
    public string? HostingCountryCode { get; init; }

    /// <summary>IPv4 or IPv6.</summary>
    public string? HostingIpAddress { get; init; }
    public string? HostingIsp { get; init; }
    public HostingOrganizationBody? HostingOrganization { get; init; }

    /// <summary>The page itself rather than something found on it.</summary>
    public FlagValue? IsSourceUrl { get; init; }
    public string? Memo { get; init; }

    /// <summary>1 media, 2 website; left out: a website for the source URL, else media.</summary>
    public CodeValue? ContentType { get; init; }
    public AssessmentBody? Assessment { get; init; }
    public List<ActionBody?>? Actions { get; init; }
    public HashesBody? Hashes { get; init; }

    /// <summary>What the entry says; null, and the errors are in <paramref name="fields"/>, when it has no URL that can be read.</summary>
    internal SubmittedItem? Read(FieldReader fields, UrlKeyMaker keys)
    {
        var url = fields.Url("urlString", UrlString);
        var reference = fields.Reference("hotlineReference", HotlineReference);
        var hosting = fields.Hosting(
            "", HostingCountryCode, HostingIpAddress, HostingIsp, HostingOrganization,
            HostingSource.Reported, HostingFacts.ReportedConfidence);
        var memo = fields.Text("memo", Memo);
        var isSource = IsSourceUrl is { IsSet: true };
        var type = fields.Code("contentType", CodeLists.ContentTypes, ContentType);
        var assessment = fields.Assessment("assessment", Assessment);
        var actions = ReadActions(fields, "actions", Actions);
        var (hashes, quality) = fields.Hashes("hashes", Hashes);
        var size = fields.Size("hashes.mediaSize", Hashes?.MediaSize);
        var mimeType = fields.Name("hashes.mimeType", Hashes?.MimeType);
        if (url is null)
        {
            return null;
        }

        return new SubmittedItem
        {
            Secrets = new ItemSecrets { Url = WebAddress.WithoutBreaks(UrlString!), Memo = memo },
            UrlKeys = keys.Of(url), Reference = reference, Hosting = hosting, IsSourceUrl = isSource,
            ContentType = type
                ?? (isSource ? Domain.CodeLists.ContentType.Website : Domain.CodeLists.ContentType.Media), Assessment = assessment, Actions = actions,
                Hashes = hashes,
            PdqQuality = quality, MediaSize = size, MimeType = mimeType,
        };
    }

    private static ImmutableArray<ActionInput> ReadActions(FieldReader fields, string at, List<ActionBody?>? bodies)
    {
        if (bodies is null)
        {
            return [];
        }

        if (bodies.Count > fields.Limits.ActionsPerItem)
        {
            fields.Add(at, ProblemCodes.TooMany, $"At most {fields.Limits.ActionsPerItem} actions come with an item.");
            return [];
        }

        var actions = ImmutableArray.CreateBuilder<ActionInput>(bodies.Count);
        for (var i = 0; i < bodies.Count; i++)
        {
            if (fields.Action($"{at}[{i}]", bodies[i], dateRequired: true) is { } action)
            {
                actions.Add(action);
            }
        }

        return actions.ToImmutable();
    }
}
