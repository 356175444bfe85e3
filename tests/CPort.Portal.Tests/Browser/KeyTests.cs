using Microsoft.Playwright;

namespace CPort.Portal.Tests.Browser;

/// <summary>Rule R9: keys are those that the person has chosen, and with keys off there are none.</summary>
[Collection(nameof(Chromium))]
public sealed class KeyTests(SignedInNode node, Chromium chromium) : BrowserTests(chromium)
{
    /// <summary>WCAG 2.2.1: who reads for long is told before the session ends, and stays by one press.</summary>
    [SkippableFact]
    public async Task A_session_that_is_about_to_end_says_so_and_is_prolonged_by_a_button()
    {
        var page = await Browser.OpenAsync(node, null);
        await page.Clock.InstallAsync();
        await page.GotoAsync("signin");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameString = "Max" }).ClickAsync();
        await page.WaitForSelectorAsync("nav.side");
        await page.WaitForLoadStateAsync(LoadState.Load);
        await page.Clock.FastForwardAsync("24:00");
        Assert.False(await page.IsVisibleAsync("#stay"));
        await page.Clock.FastForwardAsync("02:00");
        Assert.True(await page.IsVisibleAsync("#stay"));
        await page.ClickAsync("#stay button");
        await page.WaitForSelectorAsync("#stay", new() { State = WaitForSelectorState.Hidden });
    }

    [SkippableFact]
    public async Task Chosen_keys_are_printed_and_work_and_the_usual_ones_do_not()
    {
        var page = await Browser.OpenAsync(node, null);
        await page.GotoAsync("signin");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameString = "Max" }).ClickAsync();
        await page.WaitForSelectorAsync("nav.side");
        await page.GotoAsync("app/settings");
        await page.ClickAsync("main form details summary");

        // One that stands twice is told at its field.
        await page.FillAsync("#key-next", "c");
        await page.ClickAsync("main form button.main");
        await page.ClickAsync("#errors a");
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(PictureTests.Folder, "settings-keys.png"), FullPage = true });
        await page.FillAsync("#key-next", "m");
        await page.FillAsync("#key-claim", ",");
        await page.ClickAsync("main form button.main");
        await page.WaitForSelectorAsync("#done");

        await page.GotoAsync("help");
        Assert.Equal("m", await page.Locator("tr", new() { HasTextString = "Starts a queue" }).Locator("kbd").InnerTextAsync());
        await page.GotoAsync("app/queues/unassessed");
        await page.WaitForLoadStateAsync(LoadState.Load);
        Assert.Equal("m", await page.InnerTextAsync("form.bar button kbd"));
        Assert.Equal("m", await page.GetAttributeAsync("form.bar button", "aria-keyshortcuts"));
        Assert.Equal(",", await page.InnerTextAsync(".chosen button kbd >> nth=0"));
        await page.Keyboard.PressAsync("n");
        await page.Keyboard.PressAsync("c");
        await page.WaitForTimeoutAsync(300);
        Assert.EndsWith("app/queues/unassessed", page.Url, StringComparison.Ordinal);
        await page.Keyboard.PressAsync("m");
        await page.WaitForSelectorAsync("#assess");
        await page.WaitForLoadStateAsync(LoadState.Load);
        await page.Keyboard.PressAsync("2");
        Assert.Equal(1, await page.Locator("[data-digits] input[type=radio]:checked").CountAsync());

        // Off: not one of them does anything.
        await page.GotoAsync("app/settings");
        await page.UncheckAsync("input[name=keys]");
        await page.ClickAsync("main form button.main");
        await page.WaitForSelectorAsync("#done");
        await page.GotoAsync("app/queues/unassessed");
        await page.WaitForLoadStateAsync(LoadState.Load);
        foreach (var key in new[] { "m", "n", "j", "x", ",", ".", "e", "?", "/", "g", "h", "Escape" })
        {
            await page.Keyboard.PressAsync(key);
        }

        await page.WaitForTimeoutAsync(300);
        Assert.EndsWith("app/queues/unassessed", page.Url, StringComparison.Ordinal);
        Assert.Equal(0, await page.Locator("tr.at, input:checked").CountAsync());
        Assert.Equal("BODY", await page.EvaluateAsync<string>("document.activeElement.tagName"));
    }
}
