using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;

namespace CPort.Node.Commands.Pbm;

/// <summary>
/// The prompt <c>[127.0.0.1:9110] pbm&gt;</c>: the same commands, one a line, until <c>quit</c>, <c>exit</c> or the input's end. Tab completes. With input from
/// a pipe it shows no prompt and ends with the first failed command's exit code, having run all.
/// </summary>
internal static class PbmPrompt
{
    public static async Task<int> RunAsync(CPortClient client, string name, CancellationToken cancellation)
    {
        // Whoever may not, or is nowhere, is told before the first prompt.
        await client.GetAsync("system", cancellation);
        var interactive = !Console.IsInputRedirected;
        var root = new Command("pbm");
        PbmCommands.AddTo(root, _ => client, asks: interactive, keep: true);
        var prompt = $"[{name}] pbm> ";
        var first = ExitCodes.Ok;
        while (!cancellation.IsCancellationRequested && (interactive ? ReadLine(prompt, root) : await Console.In.ReadLineAsync(cancellation)) is { } line)
        {
            var code = ExitCodes.Ok;
            switch (line.Trim())
            {
                case "":
                    break;
                case "quit" or "exit":
                    return first;
                case "help" or "?":
                    Help(root, "");
                    break;
                default:
                    code = await RunLineAsync(root, line, cancellation);
                    break;
            }

            first = first == ExitCodes.Ok ? code : first;
        }

        return first;
    }

    /// <summary>The words that may follow what has been typed, its unfinished last word completed.</summary>
    public static string[] Complete(Command root, string typed)
    {
        var words = typed.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var prefix = typed.EndsWith(' ') || words.Length == 0 ? "" : words[^1];
        var command = root;
        foreach (var word in prefix.Length == 0 ? words : words[..^1])
        {
            command = command.Subcommands.FirstOrDefault(c => c.Name == word) ?? command;
        }

        return [.. command.Subcommands.Select(c => c.Name)
            .Concat(command.Subcommands.Count > 0 ? [] : command.Options.Select(o => o.Name))
            .Concat(command == root ? ["help", "quit"] : []).Where(n => n.StartsWith(prefix, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)];
    }

    /// <summary>As much as all of these words have in common beyond what is typed; a word that is the only one is finished with a blank.</summary>
    internal static string Rest(string typed, string[] may)
    {
        if (may.Length == 0)
        {
            return "";
        }

        var common = may.Aggregate((a, b) =>
            string.Concat(a.Zip(b, (x, y) => (X: x, Y: y)).TakeWhile(p => p.X == p.Y).Select(p => p.X)));
        return common[(typed.Length - typed.LastIndexOf(' ') - 1)..] + (may.Length == 1 ? " " : "");
    }

    private static async Task<int> RunLineAsync(Command root, string line, CancellationToken cancellation)
    {
        var parsed = CommandLineParser.Parse(root, line);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                Console.Error.WriteLine(error.Message);
            }

            return ExitCodes.Usage;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, cancellation);
    }

    private static void Help(Command command, string before)
    {
        foreach (var sub in command.Subcommands)
        {
            var name = $"{before}{sub.Name}";
            if (sub.Subcommands.Count > 0)
            {
                Help(sub, name + " ");
            }
            else
            {
                var own = string.Concat(sub.Arguments.Select(a => $" {a.Name.ToUpperInvariant()}")
                    .Concat(sub.Options.Where(o => !o.Name.StartsWith("--help", StringComparison.Ordinal))
                    .Select(o => $" [{o.Name}]")));
                Console.WriteLine($"{name + own,-46} {sub.Description}");
            }
        }

        if (before.Length == 0)
        {
            Console.WriteLine($"{"help, quit",-46} [--json] and [--yes] go with every command.");
        }
    }

    /// <summary>A line with Tab for completion and Backspace; null at the end of the input.</summary>
    private static string? ReadLine(string prompt, Command root)
    {
        Console.Write(prompt);
        var typed = new StringBuilder();
        while (true)
        {
            var key = Console.ReadKey(intercept: true);
            switch (key)
            {
                case { Key: ConsoleKey.Enter }:
                    Console.WriteLine();
                    return typed.ToString();
                case { Key: ConsoleKey.D, Modifiers: ConsoleModifiers.Control } when typed.Length == 0:
                    Console.WriteLine();
                    return null;
                case { Key: ConsoleKey.Backspace } when typed.Length > 0:
                    typed.Length--;
                    Console.Write("\b \b");
                    break;
                case { Key: ConsoleKey.Tab }:
                    var may = Complete(root, typed.ToString());
                    var rest = Rest(typed.ToString(), may);
                    typed.Append(rest);
                    Console.Write(rest.Length > 0 || may.Length < 2 ? rest : $"\n{string.Join("  ", may)}\n{prompt}{typed}");
                    break;
                case { KeyChar: >= ' ' }:
                    typed.Append(key.KeyChar);
                    Console.Write(key.KeyChar);
                    break;
            }
        }
    }
}
