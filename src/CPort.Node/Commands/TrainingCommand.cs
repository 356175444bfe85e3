using System.CommandLine;
using CPort.Api.Operators;

namespace CPort.Node.Commands;

/// <summary><c>cport training empty</c>: counts what training holds or, with the number confirmed, empties it.</summary>
internal static class TrainingCommand
{
    public static Command Create() => new("training", "The training tenant (operator).") { CreateEmpty() };

    private static Command CreateEmpty()
    {
        var confirm = new Option<long?>("--confirm") { Description = "The number of items that the command says without it." };
        var command = new Command("empty", "Say what training holds; with --confirm, begin it anew: nothing of what it held is seen again.") { confirm };
        var connection = NodeConnection.AddTo(command, asOperator: true);
        command.SetAction((parsed, cancellation) => connection.RunAsync(parsed, async client =>
        {
            var body = new EmptyTrainingBody { Confirm = parsed.GetValue(confirm) };
            Console.WriteLine((await client.PostAsync("v1/training:empty", body, cancellation)).GetRawText());
            return ExitCodes.Ok;
        }));
        return command;
    }
}
