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
        foreach (var box in queue.QuerySelectorAll("input[name=item]").Take(4))
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
