using System.Buffers;
using System.IO.Pipelines;

namespace CPort.Domain.Text;

/// <summary>
/// Splits bytes into lines without LF or CRLF (or CR: <see cref="FileHead.LineEnd"/>), empty ones included; what follows the last line end counts when there is
/// something. A line of more than <paramref name="maxBytes"/> is skipped over, told as too long, and reading goes on behind it. Every byte is looked at once;
/// no more than one line is copied.
/// </summary>
public sealed class LineReader(PipeReader source, int maxBytes, byte lineEnd = (byte)'\n')
{
    private ArrayBufferWriter<byte> _line = new(4096);
    private ReadOnlySequence<byte> _unread;
    private SequencePosition _next;
    private ReadOnlyMemory<byte> _part;
    private bool _reading;
    private bool _ended;

    /// <summary>From 1.</summary>
    public long Number { get; private set; }

    /// <summary>The line; valid until the next one is read. Empty when it is too long.</summary>
    public ReadOnlyMemory<byte> Line { get; private set; }

    public bool TooLong { get; private set; }

    /// <summary>Bytes up to the end of the line, line ends included.</summary>
    public long Offset { get; private set; }

    public static LineReader Of(Stream stream, int maxBytes, byte lineEnd = (byte)'\n') =>
        new(PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 256 * 1024, minimumReadSize: 16 * 1024,
            leaveOpen: true)), maxBytes, lineEnd);

    /// <summary>Goes to the next line; false when there is none.</summary>
    public ValueTask<bool> ReadAsync(CancellationToken cancellation = default)
    {
        _line.ResetWrittenCount();
        TooLong = false;
        return TryTake() ? ValueTask.FromResult(true) : ReadOnAsync(cancellation);
    }

    private async ValueTask<bool> ReadOnAsync(CancellationToken cancellation)
    {
        while (!_ended)
        {
            var result = await source.ReadAsync(cancellation).ConfigureAwait(false);
            (_unread, _next, _reading, _ended) = (result.Buffer, result.Buffer.Start, true, result.IsCompleted);
            if (TryTake())
            {
                return true;
            }
        }

        return (TooLong || _line.WrittenCount > 0) && Take(_line.WrittenMemory);
    }

    private bool TryTake()
    {
        while (!_part.IsEmpty || _unread.TryGet(ref _next, out _part))
        {
            var end = _part.Span.IndexOf(lineEnd);
            var (part, taken) = end < 0 ? (_part, _part.Length) : (_part[..end], end + 1);
            Offset += taken;
            _part = _part[taken..];
            if (end >= 0 && _line.WrittenCount == 0 && !TooLong)
            {
                return Take(part);
            }

            Append(part.Span);
            if (end >= 0)
            {
                return Take(_line.WrittenMemory);
            }
        }

        if (_reading)
        {
            source.AdvanceTo(_unread.End);
            (_unread, _next, _reading) = (default, default, false);
        }

        return false;
    }

    private void Append(ReadOnlySpan<byte> part)
    {
        // One byte of leave for a CR that may turn out to belong to the line end.
        if (TooLong || _line.WrittenCount + part.Length > maxBytes + 1L)
        {
            TooLong = true;
            _line = _line.Capacity > 1 << 20 ? new ArrayBufferWriter<byte>(4096) : _line;
            _line.ResetWrittenCount();
            return;
        }

        _line.Write(part);
    }

    private bool Take(ReadOnlyMemory<byte> line)
    {
        line = line.Span.EndsWith("\r"u8) ? line[..^1] : line;
        TooLong |= line.Length > maxBytes;
        Line = TooLong ? default : line;
        Number++;
        return true;
    }
}
