using CPort.Domain.Routing;

namespace CPort.Domain.Reports.Verbs;

/// <summary>A tracer's answer for one item; facts without a country mean "not found", which is an answer too.</summary>
public sealed record ItemTrace
{
    public required int Ordinal { get; init; }
    public required HostingFacts Facts { get; init; }

    /// <summary>What of it is still owed to the item; null: nothing.</summary>
    internal HostingFacts? New(ContentItem item) => !item.NeedsTrace() ? null : Keep(item.Hosting, OrBefore(item));

    /// <summary>
    /// A new occurrence that no tracer finds is taken to be where the old one was: else it would be nobody's, and vanish from who has just reported it.
    /// </summary>
    private HostingFacts OrBefore(ContentItem item) =>
        item.PreviousOccurrence is not null && Facts.Country is null && item.EarlierHosting is [.., { Country: not null } before] ? before : Facts;

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
}
