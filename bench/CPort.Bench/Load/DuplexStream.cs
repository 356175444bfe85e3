using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace CPort.Bench.Load;

/// <summary>One answered line: its outcome and, when it was taken, its report.</summary>
internal readonly record struct Answered(string Outcome, string? ReportId);

/// <summary>
/// One <c>POST /v1/reports:stream</c> on an HTTP/2 connection: lines are written while answers are read. A line's time runs from when it is given to
/// the connection (or, at a fixed rate, from when it was due) to when its answer has been read, so waiting inside the sender counts.
/// </summary>
/// <param name="inFlight">Lines sent and not yet answered, at most.</param>
/// <param name="isOver">Asked before each line; once true no more are sent, and the stream ends in order.</param>
internal sealed class DuplexStream(HttpClient client, string key, IReadOnlyList<byte[]> lines, int inFlight, LinePacer? pacer, Func<bool>? isOver = null)
{
    private readonly IReadOnlyList<byte[]> _lines = lines;
    private readonly LinePacer? _pacer = pacer;
    private readonly long[] _sent = new long[lines.Count + 1];
    private readonly SemaphoreSlim _window = new(inFlight);
    private readonly Func<bool> _isOver = isOver ?? (() => false);
    private int _lastLine = lines.Count;
    private long _answers;

    /// <summary>Sends all lines and reads all answers; throws when an answer is missing.</summary>
    public async Task RunAsync(Percentiles times, Action<Answered> answered, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/reports:stream")
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new Body(this, cancellation),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException(
                $"The stream was answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellation)}");
        }

        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var reader = System.IO.Pipelines.PipeReader.Create(stream);
        while (true)
        {
            var read = await reader.ReadAsync(cancellation);
            var buffer = read.Buffer;
            var now = Stopwatch.GetTimestamp();
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                Take(buffer.Slice(0, end), now, times, answered);
                buffer = buffer.Slice(buffer.GetPosition(1, end));
            }

            if (read.IsCompleted)
            {
                if (buffer.Length > 0)
                {
                    Take(buffer, now, times, answered);
                }

                break;
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
        }

        if (_answers != _lastLine)
        {
            throw new InvalidOperationException($"{_lastLine} lines were sent and {_answers} answered.");
        }
    }

    private void Take(ReadOnlySequence<byte> line, long now, Percentiles times, Action<Answered> answered)
    {
        if (line.IsEmpty)
        {
            return;
        }

        // The whole answer is looked at only as far as needed, because this program shares the processors with the node.
        var json = new Utf8JsonReader(line);
        var (number, outcome, report) = (0, "", (string?)null);
        while (json.Read())
        {
            if (json.TokenType != JsonTokenType.PropertyName || json.CurrentDepth != 1)
            {
                continue;
            }

            if (json.ValueTextEquals("line"u8))
            {
                json.Read();
                number = json.GetInt32();
            }
            else if (json.ValueTextEquals("outcome"u8))
            {
                json.Read();
                outcome = json.GetString() ?? "";
            }
            else if (json.ValueTextEquals("reportId"u8))
            {
                json.Read();
                report = json.GetString();
            }
        }

        if (number < 1 || number > _lines.Count)
        {
            throw new InvalidDataException($"An answer names line {number}; {_lines.Count} were sent.");
        }

        _answers++;
        times.Add(Stopwatch.GetElapsedTime(_sent[number], now));
        answered(new Answered(outcome, report));
        _window.Release();
    }

    private sealed class Body : HttpContent
    {
        private const int FlushAt = 16 * 1024;
        private readonly DuplexStream _owner;
        private readonly IReadOnlyList<byte[]> _lines;
        private readonly CancellationToken _cancellation;

        public Body(DuplexStream owner, CancellationToken cancellation)
        {
            (_owner, _lines, _cancellation) = (owner, owner._lines, cancellation);
            Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            // The headers must be on their way before the first line: the answer's own come back only then.
            await stream.FlushAsync(_cancellation);
            var unflushed = 0;
            for (var i = 0; i < _lines.Count; i++)
            {
                long due = 0;
                if (_owner._pacer is { } pacer)
                {
                    (due, var wait) = pacer.Next();
                    if (wait > TimeSpan.Zero)
                    {
                        await stream.FlushAsync(_cancellation);
                        unflushed = 0;
                        await Task.Delay(wait, _cancellation);
                    }
                }

                if (!_owner._window.Wait(0, _cancellation))
                {
                    await stream.FlushAsync(_cancellation);
                    unflushed = 0;
                    await _owner._window.WaitAsync(_cancellation);
                }

                if (_owner._isOver())
                {
                    _owner._lastLine = i;
                    break;
                }

                _owner._sent[i + 1] = due != 0 ? due : Stopwatch.GetTimestamp();
                await stream.WriteAsync(_lines[i], _cancellation);
                unflushed += _lines[i].Length;
                if (unflushed >= FlushAt)
                {
                    await stream.FlushAsync(_cancellation);
                    unflushed = 0;
                }
            }

            await stream.FlushAsync(_cancellation);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

/// <summary>Gives lines their time over all streams: line n is due n/rate seconds after the start.</summary>
internal sealed class LinePacer(int rate)
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _next;

    /// <summary>When the next line is due (a <see cref="Stopwatch"/> timestamp) and how long that is from now.</summary>
    public (long Due, TimeSpan Wait) Next()
    {
        var due = _start + (long)((Interlocked.Increment(ref _next) - 1) * (double)Stopwatch.Frequency / rate);
        return (due, Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due));
    }
}
