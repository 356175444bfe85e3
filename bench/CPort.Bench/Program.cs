using System.CommandLine;
using CPort.Bench.Audit;
using CPort.Bench.Chaos;
using CPort.Bench.Feed;
using CPort.Bench.Imports;
using CPort.Bench.Load;
using CPort.Bench.Lookups;
using CPort.Bench.Matching;
using CPort.Bench.Micro;
using CPort.Bench.Pages;
using CPort.Bench.Recovery;
using CPort.Bench.Scaling;

var root = new RootCommand(
    "CPort's measurements. 'load' streams reports into a real node, 'lookups' and 'imports' work on known hashes, 'matching' compares the PDQ search with others, 'recovery' restarts the hash buckets, 'micro' times single steps, 'chaos' hurts a real cluster, 'scaling' gives nodes a share of a core each and counts what more of them add, 'audit' compares reads with and without the audit log, 'pages' times the portal with a million items held, 'feed' streams with and without fifty agencies that read along.")
{
    LoadCommand.Create(),
    LookupsCommand.Create(),
    ImportsCommand.Create(),
    MatchingCommand.Create(),
    MicroCommand.Create(),
    RecoveryCommand.Create(),
    ChaosCommand.Create(),
    ScalingCommand.Create(),
    AuditCommand.Create(),
    PagesCommand.Create(),
    FeedCommand.Create(),
};

// After Ctrl-C or SIGTERM nodes, databases, namespaces and control groups are still to be removed.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
