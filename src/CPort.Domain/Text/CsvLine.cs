using nietras.SeparatedValues;

namespace CPort.Domain.Text;

/// <summary>
/// Splits single lines of CSV into trimmed fields. Lines, not files: a quoted field does not span lines, so that a stray quotation mark costs one line and not
/// the rest of the file. Sep reads lines with quotation marks; others are cut at the delimiter, which is faster by half.
/// </summary>
public sealed class CsvLine(char delimiter) : IDisposable
{
    private readonly Feed _feed = new();
    private int[] _ends = new int[32];
    private int _count;
    private SepReader? _quoted;
    private bool _isPlain;

    /// <summary>Fields of the line.</summary>
    public int Count => _isPlain ? _count : _quoted!.Current.ColCount;

    /// <summary>A field without quotation marks and surrounding blanks; valid until the next line is split.</summary>
    public ReadOnlySpan<char> this[int field]
    {
        get
        {
            if (!_isPlain)
            {
                return _quoted!.Current[field].Span.Trim();
            }

            var start = field == 0 ? 0 : _ends[field - 1] + 1;
            return _feed.Text[start.._ends[field]].Trim();
        }
    }

    /// <summary>
    /// Splits a line that has no line end; else says why it is none: a quotation mark that is not closed, or a line end of another kind, behind which another
    /// row may stand.
    /// </summary>
    public string? Split(ReadOnlySpan<byte> utf8)
    {
        _feed.Put(utf8);
        var quotes = utf8.Count((byte)'"');
        if (quotes % 2 != 0)
        {
            return "unclosed or misplaced quote";
        }

        var hasEnds = utf8.IndexOfAny("\r\n"u8) >= 0;
        if (hasEnds && EndsOutsideQuotes(utf8))
        {
            return "a line end of another kind within the row";
        }

        _isPlain = quotes == 0;
        if (_isPlain)
        {
            Cut(_feed.Text);
            return null;
        }

        _feed.WithoutEnds();
        _quoted ??= Sep.New(delimiter)
            .Reader(o => o with { HasHeader = false, DisableColCountCheck = true, Unescape = true, Trim = SepTrim.All }).From(_feed);
        return _quoted.MoveNext() ? null : "nothing";
    }

    public void Dispose() => _quoted?.Dispose();

    private static bool EndsOutsideQuotes(ReadOnlySpan<byte> utf8)
    {
        var quoted = false;
        foreach (var sign in utf8)
        {
            quoted ^= sign == '"';
            if (!quoted && (sign is (byte)'\r' or (byte)'\n'))
            {
                return true;
            }
        }

        return false;
    }

    private void Cut(ReadOnlySpan<char> line)
    {
        _count = 0;
        for (var at = 0; at <= line.Length; at = _ends[_count++] + 1)
        {
            if (_count == _ends.Length)
            {
                Array.Resize(ref _ends, 2 * _count);
            }

            var found = line[at..].IndexOf(delimiter);
            _ends[_count] = found < 0 ? line.Length : at + found;
        }
    }

    /// <summary>A text of one line at a time: Sep reads on when the next row is asked for, and finds the next line.</summary>
    private sealed class Feed : TextReader
    {
        private char[] _text = new char[1024];
        private int _length;
        private int _at;

        public ReadOnlySpan<char> Text => _text.AsSpan(0, _length - 1);

        public void Put(ReadOnlySpan<byte> utf8)
        {
            if (utf8.Length >= _text.Length)
            {
                _text = new char[2 * utf8.Length];
            }

            var length = Encoding.UTF8.GetChars(utf8, _text);
            _text[length] = '\n';
            (_at, _length) = (0, length + 1);
        }

        /// <summary>A line end within a quoted field would end the line for Sep.</summary>
        public void WithoutEnds()
        {
            var line = _text.AsSpan(0, _length - 1);
            line.Replace('\r', ' ');
            line.Replace('\n', ' ');
        }

        public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

        public override int Read(Span<char> buffer)
        {
            var count = Math.Min(buffer.Length, _length - _at);
            _text.AsSpan(_at, count).CopyTo(buffer);
            _at += count;
            return count;
        }
    }
}
