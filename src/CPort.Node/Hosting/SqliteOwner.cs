using System.Text;
using Microsoft.Data.Sqlite;

namespace CPort.Node.Hosting;

/// <summary>
/// Keeps a second node off this one's SQLite file: each would go on from what it read at its start, and answer as if the other had written nothing. By a lock
/// of the operating system on a file beside it, which ends with the process, however it ends. On PostgreSQL nothing is locked; members are told apart there.
/// </summary>
internal sealed class SqliteOwner(Database database, TimeProvider time) : IDisposable
{
    private readonly Lock _taking = new();
    private FileStream? _lock;

    /// <summary>
    /// Takes the file for this node; again is harmless. Throws <see cref="FixedFiguresException"/> when another process has it, and <see cref="IOException"/>
    /// when the folder cannot be written now.
    /// </summary>
    public void Take()
    {
        if (!database.IsSqlite)
        {
            return;
        }

        var file = Path.GetFullPath(new SqliteConnectionStringBuilder(database.ConnectionString).DataSource);
        lock (_taking)
        {
            try
            {
                _lock ??= Open(file + ".lock");
            }
            catch (UnauthorizedAccessException e)
            {
                throw new IOException(e.Message, e);
            }
            catch (IOException e) when (IsTaken(e))
            {
                throw new FixedFiguresException($"{file} belongs to another node that runs (its process stands in {Path.GetFileName(file)}.lock), and "
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
}
