using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using CPort.Tests.Shared;

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
        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var start = NodeProcess.Command(NodeProcess.CPort(NodeProcess.ThisProgram, ["pbm", $"127.0.0.1:{port}", .. words]));
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
