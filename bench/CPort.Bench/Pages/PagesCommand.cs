using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CPort.Actors.Agencies;
using CPort.Actors.Projections;
using CPort.Bench.Load;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Node.Client;
using CPort.Node.Composition;
using CPort.Node.Hosting;
using CPort.Node.Options;
using CPort.Node.Sample;
using CPort.Portal;
using CPort.Tests.Shared;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace CPort.Bench.Pages;

/// <summary>
/// <c>pages</c>: how long a page of the portal takes when many items are held. A node in this process on SQLite gets a synthetic day through its API; what the
/// read tables make of it is then multiplied in them, row for row, with new numbers, reports and sealed parts, so that a million items stand there within
/// minutes. Pages are asked for over loopback, looks written to the audit log as always.
/// </summary>
internal static class PagesCommand
{
    private const string Hotline = "hotline-nl";

    public static Command Create()
    {
        var items = new Option<int>("--items") { Description = "Items held.", DefaultValueFactory = _ => 1_000_000 };
        var reports = new Option<int>("--reports") { Description = "Reports of the day that is multiplied.", DefaultValueFactory = _ => 2_000 };
        var requests = new Option<int>("--requests") { Description = "Requests of each page.", DefaultValueFactory = _ => 200 };
        var clients = new Option<int>("--clients") { Description = "People at one time.", DefaultValueFactory = _ => 2 };
        var command = new Command("pages", "Time of the portal's pages with a million items held.") { items, reports, requests, clients };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(items), parsed.GetValue(reports), parsed.GetValue(requests), parsed.GetValue(clients), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(int items, int reports, int requests, int clients, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("cport-bench-pages-").FullName;
        var keys = new Dictionary<string, string>();
        var options = new NodeOptions
        {
            Data = folder, Http = { Url = "http://127.0.0.1:0" }, Cluster = { Port = 0 }, Operator = { Enabled = false },
            Limits = { RequestsPerSecond = 100_000 },
        };
        var app = NodeHost.Build(options, b =>
        {
            b.Logging.SetMinimumLevel(LogLevel.Error);
            b.Services.Replace(ServiceDescriptor.Singleton<IPortalSessions>(s => new OnePerson(s.GetRequiredService<AgencyDirectoryFeed>(), keys)));
        });
        await using (app)
        {
            await app.StartAsync(cancellation);
            await app.WaitUntilRunningAsync(TimeSpan.FromMinutes(2), cancellation);
            var url = new Uri(app.Urls.First());
            await FillAsync(app, options, url, keys, reports, cancellation);
            var held = await MultiplyAsync(app.Services, items, cancellation);
            using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = url };
            var first = await http.GetStringAsync("app/queues/unassessed", cancellation);
            var next = Between(first, "rel=\"next\" href=\"/", "\"");
            var own = await OwnItemsAsync(app.Services, cancellation);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{held:n0} items held, {clients} people at one time"));
            Console.WriteLine("| page | median ms | p95 ms | p99 ms | bytes |");
            Console.WriteLine("|---|---:|---:|---:|---:|");
            foreach (var (name, path) in new (string, Func<int, string>)[]
            {
                ("start", _ => "app"), ("queues", _ => "app/queues"), ("queue, oldest first", _ => "app/queues/unassessed"),
                ("queue, by priority", _ => "app/queues/unassessed?order=priority"), ("queue, next page", _ => next),
                ("queue unactioned", _ => "app/queues/unactioned"), ("item", i => own[i % own.Count]),
            })
            {
                await MeasureAsync(http, name, path, requests, clients, cancellation);
            }

            await app.StopAsync(CancellationToken.None);
        }

        Directory.Delete(folder, recursive: true);
        return 0;
    }

    private static async Task FillAsync(
        WebApplication app, NodeOptions options, Uri url, Dictionary<string, string> keys, int reports, CancellationToken cancellation)
    {
        var file = Path.Combine(options.Data, "operator.key");
        while (!File.Exists(file))
        {
            await Task.Delay(50, cancellation);
        }

        var day = SyntheticDay.Create(reports, 20260104, SampleAgencies.All);
        using var asOperator = new CPortClient(url, (await File.ReadAllTextAsync(file, cancellation)).Trim());
        foreach (var agency in SampleAgencies.Hotlines)
        {
            await asOperator.PostAsync(
                "v1/agencies", new
                {
                    id = agency.Id.Value, name = agency.Name, kind = "Hotline", countries = agency.Countries.Select(c => c.Code).ToArray(),
                    holdsOrphanMandate = agency.OrphanMandate,
                }, cancellation);
        }

        foreach (var agency in SampleAgencies.Hotlines)
        {
            var issued = await asOperator.PostAsync($"v1/agencies/{agency.Id}/keys", new { roles = (string[])["Analyst", "Machine"] }, cancellation);
            keys[agency.Id.Value] = issued.GetProperty("apiKey").GetString()!;
        }

        foreach (var lines in day.Stream().GroupBy(l => l.Hotline))
        {
            using var http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromMinutes(10) };
            http.DefaultRequestHeaders.Add("X-Api-Key", keys[lines.Key.Value]);
            var body = lines.SelectMany(l => l.Utf8.ToArray().Append((byte)'\n')).ToArray();
            await StreamSender.SendAsync(http, body, _ => { }, cancellation);
        }

