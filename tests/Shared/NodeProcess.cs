using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace CPort.Tests.Shared;

/// <summary>
/// A real <c>cport node</c> as a process: started, frozen, stopped, killed and started again on the same data, its whole log
/// kept. Disposing kills it. The one harness of tests, chaos runs and measurements. Not thread-safe, but for its log.
/// </summary>
public class NodeProcess : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<int, Process> Running = new();

    private readonly ConcurrentQueue<string> _log = new();
    private readonly string[] _before;
    private readonly HttpClient _http;
    private volatile Process? _process;

    static NodeProcess() =>
        // A run that is broken off must not leave nodes behind.
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            foreach (var process in Running.Values)
            {
                process.Kill();
            }
        };

    /// <param name="settings">As <c>Limits__LineBytes</c>; <c>Http__Url</c> must be among them.</param>
    /// <param name="before">Words before the command, such as <c>ip netns exec</c>; they must end in running what follows in
    /// their place.</param>
    /// <param name="patience">How long it may take to answer a request.</param>
    public NodeProcess(IEnumerable<KeyValuePair<string, string>> settings, string[]? before = null, TimeSpan? patience = null)
    {
        Settings = new ConcurrentDictionary<string, string>(settings);
        Url = new Uri(Settings["Http__Url"]);
        if (!Settings.ContainsKey("Telemetry__Url"))
        {
            // Elsewhere than on loopback this machine's free ports say nothing.
            Settings["Telemetry__Url"] = Url.IsLoopback ? FreeUrl().OriginalString : $"http://{Url.Host}:{Url.Port + 1}";
        }

        _before = before ?? [];
        _http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) })
        {
            BaseAddress = new Uri(Settings["Telemetry__Url"]), Timeout = patience ?? TimeSpan.FromSeconds(20),
        };
    }

    /// <summary>How long a start may take: a few seconds on a quiet machine.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(90);

    /// <summary>The program beside this one, as the project reference puts it there.</summary>
    public static string ThisProgram { get; } = Path.Combine(AppContext.BaseDirectory, "cport.dll");

    /// <summary>What the next start runs.</summary>
    public string Program { get; set; } = ThisProgram;

    /// <summary>The settings of the next start, without <c>CPORT__</c>.</summary>
    public IDictionary<string, string> Settings { get; }

    /// <summary>What else the next start finds in its environment.</summary>
    public IDictionary<string, string> Environment { get; } = new ConcurrentDictionary<string, string>();

    public Uri Url { get; }

    /// <summary>Its figures, and why it is not ready, without a key.</summary>
    public Uri FiguresUrl => new(Settings["Telemetry__Url"]);

    public int Id => _process!.Id;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Everything it wrote since it was first started, over all restarts.</summary>
    public string Log => string.Join('\n', _log);

    public IEnumerable<string> LogLines => _log;

    /// <summary>The last lines of the log.</summary>
    public string Tail => string.Join('\n', _log.TakeLast(60));

    public string OperatorKeyFile => Path.Combine(Settings["Data"], "operator.key");

    /// <summary>A signal may miss it, because somebody else ends it too.</summary>
    protected virtual bool MayBeGone => false;

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static Uri FreeUrl() => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}"));

    /// <summary>
    /// A program of .NET, in a folder and an environment without settings of anybody else's, with its streams redirected.
    /// </summary>
    public static ProcessStartInfo Command(params IEnumerable<string> words)
    {
        var command = words.ToArray();
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = Path.GetTempPath(), RedirectStandardOutput = true, RedirectStandardError = true,
                RedirectStandardInput = true,
        };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("CPORT", StringComparison.OrdinalIgnoreCase))
            .ToArray())
        {
            start.Environment.Remove(name);
        }

        return start;
    }

    /// <summary>The words that run a command of CPort, for example <c>pbm cluster show</c>.</summary>
    public static IEnumerable<string> CPort(string program, params IEnumerable<string> words) =>
        [System.Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", program, .. words];

    /// <summary>Sends a signal; false when there is no such process any more.</summary>
    public static bool Signal(int process, int signal) => SendSignal(process, signal) == 0;

    /// <summary>Starts the process; does not wait.</summary>
    public void Start()
    {
        if (IsRunning)
        {
            throw new InvalidOperationException("The node runs already.");
        }

        // What is for the node alone must not change the programs before it; the settings hold the master key, so not on the
        // command line.
        IEnumerable<string> own = Environment.Count == 0 ? [] : ["env", .. Environment.Select(p => $"{p.Key}={p.Value}")];
        var start = Command([.. _before, .. own, .. CPort(Program, "node")]);
        foreach (var (name, value) in Settings)
        {
            start.Environment["CPORT__" + name] = value;
        }

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += Take;
        process.ErrorDataReceived += Take;
        Wrote($"--- start {DateTime.UtcNow:HH:mm:ss.fff}");
        process.Start();
        Running[process.Id] = process;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        (var before, _process) = (_process, process);
        before?.Dispose();
    }

    /// <summary>Starts it and waits for <c>/health/ready</c>; throws with the end of the log.</summary>
    public async Task StartReadyAsync()
    {
        Start();
        await WaitReadyAsync();
    }

    public Task WaitReadyAsync(CancellationToken cancellation = default) => UntilAsync(
        async () => IsRunning
            ? (await ReadyAsync(cancellation)).Status == HttpStatusCode.OK
            : throw new InvalidOperationException($"The node ended by itself with {_process?.ExitCode}:\n{Tail}"),
        Patience, "the node was not ready", cancellation);

    /// <summary>Status 0: it does not answer at all.</summary>
    public async Task<(HttpStatusCode Status, string Body)> ReadyAsync(CancellationToken cancellation = default)
    {
        try
        {
            using var answer = await _http.GetAsync("/health/ready", cancellation);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellation));
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException
            && !cancellation.IsCancellationRequested)
        {
            return (0, e.Message);
        }
    }

    public Task<string> MetricsAsync() => _http.GetStringAsync("/metrics");

    /// <summary>The end without warning: SIGKILL. Does not wait.</summary>
    public void Kill9() => Send(9);

    /// <summary>SIGTERM: it is to leave in order. Does not wait.</summary>
    public void Terminate() => Send(15);

    /// <summary>SIGSTOP: it stands still, as a machine that is swapping or a virtual one that is moved.</summary>
    public void Freeze() => Send(19);

    /// <summary>SIGCONT.</summary>
    public void Thaw() => Send(18);

    public Task<int> Kill9Async()
    {
        Kill9();
        return EndedAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>The orderly end and its exit code.</summary>
    public Task<int> StopAsync()
    {
        Terminate();
        return EndedAsync(TimeSpan.FromSeconds(70));
    }

    /// <summary>Waits for its end and answers its exit code; throws with the end of the log.</summary>
    public async Task<int> EndedAsync(TimeSpan patience)
    {
        var process = _process!;
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The node did not end within {patience.TotalSeconds} s:\n{Tail}");
        }

        Running.TryRemove(process.Id, out _);
        Wrote($"--- ended with {process.ExitCode} at {DateTime.UtcNow:HH:mm:ss.fff}");
        return process.ExitCode;
    }

    /// <summary>The key made at first start, when it is there.</summary>
    public async Task<string> OperatorKeyAsync()
    {
        await UntilAsync(
            () => Task.FromResult(File.Exists(OperatorKeyFile) && new FileInfo(OperatorKeyFile).Length > 10),
                TimeSpan.FromSeconds(60),
            "there was no operator's key");
        return (await File.ReadAllTextAsync(OperatorKeyFile)).Trim();
    }

    /// <summary>Asks again until it holds; complains with the end of the log.</summary>
    public Task UntilAsync(Func<Task<bool>> holds, TimeSpan patience, string complaint,
        CancellationToken cancellation = default) =>
        Wait.UntilAsync(holds, patience, () => $"{complaint}. The node's log:\n{Tail}", cancellation);

    public virtual async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            if (!process.HasExited)
            {
                process.Kill();
                await process.WaitForExitAsync();
            }

            Running.TryRemove(process.Id, out _);
            process.Dispose();
        }

        _http.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Takes a line of its log.</summary>
    protected virtual void Wrote(string line) => _log.Enqueue(line);

    private void Take(object sender, DataReceivedEventArgs e)
    {
        if (e.Data is not null)
        {
            Wrote(e.Data);
        }
    }

    private void Send(int signal)
    {
        if (!(IsRunning && Signal(Id, signal)) && !MayBeGone)
        {
            throw new InvalidOperationException($"Signal {signal} could not be sent to the node.");
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int process, int signal);
}
