using System.Globalization;
using CPort.Actors.Projections;
using CPort.Domain.Reports;

namespace CPort.Actors.Tests.Projections;

/// <summary>Which reports' states the projection keeps.</summary>
public sealed class ReportCacheTests
{
    /// <summary>Nobody asks for a report between its first event and its second: that must not be what keeps it.</summary>
    [Fact]
    public void A_report_that_nobody_asked_for_stays_while_three_quarters_of_the_room_are_written()
    {
        const int Room = 1_000;
        var cache = new ReportCache(maxItems: 2 * 6 * Room);
        for (var n = 0; n < Room * 3 / 4; n++)
        {
            cache.Put(n.ToString(CultureInfo.InvariantCulture), Report.None);
        }

        Assert.True(cache.TryGet("0", out _));
    }

    [Fact]
    public void What_was_written_long_ago_leaves_when_the_room_is_full()
    {
        const int Room = 1_000;
        var cache = new ReportCache(maxItems: 2 * 6 * Room);
        for (var n = 0; n < 3 * Room; n++)
        {
            cache.Put(n.ToString(CultureInfo.InvariantCulture), Report.None);
        }

        Assert.False(cache.TryGet("0", out _));
        Assert.True(Enumerable.Range(0, 3 * Room).Count(n => cache.TryGet(n.ToString(CultureInfo.InvariantCulture), out _)) <= Room);
    }
}
