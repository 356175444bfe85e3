using System.Collections.Immutable;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using CPort.Actors.Audit;
using CPort.Actors.Persistence;
using CPort.Bench.Load;
using CPort.Domain.Audit;
using CPort.Node.Client;
using CPort.Node.Composition;
using CPort.Node.Hosting;
using CPort.Node.Options;
using CPort.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace CPort.Bench.Audit;

/// <summary>
/// <c>audit</c>: what it costs that every look is durable before its answer leaves. Two nodes in this process, one of which writes nothing down, are asked in
/// turn, so that the machine's moods meet both; the figure is their ratio.
/// </summary>
internal static class AuditCommand
{
    public static Command Create()
    {
        var databases = new Option<string[]>("--database")
            { Description = "sqlite or postgres; both when left out.", DefaultValueFactory = _ => ["sqlite", "postgres"] };
        var reports = new Option<int>("--reports") { Description = "Reports submitted before.", DefaultValueFactory = _ => 500 };
        var clients = new Option<int>("--clients") { Description = "Callers at one time.", DefaultValueFactory = _ => 16 };
        var seconds = new Option<int>("--seconds") { Description = "How long a turn lasts.", DefaultValueFactory = _ => 6 };
        var rounds = new Option<int>("--rounds") { Description = "Turns of each node, after one that does not count.", DefaultValueFactory = _ => 3 };
        databases.AcceptOnlyFromAmong("sqlite", "postgres");
        var command = new Command("audit", "Reads with and without the audit log: rate and 99th percentile as a ratio in one run.")
            { databases, reports, clients, seconds, rounds };
        command.SetAction(async (parsed, cancellation) =>
        {
            Console.WriteLine("| database | what | reads/s without | with | ratio | p99 ms without | with | ratio |");
            Console.WriteLine("|---|---|---:|---:|---:|---:|---:|---:|");
            foreach (var database in parsed.GetValue(databases)!)
            {
                var provider = database == "postgres" ? DatabaseProvider.PostgreSql : DatabaseProvider.Sqlite;
                var turn = TimeSpan.FromSeconds(parsed.GetValue(seconds));
                await new AuditRun(provider, parsed.GetValue(reports), parsed.GetValue(clients), turn, parsed.GetValue(rounds)).RunAsync(cancellation);
            }

            return 0;
        });
        return command;
    }
}

/// <summary>Both nodes on one kind of database.</summary>
internal sealed class AuditRun(DatabaseProvider provider, int reports, int clients, TimeSpan turn, int rounds)
{
    public async Task RunAsync(CancellationToken cancellation)
    {
        await using var server = provider == DatabaseProvider.PostgreSql ? await PostgreSqlServer.StartNewAsync(fsync: true) : null;
        await using var without = await ReadNode.StartAsync(provider, server, audited: false, reports, cancellation);
        await using var with = await ReadNode.StartAsync(provider, server, audited: true, reports, cancellation);
        foreach (var (name, path) in new (string, Func<ReadNode, int, string>)[]
        {
            ("an item", (n, i) => $"v1/reports/{n.Ids[i % n.Ids.Count]}/items/1"), ("a page of 50", (_, _) => "v1/queues/unassessed?maxResults=50"),
        })
        {
            var (rates, tails) = (new[] { new List<double>(), new List<double>() }, new[] { new Percentiles(), new Percentiles() });
            for (var round = 0; round <= rounds; round++)
            {
                foreach (var (node, which) in new[] { (without, 0), (with, 1) })
                {
                    var times = round == 0 ? new Percentiles() : tails[which];
                    var before = times.Count;
                    var started = Stopwatch.GetTimestamp();
                    await Task.WhenAll(Enumerable.Range(0, clients).Select(
                        client => node.AskAsync(i => path(node, client + (i * clients)), turn, times, cancellation)));
                    if (round > 0)
                    {
                        rates[which].Add((times.Count - before) / Stopwatch.GetElapsedTime(started).TotalSeconds);
                    }
                }
            }

            var (r0, r1, p0, p1) = (Percentiles.Median(rates[0]), Percentiles.Median(rates[1]), tails[0].At(0.99), tails[1].At(0.99));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {provider} | {name} | {r0:n0} | {r1:n0} | {r1 / r0:0.00} | {p0:0.0} | {p1:0.0} | {p1 / p0:0.00} |"));
        }
    }
}

