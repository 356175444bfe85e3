using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>A judgement waits for somebody who does not know it: over HTTP, by people's own keys, on both databases.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class SecondLookTests(EndToEndNodes nodes)
{
    private static readonly Dictionary<EndToEndNode, string[]> Ready = [];

    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Of_what_waits_nobody_who_may_look_learns_what_was_said_and_a_third_decides(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var people = await WithAgenciesAsync(node);
        var id = await SubmittedAsync(node, $"LOOK-1-{provider}");
        (await node.PostAsync("ug-anna", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment())).Is(HttpStatusCode.OK);
        var listed = await EndToEndNode.UntilAsync(() => node.GetAsync("ug-bob", "v1/second-looks"), r => Has(r, id));
        Assert.DoesNotContain("lassification", listed.Text, StringComparison.Ordinal);

        // The first never gets it, in no list; nor does who may not look at all.
        Assert.False(Has(await node.GetAsync("ug-anna", "v1/second-looks"), id));
        Assert.False(Has(await node.GetAsync("ug-anna", "v1/queues/second-looks"), id));
        Assert.False(Has(await node.GetAsync("gb", "v1/second-looks"), id));
        Assert.Equal("same-person", (await LookAsync(node, "ug-anna", id, "Baseline")).Is(HttpStatusCode.Forbidden).Code);
        Assert.Equal("person-needed", (await LookAsync(node, "ug-system", id, "Baseline")).Is(HttpStatusCode.Forbidden).Code);
        Assert.Equal("awaits-second-look",
            (await node.PostAsync("ug-bob", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment())).Is(HttpStatusCode.Conflict).Code);
        Assert.Equal("assessment.classification", (await node.PostAsync("ug-bob", $"v1/reports/{id}/items:assess-blind", new JsonObject
        {
            ["item"] = 1, ["assessment"] = new JsonObject { ["classification"] = "Worse" },
        })).Is((HttpStatusCode)422).Json.GetProperty("errors")[0].GetProperty("field").GetString());

        (await LookAsync(node, "ug-bob", id, "National")).Is(HttpStatusCode.OK);
        foreach (var who in new[] { "ug-carla", "ug-chief", "ug-system" })
        {
            foreach (var path in new[]
            {
                $"v1/reports/{id}", $"v1/reports/{id}/items/1", $"v1/reports/{id}/history", "v1/second-looks", "v1/queues/second-looks",
            })
            {
                var text = (await node.GetAsync(who, path)).Text;
                Assert.All(new[] { "Baseline", "National", people[0], people[1] }, word => Assert.DoesNotContain(word, text, StringComparison.Ordinal));
            }
        }

        var feed = await EndToEndNode.UntilAsync(() => node.GetAsync("ug-carla", "v1/feed?maxResults=200"),
            r => r.Text.Contains("cport.item.second_look.v1", StringComparison.Ordinal));
        var news = feed.Json.EnumerateArray().Where(e => e.GetProperty("subject").GetString() == $"{id}-1").Select(e => e.ToString()).ToArray();
        Assert.NotEmpty(news);
        Assert.All(news, n => Assert.DoesNotContain("Baseline", n, StringComparison.Ordinal));
        var item = (await node.GetAsync("ug-carla", $"v1/reports/{id}/items/1")).Is(HttpStatusCode.OK).Json;
        Assert.Equal(("AwaitsSecondLook", true), (item.GetProperty("state").GetString(), item.GetProperty("secondLook").GetProperty("waits").GetBoolean()));
        Assert.False(item.TryGetProperty("assessments", out _));
        Assert.Equal("not-assessed-yet", (await node.PostAsync("ug-anna", $"v1/reports/{id}/items:act", ReportLifeTests.Action(2)))
            .Is(HttpStatusCode.Conflict).Code);

        (await LookAsync(node, "ug-carla", id, "Baseline")).Is(HttpStatusCode.OK);
        var after = await node.ItemAsync("ug-bob", id, i => i.TryGetProperty("classification", out _));
        Assert.Equal("Baseline", after.GetProperty("classification").GetProperty("name").GetString());
        Assert.Equal(2, after.GetProperty("secondLook").GetProperty("answers").GetArrayLength());
        await EndToEndNode.UntilAsync(() => node.GetAsync("ug-chief", "v1/second-looks/waiting"),
            r => !Has(r, id) && r.Json.GetProperty("settled").GetInt64() >= 1 && r.Json.GetProperty("confirmed").GetInt64() >= 1);
        (await node.PostAsync("ug-anna", $"v1/reports/{id}/items:act", ReportLifeTests.Action(2))).Is(HttpStatusCode.OK);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Where_nobody_is_left_the_manager_sees_it_and_asks_another_agency(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await WithAgenciesAsync(node);
        var id = await SubmittedAsync(node, $"LOOK-2-{provider}");
        (await node.PostAsync("ug-anna", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment())).Is(HttpStatusCode.OK);
        await EndToEndNode.UntilAsync(() => node.GetAsync("ug-chief", "v1/second-looks/waiting"), r => Has(r, id) && !NobodyLeft(r, id));
        (await LookAsync(node, "ug-bob", id, "National")).Is(HttpStatusCode.OK);
        (await LookAsync(node, "ug-carla", id, "NotIllegal")).Is(HttpStatusCode.OK);
        await EndToEndNode.UntilAsync(() => node.GetAsync("ug-chief", "v1/second-looks/waiting"), r => NobodyLeft(r, id));
        (await node.GetAsync("ug-bob", "v1/second-looks/waiting")).Is(HttpStatusCode.Forbidden);

        (await AskAsync(node, "ug-bob", id, "hotline-ke")).Is(HttpStatusCode.Forbidden);
        Assert.Equal("not-for-looks", (await AskAsync(node, "ug-chief", id, "hotline-gb")).Is((HttpStatusCode)422).Code);
        (await node.GetAsync("ke-kamau", $"v1/reports/{id}/items/1")).Is(HttpStatusCode.NotFound);
        (await AskAsync(node, "ug-chief", id, "hotline-ke")).Is(HttpStatusCode.OK);
        await EndToEndNode.UntilAsync(() => node.GetAsync("ke-kamau", "v1/second-looks"), r => Has(r, id));
        var seen = (await node.GetAsync("ke-kamau", $"v1/reports/{id}/items/1")).Is(HttpStatusCode.OK);
        Assert.True(seen.Json.TryGetProperty("urlString", out _));
        Assert.DoesNotContain("lassification\"", seen.Text, StringComparison.Ordinal);
        (await node.PostAsync("ke-kamau", $"v1/reports/{id}/items:claim", ReportLifeTests.Items())).Is(HttpStatusCode.OK);
        (await LookAsync(node, "ke-kamau", id, "National")).Is(HttpStatusCode.OK);
        var after = await node.ItemAsync("ug-anna", id, i => i.TryGetProperty("classification", out _));
        Assert.Equal("National", after.GetProperty("classification").GetProperty("name").GetString());
        await EndToEndNode.UntilAsync(() => node.GetAsync("ke-kamau", "v1/second-looks"), r => !Has(r, id));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_manager_says_what_is_looked_at_twice_and_each_change_is_a_version(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await WithAgenciesAsync(node);
        var before = (await node.GetAsync("ug-chief", "v1/second-looks/policy")).Is(HttpStatusCode.OK).Json;
        Assert.True(before.GetProperty("own").GetProperty("newBaseline").GetBoolean());
        (await PolicyAsync(node, "ug-bob", new JsonObject { ["iwol"] = true })).Is(HttpStatusCode.Forbidden);
        Assert.Equal("agreeing", (await PolicyAsync(node, "ug-chief", new JsonObject { ["iwol"] = true, ["agreeing"] = 9 })).Is((HttpStatusCode)422).Json
            .GetProperty("errors")[0].GetProperty("field").GetString());
        var body = new JsonObject { ["newBaseline"] = true, ["iwol"] = true, ["sample"] = 0 };
        var changed = (await PolicyAsync(node, "ug-chief", body)).Is(HttpStatusCode.OK).Json;
        Assert.Equal(before.GetProperty("version").GetInt32() + 1, changed.GetProperty("version").GetInt32());
        Assert.Equal(changed.ToString(), (await PolicyAsync(node, "ug-chief", body)).Is(HttpStatusCode.OK).Json.ToString());
        Assert.True(changed.GetProperty("applies").GetProperty("iwol").GetBoolean());
        (await PolicyAsync(node, "ug-chief", new JsonObject { ["newBaseline"] = true, ["sample"] = 0 })).Is(HttpStatusCode.OK);
    }

    private static Task<Reply> PolicyAsync(EndToEndNode node, string who, JsonObject body) =>
        node.SendAsync(who, HttpMethod.Put, "v1/second-looks/policy", body.ToJsonString());

    private static Task<Reply> LookAsync(EndToEndNode node, string who, string report, string said) =>
        node.PostAsync(who, $"v1/reports/{report}/items:assess-blind", new JsonObject
        {
            ["item"] = 1, ["assessment"] = ReportLifeTests.Assessment(said)["assessment"]!.DeepClone(),
        });

    private static Task<Reply> AskAsync(EndToEndNode node, string who, string report, string agency) =>
        node.PostAsync(who, $"v1/reports/{report}/items:ask-look", ReportLifeTests.With("agency", agency));

    private static JsonElement Of(Reply reply, string report) =>
        reply.Json.GetProperty("items").EnumerateArray().FirstOrDefault(i => i.GetProperty("reportId").GetString() == report);

    private static bool Has(Reply reply, string report) => Of(reply.Is(HttpStatusCode.OK), report).ValueKind == JsonValueKind.Object;

    private static bool NobodyLeft(Reply reply, string report) =>
        Of(reply, report) is { ValueKind: JsonValueKind.Object } row && row.GetProperty("nobodyLeft").GetBoolean();

    private static async Task<string> SubmittedAsync(EndToEndNode node, string reference)
    {
        var id = await node.SubmitAsync("gb", Bodies.Report(reference, r =>
        {
            ReportLifeTests.WithoutHashes(r);
            ((JsonObject)r["urls"]![0]!).Remove("assessment");
            r["urls"]![0]!["hostingCountryCode"] = "UG";
        }));
        await node.AssignedAsync("ug-chief", id, "hotline-ug");
        return id;
    }

    private static async Task<string[]> WithAgenciesAsync(EndToEndNode node)
    {
        if (!Ready.TryGetValue(node, out var people))
        {
            await node.RegisterAsync("hotline-ug", "Hotline", "Standard", "Administrator", "UG");
            await node.RegisterAsync("hotline-ke", "Hotline", "Trusted", "Administrator", "KE");
            await node.KeyAsync("ug-chief", "hotline-ug", "Analyst", "Manager");
            await node.KeyAsync("ug-system", "hotline-ug", "Machine");
            people =
            [
                await node.PersonKeyAsync("ug-anna", "hotline-ug", "Analyst"), await node.PersonKeyAsync("ug-bob", "hotline-ug", "Analyst"),
                await node.PersonKeyAsync("ug-carla", "hotline-ug", "Analyst"), await node.PersonKeyAsync("ke-kamau", "hotline-ke", "Analyst"),
            ];
            (await PolicyAsync(node, "ug-chief", new JsonObject { ["newBaseline"] = true, ["sample"] = 0 })).Is(HttpStatusCode.OK);
            Ready[node] = people;
        }

        return people;
    }
}
