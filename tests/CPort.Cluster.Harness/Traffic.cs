using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using CPort.Tests.Shared;

namespace CPort.Cluster.Harness;

/// <summary>A report that was sent, and the id it was acknowledged under, if it was. Times by <see cref="Stopwatch.GetTimestamp"/>.</summary>
public sealed class SentReport(string hotline, string reference)
{
    public string Hotline { get; } = hotline;
    public string Reference { get; } = reference;
    public string? ReportId { get; set; }

    /// <summary>Two acknowledgements under different ids; never null means a fault.</summary>
    public string? OtherId { get; set; }
}

/// <summary>A command that was sent. <paramref name="Kind"/> names its event; <see cref="AckedAt"/> 0: not acknowledged (refused or unanswered).</summary>
public sealed record SentCommand(string ReportId, string Kind, string CommandId, long SentAt)
{
    public long AckedAt { get; set; }
}

/// <summary>A report that is written and read all the time; what succeeded when.</summary>
public sealed class Probe(string reportId)
{
    private readonly Lock _lock = new();
    private readonly List<long> _writes = [];
    private readonly List<long> _reads = [];

    public string ReportId { get; } = reportId;

    public void Wrote() => Note(_writes);

    public void Read() => Note(_reads);

    /// <summary>
    /// The longest time without a success from <paramref name="from"/> to <paramref name="to"/>, and when the first gap longer than
    /// <paramref name="noticed"/> that touches that time ended: 0 when there was none.
    /// </summary>
    public (TimeSpan Longest, long EndOfFirst) Gaps(bool writes, long from, long to, TimeSpan noticed)
    {
        lock (_lock)
        {
            var (longest, end) = (TimeSpan.Zero, 0L);
            var before = 0L;
            foreach (var at in (writes ? _writes : _reads).Append(to))
            {
                if (at > to)
                {
                    break;
                }

                if (before > 0 && at > from)
                {
                    var gap = Stopwatch.GetElapsedTime(before, at);
                    longest = gap > longest ? gap : longest;
                    end = end == 0 && gap > noticed ? at : end;
                }

                before = at;
            }

            return (longest, end);
        }
    }

    private void Note(List<long> list)
    {
        lock (_lock)
        {
            list.Add(Stopwatch.GetTimestamp());
        }
    }
}

/// <summary>
/// Hotlines at work through all nodes: reports by stream and one by one, and on some of them claims, memos, assessments and actions, each a command of its own
/// id; besides, some fixed reports that are written and read all the time, by which outages are measured. Everything acknowledged is remembered.
/// </summary>
public sealed class Traffic(ChaosCluster cluster, int reportsPerSecond, int probes) : IAsyncDisposable
{
    /// <summary>The hotline of the country where everything is hosted: works on reports.</summary>
    public const string Worker = "hotline-nl";

    /// <summary>Another country's hotline, which reports too.</summary>
    public const string Reporter = "hotline-gb";

    private const int LinesPerStream = 10;
    private const int MostAtOnce = 150;
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Short, and several at once: an attempt that is not answered must not hide when the next one would be.</summary>
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(4);
    private const int ProbesAtOnce = 16;
    private static readonly string Items = """{"items":[{"item":1}]}""";
    private static readonly string Assess = """
        {"items":[{"item":1}],"assessment":{"classification":"Baseline","ageCategorization":2,"genderCategorization":2,"virtualContentCategorization":0,
        "userGeneratedContentCategorization":0,"childModelingCategorization":0}}
        """;

    private readonly ConcurrentDictionary<string, SentReport> _reports = new();
    private readonly ConcurrentQueue<SentCommand> _commands = new();
    private readonly ConcurrentDictionary<Task, byte> _underWay = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly string _run = Guid.NewGuid().ToString("N")[..6];
    private Task _running = Task.CompletedTask;
    private volatile bool _paused = true;
    private int _number;
    private int _command;

