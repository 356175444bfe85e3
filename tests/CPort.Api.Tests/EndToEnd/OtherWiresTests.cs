using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Wires that other systems speak already, over HTTP: HMA's, ThreatExchange's.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class OtherWiresTests(EndToEndNodes nodes)
{
    private static readonly HashSet<EndToEndNode> Ready = [];

    [Fact]
    public async Task A_client_of_HMA_keeps_its_bank_here_and_finds_what_is_in_it()
    {
        var node = await NodeAsync();
        var (pdq, md5) = (Bodies.Hash("hma", 32), Bodies.Hash("hma md5", 16));
        var made = await node.PostAsync("hotline-mt", "hma/c/banks", new JsonObject { ["name"] = "MT_KNOWN", ["enabled_ratio"] = 1.0 });
        Assert.Equal((HttpStatusCode.Created, """{"name":"MT_KNOWN","matching_enabled_ratio":1}"""), (made.Status, made.Text));

        var added = await node.PostAsync("hotline-mt", "hma/c/bank/MT_KNOWN/signal", new JsonObject { ["pdq"] = pdq });
        Assert.Equal(HttpStatusCode.Created, added.Status);
        Assert.Equal(pdq, added.Json.GetProperty("signals").GetProperty("pdq").GetString());
        var id = added.Json.GetProperty("id").GetInt64();
        Assert.Equal(HttpStatusCode.Created,
            (await node.PostAsync("hotline-mt", "hma/c/bank/MT_KNOWN/signal?classification=Baseline", new JsonObject { ["video_md5"] = md5 })).Status);

        // Its own law's word, as /v1 shows it.
        var shown = (await node.ShowHashAsync("nl", "pdq", pdq)).Is(HttpStatusCode.OK).Json.GetProperty("opinions")[0];
        Assert.Equal(("hotline-mt", "MT_KNOWN", "National"), (shown.GetProperty("agency").GetString(), shown.GetProperty("list").GetString(),
            shown.GetProperty("classification").GetProperty("name").GetString()));

        var near = Bodies.Flip(pdq, 9);
        var looked = await node.GetAsync("hotline-mt", $"hma/m/lookup?signal={near}&signal_type=pdq&seed=1");
        Assert.Equal($$"""{"MT_KNOWN":[{"bank_content_id":{{id}},"distance":"9"}]}""", looked.Text);
        Assert.Equal($$"""{"HOTLINE_MT__MT_KNOWN":[{"bank_content_id":{{id}},"distance":"9"}]}""",
            (await node.GetAsync("nl", $"hma/m/lookup?signal={near}&signal_type=pdq")).Text);
        Assert.Equal($$"""{"matches":[{{id}}]}""", (await node.GetAsync("hotline-mt", $"hma/m/raw_lookup?signal={pdq}&signal_type=pdq")).Text);
        Assert.Equal($$"""{"matches":[{"bank_content_id":{{id}},"distance":"0"}]}""",
            (await node.GetAsync("hotline-mt", $"hma/m/raw_lookup?signal={pdq}&signal_type=pdq&include_distance=true&banks=MT_KNOWN")).Text);
        Assert.Equal("""{"matches":[]}""", (await node.GetAsync("hotline-mt", $"hma/m/raw_lookup?signal={pdq}&signal_type=pdq&banks=OTHER")).Text);
        Assert.Equal("-", (await node.GetAsync("hotline-mt", $"hma/m/lookup?signal={md5}&signal_type=video_md5")).Json.GetProperty("MT_KNOWN")[0]
            .GetProperty("distance").GetString());

        Assert.Equal("""[{"name":"MT_KNOWN","matching_enabled_ratio":1}]""", (await node.GetAsync("hotline-mt", "hma/c/banks")).Text);
        Assert.Equal(HttpStatusCode.NotFound, (await node.GetAsync("nl", "hma/c/bank/MT_KNOWN")).Status);
        var content = (await node.GetAsync("hotline-mt", $"hma/c/bank/MT_KNOWN/content/{id}?include_signals=true")).Json;
        Assert.Equal((0, pdq), (content.GetProperty("disable_until_ts").GetInt32(), content.GetProperty("signals").GetProperty("pdq").GetString()));

        // Switched off it is taken back, switched on it is said again as it was.
        var off = await node.SendAsync("hotline-mt", HttpMethod.Put, $"hma/c/bank/MT_KNOWN/content/{id}", """{"disable_until_ts":1}""");
        Assert.Equal(1, off.Json.GetProperty("disable_until_ts").GetInt32());
        Assert.Equal("{}", (await node.GetAsync("hotline-mt", $"hma/m/lookup?signal={pdq}&signal_type=pdq")).Text);
        var on = await node.SendAsync("hotline-mt", HttpMethod.Put, $"hma/c/bank/MT_KNOWN/content/{id}", """{"disable_until_ts":0}""");
        Assert.Equal(0, on.Json.GetProperty("disable_until_ts").GetInt32());
        Assert.Equal("""{"deleted":1}""", (await node.SendAsync("hotline-mt", HttpMethod.Delete, $"hma/c/bank/MT_KNOWN/content/{id}", null)).Text);
        Assert.Equal("""{"deleted":0}""", (await node.SendAsync("hotline-mt", HttpMethod.Delete, $"hma/c/bank/MT_KNOWN/content/{id}", null)).Text);
        Assert.False((await node.ShowHashAsync("nl", "pdq", pdq)).Json.GetProperty("known").GetBoolean());

        var auditor = await node.AuditorKeyAsync("hotline-mt");
        await EndToEndNode.UntilAsync(
            () => node.PostAsync(auditor, "v1/audit/entries:search", new JsonObject { ["record"] = "MT_KNOWN", ["kinds"] = new JsonArray("collection") }),
            r => r.Is(HttpStatusCode.OK).Json.GetProperty("entries").GetArrayLength() >= 5);
    }

    [Theory]
    [InlineData("GET", "hma/h/hash?url=https://host.example/a", 501)]
    [InlineData("POST", "hma/m/lookup", 501)]
    [InlineData("GET", "hma/m/lookup?url=https://host.example/a", 501)]
    [InlineData("POST", "hma/c/bank/ANY/content?url=https://host.example/a", 501)]
    [InlineData("DELETE", "hma/c/bank/ANY", 501)]
    [InlineData("POST", "hma/c/exchanges", 501)]
    [InlineData("GET", "hma/m/lookup?signal_type=pdq", 400)]
    [InlineData("GET", "hma/m/lookup?signal_type=nothing&signal=aa", 400)]
    [InlineData("GET", "hma/m/raw_lookup?signal_type=pdq&signal=aa", 400)]
    [InlineData("GET", "hma/c/exchange/ANY", 404)]
    [InlineData("GET", "hma/c/bank/ANY/content/17", 404)]
    public async Task What_HMA_has_and_CPort_has_not_is_said_as_HMA_says_errors(string method, string path, int status)
    {
        var reply = await (await NodeAsync()).SendAsync("hotline-mt", HttpMethod.Parse(method), path, null);
        Assert.Equal(status, (int)reply.Status);
        Assert.NotEqual("", reply.Json.GetProperty("message").GetString());
        Assert.DoesNotContain("host.example", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_may_not_look_hashes_up_may_not_by_another_wire()
    {
        var node = await NodeAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await node.GetAsync(null, "hma/m/lookup?signal=a&signal_type=pdq")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await node.GetAsync("supervisor", "hma/m/lookup?signal=a&signal_type=pdq")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await node.GetAsync("supervisor", "threatexchange/any/threat_updates")).Status);
        Assert.Equal("I-AM-ALIVE", (await node.GetAsync(null, "hma/status")).Text);
    }

    [Fact]
    public async Task A_list_is_read_to_its_end_and_then_what_changes_in_it_and_what_it_takes_back()
    {
        var node = await NodeAsync();
        var rows = Enumerable.Range(0, 12).Select(n => (Hash: Bodies.Hash($"feed {n}", n % 3 == 0 ? 32 : 16), Kind: n % 3 == 0 ? "pdq" : "md5")).ToArray();
        await ImportAsync(node, [.. rows.Select(r => new JsonObject { [r.Kind] = r.Hash, ["classification"] = "National" })]);
        await ImportAsync(node, [new JsonObject { ["md5"] = rows[1].Hash, ["classification"] = "National", ["retract"] = true }]);

        var (first, after) = await ReadAsync(node, null);
        Assert.Equal(rows.Select(r => r.Hash).Where(h => h != rows[1].Hash).Order(), first.Select(u => u.GetProperty("indicator").GetString()!).Order());
        Assert.All(first, u => Assert.False(u.GetProperty("should_delete").GetBoolean()));

        // Nothing new: the same place again.
        Assert.Empty((await ReadAsync(node, after)).Updates);

        var fresh = Bodies.Hash("feed new", 16);
        await ImportAsync(node, [
            new JsonObject { ["md5"] = fresh, ["classification"] = "Baseline" }, new JsonObject { ["md5"] = rows[1].Hash, ["classification"] = "National" },
        ]);
        var retract = new JsonObject
        {
            ["list"] = "MT feed", ["hashes"] = new JsonArray(new JsonObject { ["algorithm"] = rows[0].Kind, ["value"] = rows[0].Hash }), ["confirm"] = 0,
        };
        (await node.PostAsync("hotline-mt", "v1/hashes:retract", retract)).Is(HttpStatusCode.OK);
        var (changed, later) = await ReadAsync(node, after);
        Assert.Equal(new[] { (fresh, false), (rows[0].Hash, true), (rows[1].Hash, false) }.Order(),
            changed.Select(u => (u.GetProperty("indicator").GetString()!, u.GetProperty("should_delete").GetBoolean())).Order());
        Assert.Empty((await ReadAsync(node, later)).Updates);

        // Whoever comes late is told the same; another's list is not there, and a cursor of one list is none of another.
        Assert.Equal(3, (await ReadAsync(node, after)).Updates.Count);
        Assert.Equal(HttpStatusCode.NotFound, (await node.GetAsync("nl", "threatexchange/MT%20feed/threat_updates")).Status);
        (await node.GetAsync("hotline-mt", $"threatexchange/other/threat_updates?after={after}")).Is(HttpStatusCode.BadRequest);
        (await node.GetAsync("hotline-mt", "threatexchange/MT%20feed/threat_updates?access_token=a")).Is(HttpStatusCode.BadRequest);
        (await node.GetAsync("hotline-mt", "threatexchange/MT%20feed/threat_updates?start_time=1")).Is(HttpStatusCode.BadRequest);
    }

    private static async Task<(List<JsonElement> Updates, string After)> ReadAsync(EndToEndNode node, string? after)
    {
        var updates = new List<JsonElement>();
        for (var path = $"threatexchange/MT%20feed/threat_updates/?limit=3{(after is null ? "" : $"&after={after}")}";;)
        {
            var page = (await node.GetAsync("hotline-mt", path)).Is(HttpStatusCode.OK).Json;
            Assert.InRange(page.GetProperty("data").GetArrayLength(), 0, 3);
            updates.AddRange(page.GetProperty("data").EnumerateArray());
            after = page.GetProperty("paging").GetProperty("cursors").GetProperty("after").GetString()!;
            if (!page.GetProperty("paging").TryGetProperty("next", out var next))
            {
                return (updates, after);
            }

            path = new Uri(next.GetString()!).PathAndQuery.TrimStart('/');
        }
    }

    private static async Task ImportAsync(EndToEndNode node, JsonObject[] rows) => Assert.All(
        await node.StreamAsync("hotline-mt", rows.Select(r => r.ToJsonString()), "v1/hashes:import?list=MT%20feed&origin=hotline-mt"),
        a => Assert.DoesNotContain(a.GetProperty("outcome").GetString(), new[] { "rejected", "unavailable", "unchanged" }));

    private async Task<EndToEndNode> NodeAsync()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        if (Ready.Add(node))
        {
            await node.RegisterAsync("hotline-mt", "Hotline", "Standard", "Analyst", "MT");
        }

        return node;
    }
}
