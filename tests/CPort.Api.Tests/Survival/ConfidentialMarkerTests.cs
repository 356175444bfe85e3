using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Node.Sample;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Survival;

/// <summary>
/// A node works on reports full of marker words; afterwards nothing that it left anywhere - database files and their values, logs at their most
/// talkative, metrics, traces - shows one of them.
/// </summary>
[Collection(SurvivalCollection.Name)]
public sealed class ConfidentialMarkerTests(PostgreSqlServer server)
{
    private const string Host = "marker-7f3a.example";
    private const string Page = "https://marker-7f3a.example/mk-path-91c2?q=mk-query-b0b0#mk-fragment-e1e1";

    /// <summary>Never anywhere outside the answers to those who may see them.</summary>
    private static readonly string[] Words =
    [
        "marker-7f3a", "mk-path-91c2", "mk-query-b0b0", "mk-fragment-e1e1", "mk-referrer-55d1", "mk-user-8e20", "mk-password-c4b9", "mk-memo-2b77",
        "mk-itemmemo-0aa1", "mk-ref-4e4e", "mk-itemref-7a7a", "mk-assignedref-8b8b", "mk-badref-2c2c", "203.0.113.77",
        "mk-analyst-77fe", "mk-assessor-8c8c", "mk-reason-3c3c", "mk-addedmemo-6d6d", "mk-why-1f1f", "mk-withdraw-9a9a",
    ];

    private static readonly string[] Hashes = [Bodies.Hash("marker", 16), Bodies.Hash("marker", 20), Bodies.Hash("marker", 32), Bodies.Hash("listed", 16)];

    /// <summary>When the public reported.</summary>
    private static readonly DateTimeOffset Received = new(2025, 3, 17, 4, 5, 6, TimeSpan.Zero);

    /// <summary>The file that lies beside a node as it comes. Not a case of a theory: CI leaves those out.</summary>
    [Fact]
    public Task Nothing_confidential_is_found_in_database_files_logs_metrics_or_traces() => SearchAsync(DatabaseProvider.Sqlite);

    [SkippableFact]
    public Task Nothing_confidential_is_found_in_database_files_logs_metrics_or_traces_on_PostgreSQL() => SearchAsync(DatabaseProvider.PostgreSql);

    private async Task SearchAsync(DatabaseProvider provider)
    {
        await using var collector = await TraceCollector.StartAsync();
        await using var node = new TestNode(await NodeDatabase.CreateAsync(provider, server), new Dictionary<string, string>
        {
            ["Telemetry__OtlpEndpoint"] = collector.Url, ["Telemetry__SampleRatio"] = "1", ["Logs__Level"] = "Trace", ["Logs__AkkaLevel"] = "Debug",
        });
        await node.StartReadyAsync();
        await node.RegisterAsync(SampleAgencies.All);
        var shown = new StringBuilder();
        await WorkAsync(node, shown);

        // The words were really there: those who may see them saw them.
        Assert.All(Words.Except(["mk-assessor-8c8c"]), w => Assert.Contains(w, shown.ToString(), StringComparison.Ordinal));

        var metrics = await node.MetricsAsync();
        Assert.Equal(0, await node.StopAsync());
        Assert.Contains(collector.Taken, t => t.Path.Contains("TraceService", StringComparison.Ordinal));
        Assert.True(Find(collector.Taken.Select(t => t.Body), "/v1/reports").Any(), "The traces name no route: the search finds nothing by itself.");

        foreach (var word in Words.Concat(Hashes))
        {
            Assert.True(!Find([Encoding.UTF8.GetBytes(node.Log)], word).Any(), $"The log shows {word}:\n{Lines(node.Log, word)}");
            Assert.True(!Find([Encoding.UTF8.GetBytes(metrics)], word).Any(), $"The metrics show {word}:\n{Lines(metrics, word)}");
            Assert.True(!Find(collector.Taken.Select(t => t.Body), word).Any(), $"The traces show {word}.");
        }

        await AssertDatabaseShowsNoneAsync(node);
    }

