using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using CPort.Actors.Intake;
using CPort.Domain.Text;

namespace CPort.Api.Reading;

/// <summary>The lines of a request's body (<see cref="LineReader"/>).</summary>
public static class NdjsonLines
{
    public static async IAsyncEnumerable<IntakeLine> ReadAsync(
        PipeReader reader, int maxBytes, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var lines = new LineReader(reader, maxBytes);
        while (await lines.ReadAsync(cancellation))
        {
            yield return new IntakeLine(lines.Number, lines.Line.ToArray(), lines.TooLong);
        }
    }
}
