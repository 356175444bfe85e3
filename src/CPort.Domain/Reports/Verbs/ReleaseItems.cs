using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>Gives up a claim before it runs out.</summary>
[ProtoContract, Manifest("rc9")]
public sealed record ReleaseItems : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];

    public ReportDecision Decide(Report report, ReportEnvironment environment) =>
        ForItems(report, this, Items, ItemWrite.Release,
            item => Leased(item, Context.Caller, environment)
                ?? (item.Lease is null || item.Lease.Until <= environment.Now
                    ? new Refusal(RejectionCode.NotLeased, "Nobody holds the item.")
                    : null),
            items => [new ItemsReleased { Meta = Context.ToMeta(), Ordinals = [.. items.Select(i => i.Ordinal)] }]);
}

/// <summary>Items are free again.</summary>
[ProtoContract, Manifest("re10")]
public sealed record ItemsReleased : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<int> Ordinals { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Each(report, this, Ordinals, i => i with { Lease = null });

    public ImmutableArray<int> Touches() => Ordinals;

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        ["Released."];
}
