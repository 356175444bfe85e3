using System.Diagnostics;
using System.Net;
using CPort.Actors.Confidential;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Node;
using CPort.Node.Composition;
using CPort.Node.Hosting;
using CPort.Node.Options;
using CPort.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using CPort.Api.Security;
using CPort.Domain.Access;
using CPort.Domain.Routing;
using CPort.Node.Operator;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CPort.Api.Tests.Node;

/// <summary>A node's start, waiting, health and end; over real Kestrel and real databases.</summary>
public sealed class NodeStartTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cport-node-");
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    public void Dispose()
    {
        _http.Dispose();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        TestFolders.Remove(_folder.FullName);
    }

    [Fact]
    public async Task A_node_on_SQLite_becomes_ready_shows_metrics_and_ends_cleanly()
    {
        await using var app = NodeHost.Build(Options());
        await app.StartAsync();
        await app.WaitUntilRunningAsync(Patience);
        await Until(async () => (await Ready(app)).Code == HttpStatusCode.OK);

        Assert.Contains("dotnet_", await _http.GetStringAsync(Figures(app) + "/metrics"), StringComparison.Ordinal);

        // Alarms see the first event as a rise only of a counter that was there before.
        foreach (var name in new[] { "cport_journal_fenced_total", "cport_entities_stuck_total", "cport_persist_failures_total", "cport_matching_unavailable_total" })
        {
            Assert.Contains(name, await _http.GetStringAsync(Figures(app) + "/metrics"), StringComparison.Ordinal);
        }

        // One unit of time, Prometheus' own.
        Assert.DoesNotContain("_milliseconds", await _http.GetStringAsync(Figures(app) + "/metrics"), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync(Figures(app) + "/v1/queues")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _http.GetAsync(Url(app) + "/metrics")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _http.GetAsync(Url(app) + "/health/live")).StatusCode);
        await app.StopAsync();
        Assert.Equal(ExitCodes.Ok, app.Services.GetRequiredService<NodeState>().ExitCode);
    }

    [Fact]
    public async Task Every_endpoint_of_both_ports_names_the_rights_it_needs()
    {
        await using var app = NodeHost.Build(Options());
        var operators = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        operators.Services.AddRouting();
        operators.WebHost.UseKestrelCore();
        await using var port = operators.Build();
        OperatorEndpoints.Map(port, new OperatorNode(app.Services, new NodeState(), NullLogger.Instance, CancellationToken.None));
        var endpoints = new IEndpointRouteBuilder[] { app, port }.SelectMany(a => a.DataSources).SelectMany(d => d.Endpoints).OfType<RouteEndpoint>().ToArray();

        Assert.Contains(endpoints, e => e.RoutePattern.RawText == "/metrics");
        Assert.Contains(endpoints, e => e.RoutePattern.RawText == "/v1/reports:stream");
        Assert.Contains(endpoints, e => e.RoutePattern.RawText == "/operator/v1/cluster/down");
        Assert.Empty(endpoints.Where(e => e.Metadata.GetMetadata<NeededDeed>() is null).Select(e => e.RoutePattern.RawText));
        Assert.Empty(endpoints.Where(e =>
            e.RoutePattern.RawText!.Contains("v1/")

            // What news look like is part of the API's description: receivers of webhooks have no key.
            && e.RoutePattern.RawText is not ("/v1/feed/types" or "/v1/feed/schemas/{type}.json")
            && e.Metadata.GetOrderedMetadata<NeededDeed>().Any(n => n.Deed == Deed.SeeService))
            .Select(e => e.RoutePattern.RawText));
        Assert.Empty(Enum.GetValues<Deed>().Except(endpoints.SelectMany(e => e.Metadata.GetOrderedMetadata<NeededDeed>()).Select(n => n.Deed)));
    }

    [SkippableFact]
    public async Task A_node_waits_for_a_database_that_is_away_and_notices_when_it_goes_and_comes()
    {
        await using var postgres = await PostgreSqlServer.StartNewAsync(fsync: false);
        Skip.IfNot(postgres.IsAvailable, postgres.Unavailable);
        var options = Options();
        options.Database.Provider = DatabaseProvider.PostgreSql;
        options.Database.ConnectionString = await postgres.CreateDatabaseAsync() + ";Password=marker-secret";
        await postgres.StopAsync();

        var log = new LogLines();
        await using var app = NodeHost.Build(options, b => b.Logging.AddProvider(log));
        await app.StartAsync();
        await Until(() => Task.FromResult(log.Text.Contains("does not answer, the node waits for it", StringComparison.Ordinal)));

        Assert.Equal(HttpStatusCode.OK, (await _http.GetAsync(Url(app) + "/health/live")).StatusCode);
        var (code, body) = await Ready(app);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        Assert.Contains("waits: the database does not answer", body, StringComparison.Ordinal);
        using var other = await _http.GetAsync(Url(app) + "/v1/reports/x");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, other.StatusCode);
        Assert.Equal("5", other.Headers.GetValues("Retry-After").Single());

        await postgres.StartAsync();
        await app.WaitUntilRunningAsync(Patience);
        await Until(async () => (await Ready(app)).Code == HttpStatusCode.OK);

        await postgres.StopAsync();
        Assert.Contains("\"database\",\"ok\":false", (await Ready(app)).Body, StringComparison.Ordinal);
        await postgres.StartAsync();
        await Until(async () => (await Ready(app)).Code == HttpStatusCode.OK);

        Assert.DoesNotContain("marker-secret", log.Text + body, StringComparison.Ordinal);
        await app.StopAsync();
    }

    [SkippableFact]
    public async Task A_node_whose_hash_buckets_are_being_loaded_is_not_ready_and_says_how_many_are()
    {
        await using var postgres = await PostgreSqlServer.StartNewAsync(fsync: false);
        Skip.IfNot(postgres.IsAvailable, postgres.Unavailable);
        var options = Options();
        options.Database.Provider = DatabaseProvider.PostgreSql;
        options.Database.ConnectionString = await postgres.CreateDatabaseAsync();
        var database = Database.Create(options.Database.Provider, options.Database.ConnectionString);
        await DatabaseSchema.EnsureAsync(database);
        await new KeyRingStore(database, new KeyRing(TimeProvider.System), TimeProvider.System).OpenAsync(
            MasterKeys.LoadOrCreate(Path.Combine(options.Data, "master.key"), out _), default);
        await database.ExecuteAsync(
            "INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier) VALUES (0, false, 'hash-bucket-exact-7', 1, '', 'nonsense', 3101)",
            default);

        // A bucket begins with its snapshot: as long as the table is locked it cannot.
        await using var connection = new Npgsql.NpgsqlConnection(options.Database.ConnectionString);
        await connection.OpenAsync();
        await using (var holding = await connection.BeginTransactionAsync())
        {
            await using var hold = connection.CreateCommand();
            hold.CommandText = "LOCK TABLE snapshot IN ACCESS EXCLUSIVE MODE";
            await hold.ExecuteNonQueryAsync();
            await using var app = NodeHost.Build(options);
            await app.StartAsync();
            await app.WaitUntilRunningAsync(Patience);
            await Until(async () => (await Ready(app)).Body.Contains("\"hash buckets\",\"ok\":false,\"detail\":\"0 of 1 loaded\"", StringComparison.Ordinal));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Ready(app)).Code);
            await holding.RollbackAsync();

            // This one never will be: an operator has to look at it, and the node serves.
            await Until(async () => (await Ready(app)).Body.Contains(
                "\"hash buckets\",\"ok\":true,\"detail\":\"0 of 1 loaded, 1 cannot be read (pbm reports stuck)\"", StringComparison.Ordinal));
            await app.StopAsync();
        }
    }

    [Fact]
    public async Task A_node_with_another_master_key_than_the_database_ends_and_says_both()
    {
        foreach (var (key, expected) in new[] { ("key-one", ExitCodes.Ok), ("key-two", ExitCodes.Refused) })
        {
            var log = new LogLines();
            await using var app = NodeHost.Build(Options(), b =>
            {
                b.Services.AddSingleton(new FixedFigure("master-key", key, "Give the key of the first start."));
                b.Logging.AddProvider(log);
            });
            await app.StartAsync();
            if (expected == ExitCodes.Ok)
            {
                await app.WaitUntilRunningAsync(Patience);
                await app.StopAsync();
            }
            else
            {
                await app.WaitForShutdownAsync(new CancellationTokenSource(Patience).Token);
                Assert.Contains("'key-one', this node is configured with 'key-two'. Give the key of the first start.", log.Text, StringComparison.Ordinal);
            }

            Assert.Equal(expected, app.Services.GetRequiredService<NodeState>().ExitCode);
        }
    }

    [Fact]
    public async Task A_node_with_another_suffix_list_than_the_read_tables_starts_and_has_them_built_anew()
    {
        var file = Path.Combine(_folder.FullName, "suffixes.dat");
        await File.WriteAllTextAsync(file, "example\nblog.example\n");
        foreach (var (list, fingerprint) in new[] { (file, PublicSuffixes.Load(file).Fingerprint), (null, Suffixes.Shipped.Fingerprint) })
        {
            var options = Options();
            options.Hosting.PublicSuffixFile = list;
            await using var app = NodeHost.Build(options);
            await app.StartAsync();
            await app.WaitUntilRunningAsync(Patience);
            var tables = app.Services.GetRequiredService<ReadTables>();
            await Wait.UntilAsync(async () => (await tables.SetsAsync()).Any(s => s.State == TableSetState.Serving && s.SuffixList == fingerprint),
                Patience, () => "no set by the list served.");
            await app.StopAsync();
        }
    }

    [Fact]
    public void A_file_that_is_no_suffix_list_is_a_wrong_setting()
    {
        var file = Path.Combine(_folder.FullName, "suffixes.dat");
        File.WriteAllText(file, "foo..bar\n");
        var options = Options();
        options.Hosting.PublicSuffixFile = file;
        Assert.StartsWith("CPORT__Hosting__PublicSuffixFile: ", Assert.Throws<NodeConfigurationException>(() => NodeHost.Build(options)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_settings_are_named_by_their_keys_all_at_once_and_show_no_secret()
    {
        var error = Assert.Throws<NodeConfigurationException>(() => NodeConfiguration.From(new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?>
            {
                ["Database:Provider"] = "PostgreSql",
                ["Database:ConnectionString"] = "Host=h;Passwort=marker-secret",
                ["Limits:LineBytes"] = "many",
                ["Cluster:Roles"] = "api,cook",
                ["Cluster:Seeds:0"] = "nowhere",
                ["Keys:MasterKey"] = "marker-secret",
                ["Keys:MasterKeyFile"] = "x",
                ["Htp:Url"] = "x",
            }).Build()));

        var keys = error.Problems.Select(p => p[..p.IndexOf(':', StringComparison.Ordinal)]).Order(StringComparer.Ordinal);
        Assert.Equal(
            ["CPORT__Cluster__Roles", "CPORT__Cluster__Seeds", "CPORT__Database__ConnectionString", "CPORT__Htp", "CPORT__Keys__MasterKey",
                "CPORT__Limits__LineBytes"],
            keys);
        Assert.DoesNotContain("marker-secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_environment_wins_over_files_and_the_command_line_over_both()
    {
        Environment.SetEnvironmentVariable("CPORT__Cluster__Host", "127.0.0.7");
        Environment.SetEnvironmentVariable("CPORT__Limits__ItemsPerBatch", "70");
        try
        {
            var options = NodeConfiguration.Load(commandLine: new Dictionary<string, string?> { ["Limits:ItemsPerBatch"] = "80" });
            Assert.Equal("127.0.0.7", options.Cluster.Host);
            Assert.Equal(80, options.Limits.ItemsPerBatch);
        }
        finally
        {
            Environment.SetEnvironmentVariable("CPORT__Cluster__Host", null);
            Environment.SetEnvironmentVariable("CPORT__Limits__ItemsPerBatch", null);
        }
    }

    [Fact]
    public void A_span_keeps_the_route_and_loses_path_and_query()
    {
        using var activity = new Activity("GET").Start();
        activity.SetTag("url.path", "/v1/things/marker").SetTag("url.query", "?q=marker").SetTag("http.route", "/v1/things/{value}");
        using var mask = new Telemetry.PathMask();
        mask.OnEnd(activity);
        Assert.Equal("/v1/things/{value}", activity.GetTagItem("url.path"));
        Assert.DoesNotContain(activity.TagObjects, t => t.Value?.ToString()?.Contains("marker", StringComparison.Ordinal) == true);
    }

    private NodeOptions Options() => new() { Data = _folder.FullName, Http = { Url = "http://127.0.0.1:0" }, Telemetry = { Url = "http://127.0.0.1:0" } };

    private static string Url(WebApplication app) => app.Urls.First();

    private static string Figures(WebApplication app) => app.Urls.ElementAt(1);

    private async Task<(HttpStatusCode Code, string Body)> Ready(WebApplication app)
    {
        using var answer = await _http.GetAsync(Figures(app) + "/health/ready");
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Asks again until it holds; a condition of another process cannot be waited on otherwise.</summary>
    private static async Task Until(Func<Task<bool>> holds)
    {
        var deadline = Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(deadline.Elapsed < Patience, "The condition did not come about in time.");
            await Task.Delay(50);
        }
    }

    private sealed class LogLines : ILoggerProvider, ILogger
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

        public string Text => string.Join('\n', _lines);

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue(formatter(state, exception) + exception);

        public void Dispose()
        {
        }
    }
}
