namespace CPort.Node.Readiness;

/// <summary>A clock that was set back is said, and is no reason to take the node away: it goes on by the later time.</summary>
internal sealed class ClockReadiness(SteadyClock clock) : IReadinessCheck
{
    public Task<ReadinessReason> CheckAsync(CancellationToken cancellation) => Task.FromResult(new ReadinessReason("clock", true,
        clock.Behind is var behind && behind > TimeSpan.Zero
            ? string.Create(CultureInfo.InvariantCulture,
                $"the machine's clock is {Math.Round(behind.TotalSeconds)} s behind this process or the journal; the node goes on by the later time")
            : "goes on"));
}
