using System.Text;

namespace CPort.Iccam.Contracts;

/// <summary>Texts of clients that check none, made into what CPort takes: nothing of them is a reason to lose a report.</summary>
public static class PlainText
{
    /// <summary>What an ICCAM client's column for memos holds, bytes of UTF-8.</summary>
    public const int MemoBytes = 65_535;

    public const int NameLength = 250;

    private const string CutMark = " […]";

    /// <summary>A free text without control characters but line ends and tabs, cut at so many bytes with a mark; null when nothing is left.</summary>
    public static string? Memo(string? text, int most = MemoBytes)
    {
        var clean = Clean(text, c => c is '\r' or '\n' or '\t');
        if (clean is null || Encoding.UTF8.GetByteCount(clean) <= most)
        {
            return clean;
        }

        var (length, bytes, room) = (0, 0, most - Encoding.UTF8.GetByteCount(CutMark));
        foreach (var rune in clean.EnumerateRunes())
        {
            if (bytes + rune.Utf8SequenceLength > room)
            {
                break;
            }

            (bytes, length) = (bytes + rune.Utf8SequenceLength, length + rune.Utf16SequenceLength);
        }

        return clean[..length] + CutMark;
    }

    /// <summary>One line of at most <see cref="NameLength"/> characters; null when nothing is left.</summary>
    public static string? Line(string? text)
    {
        var clean = Clean(text?.ReplaceLineEndings(" "), _ => false)?.Trim();
        return clean is { Length: > NameLength } ? clean[..(char.IsHighSurrogate(clean[NameLength - 1]) ? NameLength - 1 : NameLength)] : clean;
    }

    /// <summary>The text with a remark of ours on a line of its own below it.</summary>
    public static string? With(string? text, IEnumerable<string> remarks) =>
        string.Join('\n', new[] { text }.Concat(remarks.Select(r => $"[CPort: {r}]")).Where(line => !string.IsNullOrEmpty(line))) is { Length: > 0 } all
            ? all : null;

    private static string? Clean(string? text, Func<char, bool> stays)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        // What Windows-1252 has where Unicode has control characters is read as that (FieldReader), but for the five places that have nothing.
        bool Goes(char c) => char.IsControl(c) && !stays(c) && (c < '\u0080' || c is '\u0081' or '\u008D' or '\u008F' or '\u0090' or '\u009D');
        var clean = text.Any(Goes) ? string.Concat(text.Where(c => !Goes(c))) : text;
        return string.IsNullOrWhiteSpace(clean) ? null : clean;
    }
}
