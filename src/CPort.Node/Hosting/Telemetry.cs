using System.Diagnostics;
using CPort.Api.Security;
using CPort.Actors.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CPort.Node.Hosting;

/// <summary>OpenTelemetry: metrics for Prometheus and OTLP, traces for OTLP.</summary>
public static class Telemetry
{
    public static IServiceCollection AddNodeTelemetry(this IServiceCollection services, NodeOptions options)
    {
        var otlp = string.IsNullOrEmpty(options.Telemetry.OtlpEndpoint) ? null : new Uri(options.Telemetry.OtlpEndpoint);
        var version = typeof(Telemetry).Assembly.GetName().Version?.ToString(3) ?? "0";
        var telemetry = services.AddOpenTelemetry().ConfigureResource(r => r.AddService("cport", serviceVersion: version));
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter(CPortMetrics.MeterName, CPortMetrics.MeterName + ".*", "Microsoft.AspNetCore.Hosting",
                "Microsoft.AspNetCore.Server.Kestrel").AddRuntimeInstrumentation();
            if (options.Telemetry.Prometheus)
            {
                metrics.AddPrometheusExporter();
            }

            if (otlp is not null)
            {
                metrics.AddOtlpExporter(o => o.Endpoint = otlp);
            }
        });
        if (otlp is not null)
        {
            telemetry.WithTracing(tracing => tracing
                .AddSource(CPortTracing.SourceName)
                .AddAspNetCoreInstrumentation()
                .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(options.Telemetry.SampleRatio)))
                .AddProcessor(new PathMask())
                .AddOtlpExporter(o => o.Endpoint = otlp));
        }

        return services;
    }

    public static WebApplication MapMetrics(this WebApplication app, NodeOptions options)
    {
        if (options.Telemetry.Prometheus)
        {
            app.MapPrometheusScrapingEndpoint("/metrics").Needs(Deed.SeeService);
        }

        return app;
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
