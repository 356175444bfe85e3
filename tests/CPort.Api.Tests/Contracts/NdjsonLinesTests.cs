using CPort.Api.Reading;
using System.IO.Pipelines;
using System.Text;

namespace CPort.Api.Tests.Contracts;

public sealed class NdjsonLinesTests
{
    [Theory]
    [InlineData("a\nbb\r\n\nccc", "a|bb||ccc")]
    [InlineData("a\n", "a")]
    [InlineData("\uFEFFa\n\uFEFF", "a|\uFEFF")]
    [InlineData("", "")]
    [InlineData("\n\r\n", "|")]
    [InlineData("12345678\n123456789\nx\n", "12345678|TOO LONG|x")]
    [InlineData("12345678\r\n123456789\r\n12345678", "12345678|TOO LONG|12345678")]
    [InlineData("123456789012345678901234567890\nx", "TOO LONG|x")]
    [InlineData("x\n1234567890123", "x|TOO LONG")]
    public async Task Lines_come_out_the_same_however_the_bytes_are_cut(string text, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var first = 0; first <= bytes.Length; first++)
        {
            for (var second = first; second <= bytes.Length; second++)
            {
                Assert.Equal(expected, await SplitAsync([bytes[..first], bytes[first..second], bytes[second..]], 8));
            }
        }
    }

    [Fact]
    public async Task A_reader_who_stops_taking_lines_stops_the_sender()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 4096, resumeWriterThreshold: 2048, useSynchronizationContext: false));
        await using var lines = NdjsonLines.ReadAsync(pipe.Reader, 1024).GetAsyncEnumerator();
        var written = 0;
        ValueTask<FlushResult> flush;
        do
        {
            flush = pipe.Writer.WriteAsync("0123456789\n"u8.ToArray());
            written++;
        }
        while (flush.IsCompleted && written < 10_000);

        Assert.InRange(written, 1, 1_000);
        for (var i = 0; i < written; i++)
        {
            Assert.True(await lines.MoveNextAsync());
        }

        // What was read is given back to the pipe with the next step.
        var next = lines.MoveNextAsync();
        await flush;
        await pipe.Writer.CompleteAsync();
        Assert.False(await next);
    }

    private static async Task<string> SplitAsync(byte[][] pieces, int maxBytes)
    {
        var pipe = new Pipe();
        var writing = Task.Run(async () =>
        {
            foreach (var piece in pieces)
            {
                await pipe.Writer.WriteAsync(piece);
            }

            await pipe.Writer.CompleteAsync();
        });
        var lines = new List<string>();
        await foreach (var line in NdjsonLines.ReadAsync(pipe.Reader, maxBytes))
        {
            Assert.Equal(lines.Count + 1, line.Number);
            lines.Add(line.TooLong ? "TOO LONG" : Encoding.UTF8.GetString(line.Utf8.Span));
        }

        await writing;
        return string.Join('|', lines);
    }
}
