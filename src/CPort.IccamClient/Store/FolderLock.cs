namespace CPort.IccamClient.Store;

/// <summary>
/// One process at a time works in a folder: by a lock of the operating system, which ends with the process, however it ends. The file stays: removed, it could
/// be made anew while somebody holds the old one.
/// </summary>
public sealed class FolderLock : IDisposable
{
    private const string Name = "iccam.lock";

    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>Null: another process has it.</summary>
    public static FolderLock? TryTake(string folder)
    {
        try
        {
            return new FolderLock(new FileStream(Path.Combine(folder, Name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();
}
