using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>An item that was removed or unavailable is there again: a new occurrence, linked to the old one.</summary>
[ProtoContract, Manifest("rc15")]
public sealed record SeenOnlineAgain : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required ItemTarget Item { get; init; }
    [ProtoMember(4)] public required long ItemNumber { get; init; }

    public ReportDecision Decide(Report report, ReportEnvironment environment) => Occurrences.Begin(
        report, this, Item, ItemWrite.SeenOnline, environment,
        item =>
            item.NextOccurrence is not null
                ? new Refusal(RejectionCode.NotOffline, $"It was seen again before, as item {item.NextOccurrence}.")
            : !item.IsGone()
                ? new Refusal(RejectionCode.NotOffline, "Only an item that was removed or unavailable can be seen online again.")
            : null,
        (earlier, ordinal) => new ItemSeenOnlineAgain
        {
            Meta = Context.ToMeta(), EarlierOrdinal = earlier.Ordinal, Occurrence = Occurrences.Of(earlier, ordinal, ItemNumber, Context),
        },
        ItemNumber);
}

/// <summary>An item that had gone was seen online again; its new occurrence is in here.</summary>
[ProtoContract, Manifest("re14")]
public sealed record ItemSeenOnlineAgain : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int EarlierOrdinal { get; init; }
    [ProtoMember(4)] public required ContentItem Occurrence { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Occurrences.Add(report, this, EarlierOrdinal, Occurrence);

    public ImmutableArray<int> Touches() => [EarlierOrdinal, Occurrence.Ordinal];

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        [$"Item {EarlierOrdinal} was seen online again, as item {Occurrence.Ordinal}."];
}
