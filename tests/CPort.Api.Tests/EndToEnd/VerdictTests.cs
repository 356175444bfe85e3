using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Whose word counts for an item, and who sees what of it, as callers meet it; one database, because the rules know none.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class VerdictTests(EndToEndNodes nodes)
{
    [Fact]
    public async Task Everybody_with_an_item_sees_the_page_and_only_its_own_items_memos_and_analysts()
    {
        var node = await NodeAsync();
        var id = await node.SubmitAsync("gb", Bodies.Report("VERDICT-PAGE-1", r =>
        {
            ReportLifeTests.WithoutHashes(r);
            var urls = r["urls"]!.AsArray();
            var second = urls[0]!.DeepClone();
            second["urlString"] = "https://img.host.example/VERDICT-PAGE-1-de";
            second["hostingCountryCode"] = "DE";
            second["assessment"] = Opinion("National", "gb.assessor");
            var page = urls[0]!.DeepClone();
            page["urlString"] = "https://page.host.example/VERDICT-PAGE-1";
            page["hostingCountryCode"] = "US";
            page["isSourceUrl"] = true;
            page["contentType"] = 2;
            urls.Add(second);
            urls.Add(page);
        }));
        await node.AssignedAsync("nl", id, "hotline-nl");
        await node.AssignedAsync("de", id, "hotline-de", item: 2);

        // B6: a memo is seen where its own item shows memos, one on the report by whoever sees memos.
        (await node.PostAsync("de", $"v1/reports/{id}/memos", new JsonObject { ["text"] = "germanys-memo", ["item"] = 2 })).Is(HttpStatusCode.OK);
        (await node.PostAsync("gb", $"v1/reports/{id}/memos", new JsonObject { ["text"] = "memo-for-all" })).Is(HttpStatusCode.OK);
        var seenByNl = (await node.GetAsync("nl", $"v1/reports/{id}")).Is(HttpStatusCode.OK);
        Assert.DoesNotContain("germanys-memo", seenByNl.Text, StringComparison.Ordinal);
        Assert.Contains("memo-for-all", seenByNl.Text, StringComparison.Ordinal);
        Assert.Contains("germanys-memo", (await node.GetAsync("gb", $"v1/reports/{id}")).Text, StringComparison.Ordinal);

        // B12: who has the picture sees the page.
        Assert.Equal(1, seenByNl.Json.GetProperty("itemCount").GetInt32());
        var source = seenByNl.Json.GetProperty("sourcePage");
        Assert.Equal(("https://page.host.example/VERDICT-PAGE-1", "US"),
            (source.GetProperty("urlString").GetString(), source.GetProperty("hosting").GetProperty("countryCode").GetString()));
        Assert.False((await node.GetAsync("operator", $"v1/reports/{id}")).Is(HttpStatusCode.OK).Json.TryGetProperty("sourcePage", out _));

        // B24: analysts' names stay with the opinion or action they were given with, for their own agency.
        var assess = ReportLifeTests.Items(2);
        assess["assessment"] = Opinion("National", "de.assessor");
        (await node.PostAsync("de", $"v1/reports/{id}/items:assess", assess)).Is(HttpStatusCode.OK);
        var act = ReportLifeTests.Items(2);
        act["action"] = new JsonObject { ["actionType"] = 1, ["actioningAnalystName"] = "de.actor" };
        (await node.PostAsync("de", $"v1/reports/{id}/items:act", act)).Is(HttpStatusCode.OK);
        var own = (await node.GetAsync("de", $"v1/reports/{id}/items/2")).Is(HttpStatusCode.OK);
        Assert.Equal("de.assessor", own.Json.GetProperty("assessments")[1].GetProperty("assessingAnalystName").GetString());
        Assert.Equal("de.actor", own.Json.GetProperty("actions")[0].GetProperty("actioningAnalystName").GetString());
        Assert.DoesNotContain("gb.assessor", own.Text, StringComparison.Ordinal);
        var reporters = (await node.GetAsync("gb", $"v1/reports/{id}/items/2")).Is(HttpStatusCode.OK);
        Assert.Equal("gb.assessor", reporters.Json.GetProperty("assessments")[0].GetProperty("assessingAnalystName").GetString());
        Assert.DoesNotContain("de.ass", reporters.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("de.actor", reporters.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_id_is_one_commands_own_a_flag_is_lifted_by_who_set_it_and_a_secret_can_be_taken_out()
    {
        var node = await NodeAsync();
        var body = Bodies.Report("OWN-1", r =>
        {
            ReportLifeTests.WithoutHashes(r);
            r["memo"] = "a-wrong-memo";
            r["sourceUrlPassword"] = "a-wrong-password";
        });
        var id = await node.SubmitAsync("gb", body);
        await node.AssignedAsync("nl", id, "hotline-nl");

        // B16
        var key = ("Idempotency-Key", "item-5");
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("National"), key)).Is(HttpStatusCode.OK);
        Assert.True((await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("National"), key)).Is(HttpStatusCode.OK)
            .Json.GetProperty("replayed").GetBoolean());
        Assert.Equal("command-id-in-use",
            (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment(), key)).Is(HttpStatusCode.Conflict).Code);
        Assert.Equal("command-id-in-use", (await UrgentAsync("nl", true, key)).Is(HttpStatusCode.Conflict).Code);
        Assert.False((await node.GetAsync("gb", $"v1/reports/{id}")).Json.GetProperty("urgent").GetBoolean());

        // B17
        (await UrgentAsync("gb", true)).Is(HttpStatusCode.OK);
        Assert.Equal("set-by-another", (await UrgentAsync("nl", false)).Is(HttpStatusCode.Conflict).Code);
        Assert.True((await node.GetAsync("gb", $"v1/reports/{id}")).Json.GetProperty("urgent").GetBoolean());
        Assert.Equal("set-by-another", (await node.SendAsync("nl", HttpMethod.Put, $"v1/reports/{id}/site-facts", """{"sourceUrlSiteType":3}"""))
            .Is(HttpStatusCode.Conflict).Code);
        (await UrgentAsync("gb", false)).Is(HttpStatusCode.OK);

        // B33: null or an empty text takes one away, what is left out stays.
        (await node.SendAsync("gb", HttpMethod.Patch, $"v1/reports/{id}", """{"sourceUrlPassword":null,"memo":""}""")).Is(HttpStatusCode.OK);
        var amended = (await node.GetAsync("gb", $"v1/reports/{id}")).Is(HttpStatusCode.OK);
        Assert.DoesNotContain("a-wrong", amended.Text, StringComparison.Ordinal);
        Assert.Equal("analyst.one", amended.Json.GetProperty("reportingAnalystName").GetString());

        // B32
        var other = Bodies.Report("OWN-2", ReportLifeTests.WithoutHashes);
        var back = await node.SubmitAsync("gb", other);
        (await node.ConfirmedAsync("gb", $"v1/reports/{back}:withdraw", new JsonObject())).Is(HttpStatusCode.OK);
        var again = (await node.SendAsync("gb", HttpMethod.Post, "v1/reports", other)).Is(HttpStatusCode.OK).Json;
        Assert.Equal(("duplicate", true), (again.GetProperty("outcome").GetString(), again.GetProperty("withdrawn").GetBoolean()));

        Task<Reply> UrgentAsync(string who, bool urgent, params (string, string)[] headers) =>
            node.SendAsync(who, HttpMethod.Put, $"v1/reports/{id}/urgent", $$"""{"urgent":{{(urgent ? "true" : "false")}}}""", headers);
    }

    [Fact]
    public async Task An_inherited_Baseline_is_final_an_objection_reaches_everybody_and_who_is_objected_to_has_it_in_a_queue()
    {
        var node = await NodeAsync();
        var sha256 = Bodies.Hash("objected", 32);
        await ImportAsync(node, sha256);
        var id = await node.SubmitAsync("gb", WithHash("OBJECT-1", sha256));
        await ClassifiedAsync(node, "nl", id, "Baseline");
        Assert.Equal("baseline-is-final",
            (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("NotIllegal"))).Is(HttpStatusCode.Conflict).Code);
        Assert.Equal("missing-field", (await node.PostAsync("nl", $"v1/reports/{id}/items:object", ReportLifeTests.Items()))
            .Is(HttpStatusCode.UnprocessableEntity).Json.GetProperty("errors")[0].GetProperty("code").GetString());
        (await node.PostAsync("nl", $"v1/reports/{id}/items:object", ReportLifeTests.With("why", "An adult, known to us."))).Is(HttpStatusCode.OK);
        var item = (await node.GetAsync("nl", $"v1/reports/{id}/items/1")).Is(HttpStatusCode.OK).Json;
        Assert.Equal(("Baseline", true), (item.GetProperty("classification").GetProperty("name").GetString(), item.GetProperty("objectedTo").GetBoolean()));
        Assert.Equal("An adult, known to us.", item.GetProperty("assessments")[0].GetProperty("why").GetString());
        await ReportLifeTests.InQueueAsync(node, "interpol", "objections", id);

        // A word against, for everybody who has the hash; withdrawn by a correction.
        await SaidAsync(node, sha256, o => o.GetProperty("agency").GetString() == "hotline-nl" && Name(o) == "NotIllegal");
        var correction = new JsonObject { ["item"] = 1, ["assessment"] = Opinion("Baseline", null) };
        (await node.ConfirmedAsync("nl", $"v1/reports/{id}/items:correct", correction)).Is(HttpStatusCode.OK);
        await SaidAsync(node, sha256, o => o.GetProperty("agency").GetString() == "hotline-nl" && Name(o) == "Baseline");
    }

    [Fact]
    public async Task Who_moved_an_item_sees_what_became_of_it_and_corrects_its_slip_and_a_withdrawn_report_takes_its_opinions_along()
    {
        var node = await NodeAsync();
        var sha256 = Bodies.Hash("slip", 32);
        var id = await node.SubmitAsync("gb", WithHash("SLIP-1", sha256));
        await node.AssignedAsync("nl", id, "hotline-nl");
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment())).Is(HttpStatusCode.OK);
        (await node.PostAsync("nl", $"v1/reports/{id}/items:hosting", ReportLifeTests.With("hostingCountryCode", "DE"))).Is(HttpStatusCode.OK);
        (await node.PostAsync("nl", $"v1/reports/{id}/items:move", ReportLifeTests.With("countryCode", "DE"))).Is(HttpStatusCode.OK);
        await node.AssignedAsync("de", id, "hotline-de");

        // B19, B7
        var former = (await node.GetAsync("nl", $"v1/reports/{id}/items/1")).Is(HttpStatusCode.OK);
        Assert.False(former.Json.TryGetProperty("urlString", out _));
        Assert.Equal("hotline-nl", former.Json.GetProperty("assessments")[0].GetProperty("agency").GetString());
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment())).Is(HttpStatusCode.Forbidden);
        var correction = new JsonObject { ["item"] = 1, ["assessment"] = Opinion("NotIllegal", null), ["why"] = "Second look." };
        (await node.ConfirmedAsync("nl", $"v1/reports/{id}/items:correct", correction)).Is(HttpStatusCode.OK);
        await SaidAsync(node, sha256, o => o.GetProperty("agency").GetString() == "hotline-nl" && Name(o) == "NotIllegal");

        // B9: withdrawn long after its opinion has reached the buckets.
        var taken = Bodies.Hash("taken-back", 32);
        var mistake = await node.SubmitAsync("gb", Bodies.Report("BACK-9", r =>
        {
            r["urls"]![0]!["hashes"] = new JsonObject { ["sha256"] = taken };
            r["urls"]![0]!["assessment"] = Opinion("Baseline", null);
        }));
        await SaidAsync(node, taken, o => o.GetProperty("agency").GetString() == "hotline-gb" && Name(o) == "Baseline");
        (await node.ConfirmedAsync("gb", $"v1/reports/{mistake}:withdraw", new JsonObject())).Is(HttpStatusCode.OK);
        await EndToEndNode.UntilAsync(() => LookupAsync(node, taken), r => !r.Json.GetProperty("results")[0].GetProperty("known").GetBoolean());
    }

    [Fact]
    public async Task NotIllegal_is_reopened_and_listed_as_contradicted_and_what_was_only_acted_on_is_assessed()
    {
        var node = await NodeAsync();
        var sha256 = Bodies.Hash("contradicted", 32);
        var id = await node.SubmitAsync("gb", WithHash("AGAIN-1", sha256));
        await node.AssignedAsync("nl", id, "hotline-nl");
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("NotIllegal"))).Is(HttpStatusCode.OK);
        var close = ReportLifeTests.Items();
        close["action"] = new JsonObject { ["actionType"] = 6, ["reasonId"] = 14 };
        (await node.PostAsync("nl", $"v1/reports/{id}/items:act", close)).Is(HttpStatusCode.OK);

        // B13: INTERPOL lists it later.
        await ImportAsync(node, sha256);
        await ReportLifeTests.InQueueAsync(node, "nl", "contradicted", id);
        var closed = (await node.GetAsync("interpol", $"v1/reports/{id}/items/1")).Is(HttpStatusCode.OK).Json;
        Assert.Equal(("NotIllegal", true), (closed.GetProperty("state").GetString(), closed.GetProperty("contradicted").GetBoolean()));
        (await node.PostAsync("gb", $"v1/reports/{id}/items:reopen", new JsonObject { ["item"] = 1 })).Is(HttpStatusCode.Forbidden);
        (await node.PostAsync("nl", $"v1/reports/{id}/items:reopen", new JsonObject { ["item"] = 1, ["why"] = "INTERPOL lists it." })).Is(HttpStatusCode.OK);
        var second = (await node.GetAsync("nl", $"v1/reports/{id}/items/2")).Is(HttpStatusCode.OK).Json;
        Assert.Equal("hotline-nl", second.GetProperty("assignment").GetProperty("hotline").GetString());
        Assert.Equal("not-reopenable",
            (await node.PostAsync("nl", $"v1/reports/{id}/items:reopen", new JsonObject { ["item"] = 1 })).Is(HttpStatusCode.Conflict).Code);

        // B5, input B: police was told before anybody judged it.
        var told = await node.SubmitAsync("gb", Bodies.Report("TOLD-1", r =>
        {
            ReportLifeTests.WithoutHashes(r);
            r["urls"]![0]!["hostingCountryCode"] = "GB";
            r["urls"]![0]!["actions"] = new JsonArray(new JsonObject { ["actionType"] = 1, ["actionDate"] = "2026-01-02T04:00:00Z" });
        }));
        await node.AssignedAsync("gb", told, "hotline-gb");
        await ReportLifeTests.InQueueAsync(node, "gb", "unassessed", told);
        (await node.PostAsync("gb", $"v1/reports/{told}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        (await node.PostAsync("gb", $"v1/reports/{told}/items:act", ReportLifeTests.Action(3))).Is(HttpStatusCode.OK);

        // B11: nobody can say where it is; its reporter tells police at once.
        var onion = await node.SubmitAsync("gb", Bodies.Report("ONION-1", r =>
        {
            ReportLifeTests.WithoutHashes(r);
            var entry = r["urls"]![0]!.AsObject();
            entry["urlString"] = "http://exampleexampleexampleexampleexampleexampleexampleexample2.onion/a";
            entry.Remove("hostingCountryCode");
            entry.Remove("hostingIpAddress");
        }));
        await node.ItemAsync("gb", onion, i => i.GetProperty("state").GetString() == "Untraced");
        (await node.PostAsync("gb", $"v1/reports/{onion}/items:act", ReportLifeTests.Action(3))).Is(HttpStatusCode.Conflict);
        (await node.PostAsync("gb", $"v1/reports/{onion}/items:act", ReportLifeTests.Action(1))).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_items_of_a_closed_agency_become_orphans_and_a_countrys_first_hotline_gets_them()
    {
        // B18
        var node = await NodeAsync();
        await RegisterAsync("hotline-pt");
        var id = await node.SubmitAsync("gb", Bodies.Report("LEFT-1", r => { ReportLifeTests.WithoutHashes(r); r["urls"]![0]!["hostingCountryCode"] = "PT"; }));
        await node.AssignedAsync("gb", id, "hotline-pt");
        (await node.SendAsync("operator", HttpMethod.Patch, "v1/agencies/hotline-pt", """{"active":false}""")).Is(HttpStatusCode.OK);
        await node.ItemAsync("ie", id, i => i.GetProperty("assignment").GetProperty("orphan").GetBoolean());
        await RegisterAsync("hotline-pt2");
        await node.AssignedAsync("gb", id, "hotline-pt2");

        async Task RegisterAsync(string agency) => (await node.PostAsync("operator", "v1/agencies", new JsonObject
        {
            ["id"] = agency, ["name"] = $"Example {agency}", ["kind"] = "Hotline", ["trust"] = "Standard", ["countries"] = new JsonArray("PT"),
        })).Is(HttpStatusCode.Created);
    }

    private Task<EndToEndNode> NodeAsync() => nodes.OnAsync(DatabaseProvider.Sqlite);

    private static string WithHash(string reference, string sha256) =>
        Bodies.Report(reference, r => r["urls"]![0]!["hashes"] = new JsonObject { ["sha256"] = sha256 });

    private static JsonObject Opinion(string classification, string? analyst)
    {
        var opinion = ReportLifeTests.Assessment(classification)["assessment"]!.DeepClone().AsObject();
        if (analyst is not null)
        {
            opinion["assessingAnalystName"] = analyst;
        }

        return opinion;
    }

    internal static async Task ImportAsync(EndToEndNode node, string sha256)
    {
        var row = new JsonObject { ["sha256"] = sha256, ["classification"] = "Baseline" };
        var answer = Assert.Single(await node.StreamAsync("interpol", [row.ToJsonString()], "v1/hashes:import?list=verdicts"));
        Assert.Equal("imported", answer.GetProperty("outcome").GetString());
    }

    private static Task<Reply> LookupAsync(EndToEndNode node, string sha256) => node.PostAsync("nl", "v1/hashes:lookup",
        new JsonObject { ["hashes"] = new JsonArray(new JsonObject { ["algorithm"] = "sha256", ["value"] = sha256 }) });

    private static Task<Reply> SaidAsync(EndToEndNode node, string sha256, Func<JsonElement, bool> opinion) =>
        EndToEndNode.UntilAsync(() => LookupAsync(node, sha256), r =>
            r.Json.GetProperty("results")[0].TryGetProperty("opinions", out var said) && said.EnumerateArray().Any(opinion));

    private static Task<JsonElement> ClassifiedAsync(EndToEndNode node, string who, string report, string classification) => node.ItemAsync(who, report, i =>
        i.TryGetProperty("classification", out var c) && c.GetProperty("name").GetString() == classification);

    private static string? Name(JsonElement opinion) => opinion.GetProperty("classification").GetProperty("name").GetString();
}
