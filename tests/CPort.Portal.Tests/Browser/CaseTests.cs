using CPort.Domain.Identity;
using CPort.Node.Options;
using CPort.Node.Sample;
using CPort.Node.Sample.Case;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace CPort.Portal.Tests.Browser;

/// <summary>
/// The case of four agencies (<see cref="CaseSteps"/>) in a real browser: police, hotline and auditor work by their pages, where there are pages; the rest goes
/// over the API. What each step makes true is looked at as everywhere else.
/// </summary>
[Collection(nameof(Chromium))]
public sealed class CaseTests(CaseNode node, Chromium chromium) : BrowserTests(chromium), IClassFixture<CaseNode>
{
    private readonly List<string> _errors = [];

    [SkippableFact]
    public async Task One_case_of_four_agencies_is_worked_by_their_pages()
    {
        var analyst = await SignInAsync("Anna");
        var officer = await SignInAsync("Otto");
        var german = await SignInAsync("Olga");
        using var play = await CasePlay.BeginAsync(new Stage(this, node), "case-browser");
        var byPages = new Dictionary<int, Func<Task>>
        {
            [2] = () => ReceiveAsync(officer, play.DutchReferral), [3] = () => HoldAsync(play, officer), [4] = () => AssessAsync(play, analyst),
            [5] = () => AskAsync(play, officer), [6] = () => AnswerAsync(play, analyst), [7] = () => LookAsync(play, german),
            [12] = () => ReceiveAsync(german, play.GermanReferral),
        };
        foreach (var step in CaseSteps.All)
        {
            await (byPages.TryGetValue(step.Number, out var act) ? act() : step.Act(play));
            await step.Holds(play);
            await NothingOfOthersAsync(play, german);
        }

        // Two days later everybody signs in again; and then each sees how it ended.
        officer = await SignInAsync("Otto");
        await officer.GotoAsync($"app/referrals/{play.DutchReferral}");
        Assert.Contains("ICSE: victim identified", await officer.InnerTextAsync("main"), StringComparison.Ordinal);
        await PictureAsync(officer, "case-referral");
        analyst = await SignInAsync("Anna");
        await analyst.GotoAsync($"app/reports/{play.Id}/items/{CaseReport.Alike}");
        await PictureAsync(analyst, "case-item");
        german = await SignInAsync("Olga");
        await german.GotoAsync($"app/referrals/{play.GermanReferral}");
        await NothingOfOthersAsync(play, german);
        await PictureAsync(german, "case-german");

        await node.JoinAsync(new SamplePerson("supervisor-nl", "sanne", "Sanne Auditor (example)", Roles.Auditor));
        var auditor = await SignInAsync("Sanne");
        await auditor.GotoAsync($"app/audit?record={play.Id}");
        await PictureAsync(auditor, "case-audit");
        var log = await auditor.InnerTextAsync("main");
        Assert.Contains("police-nl", log, StringComparison.Ordinal);
        Assert.Contains(CasePlay.Purpose, log, StringComparison.Ordinal);
        Assert.DoesNotContain("police-de", log, StringComparison.Ordinal);
        Assert.Empty(_errors);
    }

    private static async Task ReceiveAsync(IPage page, string referral)
    {
        await page.GotoAsync("app/inbox");
        await page.ClickAsync($"a[href$='{referral}']");

        // As somebody in a hurry presses it: it is done once.
        await page.DblClickAsync("form[action$='/receive'] button");
        await page.WaitForSelectorAsync("#done");
    }

