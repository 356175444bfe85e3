using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Domain.Audit;
using CPort.Domain.Hashes;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;
using HashAlgorithm = CPort.Domain.Hashes.HashAlgorithm;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>From an analyst's proposal to ICSE and back, and what is called back: over HTTP.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class IcseTests(EndToEndNodes nodes)
{
    private static readonly (string Name, string Value) Purpose = ("X-Purpose", "Case 4711");
    private static readonly HashSet<EndToEndNode> Ready = [];

    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_proposal_goes_out_in_a_package_and_what_ICSE_says_reaches_hotline_and_police(DatabaseProvider provider)
    {
        var node = await WithAgenciesAsync(provider);
        var (first, second) = (await IllegalAsync(node, "ICSE-1"), await IllegalAsync(node, "ICSE-2"));
        var unjudged = await UnjudgedAsync(node, "ICSE-3");
        Assert.Equal("not-illegal", (await node.PostAsync("hotline-uy", "v1/icse/proposals", Proposal(unjudged))).Is(HttpStatusCode.Conflict).Code);
        (await node.PostAsync("hotline-uy", "v1/icse/proposals", Proposal(first))).Is(HttpStatusCode.OK);
        (await node.PostAsync("de", "v1/icse/proposals", Proposal(first))).Is(HttpStatusCode.NotFound);

        // What somebody proposes stands before what is older.
        await EndToEndNode.UntilAsync(
            () => node.GetAsync("icse-one", "v1/icse/candidates"),
            r => r.Is(HttpStatusCode.OK).Json.GetProperty("items") is { } items && items.GetArrayLength() > 0 && Text(items[0], "itemId") == $"{first}-1");

        var id = Text((await node.PostAsync("icse-one", "v1/icse/packages", Items(first, second))).Is(HttpStatusCode.OK).Json, "packageId");
        Assert.Equal("same-person", (await node.PostAsync("icse-one", $"v1/icse/packages/{id}:review", null)).Is(HttpStatusCode.Forbidden).Code);
        Assert.Equal("package-not-there", (await node.PostAsync("icse-one", $"v1/icse/packages/{id}:release", null)).Is(HttpStatusCode.Conflict).Code);
        (await node.PostAsync("icse-two", $"v1/icse/packages/{id}:review", null)).Is(HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.Conflict, (await FileAsync(node, "icse-one", id, "media.json")).Status);
        (await node.PostAsync("icse-one", $"v1/icse/packages/{id}:release", null)).Is(HttpStatusCode.OK);

        // What is downloaded is what the package says, to the bit, and stands in the audit log as a disclosure.
        var page = (await node.GetAsync("icse-one", $"v1/icse/packages/{id}")).Is(HttpStatusCode.OK).Json;
        foreach (var file in page.GetProperty("files").EnumerateArray())
        {
            var (status, bytes) = await FileAsync(node, "icse-one", id, Text(file, "name")!);
            Assert.Equal((HttpStatusCode.OK, Text(file, "sha256")), (status, Convert.ToHexStringLower(SHA256.HashData(bytes))));
        }

        var vics = JsonElement.Parse((await FileAsync(node, "icse-one", id, "media.json")).Bytes);
        Assert.Equal(
            [Md5("ICSE-1"), Md5("ICSE-2")],
            vics.GetProperty("value").EnumerateArray().Select(m => m.GetProperty("MD5").GetString()!.ToLowerInvariant()));
        Assert.DoesNotContain("icse.example", vics.GetRawText(), StringComparison.Ordinal);
        var manifest = JsonElement.Parse((await FileAsync(node, "icse-one", id, "manifest.json")).Bytes);
        Assert.Equal(2, manifest.GetProperty("items").GetInt32());
        Assert.Equal(64, (await FileAsync(node, "icse-one", id, "manifest.json.sig")).Bytes.Length);
        var auditor = await node.AuditorKeyAsync("interpol");
        await EndToEndNode.UntilAsync(
            () => node.PostAsync(auditor, "v1/audit/entries:search", new JsonObject
            {
                ["record"] = $"{first}-1", ["kinds"] = new JsonArray("disclosure"),
            }),
            r => r.Is(HttpStatusCode.OK).Json.GetProperty("entries").GetArrayLength() == 3);

        // The release stands in the audit log with the files' digests, and who has the files can be shown that it does.
        (HttpStatusCode Status, byte[] Bytes) entry = default;
        await Wait.UntilAsync(
            async () => (entry = await FileAsync(node, "icse-one", id, "release.json")).Status == HttpStatusCode.OK, EndToEndNode.Patience,
            () => $"{entry.Status}");
        Assert.True(AuditEntry.TryRead(entry.Bytes, out var released));
        Assert.Contains(new AuditObject(AuditObjectKind.Package, $"sha256 {Text(page.GetProperty("files")[0], "sha256")}"), released.Objects);
        var proof = (await FileAsync(node, "icse-one", id, "release.tlog-proof")).Bytes;
        Assert.True(NoteVerifier.TryParse((await node.GetAsync("nl", "v1/audit/log/key")).Is(HttpStatusCode.OK).Text.Trim(), out var key));
        Assert.True(TlogProof.TryParse(Encoding.UTF8.GetString(proof), out var proved) && proved.Proves(entry.Bytes, key));

        // Its answer, with a line that is no file of the package.
        Assert.Equal("line 2", (await ReturnAsync(node, id, "MD5;Known\nnone;1\n")).Is((HttpStatusCode)422).Json.GetProperty("errors")[0]
            .GetProperty("field").GetString());
        var list = $"MD5;Known;Victim identified;Offender identified;Series name\r\n{Md5("ICSE-1")};1;1;0;a-secret-series\r\n{Md5("other")};1;0;0;\r\n";
        Assert.Equal(1, (await ReturnAsync(node, id, list)).Is(HttpStatusCode.OK).Json.GetProperty("changed").GetInt32());
        Assert.Equal(0, (await ReturnAsync(node, id, list)).Is(HttpStatusCode.OK).Json.GetProperty("changed").GetInt32());
        foreach (var who in new[] { "hotline-uy", "gb", "police-uy" })
        {
            var said = (await EndToEndNode.UntilAsync(() => node.GetAsync(who, $"v1/reports/{first}/items/1", Purpose),
                r => r.Is(HttpStatusCode.OK).Json.TryGetProperty("icse", out var i) && i.TryGetProperty("victimIdentified", out _))).Json.GetProperty("icse");
            Assert.True(said.GetProperty("known").GetBoolean() && said.GetProperty("victimIdentified").GetBoolean());
            Assert.Equal("a-secret-series", Text(said, "series"));
            await EndToEndNode.UntilAsync(
                () => node.GetAsync(who, "v1/feed?types=cport.icse.answered.v1", Purpose), r => r.Text.Contains(first, StringComparison.Ordinal));
        }

        // And it stands in the referral that the police has, beside the item.
        var item = (await node.GetAsync("police-uy", $"v1/reports/{first}/items/1", Purpose)).Is(HttpStatusCode.OK).Json;
        var referral = Text(item.GetProperty("referrals")[0], "referralId");
        await EndToEndNode.UntilAsync(
            () => node.GetAsync("police-uy", $"v1/referrals/{referral}", Purpose),
            r => r.Is(HttpStatusCode.OK).Json.GetProperty("items").EnumerateArray().Any(
                i => Text(i, "itemId") == $"{first}-1" && i.TryGetProperty("icse", out var word) && word.GetString() == "VictimIdentified"));

        // A list of media says what ICSE says.
        var exported = JsonElement.Parse((await node.PostAsync(
            "police-uy", "v1/reports:export?format=vics", new JsonObject { ["reportId"] = first }, Purpose)).Is(HttpStatusCode.OK).Text);
        var medium = exported.GetProperty("value").EnumerateArray().Single(m => m.GetProperty("MD5").GetString() == Md5("ICSE-1").ToUpperInvariant());
        Assert.Equal((true, "a-secret-series"), (medium.GetProperty("VictimIdentified").GetBoolean(), Text(medium, "Series")));

        // It is out: no second package takes it.
        Assert.Equal("item-does-not-fit", (await node.PostAsync("icse-one", "v1/icse/packages", Items(first))).Is((HttpStatusCode)422).Code);

        // Others see neither package nor answer.
        Assert.Equal(
            (await node.GetAsync("police-uy", "v1/icse/packages", Purpose)).Is(HttpStatusCode.Forbidden).Text,
            (await node.GetAsync("police-uy", $"v1/icse/packages/{id}", Purpose)).Is(HttpStatusCode.Forbidden).Text);
        Assert.DoesNotContain("icse", (await node.GetAsync("operator", $"v1/reports/{first}/items/1")).Text, StringComparison.OrdinalIgnoreCase);
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task What_is_not_illegal_any_more_after_it_went_out_is_called_back_by_itself(DatabaseProvider provider)
    {
        var node = await WithAgenciesAsync(provider);
        var report = await node.SubmitAsync("gb", Body("ICSE-4"));
        await node.AssignedAsync("hotline-uy", report, "hotline-uy");
        (await node.PostAsync("hotline-uy", $"v1/reports/{report}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        var id = Text((await node.PostAsync("icse-one", "v1/icse/packages", Items(report))).Is(HttpStatusCode.OK).Json, "packageId");
        (await node.PostAsync("icse-two", $"v1/icse/packages/{id}:review", null)).Is(HttpStatusCode.OK);
        (await node.PostAsync("icse-one", $"v1/icse/packages/{id}:release", null)).Is(HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.OK, (await FileAsync(node, "icse-two", id, "media.csv")).Status);
        var graph = JsonElement.Parse((await FileAsync(node, "icse-two", id, "case.jsonld")).Bytes).GetProperty("@graph").EnumerateArray().ToArray();
        Assert.Equal(graph.Length - 1, Assert.Single(graph, n => n.GetProperty("@type").GetRawText().Contains("ProvenanceRecord", StringComparison.Ordinal))
            .GetProperty("uco-core:object").GetArrayLength());
        await node.ItemAsync("gb", report, i => i.TryGetProperty("icse", out _));
        await node.ConfirmedAsync("hotline-uy", $"v1/reports/{report}/items:correct", new JsonObject
        {
            ["item"] = 1, ["assessment"] = ReportLifeTests.Assessment("NotIllegal")["assessment"]!.DeepClone(), ["why"] = "a mistake",
        });
        var page = (await EndToEndNode.UntilAsync(() => node.GetAsync("icse-one", $"v1/icse/packages/{id}"),
            r => Text(r.Is(HttpStatusCode.OK).Json, "state") == "Recalled")).Json;
        Assert.Equal("NotIllegal", Text(page.GetProperty("items")[0], "recalled"));
        Assert.Equal(["interpol"], page.GetProperty("receivers").EnumerateArray().Select(r => r.GetString()));
        Assert.Contains(
            $"{Md5("ICSE-4").ToUpperInvariant()};NotIllegal", Encoding.UTF8.GetString((await FileAsync(node, "icse-one", id, "recalled.csv")).Bytes),
            StringComparison.Ordinal);
        await node.ItemAsync("gb", report, i => Text(i.GetProperty("icse"), "state") == "Recalled");
    }

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString()!;

    private static string Md5(string text) => Convert.ToHexStringLower(HashAlgorithms.Of(HashAlgorithm.Md5).Digest!(Encoding.UTF8.GetBytes(text)));

    private static JsonObject Proposal(string report) => new()
    {
        ["reportId"] = report, ["items"] = new JsonArray(new JsonObject { ["item"] = 1 }), ["why"] = "a series that nobody here knows",
    };

    private static JsonObject Items(params string[] reports) => new() { ["items"] = new JsonArray([.. reports.Select(r => (JsonNode)$"{r}-1")]) };

    private static Task<Reply> ReturnAsync(EndToEndNode node, string id, string csv) =>
        node.SendAsync("icse-one", HttpMethod.Post, $"v1/icse/packages/{id}:return", csv, null, "text/csv");

    private static async Task<(HttpStatusCode Status, byte[] Bytes)> FileAsync(EndToEndNode node, string who, string id, string file)
    {
        using var request = node.Request(who, HttpMethod.Get, $"v1/icse/packages/{id}/{file}");
        using var response = await node.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync());
    }

    private static string Body(string reference) => Bodies.Report(reference, r =>
    {
        r["urls"]![0]!["hostingCountryCode"] = "UY";
        r["urls"]![0]!["urlString"] = $"https://icse.example/{reference}";
        r["urls"]![0]!["hashes"] = new JsonObject { ["md5"] = Md5(reference) };
    });

    private static async Task<string> UnjudgedAsync(EndToEndNode node, string reference)
    {
        var id = await node.SubmitAsync("gb", Body(reference));
        await node.AssignedAsync("hotline-uy", id, "hotline-uy");
        return id;
    }

    private static async Task<string> IllegalAsync(EndToEndNode node, string reference)
    {
        var id = await UnjudgedAsync(node, reference);
        (await node.PostAsync("hotline-uy", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        return id;
    }

    private async Task<EndToEndNode> WithAgenciesAsync(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        if (Ready.Add(node))
        {
            await node.RegisterAsync("hotline-uy", "Hotline", "Standard", "Analyst", "UY");
            await node.RegisterAsync("police-uy", "Police", "Standard", "Officer", "UY");
            await node.KeyAsync("icse-one", "interpol", "Officer");
            await node.KeyAsync("icse-two", "interpol", "Officer");
        }

        return node;
    }
}
