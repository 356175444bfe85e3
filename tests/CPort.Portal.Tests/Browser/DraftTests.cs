using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using CPort.Domain.Identity;
using CPort.Node.Sample;

namespace CPort.Portal.Tests.Browser;

/// <summary>Rule R8: a form that comes when the session is over stands filled in again after its person has signed in, and for nobody else.</summary>
[Collection(nameof(Chromium))]
public sealed class DraftTests(SignedInNode node)
{
    private const string Note = "half a sentence that nobody should have to write again";

    [Fact]
    public async Task What_was_filled_in_comes_back_to_its_person_and_to_nobody_else()
    {
        var cookies = new CookieContainer();
        using var anna = node.With(cookies);
        await SignedInNode.SignInAsync(anna, "Anna");
        var (item, memo) = await MemoAsync(anna);

        // The session ends in another window.
        using (var window = node.With(Copy(cookies)))
        {
            var home = PageTests.Parse(await window.GetStringAsync(new Uri("app", UriKind.Relative)));
            await PageTests.FollowAsync(window, (IHtmlFormElement)home.QuerySelector("form[action='/signout']")!);
        }

        memo.QuerySelector("textarea")!.TextContent = Note;
        var signin = await PageTests.FollowAsync(anna, memo);
        Assert.StartsWith("/signin?return=", signin.ToString(), StringComparison.Ordinal);
        var draft = await SignedInNode.SignInAsync(anna, "Anna", signin.ToString());
        Assert.StartsWith($"{item}&draft=", draft.ToString(), StringComparison.Ordinal);

        // A colleague who has the address finds the page, and nothing of what was written.
        using var max = node.With(new CookieContainer());
        await SignedInNode.SignInAsync(max, "Max");
        var others = await max.GetStringAsync(draft);
        Assert.DoesNotContain(Note, others, StringComparison.Ordinal);
        Assert.Null(PageTests.Parse(others).QuerySelector("#filled"));

        var page = PageTests.Parse(await anna.GetStringAsync(draft));
        Assert.NotNull(page.QuerySelector("#filled"));
        Assert.True(page.QuerySelector("form[action$=memo]")!.ParentElement!.HasAttribute("open"));
        memo = (IHtmlFormElement)page.QuerySelector("form[action$=memo]")!;
        Assert.Equal(Note, ((IHtmlTextAreaElement)memo.QuerySelector("textarea")!).Value);

        // Sent, it is done once, and the draft is gone.
        await PageTests.FollowAsync(anna, memo);
        Assert.Null(PageTests.Parse(await anna.GetStringAsync(draft)).QuerySelector("#filled"));
    }

    [Fact]
    public async Task Choices_come_back_too_and_so_does_what_another_tab_signed_in_over()
    {
        var cookies = new CookieContainer();
        using var anna = node.With(cookies);
        await SignedInNode.SignInAsync(anna, "Anna");
        var (_, memo) = await MemoAsync(anna);
        var assess = (IHtmlFormElement)memo.Owner!.QuerySelector("form[action$=assess]")!;
        PageTests.Choose(assess, "class", "2");
        PageTests.Choose(assess, "age", "3");

        // In the same browser she has come in anew: this page's form is of the former session.
        await SignedInNode.SignInAsync(anna, "Anna");
        var back = await PageTests.FollowAsync(anna, assess);
        Assert.Contains("&draft=", back.ToString(), StringComparison.Ordinal);
        var page = PageTests.Parse(await anna.GetStringAsync(back));
        Assert.NotNull(page.QuerySelector("input[name=class][value='2'][checked]"));
        Assert.NotNull(page.QuerySelector("input[name=age][value='3'][checked]"));
    }

    /// <summary>Where a form stands in which somebody writes.</summary>
    public enum Place
    {
        Settings, Referral, Hold, HoldObjectedTo, Request, RequestAnswered,
    }

