using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>
/// The inputs of the audit's lines that <see cref="VerdictTests"/>, <see cref="WordTests"/>, <see cref="TrainingHashTests"/> and <see cref="ClockTests"/>
/// do not hold, as callers meet them.
/// </summary>
[Collection(EndToEndCollection.Name)]
public sealed class AuditTests(EndToEndNodes nodes)
{
    [Fact]
    public async Task B3_one_standard_NotIllegal_leaves_a_trusted_Baseline_standing_everywhere_and_shows_itself()
    {
        var node = await NodeAsync();
        var hash = Bodies.Hash("audit-b3", 32);
        await ImportAsync(node, "interpol", hash, "Baseline");
        var id = await node.SubmitAsync("gb", WithHash("AUDIT-B3", hash));
        await KnownAsync(node, "nl", id, "Baseline");

        await node.SubmitAsync("de", Bodies.Report("AUDIT-B3-DE", r =>
        {
            r["urls"]![0]!["hostingCountryCode"] = "DE";
            r["urls"]![0]!["hashes"] = new JsonObject { ["sha256"] = hash };
            r["urls"]![0]!["assessment"] = Opinion("NotIllegal");
        }));
        var item = await node.ItemAsync("nl", id, i => i.TryGetProperty("objectedTo", out _));
        Assert.True(item.GetProperty("knownWithoutLook").GetBoolean());
        Assert.Equal("Baseline", Name(item));
        (await node.GetAsync("interpol", $"v1/reports/{id}/items/1")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task B4_a_later_Baseline_lifts_a_local_National()
    {
        var node = await NodeAsync();
        var hash = Bodies.Hash("audit-b4", 32);
        var id = await node.SubmitAsync("gb", WithHash("AUDIT-B4", hash));
        await node.AssignedAsync("nl", id, "hotline-nl");
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        await ImportAsync(node, "interpol", hash, "Baseline");
        await node.ItemAsync("nl", id, i => Name(i) == "Baseline");
        Assert.Equal("baseline-is-final",
            (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("NotIllegal"))).Is(HttpStatusCode.Conflict).Code);
    }

    [Fact]
    public async Task B4_the_gravest_believed_word_on_any_of_an_items_hashes_wins()
    {
        var node = await NodeAsync();
        var (md5, sha1, sha256) = (Bodies.Hash("audit-b4h", 16), Bodies.Hash("audit-b4h", 20), Bodies.Hash("audit-b4h", 32));
        var listed = new JsonObject { ["md5"] = md5, ["sha1"] = sha1, ["classification"] = "Baseline" };
        Assert.Equal("imported", Assert.Single(await node.StreamAsync("interpol", [listed.ToJsonString()], "v1/hashes:import?list=audit"))
            .GetProperty("outcome").GetString());
        await ImportAsync(node, "nl", sha256, "National");
        var id = await node.SubmitAsync("gb", Bodies.Report("AUDIT-B4H", r =>
            r["urls"]![0]!["hashes"] = new JsonObject { ["md5"] = md5, ["sha1"] = sha1, ["sha256"] = sha256 }));
        await KnownAsync(node, "nl", id, "Baseline");
    }

    [Fact]
    public async Task B5_an_item_whose_inherited_verdict_is_retracted_after_an_action_can_be_assessed_and_closed()
    {
        var node = await NodeAsync();
        var hash = Bodies.Hash("audit-b5", 32);
        await ImportAsync(node, "interpol", hash, "Baseline");
        var id = await node.SubmitAsync("gb", WithHash("AUDIT-B5", hash));
        await KnownAsync(node, "nl", id, "Baseline");
        (await node.PostAsync("nl", $"v1/reports/{id}/items:act", ReportLifeTests.Action(1))).Is(HttpStatusCode.OK);
        var retraction = new JsonObject
        {
            ["hashes"] = new JsonArray(new JsonObject { ["algorithm"] = "sha256", ["value"] = hash }), ["list"] = "audit", ["confirm"] = 1,
        };
        await EndToEndNode.UntilAsync(() => node.PostAsync("interpol", "v1/hashes:retract", retraction), r => r.Status == HttpStatusCode.OK);
        await node.ItemAsync("nl", id, i => !i.TryGetProperty("classification", out _));
        await ReportLifeTests.InQueueAsync(node, "nl", "unassessed", id);
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        (await node.PostAsync("nl", $"v1/reports/{id}/items:act", ReportLifeTests.Action(3))).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task B8_an_untrusted_reporters_Baseline_binds_nobody()
    {
        var node = await NodeAsync();
        await node.RegisterAsync("hotline-unproven", "Hotline", "Untrusted", "Machine", "RO");
        var id = await node.SubmitAsync("hotline-unproven", Bodies.Report("AUDIT-B8", r =>
        {
            ReportLifeTests.WithoutHashes(r);
            r["urls"]![0]!["assessment"] = Opinion("Baseline");
        }));
        await node.AssignedAsync("nl", id, "hotline-nl");
        await ReportLifeTests.InQueueAsync(node, "nl", "unassessed", id);
        Assert.False((await node.GetAsync("nl", $"v1/reports/{id}/items/1")).Is(HttpStatusCode.OK).Json.TryGetProperty("classification", out _));
        (await node.GetAsync("interpol", $"v1/reports/{id}/items/1")).Is(HttpStatusCode.NotFound);
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("NotIllegal"))).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task B20_to_B23_times_run_to_the_first_over_all_countries_the_assigned_hotline_has_them_and_withdrawn_items_stand_apart()
    {
        var node = await NodeAsync();
        foreach (var (agency, country) in new[] { ("hotline-lt", "LT"), ("hotline-at", "AT"), ("hotline-be", "BE") })
        {
            await node.RegisterAsync(agency, "Hotline", "Standard", "Analyst", country);
        }

        var id = await node.SubmitAsync("hotline-lt", In("AT", "AUDIT-B20"));
        await node.AssignedAsync("hotline-at", id, "hotline-at");
        (await node.PostAsync("hotline-at", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        (await node.PostAsync("hotline-at", $"v1/reports/{id}/items:act", Told("2026-01-03T03:04:05Z"))).Is(HttpStatusCode.OK);
        (await node.PostAsync("hotline-at", $"v1/reports/{id}/items:hosting", ReportLifeTests.With("hostingCountryCode", "BE"))).Is(HttpStatusCode.OK);
        (await node.PostAsync("hotline-at", $"v1/reports/{id}/items:move", ReportLifeTests.With("countryCode", "BE"))).Is(HttpStatusCode.OK);
        await node.AssignedAsync("hotline-be", id, "hotline-be");
        (await node.PostAsync("hotline-be", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        (await node.PostAsync("hotline-be", $"v1/reports/{id}/items:act", Told("2026-01-11T03:04:05Z"))).Is(HttpStatusCode.OK);
        var mistake = await node.SubmitAsync("hotline-lt", In("LT", "AUDIT-B22"));
        (await node.ConfirmedAsync("hotline-lt", $"v1/reports/{mistake}:withdraw", new JsonObject())).Is(HttpStatusCode.OK);

        foreach (var who in new[] { "hotline-lt", "hotline-be" })
        {
            // An answer that is read while the read tables go on may have one figure of before and another of after.
            var read = (await EndToEndNode.UntilAsync(() => node.GetAsync(who, "v1/statistics"), r =>
                Count(r.Json, "items") == 1 && Duration(r.Json, "receiptToPolice").GetProperty("items").GetInt64() == 1
                && (who == "hotline-be" || Count(r.Json, "withdrawn") == 1))).Json;
            Assert.Equal(24, Duration(read, "receiptToPolice").GetProperty("medianHours").GetDouble());
            Assert.Equal((1, 1, 0), (Count(read, "items"), Count(read, "illegalUrls"), Count(read, "knownUrls")));
        }

        static string In(string country, string reference) => Bodies.Report(reference, r =>
        {
            ReportLifeTests.WithoutHashes(r);
            r["urls"]![0]!["hostingCountryCode"] = country;
        });

        static JsonObject Told(string date)
        {
            var body = ReportLifeTests.Action(1);
            body["action"]!["actionDate"] = date;
            return body;
        }

        static JsonElement Duration(JsonElement read, string name) =>
            read.GetProperty("durations").EnumerateArray().Single(d => d.GetProperty("name").GetString() == name);

        static long Count(JsonElement read, string name) =>
            read.GetProperty("figures").EnumerateArray().Single(f => f.GetProperty("name").GetString() == name).GetProperty("count").GetInt64();
    }

    [Fact]
    public async Task B26_who_does_not_see_the_hashes_sees_neither_their_lists_nor_why_nor_how_near()
    {
        var node = await NodeAsync();
        var hash = Bodies.Hash("audit-b26", 32);
        await ImportAsync(node, "interpol", hash, "Baseline");
        var id = await node.SubmitAsync("gb", WithHash("AUDIT-B26", hash));
        await KnownAsync(node, "nl", id, "Baseline");
        (await node.PostAsync("nl", $"v1/reports/{id}/items:hosting", ReportLifeTests.With("hostingCountryCode", "FI"))).Is(HttpStatusCode.OK);

        // Assigned to the Netherlands, hosted in Finland by now; and the Dutch authority.
        Assert.Contains("\"sources\"", (await node.GetAsync("nl", $"v1/reports/{id}/items/1")).Text, StringComparison.Ordinal);
        foreach (var who in new[] { "fi", "supervisor" })
        {
            var seen = (await node.GetAsync(who, $"v1/reports/{id}/items/1")).Is(HttpStatusCode.OK);
            foreach (var hidden in new[] { "\"sources\"", "\"why\"", "\"decidedBy\"", "\"distance\"", "\"near\"", "interpol", "audit\"", hash })
            {
                Assert.DoesNotContain(hidden, seen.Text, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task B26_that_media_is_near_to_known_one_is_told_with_the_hashes_only_in_no_list_order_place_or_figure()
    {
        var node = await NodeAsync();
        var pdq = Bodies.Hash("audit-b26-near", 32);
        var row = new JsonObject { ["pdq"] = pdq, ["pdqQuality"] = 100, ["classification"] = "Baseline" };
        Assert.Single(await node.StreamAsync("interpol", [row.ToJsonString()], "v1/hashes:import?list=audit-near-list"));
        string Body(string reference, string hash) =>
            Bodies.Report(reference, r => r["urls"]![0]!["hashes"] = new JsonObject { ["pdq"] = hash, ["pdqQuality"] = 80 });
        var near = await node.SubmitAsync("gb", Body("AUDIT-B26-N", Bodies.Flip(pdq, 9)));
        var other = await node.SubmitAsync("gb", Body("AUDIT-B26-O", Bodies.Hash("audit-b26-other", 32)));
        await node.ItemAsync("nl", near, i => i.TryGetProperty("near", out _));
        foreach (var id in new[] { near, other })
        {
            (await node.PostAsync("nl", $"v1/reports/{id}/items:hosting", ReportLifeTests.With("hostingCountryCode", "FI"))).Is(HttpStatusCode.OK);
        }

        // The Dutch see it: the item, its place in a list by priority, and the figure.
        Assert.Contains("audit-near-list", (await node.GetAsync("nl", $"v1/reports/{near}/items/1")).Text, StringComparison.Ordinal);
        await EndToEndNode.UntilAsync(() => node.GetAsync("nl", "v1/statistics"), r => Near(r) > 0);
        foreach (var who in new[] { "fi", "supervisor" })
        {
            var search = await EndToEndNode.UntilAsync(
                () => node.PostAsync(who, "v1/reports:search", new JsonObject { ["hostingCountries"] = new JsonArray("FI"), ["maxResults"] = 1 }),
                r => r.Json.TryGetProperty("nextCursor", out _) || who == "supervisor");
            var item = (await node.GetAsync(who, $"v1/reports/{near}/items/1")).Is(HttpStatusCode.OK);
            foreach (var seen in new[] { search.Is(HttpStatusCode.OK).Text, item.Text })
            {
                foreach (var hidden in new[] { "\"near\"", "\"nearMatches\"", "\"distance\"", "\"priority\"", "\"priorityReasons\"", "audit-near-list" })
                {
                    Assert.DoesNotContain(hidden, seen, StringComparison.Ordinal);
                }
            }

            // A place is nobody's secret: whoever has it can read it.
            foreach (var path in new[] { "v1/queues/unassessed?maxResults=1&order=priority", "v1/queues/unassessed?maxResults=1" })
            {
                AssertNoPriority((await node.GetAsync(who, path)).Is(HttpStatusCode.OK));
            }

            AssertNoPriority(search);
        }

        Assert.Equal(0, await NearAsync("supervisor"));

        async Task<long> NearAsync(string who) => Near(await node.GetAsync(who, "v1/statistics"));

        static long Near(Reply reply) => reply.Is(HttpStatusCode.OK).Json.GetProperty("figures").EnumerateArray()
            .Single(f => f.GetProperty("name").GetString() == "nearKnown").GetProperty("count").GetInt64();

        static void AssertNoPriority(Reply reply)
        {
            if (reply.Json.TryGetProperty("nextCursor", out var cursor))
            {
                var place = System.Text.Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(cursor.GetString()!).AsSpan(6));
                Assert.Equal(0, JsonElement.Parse(place).GetProperty("priority").GetInt32());
            }
        }
    }

    [Fact]
    public async Task B27_and_B28_what_other_laws_say_stands_beside_a_graver_suggestion_and_is_disputed_where_it_is_disputed()
    {
        var node = await NodeAsync();
        foreach (var (agency, country) in new[] { ("hotline-fr", "FR"), ("hotline-es1", "ES"), ("hotline-es2", "ES") })
        {
            await node.RegisterAsync(agency, "Hotline", "Standard", "Analyst", country);
        }

        var (graver, split) = (Bodies.Hash("audit-b27", 32), Bodies.Hash("audit-b28", 32));
        await ImportAsync(node, "hotline-fr", graver, "National");
        await ImportAsync(node, "us", graver, "Baseline");
        await ImportAsync(node, "hotline-es1", split, "National");
        await ImportAsync(node, "hotline-es2", split, "NotIllegal");
        var id = await node.SubmitAsync("gb", WithHash("AUDIT-B27", graver));
        var item = await node.ItemAsync("nl", id, i => i.TryGetProperty("inheritance", out _));
        Assert.Equal(("Suggested", "Baseline", 10), (Kind(item), Name(item.GetProperty("inheritance")), Row(item)));
        Assert.Equal(["FR National"], Elsewhere(item));

        var other = await node.SubmitAsync("gb", WithHash("AUDIT-B28", split));
        item = await node.ItemAsync("nl", other, i => i.TryGetProperty("inheritance", out _));
        Assert.Equal(["ES disputed"], Elsewhere(item));
        Assert.NotEqual("Disputed", Kind(item));
        await ReportLifeTests.InQueueAsync(node, "nl", "unassessed", other);

        static string? Kind(JsonElement item) => item.GetProperty("inheritance").GetProperty("kind").GetString();

        static int Row(JsonElement item) => item.GetProperty("inheritance").GetProperty("row").GetInt32();

        static string[] Elsewhere(JsonElement item) => [.. item.GetProperty("inheritance").GetProperty("elsewhere").EnumerateArray()
            .Select(e => $"{e.GetProperty("countryCode").GetString()} {Name(e) ?? "disputed"}")];
    }

    [Fact]
    public async Task B31_hosting_facts_without_a_country_add_to_what_is_known()
    {
        var node = await NodeAsync();
        var id = await node.SubmitAsync("gb", Bodies.Report("AUDIT-B31", ReportLifeTests.WithoutHashes));
        await node.AssignedAsync("nl", id, "hotline-nl");
        (await node.PostAsync("nl", $"v1/reports/{id}/items:hosting", ReportLifeTests.With("hostingIsp", "Example Net"))).Is(HttpStatusCode.OK);
        var hosting = (await node.GetAsync("nl", $"v1/reports/{id}/items/1")).Is(HttpStatusCode.OK).Json.GetProperty("hosting");
        Assert.Equal(("NL", "Example Net"), (hosting.GetProperty("countryCode").GetString(), hosting.GetProperty("isp").GetString()));
    }

    [Fact]
    public async Task B34_a_known_country_is_routed_with_the_first_write()
    {
        var node = await NodeAsync();
        var id = await node.SubmitAsync("gb", Bodies.Report("AUDIT-B34"));
        var item = (await node.GetAsync("nl", $"v1/reports/{id}/items/1")).Is(HttpStatusCode.OK).Json;
        Assert.Equal("hotline-nl", item.GetProperty("assignment").GetProperty("hotline").GetString());
    }

    private Task<EndToEndNode> NodeAsync() => nodes.OnAsync(DatabaseProvider.Sqlite);

    private static string WithHash(string reference, string sha256) =>
        Bodies.Report(reference, r => r["urls"]![0]!["hashes"] = new JsonObject { ["sha256"] = sha256 });

    private static JsonNode Opinion(string classification) => ReportLifeTests.Assessment(classification)["assessment"]!.DeepClone();

    private static async Task ImportAsync(EndToEndNode node, string who, string sha256, string classification)
    {
        var row = new JsonObject { ["sha256"] = sha256, ["classification"] = classification };
        Assert.Equal("imported", Assert.Single(await node.StreamAsync(who, [row.ToJsonString()], "v1/hashes:import?list=audit")).GetProperty("outcome").GetString());
    }

    private static Task<JsonElement> KnownAsync(EndToEndNode node, string who, string report, string classification) => node.ItemAsync(who, report, i =>
        i.TryGetProperty("knownWithoutLook", out var known) && known.GetBoolean() && Name(i) == classification);

    private static string? Name(JsonElement of) => of.TryGetProperty("classification", out var c) ? c.GetProperty("name").GetString() : null;
}
