using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>What a hotline answers for one field, on the way in.</summary>
[ProtoContract]
public sealed record AnswerInput
{
    [ProtoMember(1)] public required DataField Field { get; init; }
    [ProtoMember(2)] public bool Impossible { get; init; }
    [ProtoMember(3)] public bool None { get; init; }

    /// <summary>The value, in the clear; of access the user name.</summary>
    [ProtoMember(4)] public SecretText? Text { get; init; }
    [ProtoMember(5)] public SecretText? Password { get; init; }
    [ProtoMember(6)] public SiteType? SiteType { get; init; }

    /// <summary>Sealed; null when it went into the report's own field, or there is none.</summary>
    [ProtoMember(7)] public Sealed? Value { get; init; }
    [ProtoMember(8)] public bool Filled { get; init; }
}

/// <summary>
/// A hotline answers, all that was asked for at once. What the report has a field for fills it, unless another has filled it before; the rest is kept, sealed,
/// with the question.
/// </summary>
[ProtoContract, Manifest("rc51")]
public sealed record AnswerQuestion : IReportCommand
{
    [ProtoMember(1)] public required ReportId ReportId { get; init; }
    [ProtoMember(2)] public required CommandContext Context { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public ImmutableArray<AnswerInput> Answers { get; init; } = [];

    /// <summary>None of it can be found out: stands for an answer to each field.</summary>
    [ProtoMember(5)] public bool Impossible { get; init; }

    /// <summary>In words, in the clear on the way in.</summary>
    [ProtoMember(6)] public SecretText? Text { get; init; }
    [ProtoMember(7)] public Sealed? SealedText { get; init; }

    /// <summary>The report's own fields as they are then; null: unchanged.</summary>
    [ProtoMember(8)] public Sealed? SealedSecrets { get; init; }

    public IReportVerb Seal(ConfidentialSeam seam, Report report)
    {
        var place = new SealedPlace(report.Id, SealedField.ReportSecrets);
        var before = report.Secrets is { } held ? seam.Open<ReportSecrets>(place, held) : new ReportSecrets();
        var (after, answers) = (before, ImmutableArray.CreateBuilder<AnswerInput>(Answers.Length));

        // What the source gave is the source's to change.
        bool Fills(string? now) => string.IsNullOrEmpty(now) || Context.Caller.Agency == report.ReportingHotline;
        foreach (var answer in Answers)
        {
            var (bare, text) = (answer with { Text = null, Password = null }, answer.Text?.Text);
            switch (answer.Field)
            {
                case DataField.Referrer when text is not null && Fills(before.Referrer):
                    after = after with { Referrer = text };
                    answers.Add(bare with { Filled = true });
                    break;
                case DataField.Access when text is not null && Fills(before.UserName) && Fills(before.Password):
                    after = after with { UserName = text, Password = answer.Password?.Text };
                    answers.Add(bare with { Filled = true });
                    break;
                case DataField.Access when text is not null:
                    answers.Add(Kept($"{text}\n{answer.Password?.Text}"));
                    break;
                default:
                    answers.Add(text is null ? bare : Kept(text));
                    break;
            }

            AnswerInput Kept(string words) => bare with
            {
                Value = SealText(seam, report, new SecretText { Text = words }, SealedField.QuestionText, (int)answer.Field),
            };
        }

        return this with
        {
            Answers = answers.ToImmutable(), Text = null, SealedText = SealText(seam, report, Text, SealedField.QuestionText),
            SealedSecrets = after == before ? null : seam.Seal(place, after),
        };
    }

    public ReportDecision Decide(Report report, ReportEnvironment environment) => Asking.Of(
        report, this, Number, ItemWrite.Answer,
        question =>
            !question.IsFor(report, Context.Caller)
                ? new Refusal(RejectionCode.AskedOfAnother,
                    $"{question.Agency} asks {(question.To == QuestionTo.Source ? "the source" : "who has the items")}.")
            : !question.IsOpen ? new Refusal(RejectionCode.QuestionNotOpen, $"The question is {question.State}.")
            : !Impossible && !(Answers.Length == question.Fields.Length && question.Fields.All(f => Answers.Any(a => a.Field == f && Says(a))))
                ? new Refusal(RejectionCode.AnswerIncomplete,
                    $"Each of these, and no other, wants a value, that there is none, or that it is impossible: {Asking.Named(question.Fields)}.")
            : Answers.Any(a => a.SiteType is { } type && report.SiteTypeBy is { } by && by != Context.Caller.Agency && report.SiteType != type)
                ? new Refusal(RejectionCode.SetByAnother, "Another agency set the site type; only who set it changes it.")
            : null,
        question =>
        {
            ImmutableArray<QuestionAnswer> given = Impossible ? [.. question.Fields.Select(f => new QuestionAnswer { Field = f, Impossible = true })] :
            [
                .. Answers.OrderBy(a => a.Field).Select(a => new QuestionAnswer
                {
                    Field = a.Field, Impossible = a.Impossible, None = a.None, Filled = a.Filled || a.SiteType is not null, Value = a.Value,
                }),
            ];
            var state = given.All(a => a.Impossible) ? QuestionState.Impossible : QuestionState.Answered;
            return new QuestionAnswered
            {
                Meta = Context.ToMeta(), Number = Number, Ordinals = question.Ordinals, Secrets = Impossible ? null : SealedSecrets,
                SiteType = Impossible ? null : Answers.FirstOrDefault(a => a.SiteType is not null)?.SiteType,
                Line = Asking.Line(this, state, environment.Now, SealedText) with { Answers = given },
            };
        });

    /// <summary>Exactly one of: a value, none, impossible.</summary>
    private static bool Says(AnswerInput a) =>
        new[] { a.Impossible, a.None, a.Filled || a.Value is not null || a.SiteType is not null }.Count(said => said) == 1
        && (a.SiteType is not null || a.Impossible || a.None) == (a.Field == DataField.SiteType || a.Impossible || a.None);
}

/// <summary>A hotline answered what police asked.</summary>
[ProtoContract, Manifest("re51")]
public sealed record QuestionAnswered : IReportEvent
{
    [ProtoMember(1)] public required EventMeta Meta { get; init; }
    [ProtoMember(2)] public CommandReply? Receipt { get; init; }
    [ProtoMember(3)] public required int Number { get; init; }
    [ProtoMember(4)] public ImmutableArray<int> Ordinals { get; init; } = [];
    [ProtoMember(5)] public required QuestionLine Line { get; init; }

