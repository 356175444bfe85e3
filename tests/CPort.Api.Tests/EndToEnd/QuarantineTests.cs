using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Over-matching hashes: put in, listed, released, and what they mean meanwhile.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class QuarantineTests(EndToEndNodes nodes)
{
    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_listed_hash_in_quarantine_means_nothing_until_released_and_operators_see_it_without_its_value(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var sha256 = Bodies.Hash("quarantine", 32);
        var row = new JsonObject { ["sha256"] = sha256, ["classification"] = "Baseline" };
        Assert.Equal("imported", Assert.Single(await node.StreamAsync("interpol", [row.ToJsonString()], "v1/hashes:import?list=e2e")).GetProperty("outcome")
            .GetString());
        Assert.True((await LookupAsync(node, sha256)).GetProperty("known").GetBoolean());

        JsonObject Body() => new() { ["hashes"] = new JsonArray(new JsonObject { ["algorithm"] = "sha256", ["value"] = sha256 }) };
        (await node.PostAsync("nl", "v1/hashes/quarantine:add", Body())).Is(HttpStatusCode.Forbidden);
        Assert.Equal(1, (await node.PostAsync("operator", "v1/hashes/quarantine:add", Body())).Is(HttpStatusCode.OK).Json.GetProperty("changed").GetInt32());
        Assert.Equal(0, (await node.PostAsync("interpol", "v1/hashes/quarantine:add", Body())).Is(HttpStatusCode.OK).Json.GetProperty("changed").GetInt32());
        var looked = await LookupAsync(node, sha256);
        Assert.True(!looked.GetProperty("known").GetBoolean() && looked.GetProperty("trap").GetBoolean());

        (await node.GetAsync("nl", "v1/hashes/quarantine")).Is(HttpStatusCode.Forbidden);
        (await node.GetAsync("auditor", "v1/hashes/quarantine")).Is(HttpStatusCode.Forbidden);
        var trusted = Assert.Single((await ListAsync(node, "interpol")), r => r.GetProperty("value").GetString() == sha256);
        var id = trusted.GetProperty("id").GetString()!;
        var seen = Assert.Single(await ListAsync(node, "operator"), r => r.GetProperty("id").GetString() == id);
        Assert.False(seen.TryGetProperty("value", out _));
        Assert.Equal(("operator", 1, false), (seen.GetProperty("by").GetString(), seen.GetProperty("opinions").GetInt32(), seen.GetProperty("confirmed")
            .GetBoolean()));

        (await node.PostAsync("operator", "v1/hashes/quarantine:release", new JsonObject { ["ids"] = new JsonArray("exact-1.x") }))
            .Is(HttpStatusCode.UnprocessableEntity);
        (await node.PostAsync("operator", "v1/hashes/quarantine:release", new JsonObject())).Is(HttpStatusCode.UnprocessableEntity);
        var release = await node.PostAsync("operator", "v1/hashes/quarantine:release", new JsonObject { ["ids"] = new JsonArray(id) });
        Assert.Equal(1, release.Is(HttpStatusCode.OK).Json.GetProperty("changed").GetInt32());
        Assert.True((await LookupAsync(node, sha256)).GetProperty("known").GetBoolean());
        Assert.DoesNotContain(await ListAsync(node, "operator"), r => r.GetProperty("id").GetString() == id);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task The_list_comes_in_pages(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var hashes = Enumerable.Range(0, 7).Select(n => Bodies.Hash($"quarantine-page-{n}", 16)).ToArray();
        var body = new JsonObject
        {
            ["hashes"] = new JsonArray([.. hashes.Select(h => (JsonNode)new JsonObject { ["algorithm"] = "md5", ["value"] = h })]),
        };
        (await node.PostAsync("interpol", "v1/hashes/quarantine:add", body)).Is(HttpStatusCode.OK);
        var listed = await ListAsync(node, "interpol", limit: 2);
        Assert.Equal(hashes.Order(StringComparer.Ordinal), listed.Select(r => r.GetProperty("value").GetString()!).Intersect(hashes)
            .Order(StringComparer.Ordinal));
        Assert.Equal(listed.Count, listed.Select(r => r.GetProperty("id").GetString()).Distinct().Count());
        (await node.GetAsync("operator", "v1/hashes/quarantine?cursor=AAAA")).Is(HttpStatusCode.BadRequest);
        (await node.PostAsync("interpol", "v1/hashes/quarantine:release", JsonNode.Parse(body.ToJsonString()))).Is(HttpStatusCode.OK);
    }

    private static async Task<List<JsonElement>> ListAsync(EndToEndNode node, string who, int limit = 200)
    {
        var rows = new List<JsonElement>();
        string? cursor = null;
        do
        {
            var page = (await node.GetAsync(who, $"v1/hashes/quarantine?maxResults={limit}{(cursor is null ? "" : "&cursor=" + cursor)}")).Is(HttpStatusCode.OK)
                .Json;
            Assert.InRange(page.GetProperty("quarantined").GetArrayLength(), 0, limit);
            rows.AddRange(page.GetProperty("quarantined").EnumerateArray());
            cursor = page.TryGetProperty("nextCursor", out var next) && next.ValueKind == JsonValueKind.String ? next.GetString() : null;
        }
        while (cursor is not null);
        return rows;
    }

    private static async Task<JsonElement> LookupAsync(EndToEndNode node, string sha256) =>
        (await node.PostAsync("nl", "v1/hashes:lookup", new JsonObject
            { ["hashes"] = new JsonArray(new JsonObject { ["algorithm"] = "sha256", ["value"] = sha256 }) }))
        .Is(HttpStatusCode.OK).Json.GetProperty("results")[0];
}
