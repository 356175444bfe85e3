using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using CPort.Actors.Persistence;
using CPort.Domain.Identity;
using CPort.Node.Client;
using CPort.Node.Sample;
using CPort.Tests.Shared;

namespace CPort.Bench.Load;

/// <summary>One run's figures. Times in milliseconds, rates a second, memory in MB, lag in journal rows.</summary>
internal sealed record LoadResult
{
    public required IReadOnlyDictionary<string, long> Outcomes { get; init; }
    public required long Items { get; init; }
    public required double StreamSeconds { get; init; }

    /// <summary>From the first line sent until no work is owed and the read model holds everything; null when that did not come in time.</summary>
    public required double? FullFlowSeconds { get; init; }
    public required double SendP50 { get; init; }
    public required double SendP99 { get; init; }
    public required double GetP50 { get; init; }
    public required double GetP99 { get; init; }
    public required int Gets { get; init; }

    /// <summary>Probes not answered 200.</summary>
    public required int GetFailures { get; init; }
    public required double NodeCpu { get; init; }
    public required double DatabaseCpu { get; init; }
    public required double PeakRss { get; init; }
    public required long MaxLag { get; init; }
    public required long FinalLag { get; init; }
    public required long JournalEvents { get; init; }
    public required int PlainRows { get; init; }
    public required double PlainPerSecond { get; init; }
    public required IReadOnlyDictionary<string, (long Count, long Bytes)> EventKinds { get; init; }
    public required IReadOnlyDictionary<string, (double Count, double Mean)> Hops { get; init; }
    public required string Database { get; init; }

    public long Accepted => Outcomes.GetValueOrDefault("accepted");

    public double ReportsPerSecond => Accepted / StreamSeconds;

    public double ItemsPerSecond => Items / StreamSeconds;

    public double FullFlowPerSecond => FullFlowSeconds is { } s ? Accepted / s : 0;

    public double CpuPerThousand => 1_000 * NodeCpu / Accepted;

    public double DatabaseCpuPerThousand => 1_000 * DatabaseCpu / Accepted;

    /// <summary>Over the full flow, because events go on being written after the last answer.</summary>
    public double EventsPerSecond => FullFlowSeconds is { } s ? JournalEvents / s : 0;

    public double EventsPerReport => (double)JournalEvents / Accepted;

    /// <summary>Events a second as a share of plain rows a second.</summary>
    public double Ratio => PlainPerSecond > 0 ? EventsPerSecond / PlainPerSecond : 0;
}

/// <summary>A fresh node on a fresh database: agencies, known hashes, warm-up, the measured stream, the end of all work, the ceiling.</summary>
internal sealed class LoadRun(DatabaseUnderTest under, LoadOptions options, Action<string> say)
{
    private static readonly ulong WarmUpSeed = SyntheticDay.DefaultSeed + 1;

    private readonly ConcurrentDictionary<string, string> _keys = new();

