using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Api.Tests.EndToEnd;
using CPort.Tests.Shared;
using static CPort.Api.Tests.Iccam.IccamReport;

namespace CPort.Api.Tests.Iccam;

/// <summary>What a hotline's system imports (iccam-v3.md 5.2 to 5.4), and what it must not misread.</summary>
[Collection(IccamCollection.Name)]
public sealed class IccamImportTests(IccamNode iccam)
{
    [Fact]
    public async Task A_report_is_imported_with_its_page_that_is_hosted_elsewhere()
    {
        var reporter = await iccam.UkAsync();
        const string Page = "https://import.example/page", Image = "https://import.example/1.jpg";
        var report = await reporter.ReportAsync(new IccamReport(
            "I0000000101", new Url(Image, "NL"), new Url("https://import.example/2.jpg", "NL"), new Url("https://import.example/3.jpg", "DE"),
            new Url(Page, "DE", 4, IsSource: true)) { Memo = "for all" }.Body);

        var client = await iccam.NlAsync();
        var rows = await UntilNewAsync(client, report, 2);
        Assert.All(rows, r => Assert.Equal("NL", r.GetProperty("assignedCountryCode").GetString()));

        // As the client goes on: the report, the contents of its rows, the page among all that the report has.
        var read = await client.GetReportAsync(report);
        Assert.Equal("for all", read.GetProperty("memo").GetString());
        var image = await client.ContentAsync(rows[0].GetProperty("contentId").GetInt64());
        Assert.Equal((Image, report), (image.GetProperty("url").GetProperty("urlString").GetString(), image.GetProperty("reportId").GetInt64()));
        Assert.NotEqual(JsonValueKind.Null, image.GetProperty("countryAssignmentDate").ValueKind);
        JsonElement page = default;
        foreach (var content in read.GetProperty("reportContents").EnumerateArray().Select(c => c.GetProperty("contentId").GetInt64()))
        {
            page = await client.ContentAsync(content);
            if (page.GetProperty("url").GetProperty("isSourceUrl").GetBoolean())
            {
                break;
            }
        }

        Assert.Equal(Page, page.GetProperty("url").GetProperty("urlString").GetString());
        Assert.Equal(0, page.GetProperty("assessments").GetArrayLength());

        // Of the page that is another's a reference is refused, and not as absent; of its own it is set, and the item leaves the queue.
        var status = (await client.PutAsync($"rest/Content/{page.GetProperty("contentId").GetInt64()}/hotline-reference?reference=N0000000012_202603020931")).Status;
        Assert.True(status is 400 or 403, $"{status}");
        foreach (var row in rows)
        {
            var id = row.GetProperty("contentId").GetInt64();
            Assert.Equal("", (await client.PutAsync($"rest/Content/{id}/hotline-reference?reference=N0000000012_202603020931")).OkBody);
            Assert.Equal("N0000000012_202603020931", (await client.ContentAsync(id)).GetProperty("hotlineReference").GetString());
        }

        await UntilNewAsync(client, report, 0);
    }

