using CPort.Node.Hosting;
using CPort.Node.Readiness;

namespace CPort.Api.Tests.Node;

/// <summary>What a machine's clock that is set back does to a node.</summary>
public sealed class SteadyClockTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private readonly Machine _machine = new() { Now = Noon };

    [Fact]
    public async Task It_goes_on_when_the_machines_is_set_back_says_so_and_follows_when_that_is_right_again()
    {
        var clock = new SteadyClock(_machine);
        Assert.Equal(Noon, clock.GetUtcNow());
        _machine.Pass(TimeSpan.FromMinutes(1));
        Assert.Equal(Noon.AddMinutes(1), clock.GetUtcNow());
        Assert.Equal(TimeSpan.Zero, clock.Behind);
        Assert.Equal("goes on", (await new ClockReadiness(clock).CheckAsync(default)).Detail);

        _machine.Now -= TimeSpan.FromDays(1);
        Assert.Equal(Noon.AddMinutes(1), clock.GetUtcNow());
        _machine.Pass(TimeSpan.FromMinutes(5));
        Assert.Equal(Noon.AddMinutes(6), clock.GetUtcNow());
        Assert.Equal(Noon.AddMinutes(6), clock.OfThisProcess.GetUtcNow());
        Assert.Equal(TimeSpan.FromDays(1), clock.Behind);
        var reason = await new ClockReadiness(clock).CheckAsync(default);
        Assert.True(reason.Ok);
        Assert.Contains("86400 s behind", reason.Detail, StringComparison.Ordinal);

        _machine.Now += TimeSpan.FromDays(1) + TimeSpan.FromHours(1);
        Assert.Equal(Noon.AddMinutes(66), clock.GetUtcNow());
        Assert.Equal(TimeSpan.Zero, clock.Behind);
    }

    [Fact]
    public void What_keeps_a_clock_right_is_no_setting_back()
    {
        var clock = new SteadyClock(_machine);
        clock.GetUtcNow();
        _machine.Now -= TimeSpan.FromSeconds(1);
        Assert.Equal(Noon.AddSeconds(-1), clock.GetUtcNow());
        Assert.Equal(TimeSpan.Zero, clock.Behind);
    }

    [Fact]
    public void It_begins_no_earlier_than_what_was_recorded_but_nodes_tell_each_other_the_machines_time()
    {
        var clock = new SteadyClock(_machine);
        clock.NotBefore(Noon.AddHours(-1));
        Assert.Equal(Noon, clock.GetUtcNow());
        clock.NotBefore(Noon.AddDays(3));
        _machine.Pass(TimeSpan.FromHours(2));
        Assert.Equal(Noon.AddDays(3).AddHours(2), clock.GetUtcNow());
        Assert.Equal(TimeSpan.FromDays(3), clock.Behind);
        Assert.Equal(Noon.AddHours(2), clock.OfThisProcess.GetUtcNow());

        // The machine's is put right.
        _machine.Now += TimeSpan.FromDays(4);
        Assert.Equal(Noon.AddDays(4).AddHours(2), clock.GetUtcNow());
        Assert.Equal(TimeSpan.Zero, clock.Behind);
    }

    [Fact]
    public void What_is_amiss_with_the_database_is_a_reason_that_names_it()
    {
        var doubts = new CPort.Actors.Persistence.DatabaseDoubts(_machine);
        Assert.Equal("nothing was found changed", DoubtReadiness.Of(doubts.List()).Detail);
        doubts.Note(CPort.Actors.Persistence.DoubtfulPlace.Numbers, "number", "SetBack");
        doubts.Note(CPort.Actors.Persistence.DoubtfulPlace.Numbers, "number", "SetBack");
        doubts.Note(CPort.Actors.Persistence.DoubtfulPlace.Keys, "key Data 2", "DoesNotOpen");
        var reason = DoubtReadiness.Of(doubts.List());
        Assert.True(reason.Ok);
        Assert.Contains("2 rows", reason.Detail, StringComparison.Ordinal);
        Assert.Contains("Numbers SetBack: 1", reason.Detail, StringComparison.Ordinal);
        Assert.Contains("Keys DoesNotOpen: 1", reason.Detail, StringComparison.Ordinal);

        var broken = DirectoryReadiness.Broken(ready: false, 7, "SealBrokenException");
        Assert.False(broken.Ok);
        Assert.Contains("after event 7 (SealBrokenException)", broken.Detail, StringComparison.Ordinal);
        Assert.True(DirectoryReadiness.Broken(ready: true, 7, "SealBrokenException").Ok);
    }

    private sealed class Machine : TimeProvider
    {
        private long _count = 77;

        public DateTimeOffset Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan time)
        {
            _count += time.Ticks;
            Now += time;
        }

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => _count;
    }
}
