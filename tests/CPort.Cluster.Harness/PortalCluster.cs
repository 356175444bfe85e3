using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CPort.Actors.Persistence;
using CPort.Node.Client;
using CPort.Tests.Shared;

namespace CPort.Cluster.Harness;

/// <summary>
/// Three nodes on a real PostgreSQL behind Debian's haproxy, as people reach the pages: one address, whichever node answers. With one hotline, whose people
/// sign in by passkeys. Disposing kills all of it.
/// </summary>
public sealed class PortalCluster : IAsyncDisposable
{
    private const string HaProxy = "/usr/sbin/haproxy";
    private const string Hotline = "hotline-nl";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"cport-portal-{System.Environment.ProcessId}-{Guid.NewGuid():N}"[..32]);
    private readonly PostgreSqlServer _server;
    private string _key = "";
    private Process? _proxy;

    private PortalCluster(PostgreSqlServer server) => _server = server;

    /// <summary>What people open.</summary>
    public Uri Url { get; } = new(string.Create(CultureInfo.InvariantCulture, $"http://localhost:{NodeProcess.FreePort()}"));

    public Database Database { get; private set; } = null!;

    public IReadOnlyList<NodeProcess> Nodes { get; private set; } = [];

    /// <summary>Why there cannot be one here, or null.</summary>
    public static string? WhyUnavailable() => File.Exists(HaProxy) ? null : $"{HaProxy} is not installed.";

    /// <summary>The keys of the two operators, each of a hand of its own, from the node that made them.</summary>
    public async Task<(string First, string Second)> OperatorKeysAsync()
    {
        var keys = new List<string>();
        foreach (var name in new[] { "operator.key", "operator-2.key" })
        {
            await Wait.UntilAsync(() => Task.FromResult(File.Exists(Of(name))), Patience, () => $"{name} was not made");
            keys.Add((await File.ReadAllTextAsync(Of(name))).Trim());
        }

        return (keys[0], keys[1]);

        string Of(string name) => Nodes.Select(n => Path.Combine(n.Settings["Data"], name)).FirstOrDefault(File.Exists) ?? "none";
    }

    /// <summary>Look at <see cref="WhyUnavailable"/> and at the server's own reason before.</summary>
    public static async Task<PortalCluster> StartAsync(PostgreSqlServer server)
    {
        var cluster = new PortalCluster(server);
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

    /// <summary>Reports of one item each, which the hotline is to assess.</summary>
    public async Task ReportAsync(int count)
    {
        using var http = Http(Nodes[0].Url, _key);
        var body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1, count).Select(i =>
            Bodies.Report(string.Create(CultureInfo.InvariantCulture, $"robots-{i}")) + "\n")));
        var taken = 0;
        var fault = await StreamSender.SendAsync(http, body, a => taken += a.IsAcknowledged ? 1 : 0);
        Assert.Null(fault);
        Assert.Equal(count, taken);
        await Wait.UntilAsync(async () =>
        {
            var queues = JsonElement.Parse(await http.GetStringAsync("/v1/queues"));
            return queues.GetProperty("queues").EnumerateArray().Single(q => q.GetProperty("name").GetString() == "unassessed")
                .GetProperty("count").GetInt64() == count;
        }, Patience, () => "the reports did not wait to be assessed");
    }

    /// <summary>The link by which a new analyst comes in.</summary>
    public async Task<string> InviteAsync(string name)
    {
        using var http = Http(Nodes[0].Url, _key);
        using var body = new StringContent(
            $$"""{"signInName":"{{name}}","name":"Example {{name}}","roles":["Analyst"]}""", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/v1/people", body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return new Uri(JsonElement.Parse(text).GetProperty("link").GetString()!).AbsolutePath;
    }

    public async ValueTask DisposeAsync()
    {
        if (_proxy is { } proxy)
        {
            if (!proxy.HasExited)
            {
                proxy.Kill();
                await proxy.WaitForExitAsync();
            }

            proxy.Dispose();
        }

        await Task.WhenAll(Nodes.Select(n => n.DisposeAsync().AsTask()));
        Npgsql.NpgsqlConnection.ClearAllPools();
        if (Directory.Exists(_folder))
        {
            TestFolders.Remove(_folder);
        }
    }

    private async Task StartAsync()
    {
        Directory.CreateDirectory(_folder);
        var connection = await _server.CreateDatabaseAsync();
        Database = Database.Create(DatabaseProvider.PostgreSql, connection);
        var master = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        JournalKeys.Note(Database, () => master);
        var ports = Enumerable.Range(0, 3).Select(_ => NodeProcess.FreePort()).ToArray();
        Nodes =
        [
            .. ports.Select((port, i) => new NodeProcess(new Dictionary<string, string>
            {
                ["Data"] = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"node-{i + 1}")),
                ["Database__Provider"] = "PostgreSql", ["Database__ConnectionString"] = connection, ["Keys__MasterKey"] = master,
                ["Http__Url"] = NodeProcess.FreeUrl().OriginalString, ["Portal__Url"] = Url.OriginalString, ["Operator__Hands"] = "2",
                ["Cluster__Port"] = port.ToString(CultureInfo.InvariantCulture), ["Cluster__Seeds"] = string.Join(',', ports.Select(p => $"127.0.0.1:{p}")),
            })),
        ];
        foreach (var node in Nodes)
        {
            // Many processes on few processors: one collector thread each, and no second, profiled compilation.
            (node.Environment["DOTNET_gcServer"], node.Environment["DOTNET_TieredPGO"]) = ("0", "0");
            node.Start();
        }

        await WaitWholeAsync();
        await StartProxyAsync();
        await RegisterAsync();
    }

    /// <summary>All ready, and seeing each other; who ended while the cluster formed is started again, as a supervisor would.</summary>
    private Task WaitWholeAsync() => Wait.UntilAsync(async () =>
    {
        foreach (var node in Nodes.Where(n => !n.IsRunning))
        {
            await node.EndedAsync(TimeSpan.FromSeconds(30));
            node.Start();
        }

        var seen = await Task.WhenAll(Nodes.Select(n => n.ReadyAsync()));
        return seen.All(s => s.Status == HttpStatusCode.OK && s.Body.Contains("Up, 3 members\"", StringComparison.Ordinal));
    }, Patience, () => $"the cluster was not whole:\n{Nodes[0].Tail}");

    private async Task StartProxyAsync()
    {
        var file = Path.Combine(_folder, "haproxy.cfg");
        var servers = string.Concat(Nodes.Select((n, i) => string.Create(CultureInfo.InvariantCulture, $"  server node{i + 1} 127.0.0.1:{n.Url.Port}\n")));

        // A node that refuses connections is left out within a second, one that is only busy is not; what was never sent to it goes to another.
        await File.WriteAllTextAsync(file, string.Create(CultureInfo.InvariantCulture, $"""
            global
              maxconn 2000
            defaults
              mode http
              timeout connect 2s
              timeout client 60s
              timeout server 60s
              timeout check 5s
              option redispatch 1
              retries 3
            frontend people
              bind 127.0.0.1:{Url.Port}
              default_backend nodes
            backend nodes
              balance roundrobin
              option httpchk GET /health/ready
              default-server check inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions

            """) + servers);
        _proxy = Process.Start(NodeProcess.Command(HaProxy, "-db", "-f", file))!;
        _proxy.OutputDataReceived += (_, _) => { };
        _proxy.ErrorDataReceived += (_, _) => { };
        _proxy.BeginOutputReadLine();
        _proxy.BeginErrorReadLine();
        using var http = new HttpClient { BaseAddress = Url };
        await Wait.UntilAsync(async () =>
        {
            try
            {
                using var answer = await http.GetAsync("/signin");
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, TimeSpan.FromSeconds(30), () => $"haproxy does not lead to the pages (ended: {_proxy.HasExited})");
    }

    private async Task RegisterAsync()
    {
        var made = Nodes.FirstOrDefault(n => File.Exists(n.OperatorKeyFile)) ?? Nodes[0];
        using var client = new CPortClient(made.Url, await made.OperatorKeyAsync());
        await client.PostAsync(
            "v1/agencies", new { id = Hotline, name = "Example hotline", kind = "Hotline", countries = (string[])["NL"], trust = "Trusted" });
        var issued = await client.PostAsync($"v1/agencies/{Hotline}/keys", new { roles = (string[])["Analyst", "Machine", "Administrator"] });
        _key = issued.GetProperty("apiKey").GetString()!;

        // Known on every node.
        await Wait.UntilAsync(async () =>
        {
            foreach (var node in Nodes)
            {
                using var http = Http(node.Url, _key);
                using var answer = await http.GetAsync("/v1/queues");
                if (!answer.IsSuccessStatusCode)
                {
                    return false;
                }
            }

            return true;
        }, TimeSpan.FromSeconds(60), () => "a node did not take the hotline's key");
    }

    private static HttpClient Http(Uri url, string key)
    {
        var http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(60) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return http;
    }
}
