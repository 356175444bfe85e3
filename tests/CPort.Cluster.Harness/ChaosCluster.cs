using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using CPort.Actors.Persistence;
using CPort.Domain.Identity;
using CPort.Node.Client;
using CPort.Node.Sample;
using CPort.Tests.Shared;

namespace CPort.Cluster.Harness;

/// <summary>How a cluster under test is made.</summary>
public sealed record ChaosClusterOptions
{
    public int Nodes { get; init; } = 3;

    /// <summary>Who is registered, and how far each is believed.</summary>
    public IReadOnlyList<(SampleAgency Agency, string Trust)> Agencies { get; init; } =
        [.. SampleAgencies.Hotlines.Where(h => h.Id.Value is Traffic.Worker or Traffic.Reporter).Select(h => (h, "Trusted"))];

    /// <summary>All nodes are started at once; otherwise the first one alone, so that it is the oldest.</summary>
    public bool AllAtOnce { get; init; }

    /// <summary>PostgreSQL stands on a file system of this size (as 700m) that can be filled; null: in the temporary folder.</summary>
    public string? DiskSize { get; init; }

    /// <summary>More settings of all nodes, as <c>CPORT__Limits__AskSeconds</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>PostgreSQL waits for the disk at each commit, as it does in the field; off where times are not the point.</summary>
    public bool Fsync { get; init; }

    /// <summary>The journal also says which node wrote each row and when; measurements go without.</summary>
    public bool ObserveJournal { get; init; } = true;

    /// <summary>Words before a node's command (its number, from 1) that must end in <c>exec</c> of what follows: to place it in a control group.</summary>
    public Func<int, string[]> Before { get; init; } = _ => [];

    public Action<string> Say { get; init; } = _ => { };
}

/// <summary>
/// Real nodes, each on a host of its own, on a real PostgreSQL, with example agencies registered. In the database each journal row also says from which
/// address it was written and when (columns with defaults that no node knows of): so it is known which node an entity lived on.
/// </summary>
public sealed class ChaosCluster : IAsyncDisposable
{
    /// <summary>Long, because the machine may be busy: three nodes take a few seconds on a quiet one.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>More settings of all nodes from whoever looks for something, as <c>CPORT_CHAOS_SETTINGS=CPORT__Logs__AkkaLevel=Debug;…</c>.</summary>
    private static readonly KeyValuePair<string, string>[] Given =
    [
        .. (System.Environment.GetEnvironmentVariable("CPORT_CHAOS_SETTINGS") ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(s => s.Split('=', 2)).Where(s => s.Length == 2).Select(s => KeyValuePair.Create(s[0].Trim(), s[1])),
    ];

    private readonly ChaosClusterOptions _options;
    private readonly Dictionary<string, string> _keys = [];
    private readonly string _folder;

    private ChaosCluster(ChaosClusterOptions options, TestNetwork network, string folder) => (_options, Network, _folder) = (options, network, folder);

    public TestNetwork Network { get; }

    public PostgreSqlServer Server { get; private set; } = null!;

    public Database Database { get; private set; } = null!;

    public IReadOnlyList<SupervisedNode> Nodes { get; private set; } = [];

    /// <summary>The folder that holds PostgreSQL's data, and the file system that can be filled.</summary>
    public string DatabaseFolder => Path.Combine(_folder, "database");

    /// <summary>The member that has been ready for longest: sharding's coordinators and the singletons are there.</summary>
    public SupervisedNode Oldest => Nodes.Where(n => n.ReadySince > 0).MinBy(n => n.ReadySince) ?? Nodes[0];

    /// <summary>Why no such cluster can run here, or null.</summary>
    public static async Task<string?> WhyUnavailableAsync() => await TestNetwork.WhyUnavailableAsync();

    /// <summary>Starts everything and waits until all nodes are ready and see each other. Look at <see cref="WhyUnavailableAsync"/> before.</summary>
    public static async Task<ChaosCluster> StartAsync(ChaosClusterOptions options)
    {
        await SweepFoldersAsync();
        var network = await TestNetwork.CreateAsync(options.Nodes);
        var folder = Path.Combine(Path.GetTempPath(), $"cport-chaos-{System.Environment.ProcessId}-{Guid.NewGuid():N}"[..30]);
        var cluster = new ChaosCluster(options, network, folder);
        try
        {
            await cluster.StartAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public string KeyOf(string agency) => _keys[agency];

    /// <summary>A caller with the operator's rights, on the node that made the operator's key.</summary>
    public async Task<CPortClient> AsOperatorAsync()
    {
        var words = (await OperatorKeyAsync() ?? throw new InvalidOperationException("There is no operator's key.")).Split(' ');
        return new CPortClient(Nodes[int.Parse(words[0], CultureInfo.InvariantCulture) - 1].Url, words[1]);
    }

    /// <summary>Waits until every node is ready and sees all others; throws with what it saw last.</summary>
    public async Task WaitWholeAsync(TimeSpan patience)
    {
        var last = "";
        await UntilAsync(async () =>
        {
            var health = await Task.WhenAll(Nodes.Select(n => n.HealthAsync()));
            last = string.Join("\n", health.Select((h, i) => $"node {i + 1}: {h.Members} members, {h.Unreachable} unreachable, {h.Said}"));
            return health.All(h => h.Ready && h.Members == Nodes.Count && h.Unreachable == 0);
        }, patience, () => $"the cluster was not whole again\n{last}");
    }

    /// <summary>Asks again until it holds.</summary>
    public async Task UntilAsync(Func<Task<bool>> holds, TimeSpan patience, Func<string> complaint)
    {
        try
        {
            await Wait.UntilAsync(holds, patience, complaint);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\nLogs: {await SaveLogsAsync()}");
        }
    }

    /// <summary>Writes all nodes' logs into a folder of this cluster that stays (in <c>CPORT_TEST_LOGS</c>, or the temporary one), and answers it.</summary>
    public async Task<string> SaveLogsAsync()
    {
        var folder = System.Environment.GetEnvironmentVariable("CPORT_TEST_LOGS") is { Length: > 0 } given ? given
            : Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"chaos-logs-{System.Environment.ProcessId}"));
        folder = Path.Combine(folder, Network.Name);
        Directory.CreateDirectory(folder);
        foreach (var node in Nodes)
        {
            await File.WriteAllLinesAsync(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"node-{node.Number}.log")), node.LogLines);
        }

