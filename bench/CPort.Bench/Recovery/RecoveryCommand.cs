using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Hosting;
using Akka.Remote.Hosting;
using CPort.Actors.Cluster.Wire;
using CPort.Actors.Confidential;
using CPort.Actors.Cluster;
using CPort.Actors.Entities;
using CPort.Actors.Hashes;
using CPort.Actors.Matching;
using CPort.Actors.Persistence;
using CPort.Bench.Imports;
using CPort.Domain.Agencies;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Hashes.Verbs;
using CPort.Domain.Identity;
using CPort.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CPort.Bench.Recovery;

/// <summary>What a restart cost.</summary>
internal sealed record RecoveryResult(
    double FirstSeconds, double PdqSeconds, double AllSeconds, long Hashes, double HeapMegabytes, double WorkingSetMegabytes, double PeakMegabytes,
        double WorstPingMilliseconds,
    double P99PingMilliseconds, double CpuSeconds);

/// <summary>
/// <c>recovery</c>: fills a journal through the buckets as an import does, then starts a fresh process on it and times until every bucket answers.
/// </summary>
internal static class RecoveryCommand
{
    private static readonly DateTimeOffset At = new(2026, 9, 1, 8, 0, 0, TimeSpan.Zero);

    /// <summary>Registry key of a stand-in for the report region.</summary>
    private sealed class NoReports;

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(m => Sender.Tell(m));
    }

    public static Command Create()
    {
        var pdq = new Option<string>("--pdq") { Description = "PDQ values, for example 10m.", DefaultValueFactory = _ => "1m" };
        var sha256 = new Option<string>("--sha256") { Description = "SHA-256 values.", DefaultValueFactory = _ => "1m" };
        var database = new Option<string>("--database") { Description = "sqlite or postgresql.", DefaultValueFactory = _ => "sqlite" };
        var runs = new Option<int>("--runs") { Description = "Restarts of the same journal.", DefaultValueFactory = _ => 3 };
        var restart = new Option<string?>("--restart") { Description = "Internal: be the process that restarts, on this database.", Hidden = true };
        database.AcceptOnlyFromAmong("sqlite", "postgresql");
        var command = new Command("recovery", "Time a restart of the hash buckets from snapshots and journal.") { pdq, sha256, database, runs, restart };
        command.SetAction(async (parsed, cancellation) =>
        {
            var provider = parsed.GetValue(database) == "sqlite" ? DatabaseProvider.Sqlite : DatabaseProvider.PostgreSql;
            if (parsed.GetValue(restart) is { } connection)
            {
                Console.WriteLine(JsonSerializer.Serialize(await RestartAsync(Database.Create(provider, connection), cancellation)));
                return 0;
            }

            await RunAsync(provider, Number(parsed.GetValue(pdq)!), Number(parsed.GetValue(sha256)!), parsed.GetValue(runs), cancellation);
            return 0;
        });
        return command;
    }

    private static async Task RunAsync(DatabaseProvider provider, int pdq, int sha256, int runs, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("cport-recovery-").FullName;
        await using var server = provider == DatabaseProvider.PostgreSql ? await PostgreSqlServer.StartNewAsync(fsync: true) : null;
        try
        {
            var connection = server is null ? Path.Combine(folder, "cport.db") : await server.CreateDatabaseAsync();
            var database = Database.Create(provider, connection);
            await DatabaseSchema.EnsureAsync(database, cancellation);
            await FillAsync(database, pdq, sha256, cancellation);
            var (journal, snapshots, events) = await SizesAsync(database, cancellation);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"\n{database.Provider}: {pdq:N0} PDQ + {sha256:N0} SHA-256; journal {events:N0} events, {journal / 1e6:N0} MB; snapshots {snapshots / 1e6:N0} MB\n"));
            Console.WriteLine("| run | first bucket s | all PDQ s | all s | CPU s | hashes | GC heap MB | working set MB | peak MB | ping p99 / worst ms |");
            Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
            for (var run = 1; run <= runs; run++)
            {
                var r = await ChildAsync(provider, connection, cancellation);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {run} | {r.FirstSeconds:0.00} | {r.PdqSeconds:0.00} | {r.AllSeconds:0.00} | {r.CpuSeconds:0.0} | {r.Hashes:N0} | {r.HeapMegabytes:N0} | {r.WorkingSetMegabytes:N0} | {r.PeakMegabytes:N0} | {r.P99PingMilliseconds:0} / {r.WorstPingMilliseconds:0} |"));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Imports made-up hashes as <see cref="HashImport"/> does: 200 rows a message, each bucket's joined by the bucket.</summary>
    private static async Task FillAsync(Database database, int pdq, int sha256, CancellationToken cancellation)
    {
        await using var node = await StartAsync(database, wake: 0, cancellation);
        var import = new HashImport(node.Buckets, Tenant.Live, new HashImportOptions { InFlight = 128, Attempt = TimeSpan.FromSeconds(60) });
        var source = new HashListSource { Agency = AgencyId.Parse("interpol"), List = "bench", Trust = TrustLevel.Trusted, At = At };
        foreach (var (algorithm, count) in new[] { (HashAlgorithm.Pdq, pdq), (HashAlgorithm.Sha256, sha256) })
        {
            var began = Stopwatch.GetTimestamp();
            var done = await import.RunAsync(source, Rows(algorithm, count), step: 500_000, cancellation);
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"[fill] {algorithm}: {done.Added:N0} rows in {seconds:0.0} s, {done.Added / seconds:N0} rows/s"));
        }
    }

    private static async IAsyncEnumerable<HashListRow> Rows(HashAlgorithm algorithm, int count)
    {
        var random = new Random((int)algorithm);
        var bytes = new byte[32];
        for (var n = 0; n < count; n++)
        {
            random.NextBytes(bytes);
            yield return new HashListRow { Hash = ContentHash.FromBytes(algorithm, bytes), Classification = Classification.Baseline };
        }

        await Task.CompletedTask;
    }

    private static async Task<RecoveryResult> RestartAsync(Database database, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        double Since() => Stopwatch.GetElapsedTime(began).TotalSeconds;
        var withEvents = await HashBucketJournal.WithEventsAsync(database, Tenant.Training, cancellation);
        await using var node = await StartAsync(database, wake: 8, cancellation);

        // Another actor on the same node meanwhile: what reports feel.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var echo = node.System.ActorOf(Props.Create(() => new Echo()));
        var pings = new List<double>();
        var pinging = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var sent = Stopwatch.GetTimestamp();
                await echo.Ask<string>("ping", TimeSpan.FromSeconds(60));
                pings.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                await Task.Delay(5, CancellationToken.None);
            }
        }, CancellationToken.None);

        // Watches what the waker loads: asked at once, the order would be this program's and not the waker's.
        var (first, pdq, hashes) = (0.0, 0.0, 0L);
        foreach (var group in withEvents.GroupBy(id => id.Kind).OrderByDescending(g => g.Key))
        {
            foreach (var part in group.Chunk(4))
            {
                var stats = await Task.WhenAll(part.Select(async id =>
                    await node.Buckets.Ask<BucketStats>(new GetBucketStats { Bucket = id }, TimeSpan.FromMinutes(5), cancellation)));
                first = first == 0 ? Since() : first;
                hashes += stats.Sum(s => (long)s.Hashes);
            }

            pdq = group.Key == HashBucketKind.Pdq ? Since() : pdq;
        }

        var all = Since();
        var cpu = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
        await stop.CancelAsync();
        await pinging;
        using var process = Process.GetCurrentProcess();
        var peak = process.PeakWorkingSet64 / 1e6;
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        process.Refresh();
        pings.Sort();
        return new RecoveryResult(
            first, pdq, all, hashes, GC.GetTotalMemory(forceFullCollection: true) / 1e6, process.WorkingSet64 / 1e6, peak, pings.Count > 0 ? pings[^1] : 0,
            pings.Count > 0 ? pings[(int)(pings.Count * 0.99)] : 0, cpu);
    }

    private static async Task<RecoveryResult> ChildAsync(DatabaseProvider provider, string connection, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
        {
            start.ArgumentList.Add(typeof(RecoveryCommand).Assembly.Location);
        }

        foreach (var argument in new[] { "recovery", "--database", provider == DatabaseProvider.Sqlite ? "sqlite" : "postgresql", "--restart", connection })
        {
            start.ArgumentList.Add(argument);
        }

        using var child = Process.Start(start)!;
        var output = await child.StandardOutput.ReadToEndAsync(cancellation);
        await child.WaitForExitAsync(cancellation);
        return child.ExitCode == 0 && output.Split('\n').LastOrDefault(l => l.StartsWith('{')) is { } line
            ? JsonSerializer.Deserialize<RecoveryResult>(line)!
            : throw new InvalidOperationException($"The restarting process failed ({child.ExitCode}).");
    }

    private static async Task<(long Journal, long Snapshots, long Events)> SizesAsync(Database database, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        async Task<long> Get(string sql)
        {
            await using var command = connection.Statement(sql);
            command.CommandTimeout = 600;
            return Convert.ToInt64(await command.ExecuteScalarAsync(cancellation), CultureInfo.InvariantCulture);
        }

        return (await Get("SELECT COALESCE(SUM(LENGTH(message)), 0) FROM journal"), await Get("SELECT COALESCE(SUM(LENGTH(snapshot)), 0) FROM snapshot"),
            await Get("SELECT COUNT(*) FROM journal"));
    }

    private const string MasterKeyName = "CPORT_BENCH_MASTER_KEY";

    /// <summary>The database's own keys: what one process of this run wrote the next reads, which finds the master key in its environment.</summary>
    private static async Task<JournalSeal> SealAsync(Database database, CancellationToken cancellation)
    {
        if (Environment.GetEnvironmentVariable(MasterKeyName) is null)
        {
            Environment.SetEnvironmentVariable(MasterKeyName, Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)));
        }

        var ring = new KeyRing(TimeProvider.System);
        await new KeyRingStore(database, ring, TimeProvider.System)
            .OpenAsync(MasterKeys.FromText(Environment.GetEnvironmentVariable(MasterKeyName), MasterKeyName), cancellation);
        return new JournalSeal(ring);
    }

    /// <summary>The buckets as a node hosts them: a cluster of one, real sharding, strict serialisation.</summary>
    private static async Task<RunningBuckets> StartAsync(Database database, int wake, CancellationToken cancellation)
    {
        var seal = await SealAsync(database, cancellation);
        var services = new ServiceCollection();
        services.AddLogging(l => l.SetMinimumLevel(LogLevel.None));
        services.AddSingleton<IHostApplicationLifetime, Lifetime>();
        services.AddAkka("cport-bench", (akka, _) => akka
            .AddHocon("akka.loglevel = WARNING, akka.stdout-loglevel = WARNING", HoconAddMode.Prepend)
            .AddHocon(ClusterTuning.Hocon, HoconAddMode.Append)
            .AddWireSerialization()
            .AddSqlPersistence(database, seal)
            .WithRemoting("127.0.0.1", 0)
            .WithClustering(new ClusterOptions { Roles = [ClusterRoles.Hash] })
            .WithActors((system, registry, _) => registry.Register<NoReports>(system.ActorOf(Props.Create(() => new Echo()))))
            .AddHashBuckets<NoReports>(new EntityShell(TimeProvider.System), new HashBucketOptions
                { WakeAtOnce = wake, WithEvents = () => HashBucketJournal.WithEventsAsync(database, Tenant.Training) })
            .AddStartup((system, _) => Akka.Cluster.Cluster.Get(system).Join(Akka.Cluster.Cluster.Get(system).SelfAddress)));
        var provider = services.BuildServiceProvider();
        foreach (var service in provider.GetServices<IHostedService>())
        {
            await service.StartAsync(cancellation);
        }

        return new RunningBuckets(provider);
    }

    private static int Number(string text)
    {
        var factor = char.ToLowerInvariant(text[^1]) switch { 'k' => 1_000, 'm' => 1_000_000, _ => 1 };
        return checked((int)(double.Parse(factor == 1 ? text : text[..^1], CultureInfo.InvariantCulture) * factor));
    }

    private sealed class RunningBuckets(ServiceProvider provider) : IAsyncDisposable
    {
        public ActorSystem System => provider.GetRequiredService<ActorSystem>();

        public IActorRef Buckets => provider.GetRequiredService<ActorRegistry>().Get<HashBucketRegion>();

        public async ValueTask DisposeAsync()
        {
            foreach (var service in provider.GetServices<IHostedService>())
            {
                await service.StopAsync(CancellationToken.None);
            }

            await provider.DisposeAsync();
        }
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication()
        {
        }
    }
}
