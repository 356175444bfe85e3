using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Who may say what of a hash, by whose law, and who is told how often it was seen (audit B1, B10, B14, B15, B25, B29).</summary>
[Collection(EndToEndCollection.Name)]
public sealed class WordTests(EndToEndNodes nodes)
{
    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    /// <summary>Audit B1: a Dutch key spoke for Germany, and importing NCMEC's rows made Europeans speak for the US.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_row_by_the_law_of_a_country_that_its_importer_does_not_serve_only_reports_it(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var (foreign, own, american) = (Bodies.Hash("word-de", 32), Bodies.Hash("word-nl", 32), Bodies.Hash("word-us", 32));
        await ImportAsync(node, "nl", "x", Row(foreign, "NotIllegal", "DE"));
        await ImportAsync(node, "nl", "x", Row(own, "National"));
        await ImportAsync(node, "nl", "ncmec", Row(american, "National", "US"));
        await ImportAsync(node, "us", "ncmec", Row(american, "National", "US"));

        Assert.Equal(["hotline-nl x DE False"], await SpeakersAsync(node, foreign));
        Assert.Equal(["hotline-nl x NL True"], await SpeakersAsync(node, own));
        Assert.Equal(["hotline-nl ncmec US False", "hotline-us ncmec US True"], await SpeakersAsync(node, american));
    }

    /// <summary>Audit B1 and B15: a correction made a human's Baseline for Germany out of nothing.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_correction_or_retraction_of_a_word_that_never_was_says_so_for_each_hash_and_makes_none(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var (listed, silent) = (Bodies.Hash("word-listed", 32), Bodies.Hash("word-silent", 32));
        await ImportAsync(node, "nl", "own", Row(listed, "National"));

        var correction = Change(listed, silent);
        (correction["classification"], correction["country"], correction["confirm"]) = ("Baseline", "DE", 0);
        var answer = (await node.PostAsync("nl", "v1/hashes:correct", correction)).Is(HttpStatusCode.OK).Json;
        Assert.Equal(["NoWord", "NoWord"], Outcomes(answer));
        Assert.Equal(0, answer.GetProperty("verdicts").GetInt32());
        Assert.Empty(await OpinionsAsync(node, silent));
        Assert.Equal("National", Name(Assert.Single(await OpinionsAsync(node, listed))));
        (await node.PostAsync("nl", "v1/hashes:retract", Change(silent))).Is(HttpStatusCode.OK);

        // The list's own word by its own law is there, and is a list's word afterwards too.
        (correction["country"], correction["list"]) = ("NL", "own");
        answer = (await node.PostAsync("nl", "v1/hashes:correct", correction)).Is(HttpStatusCode.OK).Json;
        Assert.Equal(["Changes", "NoWord"], Outcomes(answer));
        var opinion = Assert.Single(await OpinionsAsync(node, listed));
        Assert.Equal(("Baseline", "List"), (Name(opinion), opinion.GetProperty("basis").GetString()));
        Assert.Empty(await OpinionsAsync(node, silent));

        var retraction = Change(listed, silent);
        (retraction["list"], retraction["confirm"]) = ("own", 0);
        answer = (await node.PostAsync("nl", "v1/hashes:retract", retraction)).Is(HttpStatusCode.OK).Json;
        Assert.Equal(["Changes", "NoWord"], Outcomes(answer));
        Assert.Empty(await OpinionsAsync(node, listed));
    }

    /// <summary>Audit B10: an agency of several countries had one word, by the law of the first one in the alphabet.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_hotline_of_several_countries_has_a_word_by_each_law_and_by_its_primary_countrys_when_it_names_none(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await node.RegisterAsync("hotline-islands", "Hotline", "Standard", "Machine", "GG", "BM", "AI");
        var agency = (await node.GetAsync("operator", "v1/agencies/hotline-islands")).Json;
        Assert.Equal("GG", agency.GetProperty("primaryCountry").GetString());

        var hash = Bodies.Hash("word-islands", 32);
        await ImportAsync(node, "hotline-islands", "own", Row(hash, "National"));
        await ImportAsync(node, "hotline-islands", "own", Row(hash, "NotIllegal", "AI"));
        Assert.Equal(["hotline-islands own AI True", "hotline-islands own GG True"], await SpeakersAsync(node, hash));

        (await PatchAsync(node, "hotline-islands", new JsonObject { ["primaryCountry"] = "BM" })).Is(HttpStatusCode.OK);
        await ImportAsync(node, "hotline-islands", "own", Row(hash, "National"));
        Assert.Equal(
            ["hotline-islands own AI True", "hotline-islands own BM True", "hotline-islands own GG True"], await SpeakersAsync(node, hash));
        (await PatchAsync(node, "hotline-islands", new JsonObject { ["primaryCountry"] = "NL" })).Is(HttpStatusCode.UnprocessableEntity);
    }

    /// <summary>Audit B14: what an agency said while it was trusted went on deciding after it was no more.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_change_of_trust_reaches_what_the_agency_said_before(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await node.RegisterAsync("hotline-fallen", "Hotline", "Trusted", "Machine", "SE");
        var hash = Bodies.Hash("word-fallen", 32);
        await ImportAsync(node, "hotline-fallen", "own", Row(hash, "Baseline"));
        var id = await node.SubmitAsync("gb", Bodies.Report("WORD-TRUST-1", r => r["urls"]![0]!["hashes"] = new JsonObject { ["sha256"] = hash }));
        await node.ItemAsync("nl", id, i => i.TryGetProperty("knownWithoutLook", out var known) && known.GetBoolean());

        (await PatchAsync(node, "hotline-fallen", new JsonObject { ["trust"] = "Untrusted" })).Is(HttpStatusCode.OK);
        await node.ItemAsync("nl", id, i => !i.TryGetProperty("knownWithoutLook", out _) && !i.TryGetProperty("classification", out _));
        Assert.Single(await OpinionsAsync(node, hash));

        // And back, also after a restart of the bucket's node.
        await node.RestartAsync();
        await node.ChangeAgencyAsync("hotline-fallen", new JsonObject { ["trust"] = "Trusted" });
        await node.ItemAsync("nl", id, i => i.TryGetProperty("knownWithoutLook", out var known) && known.GetBoolean());
    }

    /// <summary>What an agency said with a report, of an item without hashes, was believed as on that day for ever.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_Baseline_at_intake_binds_while_its_agency_is_trusted_and_the_item_comes_back_with_each_change(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await node.RegisterAsync("hotline-doubted", "Hotline", "Trusted", "Analyst", "IS");
        var id = await node.SubmitAsync("hotline-doubted", Bodies.Report("WORD-INTAKE-1", r =>
        {
            ReportLifeTests.WithoutHashes(r);
            r["urls"]![0]!["assessment"] = ReportLifeTests.Assessment()["assessment"]!.DeepClone();
        }));
        await ReportLifeTests.InQueueAsync(node, "nl", "unactioned", id);
        Assert.Equal("baseline-is-final", (await AssessAsync("NotIllegal")).Is(HttpStatusCode.Conflict).Code);

        (await PatchAsync(node, "hotline-doubted", new JsonObject { ["trust"] = "Untrusted" })).Is(HttpStatusCode.OK);
        await ReportLifeTests.InQueueAsync(node, "nl", "unassessed", id);
        Assert.False((await node.GetAsync("nl", $"v1/reports/{id}/items/1")).Is(HttpStatusCode.OK).Json.TryGetProperty("classification", out _));
        (await AssessAsync("NotIllegal")).Is(HttpStatusCode.OK);
        await ReportLifeTests.InQueueAsync(node, "nl", "unactioned", id);

        // And back: it contradicts what was found without it. Whoever was to tell the reports may have ended meanwhile.
        await node.ChangeAgencyAsync("hotline-doubted", new JsonObject { ["trust"] = "Trusted" });
        await node.RestartAsync();
        await ReportLifeTests.InQueueAsync(node, "nl", "unassessed", id);
        Assert.True((await node.GetAsync("nl", $"v1/reports/{id}/items/1")).Is(HttpStatusCode.OK).Json.GetProperty("contradicted").GetBoolean());

        // Closed, its word is one standard judge's, and can be believed less still.
        (await PatchAsync(node, "hotline-doubted", new JsonObject { ["active"] = false })).Is(HttpStatusCode.OK);
        await ReportLifeTests.InQueueAsync(node, "nl", "unactioned", id);
        (await PatchAsync(node, "hotline-doubted", new JsonObject { ["trust"] = "Untrusted" })).Is(HttpStatusCode.OK);
        (await PatchAsync(node, "hotline-doubted", new JsonObject { ["holdsOrphanMandate"] = true })).Is(HttpStatusCode.Conflict);

        Task<Reply> AssessAsync(string classification) =>
            node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment(classification));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_NotIllegal_item_whose_hash_comes_to_be_disputed_is_contradicted_and_waits_for_another_look(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await node.RegisterAsync("hotline-weighty", "Hotline", "Trusted", "Machine", "NO");
        var hash = Bodies.Hash("word-disputed", 32);
        var id = await node.SubmitAsync("gb", Bodies.Report("WORD-DISPUTED-1", r => r["urls"]![0]!["hashes"] = new JsonObject { ["sha256"] = hash }));
        await node.AssignedAsync("nl", id, "hotline-nl");
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("NotIllegal"))).Is(HttpStatusCode.OK);

        // The word against comes first, so that the Baseline never stands alone.
        await ImportAsync(node, "hotline-weighty", "own", Row(hash, "NotIllegal"));
        Assert.False((await LookUpAsync(node, "nl", hash)).GetProperty("disputed").GetBoolean());
        await ImportAsync(node, "interpol", "disputed", Row(hash, "Baseline"));
        Assert.True((await LookUpAsync(node, "nl", hash)).GetProperty("disputed").GetBoolean());
        var item = await node.ItemAsync("nl", id, i => i.TryGetProperty("contradicted", out var contradicted) && contradicted.GetBoolean());
        Assert.Equal(("Disputed", "Unassessed"), (item.GetProperty("inheritance").GetProperty("kind").GetString(), item.GetProperty("state").GetString()));
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("NotIllegal"))).Is(HttpStatusCode.OK);
        await node.ItemAsync("nl", id, i => i.GetProperty("state").GetString() == "Unactioned");
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task What_a_hotline_of_two_countries_says_with_a_report_follows_the_law_of_where_the_item_is_found_later(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await node.RegisterAsync("hotline-alps", "Hotline", "Standard", "Analyst", "LI", "MC");
        var hash = Bodies.Hash("word-alps", 32);
        var id = await node.SubmitAsync("hotline-alps", Bodies.Report("WORD-ALPS-1", r =>
        {
            var entry = r["urls"]![0]!.AsObject();
            entry["urlString"] = "http://exampleexampleexampleexampleexampleexampleexampleexample2.onion/alps";
            entry["assessment"] = ReportLifeTests.Assessment("National")["assessment"]!.DeepClone();
            entry["hashes"] = new JsonObject { ["sha256"] = hash };
            entry.Remove("hostingCountryCode");
            entry.Remove("hostingIpAddress");
        }));
        await node.ItemAsync("hotline-alps", id, i => i.GetProperty("state").GetString() == "Untraced");
        await EndToEndNode.UntilAsync(() => node.PostAsync("nl", "v1/hashes:lookup", Change(hash)), r => Said(r) is ["LI"]);
        (await node.PostAsync("hotline-alps", $"v1/reports/{id}/items:hosting", ReportLifeTests.With("hostingCountryCode", "MC"))).Is(HttpStatusCode.OK);
        await EndToEndNode.UntilAsync(() => node.PostAsync("nl", "v1/hashes:lookup", Change(hash)), r => Said(r) is ["MC"]);
        var item = await node.AssignedAsync("hotline-alps", id, "hotline-alps");
        Assert.Equal("National", Name(item));

        static string?[] Said(Reply reply) =>
        [
            .. reply.Json.GetProperty("results")[0].GetProperty("opinions").EnumerateArray()
                .Select(o => o.TryGetProperty("countryCode", out var law) && o.GetProperty("speaks").GetBoolean() ? law.GetString() : null),
        ];
    }

    /// <summary>Audit B29: two importers of one list were two sources.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task An_import_names_who_judged_and_a_list_of_one_name_is_one_origin_whoever_imports_it(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var hash = Bodies.Hash("word-origin", 32);
        await ImportAsync(node, "nl", "ICSE", Row(hash, "Baseline"));
        await ImportAsync(node, "de", "icse", Row(hash, "Baseline"));
        await ImportAsync(node, "gb", "mine&origin=hotline-gb", Row(hash, "Baseline"));
        await ImportAsync(node, "fi", "police%20list&origin=Interpol&basis=human", Row(hash, "Baseline"));
        Assert.Equal(
            ["hotline-de icse List", "hotline-fi interpol Human", "hotline-gb  List", "hotline-nl icse List"],
            (await OpinionsAsync(node, hash)).Select(o => $"{o.GetProperty("agency")} {(o.TryGetProperty("origin", out var by) ? by : "")} {o.GetProperty("basis")}"));

        foreach (var (query, field) in new[] { ("list=x&basis=human", "origin"), ("list=x&basis=seen", "basis"), ("list=x&origin=%20", "origin") })
        {
            var refused = await node.SendAsync("nl", HttpMethod.Post, $"v1/hashes:import?{query}", "", null, "application/x-ndjson");
            Assert.Equal(field, refused.Is(HttpStatusCode.UnprocessableEntity).Json.GetProperty("errors")[0].GetProperty("field").GetString());
        }
    }

    /// <summary>Audit B25: how often a hash was seen told of items elsewhere, and so did that it was there at all.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_look_up_tells_nobody_whether_items_carry_a_hash(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var hash = Bodies.Hash("word-unseen", 32);
        var id = await node.SubmitAsync("gb", Bodies.Report("WORD-SEEN-1", r => r["urls"]![0]!["hashes"] = new JsonObject { ["sha256"] = hash }));
        await node.AssignedAsync("nl", id, "hotline-nl");
        foreach (var who in new[] { "jp", "nl", "interpol" })
        {
            (await node.ShowHashAsync(who, "sha256", hash)).Is(HttpStatusCode.NotFound);
            Assert.DoesNotContain("sightings", (await LookUpAsync(node, who, hash)).ToString(), StringComparison.Ordinal);
        }
    }

    private static JsonObject Row(string sha256, string classification, string? country = null)
    {
        var row = new JsonObject { ["sha256"] = sha256, ["classification"] = classification };
        if (country is not null)
        {
            row["country"] = country;
        }

        return row;
    }

    private static JsonObject Change(params string[] sha256) => new()
    {
        ["hashes"] = new JsonArray([.. sha256.Select(value => (JsonNode)new JsonObject { ["algorithm"] = "sha256", ["value"] = value })]),
    };

    private static async Task ImportAsync(EndToEndNode node, string who, string list, JsonObject row) =>
        Assert.Equal("imported", Assert.Single(await node.StreamAsync(who, [row.ToJsonString()], $"v1/hashes:import?list={list}"))
            .GetProperty("outcome").GetString());

    private static Task<Reply> PatchAsync(EndToEndNode node, string agency, JsonObject body) =>
        node.SendAsync("operator", HttpMethod.Patch, $"v1/agencies/{agency}", body.ToJsonString());

    private static async Task<JsonElement> LookUpAsync(EndToEndNode node, string who, string sha256) =>
        (await node.PostAsync(who, "v1/hashes:lookup", Change(sha256))).Is(HttpStatusCode.OK).Json.GetProperty("results")[0];

    private static async Task<JsonElement[]> OpinionsAsync(EndToEndNode node, string sha256) =>
        [.. (await LookUpAsync(node, "nl", sha256)).GetProperty("opinions").EnumerateArray()];

    private static async Task<string[]> SpeakersAsync(EndToEndNode node, string sha256) =>
    [
        .. (await OpinionsAsync(node, sha256)).Select(o => string.Join(
            ' ', o.GetProperty("agency"), o.GetProperty("list"), o.GetProperty("countryCode"), o.GetProperty("speaks"))),
    ];

    private static string Name(JsonElement opinion) => opinion.GetProperty("classification").GetProperty("name").GetString()!;

    private static string[] Outcomes(JsonElement answer) => [.. answer.GetProperty("outcomes").EnumerateArray().Select(o => o.GetString()!)];
}
