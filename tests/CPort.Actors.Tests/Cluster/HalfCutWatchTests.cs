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
}
