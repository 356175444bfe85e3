using System.Diagnostics;
using CPort.Api.Security;
using CPort.Actors.Entities;
using CPort.Actors.Hashes;
using CPort.Actors.Intake;
using CPort.Actors.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CPort.Node.Hosting;

/// <summary>OpenTelemetry: metrics for Prometheus and OTLP, traces for OTLP.</summary>
public static class Telemetry
{
    /// <summary>Of the standard's variables (<c>OTEL_…</c>): where to, and whether it is to be asked whom.</summary>
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>
    /// OpenTelemetry's own variables, which its library looks for in the configuration. CPort's setting stands in for the general one, so that what the
    /// standard says of protocols and paths holds for it too.
    /// </summary>
    public static WebApplicationBuilder AddTelemetryVariables(this WebApplicationBuilder builder, NodeOptions options)
    {
        var given = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .Where(v => ((string)v.Key).StartsWith("OTEL_", StringComparison.Ordinal)).ToDictionary(v => (string)v.Key, v => (string?)v.Value);
        if (!string.IsNullOrEmpty(options.Telemetry.OtlpEndpoint))
        {
            given[Endpoint] = options.Telemetry.OtlpEndpoint;
        }

        builder.Configuration.AddInMemoryCollection(given);
        return builder;
    }

    public static WebApplicationBuilder AddNodeTelemetry(this WebApplicationBuilder builder, NodeOptions options)
    {
        builder.AddTelemetryVariables(options);
        var standard = builder.Configuration;
        bool Sends(string signal) => !string.IsNullOrEmpty(standard[Endpoint]) || !string.IsNullOrEmpty(standard[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"]);
        var version = typeof(Telemetry).Assembly.GetName().Version?.ToString(3) ?? "0";
        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(r => r
            .AddService("cport", serviceVersion: version).AddEnvironmentVariableDetector());
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter(CPortMetrics.MeterName, CPortMetrics.MeterName + ".*", "Microsoft.AspNetCore.Hosting",
                "Microsoft.AspNetCore.Server.Kestrel").AddRuntimeInstrumentation();
            if (options.Telemetry.Prometheus)
            {
                metrics.AddPrometheusExporter();
            }

            if (Sends("METRICS"))
            {
                metrics.AddOtlpExporter();
            }
        });
        if (Sends("TRACES"))
        {
            telemetry.WithTracing(tracing =>
            {
                tracing.AddSource(CPortTracing.SourceName).AddAspNetCoreInstrumentation().AddProcessor(new PathMask()).AddOtlpExporter();
                if (string.IsNullOrEmpty(standard["OTEL_TRACES_SAMPLER"]))
                {
                    tracing.SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(options.Telemetry.SampleRatio)));
                }
            });
        }

        // After OpenTelemetry's own, which begins to listen.
        builder.Services.AddHostedService<FirstFigures>();
        return builder;
    }

    public static WebApplication MapMetrics(this WebApplication app, NodeOptions options)
    {
        if (options.Telemetry.Prometheus)
        {
            app.MapPrometheusScrapingEndpoint("/metrics").Needs(Deed.SeeFigures);
        }

        return app;
    }

    private sealed class FirstFigures : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            CPortMetrics.Begin(
                EntityKind.All.Select(k => k.Word), Enum.GetValues<DoubtfulPlace>().Select(DatabaseDoubts.WordOf),
                Enum.GetNames<IntakeResult>().Select(n => n.ToLowerInvariant()));
            HashInstruments.Begin();
            ClusterMetrics.Begin();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>A path or query can carry a hash value or search text: spans keep the route's template instead.</summary>
    internal sealed class PathMask : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data)
        {
            if (data.GetTagItem("url.path") is not null)
            {
                data.SetTag("url.path", data.GetTagItem("http.route") ?? "(no route)");
            }

            data.SetTag("url.query", null);
            data.SetTag("url.full", null);
        }
    }
}
