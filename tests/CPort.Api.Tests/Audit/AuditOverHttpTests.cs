using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Audit;
using CPort.Actors.Persistence;
using CPort.Api.Tests.EndToEnd;
using CPort.Api.Tests.Survival;
using CPort.Domain.Audit;
using CPort.Tests.Shared;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Tests.Audit;

/// <summary>What people do over HTTP, and what the audit log then says of it. Each test has its own node where it damages the database.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class AuditOverHttpTests(EndToEndNodes nodes, PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private static readonly (string Name, string Value) Purpose = ("X-Purpose", "Op. Heron, NL-2026-0144");

    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Each_look_is_there_with_who_why_and_what_when_its_answer_has_come(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var id = await node.SubmitAsync("gb", Bodies.Report($"AUDIT-LOG-{provider}"));
        await node.AssignedAsync("nl", id, "hotline-nl");
        (await node.GetAsync("police-nl", $"v1/reports/{id}", Purpose)).Is(HttpStatusCode.OK);
        await node.ItemAsync("nl", id, _ => true);
        (await node.GetAsync("jp", $"v1/reports/{id}/history")).Is(HttpStatusCode.NotFound);

        // A search that finds nothing, because the read tables are not there yet, names nothing.
        await EndToEndNode.UntilAsync(
            () => node.PostAsync("nl", "v1/reports:search", new JsonObject { ["reportId"] = id }),
            r => r.Is(HttpStatusCode.OK).Json.GetProperty("items").GetArrayLength() == 1);

        var found = await FoundAsync(
            node, "supervisor", new JsonObject { ["record"] = id }, e => e.Any(x => Kind(x) == "combination") && e.Any(x => Kind(x) == "consultation"));
        var look = Assert.Single(found, e => e.GetProperty("actor").GetProperty("agency").GetString() == "police-nl");
        Assert.Equal(("consultation", "GetReport", "shown"), (Kind(look), look.GetProperty("action").GetString(), look.GetProperty("outcome").GetString()));
        Assert.Equal(Purpose.Value, look.GetProperty("purpose").GetString());
        Assert.Contains($"item:{id}-1", look.GetProperty("objects").EnumerateArray().Select(o => o.GetString()));
        Assert.Contains("itemCount", look.GetProperty("fields").EnumerateArray().Select(o => o.GetString()));
        var ours = found.First(e => e.GetProperty("actor").GetProperty("agency").GetString() == "hotline-nl" && e.GetProperty("action").GetString() == "GetItem");
        Assert.Contains("urlString", ours.GetProperty("fields").EnumerateArray().Select(o => o.GetString()));
        Assert.DoesNotContain("img.host.example", string.Concat(found.Select(e => e.GetRawText())), StringComparison.Ordinal);

        // Those of countries that are not its own it does not see; the agencies see their own only, by their auditors.
        Assert.DoesNotContain(found, e => e.GetProperty("actor").GetProperty("agency").GetString() is "hotline-jp" or "hotline-gb");
        (await node.PostAsync("nl", "v1/audit/entries:search", new JsonObject())).Is(HttpStatusCode.Forbidden);
        var own = await AuditorAsync(node, "hotline-gb");
        var collected = Assert.Single(
            await FoundAsync(node, own, new JsonObject { ["record"] = id, ["kinds"] = new JsonArray("collection") }, e => e.Count > 0));
        Assert.Equal("hotline-gb", collected.GetProperty("actor").GetProperty("agency").GetString());
        Assert.Contains($"event:report-{id}#1", collected.GetProperty("objects").EnumerateArray().Select(o => o.GetString()));
        (await node.GetAsync(own, $"v1/audit/entries/{look.GetProperty("id").GetString()}")).Is(HttpStatusCode.NotFound);

        var absent = await FoundAsync(node, await AuditorAsync(node, "hotline-jp"), new JsonObject { ["record"] = id }, e => e.Count > 0);
        Assert.Equal("absent", Assert.Single(absent).GetProperty("outcome").GetString());
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task An_entry_is_proved_by_a_file_and_the_key_alone(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var id = await node.SubmitAsync("gb", Bodies.Report($"AUDIT-PROOF-{provider}"));
        await node.ItemAsync("gb", id, _ => true);
        var who = await AuditorAsync(node, "hotline-gb");
        var entry = (await FoundAsync(node, who, new JsonObject { ["record"] = id }, e => e.Any(x => Kind(x) == "consultation")))
            .First(x => Kind(x) == "consultation").GetProperty("id").GetString();
        var proof = await EndToEndNode.UntilAsync(() => node.GetAsync(who, $"v1/audit/entries/{entry}.tlog-proof"), r => r.Status == HttpStatusCode.OK);
        var leaf = (await node.GetAsync(who, $"v1/audit/entries/{entry}")).Is(HttpStatusCode.OK).Json.GetProperty("leaf").GetBytesFromBase64();
        Assert.True(NoteVerifier.TryParse((await node.GetAsync("nl", "v1/audit/log/key")).Is(HttpStatusCode.OK).Text.Trim(), out var key));
        Assert.True(TlogProof.TryParse(proof.Text, out var read));
        Assert.True(read.Proves(leaf, key));
        Assert.False(read.Proves([.. leaf, 32], key));

        // Hashes are everybody's, entries the supervisors'.
        (await node.GetAsync("nl", "v1/audit/log/tile/0/000.p/1")).Is(HttpStatusCode.OK);
        (await node.GetAsync("nl", "v1/audit/log/tile/0/000.p/0")).Is(HttpStatusCode.NotFound);
        (await node.GetAsync("nl", "v1/audit/log/tile/entries/000.p/1")).Is(HttpStatusCode.Forbidden);
        (await node.GetAsync("supervisor", "v1/audit/log/tile/entries/000.p/1")).Is(HttpStatusCode.OK);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task No_answer_leaves_while_it_cannot_be_written_down(DatabaseProvider provider)
    {
        await using var node = await EndToEndNode.StartAsync(provider, server);
        var id = await node.SubmitAsync("gb", Bodies.Report("AUDIT-CLOSED"));
        await node.AssignedAsync("nl", id, "hotline-nl");
        await node.Database.ExecuteAsync("ALTER TABLE cport_audit_waiting RENAME TO away", default);
        foreach (var (who, path) in new[]
        {
            ("nl", $"v1/reports/{id}"), ("nl", $"v1/reports/{id}/items/1"), ("nl", $"v1/reports/{id}/history"), ("nl", "v1/queues"),
            ("nl", "v1/queues/unassessed"), ("nl", "v1/statistics"), ("nl", "v1/groups"), ("nl", "v1/rejections"), ("nl", "v1/agency"),
            ("operator", "v1/agencies"),
        })
        {
            var refused = (await node.GetAsync(who, path)).Is(HttpStatusCode.ServiceUnavailable);
            Assert.DoesNotContain(id, refused.Text, StringComparison.Ordinal);
            Assert.Equal("unavailable", refused.Code);
        }

        (await node.PostAsync("nl", "v1/reports:search", new JsonObject { ["reportId"] = id })).Is(HttpStatusCode.ServiceUnavailable);
        (await node.ShowHashAsync("nl", "md5", Bodies.Hash("AUDIT-CLOSED", 16))).Is(HttpStatusCode.ServiceUnavailable);
        (await node.PostAsync("nl", "v1/hashes:lookup", new JsonObject
        {
            ["hashes"] = new JsonArray(new JsonObject { ["algorithm"] = "md5", ["value"] = Bodies.Hash("AUDIT-CLOSED", 16) }),
        })).Is(HttpStatusCode.ServiceUnavailable);

        // Work goes on: what is done is in the journal.
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment())).Is(HttpStatusCode.OK);
        await node.Database.ExecuteAsync("ALTER TABLE away RENAME TO cport_audit_waiting", default);
        await EndToEndNode.UntilAsync(() => node.GetAsync("nl", $"v1/reports/{id}"), r => r.Status == HttpStatusCode.OK);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task What_was_done_is_there_once_also_after_a_restart_and_damage_is_named(DatabaseProvider provider)
    {
        await using var node = await EndToEndNode.StartAsync(provider, server);
        var id = await node.SubmitAsync("gb", Bodies.Report("AUDIT-ONCE"));
        await node.AssignedAsync("nl", id, "hotline-nl");
        (await node.PostAsync("nl", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment())).Is(HttpStatusCode.OK);
        await node.RestartAsync();
        (await node.PostAsync("nl", $"v1/reports/{id}/items:act", ReportLifeTests.Action(1))).Is(HttpStatusCode.OK);
        var events = (await node.GetAsync("nl", $"v1/reports/{id}/history")).Is(HttpStatusCode.OK).Json.GetProperty("entries").GetArrayLength();
        var seen = new List<string>();
        await EndToEndNode.UntilAsync(
            async () =>
            {
                seen = await EventsAsync(node);
                return await node.GetAsync("nl", "health/ready");
            },
            _ => seen.Count(e => e.StartsWith($"report-{id}#", StringComparison.Ordinal)) >= events);
        Assert.Equal(seen.Distinct().Count(), seen.Count);
        Assert.Equal(events, seen.Count(e => e.StartsWith($"report-{id}#", StringComparison.Ordinal)));
        Assert.Contains(seen, e => e.StartsWith("agency-registry#", StringComparison.Ordinal));

        var verdict = (await node.PostAsync("supervisor", "v1/audit/log:verify", new JsonObject())).Is(HttpStatusCode.OK).Json;
        Assert.True(verdict.GetProperty("intact").GetBoolean(), verdict.GetRawText());
        await node.Database.ExecuteAsync("DELETE FROM cport_audit_entries WHERE seq = 3", default);
        verdict = (await node.PostAsync("operator", "v1/audit/log:verify", new JsonObject())).Is(HttpStatusCode.OK).Json;
        Assert.Equal(("Missing", 3L), (verdict.GetProperty("fault").GetString(), verdict.GetProperty("from").GetInt64()));
        (await node.PostAsync("nl", "v1/audit/log:verify", new JsonObject())).Is(HttpStatusCode.Forbidden);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Refused_keys_and_rights_are_written_down_and_many_of_them_fill_nothing(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        for (var i = 0; i < 20; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node.Url, "v1/queues"));
            request.Headers.TryAddWithoutValidation("X-Api-Key", "cport_AAAAAAAAAAAA_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB");
            using var refused = await node.SendAsync(request);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        (await node.GetAsync("nl", "v1/stuck")).Is(HttpStatusCode.Forbidden);
        var found = await FoundAsync(
            node, "supervisor", new JsonObject { ["kinds"] = new JsonArray("signIn", "consultation") },
            e => e.Any(x => Kind(x) == "signIn") && e.Any(x => x.GetProperty("action").GetString() == "ListStuck"));
        Assert.InRange(found.Count(x => Kind(x) == "signIn"), 1, 19);
        Assert.Equal("refused", found.First(x => x.GetProperty("action").GetString() == "ListStuck").GetProperty("outcome").GetString());
    }

    /// <summary>Each of them counts, those of a burst a few seconds later, and the agency whose key was named finds them.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Refusals_of_an_agencys_key_are_all_told_to_that_agency(DatabaseProvider provider)
    {
        const int Times = 7;
        var node = await nodes.OnAsync(provider);
        await node.RegisterAsync("refused-ee", "Hotline", "Standard", "Analyst", "EE");
        var auditor = await AuditorAsync(node, "refused-ee");
        var key = node.KeyOf("refused-ee");
        for (var i = 0; i < Times; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node.Url, "v1/queues"));
            request.Headers.TryAddWithoutValidation("X-Api-Key", key[..^43] + new string('A', 43));
            using var refused = await node.SendAsync(request);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        var found = await FoundAsync(
            node, auditor, new JsonObject { ["kinds"] = new JsonArray("signIn"), ["record"] = $"key:{key.Split('_')[1]}" },
            e => e.Sum(Counted) == Times);
        Assert.All(found, e => Assert.Equal(
            ("refused-ee", "key", "refused", key.Split('_')[1]),
            (e.GetProperty("actor").GetProperty("agency").GetString(), e.GetProperty("action").GetString(), e.GetProperty("outcome").GetString(),
                e.GetProperty("actor").GetProperty("person").GetString())));

        static int Counted(JsonElement e) => int.Parse(
            e.GetProperty("objects").EnumerateArray().Select(o => o.GetString()!).Single(o => o.StartsWith("view:unknown ", StringComparison.Ordinal)).Split(' ')[1],
            System.Globalization.CultureInfo.InvariantCulture);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task What_people_do_about_their_own_coming_in_is_written_down_with_who_and_what_came_of_it(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var (admin, person, link) = await SignInTests.InvitedAsync(node, "Hotline", "Analyst");
        var auditor = await AuditorAsync(node, admin);
        using var device = new SoftAuthenticator();
        using var browser = new SignInBrowser(node.Url);
        var path = new Uri(link).AbsolutePath;
        Assert.Equal(HttpStatusCode.NotFound, (await browser.PostAsync($"{path}/passkey", new() { ["credential"] = "{}" }, asScript: true)).Status);
        await browser.EnrolAsync(link, device);
        var token = await browser.TokenAsync("/app/settings");

        async Task<HttpStatusCode> PostAsync(string to, Dictionary<string, string>? fields = null) =>
            (await browser.PostAsync(to, fields, asScript: true, token: token)).Status;
        Assert.Equal(HttpStatusCode.OK, await PostAsync("/signin/purpose", new() { ["purpose"] = "NL-2026-0144" }));
        Assert.Equal(HttpStatusCode.OK, await PostAsync("/signin/session", new() { ["role"] = "Analyst" }));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await PostAsync("/signin/again", new() { ["credential"] = "{}" }));
        var challenge = await browser.PostAsync("/signin/again/passkey/options", asScript: true, token: token);
        Assert.Equal(HttpStatusCode.OK, await PostAsync("/signin/again", new() { ["credential"] = device.Get(challenge.Text, browser.Origin) }));
        var options = await browser.PostAsync("/app/settings/passkeys/options", asScript: true, token: token);
        using var spare = new SoftAuthenticator();
        Assert.Equal(HttpStatusCode.OK, await PostAsync("/app/settings/passkeys", new() { ["credential"] = spare.Create(options.Text, browser.Origin) }));
        var settings = (await browser.GetAsync("/app/settings")).Text;
        Assert.Equal(HttpStatusCode.SeeOther, await PostAsync("/app/settings/ways/remove", new() { ["passkey"] = SignInBrowser.Field(settings, "passkey") }));
        Assert.Equal(HttpStatusCode.SeeOther, await PostAsync("/app/settings/sessions/end"));
        using var elsewhere = new SignInBrowser(node.Url);
        var name = System.Text.RegularExpressions.Regex.Match((await browser.PostAsync("/app/settings/ways/codes", token: token)).Text, "<code>([^<]+)</code>");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await elsewhere.PostAsync(
            "/signin/code", new() { ["name"] = WebUtility.HtmlDecode(name.Groups[1].Value), ["secret"] = "x", ["code"] = "123456" })).Status);

        (string, string)[] wanted =
        [
            ("enrol", "refused"), ("make-passkey", "done"), ("make-recovery-codes", "done"), ("sign-in", "done"), ("state-purpose", "done"),
            ("change-session", "done"), ("step-up", "refused"), ("step-up", "done"), ("remove-passkey", "done"), ("end-other-sessions", "done"),
            ("sign-in", "refused"),
        ];
        IEnumerable<(string, string)> Missing(IReadOnlyList<JsonElement> of) =>
            wanted.Except(of.Select(e => (e.GetProperty("action").GetString()!, e.GetProperty("outcome").GetString()!)));
        var found = await FoundAsync(node, auditor, new JsonObject { ["person"] = person }, e => !Missing(e).Any());
        Assert.All(found.Where(e => wanted.Any(w => w.Item1 == e.GetProperty("action").GetString())), e =>
        {
            Assert.Equal((admin, person), (e.GetProperty("actor").GetProperty("agency").GetString(), e.GetProperty("actor").GetProperty("person").GetString()));
            Assert.Contains($"person:{person}", e.GetProperty("objects").EnumerateArray().Select(o => o.GetString()));
        });
        Assert.Equal("NL-2026-0144", found.Single(e => e.GetProperty("action").GetString() == "state-purpose").GetProperty("purpose").GetString());
        Assert.DoesNotContain("NL-2026-0144", string.Concat(found.Select(e => e.GetProperty("objects").GetRawText())), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task An_agencys_manager_searches_its_entries_and_nobody_elses(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await node.RegisterAsync("managed-lv", "Hotline", "Standard", "Manager", "LV");
        (await node.GetAsync("managed-lv", "v1/agency")).Is(HttpStatusCode.OK);
        var found = await FoundAsync(node, "managed-lv", new JsonObject(), e => e.Any(x => Kind(x) == "consultation"));
        Assert.All(found, e => Assert.Equal("managed-lv", e.GetProperty("actor").GetProperty("agency").GetString()));
        Assert.Equal(0, (await node.PostAsync("managed-lv", "v1/audit/entries:search", new JsonObject { ["agency"] = "hotline-nl" }))
            .Is(HttpStatusCode.OK).Json.GetProperty("entries").GetArrayLength());
        (await node.PostAsync("gb", "v1/audit/entries:search", new JsonObject())).Is(HttpStatusCode.Forbidden);
    }

    /// <summary>Whatever is asked with is answered in words, and never by a fault of the node.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Odd_dates_and_ids_are_told_or_find_nothing(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        foreach (var (body, told) in new[]
        {
            ("""{"from":"0001-01-01T00:00:00Z","to":"9999-12-31T23:59:59Z"}""", false), ("""{"from":"2026-02-30T00:00:00Z"}""", true),
            ("""{"from":"yesterday"}""", true), ("""{"to":17}""", true), ("""{"from":"2026-12-01T00:00:00Z","to":"2026-01-01T00:00:00Z"}""", false),
            ("""{"record":""}""", true), ("""{"record":"agency:"}""", true), ("""{"record":"agency:a\u0000b"}""", true), ("""{"record":"theft:1"}""", true),
            ("""{"record":"key:\ud83d\ude00"}""", true), ("""{"record":"../../etc"}""", true), ("""{"record":"agency:%00' OR 1=1 --"}""", false),
            ("""{"person":"\u0000"}""", false), ("""{"person":""}""", false), ("""{"agency":"NO SUCH"}""", true), ("""{"agency":"no-such"}""", false),
            ("""{"cursor":"AAAA"}""", true), ("""{"maxResults":0}""", true), ("""{"maxResults":1001}""", true), ("""{"kinds":[null]}""", true),
            ($$"""{"record":"agency:{{new string('a', 300)}}"}""", true),
        })
        {
            var reply = await node.SendAsync("supervisor", HttpMethod.Post, "v1/audit/entries:search", body);
            Assert.True(told ? (int)reply.Status is 400 or 422 : reply.Status == HttpStatusCode.OK, $"{body}: {(int)reply.Status} {reply.Text}");
        }

        foreach (var id in new[] { "x", "-", "a-b-c", "journal-99999999999999999999", "%00", "%F0%9F%98%80", "a-1%00", new string('a', 300) })
        {
            var reply = await node.GetAsync("supervisor", $"v1/audit/entries/{id}");
            Assert.True(reply.Status is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, $"{id}: {(int)reply.Status} {reply.Text}");
            Assert.True((await node.GetAsync("supervisor", $"v1/audit/entries/{id}.tlog-proof")).Status is HttpStatusCode.NotFound or HttpStatusCode.BadRequest);
        }

        // That it was asked for is in the log, too.
        Assert.NotEmpty(await FoundAsync(
            node, "supervisor", new JsonObject { ["agency"] = "supervisor-nl" },
            e => e.Any(x => x.GetProperty("action").GetString() == "GetAuditEntry" && x.GetProperty("outcome").GetString() == "absent")));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task An_export_is_a_line_an_entry_and_stands_in_the_log_itself(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var lines = (await node.PostAsync("supervisor", "v1/audit/entries:export", new JsonObject { ["kinds"] = new JsonArray("consultation") }))
            .Is(HttpStatusCode.OK).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, l => Assert.Equal("consultation", JsonElement.Parse(l).GetProperty("kind").GetString()));
        await FoundAsync(
            node, "supervisor", new JsonObject { ["kinds"] = new JsonArray("export") },
            e => e.Any(x => x.GetProperty("action").GetString() == "ExportAudit" && x.GetProperty("rows").GetInt32() == lines.Length));
        (await node.PostAsync("supervisor", "v1/audit/entries:search", new JsonObject { ["kinds"] = new JsonArray("theft") }))
            .Is(HttpStatusCode.UnprocessableEntity);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_month_that_is_over_is_erased_by_two_operators_of_two_hands(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await node.Services.GetRequiredService<AuditPeriods>().SealAsync("hotline-nl", "2020-01", new AuditDetails("p", null, null, "00"), default);
        var body = new JsonObject { ["agency"] = "hotline-nl", ["period"] = "2020-01" };
        (await node.PostAsync("nl", "v1/audit/keys:erase", body)).Is(HttpStatusCode.Forbidden);
        Assert.Equal(0, (await node.PostAsync("operator", "v1/audit/keys:erase", body)).Is(HttpStatusCode.OK).Json.GetProperty("entries").GetInt64());
        body["confirm"] = 7;
        Assert.Equal("count-changed", (await node.PostAsync("operator", "v1/audit/keys:erase", body)).Is(HttpStatusCode.Conflict).Code);
        body["confirm"] = 0;

        // The first proposes, and so often as it asks; a key that it has made is the same hand.
        for (var i = 0; i < 2; i++)
        {
            var waits = (await node.PostAsync("operator", "v1/audit/keys:erase", body)).Is(HttpStatusCode.OK).Json;
            Assert.Equal((false, "Proposed"), (waits.GetProperty("applied").GetBoolean(), waits.GetProperty("step").GetString()));
        }

        var sameHand = await node.OperatorKeyAsync("operator-erases");
        Assert.Equal("second-person-needed", (await node.PostAsync(sameHand, "v1/audit/keys:erase", body)).Is(HttpStatusCode.Forbidden).Code);
        var done = (await node.PostAsync("operator-2", "v1/audit/keys:erase", body)).Is(HttpStatusCode.OK).Json;
        Assert.Equal((true, "Destroyed"), (done.GetProperty("applied").GetBoolean(), done.GetProperty("step").GetString()));
        Assert.False((await node.PostAsync("operator-2", "v1/audit/keys:erase", body)).Is(HttpStatusCode.OK).Json.GetProperty("applied").GetBoolean());

        // Both are in the log, with whose key it was.
        var found = await FoundAsync(
            node, "auditor", new JsonObject { ["kinds"] = new JsonArray("erasure") },
            e => Steps(e, "proposed").Any() && Steps(e, "destroyed").Any());
        Assert.Equal(node.KeyOf("operator").Split('_')[1], Person(Steps(found, "proposed").Last()));
        Assert.Equal(node.KeyOf("operator-2").Split('_')[1], Person(Steps(found, "destroyed").Single()));
        Assert.Contains($"key:{node.KeyOf("operator").Split('_')[1]}", Steps(found, "destroyed").Single().GetProperty("objects").EnumerateArray()
            .Select(o => o.GetString()));

        static IEnumerable<JsonElement> Steps(IReadOnlyList<JsonElement> of, string step) =>
            of.Where(e => e.GetProperty("objects").EnumerateArray().Any(o => o.GetString() == $"view:audit key of 2020-01 {step}"));

        static string? Person(JsonElement e) => e.GetProperty("actor").GetProperty("person").GetString();

        body["period"] = AuditEntry.PeriodOf(DateTimeOffset.UtcNow);
        (await node.PostAsync("operator", "v1/audit/keys:erase", body)).Is(HttpStatusCode.UnprocessableEntity);
    }

    /// <summary>A key of the agency's auditor.</summary>
    private static async Task<string> AuditorAsync(EndToEndNode node, string agency) => await node.AuditorKeyAsync(agency);

    private static string? Kind(JsonElement entry) => entry.GetProperty("kind").GetString();

    /// <summary>What a search finds, once it is as wanted: entries wait for their place a moment.</summary>
    private static async Task<IReadOnlyList<JsonElement>> FoundAsync(
        EndToEndNode node, string who, JsonObject search, Func<IReadOnlyList<JsonElement>, bool> wanted)
    {
        var reply = await EndToEndNode.UntilAsync(
            () => node.PostAsync(who, "v1/audit/entries:search", search.DeepClone()),
            r => wanted([.. r.Is(HttpStatusCode.OK).Json.GetProperty("entries").EnumerateArray()]));
        return [.. reply.Json.GetProperty("entries").EnumerateArray()];
    }

    /// <summary>All events of the journal that the log tells of.</summary>
    private static async Task<List<string>> EventsAsync(EndToEndNode node)
    {
        await using var connection = await node.Database.OpenAsync();
        await using var select = connection.Statement("SELECT entry FROM cport_audit_entries ORDER BY seq");
        await using var reader = await select.ExecuteReaderAsync();
        var events = new List<string>();
        while (await reader.ReadAsync())
        {
            Assert.True(AuditEntry.TryRead((byte[])reader.GetValue(0), out var entry));
            events.AddRange(entry.Objects.Where(o => o.Kind == AuditObjectKind.Event).Select(o => o.Id));
        }

        return events;
    }
}
