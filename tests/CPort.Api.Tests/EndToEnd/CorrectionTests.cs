using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Corrections and withdrawals: what they reach, what they leave, and that both are said beforehand.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class CorrectionTests(EndToEndNodes nodes)
{
    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_correction_reaches_the_occurrence_that_carries_the_opinion(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var sha256 = Bodies.Hash("copied", 32);
        var id = await node.SubmitAsync("gb", WithHash("COPY-1", sha256));
        await node.AssignedAsync("nl", id, "hotline-nl");
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment())).Is(HttpStatusCode.OK);
        (await node.PostAsync("nl", $"v1/reports/{id}/items:act", ReportLifeTests.Action(3))).Is(HttpStatusCode.OK);
        (await node.PostAsync("nl", $"v1/reports/{id}/items:seen-again", new JsonObject { ["item"] = 1 })).Is(HttpStatusCode.OK);
        await node.AssignedAsync("nl", id, "hotline-nl", item: 2);

        var correction = new JsonObject { ["item"] = 1, ["assessment"] = Opinion("NotIllegal") };
        (await node.ConfirmedAsync("nl", $"v1/reports/{id}/items:correct", correction)).Is(HttpStatusCode.OK);
        var copy = await node.ItemAsync("nl", id, i => Class(i) == "NotIllegal", item: 2);
        Assert.Equal(2, copy.GetProperty("assessments").GetArrayLength());
        var first = (await node.GetAsync("nl", $"v1/reports/{id}/items/1")).Json;
        Assert.Equal(("Removed", "NotIllegal"), (first.GetProperty("state").GetString(), Class(first)));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_withdrawn_duplicate_leaves_what_its_agency_says_of_the_hash_on_another_report(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var sha256 = Bodies.Hash("said-twice", 32);
        var first = await node.SubmitAsync("gb", WithHash("TWICE-1", sha256, "Baseline"));
        var at = await SaidAsync(node, sha256, _ => true);
        var second = await node.SubmitAsync("gb", WithHash("TWICE-2", sha256, "Baseline"));
        await SaidAsync(node, sha256, later => later != at);

        (await node.ConfirmedAsync("gb", $"v1/reports/{second}:withdraw", new JsonObject())).Is(HttpStatusCode.OK);
        await SaidAsync(node, sha256, left => left == at);
        (await node.ConfirmedAsync("gb", $"v1/reports/{first}:withdraw", new JsonObject())).Is(HttpStatusCode.OK);
        await EndToEndNode.UntilAsync(() => LookUpAsync(node, sha256), r => Result(r).GetProperty("opinions").GetArrayLength() == 0);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task That_it_is_gone_closes_for_the_assigned_country_when_it_says_so_itself(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        static string Gone(string reference, string country) => Bodies.Report(reference, r =>
        {
            var url = r["urls"]![0]!.AsObject();
            url.Remove("hashes");
            url["hostingCountryCode"] = country;
            url["actions"] = new JsonArray(new JsonObject { ["actionType"] = 3, ["actionDate"] = "2026-01-02T03:04:05Z" });
        });

        var abroad = await node.SubmitAsync("gb", Gone("GONE-1", "NL"));
        var open = await node.AssignedAsync("nl", abroad, "hotline-nl");
        Assert.Equal("Unassessed", open.GetProperty("state").GetString());
        var said = Assert.Single(open.GetProperty("actions").EnumerateArray());
        Assert.Equal("hotline-gb", said.GetProperty("agency").GetString());
        (await node.PostAsync("nl", $"v1/reports/{abroad}/items:assess", ReportLifeTests.Assessment())).Is(HttpStatusCode.OK);
        (await node.PostAsync("nl", $"v1/reports/{abroad}/items:act", ReportLifeTests.Action(3))).Is(HttpStatusCode.OK);
        Assert.Equal("Removed", (await node.GetAsync("nl", $"v1/reports/{abroad}/items/1")).Json.GetProperty("state").GetString());

        var home = await node.SubmitAsync("nl", Gone("GONE-2", "NL"));
        Assert.Equal("Removed", (await node.AssignedAsync("nl", home, "hotline-nl")).GetProperty("state").GetString());
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_withdrawal_and_a_correction_say_first_what_they_change_of_what_the_caller_sees(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await node.RegisterAsync("hotline-preview", "Hotline", "Trusted", "Analyst", "IS");
        var sha256 = Bodies.Hash("previewed", 32);
        var mine = await node.SubmitAsync("hotline-preview", WithHash("PREVIEW-1", sha256, "Baseline"));
        await SaidAsync(node, sha256, _ => true);
        var theirs = await node.SubmitAsync("gb", WithHash("PREVIEW-2", sha256));
        await node.ItemAsync("nl", theirs, i => i.TryGetProperty("knownWithoutLook", out var known) && known.GetBoolean());

        // Iceland's hotline sees its own item and not the British one, whose verdict changes too.
        var path = $"v1/reports/{mine}/items:correct";
        var correction = new JsonObject { ["item"] = 1, ["assessment"] = Opinion("National") };
        var counted = (await node.PostAsync("hotline-preview", path, correction)).Is(HttpStatusCode.OK).Json;
        Assert.Equal("counted", counted.GetProperty("outcome").GetString());
        Assert.Equal((false, 1, 1, 1), Numbers(counted));
        Assert.Equal("Baseline", Class((await node.GetAsync("hotline-preview", $"v1/reports/{mine}/items/1")).Json));
        correction["confirm"] = 2;
        Assert.Equal("count-changed", (await node.PostAsync("hotline-preview", path, correction)).Is(HttpStatusCode.Conflict).Code);
        correction["confirm"] = 1;
        var key = ("Command-Id", "preview-1");
        var done = (await node.PostAsync("hotline-preview", path, correction, key)).Is(HttpStatusCode.OK).Json;
        Assert.Equal((true, 1, 1, 1), Numbers(done));

        // The repeat counts anew, finds nothing to change, and gets the first answer.
        var repeated = (await node.PostAsync("hotline-preview", path, correction, key)).Is(HttpStatusCode.OK).Json;
        Assert.True(repeated.GetProperty("replayed").GetBoolean());
        await node.ItemAsync("nl", theirs, i => !i.TryGetProperty("knownWithoutLook", out _));

        counted = (await node.PostAsync("hotline-preview", $"v1/reports/{mine}:withdraw", new JsonObject())).Is(HttpStatusCode.OK).Json;
        Assert.Equal((false, 1, 1, 1), Numbers(counted));
        var still = (await node.GetAsync("hotline-preview", $"v1/reports/{mine}")).Json;
        Assert.False(still.TryGetProperty("withdrawn", out var withdrawn) && withdrawn.GetBoolean());

        // Of hashes, too, who sees no item that carries one is told of none.
        var listed = Bodies.Hash("previewed-list", 32);
        var row = new JsonObject { ["sha256"] = listed, ["classification"] = "Baseline" };
        Assert.Single(await node.StreamAsync("hotline-preview", [row.ToJsonString()], "v1/hashes:import?list=own"));
        var third = await node.SubmitAsync("gb", WithHash("PREVIEW-3", listed));
        await node.ItemAsync("nl", third, i => i.TryGetProperty("knownWithoutLook", out var known) && known.GetBoolean());
        var retract = new JsonObject { ["list"] = "own", ["hashes"] = Values(listed) };
        var preview = (await node.PostAsync("hotline-preview", "v1/hashes:retract", retract)).Is(HttpStatusCode.OK).Json;
        Assert.Equal([1, 0, 0], new[] { "verdicts", "items", "reports" }.Select(n => preview.GetProperty(n).GetInt32()));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task An_agencys_change_under_a_command_id_that_brought_another_is_a_conflict_and_a_country_is_named_once(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var twice = new JsonObject { ["id"] = "hotline-twice", ["name"] = "Example", ["kind"] = "Hotline", ["countries"] = new JsonArray("NL", "NL") };
        var refused = (await node.PostAsync("operator", "v1/agencies", twice)).Is(HttpStatusCode.UnprocessableEntity).Json;
        Assert.Equal("countries[1]", refused.GetProperty("errors")[0].GetProperty("field").GetString());

        await node.RegisterAsync("hotline-reuse", "Hotline", "Standard", "Analyst", "LI");
        var key = new[] { ("Command-Id", "reuse-1") };
        Task<Reply> TrustAsync(string trust) => node.SendAsync(
            "operator", HttpMethod.Patch, "v1/agencies/hotline-reuse", new JsonObject { ["trust"] = trust }.ToJsonString(), key);
        Assert.Equal("Untrusted", (await TrustAsync("Untrusted")).Is(HttpStatusCode.OK).Json.GetProperty("trust").GetString());
        (await TrustAsync("Untrusted")).Is(HttpStatusCode.OK);
        Assert.Equal("command-id-in-use", (await TrustAsync("Standard")).Is(HttpStatusCode.Conflict).Code);
        Assert.Equal("Untrusted", (await node.GetAsync("operator", "v1/agencies/hotline-reuse")).Json.GetProperty("trust").GetString());

        // A wish that comes again is the one that waits.
        key = [("Command-Id", "reuse-2")];
        var waits = (await TrustAsync("Standard")).Is(HttpStatusCode.Accepted).Json;
        Assert.Equal(Numbers(waits), Numbers((await TrustAsync("Standard")).Is(HttpStatusCode.Accepted).Json));

        static long[] Numbers(JsonElement agency) => [.. agency.GetProperty("changes").EnumerateArray().Select(c => c.GetProperty("number").GetInt64())];
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_parameter_that_is_none_or_stands_twice_is_named(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        foreach (var (path, name, code) in new[]
        {
            ("v1/queues/unassessed?maxresult=5", "maxresult", "unknown-parameter"), ("v1/queues?x=1", "x", "unknown-parameter"),
            ("v1/queues/unassessed?maxResults=5&maxResults=6", "maxResults", "duplicate-parameter"),
            ("v1/statistics?from=2026-01-01T00:00:00Z&till=2026-02-01T00:00:00Z", "till", "unknown-parameter"),
            ("v1/queues?https%3A%2F%2Fx.example%2F=1", "?", "unknown-parameter"),
        })
        {
            var problem = (await node.GetAsync("nl", path)).Is(HttpStatusCode.BadRequest);
            Assert.Equal((code, name), (problem.Code, problem.Json.GetProperty("errors")[0].GetProperty("field").GetString()));
        }

        (await node.GetAsync("nl", "v1/queues/unassessed?maxResults=5&order=oldest")).Is(HttpStatusCode.OK);
        Assert.Equal("unknown-parameter", (await node.SendAsync("gb", HttpMethod.Post, "v1/reports?code=v2", Bodies.Report("QUERY-1")))
            .Is(HttpStatusCode.BadRequest).Code);
        (await node.SendAsync("gb", HttpMethod.Post, "v1/reports?codes=v3", Bodies.Report("QUERY-1"))).Is(HttpStatusCode.Created);
        (await node.GetAsync(null, "v1/queues?x=1")).Is(HttpStatusCode.Unauthorized);
    }

    internal static string WithHash(string reference, string sha256, string? said = null) => Bodies.Report(reference, r =>
    {
        r["urls"]![0]!["hashes"] = new JsonObject { ["sha256"] = sha256 };
        if (said is not null)
        {
            r["urls"]![0]!["assessment"] = Opinion(said);
        }
    });

    private static JsonObject Opinion(string classification) =>
        new() { ["classification"] = classification, ["ageCategorization"] = 3, ["genderCategorization"] = 2 };

    private static (bool Applied, int Verdicts, int Items, int Reports) Numbers(JsonElement answer)
    {
        var change = answer.GetProperty("change");
        return (change.GetProperty("applied").GetBoolean(), change.GetProperty("verdicts").GetInt32(), change.GetProperty("items").GetInt32(),
            change.GetProperty("reports").GetInt32());
    }

    private static string? Class(JsonElement item) =>
        item.TryGetProperty("classification", out var c) ? c.GetProperty("name").GetString() : null;

    internal static JsonArray Values(params string[] sha256) =>
        new([.. sha256.Select(h => (JsonNode)new JsonObject { ["algorithm"] = "sha256", ["value"] = h })]);

    private static Task<Reply> LookUpAsync(EndToEndNode node, string sha256) =>
        node.PostAsync("interpol", "v1/hashes:lookup", new JsonObject { ["hashes"] = Values(sha256) });

    private static JsonElement Result(Reply reply) => reply.Json.GetProperty("results")[0];

    /// <summary>Waits until there is one word on the hash, said at a time as wanted; that time.</summary>
    private static async Task<string> SaidAsync(EndToEndNode node, string sha256, Func<string, bool> wanted) => At(await EndToEndNode.UntilAsync(
        () => LookUpAsync(node, sha256), r => At(r) is { Length: > 0 } at && wanted(at)));

    private static string At(Reply reply) =>
        Result(reply).GetProperty("opinions").EnumerateArray().ToArray() is [var only] ? only.GetProperty("at").GetString()! : "";
}
