namespace CPort.Node.Hosting;

/// <summary>
/// What the log gets of lines that requests cause (the server's and the API's): of each kind so many a minute, then how many were left out, so that a stranger
/// fills no disk. What the node says of itself and of agencies is never left out.
/// </summary>
internal sealed class BoundedLog(ILoggerProvider inner, TimeProvider time) : ILoggerProvider
{
    /// <summary>Of one category and event.</summary>
    public const int LinesPerMinute = 60;

    public ILogger CreateLogger(string categoryName) => IsOfRequests(categoryName)
        ? new Bounded(inner.CreateLogger(categoryName), time) : inner.CreateLogger(categoryName);

    /// <summary>The inner one is its maker's.</summary>
    public void Dispose()
    {
    }

    private static bool IsOfRequests(string category) =>
        category.StartsWith("Microsoft.", StringComparison.Ordinal) || category.StartsWith("CPort.Api.", StringComparison.Ordinal);

    private sealed class Bounded(ILogger inner, TimeProvider time) : ILogger
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<int, Kind> _kinds = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            var (passes, before) = Take(eventId.Id);
            if (before > 0)
            {
                inner.Log(logLevel, eventId, $"{before} lines of the next one's kind were left out", null, static (text, _) => text);
            }

            if (passes)
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }

        /// <summary>Whether the line is written, and how many of its kind were not since the last that was.</summary>
        private (bool Passes, int Before) Take(int kind)
        {
            lock (_lock)
            {
                ref var its = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_kinds, kind, out _);
                var minute = time.GetUtcNow().Ticks / TimeSpan.TicksPerMinute;
                if (its.Minute != minute)
                {
                    its = its with { Minute = minute, Lines = 0 };
                }

                if (++its.Lines > LinesPerMinute)
                {
                    its.LeftOut++;
                    return (false, 0);
                }

                var before = its.LeftOut;
                its.LeftOut = 0;
                return (true, before);
            }
        }

        private record struct Kind(long Minute, int Lines, int LeftOut);
    }
}
