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
        using var a = Numbers(database);
        using var b = Numbers(database);
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

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_row_of_numbers_that_was_set_back_or_written_by_hand_is_named_and_no_number_comes_twice(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        var doubts = new DatabaseDoubts(TimeProvider.System);
        long held = 0;
        var given = new HashSet<long>();
        using var running = Numbers(database, () => held, doubts);
        await TakeAsync(running, 150);
        var (next, mark) = await RowAsync();
        await TakeAsync(running, 250);
        Assert.Empty(doubts.List());

        // The row of some time ago, mark and all: the node that runs knows better, and one that starts asks what is held.
        await SetAsync(next, mark);
        await TakeAsync(running, 100);
        Assert.Equal(("report", "SetBack"), Assert.Single(doubts.List().Select(d => (d.What, d.Reason))));
        await SetAsync(next, mark);
        await TakeAsync(Numbers(database, () => held, doubts), 300);
        Assert.Equal(2, doubts.List()[0].Times);

        // Beyond what is held and within a block that a node has: without the key there is no mark.
        using var other = Numbers(database, () => held, doubts);
        await TakeAsync(other, 10);
        await SetAsync(held + 20, mark);
        await TakeAsync(Numbers(database, () => held, doubts), 200);
        Assert.Equal((3, "NotMarked"), (doubts.List()[0].Times, doubts.List()[0].Reason));
        await TakeAsync(other, 90);
        await SetAsync(held + 20, null);
        await TakeAsync(Numbers(database, () => held, doubts), 200);
        await database.ExecuteAsync("DELETE FROM cport_numbers", default);
        await TakeAsync(Numbers(database, () => held, doubts), 200);
        Assert.Equal((5, "SetBack"), (doubts.List()[0].Times, doubts.List()[0].Reason));

        // A row that would leave none is not obeyed either; and what is right raises no doubt.
        await SetAsync(NumberAllocator.Limit - 5, mark);
        await TakeAsync(Numbers(database, () => held, doubts), 200);
        Assert.Equal(6, doubts.List()[0].Times);
        await TakeAsync(Numbers(database, () => held, doubts), 200);
        Assert.Equal(6, doubts.List()[0].Times);
        Assert.InRange(held, 1, 20 * NumberAllocator.Leap);
        TestDatabases.Delete(database);

        async Task TakeAsync(NumberAllocator numbers, int count)
        {
            for (var i = 0; i < count; i++)
            {
                var number = await numbers.NextAsync(1);
                Assert.True(given.Add(number), $"{number} came twice.");
                held = Math.Max(held, number);
            }
        }

        Task<int> SetAsync(long next, string? mark) =>
            database.ExecuteAsync("UPDATE cport_numbers SET next = @next, mark = @mark", default, ("next", next), ("mark", mark));

        async Task<(long, string)> RowAsync()
        {
            await using var connection = await database.OpenAsync();
            await using var command = connection.Statement("SELECT next, mark FROM cport_numbers");
            await using var reader = await command.ExecuteReaderAsync();
            Assert.True(await reader.ReadAsync());
            return (reader.GetInt64(0), reader.GetString(1));
        }
    }

    private static NumberAllocator Numbers(Database database, Func<long>? held = null, DatabaseDoubts? doubts = null) =>
        new(database, "report", new NumberGuard(TestKeys.Seam, _ => Task.FromResult(held?.Invoke() ?? 0), doubts), blockSize: 100);

    [Fact]
    public void A_connection_string_never_shows_its_password_in_text()
    {
        var database = Database.Create(DatabaseProvider.PostgreSql, "Host=db.example;Username=u;Password=marker-secret;Database=cport");
        Assert.Equal("PostgreSQL db.example:5432/cport", database.ToString());
    }
}
