using CPort.Actors.Cluster;
using CPort.Actors.Persistence;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Persistence;

public sealed class FixedFiguresAndNumbersTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Figures_are_recorded_once_and_other_figures_refused_by_name_and_both_values(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await FixedFigures.VerifyOrRecordAsync(database, ClusterFigures.Fixed);
        await FixedFigures.VerifyOrRecordAsync(database, ClusterFigures.Fixed);

        var refused = await Assert.ThrowsAsync<FixedFiguresException>(() =>
            FixedFigures.VerifyOrRecordAsync(database, [new FixedFigure("shards", "64", "Use the figure of the first start.")]));

        Assert.Contains("shards: the database was set up with '128', this node is configured with '64'. Use the figure", refused.Message,
            StringComparison.Ordinal);
        Assert.Equal("128", await FixedFigures.ReadAsync(database, "shards"));
        TestDatabases.Delete(database);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Several_nodes_making_the_tables_at_once_do_not_disturb_each_other(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateEmptyAsync(provider, server);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            await DatabaseSchema.EnsureAsync(database);
            await FixedFigures.VerifyOrRecordAsync(database, ClusterFigures.Fixed);
        })));
        TestDatabases.Delete(database);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Numbers_are_unique_over_nodes_and_callers_and_start_at_one(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        using var a = new NumberAllocator(database, "report", blockSize: 100);
        using var b = new NumberAllocator(database, "report", blockSize: 100);
        Assert.Equal(1, await a.NextAsync(1));

        var taken = await Task.WhenAll(Enumerable.Range(0, 400).Select(i => Task.Run(async () =>
        {
            var count = 1 + (i % 7 * (i % 50 == 0 ? 40 : 1));
            var first = await (i % 2 == 0 ? a : b).NextAsync(count);
            return Enumerable.Range(0, count).Select(n => first + n).ToArray();
        })));

        var all = taken.SelectMany(t => t).ToArray();
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.All(all, n => Assert.InRange(n, 2, NumberAllocator.Limit));
        TestDatabases.Delete(database);
    }

    [Fact]
    public void A_connection_string_never_shows_its_password_in_text()
    {
        var database = Database.Create(DatabaseProvider.PostgreSql, "Host=db.example;Username=u;Password=marker-secret;Database=cport");
        Assert.Equal("PostgreSQL db.example:5432/cport", database.ToString());
    }
}
