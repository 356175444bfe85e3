using System.Text;

namespace CPort.Domain.Confidential;

/// <summary>
/// The room that one answer has for opened texts: an answer that is longer than what crosses between nodes never arrives. The newest have it, and what was
/// left out is counted.
/// </summary>
public sealed class TextRoom
{
    /// <summary>In UTF-8: a quarter of what an answer may have (<c>ReportLimits.AnswerBytes</c>), so that several of one answer have theirs.</summary>
    public const int Bytes = 200_000;

    /// <summary>About what a text takes besides its letters.</summary>
    private const int EachBytes = 10;

    private int _left = Bytes;

    /// <summary>Texts that there was no room for.</summary>
    public int LeftOut { get; private set; }

    /// <summary>
    /// The texts of lines in their order, the last lines' first to be given room; empty for a line that has none, or whose text was left out, as all before
    /// one that was left out are. What has no room is not opened.
    /// </summary>
    /// <param name="lines">From the oldest to the newest.</param>
    /// <param name="text">The line's sealed text; null: it has none.</param>
    /// <param name="open">Opens it.</param>
    public ImmutableArray<string> Newest<T>(IReadOnlyList<T> lines, Func<T, Sealed?> text, Func<T, string> open)
    {
        var texts = new string[lines.Count];
        for (var at = lines.Count - 1; at >= 0; at--)
        {
            texts[at] = text(lines[at]) is null ? "" : Take(() => open(lines[at]));
        }

        return [.. texts];
    }

    /// <summary>One text, or an empty one when there is no room for it.</summary>
    public string Take(Func<string> open)
    {
        if (_left <= 0)
        {
            LeftOut++;
            return "";
        }

        var text = open();
        _left -= Encoding.UTF8.GetByteCount(text) + EachBytes;
        if (_left >= 0)
        {
            return text;
        }

        LeftOut++;
        _left = 0;
        return "";
    }
}
