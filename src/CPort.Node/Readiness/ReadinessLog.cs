using System.Collections.Concurrent;

namespace CPort.Node.Readiness;

/// <summary>
/// Says in the log what a node is no longer ready for, and when that is over: once each way, however often it is asked. What it waits for at its start is
/// said by who waits. Thread-safe.
/// </summary>
public sealed partial class ReadinessLog(ILogger<ReadinessLog> log)
{
    private readonly ConcurrentDictionary<string, bool> _ok = new(StringComparer.Ordinal);

    public void Note(IEnumerable<ReadinessReason> reasons)
    {
        foreach (var reason in reasons)
        {
            var changed = false;
            _ok.AddOrUpdate(reason.Name, reason.Ok, (_, was) =>
            {
                changed = was != reason.Ok;
                return reason.Ok;
            });
            if (changed && reason.Ok)
            {
                Again(log, reason.Name, reason.Detail);
            }
            else if (changed)
            {
                NoMore(log, reason.Name, reason.Detail);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not ready, {Name}: {Detail}")]
    private static partial void NoMore(ILogger logger, string name, string detail);

    [LoggerMessage(Level = LogLevel.Information, Message = "Ready again, {Name}: {Detail}")]
    private static partial void Again(ILogger logger, string name, string detail);
}
