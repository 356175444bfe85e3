using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using CPort.Actors.Persistence;
using CPort.Bench.Load;
using CPort.Cluster.Harness;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using CPort.Node.Client;
using CPort.Node.Sample;

namespace CPort.Bench.Scaling;

/// <summary>One measured phase. <paramref name="Wrong"/>: answers that cannot be right.</summary>
/// <param name="Rate">A second; 0 where only the CPU is of interest.</param>
/// <param name="Compiling">Of the nodes' CPU the share that the just-in-time compiler's own thread took, 0 to 1: what warm-up left over.</param>
internal sealed record ScalingPhase(string Measure, double Rate, CpuShares Cpu, double Compiling, int Wrong, string Note);

/// <summary>One run of one size.</summary>
internal sealed record ScalingResult
{
    public required int Nodes { get; init; }
    public required double LoadAverage { get; init; }
    public required string Database { get; init; }
    public required IReadOnlyList<ScalingPhase> Phases { get; init; }

    /// <summary>By part (reports, lookups): what the nodes recorded of their steps together, count and mean; counts per report or per 1,000 lookups.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, (double Count, double Mean)>> Hops { get; init; }

    /// <summary>By part: what the nodes' counters rose by together, and the seconds of CPU of their threads by name; per report or per 1,000 lookups.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, double>> Counters { get; init; }

    /// <summary>Shards of each kind on each node, as <c>hash-bucket: 32, 32, 32, 32</c>.</summary>
    public required IReadOnlyList<string> Shards { get; init; }
}

/// <summary>
/// A fresh cluster on a fresh database: known hashes, warm-up without a quota, then the quota, then reports for a fixed time until their last work is done,
/// then lookups for the same time.
/// </summary>
internal sealed class ScalingRun(ScalingOptions options, CpuGroups groups, int size, int run, Action<string> say)
{
    private const int LinesPerStream = 60;
    private const int StreamPort = 5081;
    private static readonly ulong WarmUpSeed = SyntheticDay.DefaultSeed + 1;

    private readonly Dictionary<string, string> _keys = [];
    private readonly Dictionary<string, IReadOnlyDictionary<string, (double Count, double Mean)>> _hops = [];
    private readonly Dictionary<string, IReadOnlyDictionary<string, double>> _counters = [];

