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

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        if (report.Items.Count >= environment.MaxItems)
        {
            return Rejected(report, this, RejectionCode.TooManyItems, $"A report holds at most {environment.MaxItems} items.");
        }

        var ordinal = report.Items.Count + 1;
        var decision = ForItems(report, this, [Item], ItemWrite.SeenOnline,
            item =>
                item.NextOccurrence is not null
                    ? new Refusal(RejectionCode.NotOffline, $"It was seen again before, as item {item.NextOccurrence}.")
                : !item.IsGone()
                    ? new Refusal(RejectionCode.NotOffline, "Only an item that was removed or unavailable can be seen online again.")
                : null,
            items =>
            [
                .. items.Select(earlier => new ItemSeenOnlineAgain
                {
                    Meta = Context.ToMeta(), EarlierOrdinal = earlier.Ordinal,
                    Occurrence = earlier with
                    {
                        Ordinal = ordinal, Number = ItemNumber, Version = 1, Digest = [],
                        PreviousOccurrence = earlier.Ordinal, NextOccurrence = null,
                        AddedAt = Context.OccurredAt, LastChangedAt = Context.OccurredAt,

                        // Where it is, what its hashes say and whose job it is are found out anew.
                        Traced = false, Matched = earlier.Hashes.IsEmpty, Hosting = null, Known = [], Near = [],
                        Inheritance = null, Assignment = null, EarlierAssignments = [], Lease = null, AssignedReference = null, Actions = [],

                        // The old hosting may be out of date: the host is traced anew, and kept only when it cannot be.
                        EarlierHosting = earlier.Hosting is { } hosting ? [hosting] : [],

                        // What people said of the media still holds; it is the occurrence that is new.
                        Assessments =
                        [
                            .. earlier.Assessments.Where(a => a.Counts)
                                .Select((a, i) => a with { Id = i + 1, Episode = 0, Propagated = true }),
                        ],
                    },
                }),
            ]);
        if (decision.Events is not [var seen])
        {
            return decision;
        }

        // The remembered answer names the new occurrence as well.
        var made = new ItemOutcome { Ordinal = ordinal, Number = ItemNumber, Version = 1 };
        var reply = decision.Reply with { Items = decision.Reply.Items.Add(made) };
        return new ReportDecision([seen.Stamped(seen.Meta, reply)], reply);
    }
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

    public Report Apply(Report report)
    {
        var linked = Each(report, this, [EarlierOrdinal], i => i with { NextOccurrence = Occurrence.Ordinal });
        return linked with { Items = linked.Items.Add(Occurrence) };
    }

    public ImmutableArray<int> Touches() => [EarlierOrdinal, Occurrence.Ordinal];

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        [$"Item {EarlierOrdinal} was seen online again, as item {Occurrence.Ordinal}."];
}
