using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using CPort.Actors.Persistence;
using CPort.Bench.Load;
using CPort.Domain.Identity;
using CPort.Node.Client;
using CPort.Node.Sample;
using CPort.Tests.Shared;

namespace CPort.Bench.Feed;

/// <summary>One node, and turns of intake with and without readers.</summary>
internal sealed class FeedRun(DatabaseUnderTest under, int reports, int agencies, int connections, int rate, int batch)
{
    private const int InFlight = 64;

    private readonly Dictionary<string, string> _keys = [];

    public async Task RunAsync(int rounds, CancellationToken cancellation)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"cport-bench-{Environment.ProcessId}-{Guid.NewGuid():N}"[..32]);
        await using var postgres = under.Provider == DatabaseProvider.PostgreSql ? await PostgreSqlServer.StartNewAsync(fsync: true) : null;
        if (postgres is { IsAvailable: false })
        {
            throw new InvalidOperationException(postgres.Unavailable);
        }

        var connection = postgres is null ? null : await postgres.CreateDatabaseAsync();
        await using var node = await BenchNode.StartAsync(
            folder, under, connection, keep: false, cancellation, KeyValuePair.Create("Exchange__AllowedNetworks__0", "127.0.0.0/8"));
        var database = Database.Create(under.Provider, connection ?? Path.Combine(folder, "cport.db"), under.Synchronous);
        var postmaster = postgres is null ? 0 : ProcessFigures.Postmaster(postgres.Port);
        using var client = new CPortClient(node.Url, await LoadRun.OperatorKeyAsync(node, cancellation));
        await RegisterAsync(client, cancellation);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{under.Name}, {agencies} agencies, {reports:n0} reports a turn over {connections} streams, load average {Machine.LoadAverage():0.0}\n"));
        Console.WriteLine("| turn | events a POST | reports/s | full flow, reports/s | streamed | lag p50 ms | p99 | max | by webhook | lag p50 ms | p99 | max "
            + "| POSTs | CPU s: node | database | sender and readers |");
        Console.WriteLine("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");

        // Nobody reads; each event by itself; so many at a time.
        int[] kinds = batch > 1 ? [0, 1, batch] : [0, 1];
        var turns = kinds.ToDictionary(k => k, _ => new List<Turn>());
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var kind in round % 2 == 0 ? kinds : [.. kinds.Reverse()])
            {
                await using var readers = kind > 0 ? await FeedReaders.StartAsync(node, _keys, kind, cancellation) : null;
                var before = Cpu();
                var (stream, flow) = await TurnAsync(node, client, database, (ulong)((kinds.Length * round) + Array.IndexOf(kinds, kind)), cancellation);
                if (readers is not null)
                {
                    await readers.QuietAsync(TimeSpan.FromMinutes(3), cancellation);
                }

                var cpu = Cpu().Zip(before, (a, b) => a - b).ToArray();
                var lags = readers is null ? "| | | | | | | |" : string.Create(CultureInfo.InvariantCulture,
                    $"{readers.Streamed.InWords()} | {readers.Delivered.InWords()} | {readers.Posts:n0}");
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {(round == 0 ? "warm-up" : round)} | {(kind > 0 ? kind : "nobody reads")} | {stream:n0} | {flow:n0} | {lags} | {cpu[0]:0.0} | {cpu[1]:0.0} "
                    + $"| {cpu[2]:0.0} |"));
                if (round > 0)
                {
                    turns[kind].Add(new Turn(stream, flow, readers?.Streamed.At(0.99) ?? 0, readers?.Delivered.At(0.99) ?? 0, cpu));
                }
            }
        }

        double Median(int kind, Func<Turn, double> of) => Percentiles.Median(turns[kind].Select(of));
        foreach (var kind in kinds[1..])
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"\nEvents a POST {kind}: intake {Median(kind, t => t.Stream) / Median(0, t => t.Stream):0.00} of that without readers; "
                + $"full flow {Median(kind, t => t.Flow) / Median(0, t => t.Flow):0.00}; lag p99 by stream {Median(kind, t => t.Streamed):n0} ms, "
                + $"by webhook {Median(kind, t => t.Delivered):n0} ms; CPU more than without: node {Median(kind, t => t.Cpu[0]) - Median(0, t => t.Cpu[0]):0.0} s, "
                + $"database {Median(kind, t => t.Cpu[1]) - Median(0, t => t.Cpu[1]):0.0} s, "
                + $"the readers themselves {Median(kind, t => t.Cpu[2]) - Median(0, t => t.Cpu[2]):0.0} s."));
        }

        // Seconds used so far; a turn without readers tells what the sender of reports takes of the last.
        double[] Cpu() =>
        [
            ProcessFigures.Cpu(node.Id), postmaster == 0 ? 0 : ProcessFigures.CpuWithChildren(postmaster),
            Environment.CpuUsage.TotalTime.TotalSeconds,
        ];
    }

    /// <summary>One turn's figures: reports a second, lags in milliseconds (p99), CPU in seconds.</summary>
    private sealed record Turn(double Stream, double Flow, double Streamed, double Delivered, double[] Cpu);

    /// <summary>The example agencies, and more police in their countries; keys after all are registered, or what concerns one would need consent.</summary>
    private async Task RegisterAsync(CPortClient client, CancellationToken cancellation)
    {
        SampleAgency[] first = [.. SampleAgencies.Hotlines, .. SampleAgencies.Others.Where(a => a.Kind == AgencyKind.Interpol)];
        var police = Enumerable.Range(0, agencies - first.Length).Select(n =>
        {
            var country = SampleAgencies.Hotlines[n % SampleAgencies.Hotlines.Length].Countries[0];
            return new SampleAgency(
                AgencyId.Parse(string.Create(CultureInfo.InvariantCulture, $"police-{country.Code.ToLowerInvariant()}-{n}")), $"Example police {n}",
                AgencyKind.Police, [country]);
        });
        ImmutableArray<SampleAgency> all = [.. first, .. police];
        foreach (var agency in all)
        {
            await client.PostAsync("v1/agencies", new
            {
                id = agency.Id.Value, name = agency.Name, kind = agency.Kind.ToString(), countries = agency.Countries.Select(c => c.Code).ToArray(),
                holdsOrphanMandate = agency.OrphanMandate, trust = agency.Kind == AgencyKind.Interpol ? "Trusted" : "Standard",
            }, cancellation);
        }

        foreach (var agency in all)
        {
            var person = agency.Kind == AgencyKind.Hotline ? nameof(Roles.Analyst) : nameof(Roles.Officer);
            var made = await client.PostAsync(
                $"v1/agencies/{agency.Id}/keys", new { roles = new[] { person, nameof(Roles.Machine), nameof(Roles.Administrator) } }, cancellation);
            _keys[agency.Id.Value] = made.GetProperty("apiKey").GetString()!;
        }
    }

    /// <summary>A day of its own, streamed; reports a second until the last answer, and until nothing is owed any more.</summary>
    private async Task<(double Stream, double Flow)> TurnAsync(
        BenchNode node, CPortClient client, Database database, ulong seed, CancellationToken cancellation)
    {
        var hotlines = SampleAgencies.Hotlines.Select(h => h with { Weight = 1 });
        var jobs = new Dictionary<string, List<byte[]>>();
        foreach (var line in SyntheticDay.Create(reports, SyntheticDay.DefaultSeed + 100 + seed, hotlines).Stream())
        {
            if (!jobs.TryGetValue(line.Hotline.Value, out var lines))
            {
                jobs.Add(line.Hotline.Value, lines = []);
            }

            lines.Add([.. line.Utf8.Span, (byte)'\n']);
        }

        var before = (await JournalFigures.ReadModelAsync(database, cancellation))?.Reports ?? 0;
        var queue = new ConcurrentQueue<KeyValuePair<string, List<byte[]>>>(jobs);
        var (accepted, times) = (0, new Percentiles());
        var pacer = rate > 0 ? new LinePacer(rate) : null;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            using var handler = new SocketsHttpHandler { InitialHttp2StreamWindowSize = 1 << 20 };
            using var http = new HttpClient(handler) { BaseAddress = node.Http2, Timeout = Timeout.InfiniteTimeSpan };
            while (queue.TryDequeue(out var job))
            {
                await new DuplexStream(http, _keys[job.Key], job.Value, InFlight, pacer).RunAsync(
                    times, a => Interlocked.Add(ref accepted, a.Outcome == "accepted" ? 1 : 0), cancellation);
            }
        }, cancellation)));
        var streamed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await Wait.UntilAsync(
            async () => await JournalFigures.ReadModelAsync(database, cancellation) is { Unfinished: 0 } model && model.Reports >= before + accepted
                && await LoadRun.LagAsync(client, cancellation) is null or 0,
            TimeSpan.FromMinutes(5), () => "the full flow did not end", cancellation);
        return (accepted / streamed, accepted / Stopwatch.GetElapsedTime(started).TotalSeconds);
    }
}
