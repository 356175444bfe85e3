using System.Security.Cryptography;
using System.Text;
using CPort.Domain.Audit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace CPort.Node.Commands.Audit;

/// <summary>
/// A witness of logs (C2SP tlog-witness v1.0.0): <c>POST /add-checkpoint</c>, and <c>GET /&lt;hash of the log's name&gt;/checkpoint</c> for those who compare
/// what they were shown with what the witness saw. Behind a proxy where it is to speak TLS.
/// </summary>
internal sealed class WitnessServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly WitnessState _state;
    private readonly IReadOnlyList<NoteVerifier> _logs;
    private readonly TimeProvider _time;

    // What is looked at and what is kept are one step, or a smaller tree could take a larger one's place.
    private readonly SemaphoreSlim _one = new(1, 1);

    private WitnessServer(Uri listen, WitnessState state, IReadOnlyList<NoteVerifier> logs, TimeProvider time)
    {
        (_state, _logs, _time) = (state, logs, time);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(listen.ToString()).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = AddCheckpoint.MaxLength;
            kestrel.Limits.MaxConcurrentConnections = 200;
        });
        _app = builder.Build();
        _app.MapPost("/add-checkpoint", AddAsync);
        _app.MapGet("/{hash:length(64)}/checkpoint", SeenAsync);
    }

    /// <summary>Where it listens.</summary>
    public Uri Url => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<WitnessServer> StartAsync(
        Uri listen, WitnessState state, IReadOnlyList<NoteVerifier> logs, TimeProvider time, CancellationToken cancellation)
    {
        var server = new WitnessServer(listen, state, logs, time);
        await server._app.StartAsync(cancellation);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _one.Dispose();
    }

    private async Task AddAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body, new UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: false);
        AddCheckpoint? request;
        try
        {
            _ = AddCheckpoint.TryParse(await reader.ReadToEndAsync(http.RequestAborted), out request);
        }
        catch (DecoderFallbackException)
        {
            request = null;
        }

        WitnessAnswer answer;
        await _one.WaitAsync(http.RequestAborted);
        try
        {
            answer = WitnessRules.Decide(request, _logs, _state.SeenOf, _state.Cosigner, _time.GetUtcNow());
            if (answer.Seen is { } seen && Checkpoint.TryParse(NoteText.Of(seen), out var tree))
            {
                _state.Keep(tree.Origin, seen);
            }
        }
        finally
        {
            _one.Release();
        }

        http.Response.StatusCode = answer.Status;
        http.Response.ContentType = answer.Type;
        await http.Response.WriteAsync(answer.Body, http.RequestAborted);
    }

    private async Task<IResult> SeenAsync(HttpContext http, string hash)
    {
        var log = _logs.FirstOrDefault(l => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(l.Name))) == hash);
        await _one.WaitAsync(http.RequestAborted);
        try
        {
            return log is not null && _state.SeenOf(log.Name) is { } note ? Results.Text(note, "text/plain") : Results.NotFound();
        }
        finally
        {
            _one.Release();
        }
    }
}
