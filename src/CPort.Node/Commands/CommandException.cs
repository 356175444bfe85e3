namespace CPort.Node.Commands;

/// <summary>Ends a command with a line for people and one of <see cref="ExitCodes"/>.</summary>
public sealed class CommandException(int exitCode, string message) : Exception(message)
{
    public int ExitCode => exitCode;

    /// <summary>The exit code of what a command may meet; null: a defect.</summary>
    public static int? CodeOf(Exception e) => e switch
    {
        CommandException command => command.ExitCode,
        CPortUnreachableException => ExitCodes.NoConnection,
        CPortApiException { Problem.Status: 401 or 403 } => ExitCodes.NotAllowed,
        FileNotFoundException or DirectoryNotFoundException => ExitCodes.Usage,
        CPortApiException or IOException or UnauthorizedAccessException or InvalidDataException or OperationCanceledException => ExitCodes.Failed,
        _ => null,
    };

    /// <summary>What is said of it in one line.</summary>
    public static string InWords(Exception e) => e is OperationCanceledException ? "Stopped." : e.Message;
}
