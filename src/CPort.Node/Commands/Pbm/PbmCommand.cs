using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography;

namespace CPort.Node.Commands.Pbm;

/// <summary>
/// <c>cport pbm [host:port] [command]</c>: an operator's commands in the words of Petabridge.Cmd's client, to any node's operator endpoint. Without a command
/// it is a prompt.
/// </summary>
public static class PbmCommand
{
    public static Command Create()
    {
        var address = new Argument<string?>("node-address")
        {
            Description = $"host:port of the node's operator endpoint (default {PbmTarget.Default});"
                + " https:// or http:// before it decides about TLS.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var node = Text("--node", "The same as the address before the command.");
        var key = Text("--key", "An operator's key; better from --key-file or CPORT_KEY, which a process list does not show.");
        var keyFile = Text("--key-file", "A file with an operator's key.");
        var data = Text("--data", "The node's data folder, whose operator.key serves when no key is given.");
        var authority = Text("--ca", "PEM file of the authority of the node's certificate.");
        var certificate = Text("--cert", "PEM file of an own certificate, for mutual TLS.");
        var certificateKey = Text("--cert-key", "PEM file of its private key.");
        address.Validators.Add(Check);
        node.Validators.Add(Check);

        PbmTarget Target(ParseResult parsed) => PbmTarget.Parse(parsed.GetValue(node) ?? parsed.GetValue(address) ?? PbmTarget.Default)!;

        CPortClient Connect(ParseResult parsed)
        {
            var file = parsed.GetValue(keyFile);
            try
            {
                var given = parsed.GetValue(key) ?? (file is null ? null : File.ReadAllText(file));
                var text = NodeConnection.Key(given, parsed.GetValue(data) ?? NodeConnection.DefaultData);
                return Target(parsed).Connect(text, parsed.GetValue(authority), parsed.GetValue(certificate), parsed.GetValue(certificateKey));
            }
            catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
            {
                throw new CommandException(ExitCodes.Usage, $"A key or certificate cannot be read: {e.Message}");
            }
        }

        var command = new Command("pbm", "Inspect and steer the cluster: an operator's commands.")
        {
            address, node, key, keyFile, data, authority, certificate, certificateKey,
        };
        PbmCommands.AddTo(command, Connect, asks: !Console.IsInputRedirected);
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                using var client = Connect(parsed);
                return await PbmPrompt.RunAsync(client, Target(parsed).Name, cancellation);
            }
            catch (Exception e) when (CommandException.CodeOf(e) is not null)
            {
                return PbmCommands.Fail(e);
            }
        });
        return command;
    }

    private static Option<string?> Text(string name, string description) => new(name) { Description = description, Recursive = true };

    private static void Check(SymbolResult result)
    {
        if (result.Tokens is [var token] && PbmTarget.Parse(token.Value) is null)
        {
            result.AddError($"'{token.Value}' is neither a command nor host:port.");
        }
    }
}
