using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>Site type, commerciality and payment methods of the source URL; null leaves one as it is. Each is changed by who set it.</summary>
[ProtoContract, Manifest("rc17")]
public sealed record SetSiteFacts : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public SiteType? SiteType { get; init; }
    [ProtoMember(4)] public Commerciality? Commerciality { get; init; }
    [ProtoMember(5)] public ImmutableArray<PaymentMethod> PaymentMethods { get; init; } = [];

    /// <summary>Tells an empty list that is meant from one that was not given.</summary>
    [ProtoMember(6)] public bool PaymentMethodsGiven { get; init; }

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        if (Guard(report, Context.Caller, ItemWrite.DescribeSite) is { } refused)
        {
            return Rejected(report, this, refused);
        }

        if (this is { SiteType: null, Commerciality: null, PaymentMethodsGiven: false })
        {
            return Rejected(report, this, RejectionCode.NothingToChange, "Nothing to set.");
        }

        bool IsAnothers(AgencyId? by, bool changes) => changes && by is { } agency && agency != Context.Caller.Agency;
        if (IsAnothers(report.SiteTypeBy, SiteType is not null && SiteType != report.SiteType)
            || IsAnothers(report.CommercialityBy, Commerciality is not null && Commerciality != report.Commerciality)
            || IsAnothers(report.PaymentMethodsBy, PaymentMethodsGiven && !PaymentMethods.ToHashSet().SetEquals(report.PaymentMethods)))
        {
            return Rejected(report, this, RejectionCode.SetByAnother, "Another agency set this; only who set it changes it.");
        }

        return Accepted(report, this, new SiteFactsSet
        {
            Meta = Context.ToMeta(), SiteType = SiteType ?? report.SiteType,
            Commerciality = Commerciality ?? report.Commerciality,
            PaymentMethods = PaymentMethodsGiven ? PaymentMethods : report.PaymentMethods,
        });
    }
}

/// <summary>Site type, commerciality or payment methods as they are now.</summary>
[ProtoContract, Manifest("re16")]
public sealed record SiteFactsSet : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public SiteType? SiteType { get; init; }
    [ProtoMember(4)] public Commerciality? Commerciality { get; init; }
    [ProtoMember(5)] public ImmutableArray<PaymentMethod> PaymentMethods { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => report with
    {
        SiteType = SiteType, Commerciality = Commerciality, PaymentMethods = PaymentMethods,
        SiteTypeBy = SiteType == report.SiteType ? report.SiteTypeBy : Meta.Agency,
        CommercialityBy = Commerciality == report.Commerciality ? report.CommercialityBy : Meta.Agency,
        PaymentMethodsBy = PaymentMethods.SequenceEqual(report.PaymentMethods) ? report.PaymentMethodsBy : Meta.Agency,
    };

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        access.Sees(FieldGroup.Hosting)
            ? [$"Site type {SiteType}, {Commerciality}, payment by {string.Join(", ", PaymentMethods)}."]
            : [];
}
