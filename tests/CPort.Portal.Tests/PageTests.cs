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
        ["/app/audit/entries/{id}"] = null, ["/app/audit/entries/{id}/proof"] = null,

        // Signing in, and one's own settings: the tests' people have no sessions of their own (SignInTests).
        ["/signin"] = null, ["/signin/enrol/{link}"] = null, ["/signin/purpose"] = null, ["/signin/again"] = null, ["/signin/oidc/{agency}"] = null,
        ["/app/settings"] = null, ["/help"] = "help",
        ["/accessibility"] = "accessibility", ["/privacy"] = "privacy", ["/app/statistics"] = "app/statistics",
    };

    public static TheoryData<string, string> Pages
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var who in new[] { "hotline-nl", "hotline-de-a", "police-nl", "interpol" })
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
        Assert.Contains(WebUtility.HtmlEncode(url), open, StringComparison.Ordinal);
        Assert.Equal($"60; url=/{address}", opened.Headers.GetValues("Refresh").Single());
        Assert.DoesNotContain($"href=\"{url}", open, StringComparison.Ordinal);
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
