using CPort.Tests.Shared;
using Microsoft.Playwright;

namespace CPort.Portal.Tests.Browser;

/// <summary>Pictures of the main pages, for people to look at (README) and so that nobody has to imagine them.</summary>
[Collection(nameof(Chromium))]
public sealed class PictureTests(PortalNode node, Chromium chromium) : BrowserTests(chromium)
{
    internal static readonly string Folder = Environment.GetEnvironmentVariable("CPORT_PICTURES") ?? Path.Combine(Path.GetTempPath(), "cport-pictures");

    /// <summary>The last is a window of 1280 by 1024 at 400 % (WCAG 1.4.10), the first what most sit at; a sample takes these two.</summary>
    public static TheoryData<int, ColorScheme, int> Widths
    {
        get
        {
            var widths = new TheoryData<int, ColorScheme, int> { { 1440, ColorScheme.Light, 900 } };
            if (!Sample.IsChosen)
            {
                widths.Add(1440, ColorScheme.Dark, 900);
                widths.Add(1024, ColorScheme.Light, 900);
                widths.Add(320, ColorScheme.Light, 900);
            }

            widths.Add(320, ColorScheme.Dark, 256);
            return widths;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Widths))]
    public async Task Pages_fit_their_width(int width, ColorScheme scheme, int height)
    {
        var page = await Browser.OpenAsync(node, "hotline-nl", width, height, scheme);
        await TakeAsync(page, width, scheme,
        [
            ("home", () => page.GotoAsync("app")),
            ("queues", () => page.GotoAsync("app/queues")),
            ("queue", () => page.GotoAsync("app/queues/unassessed")),
            ("item", async () =>
            {
                await page.ClickAsync("button[data-key=n]");
                await page.WaitForSelectorAsync("#assess");
            }),
            ("report", () => page.ClickAsync(".crumbs li:last-child a")),
            ("break", () => page.GotoAsync("app/break?from=unassessed")),
            ("help", () => page.GotoAsync("help")),
            ("selection", async () =>
            {
                await page.GotoAsync("app/queues/unassessed");
                await page.ClickAsync("button[name=which]");
                await page.WaitForSelectorAsync("form#rows");
            }),
            ("empty", () => page.GotoAsync("app/queues/contradicted")),
            ("absent", () => page.GotoAsync("app/nowhere")),
            ("groups", () => page.GotoAsync("app/groups")),
            ("group", () => page.ClickAsync("tbody th a")),
        ], height);
    }

    [SkippableTheory]
    [InlineData("ada@hotline-nl", 1440, ColorScheme.Light)]
    [InlineData("ada@hotline-nl", 1440, ColorScheme.Dark)]
    [InlineData("ada@hotline-nl", 320, ColorScheme.Light)]
    [InlineData("oda@operator", 1440, ColorScheme.Light)]
    [InlineData("oda@operator", 1024, ColorScheme.Dark)]
    [InlineData("oda@operator", 320, ColorScheme.Light)]
    public async Task Pages_of_who_looks_after_others_fit_their_width(string who, int width, ColorScheme scheme)
    {
        var page = await Browser.OpenAsync(node, who, width, 900, scheme);
        await TakeAsync(page, width, scheme,
        [
            .. WorkTests.AdminPages(who).Select(a => ($"{who.Split('@')[0]}-{a.Replace('/', '-')}", (Func<Task>)(() => page.GotoAsync(a)))),
            ($"{who.Split('@')[0]}-key", async () =>
            {
                await page.GotoAsync("app/admin/agencies/hotline-nl/keys");
                await page.ClickAsync("tbody th a");
            }),
            ($"{who.Split('@')[0]}-person", async () =>
            {
                await page.GotoAsync("app/admin/people?agency=hotline-nl");
                await page.ClickAsync("tbody tr:nth-child(2) th a");
            }),
        ]);
    }

    internal static async Task TakeAsync(IPage page, int width, ColorScheme scheme, IEnumerable<(string Name, Func<Task> Go)> steps, int height = 900)
    {
        Directory.CreateDirectory(Folder);
        foreach (var (name, go) in steps)
        {
            await go();
            if (width == 1440)
            {
                await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Folder, $"{name}-{width}-{scheme}-top.png") });
            }

            // What sticks to the window would stand amid a picture of the whole page.
            await page.SetViewportSizeAsync(width, Math.Max(height, await page.EvaluateAsync<int>("document.documentElement.scrollHeight")));
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Folder, $"{name}-{width}-{scheme}.png"), FullPage = true });
            await page.SetViewportSizeAsync(width, height);
            var (inner, whole) = (await page.EvaluateAsync<int>("innerWidth"), await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
            Assert.True(whole <= inner, $"{name} is {whole} wide in a window of {inner}.");

            // Rows have the page's width: a hundred of them can be read.
            if (name is "queue" or "selection" && width == 1440)
            {
                Assert.True(await page.EvaluateAsync<double>("document.querySelector('table').getBoundingClientRect().width") > 1_000, name);
            }

            // What has the focus is not behind something that stays in its place (WCAG 2.4.11).
            for (var i = 0; height < 300 && i < 25; i++)
            {
                await page.Keyboard.PressAsync("Tab");
                Assert.True(await page.EvaluateAsync<bool>(
                    """
                    (() => {
                      const e = document.activeElement, box = e.getBoundingClientRect();
                      if (e === document.body || !e.checkVisibility() || box.width === 0) return true;
                      const x = Math.min(innerWidth - 1, Math.max(0, box.left + Math.min(box.width, 20) / 2));
                      const y = Math.min(innerHeight - 1, Math.max(0, box.top + box.height / 2));
                      const at = document.elementFromPoint(x, y);
                      return !at || e.contains(at) || at.contains(e) || at.closest("label") !== null;
                    })()
                    """), $"{name}: the focus is hidden.");
            }
        }
    }
}
