using System.CommandLine;
using CPort.Actors.Projections;
using CPort.Api.Operators;
using Spectre.Console;

namespace CPort.Node.Commands;

/// <summary><c>cport projections show|rebuild|reconcile</c>: the read model, through a running node's API.</summary>
internal static class ProjectionsCommand
{
    public static Command Create() => new("projections", "The read model behind queues, search and statistics.")
    {
        CreateShow(), CreateRebuild(),
        CreatePost("reconcile", "Compare every report with the journal and mend what differs.", "v1/projections:reconcile"),
    };

    private static Command CreateShow()
    {
        var command = new Command("show", "Where the read model stands.");
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            Show(await client.GetAsync<ProjectionsAnswer>("v1/projections", cancellation));
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreateRebuild()
    {
        var wait = new Option<bool>("--wait") { Description = "Return when the new tables serve." };
        var command = new Command("rebuild", "Build the read model anew from the journal while the old one serves, then switch.")
            { wait };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var started = await client.PostAsync("v1/projections:rebuild", new { }, cancellation);
            Console.WriteLine(started.GetRawText());
            while (parsed.GetValue(wait))
            {
                var status = await client.GetAsync<ProjectionsAnswer>("v1/projections", cancellation);
                if (status.Sets.All(s => s.State != TableSetState.Building))
                {
                    Show(status);
                    break;
                }

                await Task.Delay(500, cancellation);
            }

            return ExitCodes.Ok;
        }));
        return command;
    }

    private static Command CreatePost(string name, string description, string path)
    {
        var command = new Command(name, description);
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            Console.WriteLine((await client.PostAsync(path, new { }, cancellation)).GetRawText());
            return ExitCodes.Ok;
        }));
        return command;
    }

    private static void Show(ProjectionsAnswer status)
    {
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumns("set", "version", "state", "position", "positionAt", "lagEvents", "lagSeconds", "since", "shows");
        foreach (var s in status.Sets)
        {
            object?[] cells = [s.Set, s.Version, s.State, s.Position, s.PositionAt, s.LagEvents, s.LagSeconds, s.Since,
                s.ShowsNothing ? "nothing of a journal with reports" : "reports"];
            table.AddRow([.. cells.Select(c => (c switch
            {
                DateTimeOffset at => at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
                _ => Convert.ToString(c, CultureInfo.InvariantCulture) ?? "",
            }).EscapeMarkup())]);
        }

        AnsiConsole.Write(table);
    }
}
