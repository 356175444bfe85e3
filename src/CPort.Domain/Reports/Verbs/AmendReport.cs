using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>The reporting hotline corrects what it said of the report; null leaves a field as it is, an empty text takes it away.</summary>
[ProtoContract, Manifest("rc3")]
public sealed record AmendReport : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public DateTimeOffset? HotlineReceivedDate { get; init; }

    /// <summary>Only the fields set in here are changed; an empty text removes one.</summary>
    [ProtoMember(4)] public ReportSecrets? Secrets { get; init; }
    [ProtoMember(5)] public Sealed? SealedSecrets { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report)
    {
        if (Secrets is not { } amended)
        {
            return this;
        }

        // Only what the amendment names is changed.
        var place = new SealedPlace(report.Id, SealedField.ReportSecrets);
        var before = report.Secrets is { } held ? seam.Open<ReportSecrets>(place, held) : new ReportSecrets();
        var secrets = new ReportSecrets
        {
            Referrer = Now(amended.Referrer, before.Referrer), UserName = Now(amended.UserName, before.UserName),
            Password = Now(amended.Password, before.Password), Memo = Now(amended.Memo, before.Memo),
            ReportingAnalyst = Now(amended.ReportingAnalyst, before.ReportingAnalyst), Involved = before.Involved,
        };

        static string? Now(string? amended, string? before) => amended is null ? before : amended.Length == 0 ? null : amended;

        return this with { Secrets = null, SealedSecrets = seam.Seal(place, secrets) };
    }

    public ReportDecision Decide(Report report, ReportEnvironment environment) =>
        Guard(report, Context.Caller, ItemWrite.Amend) is { } refused ? Rejected(report, this, refused)
        : HotlineReceivedDate > environment.Now + environment.ClockTolerance
            ? Rejected(report, this, RejectionCode.DateInFuture, "hotlineReceivedDate lies in the future.")
        : this is { HotlineReceivedDate: null, SealedSecrets: null }
            ? Rejected(report, this, RejectionCode.NothingToChange, "The amendment names nothing to change.")
        : Accepted(report, this, new ReportAmended
        {
            Meta = Context.ToMeta(), HotlineReceivedDate = HotlineReceivedDate, Secrets = SealedSecrets,
        });
}

/// <summary>The reporting hotline corrected the report's own fields.</summary>
[ProtoContract, Manifest("re3")]
public sealed record ReportAmended : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public DateTimeOffset? HotlineReceivedDate { get; init; }

    /// <summary>The whole secrets as they are now; null: unchanged.</summary>
    [ProtoMember(4)] public Sealed? Secrets { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => report with
    {
        HotlineReceivedDate = HotlineReceivedDate ?? report.HotlineReceivedDate, Secrets = Secrets ?? report.Secrets,
    };

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        ["Amended by the reporting hotline."];
}
