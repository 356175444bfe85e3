using CPort.Actors.Persistence;
using CPort.Tests.Shared;
using LinqToDB.Data;
using Microsoft.Data.Sqlite;

namespace CPort.Actors.Tests.Persistence;

public sealed class PooledSqliteConnectionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cport-pool-").FullName;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        TestFolders.Remove(_folder);
    }

    [Theory]
    [InlineData("date=2026-11-28")]
    [InlineData("a;b=c 'd'")]
    public void A_folder_of_any_name_holds_a_database_named_by_file_or_by_connection_string(string name)
    {
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, name)).FullName, "cport.db");
        foreach (var text in new[] { file, new SqliteConnectionStringBuilder { DataSource = file }.ConnectionString })
        {
            Assert.Equal(file, new SqliteConnectionStringBuilder(Database.Create(DatabaseProvider.Sqlite, text).ConnectionString).DataSource);
        }
    }

    [Fact]
    public void Connections_opened_together_by_a_growing_pool_have_one_owner_each()
    {
        // The provider's own class fails this once in some 10,000 rounds: what makes it certain is the turns, and that all take them (below).
        const int Threads = 16;
        var connectionString = Database.Create(DatabaseProvider.Sqlite, Path.Combine(_folder, "pool.db")).ConnectionString;
        var open = new PooledSqliteConnection[Threads];
        for (var round = 0; round < 2_000; round++)
        {
            using (var one = new PooledSqliteConnection(connectionString))
            {
                SqliteConnection.ClearPool(one);
            }

            Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, i =>
            {
                open[i] = new PooledSqliteConnection(connectionString);
                open[i].Open();
            });
            Assert.Equal(Threads, open.Select(c => c.Handle).Distinct().Count());
            Parallel.ForEach(open, c => c.Dispose());
        }
    }

    [Fact]
    public async Task Both_ways_to_a_connection_take_turns()
    {
        var database = Database.Create(DatabaseProvider.Sqlite, Path.Combine(_folder, "ways.db"));
        await using (var connection = await database.OpenAsync())
        {
            Assert.IsType<PooledSqliteConnection>(connection);
        }

        await using var linq = new DataConnection(database.DataOptions);
        Assert.IsType<PooledSqliteConnection>(await linq.OpenDbConnectionAsync(default));
        Assert.Equal("SQLite.MS", linq.DataProvider.Name);
        Assert.Equal(2L, linq.Execute<long>("PRAGMA synchronous"));
    }
}
