using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Tests.Shared;

namespace CPort.Portal.Tests;

/// <summary>A report that concerns the Dutch police, by the API: two items on one host, judged by the Dutch hotline.</summary>
internal sealed record PoliceCase(string Report, string Referral)
{
    public static async Task<PoliceCase> OpenAsync(PortalNode node, string name, bool urgent = false, int items = 2)
    {
        using var source = node.ApiOf("hotline-gb");
        using var hotline = node.ApiOf("hotline-nl");
        using var police = node.ApiOf("police-nl");
        var reference = $"{name}-{Guid.NewGuid():N}";
        var body = Bodies.Report(reference, r =>
        {
            var first = r["urls"]![0]!;
            first["urlString"] = $"https://{reference}.example/{reference}-1.jpg";
            for (var i = 2; i <= items; i++)
            {
                var next = first.DeepClone();
                next["urlString"] = $"https://{reference}.example/{reference}-{i}.jpg";
                next["hotlineReference"] = $"{reference}/{i}";
                next["hashes"] = new JsonObject { ["md5"] = Bodies.Hash($"{reference}/{i}", 16), ["sha1"] = Bodies.Hash($"{reference}/{i}", 20) };
                r["urls"]!.AsArray().Add(next);
            }

            if (urgent)
            {
                r["urgent"] = true;
            }
        });
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var sent = await source.PostAsync(new Uri("v1/reports", UriKind.Relative), content);
        Assert.True(sent.IsSuccessStatusCode, await sent.Content.ReadAsStringAsync());
        var report = (await sent.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("reportId").GetString()!;
        await LiveTests.WaitAsync(async () => (await ItemAsync(hotline, report, 1)) is { } i && i.GetProperty("state").GetString() == "Unassessed");
        if (!urgent)
        {
            var assessment = new JsonObject
            {
                ["items"] = new JsonArray([.. Enumerable.Range(1, items).Select(i => (JsonNode)new JsonObject { ["item"] = i })]),
                ["assessment"] = new JsonObject
                {
                    ["classification"] = "National", ["ageCategorization"] = 2, ["genderCategorization"] = 2, ["virtualContentCategorization"] = 0,
                    ["userGeneratedContentCategorization"] = 0, ["childModelingCategorization"] = 0,
                },
            };
            await LiveTests.WaitAsync(async () =>
            {
                using var judged = await hotline.PostAsJsonAsync(new Uri($"v1/reports/{report}/items:assess", UriKind.Relative), assessment);
                return judged.IsSuccessStatusCode;
            });
        }

        string? id = null;
        await LiveTests.WaitAsync(async () =>
        {
            foreach (var ordinal in Enumerable.Range(1, items))
            {
                id = await ItemAsync(police, report, ordinal) is { } item && item.TryGetProperty("referrals", out var all)
                    ? all.EnumerateArray().Where(r => r.TryGetProperty("referralId", out _)).Select(r => r.GetProperty("referralId").GetString())
                        .FirstOrDefault() : null;
                if (id is null)
                {
                    return false;
                }
            }

            using var inbox = JsonDocument.Parse(await police.GetStringAsync(new Uri("v1/referrals?maxResults=200&state=Open", UriKind.Relative)));
            return inbox.RootElement.GetProperty("referrals").EnumerateArray().Any(
                r => r.GetProperty("referralId").GetString() == id && r.GetProperty("items").GetInt32() == items);
        });
        return new PoliceCase(report, id!);
    }

    public static async Task<JsonElement?> ItemAsync(HttpClient api, string report, int ordinal)
    {
        using var answer = await api.GetAsync(new Uri($"v1/reports/{report}/items/{ordinal}", UriKind.Relative));
        return answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadFromJsonAsync<JsonElement>() : null;
    }

    public string Page => $"app/referrals/{Referral}";

    public string Item => $"app/reports/{Report}/items/1";
}
