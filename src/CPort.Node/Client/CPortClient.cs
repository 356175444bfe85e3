using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using CPort.Api.Reports;

namespace CPort.Node.Client;

/// <summary>
/// Talks to a node over its public HTTP API. Streams lines in bounded chunks and sends a chunk again whole when its answers did not all come: intake is
/// idempotent, so that is always safe. Exceptions name status and problem, never a URL of a report, a hash or the key.
/// </summary>
public sealed class CPortClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    private readonly HttpClient _http;
    private readonly TimeProvider _time;

    /// <summary>
    /// <paramref name="baseUrl"/> is the node's root, for example <c>http://127.0.0.1:5080</c>; <paramref name="key"/> null for the open paths (health). A
    /// <paramref name="handler"/> given is disposed with the client.
    /// </summary>
    public CPortClient(Uri baseUrl, string? key, HttpMessageHandler? handler = null, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _http = NodeHttp.Client(baseUrl, handler);
        if (key is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    /// <summary>GET of a path such as <c>v1/agencies</c>. Throws <see cref="CPortApiException"/> on any answer that is no success.</summary>
    public Task<JsonElement> GetAsync(string path, CancellationToken cancellation = default) => SendAsync(HttpMethod.Get, path, null, cancellation);

    /// <summary>GET of an answer of this type.</summary>
    public async Task<T> GetAsync<T>(string path, CancellationToken cancellation = default) => Read<T>(await GetAsync(path, cancellation));

    /// <summary>POST that is answered with this type.</summary>
    public async Task<T> PostAsync<T>(string path, object? body, CancellationToken cancellation = default) =>
        Read<T>(await PostAsync(path, body, cancellation));

    /// <summary>
    /// POST of <paramref name="body"/> as JSON with camel-case names (null: no body). The answer's JSON, or <c>default</c> (undefined) when it is empty.
    /// </summary>
    public Task<JsonElement> PostAsync(string path, object? body, CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Post, path, body, cancellation);

    /// <summary>Any method with a JSON body.</summary>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(method, path.TrimStart('/'));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Options))
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
            };
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        return await TryAsync(async () =>
        {
            using var response = await _http.SendAsync(request, limit.Token);
            await RequireSuccessAsync(response, limit.Token);
            var bytes = await response.Content.ReadAsByteArrayAsync(limit.Token);
            return bytes.Length == 0 ? default : JsonElement.Parse(bytes);
        }, cancellation);
    }

    /// <summary>GET of an answer that is no JSON; null when there is nothing at the path.</summary>
    public async Task<byte[]?> GetBytesAsync(string path, CancellationToken cancellation = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        return await TryAsync(async () =>
        {
            using var response = await _http.GetAsync(path, limit.Token);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }

            await RequireSuccessAsync(response, limit.Token);
            return await response.Content.ReadAsByteArrayAsync(limit.Token);
        }, cancellation);
    }

    /// <summary>The lines of an answer as they come; ends when the node ends it.</summary>
    public async IAsyncEnumerable<string> LinesAsync(string path, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var response = await TryAsync(() =>
            _http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, cancellation), cancellation);
        await RequireSuccessAsync(response, cancellation);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        while (await TryAsync(async () => await reader.ReadLineAsync(cancellation), cancellation) is { } line)
        {
            yield return line;
        }
    }

    /// <summary>
    /// Streams reports, one a line, to <c>POST /v1/reports:stream</c>. The source must stand at <see cref="LineStreamOptions.ResumeFrom"/>'s offset.
    /// <paramref name="codes"/>: <c>v2</c> for ICCAM v2's codes. Throws <see cref="CPortApiException"/> (refused as a whole, for example a wrong key) and
    /// <see cref="CPortUnreachableException"/>; what was answered before is in the resume and outcome files.
    /// </summary>
    public Task<StreamProgress> StreamReportsAsync(
        Stream source, LineStreamOptions? options = null, IProgress<StreamProgress>? progress = null, string? codes = null,
            CancellationToken cancellation = default)
    {
        options ??= new LineStreamOptions();
        var path = codes is null ? "v1/reports:stream" : $"v1/reports:stream?codes={Uri.EscapeDataString(codes)}";
        return StreamLinesAsync(
            path, LineChunk.ReadAsync(source, options.ResumeFrom?.Offset ?? 0, options.ResumeFrom?.Line ?? 0, options.LineEnd, cancellation),
                options, progress, null, cancellation);
    }

    /// <summary>
    /// Sends chunks with up to <see cref="LineStreamOptions.Parallel"/> requests in flight and takes their answers in the source's order, so that the resume
    /// point never jumps over an unanswered line. <paramref name="answered"/> sees every chunk's answers.
    /// </summary>
    public async Task<StreamProgress> StreamLinesAsync(
        string path, IAsyncEnumerable<LineChunk> chunks, LineStreamOptions options, IProgress<StreamProgress>? progress = null,
        Action<IReadOnlyList<LineAnswer>>? answered = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Parallel, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Parallel, 64);
        var outcomes = new Dictionary<string, long>(options.ResumeFrom?.Outcomes ?? []);
        var reasons = new Dictionary<string, long>(options.ResumeFrom?.Reasons ?? []);
        var offset = options.ResumeFrom?.Offset ?? 0;
        var before = outcomes.Values.Sum();
        var started = _time.GetTimestamp();
        var retries = new Sending();
        var unavailable = new List<long>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var outcomeFile = options.OutcomeFile is { } file
            ? new FileStream(file, options.ResumeFrom is null
                ? FileMode.Create : FileMode.Append, FileAccess.Write, FileShare.Read)
            : null;
        var resumeFile = options.ResumeFile;
        var leftOut = options.ResumeFrom?.LeftOut ?? 0;
        var inFlight = new Queue<(LineChunk Chunk, Task<IReadOnlyList<LineAnswer>> Answers)>();
        var source = chunks.GetAsyncEnumerator(stop.Token);
        var next = source.MoveNextAsync().AsTask();
        try
        {
            while (true)
            {
                // Also while the source has nothing new: a feed may pause for long.
                while (inFlight.Count >= options.Parallel || (inFlight.TryPeek(out var first) && (first.Answers.IsCompleted || !next.IsCompleted)))
                {
                    if (inFlight.Count < options.Parallel && await Task.WhenAny(inFlight.Peek().Answers, next) == next)
                    {
                        break;
                    }

                    await TakeAsync();
                }

                if (!await next)
                {
                    break;
                }

                inFlight.Enqueue((source.Current, SendChunkAsync(path, source.Current, options, retries, stop.Token)));
                next = source.MoveNextAsync().AsTask();
            }

            while (inFlight.Count > 0)
            {
                await TakeAsync();
            }
        }
        finally
        {
            // What is still under way after a failure is stopped and seen to its end, so that nothing runs on behind the caller's back. But a terminal or a
            // pipe that nobody writes into cannot be stopped.
            await stop.CancelAsync();
            await Task.WhenAny(next, Task.Delay(TimeSpan.FromSeconds(1), CancellationToken.None));
            if (next.IsCompleted)
            {
                await source.DisposeAsync();
            }

            foreach (var (_, answers) in inFlight)
            {
                await ((Task)answers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        if (resumeFile is { } done)
        {
            File.Delete(done);
        }

        return Progress();

        async Task TakeAsync()
        {
            var (chunk, task) = inFlight.Peek();
            var answers = await task;
            inFlight.Dequeue();
            foreach (var answer in answers)
            {
                outcomes[answer.Outcome] = outcomes.GetValueOrDefault(answer.Outcome) + 1;
                if (answer.IsTransient)
                {
                    unavailable.Add(answer.Line);
                }

                if (answer.LeftOut is { Count: > 0 } some)
                {
                    leftOut++;
                    var what = $"left out: {some[0].Detail}";
                    reasons[what] = reasons.GetValueOrDefault(what) + 1;
                }

                if (!answer.IsGood)
                {
                    var reason = answer.Problem?.Title ?? (answer.Fields is { Count: > 0 } ? $"differs in {string.Join(", ", answer.Fields)}" : answer.Outcome);
                    reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
                }
            }

            answered?.Invoke(answers);
            if (outcomeFile is not null)
            {
                await WriteOutcomesAsync(outcomeFile, answers, options.OutcomesOfFailuresOnly);
            }

            offset = chunk.EndOffset;
            if (resumeFile is { } resume)
            {
                try
                {
                    await new ResumePoint
                    {
                        Source = options.Source(), Offset = offset, Line = chunk.EndLine, Outcomes = outcomes, Reasons = reasons, LeftOut = leftOut,
                    }.SaveAsync(resume);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    resumeFile = null;
                    options.NotKept?.Invoke(e.Message);
                }
            }

            progress?.Report(Progress());
        }

        StreamProgress Progress()
        {
            var elapsed = _time.GetElapsedTime(started);
            var total = outcomes.Values.Sum();
            return new StreamProgress
            {
                Outcomes = new Dictionary<string, long>(outcomes), Reasons = new Dictionary<string, long>(reasons), Offset = offset, LeftOut = leftOut,
                Unavailable = [.. unavailable], Retries = retries.Retries, Elapsed = elapsed,
                    LinesPerSecond = (total - before) / Math.Max(0.001, elapsed.TotalSeconds),
            };
        }
    }

    public void Dispose() => _http.Dispose();

    private static T Read<T>(JsonElement answer)
    {
        try
        {
            return answer.Deserialize<T>(ApiJson.Options)!;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"The node's answer is no {typeof(T).Name}: is it of another version?", e);
        }
    }

    private static async Task WriteOutcomesAsync(Stream target, IReadOnlyList<LineAnswer> answers, bool failuresOnly)
    {
        var text = new MemoryStream();
        foreach (var answer in answers.Where(a => !failuresOnly || !a.IsGood || a.LeftOut is not null))
        {
            JsonSerializer.Serialize(text, answer, ApiJson.Options);
            text.WriteByte((byte)'\n');
        }

        await target.WriteAsync(text.GetBuffer().AsMemory(0, (int)text.Length), CancellationToken.None);
        await target.FlushAsync(CancellationToken.None);
    }

    /// <summary>What all requests of one source share. Thread-safe.</summary>
    private sealed class Sending
    {
        private long _retries;
        private LineChunk? _known;

        public long Retries => Volatile.Read(ref _retries);

        /// <summary>A line that was taken, alone; null: none yet. Sent again it changes nothing, and shows whether anything is answered at all.</summary>
        public LineChunk? Known => Volatile.Read(ref _known);

        public void Retried() => Interlocked.Increment(ref _retries);

        public void Took(LineChunk chunk, LineAnswer?[] answers)
        {
            if (Known is null && Array.FindIndex(answers, a => a!.IsGood) is var index and >= 0)
            {
                var body = chunk.Body;
                for (var line = 0; line < index; line++)
                {
                    body = body[(body.Span.IndexOf((byte)'\n') + 1)..];
                }

                Volatile.Write(ref _known, new LineChunk(body[..(body.Span.IndexOf((byte)'\n') + 1)].ToArray(), [chunk.Lines[index]], 0, 0));
            }
        }
    }

    private async Task<IReadOnlyList<LineAnswer>> SendChunkAsync(string path, LineChunk chunk, LineStreamOptions options,
        Sending sending, CancellationToken cancellation)
    {
        var answers = new LineAnswer?[chunk.Lines.Count];
        long? failingSince = null;
        for (var attempt = 0; ; attempt++)
        {
            var (wait, cause, settled) = await TryChunkAsync(path, chunk, answers, options, cancellation);
            if (cause is null)
            {
                sending.Took(chunk, answers);
                return answers!;
            }

            failingSince ??= _time.GetTimestamp();
            var delay = wait ?? TimeSpan.FromMilliseconds(
                Math.Min(10_000, 250 * Math.Pow(2, Math.Min(attempt, 8))) * (0.75 + (Random.Shared.NextDouble() / 2)));
            if (_time.GetElapsedTime(failingSince.Value) + delay > options.RetryFor)
            {
                // Some lines' own trouble, or everybody's? The same moment's answers to others tell.
                if (options.LeaveUnavailable && settled is not null
                    && (settled > 0 || (sending.Known is { } known
                        && (await TryChunkAsync(path, known, new LineAnswer?[1], options, cancellation)).Cause is null)))
                {
                    sending.Took(chunk, answers);
                    return answers!;
                }

                throw new CPortUnreachableException(
                    $"Lines {chunk.Lines[0]} to {chunk.Lines[^1]} were not all answered"
                    + $" within {options.RetryFor.TotalSeconds:0} s: {cause}");
            }

            // A node that says "0 seconds" is not to be asked in a tight loop.
            delay = delay < TimeSpan.FromMilliseconds(50) ? TimeSpan.FromMilliseconds(50) : delay;
            sending.Retried();
            await Task.Delay(delay, _time, cancellation);
        }
    }

    /// <summary>
    /// One attempt; answers that came are kept also when the rest did not. No cause: all lines are answered. Settled: to how many lines this attempt brought a
    /// final answer; null when not every line has had an answer.
    /// </summary>
    private async Task<(TimeSpan? Wait, string? Cause, int? Settled)> TryChunkAsync(
        string path, LineChunk chunk, LineAnswer?[] answers, LineStreamOptions options, CancellationToken cancellation)
    {
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        idle.CancelAfter(options.IdleTimeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path);
            request.Content = new ReadOnlyMemoryContent(chunk.Body)
                { Headers = { ContentType = new MediaTypeHeaderValue("application/x-ndjson") } };
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, idle.Token);
            var status = (int)response.StatusCode;
            if (!response.IsSuccessStatusCode)
            {
                var problem = Problems.Read(await response.Content.ReadAsByteArrayAsync(idle.Token), status);
                return status is 408 or 429 or 502 or 503 or 504
                    ? (RetryAfter(response), problem.Title, null)
                    : throw Refused(problem);
            }

            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(idle.Token), Encoding.UTF8);
            var (position, settled) = (0, 0);
            while (await reader.ReadLineAsync(idle.Token) is { } line)
            {
                idle.CancelAfter(options.IdleTimeout);
                if (line.Length > 0 && Answer(line, chunk, position++) is var (index, answer) && index < answers.Length)
                {
                    settled += answer.IsTransient ? 0 : 1;

                    // A line accepted by an attempt that broke comes back as a duplicate of itself: the first answer is the true one.
                    answers[index] = answers[index] is { IsGood: true } first ? first : answer;
                }
            }

            return answers.Any(a => a is null) ? (null, "the answer ended early", null)
                : answers.FirstOrDefault(a => a!.IsTransient) is { } busy ? (RetryAfter(response), busy.Problem!.Title, settled)
                : (null, null, settled);
        }
        // SocketsHttpHandler lets a SocketException out bare when a connection ends just after it was made.
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or JsonException or OperationCanceledException
            && !cancellation.IsCancellationRequested)
        {
            return (null, e is OperationCanceledException
                ? $"no answer for {options.IdleTimeout.TotalSeconds:0} s"
                : e is JsonException ? "an answer was cut off" : e.Message, null);
        }
    }

    private static (int Index, LineAnswer Answer) Answer(string text, LineChunk chunk, int position)
    {
        var answer = JsonSerializer.Deserialize<LineAnswer>(text, ApiJson.Options);
        var index = answer is null || answer.Line == 0 ? position : answer.Line - 1;
        return answer?.Outcome is not null && index >= 0 && index < chunk.Lines.Count
            ? ((int)index, answer with { Line = chunk.Lines[(int)index] })
            : throw new JsonException("It is no answer to a line that was sent.");
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) =>
        response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } when date - _time.GetUtcNow() is var wait && wait > TimeSpan.Zero => wait,
            _ => null,
        };

    private async Task RequireSuccessAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (!response.IsSuccessStatusCode)
        {
            var problem = Problems.Read(await response.Content.ReadAsByteArrayAsync(cancellation), (int)response.StatusCode);
            throw Refused(problem);
        }
    }

    private async Task<T> TryAsync<T>(Func<Task<T>> ask, CancellationToken cancellation)
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException)
        {
            throw new CPortUnreachableException($"The node at {_http.BaseAddress} cannot be reached: {e.GetBaseException().Message}", e);
        }
        catch (JsonException e)
        {
            throw new CPortUnreachableException($"What answers at {_http.BaseAddress} does not answer JSON: is it a CPort node?", e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new CPortUnreachableException($"The node at {_http.BaseAddress} did not answer within {Patience.TotalSeconds:0} s.", e);
        }
    }

    /// <summary>The node's refusal is final and its own; a proxy's says nothing of keys and roles.</summary>
    private Exception Refused(ApiProblem problem) => problem.Code.Length == 0
        ? new CPortUnreachableException($"At {_http.BaseAddress} answers no CPort node: {problem.Title}.")
        : new CPortApiException(problem.Detail is null && problem.Status == (int)HttpStatusCode.Forbidden
            ? problem with { Detail = "the key's agency and roles do not allow this" } : problem);
}
