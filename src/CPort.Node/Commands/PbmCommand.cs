using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography;
using System.Text.Json;

namespace CPort.Node.Commands;

/// <summary>
/// <c>cport pbm [host:port] [command]</c>: an operator's commands in the words of Petabridge.Cmd's client, to any node's operator endpoint. Without a
/// command it is a prompt. Exit codes: <see cref="PbmExitCodes"/>.
/// </summary>
public static class PbmCommand
{
    private const string DefaultData = "./cport-data";

    public static Command Create()
    {
        var address = new Argument<string?>("node-address")
        {
            Description = $"host:port of the node's operator endpoint (default {PbmTarget.Default}); https:// or http:// before it decides about TLS.", Arity = ArgumentArity.ZeroOrOne,
        };
        var node = new Option<string?>("--node") { Description = "The same as the address before the command.", Recursive = true };
        var key = new Option<string?>("--key") { Description = "An operator's key; better from --key-file or CPORT_KEY, which a process list does not show.", Recursive = true };
        var keyFile = new Option<string?>("--key-file") { Description = "A file with an operator's key.", Recursive = true };
        var data = new Option<string?>("--data") { Description = "The node's data folder, whose operator.key serves when no key is given.", Recursive = true };
        var authority = new Option<string?>("--ca") { Description = "PEM file of the authority of the node's certificate.", Recursive = true };
        var certificate = new Option<string?>("--cert") { Description = "PEM file of an own certificate, for mutual TLS.", Recursive = true };
        var certificateKey = new Option<string?>("--cert-key") { Description = "PEM file of its private key.", Recursive = true };
        address.Validators.Add(Check);
        node.Validators.Add(Check);

        PbmClient Connect(ParseResult parsed)
        {
            var target = PbmTarget.Parse(parsed.GetValue(node) ?? parsed.GetValue(address) ?? PbmTarget.Default)!;
            var text = KeyOf(parsed.GetValue(key), parsed.GetValue(keyFile), parsed.GetValue(data));
            try
            {
                return new PbmClient(target, text, parsed.GetValue(authority), parsed.GetValue(certificate), parsed.GetValue(certificateKey));
            }
            catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
            {
                throw new PbmException(PbmExitCodes.Usage, $"A certificate cannot be read: {e.Message}");
            }
        }

        var command = new Command("pbm", "Inspect and steer the cluster: an operator's commands.") { address, node, key, keyFile, data, authority, certificate, certificateKey };
        PbmCommands.AddTo(command, Connect, asks: !Console.IsInputRedirected);
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                using var client = Connect(parsed);
                return await PbmPrompt.RunAsync(client, cancellation);
            }
            catch (PbmException e)
            {
                return PbmCommands.Fail(e);
            }
        });
        return command;
    }

    private static void Check(SymbolResult result)
    {
        if (result.Tokens is [var token] && PbmTarget.Parse(token.Value) is null)
        {
            result.AddError($"'{token.Value}' is neither a command nor host:port.");
        }
    }

    private static string KeyOf(string? key, string? file, string? data)
    {
        try
        {
            var folder = data ?? (Environment.GetEnvironmentVariable("CPORT__Data") is { Length: > 0 } set ? set : DefaultData);
            var inFolder = Path.Combine(folder, NodeConnection.OperatorKeyFile);
            var found = key ?? (file is not null ? File.ReadAllText(file) : null)
                ?? (Environment.GetEnvironmentVariable("CPORT_KEY") is { Length: > 0 } given ? given : null)
                ?? (File.Exists(inFolder) ? File.ReadAllText(inFolder) : null)
                ?? throw new PbmException(PbmExitCodes.NotAllowed, $"No key: give --key-file, set CPORT_KEY, or --data with the folder that holds {NodeConnection.OperatorKeyFile}.");
            return found.Trim() is var trimmed && trimmed.Any(c => c is <= ' ' or > '~')
                ? throw new PbmException(PbmExitCodes.NotAllowed, "The key holds characters that no key has.")
                : trimmed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PbmException(PbmExitCodes.NotAllowed, $"The key cannot be read: {e.Message}");
        }
    }
}

/// <summary>The commands themselves, the same on the command line and at the prompt.</summary>
internal sealed class PbmCommands
{
    private readonly Func<ParseResult, PbmClient> _connect;
    private readonly bool _keep;
    private readonly bool _asks;
    private readonly Option<bool> _json = new("--json") { Description = "The node's JSON instead of lines; streams as one object a line.", Recursive = true };
    private readonly Option<bool> _yes = new("--yes") { Description = "Do not ask for confirmation.", Recursive = true };
    private readonly Option<string> _address = new("-a", "--address") { Description = "A member: akka.tcp://cport@host:port, or host:port.", Required = true };

