using System.ComponentModel.DataAnnotations;
using CPort.Actors.Icse;
using CPort.Actors.Projections;
using CPort.Api.Queues;
using CPort.Api.Reports;
using CPort.Domain.Audit;
using CPort.Domain.CodeLists;
using CPort.Domain.Icse;

namespace CPort.Api.Icse;

/// <summary>Items that an analyst proposes for ICSE.</summary>
public sealed record ProposeForIcseBody
{
    /// <summary>Required.</summary>
    [Required]
    public string? ReportId { get; init; }
    [Required]
    public List<ItemTargetBody?>? Items { get; init; }

    /// <summary>Why, in a sentence. Required.</summary>
    [Required]
    public string? Why { get; init; }
}

/// <summary>Items that are put into a package, taken out, or called back, each by its id (<c>…-1</c>).</summary>
public sealed record PackageItemsBody
{
    /// <summary>Required.</summary>
    [Required]
    public List<string?>? Items { get; init; }
}

/// <summary>What became of a command about a package.</summary>
/// <param name="Items">How many are in it.</param>
/// <param name="Changed">How many the command changed.</param>
public sealed record PackageCommandAnswer(string Outcome, string PackageId, PackageState State, int Items, int Changed, bool? Replayed);

/// <summary>A page of candidates.</summary>
public sealed record IcseCandidatesAnswer(IReadOnlyList<ListedItemAnswer> Items, string? NextCursor) : IShowsData
{
    Shown IShowsData.What() => ListedItemAnswer.Shown(Items);
}

/// <summary>A package of a list.</summary>
public sealed record ListedPackageAnswer(
    string PackageId, PackageState State, int Items, int Answered, int Recalled, DateTimeOffset MadeAt, DateTimeOffset ChangedAt)
{
    public static ListedPackageAnswer Of(PackageRow row) => new(
        row.Id, row.State, row.Items, row.Answered, row.Recalled, ReadRows.Time(row.MadeAt), ReadRows.Time(row.ChangedAt));
}

/// <summary>A page of packages.</summary>
public sealed record PackageListAnswer(IReadOnlyList<ListedPackageAnswer> Packages, string? NextCursor) : IShowsData
{
    Shown IShowsData.What() => new(
        [.. Packages.Select(p => new AuditObject(AuditObjectKind.Package, p.PackageId))], [.. ShownFields.Of(Packages)], Packages.Count);
}

/// <summary>An item of a package; what there is to see of it comes from the item itself.</summary>
public sealed record PackageItemAnswer(
    string ItemId, long Number, bool? Known, bool? VictimIdentified, bool? OffenderIdentified, string? Series, RecallReason? Recalled,
    DateTimeOffset? RecalledAt)
{
    public static PackageItemAnswer Of(PackageItemView view) => new(
        view.Item.ToString(), view.Media.Number, view.Finding?.Known, view.Finding?.VictimIdentified, view.Finding?.OffenderIdentified, view.Series,
        view.Recalled, view.RecalledAt);
}

/// <summary>A file of a package.</summary>
public sealed record PackageFileAnswer(string Name, string Sha256);

/// <summary>A package, 200 items a page.</summary>
public sealed record PackageAnswer : IShowsData
{
    Shown IShowsData.What() => new(
        [new AuditObject(AuditObjectKind.Package, PackageId), .. Items.Select(i => new AuditObject(AuditObjectKind.Item, i.ItemId))],
        [.. ShownFields.Of(this)]);

    public required string PackageId { get; init; }
    public required PackageState State { get; init; }

    /// <summary>The caller put something into it, so somebody else reviews it.</summary>
    public required bool Own { get; init; }
    public required int ItemCount { get; init; }
    public required int Answered { get; init; }
    public required int Recalled { get; init; }
    public required DateTimeOffset MadeAt { get; init; }
    public required DateTimeOffset ChangedAt { get; init; }
    public DateTimeOffset? ReleasedAt { get; init; }

    /// <summary>Once it is released; they never change.</summary>
    public IReadOnlyList<PackageFileAnswer>? Files { get; init; }

    /// <summary>Who took it away: who is to be told of what was called back.</summary>
    public required IReadOnlyList<string> Receivers { get; init; }
    public required IReadOnlyList<PackageItemAnswer> Items { get; init; }

    /// <summary>
    /// Item ids that whoever reviews the package looks at at least: a tenth of it, drawn at random. Absent to who put something into it, and once it was
    /// reviewed.
    /// </summary>
    public IReadOnlyList<string>? Sample { get; init; }
    public string? NextCursor { get; init; }

    public static PackageAnswer Of(PackagePage page, string? nextCursor) => new()
    {
        PackageId = page.Key.ToString(), State = page.State, Own = page.Own, ItemCount = page.ItemCount, Answered = page.Answered, Recalled = page.Recalled,
        MadeAt = page.MadeAt, ChangedAt = page.ChangedAt, ReleasedAt = page.ReleasedAt,
        Files = page.VicsSha256.Length == 0 ? null : [new("media.json", page.VicsSha256), new("media.csv", page.CsvSha256)],
        Receivers = [.. page.Receivers.Select(r => r.Value)], Items = [.. page.Items.Select(PackageItemAnswer.Of)], NextCursor = nextCursor,
        Sample = page.Sample.IsEmpty ? null : [.. page.Sample.Select(s => s.Item.ToString())],
    };
}
