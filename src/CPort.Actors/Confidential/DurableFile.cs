using System.Runtime.InteropServices;
using System.Text;

namespace CPort.Actors.Confidential;

/// <summary>Small files that must be there after a power cut, readable by their owner alone.</summary>
public static class DurableFile
{
    /// <summary>Writes a file that is not there yet, and waits for the disk. Its name is safe once the folder is, too (<see cref="SyncFolder"/>).</summary>
    public static void WriteNew(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    }

    /// <summary>Puts another text into a file's place: after a power cut there is the one or the other, and after this returned the new one.</summary>
    public static void Replace(string path, string text)
    {
        var (full, beside) = (Path.GetFullPath(path), Path.GetFullPath(path) + ".new");
        File.Delete(beside);
        WriteNew(beside, text);
        File.Move(beside, full, overwrite: true);
        SyncFolder(Path.GetDirectoryName(full)!);
    }

    /// <summary>
    /// Makes a new name itself survive a power cut. .NET cannot open a folder, so this asks libc. A file system that refuses to sync folders is left at that.
    /// </summary>
    public static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = open(folder, 0);
        if (descriptor >= 0)
        {
            _ = fsync(descriptor);
            _ = close(descriptor);
        }
    }

#pragma warning disable SYSLIB1054, CA2101 // source-generated imports need unsafe blocks, which this project forbids
    [DllImport("libc", SetLastError = true)]
    private static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int fsync(int descriptor);

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int descriptor);
#pragma warning restore SYSLIB1054, CA2101
}
