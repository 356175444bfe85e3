using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace CPort.Api.Tests.Operator;

/// <summary>What a real <c>cport pbm</c> wrote and ended with.</summary>
public sealed record PbmResult(int Code, string Out, string Error)
{
    public JsonElement Json => JsonElement.Parse(Out);

    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public PbmResult Is(int code)
    {
        Assert.True(Code == code, $"{Code} instead of {code}: {Out}{Error}");
        return this;
    }
}

/// <summary>Runs the real command as a process against a node's operator endpoint.</summary>
public sealed class Pbm(int port, string? key)
{
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async Task<PbmResult> RunAsync(string command, string? input = null)
    {
        using var process = Start(command);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            Assert.Fail($"pbm {command} did not end: {await output}{await error}");
        }

        return new PbmResult(process.ExitCode, await output, await error);
    }

    /// <summary>A command that goes on, as a tail does.</summary>
    public PbmTail Follow(string command) => new(Start(command));

    private Process Start(string command)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            WorkingDirectory = Path.GetTempPath(), RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "cport.dll"), "pbm", $"127.0.0.1:{port}" },
        };
        foreach (var word in command.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            start.ArgumentList.Add(word);
        }

        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("CPORT", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        if (key is not null)
        {
            start.Environment["CPORT_KEY"] = key;
        }

        return Process.Start(start)!;
    }
}

/// <summary>A running tail and its lines so far.</summary>
public sealed class PbmTail : IDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();

    public PbmTail(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, e) => _lines.Enqueue(e.Data ?? "(end)");
        process.BeginOutputReadLine();
    }

    public IReadOnlyCollection<string> Lines => _lines;

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
