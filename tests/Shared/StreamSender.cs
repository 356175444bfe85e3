using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace CPort.Tests.Shared;

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
    public static async Task<string?> SendAsync(HttpClient http, ReadOnlyMemory<byte> body, Action<StreamAnswer> answered,
        CancellationToken cancellation = default)
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
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException or JsonException or OperationCanceledException)
        {
            return e.GetType().Name + ": " + e.Message;
        }
    }

    /// <summary>Lines as one body.</summary>
    public static byte[] Body(IEnumerable<string> lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + "\n")));
}
