using System.Diagnostics;
using System.Globalization;

namespace CPort.Cluster.Harness;

/// <summary>One fault and what came of it.</summary>
public sealed record FaultResult
{
    public required Fault Fault { get; init; }

    /// <summary>Of everything since the cluster began; see <see cref="CheckResult"/>.</summary>
    public required CheckResult Check { get; init; }

    /// <summary>Acknowledged from shortly before the fault until the check.</summary>
    public int Reports { get; init; }

    public int Commands { get; init; }

    /// <summary>Longest time without a successful write, of reports that lived on hurt nodes, and of the others. Null: there were none.</summary>
    public TimeSpan? WriteGapOfVictims { get; init; }

    public TimeSpan? WriteGapOfOthers { get; init; }

    public TimeSpan? ReadGapOfVictims { get; init; }

    public TimeSpan? ReadGapOfOthers { get; init; }

    /// <summary>
    /// From the fault until every report that stopped answering for longer than a second and a half answers again, writes and reads; later stops are in the
    /// gaps.
    /// </summary>
    public TimeSpan Recovery { get; init; }

    /// <summary>From the fault until all nodes are ready members again.</summary>
    public TimeSpan Whole { get; init; }

    public int Requests { get; init; }

    public int Retried { get; init; }

    /// <summary>Requests that failed twice, on two nodes.</summary>
    public int Failed { get; init; }

    /// <summary>Exit codes of processes that ended meanwhile, as <c>5, 137</c>.</summary>
    public string Exits { get; init; } = "";

    /// <summary>Writes the journal's key refused, seen in the nodes' logs.</summary>
    public int Fenced { get; init; }

    public IReadOnlyList<string> Notes { get; init; } = [];

    public bool IsGood => Check.IsGood && !Notes.Any(n => n.StartsWith("wrong", StringComparison.Ordinal));
}

/// <summary>Lets faults happen to one cluster under traffic, one after the other, and checks after each.</summary>
public sealed class ChaosRun(ChaosCluster cluster, Traffic traffic, Action<string> say)
{
    private static readonly TimeSpan Noticed = TimeSpan.FromSeconds(1.5);

    /// <summary>Exit codes that a node may end with: in order, not let in, declared down, without database, killed. Anything else is a defect.</summary>
    private static readonly int[] Expected = [0, 4, 5, 6, 137];

    /// <summary>
    /// One fault at a random moment, the cluster's recovery, and the check. Throws <see cref="TimeoutException"/> when the cluster does not become whole
    /// again. Traffic runs on afterwards.
    /// </summary>
    public async Task<FaultResult> HappenAsync(Fault fault, int seed)
    {
        var random = new Random(seed);
        var (reports, commands) = Acknowledged();
        traffic.Resume();
        await CoverAsync();
        await Task.Delay(TimeSpan.FromSeconds(2 + 3 * random.NextDouble()));
        var lives = cluster.Nodes.Select(n => n.Exits.Count).ToArray();
        var (requests, retried, failed) = (traffic.Client.Requests, traffic.Client.Retried, traffic.Client.Failed);
        var (fenced, failures) = (Fenced(), traffic.Client.Failures.Count);
        var owners = await OwnersAsync();
        var context = new FaultContext(cluster, traffic, random, say) { WithProbes = owners.Values.ToHashSet() };
        var began = Stopwatch.GetTimestamp();
        say($"{fault.Name} (seed {seed}): oldest is node {cluster.Oldest.Number}, probes live on {string.Join(", ", owners.Values.GroupBy(o => o).Select(g => $"{g.Key}: {g.Count()}"))}");
        await fault.HappensAsync(context);
        say($"{fault.Name}: done after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s{(context.Victims.Count > 0 ? $", hurt: node {string.Join(", ", context.Victims.Select(v => v.Number))}" : "")}");

        // What follows a fault takes its time: a node is down only when it was unreachable for some seconds.
        await FaultContext.PauseAsync(6);
        await cluster.WaitWholeAsync(ChaosCluster.Patience);
        var whole = Stopwatch.GetElapsedTime(began);
        await FaultContext.PauseAsync(3);
        var ended = Stopwatch.GetTimestamp();
        await traffic.PauseAsync();
        traffic.Avoided.Clear();
        var hurt = context.Victims.Select(v => v.Address).ToHashSet();
        var victims = traffic.Probes.Where(p => hurt.Contains(owners.GetValueOrDefault(p.ReportId, ""))).ToArray();
        var others = traffic.Probes.Except(victims).ToArray();
        var back = traffic.Probes.SelectMany(p => (bool[])[true, false], (p, writes) => p.Gaps(writes, began, ended, Noticed).EndOfFirst).Max();
        say($"{fault.Name}: whole again, checking");
        var check = await new Checker(cluster, traffic).RunAsync(random);
        var exits = cluster.Nodes.SelectMany((n, i) => n.Exits.Skip(lives[i]).Select(e => e.Code)).ToArray();
        foreach (var code in exits.Except(Expected))
        {
            context.Notes.Add($"wrong: a node ended with exit code {code}");
        }

        var result = new FaultResult
        {
            Fault = fault, Check = check, Reports = Acknowledged().Reports - reports, Commands = Acknowledged().Commands - commands,
                WriteGapOfVictims = Longest(victims, true), WriteGapOfOthers = Longest(others, true),
            ReadGapOfVictims = Longest(victims, false), ReadGapOfOthers = Longest(others, false),
            Recovery = back == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(began, back), Whole = whole,
            Requests = traffic.Client.Requests - requests, Retried = traffic.Client.Retried - retried, Failed = traffic.Client.Failed - failed,
            Exits = string.Join(", ", exits), Fenced = Fenced() - fenced,
            Notes = [.. context.Notes, .. traffic.Client.Failures.Skip(failures).Take(5).Select(f => $"failed: {f}")],
        };
        foreach (var line in check.Wrong.Select(w => $"wrong: {w}").Concat(result.Notes))
        {
            say($"{fault.Name}: {line}");
        }

        if (!result.IsGood || System.Environment.GetEnvironmentVariable("CPORT_TEST_LOGS") is not null)
        {
            var trace = Path.Combine(await cluster.SaveLogsAsync(), $"probes-{fault.Name}-{seed}.log");
            await File.WriteAllLinesAsync(trace, [.. owners.Select(o => $"{o.Key} lives on {o.Value}"), .. traffic.Trace]);
            say($"Logs: {Path.GetDirectoryName(trace)}");
        }

        traffic.Trace.Clear();
        return result;

        TimeSpan? Longest(Probe[] probes, bool writes) => probes.Length == 0 ? null : probes.Max(p => p.Gaps(writes, began, ended, Noticed).Longest);
    }

