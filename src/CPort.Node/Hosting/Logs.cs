using Microsoft.Extensions.Logging.Console;

namespace CPort.Node.Hosting;

/// <summary>What the log says, and in which form.</summary>
internal static class Logs
{
    public static void AddNodeLogs(this ILoggingBuilder logging, LogOptions logs)
    {
        logging.SetMinimumLevel(logs.Level);

        // Request logs carry paths, and a path can carry a hash value: metrics and traces count requests by route template instead. Scopes stay off for the
        // same reason.
        logging.AddFilter("Microsoft", LogLevel.Warning);

        // Every refused key is counted by status; a line each would let a stranger fill the disk.
        logging.AddFilter("CPort.Api.Security.ApiKeyHandler", LogLevel.Warning);
        // A failed start, an error here, is thrown as well, and told in one line by Program. What ends a running node is critical, and told nowhere else.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        logging.AddFilter("Microsoft.Hosting.Lifetime", logs.Level > LogLevel.Information ? logs.Level : LogLevel.Information);
        if (logs.Format == LogFormat.Json)
        {
            logging.AddJsonConsole(o =>
            {
                o.IncludeScopes = false;
                o.UseUtcTimestamp = true;
                o.TimestampFormat = "O";
            });
        }
        else
        {
            logging.AddSimpleConsole(o =>
            {
                o.IncludeScopes = false;
                o.SingleLine = true;
                o.UseUtcTimestamp = true;
                o.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                o.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }

        logging.Services.Remove(logging.Services.Single(s => s.ImplementationType == typeof(ConsoleLoggerProvider)));
        logging.Services.AddSingleton<ConsoleLoggerProvider>()
            .AddSingleton<ILoggerProvider>(s => new BoundedLog(s.GetRequiredService<ConsoleLoggerProvider>(), TimeProvider.System));
    }
}
