using System.Threading.Channels;

namespace CPort.Node.Operator;

/// <summary>A line of the node's log.</summary>
public sealed record LogLine(DateTimeOffset At, LogLevel Level, string Category, string Text);

/// <summary>
/// The last lines of this node's log, in memory, for <c>log peek</c> and <c>log tail</c>. It sees what the console sees: logs hold nothing confidential.
/// Thread-safe.
/// </summary>
public sealed class LogRing(TimeProvider time) : ILoggerProvider
{
    public const int Lines = 2_000;

    /// <summary>Characters of a line that are kept.</summary>
    private const int LongestLine = 4_000;

    private readonly Lock _lock = new();
    private readonly Queue<LogLine> _lines = new(Lines);
    private ImmutableArray<Channel<LogLine>> _followers = [];

    public ILogger CreateLogger(string categoryName) => new Writer(this, categoryName);

    /// <summary>The last <paramref name="count"/> lines, oldest first.</summary>
    public ImmutableArray<LogLine> Last(int count)
    {
        lock (_lock)
        {
            return [.. _lines.Skip(Math.Max(0, _lines.Count - count))];
        }
    }

    /// <summary>The last lines, then each as it comes, until cancelled. A reader that is too slow loses the oldest lines.</summary>
    public async IAsyncEnumerable<LogLine> FollowAsync(int last, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateBounded<LogLine>(new BoundedChannelOptions(Lines)
            { FullMode = BoundedChannelFullMode.DropOldest });
        ImmutableArray<LogLine> before;
        lock (_lock)
        {
            before = Last(last);
            _followers = _followers.Add(channel);
        }

        try
        {
            foreach (var line in before)
            {
                yield return line;
            }

            await foreach (var line in channel.Reader.ReadAllAsync(cancellation))
            {
                yield return line;
            }
        }
        finally
        {
            lock (_lock)
            {
                _followers = _followers.Remove(channel);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var follower in _followers)
            {
                follower.Writer.TryComplete();
            }
        }
    }

    private void Add(LogLevel level, string category, string text)
    {
        var line = new LogLine(time.GetUtcNow(), level, category, text.Length > LongestLine ? text[..LongestLine] + "…" : text);
        lock (_lock)
        {
            if (_lines.Count == Lines)
            {
                _lines.Dequeue();
            }

            _lines.Enqueue(line);
            foreach (var follower in _followers)
            {
                follower.Writer.TryWrite(line);
            }
        }
    }

    private sealed class Writer(LogRing ring, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var text = formatter(state, exception);
            ring.Add(logLevel, category, exception is null ? text : $"{text} {exception}");
        }
    }
}
