using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace CPort.Tests.Shared;

/// <summary>
/// A PostgreSQL of the test's own: started from the installed binaries on a free port, of 127.0.0.1 unless told otherwise, with its data in a temporary folder,
/// and gone when disposed. PostgreSQL refuses to run as root, so it then runs as <c>postgres</c> or <c>nobody</c>. Where none is installed
/// <see cref="Unavailable"/> says so and tests skip with that reason: <c>Skip.IfNot(server.IsAvailable, server.Unavailable)</c>.
/// </summary>
public sealed class PostgreSqlServer : IAsyncLifetime, IAsyncDisposable
{
    private readonly string _folder;
    private readonly string _address;
    private readonly string? _network;
    private readonly bool _fsync;
    private string? _bin;
    private string? _user;
    private int _databases;
    private bool _running;

    /// <summary>For xunit's fixtures: fsync off, which is right wherever the machine's power is not under test.</summary>
    public PostgreSqlServer()
        : this(fsync: false)
    {
    }

    private PostgreSqlServer(bool fsync, string address = "127.0.0.1", string? network = null, string? folder = null)
    {
        (_fsync, _address, _network) = (fsync, address, network);
        _folder = Path.Combine(folder ?? Path.GetTempPath(), $"cport-pg-{Environment.ProcessId}-{Guid.NewGuid():N}"[..40]);
    }

    /// <summary>Why there is no server, or null.</summary>
    public string? Unavailable { get; private set; }

    public bool IsAvailable => Unavailable is null;

    public int Port { get; private set; }

    /// <summary>Everything the server writes: its data with the write-ahead log, and its log.</summary>
    public string Folder => _folder;

    /// <summary>Starts a server with fsync as wanted; look at <see cref="IsAvailable"/>.</summary>
    public static async Task<PostgreSqlServer> StartNewAsync(bool fsync)
    {
        var server = new PostgreSqlServer(fsync);
        await server.InitializeAsync();
        return server;
    }

    /// <summary>
    /// Starts a server that listens on <paramref name="address"/> and lets in whoever comes from <paramref name="network"/> (as 10.77.0.0/24), with its
    /// data in a folder below <paramref name="folder"/>.
    /// </summary>
    public static async Task<PostgreSqlServer> StartNewAsync(bool fsync, string address, string network, string folder)
    {
        var server = new PostgreSqlServer(fsync, address, network, folder);
        await server.InitializeAsync();
        return server;
    }

    public async Task InitializeAsync()
    {
        _bin = FindBinaries();
        if (_bin is null)
        {
            Unavailable = "PostgreSQL is not installed: no /usr/lib/postgresql/*/bin/postgres and none on the PATH.";
            return;
        }

        if (Environment.UserName == "root")
        {
            _user = new[] { "postgres", "nobody" }.FirstOrDefault(u => File.ReadLines("/etc/passwd").Any(l => l.StartsWith(u + ":", StringComparison.Ordinal)));
            if (_user is null || !File.Exists("/usr/sbin/runuser") && !File.Exists("/sbin/runuser"))
            {
                Unavailable = "PostgreSQL does not run as root, and there is no user postgres or nobody with runuser to run it as.";
                return;
            }
        }

        Directory.CreateDirectory(_folder);
        if (_user is not null)
        {
            await RunAsync("chown", asServerUser: false, _user, _folder);
        }

        await RunAsync(
            Path.Combine(_bin, "initdb"), true, "-D", Data, "-U", "cport", "-A", "trust", "-E", "UTF8", $"--locale={UsualLocale ?? "C"}", "--no-sync");
        if (_network is not null)
        {
            await File.AppendAllTextAsync(Path.Combine(Data, "pg_hba.conf"), $"host all all {_network} trust\n");
        }

        // Until the server listens, anybody may take the port.
        for (var attempt = 1; ; attempt++)
        {
            Port = FreePort();
            try
            {
                await StartAsync();
                return;
            }
            catch (InvalidOperationException) when (attempt < 3 && PortWasTaken())
            {
            }
        }
    }

    /// <summary>Starts it (again) on the same port and waits until it answers.</summary>
    public async Task StartAsync()
    {
        var options = string.Create(CultureInfo.InvariantCulture,
            $"-p {Port} -c listen_addresses={_address} -c unix_socket_directories= -c max_connections=200 -c shared_buffers=128MB -c fsync={(_fsync ? "on" : "off")} -c full_page_writes={(_fsync ? "on" : "off")}");
        await RunAsync(Path.Combine(_bin!, "pg_ctl"), true, "-D", Data, "-l", Log, "-o", options, "-w", "-t", "60", "start");
        _running = true;
    }

