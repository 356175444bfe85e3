using System.Net;
using AngleSharp.Html.Dom;

namespace CPort.Portal.Tests;

/// <summary>Searching: what was asked stands in no address, and is found again by who asked alone.</summary>
[Collection(nameof(PortalNode))]
public sealed class SearchTests(PortalNode node)
{
    [Fact]
    public async Task A_search_is_kept_sealed_and_found_by_who_asked()
    {
        using var client = node.ClientOf("hotline-nl");
        var page = PageTests.Parse(await client.GetStringAsync(new Uri("app/search", UriKind.Relative)));
        var form = (IHtmlFormElement)page.QuerySelector("form[action='/app/search']")!;
        form.QuerySelector("[name=hostingCountries]")!.SetAttribute("value", "NL");
        form.QuerySelector("[name=states][value=Unassessed]")!.SetAttribute("checked", "");
        var address = await PageTests.FollowAsync(client, form);
        Assert.Matches("^/app/search/[0-9A-Z]{26}$", address.ToString());
        var found = PageTests.Parse(await client.GetStringAsync(address));
        Assert.NotEmpty(found.QuerySelectorAll("tbody tr"));
        Assert.Equal("NL", found.QuerySelector("[name=hostingCountries]")!.GetAttribute("value"));
        Assert.NotNull(found.QuerySelector("[name=states][value=Unassessed][checked]"));

        using var other = node.ClientOf("hotline-gb");
        using var stranger = await other.GetAsync(address);
        Assert.Equal(HttpStatusCode.NotFound, stranger.StatusCode);

        // By name it stays, and can be taken away.
        await PageTests.FollowAsync(client, (IHtmlFormElement)found.QuerySelector("form[action$=name]")!, ("name", "waits in NL"));
        var named = PageTests.Parse(await client.GetStringAsync(new Uri("app/search", UriKind.Relative)));
        Assert.Equal("waits in NL", named.QuerySelector(".kept a")!.TextContent);
        var kept = PageTests.Parse(await client.GetStringAsync(address));
        await PageTests.FollowAsync(client, (IHtmlFormElement)kept.QuerySelector("form[action$=drop]")!);
        using var gone = await client.GetAsync(address);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task What_cannot_be_asked_is_told_at_its_field()
    {
        using var client = node.ClientOf("hotline-nl");
        var page = PageTests.Parse(await client.GetStringAsync(new Uri("app/search", UriKind.Relative)));
        var form = (IHtmlFormElement)page.QuerySelector("form[action='/app/search']")!;
        form.QuerySelector("[name=hostingCountries]")!.SetAttribute("value", "Utopia");
        using var refused = await PageTests.PostAsync(client, form);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        var again = PageTests.Parse(await refused.Content.ReadAsStringAsync());
        var field = again.QuerySelector("#errors a")!.GetAttribute("href")!;
        Assert.NotNull(again.QuerySelector(field));
        Assert.Equal("Utopia", again.QuerySelector("[name=hostingCountries]")!.GetAttribute("value"));
    }

    [Fact]
    public async Task A_number_leads_to_its_page()
    {
        using var client = node.ClientOf("hotline-nl");
        var queue = PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        var link = queue.QuerySelector("tbody th a")!;
        using var found = await client.GetAsync(new Uri($"app/go?to={Uri.EscapeDataString(link.TextContent)}", UriKind.Relative));
        Assert.Equal(PageTests.ItemAt(link), found.Headers.Location?.ToString());
        using var none = await client.GetAsync(new Uri("app/go?to=99999999", UriKind.Relative));
        Assert.Equal("/app/search?done=notFound", none.Headers.Location?.ToString());
    }
}
