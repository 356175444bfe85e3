using System.Runtime.InteropServices;

namespace CPort.Node.Commands;

/// <summary>
/// Whether somebody still reads what a command writes. .NET passes over the error of a pipe whose reader has gone (<c>pbm log tail | head -1</c>), so what
/// follows something without end has to look.
/// </summary>
internal static class OutputPipe
{
    private const int StandardOutput = 1;

    // POLLERR | POLLHUP | POLLNVAL: the reader has gone.
    private const short Gone = 0x08 | 0x10 | 0x20;

    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    /// <summary>Cancels when nobody reads stdout any more; dispose to stop looking.</summary>
    public static Timer CancelWhenUnread(CancellationTokenSource source) => new Timer(
        _ =>
        {
            if (IsUnread(StandardOutput))
            {
                source.Cancel();
            }
        }, null, Every, Every);

    /// <summary>Whether a pipe's other end has been closed; false of anything else.</summary>
    public static bool IsUnread(int descriptor)
    {
        if (OperatingSystem.IsWindows())
        {
            return false;
        }

        var asked = new PollDescriptor { Descriptor = descriptor };
        return Poll(ref asked, 1, 0) > 0 && (asked.Returned & Gone) != 0;
    }

#pragma warning disable SYSLIB1054 // source-generated imports need unsafe blocks, which this project forbids
    [DllImport("libc", EntryPoint = "poll")]
    private static extern int Poll(ref PollDescriptor descriptors, nuint count, int milliseconds);
#pragma warning restore SYSLIB1054

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Asked;
        public short Returned;
    }
}
