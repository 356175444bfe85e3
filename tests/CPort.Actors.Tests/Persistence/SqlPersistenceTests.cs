using System.Diagnostics;
using Akka.Actor;
using Akka.Hosting;
using Akka.Persistence;
using CPort.Actors.Cluster.Wire;
using CPort.Actors.Persistence;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Tests.Shared;
using Xunit.Abstractions;

namespace CPort.Actors.Tests.Persistence;

/// <summary>The journal as a node configures it, on both databases. The events are any wire type: what they mean does not matter here.</summary>
public sealed class SqlPersistenceTests(PostgreSqlServer server, ITestOutputHelper output) : IClassFixture<PostgreSqlServer>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task An_actor_persists_and_another_node_later_recovers_it(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await using (var node = await Node(database))
        {
            var actor = node.System.ActorOf(Props.Create(() => new Counter("one")));
            for (var i = 1; i <= 5; i++)
            {
                Assert.Equal(i, await actor.Ask<int>("add", Patience));
            }

            await actor.Ask<int>("snapshot", Patience);
            Assert.Equal(6, await actor.Ask<int>("add", Patience));
        }

        await using (var node = await Node(database))
        {
            Assert.Equal(6, await node.System.ActorOf(Props.Create(() => new Counter("one"))).Ask<int>("get", Patience));
        }

        TestDatabases.Delete(database);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Many_new_actors_start_together_and_all_events_are_read_in_order(DatabaseProvider provider)
    {
        const int actors = 1000;
        var database = await TestDatabases.CreateAsync(provider, server);
        await using var node = await Node(database);
        await node.System.ActorOf(Props.Create(() => new Counter("warm"))).Ask<int>("add", Patience);

        long counted = 0;
        using var meters = new System.Diagnostics.Metrics.MeterListener();
        meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "cport.journal.events")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        meters.SetMeasurementEventCallback<long>((_, rows, _, _) => Interlocked.Add(ref counted, rows));
        meters.Start();
        var start = Stopwatch.GetTimestamp();
        var answers = await Task.WhenAll(Enumerable.Range(0, actors)
            .Select(i => node.System.ActorOf(Props.Create(() => new Counter($"many-{i}"))).Ask<int>("add", Patience)));
        output.WriteLine($"{provider}: {actors / Stopwatch.GetElapsedTime(start).TotalSeconds:F0} new actors/s");

        Assert.All(answers, a => Assert.Equal(1, a));
        Assert.True(Interlocked.Read(ref counted) >= actors, $"The meter saw {counted} of {actors} journal rows.");
        await using var connection = await database.OpenAsync();
        await using var rows = await connection.Statement("SELECT COUNT(*), COUNT(DISTINCT persistence_id) FROM journal").ExecuteReaderAsync();
        Assert.True(await rows.ReadAsync());
        Assert.Equal((actors + 1, actors + 1), (rows.GetInt64(0), rows.GetInt64(1)));
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_second_writer_of_the_same_entity_fails_at_the_database(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await using var first = await Node(database);
        await using var second = await Node(database);
        var a = first.System.ActorOf(Props.Create(() => new Counter("contended")));
        var b = second.System.ActorOf(Props.Create(() => new Counter("contended")));
        Assert.Equal(0, await a.Ask<int>("get", Patience));
        Assert.Equal(0, await b.Ask<int>("get", Patience));

        Assert.Equal(1, await a.Ask<int>("add", Patience));
        await b.Ask<ActorIdentity>(new Identify(1), Patience);
        Assert.True(await StopsAsync(second.System, b, () => b.Tell("add")));
        Assert.Equal(1, await second.System.ActorOf(Props.Create(() => new Counter("contended"))).Ask<int>("get", Patience));
    }

    [SkippableFact]
    public async Task The_journal_recovers_by_itself_when_PostgreSQL_was_gone()
    {
        await using var own = await PostgreSqlServer.StartNewAsync(fsync: false);
        var database = await TestDatabases.CreateAsync(DatabaseProvider.PostgreSql, own);
        await using var node = await Node(database);
        var actor = node.System.ActorOf(Props.Create(() => new Counter("gone")));
        Assert.Equal(1, await actor.Ask<int>("add", Patience));

        await own.StopAsync();
        Assert.True(await StopsAsync(node.System, actor, () => actor.Tell("add")));
        await Assert.ThrowsAnyAsync<Exception>(() => database.PingAsync());
        await own.StartAsync();

        // The circuit breaker may be open for its 5 s: ask anew until it is closed, as a caller with Retry-After would. An event is added only then: one
        // whose answer comes too late would be there all the same.
        var deadline = DateTime.UtcNow + (3 * Patience);
        while (true)
        {
            var back = node.System.ActorOf(Props.Create(() => new Counter("gone")));
            try
            {
                Assert.Equal(1, await back.Ask<int>("get", TimeSpan.FromSeconds(2)));
            }
            catch (AskTimeoutException) when (DateTime.UtcNow < deadline)
            {
                continue;
            }

            Assert.Equal(2, await back.Ask<int>("add", Patience));
            break;
        }
    }

    private static Task<TestActorSystem> Node(Database database) =>
        TestActorSystem.StartAsync(akka => akka.AddWireSerialization().AddSqlPersistence(database, TestKeys.Journal));

    private static async Task<bool> StopsAsync(ActorSystem system, IActorRef actor, Action cause)
    {
        var stopped = actor.WatchAsync();
        cause();
        return await stopped.WaitAsync(Patience);
    }

    /// <summary>Counts its events.</summary>
    private sealed class Counter : ReceivePersistentActor
    {
        private int _count;

        public Counter(string id)
        {
            PersistenceId = $"counter-{id}";
            Recover<SnapshotOffer>(offer => _count = (int)((VerdictsTaken)offer.Snapshot).FanOutId);
            Recover<VerdictsTaken>(_ => _count++);
            Command<string>(command =>
            {
                switch (command)
                {
                    case "add":
                        Persist(new VerdictsTaken { ReportId = new ReportId(1), FanOutId = 1 }, _ => Sender.Tell(++_count));
                        break;
                    case "snapshot":
                        _asker = Sender;
                        SaveSnapshot(new VerdictsTaken { ReportId = new ReportId(1), FanOutId = _count });
                        break;
                    default:
                        Sender.Tell(_count);
                        break;
                }
            });
            Command<SaveSnapshotSuccess>(_ => _asker?.Tell(_count));
        }

        private IActorRef? _asker;

        public override string PersistenceId { get; }
    }
}
