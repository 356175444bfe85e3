namespace CPort.Node.Options;

/// <summary>The log, on standard output.</summary>
public sealed class LogOptions
{
    public LogFormat Format { get; set; } = LogFormat.Simple;

    public LogLevel Level { get; set; } = LogLevel.Information;

    /// <summary>Akka's own level; its Information is many lines at start.</summary>
    public LogLevel AkkaLevel { get; set; } = LogLevel.Warning;
}

public enum LogFormat
{
    /// <summary>One line each, for people.</summary>
    Simple,

    /// <summary>One JSON object each, for machines.</summary>
    Json,
}
