using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Api.Tests.EndToEnd;
using static CPort.Api.Tests.Iccam.IccamReport;

namespace CPort.Api.Tests.Iccam;

/// <summary>What a hotline's system exports (iccam-v3.md 5.1 and 6), and what it reads back in the same breath.</summary>
[Collection(IccamCollection.Name)]
public sealed class IccamExportTests(IccamNode iccam)
{
    [Fact]
    public async Task A_new_report_is_a_number_and_is_read_at_once_with_its_URLs_byte_for_byte_and_its_country_as_configured()
    {
        var client = await iccam.NlAsync();
        const string Page = "https://Page.Example:443/a b/%7Euser/../x?q=ä&r=%C3%A4#frag";
        const string Image = "http://img.example/1.jpg?size=/10";
        var report = await client.ReportAsync(new IccamReport("I0000000011", new Url(Image, "nl"), new Url(Page, "NL", 4, IsSource: true))
        {
            // Slips that really come: digits where text is meant, one number for a list, a site type that v2 had.
            Memo = "12", SiteType = 23, Payments = 9, Referrer = "1e5", More = [("aFieldOfAnotherClient", "x")],
        }.Body);

        var read = await client.GetReportAsync(report);
        Assert.Equal([Image, Page], read.GetProperty("reportContents").EnumerateArray().Select(c => c.GetProperty("urlString").GetString()));
        Assert.Equal(("12", "100000.0"), (read.GetProperty("memo").GetString(), read.GetProperty("referrerUrl").GetString()));
        Assert.Equal((2, 1), (read.GetProperty("sourceUrlSiteType").GetInt32(), read.GetProperty("sourceUrlCommerciality").GetInt32()));
        Assert.Equal([9], read.GetProperty("sourceUrlPaymentMethods").EnumerateArray().Select(p => p.GetInt32()));
        Assert.True(read.GetProperty("reportingHotlineId").TryGetInt32(out _));

        var contents = await client.ContentsAsync(report);
        var image = await client.ContentAsync(contents[Image]);
        Assert.Equal("NL", image.GetProperty("assignedCountryCode").GetString());
        Assert.Equal(("NL", "192.0.2.7", false), (
            image.GetProperty("url").GetProperty("hostingCountryCode").GetString(), image.GetProperty("url").GetProperty("hostingIpAddress").GetString(),
            image.GetProperty("url").GetProperty("isSourceUrl").GetBoolean()));
        var said = Assert.Single(image.GetProperty("assessments").EnumerateArray());
        Assert.Equal((1, 3, 2, 0), (
            said.GetProperty("classification").GetInt32(), said.GetProperty("ageCategorization").GetInt32(), said.GetProperty("genderCategorization").GetInt32(),
            said.GetProperty("childModelingCategorization").GetInt32()));
        Assert.Equal(0, image.GetProperty("actions").GetArrayLength());

        // Reading an undefined property ends the client: what has no value is null.
        Assert.Equal(JsonValueKind.Null, image.GetProperty("memo").ValueKind);
        var page = await client.ContentAsync(contents[Page]);
        Assert.Equal((true, 4), (page.GetProperty("url").GetProperty("isSourceUrl").GetBoolean(), Last(page)));
    }

