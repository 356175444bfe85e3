using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>docs/access.md as callers meet it: relation by field, on every way to read.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class AccessTests(EndToEndNodes nodes)
{
    private const string NoReport = "00000000000000000000000000";
    private static readonly (string Name, string Value) Purpose = ("X-Purpose", "Case 4711");

    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Each_relation_sees_its_fields_and_strangers_see_nothing(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var url = "https://img.host.example/ACCESS-1";
        var md5 = Bodies.Hash("ACCESS-1", 16);
        var id = await node.SubmitAsync("gb", Bodies.Report("ACCESS-1", r =>
        {
            r["memo"] = "a-memo-of-the-report";
            r["sourceUrlPassword"] = "a-password";
        }));
        await node.AssignedAsync("nl", id, "hotline-nl");

        // Baseline, so that INTERPOL stands in a relation; hosted elsewhere since, so that Germany is the hosting country.
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment())).Is(HttpStatusCode.OK);
        (await node.PostAsync("nl", $"v1/reports/{id}/items:hosting", ReportLifeTests.With("hostingCountryCode", "DE"))).Is(HttpStatusCode.OK);
        await ReportLifeTests.InQueueAsync(node, "nl", "unactioned", id);

        //             who          URL    hash   memo   pass.  ref.   class. history
        var expected = new (string Who, bool Url, bool Hash, bool Memo, bool Password, bool Reference, bool Classification, bool History)[]
        {
            ("gb", true, true, true, true, true, true, true),
            ("nl", true, true, true, true, false, true, true),
            ("de", true, false, false, false, false, true, false),
            ("police-nl", true, true, true, true, false, true, true),
            ("interpol", true, true, true, true, false, true, true),
            ("operator", false, false, false, false, false, false, false),
            ("auditor", false, false, false, false, false, false, true),
            ("supervisor", false, false, false, false, false, true, true),
        };
        foreach (var e in expected)
        {
            var read = (await node.GetAsync(e.Who, $"v1/reports/{id}", Purpose)).Is(HttpStatusCode.OK);
            var item = read.Json.GetProperty("items")[0];
            Assert.True(
                (e.Url, e.Hash, e.Memo, e.Password, e.Reference, e.Classification) == (
                    read.Text.Contains(url, StringComparison.Ordinal), read.Text.Contains(md5, StringComparison.Ordinal),
                    read.Text.Contains("a-memo-of-the-report", StringComparison.Ordinal), read.Text.Contains("a-password", StringComparison.Ordinal),
                    read.Json.TryGetProperty("hotlineReference", out _), item.TryGetProperty("classification", out _)),
                $"{e.Who} sees other fields than docs/access.md says: {read.Text}");

            // The day is everybody's who sees the item, the analyst is the reporter's.
            Assert.StartsWith("2026-01-02T03:04:05", read.Json.GetProperty("hotlineReceivedDate").GetString(), StringComparison.Ordinal);
            Assert.Equal(e.Reference, read.Json.TryGetProperty("reportingAnalystName", out _));
            var history = await node.GetAsync(e.Who, $"v1/reports/{id}/history", Purpose);
            Assert.True(
                e.History == (history.Status == HttpStatusCode.OK && history.Json.GetProperty("entries").GetArrayLength() > 0),
                $"{e.Who} sees another history than docs/access.md says: {(int)history.Status} {history.Text}");
            Assert.True(e.Memo || !history.Text.Contains("a-memo-of-the-report", StringComparison.Ordinal), e.Who);
            Assert.DoesNotContain(e.Url ? "\0" : url, history.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(e.Hash ? "\0" : md5, history.Text, StringComparison.Ordinal);
        }

        foreach (var stranger in new[] { "jp", "ie", "police-jp" })
        {
            foreach (var path in new[] { "", "/items/1", "/history" })
            {
                var there = (await node.GetAsync(stranger, $"v1/reports/{id}{path}", Purpose)).Is(HttpStatusCode.NotFound);
                var nowhere = (await node.GetAsync(stranger, $"v1/reports/{NoReport}{path}", Purpose)).Is(HttpStatusCode.NotFound);
                Assert.Equal(nowhere.Text, there.Text);
                Assert.Equal(nowhere.Headers.Select(h => h.Key).Order(StringComparer.Ordinal), there.Headers.Select(h => h.Key).Order(StringComparer.Ordinal));
            }

            foreach (var (path, body) in new (string, JsonObject)[]
            {
                ("/items:claim", ReportLifeTests.Items()), ("/items:assess", ReportLifeTests.Assessment()), ("/items:act", ReportLifeTests.Action(1)),
                ("/memos", new JsonObject { ["text"] = "x" }), (":withdraw", new JsonObject()),
            })
            {
                var there = (await node.PostAsync(stranger, $"v1/reports/{id}{path}", body.DeepClone(), Purpose)).Is(HttpStatusCode.NotFound);
                var nowhere = (await node.PostAsync(stranger, $"v1/reports/{NoReport}{path}", body, Purpose)).Is(HttpStatusCode.NotFound);
                Assert.Equal(nowhere.Text, there.Text);
            }
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Search_finds_by_a_field_only_for_those_who_see_the_field(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var md5 = Bodies.Hash("SEARCH-1", 16);
        var id = await node.SubmitAsync("gb", Bodies.Report("SEARCH-1"));
        await node.AssignedAsync("nl", id, "hotline-nl");
        await ReportLifeTests.InQueueAsync(node, "nl", "unassessed", id);
        (await node.PostAsync("nl", $"v1/reports/{id}/items:hosting", ReportLifeTests.With("hostingCountryCode", "DE"))).Is(HttpStatusCode.OK);
        var byId = new JsonObject { ["reportId"] = id };
        await EndToEndNode.UntilAsync(() => node.PostAsync("de", "v1/reports:search", byId.DeepClone()), r => Count(r) == 1);

        var byHash = new JsonObject { ["hashes"] = new JsonArray(new JsonObject { ["algorithm"] = "md5", ["value"] = md5 }) };
        var byUrl = new JsonObject { ["url"] = "HTTPS://img.host.example:443/SEARCH-1" };
        var byReference = new JsonObject { ["reference"] = "SEARCH-1" };
        foreach (var (who, found) in new[]
        {
            ("gb", (1, 1, 1, 1)), ("nl", (1, 1, 1, 0)), ("de", (1, 0, 1, 0)), ("police-nl", (1, 1, 1, 0)), ("jp", (0, 0, 0, 0)), ("police-jp", (0, 0, 0, 0)),
            ("interpol", (0, 0, 0, 0)),
        })
        {
            var counts = (
                Count(await node.PostAsync(who, "v1/reports:search", byId.DeepClone(), Purpose)),
                    Count(await node.PostAsync(who, "v1/reports:search", byHash.DeepClone(), Purpose)),
                Count(await node.PostAsync(who, "v1/reports:search", byUrl.DeepClone(), Purpose)),
                Count(await node.PostAsync(who, "v1/reports:search", byReference.DeepClone(), Purpose)));
            Assert.True(found == counts, $"{who} finds {counts} by id, hash, URL, reference; {found} was expected.");
        }

        (await node.PostAsync("operator", "v1/reports:search", byId.DeepClone())).Is(HttpStatusCode.Forbidden);

        static int Count(Reply r) => r.Is(HttpStatusCode.OK).Json.GetProperty("items").GetArrayLength();
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Queues_and_statistics_count_what_the_caller_sees(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var id = await node.SubmitAsync("gb", Bodies.Report("COUNTED-1", ReportLifeTests.WithoutHashes));
        await ReportLifeTests.InQueueAsync(node, "nl", "unassessed", id);
        var page = (await node.GetAsync("nl", "v1/queues/unassessed")).Is(HttpStatusCode.OK).Json.GetProperty("items");
        Assert.Equal(page.GetArrayLength(), await UnassessedAsync("nl"));
        // Nothing in any test is hosted in Finland.
        Assert.Equal(0, await UnassessedAsync("fi"));
        Assert.Empty((await node.GetAsync("fi", "v1/queues/unassessed")).Is(HttpStatusCode.OK).Json.GetProperty("items").EnumerateArray());
        Assert.True(await UnassessedAsync("operator") >= page.GetArrayLength());
        (await node.GetAsync("operator", "v1/queues/unassessed")).Is(HttpStatusCode.Forbidden);
        foreach (var who in new[] { "gb", "nl", "fi", "operator", "interpol" })
        {
            var statistics = (await node.GetAsync(who, "v1/statistics")).Is(HttpStatusCode.OK);
            Assert.All(statistics.Json.GetProperty("figures").EnumerateArray(), f => Assert.NotEmpty(f.GetProperty("definition").GetString()!));
            Assert.DoesNotContain("img.host.example", statistics.Text, StringComparison.Ordinal);
        }

        async Task<long> UnassessedAsync(string who) =>
            (await node.GetAsync(who, "v1/queues")).Is(HttpStatusCode.OK).Json.GetProperty("queues").EnumerateArray()
            .Single(q => q.GetProperty("name").GetString() == "unassessed").GetProperty("count").GetInt64();
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Who_has_the_job_and_its_police_get_the_clocks_and_withdrawn_items_count_apart(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var day = TimeSpan.FromDays(1);
        var received = DateTimeOffset.UtcNow - (2 * day);
        string Body(string reference) => Bodies.Report(reference, r =>
        {
            ReportLifeTests.WithoutHashes(r);
            r["hotlineReceivedDate"] = received.ToString("O");
        });
        var everybody = new[] { "gb", "nl", "police-nl", "operator" };
        var before = new Dictionary<string, JsonElement>();
        var others = await node.SubmitAsync("gb", Body("CLOCKS-0"));
        await ReportLifeTests.InQueueAsync(node, "nl", "unassessed", others);
        foreach (var who in everybody)
        {
            before[who] = (await node.GetAsync(who, "v1/statistics", Purpose)).Is(HttpStatusCode.OK).Json;
        }

        // Two reports about the Netherlands that Great Britain sent: one worked on there, with a date of an action that cannot be, one taken back.
        var (id, back) = (await node.SubmitAsync("gb", Body("CLOCKS-1")), await node.SubmitAsync("gb", Body("CLOCKS-2")));
        (await node.ConfirmedAsync("gb", $"v1/reports/{back}:withdraw", new JsonObject())).Is(HttpStatusCode.OK);
        await node.AssignedAsync("nl", id, "hotline-nl");
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment())).Is(HttpStatusCode.OK);
        foreach (var (type, at) in new[] { (1, DateTimeOffset.UtcNow), (2, received - day) })
        {
            var action = ReportLifeTests.Action(type);
            action["action"]!["actionDate"] = at.ToString("O");
            (await node.PostAsync("nl", $"v1/reports/{id}/items:act", action)).Is(HttpStatusCode.OK);
        }

        foreach (var who in everybody)
        {
            // The times are read last: once they are there, all is there for whoever asks next.
            var was = before[who];
            await EndToEndNode.UntilAsync(() => node.GetAsync(who, "v1/statistics", Purpose), r =>
                Of(r.Json, "receiptToHost", "dataFaults") == Of(was, "receiptToHost", "dataFaults") + 1);
            var now = (await node.GetAsync(who, "v1/statistics", Purpose)).Is(HttpStatusCode.OK).Json;
            Assert.Equal(Of(was, "receiptToPolice", "items") + 1, Of(now, "receiptToPolice", "items"));
            Assert.Equal(Of(was, "receiptToPolice", "dataFaults"), Of(now, "receiptToPolice", "dataFaults"));
            Assert.Equal(Of(was, "receiptToHost", "items"), Of(now, "receiptToHost", "items"));
            Assert.Equal(Of(was, "withdrawn", "count") + 1, Of(now, "withdrawn", "count"));
            Assert.Equal(Of(was, "items", "count") + 1, Of(now, "items", "count"));
            Assert.Equal(Of(was, "exchanged", "count") + 1, Of(now, "exchanged", "count"));

            // Great Britain reported it and never had it; so nothing of the Netherlands' time with it is its own.
            Assert.Equal(Of(was, "assignmentToPolice", "items") + (who == "gb" ? 0 : 1), Of(now, "assignmentToPolice", "items"));
        }

        var listed = await ReportLifeTests.InQueueAsync(node, "nl", "unassessed", others);
        Assert.Equal(received.UtcDateTime, listed.GetProperty("hotlineReceivedDate").GetDateTimeOffset().UtcDateTime, TimeSpan.FromMilliseconds(1));
        Assert.False(listed.TryGetProperty("reportHotlineReference", out _));
        Assert.False(listed.TryGetProperty("hotlineReference", out _));

        static long Of(JsonElement statistics, string name, string property) =>
            new[] { "figures", "durations" }.SelectMany(list => statistics.GetProperty(list).EnumerateArray())
                .Single(f => f.GetProperty("name").GetString() == name).GetProperty(property).GetInt64();
    }

    [Fact]
    public async Task Without_a_key_nothing_is_answered_and_a_wrong_role_is_refused()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        foreach (var path in new[] { "v1/queues", "v1/statistics", "v1/agencies", "v1/rejections", $"v1/reports/{NoReport}", "v1/projections" })
        {
            var answer = (await node.GetAsync(null, path)).Is(HttpStatusCode.Unauthorized);
            Assert.NotEmpty(answer.Headers.WwwAuthenticate);
            (await node.GetAsync(null, path, ("Authorization", "Bearer cport_made_up"))).Is(HttpStatusCode.Unauthorized);
        }

        (await node.GetAsync("police-nl", "v1/queues")).Is(HttpStatusCode.Forbidden);
        Assert.Equal("purpose-missing", (await node.GetAsync("police-nl", $"v1/reports/{NoReport}")).Code);
        (await node.SendAsync("police-nl", HttpMethod.Post, "v1/reports", Bodies.Report("X"), [Purpose])).Is(HttpStatusCode.Forbidden);
        (await node.SendAsync("operator", HttpMethod.Post, "v1/reports", Bodies.Report("X"))).Is(HttpStatusCode.Forbidden);
        (await node.GetAsync("nl", "v1/agencies")).Is(HttpStatusCode.Forbidden);
        (await node.GetAsync("auditor", "v1/agencies")).Is(HttpStatusCode.Forbidden);
        (await node.PostAsync("nl", "v1/projections:rebuild", null)).Is(HttpStatusCode.Forbidden);
        foreach (var who in new[] { "operator", "auditor", "supervisor" })
        {
            var lookup = new JsonObject { ["hashes"] = new JsonArray(new JsonObject { ["algorithm"] = "md5", ["value"] = Bodies.Hash("x", 16) }) };
            (await node.PostAsync(who, "v1/hashes:lookup", lookup)).Is(HttpStatusCode.Forbidden);
        }
    }
}
