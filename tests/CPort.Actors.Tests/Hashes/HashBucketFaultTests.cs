using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence.TestKit;
using Akka.TestKit.Xunit2;
using CPort.Actors.Agencies;
using CPort.Actors.CodeLists;
using CPort.Actors.Hashes;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Hashes;

/// <summary>A bucket whose journal fails.</summary>
public class HashBucketFaultTests() : TestKit(ConfigurationFactory.ParseString("""
    akka.loglevel = OFF
    akka.persistence.journal.plugin = "akka.persistence.journal.test"
    akka.persistence.journal.test.class = "Akka.Persistence.TestKit.TestJournal, Akka.Persistence.TestKit"
    akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
    """))
{
    private static readonly HashBucketId Bucket = new(HashAlgorithm.Sha256, 17);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_write_that_fails_or_is_rejected_is_never_answered_and_stops_the_bucket(bool reject)
    {
        var journal = TestJournal.FromRef(Akka.Persistence.Persistence.Instance.Apply(Sys).JournalFor(null));
        await (reject ? journal.OnWrite.Reject() : journal.OnWrite.Fail());
        var bucket = Sys.ActorOf(HashBucketActor.Props(Bucket, () => TestActor, TimeProvider.System, new HashBucketOptions()));
        await WatchAsync(bucket);
        var opinion = Opine(Bucket, Sha256(1), Says("hotline-nl", Classification.Baseline));
        bucket.Tell(opinion);
        bucket.Tell(opinion);
        await ExpectTerminatedAsync(bucket);

        // The caller asks again when the journal is back.
        await journal.OnWrite.Pass();
        bucket = Sys.ActorOf(HashBucketActor.Props(Bucket, () => TestActor, TimeProvider.System, new HashBucketOptions()));
        bucket.Tell(opinion);
        Assert.Equal(1, (await ExpectMsgAsync<OpinionsStored>()).Changed);
    }
}
