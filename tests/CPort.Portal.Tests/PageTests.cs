using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using CPort.Api.Answers;
using CPort.Api.Security;
using CPort.Node.Commands;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Portal.Tests;

/// <summary>What holds for every page, whoever opens it: the pages come from the list of endpoints, so a new one without a row here fails.</summary>
[Collection(nameof(PortalNode))]
public sealed partial class PageTests(PortalNode node)
{
    /// <summary>An address of every page that is opened by GET, for its pattern; null: what is there depends on the day, and its tests are elsewhere.</summary>
    private static readonly Dictionary<string, string?> Addresses = new()
    {
        ["/app"] = "app", ["/app/queues"] = "app/queues", ["/app/queues/{name}"] = "app/queues/unassessed",
        ["/app/reports/{id}"] = null, ["/app/reports/{id}/items/{item:int}"] = null, ["/app/{**rest}"] = "app/nothing/here",
        ["/app/search"] = "app/search", ["/app/search/{id}"] = null, ["/app/go"] = null, ["/app/selections/{id}"] = null, ["/app/audit"] = "app/audit",
        ["/app/audit/entries/{id}"] = null, ["/app/audit/entries/{id}/proof"] = null, ["/app/live"] = null, ["/app/here"] = null, ["/app/break"] = "app/break",
        ["/app/notifications"] = "app/notifications", ["/app/rejections"] = "app/rejections",
        ["/app/requests"] = "app/requests", ["/app/requests/{id}"] = null, ["/app/rules"] = "app/rules", ["/app/rules/{id}"] = null,
        ["/app/groups"] = "app/groups", ["/app/groups/{id}"] = null, ["/app/admin/people"] = "app/admin/people", ["/app/admin/people/{id}"] = null,
        ["/app/admin/agencies"] = "app/admin/agencies", ["/app/admin/agencies/{agency}"] = "app/admin/agencies/hotline-nl",
        ["/app/admin/agencies/{agency}/keys"] = "app/admin/agencies/hotline-nl/keys", ["/app/operations"] = "app/operations",
        ["/app/inbox"] = "app/inbox", ["/app/referrals/{id}"] = null, ["/app/holds"] = "app/holds", ["/app/holds/{id}"] = null,
        ["/app/admin/webhooks"] = "app/admin/webhooks", ["/app/second"] = "app/second", ["/app/icse"] = "app/icse", ["/app/icse/packages/{id}"] = null,
        ["/app/iwol"] = "app/iwol", ["/app/iwol/list"] = "app/iwol/list", ["/app/iwol/{id}"] = null,

        // Signing in: the tests' people have no sessions of their own (SignInTests).
        ["/signin"] = null, ["/signin/enrol/{link}"] = null, ["/signin/purpose"] = null, ["/signin/again"] = null, ["/signin/oidc/{agency}"] = null,
        ["/signin/second"] = null,
        ["/app/settings"] = "app/settings", ["/help"] = "help",
        ["/accessibility"] = "accessibility", ["/privacy"] = "privacy", ["/app/statistics"] = "app/statistics",
    };

