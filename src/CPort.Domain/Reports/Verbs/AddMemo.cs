using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>A note on the report or on one item.</summary>
[ProtoContract, Manifest("rc18")]
public sealed record AddMemo : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public int? Ordinal { get; init; }
    [ProtoMember(4)] public SecretText? Text { get; init; }
    [ProtoMember(5)] public Sealed? SealedText { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) =>
        this with { Text = null, SealedText = SealText(seam, report, Text, SealedField.Memo, Ordinal ?? 0) };

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var refused = Ordinal is not { } ordinal ? Guard(report, Context.Caller, ItemWrite.AddMemo)
            : report.Item(ordinal) is { } item ? Guard(report, item, Context.Caller, ItemWrite.AddMemo)
            : NotFound;
        if (refused is not null)
        {
            return Rejected(report, this, refused);
        }

        if (SealedText is null)
        {
            return Rejected(report, this, RejectionCode.NothingToChange, "A memo needs a text.");
        }

        return Accepted(report, this, new MemoAdded
        {
            Meta = Context.ToMeta(),
            Memo = new Memo
            {
                Agency = Context.Caller.Agency, At = Context.OccurredAt, Ordinal = Ordinal,
                Text = SealedText,
            },
        });
    }
}

/// <summary>A note was added.</summary>
[ProtoContract, Manifest("re17")]
public sealed record MemoAdded : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required Memo Memo { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => report with { Memos = report.Memos.Add(Memo) };

    public ImmutableArray<int> Touches() => Memo.Ordinal is { } ordinal ? [ordinal] : [];

    public SealedText? FreeText() => new SealedText(SealedField.Memo, Memo.Text, Memo.Ordinal ?? 0);

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        [$"Memo by {Memo.Agency}."];
}
