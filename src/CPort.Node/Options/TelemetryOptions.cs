namespace CPort.Node.Options;

/// <summary>Metrics and traces.</summary>
public sealed class TelemetryOptions
{
    /// <summary>
    /// OTLP collector, for example <c>http://127.0.0.1:4317</c>; traces are made only when it is set. OpenTelemetry's own variables
    /// (<c>OTEL_EXPORTER_OTLP_…</c>, <c>OTEL_METRIC_EXPORT_INTERVAL</c>, <c>OTEL_SERVICE_NAME</c>, …) are read too.
    /// </summary>
    public string? OtlpEndpoint { get; set; }

    /// <summary>
    /// A listener of its own that serves <c>/metrics</c> and <c>/health</c> with its reasons, and nothing else, without a key: for the inner network.
    /// Without it both need an operator's key.
    /// </summary>
    public string? Url { get; set; }

    /// <summary>Serve <c>/metrics</c> for Prometheus.</summary>
    public bool Prometheus { get; set; } = true;

    /// <summary>Share of requests that are traced.</summary>
    [Between(0, 1)]
    public double SampleRatio { get; set; } = 0.1;
}
