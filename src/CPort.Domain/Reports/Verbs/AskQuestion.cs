using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>Police that has items in a referral asks their source, or who has them, for data by code.</summary>
[ProtoContract, Manifest("rc50")]
public sealed record AskQuestion : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public ImmutableArray<ItemTarget> Items { get; init; } = [];
    [ProtoMember(4)] public required QuestionTo To { get; init; }
    [ProtoMember(5)] public ImmutableArray<DataField> Fields { get; init; } = [];

    /// <summary>Until when; null: a day when it is urgent, else five.</summary>
    [ProtoMember(6)] public DateTimeOffset? Due { get; init; }

    /// <summary>In words, in the clear on the way in.</summary>
    [ProtoMember(7)] public SecretText? Text { get; init; }
    [ProtoMember(8)] public Sealed? SealedText { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) =>
        this with { Text = null, SealedText = SealText(seam, report, Text, SealedField.QuestionText) };

    public ReportDecision Decide(Report report, ReportEnvironment environment)
    {
        var (caller, now) = (Context.Caller, environment.Now);
        var own = report.Questions.Count(q => q.Agency == caller.Agency);
        var number = PoliceNumbers.Next("question", report.Id, caller.Agency, own, n => report.Question(n) is not null);
        ItemReferral? Own(ContentItem item) => item.Referrals.LastOrDefault(r => r.Agency == caller.Agency && r.Referral is not null);
        bool IsUrgent(ContentItem item) => report.Urgent || Own(item)?.Urgent == true;
        return ForItems(report, this, Items, ItemWrite.Ask,
            item =>
                Own(item) is null ? new Refusal(RejectionCode.NotReferred, "Your agency asks about items that it has in a referral.")
                : Asking.CheckFields(Fields) ?? (Due is { } due ? Asking.CheckDue(now, due) : null)
                ?? (To == QuestionTo.Source && report.FromProvider
                    ? new Refusal(RejectionCode.AskedOfAnother, "A provider sent the report and is asked nothing here; ask who has the item.")
                : To == QuestionTo.Assigned && item.Assignment is not ({ Country: not null } or { EscalatedTo: not null })
                    ? new Refusal(RejectionCode.NotAssigned, "Nobody has the item yet; ask its source.")
                : report.Questions.FirstOrDefault(q => q.IsOpen && q.Agency == caller.Agency && q.To == To && q.Ordinals.Contains(item.Ordinal)
                    && q.Fields.Any(Fields.Contains)) is { } other
                    ? new Refusal(RejectionCode.AskedAlready, $"Your agency's question {new QuestionRef(report.Id, other.Number)} waits for that already.")
                : own >= ReportLimits.QuestionsOfAgency
                    ? new Refusal(RejectionCode.TooManyItems, $"An agency asks at most {ReportLimits.QuestionsOfAgency} questions about a report.")
                : null),
            items =>
            {
                var urgent = items.Any(IsUrgent);
                var until = Due ?? Asking.DueOf(now, urgent);
                return
                [
                    new QuestionAsked
                    {
                        Meta = Context.ToMeta(),
                        Question = new PoliceQuestion
                        {
                            Number = number, Agency = caller.Agency, To = To, Referral = Own(items[0])!.Referral, Urgent = urgent, Due = until,
                            Fields = [.. Fields.Order()], Ordinals = [.. items.Select(i => i.Ordinal).Order()],
                            Lines = [Asking.Line(this, QuestionState.Asked, now, SealedText) with { Fields = [.. Fields.Order()], Due = until }],
                        },
                    },
                ];
            }).Naming(question: number);
    }
}

/// <summary>Police asked for data.</summary>
[ProtoContract, Manifest("re50")]
public sealed record QuestionAsked : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required PoliceQuestion Question { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Said(report with { Questions = report.Questions.Add(Question) }, this, Question.Ordinals, i => i);

    public ImmutableArray<int> Touches() => Question.Ordinals;

    public SealedText? FreeText() => Question.Lines[0].Text is { } text ? new SealedText(SealedField.QuestionText, text) : null;

    public bool IsShownTo(Caller caller, Report report) => Asking.IsShown(report, caller, Question.Number);

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
    [
        .. seen.Select(o => $"Item {o}: {Question.Agency} asks for {Asking.Named(Question.Fields)}, by {Holding.Moment(Question.Due)}."),
    ];
}
