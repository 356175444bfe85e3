using System.CommandLine;
using CPort.Bench.Load;
using CPort.Bench.Micro;
using CPort.Bench.Recovery;

var root = new RootCommand("CPort's measurements. 'load' streams reports into a real node, 'micro' times single steps, 'recovery' a restart of the hash buckets.")
{
    LoadCommand.Create(),
    MicroCommand.Create(),
    RecoveryCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
