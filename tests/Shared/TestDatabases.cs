using CPort.Actors.Persistence;

namespace CPort.Tests.Shared;

/// <summary>Both databases for tests that must hold on each: a fresh SQLite file, or a fresh database of the fixture's PostgreSQL.</summary>
public static class TestDatabases
{
    /// <summary>
    /// An empty database without tables. For <see cref="DatabaseProvider.PostgreSql"/> the calling test must be a <c>[SkippableTheory]</c>:
    /// it is skipped with the reason where no PostgreSQL is installed.
    /// </summary>
    public static async Task<Database> CreateEmptyAsync(DatabaseProvider provider, PostgreSqlServer server)
    {
        if (provider == DatabaseProvider.Sqlite)
        {
            var folder = Directory.CreateTempSubdirectory("cport-test-");
            return Database.Create(provider, Path.Combine(folder.FullName, "cport.db"));
        }

        Skip.IfNot(server.IsAvailable, server.Unavailable);
        return Database.Create(provider, await server.CreateDatabaseAsync());
    }

    /// <summary>As <see cref="CreateEmptyAsync"/>, with the journal's, settings' and numbers' tables.</summary>
    public static async Task<Database> CreateAsync(DatabaseProvider provider, PostgreSqlServer server)
    {
        var database = await CreateEmptyAsync(provider, server);
        await DatabaseSchema.EnsureAsync(database);
        return database;
    }

    /// <summary>Removes a SQLite database's folder; PostgreSQL's goes with its server.</summary>
    public static void Delete(Database database)
    {
        if (!database.IsSqlite)
        {
            return;
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        var file = new Microsoft.Data.Sqlite.SqliteConnectionStringBuilder(database.ConnectionString).DataSource;
        TestFolders.Remove(Path.GetDirectoryName(file)!);
    }
}
