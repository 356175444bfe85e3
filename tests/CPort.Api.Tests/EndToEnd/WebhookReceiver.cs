using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>What a receiver took.</summary>
internal sealed record TakenWebhook(string Id, string Timestamp, string Signature, string? Type, string Body)
{
    public JsonElement Json => JsonElement.Parse(Body);
}

/// <summary>A receiver on loopback: keeps what it took.</summary>
internal sealed class WebhookReceiver(WebApplication app) : IAsyncDisposable
{
    private readonly ConcurrentQueue<TakenWebhook> _taken = [];

    public string Url { get; private set; } = "";

    public volatile int Answer = 200;

    public static async Task<WebhookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new WebhookReceiver(builder.Build());
        receiver.Map();
        await receiver.Open();
        return receiver;
    }

    public async Task<TakenWebhook[]> TakenAsync(int count)
    {
        for (var clock = System.Diagnostics.Stopwatch.StartNew(); _taken.Count < count; await Task.Delay(25))
        {
            Assert.True(clock.Elapsed < EndToEndNode.Patience, $"{_taken.Count} of {count} came.");
        }

        return [.. _taken];
    }

    public async Task<TakenWebhook[]> TakenUntilAsync(Func<IReadOnlyList<TakenWebhook>, bool> enough)
    {
        for (var clock = System.Diagnostics.Stopwatch.StartNew(); !enough([.. _taken]); await Task.Delay(25))
        {
            Assert.True(clock.Elapsed < EndToEndNode.Patience, $"{_taken.Count} came.");
        }

        return [.. _taken];
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task Open()
    {
        await app.StartAsync();
        Url = $"{app.Urls.First()}/hook";
    }

    private void Map() => app.MapPost("/hook", async (HttpRequest request) =>
    {
        using var reader = new StreamReader(request.Body);
        var body = await reader.ReadToEndAsync();
        if (Answer == 200)
        {
            _taken.Enqueue(new TakenWebhook(
                request.Headers["webhook-id"]!, request.Headers["webhook-timestamp"]!, request.Headers["webhook-signature"]!, request.ContentType, body));
        }

        return Results.StatusCode(Answer);
    });
}
