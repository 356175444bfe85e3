using System.CommandLine;
using CPort.Domain.Audit;

namespace CPort.Node.Commands.Audit;

/// <summary>
/// <c>cport audit witness</c>: what an authority runs, on a machine of its own, so that the log's operator cannot show it one history and others another.
/// </summary>
internal static class WitnessCommand
{
    public static Command Create()
    {
        var listen = new Option<string>("--listen") { Description = "Where to listen, for example http://127.0.0.1:8090.", Required = true };
        var logs = new Option<string[]>("--origin-key")
        {
            Description = "The public key of a log to watch (cport audit key), as its operator told by another way; may be repeated.", Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        var key = new Option<string>("--key")
        {
            Description = "The file that holds the witness's key and what it has seen; made when there is none. Never copy it back from a backup.",
            Required = true,
        };
        var name = new Option<string>("--name") { Description = "The witness's name, for example witness.example/w1.", Required = true };
        var command = new Command("witness", "Witness logs (C2SP tlog-witness): sign that each goes on where it ended, and nothing else.")
            { listen, logs, key, name };
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                await RunAsync(parsed.GetValue(listen)!, parsed.GetValue(logs)!, parsed.GetValue(key)!, parsed.GetValue(name)!, cancellation);
                return ExitCodes.Ok;
            }
            catch (Exception e) when (CommandException.CodeOf(e) is { } code)
            {
                return NodeConnection.Fail(CommandException.InWords(e), code);
            }
        });
        return command;
    }

    private static async Task RunAsync(string listen, string[] logs, string file, string name, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(listen, UriKind.Absolute, out var url) || url.Scheme != "http")
        {
            throw new CommandException(ExitCodes.Usage, "--listen is an http address; TLS is a proxy's.");
        }

        if (name.Length is 0 or > 200 || name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '+'))
        {
            throw new CommandException(ExitCodes.Usage, "--name has neither blanks nor plus signs.");
        }

        var keys = logs.Select(l => NoteVerifier.TryParse(l, out var key) ? key
            : throw new CommandException(ExitCodes.Usage, "--origin-key is no public key of a log (name+hash+key).")).ToArray();
        using var state = WitnessState.Open(file, name);
        await using var server = await WitnessServer.StartAsync(url, state, keys, TimeProvider.System, cancellation);

        // The key alone on stdout: what the log's operator configures (CPORT__Audit__Witnesses), and who checks gives to 'audit verify --witness'.
        Console.WriteLine(state.Cosigner.Verifier);
        NodeConnection.Say($"Listening on {server.Url}");
        await Task.Delay(Timeout.Infinite, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
