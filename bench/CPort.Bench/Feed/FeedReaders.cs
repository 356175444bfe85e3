using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CPort.Bench.Load;
using CPort.Node.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CPort.Bench.Feed;

/// <summary>
/// Agencies that read along: a stream and a webhook each, from now on. An event's lag runs from when the journal recorded it to when it is here; both are this
/// machine's clock.
/// </summary>
internal sealed class FeedReaders : IAsyncDisposable
{
    /// <summary>A kind of news that hardly ever comes: asking for it alone leads to a feed's end in a step or two.</summary>
    private const string Rare = "cport.iwol.removed.v1";

    private readonly BenchNode _node;
    private readonly IReadOnlyDictionary<string, string> _keys;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<(string Agency, string Id)> _webhooks = [];
    private readonly HttpClient _http;
    private Task[] _streams = [];
    private WebApplication? _receiver;
    private int _posts;

    private FeedReaders(BenchNode node, IReadOnlyDictionary<string, string> keys) => (_node, _keys, _http) = (
        node, keys, new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = node.Url, Timeout = Timeout.InfiniteTimeSpan });

    public Percentiles Streamed { get; } = new();

    public Percentiles Delivered { get; } = new();

    /// <summary>POSTs that brought them.</summary>
    public int Posts => _posts;

    /// <summary>Each agency's key by its id; all have opened their streams, and their webhooks have answered the first ping.</summary>
    public static async Task<FeedReaders> StartAsync(
        BenchNode node, IReadOnlyDictionary<string, string> keys, int batch, CancellationToken cancellation)
    {
        var readers = new FeedReaders(node, keys);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        readers._receiver = builder.Build();
        readers._receiver.MapPost("/hook", async (HttpRequest request) =>
        {
            using var body = await JsonDocument.ParseAsync(request.Body, default, CancellationToken.None);
            Interlocked.Increment(ref readers._posts);
            foreach (var news in body.RootElement.ValueKind == JsonValueKind.Array ? body.RootElement.EnumerateArray().ToArray() : [body.RootElement])
            {
                readers.Delivered.Note(news);
            }

            return Results.Ok();
        });
        await readers._receiver.StartAsync(cancellation);
        foreach (var (agency, key) in keys)
        {
            using var client = readers.Client(key);
            var made = await client.PostAsync("v1/webhooks", new { url = $"{readers._receiver.Urls.First()}/hook", batch }, cancellation);
            readers._webhooks.Add((agency, made.GetProperty("id").GetString()!));
        }

        foreach (var (agency, id) in readers._webhooks)
        {
            using var client = readers.Client(keys[agency]);
            await CPort.Tests.Shared.Wait.UntilAsync(
                async () => (await client.GetAsync($"v1/webhooks/{id}", cancellation)).GetProperty("state").GetString() == "Active",
                TimeSpan.FromMinutes(1), () => "a webhook was not taken up", cancellation);
        }

        var ends = new List<string>();
        foreach (var key in keys.Values)
        {
            ends.Add(await readers.EndAsync(key, cancellation));
        }

        readers._streams = [.. keys.Values.Zip(ends, (k, end) => Task.Run(() => readers.ReadAsync(k, end), CancellationToken.None))];
        return readers;
    }

    /// <summary>Until nothing has come for a while.</summary>
    public async Task QuietAsync(TimeSpan patience, CancellationToken cancellation)
    {
        var (last, since, clock) = (-1, System.Diagnostics.Stopwatch.StartNew(), System.Diagnostics.Stopwatch.StartNew());
        while (since.Elapsed < TimeSpan.FromSeconds(4) && clock.Elapsed < patience)
        {
            var now = Streamed.Count + Delivered.Count;
            if (now != last)
            {
                (last, since) = (now, System.Diagnostics.Stopwatch.StartNew());
            }

            await Task.Delay(200, cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_streams);
        foreach (var (agency, id) in _webhooks)
        {
            using var client = Client(_keys[agency]);
            await client.SendAsync(HttpMethod.Delete, $"v1/webhooks/{id}", null);
        }

        if (_receiver is not null)
        {
            await _receiver.DisposeAsync();
        }

        _http.Dispose();
        _stop.Dispose();
    }

    private CPortClient Client(string key) => new(_node.Url, key, new WithPurpose());

    private async Task<string> EndAsync(string key, CancellationToken cancellation)
    {
        var (end, before) = ("", "-");
        while (end != before)
        {
            before = end;
            var path = $"v1/feed?types={Rare}{(end.Length == 0 ? "" : $"&lastEventId={end}")}";
            using var answer = await SendAsync(() => Request(key, path), cancellation);
            end = answer.Headers.GetValues("CPort-Position").Single();
        }

        return end;
    }

    private async Task ReadAsync(string key, string after)
    {
        HttpRequestMessage Open()
        {
            var request = Request(key, "v1/feed");
            request.Headers.Accept.ParseAdd("text/event-stream");
            request.Headers.Add("Last-Event-ID", after);
            return request;
        }

        try
        {
            using var answer = await SendAsync(Open, _stop.Token);
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(_stop.Token));
            while (await lines.ReadLineAsync(_stop.Token) is { } line)
            {
                if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    using var news = JsonDocument.Parse(line.AsMemory(6));
                    Streamed.Note(news.RootElement);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It was enough.
        }
    }

    /// <summary>A busy node may ask for patience.</summary>
    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> make, CancellationToken cancellation)
    {
        while (true)
        {
            using var request = make();
            var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (answer.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests))
            {
                return answer.EnsureSuccessStatusCode();
            }

            answer.Dispose();
            await Task.Delay(500, cancellation);
        }
    }

    private static HttpRequestMessage Request(string key, string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Headers.Add("X-Purpose", "bench");
        return request;
    }

    private sealed class WithPurpose() : DelegatingHandler(new SocketsHttpHandler { UseProxy = false })
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Add("X-Purpose", "bench");
            return base.SendAsync(request, cancellationToken);
        }
    }
}

/// <summary>Lags of events.</summary>
internal static class FeedLags
{
    public static void Note(this Percentiles lags, JsonElement news)
    {
        if (news.TryGetProperty("time", out var time) && news.GetProperty("type").GetString() != "cport.ping.v1")
        {
            lags.Add(DateTimeOffset.UtcNow - time.GetDateTimeOffset());
        }
    }

    public static string InWords(this Percentiles lags) => string.Create(
        CultureInfo.InvariantCulture, $"{lags.Count:n0} | {lags.At(0.5):n0} | {lags.At(0.99):n0} | {lags.At(1):n0}");
}
