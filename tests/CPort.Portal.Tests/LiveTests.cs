using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using CPort.Tests.Shared;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Portal.Tests;

/// <summary>What is told of a queue while its page stands open (rule R1): how many have come, and nothing else.</summary>
[Collection(nameof(PortalNode))]
public sealed class LiveTests(PortalNode node)
{
    [Fact]
    public async Task A_page_hears_how_many_have_come_since_it_was_drawn()
    {
        using var client = node.ClientOf("hotline-nl");
        var page = PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        var address = page.QuerySelector("[data-live]")!.GetAttribute("data-live")!;
        Assert.True(page.QuerySelector("[data-live]")!.HasAttribute("hidden"));
        Assert.Equal(0, (await AskAsync(client, address)).Count);

        using var stream = await OpenAsync(client, address);
        Assert.Equal("text/event-stream", stream.Content.Headers.ContentType?.MediaType);
        Assert.Equal("no", stream.Headers.GetValues("X-Accel-Buffering").Single());
        Assert.True(stream.Headers.CacheControl?.NoStore);
        using var lines = new StreamReader(await stream.Content.ReadAsStreamAsync());
        await SendAsync(node, "live-http", 3);
        var told = await UntilAsync(lines, 3);
        Assert.StartsWith("3 new since ", told.Text, StringComparison.Ordinal);

        // The same by asking, for browsers and proxies that keep no stream; and a page that is drawn now has them.
        Assert.Equal(told, await AskAsync(client, address));
        var after = PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        Assert.Equal(0, (await AskAsync(client, after.QuerySelector("[data-live]")!.GetAttribute("data-live")!)).Count);

        // What has been told is not told again by the node that it comes back to.
        using var again = await OpenAsync(client, address, last: "3");
        using var rest = new StreamReader(await again.Content.ReadAsStreamAsync());
        await SendAsync(node, "live-more", 1);
        Assert.Equal(4, (await UntilAsync(rest, null)).Count);
    }

    [Fact]
    public async Task Changes_of_what_stands_there_are_no_news()
    {
        using var client = node.ClientOf("hotline-nl");
        var page = PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        var address = page.QuerySelector("[data-live]")!.GetAttribute("data-live")!;
        await SendAsync(node, "live-known", 1);
        await WaitAsync(async () => (await AskAsync(client, address)).Count == 1);
        var drawn = PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        var claim = (AngleSharp.Html.Dom.IHtmlFormElement)drawn.QuerySelector("form[action$=claim]")!;
        drawn.QuerySelector("input[name=item]")!.SetAttribute("checked", "");
        await PageTests.FollowAsync(client, claim);
        await Task.Delay(1500);
        Assert.Equal(0, (await AskAsync(client, drawn.QuerySelector("[data-live]")!.GetAttribute("data-live")!)).Count);
    }

    /// <summary>The same of the inbox: what is referred is announced, to its agency alone, and the rows stay.</summary>
    [Fact]
    public async Task An_open_inbox_hears_of_what_is_referred()
    {
        using var client = node.ClientOf("police-nl");
        using var other = node.ClientOf("police-de");
        var address = Mark(PageTests.Parse(await client.GetStringAsync(new Uri("app/inbox", UriKind.Relative))))!;
        var elsewhere = Mark(PageTests.Parse(await other.GetStringAsync(new Uri("app/inbox", UriKind.Relative))))!;
        using var stream = await OpenAsync(client, address);
        using var lines = new StreamReader(await stream.Content.ReadAsStreamAsync());

        // The day's own referrals may be on their way still.
        var (before, abroad) = ((await AskAsync(client, address)).Count, (await AskAsync(other, elsewhere)).Count);
        var its = await PoliceCase.OpenAsync(node, "live-inbox");
        Live.LiveAnswer told;
        do
        {
            told = await UntilAsync(lines, null);
        }
        while (told.Count <= before);

        Assert.Contains(" new since ", told.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(its.Report, told.Text, StringComparison.Ordinal);

        // A page that is drawn now has it.
        var drawn = PageTests.Parse(await client.GetStringAsync(new Uri("app/inbox?state=open", UriKind.Relative)));
        Assert.Contains($"/{its.Page}", drawn.QuerySelectorAll("tbody th a").Select(a => a.GetAttribute("href")));
        Assert.True((await AskAsync(client, Mark(drawn)!)).Count < told.Count);
        Assert.Equal(abroad, (await AskAsync(other, elsewhere)).Count);

        // What comes is never among those that are taken already; and who has no inbox hears of none.
        Assert.Null(Mark(PageTests.Parse(await client.GetStringAsync(new Uri("app/inbox?state=received", UriKind.Relative)))));
        using var analyst = node.ClientOf("hotline-nl");
        using var refused = await analyst.GetAsync(new Uri(address.TrimStart('/'), UriKind.Relative));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);

        static string? Mark(AngleSharp.Dom.IParentNode page) => page.QuerySelector("[data-live]")?.GetAttribute("data-live");
    }

