namespace CPort.Node.Options;

/// <summary>Metrics and traces.</summary>
public sealed class TelemetryOptions
{
    /// <summary>OTLP collector, for example <c>http://127.0.0.1:4317</c>; traces are made only when it is set.</summary>
    public string? OtlpEndpoint { get; set; }

    /// <summary>Serve <c>/metrics</c> for Prometheus.</summary>
    public bool Prometheus { get; set; } = true;

    /// <summary>Share of requests that are traced.</summary>
    [Between(0, 1)]
    public double SampleRatio { get; set; } = 0.1;
}