    public static TheoryData<string, string> Pages
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var who in new[] { "hotline-nl", "hotline-de-a", "police-nl", "interpol", "ada@hotline-nl", "oda@operator" })
            {
                foreach (var address in Addresses.Values.OfType<string>())
                {
                    data.Add(who, address);
                }
            }

            return data;
        }
    }

    [Fact]
    public void Every_page_is_tested()
    {
        var patterns = node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<PageMetadata>() is not null
                && e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("POST") != true)
            .Select(e => e.RoutePattern.RawText!).Distinct();
        Assert.Empty(patterns.Except(Addresses.Keys));
    }

    /// <summary>Paths stand in logs, in histories of browsers and in proxies: nothing of a report may stand in one.</summary>
    [Fact]
    public void No_path_has_a_free_text()
    {
        // A link is a secret that works once, and is a person's who has no session yet.
        string[] known = ["name", "id", "item", "rest", "agency", "link"];
        foreach (var endpoint in node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<PageMetadata>() is not null))
        {
            Assert.All(endpoint.RoutePattern.Parameters, p => Assert.Contains(p.Name, known));
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_page_is_whole(string who, string address)
    {
        using var client = node.ClientOf(who);
        using var response = await client.GetAsync(new Uri(address, UriKind.Relative));
        Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound or HttpStatusCode.Forbidden, $"{response.StatusCode}");
        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("require-trusted-types-for 'script'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.True(response.Headers.CacheControl?.NoStore);
        Assert.Equal("same-origin", response.Headers.GetValues("Cross-Origin-Opener-Policy").Single());
        Assert.Empty(response.Content.Headers.ContentEncoding);
        var html = await response.Content.ReadAsStringAsync();
        Assert.True(html.Length < 60_000, $"{html.Length} bytes.");
        IsWhole(Parse(html));
    }

    public static TheoryData<string> Callers => ["hotline-nl", "hotline-jp", "police-nl", "interpol", "operator"];

    /// <summary>
    /// Page by role: each page of the list of endpoints opens for whom the access table says, and for nobody else; those of a report or an item too, and there
    /// what is absent and what is denied are one.
    /// </summary>
    [Theory]
    [MemberData(nameof(Callers))]
    public async Task A_page_opens_for_whom_the_table_says(string who)
    {
        using var client = node.ClientOf(who);
        var caller = await CallerAsync(who);
        var item = await ItemAsync();
        foreach (var endpoint in node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<PageMetadata>() is not null
                && e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("GET") == true))
        {
            var pattern = endpoint.RoutePattern.RawText!;
            var address = pattern switch
            {
                "/app/reports/{id}" => item[..item.IndexOf("/items", StringComparison.Ordinal)],
                "/app/reports/{id}/items/{item:int}" => item,
                _ when !pattern.StartsWith("/app", StringComparison.Ordinal) => null,
                _ when pattern.Contains('{', StringComparison.Ordinal) => pattern.Replace("{id}", "00000000000000000000000000", StringComparison.Ordinal)
                    .Replace("{name}", "unassessed", StringComparison.Ordinal).Replace("{item:int}", "1", StringComparison.Ordinal)
                    .Replace("{**rest}", "no/where", StringComparison.Ordinal),
                _ => pattern,
            };
            if (address is null || address.Contains('{', StringComparison.Ordinal) || pattern is "/app/live" or "/app/settings" or "/app/here")
            {
                // The live stream has its own tests; settings are those of a person who is signed in (SignInTests).
                continue;
            }

            var may = endpoint.Metadata.GetOrderedMetadata<NeededDeed>().All(n => Domain.Access.AccessTable.May(caller, n.Deed));
            using var answer = await client.GetAsync(new Uri(address, UriKind.Relative));
            Assert.True(
                may ? answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound or HttpStatusCode.SeeOther
                    : answer.StatusCode == HttpStatusCode.Forbidden,
                $"{who}, {pattern}: {answer.StatusCode}, and the table says {may}.");
            if (answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Forbidden)
            {
                var page = Parse(await answer.Content.ReadAsStringAsync());
                IsWhole(page);

                // The navigation names no page that would not open.
                foreach (var link in page.QuerySelectorAll("nav.side a"))
                {
                    using var there = await client.GetAsync(new Uri(link.GetAttribute("href")!, UriKind.Relative));
                    Assert.True(there.StatusCode == HttpStatusCode.OK, $"{who}, {link.GetAttribute("href")}: {there.StatusCode}");
                }
            }
        }

        async Task<string> ItemAsync()
        {
            using var dutch = node.ClientOf("hotline-nl");
            return Parse(await dutch.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative))).QuerySelector("tbody th a")!.GetAttribute("href")!;
        }
    }

    /// <summary>
    /// Fifty draws of a caller and a page, by a seed: queues, their lengths, reports, items and statistics show what the API answers the same caller.
    /// </summary>
    [Fact]
    public async Task Pages_and_API_say_the_same_to_fifty_callers()
    {
        var random = new Random(20260104);
        var agencies = JsonSerializer.Deserialize<Dictionary<string, string>>(
            await File.ReadAllTextAsync(Path.Combine(node.Folder, DemoCommand.KeysFile)))!.Keys.Order(StringComparer.Ordinal).ToArray();
        var reports = new List<string>();
        foreach (var agency in new[] { "hotline-nl", "hotline-gb", "hotline-us", "interpol" })
        {
            using var api = node.ApiOf(agency);
            using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri("v1/queues/unactioned?maxResults=20", UriKind.Relative)));
            reports.AddRange(answer.RootElement.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("reportId").GetString()!));
        }

        string[] queues = [.. Domain.Queues.WorkQueue.All.Select(q => q.Name)];
        string[] filters = ["", "", "&urgent=true", "&classification=National,Baseline", "&hostingCountry=NL,GB&siteType=Website"];
        var shown = 0;
        for (var draw = 0; draw < 50; draw++)
        {
            var agency = agencies[random.Next(agencies.Length)];
            using var client = node.ClientOf(agency);
            using var api = node.ApiOf(agency);
            var (queue, order, report) = (queues[random.Next(queues.Length)], random.Next(2) == 0 ? "oldest" : "priority", reports[random.Next(reports.Count)]);
            var filter = filters[random.Next(filters.Length)];
            using var list = await JsonAsync(api, $"v1/queues/{queue}?maxResults=50&order={order}{filter}");
            var page = Parse(await client.GetStringAsync(new Uri($"app/queues/{queue}?order={order}{filter}", UriKind.Relative)));
            var rows = list!.RootElement.GetProperty("items").EnumerateArray().ToArray();
            shown += rows.Length;
            Assert.Equal(
                rows.Select(i => $"/app/reports/{i.GetProperty("reportId").GetString()}/items/{i.GetProperty("item").GetInt32()}"),
                page.QuerySelectorAll("tbody th a").Select(a => a.GetAttribute("href")));
            Assert.Equal(
                rows.Select(i => i.TryGetProperty("hostingCountryCode", out var c) ? c.GetString() : "–"),
                page.QuerySelectorAll("tbody tr").Select(r => (r.QuerySelector("abbr")?.TextContent ?? "–").Trim()));

            using var lengths = await JsonAsync(api, "v1/queues");
            var overview = Parse(await client.GetStringAsync(new Uri("app/queues", UriKind.Relative)));
            Assert.Equal(
                lengths!.RootElement.GetProperty("queues").EnumerateArray().Select(q => q.GetProperty("count").GetInt64()),
                overview.QuerySelectorAll("tbody tr").Select(r => r.QuerySelectorAll("td")[0].TextContent.Replace("\u202F", "", StringComparison.Ordinal))
                    .Select(n => long.Parse(n, System.Globalization.CultureInfo.InvariantCulture)));

            using var whole = await JsonAsync(api, $"v1/reports/{report}");
            using var answer = await client.GetAsync(new Uri($"app/reports/{report}", UriKind.Relative));
            Assert.Equal(whole is null ? HttpStatusCode.NotFound : HttpStatusCode.OK, answer.StatusCode);
            if (whole is not null)
            {
                var drawn = Parse(await answer.Content.ReadAsStringAsync());
                var items = whole.RootElement.GetProperty("items").EnumerateArray().ToArray();
                Assert.Equal(
                    items.Select(i => $"/app/reports/{report}/items/{i.GetProperty("item").GetInt32()}"),
                    drawn.QuerySelectorAll("tbody th a").Select(a => a.GetAttribute("href")));

                // A URL that the API does not tell is not there even closed.
                Assert.Equal(
                    items.Select(i => i.TryGetProperty("urlString", out var u) && u.ValueKind == JsonValueKind.String),
                    drawn.QuerySelectorAll("tbody tr").Select(r => r.QuerySelector("td.code")!.TextContent.Trim() != "–"));
                using var history = await JsonAsync(api, $"v1/reports/{report}/history?maxResults=200");
                Assert.Equal(
                    history is null ? 0 : history.RootElement.EnumerateObject().First(p => p.Value.ValueKind == JsonValueKind.Array).Value.GetArrayLength(),
                    drawn.QuerySelectorAll(".timeline li").Length);
            }
        }

        Assert.True(shown > 100, $"{shown}");
    }

    /// <summary>Whom the tests' sessions make of an agency.</summary>
    private async Task<Domain.Access.Caller> CallerAsync(string who)
    {
        var key = who == "operator" ? (await File.ReadAllTextAsync(Path.Combine(node.Folder, "operator.key"))).Trim()
            : JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(Path.Combine(node.Folder, DemoCommand.KeysFile)))![who];
        return ((Domain.Agencies.Authentication.Accepted)node.Services.GetRequiredService<Actors.Agencies.AgencyDirectoryFeed>()
            .Authenticate(key, DateTimeOffset.UtcNow, "NL-2026-0144")).Caller;
    }

    [Fact]
    public async Task Nobody_without_a_session_gets_a_page()
    {
        foreach (var address in Addresses.Values.OfType<string>().Where(a => a.StartsWith("app", StringComparison.Ordinal)))
        {
            using var client = node.ClientOf(null);
            using var response = await client.GetAsync(new Uri(address, UriKind.Relative));
            Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
            Assert.StartsWith("/signin?return=", response.Headers.Location!.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Pages_take_no_key_and_the_api_takes_no_cookie()
    {
        var key = JsonSerializer.Deserialize<Dictionary<string, string>>(
            await File.ReadAllTextAsync(Path.Combine(node.Folder, DemoCommand.KeysFile)))!["hotline-nl"];
        using var withKey = node.ClientOf(null);
        withKey.DefaultRequestHeaders.Add("X-Api-Key", key);
        using var page = await withKey.GetAsync(new Uri("app", UriKind.Relative));
        Assert.Equal(HttpStatusCode.SeeOther, page.StatusCode);
        using var api = await withKey.GetAsync(new Uri("v1/queues", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, api.StatusCode);
        using var withCookie = node.ClientOf("hotline-nl");
        using var refused = await withCookie.GetAsync(new Uri("v1/queues", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task What_is_absent_and_what_is_not_for_this_person_is_the_same_page()
    {
        using var dutch = node.ClientOf("hotline-nl");
        using var japanese = node.ClientOf("hotline-jp");
        var row = Parse(await dutch.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative))).QuerySelector("tbody th a")!;
        var denied = await PageAsync(japanese, row.GetAttribute("href")![1..]);
        var absent = await PageAsync(japanese, "app/reports/00000000000000000000000000/items/1");
        Assert.Equal(Bare(absent), Bare(denied));

        async Task<string> PageAsync(HttpClient client, string address)
        {
            using var response = await client.GetAsync(new Uri(address, UriKind.Relative));
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            return await response.Content.ReadAsStringAsync();
        }

        // A token and the name of a command are of one page only.
        static string Bare(string html) => Values().Replace(html, "");
    }

    /// <summary>Pages show what the API answers, row by row, and nothing of a closed URL stands in their source.</summary>
    [Theory]
    [InlineData("hotline-nl", "unassessed")]
    [InlineData("hotline-nl", "unactioned")]
    [InlineData("hotline-gb", "orphaned")]
    [InlineData("hotline-de-a", "unassigned-to-hotline")]
    public async Task A_queue_shows_the_rows_of_the_api(string who, string queue)
    {
        using var client = node.ClientOf(who);
        var page = Parse(await client.GetStringAsync(new Uri($"app/queues/{queue}", UriKind.Relative)));
        using var api = node.ApiOf(who);
        using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri($"v1/queues/{queue}?maxResults=50", UriKind.Relative)));
        var expected = answer.RootElement.GetProperty("items").EnumerateArray()
            .Select(i => $"/app/reports/{i.GetProperty("reportId").GetString()}/items/{i.GetProperty("item").GetInt32()}").ToArray();
        Assert.Equal(expected, page.QuerySelectorAll("tbody th a").Select(a => a.GetAttribute("href")));
        Assert.NotEmpty(expected);
    }

    [Fact]
    public async Task A_closed_url_is_not_in_the_page_and_opening_it_is_a_post()
    {
        using var client = node.ClientOf("hotline-nl");
        var address = Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative))).QuerySelector("tbody th a")!
            .GetAttribute("href")![1..];
        var html = await client.GetStringAsync(new Uri(address, UriKind.Relative));
        using var api = node.ApiOf("hotline-nl");
        using var item = JsonDocument.Parse(await api.GetStringAsync(new Uri(address.Replace("app/", "v1/", StringComparison.Ordinal), UriKind.Relative)));
        var url = item.RootElement.GetProperty("urlString").GetString()!;
        Assert.DoesNotContain(url, html, StringComparison.Ordinal);
        Assert.DoesNotContain(new Uri(url).Host, html, StringComparison.Ordinal);
        Assert.DoesNotContain(new Uri(url).AbsolutePath, html, StringComparison.Ordinal);

        var page = Parse(html);
        IsWhole(page);
        using var opened = await PostAsync(client, (IHtmlFormElement)page.QuerySelector("form[action$=reveal]")!);
        var open = await opened.Content.ReadAsStringAsync();
        Assert.Contains(WebUtility.HtmlEncode(Parts.UrlMask.Defanged(url)), open, StringComparison.Ordinal);
        Assert.Equal($"60; url=/{address}", opened.Headers.GetValues("Refresh").Single());
        Assert.DoesNotContain(WebUtility.HtmlEncode(url), open, StringComparison.Ordinal);
        IsWhole(Parse(open));

        // As it is only by a second look of its own.
        using var exact = await PostAsync(client, (IHtmlFormElement)Parse(open).QuerySelector("form[action$=exact]")!);
        var whole = await exact.Content.ReadAsStringAsync();
        Assert.Contains(WebUtility.HtmlEncode(url), whole, StringComparison.Ordinal);
        Assert.DoesNotContain($"href=\"{url}", whole, StringComparison.Ordinal);
        Assert.Equal($"60; url=/{address}", exact.Headers.GetValues("Refresh").Single());
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://elsewhere.example")]
    public async Task A_form_of_another_page_does_nothing(string header, string value)
    {
        using var client = node.ClientOf("hotline-nl");
        var page = Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        using var answer = await PostAsync(client, (IHtmlFormElement)page.QuerySelector("form.bar")!, (header, value));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task A_form_without_its_token_does_nothing()
    {
        using var client = node.ClientOf("hotline-nl");
        var page = Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        var form = (IHtmlFormElement)page.QuerySelector("form.bar")!;
        form.QuerySelector("input[name=token]")!.SetAttribute("value", "of-another-session");
        using var answer = await PostAsync(client, form);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    /// <summary>Without script: the first of a queue, an assessment, the next one; the same form twice is one assessment.</summary>
    [Fact]
    public async Task An_analyst_works_a_queue_by_forms_alone()
    {
        using var client = node.ClientOf("hotline-gb");
        var queue = Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        var address = await FollowAsync(client, (IHtmlFormElement)queue.QuerySelector("form.bar")!);
        for (var i = 0; i < 3; i++)
        {
            var page = Parse(await client.GetStringAsync(address));
            Assert.Contains("you, until", page.QuerySelector(".identity")!.TextContent, StringComparison.Ordinal);
            var form = (IHtmlFormElement)page.QuerySelector("form[action$=assess]")!;

            // Nothing chosen: the same page, what is wrong, and the place of it.
            using var refused = await PostAsync(client, form);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            var again = Parse(await refused.Content.ReadAsStringAsync());
            Assert.Equal("#decide", again.QuerySelector("#errors a")!.GetAttribute("href"));
            Assert.StartsWith("Error: ", again.Title, StringComparison.Ordinal);

            Choose(form, "class", "2");
            Choose(form, "age", "3");
            Choose(form, "gender", "2");
            var next = await FollowAsync(client, form, ("then", "next"));
            Assert.NotEqual(address, next);
            Assert.Equal(next.ToString().Split('?')[0], (await FollowAsync(client, form, ("then", "next"))).ToString().Split('?')[0]);
            using var api = node.ApiOf("hotline-gb");
            using var item = JsonDocument.Parse(await api.GetStringAsync(new Uri(
                address.ToString().Split('?')[0].Replace("/app/", "/v1/", StringComparison.Ordinal), UriKind.Relative)));
            Assert.Equal(1, item.RootElement.GetProperty("assessments").EnumerateArray().Count(a =>
                a.GetProperty("agency").GetString() == "hotline-gb" && a.GetProperty("episode").GetInt32() > 0));
            address = next;
        }
    }

    /// <summary>Who goes through a part of a queue goes on in that part, and a filter that is none is said to be so.</summary>
    [Fact]
    public async Task A_narrowed_queue_stays_so_from_item_to_item()
    {
        using var client = node.ClientOf("hotline-nl");
        using var api = node.ApiOf("hotline-nl");
        using var whole = await JsonAsync(api, "v1/queues/unactioned?maxResults=200&order=priority&classification=National");
        var fitting = whole!.RootElement.GetProperty("items").EnumerateArray().ToArray();
        Assert.All(fitting, i => Assert.Equal("National", i.GetProperty("classification").GetProperty("name").GetString()));
        var page = Parse(await client.GetStringAsync(new Uri("app/queues/unactioned?order=priority&classification=National", UriKind.Relative)));
        Assert.Equal("National", page.QuerySelector("form.narrow option[value=National][selected]")?.GetAttribute("value"));
        Assert.StartsWith($"{fitting.Length} fit", page.QuerySelector("form.narrow strong")!.TextContent, StringComparison.Ordinal);
        Assert.Contains(page.QuerySelectorAll(".chosen button"), b => b.TextContent.Trim() == $"Choose all {fitting.Length}");

        var item = await FollowAsync(client, (IHtmlFormElement)page.QuerySelector("form.bar")!);
        Assert.Contains(fitting, i => item.ToString().Contains($"/{i.GetProperty("reportId").GetString()}/items/{i.GetProperty("item").GetInt32()}?",
            StringComparison.Ordinal));
        var opened = Parse(await client.GetStringAsync(item));
        Assert.Contains(opened.QuerySelectorAll("nav a"), a => a.GetAttribute("href") == "/app/queues/unactioned?order=priority&classification=National");
        var choice = (IHtmlFormElement)page.QuerySelector("form.rowsof")!;
        choice.Action = "/app/selections";
        var selection = await FollowAsync(client, choice, ("which", "all"));
        Assert.Equal(
            Math.Min(50, fitting.Length),
            Parse(await client.GetStringAsync(selection)).QuerySelectorAll("table.rows tbody tr").Length);

        foreach (var wrong in new[] { "classification=Worst", "hostingCountry=Atlantis", "siteType=9999", "urgent=perhaps" })
        {
            using var refused = await client.GetAsync(new Uri($"app/queues/unactioned?{wrong}", UriKind.Relative));
            using var problem = await api.GetAsync(new Uri($"v1/queues/unactioned?{wrong}", UriKind.Relative));
            Assert.Equal((HttpStatusCode.UnprocessableEntity, HttpStatusCode.UnprocessableEntity), (refused.StatusCode, problem.StatusCode));
            Assert.Contains($"\"field\":\"{wrong.Split('=')[0]}\"", await problem.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    /// <summary>Somebody else was faster: the page says so, keeps what was chosen, and saves it when asked again.</summary>
    [Fact]
    public async Task What_changed_meanwhile_is_told_and_nothing_is_lost()
    {
        using var client = node.ClientOf("hotline-nl");
        var queue = Parse(await client.GetStringAsync(new Uri("app/queues/unassessed?order=priority", UriKind.Relative)));
        var address = await FollowAsync(client, (IHtmlFormElement)queue.QuerySelector("form.bar")!);
        var page = Parse(await client.GetStringAsync(address));
        var note = (IHtmlFormElement)page.QuerySelector("form[action$=memo]")!;
        var form = (IHtmlFormElement)page.QuerySelector("form[action$=assess]")!;
        note.QuerySelector("textarea")!.TextContent = "seen by another";
        await FollowAsync(client, note);
        Choose(form, "class", "2");
        using var refused = await PostAsync(client, form);
        if (refused.StatusCode == HttpStatusCode.SeeOther)
        {
            // A note changes no item's version.
            return;
        }

        Assert.Equal(HttpStatusCode.PreconditionFailed, refused.StatusCode);
        var again = Parse(await refused.Content.ReadAsStringAsync());
        Assert.NotNull(again.QuerySelector("input[name=class][value='2'][checked]"));
        await FollowAsync(client, (IHtmlFormElement)again.QuerySelector("form[action$=assess]")!);
    }

    [Fact]
    public void The_files_keep_their_budgets()
    {
        Assert.InRange(Assets.AssetEndpoints.LengthOf("portal.css"), 1, 25_000);
        Assert.InRange(Assets.AssetEndpoints.LengthOf("portal.js"), 1, 15_000);
    }

    private static void IsWhole(IHtmlDocument page)
    {
        Assert.EndsWith("– CPort", page.Title, StringComparison.Ordinal);
        Assert.Single(page.QuerySelectorAll("h1"));
        Assert.Single(page.QuerySelectorAll("main"));
        Assert.Single(page.QuerySelectorAll("nav[aria-label='Main']"));
        Assert.False(string.IsNullOrEmpty(page.DocumentElement.GetAttribute("lang")));
        Assert.Empty(page.QuerySelectorAll("[style], style, script:not([src]), [onclick], [onload], iframe, object, embed"));
        Assert.All(page.QuerySelectorAll("[src], link[href]"), e =>
            Assert.StartsWith("/assets/", e.GetAttribute("src") ?? e.GetAttribute("href")!, StringComparison.Ordinal));
        Assert.All(page.QuerySelectorAll("form[method=post]"), f =>
        {
            Assert.NotNull(f.QuerySelector("input[name=token]"));
            Assert.NotNull(f.QuerySelector("input[name=command]"));
            Assert.NotNull(f.QuerySelector("button"));
        });
        Assert.All(page.QuerySelectorAll("table"), t => Assert.False(string.IsNullOrWhiteSpace(t.QuerySelector("caption")?.TextContent)));
        Assert.All(page.QuerySelectorAll("tbody tr"), r => Assert.NotNull(r.QuerySelector("th[scope=row]")));
        var ids = page.QuerySelectorAll("[id]").Select(e => e.Id!).ToArray();
        Assert.Equal(ids.Distinct(), ids);

        // Who goes from region to region by ear must be able to tell them apart.
        var regions = page.QuerySelectorAll("section[aria-labelledby], section[aria-label], [role=region], nav, aside, form[aria-label], form[aria-labelledby]")
            .Select(e => (e.GetAttribute("aria-label") ?? page.GetElementById(e.GetAttribute("aria-labelledby") ?? "")?.TextContent ?? "").Trim()).ToArray();
        Assert.Equal(regions.Distinct(), regions);
        Assert.All(page.QuerySelectorAll("[data-key]").GroupBy(e => e.GetAttribute("data-key")), k => Assert.Single(k));
        Assert.All(page.QuerySelectorAll("[data-key]"), e => Assert.Equal(e.GetAttribute("data-key"), e.GetAttribute("aria-keyshortcuts")));
    }

    internal static IHtmlDocument Parse(string html) => new HtmlParser().ParseDocument(html);

    internal static void Choose(IHtmlFormElement form, string name, string value) =>
        form.QuerySelector($"input[name={name}][value='{value}']")!.SetAttribute("checked", "");

    internal static async Task<HttpResponseMessage> PostAsync(HttpClient client, IHtmlFormElement form, params (string Name, string Value)[] more)
    {
        var fields = form.QuerySelectorAll("input[name], textarea[name], select[name]")
            .Where(e => e.GetAttribute("type") is not ("radio" or "checkbox") || e.HasAttribute("checked"))
            .Select(e => KeyValuePair.Create(e.GetAttribute("name")!, e switch
            {
                IHtmlTextAreaElement text => text.Value,
                IHtmlSelectElement select => select.Value ?? "",
                _ => e.GetAttribute("value") ?? (e.GetAttribute("type") == "checkbox" ? "on" : ""),
            }))
            .Concat(more.Where(m => m.Name is not ("Sec-Fetch-Site" or "Origin")).Select(m => KeyValuePair.Create(m.Name, m.Value)));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(form.GetAttribute("action")!, UriKind.Relative))
        {
            Content = new FormUrlEncodedContent(fields),
        };
        var header = more.FirstOrDefault(m => m.Name is "Sec-Fetch-Site" or "Origin");
        request.Headers.Add(header.Name ?? "Sec-Fetch-Site", header.Value ?? "same-origin");
        return await client.SendAsync(request);
    }

    private static async Task<JsonDocument?> JsonAsync(HttpClient api, string path)
    {
        using var answer = await api.GetAsync(new Uri(path, UriKind.Relative));
        return answer.StatusCode == HttpStatusCode.OK ? JsonDocument.Parse(await answer.Content.ReadAsStringAsync()) : null;
    }

    /// <summary>Posts, and gives the address of the page that shows what was done.</summary>
    internal static async Task<Uri> FollowAsync(HttpClient client, IHtmlFormElement form, params (string Name, string Value)[] more)
    {
        using var response = await PostAsync(client, form, more);
        Assert.True(response.StatusCode == HttpStatusCode.SeeOther, $"{response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        return response.Headers.Location!;
    }

    [GeneratedRegex("value=\"[^\"]*\"")]
    private static partial Regex Values();
}
