using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>The domain of these items came on the list, or went off it. Sent until it is taken; again it does nothing. Of CPort itself.</summary>
[ProtoContract, Manifest("rc60")]
public sealed record TakeListing : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required ItemListing Listing { get; init; }
    [ProtoMember(4)] public ImmutableArray<int> Ordinals { get; init; } = [];

    public bool ComesAfterWithdrawal => true;

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        if (Guard(report, Context.Caller, ItemWrite.Automatic) is { } refused)
        {
            return Rejected(report, this, refused);
        }

        var news = Ordinals.Distinct().Select(report.Item).OfType<ContentItem>().Where(i => i.Listing is not { } known || known.Change < Listing.Change)
            .Select(i => i.Ordinal).ToImmutableArray();
        return news.IsEmpty ? Accepted(report, this)
            : Accepted(report, this, new ListingNoted { Meta = Context.ToMeta(), Listing = Listing, Ordinals = news });
    }
}

/// <summary>The items' domain came on the list, or went off it.</summary>
[ProtoContract, Manifest("re60")]
public sealed record ListingNoted : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required ItemListing Listing { get; init; }
    [ProtoMember(4)] public ImmutableArray<int> Ordinals { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    /// <summary>It is no change to who works on an item just then: its version stays.</summary>
    public Report Apply(Report report) => report with
    {
        Items = Ordinals.Aggregate(report.Items, (items, o) => items.SetItem(o - 1, items[o - 1] with { Listing = Listing })),
    };

    public ImmutableArray<int> Touches() => Ordinals;

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
    [
        .. seen.Select(o => Listing.Listed
            ? $"The domain of item {o} is on the \"worst of\" list, from version {Listing.ListVersion}."
            : $"The domain of item {o} is off the \"worst of\" list, from version {Listing.ListVersion}."),
    ];
}