    [Fact]
    public async Task What_whois_says_is_a_country_or_nothing_and_loses_no_report()
    {
        var client = await iccam.NlAsync();
        (string? Said, string? Country)[] cases =
        [
            ("DE", "DE"), ("de", "DE"), ("Germany", "DE"), ("UK", "GB"), ("United Kingdom", "GB"),
            ("??", null), ("EU", null), ("ZZ", null), ("free text", null), ("", null), (null, null),
        ];
        var report = await client.ReportAsync(new IccamReport("I0000000012", [.. cases.Select((c, i) =>
            new Url($"https://whois.example/{i}", c.Said) { Ip = i == 0 ? "300.1.2.3" : "", Owner = "(OWNER EMPTY?!)", Memo = "007" })]).Body);
        var contents = await client.ContentsAsync(report);
        for (var i = 0; i < cases.Length; i++)
        {
            var content = await client.ContentAsync(contents[$"https://whois.example/{i}"]);
            Assert.Equal(cases[i].Country, content.GetProperty("url").GetProperty("hostingCountryCode").GetString());
            Assert.Equal(cases[i].Country, content.GetProperty("assignedCountryCode").GetString());
            Assert.Equal(JsonValueKind.Null, content.GetProperty("url").GetProperty("hostingIsp").ValueKind);

            // What was said and is none is kept in words; what PHP made of the memo is its text.
            var memo = content.GetProperty("memo").GetString()!;
            Assert.StartsWith("7", memo, StringComparison.Ordinal);
            Assert.Equal(i == 0 || (cases[i].Country is null && !string.IsNullOrEmpty(cases[i].Said)), memo.Contains("[CPort:", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Many_URLs_long_memos_control_characters_and_URLs_that_are_none_are_taken()
    {
        var client = await iccam.NlAsync();
        var memo = string.Concat(Enumerable.Repeat("line of a memo\r\n", 60_000 / 16)) + "\u0001é";
        var report = await client.ReportAsync(new IccamReport(
            "I0000000013",
            [
                new Url("https://many.example/", "NL", 4, IsSource: true) { Memo = memo }, new Url("javascript:void(0)"),
                .. Enumerable.Range(1, 600).Select(i => new Url($"https://many.example/{i}")),
            ])
        {
            Memo = memo,
        }.Body);
        var contents = await client.ContentsAsync(report);
        Assert.Equal(601, contents.Count);
        var taken = memo.Replace("\u0001", "", StringComparison.Ordinal);
        Assert.Equal(taken, (await client.ContentAsync(contents["https://many.example/"])).GetProperty("memo").GetString());
        Assert.StartsWith(taken, (await client.GetReportAsync(report)).GetProperty("memo").GetString(), StringComparison.Ordinal);

        // Of none that can be taken there is nothing to report; nor of none.
        Assert.Equal(["urls"], (await client.PostAsync("rest/reports", new IccamReport("I0000000014", new Url("::"), new Url("x:y")).Body)).Errors().Keys);
    }

    [Fact]
    public async Task A_report_whose_answer_was_cut_off_is_the_same_when_it_comes_again_under_another_reference()
    {
        var client = await iccam.NlAsync();
        var report = new IccamReport("I0000000021", new Url("https://cut.example/1.jpg"), new Url("https://cut.example/2.jpg", "DE"))
        {
            Received = "1970-01-01T00:00:00Z",
        };
        await client.SendAndCutAsync("POST", "rest/reports", PhpJson.Of(report.Body));
        var second = report with { Minute = "202603020931" };
        var number = await client.ReportAsync(second.Body);

        // Whichever of the two was taken first, at once, or after it.
        var others = await Task.WhenAll(
            Enumerable.Range(32, 4).Select(m => client.ReportAsync((report with { Minute = $"2026030209{m}" }).Body)));
        Assert.All(others, n => Assert.Equal(number, n));
        Assert.Equal(2, (await client.ContentsAsync(number)).Count);

        // What is new is not swallowed: a memo, a judgement. A date that nobody means is none, and loses no report.
        Assert.NotEqual(number, await client.ReportAsync((report with { Memo = "A child in danger" }).Body));
        Assert.NotEqual(number, await client.ReportAsync((report with { Received = "0001-01-01T00:00:00Z" }).Body));

        // Another day of receipt, another URL or another hotline is another report; so is one that was withdrawn.
        Assert.NotEqual(number, await client.ReportAsync((report with { Received = "2026-03-01T10:00:00Z" }).Body));
        Assert.NotEqual(number, await client.ReportAsync(new IccamReport("I0000000021", report.Urls[0]) { Received = report.Received }.Body));
        Assert.NotEqual(number, await (await iccam.DeAsync()).ReportAsync(report.Body));
        var found = await EndToEndNode.UntilAsync(
            () => iccam.Node.PostAsync("nl", "v1/reports:search", new JsonObject { ["numbers"] = new JsonArray(number) }),
            r => r.Is(HttpStatusCode.OK).Json.GetProperty("items").GetArrayLength() == 2);
        var id = found.Json.GetProperty("items")[0].GetProperty("reportId").GetString();
        (await iccam.Node.ConfirmedAsync("nl", $"v1/reports/{id}:withdraw", new JsonObject())).Is(HttpStatusCode.OK);
        var again = await client.ReportAsync((report with { Minute = "202603021200" }).Body);
        Assert.NotEqual(number, again);
        Assert.Equal(again, await client.ReportAsync((report with { Minute = "202603021201" }).Body));
    }

    [Fact]
    public async Task A_clock_in_Amsterdam_in_summer_says_UTC_and_means_two_hours_less()
    {
        var client = await iccam.NlAsync();
        var report = await client.ReportAsync(new IccamReport("I0000000031", new Url("https://summer.example/1.jpg")) { Received = "2026-07-01T14:00:00Z" }.Body);
        Assert.Equal("2026-07-01T12:00:00Z", (await client.GetReportAsync(report)).GetProperty("hotlineReceivedDate").GetString());

        // Of a hotline without a zone it is what it says; what lies ahead of now was received now.
        var other = await iccam.DeAsync();
        var ahead = new IccamReport("I0000000032", new Url("https://summer.example/2.jpg", "DE"))
        {
            Received = DateTime.UtcNow.AddHours(2).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        };
        var received = (await other.GetReportAsync(await other.ReportAsync(ahead.Body))).GetProperty("hotlineReceivedDate").GetDateTimeOffset();
        Assert.True(received <= DateTimeOffset.UtcNow, $"{received:O}");
    }

    [Fact]
    public async Task A_hotline_configured_UK_reads_UK_and_others_read_GB()
    {
        var uk = await iccam.UkAsync();
        var report = await uk.ReportAsync(new IccamReport("I0000000041", new Url("https://uk.example/1.jpg", "UK"), new Url("https://uk.example/2.jpg", "NL")).Body);
        var contents = await uk.ContentsAsync(report);
        var own = await uk.ContentAsync(contents["https://uk.example/1.jpg"]);
        Assert.Equal(("UK", "UK"), (own.GetProperty("assignedCountryCode").GetString(), own.GetProperty("url").GetProperty("hostingCountryCode").GetString()));
        Assert.Equal("NL", (await uk.ContentAsync(contents["https://uk.example/2.jpg"])).GetProperty("assignedCountryCode").GetString());

        var nl = await iccam.NlAsync();
        var other = await nl.ReportAsync(new IccamReport("I0000000042", new Url("https://uk.example/3.jpg", "UK")).Body);
        Assert.Equal("GB", (await nl.ContentAsync((await nl.ContentsAsync(other)).Values.Single())).GetProperty("assignedCountryCode").GetString());
    }

    [Fact]
    public async Task LEA_then_ISP_then_Removed_and_what_comes_after_the_end_is_400_for_staff_to_read()
    {
        var client = await iccam.NlAsync();
        var report = await client.ReportAsync(new IccamReport("I0000000051", new Url("https://acts.example/1.jpg"), new Url("https://acts.example/", "NL", 4, true)).Body);
        var contents = await client.ContentsAsync(report);
        var content = contents["https://acts.example/1.jpg"];
        foreach (var (type, date) in new[] { (1, null), (2, "2026-11-30T10:00:00Z"), (3, (string?)null) })
        {
            // Before an action the client asks for the content, whether it is its own and has no such action.
            Assert.DoesNotContain((await client.ContentAsync(content)).GetProperty("actions").EnumerateArray(), a => a.GetProperty("actionType").GetInt32() == type);
            Assert.Equal("", (await client.PostAsync($"rest/Content/{content}/actions", IccamReport.Action(type, date))).OkBody);
        }

        var actions = (await client.ContentAsync(content)).GetProperty("actions").EnumerateArray().ToArray();
        Assert.Equal([1, 2, 3], actions.Select(a => a.GetProperty("actionType").GetInt32()));
        Assert.All(actions, a => Assert.Equal("scart.api", a.GetProperty("analystName").GetString()));

        // The clock of Amsterdam, in winter.
        Assert.Equal("2026-11-30T09:00:00Z", actions[1].GetProperty("actionDate").GetString());
        Assert.Contains("rule 7", Assert.Single((await client.PostAsync($"rest/Content/{content}/actions", IccamReport.Action(2))).Errors()["actionType"]),
            StringComparison.Ordinal);

        // A page that is not illegal is closed by 6, which v2 calls 7.
        var page = contents["https://acts.example/"];
        Assert.Equal(["reasonId"], (await client.PostAsync($"rest/Content/{page}/actions", new (string, object?)[] { ("actionType", 6), ("reasonId", 99) }))
            .Errors().Keys);
        Assert.Equal("", (await client.PostAsync($"rest/Content/{page}/actions", IccamReport.Action(7))).OkBody);
        Assert.Equal("NotIllegal", (await client.ContentAsync(page)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Facts_of_the_page_are_set_by_the_query_or_by_a_bare_number()
    {
        var client = await iccam.NlAsync();
        var report = await client.ReportAsync(new IccamReport("I0000000061", new Url("https://facts.example/1.jpg")) { SiteType = 0, Payments = Array.Empty<object?>() }.Body);
        Assert.Equal(JsonValueKind.Null, (await client.GetReportAsync(report)).GetProperty("sourceUrlSiteType").ValueKind);
        Assert.Equal("", (await client.PutAsync($"rest/Reports/{report}/source-url/site-type?siteType=5")).OkBody);
        Assert.Equal("", (await client.PutAsync($"rest/Reports/{report}/source-url/commerciality?commerciality=3")).OkBody);
        Assert.Equal("", (await client.PutAsync($"rest/Reports/{report}/source-url/payment-methods", "9")).OkBody);
        var read = await client.GetReportAsync(report);
        Assert.Equal((5, 3), (read.GetProperty("sourceUrlSiteType").GetInt32(), read.GetProperty("sourceUrlCommerciality").GetInt32()));
        Assert.Equal([9], read.GetProperty("sourceUrlPaymentMethods").EnumerateArray().Select(p => p.GetInt32()));
        Assert.Equal(["siteType"], (await client.PutAsync($"rest/Reports/{report}/source-url/site-type?siteType=12")).Errors().Keys);
    }

    private static int? Last(JsonElement content) =>
        content.GetProperty("assessments").EnumerateArray().LastOrDefault() is { ValueKind: JsonValueKind.Object } a ? a.GetProperty("classification").GetInt32() : null;
}