/// <summary>A node in this process with reports in it.</summary>
internal sealed class ReadNode : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _folder;
    private readonly HttpClient _http;

    private ReadNode(WebApplication app, string folder, HttpClient http) => (_app, _folder, _http) = (app, folder, http);

    public List<string> Ids { get; } = [];

    public static async Task<ReadNode> StartAsync(
        DatabaseProvider provider, PostgreSqlServer? server, bool audited, int reports, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("cport-bench-audit-").FullName;
        var options = new NodeOptions
        {
            Data = folder, Http = { Url = "http://127.0.0.1:0" }, Cluster = { Port = 0 }, Operator = { Enabled = false },
            Limits = { RequestsPerSecond = 100_000 }, Database = { Provider = provider },
        };
        if (server is not null)
        {
            options.Database.ConnectionString = server.IsAvailable
                ? await server.CreateDatabaseAsync() : throw new InvalidOperationException(server.Unavailable);
        }

        var app = NodeHost.Build(options, b =>
        {
            b.Logging.SetMinimumLevel(LogLevel.Error);
            if (!audited)
            {
                b.Services.Replace(ServiceDescriptor.Singleton<IAuditLog, NothingWritten>());
            }
        });
        await app.StartAsync(cancellation);
        await app.WaitUntilRunningAsync(TimeSpan.FromMinutes(2), cancellation);
        var url = new Uri(app.Urls.First());
        var operators = Path.Combine(folder, "operator.key");
        while (!File.Exists(operators))
        {
            await Task.Delay(50, cancellation);
        }

        using var asOperator = new CPortClient(url, (await File.ReadAllTextAsync(operators, cancellation)).Trim());
        while (true)
        {
            try
            {
                await asOperator.PostAsync(
                    "v1/agencies", new { id = "hotline-nl", name = "Example", kind = "Hotline", countries = new[] { "NL" } }, cancellation);
                break;
            }
            catch (Exception e) when (e is CPortApiException or CPortUnreachableException)
            {
                await Task.Delay(200, cancellation);
            }
        }

        var made = await asOperator.PostAsync("v1/agencies/hotline-nl/keys", new { roles = new[] { "Analyst" } }, cancellation);
        var key = made.GetProperty("apiKey").GetString();
        var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var node = new ReadNode(app, folder, http);
        for (var i = 0; i < reports; i++)
        {
            using var body = new StringContent(Bodies.Report($"BENCH-{i}"), Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync("v1/reports", body, cancellation);
            var text = await answer.Content.ReadAsStringAsync(cancellation);
            node.Ids.Add(System.Text.Json.JsonElement.Parse(text).GetProperty("reportId").GetString()!);
        }

        // The read tables and the log take in what came.
        await Task.Delay(TimeSpan.FromSeconds(4), cancellation);
        return node;
    }

    public async Task AskAsync(Func<int, string> path, TimeSpan turn, Percentiles times, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; Stopwatch.GetElapsedTime(began) < turn; i++)
        {
            var asked = Stopwatch.GetTimestamp();
            using var answer = await _http.GetAsync(path(i), cancellation);
            answer.EnsureSuccessStatusCode();
            await answer.Content.ReadAsByteArrayAsync(cancellation);
            times.Add(Stopwatch.GetElapsedTime(asked));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed class NothingWritten : IAuditLog
    {
        public Task<ImmutableArray<string>> RecordAsync(AuditRecord record, CancellationToken cancellation) => Task.FromResult<ImmutableArray<string>>([]);
    }
}
