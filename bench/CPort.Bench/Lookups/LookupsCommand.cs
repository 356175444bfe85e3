using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CPort.Actors.Persistence;
using CPort.Bench.Load;
using CPort.Domain.Identity;
using CPort.Node.Client;
using CPort.Tests.Shared;

namespace CPort.Bench.Lookups;

/// <summary><c>lookups</c>: near lookups over HTTP against a node of its own that holds a list of PDQ values.</summary>
internal static class LookupsCommand
{
    public static Command Create()
    {
        var database = new Option<string>("--database") { Description = "sqlite or postgres.", DefaultValueFactory = _ => "sqlite" };
        var hashes = new Option<int>("--hashes") { Description = "PDQ values imported before.", DefaultValueFactory = _ => 1_000_000 };
        var lookups = new Option<int>("--lookups") { Description = "Lookups of one large request, at most 10,000.", DefaultValueFactory = _ => 10_000 };
        var runs = new Option<int>("--runs") { Description = "Large requests measured, after one that is not.", DefaultValueFactory = _ => 5 };
        var radius = new Option<int>("--radius") { Description = "Hamming distance, 0 to 64.", DefaultValueFactory = _ => 31 };
        var clients = new Option<int>("--clients")
            { Description = "Callers of small lookups (1 to 8 values each) at one time.", DefaultValueFactory = _ => 16 };
        var seconds = new Option<int>("--seconds")
            { Description = "How long they call, alone and again beside large requests.", DefaultValueFactory = _ => 10 };
        var visible = new Option<int>("--visible")
            { Description = "Values added, looked up, retracted and looked up again, one after the other.", DefaultValueFactory = _ => 200 };
        var keep = new Option<bool>("--keep") { Description = "Keep the data folder and the node's log." };
        var output = new Option<FileInfo?>("--output") { Description = "Write the markdown to this file as well." };
        var profile = new Option<FileInfo?>("--profile")
            { Description = "Sample the node's stacks during the large requests into this file (.nettrace) and print the hottest methods." };
        database.AcceptOnlyFromAmong("sqlite", "postgres");
        foreach (var (option, least, most) in new[]
            { (hashes, 1, 20_000_000), (lookups, 1, 10_000), (runs, 1, 100), (radius, 0, 64), (clients, 1, 256), (seconds, 1, 600), (visible, 0, 10_000) })
        {
            option.Validators.Add(r =>
            {
                if (r.GetValueOrDefault<int>() is var value && (value < least || value > most))
                {
                    r.AddError($"{option.Name} must be {least} to {most}.");
                }
            });
        }

        var command = new Command("lookups", "Import PDQ values into a node of its own and look values up near them over HTTP.")
        {
            database, hashes, lookups, runs, radius, clients, seconds, visible, keep, output, profile,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var under = new DatabaseUnderTest(parsed.GetValue(database) == "postgres"
                ? DatabaseProvider.PostgreSql : DatabaseProvider.Sqlite, SqliteSynchronous.Full);
            var run = new LookupsRun(
                under, parsed.GetValue(hashes), parsed.GetValue(lookups), parsed.GetValue(runs), parsed.GetValue(radius), parsed.GetValue(clients),
                parsed.GetValue(seconds), parsed.GetValue(visible), parsed.GetValue(keep), parsed.GetValue(profile), text =>
                    Console.Error.WriteLine($"[lookups] {text}"));
            var (markdown, sound) = await run.RunAsync(cancellation);
            Console.WriteLine(markdown);
            if (parsed.GetValue(output) is { } file)
            {
                await File.WriteAllTextAsync(file.FullName, markdown, cancellation);
            }

            return sound ? 0 : 1;
        });
        return command;
    }
}

