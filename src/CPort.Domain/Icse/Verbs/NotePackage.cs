using static CPort.Domain.Icse.PackageRules;

namespace CPort.Domain.Icse.Verbs;

/// <summary>How far one item's report has heard what became of it.</summary>
[ProtoContract]
public sealed record ToldItem
{
    [ProtoMember(1)] public required ItemRef Item { get; init; }
    [ProtoMember(2)] public required int News { get; init; }
}

/// <summary>Somebody has taken the package's files away, or reports have heard what became of their items.</summary>
[ProtoContract, Manifest("ic6")]
public sealed record NotePackage : IPackageCommand
{
    [ProtoMember(1)] public required PackageKey Key { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }

    /// <summary>Who took it; null: nobody.</summary>
    [ProtoMember(3)] public AgencyId? Receiver { get; init; }
    [ProtoMember(4)] public ImmutableArray<ToldItem> Told { get; init; } = [];

    public PackageDecision Decide(IcsePackage package, DateTimeOffset now) =>
        !package.Exists || (Context.Caller.Kind != AgencyKind.System && (Receiver != Context.Caller.Agency || !Told.IsEmpty)) ? Absent(package, this)
        : !package.IsOut ? NotThere(package, this, PackageState.Released, PackageState.Answered)
        : Told.IsEmpty && (Receiver is not { } receiver || package.Receivers.Contains(receiver)) ? Accepted(package, this, 0)
        : Accepted(package, this, 0, new PackageNoted { Meta = Context.ToMeta(), Receiver = Receiver, Told = Told });
}

/// <summary>Somebody has it, or reports have heard.</summary>
[ProtoContract, Manifest("ie6")]
public sealed record PackageNoted : IPackageEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public PackageReply? Receipt { get; init; }
    [ProtoMember(3)] public AgencyId? Receiver { get; init; }
    [ProtoMember(4)] public ImmutableArray<ToldItem> Told { get; init; } = [];

    public IPackageEvent Stamped(EventMeta meta, PackageReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public IcsePackage Apply(IcsePackage package)
    {
        var told = Told.GroupBy(t => t.Item).ToDictionary(g => g.Key, g => g.Max(t => t.News));
        return package with
        {
            Receivers = Receiver is { } receiver && !package.Receivers.Contains(receiver) ? package.Receivers.Add(receiver) : package.Receivers,
            Items = told.Count == 0 ? package.Items
                : [.. package.Items.Select(i => told.TryGetValue(i.Item, out var news) ? i with { Told = Math.Max(i.Told, news) } : i)],
        };
    }
}
