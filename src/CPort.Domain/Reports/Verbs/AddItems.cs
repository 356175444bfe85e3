using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>The reporting hotline adds items to its own report.</summary>
[ProtoContract, Manifest("rc2")]
public sealed record AddItems : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required long FirstItemNumber { get; init; }

    /// <summary>At most 200 a command.</summary>
    [ProtoMember(4)] public ImmutableArray<SubmittedItem> Items { get; init; } = [];

    public IReportVerb Seal(ConfidentialSeam seam, Report report) =>
        this with { Items = [.. Items.Select((item, i) => item.Seal(seam, report.Id, report.Items.Count + 1 + i))] };

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        if (Guard(report, Context.Caller, ItemWrite.AddItems) is { } refused)
        {
            return Rejected(report, this, refused);
        }

        if (Items.IsEmpty || Items.Length > ReportRules.ItemsPerPart || report.Items.Count + Items.Length > environment.MaxItems)
        {
            return Rejected(report, this, RejectionCode.TooManyItems,
                $"1 to {ReportRules.ItemsPerPart} items are added at a time, and a report holds at most {environment.MaxItems}.");
        }

        if (SubmittedItem.Check(Items, Context.Caller, environment) is { } refusal)
        {
            return Rejected(report, this, refusal);
        }

        if (FirstItemNumber == 0)
        {
            return NumberWanted(report, this);
        }

        var items = SubmittedItem.ToItems(Items, report.Items.Count + 1, FirstItemNumber, Context, environment).ToImmutableArray();
        return Accepted(report, this,
            [.. items.Select(i => new ItemOutcome { Ordinal = i.Ordinal, Number = i.Number, Version = i.Version })],
            new ItemsAdded { Meta = Context.ToMeta(), Items = items });
    }
}

/// <summary>Items joined the report: at submission, added later, or seen online again. At most 200 an event.</summary>
[ProtoContract, Manifest("re2")]
public sealed record ItemsAdded : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }

    /// <summary>The items in their first state.</summary>
    [ProtoMember(3)] public ImmutableArray<ContentItem> Items { get; init; } = [];

    /// <summary>These came with the report itself: re-sent reports are compared with them.</summary>
    [ProtoMember(4)] public bool WithSubmission { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => report with
    {
        Items = report.Items.AddRange(Items.Select(i => i.Numbered(report.Version + 1))),
        SubmittedItems = WithSubmission ? report.SubmittedItems + Items.Length : report.SubmittedItems,
    };

    public ImmutableArray<int> Touches() => [.. Items.Select(i => i.Ordinal)];

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        [.. Items.Where(i => seen.Contains(i.Ordinal)).Select(i => $"Item {i.Ordinal} is number {i.Number}.")];
}
