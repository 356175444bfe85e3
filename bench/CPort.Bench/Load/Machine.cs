using System.Globalization;
using System.Runtime.InteropServices;

namespace CPort.Bench.Load;

/// <summary>What the figures were measured on, in one line each.</summary>
internal static class Machine
{
    public static IEnumerable<(string Name, string Value)> Describe()
    {
        yield return ("processor",
            $"{Field("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString()}, {Environment.ProcessorCount} cores");
        yield return ("memory", Field("/proc/meminfo", "MemTotal") is { } kb
            ? string.Create(CultureInfo.InvariantCulture,
                $"{double.Parse(kb.Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024 / 1024:0.0} GB")
            : "unknown");
        yield return ("disk", Disk());
        yield return ("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}");
    }

    /// <summary>How many processes wanted a processor in the last minute; far above 0 before a run means that others use the machine.</summary>
    public static double LoadAverage()
    {
        try
        {
            return double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static string Disk()
    {
        var folder = Path.GetFullPath(Path.GetTempPath());
        var mount = File.Exists("/proc/mounts")
            ? File.ReadLines("/proc/mounts").Select(l => l.Split(' ')).Where(f => folder.StartsWith(f[1], StringComparison.Ordinal)).MaxBy(f => f[1].Length)
            : null;
        return mount is null ? "unknown" : $"{mount[2]} on {mount[0]}";
    }

    private static string? Field(string file, string name) => !File.Exists(file) ? null
        : File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal)) is { } line
            ? line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() : null;
}
