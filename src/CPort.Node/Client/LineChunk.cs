using System.Runtime.CompilerServices;

namespace CPort.Node.Client;

/// <summary>
/// Some lines to send in one request. Bounded, so that a request is written whole before its answers fill the way back: over HTTP/1.1 neither
/// side can then wait for the other for ever.
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

    /// <summary>
    /// Cuts a stream of lines into chunks, reading forwards only. <paramref name="offset"/> and <paramref name="line"/> say where the stream
    /// stands already. A line longer than a chunk travels alone. Throws <see cref="InvalidDataException"/> beyond <see cref="MaxLineBytes"/>.
    /// </summary>
    public static async IAsyncEnumerable<LineChunk> ReadAsync(
        Stream source, long offset = 0, long line = 0, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var buffer = new byte[MaxBytes + (64 * 1024)];
        int start = 0, end = 0;
        var ended = false;
        var body = new MemoryStream();
        var lines = new List<long>();
        while (true)
        {
            var found = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (found < 0 && !ended)
            {
                if (start > 0)
                {
                    Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
                    end -= start;
                    start = 0;
                }

                if (end == buffer.Length)
                {
                    if (end > MaxLineBytes)
                    {
                        throw new InvalidDataException($"Line {line + 1} is longer than {MaxLineBytes} bytes.");
                    }

                    Array.Resize(ref buffer, buffer.Length * 2);
                }

                var read = await source.ReadAsync(buffer.AsMemory(end), cancellation);
                end += read;
                ended = read == 0;
                continue;
            }

            if (found < 0 && start == end)
            {
                break;
            }

            var length = found < 0 ? end - start : found + 1;
            var text = buffer.AsMemory(start, found < 0 ? length : found);
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

            start += length;
            offset += length;
            line++;
        }

        if (lines.Count > 0)
        {
            yield return new LineChunk(body.ToArray(), lines, offset, line);
        }
    }
}
