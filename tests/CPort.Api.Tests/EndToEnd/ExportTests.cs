using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Domain.Hashes;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>What a search finds, taken away as a file: in each form, each part of it written down as a disclosure.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class ExportTests(EndToEndNodes nodes)
{
    private static readonly (string Name, string Value) Purpose = ("X-Purpose", "Case 4711");
    private static readonly HashSet<EndToEndNode> Ready = [];

    [Fact]
    public async Task Police_takes_what_it_finds_away_and_every_item_of_it_stands_in_the_audit_log()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        if (Ready.Add(node))
        {
            await node.RegisterAsync("hotline-tn", "Hotline", "Standard", "Analyst", "TN");
            await node.RegisterAsync("police-tn", "Police", "Standard", "Officer", "TN");
        }

        var ids = new List<string>();
        foreach (var reference in new[] { "EXPORT-1", "EXPORT-2" })
        {
            ids.Add(await node.SubmitAsync("gb", Bodies.Report(reference, r =>
            {
                r["urls"]![0]!["hostingCountryCode"] = "TN";
                r["urls"]![0]!["urlString"] = $"https://export.example/{reference}";
                r["urls"]![0]!["hashes"] = new JsonObject { ["md5"] = Md5(reference), ["sha256"] = Md5(reference) + Md5(reference) };
            })));
            await node.AssignedAsync("hotline-tn", ids[^1], "hotline-tn");
        }

        var search = new JsonObject { ["hostingCountries"] = new JsonArray("TN") };
        await EndToEndNode.UntilAsync(() => node.PostAsync("police-tn", "v1/reports:search", search.DeepClone(), Purpose),
            r => r.Is(HttpStatusCode.OK).Json.GetProperty("items").GetArrayLength() == 2);
        var rows = await ExportAsync(node, "police-tn", search, "ndjson");
        Assert.Equal(2, rows.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonElement.Parse(l).GetProperty("itemId").GetString())
            .Distinct().Count());

        var vics = JsonElement.Parse(await ExportAsync(node, "police-tn", search, "vics"));
        Assert.EndsWith("/2.0.xml/Default/$metadata#Media", vics.GetProperty("@odata.context").GetString(), StringComparison.Ordinal);
        Assert.Equal(new[] { "EXPORT-1", "EXPORT-2" }.Select(r => Md5(r).ToUpperInvariant()).Order(),
            vics.GetProperty("value").EnumerateArray().Select(m => m.GetProperty("MD5").GetString()!).Order());
        Assert.All(vics.GetProperty("value").EnumerateArray(), m => Assert.Equal("", m.GetProperty("Comments").GetString()));
        Assert.DoesNotContain("export.example", vics.GetRawText(), StringComparison.Ordinal);
        var csv = (await ExportAsync(node, "police-tn", search, "csv")).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(("MD5;SHA1;PhotoDNA;Image ID;", 3), (csv[0][..27], csv.Length));
        Assert.All(csv, l => Assert.Equal(11, l.Count(c => c == ';')));

        var auditor = await node.AuditorKeyAsync("police-tn");
        foreach (var id in ids)
        {
            await EndToEndNode.UntilAsync(
                () => node.PostAsync(auditor, "v1/audit/entries:search", new JsonObject { ["record"] = id, ["kinds"] = new JsonArray("disclosure") }, Purpose),
                r => r.Is(HttpStatusCode.OK).Json.GetProperty("entries").GetArrayLength() == 3);
        }

        // An auditor sees that they are there, and no hash of them; a hotline takes nothing away.
        var one = new JsonObject { ["reportId"] = ids[0] };
        Assert.Single((await ExportAsync(node, auditor, one, "ndjson")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(JsonElement.Parse(await ExportAsync(node, auditor, one, "vics")).GetProperty("value").EnumerateArray());
        (await node.PostAsync("gb", "v1/reports:export", search.DeepClone())).Is(HttpStatusCode.Forbidden);
        (await node.PostAsync("police-tn", "v1/reports:export?format=xml", search.DeepClone(), Purpose)).Is((HttpStatusCode)422);
        (await node.PostAsync("police-tn", "v1/reports:export", new JsonObject { ["maxResults"] = 5 }, Purpose)).Is((HttpStatusCode)422);
    }

    private static string Md5(string text) => Convert.ToHexStringLower(HashAlgorithms.Of(HashAlgorithm.Md5).Digest!(System.Text.Encoding.UTF8.GetBytes(text)));

    private static async Task<string> ExportAsync(EndToEndNode node, string who, JsonObject search, string format)
    {
        using var request = node.Request(who, HttpMethod.Post, $"v1/reports:export?format={format}");
        request.Headers.Add(Purpose.Name, Purpose.Value);
        request.Content = new StringContent(search.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using var response = await node.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }
}
