using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using CPort.Bench.Load;
using CPort.Cluster.Harness;

namespace CPort.Bench.Scaling;

/// <summary><c>scaling</c>: clusters of several sizes, each node held to a share of a core, under reports and lookups; what does another node add?</summary>
internal static class ScalingCommand
{
    public static Command Create()
    {
        var nodes = new Option<string>("--nodes")
            { Description = "Sizes of clusters, separated by commas, 1 to 10 each; the first is what others are compared with.", DefaultValueFactory = _ =>
            "1,2,4" };
        var quota = new Option<double>("--quota") { Description = "Cores a node may use, 0.05 to 8.", DefaultValueFactory = _ => 0.2 };
        var period = new Option<int>("--period")
            { Description = "Milliseconds over which the quota counts, 10 to 1,000; container platforms use 100.", DefaultValueFactory = _ => 100 };
        var runs = new Option<int>("--runs") { Description = "Runs of each size, each on a fresh cluster and database; medians are shown.",
            DefaultValueFactory = _ => 3 };
        var seconds = new Option<int>("--seconds") { Description = "How long reports are sent, and lookups asked.", DefaultValueFactory = _ => 30 };
        var warmUp = new Option<int>("--warm-up") { Description = "Reports sent for each node before, without a quota.", DefaultValueFactory = _ => 3_000 };
        var connections = new Option<int>("--connections") { Description = "Report streams open on each node.", DefaultValueFactory = _ => 8 };
        var inFlight = new Option<int>("--in-flight") { Description = "Lines of one stream sent and not yet answered.", DefaultValueFactory = _ => 12 };
        var callers = new Option<int>("--callers") { Description = "Lookup requests open on each node.", DefaultValueFactory = _ => 4 };
        var batch = new Option<string>("--batch")
            { Description = "Hashes of one lookup, 1 to 10,000; several, separated by commas, are measured one after the other.", DefaultValueFactory = _ =>
            "500,5000" };
        var hashes = new Option<int>("--hashes")
            { Description = "Known media imported, with MD5, SHA-1, SHA-256 and PDQ each.", DefaultValueFactory = _ => 15_000 };
        var only = new Option<string>("--only") { Description = "reports, lookups or both.", DefaultValueFactory = _ => "both" };
        var output = new Option<FileInfo?>("--output") { Description = "Write the markdown to this file as well." };
        var profile = new Option<DirectoryInfo?>("--profile")
            { Description = "Sample the last node's stacks in the first run of each size and write what was hottest into this folder; slows that node." };
        only.AcceptOnlyFromAmong("reports", "lookups", "both");
        foreach (var (option, least, most) in new[]
                 {
                     (period, 10, 1_000), (runs, 1, 100), (seconds, 5, 600), (warmUp, 0, 100_000), (connections, 1, 32), (inFlight, 1, 64), (callers, 1, 64),
                     (hashes, 1_000, 500_000),
                 })
        {
            option.Validators.Add(r =>
            {
                if (r.GetValueOrDefault<int>() is var value && (value < least || value > most))
                {
                    r.AddError($"{option.Name} must be {least} to {most}.");
                }
            });
        }

        quota.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<double>() is not (>= 0.05 and <= 8))
            {
                r.AddError("--quota must be 0.05 to 8.");
            }
        });
        nodes.Validators.Add(r =>
        {
            if (Sizes(r.GetValueOrDefault<string>()!) is not { Length: > 0 } sizes || Array.Exists(sizes, s => s is < 1 or > 10))
            {
                r.AddError("--nodes must be numbers from 1 to 10 with commas between.");
            }
        });
        batch.Validators.Add(r =>
        {
            if (Sizes(r.GetValueOrDefault<string>()!) is not { Length: > 0 } sizes || Array.Exists(sizes, s => s is < 1 or > 10_000))
            {
                r.AddError("--batch must be numbers from 1 to 10000 with commas between.");
            }
        });
        var command =
            new Command("scaling",
            "Clusters of several sizes, each node held to a share of a core: reports/s and lookups/s (docs/scaling.md). Needs root: control groups, network namespaces.")
        {
            nodes, quota, period, runs, seconds, warmUp, connections, inFlight, callers, batch, hashes, only, output, profile,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            new ScalingOptions
            {
                Quota = parsed.GetValue(quota), Period = TimeSpan.FromMilliseconds(parsed.GetValue(period)), Seconds = parsed.GetValue(seconds),
                    WarmUp = parsed.GetValue(warmUp),
                Connections = parsed.GetValue(connections), InFlight = parsed.GetValue(inFlight), Callers = parsed.GetValue(callers),
                    Batches = [.. Sizes(parsed.GetValue(batch)!)!.Distinct()],
                Hashes = parsed.GetValue(hashes), Reports = parsed.GetValue(only) != "lookups", Lookups = parsed.GetValue(only) != "reports",
                Profile = parsed.GetValue(profile)?.FullName, Sizes = Sizes(parsed.GetValue(nodes)!)!, Runs = parsed.GetValue(runs),
            },
            parsed.GetValue(output), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(ScalingOptions options, FileInfo? output, CancellationToken cancellation)
    {
        if (await ChaosCluster.WhyUnavailableAsync() is { } unavailable)
        {
            Console.Error.WriteLine(unavailable);
            return 2;
        }

        var (groups, whyNot) = CpuGroups.TryCreate();
        if (groups is null)
        {
            Console.Error.WriteLine(whyNot);
            return 2;
        }

        using var own = groups;
        var results = options.Sizes.Distinct().ToDictionary(s => s, _ => new List<ScalingResult>());
        var broken = new List<string>();

        // Round by round, so that a noisy quarter of an hour does not hit one size only.
        for (var run = 1; run <= options.Runs; run++)
        {
            foreach (var (size, of) in results)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{size} node{(size == 1 ? "" : "s")}, run {run}");
                try
                {
                    of.Add(await new ScalingRun(options, groups, size, run, text => Console.Error.WriteLine($"{DateTime.UtcNow:HH:mm:ss} [{name}] {text}"))
                        .RunAsync(cancellation));

                    // Each run at once, so that a failing later one takes nothing away.
                    Console.Error.WriteLine(ScalingTable.Markdown([of[^1]], options, groups.IsSecond));
                }
                catch (Exception e) when (e is TimeoutException or InvalidOperationException or HttpRequestException or SocketException or IOException)
                {
                    broken.Add($"{name}: {e.Message}");
                    Console.Error.WriteLine(broken[^1]);
                }
            }
        }

        var all = results.Values.SelectMany(r => r).ToArray();
        if (all.Length == 0)
        {
            return 1;
        }

        var markdown = string.Join('\n', [ScalingTable.Markdown(all, options, groups.IsSecond), ScalingTable.Details(all),
            .. broken.Select(b => $"BROKEN {b}")]);
        Console.WriteLine(markdown);
        if (output is not null)
        {
            await File.WriteAllTextAsync(output.FullName, markdown, CancellationToken.None);
        }

        return broken.Count == 0 && Array.TrueForAll(all, r => r.Phases.All(p => p.Wrong == 0)) ? 0 : 1;
    }

    private static int[]? Sizes(string text)
    {
        var words = text.Split(',');
        var sizes = words.Select(w => int.TryParse(w, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0).ToArray();
        return sizes.Contains(0) ? null : sizes;
    }
}