    [Fact]
    public async Task A_queue_is_a_plain_array_oldest_assignment_first_with_a_day_more_than_asked_for_and_never_refuses_its_length()
    {
        var reporter = await iccam.UkAsync();
        var first = await reporter.ReportAsync(new IccamReport("I0000000111", new Url("https://queue.example/1", "DE"), new Url("https://queue.example/2", "DE")).Body);
        var second = await reporter.ReportAsync(new IccamReport("I0000000112", new Url("https://queue.example/3", "DE")).Body);
        var client = await iccam.DeAsync();
        await UntilNewAsync(client, second, 1);
        await UntilNewAsync(client, first, 2);

        // A window that begins an hour ahead, as a half hour of a clock in the east does.
        var start = DateTime.UtcNow.AddHours(1).ToString("yyyy-MM-dd'+'HH'%3A'mm'%3A00'", System.Globalization.CultureInfo.InvariantCulture);
        var rows = (await client.GetAsync($"rest/Content/no-reference?maxResults=1000&countryAssignmentStartDate={start}")).Ok.EnumerateArray().ToArray();
        long[] ours = [.. rows.Select(r => r.GetProperty("reportId").GetInt64()).Where(n => n == first || n == second)];
        Assert.Equal([first, first, second], ours);
        var reports = rows.GroupBy(r => r.GetProperty("reportId").GetInt64()).ToArray();
        Assert.Equal(reports.SelectMany(g => g).Select(r => r.GetProperty("contentId").GetInt64()), rows.Select(r => r.GetProperty("contentId").GetInt64()));
        Assert.Equal(reports.Select(g => g.Min(Assigned)).Order(), reports.Select(g => g.Min(Assigned)));
        Assert.Single((await client.GetAsync("rest/Content/unassessed?maxResults=1")).Ok.EnumerateArray());
        foreach (var queue in new[] { "unactioned", "unassigned-to-hotline", "orphaned", "offline" })
        {
            Assert.Equal(JsonValueKind.Array, (await client.GetAsync($"rest/Content/{queue}?maxResults=30&hotlineAssignmentStartDate=2026-01-01")).Ok.ValueKind);
        }

        static DateTimeOffset Assigned(JsonElement row) => row.GetProperty("countryAssignmentDate").GetDateTimeOffset();
    }

