namespace CPort.Cluster.Harness;

/// <summary>What a fault may do, and says about it.</summary>
public sealed class FaultContext(ChaosCluster cluster, Traffic traffic, Random random, Action<string> say)
{
    public ChaosCluster Cluster { get; } = cluster;

    public Random Random { get; } = random;

    /// <summary>Nodes that the fault hurts: callers go to the others, and reports on these count as the fault's victims.</summary>
    public HashSet<SupervisedNode> Victims { get; } = [];

    public IReadOnlyList<SupervisedNode> Nodes => Cluster.Nodes;

    /// <summary>What a fault has to tell of its own, besides the figures that all have; a line each that begins with "wrong" fails the run.</summary>
    public List<string> Notes { get; } = [];

    public void Say(string what) => say(what);

    /// <summary>Marks nodes as hurt, before they are.</summary>
    public void Hurt(params IEnumerable<SupervisedNode> nodes)
    {
        foreach (var node in nodes)
        {
            Victims.Add(node);
            traffic.Avoided[node.Number - 1] = 0;
        }
    }

    /// <summary>Addresses of nodes on which probes live.</summary>
    public required IReadOnlySet<string> WithProbes { get; init; }

    /// <summary>
    /// A node at random of those that are not hurt yet; one on which probes live if there is one, because otherwise nothing would be measured.
    /// </summary>
    public SupervisedNode Any(Func<SupervisedNode, bool>? which = null)
    {
        var nodes = Nodes.Where(n => n.IsRunning && !Victims.Contains(n) && (which is null || which(n))).ToArray();
        nodes = nodes.Where(n => WithProbes.Contains(n.Address)).ToArray() is { Length: > 0 } measured ? measured : nodes;
        return nodes[Random.Next(nodes.Length)];
    }

    /// <summary>Half of the nodes and less, at random, but with probes; the larger side is the rest.</summary>
    public SupervisedNode[] Minority() =>
        [.. Nodes.OrderBy(_ => Random.Next()).OrderByDescending(n => WithProbes.Contains(n.Address)).Take((Nodes.Count - 1) / 2)];

    public static IEnumerable<int> Hosts(IEnumerable<SupervisedNode> nodes) => nodes.Select(n => n.Number);

    /// <summary>A moment between the two, in seconds.</summary>
    public Task PauseAsync(double least, double most) => Task.Delay(TimeSpan.FromSeconds(least + Random.NextDouble() * (most - least)));

    public static Task PauseAsync(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds));
}

/// <summary>Something bad that happens to a cluster under load.</summary>
/// <param name="Name">As <c>--only</c> takes it.</param>
/// <param name="What">For the table.</param>
/// <param name="HappensAsync">Does it and heals what does not heal by itself (links); the cluster mends itself afterwards.</param>
public sealed record Fault(string Name, string What, Func<FaultContext, Task> HappensAsync)
{
    /// <summary>Runs on a cluster of so many nodes.</summary>
    public int Nodes { get; init; } = 3;

