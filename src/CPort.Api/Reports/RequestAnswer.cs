namespace CPort.Api.Reports;

/// <summary>What police asks a hotline for, and what is answered.</summary>
public sealed record RequestAnswer
{
    /// <summary>The report's id, <c>-q</c>, the question's number there.</summary>
    public required string RequestId { get; init; }

    /// <summary>Who asks.</summary>
    public required string Agency { get; init; }

    /// <summary>For who asks alone.</summary>
    public string? ReferralId { get; init; }
    public required QuestionTo To { get; init; }
    public required QuestionState State { get; init; }

    /// <summary>It is for the caller's agency to answer.</summary>
    public required bool ToAnswer { get; init; }
    public required bool Urgent { get; init; }

    /// <summary>What is asked for now.</summary>
    public required IReadOnlyList<DataField> Fields { get; init; }
    public required DateTimeOffset AskedAt { get; init; }
    public required DateTimeOffset Due { get; init; }

    /// <summary>Ordinals of its items that the caller sees.</summary>
    public required IReadOnlyList<int> Items { get; init; }

    /// <summary>What was asked and answered, oldest first.</summary>
    public required IReadOnlyList<QuestionLineAnswer> Lines { get; init; }

    public static RequestAnswer Of(ReportId report, QuestionView view)
    {
        var (question, values) = (view.Question, new Queue<string>(view.Values));
        return new RequestAnswer
        {
            RequestId = new QuestionRef(report, question.Number).ToString(), Agency = question.Agency.Value, ReferralId = question.Referral?.ToString(),
            To = question.To, State = view.State, ToAnswer = view.ToAnswer, Urgent = question.Urgent, Fields = question.Fields, AskedAt = question.AskedAt,
            Due = question.Due, Items = question.Ordinals,
            Lines = [.. question.Lines.Select((l, i) => QuestionLineAnswer.Of(l, view.Texts.ElementAtOrDefault(i), values))],
        };
    }
}

/// <summary>One thing that was asked or answered.</summary>
public sealed record QuestionLineAnswer(
    QuestionState State, DateTimeOffset At, string Agency, string? KeyId, string? Text, IReadOnlyList<DataField>? Fields, DateTimeOffset? Due,
    IReadOnlyList<FieldGivenAnswer>? Answers)
{
    internal static QuestionLineAnswer Of(QuestionLine line, string? text, Queue<string> values) => new(
        line.State, line.At, line.Agency.Value, ItemAnswer.OwnKey(line.KeyId), text is { Length: > 0 } ? text : null,
        line.Fields.IsEmpty ? null : line.Fields, line.Due,
        line.Answers.IsEmpty ? null : [.. line.Answers.Select(a => new FieldGivenAnswer(
            a.Field, a.Impossible ? "impossible" : a.None ? "none" : a.Filled ? "inReport" : "given",
            values.Dequeue() is { Length: > 0 } value ? value : null))]);
}

/// <summary>What was answered for one field.</summary>
/// <param name="Field">Which.</param>
/// <param name="How"><c>given</c>: the value stands here; <c>inReport</c>: it stands in the report's own field; <c>none</c>; <c>impossible</c>.</param>
/// <param name="Value">The value; of access, user name and password on two lines.</param>
public sealed record FieldGivenAnswer(DataField Field, string How, string? Value);
