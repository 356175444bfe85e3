using CPort.Actors.Matching;

namespace CPort.Actors.Tests.Matching;

/// <summary>When a bucket is asked again.</summary>
public sealed class AnswerTimesTests
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1), Most = TimeSpan.FromSeconds(3.5);

    [Fact]
    public void Quick_answers_leave_the_wait_at_its_least()
    {
        var times = new AnswerTimes(Least, Most);
        Assert.Equal(Least, times.Wait);
        foreach (var ms in new[] { 1, 200, 3, 40, 2 })
        {
            times.Add(TimeSpan.FromMilliseconds(ms));
            Assert.Equal(Least, times.Wait);
        }
    }

    [Fact]
    public void While_answers_take_long_it_waits_longer_than_they_do_and_soon_after_no_more()
    {
        var times = new AnswerTimes(Least, Most);
        for (var i = 0; i < 30; i++)
        {
            times.Add(TimeSpan.FromSeconds(1.5 + (0.2 * (i % 3))));
        }

        Assert.InRange(times.Wait, TimeSpan.FromSeconds(1.9), Most);
        for (var i = 0; i < 40; i++)
        {
            times.Add(TimeSpan.FromMilliseconds(10));
        }

        Assert.Equal(Least, times.Wait);
    }

    [Fact]
    public void A_bucket_that_was_away_does_not_make_it_wait_beyond_the_most()
    {
        var times = new AnswerTimes(Least, Most);
        times.Add(TimeSpan.FromSeconds(9));
        Assert.Equal(Most, times.Wait);
        Assert.Equal(Least, new AnswerTimes(Least, Least / 2).Wait);
    }
}
