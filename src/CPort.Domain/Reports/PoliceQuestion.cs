namespace CPort.Domain.Reports;

/// <summary>
/// Police that has items in a referral asks their source, or who has them, for data by code. It stands with the report, as holds do: the answer fills the
/// report's own fields in the same event, and who may see which field of it is settled here already.
/// </summary>
[ProtoContract]
public sealed record PoliceQuestion
{
    /// <summary>Of this one alone within the report (<see cref="PoliceNumbers"/>); in old reports from 1.</summary>
    [ProtoMember(1)] public required int Number { get; init; }

    /// <summary>The police agency, or INTERPOL, that asks.</summary>
    [ProtoMember(2)] public required AgencyId Agency { get; init; }
    [ProtoMember(3)] public required QuestionTo To { get; init; }

    /// <summary>Its referral; for the agency that asks alone.</summary>
    [ProtoMember(4)] public ReferralRef? Referral { get; init; }
    [ProtoMember(5)] public ImmutableArray<int> Ordinals { get; init; } = [];

    /// <summary>What is asked for now.</summary>
    [ProtoMember(6)] public ImmutableArray<DataField> Fields { get; init; } = [];
    [ProtoMember(7)] public bool Urgent { get; init; }
    [ProtoMember(8)] public required DateTimeOffset Due { get; init; }

    /// <summary>What was asked and said, oldest first.</summary>
    [ProtoMember(9)] public ImmutableArray<QuestionLine> Lines { get; init; } = [];

    /// <summary>That it is overdue was written down, for this due date.</summary>
    [ProtoMember(10)] public bool OverdueNoted { get; init; }

    public DateTimeOffset AskedAt => Lines[0].At;

    /// <summary>As it was written down, whatever the clock says.</summary>
    public QuestionState State => Lines[^1].State;

    /// <summary>Somebody has to answer.</summary>
    public bool IsOpen => State is QuestionState.Asked or QuestionState.AskedAgain;

    public QuestionState StateAt(DateTimeOffset now) => IsOpen && Due <= now ? QuestionState.Overdue : State;

    /// <summary>A value, or that there is none, was given for the item.</summary>
    public bool Answers(int ordinal, DataField field) =>
        Ordinals.Contains(ordinal) && Lines.Any(l => l.Answers.Any(a => a.Field == field && !a.Impossible));
}

/// <summary>One thing that was asked or said; nothing of it is taken back.</summary>
[ProtoContract]
public sealed record QuestionLine
{
    [ProtoMember(1)] public required QuestionState State { get; init; }
    [ProtoMember(2)] public required DateTimeOffset At { get; init; }
    [ProtoMember(3)] public required AgencyId Agency { get; init; }
    [ProtoMember(4)] public required string KeyId { get; init; }

    /// <summary>In words, sealed.</summary>
    [ProtoMember(5)] public Sealed? Text { get; init; }

    /// <summary>Of an answer: each field that was asked for.</summary>
    [ProtoMember(6)] public ImmutableArray<QuestionAnswer> Answers { get; init; } = [];

    /// <summary>Of a question: what is asked for, and until when.</summary>
    [ProtoMember(7)] public ImmutableArray<DataField> Fields { get; init; } = [];
    [ProtoMember(8)] public DateTimeOffset? Due { get; init; }
}

/// <summary>What is answered for one field.</summary>
[ProtoContract]
public sealed record QuestionAnswer
{
    [ProtoMember(1)] public required DataField Field { get; init; }

    /// <summary>It cannot be found out.</summary>
    [ProtoMember(2)] public bool Impossible { get; init; }

    /// <summary>There is none: a page that needs no user name, no page that leads there.</summary>
    [ProtoMember(3)] public bool None { get; init; }

    /// <summary>It stands in the report's own field.</summary>
    [ProtoMember(4)] public bool Filled { get; init; }

    /// <summary>Of all else, sealed.</summary>
    [ProtoMember(5)] public Sealed? Value { get; init; }
}
