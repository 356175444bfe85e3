using Microsoft.Playwright;

namespace CPort.Portal.Tests.Browser;

/// <summary>How second looks, ICSE and the "worst of" list look, and what axe finds on them.</summary>
[Collection(nameof(Chromium))]
public sealed class InterpolTests(PortalNode node, Chromium chromium) : BrowserTests(chromium)
{
    public static TheoryData<ColorScheme, string?> Looks => new() { { ColorScheme.Light, null }, { ColorScheme.Dark, null }, { ColorScheme.Light, "ar" } };

    [SkippableTheory]
    [MemberData(nameof(Looks))]
    public async Task Axe_finds_nothing_on_second_looks_icse_and_the_list(ColorScheme scheme, string? language)
    {
        foreach (var (who, name, address) in await AllAsync())
        {
            var page = await Browser.OpenAsync(node, who, scheme: scheme, language: language);
            await page.GotoAsync(address);
            await Axe.IsCleanAsync(page, name, scheme, language);
            await page.Context.CloseAsync();
        }
    }

    [SkippableTheory]
    [InlineData(1440, ColorScheme.Light, 900)]
    [InlineData(1440, ColorScheme.Dark, 900)]
    [InlineData(320, ColorScheme.Light, 900)]
    [InlineData(320, ColorScheme.Dark, 256)]
    public async Task They_fit_their_width(int width, ColorScheme scheme, int height)
    {
        foreach (var (who, name, address) in await AllAsync())
        {
            var page = await Browser.OpenAsync(node, who, width, height, scheme);
            await PictureTests.TakeAsync(page, width, scheme, [(name, () => page.GotoAsync(address))], height);
            await page.Context.CloseAsync();
        }
    }

    /// <summary>Each page with something on it.</summary>
    private async Task<(string Who, string Name, string Address)[]> AllAsync()
    {
        await Portal.Tests.InterpolTests.JoinAsync(node);
        var waits = await Portal.Tests.InterpolTests.SentAsync(node, "pic", "AT");
        using var eva = node.ClientOf(Portal.Tests.InterpolTests.Eva);
        await Portal.Tests.InterpolTests.SayAsync(eva, waits, "/assess", "1");
        var item = await Portal.Tests.InterpolTests.JudgedAsync(node, "pic");
        var package = await Portal.Tests.InterpolTests.PackageAsync(node, item);
        var domain = await Portal.Tests.InterpolTests.DomainAsync(node, item);
        return
        [
            (Portal.Tests.InterpolTests.Mia, "second", "app/second"), (Portal.Tests.InterpolTests.Bert, "second-item", $"{waits}?from=second-looks"),
            ("ines@interpol", "icse", "app/icse"), ("ivo@interpol", "icse-package", package), ("otto@police-nl", "iwol", "app/iwol"),
            .. domain is null ? Array.Empty<(string, string, string)>() : [("ines@interpol", "iwol-domain", domain), ("otto@police-nl", "iwol-attest", domain)],
            ("otto@police-nl", "iwol-list", "app/iwol/list"), ("anna@hotline-nl", "item-proposals", item),
        ];
    }
}