    /// <summary>Everything a hotline does, in good form and in bad.</summary>
    private static async Task WorkAsync(TestNode node, StringBuilder shown)
    {
        using var http = node.Http(node.KeyOf("hotline-nl"));
        using var other = node.Http(node.KeyOf("hotline-fr"));
        using var operators = node.Http(await node.OperatorKeyAsync());

        // Known before: what the list says of a hash meets it again in the reports.
        await GoodAsync(other, HttpMethod.Post, "/v1/hashes:import?list=example", $"{{\"md5\":\"{Hashes[3]}\",\"classification\":1}}\n",
            "application/x-ndjson");
        var id = JsonElement.Parse(await GoodAsync(http, HttpMethod.Post, "/v1/reports", Marked("mk-ref-4e4e-1"))).GetProperty("reportId").GetString()!;
        await GoodAsync(http, HttpMethod.Post, "/v1/reports", Marked("mk-ref-4e4e-1"));
        await AnyAsync(http, HttpMethod.Post, "/v1/reports", Marked("mk-ref-4e4e-1", r => r["memo"] = "mk-memo-2b77 changed"));
        await GoodAsync(other, HttpMethod.Post, "/v1/reports", Marked("mk-ref-4e4e-2", r => r["urls"]![0]!["hashes"] = new JsonObject { ["md5"] = Hashes[3] }));

        // Wrong in many ways, each with the words in it; alone, and in a stream.
        var faults = new List<string>
        {
            Marked("mk-badref-2c2c-1", r => r["sourceUrlSiteType"] = 99), Marked("mk-badref-2c2c-2", r => r["urls"]![0]!["hostingCountryCode"] = "mk-path-91c2"),
            Marked("mk-badref-2c2c-3", r => r["urls"]![0]!["urlString"] = "https://[marker-7f3a.example/"), Marked("mk-badref-2c2c-4", r => r["mk-memo-2b77"] = 1),
            Marked("mk-badref-2c2c-5", r => r["urls"]![0]!["hashes"] = new JsonObject { ["md5"] = Hashes[0] + "z" }), Marked("mk-badref-2c2c-6")[..300],
                Marked("mk-badref-2c2c-7") + "mk-memo-2b77",
            "mk-memo-2b77", "\"marker-7f3a.example\"", Marked("mk-badref-2c2c-8", r => r["hotlineReceivedDate"] = "mk-memo-2b77"), Marked("mk-badref-2c2c-9", r => r["urls"] = Page),
        };
        foreach (var fault in faults)
        {
            await AnyAsync(http, HttpMethod.Post, "/v1/reports", fault);
        }

        var stream = string.Join('\n', faults.Concat(Enumerable.Range(3, 20).Select(n => Marked($"mk-ref-4e4e-{n}")))) + "\n";
        await GoodAsync(http, HttpMethod.Post, "/v1/reports:stream", stream, "application/x-ndjson");
        await ReadModelCheck.WaitSettledAsync(node);

        const string item = "{\"items\":[{\"item\":1}]";
        await GoodAsync(http, HttpMethod.Post, $"/v1/reports/{id}/memos", "{\"text\":\"mk-addedmemo-6d6d\"}");
        await GoodAsync(http, HttpMethod.Post, $"/v1/reports/{id}/items:claim", item + "}");
        await GoodAsync(http, HttpMethod.Post, $"/v1/reports/{id}/items:assess",
            item + ",\"assessment\":{\"assessingAnalystName\":\"mk-assessor-8c8c\",\"classification\":2,\"ageCategorization\":2,\"genderCategorization\":2}}");
        await ConfirmedAsync(http, $"/v1/reports/{id}/items:correct",
            "{\"item\":1,\"why\":\"mk-why-1f1f\",\"assessment\":{\"assessingAnalystName\":\"mk-assessor-8c8c\",\"classification\":2,\"ageCategorization\":3,\"genderCategorization\":2}}");
        await GoodAsync(http, HttpMethod.Post, $"/v1/reports/{id}/items:act",
            item + ",\"action\":{\"actionType\":1,\"actioningAnalystName\":\"mk-analyst-77fe\"}}");
        await GoodAsync(http, HttpMethod.Post, $"/v1/reports/{id}/items:act",
            item + ",\"action\":{\"actionType\":4,\"actioningAnalystName\":\"mk-analyst-77fe\",\"reasonId\":9,\"reasonText\":\"mk-reason-3c3c\"}}");
        await GoodAsync(http, HttpMethod.Put, $"/v1/reports/{id}/items/1/assigned-hotline-reference",
            "{\"assignedHotlineReference\":\"mk-assignedref-8b8b\"}");
        shown.Append(await GoodAsync(http, HttpMethod.Get, $"/v1/reports/{id}"));
        shown.Append(await GoodAsync(http, HttpMethod.Get, $"/v1/reports/{id}/history"));

        foreach (var filter in new[] { $"{{\"host\":\"{Host}\"}}", $"{{\"url\":\"{Page}\"}}",
            $"{{\"hashes\":[{{\"algorithm\":\"md5\",\"value\":\"{Hashes[0]}\"}}]}}" })
        {
            Assert.Contains(id, await GoodAsync(http, HttpMethod.Post, "/v1/reports:search", filter), StringComparison.Ordinal);
        }

        await AnyAsync(http, HttpMethod.Post, "/v1/reports:search", $"{{\"host\":\"{Host}\",\"mk-memo-2b77\":1}}");

        var lookup = $"{{\"hashes\":[{{\"algorithm\":\"md5\",\"value\":\"{Hashes[0]}\"}},{{\"algorithm\":\"md5\",\"value\":\"{Hashes[0]}z\"}}]}}";
        await AnyAsync(http, HttpMethod.Post, "/v1/hashes:lookup", lookup);
        await AnyAsync(http, HttpMethod.Post, "/v1/hashes:show", $"{{\"hash\":{{\"algorithm\":\"md5\",\"value\":\"{Hashes[0]}\"}}}}");
        foreach (var path in new[] { $"/v1/hashes/md5/{Hashes[0]}", $"/v1/hashes/sha1/{Hashes[1]}", $"/v1/hashes/md5/{Hashes[3]}",
            $"/v1/hashes/none/{Hashes[2]}", $"/v1/{Hashes[2]}?q={Host}", $"/v1/reports/{Host}" })
        {
            await AnyAsync(http, HttpMethod.Get, path);
        }

        var second = JsonElement.Parse(await GoodAsync(http, HttpMethod.Post, "/v1/reports", Marked("mk-ref-4e4e-withdrawn"))).GetProperty("reportId").GetString()!;
        await AnyAsync(http, HttpMethod.Patch, $"/v1/reports/{second}",
            "{\"memo\":\"mk-memo-2b77 amended\",\"sourceUrlReferrer\":\"https://mk-referrer-55d1.example/2\"}");
        await ConfirmedAsync(http, $"/v1/reports/{second}:withdraw", "{\"reason\":\"mk-withdraw-9a9a\"}");
        shown.Append(await GoodAsync(http, HttpMethod.Get, $"/v1/reports/{second}/history"));
        shown.Append(await GoodAsync(http, HttpMethod.Get, "/v1/rejections"));
        shown.Append(await GoodAsync(http, HttpMethod.Post, "/v1/reports:search", "{\"reference\":\"mk-ref-4e4e-1\"}"));
        await AnyAsync(http, HttpMethod.Get, "/v1/queues/unassessed");
        await AnyAsync(operators, HttpMethod.Get, $"/v1/reports/{id}");
        await AnyAsync(operators, HttpMethod.Get, "/v1/statistics");
        await ReadModelCheck.WaitSettledAsync(node);
    }

