using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Pictures that look alike, from the reports of two hotlines to one assessment for all of them.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class GroupTests(EndToEndNodes nodes, PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Near_items_of_several_reports_are_one_group_and_one_assessment_is_offered_and_applied_to_the_others(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var value = Bodies.Hash("group", 32);

        // Four items in the Netherlands and two in Germany, in three reports of two hotlines; the first and the last differ in 35 bits.
        var first = await SubmitAsync(node, "gb", "GROUP-1", ("NL", value), ("NL", Bodies.Flip(value, 7)));
        var second = await SubmitAsync(node, "fi", "GROUP-2", ("NL", Bodies.Flip(value, 20)), ("DE", Bodies.Flip(value, 12)));
        var third = await SubmitAsync(node, "gb", "GROUP-3", ("DE", Bodies.Flip(value, 9)), ("NL", Bodies.Flip(value, 35)));
        var group = await GroupOfAsync(node, "nl", first, 4, 3);
        Assert.Equal(group, await GroupOfAsync(node, "de", second, 2, 2, item: 2));
        Assert.Equal(group, await GroupOfAsync(node, "gb", first, 4, 2));

        // Each caller's own figures, and nobody else's.
        var nl = (await node.GetAsync("nl", $"v1/groups/{group}")).Is(HttpStatusCode.OK).Json;
        Assert.Equal((4, 3, 4, 4), Figures(nl.GetProperty("group")));
        Assert.Equal(["NL"], nl.GetProperty("group").GetProperty("countries").EnumerateArray().Select(c => c.GetProperty("name").GetString()));
        Assert.Equal((2, 2, 2, 2), Figures((await node.GetAsync("de", $"v1/groups/{group}")).Json.GetProperty("group")));
        Assert.Equal((4, 2, 4, 0), Figures((await node.GetAsync("gb", $"v1/groups/{group}")).Json.GetProperty("group")));
        (await node.GetAsync("jp", $"v1/groups/{group}")).Is(HttpStatusCode.NotFound);
        (await node.PostAsync("jp", $"v1/groups/{group}:assess", All("National"))).Is(HttpStatusCode.NotFound);
        (await node.GetAsync("operator", "v1/groups")).Is(HttpStatusCode.Forbidden);
        Assert.Contains(await ListAsync(node, "nl", ""), g => g.GetProperty("id").GetString() == group);
        Assert.DoesNotContain(await ListAsync(node, "nl", "country=DE"), g => g.GetProperty("id").GetString() == group);
        Assert.Contains(await ListAsync(node, "nl", "hotline=hotline-nl"), g => g.GetProperty("id").GetString() == group);
        Assert.DoesNotContain(await ListAsync(node, "jp", ""), g => g.GetProperty("id").GetString() == group);

        // One item is assessed: the offer stands on the others of the same caller, with whose it is and how near.
        (await node.PostAsync("nl", $"v1/reports/{first}/items:assess", Assessment("National", new JsonArray(new JsonObject { ["item"] = 1 }))))
            .Is(HttpStatusCode.OK);
        var offered = (await EndToEndNode.UntilAsync(
            () => node.GetAsync("nl", $"v1/groups/{group}"), r => r.Json.GetProperty("group").GetProperty("unassessed").GetInt32() == 3)).Json;
        var offers = offered.GetProperty("items").EnumerateArray().Where(i => i.TryGetProperty("offer", out _))
            .ToDictionary(i => i.GetProperty("item").GetProperty("itemId").GetString()!, i => i.GetProperty("offer"));
        Assert.Equal([($"{first}-2", 7), ($"{second}-1", 20), ($"{third}-2", 35)],
            offers.Select(o => (o.Key, o.Value.GetProperty("distance").GetInt32())).OrderBy(o => o.Item2));
        Assert.All(offers.Values, o => Assert.Equal(($"{first}-1", "hotline-nl", "National", "Human"), (o.GetProperty("from").GetString()!,
            o.GetProperty("agency").GetString()!, o.GetProperty("classification").GetProperty("name").GetString()!, o.GetProperty("basis").GetString()!)));
        Assert.Equal(2, (await node.GetAsync("de", $"v1/groups/{group}")).Json.GetProperty("group").GetProperty("unassessed").GetInt32());
        Assert.All((await node.GetAsync("de", $"v1/groups/{group}")).Json.GetProperty("items").EnumerateArray(), i =>
            Assert.False(i.TryGetProperty("offer", out _)));

        // Named items: its own are taken, another country's is refused, a stranger and a stale version as well.
        var named = Assessment("National", new JsonArray(
            new JsonObject { ["item"] = $"{first}-2" }, new JsonObject { ["item"] = $"{third}-1" }, new JsonObject
                { ["item"] = $"{second}-1", ["expectedVersion"] = 1 },
            new JsonObject { ["item"] = $"{first}-77" }));
        var answer = (await node.PostAsync("nl", $"v1/groups/{group}:assess", named, ("Command-Id", "group-1"))).Is(HttpStatusCode.OK);
        Assert.Equal(["accepted", "not-found", "version-mismatch", "not-found"], Outcomes(answer));
        Assert.Equal(answer.Text, (await node.PostAsync("nl", $"v1/groups/{group}:assess", named, ("Command-Id", "group-1"))).Is(HttpStatusCode.OK).Text);
        Assert.Equal(["not-authorised"], Outcomes(await node.PostAsync("gb", $"v1/groups/{group}:assess",
            Assessment("Baseline", new JsonArray(new JsonObject { ["item"] = $"{first}-2" })))));

        // All that is left: the caller's own and nothing else.
        await EndToEndNode.UntilAsync(() => node.GetAsync("nl", $"v1/groups/{group}"), r => r.Json.GetProperty("group").GetProperty("yours").GetInt32() == 2);
        var rest = (await node.PostAsync("nl", $"v1/groups/{group}:assess", All("National"), ("Command-Id", "group-2"))).Is(HttpStatusCode.OK);
        Assert.Equal(["accepted", "accepted"], Outcomes(rest));
        var done = (await EndToEndNode.UntilAsync(
            () => node.GetAsync("nl", $"v1/groups/{group}"), r => r.Json.GetProperty("group").GetProperty("unassessed").GetInt32() == 0)).Json;
        Assert.Equal((4, 3, 0, 0), Figures(done.GetProperty("group")));
        Assert.DoesNotContain(await ListAsync(node, "nl", ""), g => g.GetProperty("id").GetString() == group);
        Assert.Contains(await ListAsync(node, "de", ""), g => g.GetProperty("id").GetString() == group);
        Assert.Single((await node.GetAsync("nl", $"v1/reports/{third}/items/2")).Json.GetProperty("assessments").EnumerateArray());
        Assert.False((await node.GetAsync("de", $"v1/reports/{third}/items/1")).Json.TryGetProperty("assessments", out _));

        (await node.PostAsync("nl", $"v1/groups/{group}:assess", new JsonObject { ["assessment"] = Assessment("National", [])["assessment"]!.DeepClone() }))
            .Is(HttpStatusCode.UnprocessableEntity);
        (await node.GetAsync("nl", "v1/groups/none")).Is(HttpStatusCode.NotFound);
        (await node.GetAsync("nl", "v1/groups?cursor=AAAA")).Is(HttpStatusCode.BadRequest);
        (await node.GetAsync("nl", $"v1/groups/{group}?cursor=AAAA")).Is(HttpStatusCode.BadRequest);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Flat_and_poor_values_are_in_no_group_a_chain_falls_apart_and_restart_and_rebuild_change_nothing(DatabaseProvider provider)
    {
        await using var node = await EndToEndNode.StartAsync(provider, server);
        var flat = new string('0', 64);
        var poor = Bodies.Hash("group-poor", 32);
        var start = Bodies.Hash("group-chain", 32);
        var flats = await SubmitAsync(node, "gb", "GROUP-FLAT", ("FI", flat), ("FI", flat), ("FI", Bodies.Flip(flat, 3)));
        var poors = await SubmitAsync(node, "gb", "GROUP-POOR", 20, ("FI", poor), ("FI", poor));
        var chain = await SubmitAsync(node, "gb", "GROUP-CHAIN", [.. Enumerable.Range(0, 8).Select(n => ("FI", Bodies.Flip(start, 30 * n)))]);
        foreach (var (report, items) in new[] { (flats, 3), (poors, 2), (chain, 8) })
        {
            for (var item = 1; item <= items; item++)
            {
                await node.AssignedAsync("fi", report, "hotline-fi", item);
            }
        }

        await EndToEndNode.UntilAsync(() => node.GetAsync("fi", "v1/groups"), r => r.Json.GetProperty("groups").GetArrayLength() >= 2);
        var before = await SettledAsync();
        Assert.All(before[flats].Concat(before[poors]), Assert.Null);

        // The founder's ball takes two steps in each direction, so that no group has more than five links of the chain.
        var groups = before[chain].OfType<string>().GroupBy(g => g).ToArray();
        Assert.True(groups.Length >= 2);
        Assert.All(groups, g => Assert.InRange(g.Count(), 2, 5));

        await node.RestartAsync();
        Assert.Equal(before, await PlacesAsync());
        (await node.PostAsync("operator", "v1/projections:rebuild", null)).Is(HttpStatusCode.Accepted);
        await EndToEndNode.UntilAsync(() => node.GetAsync("operator", "v1/projections"), r => !r.Text.Contains("\"Building\"", StringComparison.Ordinal));
        Assert.Equal(before, await PlacesAsync());

        // A second that brought nothing, with the read tables where the journal is.
        async Task<Dictionary<string, string?[]>> SettledAsync()
        {
            for (var last = await PlacesAsync(); ;)
            {
                await Task.Delay(1_000);
                var current = await node.ReadTablesAreCurrentAsync();
                var now = await PlacesAsync();
                if (current && now.All(n => n.Value.SequenceEqual(last[n.Key])))
                {
                    return now;
                }

                last = now;
            }
        }

        async Task<Dictionary<string, string?[]>> PlacesAsync()
        {
            var places = new Dictionary<string, string?[]>();
            foreach (var (report, items) in new[] { (flats, 3), (poors, 2), (chain, 8) })
            {
                places[report] = new string?[items];
                for (var item = 1; item <= items; item++)
                {
                    var shown = await node.ItemAsync("fi", report, _ => true, item);
                    places[report][item - 1] = shown.TryGetProperty("group", out var group) ? group.GetProperty("id").GetString() : null;
                }
            }

            return places;
        }
    }

    /// <summary>The report knows its own hashes: a row of the read tables that puts an item into a group does not have it assessed with that.</summary>
    [Fact]
    public async Task A_forged_row_brings_no_item_into_the_assessment_of_a_group()
    {
        const string Cy = "hotline-cy";
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        await node.RegisterAsync(Cy, "Hotline", "Standard", "Analyst", "CY");
        var value = Bodies.Hash("group-forged", 32);
        var report = await SubmitAsync(node, "gb", "GROUP-FORGED-1", ("CY", value), ("CY", Bodies.Flip(value, 7)), ("CY", Bodies.Flip(value, 11)));
        var other = await SubmitAsync(node, "gb", "GROUP-FORGED-2", ("CY", Bodies.Hash("group-of-its-own", 32)));
        var group = await GroupOfAsync(node, Cy, report, 3, 1);
        var at = $"v1/groups/{group}";
        await node.AssignedAsync(Cy, other, Cy);
        await EndToEndNode.UntilAsync(() => node.GetAsync(Cy, "v1/queues/unassessed?maxResults=200"), r => r.Text.Contains(other, StringComparison.Ordinal));
        var set = await JournalView.NumberAsync(node.Database, "SELECT MAX(id) FROM rm_offset WHERE state = 2");
        Assert.Equal(1, await node.Database.ExecuteAsync(
            $"INSERT INTO rm_item_hash_{set} (item, algorithm, hash_key) SELECT o.number, h.algorithm, h.hash_key FROM rm_item_{set} o, rm_item_{set} i "
            + $"JOIN rm_item_hash_{set} h ON h.item = i.number WHERE o.report_id = @other AND i.report_id = @report AND i.ordinal = 1",
            default, ("other", other), ("report", report)));

        // The lists believe it, the report does not, whether it is named or one of all.
        Assert.Equal(4, (await node.GetAsync(Cy, at)).Is(HttpStatusCode.OK).Json.GetProperty("group").GetProperty("items").GetInt32());
        var named = Assessment("National", new JsonArray(new JsonObject { ["item"] = $"{report}-1" }, new JsonObject { ["item"] = $"{other}-1" }));
        Assert.Equal(["accepted", "not-found"], Outcomes(await node.PostAsync(Cy, $"v1/groups/{group}:assess", named)));
        await EndToEndNode.UntilAsync(() => node.GetAsync(Cy, at), r => r.Json.GetProperty("group").GetProperty("yours").GetInt32() == 3);
        Assert.Equal(["accepted", "accepted", "not-found"], Outcomes(await node.PostAsync(Cy, $"v1/groups/{group}:assess", All("National"))));
        Assert.False((await node.GetAsync(Cy, $"v1/reports/{other}/items/1")).Is(HttpStatusCode.OK).Json.TryGetProperty("assessments", out _));
    }

    private static Task<string> SubmitAsync(EndToEndNode node, string who, string reference, params (string Country, string Pdq)[] items) =>
        SubmitAsync(node, who, reference, 90, items);

    private static Task<string> SubmitAsync(EndToEndNode node, string who, string reference, int quality, params (string Country, string Pdq)[] items) =>
        node.SubmitAsync(who, Bodies.Report(reference, r => r["urls"] = new JsonArray([.. items.Select((item, n) => (JsonNode)new JsonObject
        {
            ["urlString"] = $"https://img.host.example/{reference}/{n}", ["hostingCountryCode"] = item.Country, ["hostingIpAddress"] = "192.0.2.7",
            ["isSourceUrl"] = false, ["contentType"] = 1, ["hashes"] = new JsonObject { ["pdq"] = item.Pdq, ["pdqQuality"] = quality },
        })])));

    /// <summary>The item's group, once the caller counts as many items and reports in it.</summary>
    private static async Task<string> GroupOfAsync(EndToEndNode node, string who, string report, int items, int reports, int item = 1) =>
        (await node.ItemAsync(who, report, i => i.TryGetProperty("group", out var g)
            && (g.GetProperty("items").GetInt32(), g.GetProperty("reports").GetInt32()) == (items, reports), item)).GetProperty("group").GetProperty("id")
                .GetString()!;

    private static async Task<JsonElement[]> ListAsync(EndToEndNode node, string who, string query)
    {
        var all = new List<JsonElement>();
        for (var cursor = ""; ;)
        {
            var page = (await node.GetAsync(who, $"v1/groups?maxResults=2&{query}{cursor}")).Is(HttpStatusCode.OK).Json;
            all.AddRange(page.GetProperty("groups").EnumerateArray());
            if (!page.TryGetProperty("nextCursor", out var next))
            {
                return [.. all];
            }

            cursor = $"&cursor={next.GetString()}";
        }
    }

    private static (int Items, int Reports, int Unassessed, int Yours) Figures(JsonElement group) => (group.GetProperty("items").GetInt32(),
        group.GetProperty("reports").GetInt32(), group.GetProperty("unassessed").GetInt32(), group.GetProperty("yours").GetInt32());

    private static string[] Outcomes(Reply reply) => [.. reply.Is(HttpStatusCode.OK).Json.GetProperty("items").EnumerateArray()
        .Select(i => i.TryGetProperty("code", out var code) ? code.GetString()! : i.GetProperty("outcome").GetString()!)];

    private static JsonObject Assessment(string classification, JsonArray items) => new()
    {
        ["items"] = items,
        ["assessment"] = new JsonObject { ["classification"] = classification, ["ageCategorization"] = 3, ["genderCategorization"] = 2 },
    };

    private static JsonObject All(string classification)
    {
        var body = Assessment(classification, []);
        body.Remove("items");
        body["all"] = true;
        return body;
    }
}
