using System.Collections.Concurrent;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Akka.Actor;
using Akka.Hosting;
using CPort.Actors.Cluster.Wire;
using CPort.Actors.Confidential;
using CPort.Actors.Entities;
using CPort.Actors.Hashes;
using CPort.Actors.Matching;
using CPort.Actors.Persistence;
using CPort.Bench.Load;
using CPort.Bench.Lookups;
using CPort.Domain.Agencies;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Lists;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using CPort.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CPort.Bench.Imports;

/// <summary><c>imports</c>: a CSV list through reader, import and bucket actors into each journal, with lookups beside it.</summary>
internal static class ImportsCommand
{
    public static Command Create()
    {
        var rows = new Option<int>("--rows") { Description = "Rows of the list.", DefaultValueFactory = _ => 1_000_000 };
        var journals = new Option<string[]>("--journals")
        {
            Description = "memory (events are taken and dropped), sqlite, postgres; several may be given.", AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => ["memory", "sqlite", "postgres"],
        };
        var columns = new Option<string>("--columns") { Description = "sha256, md5, pdq or md5+sha1.", DefaultValueFactory = _ => "sha256" };
        var runs = new Option<int>("--runs") { Description = "Runs of each journal; medians are shown.", DefaultValueFactory = _ => 3 };
        var probes = new Option<int>("--probes") { Description = "Lookups of 20 values a second beside the import; 0: none.", DefaultValueFactory = _ => 50 };
        var output = new Option<FileInfo?>("--output") { Description = "Write the markdown to this file as well." };
        var profile = new Option<FileInfo?>("--profile")
            { Description = "Sample this process's stacks during the import into this file (.nettrace) and print the hottest methods." };
        columns.AcceptOnlyFromAmong("sha256", "md5", "pdq", "md5+sha1");
        journals.AcceptOnlyFromAmong("memory", "sqlite", "postgres");
        foreach (var (option, least, most) in new[] { (rows, 1, 50_000_000), (runs, 1, 100), (probes, 0, 10_000) })
        {
            option.Validators.Add(r =>
            {
                if (r.GetValueOrDefault<int>() is var value && (value < least || value > most))
                {
                    r.AddError($"{option.Name} must be {least} to {most}.");
                }
            });
        }

        var command =
            new Command("imports", "Import a CSV list into bucket actors on each journal, in this process, and measure rows a second and lookups beside it.")
        {
            rows, journals, columns, runs, probes, output, profile,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var bench = new ImportsRun(parsed.GetValue(rows), parsed.GetValue(columns)!, parsed.GetValue(probes), parsed.GetValue(profile), text =>
                Console.Error.WriteLine($"[imports] {text}"));
            var markdown = await bench.RunAsync(parsed.GetValue(journals)!, parsed.GetValue(runs), cancellation);
            Console.WriteLine(markdown);
            if (parsed.GetValue(output) is { } file)
            {
                await File.WriteAllTextAsync(file.FullName, markdown, cancellation);
            }

            return 0;
        });
        return command;
    }
}

/// <summary>One run's figures.</summary>
internal sealed record ImportResult(double RowsPerSecond, double AgainPerSecond, double ProbeP50, double ProbeP99, int Probes, double Events,
    double CpuPerHash);

