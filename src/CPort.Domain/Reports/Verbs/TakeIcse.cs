using CPort.Domain.Icse;
using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>What became of an item in a package for ICSE. Sent until it is taken; again it does nothing. Of CPort itself.</summary>
[ProtoContract, Manifest("rc62")]
public sealed record TakeIcse : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required int Ordinal { get; init; }

    /// <summary>The series' name in the clear on the way in.</summary>
    [ProtoMember(4)] public required ItemIcse Icse { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) => Icse.Finding is not { } finding ? this : this with
    {
        Icse = Icse with { Finding = finding with { Clear = null, Series = SealText(seam, report, finding.Clear, SealedField.IcseText) } },
    };

    public bool ComesAfterWithdrawal => true;

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var decision = Taken(report);
        var after = decision.Events.Aggregate(report, ReportRules.Apply).Item(Ordinal);
        return decision with
        {
            Reply = decision.Reply with
            {
                Referrals = [.. (after?.Referrals ?? []).Select(r => r.Referral).OfType<ReferralRef>()],
                Icse = ItemIcse.WordOf(ReportId, after) is { } word ? [word] : [],
            },
        };
    }

    private ReportDecision Taken(Report report) =>
        Guard(report, Context.Caller, ItemWrite.Automatic) is { } refused ? Rejected(report, this, refused)
        : report.Item(Ordinal) is not { } item || item.InPackages().Any(known => known.Package == Icse.Package && known.News >= Icse.News)
            ? Accepted(report, this)
        : Accepted(report, this, new IcseNoted { Meta = Context.ToMeta(), Ordinal = Ordinal, Icse = Icse });
}

/// <summary>An item went to ICSE, ICSE said something of it, or it was called back.</summary>
[ProtoContract, Manifest("re62")]
public sealed record IcseNoted : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Ordinal { get; init; }
    [ProtoMember(4)] public required ItemIcse Icse { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    /// <summary>It is no change to who works on the item just then: its version stays.</summary>
    public Report Apply(Report report) =>
        report with { Items = report.Items.SetItem(Ordinal - 1, ItemIcse.With(report.Items[Ordinal - 1], Icse)) };

    public ImmutableArray<int> Touches() => [Ordinal];

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) => [.. seen.Select(o => Icse switch
    {
        { Recalled: { } reason } => $"Item {o} was called back from ICSE ({reason}).",
        { Finding: { } f } => $"ICSE says of item {o}: {(f.Known ? "known" : "new")}{(f.VictimIdentified ? ", victim identified" : "")}"
            + $"{(f.OffenderIdentified ? ", offender identified" : "")}{(f.Series is null ? "" : ", of a series")}.",
        _ => $"Item {o} went to ICSE.",
    })];
}
