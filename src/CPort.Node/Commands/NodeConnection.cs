using System.CommandLine;
using CPort.Node.Client;
using Spectre.Console;

namespace CPort.Node.Commands;

/// <summary>Exit codes of every command that talks to a node.</summary>
public static class ClientExitCodes
{
    public const int Ok = 0;

    /// <summary>The work was done, but some lines were not taken.</summary>
    public const int SomeRejected = 1;

    /// <summary>Wrong usage, no connection, or refused as a whole.</summary>
    public const int Failed = 2;

    /// <summary>The work was done, but some lines stayed without a final answer (a report that cannot be read): they are to be sent again later.</summary>
    public const int SomeUnavailable = 3;
}

/// <summary>
/// The options with which a command finds its node: <c>--url</c> (else <c>CPORT_URL</c>), <c>--key</c> (else <c>CPORT_KEY</c>, else, where the
/// operator's key serves, the file <c>operator.key</c> in the node's data folder).
/// </summary>
internal sealed class NodeConnection
{
    public const string DefaultUrl = "http://127.0.0.1:5080";
    public const string OperatorKeyFile = "operator.key";

    private readonly Option<string> _url = new("--url")
    {
        Description = $"The node's address (default: environment CPORT_URL, else {DefaultUrl}).",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("CPORT_URL") is { Length: > 0 } url ? url : DefaultUrl,
    };

    private readonly Option<string?> _key = new("--key")
    {
        Description = "The API key (default: environment CPORT_KEY, which other users of the machine cannot see in a process list).",
    };

    private readonly Option<string>? _data;

    private NodeConnection(bool asOperator)
    {
        if (asOperator)
        {
            _data = new Option<string>("--data")
            {
                Description = $"The node's data folder, whose {OperatorKeyFile} is used when no key is given (default: environment CPORT__Data, else ./cport-data).",
                DefaultValueFactory = _ => Environment.GetEnvironmentVariable("CPORT__Data") is { Length: > 0 } folder ? folder : "./cport-data",
            };
        }
    }

    /// <summary>Adds the options to a command.</summary>
    public static NodeConnection AddTo(Command command, bool asOperator = false)
    {
        var connection = new NodeConnection(asOperator);
        command.Options.Add(connection._url);
        command.Options.Add(connection._key);
        if (connection._data is not null)
        {
            command.Options.Add(connection._data);
        }

        return connection;
    }

    /// <summary>Runs a command's work and turns what can go wrong into one readable line on stderr and exit code 2.</summary>
    public async Task<int> RunAsync(ParseResult parsed, Func<CPortClient, Task<int>> work)
    {
        var url = parsed.GetValue(_url)!;
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            return Fail("--url is no http or https address.");
        }

        try
        {
            var key = await KeyAsync(parsed);
            if (key is null)
            {
                return Fail("No API key: give --key, or set CPORT_KEY" + (_data is null ? "." : $", or --data with the folder that holds {OperatorKeyFile}."));
            }

            if (key.Any(c => c is <= ' ' or > '~'))
            {
                return Fail("The API key holds characters that no key has.");
            }

            using var client = new CPortClient(address, key);
            return await work(client);
        }
        catch (Exception e) when (e is CPortApiException or CPortUnreachableException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return Fail(e.Message);
        }
        catch (OperationCanceledException)
        {
            return Fail("Stopped.");
        }
    }

    public static int Fail(string message)
    {
        Errors.MarkupLineInterpolated($"[red]{message}[/]");
        return ClientExitCodes.Failed;
    }

    /// <summary>A console on stderr, for progress and errors, so that stdout stays clean for results.</summary>
    public static IAnsiConsole Errors { get; } = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    private async Task<string?> KeyAsync(ParseResult parsed)
    {
        if ((parsed.GetValue(_key) ?? Environment.GetEnvironmentVariable("CPORT_KEY")) is { Length: > 0 } key)
        {
            return key.Trim();
        }

        var file = _data is null ? null : Path.Combine(parsed.GetValue(_data)!, OperatorKeyFile);
        return file is not null && File.Exists(file) ? (await File.ReadAllTextAsync(file)).Trim() : null;
    }
}
