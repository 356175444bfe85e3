using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Exercises on hashes leave live work alone (audit B2).</summary>
[Collection(EndToEndCollection.Name)]
public sealed class TrainingHashTests(EndToEndNodes nodes)
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(20);

    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_training_report_and_a_training_list_change_nothing_that_live_keys_see_nor_the_other_way_round(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var (gb, interpol) = (await node.TrainingKeyAsync("hotline-gb", "Analyst"), await node.TrainingKeyAsync("interpol", "Analyst"));
        var (assessed, listed, live) = (Bodies.Hash("training-assessed", 32), Bodies.Hash("training-listed", 32), Bodies.Hash("training-live", 32));
        foreach (var (who, hash) in new[] { (interpol, listed), ("interpol", live) })
        {
            var row = new JsonObject { ["sha256"] = hash, ["classification"] = "Baseline" };
            Assert.Equal("imported", Assert.Single(await node.StreamAsync(who, [row.ToJsonString()], "v1/hashes:import?list=exercise"))
                .GetProperty("outcome").GetString());
        }

        // A training report's own word is known in training, from the moment that it is matched.
        await node.SubmitAsync(gb, Bodies.Report("TRAINING-1", r =>
        {
            r["urls"]![0]!["hashes"] = new JsonObject { ["sha256"] = assessed };
            r["urls"]![0]!["assessment"] = new JsonObject { ["classification"] = "Baseline", ["ageCategorization"] = 3, ["genderCategorization"] = 2 };
        }));
        await EndToEndNode.UntilAsync(() => node.ShowHashAsync(gb, "sha256", assessed), r => r.Status == HttpStatusCode.OK, AtOnce);
        Assert.Equal([true, true, false], await KnownAsync(node, interpol, assessed, listed, live));
        Assert.Equal([false, false, true], await KnownAsync(node, "interpol", assessed, listed, live));
        (await node.ShowHashAsync("interpol", "sha256", assessed)).Is(HttpStatusCode.NotFound);

        // A live report with what training lists inherits nothing.
        var id = await node.SubmitAsync("gb", Bodies.Report("LIVE-1", r => r["urls"]![0]!["hashes"] = new JsonObject { ["sha256"] = listed }));
        Assert.False((await node.AssignedAsync("nl", id, "hotline-nl")).TryGetProperty("knownWithoutLook", out _));

        // Nor does a retraction reach across: there is no word to take back.
        var retract = new JsonObject { ["list"] = "exercise", ["hashes"] = Values(listed) };
        Assert.Equal(0, (await node.PostAsync("interpol", "v1/hashes:retract", retract)).Is(HttpStatusCode.OK).Json.GetProperty("verdicts").GetInt32());
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task The_quarantine_is_the_keys_own_and_an_operators_live_one_unless_he_says_training(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var interpol = await node.TrainingKeyAsync("interpol", "Analyst");
        var hash = Bodies.Hash("training-quarantine", 32);
        var body = new JsonObject { ["hashes"] = Values(hash) };
        Assert.Equal(1, (await node.PostAsync(interpol, "v1/hashes/quarantine:add", body)).Is(HttpStatusCode.OK).Json.GetProperty("changed").GetInt32());
        var id = Assert.Single(await ListAsync(interpol, ""), r => r.GetProperty("value").GetString() == hash).GetProperty("id").GetString()!;
        Assert.StartsWith("training-exact-", id, StringComparison.Ordinal);
        Assert.DoesNotContain(await ListAsync("operator", ""), r => r.GetProperty("id").GetString() == id);
        Assert.DoesNotContain(await ListAsync("interpol", ""), r => r.GetProperty("id").GetString() == id);
        Assert.Contains(await ListAsync("operator", "&tenant=training"), r => r.GetProperty("id").GetString() == id);

        // A live key neither sees nor releases what is training's.
        (await node.GetAsync("interpol", "v1/hashes/quarantine?tenant=training")).Is(HttpStatusCode.UnprocessableEntity);
        var release = new JsonObject { ["ids"] = new JsonArray(id) };
        (await node.PostAsync("interpol", "v1/hashes/quarantine:release", release)).Is(HttpStatusCode.UnprocessableEntity);
        var byOperator = JsonNode.Parse(release.ToJsonString())!.AsObject();
        var released = (await node.PostAsync("operator", "v1/hashes/quarantine:release", byOperator)).Is(HttpStatusCode.OK).Json;
        Assert.Equal(1, released.GetProperty("changed").GetInt32());

        async Task<List<JsonElement>> ListAsync(string who, string more) =>
            [.. (await node.GetAsync(who, $"v1/hashes/quarantine?maxResults=200{more}")).Is(HttpStatusCode.OK).Json.GetProperty("quarantined")
                .EnumerateArray()];
    }

    private static JsonArray Values(params string[] sha256) =>
        new([.. sha256.Select(h => (JsonNode)new JsonObject { ["algorithm"] = "sha256", ["value"] = h })]);

    private static async Task<IEnumerable<bool>> KnownAsync(EndToEndNode node, string who, params string[] sha256) =>
        (await node.PostAsync(who, "v1/hashes:lookup", new JsonObject { ["hashes"] = Values(sha256) })).Is(HttpStatusCode.OK).Json
            .GetProperty("results").EnumerateArray().Select(r => r.GetProperty("known").GetBoolean()).ToList();
}
