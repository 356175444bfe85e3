using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using CPort.Api.Agencies;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Portal.Tests;

/// <summary>Pages of police and what hotlines see of it: they equal the API, offer what is possible, and to others there is nothing.</summary>
[Collection(nameof(PortalNode))]
public sealed partial class PoliceTests(PortalNode node)
{
    [Theory]
    [InlineData("police-nl", "todo", "Open,Received,InUse")]
    [InlineData("police-nl", "all", "")]
    [InlineData("otto@police-nl", "open", "Open")]
    [InlineData("police-de", "todo", "Open,Received,InUse")]
    [InlineData("police-us", "ended", "Closed,Declined,Known,Forwarded")]
    [InlineData("interpol", "all", "")]
    public async Task The_inbox_is_the_apis(string who, string filter, string states)
    {
        if (who.EndsWith("police-nl", StringComparison.Ordinal))
        {
            await PoliceCase.OpenAsync(node, "inbox");
        }

        using var client = node.ClientOf(who);
        using var api = node.ApiOf(who.Split('@')[^1]);
        await LiveTests.WaitAsync(async () =>
        {
            using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri($"v1/referrals?maxResults=50&state={states}", UriKind.Relative)));
            var rows = answer.RootElement.GetProperty("referrals").EnumerateArray().ToArray();
            var html = await client.GetStringAsync(new Uri($"app/inbox?state={filter}", UriKind.Relative));
            Assert.True(html.Length < 60_000, $"{html.Length} bytes.");
            var page = PageTests.Parse(html);
            Assert.False(who == "police-nl" && rows.Length == 0);

            // Referrals go on coming while the day is worked on: read once more then.
            return rows.Select(r => $"/app/referrals/{r.GetProperty("referralId").GetString()}")
                    .SequenceEqual(page.QuerySelectorAll("tbody th a").Select(a => a.GetAttribute("href")!))
                && rows.Select(r => r.GetProperty("items").GetInt32()).SequenceEqual(
                    page.QuerySelectorAll("tbody tr").Select(r => Number(r.QuerySelector("td.number")!)))
                && rows.Count(r => r.GetProperty("state").GetString() == "Open") == page.QuerySelectorAll("tbody input[name=item]").Length;
        });
    }

    [Theory]
    [InlineData("police-nl")]
    [InlineData("hotline-nl")]
    [InlineData("hotline-gb")]
    [InlineData("police-de")]
    public async Task Holds_are_the_apis(string who)
    {
        var its = await PoliceCase.OpenAsync(node, "holds");
        using var officer = node.ClientOf("otto@police-nl");
        await HoldAsync(officer, its);
        using var client = node.ClientOf(who);
        using var api = node.ApiOf(who);
        foreach (var state in new[] { "running", "ended" })
        {
            await LiveTests.WaitAsync(async () =>
            {
                using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri($"v1/holds?maxResults=50&state={state}", UriKind.Relative)));
                var page = PageTests.Parse(await client.GetStringAsync(new Uri($"app/holds?state={state}", UriKind.Relative)));
                var holds = answer.RootElement.GetProperty("holds").EnumerateArray().Select(h => h.GetProperty("holdId").GetString()!).ToArray();
                var listed = page.QuerySelectorAll("tbody th a").Select(a => a.GetAttribute("href")!["/app/holds/".Length..]).ToArray();
                return holds.SequenceEqual(listed)
                    && (state == "ended" || holds.Any(h => h.StartsWith(its.Report, StringComparison.Ordinal)) == (who != "police-de"));
            });
        }
    }

    /// <summary>Without script, by forms: receive, hold, a refusal that names the hold, an objection, lifted, closed; both sides see it all.</summary>
    [Fact]
    public async Task An_officer_works_a_referral_and_the_hotline_sees_it()
    {
        var its = await PoliceCase.OpenAsync(node, "walk");
        using var officer = node.ClientOf("otto@police-nl");
        using var analyst = node.ClientOf("anna@hotline-nl");

        // The analyst opens the item before anything was said.
        var before = (IHtmlFormElement)(await GetAsync(analyst, its.Item)).QuerySelector("form[action$='/act']")!;
        PageTests.Choose(before, "action", "2");

        var page = await GetAsync(officer, its.Page);
        Assert.Equal(2, page.QuerySelectorAll("tbody th a").Length);
        Assert.DoesNotContain("walk-", page.DocumentElement.OuterHtml, StringComparison.Ordinal);
        Assert.Contains("█", page.QuerySelector(".identity .code")!.TextContent, StringComparison.Ordinal);
        Assert.Equal("3 5 6 7", States(page));
        var receive = (IHtmlFormElement)page.QuerySelector("form[action$='/receive']")!;
        await PageTests.FollowAsync(officer, receive);
        await PageTests.FollowAsync(officer, receive);
        page = await GetAsync(officer, its.Page);
        Assert.Null(page.QuerySelector("form[action$='/receive']"));
        Assert.Single(page.QuerySelectorAll("#dialogue ~ ol li strong"), s => s.TextContent == "Received");

        // Nothing chosen: said, and nothing is held.
        var nothing = await PageTests.PostAsync(officer, (IHtmlFormElement)page.QuerySelector("#hold-form")!);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, nothing.StatusCode);
        nothing.Dispose();
        await HoldAsync(officer, its, "a-note-of-police");

        // The hotline's form comes too late: the page says what changed, and what is not possible now with the hold's sentence.
        using (var late = await PageTests.PostAsync(analyst, before))
        {
            var after = PageTests.Parse(await late.Content.ReadAsStringAsync());
            Assert.True(late.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.UnprocessableEntity, $"{late.StatusCode}");
            Assert.Contains("Hold ", after.QuerySelector(".not, .refused")!.TextContent, StringComparison.Ordinal);
            Assert.Contains("police-nl", after.QuerySelector(".notice.warn strong")!.TextContent, StringComparison.Ordinal);
        }

        var item = await GetAsync(analyst, its.Item);
        Assert.Null(item.QuerySelector("form[action$='/act'] input[name=action][value='2']"));
        Assert.DoesNotContain("a-note-of-police", item.DocumentElement.OuterHtml, StringComparison.Ordinal);
        var address = item.QuerySelector(".notice.warn a[href^='/app/holds/']")!.GetAttribute("href")![1..];
        var report = await GetAsync(analyst, $"app/reports/{its.Report}");
        Assert.NotNull(report.QuerySelector($".notice.warn a[href='/{address}']"));
        await LiveTests.WaitAsync(async () => (await analyst.GetAsync(new Uri(address, UriKind.Relative))).StatusCode == HttpStatusCode.OK);
        var hold = await GetAsync(analyst, address);
        Assert.Contains("a-note-of-police", hold.DocumentElement.TextContent, StringComparison.Ordinal);
        Assert.Null(hold.QuerySelector("form[action$='/lift'], form[action$='/extend'], form[action$='/overrule']"));
        var objects = (IHtmlFormElement)hold.QuerySelector("form[action$='/object']")!;
        objects.QuerySelector("textarea")!.TextContent = "the host removes within an hour";
        await PageTests.FollowAsync(analyst, objects);
        Assert.Null((await GetAsync(analyst, address)).QuerySelector("form[action$='/object']"));

        hold = await GetAsync(officer, address);
        Assert.Contains("the host removes within an hour", hold.DocumentElement.TextContent, StringComparison.Ordinal);
        Assert.Null(hold.QuerySelector("form[action$='/object'], form[action$='/extend']"));
        await PageTests.FollowAsync(officer, (IHtmlFormElement)hold.QuerySelector("form[action$='/lift']")!);
        Assert.Null((await GetAsync(officer, address)).QuerySelector("form[action$='/lift']"));
        Assert.NotNull((await GetAsync(analyst, its.Item)).QuerySelector("form[action$='/act'] input[name=action][value='2']"));

        // An outcome ends it; what would follow is refused with the rule.
        page = await GetAsync(officer, its.Page);
        var close = (IHtmlFormElement)page.QuerySelector("form[action$='/answer']")!;
        PageTests.Choose(close, "state", "4");
        close.QuerySelector("textarea")!.TextContent = "thank you, that helped";
        ((IHtmlSelectElement)close.QuerySelector("select[name=outcome]")!).Value = "2";
        await PageTests.FollowAsync(officer, close);
        var again = (IHtmlFormElement)page.QuerySelector("form[action$='/answer']")!;
        again.QuerySelector("input[name=command]")!.SetAttribute("value", Domain.Access.CommandId.New().Value);
        using var refused = await PageTests.PostAsync(officer, again);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("The referral is Closed", (PageTests.Parse(await refused.Content.ReadAsStringAsync())).QuerySelector("#errors")!.TextContent,
            StringComparison.Ordinal);
        await LiveTests.WaitAsync(async () =>
            (await GetAsync(analyst, its.Item)).QuerySelector("[aria-labelledby=police]")?.TextContent.Contains("victim identified", StringComparison.Ordinal)
                == true);
        Assert.DoesNotContain("that helped", (await GetAsync(analyst, its.Item)).DocumentElement.OuterHtml, StringComparison.Ordinal);

        // And the hotline's start page says that there is something.
        await LiveTests.WaitAsync(async () => (await GetAsync(analyst, "app")).QuerySelector("[aria-labelledby=said] a") is not null);
    }

    /// <summary>By forms, without script: the hotline objects to a hold, and the national bureau ends it.</summary>
    [Fact]
    public async Task A_hold_that_was_objected_to_is_overruled_by_the_bureau()
    {
        // In a country of which no other test has people: with a bureau, somebody has to confirm them.
        await BureauAsync(node);
        await LiveTests.WaitAsync(async () =>
        {
            using var client = node.ClientOf("bea@ncb-us");
            return (await client.GetAsync(new Uri("app/inbox", UriKind.Relative))).StatusCode == HttpStatusCode.OK;
        });
        using var api = node.ApiOf("police-us");
        var (report, address) = await HeldAsync(node, api, "overrule", "US");
        using var officer = node.ClientOf("police-us");
        using var analyst = node.ClientOf("hotline-us");
        using var bureau = node.ClientOf("bea@ncb-us");

        // Nobody overrules what nobody objects to.
        await LiveTests.WaitAsync(async () => (await bureau.GetAsync(new Uri(address, UriKind.Relative))).StatusCode == HttpStatusCode.OK);
        Assert.Null((await GetAsync(bureau, address)).QuerySelector("form[action$='/overrule']"));
        Assert.Null((await GetAsync(bureau, address)).QuerySelector("form[action$='/extend'], form[action$='/lift']"));
        var objects = (IHtmlFormElement)(await GetAsync(analyst, address)).QuerySelector("form[action$='/object']")!;
        objects.QuerySelector("textarea")!.TextContent = "the host removes within an hour";
        await PageTests.FollowAsync(analyst, objects);
        var overrule = (IHtmlFormElement)(await GetAsync(bureau, address)).QuerySelector("form[action$='/overrule']")!;
        Assert.True(overrule.QuerySelector("textarea")!.HasAttribute("required"));
        overrule.QuerySelector("textarea")!.TextContent = "the hotline is right";
        Assert.Contains("done=holdoverrule", (await PageTests.FollowAsync(bureau, overrule)).ToString(), StringComparison.Ordinal);
        await PageTests.FollowAsync(bureau, overrule);
        Assert.Empty((await GetAsync(officer, address)).QuerySelectorAll("form[action^='/app/holds/']"));
        var ended = await PoliceCase.ItemAsync(api, report, 1);
        Assert.Equal("Overruled", ended!.Value.GetProperty("holds")[0].GetProperty("state").GetString());
    }

    internal static async Task<(string Report, string Address)> HeldAsync(PortalNode node, HttpClient api, string name, string country)
    {
        var report = (await InterpolTests.SentAsync(node, name, country)).Split('/')[2];
        using var held = await api.PostAsJsonAsync($"v1/reports/{report}:hold", new { items = new[] { new { item = 1 } }, reason = "BadHoster" });
        Assert.True(held.IsSuccessStatusCode, await held.Content.ReadAsStringAsync());
        var hold = (await PoliceCase.ItemAsync(api, report, 1))!.Value.GetProperty("holds")[0].GetProperty("holdId").GetString();
        return (report, $"app/holds/{hold}");
    }

    /// <summary>By forms, without script: what is lacking is asked for on the referral's page, answered by the hotline, and said to be enough.</summary>
    [Fact]
    public async Task An_officer_asks_on_the_referrals_page_and_the_hotline_answers()
    {
        var its = await PoliceCase.OpenAsync(node, "ask");
        using var officer = node.ClientOf("otto@police-nl");
        using var hotline = node.ClientOf("hotline-gb");
        await LiveTests.WaitAsync(async () => (await GetAsync(officer, its.Page)).QuerySelector("form[action$='/ask']") is not null);
        var ask = (IHtmlFormElement)(await GetAsync(officer, its.Page)).QuerySelector("form[action$='/ask']")!;
        foreach (var box in ask.QuerySelectorAll("input[name=field]"))
        {
            box.RemoveAttribute("checked");
        }

        using (var nothing = await PageTests.PostAsync(officer, ask))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, nothing.StatusCode);
            ask = (IHtmlFormElement)PageTests.Parse(await nothing.Content.ReadAsStringAsync()).QuerySelector("form[action$='/ask']")!;
        }

        ask.QuerySelector("input[name=field][value=UploadTime]")!.SetAttribute("checked", "");
        ask.QuerySelector("textarea[name=question]")!.TextContent = "as exact as you can say it";
        Assert.Contains("done=asked", (await PageTests.FollowAsync(officer, ask)).ToString(), StringComparison.Ordinal);
        string? address = null;
        await LiveTests.WaitAsync(async () => (address = (await GetAsync(hotline, "app/requests")).QuerySelectorAll("tbody th a")
            .Select(a => a.GetAttribute("href")!).FirstOrDefault(a => a.Contains(its.Report, StringComparison.Ordinal))) is not null);
        var page = await GetAsync(hotline, address!);
        Assert.Contains("as exact as you can say it", page.QuerySelector("main")!.TextContent, StringComparison.Ordinal);
        var answer = (IHtmlFormElement)page.QuerySelector("form[action$='/answer']")!;
        answer.QuerySelector("input[name=valueUploadTime]")!.SetAttribute("value", "2026-01-01T10:00:00+01:00");
        await PageTests.FollowAsync(hotline, answer);
        var told = await GetAsync(officer, address!);
        Assert.Contains("2026-01-01T10:00:00+01:00", told.QuerySelector("main")!.TextContent, StringComparison.Ordinal);
        var again = (IHtmlFormElement)told.QuerySelector("form[action$='/again']")!;
        again.QuerySelector("textarea")!.TextContent = "and in which zone?";
        Assert.Contains("done=askedAgain", (await PageTests.FollowAsync(officer, again)).ToString(), StringComparison.Ordinal);
        var cannot = (IHtmlFormElement)(await GetAsync(hotline, address!)).QuerySelector("form[action$='/impossible']")!;
        cannot.QuerySelector("textarea")!.TextContent = "the site does not say";
        await PageTests.FollowAsync(hotline, cannot);
        await PageTests.FollowAsync(officer, (IHtmlFormElement)(await GetAsync(officer, address!)).QuerySelector("form[action$='/satisfied']")!);
        Assert.Null((await GetAsync(officer, address!)).QuerySelector("main form"));
    }

    /// <summary>By a form, without script: an urgent referral has its clock until a person says that it was seen, once.</summary>
    [Fact]
    public async Task An_urgent_referral_is_acknowledged_by_a_person()
    {
        var its = await PoliceCase.OpenAsync(node, "ack", urgent: true);
        using var officer = node.ClientOf("otto@police-nl");
        await LiveTests.WaitAsync(async () => (await GetAsync(officer, its.Page)).QuerySelector("form[action$='/acknowledge']") is not null);
        Assert.Contains(
            (await GetAsync(officer, "app/notifications?kind=Urgent")).QuerySelectorAll("tbody th a"), a => a.GetAttribute("href") == $"/{its.Page}");
        var form = (IHtmlFormElement)(await GetAsync(officer, its.Page)).QuerySelector("form[action$='/acknowledge']")!;
        Assert.Contains("done=acknowledged", (await PageTests.FollowAsync(officer, form)).ToString(), StringComparison.Ordinal);
        await PageTests.FollowAsync(officer, form);
        Assert.Null((await GetAsync(officer, its.Page)).QuerySelector("form[action$='/acknowledge']"));
        await LiveTests.WaitAsync(async () => (await GetAsync(officer, "app/notifications?kind=Urgent")).QuerySelectorAll("tbody th a")
            .All(a => a.GetAttribute("href") != $"/{its.Page}"));
    }

    /// <summary>Dialogue lines never close a record (rule R15): an answer, a hold and a question on one item, and each stands and goes on by itself.</summary>
    [Fact]
    public async Task An_answer_a_hold_and_a_question_stand_on_one_item()
    {
        var its = await PoliceCase.OpenAsync(node, "three");
        using var officer = node.ClientOf("otto@police-nl");
        var hold = await HoldAsync(officer, its);
        var ask = (IHtmlFormElement)(await GetAsync(officer, its.Page)).QuerySelector("form[action$='/ask']")!;
        ask.QuerySelector("input[name=field][value=UploadTime]")!.SetAttribute("checked", "");
        await PageTests.FollowAsync(officer, ask);
        var use = (IHtmlFormElement)(await GetAsync(officer, its.Page)).QuerySelector("form[action$='/answer']")!;
        PageTests.Choose(use, "state", "3");
        await PageTests.FollowAsync(officer, use);
        var page = await GetAsync(officer, its.Page);
        Assert.NotNull(page.QuerySelector("form[action$='/answer']"));
        Assert.NotNull(page.QuerySelector("form[action$='/ask']"));
        Assert.NotNull((await GetAsync(officer, hold)).QuerySelector("form[action$='/lift']"));
        using var api = node.ApiOf("police-nl");
        var item = (await PoliceCase.ItemAsync(api, its.Report, 1))!.Value;
        Assert.Equal("Running", item.GetProperty("holds")[0].GetProperty("state").GetString());
        Assert.Equal("Asked", item.GetProperty("requests")[0].GetProperty("state").GetString());
    }

    /// <summary>An American national bureau with a manager, once.</summary>
    internal static async Task BureauAsync(PortalNode node)
    {
        var (gateway, time) = (node.Services.GetRequiredService<IAgencyGateway>(), node.Services.GetRequiredService<TimeProvider>());
        var bureau = AgencyId.Parse("ncb-us");
        await gateway.SendAsync(new RegisterAgency
        {
            Context = CommandContext.OfSystem(Tenant.Live, time.GetUtcNow()), Agency = bureau, Name = "Example bureau US", Kind = AgencyKind.Police,
            Memberships = [new Membership { Country = Domain.CodeLists.Country.Parse("US"), From = DateOnly.FromDateTime(DateTime.UtcNow.AddDays(-1)) }],
        }, default);
        await gateway.SendAsync(
            new SetNationalBureau { Context = CommandContext.OfSystem(Tenant.Live, time.GetUtcNow()), Agency = bureau, IsNationalBureau = true }, default);
        await node.JoinAsync(new("ncb-us", "bea", "Bea Bureau (example)", Roles.Officer | Roles.Manager));
    }

    /// <summary>From each to the next in the inbox's order that nobody has answered, the urgent ones first; never to the same one again.</summary>
    [Fact]
    public async Task One_referral_leads_to_the_next_that_nobody_has_answered()
    {
        var its = await PoliceCase.OpenAsync(node, "next-a");
        await PoliceCase.OpenAsync(node, "next-b");
        using var officer = node.ClientOf("otto@police-nl");
        using var api = node.ApiOf("police-nl");

        // Scores and referrals go on changing while the day is worked on: looked at once more then.
        await LiveTests.WaitAsync(async () =>
        {
            using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri("v1/referrals?maxResults=200&state=Open", UriKind.Relative)));
            var open = answer.RootElement.GetProperty("referrals").EnumerateArray()
                .Select(r => (Id: r.GetProperty("referralId").GetString()!, Urgent: r.GetProperty("urgent").GetBoolean())).ToArray();
            var at = Array.FindIndex(open, r => r.Id == its.Referral);
            var expected = open[0].Urgent ? open[0] : open[(at + 1) % open.Length];
            var led = await PageTests.FollowAsync(officer, (IHtmlFormElement)(await GetAsync(officer, its.Page)).QuerySelector("form[action$='/next']")!);
            Assert.NotEqual($"/{its.Page}", led.ToString());
            return led.ToString() == $"/app/referrals/{expected.Id}";
        });
    }

    [Fact]
    public async Task Many_referrals_are_received_at_once()
    {
        var (one, two) = (await PoliceCase.OpenAsync(node, "bulk-a"), await PoliceCase.OpenAsync(node, "bulk-b", urgent: true));
        using var officer = node.ClientOf("otto@police-nl");
        var page = await GetAsync(officer, "app/inbox?state=open");
        var form = (IHtmlFormElement)page.QuerySelector("form[action='/app/inbox/receive']")!;
        Assert.Contains("done=nothingChosen", (await PageTests.FollowAsync(officer, form)).ToString(), StringComparison.Ordinal);
        (string, string)[] chosen = [("item", one.Referral), ("item", two.Referral)];
        var sent = (IHtmlFormElement)(await GetAsync(officer, "app/inbox?state=open")).QuerySelector("form[action='/app/inbox/receive']")!;
        Assert.Contains("done=received", (await PageTests.FollowAsync(officer, sent, chosen)).ToString(), StringComparison.Ordinal);
        Assert.Contains("done=received", (await PageTests.FollowAsync(officer, sent, chosen)).ToString(), StringComparison.Ordinal);
        await LiveTests.WaitAsync(async () =>
        {
            var rows = (await GetAsync(officer, "app/inbox?state=received")).QuerySelectorAll("tbody tr");
            return chosen.All(c => rows.Any(r => r.QuerySelector("th a")!.GetAttribute("href")!.EndsWith(c.Item2, StringComparison.Ordinal)
                && r.LastElementChild!.TextContent.Trim() == "you"));
        });
    }

    /// <summary>An analyst refers an item of the own work by hand; police of another country then has it, and nobody else.</summary>
    [Fact]
    public async Task A_hotline_refers_by_hand()
    {
        var its = await PoliceCase.OpenAsync(node, "hand");
        using var analyst = node.ClientOf("anna@hotline-nl");
        var form = (IHtmlFormElement)(await GetAsync(analyst, its.Item)).QuerySelector("form[action$='/refer']")!;
        var offered = form.QuerySelectorAll("option").Select(o => o.GetAttribute("value")).ToArray();
        Assert.Equal("police-nl", offered[0]);
        Assert.Equal(["interpol", "police-de", "police-nl"], offered.Intersect(["interpol", "police-de", "police-nl"]).Order(StringComparer.Ordinal));
        ((IHtmlSelectElement)form.QuerySelector("select")!).Value = "police-us";
        await PageTests.FollowAsync(analyst, form);
        using var american = node.ClientOf("police-us");
        await LiveTests.WaitAsync(async () => (await american.GetAsync(new Uri(its.Item, UriKind.Relative))).StatusCode == HttpStatusCode.OK);
        await LiveTests.WaitAsync(async () =>
            (await GetAsync(american, its.Item)).QuerySelector("[aria-labelledby=police] a[href^='/app/referrals/']") is not null);
    }

    /// <summary>What is not there and what is another's are one page, byte for byte.</summary>
    [Fact]
    public async Task To_others_a_referral_and_a_hold_are_absent()
    {
        var its = await PoliceCase.OpenAsync(node, "leak");
        using var officer = node.ClientOf("otto@police-nl");
        var hold = await HoldAsync(officer, its, "a-secret-note");
        foreach (var who in new[] { "olga@police-de", "ines@interpol", "police-us" })
        {
            using var other = node.ClientOf(who);
            Assert.Equal(await AbsentAsync(other, "app/referrals/00000000000000000000000000-r1"), await AbsentAsync(other, its.Page));
            Assert.Equal(await AbsentAsync(other, "app/holds/00000000000000000000000000-h1"), await AbsentAsync(other, hold));
            foreach (var list in new[] { "app/inbox?state=all", "app/holds", "app/holds?state=ended", "app" })
            {
                var html = await other.GetStringAsync(new Uri(list, UriKind.Relative));
                Assert.DoesNotContain(its.Referral, html, StringComparison.Ordinal);
                Assert.DoesNotContain(its.Report, html, StringComparison.Ordinal);
            }
        }

        // A hotline has no inbox; its administrator and the operator have neither.
        using var analyst = node.ClientOf("anna@hotline-nl");
        Assert.Equal(HttpStatusCode.Forbidden, (await analyst.GetAsync(new Uri("app/inbox", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await analyst.GetAsync(new Uri(its.Page, UriKind.Relative))).StatusCode);
        foreach (var who in new[] { "ada@hotline-nl", "oda@operator" })
        {
            using var none = node.ClientOf(who);
            Assert.Equal(HttpStatusCode.Forbidden, (await none.GetAsync(new Uri("app/holds", UriKind.Relative))).StatusCode);
        }

        static async Task<string> AbsentAsync(HttpClient client, string address)
        {
            using var response = await client.GetAsync(new Uri(address, UriKind.Relative));
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            return Values().Replace(await response.Content.ReadAsStringAsync(), "");
        }
    }

    [Theory]
    [InlineData("otto@police-nl", true)]
    [InlineData("anna@hotline-nl", false)]
    public async Task The_start_page_has_the_tiles_of_who_looks(string who, bool police)
    {
        var its = await PoliceCase.OpenAsync(node, "tiles");
        using var officer = node.ClientOf("otto@police-nl");
        await HoldAsync(officer, its);
        using var client = node.ClientOf(who);
        await LiveTests.WaitAsync(async () =>
        {
            var tiles = (await GetAsync(client, "app")).QuerySelectorAll(".figures a").Select(a => (a.GetAttribute("href"), Number(a))).ToArray();
            return tiles.Length == (police ? 5 : 1) && tiles[^1].Item1 == "/app/holds" && tiles[^1].Item2 > 0;
        });
    }

    /// <summary>By the form of the referral's page; the address of the hold's.</summary>
    internal static async Task<string> HoldAsync(HttpClient officer, PoliceCase its, string? note = null)
    {
        // Rows of what was just judged come a moment later.
        await LiveTests.WaitAsync(async () => (await GetAsync(officer, its.Page)).QuerySelectorAll("input[form=hold-form]").Length > 0);
        var page = await GetAsync(officer, its.Page);
        var form = (IHtmlFormElement)page.QuerySelector("#hold-form")!;
        form.QuerySelector("textarea")!.TextContent = note ?? "";
        await PageTests.FollowAsync(
            officer, form, [.. page.QuerySelectorAll("input[form=hold-form]").Select(i => ("item", i.GetAttribute("value")!))]);
        var item = await GetAsync(officer, its.Item);
        var address = item.QuerySelector(".notice.warn a[href^='/app/holds/']")!.GetAttribute("href")![1..];
        await LiveTests.WaitAsync(async () => (await officer.GetAsync(new Uri(address, UriKind.Relative))).StatusCode == HttpStatusCode.OK);
        return address;
    }

    private static string States(IHtmlDocument page) => string.Join(
        ' ', page.QuerySelectorAll("form[action$='/answer'] input[name=state]").Select(i => i.GetAttribute("value")).Order(StringComparer.Ordinal));

    private static int Number(IElement element) =>
        int.Parse(element.TextContent.Replace("\u202F", "", StringComparison.Ordinal).Trim(), System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<IHtmlDocument> GetAsync(HttpClient client, string address) =>
        PageTests.Parse(await client.GetStringAsync(new Uri(address, UriKind.Relative)));

    [GeneratedRegex("value=\"[^\"]*\"")]
    private static partial Regex Values();
}
