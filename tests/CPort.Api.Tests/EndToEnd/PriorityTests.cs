using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>In which order police finds its referrals, by whose rules, and that two forces on the same are told of each other: on both databases.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class PriorityTests(EndToEndNodes nodes)
{
    private static readonly (string Name, string Value) Purpose = ("X-Purpose", "Case 4711");
    private static readonly HashSet<EndToEndNode> Ready = [];

    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task The_inbox_is_in_the_order_of_scores_which_say_their_sum_and_an_answer_raises_completeness(DatabaseProvider provider)
    {
        var node = await WithAgenciesAsync(provider);
        var national = await ReferredAsync(node, $"PRI-1-{provider}", "ZA", "ncb-za", r => r["sourceUrlReferrer"] = "https://links.example/x", "National");
        var baseline = await ReferredAsync(node, $"PRI-2-{provider}", "ZA", "ncb-za", judged: "Baseline");
        await EndToEndNode.UntilAsync(() => ListAsync(node, "ncb-za"), r => Place(r, baseline.Id) is >= 0 and var b && b < Place(r, national.Id));
        var listed = Of(await ListAsync(node, "ncb-za"), baseline.Id)!.Value;
        Assert.Equal(0, listed.GetProperty("priority").GetProperty("rulesVersion").GetInt32());
        Assert.Contains("Baseline +25", listed.GetProperty("priority").GetProperty("inWords").GetString(), StringComparison.Ordinal);

        var before = Of(await ListAsync(node, "ncb-za"), national.Id)!.Value.GetProperty("completeness");
        Assert.Equal(7, before.GetProperty("of").GetInt32());
        Assert.Contains("UploadTime", before.GetProperty("missing").EnumerateArray().Select(m => m.GetString()));
        Assert.DoesNotContain("Referrer", before.GetProperty("missing").EnumerateArray().Select(m => m.GetString()));
        var asked = (await node.PostAsync("ncb-za", "v1/requests", new JsonObject
        {
            ["reportId"] = national.Report, ["items"] = new JsonArray(new JsonObject { ["item"] = 1 }), ["fields"] = new JsonArray("UploadTime", "Access"),
        }, Purpose)).Is(HttpStatusCode.OK).Json.GetProperty("requestId").GetString();
        (await node.PostAsync("gb", $"v1/requests/{asked}:answer", new JsonObject
        {
            ["answers"] = new JsonArray(
                new JsonObject { ["field"] = "UploadTime", ["value"] = "2026-01-01T10:00:00+02:00" },
                new JsonObject { ["field"] = "Access", ["value"] = "someone", ["password"] = "a-secret-word" }),
        })).Is(HttpStatusCode.OK);
        await EndToEndNode.UntilAsync(() => node.GetAsync("ncb-za", $"v1/referrals/{national.Id}", Purpose), r =>
            r.Is(HttpStatusCode.OK).Json.GetProperty("completeness").GetProperty("have").GetInt32() == before.GetProperty("have").GetInt32() + 2);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Rules_are_drafted_tried_and_switched_on_by_a_second_person(DatabaseProvider provider)
    {
        var node = await WithAgenciesAsync(provider);
        var national = await ReferredAsync(node, $"PRI-3-{provider}", "BW", "ncb-bw", judged: "National");
        var baseline = await ReferredAsync(node, $"PRI-4-{provider}", "BW", "ncb-bw", judged: "Baseline");
        await EndToEndNode.UntilAsync(() => ListAsync(node, "ncb-bw"), r => Place(r, baseline.Id) is >= 0 and var b && b < Place(r, national.Id));

        var rules = new JsonObject { ["rules"] = new JsonArray(new JsonObject { ["signal"] = "National", ["weight"] = 90 }) };
        (await node.PostAsync("ncb-bw", "v1/priority-rules", rules.DeepClone(), Purpose)).Is(HttpStatusCode.Forbidden);
        (await node.PostAsync("hotline-bw", "v1/priority-rules", rules.DeepClone())).Is(HttpStatusCode.Forbidden);
        Assert.Equal("rules[0].weight", (await node.PostAsync("chief-bw", "v1/priority-rules",
            new JsonObject { ["rules"] = new JsonArray(new JsonObject { ["signal"] = "National" }) }, Purpose)).Is((HttpStatusCode)422).Json
            .GetProperty("errors")[0].GetProperty("field").GetString());
        var version = (await DraftAsync()).Is(HttpStatusCode.OK).Json.GetProperty("version").GetInt32();
        Assert.Equal(version, (await DraftAsync()).Is(HttpStatusCode.OK).Json.GetProperty("version").GetInt32());
        Assert.Equal("rules-not-tried", (await DoAsync("second-bw", "activate")).Is(HttpStatusCode.Conflict).Code);

        var trial = (await node.PostAsync("chief-bw", $"v1/priority-rules/{version}:try", new JsonObject { ["last"] = 50, ["threshold"] = 80 }, Purpose))
            .Is(HttpStatusCode.OK).Json;
        Assert.Equal(0, trial.GetProperty("against").GetInt32());
        var ranks = trial.GetProperty("ranks").EnumerateArray().ToDictionary(r => r.GetProperty("referralId").GetString()!);
        Assert.Equal((90, 0), (ranks[national.Id].GetProperty("newScore").GetInt32(), ranks[baseline.Id].GetProperty("newScore").GetInt32()));
        Assert.True(ranks[national.Id].GetProperty("newRank").GetInt32() < ranks[national.Id].GetProperty("oldRank").GetInt32());
        Assert.NotEmpty(trial.GetProperty("movers").EnumerateArray());

        // A trial changes nothing.
        Assert.True(Place(await ListAsync(node, "ncb-bw"), baseline.Id) < Place(await ListAsync(node, "ncb-bw"), national.Id));
        Assert.Equal("same-person", (await DoAsync("chief-bw", "activate")).Is(HttpStatusCode.Forbidden).Code);
        Assert.Equal("Active", (await DoAsync("second-bw", "activate")).Is(HttpStatusCode.OK).Json.GetProperty("state").GetString());
        await EndToEndNode.UntilAsync(() => ListAsync(node, "ncb-bw"), r =>
            Of(r, national.Id) is { } n && n.GetProperty("priority").GetProperty("rulesVersion").GetInt32() == version
            && n.GetProperty("priority").GetProperty("score").GetInt32() == 90 && Place(r, national.Id) < Place(r, baseline.Id));

        // Another agency has rules of its own, and does not see these.
        Assert.DoesNotContain("\"weight\":90", (await node.GetAsync("chief-za", "v1/priority-rules", Purpose)).Is(HttpStatusCode.OK).Text,
            StringComparison.Ordinal);
        (await node.PostAsync("chief-za", $"v1/priority-rules/{version}:retire", new JsonObject(), Purpose)).Is(HttpStatusCode.NotFound);
        (await DoAsync("chief-bw", "retire")).Is(HttpStatusCode.OK);
        await EndToEndNode.UntilAsync(() => ListAsync(node, "ncb-bw"), r =>
            Of(r, national.Id) is { } n && n.GetProperty("priority").GetProperty("rulesVersion").GetInt32() == 0);

        Task<Reply> DraftAsync() => node.PostAsync("chief-bw", "v1/priority-rules", rules.DeepClone(), Purpose, ("Command-Id", $"draft-{provider}"));
        Task<Reply> DoAsync(string who, string verb) => node.PostAsync(who, $"v1/priority-rules/{version}:{verb}", new JsonObject(), Purpose);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Two_forces_on_one_picture_are_told_of_each_other_and_by_name_only_where_they_share_an_item(DatabaseProvider provider)
    {
        var node = await WithAgenciesAsync(provider);
        void SameFile(JsonObject r)
        {
            r["urgent"] = true;
            r["urls"]![0]!["hashes"] = new JsonObject { ["md5"] = Bodies.Hash($"shared-{provider}", 16) };
        }

        var za = await ReferredAsync(node, $"DEC-1-{provider}", "ZA", "ncb-za", SameFile);
        var alone = await ReferredAsync(node, $"DEC-2-{provider}", "ZA", "ncb-za", r => r["urgent"] = true);
        Assert.DoesNotContain("deconfliction", (await node.GetAsync("ncb-za", $"v1/referrals/{za.Id}", Purpose)).Is(HttpStatusCode.OK).Text,
            StringComparison.Ordinal);
        var bw = await ReferredAsync(node, $"DEC-3-{provider}", "BW", "ncb-bw", SameFile);
        foreach (var (who, id, other, report) in new[] { ("ncb-za", za.Id, "bw", bw.Report), ("ncb-bw", bw.Id, "za", za.Report) })
        {
            Reply page = null!;
            await EndToEndNode.UntilAsync(async () => page = await node.GetAsync(who, $"v1/referrals/{id}", Purpose),
                r => r.Is(HttpStatusCode.OK).Json.TryGetProperty("deconfliction", out _));
            var hint = Assert.Single(page.Json.GetProperty("deconfliction").EnumerateArray());
            Assert.Equal(("MatchingMedia", "INTERPOL"), (hint.GetProperty("because").GetString(), hint.GetProperty("ask").GetString()));
            Assert.False(hint.TryGetProperty("agency", out _));
            Assert.DoesNotContain($"-{other}\"", page.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(report, page.Text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("deconfliction", (await node.GetAsync("ncb-za", $"v1/referrals/{alone.Id}", Purpose)).Is(HttpStatusCode.OK).Text,
            StringComparison.Ordinal);

        // Once both have the very item they learn with whom to talk.
        (await node.PostAsync("hotline-za", "v1/referrals", new JsonObject
        {
            ["reportId"] = za.Report, ["items"] = new JsonArray(new JsonObject { ["item"] = 1 }), ["agency"] = "ncb-bw", ["because"] = "Report",
        })).Is(HttpStatusCode.OK);
        await EndToEndNode.UntilAsync(() => node.GetAsync("ncb-za", $"v1/referrals/{za.Id}", Purpose), r =>
            r.Is(HttpStatusCode.OK).Json.GetProperty("deconfliction").EnumerateArray()
                .Any(h => h.GetProperty("because").GetString() == "SameItem" && h.GetProperty("agency").GetString() == "ncb-bw"));
    }

    private static Task<Reply> ListAsync(EndToEndNode node, string who) => node.GetAsync(who, "v1/referrals?maxResults=200&state=Open", Purpose);

    private static JsonElement? Of(Reply list, string id) => list.Is(HttpStatusCode.OK).Json.GetProperty("referrals").EnumerateArray()
        .Where(r => r.GetProperty("referralId").GetString() == id).Select(r => (JsonElement?)r).FirstOrDefault();

    private static int Place(Reply list, string id) => list.Is(HttpStatusCode.OK).Json.GetProperty("referrals").EnumerateArray()
        .Select(r => r.GetProperty("referralId").GetString()).ToList().IndexOf(id);

    /// <summary>A report of a host of its own, judged or urgent, and the referral that the police has with it.</summary>
    private static async Task<(string Report, string Id)> ReferredAsync(
        EndToEndNode node, string reference, string country, string police, Action<JsonObject>? change = null, string? judged = null)
    {
        var report = await node.SubmitAsync("gb", Bodies.Report(reference, r =>
        {
            ReportLifeTests.WithoutHashes(r);
            r["urls"]![0]!["hostingCountryCode"] = country;
            r["urls"]![0]!["urlString"] = $"https://{reference.ToLowerInvariant()}.example/x";
            change?.Invoke(r);
        }));
        var hotline = $"hotline-{country.ToLowerInvariant()}";
        await node.AssignedAsync(hotline, report, hotline);
        if (judged is not null)
        {
            (await node.PostAsync(hotline, $"v1/reports/{report}/items:assess", ReportLifeTests.Assessment(judged))).Is(HttpStatusCode.OK);
        }

        string? id = null;
        await EndToEndNode.UntilAsync(() => node.GetAsync(police, $"v1/reports/{report}/items/1", Purpose), r =>
            r.Status == HttpStatusCode.OK && r.Json.TryGetProperty("referrals", out var all)
                && (id = all.EnumerateArray().Where(x => x.TryGetProperty("referralId", out _))
                    .Select(x => x.GetProperty("referralId").GetString()).FirstOrDefault()) is not null);
        return (report, id!);
    }

    private async Task<EndToEndNode> WithAgenciesAsync(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        if (Ready.Add(node))
        {
            foreach (var country in new[] { "za", "bw" })
            {
                await node.RegisterAsync($"hotline-{country}", "Hotline", "Standard", "Analyst", country.ToUpperInvariant());
                await node.RegisterAsync($"ncb-{country}", "Police", "Standard", "Officer", country.ToUpperInvariant());
                await node.KeyAsync($"chief-{country}", $"ncb-{country}", "Officer", "Manager");
                await node.KeyAsync($"second-{country}", $"ncb-{country}", "Officer", "Manager");
            }
        }

        return node;
    }
}
