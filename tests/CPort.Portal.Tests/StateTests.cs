using System.Net;
using AngleSharp.Html.Dom;
using CPort.Actors.Persistence;
using CPort.Domain.Identity;
using CPort.Node.Composition;
using CPort.Node.Options;
using CPort.Portal.Shell;
using CPort.Tests.Shared;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CPort.Portal.Tests;

/// <summary>What a page says when things are not as they should be.</summary>
[Collection(nameof(PortalNode))]
public sealed class StateTests(PortalNode node)
{
    /// <summary>T12: a person sees no JSON while the node waits for its database.</summary>
    [Fact]
    public async Task A_node_that_does_not_serve_yet_says_so_in_a_page_that_loads_itself_again()
    {
        var folder = Directory.CreateTempSubdirectory("cport-starting-");
        await using var app = NodeHost.Build(
            new NodeOptions
            {
                Data = folder.FullName, Http = { Url = "http://127.0.0.1:0" }, Cluster = { Port = 0 },
                Database = { Provider = DatabaseProvider.PostgreSql, ConnectionString = "Host=127.0.0.1;Port=9;Username=cport;Database=nowhere;Timeout=1" },
            }, b => b.Logging.SetMinimumLevel(LogLevel.None));
        await app.StartAsync();
        try
        {
            using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false })
            {
                BaseAddress = new Uri(app.Urls.First()),
            };
            client.DefaultRequestHeaders.Add("Accept", "text/html,application/xhtml+xml");
            foreach (var address in new[] { "app", "app/queues/unassessed", "signin" })
            {
                using var answer = await client.GetAsync(new Uri(address, UriKind.Relative));
                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                Assert.Equal(TimeSpan.FromSeconds(5), answer.Headers.RetryAfter?.Delta);
                Assert.Equal("5", answer.Headers.GetValues("Refresh").Single());
                Assert.Contains("style-src 'self'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
                var page = PageTests.Parse(await answer.Content.ReadAsStringAsync());
                Assert.Equal("CPort is starting", page.QuerySelector("h1")!.TextContent);

                // With its sheet, which is there already.
                using var sheet = await client.GetAsync(page.QuerySelector("link[rel=stylesheet]")!.GetAttribute("href"));
                Assert.Equal(HttpStatusCode.OK, sheet.StatusCode);
            }

            // Programs get what they got.
            using var api = await client.GetAsync(new Uri("v1/queues", UriKind.Relative));
            Assert.Equal("application/problem+json", api.Content.Headers.ContentType?.MediaType);
        }
        finally
        {
            await app.StopAsync();
            TestFolders.Remove(folder.FullName);
        }
    }

    /// <summary>R12: one reader hangs, and the page is there in its time without it.</summary>
    [Fact]
    public async Task A_part_that_is_too_slow_or_cannot_be_read_is_left_out()
    {
        var http = new DefaultHttpContext();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var slow = await Panels.WithinAsync(http, async cancellation =>
        {
            await Task.Delay(Timeout.Infinite, CancellationToken.None);
            return 1;
        });
        Assert.False(slow.IsThere);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(1.4), TimeSpan.FromSeconds(5));
        Assert.False((await Panels.WithinAsync<int>(http, _ => throw new TimeoutException())).IsThere);
        Assert.Equal(7, (await Panels.WithinAsync(http, _ => Task.FromResult(7))).Value);

        // A defect is no slowness.
        await Assert.ThrowsAsync<InvalidOperationException>(() => Panels.WithinAsync<int>(http, _ => throw new InvalidOperationException("a defect")));
    }

    /// <summary>Somebody was faster: what changed, by whom, and what one had chosen oneself.</summary>
    [Fact]
    public async Task A_conflict_says_what_changed_and_by_whom_and_keeps_what_was_filled_in()
    {
        using var client = node.ClientOf("hotline-nl");
        var queue = PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        var address = queue.QuerySelectorAll("tbody th a").Last().GetAttribute("href")!;
        var mine = PageTests.Parse(await client.GetStringAsync(new Uri(address, UriKind.Relative)));
        var form = (IHtmlFormElement)mine.QuerySelector("form[action$=assess]")!;
        PageTests.Choose(form, "class", "2");
        PageTests.Choose(form, "gender", "4");
        await PageTests.FollowAsync(client, (IHtmlFormElement)mine.QuerySelector("form[action$=claim]")!);

        using var late = await PageTests.PostAsync(client, form);
        Assert.Equal(HttpStatusCode.PreconditionFailed, late.StatusCode);
        var page = PageTests.Parse(await late.Content.ReadAsStringAsync());
        var changed = page.QuerySelector("section[aria-labelledby=changed]")!;
        Assert.Single(changed.QuerySelectorAll("li"));
        Assert.Contains("Held", changed.TextContent, StringComparison.Ordinal);
        Assert.Contains("hotline-nl", changed.TextContent, StringComparison.Ordinal);
        Assert.NotNull(page.QuerySelector("input[name=class][value='2'][checked]"));
        Assert.NotNull(page.QuerySelector("input[name=gender][value='4'][checked]"));

        // Saved anyway, as it is still allowed.
        await PageTests.FollowAsync(client, (IHtmlFormElement)page.QuerySelector("form[action$=assess]")!);
    }

    [Fact]
    public async Task What_is_refused_keeps_what_was_written()
    {
        using var client = node.ClientOf("hotline-nl");
        var queue = PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unactioned", UriKind.Relative)));
        var address = queue.QuerySelectorAll("tbody th a").Last().GetAttribute("href")!;
        var page = PageTests.Parse(await client.GetStringAsync(new Uri(address, UriKind.Relative)));
        var act = (IHtmlFormElement)page.QuerySelector("form[action$=act]")!;
        PageTests.Choose(act, "action", "1");
        act.QuerySelector("input[name=text]")!.SetAttribute("value", "told by telephone");
        await PageTests.FollowAsync(client, (IHtmlFormElement)page.QuerySelector("form[action$=claim]")!);
        using var late = await PageTests.PostAsync(client, act);
        Assert.Equal(HttpStatusCode.PreconditionFailed, late.StatusCode);
        var again = PageTests.Parse(await late.Content.ReadAsStringAsync());
        Assert.Equal("told by telephone", again.QuerySelector("form[action$=act] input[name=text]")!.GetAttribute("value"));
        Assert.NotNull(again.QuerySelector("form[action$=act] input[name=action][value='1'][checked]"));
    }

    /// <summary>Not this one now: it is given back, the next of the round opens, held, and the round does not lead back to it; a colleague finds it.</summary>
    [Fact]
    public async Task What_is_passed_over_is_given_back_and_the_round_goes_on_without_it()
    {
        using var client = node.ClientOf("hotline-us");
        var first = await StartAsync();
        var page = PageTests.Parse(await client.GetStringAsync(first));
        Assert.NotNull(page.QuerySelector("form[action$='/release']"));
        var pass = (IHtmlFormElement)page.QuerySelector("form[action$='/pass']")!;
        var second = await PageTests.FollowAsync(client, pass);
        Assert.EndsWith("&done=passed", second.ToString(), StringComparison.Ordinal);
        Assert.NotEqual(ItemOf(first), ItemOf(second));
        Assert.NotNull(PageTests.Parse(await client.GetStringAsync(second)).QuerySelector("form[action$='/release']"));
        page = PageTests.Parse(await client.GetStringAsync(first));
        Assert.Null(page.QuerySelector("form[action$='/release']"));
        Assert.NotNull(page.QuerySelector("form[action$='/claim']"));
        Assert.Equal(ItemOf(second), ItemOf(await StartAsync()));

        // Of another person nobody has passed anything over.
        using var colleague = node.ClientOf("una@hotline-us");
        await node.JoinAsync(new("hotline-us", "una", "Una Example", Roles.Analyst));
        await LiveTests.WaitAsync(async () => (await colleague.GetAsync(new Uri("app/queues/unassessed", UriKind.Relative))).StatusCode == HttpStatusCode.OK);
        Assert.Equal(ItemOf(first), ItemOf(await StartAsync(colleague)));

        async Task<Uri> StartAsync(HttpClient? who = null)
        {
            var queue = PageTests.Parse(await (who ?? client).GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
            return await PageTests.FollowAsync(who ?? client, (IHtmlFormElement)queue.QuerySelector("form[action$='/start']")!);
        }

        static string ItemOf(Uri address) => address.ToString().Split('?')[0];
    }
}
