using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace CPort.Cluster.Harness;

/// <summary>An end of a node's process. <paramref name="At"/> by <see cref="Stopwatch.GetTimestamp"/>.</summary>
public sealed record NodeExit(long At, int Code);

/// <summary>
/// A real <c>cport node</c> on a host of the test network, under a supervisor as systemd or Kubernetes would be: whenever the process ends it is started
/// again after a second, until <see cref="DisposeAsync"/>. Keeps its whole log.
/// </summary>
public sealed class SupervisedNode : IAsyncDisposable
{
    private static readonly TimeSpan RestartAfter = TimeSpan.FromSeconds(1);

    /// <summary>What is run: this build, or a published one (<c>CPORT_CHAOS_PROGRAM</c>), which starts faster.</summary>
    private static readonly string ThisProgram = System.Environment.GetEnvironmentVariable("CPORT_CHAOS_PROGRAM") is { Length: > 0 } given
        ? given : Path.Combine(AppContext.BaseDirectory, "cport.dll");

    private static readonly ConcurrentDictionary<int, Process> Running = new();

    private readonly string[] _on;
    private readonly ConcurrentDictionary<string, string> _environment;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http;
    private ImmutableList<NodeExit> _exits = [];
    private Task _supervising = Task.CompletedTask;
    private volatile Process? _process;

    static SupervisedNode() =>
        // A run that is broken off must not leave nodes behind.
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            foreach (var process in Running.Values)
            {
                process.Kill();
            }
        };

    internal SupervisedNode(int number, string address, string[] on, IEnumerable<KeyValuePair<string, string>> environment)
    {
        (Number, Address, _on) = (number, address, on);
        Url = new Uri($"http://{address}:5080");
        _environment = new ConcurrentDictionary<string, string>(environment);
        _http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) }) { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(8) };
    }

    public int Number { get; }

    public string Address { get; }

    public Uri Url { get; }

    /// <summary>When this life of the process was first seen ready, by <see cref="Stopwatch.GetTimestamp"/>; 0 while it was not. The oldest member has the lowest.</summary>
    public long ReadySince { get; private set; }

    public IReadOnlyList<NodeExit> Exits => _exits;

    public IEnumerable<string> Log => _log;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>What the next start runs; for upgrades.</summary>
    public string Program { get; set; } = ThisProgram;

    /// <summary>Environment of the next start; for a clock that is off.</summary>
    public IDictionary<string, string> Environment => _environment;

    /// <summary>Starts the supervisor and with it the process.</summary>
    public void Start() => _supervising = Task.Run(SuperviseAsync);

    /// <summary>The end without warning.</summary>
    public void Kill9() => Signal(9);

    /// <summary>Asks it to leave in order.</summary>
    public void Terminate() => Signal(15);

    /// <summary>It stands still, as a virtual machine that is being moved.</summary>
    public void Freeze() => Signal(19);

    public void Thaw() => Signal(18);

    /// <summary>Whether <c>/health/ready</c> says yes, and what it says of members: their number, and of those it cannot reach. Members 0: no answer.</summary>
    public async Task<(bool Ready, int Members, int Unreachable, string Said)> HealthAsync()
    {
        try
        {
            using var answer = await _http.GetAsync("/health/ready");
            var body = await answer.Content.ReadAsStringAsync();
            if (answer.IsSuccessStatusCode && ReadySince == 0)
            {
                ReadySince = Stopwatch.GetTimestamp();
            }

            var words = JsonElement.Parse(body).GetProperty("reasons").EnumerateArray()
                .FirstOrDefault(r => r.GetProperty("name").GetString() == "cluster") is { ValueKind: JsonValueKind.Object } reason
                ? reason.GetProperty("detail").GetString()!.Split(' ', ',') : [];
            return (answer.IsSuccessStatusCode, Before(words, "member"), Before(words, "unreachable"), body);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException or KeyNotFoundException)
        {
            return (false, 0, 0, e.Message);
        }
    }

    /// <summary>The sum of a counter of <c>/metrics</c> over its labels; 0 when the node does not answer.</summary>
    public async Task<long> MetricAsync(string name)
    {
        try
        {
            return (long)(await _http.GetStringAsync("/metrics")).Split('\n').Where(l => l.StartsWith(name, StringComparison.Ordinal))
                .Sum(l => double.Parse(l.Split(' ')[^(l.Split(' ').Length > 2 ? 2 : 1)], CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or FormatException)
        {
            return 0;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _process?.Kill();
        await _supervising;
        _http.Dispose();
        _stop.Dispose();
    }

    private static int Before(string[] words, string word) =>
        Array.FindIndex(words, w => w.StartsWith(word, StringComparison.Ordinal)) is var at and > 0
        && int.TryParse(words[at - 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private void Signal(int signal)
    {
        if (_process is { HasExited: false } process)
        {
            Shell.Signal(process.Id, signal);
        }
    }

    private async Task SuperviseAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var start = new ProcessStartInfo(_on[0])
            {
                // A folder without settings of anybody else's.
                WorkingDirectory = Path.GetTempPath(), RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
            };
            string[] command = [.. _on[1..], "env", .. _environment.Where(p => !p.Key.StartsWith("CPORT__", StringComparison.Ordinal)).Select(p => $"{p.Key}={p.Value}"),
                System.Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", Program, "node"];
            foreach (var word in command)
            {
                start.ArgumentList.Add(word);
            }

            foreach (var key in start.Environment.Keys.Where(k => k.StartsWith("CPORT", StringComparison.OrdinalIgnoreCase)).ToArray())
            {
                start.Environment.Remove(key);
            }

            // The settings hold the master key: not on the command line.
            foreach (var (key, value) in _environment.Where(p => p.Key.StartsWith("CPORT__", StringComparison.Ordinal)))
            {
                start.Environment[key] = value;
            }

            using var process = new Process { StartInfo = start };
            process.OutputDataReceived += Take;
            process.ErrorDataReceived += Take;
            ReadySince = 0;
            _log.Enqueue($"--- start {DateTime.UtcNow:HH:mm:ss.fff}");
            process.Start();
            Running[process.Id] = process;
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            _process = process;
            await process.WaitForExitAsync();
            Running.TryRemove(process.Id, out _);
            _exits = _exits.Add(new NodeExit(Stopwatch.GetTimestamp(), process.ExitCode));
            _log.Enqueue($"--- ended with {process.ExitCode} at {DateTime.UtcNow:HH:mm:ss.fff}");
            ReadySince = 0;
            _process = null;
            await Task.Delay(RestartAfter, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Take(object sender, DataReceivedEventArgs e)
    {
        if (e.Data is not null)
        {
            _log.Enqueue(e.Data);
        }
    }
}
