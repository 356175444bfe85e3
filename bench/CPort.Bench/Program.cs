using System.CommandLine;
using CPort.Bench.Load;
using CPort.Bench.Micro;

var root = new RootCommand("CPort's measurements. 'load' streams reports into a real node, 'micro' times single steps.")
{
    LoadCommand.Create(),
    MicroCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
