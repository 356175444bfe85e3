using CPort.Actors.Projections;
using CPort.Domain.Reports.Verbs;

namespace CPort.Node.Hosting;

/// <summary>Holds the clock against the journal at the node's start: it is not before what was recorded last.</summary>
internal sealed class ClockStart(SteadyClock clock, JournalReader journal, NodeOptions options)
{
    private const int Within = 5_000;
    private const int Opened = 50;

    /// <summary>What happens often. What a row says outside its seal is not believed: one made-up date would end every key.</summary>
    private static readonly Type[] Often = [typeof(ReportSubmitted), typeof(AutomaticWorkDone), typeof(ItemsAssessed), typeof(ActionsRecorded)];

    public async Task PrepareAsync(CancellationToken cancellation)
    {
        if (options.BelieveClock)
        {
            return;
        }

        var newest = await journal.NewestAsync(Often, Within, Opened, cancellation);
        foreach (var e in newest)
        {
            if (e.Event is { } recorded)
            {
                clock.NotBefore(recorded.Meta.RecordedAt);
            }
        }
    }
}

/// <summary>Says in the log that the clock was set back, and that it is right again.</summary>
internal sealed partial class ClockWatch(SteadyClock clock, ILogger<ClockWatch> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        var said = false;
        do
        {
            var behind = clock.Behind;
            if (behind > TimeSpan.Zero && !said)
            {
                SetBack(log, Math.Round(behind.TotalSeconds));
            }
            else if (behind == TimeSpan.Zero && said)
            {
                RightAgain(log);
            }

            said = behind > TimeSpan.Zero;
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "The machine's clock is {Seconds} s behind: it was set back, or something was recorded later than it says. The node goes on by "
            + "the later time, so that what has expired stays so; set the clock right, or, where it is the journal that is ahead, start with CPORT__BelieveClock=true")]
    private static partial void SetBack(ILogger logger, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "The machine's clock is right again")]
    private static partial void RightAgain(ILogger logger);
}
