using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Domain.Hashes.Verbs;
using CPort.Node;
using CPort.Node.Sample;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Operator;

/// <summary>The real commands against real nodes.</summary>
[Collection(SurvivalCollection.Name)]
public sealed partial class PbmTests(PostgreSqlServer server)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Confidential =
        ["marker-5b1d", "mk-pbm-memo", "mk-pbm-user", "mk-pbm-analyst", Bodies.Hash("PBM-1", 16), Bodies.Hash("PBM-1", 20)];

    [SkippableFact]
    public async Task One_node_answers_every_command_in_lines_and_in_JSON_and_scripts_can_tell_why_not()
    {
        var port = TestNode.FreePort();
        await using var node = new TestNode(await NodeDatabase.CreateAsync(DatabaseProvider.Sqlite, server), new Dictionary<string, string>
            { ["Operator__Port"] = Text(port) });
        await node.StartReadyAsync();
        await node.RegisterAsync(SampleAgencies.Hotlines.Take(2));
        var key = await node.OperatorKeyAsync();
        var pbm = new Pbm(port, key);
        using var http = node.Http(node.KeyOf("hotline-nl"));
        var id = await SubmitAsync(http);
        await ReadModelCheck.WaitSettledAsync(node);

        var show = (await pbm.RunAsync("cluster show")).Is(ExitCodes.Ok);
        Assert.Matches(MemberLine(), show.Lines[0]);
        Assert.Equal("Count: 1 nodes", show.Lines[1]);
        var address = show.Lines[0].Split(" | ")[0];
        Assert.Equal(address, (await pbm.RunAsync("cluster leader")).Is(ExitCodes.Ok).Lines.Single());
        Assert.Equal("akka://cport", (await pbm.RunAsync("actor system")).Is(ExitCodes.Ok).Lines.Single());

        foreach (var command in new[]
        {
            "cluster show", "cluster status", "cluster leader", "cluster down-unreachable", "cluster-sharding list-regions", "cluster-sharding region-stats",
            "cluster-sharding region-stats -t report", "cluster-sharding shard-distribution", "actor hierarchy -d 3",
                $"actor hierarchy -s {address}/user/operator", "log peek -n 5",
            "uptime", "keys show", $"reports show {id}", "reports stuck", "queues", "projections", "hashes stats", "quarantine", "deliveries", "cluster tail -n 1",
                "log tail -n 1",
        })
        {
            var json = (await pbm.RunAsync($"{command} --json")).Is(ExitCodes.Ok);
            Assert.True(json.Json.ValueKind is JsonValueKind.Object or JsonValueKind.Array, command);
            AssertNothingConfidential(json.Out);
        }

        // One report in its shard, and the sharding figures tell.
        var stats = (await pbm.RunAsync("cluster-sharding region-stats -t report")).Is(ExitCodes.Ok).Lines.Single();
        Assert.Matches(RegionLine(), stats);
        Assert.EndsWith("[coordinator](report) | shards: 1 | entities: 1", stats, StringComparison.Ordinal);
        Assert.Matches(@"exact \| buckets: \d of 64 \| hashes: 2 \(md5: 1, \w+: 1\) \| known: 0 \| sightings: 2", (await pbm.RunAsync("hashes stats")).Out);
        Assert.Matches(@"exact .*\| reports to tell: 0 \| memory: \d+\.\d MB", (await pbm.RunAsync("hashes stats")).Out);
        Assert.All((await pbm.RunAsync("hashes stats --json")).Json.EnumerateArray(), h =>
            Assert.Equal(h.GetProperty("hashes").GetInt64() > 0, h.GetProperty("memoryBytes").GetInt64() > 0));
        using (var http2 = node.Http(key))
        using (var add = new StringContent($$"""{"hashes":[{"algorithm":"md5","value":"{{Bodies.Hash("PBM-1", 16)}}"}]}""", Encoding.UTF8, "application/json"))
        using (var added = await http2.PostAsync("/v1/hashes/quarantine:add", add))
        {
            Assert.True(added.IsSuccessStatusCode, await added.Content.ReadAsStringAsync());
        }

        var quarantine = (await pbm.RunAsync("quarantine")).Is(ExitCodes.Ok);
        AssertNothingConfidential(quarantine.Out);
        Assert.Contains("| Operator | since ", quarantine.Out, StringComparison.Ordinal);
        Assert.Contains("of 0 that are on", (await pbm.RunAsync("deliveries")).Out, StringComparison.Ordinal);
        Assert.Contains(id, (await pbm.RunAsync("actor hierarchy -s /system/sharding/report -d 2")).Out, StringComparison.Ordinal);

        // A report is shown without what is confidential; its history needs the auditor's role, as the access table says.
        var report = (await pbm.RunAsync($"reports show {id}")).Is(ExitCodes.Ok);
        AssertNothingConfidential(report.Out);
        Assert.Contains("item 1 | number ", report.Out, StringComparison.Ordinal);
        Assert.Contains("history: for keys that are also auditor", report.Out, StringComparison.Ordinal);
        using var operators = node.Http(key);
        using var keys = new StringContent("""{"roles":["Operator","Auditor"]}""", Encoding.UTF8, "application/json");
        using var made = await operators.PostAsync("/v1/agencies/operator/keys", keys);
        var auditor = JsonElement.Parse(await made.Content.ReadAsStringAsync()).GetProperty("apiKey").GetString()!;
        var audited = (await new Pbm(port, auditor).RunAsync($"reports show {id}")).Is(ExitCodes.Ok);
        AssertNothingConfidential(audited.Out);
        Assert.Contains("| ReportSubmitted | hotline-nl |", audited.Out, StringComparison.Ordinal);

        // Why not, for scripts.
        (await pbm.RunAsync("reports show nonsense")).Is(ExitCodes.Failed);
        (await pbm.RunAsync("cluster down -a 192.0.2.1:1")).Is(ExitCodes.Failed);
        (await pbm.RunAsync("cluster-sharding region-stats -t nonsense")).Is(ExitCodes.Failed);
        (await pbm.RunAsync("cluster nonsense")).Is(ExitCodes.Usage);
        (await pbm.RunAsync("cluster leave")).Is(ExitCodes.Usage);
        (await pbm.RunAsync($"cluster down -a {address}")).Is(ExitCodes.Usage);
        (await new Pbm(TestNode.FreePort(), key).RunAsync("cluster show")).Is(ExitCodes.NoConnection);
        (await new Pbm(port, node.KeyOf("hotline-nl")).RunAsync("cluster show")).Is(ExitCodes.NotAllowed);
        var training = new Pbm(port, await TrainingKeyAsync(operators, "operator", "Operator"));
        (await training.RunAsync("cluster show")).Is(ExitCodes.NotAllowed);
        (await training.RunAsync("cluster leave --yes")).Is(ExitCodes.NotAllowed);
        (await new Pbm(port, "cport_unknown").RunAsync("cluster show")).Is(ExitCodes.NotAllowed);
        (await new Pbm(port, null).RunAsync($"cluster show --data {Path.GetTempPath()}/nowhere")).Is(ExitCodes.NotAllowed);
        (await new Pbm(port, null).RunAsync($"cluster show --data {node.Database.Folder}")).Is(ExitCodes.Ok);
        (await new Pbm(port, null).RunAsync($"cluster show --key-file {node.Database.Folder}/operator.key")).Is(ExitCodes.Ok);

        // The prompt, from a pipe.
        var prompt = await pbm.RunAsync("", "cluster leader\n\nhelp\nnonsense\nactor system --json\nquit\ncluster show\n");
        Assert.Equal(ExitCodes.Usage, prompt.Code);
        Assert.StartsWith(address, prompt.Out, StringComparison.Ordinal);
        Assert.Contains("cluster down-unreachable", prompt.Out, StringComparison.Ordinal);
        Assert.Contains("\"system\":\"akka://cport\"", prompt.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("Count:", prompt.Out, StringComparison.Ordinal);

        // Each port serves its own.
        Assert.Equal(HttpStatusCode.NotFound, (await operators.GetAsync("/operator/v1/cluster/members")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await operators.GetAsync($"http://127.0.0.1:{port}/v1/queues")).StatusCode);

        await node.UntilAsync(async () =>
            (await node.MetricsAsync()).Contains("cport_sharding_entities{otel_scope_name=\"CPort\",region=\"report\"} 1", StringComparison.Ordinal),
            Patience, "the metrics did not count the report");
        var metrics = await node.MetricsAsync();
        Assert.Contains("cport_cluster_members{otel_scope_name=\"CPort\",status=\"up\"} 1", metrics, StringComparison.Ordinal);
        Assert.Contains("cport_cluster_unreachable{otel_scope_name=\"CPort\"} 0", metrics, StringComparison.Ordinal);
        Assert.Contains("cport_projection_lag", metrics, StringComparison.Ordinal);

        // What changes something is logged with who did it, and the last node answers before it goes.
        (await pbm.RunAsync($"reports retry {id}")).Is(ExitCodes.Ok);
        Assert.Matches($"Operator operator \\(key [0-9a-z]{{12}}\\): reports retry report-{id}", (await pbm.RunAsync("log peek -n 20")).Out);
        Assert.Equal($"{address} | leaving\n", (await pbm.RunAsync("cluster leave --yes")).Is(ExitCodes.Ok).Out);
        await node.EndedAsync(Patience);
        AssertNothingConfidential(node.Log);
    }

    private static async Task<string> TrainingKeyAsync(HttpClient operators, string agency, string role)
    {
        using var content = new StringContent($$"""{"roles":["{{role}}"],"tenant":"Training"}""", Encoding.UTF8, "application/json");
        using var made = await operators.PostAsync($"/v1/agencies/{agency}/keys", content);
        return JsonElement.Parse(await made.Content.ReadAsStringAsync()).GetProperty("apiKey").GetString()!;
    }

    [SkippableFact]
    public async Task Two_nodes_answer_alike_and_a_trace_goes_from_one_to_the_other_and_back_and_a_member_leaves_and_is_downed()
    {
        Skip.IfNot(server.IsAvailable, server.Unavailable);
        await using var firstTraces = await TraceCollector.StartAsync();
        await using var secondTraces = await TraceCollector.StartAsync();
        var database = await NodeDatabase.CreateAsync(DatabaseProvider.PostgreSql, server);
        var (firstPort, secondPort, firstCluster, secondCluster) = (TestNode.FreePort(), TestNode.FreePort(), TestNode.FreePort(), TestNode.FreePort());
        var shared = new Dictionary<string, string>
        {
            ["Cluster__Seeds"] = $"127.0.0.1:{firstCluster}",
                ["Keys__MasterKey"] = Convert.ToBase64String(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()),
            ["Telemetry__SampleRatio"] = "1", ["Cluster__HeartbeatPauseSeconds"] = "10",
        };

        // Reports live on the second node only: the first is a mere proxy for them, as the second is for the hash buckets.
        await using var first = new TestNode(database, new Dictionary<string, string>(shared)
        {
            ["Cluster__Port"] = Text(firstCluster), ["Cluster__Roles"] = "api,projection,hash", ["Operator__Port"] = Text(firstPort),
                ["Telemetry__OtlpEndpoint"] = firstTraces.Url,
        });
        await using var second = new TestNode(database, new Dictionary<string, string>(shared)
        {
            ["Cluster__Port"] = Text(secondCluster), ["Cluster__Roles"] = "api,report", ["Operator__Port"] = Text(secondPort),
                ["Telemetry__OtlpEndpoint"] = secondTraces.Url,
        });
        first.Start();
        second.Start();
        await first.WaitReadyAsync();
        await second.WaitReadyAsync();
        await first.RegisterAsync(SampleAgencies.Hotlines.Take(2));
        var key = await first.OperatorKeyAsync();
        var (one, two) = (new Pbm(firstPort, key), new Pbm(secondPort, key));

        var show = (await one.RunAsync("cluster show")).Is(ExitCodes.Ok);
        Assert.Equal("Count: 2 nodes", show.Lines[^1]);
        Assert.All(show.Lines[..^1], l => Assert.Matches(MemberLine(), l));
        Assert.Equal(show.Out, (await two.RunAsync("cluster show")).Is(ExitCodes.Ok).Out);
        using var tail = one.Follow("cluster tail");

        // One report, sent to the first node with a trace: its actor is on the second, its hashes are on the first again.
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        using var http = first.Http(first.KeyOf("hotline-nl"));
        http.DefaultRequestHeaders.Add("traceparent", $"00-{trace}-b7ad6b7169203331-01");
        await SubmitAsync(http);
        await ReadModelCheck.WaitSettledAsync(first);
        await first.UntilAsync(() => Task.FromResult(
            Spans(firstTraces, trace) is var here && here.Any(n => n.StartsWith("POST", StringComparison.Ordinal)) && here.Contains("bucket SightAndLookup")
            && Spans(secondTraces, trace) is var there && there.Contains("report SubmitReport") && there.Contains("report CompleteAutomaticWork")),
            Patience, "the trace did not reach both nodes");

        // A node without reports asks the one that has them, for all nodes the same.
        foreach (var command in new[] { "cluster-sharding list-regions", "cluster-sharding region-stats", "cluster-sharding shard-distribution -t report",
            "hashes stats" })
        {
            Assert.Equal((await one.RunAsync(command)).Is(ExitCodes.Ok).Out, (await two.RunAsync(command)).Is(ExitCodes.Ok).Out);
        }

        var stats = (await one.RunAsync("cluster-sharding region-stats -t report")).Is(ExitCodes.Ok).Lines.Single();
        Assert.StartsWith($"akka.tcp://cport@127.0.0.1:{secondCluster} | [api,report] | up", stats, StringComparison.Ordinal);
        Assert.EndsWith("[coordinator](report) | shards: 1 | entities: 1", stats, StringComparison.Ordinal);
        Assert.Contains($"akka.tcp://cport@127.0.0.1:{secondCluster}/user/operator",
            (await one.RunAsync($"actor hierarchy -s akka.tcp://cport@127.0.0.1:{secondCluster}/user/operator --json")).Is(ExitCodes.Ok)
                .Json.GetProperty("address") + "/user/operator",
            StringComparison.Ordinal);

        // The second leaves, is started again, and is downed, which wants a yes.
        (await one.RunAsync($"cluster leave -a 127.0.0.1:{secondCluster}")).Is(ExitCodes.Ok);
        await second.EndedAsync(Patience);
        await first.UntilAsync(async () =>
            (await one.RunAsync("cluster show")).Out.Contains("Count: 1 nodes", StringComparison.Ordinal), Patience, "the second node did not leave");
        foreach (var e in new[] { "MemberUp", "MemberLeft", "MemberExited", "MemberRemoved" })
        {
            await first.UntilAsync(
                () => Task.FromResult(tail.Lines.Any(l => l.Contains($"| {e} | akka.tcp://cport@127.0.0.1:{secondCluster} |", StringComparison.Ordinal))),
                    Patience, $"the tail did not show {e}");
        }

        second.Start();
        await second.WaitReadyAsync();
        (await one.RunAsync($"cluster down -a 127.0.0.1:{secondCluster}")).Is(ExitCodes.Usage);
        Assert.Contains("Count: 2 nodes", (await one.RunAsync("cluster show")).Out, StringComparison.Ordinal);
        (await one.RunAsync($"cluster down -a 127.0.0.1:{secondCluster} --yes")).Is(ExitCodes.Ok);
        Assert.NotEqual(0, await second.EndedAsync(Patience));
        await first.UntilAsync(async () =>
            (await first.MetricsAsync()).Contains("cport_cluster_downings_total{otel_scope_name=\"CPort\"} 1", StringComparison.Ordinal),
            Patience, "the downing was not counted");
    }

    /// <summary>
    /// Names of the spans of a trace that the collector has: trace id (field 1), span id (2), perhaps state (3), parent (4) and flags (16), name (5).
    /// </summary>
    private static HashSet<string> Spans(TraceCollector collector, string trace)
    {
        byte[] start = [0x0A, 16, .. Convert.FromHexString(trace), 0x12, 8];
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (_, body) in collector.Taken)
        {
            for (var at = 0; body.AsSpan(at).IndexOf(start) is var found and >= 0; at += found + start.Length)
            {
                var field = at + found + start.Length + 8;
                while (body[field] is 0x1A or 0x22 or 0x85)
                {
                    field += body[field] == 0x85 ? 6 : 2 + body[field + 1];
                }

                if (body[field] == 0x2A)
                {
                    names.Add(Encoding.UTF8.GetString(body, field + 2, body[field + 1]));
                }
            }
        }

        return names;
    }

    private static async Task<string> SubmitAsync(HttpClient http)
    {
        using var content = new StringContent(Bodies.Report("PBM-1", r =>
        {
            r["reportingAnalystName"] = "mk-pbm-analyst";
            r["memo"] = "mk-pbm-memo";
            r["sourceUrlUsername"] = "mk-pbm-user";
            r["urls"]![0]!["urlString"] = "https://marker-5b1d.example/path";
        }), Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/v1/reports", content);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonElement.Parse(body).GetProperty("reportId").GetString()!;
    }

    private static void AssertNothingConfidential(string text) =>
        Assert.All(Confidential, word => Assert.DoesNotContain(word, text, StringComparison.OrdinalIgnoreCase));

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\Aakka\.(?:alone://cport@[^:]+:1|tcp://cport@127\.0\.0\.1:\d+) \| \[[a-z,]+\] \| up \|  \| \d+\.\d+\.\d+\z")]
    private static partial Regex MemberLine();

    [GeneratedRegex(
        @"\Aakka\.(?:alone://cport@[^:]+:1|tcp://cport@127\.0\.0\.1:\d+) \| \[[a-z,]+\] \| up \|  \| \d+\.\d+\.\d+ \[coordinator\]\([a-z-]+\) \| shards: \d+ \| entities: \d+\z")]
    private static partial Regex RegionLine();
}
