using CPort.Domain.Routing;
using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>New facts about where items are hosted; the first half of a move (ICCAM rule 11).</summary>
[ProtoContract, Manifest("rc13")]
public sealed record UpdateHosting : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];
    [ProtoMember(4)] public required HostingFacts Facts { get; init; }

    public ReportDecision Decide(Report report, ReportEnvironment environment) =>
        ForItems(report, this, Items, ItemWrite.UpdateHosting,
            item => ClosedOrLeased(item, Context.Caller, environment),
            items =>
            [
                new HostingUpdated { Meta = Context.ToMeta(), Ordinals = [.. items.Select(i => i.Ordinal)], Facts = Facts },

                // An item nobody had yet is routed at once; one that has an owner moves only by MoveToCountry (ICCAM rule 11).
                .. Facts.Country is { } country
                    ? Assigning.Events(Context, items.Where(i => i.Assignment is null)
                        .Select(i => Assigning.Route(i, country, episode: 1, Context.OccurredAt, environment)))
                    : [],

                // An orphan that turns out to be hosted where its taker is has the right country already, and is none any more.
                .. Assigning.Events(Context, items
                    .Where(i => i.Assignment is { Orphan: true, Country: { } taker } && taker == Facts.Country)
                    .Select(i => new ItemAssignment
                    {
                        Ordinal = i.Ordinal, Assignment = i.Assignment! with { Orphan = false }, Inheritance = i.Inheritance,
                    })),
            ]);
}

/// <summary>New facts on where items are hosted.</summary>
[ProtoContract, Manifest("re13")]
public sealed record HostingUpdated : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public ImmutableArray<int> Ordinals { get; init; } = [];
    [ProtoMember(4)] public required HostingFacts Facts { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    /// <summary>What is given goes into what is known. Without a country, an item that is nobody's job yet is traced (again) by what is known now.</summary>
    public Report Apply(Report report) => Each(report, this, Ordinals, i => i.LawsFollow(Facts.Country) with
    {
        Hosting = Into(i.Hosting, Facts), Traced = (i.Assignment is not null && i.Traced) || Into(i.Hosting, Facts).Country is not null,
        EarlierHosting = i.Hosting is { } before ? i.EarlierHosting.Add(before) : i.EarlierHosting,
    });

    private static HostingFacts Into(HostingFacts? known, HostingFacts given) => known is null ? given : known with
    {
        Country = given.Country ?? known.Country, Confidence = given.Country is null ? known.Confidence : given.Confidence,
        IpAddress = given.IpAddress ?? known.IpAddress, Isp = given.Isp ?? known.Isp,
        AutonomousSystemNumber = given.AutonomousSystemNumber ?? known.AutonomousSystemNumber,
        OrganizationName = given.OrganizationName ?? known.OrganizationName,
        IsContentDeliveryNetwork = given.IsContentDeliveryNetwork || known.IsContentDeliveryNetwork,
        Source = given.Source, TracedAt = given.TracedAt,
    };

    public ImmutableArray<int> Touches() => Ordinals;

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        access.Sees(FieldGroup.Hosting) ? [$"Hosted in {Facts.Country?.Code ?? "an unknown country"} ({Facts.Source})."] : [];
}
