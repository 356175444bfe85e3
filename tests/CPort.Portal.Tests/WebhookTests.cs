using System.Net;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;

namespace CPort.Portal.Tests;

/// <summary>Where an agency's news are sent, from its administrators' page.</summary>
[Collection(nameof(PortalNode))]
public sealed class WebhookTests(PortalNode node)
{
    private const string Home = "app/admin/webhooks";

    [Theory]
    [InlineData("ada@hotline-nl", HttpStatusCode.OK)]
    [InlineData("max@hotline-nl", HttpStatusCode.OK)]
    [InlineData("olga@police-de", HttpStatusCode.OK)]
    [InlineData("anna@hotline-nl", HttpStatusCode.Forbidden)]
    [InlineData("otto@police-nl", HttpStatusCode.Forbidden)]
    [InlineData("oda@operator", HttpStatusCode.Forbidden)]
    public async Task The_page_is_for_who_manages_the_agency(string who, HttpStatusCode status)
    {
        using var client = node.ClientOf(who);
        Assert.Equal(status, (await client.GetAsync(new Uri(Home, UriKind.Relative))).StatusCode);
    }

    /// <summary>Added, secret shown once, tested, paused, resumed, secret changed, sent again, removed; another agency sees nothing of it.</summary>
    [Fact]
    public async Task An_administrator_looks_after_a_webhook()
    {
        using var client = node.ClientOf("ada@hotline-nl");
        var add = (IHtmlFormElement)(await GetAsync(client, Home)).QuerySelector($"form[action='/{Home}']")!;
        add.QuerySelector("input[name=url]")!.SetAttribute("value", "ftp://nowhere.example");
        using (var refused = await PageTests.PostAsync(client, add))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            Assert.Equal("#url", PageTests.Parse(await refused.Content.ReadAsStringAsync()).QuerySelector("#errors a")!.GetAttribute("href"));
        }

        add.QuerySelector("input[name=url]")!.SetAttribute("value", "https://receiver.invalid/cport");
        add.QuerySelector("input[name=batch]")!.SetAttribute("value", "101");
        using (var refused = await PageTests.PostAsync(client, add))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            var shown = PageTests.Parse(await refused.Content.ReadAsStringAsync());
            Assert.Equal("#batch", shown.QuerySelector("#errors a")!.GetAttribute("href"));
            Assert.Equal("101", shown.QuerySelector("#batch")!.GetAttribute("value"));
        }

        add.QuerySelector("input[name=batch]")!.SetAttribute("value", "100");
        add.QuerySelector("input[name=name]")!.SetAttribute("value", "our receiver");
        using var added = await PageTests.PostAsync(client, add);
        Assert.Equal(HttpStatusCode.OK, added.StatusCode);
        var made = PageTests.Parse(await added.Content.ReadAsStringAsync());
        var secret = made.QuerySelector(".once input")!.GetAttribute("value")!;
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        var address = made.QuerySelector(".buttons a")!.GetAttribute("href")![1..];
        var page = await GetAsync(client, address);
        Assert.DoesNotContain(secret, page.DocumentElement.OuterHtml, StringComparison.Ordinal);
        Assert.Contains("our receiver", page.QuerySelector("tbody th a")!.TextContent, StringComparison.Ordinal);

        Assert.Contains(page.QuerySelectorAll(".decide dl.list dt"),
            t => t.TextContent == "Events in one delivery, at most" && t.NextElementSibling!.TextContent == "100");
        using (var tested = await PageTests.PostAsync(client, Form(page, "test")))
        {
            Assert.Contains("did not take the ping", PageTests.Parse(await tested.Content.ReadAsStringAsync()).QuerySelector(".notice.warn")!.TextContent,
                StringComparison.Ordinal);
        }

        Assert.Contains("done=webhookpause", (await PageTests.FollowAsync(client, Form(page, "pause"))).ToString(), StringComparison.Ordinal);
        page = await GetAsync(client, address);
        Assert.Null(page.QuerySelector("form[action$='/pause']"));
        await PageTests.FollowAsync(client, Form(page, "resume"));
        using (var rotated = await PageTests.PostAsync(client, Form(page, "rotate")))
        {
            var next = PageTests.Parse(await rotated.Content.ReadAsStringAsync()).QuerySelector(".once input")!.GetAttribute("value")!;
            Assert.StartsWith("whsec_", next, StringComparison.Ordinal);
            Assert.NotEqual(secret, next);
        }

        var replay = Form(page, "replay");
        replay.QuerySelector("input[name=from]")!.SetAttribute("value", "not an id");
        using (var wrong = await PageTests.PostAsync(client, replay))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        }

        using var other = node.ClientOf("olga@police-de");
        Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync(new Uri(address, UriKind.Relative))).StatusCode);
        foreach (var verb in new[] { "pause", "test", "rotate", "remove" })
        {
            // With the other's own form, so that nothing but the webhook is not theirs.
            var own = (IHtmlFormElement)(await GetAsync(other, Home)).QuerySelector($"form[action='/{Home}']")!;
            own.SetAttribute("action", $"/{Home}/{verb}");
            using var denied = await PageTests.PostAsync(other, own, ("hook", address.Split('=')[1]));
            Assert.Equal(HttpStatusCode.NotFound, denied.StatusCode);
        }

        Assert.Contains("done=webhookremove", (await PageTests.FollowAsync(client, Form(page, "remove"))).ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(new Uri(address, UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task An_old_proof_is_asked_for_anew()
    {
        using var client = node.ClientOf("ada@hotline-nl", proved: false);
        var page = await GetAsync(client, Home);
        Assert.NotNull(page.QuerySelector("a[href^='/signin/again']"));
        var to = await PageTests.FollowAsync(client, (IHtmlFormElement)page.QuerySelector($"form[action='/{Home}']")!);
        Assert.StartsWith("/signin/again", to.ToString(), StringComparison.Ordinal);
    }

    private static IHtmlFormElement Form(IHtmlDocument page, string verb) => (IHtmlFormElement)page.QuerySelector($"form[action='/{Home}/{verb}']")!;

    private static async Task<IHtmlDocument> GetAsync(HttpClient client, string address) =>
        PageTests.Parse(await client.GetStringAsync(new Uri(address, UriKind.Relative)));
}
