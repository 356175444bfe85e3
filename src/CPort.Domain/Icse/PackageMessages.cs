namespace CPort.Domain.Icse;

/// <summary>A command about a package. Repeating it with the same command id is always safe.</summary>
public interface IPackageCommand : IPackageMessage
{
    CommandContext Context { get; }

    /// <summary>The same with its confidential parts sealed.</summary>
    IPackageCommand Seal(ConfidentialSeam seam) => this;

    PackageDecision Decide(IcsePackage package, DateTimeOffset now);
}

/// <summary>Something that happened to a package. Stored for ever.</summary>
public interface IPackageEvent : IWireEvent
{
    EventMeta Meta { get; init; }

    PackageReply? Receipt { get; init; }

    IPackageEvent Stamped(EventMeta meta, PackageReply? receipt);

    IcsePackage Apply(IcsePackage package);
}

/// <summary>Events to persist, and the answer once they are durable.</summary>
public sealed record PackageDecision(ImmutableArray<IPackageEvent> Events, PackageReply Reply);

/// <summary>Why a rule says no. The names are the API's problem codes.</summary>
public enum PackageRejection
{
    None = 0,

    /// <summary>Absent, or not for the caller: the two look alike.</summary>
    NotFound = 1,
    CommandIdInUse = 2,

    /// <summary>The package is not where this could be done.</summary>
    PackageNotThere = 3,
    SamePerson = 4,
    TooManyItems = 5,

    /// <summary>Not illegal, without an MD5 hash, or not to be seen.</summary>
    ItemDoesNotFit = 6,
    PackageIsEmpty = 7,
}

/// <summary>The answer to a command.</summary>
[ProtoContract, Manifest("ir1")]
public sealed record PackageReply : IWireReply
{
    [ProtoMember(1)] public required PackageKey Key { get; init; }
    [ProtoMember(2)] public PackageRejection Code { get; init; }
    [ProtoMember(3)] public string? Detail { get; init; }
    [ProtoMember(4)] public bool Replayed { get; init; }
    [ProtoMember(5)] public PackageState State { get; init; }
    [ProtoMember(6)] public int Items { get; init; }

    /// <summary>How many items the command changed.</summary>
    [ProtoMember(7)] public int Changed { get; init; }

    /// <summary>Which command it answers.</summary>
    [ProtoMember(8)] public string? Command { get; init; }
    [ProtoMember(9, DataFormat = DataFormat.FixedSize)] public ulong Digest { get; init; }
}

/// <summary>Asks for a package. Answered by <see cref="PackagePage"/>.</summary>
[ProtoContract, Manifest("iq1")]
public sealed record GetPackage : IPackageMessage
{
    [ProtoMember(1)] public required PackageKey Key { get; init; }
    [ProtoMember(2)] public required Caller Caller { get; init; }

    /// <summary>How many items are left out before the page.</summary>
    [ProtoMember(3)] public int Skip { get; init; }
}

/// <summary>An item of a page.</summary>
[ProtoContract]
public sealed record PackageItemView
{
    [ProtoMember(1)] public required ItemRef Item { get; init; }
    [ProtoMember(2)] public required MediaRecord Media { get; init; }
    [ProtoMember(3)] public IcseFinding? Finding { get; init; }

    /// <summary>The series' name, opened.</summary>
    [ProtoMember(4)] public string? Series { get; init; }
    [ProtoMember(5)] public RecallReason? Recalled { get; init; }
    [ProtoMember(6)] public DateTimeOffset? RecalledAt { get; init; }
}

/// <summary>A package as one caller may see it; <see cref="Found"/> false: nothing to see, for whatever reason.</summary>
[ProtoContract, Manifest("ir2")]
public sealed record PackagePage : IWireReply
{
    [ProtoMember(1)] public required PackageKey Key { get; init; }
    [ProtoMember(2)] public bool Found { get; init; }
    [ProtoMember(3)] public PackageState State { get; init; }
    [ProtoMember(4)] public DateTimeOffset MadeAt { get; init; }
    [ProtoMember(5)] public DateTimeOffset ChangedAt { get; init; }
    [ProtoMember(6)] public DateTimeOffset? ReleasedAt { get; init; }
    [ProtoMember(7)] public int ItemCount { get; init; }
    [ProtoMember(8)] public ImmutableArray<PackageItemView> Items { get; init; } = [];
    [ProtoMember(9)] public int? Next { get; init; }
    [ProtoMember(10)] public string VicsSha256 { get; init; } = "";
    [ProtoMember(11)] public string CsvSha256 { get; init; } = "";
    [ProtoMember(12)] public ImmutableArray<AgencyId> Receivers { get; init; } = [];

    /// <summary>The caller put something into it, and so does not review it.</summary>
    [ProtoMember(13)] public bool Own { get; init; }
    [ProtoMember(14)] public int Answered { get; init; }
    [ProtoMember(15)] public int Recalled { get; init; }

    /// <summary>What whoever reviews the package looks at, drawn at random; of who put something into it, and once it was reviewed, none.</summary>
    [ProtoMember(16)] public ImmutableArray<SampledItem> Sample { get; init; } = [];
}

/// <summary>An item that a package's reviewer looks at.</summary>
[ProtoContract]
public sealed record SampledItem
{
    [ProtoMember(1)] public required ItemRef Item { get; init; }
    [ProtoMember(2)] public required long Number { get; init; }
}
