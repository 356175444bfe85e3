using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.TestKit;
using Akka.TestKit.Xunit2;
using CPort.Actors.Entities;
using CPort.Actors.Hashes;
using CPort.Actors.Persistence;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Hashes.Verbs;
using CPort.Tests.Shared;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Hashes;

/// <summary>A bucket whose journal fails.</summary>
public class HashBucketFaultTests() : TestKit(ConfigurationFactory.ParseString("""
    akka.loglevel = OFF
    akka.test.single-expect-default = 20s
    akka.persistence.journal.plugin = "akka.persistence.journal.test"
    akka.persistence.journal.test.class = "Akka.Persistence.TestKit.TestJournal, Akka.Persistence.TestKit"
    akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
    """))
{
    private static readonly HashBucketId Bucket = new(Tenant.Live, HashBucketKind.Exact, 17);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_write_that_fails_or_is_rejected_is_never_answered_and_stops_the_bucket(bool reject)
    {
        var journal = TestJournal.FromRef(Akka.Persistence.Persistence.Instance.Apply(Sys).JournalFor(null));
        await (reject ? journal.OnWrite.Reject() : journal.OnWrite.Fail());
        var bucket = Sys.ActorOf(HashBucketActor.Props(Bucket, () => TestActor, new EntityShell(TimeProvider.System), new HashBucketOptions()));
        await WatchAsync(bucket);
        var opinion = Opine(Bucket, Sha256(1), Says("hotline-nl", Classification.Baseline));
        bucket.Tell(opinion);
        bucket.Tell(opinion);
        await ExpectTerminatedAsync(bucket);

        // The caller asks again when the journal is back.
        await journal.OnWrite.Pass();
        bucket = Sys.ActorOf(HashBucketActor.Props(Bucket, () => TestActor, new EntityShell(TimeProvider.System), new HashBucketOptions()));
        bucket.Tell(opinion);
        Assert.Equal(1, (await ExpectMsgAsync<OpinionsStored>()).Changed);
    }

    [Fact]
    public async Task A_bucket_that_cannot_be_read_is_listed_as_stuck_and_answers_again_when_it_can()
    {
        var database = await TestDatabases.CreateAsync(DatabaseProvider.Sqlite, null!);
        try
        {
            var stuck = new StuckEntities(database, TimeProvider.System);
            await stuck.StartAsync(default);
            IActorRef Start() =>
                Sys.ActorOf(HashBucketActor.Props(Bucket, () => TestActor, new EntityShell(TimeProvider.System, stuck), new HashBucketOptions()));

            var bucket = Start();
            bucket.Tell(Opine(Bucket, Sha256(1), Says("hotline-nl", Classification.Baseline)));
            await ExpectMsgAsync<OpinionsStored>();
            var journal = TestJournal.FromRef(Akka.Persistence.Persistence.Instance.Apply(Sys).JournalFor(null));
            await journal.OnRecovery.Fail();
            bucket = Start();
            await WatchAsync(bucket);
            await ExpectTerminatedAsync(bucket);
            Assert.True(stuck.IsStuck(EntityName.Of(Bucket)));
            await AwaitAssertAsync(async () => Assert.Equal("hash-bucket-exact-17", Assert.Single(await stuck.ListAsync(default)).PersistenceId));

            await journal.OnRecovery.Pass();
            bucket = Start();
            bucket.Tell(new GetBucketStats { Bucket = Bucket });
            Assert.Equal(1, (await ExpectMsgAsync<BucketStats>()).Known);
        }
        finally
        {
            TestDatabases.Delete(database);
        }
    }

    [Fact]
    public async Task A_bucket_whose_event_does_not_fit_its_state_is_listed_as_stuck()
    {
        var database = await TestDatabases.CreateAsync(DatabaseProvider.Sqlite, null!);
        try
        {
            var stuck = new StuckEntities(database, TimeProvider.System);
            await stuck.StartAsync(default);
            var writer = Sys.ActorOf(Props.Create(() => new Writer(EntityName.Of(Bucket).ToString())));
            var e = HashBucketRules.Decide(HashBucket.New(Bucket),
                [Import(Bucket, [new HashListRow { Hash = Sha256(1), Classification = Classification.Baseline }])]).Event!;
            var part = e.Words[0].Packed[0];
            var cut = e with { Words = [e.Words[0] with { Packed = [part with { Values = part.Values[..^1] }] }] };
            await writer.Ask<string>(cut, TimeSpan.FromSeconds(20));
            var bucket = Sys.ActorOf(HashBucketActor.Props(Bucket, () => TestActor, new EntityShell(TimeProvider.System, stuck), new HashBucketOptions()));
            await WatchAsync(bucket);
            await ExpectTerminatedAsync(bucket);
            Assert.True(stuck.IsStuck(EntityName.Of(Bucket)));

            // It is written in the background: once it is listed, the database can go.
            await AwaitAssertAsync(async () => Assert.Equal("hash-bucket-exact-17", Assert.Single(await stuck.ListAsync(default)).PersistenceId));
        }
        finally
        {
            TestDatabases.Delete(database);
        }
    }

    private sealed class Writer : ReceivePersistentActor
    {
        public Writer(string persistenceId)
        {
            PersistenceId = persistenceId;
            Recover<object>(_ => { });
            Command<HashesRecorded>(e => Persist(e, _ => Sender.Tell("written")));
        }

        public override string PersistenceId { get; }
    }
}
