using System.Collections.Concurrent;
using System.Net;
using System.Text;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Tests.Node;

/// <summary>A node and a receiver of OTLP by gRPC, which keeps what it is sent.</summary>
public sealed class OtlpTests
{
    [Fact]
    public async Task Metrics_and_traces_leave_the_node_by_OTLP_as_OpenTelemetry_s_own_variables_say()
    {
        var received = new ConcurrentQueue<(string Service, string Header, string Content)>();
        await using var receiver = await ReceiverAsync(received);
        await using var none = new PostgreSqlServer();
        await using var node = new TestNode(await NodeDatabase.CreateAsync(DatabaseProvider.Sqlite, none), new Dictionary<string, string>
        {
            ["Telemetry__OtlpEndpoint"] = receiver.Urls.First(), ["Telemetry__SampleRatio"] = "1",
        });
        node.Environment["OTEL_EXPORTER_OTLP_HEADERS"] = "x-test=from-the-environment";
        node.Environment["OTEL_METRIC_EXPORT_INTERVAL"] = "500";
        node.Environment["OTEL_BSP_SCHEDULE_DELAY"] = "500";
        node.Environment["OTEL_SERVICE_NAME"] = "cport-of-the-test";
        await node.StartReadyAsync();
        using var http = node.Http(null);
        foreach (var (service, holds) in new[] { ("MetricsService", "cport.journal.fenced"), ("TraceService", "http.route") })
        {
            await node.UntilAsync(
                async () =>
                {
                    using var answer = await http.GetAsync("/v1/queues");
                    return received.Any(r => r.Service.Contains(service, StringComparison.Ordinal) && r.Content.Contains(holds, StringComparison.Ordinal)
                        && r.Content.Contains("cport-of-the-test", StringComparison.Ordinal) && r.Header == "from-the-environment");
                },
                TimeSpan.FromSeconds(60), $"no {service} came with {holds}");
        }
    }

    private static async Task<WebApplication> ReceiverAsync(ConcurrentQueue<(string Service, string Header, string Content)> received)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRouting();
        builder.WebHost.UseKestrel(k => k.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        app.Run(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            received.Enqueue((http.Request.Path, http.Request.Headers["x-test"].ToString(), Encoding.Latin1.GetString(body.GetBuffer(), 0, (int)body.Length)));

            // An empty message: everything was taken.
            http.Response.ContentType = "application/grpc";
            await http.Response.BodyWriter.WriteAsync(new byte[5]);
            http.Response.AppendTrailer("grpc-status", "0");
        });
        await app.StartAsync();
        return app;
    }
}
