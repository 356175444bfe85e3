using CPort.Domain.CodeLists;
using LinqToDB.Mapping;

namespace CPort.Actors.Projections;

/// <summary>A hold of police (<see cref="PoliceHold"/>), running or ended. What it says in words is in the report alone.</summary>
[Table("rm_hold")]
public sealed record HoldRow
{
    [Column("report_id"), PrimaryKey(1)] public string ReportId { get; init; } = "";
    [Column("number"), PrimaryKey(2)] public int Number { get; init; }
    [Column("tenant")] public Tenant Tenant { get; init; }

    /// <summary>The police agency that asked for it.</summary>
    [Column("agency")] public string Agency { get; init; } = "";
    [Column("reason")] public HoldReason Reason { get; init; }
    [Column("since")] public long Since { get; init; }

    /// <summary>How it ended, as far as that was written down; by its time it ends without.</summary>
    [Column("ended")] public HoldState? Ended { get; init; }

    /// <summary>When it ended, or will.</summary>
    [Column("ends_at")] public long EndsAt { get; init; }
    [Column("objections")] public int Objections { get; init; }

    /// <summary>Key of its first item: with <see cref="Number"/> it tells holds that end at one moment apart.</summary>
    [Column("first_item")] public long FirstItem { get; init; }

    /// <summary>Rows of another table, written with this one.</summary>
    public ImmutableArray<HoldItemRow> Items { get; init; } = [];
}

/// <summary>An item of a hold.</summary>
[Table("rm_hold_item")]
public sealed record HoldItemRow
{
    [Column("report_id"), PrimaryKey(1)] public string ReportId { get; init; } = "";
    [Column("number"), PrimaryKey(2)] public int Number { get; init; }
    [Column("item"), PrimaryKey(3)] public long Item { get; init; }
}

/// <summary>From a report's holds to their rows; few reports have any.</summary>
internal static class HoldRows
{
    public static ImmutableArray<HoldRow> Of(Report report)
    {
        if (report.Holds.IsEmpty)
        {
            return [];
        }

        var id = report.Id.ToString();
        long Key(int ordinal) => ReadRows.KeyOf(report.Tenant, report.Items[ordinal - 1].Number);
        return
        [
            .. report.Holds.Select(h => new HoldRow
            {
                ReportId = id, Number = h.Number, Tenant = report.Tenant, Agency = h.Agency.Value, Reason = h.Reason, Since = h.Since.UtcTicks, Ended = h.Ended,
                EndsAt = (h.EndedAt ?? h.Until).UtcTicks, Objections = h.Objections.Length, FirstItem = Key(h.Ordinals[0]),
                Items = [.. h.Ordinals.Select(o => new HoldItemRow { ReportId = id, Number = h.Number, Item = Key(o) })],
            }),
        ];
    }

    /// <summary>The same but for the items, which stand in a table of their own.</summary>
    public static HoldRow Alone(HoldRow row) => row with { Items = [] };
}
