using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace CPort.Api.Reading;

/// <summary>One line of a stream without its end; numbers count every line from 1. A line beyond the limit comes without its bytes.</summary>
public readonly record struct IntakeLine(long Number, ReadOnlyMemory<byte> Utf8, bool TooLong = false)
{
    public override string ToString() => $"IntakeLine({Number}, {Utf8.Length})";
}

/// <summary>Splits a request's body into lines. Every byte is looked at once; at most one line is held.</summary>
public static class NdjsonLines
{
    /// <summary>
    /// The lines without LF or CRLF, numbered from 1, empty ones included; what follows the last line end counts when there is something. A line of
    /// more than <paramref name="maxBytes"/> is skipped over, told as too long, and reading goes on behind it.
    /// </summary>
    public static async IAsyncEnumerable<IntakeLine> ReadAsync(
        PipeReader reader, int maxBytes, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var pending = new ArrayBufferWriter<byte>(4096);
        var skipping = false;
        var number = 0L;
        while (true)
        {
            var result = await reader.ReadAsync(cancellation);
            var buffer = result.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                Append(buffer.Slice(0, end));
                buffer = buffer.Slice(buffer.GetPosition(1, end));
                yield return Take();
            }

            Append(buffer);
            reader.AdvanceTo(buffer.End);
            if (result.IsCompleted)
            {
                if (skipping || pending.WrittenCount > 0)
                {
                    yield return Take();
                }

                yield break;
            }
        }

        void Append(ReadOnlySequence<byte> part)
        {
            // One byte of leave for a CR that may turn out to belong to the line end.
            if (skipping || pending.WrittenCount + part.Length > maxBytes + 1L)
            {
                skipping = true;
                pending = pending.Capacity > 1 << 20 ? new ArrayBufferWriter<byte>(4096) : pending;
                pending.ResetWrittenCount();
                return;
            }

            foreach (var segment in part)
            {
                pending.Write(segment.Span);
            }
        }

        IntakeLine Take()
        {
            number++;
            var line = pending.WrittenSpan;
            line = line.EndsWith("\r"u8) ? line[..^1] : line;
            var taken = skipping || line.Length > maxBytes ? new IntakeLine(number, default, TooLong: true) : new IntakeLine(number, line.ToArray());
            pending.ResetWrittenCount();
            skipping = false;
            return taken;
        }
    }
}
