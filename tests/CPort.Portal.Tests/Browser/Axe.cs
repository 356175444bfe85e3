using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace CPort.Portal.Tests.Browser;

/// <summary>axe, an examiner that nobody here wrote, finds nothing on a page.</summary>
internal static class Axe
{
    private const string Contrast = "color-contrast";

    /// <summary>All of axe's rules, everything that can be opened opened.</summary>
    /// <param name="page">The page as it stands.</param>
    /// <param name="name">What a failure calls it.</param>
    /// <param name="scheme">Another scheme than light: what it can change is asked alone, contrast; the rest is the same page, asked in light.</param>
    /// <param name="language">Another language than English: contrast, which takes most of axe's time, is not asked again.</param>
    public static async Task IsCleanAsync(IPage page, string? name = null, ColorScheme scheme = ColorScheme.Light, string? language = null)
    {
        await page.EvaluateAsync("document.querySelectorAll('main details').forEach(d => { d.open = true; })");
        var options = new AxeRunOptions();
        if (scheme != ColorScheme.Light)
        {
            options.RunOnly = RunOnlyOptions.Rules(Contrast);
        }
        else if (language is not null)
        {
            options.Rules = new Dictionary<string, RuleOptions> { [Contrast] = new() { Enabled = false } };
        }

        var found = await page.RunAxe(options);
        Assert.True(found.Violations.Length == 0, $"{name ?? page.Url}: {string.Join("; ", found.Violations.Select(v =>
            $"{v.Id}: {v.Help} ({string.Join(", ", v.Nodes.Take(3).Select(n => n.Html))})"))}");
    }
}