/// <summary>Writes the list once, then imports it on each journal.</summary>
internal sealed class ImportsRun(int rows, string columns, int probes, FileInfo? profile, Action<string> say)
{
    public async Task<string> RunAsync(string[] journals, int runs, CancellationToken cancellation)
    {
        var load = Machine.LoadAverage();
        var folder = Directory.CreateTempSubdirectory("cport-bench-imports-").FullName;
        try
        {
            var list = Path.Combine(folder, "list.csv");
            say($"writing {rows:n0} rows");
            Write(list);
            var readRate = await ReadOnlyAsync(list, cancellation);
            say($"read and parsed only: {readRate.PerSecond:n0} rows/s, {readRate.PerCpuSecond:n0} per CPU second");
            var results = journals.ToDictionary(j => j, _ => new List<ImportResult>());
            for (var run = 1; run <= runs; run++)
            {
                foreach (var journal in journals)
                {
                    var result = await OneAsync(journal, list, folder, run, cancellation);
                    say($"{journal}, run {run}: {result.RowsPerSecond:n0} rows/s ({result.CpuPerHash:0.0} µs of CPU each), again {result.AgainPerSecond:n0}, lookups p99 {result.ProbeP99:0.0} ms of {result.Probes}");
                    results[journal].Add(result);
                }
            }

            return Table(results, readRate, runs, load);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<ImportResult> OneAsync(string journal, string list, string folder, int run, CancellationToken cancellation)
    {
        await using var postgres = journal == "postgres" ? await PostgreSqlServer.StartNewAsync(fsync: true) : null;
        if (postgres is { IsAvailable: false })
        {
            throw new InvalidOperationException(postgres.Unavailable);
        }

        var database = journal switch
        {
            "sqlite" => Database.Create(DatabaseProvider.Sqlite, Path.Combine(folder, $"run-{run}.db"), SqliteSynchronous.Full),
            "postgres" => Database.Create(DatabaseProvider.PostgreSql, await postgres!.CreateDatabaseAsync()),
            _ => null,
        };
        if (database is not null)
        {
            await DatabaseSchema.EnsureAsync(database, cancellation);
        }

        var host = new HostBuilder().ConfigureServices(services => services.AddAkka("imports", (akka, _) =>
        {
            akka.AddWireSerialization();
            if (database is null)
            {
                akka.AddHocon(DroppingJournal.Hocon, HoconAddMode.Prepend);
            }
            else
            {
                akka.AddSqlPersistence(database, new JournalSeal(KeyRing.New()));
            }

            akka.AddHocon("akka.loglevel = WARNING", HoconAddMode.Prepend);
        })).Build();
        await host.StartAsync(cancellation);
        try
        {
            var system = host.Services.GetRequiredService<ActorSystem>();
            var region = system.ActorOf(Props.Create(() => new LocalBuckets()));
            var matching = system.ActorOf(MatchingActor.Props(region, new MatchingOptions(), TimeProvider.System));
            var import = new HashImport(region, Tenant.Live);
            var source = new HashListSource { Agency = AgencyId.Parse("interpol"), List = "bench", Trust = TrustLevel.Trusted,
                At = new DateTimeOffset(2026, 9, 1, 0, 0, 0, TimeSpan.Zero) };
            var seen = new ConcurrentQueue<ContentHash>();
            var times = new Percentiles();
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var prober = ProbeAsync(matching, seen, times, over.Token);
            GC.Collect();
            await using var profiling = profile is null ? null : NodeProfile.Start(Environment.ProcessId, profile.FullName);
            var cpu = Process.GetCurrentProcess().TotalProcessorTime;
            var began = Stopwatch.GetTimestamp();
            var counts = await import.RunAsync(source, Rows(list, seen, cancellation), step: 50_000, cancellation);
            var first = counts.Read / Stopwatch.GetElapsedTime(began).TotalSeconds;
            cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
            await over.CancelAsync();
            if (profiling is not null)
            {
                say(await profiling.FinishAsync(70));
            }

            await prober;
            began = Stopwatch.GetTimestamp();
            var again = await import.RunAsync(source with { At = source.At.AddDays(1) }, Rows(list, null, cancellation), step: 50_000, cancellation);
            var second = again.Read / Stopwatch.GetElapsedTime(began).TotalSeconds;
            if (counts.Added != counts.Read || again.Unchanged != again.Read)
            {
                throw new InvalidOperationException($"The import lost rows: {counts}, {again}.");
            }

            var events = database is null ? 0 : (await JournalFigures.EventsAsync(database, cancellation)).Values.Sum(k => k.Count);
            return new ImportResult(first, second, times.At(0.5), times.At(0.99), times.Count, events, cpu.TotalMicroseconds / counts.Read);
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
            host.Dispose();
        }
    }

    private static async IAsyncEnumerable<HashListRow> Rows(string list, ConcurrentQueue<ContentHash>? seen,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var file = new FileStream(list, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
        var count = 0;
        await foreach (var result in HashListReader.ReadAsync(file, HashListFormat.Csv, cancellation))
        {
            foreach (var hash in result.Row!.Hashes)
            {
                if (seen is not null && count++ % 1_000 == 0)
                {
                    seen.Enqueue(hash);
                }

                yield return new HashListRow { Hash = hash, Classification = result.Row.Classification!.Value };
            }
        }
    }

    private static async Task<(double PerSecond, double PerCpuSecond)> ReadOnlyAsync(string list, CancellationToken cancellation)
    {
        var count = 0L;
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var began = Stopwatch.GetTimestamp();
        await using var file = new FileStream(list, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
        await foreach (var result in HashListReader.ReadAsync(file, HashListFormat.Csv, cancellation))
        {
            count += result.Row is null ? 0 : 1;
        }

        return (count / Stopwatch.GetElapsedTime(began).TotalSeconds, count / (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds);
    }

    private async Task ProbeAsync(IActorRef matching, ConcurrentQueue<ContentHash> seen, Percentiles times, CancellationToken over)
    {
        if (probes == 0)
        {
            return;
        }

        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / probes));
        var random = new Random(1);
        var asked = new List<Task>();
        try
        {
            while (await timer.WaitForNextTickAsync(over))
            {
                var known = seen.ToArray();
                if (known.Length > 0)
                {
                    asked.Add(OneProbeAsync(matching, [.. Enumerable.Range(0, 20).Select(_ => known[random.Next(known.Length)])], times));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The import is over.
        }

        await Task.WhenAll(asked);
    }

    private static async Task OneProbeAsync(IActorRef matching, ContentHash[] hashes, Percentiles times)
    {
        var began = Stopwatch.GetTimestamp();
        var answer = await matching.Ask<object>(new LookupMany(Tenant.Live, [.. hashes], Radius: 31), TimeSpan.FromSeconds(30));
        times.Add(Stopwatch.GetElapsedTime(began));
        if (answer is not LookedUp)
        {
            throw new InvalidOperationException($"A lookup beside the import was answered {answer.GetType().Name}.");
        }
    }

    private void Write(string list)
    {
        using var writer = new StreamWriter(list, false, new UTF8Encoding(false), 1 << 20);
        writer.WriteLine($"{columns.Replace('+', ',')},classification");
        var random = new Random(5);
        var (a, b) = (new byte[columns == "sha256" ? 32 : 16], new byte[20]);
        for (var i = 0; i < rows; i++)
        {
            if (columns == "pdq")
            {
                writer.Write(Convert.ToHexStringLower(MadePdq.Value(7, i)));
            }
            else
            {
                random.NextBytes(a);
                writer.Write(Convert.ToHexStringLower(a));
                if (columns == "md5+sha1")
                {
                    random.NextBytes(b);
                    writer.Write(',');
                    writer.Write(Convert.ToHexStringLower(b));
                }
            }

            writer.Write(",Baseline\n");
        }
    }

    private string Table(Dictionary<string, List<ImportResult>> results, (double PerSecond, double PerCpuSecond) readRate, int runs, double load)
    {
        static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        var text = new StringBuilder();
        foreach (var (name, value) in Machine.Describe())
        {
            text.AppendLine(Line($"- {name}: {value}"));
        }

        text.AppendLine(
            Line($"- CSV of {rows:n0} lines, columns {columns}; {probes} lookups/s of 20 values beside the import; medians of {runs} runs; load average before: {load:0.0}"));
        text.AppendLine(Line($"- reading and parsing alone: {readRate.PerSecond:n0} lines/s, {readRate.PerCpuSecond:n0} per CPU second"));
        text.AppendLine();
        text.AppendLine(Line($"| | {string.Join(" | ", results.Keys)} |"));
        text.AppendLine(Line($"|---|{string.Concat(results.Select(_ => "---:|"))}"));
        foreach (var (name, format, value) in new (string, string, Func<ImportResult, double>)[]
                 {
                     ("hashes/s to durable", "n0", r => r.RowsPerSecond), ("hashes/s when all are there already", "n0", r => r.AgainPerSecond),
                     ("CPU µs a hash, reader and journal included (PostgreSQL's own apart)", "n1", r => r.CpuPerHash),
                     ("lookup beside the import, p50 ms", "n1", r => r.ProbeP50), ("lookup beside the import, p99 ms", "n1", r => r.ProbeP99),
                     ("journal events", "n0", r => r.Events),
                 })
        {
            text.AppendLine(
                Line($"| {name} | {string.Join(" | ", results.Values.Select(r => Percentiles.Median(r.Select(value)).ToString(format, CultureInfo.InvariantCulture)))} |"));
        }

        return text.ToString();
    }
}

/// <summary>Stands for the shard region on one node: a child a bucket.</summary>
internal sealed class LocalBuckets : ReceiveActor
{
    public LocalBuckets() => Receive<IHashBucketMessage>(message =>
    {
        var name = message.Bucket.ToString();
        var child = Context.Child(name);
        if (child.IsNobody())
        {
            child = Context.ActorOf(HashBucketActor.Props(message.Bucket, () =>
                ActorRefs.Nobody, new EntityShell(TimeProvider.System), new HashBucketOptions()), name);
        }

        child.Forward(message);
    });
}
