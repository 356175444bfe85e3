using CPort.Node.Hosting;
using Microsoft.Extensions.Logging;

namespace CPort.Api.Tests.Node;

public sealed class BoundedLogTests
{
    private static readonly EventId Flood = new(7, "Flood");

    [Fact]
    public void A_flood_of_lines_that_requests_cause_is_written_so_often_a_minute_and_then_counted()
    {
        var (kept, time) = (new Keeping(), new Clock());
        using var bounded = new BoundedLog(kept, time);
        var server = bounded.CreateLogger("Microsoft.AspNetCore.Server.Kestrel.Http2");
        for (var i = 0; i < 1_000; i++)
        {
            server.Log(LogLevel.Critical, Flood, "too many", null, (s, _) => s);
        }

        Assert.Equal(BoundedLog.LinesPerMinute, kept.Lines.Count);

        // Another kind, and another category, have lines of their own.
        server.Log(LogLevel.Warning, new EventId(8), "other", null, (s, _) => s);
        bounded.CreateLogger("CPort.Api.ApiExceptionHandler").Log(LogLevel.Warning, Flood, "503", null, (s, _) => s);
        Assert.Equal(["other", "503"], kept.Lines.TakeLast(2));

        time.Now += TimeSpan.FromMinutes(1);
        server.Log(LogLevel.Critical, Flood, "again", null, (s, _) => s);
        Assert.Equal([$"{1_000 - BoundedLog.LinesPerMinute} lines of the next one's kind were left out", "again"], kept.Lines.TakeLast(2));
    }

    [Theory]
    [InlineData("Akka.Actor.ActorSystem")]
    [InlineData("CPort.Node.Hosting.NodeLifecycle")]
    public void What_the_node_says_of_itself_and_of_agencies_is_never_left_out(string category)
    {
        var kept = new Keeping();
        using var bounded = new BoundedLog(kept, new Clock());
        var log = bounded.CreateLogger(category);
        for (var i = 0; i < 1_000; i++)
        {
            log.Log(LogLevel.Warning, Flood, "key issued", null, (s, _) => s);
        }

        Assert.Equal(1_000, kept.Lines.Count);
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddDays(1);

        public override DateTimeOffset GetUtcNow() => Now;
    }

    private sealed class Keeping : ILoggerProvider, ILogger
    {
        public List<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