/// <summary>What a measurement does; counts of streams and callers are for each node, so that the offered load grows with the cluster.</summary>
internal sealed record ScalingOptions
{
    /// <summary>A node under such a quota can be silent for seconds: these make no node unreachable, let alone down.</summary>
    public const int HeartbeatPauseSeconds = 30;

    public const int StableAfterSeconds = 30;

    public required IReadOnlyList<int> Sizes { get; init; }
    public required int Runs { get; init; }

    /// <summary>Cores a node.</summary>
    public required double Quota { get; init; }
    public required TimeSpan Period { get; init; }
    public required int Seconds { get; init; }
    public required int WarmUp { get; init; }
    public required int Connections { get; init; }
    public required int InFlight { get; init; }
    public required int Callers { get; init; }
    
    /// <summary>Hashes of one lookup; each is a measure of its own.</summary>
    public required IReadOnlyList<int> Batches { get; init; }
    public required int Hashes { get; init; }
    public required bool Reports { get; init; }
    public required bool Lookups { get; init; }

    /// <summary>Folder for profiles; null: none are taken.</summary>
    public required string? Profile { get; init; }

    /// <summary>Cores the nodes share, the machine's last; PostgreSQL and the generator have the others. Empty: nothing can be kept apart.</summary>
    public IReadOnlyList<int> NodeCores
    {
        get
        {
            var all = Environment.ProcessorCount;
            var wanted = (int)Math.Ceiling(Quota * Sizes.Max() - 1e-9);
            return all < 2 ? [] : [.. Enumerable.Range(0, all).Skip(all - Math.Clamp(wanted, 1, all - 1))];
        }
    }
}