    /// <summary>Stops it at once, as a failing database does: open connections break, committed data stays.</summary>
    public async Task StopAsync()
    {
        _running = false;
        await RunAsync(Path.Combine(_bin!, "pg_ctl"), true, "-D", Data, "-m", "fast", "-w", "stop");
    }

    /// <summary>Kills it without a checkpoint; the next start recovers from the log.</summary>
    public async Task KillAsync()
    {
        _running = false;
        await RunAsync(Path.Combine(_bin!, "pg_ctl"), true, "-D", Data, "-m", "immediate", "-w", "stop");
    }

    /// <summary>
    /// What PostgreSQL's own images and packages set up a server with, null where the machine does not have it: glibc's order of texts, which ignores
    /// punctuation, is not that of bytes.
    /// </summary>
    public static string? UsualLocale { get; } = FindUsualLocale();

    /// <summary>
    /// Makes an empty database and answers its connection string. <paramref name="kind"/>: how it differs from the server's own, as
    /// <c>ENCODING 'LATIN1' LOCALE 'C'</c>.
    /// </summary>
    public async Task<string> CreateDatabaseAsync(string? kind = null)
    {
        var name = $"cport_{Interlocked.Increment(ref _databases)}";
        await using var connection = new NpgsqlConnection(ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"CREATE DATABASE {name}{(kind is null ? "" : $" TEMPLATE template0 {kind}")}";
        await command.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    public async Task DisposeAsync()
    {
        if (_running)
        {
            await KillAsync();
        }

        if (Directory.Exists(_folder))
        {
            TestFolders.Remove(_folder);
        }
    }

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    private string Data => Path.Combine(_folder, "data");

    private string Log => Path.Combine(_folder, "log");

    private bool PortWasTaken() => File.Exists(Log) && File.ReadAllText(Log).Contains("Address already in use", StringComparison.Ordinal);

    /// <summary>Of a database of this server by its name; <c>postgres</c> is always there.</summary>
    public string ConnectionString(string database) =>
        string.Create(CultureInfo.InvariantCulture, $"Host={_address};Port={Port};Username=cport;Database={database}");

    private static string? FindBinaries()
    {
        var installed = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(d => d, StringComparer.Ordinal).Select(d => Path.Combine(d, "bin"))
            : [];
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return installed.Concat(onPath).FirstOrDefault(d => File.Exists(Path.Combine(d, "postgres")) && File.Exists(Path.Combine(d, "pg_ctl")));
    }

    private static string? FindUsualLocale()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("locale", "-a") { RedirectStandardOutput = true })!;
            var all = process.StandardOutput.ReadToEnd().Split('\n');
            return all.FirstOrDefault(l => l.ToUpperInvariant() is "EN_US.UTF8" or "EN_US.UTF-8");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task RunAsync(string file, bool asServerUser, params string[] arguments)
    {
        var switchUser = asServerUser && _user is not null;
        var start = new ProcessStartInfo(switchUser ? "runuser" : file)
        {
            // pg_ctl's server keeps what it inherits: pipes would stay open as long as it runs, so the output goes to a file instead.
            WorkingDirectory = "/",
        };
        var output = Path.Combine(_folder, "command.log");
        string[] command = [file, .. arguments];
        if (switchUser)
        {
            foreach (var a in (string[])["-u", _user!, "--"])
            {
                start.ArgumentList.Add(a);
            }
        }
        else
        {
            start.FileName = "/bin/sh";
        }

        if (switchUser)
        {
            start.ArgumentList.Add("/bin/sh");
        }

        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("out=\"$1\"; shift; exec \"$@\" >>\"$out\" 2>&1 </dev/null");
        start.ArgumentList.Add("sh");
        start.ArgumentList.Add(file == "chown" ? "/dev/null" : output);
        foreach (var a in command)
        {
            start.ArgumentList.Add(a);
        }

        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            var said = File.Exists(output) ? await File.ReadAllTextAsync(output) : "";
            throw new InvalidOperationException($"{Path.GetFileName(file)} ended with {process.ExitCode}: {said}");
        }
    }
}