    /// <summary>All faults of the matrix.</summary>
    public static IReadOnlyList<Fault> All { get; } =
    [
        new("kill", "kill -9 of one node", f => KillAsync(f, f.Any(n => n != f.Cluster.Oldest))),
        new("kill-oldest", "kill -9 of the oldest node", f => KillAsync(f, f.Cluster.Oldest)),
        new("kill-two", "kill -9 of two of five", async f =>
        {
            var first = f.Any();
            var second = f.Any(n => n != first);
            f.Hurt(first, second);
            first.Kill9();
            await f.PauseAsync(0, 1);
            second.Kill9();
        }) { Nodes = 5 },
        new("freeze-short", "SIGSTOP for 4 s", f => FreezeAsync(f, f.Any(), 4)),
        new("freeze-five", "SIGSTOP for 5 s", f => FreezeAsync(f, f.Any(), 5)),
        new("freeze", "SIGSTOP for 60 s", f => FreezeAsync(f, f.Any(), 60)),
        new("cut-half", "clean cut, the smaller side alone, 25 s", f => CutAsync(f, f.Minority(), 25)),
        new("cut-even", "clean cut of four into two and two, 25 s", f => CutAsync(f, [.. f.Nodes.OrderBy(n => n.Number).TakeLast(2)], 25)) { Nodes = 4 },
        new("cut-two", "clean cut of five, two alone, 25 s", f => CutAsync(f, f.Minority(), 25)) { Nodes = 5 },
        new("cut-oldest", "clean cut of the oldest, 25 s", f => CutAsync(f, [f.Cluster.Oldest], 25)),
        new("cut-one-way", "asymmetric cut: one node hears nothing from one other, 25 s", async f =>
        {
            var deaf = f.Any();
            var other = f.Any(n => n != deaf);
            f.Hurt(deaf, other);
            await f.Cluster.Network.CutOneWayAsync(other.Number, deaf.Number);
            await FaultContext.PauseAsync(25);
            await f.Cluster.Network.HealAsync();
        }),
        new("flap", "a link that comes and goes for 30 s", async f =>
        {
            var one = f.Any();
            f.Hurt(one);
            for (var i = 0; i < 6; i++)
            {
                await f.Cluster.Network.CutAsync(FaultContext.Hosts([one]), FaultContext.Hosts(f.Nodes.Where(n => n != one)));
                await f.PauseAsync(1, 4);
                await f.Cluster.Network.HealAsync();
                await f.PauseAsync(1, 4);
            }
        }),
        new("cut-database", "one node without database for 20 s", async f =>
        {
            var one = f.Any();
            f.Hurt(one);
            await f.Cluster.Network.CutGatewayAsync(one.Number);
            await FaultContext.PauseAsync(20);
            await f.Cluster.Network.HealAsync();
        }),
        new("database-restart", "PostgreSQL stopped and started", async f =>
        {
            await f.Cluster.Server.StopAsync();
            await f.PauseAsync(1, 4);
            await f.Cluster.Server.StartAsync();
        }),
        new("database-crash", "PostgreSQL killed and started", async f =>
        {
            await f.Cluster.Server.KillAsync();
            await f.PauseAsync(1, 4);
            await f.Cluster.Server.StartAsync();
        }),
        new("connections", "all database connections terminated, five times", async f =>
        {
            for (var i = 0; i < 5; i++)
            {
                await TerminateAsync(f.Cluster);
                await f.PauseAsync(0.2, 2);
            }
        }),
        new("disk-full", "PostgreSQL's disk full for 15 s", DiskFullAsync),
        new("rolling-restart", "SIGTERM of every node, one after the other", RollingRestartAsync),
        new("upgrade", "rolling restart to another version and back", UpgradeAsync),
        new("clock", "one node's clock two minutes ahead", f => WrongClockAsync(f, "+120s")),
        new("clock-behind", "one node's clock two minutes behind", f => WrongClockAsync(f, "-120s")),
        new("kill-and-connections", "kill -9 of one node while connections are terminated", async f =>
        {
            var one = f.Any();
            f.Hurt(one);
            one.Kill9();
            for (var i = 0; i < 3; i++)
            {
                await f.PauseAsync(0.2, 2);
                await TerminateAsync(f.Cluster);
            }
        }),
        new("cut-and-kill", "clean cut, then kill -9 on the larger side, of five", async f =>
        {
            var one = f.Any();
            f.Hurt(one);
            await f.Cluster.Network.CutAsync([one.Number], FaultContext.Hosts(f.Nodes.Where(n => n != one)));
            await f.PauseAsync(0.5, 6);
            var two = f.Any(n => n != one);
            f.Hurt(two);
            two.Kill9();
            await FaultContext.PauseAsync(20);
            await f.Cluster.Network.HealAsync();
        }) { Nodes = 5 },
        new("freeze-and-kill", "SIGSTOP for 60 s of one, kill -9 of another, of five", async f =>
        {
            var (one, oldest) = (f.Any(n => n != f.Cluster.Oldest), f.Cluster.Oldest);
            f.Hurt(one, oldest);
            var frozen = FreezeAsync(f, one, 60);
            await f.PauseAsync(0, 8);
            oldest.Kill9();
            await frozen;
        }) { Nodes = 5 },
        new("restart-and-database", "rolling restart while PostgreSQL restarts", async f =>
        {
            var rolling = RollingRestartAsync(f);
            await f.PauseAsync(0.5, 8);
            await f.Cluster.Server.StopAsync();
            await f.PauseAsync(0.5, 2);
            await f.Cluster.Server.StartAsync();
            await rolling;
        }),
    ];

    private static async Task KillAsync(FaultContext f, SupervisedNode node)
    {
        f.Hurt(node);
        node.Kill9();
        await Task.CompletedTask;
    }

    private static async Task FreezeAsync(FaultContext f, SupervisedNode node, double seconds)
    {
        f.Hurt(node);
        node.Freeze();
        try
        {
            await FaultContext.PauseAsync(seconds);
        }
        finally
        {
            node.Thaw();
        }
    }

