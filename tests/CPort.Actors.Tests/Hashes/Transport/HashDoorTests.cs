using System.Collections.Immutable;
using System.Diagnostics;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using CPort.Actors.Cluster;
using CPort.Actors.Hashes;
using CPort.Actors.Hashes.Transport;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Domain.Hashes.Verbs;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Hashes.Transport;

/// <summary>The door alone; the test answers for the buckets.</summary>
public class HashDoorTests : TestKit
{
    private readonly TestProbe _buckets;
    private readonly IActorRef _door;

    public HashDoorTests()
        : base("akka.loglevel = WARNING\nakka.test.single-expect-default = 20s")
    {
        _buckets = CreateTestProbe();
        _door = Sys.ActorOf(HashDoor.Props(_buckets, TimeProvider.System));
    }

    private static LookupHashes Lookup(long id, byte bucket, int hashes = 1) => new()
    {
        Bucket = new(Tenant.Live, HashBucketKind.Exact, bucket), RequestId = id, Hashes = [.. Enumerable.Range(0, hashes).Select(n => Sha256(n, bucket))],
    };

    private static HashesAnswered Answer(LookupHashes m, params HashOpinion[] opinions) => new()
    {
        RequestId = m.RequestId, Verdicts = [.. m.Hashes.Select(h => HashBucketRules.Unasked(h) with { Version = 1, Opinions = [.. opinions] })],
    };

    [Fact]
    public async Task Answers_go_back_together_under_the_askers_own_ids()
    {
        // Two askers use the same ids. The door keeps the first answer for 10 ms: a round counts only if all were told well within that time.
        var (one, other) = (CreateTestProbe(), CreateTestProbe());
        for (var round = 1; !await AllToldAtOnceAsync(one, other); round++)
        {
            Assert.True(round < 50, "Four messages were never told within 5 ms.");
            (one, other) = (CreateTestProbe(), CreateTestProbe());
        }

        foreach (var (probe, first) in new[] { (one, 1), (other, 3) })
        {
            var answer = await probe.ExpectMsgAsync<HashBundleAnswered>();
            Assert.Equal([7, 8], answer.VerdictIds);
            Assert.Equal([first, first + 1], answer.Verdicts.Select(v => (int)v.Hash.Bytes[0]));
            Assert.Empty(answer.Elsewhere);
        }

        async Task<bool> AllToldAtOnceAsync(TestProbe one, TestProbe other)
        {
            _door.Tell(HashBundle.Of([Lookup(7, 1), Lookup(8, 2)])[0], one);
            _door.Tell(HashBundle.Of([Lookup(7, 3), Lookup(8, 4)])[0], other);
            var answers = new List<HashesAnswered>();
            while (answers.Count < 4)
            {
                answers.Add(Answer(await _buckets.ExpectMsgAsync<LookupHashes>()));
            }

            var start = Stopwatch.GetTimestamp();
            answers.ForEach(a => _door.Tell(a, _buckets));
            return Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(5);
        }
    }

    [Fact]
    public async Task A_slow_bucket_keeps_no_other_waiting_and_a_silent_one_is_said_nothing_of()
    {
        _door.Tell(HashBundle.Of([Lookup(1, 1), Lookup(2, 2), Lookup(3, 3)])[0]);
        var asked = new List<LookupHashes>();
        for (var i = 0; i < 3; i++)
        {
            asked.Add(await _buckets.ExpectMsgAsync<LookupHashes>());
        }

        _door.Tell(Answer(asked[2]), _buckets);
        Assert.Equal(3, Assert.Single((await ExpectMsgAsync<HashBundleAnswered>()).VerdictIds));
        _door.Tell(Answer(asked[0]), _buckets);
        _door.Tell(Answer(asked[0]), _buckets);
        Assert.Equal(1, Assert.Single((await ExpectMsgAsync<HashBundleAnswered>()).VerdictIds));
        await ExpectNoMsgAsync(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public async Task Answers_too_large_for_one_message_go_in_several()
    {
        var list = new string('x', 100);
        HashOpinion[] many = [.. Enumerable.Range(0, 20).Select(n => Says($"agency-{n}", Classification.National, Nl, list: list))];
        var bundle = HashBundle.Of([.. Enumerable.Range(1, 60).Select(n => Lookup(n, (byte)n, hashes: 30))])[0];
        _door.Tell(bundle);
        for (var i = 0; i < bundle.Count; i++)
        {
            _door.Tell(Answer(await _buckets.ExpectMsgAsync<LookupHashes>(), many), _buckets);
        }

        var ids = new List<long>();
        var messages = 0;
        while (ids.Count < bundle.Count)
        {
            var answer = await ExpectMsgAsync<HashBundleAnswered>();
            using var stream = new MemoryStream();
            CPort.Actors.Serialization.WireModel.Instance.Serialize(stream, answer);
            Assert.InRange(stream.Length, 1, ClusterTuning.MaxFrameSize);
            ids.AddRange(answer.VerdictIds);
            messages++;
        }

        Assert.Equal(Enumerable.Range(1, bundle.Count).Select(n => (long)n), ids.Order());
        Assert.InRange(messages, 2, bundle.Count);
    }
}
