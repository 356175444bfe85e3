using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>
/// What goes otherwise than planned, from end to end: each with what the audit log has of it, and with what others must not see, to the byte. On a node whose
/// clock is moved.
/// </summary>
[Collection(EndToEndCollection.Name)]
public sealed class ScenarioTests(MovedNode moved) : IClassFixture<MovedNode>
{
    private const string NoReport = "00000000000000000000000000";
    private static readonly (string Name, string Value) Purpose = ("X-Purpose", "Case 4711");
    private static readonly SemaphoreSlim Once = new(1, 1);
    private static bool _registered;

    [Fact]
    public async Task An_orphan_is_worked_on_by_who_took_it_and_is_nothing_to_others()
    {
        var node = await WithAgenciesAsync();
        var id = await node.SubmitAsync("gb", ReportLifeTests.Hosted("SCN-ORPHAN", "BR"));
        await node.ItemAsync("ie", id, i => i.TryGetProperty("assignment", out var a) && a.GetProperty("orphan").GetBoolean());
        await NothingAsync(node, id, "fi", "de", "police-ee");
        (await node.PostAsync("ie", $"v1/reports/{id}/items:assign", ReportLifeTests.With("hotline", "hotline-ie"))).Is(HttpStatusCode.OK);
        await node.AssignedAsync("ie", id, "hotline-ie");
        (await node.PostAsync("ie", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        await node.ItemAsync("gb", id, i => i.GetProperty("classification").GetProperty("name").GetString() == "National");
        await NothingAsync(node, id, "fi", "de", "police-ee");
        await AuditedAsync(node, "hotline-ie", id, "consultation", "alteration");
        await AuditedAsync(node, "hotline-gb", id, "collection");
        await NotAuditedAsync(node, "hotline-fi", id);
    }

    [Fact]
    public async Task Moved_three_times_it_is_each_countrys_in_turn_and_who_had_it_sees_what_became_of_it_alone()
    {
        var node = await WithAgenciesAsync();
        var id = await node.SubmitAsync("gb", ReportLifeTests.Hosted("SCN-MOVED", "NL"));
        await node.AssignedAsync("nl", id, "hotline-nl");
        foreach (var (from, to, country) in new[] { ("nl", "de", "DE"), ("de", "jp", "JP"), ("jp", "fi", "FI") })
        {
            var hosting = ReportLifeTests.With("hostingCountryCode", country);
            hosting["hostingIpAddress"] = "198.51.100.4";
            (await node.PostAsync(from, $"v1/reports/{id}/items:hosting", hosting)).Is(HttpStatusCode.OK);
            (await node.PostAsync(from, $"v1/reports/{id}/items:move", ReportLifeTests.With("countryCode", country))).Is(HttpStatusCode.OK);
            await node.AssignedAsync(to, id, $"hotline-{to}");
        }

        (await node.PostAsync("fi", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        foreach (var former in new[] { "nl", "de", "jp" })
        {
            var seen = await node.ItemAsync(former, id, i => i.TryGetProperty("classification", out _));
            Assert.Equal("National", seen.GetProperty("classification").GetProperty("name").GetString());
            var text = (await node.GetAsync(former, $"v1/reports/{id}")).Is(HttpStatusCode.OK).Text;
            foreach (var closed in new[] { "img.host.example", "198.51.100.4", "192.0.2.7", "analyst.one", "\"assessments\"" })
            {
                Assert.DoesNotContain(closed, text, StringComparison.Ordinal);
            }

            (await node.PostAsync(former, $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment())).Is(HttpStatusCode.Forbidden);
            await AuditedAsync(node, $"hotline-{former}", id, "consultation", "alteration");
        }

        await NothingAsync(node, id, "ie", "hotline-ee");
    }

    [Fact]
    public async Task Two_who_are_believed_contradict_each_other_and_neither_learns_where()
    {
        var node = await WithAgenciesAsync();
        var hash = Bodies.Hash("scn-conflict", 16);
        var (one, other) = (await HashedAsync(node, "SCN-CON-1", "EE", hash), await HashedAsync(node, "SCN-CON-2", "GR", hash));
        await node.AssignedAsync("hotline-ee", one, "hotline-ee");
        await node.AssignedAsync("hotline-gr", other, "hotline-gr");
        (await node.PostAsync("hotline-gr", $"v1/reports/{other}/items:assess", ReportLifeTests.Assessment("NotIllegal"))).Is(HttpStatusCode.OK);
        (await node.PostAsync("hotline-ee", $"v1/reports/{one}/items:assess", ReportLifeTests.Assessment("Baseline"))).Is(HttpStatusCode.OK);
        await node.ItemAsync("hotline-gr", other, i => i.TryGetProperty("contradicted", out var yes) && yes.GetBoolean());
        foreach (var (who, strange, place) in new[] { ("hotline-gr", one, "SCN-CON-1"), ("hotline-ee", other, "SCN-CON-2") })
        {
            await NothingAsync(node, strange, who);
            foreach (var path in new[] { $"v1/reports/{(strange == one ? other : one)}", "v1/queues/contradicted", "v1/feed?maxResults=200", "v1/groups" })
            {
                var text = (await node.GetAsync(who, path)).Is(HttpStatusCode.OK).Text;
                Assert.DoesNotContain(strange, text, StringComparison.Ordinal);
                Assert.DoesNotContain(place, text, StringComparison.Ordinal);
            }
        }

        await AuditedAsync(node, "hotline-gr", other, "alteration", "consultation");
        await NotAuditedAsync(node, "hotline-gr", one);
    }

    [Fact]
    public async Task A_word_on_a_hash_that_is_taken_back_after_export_calls_the_file_back_and_the_log_keeps_who_got_it()
    {
        var node = await WithAgenciesAsync();
        var hash = Bodies.Hash("scn-retract", 16);
        Assert.Equal("imported", Assert.Single(await node.StreamAsync(
                "interpol", [new JsonObject { ["md5"] = hash, ["classification"] = "Baseline" }.ToJsonString()], "v1/hashes:import?list=scenario"))
            .GetProperty("outcome").GetString());
        var id = await HashedAsync(node, "SCN-RETRACT", "EE", hash);
        await node.ItemAsync("hotline-ee", id, i => i.TryGetProperty("knownWithoutLook", out _));
        await EndToEndNode.UntilAsync(() => node.GetAsync("icse-one", "v1/icse/candidates?maxResults=200"), r => r.Text.Contains(id, StringComparison.Ordinal));
        var package = (await node.PostAsync("icse-one", "v1/icse/packages", new JsonObject { ["items"] = new JsonArray($"{id}-1") })).Is(HttpStatusCode.OK).Json
            .GetProperty("packageId").GetString();
        (await node.PostAsync("icse-two", $"v1/icse/packages/{package}:review", null)).Is(HttpStatusCode.OK);
        (await node.PostAsync("icse-one", $"v1/icse/packages/{package}:release", null)).Is(HttpStatusCode.OK);
        Assert.Contains(hash.ToUpperInvariant(), await TextAsync(node, HttpMethod.Get, "icse-one", $"v1/icse/packages/{package}/media.csv", null),
            StringComparison.Ordinal);
        var search = new JsonObject { ["reportId"] = id };
        await EndToEndNode.UntilAsync(() => node.PostAsync("police-ee", "v1/reports:search", search.DeepClone(), Purpose),
            r => r.Is(HttpStatusCode.OK).Json.GetProperty("items").GetArrayLength() == 1);
        Assert.Contains(
            hash.ToUpperInvariant(), await TextAsync(node, HttpMethod.Post, "police-ee", "v1/reports:export?format=vics", search), StringComparison.Ordinal);

        var retraction = new JsonObject
        {
            ["hashes"] = new JsonArray(new JsonObject { ["algorithm"] = "md5", ["value"] = hash }), ["list"] = "scenario",
        };
        var counted = (await node.PostAsync("interpol", "v1/hashes:retract", retraction)).Is(HttpStatusCode.OK).Json;
        retraction["confirm"] = counted.GetProperty("verdicts").GetInt32();
        Assert.True((await node.PostAsync("interpol", "v1/hashes:retract", retraction)).Is(HttpStatusCode.OK).Json.GetProperty("applied").GetBoolean());
        var page = (await EndToEndNode.UntilAsync(() => node.GetAsync("icse-one", $"v1/icse/packages/{package}"),
            r => r.Is(HttpStatusCode.OK).Json.GetProperty("state").GetString() == "Recalled")).Json;
        Assert.Equal(["interpol"], page.GetProperty("receivers").EnumerateArray().Select(r => r.GetString()));
        Assert.Contains(hash.ToUpperInvariant(), await TextAsync(node, HttpMethod.Get, "icse-one", $"v1/icse/packages/{package}/recalled.csv", null),
            StringComparison.Ordinal);
        await node.ItemAsync("hotline-ee", id, i =>
            !i.TryGetProperty("classification", out _) && i.GetProperty("icse").GetProperty("state").GetString() == "Recalled");

        // Who got it stays written down; and strangers are told neither of the package nor of its end.
        await AuditedAsync(node, "police-ee", id, "disclosure");
        await AuditedAsync(node, "interpol", id, "disclosure");
        await NothingAsync(node, id, "hotline-gr", "police-gr");
        foreach (var stranger in new[] { "hotline-gr", "police-gr", "hotline-ee" })
        {
            Assert.Equal(
                (await node.GetAsync(stranger, "v1/icse/packages/none", Purpose)).Is(HttpStatusCode.Forbidden).Text,
                (await node.GetAsync(stranger, $"v1/icse/packages/{package}", Purpose)).Is(HttpStatusCode.Forbidden).Text);
        }
    }

    [Fact]
    public async Task A_hold_whose_time_ends_while_no_node_is_there_has_ended_when_one_comes_back()
    {
        var node = await WithAgenciesAsync();
        var id = await node.SubmitAsync("gb", ReportLifeTests.Hosted("SCN-HOLD", "EE"));
        await node.AssignedAsync("hotline-ee", id, "hotline-ee");
        (await node.PostAsync("hotline-ee", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        var body = ReportLifeTests.With("reason", "PossibleNewVictim");
        body["note"] = "a-word-of-police";
        var hold = (await node.PostAsync("police-ee", $"v1/reports/{id}:hold", body, Purpose)).Is(HttpStatusCode.OK).Json.GetProperty("holdId").GetString()!;
        Assert.Equal("on-hold", (await node.PostAsync("hotline-ee", $"v1/reports/{id}/items:act", ReportLifeTests.Action(2))).Is(HttpStatusCode.Conflict).Code);
        await node.RestartAsync(() => moved.Clock.Move(TimeSpan.FromHours(73)));
        (await node.PostAsync("hotline-ee", $"v1/reports/{id}/items:act", ReportLifeTests.Action(2))).Is(HttpStatusCode.OK);
        foreach (var who in new[] { "police-ee", "gb", "hotline-ee" })
        {
            await EndToEndNode.UntilAsync(() => node.GetAsync(who, "v1/feed?maxResults=200&types=cport.hold.expired.v1", Purpose),
                r => r.Is(HttpStatusCode.OK).Text.Contains(id, StringComparison.Ordinal));
        }

        foreach (var stranger in new[] { "hotline-gr", "police-gr", "police-ee2" })
        {
            foreach (var path in new[] { "v1/holds?state=ended", "v1/feed?maxResults=200&types=cport.hold.expired.v1,cport.hold.requested.v1" })
            {
                Assert.DoesNotContain(id, (await node.GetAsync(stranger, path, Purpose)).Is(HttpStatusCode.OK).Text, StringComparison.Ordinal);
            }

            Assert.Equal(
                (await node.PostAsync(stranger, $"v1/holds/{NoReport}-h1:object", ReportLifeTests.With("why", "x"), Purpose)).Status,
                (await node.PostAsync(stranger, $"v1/holds/{hold}:object", ReportLifeTests.With("why", "x"), Purpose)).Status);
        }

        await NothingAsync(node, id, "hotline-gr", "police-gr");
        await AuditedAsync(node, "police-ee", id, "alteration");
        await AuditedAsync(node, "hotline-ee", id, "alteration");
    }

    [Fact]
    public async Task A_receiver_that_was_down_for_two_days_gets_everything_once_in_order()
    {
        var node = await WithAgenciesAsync();
        var admin = await node.ConsentedKeyAsync("hotline-ee", "Administrator");
        await using var receiver = await WebhookReceiver.StartAsync();
        var made = (await node.PostAsync(admin, "v1/webhooks", new JsonObject
        {
            ["url"] = receiver.Url, ["types"] = new JsonArray("cport.item.added.v1"),
        })).Is(HttpStatusCode.Created).Json;
        var path = $"v1/webhooks/{made.GetProperty("id").GetString()}";
        await EndToEndNode.UntilAsync(() => node.GetAsync(admin, path), r => r.Json.GetProperty("state").GetString() == "Active");
        receiver.Answer = 503;
        var reports = new List<string>();
        for (var hours = 0; hours < 48; hours += 6)
        {
            reports.Add(await node.SubmitAsync("gb", ReportLifeTests.Hosted($"SCN-DOWN-{hours}", "EE")));
            var tries = (await node.GetAsync(admin, path)).Json.GetProperty("tries").GetInt32();

            // Whatever is due by now is tried.
            await EndToEndNode.UntilAsync(() => node.GetAsync(admin, path), r => r.Json.GetProperty("tries").GetInt32() > (hours == 0 ? 0 : tries - 1)
                && r.Json.TryGetProperty("nextTry", out var next) && next.GetDateTimeOffset() > moved.Clock.GetUtcNow());
            moved.Clock.Move(TimeSpan.FromHours(6));
        }

        Assert.Single(await receiver.TakenAsync(1));
        receiver.Answer = 200;
        moved.Clock.Move(TimeSpan.FromHours(25));
        var taken = (await receiver.TakenAsync(1 + reports.Count))[1..];
        Assert.Equal(reports, taken.Select(t => t.Json.GetProperty("data").GetProperty("report").GetString()));
        Assert.Equal(taken.Select(t => t.Id).Order(StringComparer.Ordinal).Distinct(), taken.Select(t => t.Id));
        Assert.DoesNotContain(taken, t => t.Body.Contains("img.host.example", StringComparison.Ordinal));
        foreach (var id in new[] { reports[0], reports[^1] })
        {
            await AuditedAsync(node, "hotline-ee", id, "disclosure");
            await NothingAsync(node, id, "hotline-gr");
        }

        // Another agency's receivers are nobody's business.
        var other = await node.ConsentedKeyAsync("hotline-gr", "Administrator");
        Assert.Equal(
            (await node.GetAsync(other, "v1/webhooks/none")).Is(HttpStatusCode.NotFound).Text,
            (await node.GetAsync(other, path)).Is(HttpStatusCode.NotFound).Text);
        (await node.SendAsync(admin, HttpMethod.Delete, path, null)).Is(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task An_officer_who_is_stopped_in_the_middle_is_out_and_a_colleague_goes_on()
    {
        var node = await WithAgenciesAsync();
        var admin = await node.ConsentedKeyAsync("police-ee", "Administrator");
        var invited = (await node.PostAsync(admin, "v1/people", new JsonObject
        {
            ["signInName"] = "stopped", ["name"] = "Stella Stopped", ["roles"] = new JsonArray("Officer"),
        }, Purpose)).Is(HttpStatusCode.Created).Json;
        var person = invited.GetProperty("person").GetProperty("id").GetString()!;
        using var device = new SoftAuthenticator();
        using var browser = new SignInBrowser(node.Url);
        await browser.EnrolAsync(invited.GetProperty("link").GetString()!, device);
        await browser.PostAsync("/signin/purpose", new() { ["purpose"] = Purpose.Value }, token: await browser.TokenAsync("/signin/purpose"));

        // An urgent referral, which she receives at her page and holds.
        var id = await node.SubmitAsync("gb", Bodies.Report("SCN-STOP", r =>
        {
            ReportLifeTests.WithoutHashes(r);
            r["urgent"] = true;
            r["urls"]![0]!["hostingCountryCode"] = "EE";
            r["urls"]![0]!["urlString"] = "https://scn-stop.example/x";
        }));
        string? referral = null;
        await EndToEndNode.UntilAsync(() => node.GetAsync("police-ee", $"v1/reports/{id}/items/1", Purpose), r =>
            r.Status == HttpStatusCode.OK && r.Json.TryGetProperty("referrals", out var all)
                && (referral = all.EnumerateArray().Where(x => x.TryGetProperty("referralId", out _)).Select(x => x.GetProperty("referralId").GetString())
                    .FirstOrDefault()) is not null);
        var page = (await browser.GetAsync($"/app/referrals/{referral}")).Text;
        Assert.Equal(HttpStatusCode.SeeOther, (await browser.PostAsync($"/app/referrals/{referral}/receive", token: SignInBrowser.TokenOn(page))).Status);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync($"/app/reports/{id}/items/1")).Status);

        (await node.PostAsync(admin, $"v1/people/{person}:stop", null, Purpose)).Is(HttpStatusCode.OK);
        foreach (var address in new[] { $"/app/referrals/{referral}", "/app/inbox", $"/app/reports/{id}/items/1" })
        {
            var closed = await browser.GetAsync(address);
            Assert.Equal(HttpStatusCode.SeeOther, closed.Status);
            Assert.StartsWith("/signin", closed.Location, StringComparison.Ordinal);
            Assert.DoesNotContain("scn-stop", closed.Text, StringComparison.Ordinal);
        }

        // What she did stands, and is her agency's: another goes on where she stopped.
        Assert.Equal("Received", (await node.GetAsync("police-ee", $"v1/referrals/{referral}", Purpose)).Is(HttpStatusCode.OK).Json
            .GetProperty("state").GetString());
        (await node.PostAsync("police-ee", $"v1/referrals/{referral}:use", new JsonObject(), Purpose)).Is(HttpStatusCode.OK);
        var auditor = await node.ConsentedKeyAsync("police-ee", "Auditor");
        await EndToEndNode.UntilAsync(
            () => node.PostAsync(auditor, "v1/audit/entries:search", new JsonObject { ["person"] = person, ["record"] = id }, Purpose),
            r => Kinds(r).ToHashSet().IsSupersetOf(["consultation"])
                && r.Json.GetProperty("entries").EnumerateArray().All(e => e.GetProperty("purpose").GetString() == Purpose.Value));
        await NothingAsync(node, id, "hotline-gr", "police-gr");
    }

    private static IEnumerable<string> Kinds(Reply reply) => reply.Is(HttpStatusCode.OK).Json.GetProperty("entries").EnumerateArray()
        .Select(e => e.GetProperty("kind").GetString()!);

    /// <summary>The agency's own auditor finds entries of these kinds about the report, all of the agency's own doing.</summary>
    private static async Task AuditedAsync(EndToEndNode node, string agency, string report, params string[] kinds)
    {
        var auditor = await node.AuditorKeyAsync(agency);
        var found = await EndToEndNode.UntilAsync(
            () => node.PostAsync(auditor, "v1/audit/entries:search", new JsonObject { ["record"] = report, ["maxResults"] = 1000 }, Purpose),
            r => Kinds(r).ToHashSet().IsSupersetOf(kinds));
        Assert.All(found.Json.GetProperty("entries").EnumerateArray(), e => Assert.Equal(agency, e.GetProperty("actor").GetProperty("agency").GetString()));
    }

    /// <summary>Nobody there was shown anything of it.</summary>
    private static async Task NotAuditedAsync(EndToEndNode node, string agency, string report)
    {
        var auditor = await node.AuditorKeyAsync(agency);
        var found = (await node.PostAsync(auditor, "v1/audit/entries:search", new JsonObject { ["record"] = report }, Purpose)).Is(HttpStatusCode.OK);
        Assert.DoesNotContain(found.Json.GetProperty("entries").EnumerateArray(), e => e.GetProperty("outcome").GetString() is "done" or "shown");
    }

    /// <summary>To these a report is as one that nobody ever sent, byte by byte, and stands in none of their lists.</summary>
    private static async Task NothingAsync(EndToEndNode node, string report, params string[] strangers)
    {
        foreach (var stranger in strangers)
        {
            foreach (var path in new[] { "", "/items/1", "/history" })
            {
                Assert.Equal(
                    (await node.GetAsync(stranger, $"v1/reports/{NoReport}{path}", Purpose)).Is(HttpStatusCode.NotFound).Text,
                    (await node.GetAsync(stranger, $"v1/reports/{report}{path}", Purpose)).Is(HttpStatusCode.NotFound).Text);
            }

            foreach (var list in new[] { "v1/queues/unassessed?maxResults=200", "v1/queues/unactioned?maxResults=200", "v1/feed?maxResults=200" })
            {
                Assert.DoesNotContain(report, (await node.GetAsync(stranger, list, Purpose)).Is(HttpStatusCode.OK).Text, StringComparison.Ordinal);
            }
        }
    }

    private static async Task<string> HashedAsync(EndToEndNode node, string reference, string country, string md5) =>
        await node.SubmitAsync("gb", Bodies.Report(reference, r =>
        {
            r["urls"]![0]!["hostingCountryCode"] = country;
            r["urls"]![0]!["urlString"] = $"https://img.host.example/{reference}";
            r["urls"]![0]!["hashes"] = new JsonObject { ["md5"] = md5 };
        }));

    private static async Task<string> TextAsync(EndToEndNode node, HttpMethod method, string who, string path, JsonObject? body)
    {
        using var request = node.Request(who, method, path);
        request.Headers.Add(Purpose.Name, Purpose.Value);
        request.Content = body is null ? null : new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using var response = await node.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }

    private async Task<EndToEndNode> WithAgenciesAsync()
    {
        var node = moved.Node;
        await Once.WaitAsync();
        try
        {
            if (!_registered)
            {
                foreach (var country in new[] { "EE", "GR" })
                {
                    var of = country.ToLowerInvariant();
                    await node.RegisterAsync($"hotline-{of}", "Hotline", "Trusted", "Analyst", country);
                    await node.RegisterAsync($"police-{of}", "Police", "Standard", "Officer", country);
                }

                await node.RegisterAsync("police-ee2", "Police", "Standard", "Officer", "EE");
                await node.KeyAsync("icse-one", "interpol", "Officer");
                await node.KeyAsync("icse-two", "interpol", "Officer");
                _registered = true;
            }
        }
        finally
        {
            Once.Release();
        }

        return node;
    }
}
