using CPort.Domain.Hashes;
using static CPort.Domain.Icse.PackageRules;

namespace CPort.Domain.Icse.Verbs;

/// <summary>A row of the list that ICSE gave back.</summary>
[ProtoContract]
public sealed record ReturnRow
{
    [ProtoMember(1)] public required ContentHash Md5 { get; init; }
    [ProtoMember(2)] public required IcseFinding Finding { get; init; }
}

/// <summary>What ICSE says of the package's media: rows by MD5. A later list replaces what an earlier one said.</summary>
[ProtoContract, Manifest("ic4")]
public sealed record TakeReturn : IPackageCommand
{
    [ProtoMember(1)] public required PackageKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ReturnRow> Rows { get; init; } = [];

    public IPackageCommand Seal(ConfidentialSeam seam) => this with
    {
        Rows = [.. Rows.Select(r => r with
        {
            Finding = r.Finding with { Clear = null, Series = r.Finding.Clear is { } name ? seam.Seal(PlaceOf(Key), name, repeatable: true) : null },
        })],
    };

    public PackageDecision Decide(IcsePackage package, DateTimeOffset now)
    {
        if (!package.Exists)
        {
            return Absent(package, this);
        }

        if (package.State is not (PackageState.Released or PackageState.Answered))
        {
            return NotThere(package, this, PackageState.Released, PackageState.Answered);
        }

        var rows = Rows.GroupBy(r => r.Md5).ToDictionary(g => g.Key, g => g.Last().Finding);
        var news = package.Items.Where(i => i.Recalled is null && rows.TryGetValue(i.Media.Md5!.Value, out var finding) && !SaysTheSame(finding, i.Finding))
            .Select(i => new ItemAnswered { Item = i.Item, Finding = rows[i.Media.Md5!.Value] }).ToImmutableArray();
        return news.IsEmpty ? Accepted(package, this, 0)
            : Accepted(package, this, news.Length, new PackageAnswered { Meta = Context.ToMeta(), Items = news });
    }

    private static bool SaysTheSame(IcseFinding finding, IcseFinding? before) => finding.IsLike(before) && finding.Series == before?.Series;
}

/// <summary>What ICSE says of an item.</summary>
[ProtoContract]
public sealed record ItemAnswered
{
    [ProtoMember(1)] public required ItemRef Item { get; init; }
    [ProtoMember(2)] public required IcseFinding Finding { get; init; }
}

/// <summary>ICSE answered.</summary>
[ProtoContract, Manifest("ie4")]
public sealed record PackageAnswered : IPackageEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public PackageReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemAnswered> Items { get; init; } = [];

    public IPackageEvent Stamped(EventMeta meta, PackageReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public IcsePackage Apply(IcsePackage package)
    {
        var findings = Items.ToDictionary(i => i.Item, i => i.Finding);
        return package with
        {
            State = PackageState.Answered,
            Items = [.. package.Items.Select(i => findings.TryGetValue(i.Item, out var finding) ? i with { Finding = finding, News = i.News + 1 } : i)],
        };
    }
}
