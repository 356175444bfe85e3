using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using CPort.Actors.Persistence;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Wires that other systems speak already, over HTTP: HMA's, ThreatExchange's, NCMEC's CyberTipline, CASE/UCO.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class OtherWiresTests(EndToEndNodes nodes)
{
    private const string Incident = "https://share.example/wires/page";
    private static readonly HashSet<EndToEndNode> Ready = [];
    private static readonly string FileHash = Bodies.Hash("a provider's file", 32);
    private static (EndToEndNode Node, string Report, string Number)? _provided;

    [Fact]
    public async Task A_client_of_HMA_keeps_its_bank_here_and_finds_what_is_in_it()
    {
        var node = await NodeAsync();
        var (pdq, md5) = (Bodies.Hash("hma", 32), Bodies.Hash("hma md5", 16));
        var made = await node.PostAsync("hotline-mt", "hma/c/banks", new JsonObject { ["name"] = "MT_KNOWN", ["enabled_ratio"] = 1.0 });
        Assert.Equal((HttpStatusCode.Created, """{"name":"MT_KNOWN","matching_enabled_ratio":1}"""), (made.Status, made.Text));

        var added = await node.PostAsync("hotline-mt", "hma/c/bank/MT_KNOWN/signal", new JsonObject { ["pdq"] = pdq });
        Assert.Equal(HttpStatusCode.Created, added.Status);
        Assert.Equal(pdq, added.Json.GetProperty("signals").GetProperty("pdq").GetString());
        var id = added.Json.GetProperty("id").GetInt64();
        Assert.Equal(HttpStatusCode.Created,
            (await node.PostAsync("hotline-mt", "hma/c/bank/MT_KNOWN/signal?classification=Baseline", new JsonObject { ["video_md5"] = md5 })).Status);

        // Its own law's word, as /v1 shows it.
        var shown = (await node.ShowHashAsync("nl", "pdq", pdq)).Is(HttpStatusCode.OK).Json.GetProperty("opinions")[0];
        Assert.Equal(("hotline-mt", "MT_KNOWN", "National"), (shown.GetProperty("agency").GetString(), shown.GetProperty("list").GetString(),
            shown.GetProperty("classification").GetProperty("name").GetString()));

        // Somebody of the list's name judged: two agencies that add to lists of one name are one origin, and no two that agree.
        Assert.Equal("mt_known", shown.GetProperty("origin").GetString());
        var twice = await node.SendAsync(
            "hotline-mt", HttpMethod.Post, "hma/c/bank/MT_KNOWN/signal", $$"""{"md5":"{{Bodies.Hash("a", 16)}}","md5":"{{Bodies.Hash("b", 16)}}"}""");
        Assert.Equal(HttpStatusCode.BadRequest, twice.Status);
        var near = Bodies.Flip(pdq, 9);
        var looked = await node.GetAsync("hotline-mt", $"hma/m/lookup?signal={near}&signal_type=pdq&seed=1");
        Assert.Equal($$"""{"MT_KNOWN":[{"bank_content_id":{{id}},"distance":"9"}]}""", looked.Text);
        Assert.Equal($$"""{"HOTLINE_MT__MT_KNOWN":[{"bank_content_id":{{id}},"distance":"9"}]}""",
            (await node.GetAsync("nl", $"hma/m/lookup?signal={near}&signal_type=pdq")).Text);
        Assert.Equal($$"""{"matches":[{{id}}]}""", (await node.GetAsync("hotline-mt", $"hma/m/raw_lookup?signal={pdq}&signal_type=pdq")).Text);
        Assert.Equal($$"""{"matches":[{"bank_content_id":{{id}},"distance":"0"}]}""",
            (await node.GetAsync("hotline-mt", $"hma/m/raw_lookup?signal={pdq}&signal_type=pdq&include_distance=true&banks=MT_KNOWN")).Text);
        Assert.Equal("""{"matches":[]}""", (await node.GetAsync("hotline-mt", $"hma/m/raw_lookup?signal={pdq}&signal_type=pdq&banks=OTHER")).Text);
        Assert.Equal("-", (await node.GetAsync("hotline-mt", $"hma/m/lookup?signal={md5}&signal_type=video_md5")).Json.GetProperty("MT_KNOWN")[0]
            .GetProperty("distance").GetString());

        Assert.Contains(
            """{"name":"MT_KNOWN","matching_enabled_ratio":1}""", (await node.GetAsync("hotline-mt", "hma/c/banks")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("MT_KNOWN", (await node.GetAsync("nl", "hma/c/banks")).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await node.GetAsync("nl", "hma/c/bank/MT_KNOWN")).Status);
        var content = (await node.GetAsync("hotline-mt", $"hma/c/bank/MT_KNOWN/content/{id}?include_signals=true")).Json;
        Assert.Equal((0, pdq), (content.GetProperty("disable_until_ts").GetInt32(), content.GetProperty("signals").GetProperty("pdq").GetString()));

        // Switched off it is taken back, switched on it is said again as it was.
        var off = await node.SendAsync("hotline-mt", HttpMethod.Put, $"hma/c/bank/MT_KNOWN/content/{id}", """{"disable_until_ts":1}""");
        Assert.Equal(1, off.Json.GetProperty("disable_until_ts").GetInt32());
        Assert.Equal("{}", (await node.GetAsync("hotline-mt", $"hma/m/lookup?signal={pdq}&signal_type=pdq")).Text);
        var on = await node.SendAsync("hotline-mt", HttpMethod.Put, $"hma/c/bank/MT_KNOWN/content/{id}", """{"disable_until_ts":0}""");
        Assert.Equal(0, on.Json.GetProperty("disable_until_ts").GetInt32());
        Assert.Equal("""{"deleted":1}""", (await node.SendAsync("hotline-mt", HttpMethod.Delete, $"hma/c/bank/MT_KNOWN/content/{id}", null)).Text);
        Assert.Equal("""{"deleted":0}""", (await node.SendAsync("hotline-mt", HttpMethod.Delete, $"hma/c/bank/MT_KNOWN/content/{id}", null)).Text);
        Assert.False((await node.ShowHashAsync("nl", "pdq", pdq)).Json.GetProperty("known").GetBoolean());

        var auditor = await node.AuditorKeyAsync("hotline-mt");
        await EndToEndNode.UntilAsync(
            () => node.PostAsync(auditor, "v1/audit/entries:search", new JsonObject { ["record"] = "list:MT_KNOWN", ["kinds"] = new JsonArray("collection") }),
            r => r.Is(HttpStatusCode.OK).Json.GetProperty("entries").GetArrayLength() >= 5);
    }

    [Theory]
    [InlineData("GET", "hma/h/hash?url=https://host.example/a", 501)]
    [InlineData("POST", "hma/m/lookup", 501)]
    [InlineData("GET", "hma/m/lookup?url=https://host.example/a", 501)]
    [InlineData("POST", "hma/c/bank/ANY/content?url=https://host.example/a", 501)]
    [InlineData("DELETE", "hma/c/bank/ANY", 501)]
    [InlineData("POST", "hma/c/exchanges", 501)]
    [InlineData("GET", "hma/m/lookup?signal_type=pdq", 400)]
    [InlineData("GET", "hma/m/lookup?signal_type=nothing&signal=aa", 400)]
    [InlineData("GET", "hma/m/raw_lookup?signal_type=pdq&signal=aa", 400)]
    [InlineData("GET", "hma/c/exchange/ANY", 404)]
    [InlineData("GET", "hma/c/bank/ANY/content/17", 404)]
    public async Task What_HMA_has_and_CPort_has_not_is_said_as_HMA_says_errors(string method, string path, int status)
    {
        var reply = await (await NodeAsync()).SendAsync("hotline-mt", HttpMethod.Parse(method), path, null);
        Assert.Equal(status, (int)reply.Status);
        Assert.NotEqual("", reply.Json.GetProperty("message").GetString());
        Assert.DoesNotContain("host.example", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_may_not_look_hashes_up_may_not_by_another_wire()
    {
        var node = await NodeAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await node.GetAsync(null, "hma/m/lookup?signal=a&signal_type=pdq")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await node.GetAsync("supervisor", "hma/m/lookup?signal=a&signal_type=pdq")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await node.GetAsync("supervisor", "threatexchange/any/threat_updates")).Status);
        Assert.Equal("I-AM-ALIVE", (await node.GetAsync(null, "hma/status")).Text);
    }

    [Fact]
    public async Task A_list_is_read_to_its_end_and_then_what_changes_in_it_and_what_it_takes_back()
    {
        var node = await NodeAsync();
        var rows = Enumerable.Range(0, 12).Select(n => (Hash: Bodies.Hash($"feed {n}", n % 3 == 0 ? 32 : 16), Kind: n % 3 == 0 ? "pdq" : "md5")).ToArray();
        await ImportAsync(node, [.. rows.Select(r => new JsonObject { [r.Kind] = r.Hash, ["classification"] = "National" })]);
        await ImportAsync(node, [new JsonObject { ["md5"] = rows[1].Hash, ["classification"] = "National", ["retract"] = true }]);

        var (first, after) = await ReadAsync(node, null);
        Assert.Equal(rows.Select(r => r.Hash).Where(h => h != rows[1].Hash).Order(), first.Select(u => u.GetProperty("indicator").GetString()!).Order());
        Assert.All(first, u => Assert.False(u.GetProperty("should_delete").GetBoolean()));

        // Nothing new: the same place again.
        Assert.Empty((await ReadAsync(node, after)).Updates);

        var fresh = Bodies.Hash("feed new", 16);
        await ImportAsync(node, [
            new JsonObject { ["md5"] = fresh, ["classification"] = "Baseline" }, new JsonObject { ["md5"] = rows[1].Hash, ["classification"] = "National" },
        ]);
        var retract = new JsonObject
        {
            ["list"] = "MT feed", ["hashes"] = new JsonArray(new JsonObject { ["algorithm"] = rows[0].Kind, ["value"] = rows[0].Hash }), ["confirm"] = 0,
        };
        (await node.PostAsync("hotline-mt", "v1/hashes:retract", retract)).Is(HttpStatusCode.OK);
        var (changed, later) = await ReadAsync(node, after);
        Assert.Equal(new[] { (fresh, false), (rows[0].Hash, true), (rows[1].Hash, false) }.Order(),
            changed.Select(u => (u.GetProperty("indicator").GetString()!, u.GetProperty("should_delete").GetBoolean())).Order());
        Assert.Empty((await ReadAsync(node, later)).Updates);

        // Whoever comes late is told the same; another's list is not there, and a cursor of one list is none of another.
        Assert.Equal(3, (await ReadAsync(node, after)).Updates.Count);
        Assert.Equal(HttpStatusCode.NotFound, (await node.GetAsync("nl", "threatexchange/MT%20feed/threat_updates")).Status);
        (await node.GetAsync("hotline-mt", $"threatexchange/other/threat_updates?after={after}")).Is(HttpStatusCode.BadRequest);
        (await node.GetAsync("hotline-mt", "threatexchange/MT%20feed/threat_updates?access_token=a")).Is(HttpStatusCode.BadRequest);
        (await node.GetAsync("hotline-mt", "threatexchange/MT%20feed/threat_updates?start_time=1")).Is(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_providers_report_becomes_one_whose_people_police_and_INTERPOL_see_and_its_sender_nothing()
    {
        var node = await NodeAsync();
        var (id, number) = await ProvidedAsync(node);
        var report = (await node.GetAsync("interpol", $"v1/reports/{id}")).Is(HttpStatusCode.OK).Json;
        Assert.Equal(("provider-mt", number, true), (report.GetProperty("reportingHotline").GetString(), report.GetProperty("number").GetRawText(),
            report.GetProperty("fromProvider").GetBoolean()));
        var seen = report.GetProperty("ipEvents")[0];
        Assert.Equal(("192.0.2.17", "2026-10-15T05:59:30Z", "+02:00", 40123, "ReportedUser", "Upload"), (seen.GetProperty("ipAddress").GetString(),
            seen.GetProperty("at").GetString(), seen.GetProperty("zone").GetString(), seen.GetProperty("port").GetInt32(),
            seen.GetProperty("whose").GetString(), seen.GetProperty("kind").GetString()));
        Assert.Equal("personOrUserReported.screenName: screen17", report.GetProperty("accounts").GetString());
        (await node.GetAsync("provider-mt", $"v1/reports/{id}")).Is(HttpStatusCode.NotFound);

        // The same document is the same report; what is no document is answered as NCMEC does.
        Assert.Equal((200, "0", number), await SubmitAsync(node, "provider-mt", Submission()));
        Assert.Equal((400, "4100", null), await SubmitAsync(node, "provider-mt", "<report/>"));
        Assert.Equal((400, "4100", null), await SubmitAsync(node, "provider-mt", $"<!DOCTYPE report [<!ENTITY x \"y\">]>{Submission()}"));
        Assert.Equal((400, "4100", null), await SubmitAsync(node, "provider-mt", Submission().Replace(Incident, "nowhere", StringComparison.Ordinal)
            .Replace("https://share.example/wires/file", "nowhere", StringComparison.Ordinal)));
        (await node.SendAsync("supervisor", HttpMethod.Post, "cybertipline/submit", Submission(), type: "text/xml")).Is(HttpStatusCode.Forbidden);
        (await node.SendAsync("nl", HttpMethod.Post, "cybertipline/submit", Submission(), type: "text/xml")).Is(HttpStatusCode.Forbidden);

        // A provider reports; it judges nothing.
        Assert.Equal("not-authorised", (await node.PostAsync("provider-mt", "v1/reports", JsonNode.Parse(Bodies.Report("PROVIDER-1", r =>
            r["urls"]![0]!["assessment"] = new JsonObject { ["classification"] = "Baseline" })))).Is(HttpStatusCode.Forbidden).Code);
    }

    [Fact]
    public async Task A_report_goes_out_as_CyberTipline_XML_and_each_time_as_a_disclosure()
    {
        var node = await NodeAsync();
        var (id, _) = await ProvidedAsync(node);
        var xml = XDocument.Parse((await node.GetAsync("interpol", $"v1/reports/{id}/cybertipline.xml")).Is(HttpStatusCode.OK).Text).Root!;
        Assert.Equal(("report", "40123"), (xml.Name.LocalName, xml.Element("personOrUserReported")!.Element("ipCaptureEvent")!.Element("port")!.Value));
        Assert.Contains(xml.Descendants("url"), u => u.Value == "https://share.example/wires/file");
        var file = XDocument.Parse((await node.GetAsync("interpol", $"v1/reports/{id}/items/2/cybertipline.xml?reportId=99")).Is(HttpStatusCode.OK).Text).Root!;
        Assert.Equal(("99", FileHash), (file.Element("reportId")!.Value, file.Element("originalFileHash")!.Value));
        (await node.GetAsync("provider-mt", $"v1/reports/{id}/cybertipline.xml")).Is(HttpStatusCode.Forbidden);
        (await node.GetAsync("police-nl", $"v1/reports/{id}/cybertipline.xml", ("X-Purpose", "Case 17"))).Is(HttpStatusCode.NotFound);

        var auditor = await node.AuditorKeyAsync("interpol");
        await EndToEndNode.UntilAsync(
            () => node.PostAsync(auditor, "v1/audit/entries:search", new JsonObject { ["record"] = $"{id}-2", ["kinds"] = new JsonArray("disclosure") }),
            r => r.Is(HttpStatusCode.OK).Json.GetProperty("entries").GetArrayLength() >= 2);
    }

    [SkippableFact]
    public async Task An_item_and_a_referral_go_out_as_CASE_that_others_read_and_SHACL_accepts()
    {
        var node = await NodeAsync();
        var (id, _) = await ProvidedAsync(node);
        (await node.PostAsync("interpol", "v1/referrals", new JsonObject
        {
            ["reportId"] = id, ["items"] = new JsonArray(new JsonObject { ["item"] = 2 }), ["agency"] = "interpol",
        })).Is(HttpStatusCode.OK);
        var item = (await EndToEndNode.UntilAsync(() => node.GetAsync("interpol", $"v1/reports/{id}/items/2"),
            r => r.Is(HttpStatusCode.OK).Json.TryGetProperty("referrals", out var all) && all[0].TryGetProperty("referralId", out _))).Json;
        var referral = item.GetProperty("referrals")[0].GetProperty("referralId").GetString()!;
        var case1 = (await node.GetAsync("interpol", $"v1/reports/{id}/items/2/case.jsonld")).Is(HttpStatusCode.OK);
        var case2 = (await node.GetAsync("interpol", $"v1/referrals/{referral}/case.jsonld")).Is(HttpStatusCode.OK);
        Assert.Equal("application/ld+json", case1.Type);
        Assert.Contains(FileHash.ToUpperInvariant(), case1.Text, StringComparison.Ordinal);
        Assert.Contains("hotline:ForwardToLEAction", case2.Text, StringComparison.Ordinal);
        Assert.Contains($"cport:item-{id}-2", case2.Text, StringComparison.Ordinal);
        Assert.DoesNotContain($"cport:item-{id}-1", case2.Text, StringComparison.Ordinal);
        Assert.Equal("report", XDocument.Parse((await node.GetAsync("interpol", $"v1/referrals/{referral}/cybertipline.xml")).Is(HttpStatusCode.OK).Text).Root!
            .Name.LocalName);
        (await node.GetAsync("police-nl", $"v1/referrals/{referral}/case.jsonld", ("X-Purpose", "Case 17"))).Is(HttpStatusCode.NotFound);

        var work = Directory.CreateTempSubdirectory("cport-case-").FullName;
        try
        {
            foreach (var file in new[] { "package.json", "package-lock.json", "verify.mjs", "shapes.ttl" })
            {
                File.Copy(Repository.PathOf("tests", "ForeignVerifiers", "case", file), Path.Combine(work, file));
            }

            await ForeignProgram.RunAsync(work, "npm ci --ignore-scripts --no-audit --no-fund --prefer-offline", needsNetwork: true, []);
            foreach (var text in new[] { case1.Text, case2.Text })
            {
                await File.WriteAllTextAsync(Path.Combine(work, "case.jsonld"), text);
                Assert.EndsWith("statements\n", await ForeignProgram.RunAsync(work, "node verify.mjs case.jsonld shapes.ttl", needsNetwork: false, []),
                    StringComparison.Ordinal);
            }

            // It would say so: a node that lacks what its class needs is none.
            await File.WriteAllTextAsync(
                Path.Combine(work, "case.jsonld"), case1.Text.Replace("hotline:firstSeen", "hotline:lastSeen", StringComparison.Ordinal));
            await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() =>
                ForeignProgram.RunAsync(work, "node verify.mjs case.jsonld shapes.ttl", needsNetwork: false, []));
        }
        finally
        {
            TestFolders.Remove(work);
        }
    }

    /// <summary>A page and a file on it, whose hash INTERPOL knows.</summary>
    private static string Submission() => $"""
        <submission>
          <report>
            <incidentSummary>
              <incidentType>Child Pornography (possession, manufacture, and distribution)</incidentType>
              <incidentDateTime>2026-10-15T08:00:00-07:00</incidentDateTime>
            </incidentSummary>
            <internetDetails><webPageIncident><url>{Incident}</url></webPageIncident></internetDetails>
            <reporter><reportingPerson><firstName>Ada</firstName><lastName>Example</lastName></reportingPerson></reporter>
            <personOrUserReported>
              <screenName>screen17</screenName>
              <ipCaptureEvent>
                <ipAddress>192.0.2.17</ipAddress><eventName>Upload</eventName><dateTime>2026-10-15T07:59:30+02:00</dateTime><port>40123</port>
              </ipCaptureEvent>
            </personOrUserReported>
          </report>
          <fileDetails>
            <locationOfFile>https://share.example/wires/file</locationOfFile>
            <originalFileHash hashType="SHA-256">{FileHash}</originalFileHash>
          </fileDetails>
        </submission>
        """;

    /// <summary>The report that the submission became, and its number.</summary>
    private static async Task<(string Id, string Number)> ProvidedAsync(EndToEndNode node)
    {
        if (_provided is { } before && before.Node == node)
        {
            return (before.Report, before.Number);
        }

        await node.StreamAsync("interpol", [new JsonObject { ["sha256"] = FileHash, ["classification"] = "Baseline" }.ToJsonString()],
            "v1/hashes:import?list=wires");
        var (status, code, number) = await SubmitAsync(node, "provider-mt", Submission());
        Assert.Equal((200, "0"), (status, code));
        var search = new JsonObject { ["hashes"] = new JsonArray(new JsonObject { ["algorithm"] = "sha256", ["value"] = FileHash }) };
        var found = (await EndToEndNode.UntilAsync(
            () => node.PostAsync("interpol", "v1/reports:search", search.DeepClone()),
            r => r.Is(HttpStatusCode.OK).Json.GetProperty("items").GetArrayLength() == 1)).Json.GetProperty("items")[0];
        var id = found.GetProperty("reportId").GetString()!;
        _provided = (node, id, number!);
        return (id, number!);
    }

    private static async Task<(int Status, string? Code, string? Number)> SubmitAsync(EndToEndNode node, string who, string xml)
    {
        var reply = await node.SendAsync(who, HttpMethod.Post, "cybertipline/submit", xml, type: "text/xml");
        var root = XDocument.Parse(reply.Text).Root!;
        Assert.Equal("reportResponse", root.Name.LocalName);
        return ((int)reply.Status, root.Element("responseCode")?.Value, root.Element("reportId")?.Value);
    }

    private static async Task<(List<JsonElement> Updates, string After)> ReadAsync(EndToEndNode node, string? after)
    {
        var updates = new List<JsonElement>();
        for (var path = $"threatexchange/MT%20feed/threat_updates/?limit=3{(after is null ? "" : $"&after={after}")}";;)
        {
            var page = (await node.GetAsync("hotline-mt", path)).Is(HttpStatusCode.OK).Json;
            Assert.InRange(page.GetProperty("data").GetArrayLength(), 0, 3);
            updates.AddRange(page.GetProperty("data").EnumerateArray());
            after = page.GetProperty("paging").GetProperty("cursors").GetProperty("after").GetString()!;
            if (!page.GetProperty("paging").TryGetProperty("next", out var next))
            {
                return (updates, after);
            }

            path = new Uri(next.GetString()!).PathAndQuery.TrimStart('/');
        }
    }

    private static async Task ImportAsync(EndToEndNode node, JsonObject[] rows) => Assert.All(
        await node.StreamAsync("hotline-mt", rows.Select(r => r.ToJsonString()), "v1/hashes:import?list=MT%20feed&origin=hotline-mt"),
        a => Assert.DoesNotContain(a.GetProperty("outcome").GetString(), new[] { "rejected", "unavailable", "unchanged" }));

    private async Task<EndToEndNode> NodeAsync()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        if (Ready.Add(node))
        {
            await node.RegisterAsync("hotline-mt", "Hotline", "Standard", "Analyst", "MT");
            await node.RegisterAsync("provider-mt", "Provider", "Standard", "Machine", "MT");
        }

        return node;
    }
}
