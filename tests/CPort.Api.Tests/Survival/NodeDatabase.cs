using CPort.Actors.Persistence;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Survival;

/// <summary>
/// The database of one node process, as its settings name it and as the test looks into it beside the node. As theory data the provider alone is
/// given; <see cref="CreateAsync"/> skips the test where there is no PostgreSQL.
/// </summary>
public sealed class NodeDatabase
{
    private NodeDatabase(string folder, DatabaseProvider provider, string connectionString)
    {
        Folder = folder;
        Database = Database.Create(provider, connectionString);
        JournalKeys.Note(Database, () => File.ReadAllText(Path.Combine(folder, "master.key")));
        Settings = new Dictionary<string, string>
        {
            ["Data"] = folder, ["Database__Provider"] = provider.ToString(), ["Database__ConnectionString"] = connectionString,
        };
    }

    /// <summary>Both providers, for <c>[MemberData]</c>.</summary>
    public static TheoryData<DatabaseProvider> Both => [DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql];

    /// <summary>The node's data folder.</summary>
    public string Folder { get; }

    /// <summary>For looking into it from the test, with connections of the test's own.</summary>
    public Database Database { get; }

    /// <summary>The node's settings, without <c>CPORT__</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; }

    /// <summary>
    /// A new, empty database. <paramref name="folder"/>: where its files are to be, by default a temporary folder; <paramref name="kind"/>: see <see
    /// cref="PostgreSqlServer.CreateDatabaseAsync"/>.
    /// </summary>
    public static async Task<NodeDatabase> CreateAsync(DatabaseProvider provider, PostgreSqlServer server, string? folder = null, string? kind = null)
    {
        if (provider == DatabaseProvider.PostgreSql)
        {
            Skip.IfNot(server.IsAvailable, server.Unavailable);
        }

        folder ??= Directory.CreateTempSubdirectory("cport-survival-").FullName;
        return new NodeDatabase(folder, provider,
            provider == DatabaseProvider.Sqlite ? Path.Combine(folder, "cport.db") : await server.CreateDatabaseAsync(kind));
    }

    /// <summary>Lets go of the files and removes the folder; a PostgreSQL database goes with its server.</summary>
    public void Delete()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Npgsql.NpgsqlConnection.ClearAllPools();
        if (Directory.Exists(Folder))
        {
            TestFolders.Remove(Folder);
        }
    }
}
