using CPort.Domain.Icse;
using CPort.Domain.Referrals;

namespace CPort.Domain.Reports;

/// <summary>That somebody proposes an item for ICSE.</summary>
[ProtoContract]
public sealed record IcseProposal
{
    [ProtoMember(1)] public required AgencyId By { get; init; }
    [ProtoMember(2)] public required DateTimeOffset At { get; init; }

    /// <summary>Why, in a sentence; sealed.</summary>
    [ProtoMember(3)] public Sealed? Why { get; init; }
}

/// <summary>What became of an item in a package for ICSE.</summary>
[ProtoContract]
public sealed record ItemIcse
{
    [ProtoMember(1)] public required PackageKey Package { get; init; }

    /// <summary>How much has happened to it there.</summary>
    [ProtoMember(2)] public required int News { get; init; }
    [ProtoMember(3)] public required DateTimeOffset At { get; init; }

    /// <summary>What ICSE says; null: nothing yet.</summary>
    [ProtoMember(4)] public IcseFinding? Finding { get; init; }

    /// <summary>It was called back.</summary>
    [ProtoMember(5)] public RecallReason? Recalled { get; init; }

    public PackageState State => Recalled is not null ? PackageState.Recalled : Finding is not null ? PackageState.Answered : PackageState.Released;

    /// <summary>
    /// The item with a package's last word, beside those of others: two may have been released at one moment, and each is called back by itself. Shown is one
    /// that is out, before all one that ICSE has answered; else the newest.
    /// </summary>
    internal static ContentItem With(ContentItem item, ItemIcse news)
    {
        ImmutableArray<ItemIcse> all = [news, .. item.InPackages().Where(i => i.Package != news.Package)];
        var shown = all.OrderBy(i => i.Recalled is not null).ThenBy(i => i.Recalled is null && i.Finding is null).First();
        return item with { Icse = shown, IcseBeside = all.Remove(shown) };
    }

    /// <summary>For the referrals that the item is in; null: it never was at ICSE.</summary>
    public static ItemWord? WordOf(ReportId report, ContentItem? item) => item?.Icse is not { } icse ? null : new ItemWord
    {
        Item = new ItemRef(report, item.Ordinal), Word = icse.Recalled is null ? icse.Finding?.Word : null, At = icse.At,
    };
}

/// <summary>An item and all packages that it went out in.</summary>
public static class ItemPackages
{
    /// <summary>What each package said last, those that called it back as well.</summary>
    public static ImmutableArray<ItemIcse> InPackages(this ContentItem item) => item.Icse is { } icse ? [icse, .. item.IcseBeside] : [];

    /// <summary>It is out in a package other than the given one: ICSE would have it twice, and it would be called back from two.</summary>
    public static bool IsOutBeside(this ContentItem item, PackageKey? package) => item.InPackages().Any(i => i.Recalled is null && i.Package != package);
}