    [Theory]
    [InlineData("app/live")]
    [InlineData("app/live?inbox=nothing&at=0&known=0")]
    [InlineData("app/live?queue=nothing&at=0&known=0")]
    [InlineData("app/live?queue=unassessed&at=0&known=0")]
    [InlineData("app/live?queue=unassessed&at=99999999999999999&known=-1")]
    public async Task What_no_page_asks_is_refused(string address)
    {
        using var client = node.ClientOf("hotline-nl");
        using var answer = await client.GetAsync(new Uri(address, UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task One_person_has_so_many_pages_open_and_no_more()
    {
        using var client = node.ClientOf("hotline-gb");
        var page = PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        var address = page.QuerySelector("[data-live]")!.GetAttribute("data-live")!;
        var open = new List<HttpResponseMessage>();
        for (var i = 0; i < Live.LiveNews.PerPerson; i++)
        {
            open.Add(await OpenAsync(client, address));
        }

        using (var more = await OpenAsync(client, address))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, more.StatusCode);
        }

        open.ForEach(o => o.Dispose());
        await WaitAsync(async () =>
        {
            using var answer = await OpenAsync(client, address);
            return answer.StatusCode == HttpStatusCode.OK;
        });
    }

    /// <summary>A page that is open is no sign that somebody sits before it.</summary>
    [Fact]
    public void Live_news_keep_no_session_alive() => Assert.NotNull(node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Single(e => e.RoutePattern.RawText == "/app/live").Metadata.GetMetadata<AskedByItself>());

    /// <summary>Reports with one item each, for the Dutch hotline to assess.</summary>
    internal static async Task SendAsync(PortalNode node, string name, int count)
    {
        using var api = node.ApiOf("hotline-nl");
        for (var i = 0; i < count; i++)
        {
            using var body = new StringContent(Bodies.Report($"{name}-{Guid.NewGuid():N}"), Encoding.UTF8, "application/json");
            using var answer = await api.PostAsync(new Uri("v1/reports", UriKind.Relative), body);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }
    }

    internal static async Task WaitAsync(Func<Task<bool>> holds)
    {
        for (var clock = Stopwatch.StartNew(); !await holds(); await Task.Delay(200))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), "It did not come about.");
        }
    }

    private static async Task<HttpResponseMessage> OpenAsync(HttpClient client, string address, string? last = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add("Accept", "text/event-stream");
        if (last is not null)
        {
            request.Headers.Add("Last-Event-ID", last);
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task<Live.LiveAnswer> AskAsync(HttpClient client, string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add("Accept", "application/json");
        using var answer = await client.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return JsonSerializer.Deserialize<Live.LiveAnswer>(await answer.Content.ReadAsStringAsync(), JsonSerializerOptions.Web)!;
    }

    /// <summary>Reads on until that many are told; null: the first number.</summary>
    private static async Task<Live.LiveAnswer> UntilAsync(StreamReader lines, long? count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var line = await lines.ReadLineAsync(limit.Token) ?? throw new InvalidOperationException("The stream ended.");
            if (line.StartsWith("data: ", StringComparison.Ordinal)
                && JsonSerializer.Deserialize<Live.LiveAnswer>(line[6..], JsonSerializerOptions.Web) is { } told && (count is null || told.Count == count))
            {
                return told;
            }
        }
    }
}