    private PbmCommands(Func<ParseResult, PbmClient> connect, bool keep, bool asks) => (_connect, _keep, _asks) = (connect, keep, asks);

    /// <summary>
    /// Adds all commands. <paramref name="asks"/>: somebody is there to confirm. <paramref name="keep"/>: the client belongs to somebody else.
    /// </summary>
    public static void AddTo(Command root, Func<ParseResult, PbmClient> connect, bool asks, bool keep = false)
    {
        var commands = new PbmCommands(connect, keep, asks);
        root.Add(commands._json);
        root.Add(commands._yes);
        foreach (var command in commands.All())
        {
            root.Add(command);
        }
    }

    public static int Fail(PbmException e)
    {
        Console.Error.WriteLine(e.Message);
        return e.ExitCode;
    }

    private IEnumerable<Command> All()
    {
        var self = new Option<string?>("-a", "--address") { Description = "A member; without it the node that is asked." };
        yield return new Command("cluster", "Membership.")
        {
            Get("show", "All members.", "cluster/members", PbmFormat.Members),
            Get("status", "The node that is asked.", "cluster/status", PbmFormat.Status),
            Get("leader", "The leader's address.", "cluster/leader", PbmFormat.Leader),
            Stream("tail", "What happens to members, as it happens.", "cluster/tail", PbmFormat.Event),
            Change("join", "Has the node that is asked join the cluster of a member; only when it is in none.", "cluster/join", _address),
            Change("leave", "Has a member hand over its shards and leave; its process ends.", "cluster/leave", self),
            Change("down", "Declares a member dead, without a hand-over.", "cluster/down", _address),
            Change("down-unreachable", "Declares all unreachable members dead.", "cluster/down-unreachable", null),
        };

        var type = new Option<string?>("-t", "--type", "-r") { Description = "A region's type; without it all." };
        yield return new Command("cluster-sharding", "Where the entities are.")
        {
            Get("list-regions", "The regions, over all nodes.", "sharding/regions", PbmFormat.Regions),
            Get("region-stats", "Shards and entities of each node.", "sharding/stats", PbmFormat.RegionStats, ("type", type)),
            Get("shard-distribution", "Each shard's node.", "sharding/distribution", PbmFormat.Distribution, ("type", type)),
        };

        var depth = new Option<int?>("-d", "--depth") { Description = "Levels below the start (default 4)." };
        var start = new Option<string?>("-s", "--start") { Description = "Where to start: /user/…, or with another node's address before it." };
        yield return new Command("actor", "Actors.")
        {
            Get("hierarchy", "Actor paths, one a line.", "actors", PbmFormat.Actors, ("depth", depth), ("start", start)),
            Get("system", "The actor system's name.", "system", PbmFormat.SystemName),
        };

        var lines = new Option<int?>("-n", "--lines") { Description = "How many lines (default 50, at most 2000)." };
        yield return new Command("log", "The log of the node that is asked.")
        {
            Get("peek", "Its last lines.", "log", PbmFormat.Log, ("lines", lines)), Stream("tail", "Its lines as they come.", "log/tail", PbmFormat.LogLine),
        };
        yield return Get("uptime", "Since when the node runs, and what.", "system", PbmFormat.Uptime);

        var report = new Argument<string>("id") { Description = "The report's id." };
        var show = new Command("show", "A report's state and history, without anything confidential.") { report };
        show.SetAction((parsed, cancellation) => RunAsync(parsed, cancellation, async (client, stop) =>
            Print(parsed, await client.GetAsync($"reports/{Uri.EscapeDataString(parsed.GetValue(report)!)}", stop), PbmFormat.Report)));
        var stuck = new Argument<string>("id") { Description = "The report's id, or the whole id that 'reports stuck' lists." };
        var retry = new Command("retry", "Has a stuck report or bucket read again.") { stuck };
        retry.SetAction((parsed, cancellation) => RunAsync(parsed, cancellation, async (client, stop) =>
            Print(parsed, await client.PostAsync($"stuck/{Uri.EscapeDataString(parsed.GetValue(stuck)!)}/retry", new { }, stop), PbmFormat.Retried)));
        yield return new Command("reports", "Reports.") { show, Get("stuck", "What cannot be read from the journal.", "stuck", PbmFormat.Stuck), retry };
        yield return Get("queues", "The work queues' lengths.", "queues", PbmFormat.Queues);
        yield return Get("projections", "Where the read model stands.", "projections", PbmFormat.Projections);
        yield return new Command("hashes", "Known hashes.") { Get("stats", "What the hash buckets hold, by algorithm.", "hashes", PbmFormat.Hashes) };
        yield return Get("quarantine", "Hashes that match too much to mean anything, without their values.", "quarantine", PbmFormat.Quarantine);
        yield return Get("deliveries", "What is on its way to somebody.", "deliveries", PbmFormat.Deliveries);
    }

