using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Data.Sqlite;

namespace CPort.Node.Hosting;

/// <summary>
/// Keeps a second node off this one's SQLite file: each would go on from what it read at its start, and answer as if the other had written nothing. By a lock
/// of the operating system on a file beside it, which ends with the process, however it ends. The file is the one that links lead to: by whatever name, it is
/// locked once. On PostgreSQL nothing is locked; members are told apart there.
/// </summary>
internal sealed class SqliteOwner(Database database, TimeProvider time) : IDisposable
{
    private const int MostLinks = 40;

    private readonly Lock _taking = new();
    private FileStream? _lock;

    /// <summary>
    /// Takes the file for this node; again is harmless. Throws <see cref="FixedFiguresException"/> when another process has it or it has a second name, and
    /// <see cref="IOException"/> when the folder cannot be written now.
    /// </summary>
    public void Take()
    {
        if (!database.IsSqlite)
        {
            return;
        }

        var given = Path.GetFullPath(new SqliteConnectionStringBuilder(database.ConnectionString).DataSource);
        lock (_taking)
        {
            try
            {
                var file = Resolve(given);
                if (NamesOf(file) is > 1 and var names)
                {
                    throw new FixedFiguresException($"{file} has {names} names (hard links). SQLite keeps what it wrote last beside the name by which it was "
                        + "opened, so a node on another name would read half of it and damage the rest. Remove the other names "
                        + "while no node runs, or copy the file then.");
                }

                _lock ??= Open(file + ".lock");
            }
            catch (UnauthorizedAccessException e)
            {
                throw new IOException(e.Message, e);
            }
            catch (IOException e) when (IsTaken(e))
            {
                throw new FixedFiguresException($"{given} belongs to another node that runs (its process stands in {Path.GetFileName(given)}.lock), and "
                    + "SQLite serves one node. Stop that one first, or give this one a folder of its own (CPORT__Data).");
            }
        }
    }

    /// <summary>Lets another node have it. The lock file stays: removed, it could be made anew while somebody holds the old one.</summary>
    public void Dispose()
    {
        lock (_taking)
        {
            _lock?.Dispose();
            _lock = null;
        }
    }

    /// <summary>
    /// A path without symbolic links, in its folders neither, as far as it exists. Throws <see cref="IOException"/> where links lead in a circle.
    /// </summary>
    internal static string Resolve(string path)
    {
        var resolved = Path.GetPathRoot(path)!;
        var left = new Stack<string>(Parts(path).Reverse());
        for (var links = 0; left.TryPop(out var name);)
        {
            var next = Path.GetFullPath(Path.Combine(resolved, name));
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                resolved = next;
                continue;
            }

            if (++links > MostLinks)
            {
                throw new IOException($"The symbolic links of {path} lead in a circle.");
            }

            // A relative target starts where the link stands.
            var whole = Path.Combine(resolved, target);
            resolved = Path.GetPathRoot(whole)!;
            foreach (var part in Parts(whole).Reverse())
            {
                left.Push(part);
            }
        }

        return resolved;

        static string[] Parts(string path) => path[Path.GetPathRoot(path)!.Length..]
            .Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>How many names a file has, where this can be asked; 1 where not, or when there is no such file yet.</summary>
    private static int NamesOf(string file)
    {
        const int WorkingFolder = -100, Links = 4, SizeOfStatx = 256, LinksAt = 16;
        if (!OperatingSystem.IsLinux())
        {
            return 1;
        }

        try
        {
            var answer = new byte[SizeOfStatx];
            return statx(WorkingFolder, file, 0, Links, answer) == 0 ? BitConverter.ToInt32(answer, LinksAt) : 1;
        }
        catch (EntryPointNotFoundException)
        {
            // A C library from before 2018.
            return 1;
        }
    }

    private FileStream Open(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        var file = new FileStream(path, options.ForOwner());
        try
        {
            file.SetLength(0);
            file.Write(Encoding.UTF8.GetBytes($"process {Environment.ProcessId} on {Environment.MachineName}, since {time.GetUtcNow():u}\n"));
        }
        catch (IOException)
        {
            // A full disk: only the message for others is poorer.
        }

        return file;
    }

    /// <summary>EWOULDBLOCK of Linux, of macOS and the BSDs; Windows' sharing violation.</summary>
    private static bool IsTaken(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

#pragma warning disable SYSLIB1054, CA2101 // source-generated imports need unsafe blocks, which this project forbids
    [DllImport("libc", SetLastError = true)]
    private static extern int statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte[] answer);
#pragma warning restore SYSLIB1054, CA2101
}
