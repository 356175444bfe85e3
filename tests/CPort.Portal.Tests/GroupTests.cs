using System.Net;
using System.Text.Json;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;

namespace CPort.Portal.Tests;

/// <summary>Groups of look-alikes: pages equal the API, and what is chosen of one goes over the selection's page.</summary>
[Collection(nameof(PortalNode))]
public sealed class GroupTests(PortalNode node)
{
    [Theory]
    [InlineData("hotline-nl", "")]
    [InlineData("hotline-nl", "?ours=true")]
    [InlineData("hotline-us", "")]
    [InlineData("police-nl", "")]
    [InlineData("interpol", "")]
    public async Task Groups_are_the_apis(string who, string which)
    {
        using var client = node.ClientOf(who);
        using var api = node.ApiOf(who);
        var page = await GetAsync(client, $"app/groups{which}");
        var query = which.Length == 0 ? "" : $"&hotline={who}";
        using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri($"v1/groups?maxResults=50{query}", UriKind.Relative)));
        var groups = answer.RootElement.GetProperty("groups").EnumerateArray().ToArray();
        Assert.Equal(
            groups.Select(g => $"/app/groups/{g.GetProperty("id").GetString()}"), page.QuerySelectorAll("tbody th a").Select(a => a.GetAttribute("href")));
        if (groups.Length == 0)
        {
            Assert.NotNull(page.QuerySelector(".nothing"));
            return;
        }

        var id = groups[0].GetProperty("id").GetString();
        var items = await GetAsync(client, $"app/groups/{id}");
        using var one = JsonDocument.Parse(await api.GetStringAsync(new Uri($"v1/groups/{id}?maxResults=50", UriKind.Relative)));
        Assert.Equal(
            one.RootElement.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("item")).Select(
                i => $"/app/reports/{i.GetProperty("reportId").GetString()}/items/{i.GetProperty("item").GetInt32()}"),
            items.QuerySelectorAll("tbody th a").Select(a => a.GetAttribute("href")));
        Assert.Equal(
            one.RootElement.GetProperty("items").EnumerateArray().Count(i => i.GetProperty("yours").GetBoolean()),
            items.QuerySelectorAll("tbody input[name=item]").Length);
    }

    /// <summary>Chosen, fixed, tried, confirmed; an offer fills the form in and does nothing; done twice it is done once.</summary>
    [Fact]
    public async Task Look_alikes_are_assessed_over_a_selection()
    {
        using var client = node.ClientOf("hotline-nl");
        var list = await GetAsync(client, "app/groups?ours=true");
        var address = list.QuerySelectorAll("tbody tr").First(r => r.QuerySelector("td:nth-child(3) strong") is not null).QuerySelector("th a")!
            .GetAttribute("href")![1..];
        var group = await GetAsync(client, address);
        var form = (IHtmlFormElement)group.QuerySelector("form[action$='/choose']")!;
        Assert.Contains("done=nothingChosen", (await PageTests.FollowAsync(client, form)).ToString(), StringComparison.Ordinal);
        var yours = group.QuerySelectorAll("tbody input[name=item]").Select(i => i.GetAttribute("value")!.Split('.')[0]).ToArray();

        // The way from an item to its group.
        var item = await GetAsync(client, group.QuerySelector("tbody th a")!.GetAttribute("href")![1..]);
        Assert.Equal($"/{address}", item.QuerySelector("a[data-key=l]")!.GetAttribute("href"));

        var selection = await PageTests.FollowAsync(client, form, ("which", "all"));
        var page = PageTests.Parse(await client.GetStringAsync(selection));
        Assert.Equal(yours.Length, page.QuerySelectorAll("tbody tr").Length);
        Assert.Null(page.QuerySelector("form[action$='/do']"));
        var deed = (IHtmlFormElement)page.QuerySelectorAll("form[action$=deed]")[0];
        foreach (var box in deed.QuerySelectorAll("input[name=class]"))
        {
            box.RemoveAttribute("checked");
        }

        PageTests.Choose(deed, "class", "2");
        await PageTests.FollowAsync(client, deed);
        var confirm = (IHtmlFormElement)PageTests.Parse(await client.GetStringAsync(selection)).QuerySelector("form[action$='/do']")!;
        await PageTests.FollowAsync(client, confirm);
        await PageTests.FollowAsync(client, confirm);
        page = PageTests.Parse(await client.GetStringAsync(selection));
        Assert.Equal(yours.Length, page.QuerySelectorAll("tbody tr").Count(r => r.LastElementChild!.TextContent == "done"));
        using var api = node.ApiOf("hotline-nl");
        foreach (var id in yours)
        {
            var at = id.LastIndexOf('-');
            using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri($"v1/reports/{id[..at]}/items/{id[(at + 1)..]}", UriKind.Relative)));
            Assert.Equal(1, answer.RootElement.GetProperty("assessments").EnumerateArray().Count(
                a => a.GetProperty("agency").GetString() == "hotline-nl" && a.GetProperty("episode").GetInt32() > 0));
        }
    }

    [Fact]
    public async Task A_group_of_others_is_absent()
    {
        using var api = node.ApiOf("hotline-nl");
        using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri("v1/groups", UriKind.Relative)));
        var id = answer.RootElement.GetProperty("groups")[0].GetProperty("id").GetString();
        using var other = node.ClientOf("ada@hotline-nl");
        Assert.Equal(HttpStatusCode.Forbidden, (await other.GetAsync(new Uri($"app/groups/{id}", UriKind.Relative))).StatusCode);
        using var elsewhere = node.ClientOf("hotline-jp");
        using var there = node.ApiOf("hotline-jp");
        using var same = await there.GetAsync(new Uri($"v1/groups/{id}", UriKind.Relative));
        Assert.Equal(same.StatusCode, (await elsewhere.GetAsync(new Uri($"app/groups/{id}", UriKind.Relative))).StatusCode);
    }

    private static async Task<IHtmlDocument> GetAsync(HttpClient client, string address) =>
        PageTests.Parse(await client.GetStringAsync(new Uri(address, UriKind.Relative)));
}
