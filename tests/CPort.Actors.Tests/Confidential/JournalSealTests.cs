using CPort.Actors.Agencies;
using CPort.Actors.Confidential;
using CPort.Actors.Entities;
using CPort.Actors.Hashes;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Actors.Serialization;
using CPort.Actors.Tests.Projections;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.CodeLists;
using CPort.Domain.Confidential;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Tests.Shared;
using Akka.Actor;
using CPort.Actors.Cluster.Wire;
using LinqToDB;
using LinqToDB.Async;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Confidential;

/// <summary>
/// What somebody with access to the database writes, changes, moves or copies in the journal is not obeyed: its entity is stuck, named with the row.
/// </summary>
public sealed class JournalSealTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static TheoryData<DatabaseProvider> Both => [DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql];

    private static readonly JournalSeal Seal = TestKeys.Journal;

    private static VerdictsTaken Sample => new() { ReportId = new ReportId(1), FanOutId = 77 };

    /// <summary>A row that this process made is known again without being opened, and by its bytes, place and kind only.</summary>
    [Fact]
    public void A_report_s_event_is_remembered_for_exactly_its_row()
    {
        var ring = KeyRing.New();
        var (seal, other) = (new JournalSeal(ring), new JournalSeal(ring));
        var e = new AutomaticWorkDone
        {
            Meta = new CommandContext { CommandId = CommandId.New(), Caller = Caller.System, OccurredAt = DateTimeOffset.UtcNow }.ToMeta(),
        };
        var row = seal.SealEvent("report-a", 5, e);
        var read = row with { Bytes = [.. row.Bytes] };
        Assert.Throws<SealBrokenException>(() => seal.OpenEvent("report-b", 5, read));
        Assert.Throws<SealBrokenException>(() => seal.OpenEvent("report-a", 6, read));
        Assert.Throws<SealBrokenException>(() => seal.OpenSnapshot("report-a", 5, read));
        Assert.Throws<SealBrokenException>(() => seal.OpenEvent("report-a", 5, read with { Manifest = "re1" }));
        for (var i = 0; i < read.Bytes.Length; i++)
        {
            var changed = read.Bytes.ToArray();
            changed[i] ^= 1;
            Assert.Throws<SealBrokenException>(() => seal.OpenEvent("report-a", 5, read with { Bytes = changed }));
        }

        Assert.Same(e, seal.OpenEvent("report-a", 5, read));

        // Once: from then on, and for everybody else, it is opened.
        Assert.NotSame(e, seal.OpenEvent("report-a", 5, read));
        Assert.IsType<AutomaticWorkDone>(other.OpenEvent("report-a", 5, read));

        // More than are remembered: what came first is opened, and is the same.
        var first = seal.SealEvent("report-a", 6, e);
        for (var i = 0; i < 5_000; i++)
        {
            seal.SealEvent("report-b", i + 1, e);
        }

        Assert.NotSame(e, Assert.IsType<AutomaticWorkDone>(seal.OpenEvent("report-a", 6, first)));
    }

    [Fact]
    public void A_row_opens_at_its_own_place_only()
    {
        var row = Seal.SealEvent("report-a", 5, Sample);
        Assert.Equal(Sample, Seal.OpenEvent("report-a", 5, row));
        Assert.Throws<SealBrokenException>(() => Seal.OpenEvent("report-b", 5, row));
        Assert.Throws<SealBrokenException>(() => Seal.OpenEvent("report-a", 6, row));
        Assert.Throws<SealBrokenException>(() => Seal.OpenSnapshot("report-a", 5, row));
        Assert.Throws<SealBrokenException>(() => Seal.OpenEvent("report-a", 5, row with { Manifest = "re1" }));
        Assert.Throws<SealBrokenException>(() => Seal.OpenEvent("report-a", 5, Sample));
        Assert.Throws<SealBrokenException>(() => new JournalSeal(KeyRing.New()).OpenEvent("report-a", 5, row));
        for (var i = 0; i < row.Bytes.Length; i++)
        {
            var changed = row.Bytes.ToArray();
            changed[i] ^= 1;
            Assert.Throws<SealBrokenException>(() => Seal.OpenEvent("report-a", 5, row with { Bytes = changed }));
        }

        var said = Assert.Throws<SealBrokenException>(() => Seal.OpenEvent("report-b", 6, row)).Message;
        Assert.Contains("report-b", said, StringComparison.Ordinal);
        Assert.Contains("6", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_costs_few_bytes_shows_nothing_and_no_two_are_alike()
    {
        var plain = new WireSerializer(null!).ToBinary(Sample);
        var rows = Enumerable.Range(0, 1_000).Select(_ => Seal.SealEvent("report-a", 5, Sample).Bytes).ToArray();
        Assert.All(rows, r => Assert.Equal(plain.Length + JournalSeal.Overhead, r.Length));
        Assert.True(JournalSeal.Overhead <= 70, $"{JournalSeal.Overhead}");
        Assert.All(rows, r => Assert.Equal(-1, r.AsSpan().IndexOf(plain)));
        Assert.Equal(rows.Length, rows.Select(r => Convert.ToHexString(r[..27])).Distinct().Count());
    }

    [Fact]
    public void Rows_of_many_threads_and_of_every_generation_open()
    {
        Parallel.For(0, 2_000, i => Assert.Equal(Sample, Seal.OpenEvent($"report-{i}", i, Seal.SealEvent($"report-{i}", i, Sample))));
        var (ring, held) = (new KeyRing(TimeProvider.System), KeyRing.New(generations: 3));
        Assert.Equal(3, held.Writing);
        Assert.False(ring.IsOpen);
        Assert.Throws<InvalidOperationException>(() => new JournalSeal(ring).SealEvent("report-a", 1, Sample));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task An_entity_whose_rows_were_touched_is_stuck_at_the_row_and_obeys_nothing(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await using var node = await TestActorSystem.StartAsync(akka => akka.AddWireSerialization().AddSqlPersistence(database, Seal));
        var stuck = new StuckEntities(database, TimeProvider.System);
        await stuck.StartAsync(default);
        var shell = new EntityShell(TimeProvider.System, stuck);
        IActorRef Start(ReportId id) => node.System.ActorOf(Props.Create(() => new Tally(EntityName.Of(id), shell)));

        // Six entities of four events each; the first is left alone.
        var ids = Enumerable.Range(1, 6).Select(n => new ReportId((UInt128)n)).ToArray();
        foreach (var id in ids)
        {
            var entity = Start(id);
            for (var n = 1; n <= 4; n++)
            {
                Assert.Equal(n, await entity.Ask<int>("add", Patience));
            }

            Assert.True(await entity.GracefulStop(Patience));
        }

        string Name(int n) => EntityName.Of(ids[n]).ToString();
        Task<int> Sql(string sql, params (string, object?)[] values) => database.ExecuteAsync(sql, default, values);

        // Changed, moved from another entity, two rows of one changed about, taken away, and written in the clear.
        var changed = await BytesAsync(database, Name(1), 3);
        changed[^1] ^= 1;
        Assert.Equal(1, await Sql("UPDATE journal SET message = @m WHERE persistence_id = @id AND sequence_number = 3", ("m", changed), ("id", Name(1))));
        Assert.Equal(1, await Sql("UPDATE journal SET message = @m WHERE persistence_id = @id AND sequence_number = 2",
            ("m", await BytesAsync(database, Name(0), 2)), ("id", Name(2))));
        Assert.Equal(1, await Sql("UPDATE journal SET message = @m WHERE persistence_id = @id AND sequence_number = 4",
            ("m", await BytesAsync(database, Name(3), 1)), ("id", Name(3))));
        Assert.Equal(1, await Sql("DELETE FROM journal WHERE persistence_id = @id AND sequence_number = 2", ("id", Name(4))));
        var serializer = new WireSerializer(null!);
        Assert.Equal(1, await Sql("""
            INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid)
            VALUES (1, @no, @id, 5, @m, @manifest, @identifier, 'x')
            """, ("no", false), ("id", Name(5)), ("m", serializer.ToBinary(Sample)), ("manifest", serializer.Manifest(Sample)),
            ("identifier", WireSerializer.SerializerId)));

        Assert.Equal(4, await Start(ids[0]).Ask<int>("get", Patience));
        foreach (var id in ids[1..])
        {
            await Assert.ThrowsAsync<AskTimeoutException>(() => Start(id).Ask<int>("get", TimeSpan.FromSeconds(1)));
        }

        Dictionary<string, (long, string)> listed = [];
        await Wait.UntilAsync(async () =>
            (listed = (await stuck.ListAsync(default)).ToDictionary(s => s.PersistenceId, s => (s.AfterSequence, s.Reason))).Count == 5, Patience,
            () => $"stuck were {string.Join(", ", listed)}");
        (int, long)[] after = [(1, 2), (2, 1), (3, 3), (4, 1), (5, 4)];
        Assert.All(after, a => Assert.Equal((a.Item2, nameof(SealBrokenException)), listed[Name(a.Item1)]));
        TestDatabases.Delete(database);
    }

    [Fact]
    public async Task An_entity_with_a_secret_from_another_place_is_stuck_too()
    {
        var database = await TestDatabases.CreateAsync(DatabaseProvider.Sqlite, server);
        await using var node = await TestActorSystem.StartAsync(akka => akka.AddWireSerialization().AddSqlPersistence(database, Seal));
        var stuck = new StuckEntities(database, TimeProvider.System);
        await stuck.StartAsync(default);
        var name = EntityName.Of(new ReportId(1));
        var entity = node.System.ActorOf(Props.Create(() => new Tally(name, new EntityShell(TimeProvider.System, stuck))));
        Assert.Equal(1, await entity.Ask<int>("add", Patience));
        entity.Tell("open");
        await Wait.UntilAsync(() => Task.FromResult(stuck.IsStuck(name)), Patience, () => "it was not stuck");
        TestDatabases.Delete(database);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_forged_key_of_an_agency_lets_nobody_in(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await using var node = await TestActorSystem.StartAsync(akka => akka.AddWireSerialization().AddSqlPersistence(database, Seal));
        var stuck = new StuckEntities(database, TimeProvider.System);
        await stuck.StartAsync(default);
        var shell = new EntityShell(TimeProvider.System, stuck);
        var registry = node.System.ActorOf(AgencyRegistryActor.PropsFor(shell));
        var by = new CommandContext { CommandId = CommandId.New(), Caller = Caller.System, OccurredAt = DateTimeOffset.UtcNow };
        var hotline = AgencyId.Parse("hotline-gb");
        await registry.Ask<AgencyChanged>(new RegisterAgency
        {
            Context = by, Agency = hotline, Name = "x", Kind = AgencyKind.Hotline,
            Memberships = [new Membership { Country = Country.Parse("GB"), From = new DateOnly(2020, 1, 1) }],
        }, Patience);
        var issued = await registry.Ask<ApiKeyShown>(new IssueKey
            { Context = by with { CommandId = CommandId.New() }, Agency = hotline, Roles = Roles.Analyst }, Patience);
        Assert.True(await registry.GracefulStop(Patience));

        // The attacker knows CPort, writes the event of a key whose secret is his own, and has all rows to copy from, but no key.
        var (chosen, attacker) = (ApiKey.Generate(), new JournalSeal(KeyRing.New()));
        var name = EntityName.Agencies.ToString();
        var (_, manifest) = await RowAsync(database, name, 2);
        var forged = new ApiKeyIssued
        {
            Meta = by.ToMeta(), Agency = hotline, KeyId = chosen.KeyId, SecretHash = chosen.SecretHash, Roles = Roles.Analyst,
        };
        Assert.Equal(WireContracts.ManifestOf(typeof(ApiKeyIssued)), manifest);
        var serializer = new WireSerializer(null!);
        foreach (var (bytes, identifier) in new[]
        {
            (serializer.ToBinary(forged), WireSerializer.SerializerId), (attacker.SealEvent(name, 3, forged).Bytes, SealedRowSerializer.SerializerId),
            (await BytesAsync(database, name, 2), SealedRowSerializer.SerializerId),
        })
        {
            await database.ExecuteAsync("DELETE FROM journal WHERE persistence_id = @id AND sequence_number > 2", default, ("id", name));
            await database.ExecuteAsync("DELETE FROM cport_stuck", default);
            await database.ExecuteAsync("""
                INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid)
                VALUES (1, @no, @id, 3, @m, @manifest, @identifier, 'x')
                """, default, ("no", false), ("id", name), ("m", bytes), ("manifest", manifest), ("identifier", identifier));
            using var feed = new AgencyDirectoryFeed(SqlJournal.QueryPluginId, Seal);
            feed.Start(node.System, stuck);
            await Wait.UntilAsync(async () => (await stuck.ListAsync(default)).Length == 1, Patience, () => "nothing was stuck");
            Assert.Equal(2, feed.Current.Version);
            Assert.IsType<Authentication.Refused>(feed.Authenticate(chosen.Text, DateTimeOffset.UtcNow, null));
            Assert.IsType<Authentication.Accepted>(feed.Authenticate(issued.ApiKey, DateTimeOffset.UtcNow, null));
            var row = Assert.Single(await stuck.ListAsync(default));
            Assert.Equal((name, 2L, nameof(SealBrokenException)), (row.PersistenceId, row.AfterSequence, row.Reason));
            await Wait.UntilAsync(() => Task.FromResult(feed.Broken == nameof(SealBrokenException)), Patience, () => $"it was {feed.Broken}");

            var reading = node.System.ActorOf(AgencyRegistryActor.PropsFor(shell));
            await Assert.ThrowsAsync<AskTimeoutException>(() => reading.Ask<object>(
                new RevokeKey { Context = by with { CommandId = CommandId.New() }, Agency = hotline, KeyId = issued.KeyId }, TimeSpan.FromSeconds(1)));
        }

        TestDatabases.Delete(database);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_bucket_takes_no_snapshot_that_was_changed_or_is_another_buckets(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        await using var node = await TestActorSystem.StartAsync(akka => akka.AddWireSerialization().AddSqlPersistence(database, Seal));
        var stuck = new StuckEntities(database, TimeProvider.System);
        await stuck.StartAsync(default);
        var shell = new EntityShell(TimeProvider.System, stuck);
        var options = new HashBucketOptions { SnapshotEvery = 1 };
        var (mine, other) = (new HashBucketId(Tenant.Live, HashBucketKind.Exact, 17), new HashBucketId(Tenant.Live, HashBucketKind.Exact, 18));
        IActorRef Start(HashBucketId id) => node.System.ActorOf(HashBucketActor.Props(id, () => ActorRefs.Nobody, shell, options));
        foreach (var id in new[] { mine, other })
        {
            var bucket = Start(id);
            var row = new HashListRow { Hash = Sha256(1, (byte)id.Number), Classification = Classification.Baseline };
            await bucket.Ask<HashesImported>(Import(id, [row]), Patience);
            await Wait.UntilAsync(async () => await SnapshotAsync(database, id) is not null, Patience, () => "no snapshot was made");
            Assert.True(await bucket.GracefulStop(Patience));
        }

        await database.ExecuteAsync("UPDATE snapshot SET snapshot = @s WHERE persistence_id = @id", default,
            ("s", await SnapshotAsync(database, other)), ("id", EntityName.Of(mine).ToString()));
        await Assert.ThrowsAsync<AskTimeoutException>(() => Start(mine).Ask<object>(new GetBucketStats { Bucket = mine }, TimeSpan.FromSeconds(1)));
        await Wait.UntilAsync(async () => (await stuck.ListAsync(default)).Length == 1, Patience, () => "nothing was stuck");
        Assert.Equal(EntityName.Of(mine).ToString(), Assert.Single(await stuck.ListAsync(default)).PersistenceId);
        Assert.NotNull(await Start(other).Ask<object>(new GetBucketStats { Bucket = other }, Patience));
        TestDatabases.Delete(database);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task The_projection_shows_nothing_of_a_moved_row_and_names_its_report(DatabaseProvider provider)
    {
        await using var world = await ReadModelWorld.StartAsync(provider, server);
        var lives = new RandomLives(5, world.Seam);
        var (good, victim) = (lives.Submit(2), lives.Submit(2));
        await world.AppendAsync(good, victim, lives.Work(good.Id), lives.Work(victim.Id));
        var (from, to) = (EntityName.Of(good.Id).ToString(), EntityName.Of(victim.Id).ToString());
        await world.Database.ExecuteAsync("UPDATE journal SET message = @m WHERE persistence_id = @id AND sequence_number = 1", default,
            ("m", await BytesAsync(world.Database, from, 1)), ("id", to));

        await world.Tables.EnsureAsync(DateTimeOffset.UtcNow);
        var set = await world.Tables.CreateSetAsync(TableSetState.Building, DateTimeOffset.UtcNow);
        using var projector = world.Projector(set.Id);
        await projector.OpenAsync();
        await projector.ApplyAsync(await world.EventsAsync());
        await using var db = world.Tables.Connect();
        Assert.Equal([good.Id.ToString()], await ReadTables.Reports(db, set.Id).Select(r => r.ReportId).ToListAsync());
        var row = Assert.Single(await db.GetTable<StuckRow>().ToListAsync());
        Assert.Equal((to, 1L, nameof(SealBrokenException)), (row.PersistenceId, row.Sequence, row.Reason));
    }

    private static async Task<byte[]> BytesAsync(Database database, string id, long sequence) => (await RowAsync(database, id, sequence)).Message;

    private static async Task<(byte[] Message, string Manifest)> RowAsync(Database database, string id, long sequence)
    {
        await using var connection = await database.OpenAsync();
        await using var command = connection.Statement("SELECT message, manifest FROM journal WHERE persistence_id = @id AND sequence_number = @n",
            ("id", id), ("n", sequence));
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        return ((byte[])reader.GetValue(0), reader.GetString(1));
    }

    private static async Task<byte[]?> SnapshotAsync(Database database, HashBucketId id)
    {
        await using var connection = await database.OpenAsync();
        await using var command = connection.Statement("SELECT snapshot FROM snapshot WHERE persistence_id = @id", ("id", EntityName.Of(id).ToString()));
        return await command.ExecuteScalarAsync() as byte[];
    }

    /// <summary>Counts its events, in the shell of every entity.</summary>
    private sealed class Tally : PersistentEntity
    {
        private int _count;

        public Tally(EntityName name, EntityShell shell)
            : base(name, shell)
        {
            Recover<VerdictsTaken>(_ => _count++);
            Command<string>(command =>
            {
                if (command == "open")
                {
                    TestKeys.Seam.Open<SecretText>(new SealedPlace(new ReportId(1), SealedField.Memo), new Sealed { Bytes = [] });
                }
                else if (command == "add")
                {
                    Persist(Sample, _ => Sender.Tell(++_count));
                }
                else
                {
                    Sender.Tell(_count);
                }
            });
        }
    }
}
