namespace CPort.Domain.Icse;

/// <summary>What ICSE says of a file.</summary>
[ProtoContract]
public sealed record IcseFinding
{
    /// <summary>ICSE had it before.</summary>
    [ProtoMember(1)] public bool Known { get; init; }
    [ProtoMember(2)] public bool VictimIdentified { get; init; }
    [ProtoMember(3)] public bool OffenderIdentified { get; init; }

    /// <summary>The series' name in the clear, on its way; null once sealed.</summary>
    [ProtoMember(4)] public SecretText? Clear { get; init; }

    /// <summary>The series' name, sealed.</summary>
    [ProtoMember(5)] public Sealed? Series { get; init; }

    /// <summary>The most that it says.</summary>
    public IcseWord Word => VictimIdentified ? IcseWord.VictimIdentified : OffenderIdentified ? IcseWord.OffenderIdentified
        : Known ? IcseWord.Known : IcseWord.New;

    /// <summary>The same but for the series.</summary>
    public bool IsLike(IcseFinding? other) =>
        other is not null && (Known, VictimIdentified, OffenderIdentified) == (other.Known, other.VictimIdentified, other.OffenderIdentified);
}

/// <summary>A file of a package.</summary>
[ProtoContract]
public sealed record PackageItem
{
    [ProtoMember(1)] public required ItemRef Item { get; init; }
    [ProtoMember(2)] public required MediaRecord Media { get; init; }
    public IcseFinding? Finding { get; init; }
    public RecallReason? Recalled { get; init; }
    public DateTimeOffset? RecalledAt { get; init; }

    /// <summary>What happened to it since the package was released, counted; and how much of it its report has heard.</summary>
    public int News { get; init; }
    public int Told { get; init; }
}

/// <summary>Media that INTERPOL puts together for ICSE.</summary>
public sealed record IcsePackage
{
    public const int RememberedCommands = 64;

    public static readonly IcsePackage None = new();

    public PackageKey Key { get; init; }
    public long Version { get; init; }
    public Tenant Tenant { get; init; }

    /// <summary>Whose it is.</summary>
    public AgencyId Agency { get; init; }
    public PackageState State { get; init; }
    public DateTimeOffset MadeAt { get; init; }
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>The keys or persons who put something into it; none of them reviews it.</summary>
    public ImmutableArray<string> FilledBy { get; init; } = [];
    public string? ReviewedBy { get; init; }
    public DateTimeOffset? ReleasedAt { get; init; }
    public ImmutableList<PackageItem> Items { get; init; } = [];

    /// <summary>Of its files, by format, hexadecimal SHA-256: once it is released they never change.</summary>
    public string VicsSha256 { get; init; } = "";
    public string CsvSha256 { get; init; } = "";

    /// <summary>Agencies that took it away.</summary>
    public ImmutableArray<AgencyId> Receivers { get; init; } = [];
    public ReplayMemory<(AgencyId Agency, CommandId Command), PackageReply> Receipts { get; init; } =
        ReplayMemory<(AgencyId, CommandId), PackageReply>.Empty;

    public bool Exists => Version > 0;

    public bool IsOut => State is PackageState.Released or PackageState.Answered or PackageState.Recalled;

    /// <summary>A report has yet to be told.</summary>
    public bool Owes => Items.Any(i => i.Told < i.News);
}

/// <summary>Figures of packages.</summary>
public static class PackageLimits
{
    /// <summary>Items of one command.</summary>
    public const int ItemsAtOnce = 200;

    /// <summary>Items of a package.</summary>
    public const int Items = 5_000;

    /// <summary>Items on a page.</summary>
    public const int PageItems = 200;

    /// <summary>Of a hundred items whoever reviews the package looks at so many at least, and at one of fewer.</summary>
    public const int SamplePercent = 10;

    /// <summary>Rows of a returned list that one command takes.</summary>
    public const int RowsAtOnce = 500;

    /// <summary>Rows of a returned list.</summary>
    public const int Rows = 20_000;

    /// <summary>Characters of a series' name.</summary>
    public const int SeriesLength = 200;
}