    public async Task<LoadResult> RunAsync(CancellationToken cancellation)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"cport-bench-{Environment.ProcessId}-{Guid.NewGuid():N}"[..32]);
        await using var postgres = under.Provider == DatabaseProvider.PostgreSql ? await PostgreSqlServer.StartNewAsync(fsync: true) : null;
        if (postgres is { IsAvailable: false })
        {
            throw new InvalidOperationException(postgres.Unavailable);
        }

        var connection = postgres is null ? null : await postgres.CreateDatabaseAsync();
        var node = await BenchNode.StartAsync(folder, under, connection, options.Keep, cancellation);
        await using var _ = node;
        var database = Database.Create(under.Provider, connection ?? Path.Combine(folder, "cport.db"), under.Synchronous);
        var postmaster = postgres is null ? 0 : ProcessFigures.Postmaster(postgres.Port);
        using var client = new CPortClient(node.Url, await OperatorKeyAsync(node, cancellation));
        say("registering agencies");
        await RegisterAsync(client, cancellation);

        // Every hotline sends as much as any other, so that streams end at about the same time; countries and everything else stay as they are.
        var agencies = SampleAgencies.Hotlines.Select(h => h with { Weight = 1 }).ToArray();
        var day = SyntheticDay.Create(options.Reports, agencies: agencies);
        say($"importing {day.KnownCount:n0} known hashes");
        var list = Path.Combine(folder, "known.csv");
        await using (var writer = new StreamWriter(list))
        {
            day.WriteKnownCsv(writer);
        }

        await node.RunAsync(["hashes", "import", list, "--list", "bench", "--key", _keys["interpol"]], cancellation);
        if (options.WarmUp > 0)
        {
            say("warming up");
            var warm = SyntheticDay.Create(options.WarmUp, WarmUpSeed, agencies);
            var sent = await SendAsync(node, Jobs(warm, out var _), new Percentiles(), null, cancellation);
            await SettleAsync(client, database, sent.GetValueOrDefault("accepted"), null, cancellation);
        }

        var before = await JournalFigures.ReadModelAsync(database, cancellation);
        var kindsBefore = await JournalFigures.EventsAsync(database, cancellation);
        using var plainHttp = new HttpClient { BaseAddress = node.FiguresUrl };
        var metricsBefore = await NodeMetrics.ReadAsync(plainHttp, cancellation);
        var jobs = Jobs(day, out var items);
        say($"streaming {jobs.Sum(j => j.Lines.Count):n0} lines over {options.Connections} connections");
        GC.Collect();

        var (cpu, databaseCpu) = (ProcessFigures.Cpu(node.Id), postmaster == 0 ? 0 : ProcessFigures.CpuWithChildren(postmaster));
        var started = Stopwatch.GetTimestamp();
        var (sendTimes, getTimes) = (new Percentiles(), new Percentiles());
        using var streaming = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var known = new AcknowledgedReports();
        var prober = ProbeAsync(node, known, getTimes, streaming.Token);
        var lag = new LagWatch();
        var watcher = WatchLagAsync(client, lag, watching.Token);
        await using var profile = options.Profile is { } file ? NodeProfile.Start(node.Id, file.FullName) : null;
        var outcomes = await SendAsync(node, jobs, sendTimes, known, cancellation);
        var streamed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await streaming.CancelAsync();
        var failures = await prober;
        say($"{outcomes.GetValueOrDefault("accepted"):n0} accepted in {streamed:0.0} s; waiting for the full flow");
        var accepted = outcomes.GetValueOrDefault("accepted");
        var full = await SettleAsync(client, database, (before?.Reports ?? 0) + accepted, started, cancellation);
        await watching.CancelAsync();
        await watcher;
        if (profile is not null)
        {
            say(await profile.FinishAsync(60));
        }

        var finalLag = await LagAsync(client, cancellation) ?? -1;
        var (cpuAfter, databaseCpuAfter) = (ProcessFigures.Cpu(node.Id), postmaster == 0 ? 0 : ProcessFigures.CpuWithChildren(postmaster));
        var rss = ProcessFigures.PeakRss(node.Id);
        var kinds = await JournalFigures.EventsAsync(database, cancellation);
        var hops = (await NodeMetrics.ReadAsync(plainHttp, cancellation)).Since(metricsBefore);
        await node.StopAsync();
        say("plain inserts");
        var (plainRows, plainRate) = await PlainInserts.MeasureAsync(database, 100_000, cancellation);
        return new LoadResult
        {
            Outcomes = outcomes, Items = items, StreamSeconds = streamed, FullFlowSeconds = full,
            SendP50 = sendTimes.At(0.5), SendP99 = sendTimes.At(0.99), GetP50 = getTimes.At(0.5), GetP99 = getTimes.At(0.99),
            Gets = getTimes.Count, GetFailures = failures, NodeCpu = cpuAfter - cpu, DatabaseCpu = databaseCpuAfter - databaseCpu, PeakRss = rss,
            MaxLag = lag.Max, FinalLag = finalLag, PlainRows = plainRows, PlainPerSecond = plainRate, Hops = hops,
            JournalEvents = kinds.Values.Sum(k => k.Count) - kindsBefore.Values.Sum(k => k.Count),
            EventKinds = kinds.ToDictionary(k => k.Key, k =>
                (k.Value.Count - kindsBefore.GetValueOrDefault(k.Key).Count, k.Value.Bytes - kindsBefore.GetValueOrDefault(k.Key).Bytes)),
            Database = await JournalFigures.DescribeAsync(database, cancellation),
        };
    }

    /// <summary>The key is in its file a moment before the node's directory of agencies knows it.</summary>
    internal static async Task<string> OperatorKeyAsync(BenchNode node, CancellationToken cancellation)
    {
        var key = "";
        await Wait.UntilAsync(async () =>
        {
            key = (await File.ReadAllTextAsync(node.OperatorKeyFile, cancellation)).Trim();
            if (key.Length == 0)
            {
                return false;
            }

            try
            {
                using var client = new CPortClient(node.Url, key);
                await client.GetAsync("v1/agencies", cancellation);
                return true;
            }
            catch (CPortApiException e) when (e.Problem.Status == 401)
            {
                return false;
            }
        }, TimeSpan.FromSeconds(30), () => "the operator's key was not taken", cancellation);
        return key;
    }

    private async Task RegisterAsync(CPortClient client, CancellationToken cancellation)
    {
        foreach (var agency in SampleAgencies.All)
        {
            await client.PostAsync("v1/agencies", new
            {
                id = agency.Id.Value, name = agency.Name, kind = agency.Kind.ToString(), countries = agency.Countries.Select(c => c.Code).ToArray(),
                holdsOrphanMandate = agency.OrphanMandate, trust = (agency.Kind == AgencyKind.Interpol ? TrustLevel.Trusted : TrustLevel.Standard).ToString(),
            }, cancellation);
        }

        // After all are registered: once somebody has come in, what concerns him needs consent.
        foreach (var agency in SampleAgencies.All.Where(a => a.Kind is AgencyKind.Hotline or AgencyKind.Interpol))
        {
            var person = agency.Kind == AgencyKind.Hotline ? nameof(Roles.Analyst) : nameof(Roles.Officer);
            var answer = await client.PostAsync($"v1/agencies/{agency.Id}/keys", new { roles = new[] { person, nameof(Roles.Machine) } }, cancellation);
            _keys[agency.Id.Value] = (answer.TryGetProperty("apiKey", out var key) ? key : answer.GetProperty("key")).GetString()!;
        }
    }

    /// <summary>The day's lines, drawn beforehand so that drawing costs nothing during the run: at least as many jobs as connections.</summary>
    private IReadOnlyList<Job> Jobs(SyntheticDay day, out long items)
    {
        items = 0;
        var parts = (options.Connections + day.Hotlines.Length - 1) / day.Hotlines.Length;
        var jobs = day.Hotlines.ToDictionary(h => h.Id, h => Enumerable.Range(0, parts).Select(_ => new Job(_keys[h.Id.Value], [])).ToArray());
        var next = new Dictionary<AgencyId, int>();
        foreach (var line in day.Stream())
        {
            var at = next.GetValueOrDefault(line.Hotline);

            // What repeats an earlier line goes where that one went, behind it, or it would be the first.
            if (line.Kind == SampleLineKind.Report)
            {
                items += line.Items;
                next[line.Hotline] = at = (at + 1) % parts;
            }

            jobs[line.Hotline][at].Lines.Add([.. line.Utf8.Span, (byte)'\n']);
        }

        return [.. jobs.Values.SelectMany(j => j).Where(j => j.Lines.Count > 0)];
    }

    private async Task<Dictionary<string, long>> SendAsync(
        BenchNode node, IReadOnlyList<Job> jobs, Percentiles times, AcknowledgedReports? known, CancellationToken cancellation)
    {
        var outcomes = new ConcurrentDictionary<string, long>();
        var queue = new ConcurrentQueue<Job>(jobs);
        var pacer = options.Rate > 0 && known is not null ? new LinePacer(options.Rate) : null;
        await Task.WhenAll(Enumerable.Range(0, options.Connections).Select(_ => Task.Run(async () =>
        {
            // A connection each: streams of one connection would share its flow-control window.
            using var handler = new SocketsHttpHandler { InitialHttp2StreamWindowSize = 1 << 20 };
            using var http = new HttpClient(handler) { BaseAddress = node.Http2, Timeout = Timeout.InfiniteTimeSpan };
            while (queue.TryDequeue(out var job))
            {
                var stream = new DuplexStream(http, job.Key, job.Lines, options.InFlight, pacer);
                await stream.RunAsync(times, answer =>
                {
                    outcomes.AddOrUpdate(answer.Outcome, 1, (_, n) => n + 1);
                    if (answer is { Outcome: "accepted", ReportId: { } id })
                    {
                        known?.Add(id, job.Key);
                    }
                }, cancellation);
            }
        }, cancellation)));
        return new Dictionary<string, long>(outcomes);
    }

    /// <summary>GETs at a fixed rate, each timed from when it was due, so that a stalled node is not spared. Answers how many failed.</summary>
    private async Task<int> ProbeAsync(BenchNode node, AcknowledgedReports known, Percentiles times, CancellationToken stop)
    {
        if (options.Probes == 0)
        {
            return 0;
        }

        using var http = new HttpClient { BaseAddress = node.Url };
        var random = new Random(7);
        var failures = 0;
        var under = new List<Task>();
        var start = Stopwatch.GetTimestamp();
        for (var n = 0L; !stop.IsCancellationRequested; n++)
        {
            var due = start + (long)(n * (double)Stopwatch.Frequency / options.Probes);
            var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (known.Pick(random) is { } report && !stop.IsCancellationRequested)
            {
                under.RemoveAll(t => t.IsCompleted);
                under.Add(GetAsync(report.Id, report.Key, due));
            }
        }

        await Task.WhenAll(under);
        return failures;

        async Task GetAsync(string id, string key, long due)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"v1/reports/{id}");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            try
            {
                using var response = await http.SendAsync(request, CancellationToken.None);
                _ = await response.Content.ReadAsByteArrayAsync(CancellationToken.None);
                if (!response.IsSuccessStatusCode)
                {
                    Interlocked.Increment(ref failures);
                }

                times.Add(Stopwatch.GetElapsedTime(due));
            }
            catch (Exception e) when (e is HttpRequestException or SocketException)
            {
                Interlocked.Increment(ref failures);
            }
        }
    }

    private static async Task WatchLagAsync(CPortClient client, LagWatch lag, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            if (await LagAsync(client, stop) is { } now)
            {
                lag.Max = Math.Max(lag.Max, now);
            }

            await Task.Delay(500, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Rows the serving projection is behind, from <c>GET /v1/projections</c>; null when it does not say.</summary>
    internal static async Task<long?> LagAsync(CPortClient client, CancellationToken cancellation)
    {
        try
        {
            return Lags(await client.GetAsync("v1/projections", cancellation)).Cast<long?>().Max();
        }
        catch (Exception e) when (e is OperationCanceledException or CPortUnreachableException or CPortApiException)
        {
            return null;
        }
    }

    private static IEnumerable<long> Lags(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Array => json.EnumerateArray().SelectMany(Lags),
        JsonValueKind.Object => json.EnumerateObject().SelectMany(p => p.Name == "lagEvents" && p.Value.TryGetInt64(out var n) ? [n] : Lags(p.Value)),
        _ => [],
    };

    /// <summary>
    /// Waits until no automatic work is owed by any report, the read model holds them all, and it lags by nothing. Answers the seconds since
    /// <paramref name="started"/> (when that is given), or null when it did not come in time.
    /// </summary>
    private async Task<double?> SettleAsync(CPortClient client, Database database, long reports, long? started, CancellationToken cancellation)
    {
        try
        {
            await Wait.UntilAsync(async () =>
                await JournalFigures.ReadModelAsync(database, cancellation) is { Unfinished: 0 } model && model.Reports >= reports
                && await LagAsync(client, cancellation) is null or 0,
                TimeSpan.FromSeconds(options.Patience), () => "the full flow did not end", cancellation);
            return started is { } s ? Stopwatch.GetElapsedTime(s).TotalSeconds : null;
        }
        catch (TimeoutException)
        {
            var model = await JournalFigures.ReadModelAsync(database, cancellation);
            var lag = await LagAsync(client, cancellation);
            say($"the full flow did not end within {options.Patience} s: {model?.Unfinished} of {model?.Reports} reports unfinished, {reports} expected, lag {lag}");
            return null;
        }
    }

    private sealed record Job(string Key, List<byte[]> Lines);

    private sealed class LagWatch
    {
        public long Max { get; set; }
    }

    private sealed class AcknowledgedReports
    {
        private readonly Lock _lock = new();
        private readonly List<(string Id, string Key)> _reports = [];

        public void Add(string id, string key)
        {
            lock (_lock)
            {
                _reports.Add((id, key));
            }
        }

        public (string Id, string Key)? Pick(Random random)
        {
            lock (_lock)
            {
                return _reports.Count < 50 ? null : _reports[random.Next(_reports.Count)];
            }
        }
    }
}
