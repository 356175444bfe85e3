using CPort.Domain.Routing;
using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>A tracer's answer for one item; facts without a country mean "not found", which is an answer too.</summary>
[ProtoContract]
public sealed record ItemTrace
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public required HostingFacts Facts { get; init; }
}

/// <summary>Tracers answered for items.</summary>
[ProtoContract, Manifest("re6")]
public sealed record ItemsTraced : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTrace> Traces { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    /// <summary>Those that are still owed. Named twice, the first answer counts: an event touches an item once.</summary>
    internal static IEnumerable<ItemTrace> New(Report report, ImmutableArray<ItemTrace> traces) =>
        traces.Where(t => report.Item(t.Ordinal) is { } i && i.NeedsTrace()).DistinctBy(t => t.Ordinal)
            .Select(t => OrBefore(report.Item(t.Ordinal)!, t));

    /// <summary>
    /// A new occurrence that no tracer finds is taken to be where the old one was: else it would be nobody's, and vanish from who has just reported it.
    /// </summary>
    private static ItemTrace OrBefore(ContentItem item, ItemTrace trace) =>
        item.PreviousOccurrence is not null && trace.Facts.Country is null
        && item.EarlierHosting is [.., { Country: not null } before]
            ? trace with { Facts = before }
            : trace;

    public Report Apply(Report report) =>
        Each(report, this, Traces, t => t.Ordinal, (i, t) => i with { Hosting = Keep(i.Hosting, t.Facts), Traced = true });

    /// <summary>What a tracer did not learn anew (the ISP as the hotline reported it, say) stays.</summary>
    private static HostingFacts Keep(HostingFacts? reported, HostingFacts traced) =>
        reported is null
            ? traced
            : traced with
            {
                IpAddress = traced.IpAddress ?? reported.IpAddress, Isp = traced.Isp ?? reported.Isp,
                AutonomousSystemNumber = traced.AutonomousSystemNumber ?? reported.AutonomousSystemNumber,
                OrganizationName = traced.OrganizationName ?? reported.OrganizationName,
                IsContentDeliveryNetwork = traced.IsContentDeliveryNetwork || reported.IsContentDeliveryNetwork,
            };

    public ImmutableArray<int> Touches() => [.. Traces.Select(t => t.Ordinal)];

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        !access.Sees(FieldGroup.Hosting) ? [] : [.. Traces.Where(t => seen.Contains(t.Ordinal)).Select(t =>
            $"Item {t.Ordinal}: hosted in {t.Facts.Country?.Code ?? "an unknown country"} ({t.Facts.Source}).")];
}