    /// <summary>A table of results in markdown; the same fault's repetitions are one row each.</summary>
    public static string Table(IEnumerable<FaultResult> results)
    {
        var rows = results.Select(r => (string[])
        [
            r.Fault.What, Text(r.Reports), Text(r.Commands), Text(r.Check.Lost), Text(r.Check.Doubled), Text(r.Check.TwoWriters),
            Seconds(r.WriteGapOfVictims), Seconds(r.WriteGapOfOthers), Seconds(r.ReadGapOfVictims), Seconds(r.ReadGapOfOthers), Seconds(r.Recovery),
                Seconds(r.Whole),
            string.Create(CultureInfo.InvariantCulture, $"{r.Failed} of {r.Requests} ({r.Retried})"), r.Exits, Text(r.Fenced), r.IsGood ? "good" : "WRONG",
        ]);
        string[] head =
        [
            "fault", "reports acknowledged", "commands acknowledged", "lost", "doubled", "two writers", "no write, s, hurt nodes' reports", "others'",
            "no read, s, hurt nodes' reports", "others'", "all answer again, s", "all nodes back, s", "requests failed twice, of all (retried)", "exit codes",
                "fenced", "check",
        ];
        return string.Join('\n', ((string[][])[head, [.. head.Select(_ => "---")], .. rows]).Select(r => $"| {string.Join(" | ", r)} |"));

        static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
        static string Seconds(TimeSpan? time) => time?.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) ?? "–";
    }

    private (int Reports, int Commands) Acknowledged() => (traffic.Reports.Count(r => r.ReportId is not null), traffic.Commands.Count(c => c.AckedAt > 0));

    private int Fenced() => cluster.Nodes.Sum(n => n.LogLines.Count(l => l.Contains("has another writer", StringComparison.Ordinal)));

    /// <summary>
    /// Sees to it that a probe lives on every node, because whatever a fault does to one without would not be measured: shards move from fault to fault, and
    /// a node that was away has none of the probes. A node on which no shard lives stays without.
    /// </summary>
    private async Task CoverAsync()
    {
        var owners = await OwnersAsync();
        for (var tries = 0; tries < 10 * cluster.Nodes.Count && cluster.Nodes.Any(n => !owners.ContainsValue(n.Address)); tries++)
        {
            var report = await traffic.NewProbeReportAsync();
            var owner = (await OwnersAsync(report))[report];
            if (!owners.ContainsValue(owner))
            {
                owners[report] = owner;
                traffic.Watch(report);
            }
        }
    }

    /// <summary>Where each probe lives: who wrote its last row.</summary>
    private Task<Dictionary<string, string>> OwnersAsync() => OwnersAsync([.. traffic.Probes.Select(p => p.ReportId)]);

    private async Task<Dictionary<string, string>> OwnersAsync(params string[] reports)
    {
        var owners = new Dictionary<string, string>();
        await using var connection = await cluster.Database.OpenAsync();
        foreach (var report in reports)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = $"SELECT written_from FROM journal WHERE persistence_id = 'report-{report}' ORDER BY sequence_number DESC LIMIT 1";
            owners[report] = await command.ExecuteScalarAsync() as string ?? "";
        }

        return owners;
    }
}
