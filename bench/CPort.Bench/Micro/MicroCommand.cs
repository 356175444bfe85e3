using System.CommandLine;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace CPort.Bench.Micro;

/// <summary><c>micro</c>: BenchmarkDotNet over the single steps of a report's way; all of it takes about two minutes.</summary>
internal static class MicroCommand
{
    public static Command Create()
    {
        var filter = new Option<string>("--filter") { Description = "Benchmarks to run, for example *Pdq*.", DefaultValueFactory = _ => "*" };
        var command = new Command("micro", "Time single steps (BenchmarkDotNet, short job, in this process).") { filter };
        command.SetAction(parsed =>
        {
            // In this process: another build of everything would take longer than all measurements.
            var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(3).WithIterationCount(5)
                .WithMinIterationTime(Perfolizer.Horology.TimeInterval.FromMilliseconds(100));
            var config = ManualConfig.Create(DefaultConfig.Instance).AddJob(job).AddDiagnoser(MemoryDiagnoser.Default)
                .AddColumn(StatisticColumn.OperationsPerSecond)
                .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "cport-micro"));
            var summaries = BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly).Run(["--filter", parsed.GetValue(filter)!], config);
            return summaries.Any(s => s.HasCriticalValidationErrors || s.Reports.Any(r => !r.Success)) ? 1 : 0;
        });
        return command;
    }
}
