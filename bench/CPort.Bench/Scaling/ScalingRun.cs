using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using CPort.Actors.Agencies;
using CPort.Actors.Persistence;
using CPort.Bench.Load;
using CPort.Cluster.Harness;
using CPort.Node.Client;
using CPort.Node.Sample;

namespace CPort.Bench.Scaling;

/// <summary>One measured phase. <paramref name="Wrong"/>: answers that cannot be right.</summary>
internal sealed record ScalingPhase(string Measure, double Rate, CpuShares Cpu, int Wrong, string Note);

/// <summary>One run of one size.</summary>
internal sealed record ScalingResult
{
    public required int Nodes { get; init; }
    public required double LoadAverage { get; init; }
    public required string Database { get; init; }
    public required IReadOnlyList<ScalingPhase> Phases { get; init; }

    /// <summary>By part (reports, lookups): what the nodes recorded of their steps together, count and mean; counts per report or per 1,000 lookups.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, (double Count, double Mean)>> Hops { get; init; }
}

/// <summary>
/// A fresh cluster on a fresh database: known hashes, warm-up without a quota, then the quota, then reports for a fixed time until their last work is done, then
/// lookups for the same time.
/// </summary>
internal sealed class ScalingRun(ScalingOptions options, CpuGroups groups, int size, int run, Action<string> say)
{
    private const int LinesPerStream = 60;
    private const int StreamPort = 5081;
    private static readonly ulong WarmUpSeed = SyntheticDay.DefaultSeed + 1;

