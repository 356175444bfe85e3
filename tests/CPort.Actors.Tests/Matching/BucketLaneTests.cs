using Akka.Actor;
using Akka.TestKit.Xunit2;
using CPort.Actors.Hashes.Transport;
using CPort.Actors.Matching;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using static CPort.Actors.Tests.Hashes.HashSamples;

namespace CPort.Actors.Tests.Matching;

/// <summary>What happens when a bucket does not answer, with a clock of the test's own.</summary>
public class BucketLaneTests : TestKit
{
    private sealed class Clock : TimeProvider
    {
        public double Seconds { get; set; }

        public override DateTimeOffset GetUtcNow() => Start.AddSeconds(Seconds);

        public override long GetTimestamp() => GetUtcNow().Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }

    private readonly Clock _clock = new();
    private readonly BucketLanes _lanes;
    private readonly RowLanes<ContentHash> _lookups;

    public BucketLaneTests()
    {
        _lanes = new BucketLanes(new HashRoutes(TestActor, () => TimeSpan.FromDays(1), _clock, _ => { }), _clock);
        _lookups = new RowLanes<ContentHash>(
            _lanes, new AnswerTimes(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3)), h => h,
            (bucket, id, rows) => new LookupHashes { Bucket = bucket, RequestId = id, Hashes = [.. rows.Select(r => r.Value)] });
    }

    private LookupGather Ask(params ContentHash[] hashes)
    {
        var lookup = new LookupGather(new LookupMany(Tenant.Live, [.. hashes]));
        _lookups.Add(lookup.Lookups());
        _lanes.SendReady();
        return lookup;
    }

    private async Task<bool> AskedAgainAtAsync(double seconds, long id)
    {
        _clock.Seconds = seconds;
        _lanes.AskAgain();
        TestActor.Tell("no more");
        var message = await ExpectMsgAsync<object>();
        if (message is LookupHashes again)
        {
            Assert.Equal(id, again.RequestId);
            await ExpectMsgAsync("no more");
        }

        return message is LookupHashes;
    }

    [Fact]
    public async Task A_silent_bucket_is_asked_again_after_one_two_and_then_every_four_waits()
    {
        Ask(Sha256(1));
        var id = (await ExpectMsgAsync<LookupHashes>()).RequestId;
        (double Seconds, bool Again)[] times =
            [(0.9, false), (1, true), (2.9, false), (3, true), (6.9, false), (7, true), (10.9, false), (11, true)];
        foreach (var (seconds, again) in times)
        {
            Assert.Equal(again, await AskedAgainAtAsync(seconds, id));
        }

        Assert.NotNull(_lanes.Answered(id));
        Assert.Null(_lanes.Answered(id));
        Assert.False(await AskedAgainAtAsync(1_000, id));
    }

    [Fact]
    public async Task What_a_closed_door_was_asked_is_asked_again_at_once_and_nothing_else()
    {
        Ask(Sha256(1, first: 1), Sha256(2, first: 2));
        var both = new[] { await ExpectMsgAsync<LookupHashes>(), await ExpectMsgAsync<LookupHashes>() };
        var ids = both.ToDictionary(m => m.Bucket, m => m.RequestId);
        var bucket = HashBucketId.For(Tenant.Live, Sha256(2, first: 2));
        _lanes.Hurry(new HashSet<HashBucketId> { bucket });
        Assert.True(await AskedAgainAtAsync(0.1, ids[bucket]));
    }

    [Fact]
    public async Task What_nobody_waits_for_is_dropped_and_the_lane_goes_on_with_what_came_meanwhile()
    {
        var late = Ask(Sha256(1));
        var id = (await ExpectMsgAsync<LookupHashes>()).RequestId;
        Ask(Sha256(2), Sha256(3));
        late.Over = true;
        Assert.False(await AskedAgainAtAsync(1, id));
        Assert.Null(_lanes[id]);
        _lanes.SendReady();
        Assert.Equal([Sha256(2), Sha256(3)], (await ExpectMsgAsync<LookupHashes>()).Hashes.AsEnumerable());
    }

    [Fact]
    public async Task The_rest_of_what_was_answered_in_part_goes_first_in_the_next()
    {
        Ask(Sha256(1), Sha256(2), Sha256(3));
        var id = (await ExpectMsgAsync<LookupHashes>()).RequestId;
        Ask(Sha256(4));
        var lane = Assert.IsAssignableFrom<RowLane>(_lanes.Answered(id));
        Assert.Equal(0, Assert.Single(lane.Take(1)).Slot);
        _lanes.Ready(lane);
        _lanes.SendReady();
        Assert.Equal([Sha256(2), Sha256(3), Sha256(4)], (await ExpectMsgAsync<LookupHashes>()).Hashes.AsEnumerable());
    }
}
