using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>Names an assessment of an item.</summary>
[ProtoContract]
public sealed record AssessmentRef
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public required int AssessmentId { get; init; }

    /// <summary>It was told as taken back: what was told before the withdrawal does not count as telling that.</summary>
    [ProtoMember(3)] public bool Retracted { get; init; }
}

/// <summary>The hash buckets have recorded these assessments.</summary>
[ProtoContract, Manifest("re18")]
public sealed record OpinionsPropagated : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<AssessmentRef> Assessments { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    /// <summary>Those that the report does not know of yet.</summary>
    internal static IEnumerable<AssessmentRef> New(Report report, ImmutableArray<AssessmentRef> propagated) =>
        propagated.Distinct().Where(p =>
            report.Item(p.Ordinal)?.Assessments.Any(a => a.Id == p.AssessmentId && !a.Propagated && p.Retracted == a.WithdrawnAt is not null) == true);

    public Report Apply(Report report) => Each(report, this, Assessments.GroupBy(p => p.Ordinal), g => g.Key, (i, g) => i with
    {
        Assessments = [.. i.Assessments.Select(a => g.Any(p => p.AssessmentId == a.Id) ? a with { Propagated = true } : a)],
    });

    public ImmutableArray<int> Touches() => [.. Assessments.Select(a => a.Ordinal).Distinct()];

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        ["The hash buckets took the assessments over."];
}
