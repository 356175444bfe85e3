using Microsoft.Playwright;

namespace CPort.Portal.Tests.Browser;

/// <summary>Coming in, in a real browser: as an example person, by a passkey of a virtual authenticator, and what an auditor then sees of it.</summary>
[Collection(nameof(Chromium))]
public sealed class SignInTests(SignedInNode node, Chromium chromium) : BrowserTests(chromium)
{
    /// <summary>
    /// The README's walk: sign in as the Dutch example analyst, work five items; each look, opening and change is in the audit log afterwards, with the person.
    /// </summary>
    [SkippableFact]
    public async Task A_new_user_comes_in_works_five_items_and_is_seen_to_have_looked()
    {
        var page = await Browser.OpenAsync(node, null);
        await page.GotoAsync("app");
        Assert.Contains("/signin", page.Url, StringComparison.Ordinal);
        await PictureAsync(page, "signin");
        await Axe.IsCleanAsync(page);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameString = "Anna" }).ClickAsync();
        await page.WaitForSelectorAsync("nav.side");
        await page.GotoAsync("app/queues/unassessed");
        await page.Keyboard.PressAsync("n");
        await page.WaitForSelectorAsync("#assess");
        await page.WaitForLoadStateAsync(LoadState.Load);
        for (var i = 0; i < 5; i++)
        {
            var title = await page.InnerTextAsync("h1");
            foreach (var key in new[] { "2", "3", "2", "n" })
            {
                await page.Keyboard.PressAsync(key);
            }

            await page.WaitForFunctionAsync("title => document.querySelector('h1').innerText !== title", title);
        }

        var address = page.Url.Split('?')[0];
        await page.Keyboard.PressAsync("r");
        await page.WaitForSelectorAsync("input.open");

        // What the agency's own auditor sees of it, by the person's name.
        var auditor = await Browser.OpenAsync(node, null);
        await auditor.GotoAsync("signin");
        await auditor.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameString = "Aukje" }).ClickAsync();
        await auditor.WaitForSelectorAsync("nav.side");
        var item = address[(address.IndexOf("/reports/", StringComparison.Ordinal) + 9)..].Replace("/items/", "-", StringComparison.Ordinal);
        string text;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        do
        {
            await auditor.GotoAsync($"app/audit?record={item}");
            text = await auditor.InnerTextAsync("main");
        }
        while (!text.Contains("/reveal", StringComparison.Ordinal) && clock.Elapsed < TimeSpan.FromSeconds(60));
        Assert.Contains("/reveal", text, StringComparison.Ordinal);
        Assert.Contains("/items/{item}", text, StringComparison.Ordinal);
        Assert.Contains("Anna Analyst (example)", text, StringComparison.Ordinal);
        await PictureAsync(auditor, "audit");
        await Axe.IsCleanAsync(auditor);
        await auditor.ClickAsync("tbody th a");
        await PictureAsync(auditor, "audit-entry");
        await Axe.IsCleanAsync(auditor);
    }

    [SkippableFact]
    public async Task A_passkey_is_made_and_signs_in()
    {
        var page = await Browser.OpenAsync(node, null);
        List<string> errors = [];
        page.PageError += (_, e) => errors.Add(e);
        var cdp = await page.Context.NewCDPSessionAsync(page);
        await cdp.SendAsync("WebAuthn.enable");
        await cdp.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2", ["transport"] = "internal", ["hasResidentKey"] = true, ["hasUserVerification"] = true, ["isUserVerified"] = true,
                ["automaticPresenceSimulation"] = true,
            },
        });
        await page.GotoAsync("signin");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameString = "Anna" }).ClickAsync();
        await page.WaitForSelectorAsync("nav.side");
        await page.GotoAsync("app/settings");
        await PictureAsync(page, "settings");
        await Axe.IsCleanAsync(page);
        await page.WaitForLoadStateAsync(LoadState.Load);
        await page.ClickAsync("form[data-passkey=create] button");
        await page.WaitForSelectorAsync("form[action$=remove]");
        await page.ClickAsync("details.person summary");
        await page.ClickAsync("form[action='/signout'] button");
        await page.WaitForSelectorAsync("form[data-passkey=get]");
        await page.GotoAsync("app");
        Assert.Contains("/signin", page.Url, StringComparison.Ordinal);
        await page.WaitForLoadStateAsync(LoadState.Load);
        await page.ClickAsync("form[data-passkey=get] button");

        // One passkey is one way: nothing opens before there is another.
        await page.WaitForSelectorAsync("form[action='/signin/second/codes']");
        await Axe.IsCleanAsync(page);
        await page.ClickAsync("form[action='/signin/second/codes'] button");
        await page.ClickAsync("main a[href='/app']");
        await page.WaitForSelectorAsync("nav.side");
        Assert.EndsWith("/app", page.Url, StringComparison.Ordinal);
        Assert.Empty(errors);
    }

    /// <summary>Police see nothing before they have said why (rule: purpose), and it stands on each page then.</summary>
    [SkippableFact]
    public async Task Police_say_why_they_look_first()
    {
        var page = await Browser.OpenAsync(node, null);
        await page.GotoAsync("signin");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameString = "Otto" }).ClickAsync();
        await page.GotoAsync("app/queues/unactioned");
        Assert.Contains("/signin/purpose", page.Url, StringComparison.Ordinal);
        await PictureAsync(page, "purpose");
        await page.FillAsync("#purpose", "NL-2026-0144");
        await page.ClickAsync("button.main");
        await page.WaitForSelectorAsync(".band.purpose");
        Assert.Contains("NL-2026-0144", await page.InnerTextAsync(".band.purpose"), StringComparison.Ordinal);
    }

    private static Task PictureAsync(IPage page, string name)
    {
        var folder = Environment.GetEnvironmentVariable("CPORT_PICTURES") ?? Path.Combine(Path.GetTempPath(), "cport-pictures");
        Directory.CreateDirectory(folder);
        return page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}.png"), FullPage = true });
    }
}
