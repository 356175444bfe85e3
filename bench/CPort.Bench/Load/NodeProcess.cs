using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace CPort.Bench.Load;

/// <summary>The built <c>cport node</c> as a process of its own on a data folder of its own, with HTTP/1.1 and HTTP/2 (h2c) on free ports.</summary>
internal sealed partial class NodeProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly bool _keep;

    private NodeProcess(Process process, string folder, Uri http, Uri http2, bool keep)
    {
        (_process, Folder, Http, Http2, _keep) = (process, folder, http, http2, keep);
        _log = new StreamWriter(Path.Combine(folder, "node.log")) { AutoFlush = true };
        process.OutputDataReceived += (_, e) => Log(e.Data);
        process.ErrorDataReceived += (_, e) => Log(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Pid => _process.Id;

    public string Folder { get; }

    public Uri Http { get; }

    public Uri Http2 { get; }

    /// <summary>The program beside this one, as the project reference puts it there.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "cport.dll");

    public string OperatorKeyFile => Path.Combine(Folder, "operator.key");

    /// <summary>Starts a node and waits until it serves and the operator's key is there.</summary>
    public static async Task<NodeProcess> StartAsync(
        string folder, DatabaseUnderTest database, string? connectionString, bool keep, CancellationToken cancellation)
    {
        Uri Free()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
        }

        var (http, http2) = (Free(), Free());
        Directory.CreateDirectory(folder);
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        start.ArgumentList.Add(Program);
        start.ArgumentList.Add("node");
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("CPORT", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["CPORT__Data"] = folder;
        start.Environment["CPORT__Http__Url"] = http.OriginalString;
        start.Environment["CPORT__Http__Http2Url"] = http2.OriginalString;
        start.Environment["CPORT__Database__Provider"] = database.Provider.ToString();
        start.Environment["CPORT__Database__Synchronous"] = database.Synchronous.ToString();
        start.Environment["CPORT__Limits__ConcurrentStreams"] = "64";
        if (connectionString is not null)
        {
            start.Environment["CPORT__Database__ConnectionString"] = connectionString;
        }

        var node = new NodeProcess(Process.Start(start)!, folder, http, http2, keep);
        try
        {
            using var client = new HttpClient { BaseAddress = http, Timeout = TimeSpan.FromSeconds(5) };
            await Wait.UntilAsync("the node to be ready", TimeSpan.FromSeconds(90), async () =>
            {
                if (node._process.HasExited)
                {
                    throw new InvalidOperationException($"The node ended with {node._process.ExitCode}; see {Path.Combine(folder, "node.log")}.");
                }

                try
                {
                    using var ready = await client.GetAsync("health/ready", cancellation);
                    return ready.IsSuccessStatusCode && File.Exists(node.OperatorKeyFile);
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            }, cancellation);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a command of the same program against this node, for example <c>hashes import</c>; throws when it fails.</summary>
    public async Task RunAsync(string[] arguments, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder };
        foreach (var argument in (string[])[Program, .. arguments, "--url", Http.OriginalString])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync(cancellation);
        var failed = process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"cport {arguments[0]} {arguments[1]} ended with {process.ExitCode}: {await said} {await failed}");
        }
    }

    /// <summary>Ends the node as a supervisor would (SIGTERM) and waits for it.</summary>
    public async Task StopAsync()
    {
        if (!_process.HasExited)
        {
            _ = Kill(_process.Id, 15);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
        lock (_log)
        {
            _log.Dispose();
        }

        if (!_keep)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private void Log(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_log)
        {
            if (_log.BaseStream.CanWrite)
            {
                _log.WriteLine(line);
            }
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}

/// <summary>Waiting on a condition.</summary>
internal static class Wait
{
    /// <summary>Asks every 100 ms; throws <see cref="TimeoutException"/> that names what did not come.</summary>
    public static async Task UntilAsync(string what, TimeSpan patience, Func<Task<bool>> holds, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            if (Stopwatch.GetElapsedTime(started) > patience)
            {
                throw new TimeoutException($"Waited {patience.TotalSeconds:0} s for {what}.");
            }

            await Task.Delay(100, cancellation);
        }
    }
}
