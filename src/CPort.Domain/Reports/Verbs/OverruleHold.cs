using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>The national bureau ends a hold to which a hotline objects; another person than who asked for it.</summary>
[ProtoContract, Manifest("rc39")]
public sealed record OverruleHold : IReportCommand, IAboutHold
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }

    /// <summary>In words, in the clear on the way in.</summary>
    [ProtoMember(4)] public SecretText? Why { get; init; }
    [ProtoMember(5)] public Sealed? SealedWhy { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) =>
        this with { Why = null, SealedWhy = SealText(seam, report, Why, SealedField.HoldText) };

    public ReportDecision Decide(Report report, ReportEnvironment environment) => Holding.Of(
        report, this, Number, ItemWrite.OverruleHold,
        hold =>
            Holding.Running(hold, environment)
            ?? (SealedWhy is null ? new Refusal(RejectionCode.ReasonMissing, "Say why.")
            : hold.Objections.IsEmpty ? new Refusal(RejectionCode.NotObjectedTo, "No hotline objects to the hold.")
            : hold.Agency == Context.Caller.Agency && hold.KeyId == Context.Caller.KeyId
                ? new Refusal(RejectionCode.SamePerson, "Somebody else decides than who asked for it.")
            : null),
        hold => new HoldOverruled { Meta = Context.ToMeta(), Number = Number, Ordinals = hold.Ordinals, Why = SealedWhy });
}

/// <summary>The national bureau ended a hold.</summary>
[ProtoContract, Manifest("re39")]
public sealed record HoldOverruled : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public ImmutableArray<int> Ordinals { get; init; } = [];
    [ProtoMember(5)] public Sealed? Why { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Holding.Change(report, this, Number, Ordinals, h => h with
    {
        Ended = HoldState.Overruled, EndedAt = Meta.OccurredAt,
    });

    public ImmutableArray<int> Touches() => Ordinals;

    public SealedText? FreeText() => Why is { } why ? new SealedText(SealedField.HoldText, why) : null;

    public bool IsShownTo(Caller caller, Report report) => Holding.IsShown(report, caller, Number);

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) => [$"Hold {Number} is overruled by {Meta.Agency}."];
}
