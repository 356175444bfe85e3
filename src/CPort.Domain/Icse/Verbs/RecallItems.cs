using static CPort.Domain.Icse.PackageRules;

namespace CPort.Domain.Icse.Verbs;

/// <summary>Files are called back from who has them: by CPort itself when they are not illegal any more or withdrawn, by INTERPOL for any reason.</summary>
[ProtoContract, Manifest("ic5")]
public sealed record RecallItems : IPackageCommand
{
    [ProtoMember(1)] public required PackageKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemRef> Items { get; init; } = [];
    [ProtoMember(4)] public RecallReason Reason { get; init; }

    public PackageDecision Decide(IcsePackage package, DateTimeOffset now)
    {
        if (!package.Exists)
        {
            return Absent(package, this);
        }

        if (!package.IsOut)
        {
            return NotThere(package, this, PackageState.Released, PackageState.Answered);
        }

        var news = package.Items.Where(i => i.Recalled is null && Items.Contains(i.Item)).Select(i => i.Item).ToImmutableArray();
        return news.IsEmpty ? Accepted(package, this, 0)
            : Accepted(package, this, news.Length, new ItemsRecalled { Meta = Context.ToMeta(), Items = news, Reason = Reason });
    }
}

/// <summary>Files were called back.</summary>
[ProtoContract, Manifest("ie5")]
public sealed record ItemsRecalled : IPackageEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public PackageReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemRef> Items { get; init; } = [];
    [ProtoMember(4)] public RecallReason Reason { get; init; }

    public IPackageEvent Stamped(EventMeta meta, PackageReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public IcsePackage Apply(IcsePackage package)
    {
        ImmutableList<PackageItem> items =
        [
            .. package.Items.Select(i => Items.Contains(i.Item) ? i with { Recalled = Reason, RecalledAt = Meta.OccurredAt, News = i.News + 1 } : i),
        ];
        return package with { Items = items, State = items.TrueForAll(i => i.Recalled is not null) ? PackageState.Recalled : package.State };
    }
}
