using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Akka.Actor;
using Akka.Persistence;
using CPort.Actors.Agencies;
using CPort.Actors.Cluster.Wire;
using CPort.Actors.Cluster;
using CPort.Actors.Entities;
using CPort.Actors.Hashes;
using CPort.Actors.Persistence;
using CPort.Actors.Tests.Agencies;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using CPort.Tests.Shared;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Persistence;

/// <summary>
/// Two nodes that both believe to own an entity, as in a split that is noticed late: two actor systems on one database. Whatever they do, each
/// acknowledged event is in the journal once, in order; only the fenced entity stops, and it goes on by itself.
/// </summary>
public sealed class FencingTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Why writes failed in this test, other than being fenced. An actor that throws fails no test.</summary>
    private static readonly ConcurrentQueue<Exception> WrongCauses = [];

    public void Dispose()
    {
        var wrong = WrongCauses.ToArray();
        WrongCauses.Clear();
        Assert.Empty(wrong);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Two_writers_by_turns_and_at_once_leave_every_acknowledged_event_once_and_in_order(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        using var fenced = new Meters("cport.journal.fenced");
        await using (var first = await Node(database))
        await using (var second = await Node(database))
        {
            IActorRef[] owners = [Owner(first.System, () => Props.Create(() => new Notebook("contended"))),
                Owner(second.System, () => Props.Create(() => new Notebook("contended")))];

            // By turns: each is behind by one event when its turn comes, again and again (A, B, A, B …).
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(i, await TellUntilAnsweredAsync<long>(owners[i % 2], new Note(i)));
            }

            // At once.
            await Parallel.ForEachAsync(Enumerable.Range(20, 60), new ParallelOptions { MaxDegreeOfParallelism = 6 },
                async (i, _) => Assert.Equal(i, await TellUntilAnsweredAsync<long>(owners[i % 2], new Note(i))));
        }

        await using (var later = await Node(database))
        {
            var read = await later.System.ActorOf(Props.Create(() => new Notebook("contended"))).Ask<Notes>("read", Patience);
            Assert.Equal(Enumerable.Range(0, 80).Select(i => (long)i), read.Written.Order());
            Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)i), read.Written.Take(20));
            Assert.Equal(80, read.LastSequenceNr);
        }

        Assert.True(fenced.Sum >= 19, $"The counter saw {fenced.Sum} fenced writes.");
        TestDatabases.Delete(database);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_fenced_write_fails_no_other_entity_of_its_batch(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await using var node = await Node(database);
        await using var other = await Node(database);
        var contended = Enumerable.Range(0, 3).Select(i => $"stale-{i}").ToArray();
        var stale = contended.Select(id => node.System.ActorOf(Props.Create(() => new Notebook(id)))).ToArray();
        await Task.WhenAll(stale.Select(s => s.Ask<Notes>("read", Patience)));
        foreach (var id in contended)
        {
            Assert.Equal(1, await other.System.ActorOf(Props.Create(() => new Notebook(id))).Ask<long>(new Note(1), Patience));
        }

        var neighbours = Enumerable.Range(0, 300).Select(i => node.System.ActorOf(Props.Create(() => new Notebook($"neighbour-{i}")))).ToArray();
        await Task.WhenAll(neighbours.Select(n => n.Ask<Notes>("read", Patience)));

        // Three stale writers in the midst of what the journal writes as one batch.
        var ends = stale.Select(s => s.WatchAsync()).ToArray();
        var answers = new List<Task<long>>();
        for (var i = 0; i < neighbours.Length; i++)
        {
            answers.Add(neighbours[i].Ask<long>(new Note(7), Patience));
            if (i % 100 == 50)
            {
                stale[i / 100].Tell(new Note(9));
            }
        }

        Assert.All(await Task.WhenAll(answers), a => Assert.Equal(7, a));
        Assert.All(await Task.WhenAll(ends).WaitAsync(Patience), Assert.True);
        Assert.Equal((long[])[1], (await node.System.ActorOf(Props.Create(() => new Notebook("stale-0"))).Ask<Notes>("read", Patience)).Written);
        Assert.Null(database.WriteFault);
        TestDatabases.Delete(database);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Two_owners_of_a_hash_bucket_lose_no_acknowledged_opinion(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        var bucket = new HashBucketId(Tenant.Live, HashBucketKind.Exact, 17);
        Props Props() => HashBucketActor.Props(bucket, () => ActorRefs.Nobody, new EntityShell(TimeProvider.System), new HashBucketOptions());
        await using var first = await Node(database);
        await using var second = await Node(database);
        IActorRef[] owners = [Owner(first.System, Props), Owner(second.System, Props)];
        await Parallel.ForEachAsync(Enumerable.Range(0, 40), new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (i, _) =>
            await TellUntilAnsweredAsync<OpinionsStored>(owners[i % 2], Opine(bucket, Sha256(i), Says("interpol", Classification.Baseline))));

        await using var later = await Node(database);
        var answer = await later.System.ActorOf(Props()).Ask<HashesAnswered>(
            new LookupHashes { Bucket = bucket, RequestId = 5, Hashes = [.. Enumerable.Range(0, 40).Select(i => Sha256(i))] }, Patience);
        Assert.All(answer.Verdicts, v => Assert.Single(v.Opinions));
        Assert.Equal(40, answer.Verdicts.Length);
        TestDatabases.Delete(database);
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Two_registries_of_agencies_agree_in_the_end(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await using var first = await Node(database);
        await using var second = await Node(database);
        IActorRef[] owners = [Owner(first.System, () => AgencyRegistryActor.PropsFor(new EntityShell(TimeProvider.System))),
            Owner(second.System, () => AgencyRegistryActor.PropsFor(new EntityShell(TimeProvider.System)))];
        var commands = Enumerable.Range(0, 12).Select(i => AgencyExamples.Register($"hotline-{i}")).ToArray();
        var versions = new ConcurrentBag<long>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 12), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) =>
            versions.Add((await TellUntilAnsweredAsync<AgencyChanged>(owners[i % 2], commands[i])).SequenceNr));

        Assert.Equal(Enumerable.Range(1, 12).Select(i => (long)i), versions.Order());
        await using var later = await Node(database);
        var again = later.System.ActorOf(AgencyRegistryActor.PropsFor(new EntityShell(TimeProvider.System)));
        foreach (var command in commands)
        {
            Assert.False((await again.Ask<AgencyChanged>(command, Patience)).Changed);
        }

        TestDatabases.Delete(database);
    }

    [SkippableFact]
    public async Task Of_a_node_that_was_declared_down_the_database_takes_no_event_also_not_as_the_first_writer()
    {
        var database = await TestDatabases.CreateAsync(DatabaseProvider.PostgreSql, server);
        var (downed, living) = (Database.Create(DatabaseProvider.PostgreSql, database.ConnectionString, life: "downed"),
            Database.Create(DatabaseProvider.PostgreSql, database.ConnectionString, life: "living"));
        Assert.Equal(("downed", "living"), (downed.Life, living.Life));
        var (recordOfDowned, recordOfLiving) = (new ClusterRecord(downed), new ClusterRecord(living));
        await recordOfLiving.EnsureAsync(default);
        await recordOfDowned.EnsureAsync(default);
        await recordOfDowned.BeginLifeAsync("akka.tcp://cport@192.0.2.1:4053", 7, default);
        await recordOfLiving.BeginLifeAsync("akka.tcp://cport@192.0.2.2:4053", 8, default);
        await using (var first = await Node(downed))
        await using (var second = await Node(living))
        {
            var stale = first.System.ActorOf(Props.Create(() => new Notebook("stale")));
            Assert.Equal(1, await stale.Ask<long>(new Note(1), Patience));

            // Another life at the same address is another matter.
            await recordOfLiving.EndLifeAsync("akka.tcp://cport@192.0.2.1:4053", 6, default);
            Assert.False(await recordOfDowned.IsDownedAsync(default));
            await recordOfLiving.EndLifeAsync("akka.tcp://cport@192.0.2.1:4053", 7, default);
            Assert.True(await recordOfDowned.IsDownedAsync(default));

            // What it says of others does not count any more.
            await recordOfDowned.EndLifeAsync("akka.tcp://cport@192.0.2.2:4053", 8, default);
            Assert.False(await recordOfLiving.IsDownedAsync(default));

            var ends = stale.WatchAsync();
            stale.Tell(new Note(2));
            Assert.True(await ends.WaitAsync(Patience));
            Assert.Equal(3, await second.System.ActorOf(Props.Create(() => new Notebook("stale"))).Ask<long>(new Note(3), Patience));
        }

        await using var later = await Node(database);
        Assert.Equal((long[])[1, 3], (await later.System.ActorOf(Props.Create(() => new Notebook("stale"))).Ask<Notes>("read", Patience)).Written);
        TestDatabases.Delete(database);
    }

    private static Task<TestActorSystem> Node(Database database) =>
        TestActorSystem.StartAsync(akka => akka.AddWireSerialization().AddSqlPersistence(database, TestKeys.Journal));

    /// <summary>As a shard does: makes the entity at its first message, and again at the next one after it stopped.</summary>
    private static IActorRef Owner(ActorSystem system, Func<Props> entity) => system.ActorOf(Props.Create(() => new Shard(entity)));

    /// <summary>As the gateways do: the same message again when no answer comes.</summary>
    private static async Task<T> TellUntilAnsweredAsync<T>(IActorRef owner, object message)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await owner.Ask<T>(message, TimeSpan.FromSeconds(0.7));
            }
            catch (AskTimeoutException) when (attempt < 80)
            {
            }
        }
    }

    private sealed class Shard : ReceiveActor
    {
        public Shard(Func<Props> entity)
        {
            IActorRef? current = null;
            Receive<Terminated>(_ => current = null);
            ReceiveAny(message => (current ??= Context.Watch(Context.ActorOf(entity()))).Forward(message));
        }
    }

    private sealed record Note(long Number);

    private sealed record Notes(long[] Written, long LastSequenceNr);

    /// <summary>Writes each number once and answers with it, whether it is new or not.</summary>
    private sealed class Notebook : ReceivePersistentActor
    {
        private readonly List<long> _written = [];

        public Notebook(string id)
        {
            PersistenceId = $"notebook-{id}";
            Recover<VerdictsTaken>(e => _written.Add(e.FanOutId));
            Command<Note>(note =>
            {
                if (_written.Contains(note.Number))
                {
                    Sender.Tell(note.Number);
                    return;
                }

                Persist(new VerdictsTaken { ReportId = new ReportId(1), FanOutId = note.Number }, e =>
                {
                    _written.Add(e.FanOutId);
                    Sender.Tell(e.FanOutId);
                });
            });
            Command<string>(_ => Sender.Tell(new Notes([.. _written], LastSequenceNr)));
        }

        public override string PersistenceId { get; }

        public override Recovery Recovery => new(SnapshotSelectionCriteria.None);

        protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
        {
            if (cause is not FencedException && (cause.GetBaseException() as Npgsql.PostgresException)?.SqlState != "CP001")
            {
                WrongCauses.Enqueue(cause);
            }
        }
    }

    private sealed class Meters : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _sum;

        public Meters(string name)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _sum, value));
            _listener.Start();
        }

        public long Sum => Interlocked.Read(ref _sum);

        public void Dispose() => _listener.Dispose();
    }
}