    private Command Get(string name, string description, string path, Func<JsonElement, IEnumerable<string>> format, params (string Name, Option Option)[] query)
    {
        var command = new Command(name, description);
        foreach (var (_, option) in query)
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellation) => RunAsync(parsed, cancellation, async (client, stop) =>
        {
            var given = query.Where(q => parsed.GetResult(q.Option) is { Tokens.Count: > 0 })
                .Select(q => $"{q.Name}={Uri.EscapeDataString(parsed.GetResult(q.Option)!.Tokens[0].Value)}");
            Print(parsed, await client.GetAsync(string.Join('?', ((string[])[path, string.Join('&', given)]).Where(p => p.Length > 0)), stop), format);
        }));
        return command;
    }

    private Command Stream(string name, string description, string path, Func<JsonElement, string> format)
    {
        var lines = new Option<int?>("-n", "--lines") { Description = "End after so many lines; without it Ctrl-C ends it." };
        var command = new Command(name, description) { lines };
        command.SetAction((parsed, cancellation) => RunAsync(parsed, cancellation, async (client, stop) =>
        {
            var left = parsed.GetValue(lines) ?? int.MaxValue;
            try
            {
                await foreach (var line in client.LinesAsync(path, stop))
                {
                    await Console.Out.WriteLineAsync(parsed.GetValue(_json) ? line : format(JsonElement.Parse(line)));
                    if (--left <= 0)
                    {
                        break;
                    }
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Ctrl-C is how a tail ends.
            }
        }));
        return command;
    }

    private Command Change(string name, string description, string path, Option? address)
    {
        var command = new Command(name, description);
        if (address is not null)
        {
            command.Add(address);
        }

        command.SetAction((parsed, cancellation) => RunAsync(parsed, cancellation, async (client, stop) =>
        {
            var member = address is null ? null : parsed.GetResult(address)?.Tokens.FirstOrDefault()?.Value;
            var confirm = parsed.GetValue(_yes);
            while (true)
            {
                try
                {
                    Print(parsed, await client.PostAsync(path, new { address = member, confirm }, stop), PbmFormat.Done);
                    return;
                }
                catch (PbmException e) when (e.Code == Operator.OperatorProblem.ConfirmCode && !confirm)
                {
                    confirm = Confirmed(e.Message);
                }
            }
        }));
        return command;
    }

    private bool Confirmed(string warning)
    {
        if (!_asks)
        {
            throw new PbmException(PbmExitCodes.Usage, $"{warning} Add --yes to do it.");
        }

        Console.Error.Write($"{warning}\nDo it? (y/N) ");
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes" ? true : throw new PbmException(PbmExitCodes.Failed, "Not done.");
    }

    private void Print(ParseResult parsed, JsonElement answer, Func<JsonElement, IEnumerable<string>> format)
    {
        if (parsed.GetValue(_json))
        {
            Console.WriteLine(answer.GetRawText());
            return;
        }

        foreach (var line in format(answer))
        {
            Console.WriteLine(line);
        }
    }

    /// <summary>Ctrl-C ends the command, not the prompt that it was given at.</summary>
    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation, Func<PbmClient, CancellationToken, Task> work)
    {
        PbmClient? client = null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        void Stop(object? sender, ConsoleCancelEventArgs e)
        {
            e.Cancel = true;
            stop.Cancel();
        }

        Console.CancelKeyPress += Stop;
        try
        {
            client = _connect(parsed);
            await work(client, stop.Token);
            return PbmExitCodes.Ok;
        }
        catch (PbmException e)
        {
            return Fail(e);
        }
        catch (OperationCanceledException)
        {
            return Fail(new PbmException(PbmExitCodes.Failed, "Stopped."));
        }
        finally
        {
            Console.CancelKeyPress -= Stop;
            if (!_keep)
            {
                client?.Dispose();
            }
        }
    }
}
