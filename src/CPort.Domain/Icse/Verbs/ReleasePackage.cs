using static CPort.Domain.Icse.PackageRules;

namespace CPort.Domain.Icse.Verbs;

/// <summary>The package may be taken away from now on; its files never change again.</summary>
[ProtoContract, Manifest("ic3")]
public sealed record ReleasePackage : IPackageCommand
{
    [ProtoMember(1)] public required PackageKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }

    /// <summary>Items that do not fit any more, as the node that sends this has just looked.</summary>
    [ProtoMember(3)] public ImmutableArray<ItemRef> Gone { get; init; } = [];

    public PackageDecision Decide(IcsePackage package, DateTimeOffset now) =>
        !package.Exists || !Context.Caller.Is(Roles.Officer) ? Absent(package, this)
        : package.State != PackageState.Reviewed ? NotThere(package, this, PackageState.Reviewed)
        : !Gone.IsEmpty
            ? Rejected(package, this, PackageRejection.ItemDoesNotFit, $"{Gone.Length} items do not fit any more, {Gone[0]} first: take them out.")
        : Accepted(package, this, package.Items.Count, new PackageReleased
        {
            Meta = Context.ToMeta(), VicsSha256 = DigestOf(package, MediaFormat.Vics), CsvSha256 = DigestOf(package, MediaFormat.Csv),
        });
}

/// <summary>The package may be taken away.</summary>
[ProtoContract, Manifest("ie3")]
public sealed record PackageReleased : IPackageEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public PackageReply? Receipt { get; init; }
    [ProtoMember(3)] public string VicsSha256 { get; init; } = "";
    [ProtoMember(4)] public string CsvSha256 { get; init; } = "";

    public IPackageEvent Stamped(EventMeta meta, PackageReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public IcsePackage Apply(IcsePackage package) => package with
    {
        State = PackageState.Released, ReleasedAt = Meta.OccurredAt, VicsSha256 = VicsSha256, CsvSha256 = CsvSha256,
        Items = [.. package.Items.Select(i => i with { News = 1 })],
    };
}
