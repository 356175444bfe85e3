using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace CPort.Api.Tests.Survival;

/// <summary>The smallest OTLP collector: takes whatever is exported by gRPC over HTTP/2 and keeps the bytes.</summary>
public sealed class TraceCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _taken;

    private TraceCollector(WebApplication app, ConcurrentQueue<(string Path, byte[] Body)> taken) => (_app, _taken) = (app, taken);

    public string Url => _app.Urls.First();

    /// <summary>Export requests as they came, with the gRPC method's path.</summary>
    public IReadOnlyCollection<(string Path, byte[] Body)> Taken => _taken;

    public static async Task<TraceCollector> StartAsync()
    {
        var taken = new ConcurrentQueue<(string, byte[])>();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.WebHost.UseKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        app.Run(async http =>
        {
            var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            taken.Enqueue((http.Request.Path, body.ToArray()));
            http.Response.ContentType = "application/grpc";
            http.Response.DeclareTrailer("grpc-status");
            await http.Response.Body.WriteAsync(new byte[5]);
            http.Response.AppendTrailer("grpc-status", "0");
        });
        await app.StartAsync();
        return new TraceCollector(app, taken);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
