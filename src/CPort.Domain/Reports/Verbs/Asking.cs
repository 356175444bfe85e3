using static CPort.Domain.Reports.Verbs.VerbRules;

namespace CPort.Domain.Reports.Verbs;

/// <summary>What the verbs about questions share.</summary>
internal static class Asking
{
    private static readonly Refusal None = new(RejectionCode.NoSuchQuestion, "There is no such question.");

    private static readonly Refusal NotOwn = new(RejectionCode.SetByAnother, "Another agency asks, and only who asks says that it is answered or asks again.");

    /// <summary>A verb about one question that is there and that the caller is part of; else to the caller there is none.</summary>
    public static ReportDecision Of(
        Report report, IReportVerb verb, int number, ItemWrite write, Func<PoliceQuestion, Refusal?> check, Func<PoliceQuestion, IReportEvent> make)
    {
        var caller = verb.Context.Caller;
        if (Guard(report, caller, write) is { } refused)
        {
            return Rejected(report, verb, refused);
        }

        if (report.Question(number) is not { } question || !report.IsPartyTo(caller, question))
        {
            return Rejected(report, verb, None);
        }

        var guards = question.Ordinals.Select(report.Item).OfType<ContentItem>().Select(i => Guard(report, i, caller, write)).ToArray();
        return ((guards.All(g => g is not null) ? guards.FirstOrDefault() : null)
            ?? (question.Lines.Length >= ReportLimits.LinesPerQuestion
                ? new Refusal(RejectionCode.TooManyItems, $"Of a question at most {ReportLimits.LinesPerQuestion} things are said.") : null)
            ?? check(question)) is { } no
            ? Rejected(report, verb, no)
            : Accepted(report, verb, make(question)).Naming(question: number);
    }

    public static Refusal? Own(PoliceQuestion question, IReportVerb verb) => question.Agency == verb.Context.Caller.Agency ? null : NotOwn;

    /// <summary>The question is for the caller's agency: it is the source, or has one of the items.</summary>
    public static bool IsFor(this PoliceQuestion question, Report report, Caller caller) => question.To == QuestionTo.Source
        ? caller.Agency == report.ReportingHotline
        : question.Ordinals.Select(report.Item).OfType<ContentItem>().Any(i => Has(caller, ReportViews.RelationFacts(report, i)));

    private static bool Has(Caller caller, ItemRelationFacts item)
    {
        var relations = AccessTable.RelationsOf(caller, item);
        return (relations & (ItemRelations.AssignedHotline | ItemRelations.Escalated)) != 0
            || (item.AssignedHotline is null && (relations & ItemRelations.AssignedCountry) != 0);
    }

    /// <summary>An answer is due in the future, and not in a year.</summary>
    public static Refusal? CheckDue(DateTimeOffset now, DateTimeOffset due) =>
        due > now && due <= now.AddHours(ReportLimits.MaxQuestionHours) ? null
            : new Refusal(RejectionCode.QuestionDueDoesNotFit, $"An answer is due in the future, and within {ReportLimits.MaxQuestionHours / 24} days.");

    /// <summary>Whether each of these can be asked for.</summary>
    public static Refusal? CheckFields(ImmutableArray<DataField> fields) =>
        !fields.IsEmpty && fields.All(f => Completeness.Askable.Contains(f)) && fields.Distinct().Count() == fields.Length ? null
            : new Refusal(RejectionCode.AnswerIncomplete, $"A question is about some of these, each once: {string.Join(", ", Completeness.Askable)}.");

    public static DateTimeOffset DueOf(DateTimeOffset now, bool urgent) =>
        now.AddHours(urgent ? ReportLimits.UrgentQuestionHours : ReportLimits.QuestionHours);

    public static QuestionLine Line(IReportVerb verb, QuestionState state, DateTimeOffset now, Sealed? text) =>
        new() { State = state, At = now, Agency = verb.Context.Caller.Agency, KeyId = verb.Context.Caller.KeyId, Text = text };

    public static Report Change(Report report, IReportEvent e, int number, ImmutableArray<int> ordinals, Func<PoliceQuestion, PoliceQuestion> change) =>
        Said(report with { Questions = [.. report.Questions.Select(q => q.Number == number ? change(q) : q)] }, e, ordinals, i => i);

    /// <summary>With the report all that is asked ends.</summary>
    public static ImmutableArray<PoliceQuestion> Withdrawn(ImmutableArray<PoliceQuestion> questions, EventMeta meta) => questions.IsEmpty ? questions :
    [
        .. questions.Select(q => q.State == QuestionState.Satisfied ? q : q with
        {
            Lines = q.Lines.Add(new QuestionLine { State = QuestionState.Withdrawn, At = meta.OccurredAt, Agency = meta.Agency, KeyId = meta.KeyId }),
        }),
    ];

    public static bool IsShown(Report report, Caller caller, int number) => report.Question(number) is { } question && report.IsPartyTo(caller, question);

    public static string Named(IEnumerable<DataField> fields) => string.Join(", ", fields);
}