    private static async Task CutAsync(FaultContext f, SupervisedNode[] side, double seconds)
    {
        f.Hurt(side);
        await f.Cluster.Network.CutAsync(FaultContext.Hosts(side), FaultContext.Hosts(f.Nodes.Except(side)));
        await FaultContext.PauseAsync(seconds);
        await f.Cluster.Network.HealAsync();
    }

    /// <summary>As an orchestrator does it: the next one when the one before is ready again.</summary>
    /// <summary>Nodes become another version one after the other (which is also going back), and then this one again.</summary>
    private static async Task UpgradeAsync(FaultContext f)
    {
        if (Environment.GetEnvironmentVariable("CPORT_CHAOS_OTHER") is not { Length: > 0 } other || !File.Exists(other))
        {
            f.Notes.Add("not done: CPORT_CHAOS_OTHER names no cport.dll of another version");
            return;
        }

        var own = f.Nodes[0].Program;
        foreach (var program in new[] { other, own })
        {
            foreach (var node in f.Nodes)
            {
                node.Program = program;
            }

            await RollingRestartAsync(f);
        }
    }

    private static async Task RollingRestartAsync(FaultContext f)
    {
        foreach (var node in f.Nodes.OrderBy(_ => f.Random.Next()).ToArray())
        {
            var lives = node.Exits.Count;
            node.Terminate();
            await f.Cluster.UntilAsync(async () => node.Exits.Count > lives && (await node.HealthAsync()).Ready, ChaosCluster.Patience, () =>
                $"node {node.Number} was not ready again");
            if (node.Exits[lives].Code != 0)
            {
                f.Notes.Add($"wrong: node {node.Number} left with exit code {node.Exits[lives].Code}");
            }

            await f.PauseAsync(0, 2);
        }
    }

    private static async Task TerminateAsync(ChaosCluster cluster)
    {
        try
        {
            await using var connection = new Npgsql.NpgsqlConnection(cluster.Server.ConnectionString("postgres") + ";Pooling=false");
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText =
                "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'";
            await command.ExecuteScalarAsync();
        }
        catch (Npgsql.NpgsqlException)
        {
            // The database is away already.
        }
    }

    private static async Task DiskFullAsync(FaultContext f)
    {
        var ballast = Path.Combine(f.Cluster.DatabaseFolder, "ballast");
        var block = new byte[64 * 1024];
        var watch = System.Diagnostics.Stopwatch.StartNew();
        try
        {
            await using var file = new FileStream(ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (watch.Elapsed < TimeSpan.FromSeconds(15))
            {
                // Whatever PostgreSQL frees is taken too.
                try
                {
                    while (new DriveInfo(f.Cluster.DatabaseFolder).AvailableFreeSpace > 2 * block.Length)
                    {
                        await file.WriteAsync(block);
                    }
                }
                catch (IOException)
                {
                    // Full.
                }

                await Task.Delay(100);
            }
        }
        finally
        {
            File.Delete(ballast);
        }

        // Without room for its log it ends; whoever runs it starts it again.
        try
        {
            await using var connection = await f.Cluster.Database.OpenAsync();
            await connection.CloseAsync();
        }
        catch (Exception e) when (e is Npgsql.NpgsqlException or System.Net.Sockets.SocketException)
        {
            f.Notes.Add("PostgreSQL had ended");
            await f.Cluster.Server.StartAsync();
        }
    }

    private static async Task WrongClockAsync(FaultContext f, string offset)
    {
        var library = new[] { "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
            "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1" }.FirstOrDefault(File.Exists);
        if (library is null)
        {
            f.Notes.Add("not done: libfaketime is not installed (apt-get install faketime)");
            return;
        }

        var node = f.Any();
        f.Hurt(node);
        var wrong = new Dictionary<string, string>
        {
            ["LD_PRELOAD"] = library, ["FAKETIME"] = offset, ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1", ["DONT_FAKE_MONOTONIC"] = "1", ["NO_FAKE_STAT"] = "1",

            // Otherwise the library computes the ends of timed waits by the wrong clock, and each of them is over at once.
            ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0",
        };
        foreach (var (key, value) in wrong)
        {
            node.Environment[key] = value;
        }

        try
        {
            await RestartAsync(f, node);
            await FaultContext.PauseAsync(20);
        }
        finally
        {
            foreach (var key in wrong.Keys)
            {
                node.Environment.Remove(key);
            }
        }

        await RestartAsync(f, node);
    }

    private static async Task RestartAsync(FaultContext f, SupervisedNode node)
    {
        var lives = node.Exits.Count;
        node.Terminate();
        await f.Cluster.UntilAsync(async () => node.Exits.Count > lives && (await node.HealthAsync()).Ready, ChaosCluster.Patience, () =>
            $"node {node.Number} was not ready again");
    }
}
