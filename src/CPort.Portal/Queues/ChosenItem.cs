namespace CPort.Portal.Queues;

/// <summary>A row that was chosen, as its box says it: the item's id, a full stop, the version that was shown.</summary>
public sealed record ChosenItem(ReportId Report, int Item, int Version)
{
    public static ChosenItem? Parse(string text) =>
        text.Split('.') is [var id, var version]
        && id.LastIndexOf('-') is > 0 and var at
        && ReportId.TryParse(id[..at], out var report)
        && int.TryParse(id[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var item)
        && int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var v)
            ? new ChosenItem(report, item, v) : null;
}