    public ClusterClient Client { get; } = new(cluster);

    public IReadOnlyCollection<SentReport> Reports => (IReadOnlyCollection<SentReport>)_reports.Values;

    public IReadOnlyCollection<SentCommand> Commands => _commands;

    public IReadOnlyList<Probe> Probes { get; private set; } = [];

    /// <summary>Nodes (index from 0) that the probes do not go through, because they are hurt: outages are those that callers of the others see.</summary>
    public ConcurrentDictionary<int, byte> Avoided { get; } = new();

    /// <summary>Every attempt of a probe that failed or took longer than a second, a line each, for looking at an outage afterwards.</summary>
    public ConcurrentQueue<string> Trace { get; } = new();

    /// <summary>Things that must never be, seen in answers.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    /// <summary>Submits the probe reports, waits until they are assigned, and begins.</summary>
    public async Task StartAsync()
    {
        for (var n = 0; n < probes; n++)
        {
            Probes = [.. Probes, new Probe(await NewProbeReportAsync())];
        }

        Resume();
        _running = Task.WhenAll([SendAsync(), .. Probes.Select(ProbeAsync)]);
    }

    /// <summary>A report that is assigned, as a probe needs it; it is none until <see cref="Watch"/>.</summary>
    public async Task<string> NewProbeReportAsync()
    {
        var reference = string.Create(CultureInfo.InvariantCulture, $"PROBE-{_run}-{Interlocked.Increment(ref _number)}");
        var sent = _reports[reference] = new SentReport(Worker, reference);
        await cluster.UntilAsync(async () =>
        {
            await PostAsync(sent);
            return sent.ReportId is not null;
        }, TimeSpan.FromSeconds(60), () => "a probe's report was not taken");
        await cluster.UntilAsync(async () => await ClaimAsync(sent.ReportId!), TimeSpan.FromSeconds(60), () => "a probe's report was not assigned");
        return sent.ReportId!;
    }

    /// <summary>One more probe, from now on.</summary>
    public void Watch(string reportId)
    {
        var probe = new Probe(reportId);
        Probes = [.. Probes, probe];
        _running = Task.WhenAll(_running, ProbeAsync(probe));
    }

    public void Resume() => _paused = false;

    /// <summary>Sends nothing new and waits for what is under way.</summary>
    public async Task PauseAsync()
    {
        _paused = true;
        while (!_underWay.IsEmpty)
        {
            await Task.WhenAll(_underWay.Keys);
        }
    }

    /// <summary>Sends a report that was acknowledged once more and answers the outcome's word.</summary>
    public async Task<string> SendAgainAsync(SentReport report)
    {
        var answer = await Client.SendAsync(report.Hotline, HttpMethod.Post, "/v1/reports", Bodies.Report(report.Reference));
        return answer.IsSuccess && answer.Json.GetProperty("reportId").GetString() == report.ReportId
            ? answer.Json.GetProperty("outcome").GetString()! : $"{(int)answer.Status} {answer.Body}";
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await PauseAsync();
        await _running;
        Client.Dispose();
        _stop.Dispose();
    }

    private async Task SendAsync()
    {
        // Half by streams, half alone.
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var (alone, streams) = (0.0, 0.0);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                if (_paused || _underWay.Count > MostAtOnce)
                {
                    continue;
                }

                for (alone += reportsPerSecond / 20.0; alone >= 1; alone--)
                {
                    Launch(OneAsync);
                }

                for (streams += reportsPerSecond / 20.0 / LinesPerStream; streams >= 1; streams--)
                {
                    Launch(StreamAsync);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The end.
        }
    }

    private void Launch(Func<Task> work)
    {
        var task = Task.Run(work);
        _underWay[task] = 0;
        task.ContinueWith(done =>
        {
            _underWay.TryRemove(done, out _);
            if (done.Exception is { } e)
            {
                Faults.Enqueue($"The test's own client failed: {e.GetBaseException()}");
            }
        }, TaskScheduler.Default);
    }

