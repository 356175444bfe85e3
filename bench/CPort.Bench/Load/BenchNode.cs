using CPort.Tests.Shared;

namespace CPort.Bench.Load;

/// <summary>
/// A node process on a data folder of its own, with HTTP/1.1 and HTTP/2 (h2c) on free ports; its log is in the folder.
/// </summary>
internal sealed class BenchNode : NodeProcess
{
    private readonly StreamWriter _file;
    private readonly bool _keep;

    private BenchNode(string folder, bool keep, Dictionary<string, string> settings)
        : base(settings)
    {
        (Folder, Http2, _keep) = (folder, new Uri(settings["Http__Http2Url"]), keep);
        _file = new StreamWriter(Path.Combine(folder, "node.log")) { AutoFlush = true };
    }

    public string Folder { get; }

    public Uri Http2 { get; }

    /// <summary>Starts a node and waits until it serves and the operator's key is there.</summary>
    public static async Task<BenchNode> StartAsync(
        string folder, DatabaseUnderTest database, string? connectionString, bool keep, CancellationToken cancellation,
        params IEnumerable<KeyValuePair<string, string>> more)
    {
        Directory.CreateDirectory(folder);
        var settings = new Dictionary<string, string>
        {
            ["Data"] = folder, ["Http__Url"] = FreeUrl().OriginalString, ["Http__Http2Url"] = FreeUrl().OriginalString,
            ["Database__Provider"] = database.Provider.ToString(), ["Database__Synchronous"] = database.Synchronous.ToString(),
            ["Limits__ConcurrentStreams"] = "64",
        };
        if (connectionString is not null)
        {
            settings["Database__ConnectionString"] = connectionString;
        }

        foreach (var (name, value) in more)
        {
            settings[name] = value;
        }

        var node = new BenchNode(folder, keep, settings);
        try
        {
            node.Start();
            await node.WaitReadyAsync(cancellation);
            await node.OperatorKeyAsync();
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Runs a command of the same program against this node, for example <c>hashes import</c>; throws when it fails.
    /// </summary>
    public async Task RunAsync(string[] arguments, CancellationToken cancellation)
    {
        using var process = System.Diagnostics.Process.Start(
            Command(CPort(Program, [.. arguments, "--url", Url.OriginalString])))!;
        var said = process.StandardOutput.ReadToEndAsync(cancellation);
        var failed = process.StandardError.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"cport {arguments[0]} {arguments[1]} ended with {process.ExitCode}: {await said} {await failed}");
        }
    }

    /// <summary>Ends it as a supervisor would, and by force when it does not.</summary>
    public override async ValueTask DisposeAsync()
    {
        if (IsRunning)
        {
            try
            {
                await StopAsync();
            }
            catch (TimeoutException)
            {
                // Killed below.
            }
        }

        await base.DisposeAsync();
        lock (_file)
        {
            _file.Dispose();
        }

        if (!_keep)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    protected override void Wrote(string line)
    {
        base.Wrote(line);
        lock (_file)
        {
            if (_file.BaseStream.CanWrite)
            {
                _file.WriteLine(line);
            }
        }
    }
}
