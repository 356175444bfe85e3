using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CPort.Domain.Identity;
using CPort.Node.Client;
using CPort.Node.Commands;
using CPort.Node.Sample;

namespace CPort.Api.Tests.Survival;

/// <summary>
/// A real <c>cport node</c> of the test's own: a process on a free port, started, killed and started again on the same data, whose whole log is
/// kept. Disposing kills it and removes its data. Not thread-safe.
/// </summary>
public sealed class NodeProcess : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<int, Process> Running = new();

    private readonly ConcurrentQueue<string> _log = new();
    private readonly Dictionary<string, string> _settings;
    private readonly Dictionary<AgencyId, string> _keys = [];
    private readonly HttpClient _http;
    private Process? _process;

    static NodeProcess() =>
        // A test run that is broken off must not leave nodes behind.
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            foreach (var process in Running.Values)
            {
                process.Kill();
            }
        };

    /// <param name="database">Where it keeps its data; removed when the node is disposed.</param>
    /// <param name="settings">More settings, as <c>Limits__LineBytes</c>.</param>
    public NodeProcess(NodeDatabase database, IReadOnlyDictionary<string, string>? settings = null)
    {
        Database = database;
        var port = FreePort();
        Url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        _settings = new Dictionary<string, string>(database.Settings) { ["Http__Url"] = Url.ToString() };
        foreach (var (key, value) in settings ?? new Dictionary<string, string>())
        {
            _settings[key] = value;
        }

        _http = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(20) };
    }

    /// <summary>How long a start may take: a few seconds on a quiet machine.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(90);

    public NodeDatabase Database { get; }

    public Uri Url { get; }

    /// <summary>Everything it wrote since it was first started, over all restarts.</summary>
    public string Log => string.Join('\n', _log);

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>The settings of the next start.</summary>
    public IDictionary<string, string> Settings => _settings;

    /// <summary>Starts the process; does not wait.</summary>
    public void Start()
    {
        Assert.False(IsRunning, "The node runs already.");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            // A folder without settings of anybody else's.
            WorkingDirectory = Path.GetTempPath(), RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "cport.dll"), "node" },
        };
        foreach (var key in start.Environment.Keys.Where(k => k.StartsWith("CPORT", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(key);
        }

        foreach (var (key, value) in _settings)
        {
            start.Environment["CPORT__" + key] = value;
        }

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += Take;
        process.ErrorDataReceived += Take;
        _log.Enqueue($"--- start {DateTime.UtcNow:HH:mm:ss.fff}");
        process.Start();
        Running[process.Id] = process;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <summary>Starts it and waits for <c>/health/ready</c>. Fails with the end of the log.</summary>
    public async Task StartReadyAsync()
    {
        Start();
        await WaitReadyAsync();
    }

    public async Task WaitReadyAsync()
    {
        await UntilAsync(async () =>
        {
            if (!IsRunning)
            {
                Assert.Fail($"The node ended by itself with {_process?.ExitCode}:\n{Tail}");
            }

            return (await ReadyAsync()).Status == HttpStatusCode.OK;
        }, Patience, "the node was not ready");
    }

    /// <summary>Status 0: it does not answer at all.</summary>
    public async Task<(HttpStatusCode Status, string Body)> ReadyAsync()
    {
        try
        {
            using var answer = await _http.GetAsync("/health/ready");
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return (0, e.Message);
        }
    }

    /// <summary>The end without warning: SIGKILL.</summary>
    public async Task Kill9Async()
    {
        _process!.Kill();
        await EndedAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>The orderly end: SIGTERM, then its exit code.</summary>
    public async Task<int> StopAsync()
    {
        Terminate();
        return await EndedAsync(TimeSpan.FromSeconds(70));
    }

    /// <summary>SIGTERM, without waiting for the end.</summary>
    public void Terminate() => Assert.True(Signal(_process!.Id, 15) == 0, "SIGTERM could not be sent.");

    /// <summary>SIGSTOP: it stands still, as a machine that is swapping or a virtual one that is moved.</summary>
    public void Freeze() => Assert.True(Signal(_process!.Id, 19) == 0, "SIGSTOP could not be sent.");

    /// <summary>SIGCONT.</summary>
    public void Thaw() => Assert.True(Signal(_process!.Id, 18) == 0, "SIGCONT could not be sent.");

    /// <summary>Takes over the keys of agencies that were registered through another node of the same cluster.</summary>
    public void UseKeysOf(NodeProcess other)
    {
        foreach (var (agency, key) in other._keys)
        {
            _keys[agency] = key;
        }
    }

    /// <summary>Waits for its end by itself and answers its exit code.</summary>
    public async Task<int> EndedAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await _process!.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"The node did not end within {patience.TotalSeconds} s:\n{Tail}");
        }

        Running.TryRemove(_process.Id, out _);
        _log.Enqueue($"--- ended with {_process.ExitCode} at {DateTime.UtcNow:HH:mm:ss.fff}");
        return _process.ExitCode;
    }

    /// <summary>The key made at first start.</summary>
    public async Task<string> OperatorKeyAsync()
    {
        var file = Path.Combine(Database.Folder, "operator.key");
        await UntilAsync(() => Task.FromResult(File.Exists(file) && new FileInfo(file).Length > 10), TimeSpan.FromSeconds(60), "there was no operator's key");
        return (await File.ReadAllTextAsync(file)).Trim();
    }

    /// <summary>Registers the example agencies as <c>cport demo</c> does and keeps their keys.</summary>
    public async Task RegisterAsync(IEnumerable<SampleAgency> agencies)
    {
        using var client = new CPortClient(Url, await OperatorKeyAsync());
        await Parallel.ForEachAsync(agencies, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (agency, cancellation) =>
        {
            var (key, _) = await AgenciesCommand.AddAsync(
                client, agency.Id, agency.Name, agency.Kind, agency.Countries, agency.OrphanMandate, TrustLevel.Trusted,
                AgenciesCommand.DefaultRoles(agency.Kind), cancellation: cancellation);
            lock (_keys)
            {
                _keys[agency.Id] = key;
            }
        });
    }

    public string KeyOf(AgencyId agency) => _keys[agency];

    public string KeyOf(string agency) => _keys[AgencyId.Parse(agency)];

    /// <summary>An HTTP client of its own that speaks with <paramref name="key"/>.</summary>
    public HttpClient Http(string? key, TimeSpan? timeout = null)
    {
        var http = new HttpClient { BaseAddress = Url, Timeout = timeout ?? TimeSpan.FromSeconds(60) };
        if (key is not null)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return http;
    }

    public async Task<string> MetricsAsync() => await _http.GetStringAsync("/metrics");

    /// <summary>Asks again until it holds; a condition of another process cannot be waited on otherwise.</summary>
    public async Task UntilAsync(Func<Task<bool>> holds, TimeSpan patience, string complaint)
    {
        var watch = Stopwatch.StartNew();
        while (!await holds())
        {
            if (watch.Elapsed > patience)
            {
                Assert.Fail($"Within {patience.TotalSeconds:0} s {complaint}. The node's log:\n{Tail}");
            }

            await Task.Delay(100);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (IsRunning)
        {
            _process!.Kill();
            await _process.WaitForExitAsync();
        }

        if (_process is not null)
        {
            Running.TryRemove(_process.Id, out _);
            _process.Dispose();
        }

        _http.Dispose();
        Database.Delete();

        // For looking at a failure afterwards.
        if (Environment.GetEnvironmentVariable("CPORT_TEST_LOGS") is { Length: > 0 } folder)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, $"node-{DateTime.UtcNow:HHmmss}-{Url.Port}.log"), Log);
        }
    }

    /// <summary>The last lines of the log.</summary>
    public string Tail => string.Join('\n', _log.TakeLast(60));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Take(object sender, DataReceivedEventArgs e)
    {
        if (e.Data is not null)
        {
            _log.Enqueue(e.Data);
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);
}
