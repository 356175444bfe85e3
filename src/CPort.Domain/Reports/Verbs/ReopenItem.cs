using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>
/// The assigned country takes up again what it closed as not illegal, or what a believed Baseline contradicts since: a new occurrence, linked to the old one,
/// which stays as it was closed.
/// </summary>
[ProtoContract, Manifest("rc31")]
public sealed record ReopenItem : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required ItemTarget Item { get; init; }
    [ProtoMember(4)] public required long ItemNumber { get; init; }
    [ProtoMember(5)] public SecretText? Why { get; init; }
    [ProtoMember(6)] public Sealed? SealedWhy { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) => this with { Why = null, SealedWhy = SealText(seam, report, Why, SealedField.Why) };

    public ReportDecision Decide(Report report, ReportEnvironment environment) => Occurrences.Begin(
        report, this, Item, ItemWrite.Reopen, environment,
        item =>
            item.NextOccurrence is not null
                ? new Refusal(RejectionCode.NotReopenable, $"It was taken up again before, as item {item.NextOccurrence}.")
            : item.FinalAction() is not { } final || !(final.Type == ActionType.NotIllegal || item.IsContradicted())
                ? new Refusal(RejectionCode.NotReopenable, "Only what was closed as not illegal, or is contradicted since, is reopened.")
            : null,
        (earlier, ordinal) => new ItemReopened
        {
            Meta = Context.ToMeta(), EarlierOrdinal = earlier.Ordinal, Why = SealedWhy,
            Occurrence = Occurrences.Of(earlier, ordinal, ItemNumber, Context) with
            {
                // It is the same country's job, in the same place.
                Traced = earlier.Traced, Hosting = earlier.Hosting, EarlierHosting = earlier.EarlierHosting,
                Assignment = earlier.Assignment! with { Episode = 1, CountrySince = Context.OccurredAt },

                // What was said of it here is what is looked at anew; what others said goes along.
                Assessments = Occurrences.CopiesOf(earlier, a => a.Objection || !earlier.IsOfTheJob(a)),
            },
        },
        ItemNumber);
}

/// <summary>A closed item was taken up again; its new occurrence is in here.</summary>
[ProtoContract, Manifest("re31")]
public sealed record ItemReopened : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int EarlierOrdinal { get; init; }
    [ProtoMember(4)] public required ContentItem Occurrence { get; init; }
    [ProtoMember(5)] public Sealed? Why { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Occurrences.Add(report, this, EarlierOrdinal, Occurrence);

    public ImmutableArray<int> Touches() => [EarlierOrdinal, Occurrence.Ordinal];

    public SealedText? FreeText() => Why is { } why ? new SealedText(SealedField.Why, why) : null;

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
        [$"Item {EarlierOrdinal} was reopened, as item {Occurrence.Ordinal}."];
}
