using System.Runtime.CompilerServices;
using CPort.Domain.Text;

namespace CPort.Node.Client;

/// <summary>
/// Some lines to send in one request. Bounded, so that a request is written whole before its answers fill the way back: over HTTP/1.1 neither side can then
/// wait for the other for ever.
/// </summary>
/// <param name="Body">The lines, each with its line end; no blank ones.</param>
/// <param name="Lines">The number of each line in the source, from 1.</param>
/// <param name="EndOffset">Where to go on in the source when this chunk is answered: bytes for files, rows for parsed lists.</param>
/// <param name="EndLine">The number of the last line of the source that this chunk covers.</param>
public sealed record LineChunk(ReadOnlyMemory<byte> Body, IReadOnlyList<long> Lines, long EndOffset, long EndLine)
{
    public const int MaxLines = 500;
    public const int MaxBytes = 900_000;

    /// <summary>A line beyond this is not sent at all; the node's own limit is far below.</summary>
    public const int MaxLineBytes = 16 * 1024 * 1024;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Cuts a stream of lines into chunks, reading forwards only. <paramref name="offset"/> and <paramref name="line"/> say where the stream stands already. A
    /// line longer than a chunk travels alone. When the source pauses, what has come leaves: the last line of a feed may be urgent. Throws <see
    /// cref="InvalidDataException"/> beyond <see cref="MaxLineBytes"/>.
    /// </summary>
    public static async IAsyncEnumerable<LineChunk> ReadAsync(
        Stream source, long offset = 0, long line = 0, byte lineEnd = (byte)'\n', [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var reader = LineReader.Of(source, MaxLineBytes, lineEnd);
        var body = new MemoryStream();
        var lines = new List<long>();
        var (start, number) = (offset, line);
        while (true)
        {
            var next = reader.ReadAsync(cancellation).AsTask();
            if (!next.IsCompleted && lines.Count > 0 && await Task.WhenAny(next, Task.Delay(Pause, cancellation)) != next)
            {
                yield return new LineChunk(body.ToArray(), lines, offset, line);
                body.SetLength(0);
                lines = [];
            }

            if (!await next)
            {
                break;
            }

            if (reader.TooLong)
            {
                throw new InvalidDataException($"Line {line + 1} is longer than {MaxLineBytes} bytes.");
            }

            var text = start == 0 && reader.Number == 1 && reader.Line.Span.StartsWith("\uFEFF"u8) ? reader.Line[3..] : reader.Line;
            if (text.Span.IndexOfAnyExcept(" \t\r"u8) >= 0)
            {
                if (lines.Count > 0 && (lines.Count == MaxLines || body.Length + text.Length + 1 > MaxBytes))
                {
                    yield return new LineChunk(body.ToArray(), lines, offset, line);
                    body.SetLength(0);
                    lines = [];
                }

                lines.Add(line + 1);
                body.Write(text.Span);
                body.WriteByte((byte)'\n');
            }

            (offset, line) = (start + reader.Offset, number + reader.Number);
        }

        if (lines.Count > 0)
        {
            yield return new LineChunk(body.ToArray(), lines, offset, line);
        }
    }
}