    public async Task<ScalingResult> RunAsync(CancellationToken cancellation)
    {
        var load = Machine.LoadAverage();
        CpuGroup[] own = [.. Enumerable.Range(1, size).Select(n => groups.Add(string.Create(CultureInfo.InvariantCulture, $"run{run}-of{size}-node{n}")))];
        foreach (var group in own)
        {
            group.SetQuota(null, options.Period);
        }

        await PinAsync(Environment.ProcessId, Enumerable.Range(0, Environment.ProcessorCount), cancellation);
        await using var cluster = await ChaosCluster.StartAsync(new ChaosClusterOptions
        {
            Nodes = size, Fsync = true, ObserveJournal = false, Agencies =
            [
                .. SampleAgencies.All.Select(a => (a, a.Id.Value is Traffic.Worker or Traffic.Reporter || a.Kind == AgencyKind.Interpol
                    ? nameof(TrustLevel.Trusted) : nameof(TrustLevel.Standard))),
            ],
            Before = n => own[n - 1].Before, Say = say,
            Settings = new Dictionary<string, string>
            {
                ["CPORT__Http__Http2Url"] = string.Create(CultureInfo.InvariantCulture, $"http://0.0.0.0:{StreamPort}"),
                ["CPORT__Limits__ConcurrentStreams"] = "64",
                ["CPORT__Cluster__HeartbeatPauseSeconds"] = ScalingOptions.HeartbeatPauseSeconds.ToString(CultureInfo.InvariantCulture),
                ["CPORT__Cluster__StableAfterSeconds"] = ScalingOptions.StableAfterSeconds.ToString(CultureInfo.InvariantCulture),

                // Methods are compiled anew after thirty calls, without waiting for a quiet tenth of a second: so that it is over when measuring begins.
                ["DOTNET_TC_CallCountingDelayMs"] = "0",

                // A container with less than a core is one processor to .NET; here the quota comes later, so it is told.
                ["DOTNET_PROCESSOR_COUNT"] = Math.Max(1, (int)Math.Ceiling(options.Quota)).ToString(CultureInfo.InvariantCulture),
            },
        });
        using var asOperator = await cluster.AsOperatorAsync();
        foreach (var agency in SampleAgencies.All.Where(a => a.Kind is AgencyKind.Hotline or AgencyKind.Interpol))
        {
            _keys[agency.Id.Value] = cluster.KeyOf(agency.Id.Value);
        }

        // The same day for every size, so that lists and mix are the same; no node is ten times as fast as one measured before.
        var agencies = SampleAgencies.Hotlines.Select(h => h with { Weight = 1 }).ToArray();
        var day = SyntheticDay.Create(options.Hashes, agencies: agencies);
        say($"importing {4 * day.KnownCount:n0} hashes");
        await ImportAsync(cluster, day, cancellation);
        var bodies = options.Lookups ? options.Batches.Select(b => Bodies(day, b)).ToArray() : [];
        var postmaster = ProcessFigures.Postmaster(cluster.Server.Port);

        await SpreadAsync(cluster, cancellation);
        say("warming up");
        if (options.Reports && options.WarmUp > 0)
        {
            var before = (await JournalFigures.ReadModelAsync(cluster.Database, cancellation))?.Reports ?? 0;
            var accepted = (await SendAsync(cluster, Jobs(SyntheticDay.Create(options.WarmUp * size, WarmUpSeed, agencies)), () => false, cancellation))
                .GetValueOrDefault("accepted");
            await SettleAsync(cluster, asOperator, before + accepted, cancellation);
        }

        if (options.Lookups)
        {
            var check = true;
            for (var (round, compiling) = (0, 1.0); round < bodies.Length || (round < 8 && compiling > 0.03); round++)
            {
                var before = Threads(own);
                await LookUpAsync(cluster, bodies[round % bodies.Length], TimeSpan.FromSeconds(10), check, cancellation);
                (compiling, check) = (Compiling(Threads(own), before), round + 1 < bodies.Length);
                say(string.Create(CultureInfo.InvariantCulture, $"{compiling:0 %} of the nodes' CPU was compiling"));
            }
        }

        var shards = await SpreadAsync(cluster, cancellation);

        // The generator's own start-up is not to be paid for in the measured time.
        var jobs = options.Reports ? Jobs(day) : new ConcurrentQueue<Job>();
        GC.Collect();
        await PlaceAsync(own, postmaster, cancellation);
        await Task.Delay(TimeSpan.FromSeconds(3), cancellation);
        var lives = Lives(cluster);
        var phases = new List<ScalingPhase>();
        say("at rest");
        await using (var profile = Profile(own, "rest"))
        {
            var (rest, resting) = (CpuReading.Take(own, postmaster), Threads(own));
            await Task.Delay(TimeSpan.FromSeconds(10), cancellation);
            phases.Add(new("at rest", 0, CpuReading.Take(own, postmaster).Since(rest), Compiling(Threads(own), resting), 0, ""));
            await FinishAsync(profile, "rest", cancellation);
        }

        if (options.Reports)
        {
            await MeasureReportsAsync(cluster, asOperator, own, postmaster, jobs, phases, cancellation);
        }

        if (options.Lookups)
        {
            for (var i = 0; i < bodies.Length; i++)
            {
                await MeasureLookupsAsync(cluster, own, postmaster, options.Batches[i], bodies[i], phases, cancellation);
            }
        }

        if (Lives(cluster) != lives)
        {
            throw new InvalidOperationException($"A node ended while it was measured; logs: {await cluster.SaveLogsAsync()}");
        }

        foreach (var phase in phases)
        {
            say(string.Create(CultureInfo.InvariantCulture, $"{phase.Measure}: {phase.Rate:n1}/s"));
        }

        var result = new ScalingResult
        {
            Nodes = size, LoadAverage = load, Database = await JournalFigures.DescribeAsync(cluster.Database, cancellation), Phases = phases, Hops = _hops,
                Counters = _counters,
            Shards = shards,
        };

        // Leaving at a fifth of a core would take long; what is measured is over.
        foreach (var group in own)
        {
            group.SetQuota(null, options.Period);
        }

        return result;
    }

    private static int Lives(ChaosCluster cluster) => cluster.Nodes.Sum(n => n.Exits.Count);