/// <summary>One node, one list, all measurements.</summary>
internal sealed class LookupsRun(
    DatabaseUnderTest under, int hashes, int lookups, int runs, int radius, int clients, int seconds, int visible, bool keep, FileInfo? profileFile,
        Action<string> say)
{
    private const int Seed = 20_261_124;
    private int _refused;

    public async Task<(string Markdown, bool Sound)> RunAsync(CancellationToken cancellation)
    {
        var load = Machine.LoadAverage();
        var folder = Path.Combine(Path.GetTempPath(), $"cport-bench-{Environment.ProcessId}-{Guid.NewGuid():N}"[..32]);
        await using var postgres = under.Provider == DatabaseProvider.PostgreSql ? await PostgreSqlServer.StartNewAsync(fsync: true) : null;
        var connection = postgres is null ? null : postgres.IsAvailable ? await postgres.CreateDatabaseAsync() : throw new InvalidOperationException(
            postgres.Unavailable);
        await using var node = await BenchNode.StartAsync(folder, under, connection, keep, cancellation);
        using var asOperator = new CPortClient(node.Url, await LoadRun.OperatorKeyAsync(node, cancellation));
        await asOperator.PostAsync("v1/agencies", new
            { id = "interpol", name = "INTERPOL", kind = "Interpol", countries = Array.Empty<string>(), trust = nameof(TrustLevel.Trusted) }, cancellation);
        var created = await asOperator.PostAsync("v1/agencies/interpol/keys", new { roles = new[] { nameof(Roles.Officer), nameof(Roles.Machine) } },
            cancellation);
        var key = (created.TryGetProperty("apiKey", out var k) ? k : created.GetProperty("key")).GetString()!;

        say($"importing {hashes:n0} PDQ values");
        var list = Path.Combine(folder, "pdq.csv");
        await using (var writer = new StreamWriter(list))
        {
            await writer.WriteLineAsync("pdq,classification");
            for (var i = 0; i < hashes; i++)
            {
                await writer.WriteLineAsync(Convert.ToHexStringLower(MadePdq.Value(Seed, i)) + ",Baseline");
            }
        }

        var started = Stopwatch.GetTimestamp();
        await node.RunAsync(["hashes", "import", list, "--list", "bench", "--key", key], cancellation);
        var importSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        say($"imported in {importSeconds:0.0} s");

        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 512 }) { BaseAddress = node.Url, Timeout = TimeSpan.FromMinutes(2) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);

        var (large, cpu, wrong) = (new List<double>(), new List<double>(), 0);
        var (answered, refusedLarge) = (0L, 0);
        await using (var profile = profileFile is null ? null : NodeProfile.Start(node.Id, profileFile.FullName))
        {
            for (var run = 0; run <= runs; run++)
            {
                var (body, expected) = Body(lookups, run);
                // A cold node on a busy machine may take longer than its patience: asked again, and told.
                var (before, began, answer) = (0.0, 0L, Array.Empty<byte>());
                for (var tries = 0; answer.Length == 0; tries++)
                {
                    (before, began) = (ProcessFigures.Cpu(node.Id), Stopwatch.GetTimestamp());
                    answer = await PostAsync(http, body, cancellation, mayBeRefused: tries < 10);
                    refusedLarge += answer.Length == 0 ? 1 : 0;
                }

                var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
                var used = ProcessFigures.Cpu(node.Id) - before;
                wrong += Check(answer, expected);
                answered = answer.Length;
                say($"run {run}: {lookups:n0} lookups in {took:0.000} s, {used:0.00} s of CPU");
                if (run > 0)
                {
                    large.Add(took);
                    cpu.Add(used);
                }
            }

            if (profile is not null)
            {
                say(await profile.FinishAsync(60));
            }
        }

        say("small lookups");
        var alone = await SmallAsync(http, cancellation);
        using var beside = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var busy = Task.Run(async () =>
        {
            for (var n = 100; !beside.IsCancellationRequested; n++)
            {
                await PostAsync(http, Body(lookups, n).Body, CancellationToken.None, mayBeRefused: true);
            }
        }, CancellationToken.None);
        var loaded = await SmallAsync(http, cancellation);
        await beside.CancelAsync();
        await busy;

        say("added and retracted values");
        var (addWhole, addSeen, retractWhole, retractSeen) = (new Percentiles(), new Percentiles(), new Percentiles(), new Percentiles());
        for (var n = 0; n < visible; n++)
        {
            var value = Convert.ToHexStringLower(MadePdq.Value(Seed + 1, n));
            var row = Encoding.UTF8.GetBytes($$"""{"pdq":"{{value}}","classification":"Baseline"}""" + "\n");
            var began = Stopwatch.GetTimestamp();
            await PostAsync(http, row, cancellation, "v1/hashes:import?list=live", "application/x-ndjson");
            var durable = Stopwatch.GetTimestamp();
            await UntilAsync(http, value, isKnown: true, cancellation);
            addSeen.Add(Stopwatch.GetElapsedTime(durable));
            addWhole.Add(Stopwatch.GetElapsedTime(began));

            var retract = JsonSerializer.SerializeToUtf8Bytes(new { list = "live", confirm = 0, hashes = new[] { new { algorithm = "pdq", value } } });
            began = Stopwatch.GetTimestamp();
            await PostAsync(http, retract, cancellation, "v1/hashes:retract");
            durable = Stopwatch.GetTimestamp();
            await UntilAsync(http, value, isKnown: false, cancellation);
            retractSeen.Add(Stopwatch.GetElapsedTime(durable));
            retractWhole.Add(Stopwatch.GetElapsedTime(began));
        }

        var text = new StringBuilder();
        foreach (var (name, value) in Machine.Describe())
        {
            text.AppendLine(Line($"- {name}: {value}"));
        }

        text.AppendLine(
            Line($"- {under.Name}; {hashes:n0} PDQ values of 128 set bits; radius {radius}; half of the lookups are near copies (0 to {radius} bits), half strangers"));
        text.AppendLine(Line($"- load average before: {load:0.0}; peak RSS of the node {ProcessFigures.PeakRss(node.Id):n0} MB"));
        text.AppendLine();
        text.AppendLine("| | |");
        text.AppendLine("|---|---:|");
        text.AppendLine(Line($"| `cport hashes import` of {hashes:n0} rows, rows/s | {hashes / importSeconds:n0} |"));
        text.AppendLine(
            Line($"| POST /v1/hashes:lookup of {lookups:n0}, s: median (least; most) of {runs} | {Percentiles.Median(large):0.000} ({large.Min():0.000}; {large.Max():0.000}) |"));
        text.AppendLine(Line($"| lookups/s in large requests | {lookups / Percentiles.Median(large):n0} |"));
        text.AppendLine(Line($"| CPU s of the node for one large request, median | {Percentiles.Median(cpu):0.00} |"));
        text.AppendLine(Line($"| answer, MB | {answered / 1e6:0.0} |"));
        text.AppendLine(Line($"| lookups answered wrongly | {wrong} |"));
        text.AppendLine(
            Line($"| small lookups, {clients} callers: p50; p99 ms; requests/s | {alone.At(0.5):0.0}; {alone.At(0.99):0.0}; {alone.Count / seconds:n0} |"));
        text.AppendLine(
            Line($"| the same beside large requests: p50; p99 ms; requests/s | {loaded.At(0.5):0.0}; {loaded.At(0.99):0.0}; {loaded.Count / seconds:n0} |"));
        text.AppendLine(Line($"| answered 503 and asked again: large; small | {refusedLarge}; {_refused} |"));
        text.AppendLine(Line($"| add answered → seen, p50; p99 ms of {visible} | {addSeen.At(0.5):0.0}; {addSeen.At(0.99):0.0} |"));
        text.AppendLine(Line($"| add sent → seen, p50; p99 ms | {addWhole.At(0.5):0.0}; {addWhole.At(0.99):0.0} |"));
        text.AppendLine(Line($"| retraction answered → unseen, p50; p99 ms | {retractSeen.At(0.5):0.0}; {retractSeen.At(0.99):0.0} |"));
        text.AppendLine(Line($"| retraction sent → unseen, p50; p99 ms | {retractWhole.At(0.5):0.0}; {retractWhole.At(0.99):0.0} |"));
        return (text.ToString(), wrong == 0);
    }

    /// <summary>A request, and for each hash the value that must be found near it with its distance; null: a stranger.</summary>
    private (byte[] Body, (string Value, int Distance)?[] Expected) Body(int count, int run)
    {
        var random = new Random((run * 1_000_003) + count);
        var expected = new (string, int)?[count];
        var values = new List<object>(count);
        for (var i = 0; i < count; i++)
        {
            byte[] value;
            if (i % 2 == 0)
            {
                var original = MadePdq.Value(Seed, random.Next(hashes));
                var distance = random.Next(radius + 1);
                value = MadePdq.Near(original, distance, random);
                expected[i] = (Convert.ToHexStringLower(original), distance);
            }
            else
            {
                value = MadePdq.Value(Seed + 2, random.Next());
            }

            values.Add(new { algorithm = "pdq", value = Convert.ToHexStringLower(value) });
        }

        return (JsonSerializer.SerializeToUtf8Bytes(new { radius, hashes = values }), expected);
    }

    private static int Check(byte[] answer, (string Value, int Distance)?[] expected)
    {
        using var json = JsonDocument.Parse(answer);
        var wrong = 0;
        foreach (var result in json.RootElement.GetProperty("results").EnumerateArray())
        {
            var near = result.GetProperty("near").EnumerateArray().ToArray();
            wrong += expected[result.GetProperty("index").GetInt32()] is { } hit
                ? near.Any(n => n.GetProperty("distance").GetInt32() == hit.Distance && n.GetProperty("value").ValueEquals(hit.Value)) ? 0 : 1
                : near.Length == 0 ? 0 : 1;
        }

        return wrong + (json.RootElement.GetProperty("results").GetArrayLength() == expected.Length ? 0 : 1);
    }

    private async Task<Percentiles> SmallAsync(HttpClient http, CancellationToken cancellation)
    {
        var times = new Percentiles();
        var until = Stopwatch.GetTimestamp() + (seconds * Stopwatch.Frequency);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(c => Task.Run(async () =>
        {
            for (var n = 0; Stopwatch.GetTimestamp() < until; n++)
            {
                var body = Body(1 + (n % 8), (c * 100_000) + n).Body;
                var began = Stopwatch.GetTimestamp();
                if (await PostAsync(http, body, cancellation, mayBeRefused: true) is { Length: > 0 })
                {
                    times.Add(Stopwatch.GetElapsedTime(began));
                }
                else
                {
                    Interlocked.Increment(ref _refused);
                }
            }
        }, cancellation)));
        return times;
    }

    private async Task UntilAsync(HttpClient http, string value, bool isKnown, CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new { radius, hashes = new[] { new { algorithm = "pdq", value } } });
        var patience = Stopwatch.StartNew();
        while (true)
        {
            using var json = JsonDocument.Parse(await PostAsync(http, body, cancellation));
            if (json.RootElement.GetProperty("results")[0].GetProperty("near").GetArrayLength() > 0 == isKnown)
            {
                return;
            }

            if (patience.Elapsed > TimeSpan.FromSeconds(30))
            {
                throw new TimeoutException(isKnown ? "An added value is not found." : "A retracted value is still found.");
            }
        }
    }

    private static async Task<byte[]> PostAsync(
        HttpClient http, byte[] body, CancellationToken cancellation, string path = "v1/hashes:lookup", string type = "application/json",
            bool mayBeRefused = false)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
        using var response = await http.PostAsync(path, content, cancellation);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
        return response.IsSuccessStatusCode ? bytes
            : mayBeRefused && response.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable ? []
            : throw new InvalidOperationException($"{path} answered {(int)response.StatusCode}: {Encoding.UTF8.GetString(bytes)}");
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
