using CPort.Domain.CodeLists;
using LinqToDB.Mapping;

namespace CPort.Actors.Projections;

/// <summary>A question of police (<see cref="PoliceQuestion"/>), open or not. What it says is in the report alone.</summary>
[Table("rm_question")]
public sealed record QuestionRow
{
    [Column("report_id"), PrimaryKey(1)] public string ReportId { get; init; } = "";
    [Column("number"), PrimaryKey(2)] public int Number { get; init; }
    [Column("tenant")] public Tenant Tenant { get; init; }

    /// <summary>Who asks.</summary>
    [Column("agency")] public string Agency { get; init; } = "";
    [Column("asked_of")] public QuestionTo To { get; init; }

    /// <summary>As it was written down; overdue it is by the clock.</summary>
    [Column("state")] public QuestionState State { get; init; }

    /// <summary>What is asked for (<see cref="Completeness.Bits"/>).</summary>
    [Column("fields")] public int Fields { get; init; }

    /// <summary>What was answered, and was not impossible to say (<see cref="Completeness.Bits"/>).</summary>
    [Column("answered")] public int Answered { get; init; }
    [Column("urgent")] public bool Urgent { get; init; }
    [Column("asked_at")] public long AskedAt { get; init; }
    [Column("due_at")] public long DueAt { get; init; }
    [Column("changed_at")] public long ChangedAt { get; init; }

    /// <summary>An answer is due, and that it is overdue has not been written down.</summary>
    [Column("awaited_until")] public long? AwaitedUntil { get; init; }

    /// <summary>Key of its first item: with <see cref="Number"/> it tells questions of one moment apart.</summary>
    [Column("first_item")] public long FirstItem { get; init; }

    /// <summary>Rows of another table, written with this one.</summary>
    public ImmutableArray<QuestionItemRow> Items { get; init; } = [];
}

/// <summary>An item of a question.</summary>
[Table("rm_question_item")]
public sealed record QuestionItemRow
{
    [Column("report_id"), PrimaryKey(1)] public string ReportId { get; init; } = "";
    [Column("number"), PrimaryKey(2)] public int Number { get; init; }
    [Column("item"), PrimaryKey(3)] public long Item { get; init; }
}

/// <summary>From a report's questions to their rows; few reports have any.</summary>
internal static class QuestionRows
{
    public static ImmutableArray<QuestionRow> Of(Report report)
    {
        if (report.Questions.IsEmpty)
        {
            return [];
        }

        var id = report.Id.ToString();
        long Key(int ordinal) => ReadRows.KeyOf(report.Tenant, report.Items[ordinal - 1].Number);
        return
        [
            .. report.Questions.Select(q => new QuestionRow
            {
                ReportId = id, Number = q.Number, Tenant = report.Tenant, Agency = q.Agency.Value, To = q.To, State = q.State,
                Fields = Completeness.Bits(q.Fields), Answered = Completeness.Bits(Completeness.Fields.Where(f => q.Answers(q.Ordinals[0], f))),
                Urgent = q.Urgent, AskedAt = q.AskedAt.UtcTicks, DueAt = q.Due.UtcTicks,
                ChangedAt = q.Lines[^1].At.UtcTicks, AwaitedUntil = q.IsOpen && !q.OverdueNoted ? q.Due.UtcTicks : null, FirstItem = Key(q.Ordinals[0]),
                Items = [.. q.Ordinals.Select(o => new QuestionItemRow { ReportId = id, Number = q.Number, Item = Key(o) })],
            }),
        ];
    }

    /// <summary>The same but for the items, which stand in a table of their own.</summary>
    public static QuestionRow Alone(QuestionRow row) => row with { Items = [] };
}
