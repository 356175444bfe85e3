using System.Diagnostics;
using System.Globalization;
using CPort.Bench.Load;

namespace CPort.Bench.Scaling;

/// <summary>CPU used so far by everybody, seconds, at one moment.</summary>
internal sealed record CpuReading(long At, double[] Nodes, (long All, long Throttled)[] Periods, double Database, double Generator, double Machine)
{
    /// <summary>Takes it. <paramref name="postmaster"/>: PostgreSQL's first process.</summary>
    public static CpuReading Take(IReadOnlyList<CpuGroup> nodes, int postmaster)
    {
        using var self = Process.GetCurrentProcess();
        return new(
            Stopwatch.GetTimestamp(), [.. nodes.Select(n => n.Used ?? n.Processes.Sum(ProcessFigures.Cpu))], [.. nodes.Select(n => n.Periods)],
            ProcessFigures.CpuWithChildren(postmaster), self.TotalProcessorTime.TotalSeconds, MachineBusy());
    }

    /// <summary>Cores used since <paramref name="before"/> on average.</summary>
    public CpuShares Since(CpuReading before)
    {
        var seconds = Stopwatch.GetElapsedTime(before.At, At).TotalSeconds;
        double[] nodes = [.. Nodes.Zip(before.Nodes, (a, b) => (a - b) / seconds)];
        var (database, generator, machine) = ((Database - before.Database) / seconds, (Generator - before.Generator) / seconds,
            (Machine - before.Machine) / seconds);
        return new CpuShares(
            nodes, [.. Periods.Zip(before.Periods, (a, b) => (double)(a.Throttled - b.Throttled) / Math.Max(1, a.All - b.All))], database, generator,
            Math.Max(0, machine - nodes.Sum() - database - generator));
    }

    /// <summary>What all cores did that was not idling or waiting for the disk; 1/100 s is Linux's USER_HZ.</summary>
    private static double MachineBusy()
    {
        var ticks = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8)
            .Select(t => double.Parse(t, CultureInfo.InvariantCulture)).ToArray();
        return (ticks.Sum() - ticks[3] - ticks[4]) / 100;
    }
}

/// <summary>
/// Cores used on average: by each node, by PostgreSQL, by the load generator, and by all else on the machine (the kernel's network work among it).
/// </summary>
/// <param name="Throttled">For each node the share of periods in which it had used its quota up, 0 to 1.</param>
internal sealed record CpuShares(double[] Nodes, double[] Throttled, double Database, double Generator, double Others);
