using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using CPort.Actors.Cluster;

namespace CPort.Actors.Tests.Cluster;

public sealed class HalfCutWatchTests
{
    private const long Uid = 7;

    [Fact]
    public void Of_two_that_do_not_hear_each_other_exactly_one_ends()
    {
        foreach (var (mine, others) in new[] { (1, 1), (1, 3), (3, 1) })
        {
            foreach (var otherIsOlder in new[] { true, false })
            {
                var here = HalfCutWatch.Yields([new Reach { Uid = Uid, Lost = others }], Uid, mine, otherIsOlder);
                var there = HalfCutWatch.Yields([new Reach { Uid = Uid, Lost = mine }], Uid, others, !otherIsOlder);
                Assert.NotEqual(here, there);
            }
        }
    }

    [Fact]
    public void The_one_that_hears_fewer_ends_and_of_equals_the_younger()
    {
        Assert.True(HalfCutWatch.Yields([new Reach { Uid = Uid, Lost = 1 }], Uid, 2, otherIsOlder: false));
        Assert.False(HalfCutWatch.Yields([new Reach { Uid = Uid, Lost = 2 }], Uid, 1, otherIsOlder: true));
        Assert.True(HalfCutWatch.Yields([new Reach { Uid = Uid, Lost = 1 }], Uid, 1, otherIsOlder: true));
    }

    [Fact]
    public void A_member_that_nobody_hears_or_that_was_started_again_is_no_reason_to_end()
    {
        Assert.False(HalfCutWatch.Yields([], Uid, 1, true));
        Assert.False(HalfCutWatch.Yields([new Reach { Uid = 0 }, new Reach { Uid = 8, Lost = 0 }], Uid, 1, true));
    }

    [Fact]
    public void A_node_that_stood_still_begins_to_count_when_it_goes_on()
    {
        var other = new UniqueAddress(new Address("akka.tcp", "cport", "node2.example", 4053), 1);
        var none = ImmutableDictionary<UniqueAddress, TimeSpan>.Empty;
        TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

        var lost = HalfCutWatch.LostSince(none, [other], At(9.5), At(10));
        lost = HalfCutWatch.LostSince(lost, [other], At(10), At(10.5));
        Assert.Equal(At(10), lost[other]);
        Assert.Empty(HalfCutWatch.LostSince(lost, [], At(10.5), At(11)));

        // Frozen for four seconds; the timer then fires at once what it missed.
        lost = HalfCutWatch.LostSince(lost, [other], At(10.5), At(14.5));
        for (var missed = 0; missed < 8; missed++)
        {
            lost = HalfCutWatch.LostSince(lost, [other], At(14.5 + (missed * 0.001)), At(14.501 + (missed * 0.001)));
        }

        Assert.Equal(At(14.5), lost[other]);
    }
}
