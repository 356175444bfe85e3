using CPort.Actors.Serialization;

namespace CPort.Actors.Reports;

/// <summary>
/// Cuts what a report's actor answers to <see cref="ReportLimits.AnswerBytes"/>: what does not fit a frame between nodes would never arrive, and whoever asks
/// would be told that the report is not available, again and again.
/// </summary>
public static class ReportAnswerSize
{
    /// <summary>As many of the page's items as there is room for; the next page starts with the first that has none.</summary>
    public static ReportPage Cut(this ReportPage page)
    {
        var left = ReportLimits.AnswerBytes - SizeOf(page with { Items = [] });
        var fits = 0;
        while (left >= 0 && fits < page.Items.Length && (left -= SizeOf(page.Items[fits])) >= 0)
        {
            fits++;
        }

        return left >= 0 ? page

            // Beside memos there may be no room for an item; without them it has all there is.
            : fits == 0 && page.Head?.Memos is not { Length: > 0 } ? new ReportPage { ReportId = page.ReportId, TooLong = true }
            : page with { Items = page.Items[..fits], NextOrdinal = page.Items[fits].Item.Ordinal };
    }

    /// <summary>As many of the page's entries as there is room for; the next page starts with the first that has none.</summary>
    public static HistoryPage Cut(this HistoryPage page)
    {
        var (left, fits) = (ReportLimits.AnswerBytes, 0);
        while (fits < page.Entries.Length && (left -= SizeOf(page.Entries[fits])) >= 0)
        {
            fits++;
        }

        return fits == page.Entries.Length ? page
            : fits == 0 ? page with { Entries = [], NextSequence = null, TooLong = true }
            : page with { Entries = page.Entries[..fits], NextSequence = page.Entries[fits].Sequence };
    }

    /// <summary>With the few bytes that its place in a message takes.</summary>
    private static int SizeOf<T>(T part)
    {
        using var measured = WireModel.Instance.Measure(part);
        return (int)measured.Length + 10;
    }
}
