using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using CPort.Domain.Access;
using CPort.Domain.Identity;
using CPort.Domain.People;
using CPort.Node.Sample;

namespace CPort.Portal.Tests;

/// <summary>People, agencies, keys and operations: who gets the pages, what they offer, and that a secret is shown once.</summary>
[Collection(nameof(PortalNode))]
public sealed class AdminTests(PortalNode node)
{
    [Theory]
    [InlineData("ada@hotline-nl", "app/admin/people", HttpStatusCode.OK)]
    [InlineData("ada@hotline-nl", "app/admin/people?agency=hotline-nl&stopped=true", HttpStatusCode.OK)]
    [InlineData("ada@hotline-nl", "app/admin/people?agency=hotline-de-a", HttpStatusCode.NotFound)]
    [InlineData("ada@hotline-nl", "app/admin/people/p-0000000000000000", HttpStatusCode.NotFound)]
    [InlineData("ada@hotline-nl", "app/admin/agencies", HttpStatusCode.Forbidden)]
    [InlineData("ada@hotline-nl", "app/admin/agencies/hotline-nl", HttpStatusCode.OK)]
    [InlineData("ada@hotline-nl", "app/admin/agencies/hotline-nl/keys", HttpStatusCode.OK)]
    [InlineData("ada@hotline-nl", "app/admin/agencies/hotline-nl/keys?key=000000000000", HttpStatusCode.NotFound)]
    [InlineData("ada@hotline-nl", "app/admin/agencies/hotline-de-a", HttpStatusCode.NotFound)]
    [InlineData("ada@hotline-nl", "app/admin/agencies/hotline-de-a/keys", HttpStatusCode.NotFound)]
    [InlineData("ada@hotline-nl", "app/admin/agencies/none", HttpStatusCode.NotFound)]
    [InlineData("ada@hotline-nl", "app/operations", HttpStatusCode.Forbidden)]
    [InlineData("ada@hotline-nl", "app/groups", HttpStatusCode.Forbidden)]
    [InlineData("ada@hotline-nl", "app/queues/unassessed", HttpStatusCode.Forbidden)]
    [InlineData("anna@hotline-nl", "app/admin/people", HttpStatusCode.Forbidden)]
    [InlineData("anna@hotline-nl", "app/admin/agencies/hotline-nl", HttpStatusCode.Forbidden)]
    [InlineData("anna@hotline-nl", "app/groups", HttpStatusCode.OK)]
    [InlineData("anna@hotline-nl", "app/groups/00000000000000000000", HttpStatusCode.NotFound)]
    [InlineData("max@hotline-nl", "app/admin/people", HttpStatusCode.OK)]
    [InlineData("max@hotline-nl", "app/admin/agencies/hotline-nl/keys", HttpStatusCode.Forbidden)]
    [InlineData("aukje@hotline-nl", "app/admin/people", HttpStatusCode.Forbidden)]
    [InlineData("otto@police-nl", "app/admin/people", HttpStatusCode.Forbidden)]
    [InlineData("otto@police-nl", "app/groups", HttpStatusCode.OK)]
    [InlineData("ines@interpol", "app/groups", HttpStatusCode.OK)]
    [InlineData("oda@operator", "app/admin/people", HttpStatusCode.OK)]
    [InlineData("oda@operator", "app/admin/people?agency=hotline-nl", HttpStatusCode.OK)]
    [InlineData("oda@operator", "app/admin/agencies", HttpStatusCode.OK)]
    [InlineData("oda@operator", "app/admin/agencies/hotline-nl/keys", HttpStatusCode.OK)]
    [InlineData("oda@operator", "app/operations", HttpStatusCode.OK)]
    [InlineData("oda@operator", "app/groups", HttpStatusCode.Forbidden)]
    public async Task Pages_are_for_those_whose_they_are(string who, string address, HttpStatusCode status)
    {
        using var client = node.ClientOf(who);
        using var response = await client.GetAsync(new Uri(address, UriKind.Relative));
        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public void Nobody_has_more_than_seven_entries_of_navigation()
    {
        foreach (var kind in Enum.GetValues<AgencyKind>())
        {
            var caller = new Caller
            {
                Agency = AgencyId.Parse("some-agency"), Kind = kind, Roles = PeopleRules.RolesAllowed(kind), KeyId = "p", Person = PersonId.New(),
            };
            Assert.InRange(Shell.NavEntry.For(caller).Count(), 0, 7);
        }

        Assert.Equal(Shell.NavEntry.All.Length, Shell.NavEntry.All.Select(e => e.Letter).Distinct().Count());
    }

    [Fact]
    public async Task The_list_of_people_is_the_apis()
    {
        using var client = node.ClientOf("ada@hotline-nl");
        var page = await GetAsync(client, "app/admin/people");
        using var api = node.ApiOf("hotline-nl");
        using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri("v1/people", UriKind.Relative)));
        Assert.Equal(
            answer.RootElement.GetProperty("people").EnumerateArray().Select(p => p.GetProperty("name").GetString()),
            page.QuerySelectorAll("tbody th").Select(h => h.TextContent));
    }

    /// <summary>An operator looks after accounts and not after names (rule R14).</summary>
    [Fact]
    public async Task Operators_see_no_names_of_other_agencies_people()
    {
        using var client = node.ClientOf("oda@operator");
        var page = await GetAsync(client, "app/admin/people?agency=hotline-nl");
        Assert.NotEmpty(page.QuerySelectorAll("tbody tr"));
        Assert.DoesNotContain("(example)", page.QuerySelector("tbody")!.TextContent, StringComparison.Ordinal);
        Assert.Null(page.QuerySelector("form[action='/app/admin/people'][method=post]"));
    }

    [Fact]
    public async Task A_person_is_invited_by_a_link_that_is_shown_once_and_stopped()
    {
        using var client = node.ClientOf("ada@hotline-nl");
        var page = await GetAsync(client, "app/admin/people");
        var form = Form(page, "form[action='/app/admin/people'][method=post]");
        using (var wrong = await PageTests.PostAsync(client, form, ("name", "Nadia New"), ("signInName", "nadia")))
        {
            // No role: what is refused comes back with what was filled in.
            Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
            var again = PageTests.Parse(await wrong.Content.ReadAsStringAsync());
            Assert.NotNull(again.QuerySelector("#errors a[href='#invite']"));
            Assert.Equal("Nadia New", again.QuerySelector("input[name=name]")!.GetAttribute("value"));
            form = Form(again, "form[action='/app/admin/people'][method=post]");
        }

        PageTests.Choose(form, "role", "Analyst");
        Fill(form, ("name", "Nadia New"), ("signInName", "nadia"));
        using var made = await PageTests.PostAsync(client, form);
        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        Assert.True(made.Headers.CacheControl?.NoStore);
        var shown = PageTests.Parse(await made.Content.ReadAsStringAsync());
        var link = new Uri(shown.QuerySelector("input.open")!.GetAttribute("value")!);
        Assert.StartsWith("/signin/enrol/", link.AbsolutePath, StringComparison.Ordinal);
        var address = shown.QuerySelector("p.buttons a")!.GetAttribute("href")![1..];

        // Sent again: the same person, and no link. Nor is it anywhere else.
        using var repeated = await PageTests.PostAsync(client, form);
        var repeat = await repeated.Content.ReadAsStringAsync();
        Assert.DoesNotContain("/signin/enrol/", repeat, StringComparison.Ordinal);
        Assert.Contains(address, repeat, StringComparison.Ordinal);
        Assert.DoesNotContain(link.Segments[^1], await client.GetStringAsync(new Uri(address, UriKind.Relative)), StringComparison.Ordinal);
        using (var nobody = node.ClientOf(null))
        {
            // The secret of the authenticator as a picture: drawn by the page itself, without a style of its own.
            var enrol = await GetAsync(nobody, link.AbsolutePath);
            Assert.StartsWith("M", enrol.QuerySelector("svg.qr path")!.GetAttribute("d"), StringComparison.Ordinal);
            Assert.Empty(enrol.QuerySelectorAll("[style], style, img"));
        }

        // Another unit; then it is over for good, and nothing more is offered.
        page = await GetAsync(client, address);
        Assert.Null(page.QuerySelector("form[action$='/confirm']"));
        Assert.Null(page.QuerySelector("form[action$='/unlock']"));
        Assert.Null(page.QuerySelector("form[action$='/recertify']"));
        var roles = Form(page, "form[action$='/roles']");
        Fill(roles, ("unit", "Night desk"));
        await PageTests.FollowAsync(client, roles);
        page = await GetAsync(client, address);
        Assert.Contains("Night desk", page.QuerySelector(".identity")!.TextContent, StringComparison.Ordinal);
        await PageTests.FollowAsync(client, Form(page, "form[action$='/stop']"));
        page = await GetAsync(client, address);
        Assert.Empty(page.QuerySelectorAll("main form"));
        using var gone = node.ClientOf(null);
        Assert.Equal(HttpStatusCode.NotFound, (await gone.GetAsync(new Uri(link.AbsolutePath, UriKind.Relative))).StatusCode);
    }

    /// <summary>An open browser that somebody else sits down at changes nobody: first the proof, and back to the page.</summary>
    [Fact]
    public async Task What_is_dangerous_needs_a_proof_and_leads_back()
    {
        using var client = node.ClientOf("ada@hotline-nl", proved: false);
        var list = await GetAsync(client, "app/admin/people");
        Assert.NotNull(list.QuerySelector("a[href^='/signin/again?return=']"));
        var anna = list.QuerySelectorAll("tbody th a").First(a => a.TextContent.StartsWith("Anna", StringComparison.Ordinal)).GetAttribute("href")![1..];
        var page = await GetAsync(client, anna);
        foreach (var form in page.QuerySelectorAll("main form").OfType<IHtmlFormElement>())
        {
            var next = await PageTests.FollowAsync(client, form);
            Assert.Equal($"/signin/again?return={Uri.EscapeDataString("/" + anna)}", next.ToString());
        }

        page = await GetAsync(client, anna);
        Assert.NotNull(page.QuerySelector("form[action$='/stop']"));
        var keys = await GetAsync(client, "app/admin/agencies/hotline-nl/keys");
        var issue = Form(keys, "form[action$='/keys']");
        PageTests.Choose(issue, "role", "Analyst");
        Assert.Contains("/signin/again", (await PageTests.FollowAsync(client, issue)).ToString(), StringComparison.Ordinal);
    }

    /// <summary>Nobody is offered more about oneself than to stop; a manager certifies and stops, and gives no roles.</summary>
    [Theory]
    [InlineData("ada@hotline-nl", "Ada", "stop")]
    [InlineData("ada@hotline-nl", "Max", "link reset roles stop")]
    [InlineData("max@hotline-nl", "Anna", "stop")]
    public async Task A_person_page_offers_what_the_rules_allow(string who, string whom, string offered)
    {
        using var client = node.ClientOf(who);
        var list = await GetAsync(client, "app/admin/people");
        var page = await GetAsync(
            client, list.QuerySelectorAll("tbody th a").First(a => a.TextContent.StartsWith(whom, StringComparison.Ordinal)).GetAttribute("href")![1..]);

        // The last administrator is not stopped by the agency, also not by herself; certified today means not again today.
        var forms = page.QuerySelectorAll("main form").Select(f => f.GetAttribute("action")!.Split('/')[^1]).Order();
        Assert.Equal(whom == "Ada" ? "" : offered, string.Join(' ', forms));
    }

    /// <summary>Police of a country with a national bureau see nothing until somebody there has confirmed them, with just these roles.</summary>
    [Fact]
    public async Task A_bureau_confirms_its_countrys_police_on_their_page()
    {
        using var api = node.ApiOfOperator();
        foreach (var agency in new[] { "police-is", "bureau-is" })
        {
            using var made = await api.PostAsJsonAsync("v1/agencies", new { id = agency, name = agency, kind = "Police", countries = new[] { "IS" } });
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        }

        using (var bureau = await api.PatchAsJsonAsync("v1/agencies/bureau-is", new { isNationalBureau = true }))
        {
            Assert.Equal(HttpStatusCode.OK, bureau.StatusCode);
        }

        foreach (var (agency, name) in new[] { ("police-is", "olafur"), ("bureau-is", "birna") })
        {
            await node.JoinAsync(new SamplePerson(agency, name, name + " (example)", Roles.Officer | (name == "birna" ? Roles.Manager : Roles.None)));
        }

        using var olafur = node.ClientOf("olafur@police-is");
        using var birna = node.ClientOf("birna@bureau-is");
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(olafur, "app/search"));
        var list = await GetAsync(birna, "app/admin/people?agency=police-is");
        var address = list.QuerySelectorAll("tbody th a").Single().GetAttribute("href")![1..];
        await PageTests.FollowAsync(birna, Form(await GetAsync(birna, address), "form[action$='/confirm']"));
        Assert.Null((await GetAsync(birna, address)).QuerySelector("form[action$='/confirm']"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(olafur, "app/search"));

        static async Task<HttpStatusCode> StatusAsync(HttpClient client, string page)
        {
            using var response = await client.GetAsync(new Uri(page, UriKind.Relative));
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task A_key_is_shown_once_waits_for_an_operator_and_is_revoked()
    {
        using var ada = node.ClientOf("ada@hotline-nl");
        using var oda = node.ClientOf("oda@operator");
        var form = Form(await GetAsync(ada, "app/admin/agencies/hotline-nl/keys"), "form[action$='/keys']");
        PageTests.Choose(form, "role", "Analyst");
        using var made = await PageTests.PostAsync(ada, form);
        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        var shown = PageTests.Parse(await made.Content.ReadAsStringAsync());
        var key = shown.QuerySelector("input.open")!.GetAttribute("value")!;
        var address = shown.QuerySelector("p.buttons a")!.GetAttribute("href")![1..];
        var secret = key[^43..];
        using (var repeated = await PageTests.PostAsync(ada, form))
        {
            var html = await repeated.Content.ReadAsStringAsync();
            Assert.DoesNotContain("cport_", html, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, html, StringComparison.Ordinal);
        }

        // Who had it made does not approve it; it does not work yet.
        var page = await GetAsync(ada, address);
        Assert.DoesNotContain(secret, page.Source.Text, StringComparison.Ordinal);
        Assert.Null(page.QuerySelector("form[action$='/approve']"));
        Assert.Contains("waits for approval", page.QuerySelector("tr.at")!.TextContent, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(key));

        // An operator makes no key here, and agrees to this one.
        page = await GetAsync(oda, address);
        Assert.Null(page.QuerySelector("form[action$='/rotate']"));
        Assert.Null((await GetAsync(oda, "app/admin/agencies/hotline-nl/keys")).QuerySelector("main form"));
        await PageTests.FollowAsync(oda, Form(page, "form[action$='/approve']"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(key));

        // Only from other networks now: it is refused; from everywhere again it is once an operator has agreed.
        Assert.Contains("anywhere", (await GetAsync(ada, address)).QuerySelector("tr.at")!.TextContent, StringComparison.Ordinal);
        form = Form(await GetAsync(ada, address), "form[action$='/networks']");
        ((IHtmlTextAreaElement)form.QuerySelector("textarea[name=networks]")!).Value = "192.0.2.1/24";
        using (var wrong = await PageTests.PostAsync(ada, form))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        }

        form = Form(await GetAsync(ada, address), "form[action$='/networks']");
        ((IHtmlTextAreaElement)form.QuerySelector("textarea[name=networks]")!).Value = "192.0.2.0/24\r\n2001:db8::/32";
        await PageTests.FollowAsync(ada, form);
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(key));
        page = await GetAsync(ada, address);
        Assert.Contains("192.0.2.0/24 2001:db8::/32", page.QuerySelector("tr.at")!.TextContent, StringComparison.Ordinal);
        form = Form(page, "form[action$='/networks']");
        ((IHtmlTextAreaElement)form.QuerySelector("textarea[name=networks]")!).Value = "";
        await PageTests.FollowAsync(ada, form);
        Assert.Null((await GetAsync(ada, address)).QuerySelector("form[action$='/networksagree']"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(key));
        await PageTests.FollowAsync(oda, Form(await GetAsync(oda, address), "form[action$='/networksagree']"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(key));

        // Its use is seen, within minutes; then another takes its place, and both are ended.
        for (var i = 0; i < 50 && (page = await GetAsync(ada, address)).QuerySelector("tr.at time") is null; i++)
        {
            await Task.Delay(100);
        }

        Assert.NotNull(page.QuerySelector("tr.at time"));
        using var rotated = await PageTests.PostAsync(ada, Form(page, "form[action$='/rotate']"));
        var next = PageTests.Parse(await rotated.Content.ReadAsStringAsync()).QuerySelector("p.buttons a")!.GetAttribute("href")![1..];
        Assert.NotEqual(address, next);
        foreach (var one in new[] { address, next })
        {
            await PageTests.FollowAsync(ada, Form(await GetAsync(ada, one), "form[action$='/revoke']"));
            Assert.Empty((await GetAsync(ada, one)).QuerySelectorAll("main form"));
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(key));

        async Task<HttpStatusCode> AskAsync(string with)
        {
            using var client = node.ClientOf(null);
            client.DefaultRequestHeaders.Add("X-Api-Key", with);
            using var response = await client.GetAsync(new Uri("v1/queues", UriKind.Relative));
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task What_a_witness_of_the_audit_log_has_seen_is_said_on_its_page()
    {
        using var auditor = node.ClientOf("max@hotline-nl");
        var page = await GetAsync(auditor, "app/audit");
        for (var i = 0; i < 300 && !page.QuerySelector("#witnesses")!.TextContent.Contains("no answer", StringComparison.Ordinal); i++)
        {
            await Task.Delay(200);
            page = await GetAsync(auditor, "app/audit");
        }

        Assert.Contains("Seen by 0 of 1 witnesses", page.QuerySelector("#witnesses summary")!.TextContent, StringComparison.Ordinal);
        Assert.Equal("witness.example/w1", page.QuerySelector("#witnesses tbody th")!.TextContent);
        Assert.Contains("no answer", page.QuerySelector("#witnesses tbody tr")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agencies_are_the_apis()
    {
        using var client = node.ClientOf("oda@operator");
        var page = await GetAsync(client, "app/admin/agencies");
        using var api = node.ApiOf("operator");
        using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri("v1/agencies", UriKind.Relative)));
        Assert.Equal(
            answer.RootElement.GetProperty("agencies").EnumerateArray().Select(a => a.GetProperty("id").GetString()),
            page.QuerySelectorAll("div[aria-labelledby=all] tbody td.code").Select(c => c.TextContent));
    }

    [Fact]
    public async Task Operations_show_nodes_and_nothing_of_reports()
    {
        using var client = node.ClientOf("oda@operator");
        var page = await GetAsync(client, "app/operations");
        Assert.Contains("up", page.QuerySelector("div[aria-labelledby=nodes] tbody")!.TextContent, StringComparison.Ordinal);
        Assert.NotEmpty(page.QuerySelectorAll("div[aria-labelledby=regions] tbody tr"));
        Assert.NotEmpty(page.QuerySelectorAll("div[aria-labelledby=readmodel] tbody tr"));
        Assert.NotEmpty(page.QuerySelectorAll("div[aria-labelledby=ring] tbody tr"));
        Assert.DoesNotContain("://", page.QuerySelector("main")!.TextContent.Replace("akka.alone://", "", StringComparison.Ordinal), StringComparison.Ordinal);
        using var done = await PageTests.PostAsync(client, Form(page, "form[action$='/reconcile']"));
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        Assert.Contains("Compared.", PageTests.Parse(await done.Content.ReadAsStringAsync()).QuerySelector(".notice")!.TextContent, StringComparison.Ordinal);
    }

    private static async Task<IHtmlDocument> GetAsync(HttpClient client, string address) =>
        PageTests.Parse(await client.GetStringAsync(new Uri(address, UriKind.Relative)));

    private static IHtmlFormElement Form(IHtmlDocument page, string selector) => Assert.IsAssignableFrom<IHtmlFormElement>(page.QuerySelector(selector));

    private static void Fill(IHtmlFormElement form, params (string Name, string Value)[] fields)
    {
        foreach (var (name, value) in fields)
        {
            form.QuerySelector($"input[name={name}]")!.SetAttribute("value", value);
        }
    }
}