    private static string Marked(string reference, Action<JsonObject>? change = null) => Bodies.Report(reference, r =>
    {
        r["reportingAnalystName"] = "mk-analyst-77fe";
        r["hotlineReceivedDate"] = Received.ToString("O");
        r["memo"] = "mk-memo-2b77 " + new string('x', 3000);
        r["sourceUrlUsername"] = "mk-user-8e20";
        r["sourceUrlPassword"] = "mk-password-c4b9";
        r["sourceUrlReferrer"] = "https://mk-referrer-55d1.example/";
        var item = r["urls"]![0]!;
        item["urlString"] = Page;
        item["memo"] = "mk-itemmemo-0aa1";
        item["hotlineReference"] = $"mk-itemref-7a7a-{reference}";
        item["hostingIpAddress"] = "203.0.113.77";
        item["hashes"] = new JsonObject { ["md5"] = Hashes[0], ["sha1"] = Hashes[1], ["sha256"] = Hashes[2], ["pdq"] = Bodies.Hash("marker", 32),
            ["pdqQuality"] = 90 };
        change?.Invoke(r);
    });

    private static async Task<string> GoodAsync(HttpClient http, HttpMethod method, string path, string? body = null, string type = "application/json")
    {
        var (status, text) = await AnyAsync(http, method, path, body, type);
        Assert.True((int)status is >= 200 and < 300, $"{method} {path}: {(int)status} {text}");
        return text;
    }

    /// <summary>Counts what it changes, and confirms that.</summary>
    private static async Task ConfirmedAsync(HttpClient http, string path, string body)
    {
        var (status, counted) = await AnyAsync(http, HttpMethod.Post, path, body);
        if (status == HttpStatusCode.OK)
        {
            var items = JsonElement.Parse(counted).GetProperty("change").GetProperty("items").GetInt32();
            await AnyAsync(http, HttpMethod.Post, path, $"{body[..^1]},\"confirm\":{items}}}");
        }
    }

