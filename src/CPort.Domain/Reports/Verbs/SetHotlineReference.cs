using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>The assigned hotline's own reference for an item.</summary>
[ProtoContract, Manifest("rc16")]
public sealed record SetHotlineReference : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required ItemTarget Item { get; init; }
    [ProtoMember(4)] public required HotlineReference Reference { get; init; }

    public ReportDecision Decide(Report report, ReportEnvironment environment) =>
        ForItems(report, this, [Item], ItemWrite.SetReference,
            item => Leased(item, Context.Caller, environment),
            items =>
            [
                .. Assigning.TakeUnassigned(items, Context, environment),
                .. items.Select(i =>
                    new HotlineReferenceSet { Meta = Context.ToMeta(), Ordinal = i.Ordinal, Reference = Reference }),
            ]);
}

/// <summary>The assigned hotline named an item.</summary>
[ProtoContract, Manifest("re15")]
public sealed record HotlineReferenceSet : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Ordinal { get; init; }
    [ProtoMember(4)] public required HotlineReference Reference { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Each(report, this, [Ordinal], i => i with { AssignedReference = Reference });

    public ImmutableArray<int> Touches() => [Ordinal];

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        ["The assigned hotline set its own reference."];
}
