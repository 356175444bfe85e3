using System.Diagnostics;
using Microsoft.Playwright;

namespace CPort.Portal.Tests.Browser;

/// <summary>How people work with the pages, in a real browser.</summary>
[Collection(nameof(Chromium))]
public sealed class WorkTests(PortalNode node, Chromium chromium) : BrowserTests(chromium)
{
    public static TheoryData<string, ColorScheme, string?> Looks => new()
    {
        { "hotline-nl", ColorScheme.Light, null }, { "hotline-nl", ColorScheme.Dark, null }, { "police-nl", ColorScheme.Light, "ar" },
    };

    /// <summary>WCAG 2.2 A and AA, as far as axe can tell: light, dark, and from right to left.</summary>
    [SkippableTheory]
    [MemberData(nameof(Looks))]
    public async Task Axe_finds_nothing(string who, ColorScheme scheme, string? language)
    {
        var page = await Browser.OpenAsync(node, who, scheme: scheme, language: language);
        foreach (var address in new[]
        {
            "app", "app/queues", "app/queues/unassessed", "app/groups", "app/search", "app/statistics", "help", "accessibility", "app/nowhere",
        })
        {
            await page.GotoAsync(address);
            await Axe.IsCleanAsync(page, address, scheme, language);
        }

        await page.GotoAsync(who == "hotline-nl" ? "app/queues/unassessed" : "app/queues/unactioned");
        if (await page.QuerySelectorAsync("tbody th a") is { } row)
        {
            await row.ClickAsync();
            await Axe.IsCleanAsync(page, "item", scheme, language);
            await page.ClickAsync(".crumbs li:last-child a");
            await Axe.IsCleanAsync(page, "report", scheme, language);
        }
    }

    public static TheoryData<string, ColorScheme, string?> Administrators => new()
    {
        { "ada@hotline-nl", ColorScheme.Light, null }, { "oda@operator", ColorScheme.Dark, null }, { "oda@operator", ColorScheme.Light, "ar" },
    };

    [SkippableTheory]
    [MemberData(nameof(Administrators))]
    public async Task Axe_finds_nothing_on_the_pages_of_who_looks_after_others(string who, ColorScheme scheme, string? language)
    {
        var page = await Browser.OpenAsync(node, who, scheme: scheme, language: language);
        foreach (var address in AdminPages(who))
        {
            await page.GotoAsync(address);
            await Axe.IsCleanAsync(page, address, scheme, language);
        }

        await page.GotoAsync("app/admin/people?agency=hotline-nl");
        await page.Locator("tbody th a").First.ClickAsync();
        await Axe.IsCleanAsync(page, "person", scheme, language);
        await page.GotoAsync("app/admin/agencies/hotline-nl/keys");
        await page.Locator("tbody th a").First.ClickAsync();
        await Axe.IsCleanAsync(page, "key", scheme, language);
    }

    internal static string[] AdminPages(string who) => who.EndsWith("operator", StringComparison.Ordinal)
        ? ["app/admin/people", "app/admin/agencies", "app/admin/agencies/hotline-nl", "app/admin/agencies/hotline-nl/keys", "app/operations"]
        : ["app/admin/people", "app/admin/agencies/hotline-nl", "app/admin/agencies/hotline-nl/keys"];

    /// <summary>Twenty items, by keys alone: claimed, judged by three digits, saved, and the next one is there.</summary>
    [SkippableFact]
    public async Task An_analyst_assesses_twenty_items_by_keys_alone()
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
        await page.GotoAsync("app");
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("q");
        await page.WaitForURLAsync("**/app/queues");
        for (var i = 0; i < 3; i++)
        {
            await page.Keyboard.PressAsync("j");
        }