    private static async Task HoldAsync(CasePlay play, IPage page)
    {
        await page.GotoAsync($"app/referrals/{play.DutchReferral}");
        foreach (var item in CasePolice.Held)
        {
            await page.CheckAsync($"input[form=hold-form][value^='{play.ItemId(item)}.']");
        }

        await page.SelectOptionAsync("#hold-form select[name=reason]", "4");
        await page.FillAsync("#hold-form input[name=until]", (play.Stage.Now + CasePolice.HoldLasts).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm", null));
        await page.FillAsync("#hold-form textarea", CasePolice.HoldNote);
        await page.ClickAsync("#hold-form button");
        await page.WaitForSelectorAsync("#done");
    }

    /// <summary>Four by keys, and the two alike as a group over the selection's page.</summary>
    private static async Task AssessAsync(CasePlay play, IPage page)
    {
        foreach (var item in new[] { CaseReport.Page, CaseReport.Shared, CaseReport.Plain, CaseReport.PlainToo })
        {
            await page.GotoAsync($"app/reports/{play.Id}/items/{item}");
            await page.WaitForSelectorAsync("#assess");
            foreach (var key in new[] { "1", "2", "2" })
            {
                await page.Keyboard.PressAsync(key);
            }

            Assert.Equal(3, await page.Locator("[data-digits] input[type=radio]:checked").CountAsync());
            await page.Keyboard.PressAsync("s");
            await page.WaitForSelectorAsync("#done");
        }

        await page.GotoAsync($"app/groups/{play.Group}");
        await page.ClickAsync("form[action$='/choose'] button[value=all]");
        await page.WaitForURLAsync("**/app/selections/**");
        foreach (var (name, value) in new[] { ("class", "2"), ("age", "2"), ("gender", "2") })
        {
            await page.CheckAsync($"form[action$='/deed'] input[name={name}][value='{value}']");
        }

        await page.Locator("form[action$='/deed']").First.Locator("button").Last.ClickAsync();
        await page.ClickAsync("form[action$='/do'] button");
        await page.WaitForSelectorAsync("#done");
    }

    private static async Task AskAsync(CasePlay play, IPage page)
    {
        await page.GotoAsync($"app/referrals/{play.DutchReferral}");

        // What is missing is chosen already.
        Assert.Equal(2, await page.Locator("form[action$='/ask'] input[name=field]:checked").CountAsync());
        await page.FillAsync("form[action$='/ask'] textarea", CasePolice.Question);
        await page.ClickAsync("form[action$='/ask'] button");
        await page.WaitForSelectorAsync("#done");
    }

    private static async Task AnswerAsync(CasePlay play, IPage page)
    {
        await page.GotoAsync("app/requests");
        await page.ClickAsync($"a[href$='{play.Question}']");
        await page.FillAsync("input[name=valueReferrer]", $"https://links.{play.Report.Name}-other.example/index");
        await page.FillAsync("input[name=valueUploadTime]", "2026-01-01T10:00:00+01:00");
        await page.FillAsync("form[action$='/answer'] textarea", CaseHotline.Answer);
        await page.ClickAsync("form[action$='/answer'] button");
        await page.WaitForSelectorAsync("#done");
    }

    private static async Task LookAsync(CasePlay play, IPage page)
    {
        await page.GotoAsync("app/inbox");
        await page.ClickAsync($"a[href$='{play.GermanReferral}']");
        await page.WaitForSelectorAsync("main .notice.warn");
        Assert.Contains("INTERPOL", await page.InnerTextAsync("main .notice.warn >> nth=0"), StringComparison.Ordinal);
        Assert.Equal(2, await page.Locator("tbody tr").CountAsync());
    }

    /// <summary>In no byte of her pages stands what is not hers; and what she may not see is a page as of nothing.</summary>
    private static async Task NothingOfOthersAsync(CasePlay play, IPage german)
    {
        foreach (var address in new[]
        {
            "app/inbox?state=all", $"app/referrals/{play.GermanReferral}", $"app/reports/{play.Id}", $"app/reports/{play.Id}/items/{CaseReport.InGermany}",
            $"app/reports/{play.Id}/items/{CaseReport.SharedInGermany}", "app/holds",
        })
        {
            var answer = await german.Context.APIRequest.GetAsync(address);
            var text = await answer.TextAsync();
            foreach (var (what, secret) in CaseSecrets.Of(play, CaseKeys.PoliceDe))
            {
                Assert.False(text.Contains(secret, StringComparison.OrdinalIgnoreCase), $"She sees {what} on {address}.");
            }
        }
    }

    /// <summary>Signs in as the example person of that first name; police and INTERPOL say why.</summary>
    private async Task<IPage> SignInAsync(string name)
    {
        var page = await Browser.OpenAsync(node, null);
        page.PageError += (_, e) => _errors.Add(e);
        await Portal.Tests.LiveTests.WaitAsync(async () =>
        {
            await page.GotoAsync("signin");
            return await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameString = $" {name} " }).CountAsync() == 1;
        });
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameString = $" {name} " }).ClickAsync();
        await page.WaitForSelectorAsync("nav.side, #purpose");
        if (page.Url.Contains("/signin/purpose", StringComparison.Ordinal))
        {
            await page.FillAsync("#purpose", CasePlay.Purpose);
            await page.ClickAsync("button.main");
        }

        await page.WaitForSelectorAsync("nav.side");
        return page;
    }

    private static async Task PictureAsync(IPage page, string name)
    {
        Directory.CreateDirectory(PictureTests.Folder);
        await page.ScreenshotAsync(new PageScreenshotOptions
        {
            Path = Path.Combine(PictureTests.Folder, $"{name}.png"), FullPage = true, Clip = new Clip { Width = 1440, Height = 1100 },
        });
    }

    /// <summary>A node of one database, whose clock is moved.</summary>
    private sealed class Stage(CaseTests tests, CaseNode node) : ICaseStage
    {
        public Uri Url => node.Url;

        public string OperatorKey => File.ReadAllText(Path.Combine(node.Folder, "operator.key")).Trim();

        public string SecondOperatorKey => File.ReadAllText(Path.Combine(node.Folder, "operator-2.key")).Trim();

        public DateTimeOffset Now => node.Clock.GetUtcNow();

        public TimeSpan Patience => TimeSpan.FromMinutes(1);

        public Task<bool> PassAsync(TimeSpan time)
        {
            node.Clock.Move(time);
            return Task.FromResult(true);
        }

        public Task WhileNodeDiesAsync(Func<Task> act) => act();

        public async Task<ICasePerson> SignInAsync(CasePlay play, string signInName, string name)
        {
            await node.JoinAsync(new SamplePerson("police-nl", signInName, name, Roles.Officer));
            return new Person(await tests.SignInAsync("Oscar"));
        }
    }

    private sealed class Person(IPage page) : ICasePerson
    {
        public async Task<bool> OpensAsync(string path)
        {
            await page.GotoAsync(path);
            return !page.Url.Contains("/signin", StringComparison.Ordinal);
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>A node whose people sign in themselves, whose clock is moved, with a second operator.</summary>
public sealed class CaseNode : SignedInNode
{
    public CaseClock Clock { get; } = new();

    protected override int Reports => 5;

    protected override void Set(NodeOptions options) => options.Operator.Hands = 2;

    protected override void Add(IServiceCollection services) => services.AddSingleton<TimeProvider>(Clock);
}

/// <summary>The machine's clock, later by what a test moves it.</summary>
public sealed class CaseClock : TimeProvider
{
    private long _by;

    public void Move(TimeSpan by) => Interlocked.Add(ref _by, by.Ticks);

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref _by));
}
