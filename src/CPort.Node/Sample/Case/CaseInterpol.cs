using System.Security.Cryptography;
using System.Text;
using static CPort.Node.Sample.Case.CasePlay;

namespace CPort.Node.Sample.Case;

/// <summary>What INTERPOL does in the case.</summary>
internal static class CaseInterpol
{
    private static readonly ImmutableArray<int> Packaged = [CaseReport.Alike, CaseReport.Plain];

    public static async Task PackageAsync(CasePlay play)
    {
        play.Package = (await play.PostAsync("officer-ip", "v1/icse/packages", new { items = Packaged.Select(play.ItemId).ToArray() })).Text("packageId");
        var path = $"v1/icse/packages/{play.Package}";
        await play.RefusedAsync("officer-ip", $"{path}:review", null, "same-person");
        await play.PostAsync("second-ip", $"{path}:review", null);
        await play.PostAsync("officer-ip", $"{path}:release", null);
    }

    public static async Task PackagedAsync(CasePlay play)
    {
        var path = $"v1/icse/packages/{play.Package}";
        var page = await play.Of("officer-ip").GetAsync(path);
        foreach (var file in page.All("files"))
        {
            var bytes = await play.Of("officer-ip").GetBytesAsync($"{path}/{file.Text("name")}") ?? [];
            Must(Convert.ToHexStringLower(SHA256.HashData(bytes)) == file.Text("sha256"), $"{file.Text("name")} is what the package says.");
            play.Note = file.Text("name") == "media.json" ? $"media.json, SHA-256 {file.Text("sha256")[..16]}…" : play.Note;
        }

        var vics = JsonElement.Parse(await play.Of("officer-ip").GetBytesAsync($"{path}/media.json") ?? []);
        Must(vics.All("value").Select(m => m.Text("MD5").ToLowerInvariant()).SequenceEqual(Packaged.Select(play.Report.Md5)), "The two are in it.");
        await play.UntilAsync("the hotline hears of it", () => play.ItemAsync("analyst-nl", CaseReport.Alike),
            i => i.TryGetProperty("icse", out var icse) && icse.Text("state") == "Released");
    }

    public static async Task RefusedAsync(CasePlay play)
    {
        var refused = await play.RefusedAsync("officer-ip", $"v1/iwol/candidates/{play.Candidate}:list", new { }, "on-hold");
        Must(refused.Detail?.Contains(play.Hold, StringComparison.Ordinal) == true, "The refusal names the hold.");
        play.Note = $"refused: {refused.Detail}";
    }

    /// <summary>Two days pass. Where nobody can move the clock, the officer lifts the hold and asks for one of seconds, which ends by itself.</summary>
    public static async Task PassAsync(CasePlay play)
    {
        if (!await play.Stage.PassAsync(CasePolice.HoldLasts + TimeSpan.FromMinutes(1)))
        {
            await play.PostAsync("officer-nl", $"v1/holds/{play.Hold}:lift", new { why = "nobody waits two days here" });
            play.Hold = (await play.PostAsync("officer-nl", $"v1/reports/{play.Id}:hold", new
            {
                items = Items(CasePolice.Held), reason = "PossibleNewVictim", until = play.Stage.Now.AddSeconds(3), note = CasePolice.HoldNote,
            })).Text("holdId");
            play.Note = "here the officer lifts the hold and asks for one of three seconds instead";
        }

        foreach (var actor in new[] { "officer-nl", "analyst-nl" })
        {
            await play.UntilAsync("both are told of its end", () => play.Of(actor).GetAsync($"v1/reports/{play.Id}/history?maxResults=200"),
                h => h.GetRawText().Contains("HoldExpired", StringComparison.Ordinal));
        }

        await play.PostAsync("analyst-nl", $"v1/reports/{play.Id}/items:act", CaseHotline.Tell(CaseReport.Shared));
        await play.UntilAsync("listed", () => ListAsync(play), l => l.ValueKind == JsonValueKind.Object && l.Text("state") == "Listed");
    }

    public static async Task ListedAsync(CasePlay play)
    {
        var seen = await play.UntilAsync(
            "a version of the list", () => CasePolice.CandidateAsync(play, "officer-ip"), c => c.TryGetProperty("listVersion", out _));
        var version = seen.Text("listVersion");
        var zone = Encoding.UTF8.GetString(await play.Of("officer-de").GetBytesAsync($"v1/iwol/list/{version}.rpz") ?? []);
        Must(zone.Contains($"*.{play.Report.Domain}", StringComparison.Ordinal), "The zone names the domain and what is below it.");
        Must((await play.Of("officer-de").GetBytesAsync($"v1/iwol/list/{version}.rpz.sig"))?.Length == 64, "It is signed.");
        var hold = (await play.ItemAsync("officer-nl", CaseReport.Shared)).All("holds").Single(h => h.Text("holdId") == play.Hold);
        Must(hold.Text("state") == "Expired", "The hold ended by its time.");
        await play.UntilAsync("the hotline hears of the list", () => play.ItemAsync("analyst-nl", CaseReport.Shared),
            i => i.TryGetProperty("iwol", out var iwol) && iwol.GetProperty("listed").GetBoolean());
        play.Note = $"{(play.Note is { } note ? $"{note}; " : "")}{play.Report.Domain} stands in version {version} of the list";
    }

    public static Task ReturnAsync(CasePlay play) =>
        play.SendTextAsync("officer-ip", $"v1/icse/packages/{play.Package}:return", play.Report.Return(), "text/csv");

    public static async Task ReturnedAsync(CasePlay play)
    {
        foreach (var actor in new[] { "officer-nl", "analyst-nl" })
        {
            await play.UntilAsync("identified", () => play.ItemAsync(actor, CaseReport.Alike),
                i => i.TryGetProperty("icse", out var icse) && icse.TryGetProperty("victimIdentified", out var yes) && yes.GetBoolean());
        }

        await play.UntilAsync("it stands in the referral", () => play.Of("officer-nl").GetAsync($"v1/referrals/{play.DutchReferral}"),
            r => r.All("items").Any(i => i.Text("itemId") == play.ItemId(CaseReport.Alike) && i.Text("icse") == "VictimIdentified"));
    }

    /// <summary>As current as the read tables, which a hold that has just ended may not have reached.</summary>
    private static async Task<JsonElement> ListAsync(CasePlay play)
    {
        try
        {
            return await play.PostAsync("officer-ip", $"v1/iwol/candidates/{play.Candidate}:list", new { });
        }
        catch (CPortApiException e) when (e.Problem.Code == "on-hold")
        {
            return default;
        }
    }
}
