using System.CommandLine;
using CPort.Bench.Chaos;
using CPort.Bench.Imports;
using CPort.Bench.Load;
using CPort.Bench.Lookups;
using CPort.Bench.Matching;
using CPort.Bench.Micro;
using CPort.Bench.Recovery;

var root = new RootCommand(
    "CPort's measurements. 'load' streams reports into a real node, 'lookups' and 'imports' work on known hashes, 'matching' compares the PDQ search with others, 'recovery' restarts the hash buckets, 'micro' times single steps, 'chaos' hurts a real cluster.")
{
    LoadCommand.Create(),
    LookupsCommand.Create(),
    ImportsCommand.Create(),
    MatchingCommand.Create(),
    MicroCommand.Create(),
    RecoveryCommand.Create(),
    ChaosCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
