using Microsoft.Playwright;

namespace CPort.Portal.Tests.Browser;

/// <summary>Debian's Chromium, once for all tests that need one; they are skipped where it is not installed.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Program = "/usr/bin/chromium";

    private IPlaywright? _playwright;
    private readonly List<IBrowserContext> _open = [];
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        if (!File.Exists(Program))
        {
            return;
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Program, Headless = true,

            // Nothing of the browser's own goes out; the tests run as root in CI, where its sandbox cannot.
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync",
            ],
        });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>Closes what a test has opened: pages that stay open go on working, with the live news of each.</summary>
    public async Task CloseAsync()
    {
        foreach (var context in _open)
        {
            await context.DisposeAsync();
        }

        _open.Clear();
    }

    /// <summary>A page of that agency's person.</summary>
    public async Task<IPage> OpenAsync(
        PortalNode node, string? agency, int width = 1440, int height = 900, ColorScheme scheme = ColorScheme.Light, string? language = null,
        bool script = true)
    {
        Skip.If(_browser is null, $"{Program} is not installed.");
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = node.Url.ToString(), ViewportSize = new ViewportSize { Width = width, Height = height }, ColorScheme = scheme, JavaScriptEnabled = script,
        });
        _open.Add(context);
        foreach (var (name, value) in new[] { ("as", agency), ("language", language) })
        {
            if (value is not null)
            {
                await context.AddCookiesAsync([new Cookie { Name = name, Value = value, Url = node.Url.ToString() }]);
            }
        }

        return await context.NewPageAsync();
    }
}

/// <summary>Tests in the browser; what one opens is closed after it.</summary>
public abstract class BrowserTests(Chromium browser) : IAsyncLifetime
{
    protected Chromium Browser => browser;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => browser.CloseAsync();
}

[CollectionDefinition(nameof(Chromium))]
public sealed class ChromiumCollection : ICollectionFixture<PortalNode>, ICollectionFixture<SignedInNode>, ICollectionFixture<Chromium>;