    private async Task MeasureReportsAsync(
        ChaosCluster cluster, CPortClient asOperator, CpuGroup[] own, int postmaster, ConcurrentQueue<Job> jobs, List<ScalingPhase> phases,
            CancellationToken cancellation)
    {
        var before = (await JournalFigures.ReadModelAsync(cluster.Database, cancellation))?.Reports ?? 0;
        var metrics = await MetricsAsync(cluster, cancellation);
        var threads = Threads(own);
        await using var profile = Profile(own, "reports");
        say("sending reports");
        var start = CpuReading.Take(own, postmaster);
        var end = start.At + (options.Seconds * Stopwatch.Frequency);
        var inTime = 0;
        var sending = SendAsync(cluster, jobs, () => Stopwatch.GetTimestamp() >= end, cancellation, outcome =>
        {
            if (outcome == "accepted" && Stopwatch.GetTimestamp() < end)
            {
                Interlocked.Increment(ref inTime);
            }
        });
        await Task.Delay(Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), end), cancellation);
        var streamed = CpuReading.Take(own, postmaster);
        var compiled = Compiling(Threads(own), threads);
        var outcomes = await sending;
        var ranOut = jobs.IsEmpty ? "; the generator ran out of reports: give more --hashes" : "";
        var answered = CpuReading.Take(own, postmaster);
        var accepted = outcomes.GetValueOrDefault("accepted");
        say($"{accepted:n0} accepted; waiting for the full flow");
        await SettleAsync(cluster, asOperator, before + accepted, cancellation);
        var done = CpuReading.Take(own, postmaster);
        var took = Stopwatch.GetElapsedTime(start.At, done.At).TotalSeconds;
        await FinishAsync(profile, "reports", cancellation);
        var note = string.Join(", ", outcomes.Where(o => o.Key != "accepted").OrderByDescending(o => o.Value).Select(o => $"{o.Value} {o.Key}")) + ranOut;
        phases.Add(new("reports, durable", inTime / Stopwatch.GetElapsedTime(start.At, end).TotalSeconds, streamed.Since(start), compiled, 0, note));
        phases.Add(new("reports, after the last answer", 0, done.Since(answered), 0, 0,
            string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(answered.At, done.At).TotalSeconds:0} s")));
        phases.Add(new("reports, full flow", accepted / took, done.Since(start), Compiling(Threads(own), threads), 0,
            string.Create(CultureInfo.InvariantCulture, $"all done after {took:0} s")));
        await NoteAsync(cluster, own, "reports", metrics, threads, accepted, cancellation);
    }

    private async Task MeasureLookupsAsync(
        ChaosCluster cluster, CpuGroup[] own, int postmaster, int batch, IReadOnlyList<LookupBody> bodies, List<ScalingPhase> phases,
            CancellationToken cancellation)
    {
        var metrics = await MetricsAsync(cluster, cancellation);
        var threads = Threads(own);
        var name = string.Create(CultureInfo.InvariantCulture, $"lookups, {batch:n0} a request");
        await using var profile = Profile(own, $"lookups-{batch}");
        say(name);
        var start = CpuReading.Take(own, postmaster);
        var (answered, inTime, refused, wrong) = await LookUpAsync(cluster, bodies, TimeSpan.FromSeconds(options.Seconds), check: false, cancellation);
        var end = CpuReading.Take(own, postmaster);
        await FinishAsync(profile, $"lookups-{batch}", cancellation);

        // The last ones, answered after the time was over, count in neither: rate is of the time itself.
        phases.Add(new(name, (double)inTime * batch / options.Seconds, end.Since(start), Compiling(Threads(own), threads), wrong, refused > 0
            ? $"{refused} requests 503" : ""));
        await NoteAsync(cluster, own, name, metrics, threads, Math.Max(1, answered) * batch / 1_000.0, cancellation);
    }

    /// <summary>From now on the quota counts, and nodes and everything else have their own cores.</summary>
    private async Task PlaceAsync(CpuGroup[] own, int postmaster, CancellationToken cancellation)
    {
        var cores = options.NodeCores;
        if (cores.Count > 0)
        {
            foreach (var pid in own.SelectMany(g => g.Processes))
            {
                await PinAsync(pid, cores, cancellation);
            }

            var others = Enumerable.Range(0, Environment.ProcessorCount).Except(cores).ToArray();
            foreach (var pid in ProcessFigures.Family(postmaster).Append(Environment.ProcessId))
            {
                await PinAsync(pid, others, cancellation);
            }
        }

        foreach (var group in own)
        {
            group.SetQuota(options.Quota, options.Period);
        }
    }

    /// <summary>All threads of a process on these cores; a process that has ended meanwhile is no matter.</summary>
    private static async Task PinAsync(int pid, IEnumerable<int> cores, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var (code, said) = await Shell.TryAsync("taskset", "-a", "-c", "-p", string.Join(',', cores), pid.ToString(CultureInfo.InvariantCulture));
        if (code != 0 && Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}")))
        {
            // A thread that ended while its siblings were placed is told as an error too; a second attempt does not meet it.
            await Shell.RunAsync("taskset", "-a", "-c", "-p", string.Join(',', cores), pid.ToString(CultureInfo.InvariantCulture));
        }
    }

    private async Task ImportAsync(ChaosCluster cluster, SyntheticDay day, CancellationToken cancellation)
    {
        using var http = Http(cluster.Nodes[0].Url, _keys["interpol"]);
        var text = new StringWriter();
        foreach (var h in day.KnownHashes())
        {
            var row = h.Hashes.ToDictionary(x => HashAlgorithms.Of(x.Algorithm).JsonName, x => (string?)x.ToHex());
            (row["classification"], row["country"]) = (h.Classification.ToString(), h.Country?.Code);
            await text.WriteLineAsync(JsonSerializer.Serialize(row).AsMemory(), cancellation);
        }

        using var content = new StringContent(text.ToString());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        using var answer = await http.PostAsync(new Uri("v1/hashes:import?list=bench", UriKind.Relative), content, cancellation);
        var said = await answer.Content.ReadAsStringAsync(cancellation);
        if (!answer.IsSuccessStatusCode || said.Contains("\"unavailable\"", StringComparison.Ordinal)
            || said.Contains("\"rejected\"", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"The import was answered {(int)answer.StatusCode}, with refused rows.");
        }
    }

    /// <summary>Lines in blocks of one hotline each, hotlines in turn, so that clusters of any size get the same mix.</summary>
    private ConcurrentQueue<Job> Jobs(SyntheticDay day)
    {
        var (jobs, open) = (new ConcurrentQueue<Job>(), new Dictionary<AgencyId, Job>());
        foreach (var line in day.Stream())
        {
            if (!open.TryGetValue(line.Hotline, out var job))
            {
                open[line.Hotline] = job = new Job(_keys[line.Hotline.Value], []);
            }

            job.Lines.Add([.. line.Utf8.Span, (byte)'\n']);
            if (job.Lines.Count == LinesPerStream)
            {
                jobs.Enqueue(job);
                open.Remove(line.Hotline);
            }
        }

        foreach (var job in open.Values)
        {
            jobs.Enqueue(job);
        }

        return jobs;
    }

    private async Task<IReadOnlyDictionary<string, long>> SendAsync(
        ChaosCluster cluster, ConcurrentQueue<Job> jobs, Func<bool> isOver, CancellationToken cancellation, Action<string>? seen = null)
    {
        var outcomes = new ConcurrentDictionary<string, long>();
        var times = new Percentiles();
        await Task.WhenAll(Enumerable.Range(0, options.Connections).SelectMany(_ => cluster.Nodes).Select(node => Task.Run(async () =>
        {
            using var handler = new SocketsHttpHandler { InitialHttp2StreamWindowSize = 1 << 20 };
            using var http = new HttpClient(handler) { BaseAddress = new UriBuilder(node.Url) { Port = StreamPort }.Uri, Timeout = Timeout.InfiniteTimeSpan };
            while (!isOver() && jobs.TryDequeue(out var job))
            {
                await new DuplexStream(http, job.Key, job.Lines, options.InFlight, null, isOver).RunAsync(times, answer =>
                {
                    outcomes.AddOrUpdate(answer.Outcome, 1, (_, n) => n + 1);
                    seen?.Invoke(answer.Outcome);
                }, cancellation);
            }
        }, cancellation)));
        return outcomes;
    }

    /// <summary>Waits until no report owes automatic work and the read model holds so many reports and lags by nothing.</summary>
    private static async Task SettleAsync(ChaosCluster cluster, CPortClient client, long reports, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        while (!(await JournalFigures.ReadModelAsync(cluster.Database, cancellation) is { Unfinished: 0 } model && model.Reports >= reports
            && await LoadRun.LagAsync(client, cancellation) is null or 0))
        {
            if (Stopwatch.GetElapsedTime(began) > ChaosCluster.Patience)
            {
                throw new TimeoutException(
                    $"The full flow did not end within {ChaosCluster.Patience.TotalSeconds:0} s: {await JournalFigures.ReadModelAsync(cluster.Database, cancellation)}, {reports} expected.");
            }

            await Task.Delay(250, cancellation);
        }
    }

    /// <summary>Requests made beforehand: a quarter of the hashes of each algorithm, every second one on the list.</summary>
    private List<LookupBody> Bodies(SyntheticDay day, int batch)
    {
        var known = day.KnownHashes().ToArray();
        var random = new Random(20_261_124);
        return [.. Enumerable.Range(0, 64).Select(_ =>
        {
            var hashes = new List<object>(batch);
            for (var i = 0; i < batch; i++)
            {
                var hash = known[random.Next(known.Length)].Hashes[i % 4];
                var value = i / 4 % 2 == 0 ? hash.ToHex() : Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(hash.Bytes.Length));
                hashes.Add(new { algorithm = HashAlgorithms.Of(hash.Algorithm).Name, value });
            }

            return new LookupBody(JsonSerializer.SerializeToUtf8Bytes(new { hashes }), Enumerable.Range(0, batch).Count(i => i / 4 % 2 == 0));
        })];
    }

    /// <summary>Callers on all nodes, each with one request open at a time. With <paramref name="check"/> each answer is read and compared.</summary>
    private async Task<(int Answered, int InTime, int Refused, int Wrong)> LookUpAsync(
        ChaosCluster cluster, IReadOnlyList<LookupBody> bodies, TimeSpan time, bool check, CancellationToken cancellation)
    {
        var (answered, inTime, refused, wrong, next) = (0, 0, 0, 0, -1);
        var end = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        await Task.WhenAll(Enumerable.Range(0, options.Callers).SelectMany(_ => cluster.Nodes).Select(node => Task.Run(async () =>
        {
            using var http = Http(node.Url, _keys["interpol"]);
            while (Stopwatch.GetTimestamp() < end)
            {
                var body = bodies[Interlocked.Increment(ref next) % bodies.Count];
                using var content = new ByteArrayContent(body.Utf8);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using var answer = await http.PostAsync(new Uri("v1/hashes:lookup", UriKind.Relative), content, cancellation);
                var said = await answer.Content.ReadAsByteArrayAsync(cancellation);
                if (answer.StatusCode is HttpStatusCode.ServiceUnavailable)
                {
                    Interlocked.Increment(ref refused);
                    continue;
                }

                answer.EnsureSuccessStatusCode();
                Interlocked.Increment(ref answered);
                if (Stopwatch.GetTimestamp() < end)
                {
                    Interlocked.Increment(ref inTime);
                }

                if (check && IsWrong(said, body))
                {
                    Interlocked.Increment(ref wrong);
                }
            }
        }, cancellation)));
        return check && wrong > 0 ? throw new InvalidOperationException($"{wrong} of {answered} lookups were answered wrongly.") : (answered, inTime, refused,
            wrong);
    }

    private static bool IsWrong(byte[] answer, LookupBody body)
    {
        using var json = JsonDocument.Parse(answer);
        return json.RootElement.GetProperty("results").EnumerateArray().Count(r => r.GetProperty("known").GetBoolean()) != body.Known;
    }

    private static HttpClient Http(Uri url, string key)
    {
        var http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromMinutes(3) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return http;
    }

    private static async Task<NodeMetrics[]> MetricsAsync(ChaosCluster cluster, CancellationToken cancellation) =>
        await Task.WhenAll(cluster.Nodes.Select(async node =>
    {
        using var http = new HttpClient { BaseAddress = node.FiguresUrl, Timeout = TimeSpan.FromMinutes(1) };
        return await NodeMetrics.ReadAsync(http, cancellation);
    }));

    /// <summary>CPU of the nodes and of each of their living threads so far.</summary>
    private static ThreadTimes Threads(CpuGroup[] own)
    {
        var pids = own.SelectMany(g => g.Processes).ToArray();
        return new ThreadTimes(pids.SelectMany(ProcessFigures.CpuByThread).ToDictionary(), pids.Sum(ProcessFigures.Cpu));
    }

    /// <summary>The kernel keeps 15 characters of ".NET Tiered Compilation Worker".</summary>
    private static double Compiling(ThreadTimes now, ThreadTimes before) =>
        now.Since(before) is var threads && threads.Values.Sum() is > 0 and var all ? threads.GetValueOrDefault(".NET Tiered Com") / all : 0;

    private async Task NoteAsync(
        ChaosCluster cluster, CpuGroup[] own, string part, NodeMetrics[] before, ThreadTimes threadsBefore, double per, CancellationToken cancellation)
    {
        var threads = Threads(own);
        var after = await MetricsAsync(cluster, cancellation);
        _hops[part] = after.Zip(before, (a, b) => a.Since(b)).SelectMany(d => d).GroupBy(h => h.Key)
            .ToDictionary(g => g.Key, g => (g.Sum(h => h.Value.Count) / per, g.Sum(h => h.Value.Count * h.Value.Mean) / g.Sum(h => h.Value.Count)));
        _counters[part] = after.Zip(before, (a, b) => a.CountedSince(b)).SelectMany(d => d).GroupBy(c => c.Key)
            .Select(g => (g.Key, Value: g.Sum(c => c.Value) / per))
            .Concat(threads.Since(threadsBefore).Select(t => (Key: $"CPU ms of threads {t.Key}", Value: 1_000 * t.Value / per)).Where(t => t.Value >= 0.01))
            .ToDictionary(c => c.Key, c => c.Value);
    }

    /// <summary>
    /// Waits until every node has its share of the shards: the first one began with all, and they move in rounds of ten seconds. Answers how they lie in the
    /// end, and goes on when that does not come: the table says so.
    /// </summary>
    private async Task<IReadOnlyList<string>> SpreadAsync(ChaosCluster cluster, CancellationToken cancellation)
    {
        var (began, since, last) = (Stopwatch.GetTimestamp(), Stopwatch.GetTimestamp(), "");
        while (true)
        {
            var nodes = (await MetricsAsync(cluster, cancellation)).Select(m => m.Gauge("cport_sharding_shards")).ToArray();
            var kinds = nodes.SelectMany(n => n.Keys).Distinct().Order(StringComparer.Ordinal).ToArray();
            string[] shards = [.. kinds.Select(k => $"{TypeOf(k)}: {string.Join(", ", nodes.Select(n => n.GetValueOrDefault(k)))}")];
            var even = Array.TrueForAll(kinds, k => nodes.Max(n => n.GetValueOrDefault(k)) <= Math.Ceiling(nodes.Sum(n => n.GetValueOrDefault(k)) / size) + 1);
            if (string.Join("; ", shards) is var now && now != last)
            {
                (last, since) = (now, Stopwatch.GetTimestamp());
            }

            // The rounds are ten seconds apart: what has not moved for two of them will not.
            var rests = Stopwatch.GetElapsedTime(since) > TimeSpan.FromSeconds(25);
            if ((even && kinds.Length > 0) || rests || Stopwatch.GetElapsedTime(began) > ChaosCluster.Patience)
            {
                say($"shards after {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s: {last}");
                return shards;
            }

            await Task.Delay(1_000, cancellation);
        }
    }

    private static string TypeOf(string labels) =>
        labels.IndexOf("region=\"", StringComparison.Ordinal) is var at and >= 0 ? labels[(at + 8)..labels.IndexOf('"', at + 8)] : labels;

    private NodeProfile? Profile(CpuGroup[] own, string part)
    {
        if (options.Profile is null || run > 1)
        {
            return null;
        }

        Directory.CreateDirectory(options.Profile);
        return NodeProfile.Start(own[^1].Processes[0], ProfileFile(part, "nettrace"));
    }

    private async Task FinishAsync(NodeProfile? profile, string part, CancellationToken cancellation)
    {
        if (profile is not null)
        {
            say("reading the profile");
            await File.WriteAllTextAsync(ProfileFile(part, "txt"), await profile.FinishAsync(120), cancellation);
        }
    }

    private string ProfileFile(string part, string ending) =>
        Path.Combine(options.Profile!, string.Create(CultureInfo.InvariantCulture, $"{part}-{size}.{ending}"));

    private sealed record Job(string Key, List<byte[]> Lines);

    private sealed record ThreadTimes(Dictionary<int, (string Name, double Cpu)> Living, double All)
    {
        /// <summary>By name; threads of the pool come and go, so they are what is left of the whole.</summary>
        public Dictionary<string, double> Since(ThreadTimes before)
        {
            var named = Living.Where(t => !t.Value.Name.StartsWith(".NET TP", StringComparison.Ordinal))
                .GroupBy(t => t.Value.Name, t => t.Value.Cpu - before.Living.GetValueOrDefault(t.Key).Cpu).ToDictionary(g => g.Key, g => g.Sum());
            named["(thread pool)"] = All - before.All - named.Values.Sum();
            return named;
        }
    }

    /// <summary>A request, and how many of its hashes somebody has an opinion on.</summary>
    private sealed record LookupBody(byte[] Utf8, int Known);
}
