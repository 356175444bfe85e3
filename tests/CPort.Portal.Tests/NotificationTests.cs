using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;

namespace CPort.Portal.Tests;

/// <summary>What people are told: each their own, as the API has it, until they have read it or want to hear no more of it.</summary>
[Collection(nameof(PortalNode))]
public sealed class NotificationTests(PortalNode node)
{
    [Fact]
    public async Task A_hold_is_told_to_both_sides_with_its_clock_and_to_nobody_else()
    {
        var its = await PoliceCase.OpenAsync(node, "told");
        using var otto = node.ClientOf("otto@police-nl");
        using var anna = node.ClientOf("anna@hotline-nl");
        using var anton = node.ClientOf("anton@hotline-de-a");
        await PoliceTests.HoldAsync(otto, its, "a-note-that-is-not-told");

        // The hotline hears that it runs; who asked for it knows that, and hears that something was referred to them.
        await LiveTests.WaitAsync(async () => Told(await PageAsync(anna)).Any(t => t.Contains("a hold runs", StringComparison.Ordinal))
            && (await PageAsync(otto)).QuerySelector($"a[href='/{its.Item}']") is not null);
        Assert.DoesNotContain(Told(await PageAsync(otto)), t => t.Contains("a hold runs", StringComparison.Ordinal));
        Assert.Contains(its.Report, (await PageAsync(anna)).DocumentElement.OuterHtml, StringComparison.Ordinal);
        foreach (var page in new[] { await PageAsync(anna), await PageAsync(otto) })
        {
            var html = page.DocumentElement.OuterHtml;
            Assert.All(new[] { "told-", ".example", "a-note-that-is-not-told" }, secret => Assert.DoesNotContain(secret, html, StringComparison.Ordinal));
        }

        Assert.DoesNotContain(its.Report, (await PageAsync(anton)).DocumentElement.OuterHtml, StringComparison.Ordinal);
        using var stranger = node.ApiOf("police-de");
        Assert.DoesNotContain(its.Report, await stranger.GetStringAsync(new Uri("v1/notifications", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hold_that_ends_within_a_day_is_a_clock()
    {
        var its = await PoliceCase.OpenAsync(node, "clock");
        using var api = node.ApiOf("police-nl");
        using var held = await api.PostAsJsonAsync(
            $"v1/reports/{its.Report}:hold", new { items = new[] { new { item = 1 } }, reason = "BadHoster", until = DateTime.UtcNow.AddHours(2) });
        Assert.True(held.IsSuccessStatusCode, await held.Content.ReadAsStringAsync());
        var hold = (await PoliceCase.ItemAsync(api, its.Report, 1))!.Value.GetProperty("holds")[0].GetProperty("holdId").GetString();
        using var anna = node.ClientOf("anna@hotline-nl");
        await LiveTests.WaitAsync(async () =>
        {
            var row = (await PageAsync(anna, "?kind=Holds")).QuerySelectorAll("tbody tr")
                .FirstOrDefault(r => r.QuerySelector("th a")?.GetAttribute("href") == $"/app/holds/{hold}");
            return row?.TextContent.Contains("ends soon", StringComparison.Ordinal) == true
                && row.QuerySelector(".left")!.TextContent.Contains("in ", StringComparison.Ordinal);
        });
    }

    /// <summary>The header's number is the page's; read, it is gone, and an older list brings nothing back.</summary>
    [Fact]
    public async Task What_was_read_is_new_no_more_and_the_page_says_what_the_api_says()
    {
        await PoliceCase.OpenAsync(node, "read", urgent: true);
        using var otto = node.ClientOf("otto@police-nl");
        IHtmlDocument page = null!;
        await LiveTests.WaitAsync(async () => (page = await PageAsync(otto)).QuerySelectorAll("tr .tag.fresh").Length > 0);
        Assert.Equal(page.QuerySelectorAll("tr .tag.fresh").Length, int.Parse(page.QuerySelector(".bell .badge")!.FirstChild!.TextContent, null));
        Assert.Contains(page.QuerySelectorAll("tbody th a"), a => a.GetAttribute("href")!.StartsWith("/app/referrals/", StringComparison.Ordinal));
        var old = (IHtmlFormElement)page.QuerySelector("form[action$='/read']")!;
        await PageTests.FollowAsync(otto, old);
        page = await PageAsync(otto);
        Assert.Empty(page.QuerySelectorAll("tr .tag.fresh"));
        Assert.Null(page.QuerySelector(".bell .badge"));
        Assert.Null(page.QuerySelector("form[action$='/read']"));
        Assert.NotEmpty(page.QuerySelectorAll("tbody tr"));
        await PoliceCase.OpenAsync(node, "read-more");
        await LiveTests.WaitAsync(async () => (await PageAsync(otto)).QuerySelectorAll("tr .tag.fresh").Length > 0);
        using (var again = await PageTests.PostAsync(otto, old))
        {
            Assert.Equal(HttpStatusCode.SeeOther, again.StatusCode);
        }

        Assert.NotEmpty((await PageAsync(otto)).QuerySelectorAll("tr .tag.fresh"));

        // Row by row as the API has it, for the same key.
        using var key = node.ClientOf("police-nl");
        using var api = node.ApiOf("police-nl");
        await LiveTests.WaitAsync(async () =>
        {
            using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri("v1/notifications", UriKind.Relative)));
            var rows = (await PageAsync(key)).QuerySelectorAll("tbody tr");
            return answer.RootElement.GetProperty("notifications").EnumerateArray().Select(n => n.GetProperty("new").GetBoolean())
                .SequenceEqual(rows.Select(r => r.QuerySelector(".tag.fresh") is not null));
        });

        // A key reads up to where it says, and says it right.
        using var list = JsonDocument.Parse(await api.GetStringAsync(new Uri("v1/notifications", UriKind.Relative)));
        using (var wrong = await api.PostAsJsonAsync("v1/notifications:read", new { upTo = "somewhere" }))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
            Assert.Contains("\"upTo\"", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var unknown = await api.GetAsync(new Uri("v1/notifications?kinds=Weather", UriKind.Relative));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, unknown.StatusCode);
        using var read = await api.PostAsJsonAsync("v1/notifications:read", new { upTo = list.RootElement.GetProperty("upTo").GetString() });
        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
    }

    [Fact]
    public async Task A_kind_is_muted_and_what_a_person_chose_stands_in_the_form_again()
    {
        await node.JoinAsync(new("police-gb", "gwen", "Gwen Example", Domain.Identity.Roles.Officer));
        using var gwen = node.ClientOf("gwen@police-gb");
        var page = await PageAsync(gwen, "?kind=Looks");
        await PageTests.FollowAsync(gwen, (IHtmlFormElement)page.QuerySelector("form[action$='/mute']")!);
        await LiveTests.WaitAsync(async () => Show(await PageAsync(gwen), "Looks")?.HasAttribute("checked") == false);
        Assert.Null((await PageAsync(gwen)).QuerySelector("nav.narrow a[href$='=Looks']"));

        // One end of quiet hours alone is none, and what was filled in stays.
        var form = (IHtmlFormElement)(await PageAsync(gwen)).QuerySelector("form[action$='/rules']")!;
        form.QuerySelector("input[name=mail-Holds]")!.SetAttribute("checked", "");
        form.QuerySelector("input[name=quietFrom]")!.SetAttribute("value", "22:00");
        using (var refused = await PageTests.PostAsync(gwen, form))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            var again = PageTests.Parse(await refused.Content.ReadAsStringAsync());
            Assert.Equal("#quietFrom", again.QuerySelector("#errors a")!.GetAttribute("href"));
            form = (IHtmlFormElement)again.QuerySelector("form[action$='/rules']")!;
            Assert.Equal("22:00", form.QuerySelector("input[name=quietFrom]")!.GetAttribute("value"));
            Assert.True(form.QuerySelector("input[name=mail-Holds]")!.HasAttribute("checked"));
        }

        form.QuerySelector("input[name=quietTo]")!.SetAttribute("value", "06:30");
        form.QuerySelector("input[name=show-Looks]")!.SetAttribute("checked", "");
        await PageTests.FollowAsync(gwen, form);
        await LiveTests.WaitAsync(async () => Show(await PageAsync(gwen), "Looks")?.HasAttribute("checked") == true);
        var saved = await PageAsync(gwen);
        Assert.Equal(("22:00", "06:30"),
            (saved.QuerySelector("input[name=quietFrom]")!.GetAttribute("value"), saved.QuerySelector("input[name=quietTo]")!.GetAttribute("value")));
        Assert.True(saved.QuerySelector("input[name=mail-Holds]")!.HasAttribute("checked"));

        // Other settings leave it alone.
        var settings = PageTests.Parse(await gwen.GetStringAsync(new Uri("app/settings", UriKind.Relative)));
        await PageTests.FollowAsync(gwen, (IHtmlFormElement)settings.QuerySelector("form[action='/app/settings']")!);
        Assert.Equal("22:00", (await PageAsync(gwen)).QuerySelector("input[name=quietFrom]")!.GetAttribute("value"));

        static IElement? Show(IHtmlDocument page, string kind) => page.QuerySelector($"input[name=show-{kind}]");
    }

    /// <summary>Administrators hear of their keys and webhooks and of no report; an operator's person of no agency's.</summary>
    [Theory]
    [InlineData("ada@hotline-nl", "Webhooks Keys")]
    [InlineData("anna@hotline-nl", "Urgent Questions Holds Feedback Looks Icse Iwol")]
    [InlineData("otto@police-nl", "Urgent Referrals Questions Holds Feedback Looks Icse Iwol")]
    [InlineData("oda@operator", "")]
    public async Task Everybody_is_told_of_what_they_work_on(string who, string kinds)
    {
        using var client = node.ClientOf(who);
        Assert.Equal(
            kinds.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            (await PageAsync(client)).QuerySelectorAll("nav.narrow a").Skip(1).Select(a => a.GetAttribute("href")!.Split('=')[1]));
    }

    /// <summary>Of an agency: by its managers and administrators, on the page and by the API alike, and by nobody else.</summary>
    [Fact]
    public async Task Managers_say_when_they_are_told_of_what_nobody_acknowledges()
    {
        using var olga = node.ClientOf("olga@police-de");
        var form = (IHtmlFormElement)(await PageAsync(olga)).QuerySelector("form[action$='/escalation']")!;
        form.QuerySelector("input[name=managersAfter]")!.SetAttribute("value", "15");
        using (var refused = await PageTests.PostAsync(olga, form))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            var again = PageTests.Parse(await refused.Content.ReadAsStringAsync());
            Assert.Equal("#managersAfter", again.QuerySelector("#errors a")!.GetAttribute("href"));
            form = (IHtmlFormElement)again.QuerySelector("form[action$='/escalation']")!;
            Assert.Equal("15", form.QuerySelector("input[name=managersAfter]")!.GetAttribute("value"));
        }

        form.QuerySelector("input[name=managersAfter]")!.SetAttribute("value", "5");
        await PageTests.FollowAsync(olga, form);
        using var api = node.ApiOf("police-de");
        await LiveTests.WaitAsync(async () => (await api.GetStringAsync(new Uri("v1/notifications/escalation", UriKind.Relative)))
            .Contains("\"managersAfterMinutes\":5,\"othersAfterMinutes\":15", StringComparison.Ordinal));
        using var otto = node.ClientOf("otto@police-nl");
        Assert.Null((await PageAsync(otto)).QuerySelector("form[action$='/escalation']"));
        using var stranger = node.ApiOf("hotline-nl");
        using var denied = await stranger.PutAsJsonAsync("v1/notifications/escalation", new { managersAfterMinutes = 1 });
        Assert.Equal(HttpStatusCode.Forbidden, denied.StatusCode);

        // A key that is no person's has no rules of its own.
        using var nobody = await api.PutAsJsonAsync("v1/notifications/rules", new { muted = new[] { "Looks" } });
        Assert.Equal(HttpStatusCode.Forbidden, nobody.StatusCode);
    }

    private static IEnumerable<string> Told(IHtmlDocument page) => page.QuerySelectorAll("tbody th").Select(t => t.TextContent);

    private static async Task<IHtmlDocument> PageAsync(HttpClient client, string query = "") =>
        PageTests.Parse(await client.GetStringAsync(new Uri($"app/notifications{query}", UriKind.Relative)));
}
