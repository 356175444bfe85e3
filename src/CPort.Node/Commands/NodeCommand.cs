using System.CommandLine;
using System.Runtime.InteropServices;
using CPort.Node.Composition;

namespace CPort.Node.Commands;

/// <summary><c>cport node</c>: runs a node until Ctrl-C or SIGTERM.</summary>
public static partial class NodeCommand
{
    public static Command Create()
    {
        var command = new Command("node", "Run a node.");
        var settings = new NodeSettings(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var app = NodeHost.Build(settings.Read(parsed));

            // Says who wanted the end: otherwise the log of a stop looks the same whatever caused it.
            var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("CPort.Node.Signals");
            using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, s => Told(log, s.Signal));
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, s => Told(log, s.Signal));
            using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, s => Told(log, s.Signal));
            await app.StartAsync(cancellation);
            await using var stop = cancellation.Register(app.Lifetime.StopApplication);
            await app.WaitForShutdownAsync(CancellationToken.None);

            // A part of the node that fails for good ends it (and is in the log): whoever started it must not take that for an orderly end.
            var failed = app.Services.GetServices<IHostedService>().OfType<BackgroundService>().Any(s => s.ExecuteTask is { IsFaulted: true });
            return app.Services.GetRequiredService<NodeState>().ExitCode is not ExitCodes.Ok and var code ? code : failed ? ExitCodes.Failed : ExitCodes.Ok;
        });
        return command;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Told to stop by {Signal}")]
    private static partial void Told(ILogger logger, PosixSignal signal);
}

/// <summary>The options that every command has that runs a node or needs its configuration.</summary>
public sealed class NodeSettings
{
    private readonly Option<string?> _config = new("--config")
        { Description = "A JSON file with settings, read after appsettings.json." };
    private readonly Option<string?> _data = new("--data") { Description = "Data folder (CPORT__Data)." };
    private readonly Option<string?> _url = new("--url") { Description = "Address to serve HTTP on (CPORT__Http__Url)." };

    private readonly Option<string?> _iccamUrls = new("--iccam-urls")
        { Description = "Addresses for hotlines' systems that speak ICCAM's API v3, https, with commas between (CPORT__Iccam__Urls)." };

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Any setting, for example --set Database:Provider=PostgreSql; may be repeated.",
        AllowMultipleArgumentsPerToken = false,
    };

    /// <param name="command">Gets the options.</param>
    /// <param name="withUrl">False where <c>--url</c> means something else, as in <c>cport intake</c>.</param>
    public NodeSettings(Command command, bool withUrl = true)
    {
        command.Add(_config);
        command.Add(_data);
        if (withUrl)
        {
            command.Add(_url);
            command.Add(_iccamUrls);
        }

        command.Add(_set);
    }

    /// <summary>Throws <see cref="NodeConfigurationException"/>.</summary>
    public NodeOptions Read(ParseResult parsed)
    {
        var values = new Dictionary<string, string?>();
        if (parsed.GetValue(_data) is { } data)
        {
            values["Data"] = data;
        }

        if (parsed.CommandResult.Command.Options.Contains(_url) && parsed.GetValue(_url) is { } url)
        {
            values["Http:Url"] = url;
        }

        if (parsed.CommandResult.Command.Options.Contains(_iccamUrls) && parsed.GetValue(_iccamUrls) is { } iccam)
        {
            values["Iccam:Urls"] = iccam;
        }

        foreach (var pair in parsed.GetValue(_set) ?? [])
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            if (at < 1)
            {
                throw new NodeConfigurationException([$"--set: '{pair}' is not Key=Value."]);
            }

            values[pair[..at].Replace("__", ":", StringComparison.Ordinal)] = pair[(at + 1)..];
        }

        return NodeConfiguration.Load(parsed.GetValue(_config), values);
    }
}
