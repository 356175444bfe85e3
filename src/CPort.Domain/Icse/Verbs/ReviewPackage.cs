using static CPort.Domain.Icse.PackageRules;

namespace CPort.Domain.Icse.Verbs;

/// <summary>Somebody who put nothing into the package has looked at it.</summary>
[ProtoContract, Manifest("ic2")]
public sealed record ReviewPackage : IPackageCommand
{
    [ProtoMember(1)] public required PackageKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }

    public PackageDecision Decide(IcsePackage package, DateTimeOffset now) =>
        !package.Exists ? Absent(package, this)
        : package.State != PackageState.Draft ? NotThere(package, this, PackageState.Draft)
        : package.Items.IsEmpty ? Rejected(package, this, PackageRejection.PackageIsEmpty, "Nothing is in the package.")
        : package.FilledBy.Contains(Context.Caller.KeyId)
            ? Rejected(package, this, PackageRejection.SamePerson, "Who put something into it does not review it: a colleague does.")
        : Accepted(package, this, 0, new PackageReviewed { Meta = Context.ToMeta() });
}

/// <summary>A colleague has looked at the package.</summary>
[ProtoContract, Manifest("ie2")]
public sealed record PackageReviewed : IPackageEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public PackageReply? Receipt { get; init; }

    public IPackageEvent Stamped(EventMeta meta, PackageReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public IcsePackage Apply(IcsePackage package) => package with { State = PackageState.Reviewed, ReviewedBy = Meta.KeyId };
}