    private SentReport New()
    {
        var n = Interlocked.Increment(ref _number);
        var reference = string.Create(CultureInfo.InvariantCulture, $"C-{_run}-{n}");
        return _reports[reference] = new SentReport(n % 2 == 0 ? Worker : Reporter, reference);
    }

    private async Task OneAsync()
    {
        var report = New();
        await PostAsync(report);
        if (report.ReportId is not null && report.Reference.EndsWith('0'))
        {
            await WorkAsync(report.ReportId, report.Hotline);
        }
    }

    private async Task PostAsync(SentReport report)
    {
        var answer = await Client.SendAsync(report.Hotline, HttpMethod.Post, "/v1/reports", Bodies.Report(report.Reference));
        if (answer.IsSuccess)
        {
            Acknowledged(report, answer.Json.GetProperty("reportId").GetString()!);
        }
        else if (!answer.IsFault)
        {
            Faults.Enqueue($"A good report was refused: {(int)answer.Status} {answer.Body}");
        }
    }

    private async Task StreamAsync()
    {
        var hotline = Interlocked.Increment(ref _number) % 2 == 0 ? Worker : Reporter;
        var open = new List<SentReport>();
        for (var n = 0; n < LinesPerStream; n++)
        {
            var reference = string.Create(CultureInfo.InvariantCulture, $"S-{_run}-{Interlocked.Increment(ref _number)}");
            open.Add(_reports[reference] = new SentReport(hotline, reference));
        }

        var (first, second) = Client.NextTwo();
        Client.NoteRequest();
        var said = new List<string>();
        foreach (var node in (int[])[first, second])
        {
            if (said.Count > 0)
            {
                Client.NoteRetried();
            }

            var lines = open.ToArray();
            using var limit = new CancellationTokenSource(ClusterClient.Timeout);
            var broken = await StreamSender.SendAsync(Client.On(node, hotline), StreamSender.Body(lines.Select(r => Bodies.Report(r.Reference))), answer =>
            {
                if (answer.IsAcknowledged)
                {
                    Acknowledged(lines[answer.Line - 1], answer.ReportId!);
                    open.Remove(lines[answer.Line - 1]);
                }
                else if (answer.Outcome != "unavailable")
                {
                    Faults.Enqueue($"A good line was refused: {answer.Raw}");
                    open.Remove(lines[answer.Line - 1]);
                }
            }, limit.Token);
            if (open.Count == 0)
            {
                return;
            }

            said.Add($"node {node + 1}: {open.Count} lines open, {broken ?? "the stream ended in order"}");
        }

        Client.NoteFailed($"stream: {string.Join("; ", said)}");
    }

    private void Acknowledged(SentReport report, string id)
    {
        if (report.ReportId is not null && report.ReportId != id)
        {
            report.OtherId = id;
        }

        report.ReportId = id;
    }

    /// <summary>The life of a report in its hotline's hands, one command after the other.</summary>
    private async Task WorkAsync(string id, string reporter)
    {
        await CommandAsync(reporter, id, "MemoAdded", HttpMethod.Post, "memos", """{"text":"Seen by the example analyst."}""");
        for (var attempt = 0; attempt < 40 && !await ClaimAsync(id); attempt++)
        {
            await Task.Delay(500);
        }

        await CommandAsync(Worker, id, "ItemsAssessed", HttpMethod.Post, "items:assess", Assess);
        foreach (var type in (int[])[2, 3])
        {
            var action = new JsonObject { ["items"] = new JsonArray(new JsonObject { ["item"] = 1 }), ["action"] = new JsonObject { ["actionType"] = type } };
            await CommandAsync(Worker, id, "ActionsRecorded", HttpMethod.Post, "items:act", action.ToJsonString());
        }
    }