    /// <summary>Sends it; only a server error is wrong.</summary>
    private static async Task<(HttpStatusCode Status, string Body)> AnyAsync(
        HttpClient http, HttpMethod method, string path, string? body = null, string type = "application/json")
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue(type);
        }

        using var answer = await http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode is < 500 or 503, $"{method} {path}: {(int)answer.StatusCode} {text}");
        return (answer.StatusCode, text);
    }

    private async Task AssertDatabaseShowsNoneAsync(TestNode node)
    {
        var database = node.Database.Database;

        // Value by value as well as in the files, because PostgreSQL compresses long ones.
        var values = new List<(string Where, byte[] Value)>();
        await using (var connection = await database.OpenAsync())
        {
            if (!database.IsSqlite)
            {
                await using var checkpoint = connection.Statement("CHECKPOINT");
                await checkpoint.ExecuteNonQueryAsync();
            }

            var tables = new List<string>();
            await using (var list = connection.Statement(database.IsSqlite
                ? "SELECT name FROM sqlite_master WHERE type = 'table'" : "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"))
            await using (var reader = await list.ExecuteReaderAsync())
            {
                while (await reader.ReadAsync())
                {
                    tables.Add(reader.GetString(0));
                }
            }

            foreach (var table in tables)
            {
                await using var select = connection.Statement($"SELECT * FROM {table}");
                await using var reader = await select.ExecuteReaderAsync();
                while (await reader.ReadAsync())
                {
                    for (var i = 0; i < reader.FieldCount; i++)
                    {
                        values.Add(($"{table}.{reader.GetName(i)}", reader.GetValue(i) switch
                        {
                            byte[] bytes => bytes,
                            var value => Encoding.UTF8.GetBytes(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""),
                        }));
                    }
                }
            }
        }

        var folder = database.IsSqlite ? node.Database.Folder : server.Folder;
        var files = new List<(string Where, byte[] Value)>();
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            files.Add((file, await File.ReadAllBytesAsync(file)));
        }

        // What is no secret is found, so the search works.
        Assert.True(Find(values.Select(v => v.Value), "hotline-nl").Any());
        Assert.True(Find(files.Select(v => v.Value), "hotline-nl").Any());
        foreach (var word in Words.Concat(Hashes))
        {
            var where = values.Concat(files).Where(v => Find([v.Value], word).Any()).Select(v => v.Where).Distinct().ToArray();
            Assert.True(where.Length == 0, $"{word} stands in {string.Join(", ", where)}");
        }

        // Hashes as bytes, and the day of receipt in the forms in which it could stand in a column or in a message.
        foreach (var form in Hashes.Select(Convert.FromHexString).Concat(FormsOf(Received)))
        {
            var where = values.Concat(files).Where(v => v.Value.AsSpan().IndexOf(form) >= 0).Select(v => v.Where).Distinct().ToArray();
            Assert.True(where.Length == 0, $"{Convert.ToHexString(form)} stands in {string.Join(", ", where)}");
        }
    }

    private static IEnumerable<byte[]> FormsOf(DateTimeOffset moment)
    {
        yield return Encoding.UTF8.GetBytes(moment.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        yield return Encoding.UTF8.GetBytes(moment.UtcTicks.ToString(CultureInfo.InvariantCulture));
        yield return Encoding.UTF8.GetBytes(moment.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));
        yield return BitConverter.GetBytes(moment.UtcTicks);
        yield return [.. BitConverter.GetBytes(moment.UtcTicks).Reverse()];

        // As SQLite and as protobuf write a number of this size.
        yield return [.. Varint((ulong)moment.UtcTicks)];

        static IEnumerable<byte> Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                yield return (byte)(value | 0x80);
            }

            yield return (byte)value;
        }
    }

    /// <summary>The word as UTF-8 or UTF-16 of either order, in small or capital letters; and as base64 of its own.</summary>
    private static IEnumerable<byte[]> Find(IEnumerable<byte[]> where, string word)
    {
        byte[][] forms =
        [
            .. new[] { word, word.ToUpperInvariant() }.SelectMany(w =>
                new[] { Encoding.UTF8.GetBytes(w), Encoding.Unicode.GetBytes(w), Encoding.BigEndianUnicode.GetBytes(w) }),
            Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(word))[..^4]),
        ];
        return where.Where(bytes => forms.Any(form => bytes.AsSpan().IndexOf(form) >= 0));
    }

    private static string Lines(string text, string word) =>
        string.Join('\n', text.Split('\n').Where(l => l.Contains(word, StringComparison.OrdinalIgnoreCase)).Take(5).Select(l => l[..Math.Min(600, l.Length)]));
}
