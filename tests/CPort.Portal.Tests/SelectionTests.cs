using System.Net;
using System.Text.Json;
using AngleSharp.Html.Dom;

namespace CPort.Portal.Tests;

/// <summary>Many items at once (rules R2 and R4): what is chosen is fixed, what would come of it is told before, and is what comes of it.</summary>
[Collection(nameof(PortalNode))]
public sealed class SelectionTests(PortalNode node)
{
    [Fact]
    public async Task What_was_tried_is_what_comes_of_it()
    {
        using var client = node.ClientOf("hotline-us");
        var queue = PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        var form = (IHtmlFormElement)queue.QuerySelector("form[action$=claim]")!;
        form.SetAttribute("action", "/app/selections");

        // Rows that no other test has taken: what somebody holds cannot be taken once more.
        foreach (var box in queue.QuerySelectorAll("tbody tr").Where(r => r.LastElementChild!.TextContent.Trim() == "–")
            .Select(r => r.QuerySelector("input[name=item]")!).Take(4))
        {
            box.SetAttribute("checked", "");
        }

        var address = await PageTests.FollowAsync(client, form);
        var page = PageTests.Parse(await client.GetStringAsync(address));
        Assert.Equal(4, page.QuerySelectorAll("tbody tr").Length);

        // One of them changes in the meantime.
        var changed = page.QuerySelector("tbody th a")!.GetAttribute("href")!;
        var item = PageTests.Parse(await client.GetStringAsync(new Uri(changed, UriKind.Relative)));
        await PageTests.FollowAsync(client, (IHtmlFormElement)item.QuerySelector("form[action$=claim]")!);

        var deed = (IHtmlFormElement)page.QuerySelectorAll("form[action$=deed]")[0];
        PageTests.Choose(deed, "class", "2");
        await PageTests.FollowAsync(client, deed);
        page = PageTests.Parse(await client.GetStringAsync(address));
        Assert.Contains("3 are possible", page.QuerySelector("#tried")!.ParentElement!.TextContent, StringComparison.Ordinal);
        Assert.Contains("It has changed since it was chosen.", page.QuerySelector("tbody")!.TextContent, StringComparison.Ordinal);

        // Confirmed twice: done once.
        var confirm = (IHtmlFormElement)page.QuerySelector("form[action$='/do']")!;
        await PageTests.FollowAsync(client, confirm);
        await PageTests.FollowAsync(client, confirm);
        page = PageTests.Parse(await client.GetStringAsync(address));
        Assert.Equal(3, page.QuerySelectorAll("tbody tr").Count(r => r.LastElementChild!.TextContent == "done"));
        Assert.Equal(1, page.QuerySelectorAll("tbody tr").Count(r => r.LastElementChild!.TextContent.StartsWith("not done", StringComparison.Ordinal)));
        using var api = node.ApiOf("hotline-us");
        foreach (var row in page.QuerySelectorAll("tbody tr"))
        {
            var path = row.QuerySelector("th a")!.GetAttribute("href")!.Replace("/app/", "/v1/", StringComparison.Ordinal);
            using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri(path, UriKind.Relative)));
            var own = answer.RootElement.TryGetProperty("assessments", out var all)
                ? all.EnumerateArray().Count(a => a.GetProperty("agency").GetString() == "hotline-us" && a.GetProperty("episode").GetInt32() > 0) : 0;
            Assert.Equal(row.LastElementChild!.TextContent == "done" ? 1 : 0, own);
        }
    }

    [Fact]
    public async Task An_end_needs_the_number_and_a_selection_is_its_owners_alone()
    {
        using var client = node.ClientOf("hotline-nl");
        using var other = node.ClientOf("hotline-gb");
        var queue = PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unactioned", UriKind.Relative)));
        var form = (IHtmlFormElement)queue.QuerySelector("form[action$=claim]")!;
        form.SetAttribute("action", "/app/selections");
        var address = await PageTests.FollowAsync(client, form, ("which", "all"));
        using (var stranger = await other.GetAsync(address))
        {
            Assert.Equal(HttpStatusCode.NotFound, stranger.StatusCode);
        }

        var page = PageTests.Parse(await client.GetStringAsync(address));
        var deed = (IHtmlFormElement)page.QuerySelectorAll("form[action$=deed]")[1];
        PageTests.Choose(deed, "action", "3");
        await PageTests.FollowAsync(client, deed);
        page = PageTests.Parse(await client.GetStringAsync(address));
        Assert.True(page.QuerySelector("form[action$='/do']") is not null, page.QuerySelector("main")!.TextContent);
        var confirm = (IHtmlFormElement)page.QuerySelector("form[action$='/do']")!;
        using (var refused = await PageTests.PostAsync(client, confirm, ("number", "0")))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        }
    }

    /// <summary>
    /// Rule R2: "all 1,204" is what was shown; two are taken out on the selection's page, ten arrive, and 1,202 are acted on.
    /// </summary>
    [Fact]
    public async Task All_means_what_was_shown_without_those_that_were_taken_out()
    {
        using var client = node.ClientOf("hotline-pl");
        using var api = node.ApiOf("hotline-pl");
        var before = await CountAsync("unassessed");
        await ReportAsync("all", 1_204 - (int)before);
        await LiveTests.WaitAsync(async () => await CountAsync("unassessed") == 1_204);
        var queue = PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        Assert.Contains(queue.QuerySelectorAll(".chosen button"), b => b.TextContent == "Choose all 1\u202F204");
        var form = (IHtmlFormElement)queue.QuerySelector("form[action$=claim]")!;
        form.SetAttribute("action", "/app/selections");
        var address = await PageTests.FollowAsync(client, form, ("which", "all"));
        var page = PageTests.Parse(await client.GetStringAsync(address));
        Assert.Equal("1\u202F204 chosen items", page.QuerySelector("h1")!.TextContent);
        Assert.Equal(Selections.Selection.Rows, page.QuerySelectorAll("tbody tr").Length);
        Assert.True(page.DocumentElement.OuterHtml.Length < 60_000, $"{page.DocumentElement.OuterHtml.Length}");

        // None marked does nothing; two marked are out, on whatever page of rows.
        using (var none = await PageTests.PostAsync(client, (IHtmlFormElement)page.QuerySelector("form[action$=without]")!))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, none.StatusCode);
        }

        var second = PageTests.Parse(await client.GetStringAsync(new Uri(page.QuerySelector("a[rel=next]")!.GetAttribute("href")!, UriKind.Relative)));
        var boxes = second.QuerySelectorAll("input[name=out]").Take(2).ToArray();
        var outside = boxes.Select(b => b.GetAttribute("value")!).ToArray();
        foreach (var box in boxes)
        {
            box.SetAttribute("checked", "");
        }

        await PageTests.FollowAsync(client, (IHtmlFormElement)second.QuerySelector("form[action$=without]")!);
        await ReportAsync("late", 10);
        await LiveTests.WaitAsync(async () => await CountAsync("unassessed") == 1_214);

        page = PageTests.Parse(await client.GetStringAsync(address));
        Assert.Equal("1\u202F202 chosen items", page.QuerySelector("h1")!.TextContent);
        var deed = (IHtmlFormElement)page.QuerySelectorAll("form[action$=deed]")[0];
        PageTests.Choose(deed, "class", "2");
        await PageTests.FollowAsync(client, deed);
        page = PageTests.Parse(await client.GetStringAsync(address));
        await PageTests.FollowAsync(client, (IHtmlFormElement)page.QuerySelector("form[action$='/do']")!, ("number", "1202"));
        page = PageTests.Parse(await client.GetStringAsync(address));
        Assert.Contains("1\u202F202 items are done.", page.QuerySelector(".notice.good:not(#done)")!.TextContent, StringComparison.Ordinal);

        // What was taken out and what came late waits on; the journal has an assessment of each of the others.
        await LiveTests.WaitAsync(async () => await CountAsync("unassessed") == 12);
        foreach (var item in outside)
        {
            using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri($"v1/reports/{item[..26]}/items/{item[27..]}", UriKind.Relative)));
            Assert.Equal("Unassessed", answer.RootElement.GetProperty("state").GetString());
        }

        async Task<long> CountAsync(string name)
        {
            using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri("v1/queues", UriKind.Relative)));
            return answer.RootElement.GetProperty("queues").EnumerateArray().Single(q => q.GetProperty("name").GetString() == name)
                .GetProperty("count").GetInt64();
        }

        async Task ReportAsync(string name, int items)
        {
            for (var from = 0; from < items; from += 100)
            {
                var body = CPort.Tests.Shared.Bodies.Report($"{name}-{from}", r =>
                {
                    var urls = r["urls"]!.AsArray();
                    var one = urls[0]!.AsObject();
                    urls.Clear();
                    foreach (var i in Enumerable.Range(from, Math.Min(100, items - from)))
                    {
                        var url = one.DeepClone().AsObject();
                        url["hostingCountryCode"] = "PL";
                        url["urlString"] = $"https://img.host.example/{name}/{i}";
                        url["hotlineReference"] = $"{name}/{i}";
                        url["hashes"] = new System.Text.Json.Nodes.JsonObject { ["md5"] = CPort.Tests.Shared.Bodies.Hash($"{name}{i}", 16) };
                        urls.Add((System.Text.Json.Nodes.JsonNode)url);
                    }
                });
                using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
                using var answer = await api.PostAsync(new Uri("v1/reports", UriKind.Relative), content);
                Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
            }
        }
    }

    [Fact]
    public async Task Nothing_chosen_does_nothing()
    {
        using var client = node.ClientOf("hotline-nl");
        var queue = PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        var form = (IHtmlFormElement)queue.QuerySelector("form[action$=claim]")!;
        form.SetAttribute("action", "/app/selections");
        Assert.Contains("done=nothingChosen", (await PageTests.FollowAsync(client, form)).ToString(), StringComparison.Ordinal);
    }
}
