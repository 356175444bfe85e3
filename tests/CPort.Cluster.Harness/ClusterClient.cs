using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace CPort.Cluster.Harness;

/// <summary>The answer to one request. Status 0: none came.</summary>
public sealed record ClientAnswer(HttpStatusCode Status, string Body, int Attempts)
{
    public bool IsSuccess => (int)Status is >= 200 and < 300;

    /// <summary>It may be sent again and then succeed: no answer, 5xx, too many.</summary>
    public bool IsFault => (int)Status is 0 or >= 500 or 429;

    public JsonElement Json => JsonElement.Parse(Body);
}

/// <summary>
/// A caller of the API as they are in the field: takes the next node, and when that fails tries one other node once, with the same command id.
/// </summary>
public sealed class ClusterClient(ChaosCluster cluster) : IDisposable
{
    /// <summary>A little above a node's own patience (<c>Limits:AskSeconds</c>, 10).</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(12);

    private readonly ConcurrentDictionary<(int Node, string Agency), HttpClient> _clients = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private int _next;
    private int _requests;
    private int _retried;
    private int _failed;

    public int Requests => _requests;

    /// <summary>Requests that a second attempt was needed for.</summary>
    public int Retried => _retried;

    /// <summary>Requests that failed twice.</summary>
    public int Failed => _failed;

    /// <summary>What became of failed requests, a line each.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>The next node and another one.</summary>
    public (int First, int Second) NextTwo()
    {
        var (n, count) = (Interlocked.Increment(ref _next), cluster.Nodes.Count);
        return (n % count, (n + 1 + n / count % Math.Max(1, count - 1)) % count);
    }

    public HttpClient On(int node, string agency) => _clients.GetOrAdd((node, agency), key =>
    {
        var http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2), PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20) })
        {
            BaseAddress = cluster.Nodes[key.Node].Url, Timeout = Timeout,
        };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", cluster.KeyOf(key.Agency));
        return http;
    });

    /// <summary>One request, sent a second time to another node when the first attempt failed.</summary>
    public async Task<ClientAnswer> SendAsync(string agency, HttpMethod method, string path, string? body = null, string? commandId = null)
    {
        var (first, second) = NextTwo();
        Interlocked.Increment(ref _requests);
        var answer = await OnceAsync(first, agency, method, path, body, commandId);
        if (!answer.IsFault)
        {
            return answer;
        }

        Interlocked.Increment(ref _retried);
        var again = await OnceAsync(second, agency, method, path, body, commandId);
        if (again.IsFault)
        {
            NoteFailed($"{method} {path}: node {first + 1} {Short(answer)}; node {second + 1} {Short(again)}");
        }

        return again with { Attempts = 2 };
    }

    /// <summary>One attempt on one node (index from 0).</summary>
    public async Task<ClientAnswer> OnceAsync(int node, string agency, HttpMethod method, string path, string? body, string? commandId,
        TimeSpan? patience = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        if (commandId is not null)
        {
            request.Headers.Add("Command-Id", commandId);
        }

        try
        {
            using var limit = new CancellationTokenSource(patience ?? Timeout);
            using var answer = await On(node, agency).SendAsync(request, limit.Token);
            return new ClientAnswer(answer.StatusCode, await answer.Content.ReadAsStringAsync(limit.Token), 1);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException or IOException)
        {
            return new ClientAnswer(0, e.GetBaseException().Message, 1);
        }
    }

    public void NoteRetried() => Interlocked.Increment(ref _retried);

    public void NoteRequest() => Interlocked.Increment(ref _requests);

    public void NoteFailed(string what)
    {
        Interlocked.Increment(ref _failed);
        _failures.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {what}");
    }

    public void Dispose()
    {
        foreach (var http in _clients.Values)
        {
            http.Dispose();
        }
    }

    private static string Short(ClientAnswer a) => $"{(int)a.Status} {a.Body[..Math.Min(a.Body.Length, 160)]}";
}