    /// <summary>Every form in which somebody writes: answers, questions, holds and words on them, settings.</summary>
    [Theory]
    [InlineData(Place.Referral, "/answer", "text", "Otto")]
    [InlineData(Place.Referral, "/ask", "question", "Otto")]
    [InlineData(Place.Referral, "/hold", "note", "Otto")]
    [InlineData(Place.Hold, "/lift", "why", "Otto")]
    [InlineData(Place.Hold, "/object", "why", "Anna")]
    [InlineData(Place.Hold, "/extend", "until", "Mila")]
    [InlineData(Place.HoldObjectedTo, "/overrule", "why", "Bea")]
    [InlineData(Place.Request, "/answer", "text", "Anna")]
    [InlineData(Place.Request, "/impossible", "text", "Anna")]
    [InlineData(Place.RequestAnswered, "/again", "text", "Otto")]
    [InlineData(Place.Settings, "/settings", "key-save", "Anna")]
    public async Task What_police_and_hotlines_write_to_each_other_comes_back_too(Place place, string end, string field, string name)
    {
        var address = await AddressAsync(place);
        var cookies = new CookieContainer();
        using var person = node.With(cookies);
        await ComeInAsync(person, name, "app");
        await Portal.Tests.LiveTests.WaitAsync(async () => (await person.GetAsync(new Uri(address, UriKind.Relative))).StatusCode == HttpStatusCode.OK);
        var form = (IHtmlFormElement)(await PageAsync(person, address)).QuerySelector($"form[action$='{end}']")!;
        var control = form.QuerySelector($"[name='{field}']")!;
        var text = control is IHtmlTextAreaElement ? Note : field == "until" ? "2031-12-24T10:00" : "w";
        (control as IHtmlTextAreaElement)?.TextContent = text;
        (control as IHtmlInputElement)?.SetAttribute("value", text);
        (string, string)[] more = end == "/ask" ? [("field", "UploadTime")] : [];

        // She has come in anew in another tab: nothing is done, and the page has it all again.
        await ComeInAsync(person, name, "app");
        var draft = await PageTests.FollowAsync(person, form, more);
        Assert.StartsWith($"/{address}?draft=", draft.ToString(), StringComparison.Ordinal);
        var page = await PageAsync(person, draft.ToString().TrimStart('/'));
        Assert.NotNull(page.QuerySelector("#filled"));
        form = (IHtmlFormElement)page.QuerySelector($"form[action$='{end}']")!;
        control = form.QuerySelector($"[name='{field}']")!;
        Assert.Equal(text, control is IHtmlTextAreaElement area ? area.Value : control.GetAttribute("value"));
        Assert.True(end != "/ask" || form.QuerySelector("input[value=UploadTime]")!.HasAttribute("checked"));
        Assert.True(form.Closest("details")?.HasAttribute("open") ?? true);

        // In the other forms of the page stands nothing of it.
        Assert.DoesNotContain(page.QuerySelectorAll("textarea"), t => t.Closest("form") != form && t.TextContent.Contains(Note, StringComparison.Ordinal));
    }

