namespace CPort.Node.Hosting;

/// <summary>Says in the log what this node finds changed in the database.</summary>
internal static partial class DoubtLog
{
    public static DatabaseDoubts New(TimeProvider time, ILogger<DatabaseDoubts> log) =>
        new(time) { Tell = doubt => Changed(log, doubt.Place, doubt.What, doubt.Reason) };

    [LoggerMessage(Level = LogLevel.Error,
        Message = "The database was changed by somebody else and is not obeyed there: {Place}, {What} ({Reason}); see docs/operations.md")]
    private static partial void Changed(ILogger logger, DoubtfulPlace place, string what, string reason);
}
