using System.Runtime.InteropServices;

namespace CPort.Node.Hosting;

/// <summary>Whatever CPort writes is its user's alone: reporter data stands in it, or keys, or both.</summary>
internal static class FileModes
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>
    /// For the whole process, first thing: files that it makes are readable by their owner alone, in whatever folder, whoever makes them (SQLite asks nobody).
    /// </summary>
    public static void OwnerOnly()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = umask((uint)Others);
        }
    }

    /// <summary>The file is made for its owner alone, also where <see cref="OwnerOnly"/> was not said.</summary>
    public static FileStreamOptions ForOwner(this FileStreamOptions options)
    {
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }

    /// <summary>A file from before, and what stands beside it under its name, is closed to others; one that is somebody else's is left to him.</summary>
    public static void Close(string file)
    {
        if (OperatingSystem.IsWindows() || Path.GetDirectoryName(Path.GetFullPath(file)) is not { } folder || !Directory.Exists(folder))
        {
            return;
        }

        foreach (var path in Directory.EnumerateFiles(folder, Path.GetFileName(file) + "*"))
        {
            try
            {
                var mode = File.GetUnixFileMode(path);
                if ((mode & Others) != 0)
                {
                    File.SetUnixFileMode(path, mode & ~Others);
                }
            }
            catch (Exception e) when (e is UnauthorizedAccessException or IOException)
            {
                // Not ours to change, or gone meanwhile.
            }
        }
    }

#pragma warning disable SYSLIB1054 // source-generated imports need unsafe blocks, which this project forbids
    [DllImport("libc")]
    private static extern uint umask(uint mask);
#pragma warning restore SYSLIB1054
}
