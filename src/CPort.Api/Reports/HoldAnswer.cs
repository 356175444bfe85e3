namespace CPort.Api.Reports;

/// <summary>A hold of police: until its end the host of these items is not told.</summary>
public sealed record HoldAnswer
{
    /// <summary>The report's id, <c>-h</c>, the hold's number there.</summary>
    public required string HoldId { get; init; }

    /// <summary>Who asked for it.</summary>
    public required string Agency { get; init; }
    public required CodeAnswer Reason { get; init; }
    public required HoldState State { get; init; }
    public required DateTimeOffset Since { get; init; }
    public required DateTimeOffset Until { get; init; }
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Ordinals of its items that the caller sees.</summary>
    public required IReadOnlyList<int> Items { get; init; }
    public string? Note { get; init; }
    public IReadOnlyList<HoldObjectionAnswer>? Objections { get; init; }

    public static HoldAnswer Of(ReportId report, HoldView view)
    {
        var hold = view.Hold;
        return new HoldAnswer
        {
            HoldId = new HoldRef(report, hold.Number).ToString(), Agency = hold.Agency.Value, Reason = CodeAnswer.Of(hold.Reason), State = view.State,
            Since = hold.Since, Until = hold.Until, EndedAt = view.State == HoldState.Expired ? hold.Until : hold.EndedAt, Items = hold.Ordinals,
            Note = view.Note.Length > 0 ? view.Note : null,
            Objections = hold.Objections.IsEmpty ? null
                : [.. hold.Objections.Select((o, i) => new HoldObjectionAnswer(o.Agency.Value, o.At, view.Objections.ElementAtOrDefault(i)))],
        };
    }
}

/// <summary>A hotline objects to a hold.</summary>
public sealed record HoldObjectionAnswer(string Agency, DateTimeOffset At, string? Why);
