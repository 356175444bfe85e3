using System.Collections.Immutable;
using CPort.Actors.Entities;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Projections;

/// <summary>One reading of the journal for all who follow it: nobody misses a row, whoever else reads, lags, fails or begins anew.</summary>
public sealed class JournalTailTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Each_follower_gets_every_row_once_and_in_order_at_its_own_pace(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var (lives, random) = (new RandomLives(7, world.Seam) { WithPolice = true }, new Random(7));

        // So few are kept that whoever is late has to read by himself.
        using var tail = world.Tail(JournalTailOptions.Always with { KeptRows = 60 });
        var followers = Enumerable.Range(0, 5).Select(_ => (Position: 0L, Seen: new List<long>())).ToArray();
        for (var round = 0; round < 40; round++)
        {
            if (round < 30)
            {
                await world.AppendAsync(Enumerable.Range(0, random.Next(12)).Select(_ => lives.Step()).ToArray());
            }

            for (var turn = 0; turn < 6; turn++)
            {
                // The first is always there, the last seldom; the others now and then, and begin anew after a fault.
                var n = turn < 2 ? 0 : random.Next(followers.Length - (round % 9 == 8 ? 0 : 1));
                await StepAsync(n, random.Next(1, 30));
            }

            if (random.Next(6) == 0)
            {
                var n = random.Next(1, 4);
                followers[n] = (0, []);
            }
        }

        var expected = (await world.EventsAsync()).Select(e => e.Ordering).ToArray();
        for (var n = 0; n < followers.Length; n++)
        {
            while (followers[n].Position < expected[^1])
            {
                await StepAsync(n, 25);
            }

            Assert.Equal(expected, followers[n].Seen);
        }

        async Task StepAsync(int n, int limit)
        {
            var (rows, upTo) = await tail.ReadAsync(followers[n].Position, long.MaxValue, limit, row => row.IsOfReport, default);
            Assert.True(rows.Length <= limit);
            Assert.True(upTo >= followers[n].Position && (rows.IsEmpty || rows[^1].Ordering <= upTo));
            followers[n].Seen.AddRange(rows.Select(r => r.Ordering));
            followers[n].Position = upTo;
        }
    }

    [SkippableFact]
    public async Task A_row_is_opened_once_for_all_and_what_becomes_of_its_report_is_worked_out_once()
    {
        await using var world = await ReadModelWorld.StartAsync(DatabaseProvider.Sqlite, server);
        var lives = new RandomLives(3, world.Seam);
        await world.AppendAsync(Enumerable.Range(0, 20).Select(_ => lives.Step()).ToArray());
        using var tail = world.Tail();
        var first = (await tail.ReadAsync(0, long.MaxValue, 1_000, row => row.IsOfReport, default)).Rows;
        var second = (await tail.ReadAsync(0, long.MaxValue, 1_000, row => row.IsOfReport, default)).Rows;
        Assert.NotEmpty(first);
        Assert.All(first.Zip(second), rows => Assert.Same(rows.Item1.Event, rows.Item2.Event));
        foreach (var report in first.GroupBy(e => e.PersistenceId))
        {
            var (one, other) = (new Folding(report.Key, Domain.Reports.Report.None), new Folding(report.Key, Domain.Reports.Report.None));
            one.Fold(report);
            other.Fold(second.Where(e => e.PersistenceId == report.Key));
            Assert.Same(one.Now, other.Now);
            Assert.Equal(lives.Reports[one.Now.Id].Version, one.Now.Version);
        }
    }

    [SkippableFact]
    public async Task A_row_that_another_transaction_has_yet_to_commit_is_waited_for()
    {
        await using var world = await ReadModelWorld.StartAsync(DatabaseProvider.PostgreSql, server);
        var lives = new RandomLives(4, world.Seam);
        await world.AppendAsync(lives.Submit(1));
        using var tail = world.Tail();
        var before = (await tail.ReadAsync(0, long.MaxValue, 100, _ => true, default)).UpTo;
        var last = lives.Submit(1);
        await using (var slow = await world.Database.OpenAsync())
        {
            await using var transaction = await slow.BeginTransactionAsync();
            await using var insert = slow.Statement("""
                INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid)
                VALUES (1, false, 'package-1', 1, @message, 'x', 0, 'test')
                """, ("message", new byte[] { 1 }));
            insert.Transaction = transaction;
            await insert.ExecuteNonQueryAsync();
            await world.AppendAsync(last);
            Assert.Equal(before, (await tail.ReadAsync(before, long.MaxValue, 100, _ => true, default)).UpTo);
            await transaction.CommitAsync();
        }

        // What cannot be opened is handed on as such: its entity is stuck, and not whoever follows.
        var rows = (await tail.ReadAsync(before, long.MaxValue, 100, _ => true, default)).Rows;
        Assert.Equal(1 + last.Events.Length, rows.Length);
        Assert.NotNull(rows[0].Fault);
        Assert.All(rows.Skip(1), row => Assert.NotNull(row.Event));
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Sets_projected_beside_each_other_one_of_them_anew_have_the_rows_of_the_reports_states(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        await world.Tables.EnsureAsync(DateTimeOffset.UtcNow);
        var (lives, random) = (new RandomLives(12, world.Seam) { WithPolice = true }, new Random(12));
        using var tail = world.Tail(JournalTailOptions.Always with { KeptRows = 100 });
        var serving = (await world.Tables.CreateSetAsync(TableSetState.Building, DateTimeOffset.UtcNow)).Id;
        var (first, slices) = (world.Projector(serving, tail: tail), (ImmutableArray<int>)[]);
        slices = ProjectionSlices.Of((await world.Tables.SetsAsync()).Single(s => s.Id == serving)).All;
        var rebuilt = (await world.Tables.CreateSetAsync(TableSetState.Building, DateTimeOffset.UtcNow)).Id;
        var second = world.Projector(rebuilt, new ProjectionOptions { CachedItems = 10, BatchSize = 30 }, tail);
        for (var round = 0; round < 8; round++)
        {
            await world.AppendAsync(Enumerable.Range(0, 40).Select(_ => lives.Step()).ToArray());
            await AllAsync(first);
            if (round == 4)
            {
                // Another node, or this one started again.
                second = world.Projector(rebuilt, new ProjectionOptions { CachedItems = 10, BatchSize = 30 }, tail);
            }

            if (round > 2)
            {
                await second.AdvanceAsync(slices, await tail.HorizonAsync(0, default));
            }
        }

        await AllAsync(second);
        var expected = world.Expected(lives);
        Assert.Equal(expected, await world.RowsAsync(serving));
        Assert.Equal(expected, await world.RowsAsync(rebuilt));

        async Task AllAsync(Projector projector)
        {
            var horizon = await tail.HorizonAsync(0, default);
            while (!await projector.AdvanceAsync(slices, horizon))
            {
            }
        }
    }

    [SkippableFact]
    public async Task Of_which_entities_something_happened_is_the_same_from_what_is_kept_and_from_the_database()
    {
        await using var world = await ReadModelWorld.StartAsync(DatabaseProvider.Sqlite, server);
        var lives = new RandomLives(5, world.Seam);
        await world.AppendAsync(Enumerable.Range(0, 60).Select(_ => lives.Step()).ToArray());
        var middle = (await world.EventsAsync())[10].Ordering;
        using var asking = world.Tail();
        using var keeping = world.Tail();
        await keeping.ReadAsync(0, long.MaxValue, 1_000, _ => true, default);
        var asked = await asking.ChangedAsync(EntityKind.Report, middle, 10_000, default);
        var kept = await keeping.ChangedAsync(EntityKind.Report, middle, 10_000, default);
        Assert.Equal(asked.Entities.Order(), kept.Entities.Order());
        Assert.Equal((asked.UpTo, true, true), (kept.UpTo, asked.IsAll, kept.IsAll));
        Assert.Empty((await keeping.ChangedAsync(EntityKind.Package, middle, 10_000, default)).Entities);
        Assert.False((await asking.ChangedAsync(EntityKind.Report, 0, 5, default)).IsAll);
    }

    [SkippableFact]
    public async Task A_quiet_journal_is_looked_at_less_often_and_at_once_when_this_node_has_written()
    {
        await using var world = await ReadModelWorld.StartAsync(DatabaseProvider.Sqlite, server);
        var (lives, time) = (new RandomLives(6, world.Seam), new Clock());
        using var tail = world.Tail(
            new JournalTailOptions { LookEvery = TimeSpan.FromMilliseconds(50), LookAtLeastEvery = TimeSpan.FromMilliseconds(400) }, time);
        await world.AppendAsync(lives.Submit(1));
        var first = await tail.HorizonAsync(0, default);
        Assert.Equal((await world.EventsAsync())[^1].Ordering, first);

        // Nothing new: after that 100 ms pass before the next look.
        Assert.Equal(first, await After(60));
        await world.AppendAsync(lives.Submit(1));
        Assert.Equal(first, await After(60));
        var second = await After(60);
        Assert.True(second > first);

        Assert.Equal(second, await After(60));
        await world.AppendAsync(lives.Submit(1));
        world.Database.NoteWrite(null);
        Assert.True(await After(60) > second);

        Task<long> After(int milliseconds)
        {
            time.Now += milliseconds;
            return tail.HorizonAsync(0, default);
        }
    }

    /// <summary>Goes on when it is told.</summary>
    private sealed class Clock : TimeProvider
    {
        public long Now { get; set; } = 1_000;

        public override long TimestampFrequency => 1_000;

        public override long GetTimestamp() => Now;
    }
}
