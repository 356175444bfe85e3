using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Tests.Shared;
using CsCheck;

namespace CPort.Actors.Tests.Projections;

/// <summary>How far the journal is complete, while transactions commit in another order than they took their numbers.</summary>
public sealed class JournalHorizonTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly TimeSpan Patience = JournalHorizon.GapPatience;

    [Fact]
    public void It_stops_before_a_missing_number_and_goes_on_when_it_comes()
    {
        var horizon = new JournalHorizon().Next([1, 2, 4, 5], 5, TimeSpan.Zero);
        Assert.Equal(2, horizon.Safe);
        horizon = horizon.Next([4, 5, 6], 6, Patience / 2);
        Assert.Equal(2, horizon.Safe);
        Assert.Equal(6, horizon.Next([3, 4, 5, 6], 6, Patience * 0.6).Safe);
    }

    [Fact]
    public void A_number_missing_for_longer_than_any_transaction_is_given_up_and_later_ones_are_not()
    {
        var horizon = new JournalHorizon().Next([1, 3], 3, TimeSpan.Zero).Next([3, 5], 5, Patience / 2);
        Assert.Equal(1, horizon.Safe);
        horizon = horizon.Next([3, 5, 6], 6, Patience);
        Assert.Equal(3, horizon.Safe);
        horizon = horizon.Next([5, 6], 6, Patience * 1.5);
        Assert.Equal(6, horizon.Safe);
    }

    /// <summary>Transactions of several rows that commit within the patience, in any order; some are rolled back. Seen at random moments.</summary>
    [Fact]
    public void No_row_is_passed_before_it_is_there() => Gen.Int[0, int.MaxValue].Sample(seed =>
    {
        var random = new Random(seed);
        var rows = new List<(long Number, double Visible)>();
        long number = 0;
        for (var began = 0.0; began < 60; began += random.NextDouble() * 2)
        {
            var (ends, rolledBack) = (began + (random.NextDouble() * 9.9), random.Next(5) == 0);
            for (var row = random.Next(1, 4); row > 0; row--)
            {
                number++;
                if (!rolledBack)
                {
                    rows.Add((number, ends));
                }
            }
        }

        var horizon = new JournalHorizon();
        for (var now = 0.0; now < 90; now += random.NextDouble())
        {
            var visible = rows.Where(r => r.Visible <= now).Select(r => r.Number).ToArray();
            horizon = horizon.Next(visible.Where(n => n > horizon.Safe), visible.LastOrDefault(), TimeSpan.FromSeconds(now));
            Assert.DoesNotContain(rows, r => r.Visible > now && r.Number <= horizon.Safe);
        }

        Assert.Equal(rows[^1].Number, horizon.Safe);
    });

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task It_follows_a_real_journal(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var horizon = await world.Journal.LookAsync(new JournalHorizon(), TimeSpan.Zero, default);
        Assert.Equal(0, horizon.Safe);
        var lives = new RandomLives(5, world.Seam);
        await world.AppendAsync(Enumerable.Range(0, 20).Select(_ => lives.Step()).ToArray());
        var before = (await world.EventsAsync())[^1].Ordering;
        horizon = await world.Journal.LookAsync(horizon, TimeSpan.Zero, default);
        Assert.Equal(before, horizon.Safe);

        // A number that is never used: SQLite's order of numbers is the order of commits, on PostgreSQL it may belong to a transaction under way.
        await world.AppendAsync(lives.Submit(1));
        await world.AppendAsync(lives.Submit(1));
        await world.Database.ExecuteAsync("DELETE FROM journal WHERE ordering = @next", default, ("next", before + 1));
        var last = (await world.EventsAsync())[^1].Ordering;
        horizon = await world.Journal.LookAsync(horizon, TimeSpan.FromSeconds(1), default);
        Assert.Equal(world.Database.IsSqlite ? last : before, horizon.Safe);
        Assert.Equal(last, (await world.Journal.LookAsync(horizon, TimeSpan.FromSeconds(1) + Patience, default)).Safe);
    }
}
