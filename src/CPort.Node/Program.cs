using System.CommandLine;
using CPort.Node;
using CPort.Node.Commands;
using CPort.Node.Commands.Audit;
using CPort.Node.Commands.BesideIccam;
using CPort.Node.Commands.Pbm;
using CPort.Node.Hosting;
using Spectre.Console;

FileModes.OwnerOnly();

// What reads a table from a pipe or file wants each row on one line, not the width of a screen that is not there.
if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Width = 400;
}

// One command a file in Commands/, each with a static Create(); registered here.
var root = new RootCommand($"""
    CPort: an open cluster that moves reports of child sexual abuse material between hotlines and police (metadata only).

    {ExitCodes.Help}
    """)
{
    NodeCommand.Create(),
    DemoCommand.Create(),
    SampleCommand.Create(),
    IntakeCommand.Create(),
    HashesCommand.Create(),
    AgenciesCommand.Create(),
    PeopleCommand.Create(),
    ProjectionsCommand.Create(),
    TrainingCommand.Create(),
    AuditCommand.Create(),
    HealthCommand.Create(),
    PbmCommand.Create(),
    BesideIccamCommand.Create(),
};
var invocation = new InvocationConfiguration
{
    EnableDefaultExceptionHandler = false,

    // A node needs time to hand over its shards; the default of 2 s would cut it off. Beyond the longest CPORT__Cluster__StopSeconds. pbm takes Ctrl-C itself:
    // at its prompt it ends a command only.
    ProcessTerminationTimeout = args is ["pbm", ..] ? null : TimeSpan.FromMinutes(5),
};
try
{
    var parsed = root.Parse(args);
    var code = await parsed.InvokeAsync(invocation);
    return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
}
catch (NodeConfigurationException e)
{
    foreach (var problem in e.Problems)
    {
        Console.Error.WriteLine(problem);
    }

    return ExitCodes.Usage;
}
catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
{
    Console.Error.WriteLine($"CPORT__Http__Url: {e.Message}");
    return ExitCodes.Failed;
}
