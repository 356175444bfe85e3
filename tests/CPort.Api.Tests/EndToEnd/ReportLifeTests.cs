using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>A report from its submission to its end, as hotlines do it.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class ReportLifeTests(EndToEndNodes nodes)
{
    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_report_goes_from_submission_to_removal_and_every_step_is_in_its_history(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var body = Bodies.Report("LIFE-1", WithoutHashes);
        var id = await node.SubmitAsync("gb", body);

        var again = (await node.SendAsync("gb", HttpMethod.Post, "v1/reports", body)).Is(HttpStatusCode.OK);
        Assert.Equal("duplicate", again.Json.GetProperty("outcome").GetString());
        Assert.Equal(id, again.Json.GetProperty("reportId").GetString());
        var changed = (await node.SendAsync("gb", HttpMethod.Post, "v1/reports",
            Bodies.Report("LIFE-1", r => { WithoutHashes(r); r["sourceUrlSiteType"] = 3; })))
            .Is(HttpStatusCode.Conflict);
        Assert.Contains(changed.Json.GetProperty("fields").EnumerateArray(), f =>
            f.GetString()!.Contains("sourceUrlSiteType", StringComparison.OrdinalIgnoreCase));

        var item = await node.AssignedAsync("nl", id, "hotline-nl");
        Assert.Equal("Unassessed", item.GetProperty("state").GetString());
        await InQueueAsync(node, "nl", "unassessed", id);

        var read = (await node.GetAsync("nl", $"v1/reports/{id}")).Is(HttpStatusCode.OK);
        var etag = read.Headers.ETag!.ToString();
        Assert.Equal(HttpStatusCode.NotModified, (await node.GetAsync("nl", $"v1/reports/{id}", ("If-None-Match", etag))).Status);

        (await node.PostAsync("nl", $"v1/reports/{id}/items:claim", Items())).Is(HttpStatusCode.OK);
        (await node.GetAsync("nl", $"v1/reports/{id}", ("If-None-Match", etag))).Is(HttpStatusCode.OK);
        Assert.Equal("leased", (await node.PostAsync("nl2", $"v1/reports/{id}/items:claim", Items())).Is(HttpStatusCode.Conflict).Code);
        Assert.Equal("leased", (await node.PostAsync("nl2", $"v1/reports/{id}/items:assess", Assessment())).Is(HttpStatusCode.Conflict).Code);

        var stale = $"\"{item.GetProperty("version").GetInt32()}\"";
        Assert.Equal("version-mismatch", (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", Assessment(), ("If-Match", stale)))
            .Is(HttpStatusCode.PreconditionFailed).Code);
        var fresh = (await node.GetAsync("nl", $"v1/reports/{id}/items/1")).Headers.ETag!.ToString();
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", Assessment(), ("If-Match", fresh))).Is(HttpStatusCode.OK);
        await InQueueAsync(node, "nl", "unactioned", id);

        (await node.PostAsync("gb", $"v1/reports/{id}/items:act", Action(1))).Is(HttpStatusCode.Forbidden);
        foreach (var type in new[] { 1, 2, 3 })
        {
            (await node.PostAsync("nl", $"v1/reports/{id}/items:act", Action(type))).Is(HttpStatusCode.OK);
        }

        (await node.PostAsync("nl", $"v1/reports/{id}/items:act", Action(2))).Is(HttpStatusCode.Conflict);
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", Assessment())).Is(HttpStatusCode.Conflict);
        Assert.Equal("Removed", (await node.GetAsync("gb", $"v1/reports/{id}/items/1")).Json.GetProperty("state").GetString());
        await InQueueAsync(node, "nl", "offline", id);

        (await node.PostAsync("nl", $"v1/reports/{id}/items:seen-again", new JsonObject { ["item"] = 1 })).Is(HttpStatusCode.OK);
        var second = await node.ItemAsync("nl", id, i => i.TryGetProperty("previousOccurrence", out var p) && p.GetInt32() == 1, item: 2);
        Assert.Equal(item.GetProperty("urlString").GetString(), second.GetProperty("urlString").GetString());
        Assert.Equal(2, (await node.GetAsync("nl", $"v1/reports/{id}/items/1")).Json.GetProperty("nextOccurrence").GetInt32());

        (await node.PostAsync("nl", $"v1/reports/{id}/memos", new JsonObject { ["text"] = "Asked the provider.", ["item"] = 2 })).Is(HttpStatusCode.OK);
        await node.AssignedAsync("nl", id, "hotline-nl", item: 2);
        (await node.SendAsync("gb", HttpMethod.Put, $"v1/reports/{id}/site-facts", """{"sourceUrlSiteType":3,"sourceUrlCommerciality":1}"""))
            .Is(HttpStatusCode.OK);
        (await node.SendAsync("nl", HttpMethod.Put, $"v1/reports/{id}/items/2/assigned-hotline-reference", """{"assignedHotlineReference":"NL-77"}"""))
            .Is(HttpStatusCode.OK);
        var now = (await node.GetAsync("nl", $"v1/reports/{id}")).Is(HttpStatusCode.OK).Json;
        Assert.Equal(3, now.GetProperty("sourceUrlSiteType").GetProperty("id").GetInt32());
        Assert.Contains(now.GetProperty("memos").EnumerateArray(), m => m.GetProperty("text").GetString() == "Asked the provider.");
        Assert.Equal("NL-77", now.GetProperty("items")[1].GetProperty("assignedHotlineReference").GetString());

        var history = (await node.GetAsync("gb", $"v1/reports/{id}/history")).Is(HttpStatusCode.OK).Json.GetProperty("entries").EnumerateArray().ToArray();
        Assert.Equal(Enumerable.Range(1, history.Length).Select(n => (long)n), history.Select(e => e.GetProperty("sequence").GetInt64()));
        Assert.All(history, e =>
        {
            Assert.NotEmpty(e.GetProperty("agency").GetString()!);

            // Which key or person it was, one's own agency is told, and of what CPort did by itself.
            Assert.Equal(e.GetProperty("agency").GetString() is "hotline-gb" or "cport", e.TryGetProperty("keyId", out _));
            Assert.EndsWith("Z", e.GetProperty("occurredAt").GetString(), StringComparison.Ordinal);
        });
        Assert.Equal("hotline-gb", history[0].GetProperty("agency").GetString());

        // Claim, assessment, three actions, seen again, memo, reference.
        Assert.True(history.Count(e => e.GetProperty("agency").GetString() == "hotline-nl") >= 8, "Steps of the assigned hotline are missing.");
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task An_urgent_report_stands_first_in_its_queue(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var older = await node.SubmitAsync("gb", Bodies.Report("URGENT-1", WithoutHashes));
        await InQueueAsync(node, "nl", "unassessed", older);
        var urgent = await node.SubmitAsync("gb", Bodies.Report("URGENT-2", r => { WithoutHashes(r); r["urgent"] = true; }));
        await InQueueAsync(node, "nl", "unassessed", urgent);
        var first = (await node.GetAsync("nl", "v1/queues/unassessed?maxResults=1")).Json.GetProperty("items")[0];
        Assert.Equal(urgent, first.GetProperty("reportId").GetString());

        (await node.SendAsync("gb", HttpMethod.Put, $"v1/reports/{urgent}/urgent", """{"urgent":false}""")).Is(HttpStatusCode.OK);
        await EndToEndNode.UntilAsync(
            () => node.GetAsync("nl", "v1/queues/unassessed?maxResults=1"), r => r.Json.GetProperty("items")[0].GetProperty("reportId").GetString() != urgent);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Moved_content_becomes_the_job_of_its_new_country(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var id = await node.SubmitAsync("gb", Bodies.Report("MOVE-1", WithoutHashes));
        await node.AssignedAsync("nl", id, "hotline-nl");
        Assert.Equal("hosting-first", (await node.PostAsync("nl", $"v1/reports/{id}/items:move", With("countryCode", "DE"))).Is(HttpStatusCode.Conflict).Code);
        var hosting = With("hostingCountryCode", "DE");
        hosting["hostingIpAddress"] = "198.51.100.4";
        (await node.PostAsync("nl", $"v1/reports/{id}/items:hosting", hosting)).Is(HttpStatusCode.OK);
        (await node.PostAsync("nl", $"v1/reports/{id}/items:move", With("countryCode", "DE"))).Is(HttpStatusCode.OK);

        var moved = await node.AssignedAsync("de", id, "hotline-de");
        Assert.Equal("DE", moved.GetProperty("assignment").GetProperty("assignedCountry").GetString());
        Assert.Equal("NL", moved.GetProperty("earlierHosting")[0].GetProperty("countryCode").GetString());
        (await node.PostAsync("de", $"v1/reports/{id}/items:assess", Assessment())).Is(HttpStatusCode.OK);

        // Who had it before sees what became of it, and no more.
        var former = (await node.GetAsync("nl", $"v1/reports/{id}")).Is(HttpStatusCode.OK).Json.GetProperty("items")[0];
        Assert.True(former.TryGetProperty("state", out _));
        Assert.False(former.TryGetProperty("urlString", out _));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task An_orphan_is_taken_by_the_mandated_hotline_and_by_no_other(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var id = await node.SubmitAsync("gb", Bodies.Report("ORPHAN-1", r => { WithoutHashes(r); r["urls"]![0]!["hostingCountryCode"] = "BR"; }));
        await node.ItemAsync("ie", id, i => i.GetProperty("assignment").GetProperty("orphan").GetBoolean());
        await InQueueAsync(node, "ie", "orphaned", id);
        (await node.PostAsync("jp", $"v1/reports/{id}/items:assign", With("hotline", "hotline-jp"))).Is(HttpStatusCode.NotFound);
        (await node.PostAsync("gb", $"v1/reports/{id}/items:assign", With("hotline", "hotline-gb"))).Is(HttpStatusCode.Conflict);
        (await node.PostAsync("ie", $"v1/reports/{id}/items:assign", With("hotline", "hotline-ie"))).Is(HttpStatusCode.OK);
        var taken = await node.AssignedAsync("ie", id, "hotline-ie");
        Assert.Equal("IE", taken.GetProperty("assignment").GetProperty("assignedCountry").GetString());
        (await node.PostAsync("ie", $"v1/reports/{id}/items:assess", Assessment())).Is(HttpStatusCode.OK);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_repeated_command_id_gives_the_first_answer_and_does_nothing(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var id = await node.SubmitAsync("gb", Bodies.Report("REPLAY-1", WithoutHashes));
        await node.AssignedAsync("nl", id, "hotline-nl");
        var first = (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", Assessment(), ("Command-Id", "assess-1"))).Is(HttpStatusCode.OK).Json;
        var second = (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", Assessment(), ("Command-Id", "assess-1"))).Is(HttpStatusCode.OK).Json;
        Assert.True(second.GetProperty("replayed").GetBoolean());
        Assert.Equal(first.GetProperty("items").GetRawText(), second.GetProperty("items").GetRawText());
        Assert.Equal(1, (await node.GetAsync("nl", $"v1/reports/{id}/items/1")).Json.GetProperty("assessments").GetArrayLength());
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task The_reporter_withdraws_a_report_until_others_have_acted(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var (free, worked) = (await node.SubmitAsync("gb", Bodies.Report("BACK-1", WithoutHashes)),
            await node.SubmitAsync("gb", Bodies.Report("BACK-2", WithoutHashes)));
        await node.AssignedAsync("nl", free, "hotline-nl");
        await node.AssignedAsync("nl", worked, "hotline-nl");
        (await node.PostAsync("nl", $"v1/reports/{free}:withdraw", new JsonObject())).Is(HttpStatusCode.Forbidden);
        (await node.ConfirmedAsync("gb", $"v1/reports/{free}:withdraw", new JsonObject { ["reason"] = "Sent by mistake." })).Is(HttpStatusCode.OK);
        Assert.True((await node.GetAsync("gb", $"v1/reports/{free}")).Json.GetProperty("withdrawn").GetBoolean());
        Assert.Equal("withdrawn", (await node.PostAsync("nl", $"v1/reports/{free}/items:assess", Assessment())).Is(HttpStatusCode.Conflict).Code);

        (await node.PostAsync("nl", $"v1/reports/{worked}/items:assess", Assessment())).Is(HttpStatusCode.OK);
        (await node.PostAsync("nl", $"v1/reports/{worked}/items:act", Action(1))).Is(HttpStatusCode.OK);
        Assert.Equal("others-have-acted", (await node.PostAsync("gb", $"v1/reports/{worked}:withdraw", new JsonObject())).Is(HttpStatusCode.Conflict).Code);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_batch_over_many_reports_has_an_outcome_for_each_item(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var ids = new List<string>();
        foreach (var n in Enumerable.Range(1, 3))
        {
            ids.Add(await node.SubmitAsync("gb", Bodies.Report($"BATCH-{n}", WithoutHashes)));
            await node.AssignedAsync("nl", ids[^1], "hotline-nl");
        }

        var items = new JsonArray([.. ids.Append("00000000000000000000000000").Select(i => (JsonNode)new JsonObject { ["item"] = $"{i}-1" })]);
        var body = Assessment();
        body["items"] = items;
        var answer = (await node.PostAsync("nl", "v1/items:assess", body)).Is(HttpStatusCode.OK).Json;
        Assert.Equal((3, 1), (answer.GetProperty("accepted").GetInt32(), answer.GetProperty("rejected").GetInt32()));
        Assert.Equal(404, answer.GetProperty("items")[3].GetProperty("status").GetInt32());
    }

    internal static void WithoutHashes(JsonObject report) => report["urls"]![0]!.AsObject().Remove("hashes");

    /// <summary>A report of items without hashes that are hosted in this country.</summary>
    internal static string Hosted(string reference, string country, int items = 1) => Bodies.Report(reference, r =>
    {
        WithoutHashes(r);
        var first = r["urls"]![0]!;
        first["hostingCountryCode"] = country;
        for (var i = 2; i <= items; i++)
        {
            var more = first.DeepClone();
            (more["urlString"], more["hotlineReference"]) = ($"https://img.host.example/{reference}-{i}", $"{reference}/{i}");
            ((JsonArray)r["urls"]!).Add(more);
        }
    });

    internal static JsonObject Items(int item = 1) => new() { ["items"] = new JsonArray(new JsonObject { ["item"] = item }) };

    internal static JsonObject With(string name, string value)
    {
        var body = Items();
        body[name] = value;
        return body;
    }

    internal static JsonObject Assessment(string classification = "Baseline")
    {
        var body = Items();
        body["assessment"] = new JsonObject
        {
            ["classification"] = classification, ["ageCategorization"] = 2, ["genderCategorization"] = 2, ["virtualContentCategorization"] = 0,
            ["userGeneratedContentCategorization"] = 0, ["childModelingCategorization"] = 0,
        };
        return body;
    }

    internal static JsonObject Action(int type)
    {
        var body = Items();
        body["action"] = new JsonObject { ["actionType"] = type };
        return body;
    }

    /// <summary>Waits until the report stands in the queue as the caller sees it.</summary>
    internal static async Task<JsonElement> InQueueAsync(EndToEndNode node, string who, string queue, string report)
    {
        JsonElement found = default;
        var cursor = "";
        await EndToEndNode.UntilAsync(() => node.GetAsync(who, $"v1/queues/{queue}{cursor}"), r =>
        {
            // The node is shared with other tests, whose items may fill the first pages.
            found = r.Json.GetProperty("items").EnumerateArray().FirstOrDefault(i => i.GetProperty("reportId").GetString() == report);
            cursor = r.Json.TryGetProperty("nextCursor", out var next) ? $"?cursor={Uri.EscapeDataString(next.GetString()!)}" : "";
            return found.ValueKind == JsonValueKind.Object;
        });
        return found;
    }
}
