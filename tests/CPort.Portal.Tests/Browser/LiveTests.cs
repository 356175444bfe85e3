using System.Diagnostics;
using System.Net;
using AngleSharp.Html.Dom;
using Microsoft.Playwright;

namespace CPort.Portal.Tests.Browser;

/// <summary>Rule R1 in a real browser, and that an open page ends with its session.</summary>
[Collection(nameof(Chromium))]
public sealed class LiveTests(PortalNode node, SignedInNode signedIn, Chromium chromium) : BrowserTests(chromium)
{
    [SkippableFact]
    public async Task Rows_stay_where_they_are_news_are_announced_and_a_key_loads_them()
    {
        var page = await Browser.OpenAsync(node, "hotline-nl");
        List<string> errors = [];
        page.PageError += (_, e) => errors.Add(e);
        page.Console += (_, m) =>
        {
            if (m.Type == "error")
            {
                errors.Add(m.Text);
            }
        };
        await page.GotoAsync("app/queues/unassessed?order=oldest");
        var rows = await page.Locator("tbody tr").AllInnerTextsAsync();
        var (top, lead) = (await TopAsync(page), await page.InnerTextAsync(".lead strong"));

        // The key does nothing while there is nothing to show.
        await page.Keyboard.PressAsync(".");
        await page.EvaluateAsync("document.body.dataset.stays = 'yes'");
        await Portal.Tests.LiveTests.SendAsync(node, "live-browser", 5);
        await page.WaitForFunctionAsync("() => document.querySelector('.news span').textContent.startsWith('5 new since ')", null, new() { Timeout = 60_000 });
        Assert.True(await page.IsVisibleAsync(".news a"));
        Assert.Equal(rows, await page.Locator("tbody tr").AllInnerTextsAsync());
        Assert.Equal(top, await TopAsync(page));
        Assert.Equal(lead, await page.InnerTextAsync(".lead strong"));
        Assert.Equal("yes", await page.EvaluateAsync<string>("document.body.dataset.stays ?? ''"));

        // Whoever reads with the ears was told, too.
        Assert.Contains("new since", await page.EvaluateAsync<string>("document.getElementById('live').textContent"), StringComparison.Ordinal);
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(PictureTests.Folder, "queue-news.png") });
        await page.Keyboard.PressAsync(".");
        await page.WaitForFunctionAsync("() => !document.body.dataset.stays");
        await page.WaitForSelectorAsync(".news", new() { State = WaitForSelectorState.Attached });
        Assert.NotEqual(lead, await page.InnerTextAsync(".lead strong"));
        Assert.False(await page.IsVisibleAsync(".news a"));
        Assert.Empty(errors);

        static Task<double> TopAsync(IPage page) => page.EvaluateAsync<double>("document.querySelector('tbody tr').getBoundingClientRect().top");
    }

    /// <summary>Without script there is nothing, and nothing is missing.</summary>
    [SkippableFact]
    public async Task Without_script_nothing_is_announced()
    {
        var page = await Browser.OpenAsync(node, "hotline-nl", script: false);
        await page.GotoAsync("app/queues/unassessed");
        Assert.False(await page.IsVisibleAsync(".news a"));
    }

    [Fact]
    public async Task An_open_page_ends_with_its_session()
    {
        var cookies = new CookieContainer();
        using var client = signedIn.With(cookies);
        await SignedInNode.SignInAsync(client, "Anton");
        var page = PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        using var stream = await client.GetAsync(page.QuerySelector("[data-live]")!.GetAttribute("data-live")!, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
        using var lines = new StreamReader(await stream.Content.ReadAsStreamAsync());
        Assert.StartsWith("retry: ", await lines.ReadLineAsync(), StringComparison.Ordinal);

        await PageTests.FollowAsync(client, (IHtmlFormElement)page.QuerySelector("form[action='/signout']")!);
        var clock = Stopwatch.StartNew();
        while (await lines.ReadLineAsync() is not null)
        {
        }

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }
}
