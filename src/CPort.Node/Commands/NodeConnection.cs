using System.CommandLine;
using Spectre.Console;

namespace CPort.Node.Commands;

/// <summary>
/// The options with which a command finds its node: <c>--url</c> (else <c>CPORT_URL</c>), <c>--key</c> (else <c>CPORT_KEY</c>, else, where the operator's key
/// serves, the file <c>operator.key</c> in the node's data folder).
/// </summary>
internal sealed class NodeConnection
{
    public const string DefaultUrl = "http://127.0.0.1:5080";
    public const string OperatorKeyFile = "operator.key";

    public static string DefaultData => Environment.GetEnvironmentVariable("CPORT__Data") is { Length: > 0 } folder ? folder : "./cport-data";

    private readonly Option<string> _url = new("--url")
    {
        Description = $"The node's address (default: environment CPORT_URL, else {DefaultUrl}).",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("CPORT_URL") is { Length: > 0 } url ? url : DefaultUrl,
    };

    private readonly Option<string?> _key = new("--key")
    {
        Description =
            "The API key (default: environment CPORT_KEY, which other users of the machine cannot see in a process list).",
    };

    private readonly Option<string>? _data;

    private NodeConnection(bool asOperator)
    {
        if (asOperator)
        {
            _data = new Option<string>("--data")
            {
                Description = $"The node's data folder, whose {OperatorKeyFile} is used when no key is given"
                    + " (default: environment CPORT__Data, else ./cport-data).",
                DefaultValueFactory = _ => DefaultData,
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

    /// <summary>Runs a command's work and turns what can go wrong into one readable line on stderr and an exit code.</summary>
    public async Task<int> RunAsync(ParseResult parsed, Func<CPortClient, Task<int>> work)
    {
        var url = parsed.GetValue(_url)!;
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            return Fail("--url is no http or https address.");
        }

        try
        {
            var key = Key(parsed.GetValue(_key), _data is null ? null : parsed.GetValue(_data));
            using var client = new CPortClient(address, key);
            return await work(client);
        }
        catch (Exception e) when (CommandException.CodeOf(e) is { } code)
        {
            return Fail(CommandException.InWords(e), code);
        }
    }

    /// <summary>
    /// The key given, else <c>CPORT_KEY</c>, else the operator's in the data folder (null: not to be used). Throws <see cref="CommandException"/>.
    /// </summary>
    public static string Key(string? given, string? data)
    {
        var file = data is null ? null : Path.Combine(data, OperatorKeyFile);
        var key = (given ?? Environment.GetEnvironmentVariable("CPORT_KEY")) is { Length: > 0 } found ? found
            : File.Exists(file) ? File.ReadAllText(file)
            : throw new CommandException(ExitCodes.NotAllowed,
                "No API key: give --key, or set CPORT_KEY"
                    + (data is null ? "." : $", or --data with the folder that holds {OperatorKeyFile}."));
        return key.Trim() is var trimmed && trimmed.Any(c => c is <= ' ' or > '~')
            ? throw new CommandException(ExitCodes.NotAllowed, "The API key holds characters that no key has.")
            : trimmed;
    }

    /// <summary>A remark on stderr.</summary>
    public static void Say(string message) => Errors.WriteLine(message);

    public static int Fail(string message, int code = ExitCodes.Usage)
    {
        Errors.MarkupLineInterpolated($"[red]{message}[/]");
        return code;
    }

    /// <summary>A console on stderr, for progress and errors, so that stdout stays clean for results.</summary>
    public static IAnsiConsole Errors { get; } = AnsiConsole.Create(new AnsiConsoleSettings
        { Out = new AnsiConsoleOutput(Console.Error) });
}
