using System.Diagnostics;
using static CPort.Node.Sample.Case.CasePlay;

namespace CPort.Node.Sample.Case;

/// <summary>What the hotline does in the case.</summary>
internal static class CaseHotline
{
    public const string Answer = "the forum's index led there";

    public static async Task ReportAsync(CasePlay play)
    {
        List<Api.Reports.LineAnswer> answers = [];
        await play.Of("analyst-nl").StreamLinesAsync("v1/reports:stream", Chunk(play.Report.Line()), new LineStreamOptions(), null, a => answers.AddRange(a));
        play.Id = answers.Single().ReportId ?? throw new CaseException($"The report was not taken: {answers.Single().Problem?.Detail}");
    }

    public static async Task ReportedAsync(CasePlay play)
    {
        var clock = Stopwatch.StartNew();
        await play.UntilAsync(
            "urgent at police-nl", () => play.Of("officer-nl").GetAsync("v1/feed?types=cport.referral.urgent.v1&maxResults=200"),
            f => f.EnumerateArray().Any(e => e.GetProperty("data").Text("report") == play.Id));
        play.Note = string.Create(CultureInfo.InvariantCulture, $"urgent news at police-nl {clock.Elapsed.TotalSeconds:0.0} s after the report was in");
        play.DutchReferral = await play.ReferralAsync("officer-nl", CaseReport.Shared, CaseReport.Dutch.Length - 1);
        play.GermanReferral = await play.ReferralAsync("officer-de", CaseReport.InGermany, CaseReport.German.Length);
        var known = await play.UntilAsync("the known one", () => play.ItemAsync("analyst-nl", CaseReport.Known), i => i.NameOf("classification") == "Baseline");
        Must(known.TryGetProperty("knownWithoutLook", out _) && !known.TryGetProperty("assessments", out _), "The known one asks nobody.");
        play.Group = (await play.UntilAsync("the two alike", () => play.ItemAsync("analyst-nl", CaseReport.Alike), i => i.TryGetProperty("group", out _)))
            .GetProperty("group").Text("id");
        foreach (var item in CaseReport.Dutch)
        {
            await play.UntilAsync("routed", () => play.ItemAsync("analyst-nl", item), i =>
                i.TryGetProperty("assignment", out var a) && a.Text("hotline") == "hotline-nl");
        }
    }

    public static async Task AssessAsync(CasePlay play)
    {
        await play.PostAsync("analyst-nl", $"v1/reports/{play.Id}/items:assess", new
        {
            items = Items(CaseReport.Page, CaseReport.Shared, CaseReport.Plain, CaseReport.PlainToo), assessment = Assessment("Baseline"),
        });
        await play.UntilAsync("the group is the analyst's", () => play.Of("analyst-nl").GetAsync($"v1/groups/{play.Group}"),
            g => g.GetProperty("group").Text("yours") == "2");
        await play.PostAsync("analyst-nl", $"v1/groups/{play.Group}:assess", new { all = true, assessment = Assessment("National") });
    }

    public static async Task AssessedAsync(CasePlay play)
    {
        foreach (var item in CaseReport.Dutch)
        {
            var seen = await play.UntilAsync(
                "assessed", () => play.ItemAsync("analyst-nl", item), i => i.NameOf("classification") is "Baseline" or "National");
            Must(seen.TryGetProperty("assessments", out _) == (item != CaseReport.Known), $"Item {item}: somebody looked, or nobody.");
        }

        var refused = await play.RefusedAsync("analyst-nl", $"v1/reports/{play.Id}/items:act", Tell(CaseReport.Shared), "on-hold");
        Must(refused.Detail?.Contains(play.Hold, StringComparison.Ordinal) == true, "The refusal names the hold.");
        play.Note = $"refused: {refused.Detail}";
    }

    /// <summary>The host is told of an item.</summary>
    public static object Tell(int item) => new { items = Items(item), action = new { actionType = 2 } };

    public static Task AnswerAsync(CasePlay play) => play.PostAsync("analyst-nl", $"v1/requests/{play.Question}:answer", new
    {
        answers = new object[]
        {
            new { field = "Referrer", value = $"https://links.{play.Report.Name}-other.example/index" },
            new { field = "UploadTime", value = "2026-01-01T10:00:00+01:00" },
        },
        text = Answer,
    });

    public static async Task AnsweredAsync(CasePlay play)
    {
        var seen = await play.UntilAsync("complete", () => play.Of("officer-nl").GetAsync($"v1/referrals/{play.DutchReferral}"),
            r => r.TryGetProperty("completeness", out var c) && c.Text("have") == "7");
        play.Note = $"the score is {seen.GetProperty("priority").Text("score")}: {seen.GetProperty("priority").Text("inWords")}";
        var item = await play.ItemAsync("officer-nl", CaseReport.Shared);
        Must(item.All("requests").Single().All("lines").Any(l => l.Text("text") == Answer), "The officer reads the answer.");
    }

    public static async Task ProposeAsync(CasePlay play)
    {
        await play.PostAsync("analyst-nl", "v1/icse/proposals", new
        {
            reportId = play.Id, items = Items(CaseReport.Alike, CaseReport.Plain), why = "a series that nobody here knows",
        });
        await play.PostAsync("analyst-nl", "v1/iwol/candidates", new { reportId = play.Id, item = CaseReport.Shared });
    }

    public static async Task ProposedAsync(CasePlay play)
    {
        var candidates = await play.UntilAsync("the domain is a candidate", () => play.Of("officer-ip").GetAsync("v1/iwol/candidates?maxResults=200"),
            l => l.All("candidates").Any(c => c.Text("domain") == play.Report.Domain));
        play.Candidate = candidates.All("candidates").Single(c => c.Text("domain") == play.Report.Domain).Text("candidateId");
        await play.UntilAsync("candidates for ICSE", () => play.Of("officer-ip").GetAsync("v1/icse/candidates?maxResults=200"),
            l => new[] { CaseReport.Alike, CaseReport.Plain }.All(i => l.All("items").Any(c => c.Text("itemId") == play.ItemId(i))));
    }

    public static object Assessment(string classification) => new
    {
        classification, ageCategorization = 2, genderCategorization = 2, virtualContentCategorization = 0, userGeneratedContentCategorization = 0,
        childModelingCategorization = 0,
    };

    /// <summary>The referral that police has with an item, once it has so many items.</summary>
    private static async Task<string> ReferralAsync(this CasePlay play, string actor, int item, int items)
    {
        var seen = await play.UntilAsync(
            $"referred to {actor}", () => play.ItemAsync(actor, item), i => i.All("referrals").Any(r => r.Text("referralId") != ""));
        var id = seen.All("referrals").Select(r => r.Text("referralId")).First(r => r != "");
        await play.UntilAsync(
            $"all in {actor}'s inbox", () => play.Of(actor).GetAsync("v1/referrals?maxResults=200"), l => l.All("referrals").Any(
                r => r.Text("referralId") == id && r.Text("items") == items.ToString(CultureInfo.InvariantCulture)));
        return id;
    }
}
