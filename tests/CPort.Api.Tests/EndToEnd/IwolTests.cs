using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>A domain's way onto INTERPOL's "worst of" list and off it, over HTTP; what resolvers and OpenSSL say of its files.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class IwolTests(EndToEndNodes nodes)
{
    private static readonly (string Name, string Value) Purpose = ("X-Purpose", "Case 4711");
    private static readonly HashSet<EndToEndNode> Ready = [];

    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_domain_is_listed_when_two_countries_agree_without_having_seen_each_other_and_is_removed_again(DatabaseProvider provider)
    {
        var node = await WithAgenciesAsync(provider);
        var report = await BaselineAsync(node, "IWOL-1", "https://deep.pics.iwol-one.example/a/b");
        var id = await ProposeAsync(node, "hotline-ge", report);
        var second = await BaselineAsync(node, "IWOL-2", "https://iwol-one.example/other");
        Assert.Equal(id, await ProposeAsync(node, "hotline-ge", second));

        var seen = await GetAsync(node, "police-ge", id);
        Assert.Equal(("iwol-one.example", "Candidate", false, 0), (Text(seen, "domain"), Text(seen, "state"),
            seen.GetProperty("decidable").GetBoolean(), seen.GetProperty("attested").GetInt32()));
        Assert.Equal([$"{report}-1", $"{second}-1"], seen.GetProperty("evidence").EnumerateArray().Select(e => Text(e, "itemId")));

        // Nobody can decide yet; and nobody but INTERPOL ever.
        (await node.PostAsync("police-ge", $"v1/iwol/candidates/{id}:list", new JsonObject(), Purpose)).Is(HttpStatusCode.Forbidden);
        Assert.Equal("not-decidable", (await node.PostAsync("officer-ip", $"v1/iwol/candidates/{id}:list", new JsonObject())).Is(HttpStatusCode.Conflict).Code);

        // The second one does not see what the first one found before having said what she found herself.
        (await AttestAsync(node, "police-ge", id)).Is(HttpStatusCode.OK);
        Assert.Equal("country-has-attested", (await AttestAsync(node, "police-ge2", id)).Is(HttpStatusCode.Conflict).Code);
        foreach (var blind in new[] { "police-md", "interpol", "police-ge2" })
        {
            var page = await GetAsync(node, blind, id);
            Assert.Equal(blind == "interpol" ? 1 : 0, page.GetProperty("attested").GetInt32());
            Assert.Equal(blind != "interpol", page.TryGetProperty("blind", out _));
            Assert.False(page.TryGetProperty("attestations", out _));
            Assert.DoesNotContain("kept in safe", page.GetRawText(), StringComparison.Ordinal);
        }

        Assert.Equal("kept in safe of police-ge", Text(await GetAsync(node, "police-ge", id), "ownReference"));
        Assert.Equal("not-decidable", (await node.PostAsync("officer-ip", $"v1/iwol/candidates/{id}:list", new JsonObject())).Is(HttpStatusCode.Conflict).Code);
        (await AttestAsync(node, "police-md", id)).Is(HttpStatusCode.OK);
        Assert.Equal(2, (await GetAsync(node, "police-md", id)).GetProperty("attestations").GetArrayLength());
        Assert.DoesNotContain("safe of police-ge", (await GetAsync(node, "police-md", id)).GetRawText(), StringComparison.Ordinal);
        Assert.True((await GetAsync(node, "interpol", id)).GetProperty("decidable").GetBoolean());

        // A hold on an item of the domain, also one that does not speak for it, stops it.
        var held = await BaselineAsync(node, "IWOL-3", "https://pics.iwol-one.example/held");
        var hold = (await node.PostAsync("police-ge", $"v1/reports/{held}:hold", new JsonObject
        {
            ["items"] = new JsonArray(new JsonObject { ["item"] = 1 }), ["reason"] = "PossibleNewVictim",
        }, Purpose)).Is(HttpStatusCode.OK).Json.GetProperty("holdId").GetString()!;
        var refused = await EndToEndNode.UntilAsync(
            async () => await node.ReadTablesAreCurrentAsync()
                ? await node.PostAsync("officer-ip", $"v1/iwol/candidates/{id}:list", new JsonObject()) : (await node.GetAsync("interpol", "v1/iwol/key")),
            r => r.Status == HttpStatusCode.Conflict);
        Assert.Equal("on-hold", refused.Code);
        Assert.Contains(hold, refused.Text, StringComparison.Ordinal);
        (await node.PostAsync("police-ge", $"v1/holds/{hold}:lift", new JsonObject(), Purpose)).Is(HttpStatusCode.OK);

        Assert.Equal("review-does-not-fit", (await EndToEndNode.UntilAsync(
            () => node.PostAsync(
                "officer-ip", $"v1/iwol/candidates/{id}:list", new JsonObject { ["reviewBy"] = DateTimeOffset.UtcNow.AddDays(91).ToString("O") }),
            r => r.Code != "on-hold")).Is((HttpStatusCode)422).Code);
        var listed = await EndToEndNode.UntilAsync(
            () => node.PostAsync("officer-ip", $"v1/iwol/candidates/{id}:list", new JsonObject(), ("Command-Id", "list-1")), r => r.Code != "on-hold");
        Assert.Equal("Listed", Text(listed.Is(HttpStatusCode.OK).Json, "state"));
        Assert.True((await node.PostAsync("officer-ip", $"v1/iwol/candidates/{id}:list", new JsonObject(), ("Command-Id", "list-1"))).Is(HttpStatusCode.OK)
            .Json.GetProperty("replayed").GetBoolean());
        var version = (await CandidateAsync(node, id, c => c.TryGetProperty("listVersion", out _))).GetProperty("listVersion").GetInt32();
        var first = await FileAsync(node, "police-ge", $"list/{version}.txt");
        Assert.Contains("\niwol-one.example\n", Encoding.UTF8.GetString(first), StringComparison.Ordinal);

        // Its reports hear of it, and so do feeds.
        Assert.True((await node.ItemAsync("hotline-ge", report, i => i.TryGetProperty("iwol", out _))).GetProperty("iwol").GetProperty("listed").GetBoolean());
        await EndToEndNode.UntilAsync(() => node.GetAsync("gb", "v1/feed?types=cport.iwol.listed.v1"), r => r.Text.Contains(report, StringComparison.Ordinal));

        (await node.PostAsync("police-md", $"v1/iwol/candidates/{id}:appeal", Why("its owner writes"), Purpose)).Is(HttpStatusCode.OK);
        Assert.True((await GetAsync(node, "interpol", id)).GetProperty("appealed").GetBoolean());
        (await node.PostAsync("officer-ip", $"v1/iwol/candidates/{id}:review", new JsonObject())).Is(HttpStatusCode.OK);
        Assert.False((await GetAsync(node, "interpol", id)).TryGetProperty("appealed", out _));
        (await node.PostAsync("officer-ip", $"v1/iwol/candidates/{id}:remove", Why("cleaned"))).Is(HttpStatusCode.OK);
        await CandidateAsync(node, id, c => c.GetProperty("listVersion").GetInt32() > version);
        await node.ItemAsync("hotline-ge", report, i => !i.GetProperty("iwol").GetProperty("listed").GetBoolean());

        // A version stays as it was, and the difference names it.
        Assert.Equal(first, await FileAsync(node, "police-ge", $"list/{version}.txt"));
        Assert.DoesNotContain("iwol-one", Encoding.UTF8.GetString(await FileAsync(node, "police-ge", "list.txt")), StringComparison.Ordinal);
        var changes = (await node.GetAsync("police-md", $"v1/iwol/list/changes?since={version}", Purpose)).Is(HttpStatusCode.OK).Json;
        Assert.Contains("iwol-one.example", changes.GetProperty("removed").EnumerateArray().Select(d => d.GetString()));
    }

    [Fact]
    public async Task Who_could_read_what_others_found_does_not_change_its_own_word()
    {
        var node = await WithAgenciesAsync();
        var report = await BaselineAsync(node, "IWOL-20", "https://iwol-blind.example/x");
        var id = await ProposeAsync(node, "hotline-ge", report);
        (await AttestAsync(node, "police-ge", id, severe: false)).Is(HttpStatusCode.OK);

        // A slip is mended as long as nobody else has said anything.
        Assert.True((await GetAsync(node, "police-ge", id)).GetProperty("mayAttest").GetBoolean());
        (await AttestAsync(node, "police-ge", id)).Is(HttpStatusCode.OK);
        (await AttestAsync(node, "police-md", id, severe: false)).Is(HttpStatusCode.OK);
        foreach (var who in new[] { "police-ge", "police-md" })
        {
            Assert.Equal(2, (await GetAsync(node, who, id)).GetProperty("attestations").GetArrayLength());
            Assert.False((await GetAsync(node, who, id)).TryGetProperty("mayAttest", out _));
            Assert.Equal("not-blind-any-more", (await AttestAsync(node, who, id)).Is(HttpStatusCode.Conflict).Code);
        }

        Assert.Equal([true, false], (await GetAsync(node, "police-ge", id)).GetProperty("attestations").EnumerateArray()
            .Select(a => a.GetProperty("severe").GetBoolean()));

        // Anew it is looked at by all; and who decides says nothing once there is enough to decide by.
        (await node.PostAsync("officer-ip", $"v1/iwol/candidates/{id}:decline", Why("they do not agree"))).Is(HttpStatusCode.OK);
        Assert.Equal(id, await ProposeAsync(node, "hotline-ge", report));
        (await AttestAsync(node, "police-ge", id)).Is(HttpStatusCode.OK);
        (await AttestAsync(node, "police-md", id)).Is(HttpStatusCode.OK);
        Assert.Equal(2, (await GetAsync(node, "interpol", id)).GetProperty("attestations").GetArrayLength());
        Assert.Equal("not-blind-any-more", (await AttestAsync(node, "officer-ip", id)).Is(HttpStatusCode.Conflict).Code);
    }

    [Fact]
    public async Task Words_of_police_that_is_closed_or_works_elsewhere_put_no_domain_on_the_list()
    {
        var node = await WithAgenciesAsync();
        foreach (var (agency, country) in new[] { ("police-ee", "EE"), ("police-lv", "LV") })
        {
            await node.RegisterAsync(agency, "Police", "Standard", "Officer", country);
        }

        var id = await ProposeAsync(node, "hotline-ge", await BaselineAsync(node, "IWOL-21", "https://iwol-closed.example/x"));
        (await AttestAsync(node, "police-ee", id)).Is(HttpStatusCode.OK);
        (await AttestAsync(node, "police-lv", id)).Is(HttpStatusCode.OK);
        await CandidateAsync(node, id, c => c.GetProperty("decidable").GetBoolean());

        await node.ChangeAgencyAsync("police-lv", new JsonObject { ["active"] = false });
        await RefusedAsync();
        await node.RegisterAsync("police-lv2", "Police", "Standard", "Officer", "LV");
        (await AttestAsync(node, "police-lv2", id)).Is(HttpStatusCode.OK);
        await CandidateAsync(node, id, c => c.GetProperty("decidable").GetBoolean());

        await node.ChangeAgencyAsync("police-ee", new JsonObject { ["countries"] = new JsonArray("LV") });
        await RefusedAsync();
        await node.RegisterAsync("police-ee2", "Police", "Standard", "Officer", "EE");
        (await AttestAsync(node, "police-ee2", id)).Is(HttpStatusCode.OK);
        (await node.PostAsync("officer-ip", $"v1/iwol/candidates/{id}:list", new JsonObject())).Is(HttpStatusCode.OK);

        // The directory comes to the node a moment after the change.
        async Task RefusedAsync()
        {
            await CandidateAsync(node, id, c => !c.GetProperty("decidable").GetBoolean());
            var refused = (await node.PostAsync("officer-ip", $"v1/iwol/candidates/{id}:list", new JsonObject())).Is(HttpStatusCode.Conflict);
            Assert.Equal("not-decidable", refused.Code);
            Assert.Contains("takes part no more", refused.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Hashes_public_suffixes_and_addresses_make_no_candidate_and_strangers_see_none()
    {
        var node = await WithAgenciesAsync();
        var unjudged = await node.SubmitAsync("gb", Body("IWOL-4", "https://iwol-two.example/x"));
        await node.AssignedAsync("hotline-ge", unjudged, "hotline-ge");
        Assert.Equal("no-evidence", (await PostProposalAsync(node, "hotline-ge", unjudged)).Is(HttpStatusCode.Conflict).Code);
        foreach (var (reference, url) in new[] { ("IWOL-5", "https://co.uk/x"), ("IWOL-6", "https://github.io/x"), ("IWOL-7", "https://192.0.2.7/x"),
            ("IWOL-11", "http://*.github.io/x"), ("IWOL-12", "http://a;b.example/x"), ("IWOL-13", "http://x.com.rpz-nsdname/x") })
        {
            var report = await BaselineAsync(node, reference, url);
            Assert.Equal("not-a-domain", (await PostProposalAsync(node, "hotline-ge", report)).Is((HttpStatusCode)422).Code);
        }

        // A customer of a public suffix is a domain of its own.
        var id = await ProposeAsync(node, "hotline-ge", await BaselineAsync(node, "IWOL-8", "https://x.customer-ge.github.io/x"));
        Assert.Equal("customer-ge.github.io", Text(await GetAsync(node, "police-md", id), "domain"));
        var nothing = (await node.GetAsync("gb", "v1/iwol/candidates/00000000000000000000000000")).Is(HttpStatusCode.NotFound).Text;
        Assert.Equal(nothing, (await node.GetAsync("gb", $"v1/iwol/candidates/{id}")).Is(HttpStatusCode.NotFound).Text);
        Assert.Equal(nothing, (await node.GetAsync("police-jp", $"v1/iwol/candidates/{id[..^1]}0", Purpose)).Is(HttpStatusCode.NotFound).Text);
        await EndToEndNode.UntilAsync(() => node.GetAsync("hotline-ge", "v1/iwol/candidates"), r => r.Text.Contains(id, StringComparison.Ordinal));
        Assert.DoesNotContain(id, (await node.GetAsync("gb", "v1/iwol/candidates")).Is(HttpStatusCode.OK).Text, StringComparison.Ordinal);
        foreach (var who in new[] { "gb", "supervisor", "operator" })
        {
            (await node.GetAsync(who, "v1/iwol/list.txt")).Is(HttpStatusCode.Forbidden);
        }

        var trainee = await node.TrainingKeyAsync("police-md", "Officer");
        (await node.GetAsync(trainee, "v1/iwol/candidates", Purpose)).Is(HttpStatusCode.Forbidden);
    }

    [SkippableFact]
    public async Task OpenSSL_and_resolvers_take_the_files()
    {
        var node = await WithAgenciesAsync();
        var id = await ProposeAsync(node, "hotline-ge", await BaselineAsync(node, "IWOL-9", "https://www.iwol-rpz.example/x"));
        (await AttestAsync(node, "police-ge", id)).Is(HttpStatusCode.OK);
        (await AttestAsync(node, "police-md", id)).Is(HttpStatusCode.OK);
        (await node.PostAsync("officer-ip", $"v1/iwol/candidates/{id}:list", new JsonObject())).Is(HttpStatusCode.OK);
        var version = (await CandidateAsync(node, id, c => c.TryGetProperty("listVersion", out _))).GetProperty("listVersion").GetInt32();
        var folder = Directory.CreateTempSubdirectory("cport-iwol-").FullName;
        string At(string name) => Path.Combine(folder, name);
        var key = (await node.GetAsync("police-ge", "v1/iwol/key", Purpose)).Is(HttpStatusCode.OK).Json;
        await File.WriteAllTextAsync(At("key.pem"), Text(key, "pem"));
        foreach (var format in new[] { "txt", "csv", "json", "rpz" })
        {
            var file = await FileAsync(node, "police-ge", $"list/{version}.{format}");
            await File.WriteAllBytesAsync(At($"list.{format}"), file);
            await File.WriteAllBytesAsync(At("list.sig"), await FileAsync(node, "police-ge", $"list/{version}.{format}.sig"));
            Assert.Contains("Verified", await RunAsync(
                folder, "openssl pkeyutl -verify -rawin -pubin -inkey key.pem -sigfile list.sig -in", $"list.{format}"), StringComparison.Ordinal);
            var changed = (byte[])file.Clone();
            changed[^2] ^= 1;
            await File.WriteAllBytesAsync(At("changed"), changed);
            await Assert.ThrowsAnyAsync<Exception>(() => RunAsync(
                folder, "openssl pkeyutl -verify -rawin -pubin -inkey key.pem -sigfile list.sig -in", "changed"));

            // The digest of what was handed out stands in the audit log, as a disclosure.
            var auditor = await node.AuditorKeyAsync("police-ge");
            await EndToEndNode.UntilAsync(
                () => node.PostAsync(auditor, "v1/audit/entries:search", new JsonObject
                {
                    ["record"] = $"list:sha256 {Convert.ToHexStringLower(SHA256.HashData(file))}", ["kinds"] = new JsonArray("disclosure"),
                }, Purpose),
                r => r.Is(HttpStatusCode.OK).Json.GetProperty("entries").GetArrayLength() > 0);
        }

        using var unchanged = node.Request("police-ge", HttpMethod.Get, $"v1/iwol/list/{version}.txt");
        unchanged.Headers.Add(Purpose.Name, Purpose.Value);
        unchanged.Headers.TryAddWithoutValidation("If-None-Match", $"\"iwol-{version}.txt\"");
        Assert.Equal(HttpStatusCode.NotModified, (await node.SendAsync(unchanged)).StatusCode);
        Assert.Contains("OK", await RunAsync(folder, "named-checkzone iwol.rpz", "list.rpz"), StringComparison.Ordinal);

        // It has no signatures of its own, which is all that is said of it; a changed zone is known by its digest.
        var whole = await Assert.ThrowsAsync<Xunit.Sdk.TrueException>(() => RunAsync(folder, "ldns-verify-zone -ZZ", "list.rpz"));
        Assert.DoesNotContain("zone digest", whole.Message, StringComparison.Ordinal);
        var zone = await File.ReadAllTextAsync(At("list.rpz"));
        await File.WriteAllTextAsync(At("changed"), zone.Replace("iwol-rpz", "iwol-rpx", StringComparison.Ordinal));
        var wrong = await Assert.ThrowsAsync<Xunit.Sdk.TrueException>(() => RunAsync(folder, "ldns-verify-zone -ZZ", "changed"));
        Assert.Contains("Could not validate zone digest", wrong.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_running_unbound_answers_by_the_list()
    {
        var node = await WithAgenciesAsync();
        var id = await ProposeAsync(node, "hotline-ge", await BaselineAsync(node, "IWOL-10", "https://www.iwol-dns.example/x"));
        (await AttestAsync(node, "police-ge", id)).Is(HttpStatusCode.OK);
        (await AttestAsync(node, "police-md", id)).Is(HttpStatusCode.OK);
        (await node.PostAsync("officer-ip", $"v1/iwol/candidates/{id}:list", new JsonObject())).Is(HttpStatusCode.OK);
        await CandidateAsync(node, id, c => c.TryGetProperty("listVersion", out _));
        var folder = Directory.CreateTempSubdirectory("cport-iwol-").FullName;
        await File.WriteAllBytesAsync(Path.Combine(folder, "list.rpz"), await FileAsync(node, "police-ge", "list.rpz"));
        var port = NodeProcess.FreePort();
        await File.WriteAllTextAsync(Path.Combine(folder, "unbound.conf"), $"""
            server:
              interface: 127.0.0.1@{port}
              do-daemonize: no
              chroot: ""
              username: ""
              directory: "{folder}"
              pidfile: "{folder}/unbound.pid"
              use-syslog: no
              module-config: "respip iterator"
              local-zone: "iwol-dnsx.example." static
              local-data: "iwol-dnsx.example. A 192.0.2.9"
              local-zone: "other.example." static
              local-data: "other.example. A 192.0.2.10"
            rpz:
              name: iwol.rpz
              zonefile: {folder}/list.rpz
            """);
        System.Diagnostics.Process unbound;
        try
        {
            unbound = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("unbound", ["-d", "-c", Path.Combine(folder, "unbound.conf")])
            {
                RedirectStandardError = true,
            })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new SkipException("unbound is not installed.");
        }

        try
        {
            async Task<string> DigAsync(string name)
            {
                for (var attempt = 0; ; attempt++)
                {
                    try
                    {
                        return await RunAsync(folder, $"dig @127.0.0.1 -p {port} +time=2 +tries=1 +noedns", name, "A");
                    }
                    catch (Xunit.Sdk.XunitException) when (attempt < 20)
                    {
                        await Task.Delay(100);
                    }
                }
            }

            Assert.Contains("status: NXDOMAIN", await DigAsync("iwol-dns.example"), StringComparison.Ordinal);
            Assert.Contains("status: NXDOMAIN", await DigAsync("deep.www.iwol-dns.example"), StringComparison.Ordinal);
            Assert.Contains("192.0.2.9", await DigAsync("iwol-dnsx.example"), StringComparison.Ordinal);
            Assert.Contains("192.0.2.10", await DigAsync("other.example"), StringComparison.Ordinal);
        }
        finally
        {
            unbound.Kill();
            unbound.Dispose();
        }
    }

    private static Task<string> RunAsync(string folder, string command, params string[] arguments) =>
        ForeignProgram.RunAsync(folder, command, needsNetwork: false, [], arguments);

    private static string? Text(JsonElement of, string name) => of.GetProperty(name).GetString();

    private static JsonObject Why(string text) => new() { ["why"] = text };

    private static async Task<JsonElement> GetAsync(EndToEndNode node, string who, string id) =>
        (await node.GetAsync(who, $"v1/iwol/candidates/{id}", Purpose)).Is(HttpStatusCode.OK).Json;

    private static async Task<JsonElement> CandidateAsync(EndToEndNode node, string id, Func<JsonElement, bool> wanted) => (await EndToEndNode.UntilAsync(
        () => node.GetAsync("interpol", $"v1/iwol/candidates/{id}"), r => wanted(r.Is(HttpStatusCode.OK).Json))).Json;

    private static async Task<byte[]> FileAsync(EndToEndNode node, string who, string path)
    {
        using var request = node.Request(who, HttpMethod.Get, $"v1/iwol/{path}");
        request.Headers.Add(Purpose.Name, Purpose.Value);
        using var response = await node.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsByteArrayAsync();
    }

    private static Task<Reply> PostProposalAsync(EndToEndNode node, string who, string report) =>
        node.PostAsync(who, "v1/iwol/candidates", new JsonObject { ["reportId"] = report, ["item"] = 1 }, Purpose);

    private static async Task<string> ProposeAsync(EndToEndNode node, string who, string report) =>
        Text((await PostProposalAsync(node, who, report)).Is(HttpStatusCode.OK).Json, "candidateId")!;

    private static Task<Reply> AttestAsync(EndToEndNode node, string who, string id, bool severe = true) =>
        node.PostAsync(who, $"v1/iwol/candidates/{id}:attest", new JsonObject
        {
            ["childrenReal"] = true, ["youngerThan13"] = true, ["severe"] = severe, ["seenAt"] = DateTimeOffset.UtcNow.AddHours(-1).ToString("O"),
            ["reference"] = $"kept in safe of {who}",
        }, Purpose);

    private static string Body(string reference, string url) => Bodies.Report(reference, r =>
    {
        ReportLifeTests.WithoutHashes(r);
        r["urls"]![0]!["hostingCountryCode"] = "GE";
        r["urls"]![0]!["urlString"] = url;
    });

    private static async Task<string> BaselineAsync(EndToEndNode node, string reference, string url)
    {
        var id = await node.SubmitAsync("gb", Body(reference, url));
        await node.AssignedAsync("hotline-ge", id, "hotline-ge");
        (await node.PostAsync("hotline-ge", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("Baseline"))).Is(HttpStatusCode.OK);
        return id;
    }

    private async Task<EndToEndNode> WithAgenciesAsync(DatabaseProvider provider = DatabaseProvider.Sqlite)
    {
        var node = await nodes.OnAsync(provider);
        if (Ready.Add(node))
        {
            await node.RegisterAsync("hotline-ge", "Hotline", "Standard", "Analyst", "GE");
            await node.RegisterAsync("police-ge", "Police", "Standard", "Officer", "GE");
            await node.RegisterAsync("police-ge2", "Police", "Standard", "Officer", "GE");
            await node.KeyAsync("officer-ip", "interpol", "Officer");
            await node.RegisterAsync("police-md", "Police", "Standard", "Officer", "MD");
        }

        return node;
    }
}