        return folder;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Nodes.Select(n => n.DisposeAsync().AsTask()));
        Npgsql.NpgsqlConnection.ClearAllPools();
        if (Server is not null)
        {
            try
            {
                await Server.DisposeAsync();
            }
            catch (InvalidOperationException)
            {
                // It had ended by itself: its disk was full.
            }
        }

        await Network.DisposeAsync();
        await RemoveAsync(_folder);
    }

    private async Task StartAsync()
    {
        Directory.CreateDirectory(DatabaseFolder);
        if (_options.DiskSize is { } size)
        {
            await Shell.RunAsync("mount", "-t", "tmpfs", "-o", $"size={size},mode=0755", "tmpfs", DatabaseFolder);
        }

        Server = await PostgreSqlServer.StartNewAsync(_options.Fsync, Network.Gateway, Network.Range, DatabaseFolder);
        if (!Server.IsAvailable)
        {
            throw new InvalidOperationException(Server.Unavailable);
        }

        var connection = await Server.CreateDatabaseAsync();
        Database = Database.Create(DatabaseProvider.PostgreSql, connection);
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        JournalKeys.Note(Database, () => key);
        Nodes =
        [
            .. Enumerable.Range(1, _options.Nodes).Select(n =>
                new SupervisedNode(n, Network.AddressOf(n), [.. _options.Before(n), .. Network.On(n)], new Dictionary<string, string>
            {
                ["CPORT__Data"] = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"node-{n}")),
                ["CPORT__Database__Provider"] = "PostgreSql", ["CPORT__Database__ConnectionString"] = connection, ["CPORT__Keys__MasterKey"] = key,
                ["CPORT__Http__Url"] = $"http://{Network.AddressOf(n)}:5080", ["CPORT__Http__AllowPlainHttp"] = "true",
                ["CPORT__Cluster__Host"] = Network.AddressOf(n), ["CPORT__Cluster__Port"] = "4053", ["CPORT__Cluster__AllowPlainTcp"] = "true",
                ["CPORT__Cluster__Seeds"] = string.Join(',', Enumerable.Range(1, Math.Min(3, _options.Nodes)).Select(s => $"{Network.AddressOf(s)}:4053")),

                // Many processes on few processors: one collector thread each, and no second, profiled compilation.
                ["DOTNET_gcServer"] = "0", ["DOTNET_TieredPGO"] = "0",
            }.Concat(_options.Settings).Concat(Given))),
        ];
        var watch = Stopwatch.StartNew();
        foreach (var node in Nodes.Take(_options.AllAtOnce ? Nodes.Count : 1))
        {
            node.Supervise();
        }

        await UntilAsync(async () => (await OperatorKeyAsync()) is not null, Patience, () => "there was no operator's key");
        if (_options.ObserveJournal)
        {
            await ObserveJournalAsync();
        }

        await RegisterAsync();
        _options.Say($"First node ready after {watch.Elapsed.TotalSeconds:0.0} s");
        if (!_options.AllAtOnce)
        {
            // The oldest is known for sure.
            await UntilAsync(async () => (await Nodes[0].HealthAsync()).Ready, Patience, () => "the first node was not ready");
            foreach (var node in Nodes.Skip(1))
            {
                node.Supervise();
            }
        }

        await WaitWholeAsync(Patience);
        _options.Say($"{Nodes.Count} nodes ready after {watch.Elapsed.TotalSeconds:0.0} s, oldest is node {Oldest.Number}");
    }

    private async Task<string?> OperatorKeyAsync()
    {
        foreach (var node in Nodes)
        {
            var file = node.OperatorKeyFile;
            if (File.Exists(file) && (await File.ReadAllTextAsync(file)).Trim() is { Length: > 10 } key && (await node.HealthAsync()).Ready)
            {
                return $"{node.Number} {key}";
            }
        }

        return null;
    }

    /// <summary>From which node, and when, each row came. Nodes name the columns they write and read, so these two do not disturb them.</summary>
    private Task ObserveJournalAsync() => Database.ExecuteAsync(
        "ALTER TABLE journal ADD COLUMN written_from TEXT DEFAULT host(inet_client_addr()), ADD COLUMN written_at TIMESTAMPTZ DEFAULT clock_timestamp()",
            default);

    private async Task RegisterAsync()
    {
        using var client = await AsOperatorAsync();
        // All before the first key: once somebody has come in, such a registration needs consent.
        foreach (var (agency, trust) in _options.Agencies)
        {
            await client.PostAsync("v1/agencies", new
            {
                id = agency.Id.Value, name = agency.Name, kind = agency.Kind.ToString(), countries = agency.Countries.Select(c => c.Code).ToArray(),
                holdsOrphanMandate = agency.OrphanMandate, trust,
            });
        }

        foreach (var (agency, _) in _options.Agencies.Where(a => a.Agency.Kind is AgencyKind.Hotline or AgencyKind.Interpol))
        {
            var person = agency.Kind == AgencyKind.Hotline ? "Analyst" : "Officer";
            var issued = await client.PostAsync($"v1/agencies/{agency.Id}/keys", new { roles = (string[])[person, "Machine"] });
            _keys[agency.Id.Value] = issued.GetProperty("apiKey").GetString()!;
        }
    }

    /// <summary>What tests that were killed left: PostgreSQL, its file system, its folder.</summary>
    private static async Task SweepFoldersAsync()
    {
        foreach (var folder in Directory.GetDirectories(Path.GetTempPath(), "cport-chaos-*"))
        {
            if (Path.GetFileName(folder).Split('-') is [_, _, var pid, ..] && !Directory.Exists($"/proc/{pid}"))
            {
                foreach (var file in Directory.Exists(Path.Combine(folder, "database"))
                    ? Directory.GetFiles(Path.Combine(folder, "database"), "postmaster.pid", SearchOption.AllDirectories) : [])
                {
                    // Only if it still is one: process ids are used again, and anybody else would take the signal for a wish to stop.
                    if (int.TryParse(File.ReadLines(file).First(), NumberStyles.None, CultureInfo.InvariantCulture, out var postmaster)
                        && File.Exists($"/proc/{postmaster}/comm") && (await File.ReadAllTextAsync($"/proc/{postmaster}/comm")).Trim() == "postgres")
                    {
                        NodeProcess.Signal(postmaster, 3);
                    }
                }

                await RemoveAsync(folder);
            }
        }
    }

    private static async Task RemoveAsync(string folder)
    {
        await Shell.TryAsync("umount", "-l", Path.Combine(folder, "database"));
        if (Directory.Exists(folder))
        {
            TestFolders.Remove(folder);
        }
    }
}