    private async Task<string> AddressAsync(Place place)
    {
        switch (place)
        {
            case Place.Settings:
                return "app/settings";
            case Place.Referral:
                return (await PoliceCase.OpenAsync(node, "draft")).Page;
            case Place.Hold:
            {
                await node.JoinAsync(new SamplePerson("police-nl", "mila", "Mila Manager (example)", Roles.Officer | Roles.Manager));
                var its = await PoliceCase.OpenAsync(node, "draft-hold");
                using var otto = node.With(new CookieContainer());
                await ComeInAsync(otto, "Otto", "app");
                return await Portal.Tests.PoliceTests.HoldAsync(otto, its);
            }

            case Place.HoldObjectedTo:
            {
                await Portal.Tests.PoliceTests.BureauAsync(node);
                using var police = node.ApiOf("police-us");
                var (_, address) = await Portal.Tests.PoliceTests.HeldAsync(node, police, "draft-overrule", "US");
                using var hotline = node.ApiOf("hotline-us");
                using var objected = await hotline.PostAsJsonAsync(
                    $"v1/holds/{address.Split('/')[^1]}:object", new { why = "the host removes within an hour" });
                Assert.True(objected.IsSuccessStatusCode, await objected.Content.ReadAsStringAsync());
                return address;
            }

            default:
            {
                var its = await PoliceCase.OpenAsync(node, "draft-ask");
                using var police = node.ApiOf("police-nl");
                using var asked = await police.PostAsJsonAsync("v1/requests", new
                {
                    reportId = its.Report, items = new[] { new { item = 1 } }, to = "Assigned", fields = new[] { "UploadTime" }, text = "when?",
                });
                Assert.True(asked.IsSuccessStatusCode, await asked.Content.ReadAsStringAsync());
                var id = (await asked.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("requestId").GetString();
                if (place == Place.RequestAnswered)
                {
                    using var hotline = node.ApiOf("hotline-nl");
                    using var said = await hotline.PostAsJsonAsync($"v1/requests/{id}:impossible", new { text = "nobody knows" });
                    Assert.True(said.IsSuccessStatusCode, await said.Content.ReadAsStringAsync());
                }

                return $"app/requests/{id}";
            }
        }
    }

    /// <summary>Signs in, and says why where that is asked.</summary>
    private static async Task ComeInAsync(HttpClient client, string name, string to)
    {
        // Who has just joined is known a moment later.
        await Portal.Tests.LiveTests.WaitAsync(async () => (await PageAsync(client, "signin")).QuerySelectorAll("form[action='/signin/as']")
            .Any(f => f.TextContent.Contains($" {name} ", StringComparison.Ordinal)));
        await SignedInNode.SignInAsync(client, name, $"signin?return=/{to}");
        using var next = await client.GetAsync(new Uri(to, UriKind.Relative));
        if (next.Headers.Location is { } asked)
        {
            Assert.StartsWith("/signin/purpose", asked.ToString(), StringComparison.Ordinal);
            var field = (await PageAsync(client, asked.ToString().TrimStart('/'))).QuerySelector("#purpose")!;
            field.SetAttribute("value", "NL-2026-0144");
            await PageTests.FollowAsync(client, (IHtmlFormElement)field.Closest("form")!);
        }
    }

    private static async Task<IHtmlDocument> PageAsync(HttpClient client, string address) =>
        PageTests.Parse(await client.GetStringAsync(new Uri(address, UriKind.Relative)));

    [Theory]
    [InlineData("cross-site", null)]
    [InlineData("same-origin", "made up")]
    public async Task A_form_that_is_not_of_our_page_is_not_kept(string site, string? who)
    {
        using var anna = node.With(new CookieContainer());
        await SignedInNode.SignInAsync(anna, "Anna");
        var (_, memo) = await MemoAsync(anna);
        memo.QuerySelector("textarea")!.TextContent = Note;
        if (who is not null)
        {
            memo.QuerySelector("input[name=who]")!.SetAttribute("value", who);
        }

        using var nobody = node.With(new CookieContainer());
        using var answer = await PageTests.PostAsync(nobody, memo, ("Sec-Fetch-Site", site));
        Assert.Equal("/signin?return=%2Fapp", answer.Headers.Location?.ToString());
    }

    private async Task<(string Item, IHtmlFormElement Memo)> MemoAsync(HttpClient client)
    {
        var queue = PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        var item = queue.QuerySelectorAll("tbody th a").Last().GetAttribute("href")!;
        Assert.EndsWith("?from=unassessed", item, StringComparison.Ordinal);
        var page = PageTests.Parse(await client.GetStringAsync(new Uri(item, UriKind.Relative)));
        return (item, (IHtmlFormElement)page.QuerySelector("form[action$=memo]")!);
    }

    private CookieContainer Copy(CookieContainer cookies)
    {
        var copy = new CookieContainer();
        copy.Add(cookies.GetCookies(node.Url));
        return copy;
    }
}
