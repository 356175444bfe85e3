using System.CommandLine;
using CPort.Bench.Imports;
using CPort.Bench.Load;
using CPort.Bench.Lookups;
using CPort.Bench.Micro;
using CPort.Bench.Recovery;

var root = new RootCommand("CPort's measurements. 'load' streams reports into a real node, 'lookups' and 'imports' work on known hashes, 'micro' times single steps, 'recovery' a restart of the hash buckets.")
{
    LoadCommand.Create(),
    LookupsCommand.Create(),
    ImportsCommand.Create(),
    MicroCommand.Create(),
    RecoveryCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
