namespace CPort.Api.Reports;

/// <summary>That an item waits for a second look, or what came of it.</summary>
public sealed record SecondLookAnswer
{
    public required DateTimeOffset Since { get; init; }

    /// <summary>It waits still. Then nothing of what was said is in the answer.</summary>
    public required bool Waits { get; init; }

    /// <summary>How many equal answers it takes.</summary>
    public required int Agreeing { get; init; }

    /// <summary>While it waits: the caller has looked at it, and does not again.</summary>
    public bool? Looked { get; init; }
    public DateTimeOffset? SettledAt { get; init; }

    /// <summary>What enough came to.</summary>
    public CodeAnswer? Agreed { get; init; }

    /// <summary>What those found who did not know the first word, oldest first; for who sees the classification, once it is over.</summary>
    public IReadOnlyList<AssessmentAnswer>? Answers { get; init; }

    public static SecondLookAnswer? Of(SecondLook? look, bool waits) => look is null ? null : new SecondLookAnswer
    {
        Since = look.OpenedAt, Waits = waits, Agreeing = look.Agreeing, Looked = waits && !look.By.IsEmpty ? true : null, SettledAt = look.SettledAt,
        Agreed = CodeAnswer.Of(look.Agreed), Answers = look.Answers.IsEmpty ? null : [.. look.Answers.Select(a => AssessmentAnswer.Of(a, null))],
    };
}
