using System.CommandLine;
using System.Diagnostics;
using CPort.Actors.Agencies;
using CPort.Actors.People;
using CPort.Api.Queues;
using CPort.Domain.Hashes.Lists;
using CPort.Node.Composition;
using CPort.Node.Sample;
using CPort.Node.Sample.Case;
using Spectre.Console;

namespace CPort.Node.Commands;

/// <summary>
/// <c>cport demo</c>: a node on embedded SQLite, example agencies, a synthetic ICCAM day through the public API, and a table of what came of it. Every figure
/// printed is an answer of the API.
/// </summary>
internal static class DemoCommand
{
    private const string KnownList = "demo-known";
    internal const string KeysFile = "demo-keys.json";

    public static Command Create()
    {
        var reports = new Option<int>("--reports")
            { Description = "Reports of the synthetic day.", DefaultValueFactory = _ => 2000 };
        var seed = new Option<ulong>("--seed") { Description = "The same seed makes the same day.", DefaultValueFactory = _ =>
            20260104 };
        var exit = new Option<bool>("--exit") { Description = "End when the table is printed instead of serving on." };
        var withCase = new Option<bool>("--case")
        {
            Description = "Play one case of four agencies on it: hotline, police of two countries and INTERPOL, with what each sees after each step.",
        };
        IntakeCommand.Bounded(reports, 1, 10_000_000);
        var command =
            new Command("demo",
            "Run a node on embedded SQLite, stream a synthetic ICCAM day through its API and show what came of it.")
            { reports, seed, exit, withCase };
        var settings = new NodeSettings(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var options = settings.Read(parsed);

            // The table is the output; a warning still shows.
            options.Logs.Level = options.Logs.Level == LogLevel.Information ? LogLevel.Warning : options.Logs.Level;
            if (options.Http.Url == new HttpOptions().Url)
            {
                // By a name, so that passkeys can be made too: a loopback address has no owner.
                options.Http.Url = NodeConnection.DefaultUrl.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
            }

            var plays = parsed.GetValue(withCase);
            if (plays)
            {
                // Its agencies get further keys, to which another operator agrees.
                options.Operator.Hands = Math.Max(2, options.Operator.Hands);
                options.Logs.Level = options.Logs.Level == LogLevel.Warning ? LogLevel.Error : options.Logs.Level;
            }

            await using var app = NodeHost.Build(options);
            await app.StartAsync(cancellation);
            try
            {
                await app.WaitUntilRunningAsync(TimeSpan.FromMinutes(2), cancellation);
                await RunAsync(app, options, parsed.GetValue(reports), parsed.GetValue(seed), cancellation);
                if (plays)
                {
                    await DemoCase.RunAsync(app, options, await OperatorKeyAsync(options, cancellation), cancellation);
                }

                if (!parsed.GetValue(exit))
                {
                    AnsiConsole.MarkupLine("[grey]The node serves on; Ctrl-C ends it.[/]");
                    await Task.Delay(Timeout.Infinite, cancellation);
                }

                return ExitCodes.Ok;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return ExitCodes.Ok;
            }
            catch (Exception e) when (e is CPortApiException or CPortUnreachableException or TimeoutException or UnavailableException or CaseException)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return CommandException.CodeOf(e) ?? ExitCodes.Failed;
            }
            finally
            {
                await app.StopAsync(CancellationToken.None);
            }
        });
        return command;
    }

    internal static async Task RunAsync(WebApplication app, NodeOptions options, int reports, ulong seed, CancellationToken cancellation)
    {
        var url = new Uri(app.Urls.First());
        var operatorKey = await OperatorKeyAsync(options, cancellation);
        var asOperator = new CPortClient(url, operatorKey);
        var database = app.Services.GetRequiredService<Actors.Persistence.Database>();
        AnsiConsole.MarkupLine($"A node serves [bold]{url}[/] on {database.ToString().EscapeMarkup()}.");

        if (app.Services.GetRequiredService<AgencyDirectoryFeed>().Current.Agencies.All(a => a.Kind == AgencyKind.Operator))
        {
            await ExampleSet.MarkAsync(database, cancellation);
        }

        var keys = await RegisterAsync(asOperator, options, cancellation);
        var people = await app.Services.GetRequiredService<ExampleSet>().OfferAsync(database, cancellation);
        if (people)
        {
            await SamplePeople.RegisterAsync(
                app.Services.GetRequiredService<IPeopleGateway>(), app.Services.GetRequiredService<TimeProvider>(), SamplePeople.All, cancellation);
        }

        AnsiConsole.MarkupLine($"{keys.Count} example agencies are registered, each with a key.");

        var day = SyntheticDay.Create(reports, seed, SampleAgencies.All);
        var clock = Stopwatch.StartNew();
        var known = await LineProgress.ShowAsync("list of known hashes", null, progress =>
            new CPortClient(url, keys["interpol"]).StreamLinesAsync(
            $"v1/hashes:import?list={KnownList}", HashListChunks.ReadAsync(KnownAsync(day), null, null, 0, _ =>
                { }, cancellation),
            new LineStreamOptions(), progress, null, cancellation));
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"INTERPOL's example list: {known.Answered:N0} media imported in {clock.Elapsed.TotalSeconds:0.0} s."));

        clock.Restart();
        var sent = await StreamDayAsync(url, keys, day, reports, cancellation);
        var streamed = clock.Elapsed;
        var quiet = await WaitUntilQuietAsync(asOperator, clock, cancellation);
        await ShowAsync(asOperator, sent, streamed, quiet, cancellation);
        ShowWhatToTry(url, keys, options, await SampleReportAsync(url, keys, cancellation));
        if (people)
        {
            AnsiConsole.MarkupLine($"Sign in as one of {SamplePeople.All.Length} example people: [bold]{new Uri(options.PortalUrl, "/app")}[/]");
        }
    }

    private static async Task<string> OperatorKeyAsync(NodeOptions options, CancellationToken cancellation)
    {
        var file = Path.Combine(options.Data, OperatorBootstrap.FileName);
        for (var attempt = 0; attempt < 100; attempt++)
        {
            if (File.Exists(file) && (await File.ReadAllTextAsync(file, cancellation)).Trim() is { Length: > 0 } key)
            {
                return key;
            }

            await Task.Delay(200, cancellation);
        }

        throw new TimeoutException($"The operator's key did not appear in {file}.");
    }

    /// <summary>Registers the agencies and makes their keys; on a data folder of an earlier demo both are there.</summary>
    private static async Task<Dictionary<string, string>> RegisterAsync(CPortClient asOperator, NodeOptions options, CancellationToken cancellation)
    {
        var file = Path.Combine(options.Data, KeysFile);
        if (File.Exists(file) && JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(file, cancellation)) is { Count: > 0 } made)
        {
            return made;
        }

        // INTERPOL's list is believed by everyone; one hotline alone is believed at home (design.md, "Who is believed").
        await AgenciesCommand.RegisterAllAsync(
            asOperator, SampleAgencies.All, a => a.Kind == AgencyKind.Interpol ? TrustLevel.Trusted : TrustLevel.Standard, cancellation);
        var keys = new Dictionary<string, string>();
        foreach (var agency in SampleAgencies.All)
        {
            (keys[agency.Id.Value], _) = await AgenciesCommand.IssueKeyAsync(asOperator, agency.Id, AgenciesCommand.DefaultRoles(agency.Kind), cancellation);
        }

        await OperatorBootstrap.WriteAsync(file, JsonSerializer.Serialize(keys, Indented), cancellation);
        return keys;
    }

    private static async IAsyncEnumerable<HashListRowResult> KnownAsync(SyntheticDay day)
    {
        using var csv = new MemoryStream();
        await using (var writer = new StreamWriter(csv, leaveOpen: true))
        {
            day.WriteKnownCsv(writer);
        }

        csv.Position = 0;
        await foreach (var row in HashListReader.ReadAsync(csv))
        {
            yield return row;
        }
    }

    /// <summary>Each hotline streams its own part of the day, four at a time, with one bar for all.</summary>
    private static async Task<StreamProgress> StreamDayAsync(
        Uri url, Dictionary<string, string> keys, SyntheticDay day, int reports, CancellationToken cancellation)
    {
        var perHotline = new Dictionary<AgencyId, MemoryStream>();
        foreach (var line in day.Stream())
        {
            if (!perHotline.TryGetValue(line.Hotline, out var body))
            {
                perHotline.Add(line.Hotline, body = new MemoryStream());
            }

            body.Write(line.Utf8.Span);
            if (line.Utf8.Span is [.., not (byte)'\n'])
            {
                body.WriteByte((byte)'\n');
            }
        }

        var total = perHotline.Values.Sum(b => b.Length);
        return await LineProgress.ShowAsync($"a day of {reports:N0} reports", total, async progress =>
        {
            var clock = Stopwatch.StartNew();
            var gate = new Lock();
            var states = new Dictionary<AgencyId, StreamProgress>();
            StreamProgress All()
            {
                lock (gate)
                {
                    return StreamProgress.Sum(states.Values, clock.Elapsed);
                }
            }

            await Parallel.ForEachAsync(perHotline, new ParallelOptions
                { MaxDegreeOfParallelism = 4, CancellationToken = cancellation }, async (one, token) =>
            {
                one.Value.Position = 0;
                var mine = new Relay(p =>
                {
                    lock (gate)
                    {
                        states[one.Key] = p;
                    }

                    progress.Report(All());
                });
                var result = await new CPortClient(url, keys[one.Key.Value]).StreamReportsAsync(one.Value, new LineStreamOptions(), mine, null, token);
                lock (gate)
                {
                    states[one.Key] = result;
                }
            });
            return All();
        });
    }

    /// <summary>Nothing is owed any more: every item traced, matched and routed, and the read model has caught up. Answers when that was.</summary>
    private static async Task<TimeSpan> WaitUntilQuietAsync(CPortClient asOperator, Stopwatch clock, CancellationToken cancellation)
    {
        var patience = TimeSpan.FromMinutes(5);
        var started = clock.Elapsed;
        while (clock.Elapsed - started < patience)
        {
            var statistics = await asOperator.GetAsync<StatisticsAnswer>("v1/statistics", cancellation);
            if (Count(statistics, "unfinished") == 0 && statistics.At.LagEvents == 0)
            {
                return clock.Elapsed;
            }

            await Task.Delay(250, cancellation);
        }

        throw new TimeoutException("Automatic work did not finish in five minutes; GET /v1/queues and /health/ready say more.");
    }

    private static async Task ShowAsync(CPortClient asOperator, StreamProgress sent, TimeSpan streamed, TimeSpan quiet, CancellationToken cancellation)
    {
        var statistics = await asOperator.GetAsync<StatisticsAnswer>("v1/statistics", cancellation);
        var queues = await asOperator.GetAsync<QueuesAnswer>("v1/queues", cancellation);
        var table = new Table().Border(TableBorder.Rounded).Title("What happened").AddColumn("").AddColumn(new TableColumn("count").RightAligned());
        void Row(string name, long count) => table.AddRow(name.EscapeMarkup(), count.ToString("N0", CultureInfo.InvariantCulture));
        void Part(string name, long count) =>
            table.AddRow($"  [grey]{name.EscapeMarkup()}[/]", $"[grey]{count.ToString("N0", CultureInfo.InvariantCulture)}[/]");

        foreach (var outcome in new[] { "accepted", "duplicate", "conflict", "rejected" })
        {
            Row($"reports {outcome}", sent[outcome]);
            if (outcome == "rejected")
            {
                foreach (var (reason, count) in sent.Reasons.Where(r =>
                    !r.Key.Contains("other content", StringComparison.Ordinal)).OrderByDescending(r => r.Value))
                {
                    Part(reason, count);
                }
            }
        }

        Row("items", Count(statistics, "items"));
        Row("known without human look", Count(statistics, "knownWithoutLook"));
        Row("near matches", Count(statistics, "nearKnown"));
        Row("orphaned", Count(statistics, "orphans"));
        table.AddEmptyRow();
        table.AddRow("assigned by country", "");
        foreach (var (name, count) in statistics.Breakdowns.First(b => b.Name == "assignedCountry").Tallies)
        {
            Part(name == "none" ? "nobody (orphans, untraced)" : name, count);
        }

        table.AddEmptyRow();
        table.AddRow("queues", "");
        foreach (var queue in queues.Queues)
        {
            Part(queue.Name, queue.Count);
        }

        AnsiConsole.Write(table);
        var accepted = sent["accepted"];
        AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{accepted:N0} reports durable in {streamed.TotalSeconds:0.0} s, {accepted / streamed.TotalSeconds:N0} reports/s; " +
            $"traced, matched, routed and in the read model after {quiet.TotalSeconds:0.0} s, " +
            $"{accepted / quiet.TotalSeconds:N0} reports/s."));
    }

    /// <summary>A report that a hotline can look at, for the example lines.</summary>
    private static async Task<string> SampleReportAsync(Uri url, Dictionary<string, string> keys, CancellationToken cancellation)
    {
        var page = await new CPortClient(url, keys["hotline-nl"]).GetAsync<ItemListAnswer>("v1/queues/unassessed?maxResults=1", cancellation);
        return page.Items.Select(i => i.ReportId).FirstOrDefault() ?? "REPORTID";
    }

    private static void ShowWhatToTry(Uri url, Dictionary<string, string> keys, NodeOptions options, string report)
    {
        var at = url.ToString().TrimEnd('/');
        AnsiConsole.WriteLine();
        AnsiConsole.MarkupLine($"[bold]{at}/docs[/] has the API, [bold]{at}/health/ready[/] the node's state; with an operator's key also its reasons, and /metrics its figures.");
        var file = Path.GetFullPath(Path.Combine(options.Data, KeysFile));
        AnsiConsole.WriteLine($"All example keys are in {file}. The Dutch example hotline's, to try:");
        Console.WriteLine($"""

              KEY={keys["hotline-nl"]}
              curl -s -H "Authorization: Bearer $KEY" {at}/v1/queues
              curl -s -H "Authorization: Bearer $KEY" '{at}/v1/queues/unassessed?maxResults=3'
              curl -s -H "Authorization: Bearer $KEY" {at}/v1/reports/{report}
              curl -s -H "Authorization: Bearer $KEY" {at}/v1/reports/{report}/history

            """);
    }

    private static long Count(StatisticsAnswer statistics, string figure) => statistics.Figures.First(f => f.Name == figure).Count;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private sealed class Relay(Action<StreamProgress> report) : IProgress<StreamProgress>
    {
        public void Report(StreamProgress value) => report(value);
    }
}
