using static CPort.Domain.Icse.PackageRules;

namespace CPort.Domain.Icse.Verbs;

/// <summary>
/// INTERPOL puts items into a package, or takes some out; the first time that opens it. What the items are was looked at by the node that sends this. What was
/// reviewed is a draft again by it.
/// </summary>
[ProtoContract, Manifest("ic1")]
public sealed record FillPackage : IPackageCommand
{
    [ProtoMember(1)] public required PackageKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<PackageItem> Add { get; init; } = [];
    [ProtoMember(4)] public ImmutableArray<ItemRef> TakeOut { get; init; } = [];

    public PackageDecision Decide(IcsePackage package, DateTimeOffset now)
    {
        if (Context.Caller.Kind != AgencyKind.Interpol || !AccessTable.AsksForItself(Context.Caller))
        {
            return Absent(package, this);
        }

        if (package.IsOut)
        {
            return NotThere(package, this, PackageState.Draft, PackageState.Reviewed);
        }

        var add = Add.DistinctBy(a => a.Item).Where(a => package.Items.TrueForAll(i => i.Item != a.Item)).ToImmutableArray();
        var takeOut = TakeOut.Distinct().Where(o => package.Items.Exists(i => i.Item == o)).ToImmutableArray();
        return add.IsEmpty && takeOut.IsEmpty && package.Exists ? Accepted(package, this, 0)
            : package.Items.Count + add.Length > PackageLimits.Items
                ? Rejected(package, this, PackageRejection.TooManyItems, $"At most {PackageLimits.Items} items are in one package.")
            : Accepted(package, this, add.Length + takeOut.Length, new PackageFilled { Meta = Context.ToMeta(), Key = Key, Added = add, TakenOut = takeOut });
    }
}

/// <summary>Items came into a package, or went out of it.</summary>
[ProtoContract, Manifest("ie1")]
public sealed record PackageFilled : IPackageEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public PackageReply? Receipt { get; init; }
    [ProtoMember(3)] public required PackageKey Key { get; init; }
    [ProtoMember(4)] public ImmutableArray<PackageItem> Added { get; init; } = [];
    [ProtoMember(5)] public ImmutableArray<ItemRef> TakenOut { get; init; } = [];

    public IPackageEvent Stamped(EventMeta meta, PackageReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public IcsePackage Apply(IcsePackage package) => package with
    {
        Key = Key, Tenant = Meta.Tenant, Agency = Meta.Agency, State = PackageState.Draft, ReviewedBy = null,
        MadeAt = package.Exists ? package.MadeAt : Meta.OccurredAt, FilledBy = package.FilledBy.Contains(Meta.KeyId) ? package.FilledBy
            : package.FilledBy.Add(Meta.KeyId),
        Items = package.Items.RemoveAll(i => TakenOut.Contains(i.Item)).AddRange(Added),
    };
}
