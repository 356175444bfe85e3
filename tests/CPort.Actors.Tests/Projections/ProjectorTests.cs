using CPort.Actors.Entities;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Domain.Identity;
using CPort.Tests.Shared;
using LinqToDB;
using LinqToDB.Async;

namespace CPort.Actors.Tests.Projections;

/// <summary>The projector fed by hand with rows that are in the journal, on both databases.</summary>
public sealed class ProjectorTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite, 10)]
    [InlineData(DatabaseProvider.PostgreSql, 4)]
    public async Task Projecting_the_events_of_random_lives_gives_the_rows_of_their_final_states(DatabaseProvider provider, int runs)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        await world.Tables.EnsureAsync(DateTimeOffset.UtcNow);
        for (var seed = 0; seed < runs; seed++)
        {
            // One set a run over the same growing journal: each run is a rebuild of the runs before as well.
            var lives = new RandomLives(seed, world.Seam) { WithPolice = true };
            var set = (await world.Tables.CreateSetAsync(TableSetState.Building, DateTimeOffset.UtcNow)).Id;
            var projector = world.Projector(set, new ProjectionOptions { CachedItems = seed % 2 == 0 ? 10 : 10_000 });
            var start = (await world.EventsAsync()).LastOrDefault()?.Ordering ?? 0;
            await using (var db = world.Tables.Connect())
            {
                await db.GetTable<SliceRow>().Where(s => s.SetId == set).Set(s => s.Position, start).UpdateAsync();
            }

            await projector.OpenAsync();
            await world.AppendAsync(Enumerable.Range(0, 250).Select(_ => lives.Step()).ToArray());
            var events = (await world.EventsAsync()).Where(e => e.Ordering > start).ToArray();
            var random = new Random(seed);
            for (var at = 0; at < events.Length;)
            {
                // Some are delivered again, as after a restart.
                var from = Math.Max(0, at - random.Next(5));
                var to = Math.Min(events.Length, at + random.Next(1, 60));
                await projector.ApplyAsync(events[from..to]);
                at = to;
            }

            Assert.Equal(world.Expected(lives), await world.RowsAsync(set));
            Assert.Equal(events[^1].Ordering, projector.Position);
        }
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite, 2)]
    [InlineData(DatabaseProvider.PostgreSql, 5)]
    public async Task Nodes_that_share_a_set_and_change_write_the_same_rows(DatabaseProvider provider, int runs)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        await world.Tables.EnsureAsync(DateTimeOffset.UtcNow);
        var lives = new RandomLives(31, world.Seam) { WithPolice = true };
        await world.AppendAsync(Enumerable.Range(0, 400).Select(_ => lives.Step()).ToArray());
        for (var seed = 0; seed < runs; seed++)
        {
            var set = await world.BuiltByNodesAsync(new Random(seed));
            Assert.Equal(world.Expected(lives), await world.RowsAsync(set));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public void Every_slice_is_one_nodes_and_nodes_have_equal_shares(int count)
    {
        var slices = new ProjectionSlices(count);
        for (var nodes = 1; nodes <= 12; nodes++)
        {
            var shares = Enumerable.Range(0, nodes).Select(n => slices.ShareOf(n, nodes)).ToArray();
            Assert.Equal(slices.All, shares.SelectMany(s => s).Order());
            var reports = shares.Select(s => s.Count(n => n != slices.Groups)).ToArray();
            Assert.True(reports.Max() - reports.Min() <= 1);
        }

        // A report is in the slice whose rows are read by the endings.
        var ids = Enumerable.Range(0, 500)
            .Select(n => EntityName.Of(TestKeys.IdOf(Tenant.Live, RandomLives.Nl.Agency, HotlineReference.Parse($"r{n}"))).ToString())
            .ToArray();
        foreach (var slice in Enumerable.Range(0, count))
        {
            var endings = slices.Endings([slice]);
            Assert.Equal(ids.Where(i => slices.Of(i) == slice), ids.Where(i => endings.IsEmpty || endings.Any(i.EndsWith)));
        }

        Assert.Equal(count, ids.Select(slices.Of).Distinct().Count());
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_set_of_before_there_were_slices_goes_on_where_it_was(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        await world.Tables.EnsureAsync(DateTimeOffset.UtcNow);
        await world.Database.ExecuteAsync("DROP TABLE rm_slice", default);
        await world.Database.ExecuteAsync("UPDATE rm_offset SET position = 17, position_at = 3", default);
        var set = Assert.Single(await world.Tables.EnsureAsync(DateTimeOffset.UtcNow));
        Assert.Equal((17, 3), (set.Position, set.PositionAt));
        Assert.Equal(ProjectionSlices.In(world.Database), ProjectionSlices.Of(set));
        Assert.All(set.Slices, s => Assert.Equal(17, s.Position));

        // Back to the former version, which goes on at 17, to 30; and this one again.
        await world.Database.ExecuteAsync("UPDATE rm_offset SET position = 30", default);
        set = Assert.Single(await world.Tables.EnsureAsync(DateTimeOffset.UtcNow));
        Assert.All(set.Slices, s => Assert.Equal(30, s.Position));

        // And what this one does is left for the former.
        await world.Database.ExecuteAsync("UPDATE rm_slice SET position = 50 + slice", default);
        await world.Tables.NoteOffsetAsync(Assert.Single(await world.Tables.SetsAsync()));
        set = Assert.Single(await world.Tables.EnsureAsync(DateTimeOffset.UtcNow));
        Assert.Equal((50, 50), (set.OffsetPosition, set.Position));
        Assert.Equal(Enumerable.Range(50, set.Slices.Length).Select(p => (long)p), set.Slices.Select(s => s.Position));
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Lost_events_are_found_by_comparing_with_the_journal(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var set = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        var lives = new RandomLives(2, world.Seam);
        await world.AppendAsync(Enumerable.Range(0, 200).Select(_ => lives.Step()).ToArray());
        var projector = world.Projector(set);
        await projector.OpenAsync();

        // Every third event never arrives; the last one says how far the journal was read.
        var events = await world.EventsAsync();
        await projector.ApplyAsync([.. events.Where((e, i) => i % 3 != 0 || i == events.Length - 1)]);
        Assert.True(await projector.ReconcileAsync(all: true) > 0);
        Assert.Equal(world.Expected(lives), await world.RowsAsync(set));
        Assert.Equal(0, await projector.ReconcileAsync(all: true));
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_second_projector_of_the_same_set_is_fenced_and_begins_again_where_the_tables_are(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var set = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        var lives = new RandomLives(2, world.Seam);
        await world.AppendAsync(Enumerable.Range(0, 60).Select(_ => lives.Step()).ToArray());
        var events = await world.EventsAsync();
        var first = world.Projector(set);
        var second = world.Projector(set);
        await first.OpenAsync();
        await second.OpenAsync();
        await first.ApplyAsync(events[..20]);
        await Assert.ThrowsAsync<ProjectionFencedException>(() => second.ApplyAsync(events[..10]));
        Assert.Equal(events[19].Ordering, await second.OpenAsync());
        await second.ApplyAsync(events);
        Assert.Equal(world.Expected(lives), await world.RowsAsync(set));
    }

    [Fact]
    public async Task No_read_table_holds_a_URL_memo_or_hash()
    {
        await using var world = await ReadModelWorld.StartAsync(DatabaseProvider.Sqlite, server);
        var set = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        var lives = new RandomLives(3, world.Seam);
        await world.AppendAsync(Enumerable.Range(0, 100).Select(_ => lives.Step()).ToArray());
        var projector = world.Projector(set);
        await projector.OpenAsync();
        await projector.ApplyAsync(await world.EventsAsync());

        var rows = await world.RowsAsync(set);
        Assert.Contains("HashKey = ", rows, StringComparison.Ordinal);
        Assert.DoesNotContain(RandomLives.Marker, rows, StringComparison.Ordinal);
        Assert.DoesNotContain(".example", rows, StringComparison.Ordinal);
        Assert.All(Enumerable.Range(0, 50), n => Assert.DoesNotContain(RandomLives.Hash(n).ToHex()[..16], rows, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_set_of_an_older_shape_gets_the_missing_columns_and_serves_on()
    {
        await using var world = await ReadModelWorld.StartAsync(DatabaseProvider.Sqlite, server);
        await world.Tables.EnsureAsync(DateTimeOffset.UtcNow);
        await world.Database.ExecuteAsync("ALTER TABLE rm_item_1 DROP COLUMN near_matches; UPDATE rm_offset SET version = 0", default);
        await world.Tables.EnsureAsync(DateTimeOffset.UtcNow);
        await using var db = world.Tables.Connect();
        Assert.Empty(await ReadTables.Items(db, 1).ToListAsync());
    }
}
