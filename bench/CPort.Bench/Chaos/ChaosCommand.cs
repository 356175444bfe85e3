using System.CommandLine;
using System.Globalization;
using CPort.Cluster.Harness;

namespace CPort.Bench.Chaos;

/// <summary>
/// <c>chaos</c>: every fault of the matrix, several times at random moments, on real clusters under load; exit code 1 when anything was lost.
/// </summary>
internal static class ChaosCommand
{
    /// <summary>Starting ten at once is a run of its own.</summary>
    private const string JoinTen = "join-ten";

    public static Command Create()
    {
        var seed = new Option<int>("--seed") { Description = "The same seed gives the same faults at the same moments.", DefaultValueFactory = _ =>
            Random.Shared.Next() };
        var rounds = new Option<int>("--rounds") { Description = "How often each fault happens, 1 to 100.", DefaultValueFactory = _ => 3 };
        var rate = new Option<int>("--rate") { Description = "Reports sent a second, 1 to 1,000.", DefaultValueFactory = _ => 25 };
        var only = new Option<string?>("--only")
            { Description = $"Some faults, separated by commas: {string.Join(", ", Fault.All.Select(f => f.Name))}, {JoinTen}." };
        var output = new Option<FileInfo?>("--output") { Description = "Write the table to this file as well." };
        foreach (var (option, most) in new[] { (rounds, 100), (rate, 1_000) })
        {
            option.Validators.Add(r =>
            {
                if (r.GetValueOrDefault<int>() is var value && (value < 1 || value > most))
                {
                    r.AddError($"{option.Name} must be 1 to {most}.");
                }
            });
        }

        only.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<string?>()?.Split(',').FirstOrDefault(n => n != JoinTen && Fault.All.All(f => f.Name != n)) is { } unknown)
            {
                r.AddError($"--only: there is no fault '{unknown}'.");
            }
        });
        var command = new Command("chaos", "Hurt real clusters under load in every way (docs/chaos.md). Needs root: nodes stand in network namespaces.")
            { seed, rounds, rate, only, output };
        command.SetAction((parsed, _) => RunAsync(
            parsed.GetValue(seed), parsed.GetValue(rounds), parsed.GetValue(rate), parsed.GetValue(only)?.Split(','), parsed.GetValue(output)));
        return command;
    }

    private static async Task<int> RunAsync(int seed, int rounds, int rate, string[]? only, FileInfo? output)
    {
        if (await ChaosCluster.WhyUnavailableAsync() is { } unavailable)
        {
            Console.Error.WriteLine(unavailable);
            return 2;
        }

        Say(string.Create(CultureInfo.InvariantCulture, $"--seed {seed} --rounds {rounds} --rate {rate}"));
        var random = new Random(seed);
        var results = new List<FaultResult>();
        var broken = new List<string>();
        var faults = Fault.All.Where(f => only is null || only.Contains(f.Name)).ToArray();
        foreach (var group in faults.GroupBy(f => (f.Nodes, DiskFull: f.Name == "disk-full")))
        {
            // Round by round in random order, so that each fault meets the traces of others.
            var order = Enumerable.Range(0, rounds).SelectMany(_ => group.OrderBy(_ => random.Next())).Select(f => (Fault: f, Seed: random.Next())).ToArray();
            for (var next = 0; next < order.Length;)
            {
                try
                {
                    await using var cluster = await ChaosCluster.StartAsync(new ChaosClusterOptions
                        { Nodes = group.Key.Nodes, DiskSize = group.Key.DiskFull ? "700m" : null, Say = Say });
                    await using var traffic = new Traffic(cluster, rate, probes: 4 * group.Key.Nodes);
                    await traffic.StartAsync();
                    var run = new ChaosRun(cluster, traffic, Say);
                    while (next < order.Length)
                    {
                        var (fault, own) = order[next++];
                        results.Add(await run.HappenAsync(fault, own));
                        Console.WriteLine(ChaosRun.Table([results[^1]]));
                    }
                }
                catch (Exception e) when (e is TimeoutException or InvalidOperationException)
                {
                    // The cluster did not mend itself: the worst of all results. The rest of the matrix goes on with a new one.
                    broken.Add($"{order[Math.Max(0, next - 1)].Fault.Name} (seed {order[Math.Max(0, next - 1)].Seed}): {e.Message}");
                    Say(broken[^1]);
                    next += next == 0 ? 1 : 0;
                }
            }
        }

        if (only is null || only.Contains(JoinTen))
        {
            await JoinTenAsync(rounds, broken);
        }

        var text = string.Join('\n', [ChaosRun.Table(results), .. broken.Select(b => $"\nBROKEN {b}")]);
        Console.WriteLine(text);
        if (output is not null)
        {
            await File.WriteAllTextAsync(output.FullName, text + "\n");
        }

        return broken.Count == 0 && results.TrueForAll(r => r.IsGood) ? 0 : 1;
    }

    /// <summary>Ten nodes are started at once on an empty database: one cluster must come of it, and it must work.</summary>
    private static async Task JoinTenAsync(int rounds, List<string> broken)
    {
        for (var round = 0; round < rounds; round++)
        {
            try
            {
                var watch = System.Diagnostics.Stopwatch.StartNew();
                await using var cluster = await ChaosCluster.StartAsync(new ChaosClusterOptions { Nodes = 10, AllAtOnce = true, Say = Say });
                var whole = watch.Elapsed;
                await using var traffic = new Traffic(cluster, 10, probes: 5);
                await traffic.StartAsync();
                await FaultContext.PauseAsync(10);
                await traffic.PauseAsync();
                var check = await new Checker(cluster, traffic).RunAsync(new Random(round));
                var formed = cluster.Nodes.Sum(n => n.LogLines.Count(l => l.Contains("formed a cluster", StringComparison.Ordinal)));
                Say($"{JoinTen}: ten members after {whole.TotalSeconds:0} s, formed {formed} time(s), exits: {cluster.Nodes.Sum(n => n.Exits.Count)}, {check.AcknowledgedReports} reports acknowledged, {string.Join("; ", check.Wrong)}");
                if (!check.IsGood || formed != 1)
                {
                    broken.Add($"{JoinTen}: formed {formed} times; {string.Join("; ", check.Wrong)}. Logs: {await cluster.SaveLogsAsync()}");
                }
            }
            catch (Exception e) when (e is TimeoutException or InvalidOperationException)
            {
                broken.Add($"{JoinTen}: {e.Message}");
            }
        }
    }

    private static void Say(string what) => Console.WriteLine($"{DateTime.UtcNow:HH:mm:ss} {what}");
}
