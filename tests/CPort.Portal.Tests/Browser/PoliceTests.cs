using Microsoft.Playwright;

namespace CPort.Portal.Tests.Browser;

/// <summary>Police's pages in a real browser: one referral worked from the inbox to its end, and how they look.</summary>
[Collection(nameof(Chromium))]
public sealed class PoliceTests(PortalNode node, Chromium chromium) : BrowserTests(chromium)
{
    /// <summary>
    /// An officer receives, holds; the hotline's form is refused with the hold's sentence; it objects; the officer lifts the hold and closes. With script and
    /// without.
    /// </summary>
    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_referral_is_worked_from_the_inbox_to_its_end(bool script)
    {
        var its = await PoliceCase.OpenAsync(node, $"browser-{script}");
        var officer = await Browser.OpenAsync(node, "otto@police-nl", script: script);
        var analyst = await Browser.OpenAsync(node, "anna@hotline-nl", script: script);
        List<string> errors = [];
        officer.PageError += (_, e) => errors.Add(e);
        analyst.PageError += (_, e) => errors.Add(e);
        await analyst.GotoAsync(its.Item);
        await analyst.CheckAsync("form[action$='/act'] input[name=action][value='2']");

        await officer.GotoAsync("app/inbox?state=open");
        await officer.ClickAsync($"a[href$='{its.Referral}']");
        await officer.ClickAsync("form[action$='/receive'] button");
        await officer.WaitForSelectorAsync("#done");
        foreach (var box in await officer.Locator("input[form=hold-form]").AllAsync())
        {
            await box.CheckAsync();
        }

        await officer.SelectOptionAsync("#hold-form select[name=reason]", "4");
        await officer.FillAsync("#hold-form textarea", "a new face");
        await officer.ClickAsync("#hold-form button");
        await officer.WaitForSelectorAsync("#done");
        Assert.Contains("possible new victim", await officer.InnerTextAsync("main .notice.warn >> nth=0"), StringComparison.Ordinal);

        await analyst.ClickAsync("form[action$='/act'] button");
        await analyst.WaitForSelectorAsync("#errors");
        Assert.Contains("police-nl", await analyst.InnerTextAsync("main .notice.warn strong >> nth=0"), StringComparison.Ordinal);
        Assert.Equal(0, await analyst.Locator("form[action$='/act'] input[name=action][value='2']").CountAsync());
        Assert.Contains("the host is not told before", await analyst.Locator(".not").TextContentAsync(), StringComparison.Ordinal);
        await UntilThereAsync(analyst, "main .notice.warn a[href^='/app/holds/']", "form[action$='/object'] textarea");
        await analyst.FillAsync("form[action$='/object'] textarea", "the host removes within an hour");
        await analyst.ClickAsync("form[action$='/object'] button");
        await analyst.WaitForSelectorAsync("#done");

        await officer.ReloadAsync();
        await officer.GotoAsync(its.Page);
        await officer.ClickAsync("main .notice.warn a[href^='/app/holds/']");
        await officer.WaitForSelectorAsync("form[action$='/lift']");
        Assert.Contains("the host removes within an hour", await officer.InnerTextAsync("main"), StringComparison.Ordinal);
        await officer.ClickAsync("form[action$='/lift'] button");
        await officer.WaitForSelectorAsync("#done");

        await officer.GotoAsync(its.Page);
        await officer.CheckAsync("form[action$='/answer'] input[value='4']");
        await officer.SelectOptionAsync("select[name=outcome]", "2");
        await officer.ClickAsync("form[action$='/answer'] button");
        await officer.WaitForSelectorAsync("#done");
        Assert.Equal(0, await officer.Locator("form[action$='/answer']").CountAsync());
        await WaitAsync(async () =>
        {
            await analyst.GotoAsync(its.Item);
            return await analyst.Locator("[aria-labelledby=police]", new() { HasTextString = "victim identified" }).CountAsync() == 1;
        });
        Assert.Empty(errors);
    }

    public static TheoryData<ColorScheme, string?> Looks => new() { { ColorScheme.Light, null }, { ColorScheme.Dark, null }, { ColorScheme.Light, "ar" } };

    [SkippableTheory]
    [MemberData(nameof(Looks))]
    public async Task Axe_finds_nothing_on_the_pages_of_police(ColorScheme scheme, string? language)
    {
        var (its, hold) = await HeldAsync("axe");
        var (request, rules) = (await AskedAsync(its), await RulesAsync());
        foreach (var (who, addresses) in new[]
        {
            ("otto@police-nl", new[]
            {
                "app", "app/inbox?state=all", its.Page, its.Item, hold, "app/holds", $"app/reports/{its.Report}", "app/requests", request, "app/notifications",
            }),
            ("anna@hotline-nl", ["app", "app/holds", hold, its.Item, "app/queues", "app/rejections", "app/notifications?kind=Holds", "app/statistics"]),
            ("hotline-gb", ["app/requests", request]), ("olga@police-de", ["app/rules", rules]),
            ("ada@hotline-nl", ["app/admin/webhooks", "app/notifications"]),
        })
        {
            var page = await Browser.OpenAsync(node, who, scheme: scheme, language: language);
            foreach (var address in addresses)
            {
                await page.GotoAsync(address);
                await Axe.IsCleanAsync(page, address, scheme, language);
            }
        }
    }

