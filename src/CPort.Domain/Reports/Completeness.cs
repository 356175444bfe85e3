using CPort.Domain.Hashes;

namespace CPort.Domain.Reports;

/// <summary>
/// How much of what police needs is there for an item: of seven fields, each given with the report or found by CPort. What a question was answered is added for
/// who asked alone: others cannot read it.
/// </summary>
public static class Completeness
{
    /// <summary>The fields that count, in the order in which they are told.</summary>
    public static readonly ImmutableArray<DataField> Fields =
    [
        DataField.Referrer, DataField.Access, DataField.UploadTime, DataField.HostingTrace, DataField.PageContext, DataField.SiteType, DataField.ExactHash,
    ];

    /// <summary>The fields that police can ask for: an exact hash comes with the item, or never.</summary>
    public static readonly ImmutableArray<DataField> Askable = [.. Enum.GetValues<DataField>().Where(f => f != DataField.ExactHash)];

    /// <summary>A page stands among the first items, or it is taken for missing: nobody looks through ten thousand.</summary>
    private const int PageAmong = 20;

    /// <summary>Which of them an item has; <paramref name="secrets"/>: the report's own, opened.</summary>
    public static ImmutableArray<DataField> Of(Report report, ContentItem item, ReportSecrets? secrets) =>
    [
        .. Fields.Where(f => f switch
        {
            DataField.Referrer => !string.IsNullOrEmpty(secrets?.Referrer),
            DataField.Access => !string.IsNullOrEmpty(secrets?.UserName) || !string.IsNullOrEmpty(secrets?.Password),
            DataField.HostingTrace => item.Hosting is { Country: not null, IpAddress: not null },
            DataField.PageContext => HasPage(report),
            DataField.SiteType => report.SiteType is not null,
            DataField.ExactHash => item.Hashes.Any(h => HashAlgorithms.Of(h.Algorithm).Bucket == HashBucketKind.Exact),
            _ => false,
        }),
    ];

    /// <summary>The page on which the items were found is one of them.</summary>
    public static bool HasPage(Report report) => report.Items.Take(PageAmong).Any(i => i.IsSourceUrl);

    /// <summary>As one number, for a table.</summary>
    public static int Bits(IEnumerable<DataField> fields) => fields.Aggregate(0, (bits, f) => bits | (1 << (int)f));

    public static ImmutableArray<DataField> OfBits(int bits) => [.. Enum.GetValues<DataField>().Where(f => (bits & (1 << (int)f)) != 0)];
}
