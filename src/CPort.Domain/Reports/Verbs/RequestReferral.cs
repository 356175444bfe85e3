using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// Items are given to police by hand: a hotline to whom it concerns, police to itself. The referral is opened a moment later, by CPort itself, which goes on
/// trying.
/// </summary>
[ProtoContract, Manifest("rc41")]
public sealed record RequestReferral : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];
    [ProtoMember(4)] public required AgencyId Agency { get; init; }
    [ProtoMember(5)] public required ReferralWhy Why { get; init; }

    /// <summary>Of a series or group: its keyed name.</summary>
    [ProtoMember(6)] public string? About { get; init; }

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var caller = Context.Caller;
        return ForItems(report, this, Items, ItemWrite.Refer,
            item =>
                !environment.Members.IsPoliceOrInterpol(Agency) || (caller.Kind != AgencyKind.Hotline && caller.Agency != Agency)
                    ? new Refusal(RejectionCode.NotPolice, "A hotline refers to police or INTERPOL that takes part; police refers to itself, and forwards.")
                : item.Referrals.Any(r => r.Agency == Agency && r.Why == Why && r.About == ItemReferrals.AboutOf(report, item, Why, About))
                    ? new Refusal(RejectionCode.NothingToChange, "It is referred so already.")
                : item.Referrals.Count(r => r.By == caller.Agency) >= ReportLimits.ReferralsOfAgency
                    ? new Refusal(RejectionCode.TooManyItems, $"An agency refers an item {ReportLimits.ReferralsOfAgency} times at most.")
                : null,
            items =>
            [
                new ReferralRequested
                {
                    Meta = Context.ToMeta(), Agency = Agency, Why = Why,
                    Items = [.. items.Select(i => new ItemReferred { Ordinal = i.Ordinal, About = ItemReferrals.AboutOf(report, i, Why, About) })],
                },
            ]);
    }
}

/// <summary>What the referral of one item is about.</summary>
[ProtoContract]
public sealed record ItemReferred
{
    [ProtoMember(1)] public required int Ordinal { get; init; }
    [ProtoMember(2)] public required string About { get; init; }
}

/// <summary>Items are to go to police.</summary>
[ProtoContract, Manifest("re41")]
public sealed record ReferralRequested : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required AgencyId Agency { get; init; }
    [ProtoMember(4)] public required ReferralWhy Why { get; init; }
    [ProtoMember(5)] public ImmutableArray<ItemReferred> Items { get; init; } = [];

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Said(report, this, Touches(), i => i with
    {
        Referrals = i.Referrals.Add(new ItemReferral
        {
            Agency = Agency, Why = Why, About = Items.First(r => r.Ordinal == i.Ordinal).About, Urgent = report.Urgent, By = Meta.Agency,
        }),
    });

    public ImmutableArray<int> Touches() => [.. Items.Select(i => i.Ordinal)];

    public bool IsShownTo(Caller caller, Report report) => TakeReferral.IsShown(report, caller, Touches(), Agency);

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) => [.. seen.Select(o => $"Item {o} is referred to {Agency}.")];
}
