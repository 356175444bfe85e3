using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Hashes that become known, change and are taken back while reports hold them.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class KnownHashTests(EndToEndNodes nodes)
{
    /// <summary>Long for a busy machine's first time; before the sweeper's first look (30 s), which would bring the news too.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(20);

    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_hash_imported_later_reaches_the_report_and_leaves_it_when_retracted(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var sha256 = Bodies.Hash("retro", 32);
        var id = await node.SubmitAsync("gb", Bodies.Report("RETRO-1", r => r["urls"]![0]!["hashes"] = new JsonObject { ["sha256"] = sha256 }));
        var before = await node.AssignedAsync("nl", id, "hotline-nl");
        Assert.False(before.TryGetProperty("classification", out _));

        await ImportAsync(node, new JsonObject { ["sha256"] = sha256, ["classification"] = "Baseline" });
        var known = (await EndToEndNode.UntilAsync(
            () => node.GetAsync("nl", $"v1/reports/{id}/items/1"), r => r.Json.TryGetProperty("knownWithoutLook", out var k) && k.GetBoolean(), AtOnce)).Json;
        Assert.Equal("Baseline", known.GetProperty("classification").GetProperty("name").GetString());
        Assert.Equal("interpol", known.GetProperty("inheritance").GetProperty("sources")[0].GetProperty("agency").GetString());

        var looked = (await LookupAsync(node, "nl", null, ("sha256", sha256)))[0];
        Assert.True(looked.GetProperty("known").GetBoolean());
        Assert.False(looked.TryGetProperty("sightings", out _));
        var opinion = looked.GetProperty("opinions")[0];
        Assert.Equal(("interpol", "e2e"), (opinion.GetProperty("agency").GetString(), opinion.GetProperty("list").GetString()));
        Assert.True(opinion.TryGetProperty("at", out _));
        (await node.ShowHashAsync("nl", "sha256", sha256)).Is(HttpStatusCode.OK);

        var retract = new JsonObject { ["list"] = "e2e", ["hashes"] = new JsonArray(new JsonObject { ["algorithm"] = "sha256", ["value"] = sha256 }) };
        var preview = (await EndToEndNode.UntilAsync(
            () => node.PostAsync("interpol", "v1/hashes:retract", retract), r => r.Is(HttpStatusCode.OK).Json.GetProperty("items").GetInt32() == 1)).Json;
        Assert.False(preview.GetProperty("applied").GetBoolean());
        retract["confirm"] = 7;
        (await node.PostAsync("interpol", "v1/hashes:retract", retract)).Is(HttpStatusCode.Conflict);
        retract["confirm"] = 1;
        Assert.True((await node.PostAsync("interpol", "v1/hashes:retract", retract)).Is(HttpStatusCode.OK).Json.GetProperty("applied").GetBoolean());
        Assert.False((await LookupAsync(node, "nl", null, ("sha256", sha256)))[0].GetProperty("known").GetBoolean());
        await EndToEndNode.UntilAsync(
            () => node.GetAsync("nl", $"v1/reports/{id}/items/1"), r =>
                !r.Json.TryGetProperty("knownWithoutLook", out _) && !r.Json.TryGetProperty("classification", out _), AtOnce);
        await ReportLifeTests.InQueueAsync(node, "nl", "unassessed", id);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_correction_by_the_assessing_hotline_changes_what_is_known(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var sha256 = Bodies.Hash("correct", 32);
        var id = await node.SubmitAsync("gb", Bodies.Report("CORRECT-1", r => r["urls"]![0]!["hashes"] = new JsonObject { ["sha256"] = sha256 }));
        await node.AssignedAsync("nl", id, "hotline-nl");
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        await ClassifiedAsync("National");
        var correction = new JsonObject { ["item"] = 1, ["assessment"] = ReportLifeTests.Assessment("NotIllegal")["assessment"]!.DeepClone(),
            ["why"] = "Second look." };
        (await node.ConfirmedAsync("nl", $"v1/reports/{id}/items:correct", correction)).Is(HttpStatusCode.OK);
        await ClassifiedAsync("NotIllegal");
        var assessments = (await node.GetAsync("nl", $"v1/reports/{id}/items/1")).Json.GetProperty("assessments");
        Assert.Equal(2, assessments.GetArrayLength());
        Assert.Equal(assessments[1].GetProperty("id").GetInt32(), assessments[0].GetProperty("correctedBy").GetInt32());

        Task<Reply> ClassifiedAsync(string name) => EndToEndNode.UntilAsync(
            () => node.ShowHashAsync("nl", "sha256", sha256),
            r => r.Status == HttpStatusCode.OK && r.Json.GetProperty("opinions").EnumerateArray().Any(o =>
                o.GetProperty("classification").GetProperty("name").GetString() == name));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task An_import_of_any_length_takes_what_of_its_rows_can_be_read(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var md5 = Bodies.Hash("beside a bad one", 16);
        var row = new JsonObject { ["md5"] = md5, ["sha1"] = "short", ["classification"] = "Baseline" }.ToJsonString();

        // More than a request of one report may have.
        var answers = await node.StreamAsync("interpol", [.. Enumerable.Repeat(new string('x', 1_000_000), 18), row], "v1/hashes:import?list=e2e");
        Assert.Equal([.. Enumerable.Repeat("rejected", 18), "imported"], answers.Select(a => a.GetProperty("outcome").GetString()));
        Assert.Contains("sha1", Assert.Single(answers[^1].GetProperty("leftOut").EnumerateArray()).GetProperty("field").GetString(), StringComparison.Ordinal);
        Assert.True((await LookupAsync(node, "nl", null, ("md5", md5)))[0].GetProperty("known").GetBoolean());

        // Whatever a sender's program calls lines of JSON.
        foreach (var type in new[] { "application/json", "application/jsonl", "application/x-www-form-urlencoded", "text/plain" })
        {
            var taken = await node.SendAsync("interpol", HttpMethod.Post, "v1/hashes:import?list=e2e", row, type: type);
            Assert.Contains("\"outcome\":\"unchanged\"", taken.Is(HttpStatusCode.OK).Text, StringComparison.Ordinal);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Near_PDQ_values_are_found_within_the_radius_with_their_distance(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var pdq = Bodies.Hash("pdq", 32);
        var near = Bodies.Flip(pdq, 9);
        await ImportAsync(node, new JsonObject { ["pdq"] = pdq, ["pdqQuality"] = 90, ["classification"] = "Baseline" });
        Assert.Empty((await LookupAsync(node, "nl", 0, ("pdq", near)))[0].GetProperty("near").EnumerateArray());
        var found = Assert.Single((await LookupAsync(node, "nl", 31, ("pdq", near)))[0].GetProperty("near").EnumerateArray());
        Assert.Equal((9, pdq), (found.GetProperty("distance").GetInt32(), found.GetProperty("value").GetString()));
        Assert.Empty((await LookupAsync(node, "nl", 31, ("pdq", Bodies.Flip(pdq, 32))))[0].GetProperty("near").EnumerateArray());

        var id = await node.SubmitAsync("gb", Bodies.Report("PDQ-1", r => r["urls"]![0]!["hashes"] = new JsonObject { ["pdq"] = near, ["pdqQuality"] = 80 }));
        var item = await node.ItemAsync("nl", id, i => i.TryGetProperty("near", out _));
        Assert.Equal(9, item.GetProperty("near")[0].GetProperty("distance").GetInt32());
        Assert.False(item.TryGetProperty("knownWithoutLook", out _));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Trap_values_never_match_and_ten_thousand_hashes_are_looked_up_at_once(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        const string emptyFile = "d41d8cd98f00b204e9800998ecf8427e";
        await ImportAsync(node, new JsonObject { ["md5"] = emptyFile, ["classification"] = "Baseline" }, "ignored");
        await ImportAsync(node, new JsonObject { ["sha1"] = Bodies.Hash("many-5", 20), ["classification"] = "Baseline" });
        var hashes = Enumerable.Range(0, 9_998).Select(n => ("sha1", Bodies.Hash($"many-{n}", 20))).Append(("md5", emptyFile))
            .Append(("pdq", new string('0', 64))).ToArray();
        var results = await LookupAsync(node, "nl", null, hashes);
        Assert.Equal(10_000, results.GetArrayLength());
        Assert.Equal([5], results.EnumerateArray().Where(r => r.GetProperty("known").GetBoolean()).Select(r => r.GetProperty("index").GetInt32()));
        Assert.True(results[9_998].GetProperty("trap").GetBoolean());
        Assert.True(results[9_999].GetProperty("trap").GetBoolean());
        Assert.Empty(results[9_999].GetProperty("near").EnumerateArray());

        var tooMany = new JsonObject { ["hashes"] =
            new JsonArray([.. Enumerable.Repeat(0, 10_001).Select(_ => (JsonNode)new JsonObject { ["algorithm"] = "md5", ["value"] = emptyFile })]) };
        (await node.PostAsync("nl", "v1/hashes:lookup", tooMany)).Is(HttpStatusCode.UnprocessableEntity);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task An_import_says_of_each_line_what_became_of_it(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var row = new JsonObject { ["sha256"] = Bodies.Hash("outcome", 32), ["classification"] = "Baseline" };
        await ImportAsync(node, row);
        await ImportAsync(node, row, "unchanged");
        row["classification"] = "NotIllegal";
        row["country"] = "NL";

        // By a law the list had not spoken by: a source of its own.
        await ImportAsync(node, row);
        row["classification"] = "National";
        await ImportAsync(node, row, "changed");
        row["retract"] = true;
        await ImportAsync(node, row, "retracted");
        await ImportAsync(node, row, "unchanged");
        await ImportAsync(node, new JsonObject { ["pdq"] = Bodies.Hash("blurred", 32), ["pdqQuality"] = 20, ["classification"] = "Baseline" }, "ignored");
        row["md5"] = Bodies.Hash("outcome-md5", 16);
        row["retract"] = false;
        await ImportAsync(node, row, "imported");
        Assert.Equal("rejected", Assert.Single(await node.StreamAsync("interpol", ["{\"md5\":\"zz\"}"], "v1/hashes:import?list=e2e")).GetProperty("outcome")
            .GetString());
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Bad_lookups_name_the_field_and_equal_values_are_answered_each(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var pdq = Bodies.Hash("bad-input", 32);
        static JsonObject Hash(string value, string algorithm = "pdq", int? quality = null) =>
            quality is null ? new() { ["algorithm"] = algorithm, ["value"] = value } : new() { ["algorithm"] = algorithm, ["value"] = value,
                ["quality"] = quality };

        await WrongAsync("radius", new JsonObject { ["radius"] = 300, ["hashes"] = new JsonArray(Hash(pdq)) });
        await WrongAsync("radius", new JsonObject { ["radius"] = -1, ["hashes"] = new JsonArray(Hash(pdq)) });
        await WrongAsync("radius", new JsonObject { ["radius"] = 65, ["hashes"] = new JsonArray(Hash(pdq)) });
        await WrongAsync("maxResults", new JsonObject { ["maxResults"] = 101, ["hashes"] = new JsonArray(Hash(pdq)) });
        await WrongAsync("maxResults", new JsonObject
            { ["maxResults"] = 100, ["hashes"] = new JsonArray([.. Enumerable.Range(0, 2_001).Select(_ => (JsonNode)Hash(pdq))]) });
        await WrongAsync("hashes[1].value", new JsonObject { ["hashes"] = new JsonArray(Hash(pdq), Hash(pdq[1..])) });
        await WrongAsync("hashes[0].value", new JsonObject { ["hashes"] = new JsonArray(Hash(new string('g', 64))) });
        await WrongAsync("hashes[0].quality", new JsonObject { ["hashes"] = new JsonArray(Hash(pdq, quality: 101)) });
        await WrongAsync("hashes[0].quality", new JsonObject { ["hashes"] = new JsonArray(Hash(pdq, quality: -1)) });
        await WrongAsync("hashes[0].algorithm", new JsonObject { ["hashes"] = new JsonArray(Hash(pdq, "no-such")) });
        await WrongAsync("hashes", new JsonObject { ["hashes"] = new JsonArray() });

        var equal = new JsonObject { ["radius"] = 64, ["hashes"] = new JsonArray([.. Enumerable.Range(0, 10_000).Select(_ => (JsonNode)Hash(pdq))]) };
        Assert.Equal(10_000, (await node.PostAsync("nl", "v1/hashes:lookup", equal)).Is(HttpStatusCode.OK).Json.GetProperty("results").GetArrayLength());

        async Task WrongAsync(string field, JsonObject body)
        {
            var problem = (await node.PostAsync("nl", "v1/hashes:lookup", body)).Is(HttpStatusCode.UnprocessableEntity).Json;
            Assert.Equal(field, problem.GetProperty("errors")[0].GetProperty("field").GetString());
            Assert.DoesNotContain(pdq[..16], problem.ToString());
        }
    }

    private static async Task ImportAsync(EndToEndNode node, JsonObject row, string outcome = "imported")
    {
        var answer = Assert.Single(await node.StreamAsync("interpol", [row.ToJsonString()], "v1/hashes:import?list=e2e"));
        Assert.Equal(outcome, answer.GetProperty("outcome").GetString());
    }

    private static async Task<JsonElement> LookupAsync(EndToEndNode node, string who, int? radius, params (string Algorithm, string Value)[] hashes)
    {
        var body = new JsonObject { ["hashes"] =
            new JsonArray([.. hashes.Select(h => (JsonNode)new JsonObject { ["algorithm"] = h.Algorithm, ["value"] = h.Value })]) };
        if (radius is not null)
        {
            body["radius"] = radius;
        }

        return (await node.PostAsync(who, "v1/hashes:lookup", body)).Is(HttpStatusCode.OK).Json.GetProperty("results");
    }
}