    private async Task<bool> ClaimAsync(string id) => (await CommandAsync(Worker, id, "ItemsClaimed", HttpMethod.Post, "items:claim", Items)).IsSuccess;

    private async Task<ClientAnswer> CommandAsync(string agency, string report, string kind, HttpMethod method, string path, string body)
    {
        var sent = NewCommand(report, kind);
        var answer = await Client.SendAsync(agency, method, $"/v1/reports/{report}/{path}", body, sent.CommandId);
        if (answer.IsSuccess)
        {
            sent.AckedAt = Stopwatch.GetTimestamp();
        }

        return answer;
    }

    private SentCommand NewCommand(string report, string kind)
    {
        var sent = new SentCommand(report, kind, string.Create(CultureInfo.InvariantCulture, $"{_run}-{Interlocked.Increment(ref _command)}"),
            Stopwatch.GetTimestamp());
        _commands.Enqueue(sent);
        return sent;
    }

    private async Task ProbeAsync(Probe probe)
    {
        using var timer = new PeriodicTimer(ProbeEvery);
        var (writing, reading) = (0, 0);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                if (_paused)
                {
                    continue;
                }

                if (Volatile.Read(ref writing) < ProbesAtOnce)
                {
                    Interlocked.Increment(ref writing);
                    Launch(async () =>
                    {
                        try
                        {
                            await WriteAsync(probe);
                        }
                        finally
                        {
                            Interlocked.Decrement(ref writing);
                        }
                    });
                }

                if (Volatile.Read(ref reading) < ProbesAtOnce)
                {
                    Interlocked.Increment(ref reading);
                    Launch(async () =>
                    {
                        try
                        {
                            if ((await AttemptAsync(probe, HttpMethod.Get, $"/v1/reports/{probe.ReportId}", null, null)).IsSuccess)
                            {
                                probe.Read();
                            }
                        }
                        finally
                        {
                            Interlocked.Decrement(ref reading);
                        }
                    });
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The end.
        }
    }

    private async Task WriteAsync(Probe probe)
    {
        // An event each time, and a state that does not grow.
        var sent = NewCommand(probe.ReportId, "HotlineReferenceSet");
        var answer = await AttemptAsync(
            probe, HttpMethod.Put, $"/v1/reports/{probe.ReportId}/items/1/assigned-hotline-reference",
                $$"""{"assignedHotlineReference":"{{sent.CommandId}}"}""", sent.CommandId);
        if (answer.IsSuccess)
        {
            sent.AckedAt = Stopwatch.GetTimestamp();
            probe.Wrote();
        }
        else if (!answer.IsFault)
        {
            Faults.Enqueue($"A probe's command was refused: {(int)answer.Status} {answer.Body}");
        }
    }

    private async Task<ClientAnswer> AttemptAsync(Probe probe, HttpMethod method, string path, string? body, string? commandId)
    {
        var (node, began, at) = (NotAvoided(), Stopwatch.GetTimestamp(), DateTime.UtcNow);
        var answer = await Client.OnceAsync(node, Worker, method, path, body, commandId, ProbePatience);
        if (Stopwatch.GetElapsedTime(began) is var took && (!answer.IsSuccess || took > TimeSpan.FromSeconds(1)))
        {
            Trace.Enqueue(string.Create(CultureInfo.InvariantCulture,
                $"{at:HH:mm:ss.fff} {method} {probe.ReportId} by node {node + 1}: {(int)answer.Status} after {took.TotalSeconds:0.0} s {(answer.IsSuccess ? "" : answer.Body)}"));
        }

        return answer;
    }

    private int NotAvoided()
    {
        // At random: taking turns would tie a probe's reads to one node and its writes to another.
        var nodes = Enumerable.Range(0, cluster.Nodes.Count).Where(n => !Avoided.ContainsKey(n)).ToArray();
        return nodes.Length == 0 ? Random.Shared.Next(cluster.Nodes.Count) : nodes[Random.Shared.Next(nodes.Length)];
    }
}
