using System.Globalization;
using CPort.Cluster.Harness;
using CPort.Tests.Shared;

namespace CPort.Bench.Scaling;

/// <summary>
/// Linux control groups that limit processor time, cgroup v1 (controllers <c>cpu</c> and <c>cpuacct</c>) or v2, in a folder of this run's own. What a killed
/// run left is removed by the next one.
/// </summary>
internal sealed class CpuGroups : IDisposable
{
    private const string Prefix = "cport-scaling-";

    private readonly List<CpuGroup> _groups = [];
    private readonly string[] _folders;

    private CpuGroups(bool isSecond, string[] folders) => (IsSecond, _folders) = (isSecond, folders);

    /// <summary>cgroup v2.</summary>
    public bool IsSecond { get; }

    /// <summary>The run's own folder, or why there can be none.</summary>
    public static (CpuGroups? Groups, string? WhyNot) TryCreate()
    {
        var mounts = File.Exists("/proc/mounts") ? File.ReadLines("/proc/mounts").Select(l => l.Split(' ')).ToArray() : [];
        var (cpu, accounting) = (First("cpu"), First("cpuacct"));
        var second = mounts.FirstOrDefault(m => m[2] == "cgroup2" && Words(Path.Combine(m[1], "cgroup.controllers")).Contains("cpu"))?[1];
        if (cpu is null && second is null)
        {
            return (null, "No control group with the controller 'cpu' is mounted (v1: a mount of type cgroup with option cpu; v2: cpu in cgroup.controllers).");
        }

        string[] roots = cpu is null ? [second!] : accounting is null || accounting == cpu ? [cpu] : [cpu, accounting];
        var groups = new CpuGroups(cpu is null, [
            .. roots.Select(r => Path.Combine(r, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}")))]);
        try
        {
            foreach (var root in roots)
            {
                Sweep(root);
            }

            foreach (var folder in groups._folders)
            {
                Directory.CreateDirectory(folder);
            }

            if (groups.IsSecond)
            {
                // A controller reaches a group only when all groups above hand it down.
                File.WriteAllText(Path.Combine(second!, "cgroup.subtree_control"), "+cpu");
                File.WriteAllText(Path.Combine(groups._folders[0], "cgroup.subtree_control"), "+cpu");
            }

            // What can be refused later is tried now: a group, a quota, its end.
            groups.Add("probe").SetQuota(0.5, TimeSpan.FromMilliseconds(100));
            return (groups, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            groups.Dispose();
            return (null,
                $"Control groups below {string.Join(" and ", roots)} cannot be written: {e.Message} Root is needed, and in a container a writable cgroup mount.");
        }

        string? First(string controller) => mounts.FirstOrDefault(m => m[2] == "cgroup" && m[3].Split(',').Contains(controller))?[1];
    }

    public CpuGroup Add(string name)
    {
        var group = new CpuGroup(IsSecond, [.. _folders.Select(f => Path.Combine(f, name))]);
        _groups.Add(group);
        return group;
    }

    /// <summary>Ends what is left in the groups and removes them.</summary>
    public void Dispose()
    {
        foreach (var folder in _folders)
        {
            Remove(folder);
        }
    }

    private static string[] Words(string file) => File.Exists(file) ? File.ReadAllText(file).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries) : [];

    private static void Sweep(string root)
    {
        foreach (var left in Directory.GetDirectories(root, Prefix + "*").Where(d => !Directory.Exists("/proc/" + Path.GetFileName(d)[Prefix.Length..])))
        {
            Remove(left);
        }
    }

    private static void Remove(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var group in Directory.GetDirectories(folder).Append(folder))
        {
            // A group can be removed a moment after its last process ended; its files go with it.
            for (var tries = 0; Directory.Exists(group) && tries < 100; tries++)
            {
                try
                {
                    foreach (var pid in Words(Path.Combine(group, "cgroup.procs")))
                    {
                        NodeProcess.Signal(int.Parse(pid, CultureInfo.InvariantCulture), 9);
                    }

                    Directory.Delete(group);
                }
                catch (IOException)
                {
                    Thread.Sleep(50);
                }
            }
        }
    }
}

/// <summary>One group: its processes share the quota.</summary>
internal sealed class CpuGroup
{
    private readonly bool _isSecond;
    private readonly string[] _folders;

    public CpuGroup(bool isSecond, string[] folders)
    {
        (_isSecond, _folders) = (isSecond, folders);
        foreach (var folder in folders)
        {
            Directory.CreateDirectory(folder);
        }
    }

    /// <summary>Words before a command that put the process that runs it into the group.</summary>
    public string[] Before =>
        ["/bin/sh", "-c", "for f in $1; do echo $$ > $f || exit 126; done; shift; exec \"$@\"", "sh",
        string.Join(' ', _folders.Select(f => Path.Combine(f, "cgroup.procs")))];

    public IReadOnlyList<int> Processes =>
        [.. File.ReadLines(Path.Combine(_folders[0], "cgroup.procs")).Select(l => int.Parse(l, CultureInfo.InvariantCulture))];

    /// <summary>CPU used so far, seconds; null where nothing counts it (v1 without cpuacct).</summary>
    public double? Used
    {
        get
        {
            if (_isSecond)
            {
                return Stat("usage_usec") / 1e6;
            }

            var file = _folders.Select(f => Path.Combine(f, "cpuacct.usage")).FirstOrDefault(File.Exists);
            return file is null ? null : long.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture) / 1e9;
        }
    }

    /// <summary>Periods in which the group ran, and those in which its quota was used up.</summary>
    public (long All, long Throttled) Periods => (Stat("nr_periods"), Stat("nr_throttled"));

    /// <summary>So much of a core from now on; null: no limit.</summary>
    public void SetQuota(double? cores, TimeSpan period)
    {
        var micros = (long)period.TotalMicroseconds;
        var quota = cores is { } share ? (long)Math.Round(share * micros) : -1;
        if (_isSecond)
        {
            Write("cpu.max", quota < 0 ? "max" : string.Create(CultureInfo.InvariantCulture, $"{quota} {micros}"));
        }
        else
        {
            Write("cpu.cfs_period_us", micros.ToString(CultureInfo.InvariantCulture));
            Write("cpu.cfs_quota_us", quota.ToString(CultureInfo.InvariantCulture));
        }
    }

    private void Write(string file, string value) => File.WriteAllText(Path.Combine(_folders[0], file), value);

    private long Stat(string name) => File.ReadLines(Path.Combine(_folders[0], "cpu.stat")).Select(l => l.Split(' '))
        .Where(w => w[0] == name).Select(w => long.Parse(w[1], CultureInfo.InvariantCulture)).FirstOrDefault();
}