    /// <summary>The report's whole secrets as they are now; null: unchanged.</summary>
    [ProtoMember(6)] public Sealed? Secrets { get; init; }
    [ProtoMember(7)] public SiteType? SiteType { get; init; }

    public IReportEvent Stamped(EventMeta meta, CommandReply? receipt) => this with { Meta = meta, Receipt = receipt };

    public Report Apply(Report report)
    {
        var next = Asking.Change(report, this, Number, Ordinals, q => q with { Lines = q.Lines.Add(Line) });
        return next with
        {
            Secrets = Secrets ?? report.Secrets, SiteType = SiteType ?? report.SiteType,
            SiteTypeBy = SiteType is null || SiteType == report.SiteType ? report.SiteTypeBy : Meta.Agency,
        };
    }

    public ImmutableArray<int> Touches() => Ordinals;

    public SealedText? FreeText() => Line.Text is { } text ? new SealedText(SealedField.QuestionText, text) : null;

    public bool IsShownTo(Caller caller, Report report) => Asking.IsShown(report, caller, Number);

    public ImmutableArray<string> Sentences(ImmutableArray<int> seen, ItemAccess access)
    {
        var (given, not) = (Line.Answers.Where(a => !a.Impossible).Select(a => a.Field).ToArray(),
            Line.Answers.Where(a => a.Impossible).Select(a => a.Field).ToArray());
        return [$"Question {Number} of police is answered: "
            + string.Join("; ", new[] { Asking.Named(given), not.Length > 0 ? $"impossible: {Asking.Named(not)}" : "" }.Where(t => t.Length > 0)) + "."];
    }
}