    private readonly Dictionary<string, string> _keys = [];
    private readonly Dictionary<string, IReadOnlyDictionary<string, (double Count, double Mean)>> _hops = [];

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
            Nodes = size, Fsync = true, ObserveJournal = false, Before = n => own[n - 1].Before, Say = say,
            Settings = new Dictionary<string, string>
            {
                ["CPORT__Http__Http2Url"] = string.Create(CultureInfo.InvariantCulture, $"http://0.0.0.0:{StreamPort}"),
                ["CPORT__Limits__ConcurrentStreams"] = "64",
                ["CPORT__Cluster__HeartbeatPauseSeconds"] = ScalingOptions.HeartbeatPauseSeconds.ToString(CultureInfo.InvariantCulture),
                ["CPORT__Cluster__StableAfterSeconds"] = ScalingOptions.StableAfterSeconds.ToString(CultureInfo.InvariantCulture),

                // A container with less than a core is one processor to .NET; here the quota comes later, so it is told.
                ["DOTNET_PROCESSOR_COUNT"] = Math.Max(1, (int)Math.Ceiling(options.Quota)).ToString(CultureInfo.InvariantCulture),
            },
        });
        using var asOperator = await cluster.AsOperatorAsync();
        await RegisterAsync(asOperator, cancellation);

        // The same day for every size, so that lists and mix are the same; no node is ten times as fast as one measured before.
        var agencies = SampleAgencies.Hotlines.Select(h => h with { Weight = 1 }).ToArray();
        var day = SyntheticDay.Create(options.Hashes, agencies: agencies);
        say($"importing {4 * day.KnownCount:n0} hashes");
        await ImportAsync(cluster, day, cancellation);
        var bodies = options.Lookups ? Bodies(day) : [];
        var postmaster = ProcessFigures.Postmaster(cluster.Server.Port);

        say("warming up");
        if (options.Reports && options.WarmUp > 0)
        {
            var before = (await JournalFigures.ReadModelAsync(cluster.Database, cancellation))?.Reports ?? 0;
            var accepted = (await SendAsync(cluster, Jobs(SyntheticDay.Create(options.WarmUp * size, WarmUpSeed, agencies)), () => false, cancellation)).GetValueOrDefault("accepted");
            await SettleAsync(cluster, asOperator, before + accepted, cancellation);
        }

        if (options.Lookups)
        {
            await LookUpAsync(cluster, bodies, TimeSpan.FromSeconds(Math.Min(10, options.Seconds)), check: true, cancellation);
        }

        // The generator's own start-up is not to be paid for in the measured time.
        var jobs = options.Reports ? Jobs(day) : new ConcurrentQueue<Job>();
        GC.Collect();
        await PlaceAsync(own, postmaster, cancellation);
        await Task.Delay(TimeSpan.FromSeconds(3), cancellation);
        var lives = Lives(cluster);
        var phases = new List<ScalingPhase>();
        if (options.Reports)
        {
            await MeasureReportsAsync(cluster, asOperator, own, postmaster, jobs, phases, cancellation);
        }

        if (options.Lookups)
        {
            await MeasureLookupsAsync(cluster, own, postmaster, bodies, phases, cancellation);
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
        ChaosCluster cluster, CPortClient asOperator, CpuGroup[] own, int postmaster, ConcurrentQueue<Job> jobs, List<ScalingPhase> phases, CancellationToken cancellation)
    {
        var before = (await JournalFigures.ReadModelAsync(cluster.Database, cancellation))?.Reports ?? 0;
        var metrics = await MetricsAsync(cluster, cancellation);
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
        var outcomes = await sending;
        var ranOut = jobs.IsEmpty ? "; the generator ran out of reports: give more --hashes" : "";
        var accepted = outcomes.GetValueOrDefault("accepted");
        say($"{accepted:n0} accepted; waiting for the full flow");
        await SettleAsync(cluster, asOperator, before + accepted, cancellation);
        var done = CpuReading.Take(own, postmaster);
        var took = Stopwatch.GetElapsedTime(start.At, done.At).TotalSeconds;
        await FinishAsync(profile, "reports", cancellation);
        var note = string.Join(", ", outcomes.Where(o => o.Key != "accepted").OrderByDescending(o => o.Value).Select(o => $"{o.Value} {o.Key}")) + ranOut;
        phases.Add(new("reports, durable", inTime / Stopwatch.GetElapsedTime(start.At, end).TotalSeconds, streamed.Since(start), 0, note));
        phases.Add(new("reports, full flow", accepted / took, done.Since(start), 0, string.Create(CultureInfo.InvariantCulture, $"all done after {took:0} s")));
        _hops["reports"] = Together(await MetricsAsync(cluster, cancellation), metrics, accepted);
    }

    private async Task MeasureLookupsAsync(
        ChaosCluster cluster, CpuGroup[] own, int postmaster, IReadOnlyList<LookupBody> bodies, List<ScalingPhase> phases, CancellationToken cancellation)
    {
        var metrics = await MetricsAsync(cluster, cancellation);
        await using var profile = Profile(own, "lookups");
        say("looking up");
        var start = CpuReading.Take(own, postmaster);
        var (answered, inTime, refused, wrong) = await LookUpAsync(cluster, bodies, TimeSpan.FromSeconds(options.Seconds), check: false, cancellation);
        var end = CpuReading.Take(own, postmaster);
        await FinishAsync(profile, "lookups", cancellation);

        // The last ones, answered after the time was over, count in neither: rate is of the time itself.
        phases.Add(new("lookups", (double)inTime * options.Batch / options.Seconds, end.Since(start), wrong, refused > 0 ? $"{refused} requests 503" : ""));
        _hops["lookups"] = Together(await MetricsAsync(cluster, cancellation), metrics, Math.Max(1, answered) * options.Batch / 1_000.0);
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

    private async Task RegisterAsync(CPortClient client, CancellationToken cancellation)
    {
        foreach (var agency in SampleAgencies.All)
        {
            if (agency.Id.Value is not (Traffic.Worker or Traffic.Reporter))
            {
                await client.PostAsync("v1/agencies", new
                {
                    id = agency.Id.Value, name = agency.Name, kind = agency.Kind.ToString(), countries = agency.Countries.Select(c => c.Code).ToArray(),
                    holdsOrphanMandate = agency.OrphanMandate, trust = (agency.Kind == AgencyKind.Interpol ? TrustLevel.Trusted : TrustLevel.Standard).ToString(),
                }, cancellation);
            }

            if (agency.Kind is AgencyKind.Hotline or AgencyKind.Interpol)
            {
                var person = agency.Kind == AgencyKind.Hotline ? nameof(Roles.Analyst) : nameof(Roles.Officer);
                var answer = await client.PostAsync($"v1/agencies/{agency.Id}/keys", new { roles = new[] { person, nameof(Roles.Machine) } }, cancellation);
                _keys[agency.Id.Value] = answer.GetProperty("apiKey").GetString()!;
            }
        }
    }

    private async Task ImportAsync(ChaosCluster cluster, SyntheticDay day, CancellationToken cancellation)
    {
        using var http = Http(cluster.Nodes[0].Url, _keys["interpol"]);
        var text = new StringWriter();
        foreach (var h in day.KnownHashes())
        {
            await text.WriteLineAsync(JsonSerializer.Serialize(new
            {
                md5 = h.Md5.ToHex(), sha1 = h.Sha1.ToHex(), sha256 = h.Sha256.ToHex(), pdq = h.Pdq.ToHex(), classification = h.Classification.ToString(), country = h.Country?.Code,
            }).AsMemory(), cancellation);
        }

        using var content = new StringContent(text.ToString());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        using var answer = await http.PostAsync(new Uri("v1/hashes:import?list=bench", UriKind.Relative), content, cancellation);
        var said = await answer.Content.ReadAsStringAsync(cancellation);
        if (!answer.IsSuccessStatusCode || said.Contains("\"unavailable\"", StringComparison.Ordinal) || said.Contains("\"rejected\"", StringComparison.Ordinal))
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
                throw new TimeoutException($"The full flow did not end within {ChaosCluster.Patience.TotalSeconds:0} s: {await JournalFigures.ReadModelAsync(cluster.Database, cancellation)}, {reports} expected.");
            }

            await Task.Delay(250, cancellation);
        }
    }

    /// <summary>Requests made beforehand: a quarter of the hashes of each algorithm, every second one on the list.</summary>
    private List<LookupBody> Bodies(SyntheticDay day)
    {
        var known = day.KnownHashes().ToArray();
        var random = new Random(20_261_124);
        return [.. Enumerable.Range(0, 64).Select(_ =>
        {
            var hashes = new List<object>(options.Batch);
            for (var i = 0; i < options.Batch; i++)
            {
                var media = known[random.Next(known.Length)];
                var (algorithm, value) = (i % 4) switch
                {
                    0 => ("md5", media.Md5), 1 => ("sha1", media.Sha1), 2 => ("sha256", media.Sha256), _ => ("pdq", media.Pdq),
                };
                hashes.Add(new { algorithm, value = i / 4 % 2 == 0 ? value.ToHex() : Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(value.ToHex().Length / 2)) });
            }

            return new LookupBody(JsonSerializer.SerializeToUtf8Bytes(new { hashes }), Enumerable.Range(0, options.Batch).Count(i => i / 4 % 2 == 0));
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
        return check && wrong > 0 ? throw new InvalidOperationException($"{wrong} of {answered} lookups were answered wrongly.") : (answered, inTime, refused, wrong);
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

    private static async Task<NodeMetrics[]> MetricsAsync(ChaosCluster cluster, CancellationToken cancellation) => await Task.WhenAll(cluster.Nodes.Select(async node =>
    {
        using var http = new HttpClient { BaseAddress = node.Url, Timeout = TimeSpan.FromMinutes(1) };
        return await NodeMetrics.ReadAsync(http, cancellation);
    }));

    private static Dictionary<string, (double Count, double Mean)> Together(NodeMetrics[] after, NodeMetrics[] before, double per) => after
        .Zip(before, (a, b) => a.Since(b)).SelectMany(d => d).GroupBy(h => h.Key)
        .ToDictionary(g => g.Key, g => (g.Sum(h => h.Value.Count) / per, g.Sum(h => h.Value.Count * h.Value.Mean) / g.Sum(h => h.Value.Count)));

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

    private string ProfileFile(string part, string ending) => Path.Combine(options.Profile!, string.Create(CultureInfo.InvariantCulture, $"{part}-{size}.{ending}"));

    private sealed record Job(string Key, List<byte[]> Lines);

    /// <summary>A request, and how many of its hashes somebody has an opinion on.</summary>
    private sealed record LookupBody(byte[] Utf8, int Known);
}
