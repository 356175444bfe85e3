namespace CPort.Api.Reports;

/// <summary>The answer for one report, by its line number in a stream (from 1; 0 outside a stream).</summary>
public sealed record IntakeOutcome
{
    public long Line { get; init; }
    public required IntakeResult Result { get; init; }
    public ReportId? ReportId { get; init; }

    /// <summary>The report's number, of an accepted or duplicate one.</summary>
    public long? Number { get; init; }

    /// <summary>The report's version; 0 when there is none.</summary>
    public long Version { get; init; }

    /// <summary>Of a conflict: the fields that differ.</summary>
    public ImmutableArray<string> Fields { get; init; } = [];
    public IntakeProblem? Problem { get; init; }

    /// <summary>Of a report that was taken: what of it could not be read and was left out.</summary>
    public ImmutableArray<FieldError> LeftOut { get; init; } = [];

    /// <summary>Of a duplicate: its hotline has withdrawn it since.</summary>
    public bool Withdrawn { get; init; }

    /// <summary>The sender's own reference when it could be read.</summary>
    public HotlineReference? Reference { get; init; }

    /// <summary>The word for metrics and answers.</summary>
    public string Word => Result switch
    {
        IntakeResult.Accepted => "accepted",
        IntakeResult.Duplicate => "duplicate",
        IntakeResult.Conflict => "conflict",
        IntakeResult.Rejected => "rejected",
        _ => "unavailable",
    };

    public static IntakeOutcome Rejected(IntakeProblem problem, HotlineReference? reference = null) =>
        new() { Result = problem.Retry ? IntakeResult.Unavailable : IntakeResult.Rejected, Problem = problem, Reference = reference };
}

/// <summary>
/// What a reader made of one body: a draft (numbers and digests still to come) or a problem. <paramref name="Reference"/> is the sender's when it could be
/// read.
/// </summary>
public sealed record IntakeReading(SubmitReport? Draft, IntakeProblem? Problem, HotlineReference? Reference)
{
    /// <summary>What of the draft's body could not be read and is not in it.</summary>
    public ImmutableArray<FieldError> LeftOut { get; init; } = [];

    public static IntakeReading Good(SubmitReport draft) => new(draft, null, draft.Reference);

    public static IntakeReading Bad(IntakeProblem problem, HotlineReference? reference = null) => new(null, problem, reference);
}
