using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>What hotlines find reaches the police that it concerns, and what police says reaches the hotlines: over HTTP, on both databases.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class ReferralTests(EndToEndNodes nodes)
{
    private const string NoReferral = "00000000000000000000000000-r1";
    private static readonly (string Name, string Value) Purpose = ("X-Purpose", "Case 4711");
    private static readonly HashSet<EndToEndNode> Ready = [];

    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Illegal_items_of_the_country_open_a_referral_and_its_answers_reach_source_and_assigned_hotline(DatabaseProvider provider)
    {
        var node = await WithAgenciesAsync(provider);
        var first = await JudgedAsync(node, "REF-1", "ref-one.example");
        var id = await ReferralOfAsync(node, "ncb-si", first);
        var second = await JudgedAsync(node, "REF-2", "ref-one.example");

        // Another of the same host joins it.
        Assert.Equal(id, await ReferralOfAsync(node, "ncb-si", second));
        var page = (await node.GetAsync("ncb-si", $"v1/referrals/{id}", Purpose)).Is(HttpStatusCode.OK);
        Assert.Equal(("Open", "Host", false, 2), (page.Json.GetProperty("state").GetString(), page.Json.GetProperty("because").GetString(),
            page.Json.GetProperty("urgent").GetBoolean(), page.Json.GetProperty("itemCount").GetInt32()));
        Assert.Equal([first, second], page.Json.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("reportId").GetString()));
        Assert.DoesNotContain("ref-one", page.Text, StringComparison.Ordinal);
        await EndToEndNode.UntilAsync(
            () => node.GetAsync("ncb-si", "v1/referrals?state=Open", Purpose), r => Listed(r, id) is { } l && l.GetProperty("items").GetInt32() == 2);

        var answer = new JsonObject { ["text"] = "words-of-police" };
        Assert.Equal("Received", (await node.PostAsync("ncb-si", $"v1/referrals/{id}:receive", answer, Purpose, ("Command-Id", $"receive-{provider}")))
            .Is(HttpStatusCode.OK).Json.GetProperty("state").GetString());
        Assert.True((await node.PostAsync("ncb-si", $"v1/referrals/{id}:receive", answer.DeepClone(), Purpose, ("Command-Id", $"receive-{provider}")))
            .Is(HttpStatusCode.OK).Json.GetProperty("replayed").GetBoolean());
        var again = await node.PostAsync("ncb-si", $"v1/referrals/{id}:receive", new JsonObject(), Purpose);
        Assert.Equal("referral-is-over", again.Is(HttpStatusCode.Conflict).Code);
        (await node.PostAsync("ncb-si", $"v1/referrals/{id}:use", new JsonObject(), Purpose)).Is(HttpStatusCode.OK);
        Assert.Equal("outcome", (await node.PostAsync("ncb-si", $"v1/referrals/{id}:close", new JsonObject(), Purpose)).Is((HttpStatusCode)422).Json
            .GetProperty("errors")[0].GetProperty("field").GetString());
        (await node.PostAsync("ncb-si", $"v1/referrals/{id}:close", new JsonObject { ["outcome"] = "VictimIdentified" }, Purpose)).Is(HttpStatusCode.OK);
        foreach (var (who, report) in new[] { ("gb", first), ("hotline-si", first), ("ncb-si", second) })
        {
            var said = await SaidAsync(node, who, report, "Closed");
            Assert.Equal(["Received", "InUse", "Closed"], said.GetProperty("feedback").EnumerateArray().Select(f => f.GetProperty("state").GetString()));
            Assert.Equal("words-of-police", said.GetProperty("feedback")[0].GetProperty("text").GetString());
            Assert.Equal("VictimIdentified", said.GetProperty("feedback")[2].GetProperty("outcome").GetProperty("name").GetString());
            Assert.Equal(who == "ncb-si", said.TryGetProperty("referralId", out _));
            Assert.Contains("ReferralNoted", (await node.GetAsync(who, $"v1/reports/{report}/history", Purpose)).Text, StringComparison.Ordinal);
        }

        // What comes after an end opens another, which knows of the first.
        var third = await JudgedAsync(node, "REF-3", "ref-one.example");
        var next = await ReferralOfAsync(node, "ncb-si", third);
        Assert.NotEqual(id, next);
        Assert.Equal(id, (await node.GetAsync("ncb-si", $"v1/referrals/{next}", Purpose)).Json.GetProperty("others")[0].GetProperty("referralId").GetString());
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Urgent_items_are_referred_at_once_and_come_first(DatabaseProvider provider)
    {
        var node = await WithAgenciesAsync(provider);
        var ordinary = await ReferralOfAsync(node, "ncb-si", await JudgedAsync(node, "REF-U1", "ref-calm.example"));
        var report = await node.SubmitAsync("gb", Body("REF-U2", "ref-urgent.example", r => r["urgent"] = true));
        var urgent = await ReferralOfAsync(node, "ncb-si", report);
        await EndToEndNode.UntilAsync(() => node.GetAsync("ncb-si", "v1/referrals?maxResults=200", Purpose), r =>
        {
            var ids = r.Is(HttpStatusCode.OK).Json.GetProperty("referrals").EnumerateArray().Select(l => l.GetProperty("referralId").GetString()).ToList();
            return ids.Contains(urgent) && ids.Contains(ordinary) && ids.IndexOf(urgent) < ids.IndexOf(ordinary);
        });
        var one = (await node.GetAsync("ncb-si", "v1/referrals?maxResults=1", Purpose)).Is(HttpStatusCode.OK).Json;
        Assert.Single(one.GetProperty("referrals").EnumerateArray());
        var cursor = Uri.EscapeDataString(one.GetProperty("nextCursor").GetString()!);
        var rest = (await node.GetAsync("ncb-si", $"v1/referrals?maxResults=200&cursor={cursor}", Purpose))
            .Is(HttpStatusCode.OK).Json.GetProperty("referrals").EnumerateArray().Select(l => l.GetProperty("referralId").GetString());
        Assert.DoesNotContain(one.GetProperty("referrals")[0].GetProperty("referralId").GetString(), rest);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task To_everybody_else_a_referral_does_not_exist_byte_by_byte(DatabaseProvider provider)
    {
        var node = await WithAgenciesAsync(provider);
        var report = await JudgedAsync(node, "REF-L1", "ref-leak.example");
        var id = await ReferralOfAsync(node, "ncb-si", report);
        (await node.PostAsync("ncb-si", $"v1/referrals/{id}:receive", new JsonObject { ["text"] = "a-secret-word" }, Purpose)).Is(HttpStatusCode.OK);
        await SaidAsync(node, "gb", report, "Received");
        foreach (var stranger in new[] { "police-jp", "police-nl", "interpol", "police-si", "gb", "hotline-si" })
        {
            Assert.Equal(
                (await node.GetAsync(stranger, $"v1/referrals/{NoReferral}", Purpose)).Is(HttpStatusCode.NotFound).Text,
                (await node.GetAsync(stranger, $"v1/referrals/{id}", Purpose)).Is(HttpStatusCode.NotFound).Text);
            Assert.DoesNotContain(id, (await node.GetAsync(stranger, "v1/referrals", Purpose)).Is(HttpStatusCode.OK).Text, StringComparison.Ordinal);
            foreach (var verb in new[] { "receive", "use" })
            {
                var there = await node.PostAsync(stranger, $"v1/referrals/{id}:{verb}", new JsonObject(), Purpose);
                var nowhere = await node.PostAsync(stranger, $"v1/referrals/{NoReferral}:{verb}", new JsonObject(), Purpose);
                Assert.Equal((nowhere.Status, nowhere.Text), (there.Status, there.Text));
                Assert.True((int)there.Status is 403 or 404, there.Text);
            }
        }

        // Those who see the item without having part in it see nothing of what was said.
        foreach (var other in new[] { "police-si", "interpol" })
        {
            foreach (var path in new[] { "/items/1", "", "/history" })
            {
                var text = (await node.GetAsync(other, $"v1/reports/{report}{path}", Purpose)).Is(HttpStatusCode.OK).Text;
                Assert.DoesNotContain("referral", text, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain("a-secret-word", text, StringComparison.Ordinal);
            }
        }

        (await node.GetAsync("supervisor", "v1/referrals")).Is(HttpStatusCode.Forbidden);
        (await node.GetAsync("operator", "v1/referrals")).Is(HttpStatusCode.Forbidden);
        var trainee = await node.TrainingKeyAsync("ncb-si", "Officer");
        (await node.GetAsync(trainee, $"v1/referrals/{id}", Purpose)).Is(HttpStatusCode.NotFound);
        Assert.Empty((await node.GetAsync(trainee, "v1/referrals", Purpose)).Is(HttpStatusCode.OK).Json.GetProperty("referrals").EnumerateArray());
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Police_that_it_is_referred_to_sees_it_and_hands_it_on(DatabaseProvider provider)
    {
        var node = await WithAgenciesAsync(provider);
        var report = await node.SubmitAsync("gb", Body("REF-H1", "ref-hand.example"));
        await node.AssignedAsync("hotline-si", report, "hotline-si");
        (await node.GetAsync("police-jp", $"v1/reports/{report}", Purpose)).Is(HttpStatusCode.NotFound);
        (await node.PostAsync("hotline-si", "v1/referrals", Refer(report, "hotline-gb"))).Is((HttpStatusCode)422);
        (await node.PostAsync("police-jp", "v1/referrals", Refer(report, "police-jp"), Purpose)).Is(HttpStatusCode.NotFound);
        (await node.PostAsync("hotline-si", "v1/referrals", Refer(report, "police-jp"))).Is(HttpStatusCode.OK);
        var id = await ReferralOfAsync(node, "police-jp", report);
        Assert.Equal("hotline-si", (await node.GetAsync("police-jp", $"v1/referrals/{id}", Purpose)).Is(HttpStatusCode.OK).Json
            .GetProperty("openedBy").GetString());
        (await node.PostAsync("police-jp", $"v1/reports/{report}/items:assess", ReportLifeTests.Assessment(), Purpose)).Is(HttpStatusCode.Forbidden);

        // To police of another country it goes by way of INTERPOL only.
        Assert.Equal("forward-does-not-fit", (await ForwardAsync("police-nl")).Is((HttpStatusCode)422).Code);
        (await ForwardAsync("interpol")).Is(HttpStatusCode.OK);
        var handed = await ReferralOfAsync(node, "interpol", report);
        Assert.Equal("police-jp", (await node.GetAsync("interpol", $"v1/referrals/{handed}", Purpose)).Json.GetProperty("openedBy").GetString());
        (await node.PostAsync("interpol", $"v1/referrals/{handed}:decline", new JsonObject { ["reason"] = "TooLittleData" }, Purpose)).Is(HttpStatusCode.OK);
        foreach (var who in new[] { "gb", "hotline-si" })
        {
            await SaidAsync(node, who, report, "Declined", "interpol");
            await SaidAsync(node, who, report, "Forwarded", "police-jp");
        }

        Task<Reply> ForwardAsync(string to) => node.PostAsync("police-jp", $"v1/referrals/{id}:forward", new JsonObject { ["to"] = to }, Purpose);
    }

    private static JsonObject Refer(string report, string agency) => new()
    {
        ["reportId"] = report, ["items"] = new JsonArray(new JsonObject { ["item"] = 1 }), ["agency"] = agency, ["because"] = "Report",
    };

    private static JsonElement? Listed(Reply list, string id) =>
        list.Is(HttpStatusCode.OK).Json.GetProperty("referrals").EnumerateArray().Where(r => r.GetProperty("referralId").GetString() == id)
            .Select(r => (JsonElement?)r).FirstOrDefault();

    /// <summary>The referral that the police has with the report's item, once there is one.</summary>
    private static async Task<string> ReferralOfAsync(EndToEndNode node, string who, string report)
    {
        string? id = null;
        await EndToEndNode.UntilAsync(() => node.GetAsync(who, $"v1/reports/{report}/items/1", Purpose), r =>
            r.Status == HttpStatusCode.OK && r.Json.TryGetProperty("referrals", out var all)
                && (id = all.EnumerateArray().Where(x => x.TryGetProperty("referralId", out _))
                    .Select(x => x.GetProperty("referralId").GetString()).FirstOrDefault()) is not null);
        return id!;
    }

    /// <summary>What an item says of a police agency's referral, once it is in that state.</summary>
    private static async Task<JsonElement> SaidAsync(EndToEndNode node, string who, string report, string state, string agency = "ncb-si")
    {
        JsonElement found = default;
        await EndToEndNode.UntilAsync(() => node.GetAsync(who, $"v1/reports/{report}/items/1", Purpose), r =>
        {
            found = !r.Is(HttpStatusCode.OK).Json.TryGetProperty("referrals", out var all) ? default : all.EnumerateArray()
                .FirstOrDefault(x => x.GetProperty("agency").GetString() == agency && x.GetProperty("state").GetString() == state);
            return found.ValueKind == JsonValueKind.Object;
        });
        return found;
    }

    private static string Body(string reference, string host, Action<JsonObject>? change = null) => Bodies.Report(reference, r =>
    {
        ReportLifeTests.WithoutHashes(r);
        r["urls"]![0]!["hostingCountryCode"] = "SI";
        r["urls"]![0]!["urlString"] = $"https://{host}/{reference}";
        change?.Invoke(r);
    });

    private static async Task<string> JudgedAsync(EndToEndNode node, string reference, string host)
    {
        var id = await node.SubmitAsync("gb", Body(reference, host));
        await node.AssignedAsync("hotline-si", id, "hotline-si");
        (await node.PostAsync("hotline-si", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        return id;
    }

    private async Task<EndToEndNode> WithAgenciesAsync(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        if (Ready.Add(node))
        {
            await node.RegisterAsync("hotline-si", "Hotline", "Standard", "Analyst", "SI");
            await node.RegisterAsync("police-si", "Police", "Standard", "Officer", "SI");
            await node.RegisterAsync("ncb-si", "Police", "Standard", "Officer", "SI");
            await node.ChangeAgencyAsync("ncb-si", new JsonObject { ["isNationalBureau"] = true });
        }

        return node;
    }
}
