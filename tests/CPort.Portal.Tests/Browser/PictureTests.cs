using Microsoft.Playwright;

namespace CPort.Portal.Tests.Browser;

/// <summary>Pictures of the main pages, for people to look at (README) and so that nobody has to imagine them.</summary>
[Collection(nameof(Chromium))]
public sealed class PictureTests(PortalNode node, Chromium chromium)
{
    private static readonly string Folder = Environment.GetEnvironmentVariable("CPORT_PICTURES") ?? Path.Combine(Path.GetTempPath(), "cport-pictures");

    [SkippableTheory]
    [InlineData(1440, ColorScheme.Light)]
    [InlineData(1440, ColorScheme.Dark)]
    [InlineData(1024, ColorScheme.Light)]
    [InlineData(320, ColorScheme.Light)]
    public async Task Pages_fit_their_width(int width, ColorScheme scheme)
    {
        Directory.CreateDirectory(Folder);
        var page = await chromium.OpenAsync(node, "hotline-nl", width, 900, scheme);
        foreach (var (name, go) in new (string, Func<Task>)[]
        {
            ("home", () => page.GotoAsync("app")),
            ("queues", () => page.GotoAsync("app/queues")),
            ("queue", () => page.GotoAsync("app/queues/unassessed")),
            ("item", async () =>
            {
                await page.ClickAsync("button[data-key=n]");
                await page.WaitForSelectorAsync("#assess");
            }),
            ("report", () => page.ClickAsync(".crumbs li:last-child a")),
            ("empty", () => page.GotoAsync("app/queues/contradicted")),
            ("absent", () => page.GotoAsync("app/nowhere")),
        })
        {
            await go();
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Folder, $"{name}-{width}-{scheme}.png"), FullPage = true });
            var (inner, whole) = (await page.EvaluateAsync<int>("innerWidth"), await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
            Assert.True(whole <= inner, $"{name} is {whole} wide in a window of {inner}.");
        }
    }
}