        // The third row is "unassessed"; its link has the focus.
        await page.GotoAsync("app/queues/unassessed");
        await page.Keyboard.PressAsync("n");
        await page.WaitForSelectorAsync("#assess");
        await page.WaitForLoadStateAsync(LoadState.Load);
        var seen = new HashSet<string>();
        var times = new List<double>();
        for (var i = 0; i < 20; i++)
        {
            var title = await page.InnerTextAsync("h1");
            Assert.True(seen.Add(title), $"{title} came twice.");
            var clock = Stopwatch.StartNew();
            await page.Keyboard.PressAsync("2");
            await page.Keyboard.PressAsync("3");
            await page.Keyboard.PressAsync("2");
            Assert.Equal(3, await page.Locator("[data-digits] input[type=radio]:checked").CountAsync());
            await page.Keyboard.PressAsync("n");
            await page.WaitForFunctionAsync("title => document.querySelector('h1').innerText !== title", title);
            times.Add(clock.Elapsed.TotalSeconds);

            // Whoever reads with the ears is at the new page's heading.
            Assert.Equal("H1", await page.EvaluateAsync<string>("document.activeElement.tagName"));
        }

        times.Sort();
        Console.WriteLine($"20 items by keys: median {times[10]:0.00} s, slowest {times[^1]:0.00} s");
        Assert.Empty(errors);
    }

    /// <summary>With keys switched off nothing happens (WCAG 2.1.4).</summary>
    [SkippableFact]
    public async Task Keys_can_be_switched_off()
    {
        var page = await Browser.OpenAsync(node, "hotline-nl");
        await page.Context.AddCookiesAsync([new Cookie { Name = "keys", Value = "off", Url = node.Url.ToString() }]);
        await page.GotoAsync("app/queues/unassessed");
        await page.Keyboard.PressAsync("n");
        await page.Keyboard.PressAsync("j");
        Assert.EndsWith("app/queues/unassessed", page.Url, StringComparison.Ordinal);
        Assert.Equal(0, await page.Locator("tr.at").CountAsync());
        Assert.False(await page.Locator("button kbd").First.IsVisibleAsync());
    }

    /// <summary>A row is chosen, a range is, and the head's box chooses the page; what was chosen is held.</summary>
    [SkippableFact]
    public async Task Rows_are_chosen_and_held()
    {
        var page = await Browser.OpenAsync(node, "hotline-gb");
        await page.GotoAsync("app/queues/unassessed?order=priority");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("x");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("Shift+X");
        Assert.Equal(3, await page.Locator("input[name=item]:checked").CountAsync());
        await page.Keyboard.PressAsync("c");
        await page.WaitForSelectorAsync("#done");
        Assert.Contains("done=claimed", page.Url, StringComparison.Ordinal);
    }

    /// <summary>Everything that can be pressed is a button, a link or a field, and comes in the order of the page.</summary>
    [SkippableFact]
    public async Task Everything_is_reached_by_the_tab_key()
    {
        var page = await Browser.OpenAsync(node, "hotline-nl");
        await page.GotoAsync("app/queues");
        var visible = await page.EvaluateAsync<int>(
            "[...document.querySelectorAll('a,button,input:not([type=hidden]),summary,[tabindex=\"0\"]')].filter(e => e.checkVisibility())"
            + ".map((e, i) => e.dataset.place = i).length");
        await page.FocusAsync(".skip");
        var reached = new HashSet<string>();
        for (var i = 0; i < visible; i++)
        {
            var place = await page.EvaluateAsync<string>("document.activeElement.dataset.place ?? ''");
            Assert.Equal($"{i}", place);
            reached.Add(place);
            await page.Keyboard.PressAsync("Tab");
        }

        Assert.Equal(visible, reached.Count);
    }

    [SkippableFact]
    public async Task An_opened_url_is_closed_again_and_nothing_can_be_clicked_to_it()
    {
        var page = await Browser.OpenAsync(node, "hotline-nl");
        await page.GotoAsync("app/queues/unassessed");
        await page.Locator("tbody th a").First.ClickAsync();
        await page.WaitForSelectorAsync("#facts");
        await page.WaitForLoadStateAsync(LoadState.Load);
        await page.Keyboard.PressAsync("r");
        await page.WaitForSelectorAsync("input.open");
        Assert.Contains("[.]", await page.InputValueAsync("input.open >> nth=0"), StringComparison.Ordinal);
        Assert.Equal(0, await page.Locator("a[href^=http]").CountAsync());
        Assert.Equal(1, await page.Locator("[data-closes]").CountAsync());
    }
}
