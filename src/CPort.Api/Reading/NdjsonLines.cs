using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using CPort.Domain.Text;

namespace CPort.Api.Reading;

/// <summary>One line of a stream without its end; numbers count every line from 1. A line beyond the limit comes without its bytes.</summary>
public readonly record struct IntakeLine(long Number, ReadOnlyMemory<byte> Utf8, bool TooLong = false)
{
    public override string ToString() => $"IntakeLine({Number}, {Utf8.Length})";
}

/// <summary>The lines of a request's body (<see cref="LineReader"/>); a byte order mark before the first is passed over.</summary>
public static class NdjsonLines
{
    public static async IAsyncEnumerable<IntakeLine> ReadAsync(
        PipeReader reader, int maxBytes, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var (lines, patient) = (new LineReader(reader, maxBytes), reader as PatientReader);
        while (await lines.ReadAsync(cancellation))
        {
            if (patient?.GaveUp is not null)
            {
                // The beginning of a line whose end was not waited for.
                yield break;
            }

            patient?.LineTaken();
            var line = lines.Number == 1 && lines.Line.Span.StartsWith("\uFEFF"u8) ? lines.Line[3..] : lines.Line;
            yield return new IntakeLine(lines.Number, line.ToArray(), lines.TooLong);
        }
    }
}
