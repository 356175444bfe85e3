using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Identity;
using CPort.Domain.Queues;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Projections;

/// <summary>Rows of the read tables that somebody with access to the database changed.</summary>
public sealed class ChangedRowsTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly Caller Interpol =
        new() { Agency = AgencyId.Parse("interpol"), Kind = AgencyKind.Interpol, Roles = Roles.Analyst, KeyId = "k" };

    private static readonly Caller Operator = new() { Agency = AgencyId.Parse("operator"), Kind = AgencyKind.Operator, Roles = Roles.Operator, KeyId = "k" };

    public static TheoryData<DatabaseProvider> Both => [DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql];

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task An_item_that_does_not_open_is_on_its_page_without_what_was_sealed_and_one_of_no_sense_is_left_out(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        await ProjectedAsync(world, new RandomLives(41, world.Seam), 250);
        var query = new SearchQuery { MaxResults = 200 };
        var search = new ReportSearch(world.Model, world.Seam, world.UrlKeys);
        var before = (await search.SearchAsync(Interpol, query)).Items;
        var (moved, cut, senseless) = (before[3].Row, before[5].Row, before[7].Row);
        await ChangeAsync(world, "sealed = (SELECT o.sealed FROM rm_item_1 o WHERE o.number = @other)", moved.Key, ("other", before[0].Row.Key));
        await ChangeAsync(world, "sealed = 'not base64'", cut.Key);
        await ChangeAsync(world, "reporting_hotline = '///'", senseless.Key);

        var after = (await search.SearchAsync(Interpol, query)).Items;
        Assert.Equal(before.Select(i => i.Row.Key).Where(k => k != senseless.Key), after.Select(i => i.Row.Key));
        Assert.Equal([moved.Key, cut.Key], after.Where(i => i.Secrets is null).Select(i => i.Row.Key));
        Assert.Equal(
            new[] { moved, cut, senseless }.Select(r => $"item {r.ReportId}-{r.Ordinal}").Order(StringComparer.Ordinal),
            world.Doubts.List().Select(d => d.What).Order(StringComparer.Ordinal));

        // Neither does it fit a day, nor end the reading of anything else.
        var received = await search.SearchAsync(Interpol, query with { ReceivedFrom = DateTimeOffset.MinValue });
        Assert.Equal(after.Length - 2, received.Items.Length);
        Assert.NotEmpty((await new StatisticsReader(world.Model).ReadAsync(Operator, null, null)).Durations);
        foreach (var queue in WorkQueue.All)
        {
            await new QueueReader(world.Model).PageAsync(RandomLives.De1, new QueueQuery { Queue = queue });
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_comparison_names_what_differs_from_the_journal_and_writes_it_anew(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var lives = new RandomLives(42, world.Seam);
        var projector = await ProjectedAsync(world, lives, 250);
        var slices = ProjectionSlices.In(world.Database).All;
        Assert.True(await projector.AdvanceAsync(slices, projector.Position));
        var right = await world.RowsAsync(1);
        Assert.Equal((0, 0), Counts(await projector.CompareAsync(slices)));

        // Each of another report: content of an item, of a report, hashes, what is sealed, an item taken away, one given away, one made up.
        var with = lives.Reports.Values.Where(r => r.Items.Count > 1 && r.Items.Any(i => !i.Hashes.IsEmpty)).Take(6).ToArray();
        long Key(int n, int item = 0) => ReadRows.KeyOf(with[n].Tenant, with[n].Items[item].Number);
        var hashed = with[2].Items.First(i => !i.Hashes.IsEmpty);
        await ChangeAsync(world, "assigned_country = 'XX'", Key(0));
        await world.Database.ExecuteAsync("UPDATE rm_report_1 SET reporting_hotline = 'hotline-xx' WHERE report_id = @id", default,
            ("id", with[1].Id.ToString()));
        await world.Database.ExecuteAsync("DELETE FROM rm_item_hash_1 WHERE item = @item", default, ("item", ReadRows.KeyOf(with[2].Tenant, hashed.Number)));
        await ChangeAsync(world, "sealed = ''", Key(3));
        await world.Database.ExecuteAsync("DELETE FROM rm_item_1 WHERE number = @item", default, ("item", Key(4)));
        await world.Database.ExecuteAsync(
            "INSERT INTO rm_item_country_1 (item, episode, country, country_since) VALUES (@item, 9, 'XX', 1)", default, ("item", Key(5)));
        Assert.NotEqual(right, await world.RowsAsync(1));

        var found = await projector.CompareAsync(slices);
        Assert.Equal(with.Select(r => r.Id.ToString()).Order(StringComparer.Ordinal), found.Changed.Order(StringComparer.Ordinal));
        Assert.Empty(found.Unproven);
        Assert.Equal(right, await world.RowsAsync(1));
        Assert.Equal((0, 0), Counts(await projector.CompareAsync(slices)));

        // What the journal does not bear out is named and kept: it may be all that is left.
        var (ahead, gone, made) = (with[0].Id, with[1].Id, new ReportId(77));
        await world.Database.ExecuteAsync("UPDATE rm_report_1 SET version = version + 5 WHERE report_id = @id", default, ("id", ahead.ToString()));
        await world.Database.ExecuteAsync("DELETE FROM journal WHERE persistence_id = @id", default, ("id", $"report-{gone}"));
        await world.Database.ExecuteAsync("""
            INSERT INTO rm_report_1 (report_id, number, version, tenant, reporting_hotline, state, items, submitted_at, changed_at)
            VALUES (@id, 1, 1, 0, 'hotline-nl', 1, 0, 1, 1)
            """, default, ("id", made.ToString()));
        var rows = await world.RowsAsync(1);
        found = await projector.CompareAsync(slices);
        Assert.Empty(found.Changed);
        Assert.Equal(
            new[] { ahead, gone, made }.Select(i => i.ToString()).Order(StringComparer.Ordinal), found.Unproven.Order(StringComparer.Ordinal));
        Assert.Equal(rows, await world.RowsAsync(1));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Numbers_in_use_are_known_from_the_tables_and_from_events_that_are_not_in_them_yet(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var held = new HeldNumbers(world.Tables, world.Journal);
        await world.Tables.PrepareAsync();
        Assert.Equal(0, await held.HighestAsync(Tenant.Live, default));
        var lives = new RandomLives(43, world.Seam);
        await ProjectedAsync(world, lives, 80);
        long Highest() => lives.Reports.Values.SelectMany(r => r.Items).Max(i => i.Number);
        Assert.Equal(Highest(), await held.HighestAsync(Tenant.Live, default));

        await world.AppendAsync(lives.Submit(3));
        Assert.Equal(Highest(), await held.HighestAsync(Tenant.Live, default));
        Assert.Equal(0, await held.HighestAsync(Tenant.Training, default));

        // Either alone will do.
        await world.Database.ExecuteAsync("DELETE FROM rm_item_1", default);
        Assert.Equal(Highest(), await held.HighestAsync(Tenant.Live, default));
    }

    private static (int, int) Counts(RowFindings found) => (found.Changed.Length, found.Unproven.Length);

    private static async Task ChangeAsync(ReadModelWorld world, string change, long key, params (string Name, object? Value)[] values) =>
        Assert.Equal(1, await world.Database.ExecuteAsync($"UPDATE rm_item_1 SET {change} WHERE number = @key", default, [("key", key), .. values]));

    private static async Task<Projector> ProjectedAsync(ReadModelWorld world, RandomLives lives, int steps)
    {
        var set = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        await world.AppendAsync(Enumerable.Range(0, steps).Select(_ => lives.Step()).ToArray());
        var projector = world.Projector(set);
        await projector.OpenAsync();
        await projector.ApplyAsync(await world.EventsAsync());
        return projector;
    }
}
