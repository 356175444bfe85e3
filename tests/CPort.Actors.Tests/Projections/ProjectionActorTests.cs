using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using CPort.Actors.Entities;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Actors.Reports;
using CPort.Actors.Tests.Agencies;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Tests.Shared;
using Xunit.Abstractions;

namespace CPort.Actors.Tests.Projections;

/// <summary>The projection as a node runs it: following the journal, stepping over damage, rebuilding while it serves; and the sweeper.</summary>
public sealed class ProjectionActorTests(PostgreSqlServer server, ITestOutputHelper output) : IClassFixture<PostgreSqlServer>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task It_follows_the_journal_rebuilds_while_serving_and_ends_with_the_same_rows(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var lives = new RandomLives(21, world.Seam);
        await world.AppendAsync(Enumerable.Range(0, 300).Select(_ => lives.Step()).ToArray());
        var projection = Start(world, new ProjectionOptions { DropAfter = TimeSpan.FromSeconds(1) });
        await CaughtUpAsync(world, 1);
        Assert.Equal(world.Expected(lives), await world.RowsAsync(1));

        var started = await projection.Ask<RebuildStarted>(new RebuildProjections(), Patience);
        Assert.Equal((2, false), (started.Set, started.AlreadyRunning));
        await world.AppendAsync(Enumerable.Range(0, 300).Select(_ => lives.Step()).ToArray());
        await CaughtUpAsync(world, 2);
        Assert.Equal(world.Expected(lives), await world.RowsAsync(2));
        await Until(async () => (await world.Tables.SetsAsync()) is [{ Id: 2, State: TableSetState.Serving }]);
        Assert.Equal(0, (await projection.Ask<ProjectionsReconciled>(new ReconcileProjections(), Patience)).Mended);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_damaged_event_keeps_its_own_report_back_and_no_other(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var lives = new RandomLives(22, world.Seam);
        var (damaged, events) = lives.Submit(2);
        await world.AppendAsync((damaged, events));
        await world.AppendDamagedAsync(damaged);
        var (other, others) = lives.Submit(2);
        await world.AppendAsync((other, others), lives.Work(other));
        var projection = Start(world);
        await CaughtUpAsync(world, 1);

        var status = await new ProjectionStatusReader(world.Tables, world.Journal, TimeProvider.System).ReadAsync();
        Assert.Equal(EntityName.Of(damaged).ToString(), Assert.Single(status.Stuck).PersistenceId);
        Assert.Contains(other.ToString(), await world.RowsAsync(1), StringComparison.Ordinal);

        // Once the row can be read again, the report is written whole.
        await world.Database.ExecuteAsync("DELETE FROM journal WHERE persistence_id = @id AND sequence_number > @good", default,
            ("id", EntityName.Of(damaged).ToString()), ("good", (long)events.Length));
        Assert.Equal(1, (await projection.Ask<ProjectionsReconciled>(new ReconcileProjections(), Patience)).Mended);
        Assert.Equal(world.Expected(lives), await world.RowsAsync(1));
        Assert.Empty((await new ProjectionStatusReader(world.Tables, world.Journal, TimeProvider.System).ReadAsync()).Stuck);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_backlog_is_projected_by_the_thousand_and_a_single_event_within_a_second(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var lives = new RandomLives(23, world.Seam);
        var steps = Enumerable.Range(0, 2_000).SelectMany(_ =>
        {
            var submitted = lives.Submit(3);
            return new[] { submitted, lives.Work(submitted.Id) };
        }).ToArray();
        await world.AppendAsync(steps);
        var count = steps.Sum(s => s.Events.Length);
        var start = Stopwatch.GetTimestamp();
        Start(world);
        await CaughtUpAsync(world, 1);
        output.WriteLine(
            $"{provider}: {count} events of {lives.Reports.Count} reports with 3 items: {count / Stopwatch.GetElapsedTime(start).TotalSeconds:F0} events/s, start included");

        // A busy machine makes one late; the quickest shows that none waits for anything but its turn.
        var lags = new List<TimeSpan>();
        for (var i = 0; i < 3; i++)
        {
            start = Stopwatch.GetTimestamp();
            await world.AppendAsync(lives.Submit(1));
            await CaughtUpAsync(world, 1);
            lags.Add(Stopwatch.GetElapsedTime(start));
        }

        output.WriteLine($"{provider}: one event visible after {lags.Min().TotalMilliseconds:F0} ms");
        Assert.True(lags.Min() < TimeSpan.FromSeconds(1), string.Join(' ', lags));
    }

    [Fact]
    public async Task The_sweeper_wakes_reports_that_stand_still_and_escalates_orphans_nobody_took()
    {
        await using var world = await ReadModelWorld.StartAsync(DatabaseProvider.Sqlite, server);
        var set = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        var lives = new RandomLives(24, world.Seam);
        await world.AppendAsync(Enumerable.Range(0, 200).Select(_ => lives.Step()).ToArray());
        var projector = world.Projector(set);
        await projector.OpenAsync();
        await projector.ApplyAsync(await world.EventsAsync());

        using var told = new System.Collections.Concurrent.BlockingCollection<object>();
        var region = world.Node.System.ActorOf(Props.Create(() => new Region(told)));
        world.Node.System.ActorOf(Props.Create(() => new SweeperActor(world.Tables, region, TimeProvider.System,
            new ProjectionOptions { SweepEvery = TimeSpan.FromMilliseconds(100), OrphanDeadline = TimeSpan.FromMilliseconds(1) })));

        var unfinished = lives.Reports.Values.Where(r => r.HasUnfinishedWork()).Select(r => r.Id).ToHashSet();
        var orphans = lives.Reports.Values.SelectMany(r => r.Items.Where(ReadRows.AwaitsEscalation).Select(i => new ItemRef(r.Id, i.Ordinal))).ToHashSet();
        Assert.NotEmpty(unfinished);
        Assert.NotEmpty(orphans);
        var woken = new HashSet<ReportId>();
        var escalated = new HashSet<ItemRef>();
        while (!woken.SetEquals(unfinished) || !escalated.SetEquals(orphans))
        {
            Assert.True(told.TryTake(out var message, Patience));
            switch (message)
            {
                // Each once: the second sweep comes before its report had time to answer.
                case WakeEntity wake:
                    Assert.True(woken.Add(ReportId.Parse(wake.Id)));
                    Assert.Equal(lives.Reports[ReportId.Parse(wake.Id)].Version, wake.Version);
                    break;
                case EscalateOrphans escalate:
                    Assert.All(escalate.Ordinals, o => Assert.True(escalated.Add(new ItemRef(escalate.ReportId, o))));
                    break;
            }
        }
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task The_sweeper_has_reports_follow_the_trust_of_their_agencies_also_one_that_took_over(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var set = (await world.Tables.EnsureAsync(DateTimeOffset.UtcNow)).Single().Id;
        var lives = new RandomLives(25, world.Seam);
        await world.AppendAsync(Enumerable.Range(0, 200).Select(_ => lives.Step()).ToArray());
        var projector = world.Projector(set);
        await projector.OpenAsync();
        await projector.ApplyAsync(await world.EventsAsync());
        HashSet<ReportId> With(string agency) => [.. lives.Reports.Values
            .Where(r => r.Items.Any(i => i.Assessments.Any(a => a.Stands && a.Agency.Value == agency))).Select(r => r.Id)];

        // All as recorded, but for one agency; then another one closes, which was believed like any other before; then one of them is demoted.
        var registry = AgencyExamples.After(AgencyRegistry.Empty,
            [.. new[] { "hotline-nl", "hotline-de1", "hotline-de2", "hotline-uk" }.Select(id => AgencyExamples.Register(id))]);
        registry = AgencyExamples.After(registry, Trust("hotline-nl", TrustLevel.Untrusted));
        var directory = AgencyDirectory.Of(registry);
        Func<AgencyDirectory> current = () => Volatile.Read(ref directory);
        IActorRef Sweeper(System.Collections.Concurrent.BlockingCollection<object> told)
        {
            var region = world.Node.System.ActorOf(Props.Create(() => new Region(told)));
            return world.Node.System.ActorOf(Props.Create(() => new SweeperActor(world.Tables, region, TimeProvider.System,
                new ProjectionOptions { SweepEvery = TimeSpan.FromMilliseconds(100) }, current)));
        }

        using var toldFirst = new System.Collections.Concurrent.BlockingCollection<object>();
        var first = Sweeper(toldFirst);
        Assert.NotEmpty(With("hotline-nl"));
        Until(toldFirst, With("hotline-nl"));
        Assert.True(await first.GracefulStop(Patience));

        registry = AgencyExamples.After(registry, new DeactivateAgency { Context = AgencyExamples.By(), Agency = AgencyId.Parse("hotline-de2") });
        Volatile.Write(ref directory, AgencyDirectory.Of(registry));

        // What the first one had begun.
        using var told = new System.Collections.Concurrent.BlockingCollection<object>();
        Sweeper(told);
        Until(told, With("hotline-nl"));
        registry = AgencyExamples.After(registry, Trust("hotline-de1", TrustLevel.Trusted));
        Volatile.Write(ref directory, AgencyDirectory.Of(registry));
        Assert.NotEqual(With("hotline-nl"), With("hotline-de1"));
        Until(told, [.. With("hotline-nl"), .. With("hotline-de1")]);

        // When all follow nothing is left to be told.
        lives.Trust = new DirectoryMembership(directory, DateTimeOffset.UtcNow).TrustOf;
        foreach (var report in lives.Reports.Keys.ToArray())
        {
            await world.AppendAsync(lives.Do(new FollowTrust { ReportId = report, Context = lives.Context(Caller.System) }));
        }

        await projector.ApplyAsync(await world.EventsAsync());
        Assert.Equal(world.Expected(lives), await world.RowsAsync(set));
        var finder = new OpinionTrust(() => directory, 500);
        await using var db = world.Tables.Connect();
        Assert.Empty(await finder.FindAsync(db, set, DateTimeOffset.UtcNow));

        static SetTrust Trust(string agency, TrustLevel trust) =>
            new() { Context = AgencyExamples.By(), Agency = AgencyId.Parse(agency), Trust = trust };

        // No other report is told, however often the sweeper looks.
        static void Until(System.Collections.Concurrent.BlockingCollection<object> told, HashSet<ReportId> all)
        {
            var reports = new HashSet<ReportId>();
            while (!reports.SetEquals(all))
            {
                Assert.True(told.TryTake(out var message, Patience));
                if (message is FollowTrust follow)
                {
                    Assert.Contains(follow.ReportId, all);
                    reports.Add(follow.ReportId);
                }
            }
        }
    }

    /// <summary>One writer and who tells it, on this system.</summary>
    private static IActorRef Start(ReadModelWorld world, ProjectionOptions? options = null)
    {
        var system = world.Node.System;
        ImmutableArray<Address> here = [((ExtendedActorSystem)system).Provider.DefaultAddress];
        system.ActorOf(Props.Create(() => new ProjectionWriterActor(world.Services(options))), ProjectionWriterActor.Name);
        return system.ActorOf(Props.Create(() => new ProjectionActor(world.Services(options), () => here)));
    }

    private static Task CaughtUpAsync(ReadModelWorld world, int set) => Until(async () =>
    {
        var sets = await world.Tables.SetsAsync();
        return sets.FirstOrDefault(s => s.Id == set) is { State: TableSetState.Serving } s && (await world.Journal.LagAsync(s.Position, default)).Events == 0;
    });

    private static async Task Until(Func<Task<bool>> holds)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!await IsTrue(holds))
        {
            Assert.True(DateTime.UtcNow < deadline, "It did not come to hold in time.");
            await Task.Delay(20);
        }
    }

    private static async Task<bool> IsTrue(Func<Task<bool>> holds)
    {
        try
        {
            return await holds();
        }
        catch (System.Data.Common.DbException)
        {
            // The control tables are not there yet.
            return false;
        }
    }

    private sealed class Region : UntypedActor
    {
        private readonly System.Collections.Concurrent.BlockingCollection<object> _told;

        public Region(System.Collections.Concurrent.BlockingCollection<object> told) => _told = told;

        protected override void OnReceive(object message) => _told.Add(message);
    }
}
