using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace CPort.Api.Tests.Survival;

/// <summary>The node's answer to one line of a stream.</summary>
public sealed record StreamAnswer(int Line, string Outcome, string? ReportId, int? ProblemStatus, string? Problem, string Raw)
{
    /// <summary>Durable by the node's word.</summary>
    public bool IsAcknowledged => Outcome is "accepted" or "duplicate";

    public static StreamAnswer Parse(string text)
    {
        var json = JsonElement.Parse(text);
        var problem = json.TryGetProperty("problem", out var p) && p.ValueKind == JsonValueKind.Object ? p : default;
        return new StreamAnswer(
            json.GetProperty("line").GetInt32(), json.GetProperty("outcome").GetString()!,
            json.TryGetProperty("reportId", out var id) ? id.GetString() : null,
            problem.ValueKind == JsonValueKind.Object && problem.TryGetProperty("status", out var status) ? status.GetInt32() : null,
            problem.ValueKind == JsonValueKind.Object ? problem.GetRawText() : null, text);
    }
}

/// <summary>
/// Sends one body to <c>/v1/reports:stream</c> and notes each answer the moment it comes, so that what was acknowledged before the node died is
/// known exactly. Unlike the product's own client it repeats nothing by itself.
/// </summary>
public static class StreamSender
{
    /// <summary>Null: all answers came; else why not: the connection broke, or the stream was refused (with the status).</summary>
    public static async Task<string?> SendAsync(HttpClient http, ReadOnlyMemory<byte> body, Action<StreamAnswer> answered, CancellationToken cancellation = default)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/reports:stream");
            request.Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-ndjson") } };
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (!response.IsSuccessStatusCode)
            {
                return $"{(int)response.StatusCode}, Retry-After {response.Headers.RetryAfter}: {await response.Content.ReadAsStringAsync(cancellation)}";
            }

            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation), Encoding.UTF8);
            while (await reader.ReadLineAsync(cancellation) is { } line)
            {
                if (line.Length > 0)
                {
                    answered(StreamAnswer.Parse(line));
                }
            }

            return null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or OperationCanceledException)
        {
            return e.GetType().Name + ": " + e.Message;
        }
    }

    /// <summary>Lines as one body.</summary>
    public static byte[] Body(IEnumerable<string> lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + "\n")));
}

/// <summary>
/// A day's streams, one a hotline, sent again and again; what was acknowledged for which line, over all attempts. A report is never acknowledged
/// under two ids.
/// </summary>
public sealed class DayOfStreams(NodeProcess node, CPort.Node.Sample.SyntheticDay day)
{
    private readonly ConcurrentDictionary<(string Hotline, int Line), string> _acknowledged = new();
    private readonly Dictionary<string, byte[]> _bodies = day.Hotlines
        .ToDictionary(h => h.Id.Value, h => StreamSender.Body(day.Lines(h.Id))).Where(p => p.Value.Length > 0).ToDictionary();

    private int _newlyAcknowledged;

    /// <summary>Ids of all reports that the node called durable.</summary>
    public IReadOnlySet<string> Acknowledged => _acknowledged.Values.ToHashSet();

    /// <summary>A report and the hotline that sent it.</summary>
    public IEnumerable<(string Hotline, string ReportId)> Reports => _acknowledged.Select(p => (p.Key.Hotline, p.Value)).Distinct();

    /// <summary>
    /// Sends everything, all hotlines at once. <paramref name="until"/> ends the attempt when so many lines were newly acknowledged. Answers each
    /// hotline's answers, and what broke.
    /// </summary>
    public async Task<(IReadOnlyDictionary<(string Hotline, int Line), StreamAnswer> Answers, IReadOnlyList<string> Broken)> SendAsync(
        int until = int.MaxValue, Func<Task>? then = null)
    {
        var answers = new ConcurrentDictionary<(string, int), StreamAnswer>();
        var broken = new ConcurrentQueue<string>();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _newlyAcknowledged = 0;
        var sending = Parallel.ForEachAsync(_bodies, new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (pair, cancellation) =>
        {
            var (hotline, body) = pair;
            using var http = node.Http(node.KeyOf(hotline), TimeSpan.FromSeconds(120));
            var cause = await StreamSender.SendAsync(http, body, answer =>
            {
                answers[(hotline, answer.Line)] = answer;
                if (!answer.IsAcknowledged)
                {
                    return;
                }

                Assert.NotNull(answer.ReportId);
                if (!_acknowledged.TryAdd((hotline, answer.Line), answer.ReportId))
                {
                    Assert.Equal(_acknowledged[(hotline, answer.Line)], answer.ReportId);
                }
                else if (Interlocked.Increment(ref _newlyAcknowledged) == until)
                {
                    reached.TrySetResult();
                }
            }, cancellation);
            if (cause is not null)
            {
                broken.Enqueue($"{hotline}: {cause}");
            }
        });
        if (then is not null)
        {
            await Task.WhenAny(reached.Task, sending);
            await then();
        }

        await sending;
        return (answers, [.. broken]);
    }
}
