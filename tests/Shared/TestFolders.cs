namespace CPort.Tests.Shared;

/// <summary>Folders that a test made.</summary>
public static class TestFolders
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Removes a folder with all that is in it. What ran in it may still close its files, and SQLite makes some on doing so: then it is tried again. Waits
    /// in the caller's thread: a test's end has nothing else to do.
    /// </summary>
    /// <exception cref="IOException">Somebody goes on writing into it.</exception>
    public static void Remove(string folder)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (Directory.Exists(folder))
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException) when (clock.Elapsed < Patience)
            {
                Thread.Sleep(100);
            }
        }
    }
}
