using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;
using CPort.Actors.Hashes;
using CPort.Actors.Hashes.Transport;
using CPort.Actors.Matching;
using CPort.Actors.Tests.Hashes;
using CPort.Actors.Tests.Serialization;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Matching;

/// <summary>Matching on one node, buckets on two: two actor systems with remoting between them, and a stand-in for the shard region on each.</summary>
public sealed class MatchingRoutesTests : TestKit
{
    private static readonly Config Remoting = ConfigurationFactory.ParseString("""
        akka {
          loglevel = WARNING
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          stdout-loglevel = WARNING
          persistence.journal.plugin = "akka.persistence.journal.inmem"
          persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0, maximum-frame-size = 1000000b, send-buffer-size = 2000000b, receive-buffer-size = 2000000b }
          actor {
            provider = remote
            serializers.cport = "CPort.Actors.Serialization.WireSerializer, CPort.Actors"
            serialization-bindings { "CPort.Domain.Wire.IWireMessage, CPort.Domain" = cport }
          }
        }
        """);

    /// <summary>A shard region: passes messages for buckets that are not its own on to the other.</summary>
    private sealed class Region : ReceiveActor
    {
        private readonly IActorRef _here = Context.ActorOf(Props.Create(() => new BucketRegionStandIn(Nobody.Instance, _ => false)), "here");

        public Region(Func<HashBucketId, bool> isHere, Func<IActorRef> other, Func<IHashBucketMessage, bool> swallow,
            ConcurrentQueue<IHashBucketMessage> passedOn) =>
            Receive<IHashBucketMessage>(message =>
            {
                if (swallow(message))
                {
                    return;
                }

                if (!isHere(message.Bucket))
                {
                    passedOn.Enqueue(message);
                }

                (isHere(message.Bucket) ? _here : other()).Forward(message);
            });
    }

    private sealed class SilentDoor : ReceiveActor
    {
        public SilentDoor(ConcurrentQueue<HashBundle> taken) => Receive<HashBundle>(taken.Enqueue);
    }

    private readonly ActorSystem _second;
    private readonly ConcurrentQueue<IHashBucketMessage> _passedOn = [];
    private readonly ConcurrentQueue<IHashBucketMessage> _passedBack = [];
    private readonly IActorRef _secondRegion;
    private readonly IActorRef _firstRegion;
    private volatile Func<IHashBucketMessage, bool> _swallow = _ => false;
    private volatile Func<HashBucketId, bool> _isOnSecond = bucket => bucket.Number % 2 == 1;

    public MatchingRoutesTests()
        : base(Remoting, "first")
    {
        _second = ActorSystem.Create("first", Remoting.WithFallback(DefaultConfig));
        IActorRef? firstFromSecond = null;
        Func<HashBucketId, bool> isOnFirst = bucket => !_isOnSecond(bucket);
        Func<HashBucketId, bool> isOnSecond = bucket => _isOnSecond(bucket);
        Func<IHashBucketMessage, bool> swallow = message => _swallow(message);
        Func<IHashBucketMessage, bool> never = _ => false;
        Func<IActorRef> first = () => firstFromSecond!;
        _secondRegion = _second.ActorOf(Props.Create(() => new Region(isOnSecond, first, swallow, _passedBack)), "region");
        var secondFromFirst = Seen(Sys, _secondRegion, _second);
        Func<IActorRef> second = () => secondFromFirst;
        _firstRegion = Sys.ActorOf(Props.Create(() => new Region(isOnFirst, second, never, _passedOn)), "region");
        firstFromSecond = Seen(_second, _firstRegion, Sys);
    }

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static MatchingOptions Options(double retrySeconds) => new()
    {
        RetryAfter = TimeSpan.FromSeconds(retrySeconds), Timeout = Patience + TimeSpan.FromSeconds(retrySeconds), MaxLookAlikes = 5,
    };

    /// <summary>An actor of one system as another sees it.</summary>
    private static IActorRef Seen(ActorSystem by, IActorRef actor, ActorSystem of) => ((ExtendedActorSystem)by).Provider.ResolveActorRef(
        actor.Path.ToStringWithAddress(((ExtendedActorSystem)of).Provider.DefaultAddress));

    protected override void AfterAll()
    {
        _second.Terminate();
        base.AfterAll();
    }

    private IActorRef OpenDoor() => _second.ActorOf(HashDoor.Props(_secondRegion, TimeProvider.System), HashDoor.Name);

    private IActorRef Matching(double retrySeconds = 5) => Sys.ActorOf(MatchingActor.Props(_firstRegion, Options(retrySeconds), TimeProvider.System));

    private static ContentHash Pdq(int n) => Made(HashAlgorithm.Pdq, n, (byte)n);

    /// <summary>Some hashes of many buckets; of every second something is known.</summary>
    private static ImmutableArray<ContentHash> Hashes =>
        [.. Enumerable.Range(0, 30).SelectMany(n => new[] { Sha256(n, (byte)n), Made(HashAlgorithm.Md5, n, (byte)n), Pdq(n) })];

    private static LookupMany Request => new(Tenant.Live, Hashes, Radius: 31);

    private static string Text(LookedUp answer) => string.Join('\n', answer.Results.Select(r =>
        $"{SampleValues.Describe(r.Verdict)} {r.NearTruncated} {string.Join(';', r.Near.Select(SampleValues.Describe))}"));

    private async Task<LookedUp> LookUp(IActorRef matching)
    {
        matching.Tell(Request);
        return await ExpectMsgAsync<LookedUp>(Patience);
    }