    [SkippableTheory]
    [InlineData(1440, ColorScheme.Light, 900)]
    [InlineData(1440, ColorScheme.Dark, 900)]
    [InlineData(1024, ColorScheme.Light, 900)]
    [InlineData(320, ColorScheme.Light, 900)]
    [InlineData(320, ColorScheme.Dark, 256)]
    public async Task Pages_of_police_fit_their_width(int width, ColorScheme scheme, int height)
    {
        var (its, hold) = await HeldAsync("picture");
        await PoliceCase.OpenAsync(node, "picture-urgent", urgent: true, items: 3);
        var officer = await Browser.OpenAsync(node, "otto@police-nl", width, height, scheme);
        await PictureTests.TakeAsync(officer, width, scheme,
        [
            ("police-home", () => officer.GotoAsync("app")), ("police-inbox", () => officer.GotoAsync("app/inbox")),
            ("police-referral", () => officer.GotoAsync(its.Page)), ("police-holds", () => officer.GotoAsync("app/holds")),
            ("police-hold", () => officer.GotoAsync(hold)), ("police-item", () => officer.GotoAsync(its.Item)),
            ("police-report", () => officer.GotoAsync($"app/reports/{its.Report}")), ("police-requests", () => officer.GotoAsync("app/requests")),
            ("police-told", () => officer.GotoAsync("app/notifications")),
        ], height);
        var analyst = await Browser.OpenAsync(node, "anna@hotline-nl", width, height, scheme);
        await PictureTests.TakeAsync(analyst, width, scheme,
        [
            ("hotline-home", () => analyst.GotoAsync("app")), ("hotline-holds", () => analyst.GotoAsync("app/holds")),
            ("hotline-hold", () => analyst.GotoAsync(hold)), ("hotline-item", () => analyst.GotoAsync(its.Item)),
            ("hotline-rejections", () => analyst.GotoAsync("app/rejections")), ("hotline-told", () => analyst.GotoAsync("app/notifications")),
            ("hotline-statistics", () => analyst.GotoAsync("app/statistics")),
        ], height);
        var (request, rules) = (await AskedAsync(its), await RulesAsync());
        var asked = await Browser.OpenAsync(node, "hotline-gb", width, height, scheme);
        await PictureTests.TakeAsync(asked, width, scheme,
        [
            ("hotline-requests", () => asked.GotoAsync("app/requests")), ("hotline-request", () => asked.GotoAsync(request)),
        ], height);
        var manager = await Browser.OpenAsync(node, "olga@police-de", width, height, scheme);
        await PictureTests.TakeAsync(
            manager, width, scheme, [("rules", () => manager.GotoAsync("app/rules")), ("rules-draft", () => manager.GotoAsync(rules))], height);
        var administrator = await Browser.OpenAsync(node, "ada@hotline-nl", width, height, scheme);
        await PictureTests.TakeAsync(administrator, width, scheme, [("webhooks", () => administrator.GotoAsync("app/admin/webhooks"))], height);
    }

    /// <summary>A question of the police's about the case, which its source answers; the address of its page.</summary>
    private async Task<string> AskedAsync(PoliceCase its)
    {
        using var officer = node.ClientOf("otto@police-nl");
        using var source = node.ClientOf("hotline-gb");
        var page = PageTests.Parse(await officer.GetStringAsync(new Uri(its.Page, UriKind.Relative)));
        var ask = (AngleSharp.Html.Dom.IHtmlFormElement)page.QuerySelector("form[action$='/ask']")!;
        ask.QuerySelector("input[name=field][value=Access]")!.SetAttribute("checked", "");
        ask.QuerySelector("textarea")!.TextContent = "as exact as you can say it";
        await PageTests.FollowAsync(officer, ask);
        string? address = null;
        await WaitAsync(async () => (address = PageTests.Parse(await source.GetStringAsync(new Uri("app/requests", UriKind.Relative)))
            .QuerySelector($"tbody th a[href*='{its.Report}']")?.GetAttribute("href")) is not null);
        return address!.TrimStart('/');
    }

    /// <summary>A draft of priority rules.</summary>
    private async Task<string> RulesAsync()
    {
        using var manager = node.ClientOf("olga@police-de");
        var form = (AngleSharp.Html.Dom.IHtmlFormElement)PageTests.Parse(await manager.GetStringAsync(new Uri("app/rules", UriKind.Relative)))
            .QuerySelector("form[action$='/draft']")!;
        form.QuerySelector("input[name=weightUrgent]")!.SetAttribute("value", "41");
        return (await PageTests.FollowAsync(manager, form)).ToString().Split('?')[0].TrimStart('/');
    }

    private async Task<(PoliceCase Its, string Hold)> HeldAsync(string name)
    {
        var its = await PoliceCase.OpenAsync(node, name);
        using var officer = node.ClientOf("otto@police-nl");
        return (its, await Portal.Tests.PoliceTests.HoldAsync(officer, its, "a new face; the host's customers are looked at"));
    }

    private static Task WaitAsync(Func<Task<bool>> holds) => Portal.Tests.LiveTests.WaitAsync(holds);

    /// <summary>Follows a link whose page has the thing once lists have come so far.</summary>
    private static async Task UntilThereAsync(IPage page, string link, string thing)
    {
        var address = await page.Locator(link).First.GetAttributeAsync("href");
        await WaitAsync(async () =>
        {
            await page.GotoAsync(address!);
            return await page.Locator(thing).CountAsync() == 1;
        });
    }
}
