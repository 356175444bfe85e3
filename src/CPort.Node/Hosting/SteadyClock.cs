namespace CPort.Node.Hosting;

/// <summary>
/// The node's clock. It never goes back within a process: when the machine's is set back it goes on by what has passed since. And it does not begin before
/// <see cref="NotBefore"/>. A key that has expired stays so. When the machine's clock goes forward, this one follows. Thread-safe.
/// </summary>
/// <param name="machine">The machine's clock.</param>
public sealed class SteadyClock(TimeProvider machine) : TimeProvider
{
    /// <summary>Less is no setting back but what keeps a clock right.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    // Both by how much a clock is ahead of the machine's count since its start, in ticks. The latter clock is this one.
    private long _sinceStart = long.MinValue;
    private long _begins = long.MinValue;

    /// <summary>This clock without what <see cref="NotBefore"/> says: nodes tell each other the time by it, whatever the journal holds.</summary>
    public TimeProvider OfThisProcess => field ??= new WithoutJournal(this);

    /// <summary>By how much the machine's clock is behind this one; zero when they agree.</summary>
    public TimeSpan Behind
    {
        get
        {
            var (now, _, ahead) = Look();
            var behind = TimeSpan.FromTicks(Math.Max(ahead, Volatile.Read(ref _begins)) - now);
            return behind > Tolerance ? behind : TimeSpan.Zero;
        }
    }

    public override TimeZoneInfo LocalTimeZone => machine.LocalTimeZone;

    public override long TimestampFrequency => machine.TimestampFrequency;

    /// <summary>It is no earlier than this: something was recorded then.</summary>
    public void NotBefore(DateTimeOffset moment)
    {
        var (now, count, _) = Look();
        Raise(ref _begins, moment.UtcTicks - count);
    }

    public override DateTimeOffset GetUtcNow() => At(Volatile.Read(ref _begins));

    public override long GetTimestamp() => machine.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        machine.CreateTimer(callback, state, dueTime, period);

    private DateTimeOffset At(long begins)
    {
        var (now, count, ahead) = Look();
        var most = Math.Max(ahead, begins);
        return new DateTimeOffset(count + (most - now > Tolerance.Ticks ? most : now), TimeSpan.Zero);
    }

    /// <summary>What has passed since the machine's start, and by how much its clock is ahead of that now, and was at most.</summary>
    private (long Now, long Count, long Most) Look()
    {
        var count = machine.GetElapsedTime(0, machine.GetTimestamp()).Ticks;
        var now = machine.GetUtcNow().UtcTicks - count;
        return (now, count, Raise(ref _sinceStart, now));
    }

    private static long Raise(ref long value, long to)
    {
        for (var known = Volatile.Read(ref value); ; )
        {
            if (known >= to)
            {
                return known;
            }

            var before = Interlocked.CompareExchange(ref value, to, known);
            if (before == known)
            {
                return to;
            }

            known = before;
        }
    }

    private sealed class WithoutJournal(SteadyClock clock) : TimeProvider
    {
        public override long TimestampFrequency => clock.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => clock.At(long.MinValue);

        public override long GetTimestamp() => clock.GetTimestamp();
    }
}
