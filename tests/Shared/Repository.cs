namespace CPort.Tests.Shared;

/// <summary>The checkout that the tests were built from.</summary>
public static class Repository
{
    /// <summary>A file or folder of it. Throws when the tests run outside of one.</summary>
    public static string PathOf(params string[] parts)
    {
        for (var root = new DirectoryInfo(AppContext.BaseDirectory); root is not null; root = root.Parent)
        {
            if (File.Exists(Path.Combine(root.FullName, "CPort.sln")))
            {
                return Path.Combine([root.FullName, .. parts]);
            }
        }

        throw new InvalidOperationException("The tests do not run within the repository.");
    }
}
