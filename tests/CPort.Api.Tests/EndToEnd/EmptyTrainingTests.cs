using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Training has numbers of its own and is emptied by one command; live work is not touched.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class EmptyTrainingTests(EndToEndNodes nodes)
{
    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Emptied_training_holds_nothing_and_counts_from_one(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var (gb, nl, interpol) = (await node.TrainingKeyAsync("hotline-gb", "Analyst"), await node.TrainingKeyAsync("hotline-nl", "Analyst"),
            await node.TrainingKeyAsync("interpol", "Analyst"));
        var (listed, pdq) = (Bodies.Hash("emptied-listed", 32), Bodies.Hash("emptied-pdq", 32));
        var live = await node.SubmitAsync("gb", Bodies.Report("EMPTY-LIVE"));
        var row = new JsonObject { ["sha256"] = listed, ["pdq"] = pdq, ["pdqQuality"] = 90, ["classification"] = "Baseline" };
        Assert.Single(await node.StreamAsync(interpol, [row.ToJsonString()], "v1/hashes:import?list=exercise"));
        Assert.Equal("rejected", Assert.Single(await node.StreamAsync(gb, ["{}"])).GetProperty("outcome").GetString());
        var old = await node.SubmitAsync(gb, CorrectionTests.WithHash("EMPTY-1", listed));
        await node.AssignedAsync(nl, old, "hotline-nl");
        await ReportLifeTests.InQueueAsync(node, nl, "unactioned", old);
        Assert.Equal(1, (await RejectionsAsync(node, gb))[0].GetProperty("id").GetInt64());

        // Only a live operator; and what it confirms must be what there is.
        const string path = "v1/training:empty";
        (await node.PostAsync("gb", path, new JsonObject())).Is(HttpStatusCode.Forbidden);
        (await node.PostAsync("auditor", path, new JsonObject())).Is(HttpStatusCode.Forbidden);
        (await node.PostAsync(await node.TrainingKeyAsync("operator", "Operator"), path, new JsonObject())).Is(HttpStatusCode.Forbidden);
        var counted = (await node.PostAsync("operator", path, new JsonObject())).Is(HttpStatusCode.OK).Json;
        Assert.False(counted.GetProperty("applied").GetBoolean());
        var items = counted.GetProperty("items").GetInt64();
        Assert.True(items >= 1);
        Assert.Equal((items, 1), (counted.GetProperty("reports").GetInt64(), counted.GetProperty("rejections").GetInt64()));
        Assert.Equal("count-changed",
            (await node.PostAsync("operator", path, new JsonObject { ["confirm"] = items + 1 })).Is(HttpStatusCode.Conflict).Code);
        (await node.GetAsync(nl, $"v1/reports/{old}")).Is(HttpStatusCode.OK);

        var (confirmed, key) = (new JsonObject { ["confirm"] = items }, ("Command-Id", $"empty-{Guid.NewGuid():N}"));
        async Task<string> EmptyAsync() => (await node.PostAsync("operator", path, confirmed, key)).Is(HttpStatusCode.OK).Json.GetRawText();
        var first = await EmptyAsync();
        Assert.Equal((true, items), (JsonDocument.Parse(first).RootElement.GetProperty("applied").GetBoolean(),
            JsonDocument.Parse(first).RootElement.GetProperty("items").GetInt64()));
        await NothingAsync();

        // The repeat does nothing and is told what the first time was, also after a restart.
        Assert.Equal(first, await EmptyAsync());
        var again = await node.SubmitAsync(gb, CorrectionTests.WithHash("EMPTY-1", listed));
        Assert.NotEqual(old, again);
        await node.AssignedAsync(nl, again, "hotline-nl");
        await node.RestartAsync();
        Assert.Equal(first, await EmptyAsync());
        var item = (await EndToEndNode.UntilAsync(() => node.GetAsync(nl, $"v1/reports/{again}/items/1"), r => r.Status == HttpStatusCode.OK)).Json;
        Assert.False(item.TryGetProperty("knownWithoutLook", out _));
        Assert.True(item.GetProperty("number").GetInt64() < 100);
        await ReportLifeTests.InQueueAsync(node, nl, "unassessed", again);
        Assert.Equal("rejected", Assert.Single(await node.StreamAsync(gb, ["{}"])).GetProperty("outcome").GetString());
        Assert.Equal(1, (await RejectionsAsync(node, gb))[0].GetProperty("id").GetInt64());
        (await node.GetAsync(nl, $"v1/reports/{old}")).Is(HttpStatusCode.NotFound);
        (await node.GetAsync("gb", $"v1/reports/{live}")).Is(HttpStatusCode.OK);
        await ReportLifeTests.InQueueAsync(node, "nl", "unassessed", live);

        async Task NothingAsync()
        {
            (await node.GetAsync(nl, $"v1/reports/{old}")).Is(HttpStatusCode.NotFound);
            (await node.GetAsync(nl, $"v1/reports/{old}/history")).Is(HttpStatusCode.NotFound);
            (await node.PostAsync(nl, $"v1/reports/{old}/items:assess", ReportLifeTests.Assessment())).Is(HttpStatusCode.NotFound);
            foreach (var body in new[] { new JsonObject(), new JsonObject { ["hashes"] = CorrectionTests.Values(listed) } })
            {
                Assert.Equal(0, (await node.PostAsync(nl, "v1/reports:search", body)).Is(HttpStatusCode.OK).Json.GetProperty("items").GetArrayLength());
            }

            Assert.All((await node.GetAsync(nl, "v1/queues")).Json.GetProperty("queues").EnumerateArray(),
                q => Assert.Equal(0, q.GetProperty("count").GetInt64()));
            Assert.Equal(0, (await node.GetAsync(nl, "v1/groups")).Is(HttpStatusCode.OK).Json.GetProperty("groups").GetArrayLength());
            Assert.All((await node.GetAsync(interpol, "v1/statistics")).Json.GetProperty("figures").EnumerateArray(),
                f => Assert.Equal(0, f.GetProperty("count").GetInt64()));
            Assert.Empty(await RejectionsAsync(node, gb));
            (await node.ShowHashAsync(interpol, "sha256", listed)).Is(HttpStatusCode.NotFound);
            var near = new JsonObject
            {
                ["radius"] = 31, ["hashes"] = new JsonArray(new JsonObject { ["algorithm"] = "pdq", ["value"] = pdq }),
            };
            var found = (await node.PostAsync(interpol, "v1/hashes:lookup", near)).Is(HttpStatusCode.OK).Json.GetProperty("results")[0];
            Assert.False(found.GetProperty("known").GetBoolean());
            Assert.Empty(found.GetProperty("near").EnumerateArray());
            Assert.Equal(0, (await node.PostAsync("operator", path, new JsonObject())).Is(HttpStatusCode.OK).Json.GetProperty("items").GetInt64());
        }
    }

    private static async Task<JsonElement[]> RejectionsAsync(EndToEndNode node, string who) =>
        [.. (await node.GetAsync(who, "v1/rejections")).Is(HttpStatusCode.OK).Json.GetProperty("rejections").EnumerateArray()];
}