    /// <summary>Until what is asked of the other node goes there in bundles.</summary>
    private async Task UntilBundled(IActorRef matching) => await AwaitAssertAsync(
        async () =>
        {
            _passedOn.Clear();
            await LookUp(matching);
            Assert.Empty(_passedOn);
        },
        2 * Patience, TimeSpan.FromMilliseconds(50));

    private static MatchReport Saying(int report, string agency, Country law, IEnumerable<ContentHash> hashes) =>
        new(Tenant.Live, Report(report), [.. hashes.Select((h, i) => new ItemHashes
        {
            Ordinal = i, Hashes = [h], ExactOnly = true, Words = [new OpinionOnItem { Opinion = Says(agency, Classification.National, law) }],
        })]);

    private async Task<string> Fill(IActorRef matching)
    {
        matching.Tell(Saying(9, "hotline-nl", Nl, Hashes.Where((_, i) => i % 2 == 0)));
        await ExpectMsgAsync<ReportMatched>(Patience);
        return Text(await LookUp(matching));
    }

    [Fact]
    public async Task What_comes_in_bundles_is_what_comes_without()
    {
        // No door yet: each bucket by itself.
        var plain = Matching();
        var expected = await Fill(plain);
        Assert.NotEmpty(_passedOn);
        OpenDoor();
        var matching = Matching();
        await UntilBundled(matching);
        Assert.Equal(expected, Text(await LookUp(matching)));

        // Sightings and opinions too. The two reports see each other's values.
        MatchReport Items(int report) =>
            new(Tenant.Live, Report(report), [.. Hashes.Select((h, i) => new ItemHashes { Ordinal = i, Hashes = [h], PdqQuality = 90 })]);
        _passedOn.Clear();
        matching.Tell(Items(1));
        await ExpectMsgAsync<ReportMatched>(Patience);
        matching.Tell(Saying(1, "hotline-de", De, Hashes.Take(6)));
        await ExpectMsgAsync<ReportMatched>(Patience);
        Assert.Empty(_passedOn);
        matching.Tell(Items(2));
        plain.Tell(Items(2));
        var (one, other) = (await ExpectMsgAsync<ReportMatched>(Patience), await ExpectMsgAsync<ReportMatched>(Patience));
        Assert.Equal(one.Items.Select(SampleValues.Describe), other.Items.Select(SampleValues.Describe));
        Assert.Contains(one.Items, i => i.LookAlikes.Length > 0);
        Assert.Equal(3, one.Items[0].Exact[0].Sightings);
        Assert.Equal(2, one.Items[0].Exact[0].Opinions.Length);
    }

    [Fact]
    public async Task Buckets_that_have_moved_are_found_through_the_door_and_then_asked_where_they_are()
    {
        OpenDoor();
        var matching = Matching();
        await UntilBundled(matching);
        _isOnSecond = bucket => bucket.Number % 4 == 1;
        await LookUp(matching);
        Assert.NotEmpty(_passedBack);
        _passedBack.Clear();
        await LookUp(matching);
        Assert.Empty(_passedBack);
        Assert.Empty(_passedOn);
    }

    [Fact]
    public async Task A_door_that_says_nothing_costs_a_retry_and_no_answer()
    {
        var taken = new ConcurrentQueue<HashBundle>();
        _second.ActorOf(Props.Create(() => new SilentDoor(taken)), HashDoor.Name);
        var matching = Matching(retrySeconds: 0.2);
        await AwaitAssertAsync(
            async () =>
            {
                await LookUp(matching);
                Assert.NotEmpty(taken);
            },
            2 * Patience);

        // What the door was asked is asked again, through the region; it is answered, if late, each time the door was tried anew.
        for (var i = 0; i < 3; i++)
        {
            _passedOn.Clear();
            await LookUp(matching);
            Assert.NotEmpty(_passedOn);
        }
    }

    [Fact]
    public async Task A_node_without_a_door_is_asked_a_bucket_at_a_time()
    {
        var matching = Matching();
        await LookUp(matching);
        _passedOn.Clear();
        await LookUp(matching);
        Assert.True(_passedOn.Count > HashBucketId.PdqBuckets / 2);
    }

    [Fact]
    public async Task When_a_door_closes_what_it_was_asked_goes_through_the_region_at_once()
    {
        var door = OpenDoor();
        var matching = Matching(retrySeconds: 90);
        await UntilBundled(matching);

        // The node ends: its region takes a while, its door is closed first.
        var swallowed = 0;
        _swallow = _ => Interlocked.Increment(ref swallowed) > 0;
        matching.Tell(Request);
        await AwaitConditionAsync(() => Task.FromResult(Volatile.Read(ref swallowed) > 0), Patience, TimeSpan.FromMilliseconds(50));
        _swallow = _ => false;
        await door.GracefulStop(TimeSpan.FromSeconds(20));

        // All these waits together are shorter than the retry: the answer can only come from the door's end.
        await ExpectMsgAsync<LookedUp>(Patience);
        Assert.NotEmpty(_passedOn);
    }

    [Fact]
    public async Task A_message_lost_behind_the_door_is_sent_again_and_only_that()
    {
        OpenDoor();
        var matching = Matching(retrySeconds: 3);
        await UntilBundled(matching);
        var lost = 0;
        _swallow = m => m is LookupHashes && m.Bucket.Number == 17 && Interlocked.Exchange(ref lost, 1) == 0;
        _passedOn.Clear();
        await LookUp(matching);
        Assert.Equal(1, lost);
        Assert.All(_passedOn, m => Assert.Equal(17, m.Bucket.Number));
        Assert.NotEmpty(_passedOn);
    }
}
