using System.Buffers;

namespace CPort.Domain.Hashes.Lists;

/// <summary>Follows brackets, quotes and the few names that matter, over windows of any size.</summary>
internal sealed class VicsFramer
{
    private const string Incomplete = "the file ends before its list is closed: it is incomplete";

    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]:,"u8);
    private static readonly SearchValues<byte> InString = SearchValues.Create("\"\\\n"u8);

    public enum Step
    {
        /// <summary>Consume so many bytes, bring more.</summary>
        More,

        /// <summary>Consume so many bytes, call again.</summary>
        Again,

        /// <summary><see cref="Context"/> was read.</summary>
        Context,

        /// <summary>The first so many bytes are one record.</summary>
        Record,

        /// <summary>The first so many bytes are a record that cannot be framed.</summary>
        Broken,
        End,
    }

    // Brackets open around the position; names as last read in the root object (level 1) and in a case (level 3).
    private readonly Stack<byte> _open = new();
    private string? _lastString;
    private string? _rootName;
    private string? _caseName;
    private byte[]? _firstName;
    private bool _seeking;

    public string Context { get; private set; } = "";

    public string Reason { get; private set; } = "";

    public bool? HasCases { get; set; }

    public Step Next(ReadOnlySpan<byte> data, bool ended, out int length)
    {
        length = 0;
        while (true)
        {
            var rest = data[length..];
            if (_seeking)
            {
                var at = NextStart(rest);
                if (at < 0)
                {
                    // Keep a tail in which a start could be cut in two.
                    length += ended ? rest.Length : Math.Max(0, rest.Length - 128);
                    return ended ? Step.End : Step.More;
                }

                length += at;
                _seeking = false;
                ResumeAtRecord();
                return Step.Again;
            }

            var found = rest.IndexOfAny(Structure);
            if (found < 0)
            {
                length = data.Length;
                return !ended ? Step.More : HasCases is null || _open.Count == 0 ? Step.End : CutOff();
            }

            switch (rest[found])
            {
                case (byte)'"':
                    var close = CloseOfString(rest, found + 1, out var broken);
                    if (broken || (close < 0 && (ended || rest.Length - found > HashListReader.MaxRecordBytes)))
                    {
                        _seeking = true;
                        length += found + 1;
                        if (HasCases is null)
                        {
                            continue;
                        }

                        // Records may stand in what is passed over: that is said, always.
                        Reason = broken || !ended ? "a text between the records is not closed" : Incomplete;
                        return Step.Broken;
                    }

                    if (close < 0)
                    {
                        length += found;
                        return Step.More;
                    }

                    var text = rest[(found + 1)..close];
                    _lastString = text.Length <= 512 ? Encoding.UTF8.GetString(text) : null;
                    length += close + 1;
                    if (_open.Count == 1 && _lastString is not null && _rootName is "@odata.context" or "odata.metadata" or "odata.context")
                    {
                        Context = _lastString!;
                        _rootName = null;
                        return Step.Context;
                    }

                    break;
                case (byte)':':
                    if (_open.Count == 1)
                    {
                        _rootName = _lastString;
                    }
                    else if (_open.Count == 3)
                    {
                        _caseName = _lastString;
                    }

                    length += found + 1;
                    break;
                case (byte)',':
                    if (_open.Count == 1)
                    {
                        _rootName = null;
                    }

                    length += found + 1;
                    break;
                case (byte)'{' when IsRecordStart():
                    length += found;
                    if (length > 0)
                    {
                        // The caller drops what precedes, then the record starts at 0.
                        return Step.Again;
                    }

                    return Record(data, ended, out length);
                case (byte)'{' or (byte)'[':
                    if (HasCases is null && _open.Count == 1)
                    {
                        // Records before the context: their numbers would have no meaning.
                        length = data.Length;
                        return Step.End;
                    }

                    if (_open.Count < 64)
                    {
                        _open.Push(rest[found]);
                    }

                    length += found + 1;
                    break;
                default:
                    _open.TryPop(out _);
                    length += found + 1;
                    break;
            }
        }
    }

    private bool IsRecordStart() =>
        HasCases switch
        {
            false => _open.Count == 2 && _rootName == "value" && _open.Peek() == (byte)'[',
            true => _open.Count == 4 && _rootName == "value" && _caseName == "Media" && _open.Peek() == (byte)'[',
            null => false,
        };

    /// <summary>The record that starts at 0: its length when it ends in the window.</summary>
    private Step Record(ReadOnlySpan<byte> data, bool ended, out int length)
    {
        Span<byte> open = stackalloc byte[64];
        var depth = 0;
        var at = 0;
        length = 0;
        while (true)
        {
            var found = at < data.Length ? data[at..].IndexOfAny("\"{}[]"u8) : -1;
            if (found < 0)
            {
                break;
            }

            at += found;
            var c = data[at];
            if (c == '"')
            {
                var close = CloseOfString(data, at + 1, out var broken);
                if (broken)
                {
                    return Fail("a text is not closed", out length);
                }

                if (close < 0)
                {
                    break;
                }

                at = close + 1;
                continue;
            }

            at++;
            if (c is (byte)'{' or (byte)'[')
            {
                if (depth == open.Length)
                {
                    return Fail("nested too deeply", out length);
                }

                open[depth++] = c;
                continue;
            }

            if (open[depth - 1] != (c == '}' ? (byte)'{' : (byte)'['))
            {
                return Fail("brackets do not match", out length);
            }

            if (--depth == 0)
            {
                _firstName ??= FirstName(data[..at]);
                length = at;
                return at > HashListReader.MaxRecordBytes ? Fail("record too large", out length) : Step.Record;
            }
        }

        if (data.Length > HashListReader.MaxRecordBytes)
        {
            return Fail($"not closed within {HashListReader.MaxRecordBytes} bytes", out length);
        }

        return ended ? Fail("the file ends within the record", out length) : Step.More;
    }

    /// <summary>As when a download broke off between two records: what followed is missing.</summary>
    private Step CutOff()
    {
        _open.Clear();
        Reason = Incomplete;
        return Step.Broken;
    }

    /// <summary>Whatever was passed over opened and closed brackets unseen: where a record starts is known, so what is open there is, too.</summary>
    private void ResumeAtRecord()
    {
        if (HasCases is not { } cases)
        {
            return;
        }

        _open.Clear();
        foreach (var bracket in cases ? "{[{["u8 : "{["u8)
        {
            _open.Push(bracket);
        }

        (_rootName, _caseName) = ("value", "Media");
    }

    private Step Fail(string reason, out int length)
    {
        Reason = $"record cannot be read: {reason}";
        _seeking = true;
        length = 1;
        return Step.Broken;
    }

    /// <summary>Where the next object begins whose first name is that of the records so far.</summary>
    private int NextStart(ReadOnlySpan<byte> data)
    {
        var name = _firstName ?? "\"MediaID\""u8;
        var from = 0;
        while (true)
        {
            var at = data[from..].IndexOf(name);
            if (at < 0)
            {
                return -1;
            }

            at += from;
            var before = data[..at].LastIndexOfAnyExcept(" \t\r\n"u8);
            if (before >= 0 && data[before] == '{')
            {
                return before;
            }

            from = at + name.Length;
        }
    }

    private static byte[]? FirstName(ReadOnlySpan<byte> record)
    {
        var start = record.IndexOf((byte)'"');
        var end = start < 0 ? -1 : record[(start + 1)..].IndexOf((byte)'"');
        return end is > 0 and < 60 ? record.Slice(start, end + 2).ToArray() : null;
    }

    private static int CloseOfString(ReadOnlySpan<byte> data, int from, out bool broken)
    {
        broken = false;
        while (from < data.Length)
        {
            var found = data[from..].IndexOfAny(InString);
            if (found < 0)
            {
                return -1;
            }

            from += found;
            if (data[from] == '"')
            {
                return from;
            }

            if (data[from] == '\n')
            {
                // JSON texts hold no line ends: a quote is missing.
                broken = true;
                return -1;
            }

            from += 2;
        }

        return -1;
    }
}
