using System.Globalization;

namespace CPort.Bench.Load;

/// <summary>What Linux says of a process and the ones it started. CPU is user and system time, seconds.</summary>
internal static class ProcessFigures
{
    private const double TicksPerSecond = 100; // USER_HZ, which Linux shows to programs as 100 on every architecture .NET runs on

    /// <summary>CPU of one process, living children not counted.</summary>
    public static double Cpu(int pid) => Stat(pid) is { } s ? (s.User + s.System) / TicksPerSecond : 0;

    /// <summary>CPU of a process, of its living children, and of those that have ended.</summary>
    public static double CpuWithChildren(int pid) =>
        (Stat(pid) is { } own ? own.User + own.System + own.Ended : 0) / TicksPerSecond
        + Processes().Select(Stat).OfType<ProcessStat>().Where(s => s.Parent == pid).Sum(s => (s.User + s.System + s.Ended) / TicksPerSecond);

    /// <summary>CPU of a process's living threads by their ids, seconds, each with the thread's name.</summary>
    public static IReadOnlyDictionary<int, (string Name, double Cpu)> CpuByThread(int pid)
    {
        var threads = new Dictionary<int, (string, double)>();
        foreach (var folder in Directory.GetDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/task")))
        {
            try
            {
                var text = File.ReadAllText(Path.Combine(folder, "stat"));
                var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
                var ticks = long.Parse(fields[14 - 3], CultureInfo.InvariantCulture) + long.Parse(fields[15 - 3], CultureInfo.InvariantCulture);
                threads[int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)] =
                    (text[(text.IndexOf('(', StringComparison.Ordinal) + 1)..text.LastIndexOf(')')], ticks / TicksPerSecond);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has just ended.
            }
        }

        return threads;
    }

    /// <summary>The most memory the process has had in RAM so far, MB.</summary>
    public static double PeakRss(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : double.Parse(line[6..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) / 1024;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>The PostgreSQL server that listens on a port; 0 when not found.</summary>
    public static int Postmaster(int port) => Processes().FirstOrDefault(pid =>
    {
        try
        {
            var arguments = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
            return arguments.Length > 0 && Path.GetFileName(arguments[0]) == "postgres"
                && arguments.Zip(arguments.Skip(1), (option, value) => option == "-p" && value == port.ToString(CultureInfo.InvariantCulture))
                    .Any(found => found);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    /// <summary>A process and the living ones it started.</summary>
    public static IReadOnlyList<int> Family(int pid) => [pid, .. Processes().Where(p => Stat(p)?.Parent == pid)];

    private static IEnumerable<int> Processes() =>
        Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out var pid) ? pid : 0).Where(pid => pid > 0);

    private static ProcessStat? Stat(int pid)
    {
        try
        {
            // The name stands in brackets and may hold blanks: the fields begin after the last one. Field 3 (state) is the first here.
            var text = File.ReadAllText($"/proc/{pid}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            long At(int field) => long.Parse(fields[field - 3], CultureInfo.InvariantCulture);
            return new ProcessStat((int)At(4), At(14), At(15), At(16) + At(17));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private sealed record ProcessStat(int Parent, long User, long System, long Ended);
}