        // Traced, matched, routed and in the read tables.
        var statistics = new CPortClient(url, (await File.ReadAllTextAsync(file, cancellation)).Trim());
        while (true)
        {
            var now = await statistics.GetAsync<Api.Queues.StatisticsAnswer>("v1/statistics", cancellation);
            if (now.At.LagEvents == 0 && now.Figures.First(f => f.Name == "unfinished").Count == 0)
            {
                return;
            }

            await Task.Delay(250, cancellation);
        }
    }

    /// <summary>Copies of the day's rows until there are so many; how many there are then.</summary>
    private static async Task<long> MultiplyAsync(IServiceProvider services, int items, CancellationToken cancellation)
    {
        var (tables, seam) = (services.GetRequiredService<ReadTables>(), services.GetRequiredService<ConfidentialSeam>());
        var set = (await tables.SetsAsync(cancellation)).Last(s => s.State == TableSetState.Serving).Id;
        await using var db = tables.Connect();
        var rows = await ReadTables.Items(db, set).ToListAsync(cancellation);
        var secrets = rows.ConvertAll(r => ReadRows.Secrets(seam, r));
        var (held, clock, round) = ((long)rows.Count, Stopwatch.StartNew(), 0);
        var last = rows.Max(r => r.Number);
        while (held < items)
        {
            round++;
            var ids = rows.Select(r => r.ReportId).Distinct().ToDictionary(id => id, _ => NewId());
            var copies = rows.Select((r, i) => Copy(r, secrets[i], ids[r.ReportId], round, last, seam)).Take((int)Math.Min(rows.Count, items - held)).ToList();
            await ReadTables.Items(db, set).BulkCopyAsync(
                new BulkCopyOptions { BulkCopyType = BulkCopyType.MultipleRows, MaxBatchSize = 200 }, copies, cancellation);
            held += copies.Count;
            if (round % 20 == 0)
            {
                await Console.Error.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"{held:n0} rows after {clock.Elapsed.TotalSeconds:0} s"));
            }
        }

        await db.ExecuteAsync("ANALYZE", cancellation);
        return held;
    }

    private static ItemRow Copy(ItemRow row, ListedSecrets secrets, string id, int round, long last, ConfidentialSeam seam)
    {
        // Each round a day earlier.
        var back = round * TimeSpan.TicksPerMinute;
        long? Earlier(long? at) => at - back;
        return row with
        {
            Key = ReadRows.KeyOf(row.Tenant, row.Number + round * (last + 1)), ReportId = id, ReportNumber = row.ReportNumber + round * (last + 1),
            Sealed = Convert.ToBase64String(seam.Seal(new SealedPlace(ReportId.Parse(id), SealedField.Listed, row.Ordinal), secrets, repeatable: true).Bytes),
            UrlKey = row.UrlKey is null ? null : Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(row.UrlKey.Length / 2)),
            AddedAt = row.AddedAt - back, ChangedAt = row.ChangedAt - back, CountrySince = Earlier(row.CountrySince), HotlineSince = Earlier(row.HotlineSince),
            QUnassignedToHotline = Earlier(row.QUnassignedToHotline), QOrphaned = Earlier(row.QOrphaned), QUnassessed = Earlier(row.QUnassessed),
            QUnactioned = Earlier(row.QUnactioned), QOffline = Earlier(row.QOffline), QNoReference = Earlier(row.QNoReference),
            QUntraced = Earlier(row.QUntraced), QContradicted = Earlier(row.QContradicted), QObjections = Earlier(row.QObjections),
        };
    }

    private static string NewId() => new ReportId(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(RandomNumberGenerator.GetBytes(16))).ToString();

    /// <summary>Pages of items whose reports are really there.</summary>
    private static async Task<List<string>> OwnItemsAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var tables = services.GetRequiredService<ReadTables>();
        var set = (await tables.SetsAsync(cancellation)).Last(s => s.State == TableSetState.Serving).Id;
        await using var db = tables.Connect();
        var rows = await ReadTables.Items(db, set).Where(i => i.Hotline == Hotline).OrderBy(i => i.Key).Take(100).ToListAsync(cancellation);
        return rows.ConvertAll(r => string.Create(CultureInfo.InvariantCulture, $"app/reports/{r.ReportId}/items/{r.Ordinal}"));
    }

    private static async Task MeasureAsync(
        HttpClient http, string name, Func<int, string> path, int requests, int clients, CancellationToken cancellation)
    {
        var (times, at, bytes) = (new Percentiles(), -1, 0);
        for (var i = 0; i < 5; i++)
        {
            bytes = Encoding.UTF8.GetByteCount(await http.GetStringAsync(path(i), cancellation));
        }

        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref at); i < requests; i = Interlocked.Increment(ref at))
            {
                var started = Stopwatch.GetTimestamp();
                using var answer = await http.GetAsync(path(i), cancellation);
                await answer.Content.ReadAsByteArrayAsync(cancellation);
                answer.EnsureSuccessStatusCode();
                times.Add(Stopwatch.GetElapsedTime(started));
            }
        }));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"| {name} | {times.At(0.5):0.0} | {times.At(0.95):0.0} | {times.At(0.99):0.0} | {bytes:n0} |"));
    }

    private static string Between(string text, string from, string to)
    {
        var start = text.IndexOf(from, StringComparison.Ordinal) + from.Length;
        return System.Net.WebUtility.HtmlDecode(text[start..text.IndexOf(to, start, StringComparison.Ordinal)]);
    }

    /// <summary>The Dutch example hotline's analyst.</summary>
    private sealed class OnePerson(AgencyDirectoryFeed directory, Dictionary<string, string> keys) : IPortalSessions
    {
        public ValueTask<PortalSession?> OfAsync(HttpContext http) => ValueTask.FromResult(
            directory.Authenticate(keys[Hotline], DateTimeOffset.UtcNow, null) is Domain.Agencies.Authentication.Accepted accepted
                ? new PortalSession { Caller = accepted.Caller, PersonName = "A. Example", AgencyName = "Example hotline" } : null);
    }
}
