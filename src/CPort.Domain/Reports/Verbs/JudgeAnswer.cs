using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>Who asked has what it needs, or asks again for what is still missing.</summary>
[ProtoContract, Manifest("rc52")]
public sealed record JudgeAnswer : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public bool Satisfied { get; init; }

    /// <summary>Of one that is asked again: what for; empty: for the same.</summary>
    [ProtoMember(5)] public ImmutableArray<DataField> Fields { get; init; } = [];
    [ProtoMember(6)] public DateTimeOffset? Due { get; init; }

    /// <summary>In words, in the clear on the way in.</summary>
    [ProtoMember(7)] public SecretText? Text { get; init; }
    [ProtoMember(8)] public Sealed? SealedText { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report) =>
        this with { Text = null, SealedText = SealText(seam, report, Text, SealedField.QuestionText) };

    public ReportDecision Decide(Report report, ReportEnvironment environment) => Asking.Of(
        report, this, Number, ItemWrite.JudgeAnswer,
        question => Asking.Own(question, this)
            ?? (question.State is QuestionState.Satisfied or QuestionState.Withdrawn || (!Satisfied && question.IsOpen)
                ? new Refusal(RejectionCode.QuestionNotOpen, $"The question is {question.StateAt(environment.Now)}.")
            : Satisfied ? null
            : (Fields.IsEmpty ? null : Asking.CheckFields(Fields)) ?? (Due is { } due ? Asking.CheckDue(environment.Now, due) : null)),
        question =>
        {
            var line = Asking.Line(this, Satisfied ? QuestionState.Satisfied : QuestionState.AskedAgain, environment.Now, SealedText);
            return new AnswerJudged
            {
                Meta = Context.ToMeta(), Number = Number, Ordinals = question.Ordinals,
                Line = Satisfied ? line : line with
                {
                    Fields = Fields.IsEmpty ? question.Fields : [.. Fields.Order()],
                    Due = Due ?? Asking.DueOf(environment.Now, question.Urgent || report.Urgent),
                },
            };
        });
}

/// <summary>Who asked is satisfied, or asked again.</summary>
[ProtoContract, Manifest("re52")]
public sealed record AnswerJudged : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public ImmutableArray<int> Ordinals { get; init; } = [];
    [ProtoMember(5)] public required QuestionLine Line { get; init; }

    public bool IsAskedAgain => Line.State == QuestionState.AskedAgain;

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report) => Asking.Change(report, this, Number, Ordinals, q => q with
    {
        Lines = q.Lines.Add(Line), Fields = IsAskedAgain ? Line.Fields : q.Fields, Due = Line.Due ?? q.Due, OverdueNoted = q.OverdueNoted && !IsAskedAgain,
    });

    public ImmutableArray<int> Touches() => Ordinals;

    public SealedText? FreeText() => Line.Text is { } text ? new SealedText(SealedField.QuestionText, text) : null;

    public bool IsShownTo(Caller caller, Report report) => Asking.IsShown(report, caller, Number);

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access) =>
    [
        IsAskedAgain ? $"Question {Number}: {Meta.Agency} asks again for {Asking.Named(Line.Fields)}, by {Holding.Moment(Line.Due!.Value)}."
            : $"Question {Number}: {Meta.Agency} has what it needs.",
    ];
}
