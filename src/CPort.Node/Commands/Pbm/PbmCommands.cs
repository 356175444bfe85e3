using System.CommandLine;
using CPort.Node.Operator;

namespace CPort.Node.Commands.Pbm;

/// <summary>
/// The kinds of commands: what asks, what follows, what changes. The commands themselves stand in <see cref="ClusterCommands"/> and <see cref="WorkCommands"/>,
/// the same on the command line and at the prompt. Lines that <c>pbm</c> knows look as it writes them, columns parted by <c> | </c>.
/// </summary>
internal sealed class PbmCommands
{
    private readonly Func<ParseResult, CPortClient> _connect;
    private readonly bool _keep;
    private readonly bool _asks;

    private readonly Option<bool> _json = new("--json")
    {
        Description = "The node's JSON instead of lines; streams as one object a line.", Recursive = true,
    };

    private readonly Option<bool> _yes = new("--yes") { Description = "Do not ask for confirmation.", Recursive = true };

    private PbmCommands(Func<ParseResult, CPortClient> connect, bool keep, bool asks) => (_connect, _keep, _asks) = (connect, keep, asks);

    /// <summary>
    /// Adds all commands. <paramref name="asks"/>: somebody is there to confirm. <paramref name="keep"/>: the client belongs to somebody else.
    /// </summary>
    public static void AddTo(Command root, Func<ParseResult, CPortClient> connect, bool asks, bool keep = false)
    {
        var commands = new PbmCommands(connect, keep, asks);
        root.Add(commands._json);
        root.Add(commands._yes);
        foreach (var command in (Command[])[.. ClusterCommands.All(commands), .. WorkCommands.All(commands)])
        {
            root.Add(command);
        }
    }

    public static int Fail(Exception e)
    {
        Console.Error.WriteLine(e is CPortApiException { Problem: { Detail: { } detail } } ? detail : CommandException.InWords(e));
        return CommandException.CodeOf(e) ?? ExitCodes.Failed;
    }

    /// <summary>As all times are shown.</summary>
    public static string Time(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) ?? "";

    /// <summary>A command that asks; <c>{id}</c> in the path is the argument's.</summary>
    public Command Get<T>(
        string name, string description, string path, Func<T, IEnumerable<string>> lines, Argument<string>? id = null,
        params (string Name, Option Option)[] query)
    {
        var command = new Command(name, description);
        if (id is not null)
        {
            command.Add(id);
        }

        foreach (var (_, option) in query)
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellation) => RunAsync(parsed, cancellation, async (client, stop) =>
        {
            var given = query.Where(q => parsed.GetResult(q.Option) is { Tokens.Count: > 0 })
                .Select(q => $"{q.Name}={Uri.EscapeDataString(parsed.GetResult(q.Option)!.Tokens[0].Value)}");
            var asked = string.Join('?', ((string[])[PathOf(parsed, path, id), string.Join('&', given)])
                .Where(p => p.Length > 0));
            Print(parsed, await client.GetAsync(asked, stop), lines);
        }));
        return command;
    }

    /// <summary>A command that shows what comes until it is ended.</summary>
    public Command Follow<T>(string name, string description, string path, Func<T, string> line)
    {
        var lines = new Option<int?>("-n", "--lines") { Description = "End after so many lines; without it Ctrl-C ends it." };
        var command = new Command(name, description) { lines };
        command.SetAction((parsed, cancellation) => RunAsync(parsed, cancellation, async (client, stop) =>
        {
            var left = parsed.GetValue(lines) ?? int.MaxValue;
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
            await using var watch = OutputPipe.CancelWhenUnread(ended);
            try
            {
                await foreach (var text in client.LinesAsync(path, ended.Token))
                {
                    await Console.Out.WriteLineAsync(parsed.GetValue(_json) ? text : line(JsonSerializer.Deserialize<T>(text, ApiJson.Options)!));
                    if (--left <= 0)
                    {
                        break;
                    }
                }
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
                // Ctrl-C is how a tail ends, or that nobody reads it any more.
            }
        }));
        return command;
    }

    /// <summary>A command that changes something, and asks first when the node wants it confirmed.</summary>
    public Command Change<T>(
        string name, string description, string path, Func<T, IEnumerable<string>> lines, Argument<string>? id = null,
            Option? address = null)
    {
        var command = new Command(name, description);
        if (id is not null)
        {
            command.Add(id);
        }

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
                    Print(parsed, await client.PostAsync(PathOf(parsed, path, id), new AddressBody(member, confirm), stop), lines);
                    return;
                }
                catch (CPortApiException e) when (e.Problem.Code == ProblemCodes.Confirm && !confirm)
                {
                    confirm = Confirmed(e.Problem.Detail ?? e.Problem.Title);
                }
            }
        }));
        return command;
    }

    private static string PathOf(ParseResult parsed, string path, Argument<string>? id) =>
        id is null ? path : path.Replace("{id}", Uri.EscapeDataString(parsed.GetValue(id)!), StringComparison.Ordinal);

    private bool Confirmed(string warning)
    {
        if (!_asks)
        {
            throw new CommandException(ExitCodes.Usage, $"{warning} Add --yes to do it.");
        }

        Console.Error.Write($"{warning}\nDo it? (y/N) ");
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes" ? true : throw new CommandException(ExitCodes.Failed, "Not done.");
    }

    private void Print<T>(ParseResult parsed, JsonElement answer, Func<T, IEnumerable<string>> lines)
    {
        foreach (var line in parsed.GetValue(_json) ? [answer.GetRawText()] : lines(answer.Deserialize<T>(ApiJson.Options)!))
        {
            Console.WriteLine(line);
        }
    }

    /// <summary>Ctrl-C ends the command, not the prompt that it was given at.</summary>
    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation, Func<CPortClient, CancellationToken, Task> work)
    {
        CPortClient? client = null;
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
            return ExitCodes.Ok;
        }
        catch (Exception e) when (CommandException.CodeOf(e) is not null)
        {
            return Fail(e);
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
