using System.CommandLine;
using CPort.IccamClient.Running;
using CPort.IccamClient.Store;
using CPort.IccamClient.Wire;
using CPort.Node.Adapters;
using Spectre.Console;

namespace CPort.Node.Commands.BesideIccam;

/// <summary>
/// <c>cport iccam run | status | errors | retry | dismiss | link</c>: the client with which a hotline's node stands beside a real ICCAM (docs/iccam.md).
/// </summary>
internal static class BesideIccamCommand
{
    private const int MostErrors = 1_000;

    public static Command Create() => new("iccam", "Stand beside a real ICCAM: take its queue into this hotline's node and write back what the hotline says.")
    {
        CreateRun(), CreateStatus(), CreateErrors(),
        CreateClose("retry", "Have what stands in the error list tried again.", retry: true),
        CreateClose("dismiss", "Leave what stands in the error list; what waits behind it goes on.", retry: false), CreateLink(),
    };

    private static Command CreateRun()
    {
        var config = Config();
        var command = new Command("run", "Run until stopped, one process a folder.") { config };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(config)!, async settings =>
        {
            Directory.CreateDirectory(settings.Folder);
            using var owner = FolderLock.TryTake(settings.Folder);
            if (owner is null)
            {
                return NodeConnection.Fail("Another process works in this folder.", ExitCodes.Refused);
            }

            using var client = settings.Node();
            using var http = settings.Http();
            using var store = Open(settings);
            try
            {
                await Bridge(settings, client, http, store, Say).RunAsync(cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // What was under way is written down as that.
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateStatus()
    {
        var config = Config();
        var command = new Command("status", "How much was taken, waits, and went wrong.") { config };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(config)!, settings =>
        {
            using var store = Open(settings);
            var figures = store.Figures();
            var table = new Table().Border(TableBorder.Rounded).AddColumns("what", "");
            foreach (var (what, value) in new (string, string)[]
            {
                ("contents taken or linked", Text(figures.Contents)), ("being taken", Text(figures.Intended)), ("words to write", Text(figures.Waiting)),
                ("of them behind an error", Text(figures.Held)), ("words written", Text(figures.Sent)), ("open errors", Text(figures.Errors)),
                ("queue read last", figures.Polled is { } at ? at.ToString("u", CultureInfo.InvariantCulture) : "never"),
            })
            {
                table.AddRow(what, value);
            }

            AnsiConsole.Write(table);
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }

    private static Command CreateErrors()
    {
        var config = Config();
        var all = new Option<bool>("--all") { Description = "Also those that were dealt with." };
        var command = new Command("errors", "List what could not be taken or written, oldest first.") { config, all };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(config)!, settings =>
        {
            using var store = Open(settings);
            var table = new Table().Border(TableBorder.Rounded)
                .AddColumns("number", "when", "what", "report", "content", "field", "code", "text", "state", "reason");
            foreach (var e in store.Errors(parsed.GetValue(all), MostErrors))
            {
                string[] cells =
                [
                    Text(e.Number), e.At.ToString("u", CultureInfo.InvariantCulture), e.What, e.Report?.ToString() ?? "", e.Content?.ToString() ?? "",
                    e.Refusal.Field, e.Refusal.Code, e.Refusal.Text, e.State, e.Reason ?? "",
                ];
                table.AddRow([.. cells.Select(c => c.EscapeMarkup())]);
            }

            AnsiConsole.Write(table);
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }

    private static Command CreateClose(string name, string description, bool retry)
    {
        var config = Config();
        var number = new Argument<long>("number") { Description = "The number in the error list." };
        var reason = new Option<string>("--reason") { Description = "Why; it is kept beside the error.", Required = true };
        var command = new Command(name, description) { number, config, reason };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(config)!, settings =>
        {
            using var store = Open(settings);
            return Task.FromResult(store.Close(parsed.GetValue(number), retry, Refusal.Safe(parsed.GetValue(reason)!))
                ? ExitCodes.Ok : NodeConnection.Fail("No open error has this number.", ExitCodes.Failed));
        }));
        return command;
    }

    private static Command CreateLink()
    {
        var config = Config();
        var number = new Argument<long>("iccam-report") { Description = "The report's number in ICCAM." };
        var report = new Argument<string>("report") { Description = "The report's id in CPort." };
        var command = new Command("link", "Say that a report in ICCAM and one in CPort are the same; contents by their URLs.") { number, report, config };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(config)!, async settings =>
        {
            if (!ReportId.TryParse(parsed.GetValue(report), out var id))
            {
                return NodeConnection.Fail("The report's id is none.");
            }

            using var client = settings.Node();
            using var http = settings.Http();
            using var store = Open(settings);
            var (contents, linked) = await Bridge(settings, client, http, store, Say).LinkAsync(new ReportNumber(parsed.GetValue(number)), id, cancellation);
            NodeConnection.Say($"{linked} of {contents} contents are linked.");
            return linked == contents ? ExitCodes.Ok : ExitCodes.SomeRejected;
        }));
        return command;
    }

    private static async Task<int> RunAsync(string file, Func<BesideIccamSettings, Task<int>> work)
    {
        try
        {
            return await work(BesideIccamSettings.Read(file));
        }
        catch (PassingFaultException e)
        {
            return NodeConnection.Fail($"{e.Code}: try again later.", ExitCodes.NoConnection);
        }
        catch (RefusedException e)
        {
            return NodeConnection.Fail(string.Join(' ', e.Refusals.Select(r => $"{r.Field} {r.Code}: {r.Text}")), ExitCodes.Failed);
        }
        catch (System.Data.Common.DbException e)
        {
            // A full disk, or a damaged file: what was done before is written down.
            return NodeConnection.Fail($"The folder's database: {e.Message}", ExitCodes.Failed);
        }
        catch (Exception e) when (CommandException.CodeOf(e) is { } code)
        {
            return NodeConnection.Fail(CommandException.InWords(e), code);
        }
    }

    private static ClientStore Open(BesideIccamSettings settings)
    {
        Directory.CreateDirectory(settings.Folder);
        return new ClientStore(Path.Combine(settings.Folder, BesideIccamSettings.Database), TimeProvider.System);
    }

    private static Bridge Bridge(BesideIccamSettings settings, CPortClient client, HttpClient http, ClientStore store, Action<string> say) => new(
        new IccamWire(http, settings.Wire(), TimeProvider.System), new OurNode(client), store, settings.Owner, settings.Analyst, settings.Running,
        TimeProvider.System, say);

    private static void Say(string line) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.UtcNow:u} {line}"));

    private static Option<string> Config() => new("--config") { Description = "The settings, a JSON file (docs/iccam.md).", Required = true };

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