    [Fact]
    public async Task An_inherited_Baseline_is_the_last_assessment_and_a_foreign_Ignore_is_none()
    {
        var node = iccam.Node;
        var sha256 = Bodies.Hash("iccam-inherited", 32);
        await VerdictTests.ImportAsync(node, sha256);
        var id = await node.SubmitAsync("gb", Bodies.Report("ICCAM-INHERITED", r => r["urls"]![0]!["hashes"] = new JsonObject { ["sha256"] = sha256 }));
        var item = await node.ItemAsync("nl", id, i => i.TryGetProperty("classification", out var c) && c.GetProperty("name").GetString() == "Baseline");
        var client = await iccam.NlAsync();
        var known = await client.ContentAsync(item.GetProperty("number").GetInt64());
        Assert.Equal(1, known.GetProperty("assessments").EnumerateArray().Last().GetProperty("classification").GetInt32());

        // The reporter abroad found it not illegal by its law, and told its own police: here nobody has looked, and nothing is done.
        var ignored = await node.SubmitAsync("gb", Bodies.Report("ICCAM-IGNORED", r =>
        {
            ReportLifeTests.WithoutHashes(r);
            r["urls"]![0]!["assessment"] = new JsonObject { ["classification"] = 4 };
            r["urls"]![0]!["actions"] = new JsonArray(new JsonObject { ["actionType"] = 6, ["actionDate"] = "2026-01-02T03:04:05Z", ["reasonId"] = 16 });
        }));
        var number = (await node.AssignedAsync("nl", ignored, "hotline-nl")).GetProperty("number").GetInt64();
        var foreign = await client.ContentAsync(number);
        Assert.Equal((0, 0), (foreign.GetProperty("assessments").GetArrayLength(), foreign.GetProperty("actions").GetArrayLength()));
        Assert.Equal("", (await client.PutAsync($"rest/Content/{number}/assessment", PhpJson.Of(IccamReport.Assessment(1)))).OkBody);
        Assert.Equal(1, (await client.ContentAsync(number)).GetProperty("assessments").EnumerateArray().Last().GetProperty("classification").GetInt32());
        Assert.Contains("rule 1", Assert.Single((await client.PutAsync($"rest/Content/{number}/assessment", PhpJson.Of(IccamReport.Assessment(4))))
            .Errors()["classification"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_move_gives_the_new_country_an_item_that_nobody_there_has_judged_or_acted_on()
    {
        var nl = await iccam.NlAsync();
        var report = await nl.ReportAsync(new IccamReport("I0000000121", new Url("https://moves.example/1.jpg", "NL", 2)).Body);
        var content = (await nl.ContentsAsync(report)).Values.Single();
        Assert.Equal("", (await nl.PostAsync($"rest/Content/{content}/actions", IccamReport.Action(1))).OkBody);

        // Raw, as whois gave it; an unknown one is an error here, and changes nothing.
        foreach (var unknown in new[] { "??", "EU", "", "free%20text" })
        {
            Assert.Equal(["newCountryCode"], (await nl.PutAsync($"rest/Content/{content}/url/hosting?newIpAddress=&newCountryCode={unknown}")).Errors().Keys);
        }

        Assert.Equal(["newCountryCode"], (await nl.PutAsync($"rest/Content/{content}/assigned-country?newCountryCode=DE")).Errors().Keys);
        Assert.Equal("", (await nl.PutAsync($"rest/Content/{content}/url/hosting?newIpAddress=2001%3Adb8%3A%3A7&newCountryCode=de")).OkBody);
        Assert.Equal("", (await nl.PutAsync($"rest/Content/{content}/assigned-country?newCountryCode=de")).OkBody);
        var moved = await nl.ContentAsync(content);
        Assert.Equal(("DE", "2001:db8::7"), (
            moved.GetProperty("assignedCountryCode").GetString(), moved.GetProperty("url").GetProperty("hostingIpAddress").GetString()));

        var de = await iccam.DeAsync();
        var row = Assert.Single(await UntilNewAsync(de, report, 1));
        Assert.Equal(content, row.GetProperty("contentId").GetInt64());
        var there = await de.ContentAsync(content);
        Assert.Equal(
            ("DE", 0, 0),
            (there.GetProperty("assignedCountryCode").GetString(), there.GetProperty("assessments").GetArrayLength(), there.GetProperty("actions").GetArrayLength()));
        Assert.Equal("", (await de.PutAsync($"rest/Content/{content}/assessment", PhpJson.Of(IccamReport.Assessment(1)))).OkBody);
        Assert.Equal("", (await de.PostAsync($"rest/Content/{content}/actions", IccamReport.Action(1))).OkBody);

        // It is not the first country's any more.
        var status = (await nl.PostAsync($"rest/Content/{content}/actions", IccamReport.Action(2))).Status;
        Assert.True(status is 400 or 403, $"{status}");
    }

    [Fact]
    public async Task Of_two_hotlines_in_one_country_who_names_an_item_first_has_it()
    {
        var reporter = await iccam.UkAsync();
        var report = await reporter.ReportAsync(new IccamReport("I0000000131", new Url("https://two.example/1.jpg", "AT")).Body);
        var (one, two) = (await iccam.At1Async(), await iccam.At2Async());
        var content = Assert.Single(await UntilNewAsync(one, report, 1)).GetProperty("contentId").GetInt64();
        Assert.Equal(content, Assert.Single(await UntilNewAsync(two, report, 1)).GetProperty("contentId").GetInt64());
        Assert.Equal("AT", (await two.ContentAsync(content)).GetProperty("assignedCountryCode").GetString());

        Assert.Equal("", (await one.PutAsync($"rest/Content/{content}/hotline-reference?reference=N0000000001_202603020931")).OkBody);
        var second = (await two.PutAsync($"rest/Content/{content}/hotline-reference?reference=N0000000002_202603020931")).Status;
        Assert.True(second is 400 or 403, $"{second}");
        await UntilNewAsync(two, report, 0);
        await UntilNewAsync(one, report, 0);
        Assert.Equal("N0000000001_202603020931", (await one.ContentAsync(content)).GetProperty("hotlineReference").GetString());
    }

    /// <summary>The rows of a report in the import's queue, once they are so many.</summary>
    private static async Task<JsonElement[]> UntilNewAsync(IccamClient client, long report, int count)
    {
        for (var began = System.Diagnostics.Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            var rows = (await client.NewAsync()).Where(r => r.GetProperty("reportId").GetInt64() == report).ToArray();
            if (rows.Length == count)
            {
                return rows;
            }

            Assert.True(began.Elapsed < EndToEndNode.Patience, $"{rows.Length} rows of the report are there.");
        }
    }
}
