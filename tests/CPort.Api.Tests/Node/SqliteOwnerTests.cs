using CPort.Actors.Cluster;
using CPort.Actors.Persistence;
using CPort.Node.Hosting;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Node;

/// <summary>One owner of a SQLite file, by whatever name it is called.</summary>
public sealed class SqliteOwnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cport-owner-").FullName;

    [SkippableTheory]
    [InlineData("linked-folder/cport.db")]
    [InlineData("linked-file.db")]
    [InlineData("linked-twice/cport.db")]
    [InlineData("data/../data/cport.db")]
    public void A_second_owner_is_refused_by_another_name_too(string other)
    {
        Skip.If(OperatingSystem.IsWindows(), "Symbolic links need rights there.");
        var data = Directory.CreateDirectory(Path.Combine(_folder, "data")).FullName;
        File.WriteAllText(Path.Combine(data, "cport.db"), "");
        Directory.CreateSymbolicLink(Path.Combine(_folder, "linked-folder"), "data");
        Directory.CreateSymbolicLink(Path.Combine(_folder, "linked-twice"), Path.Combine(_folder, "linked-folder"));
        File.CreateSymbolicLink(Path.Combine(_folder, "linked-file.db"), Path.Combine("linked-folder", "cport.db"));
        using var first = Owner(Path.Combine(data, "cport.db"));
        first.Take();
        first.Take();
        using var second = Owner(Path.Combine(_folder, other));
        Assert.Contains("belongs to another node", Assert.Throws<FixedFiguresException>(second.Take).Message, StringComparison.Ordinal);
        first.Dispose();
        second.Take();
        Assert.Equal(["cport.db", "cport.db.lock"], Directory.GetFiles(data).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [SkippableFact]
    public void A_file_with_a_second_name_is_refused()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Asked on Linux only.");
        var file = Path.Combine(_folder, "cport.db");
        File.WriteAllText(file, "");
        using var owner = Owner(file);
        owner.Take();
        using (var link = System.Diagnostics.Process.Start("ln", [file, Path.Combine(_folder, "other.db")]))
        {
            link.WaitForExit();
            Assert.Equal(0, link.ExitCode);
        }

        using var second = Owner(Path.Combine(_folder, "other.db"));
        Assert.Contains("2 names", Assert.Throws<FixedFiguresException>(second.Take).Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Links_in_a_circle_are_an_error_that_says_so()
    {
        Skip.If(OperatingSystem.IsWindows(), "Symbolic links need rights there.");
        Directory.CreateSymbolicLink(Path.Combine(_folder, "a"), "b");
        Directory.CreateSymbolicLink(Path.Combine(_folder, "b"), "a");
        using var owner = Owner(Path.Combine(_folder, "a", "cport.db"));
        Assert.Contains("circle", Assert.Throws<IOException>(owner.Take).Message, StringComparison.Ordinal);
    }

    public void Dispose() => TestFolders.Remove(_folder);

    private static SqliteOwner Owner(string file) => new(Database.Create(DatabaseProvider.Sqlite, file), TimeProvider.System);
}
