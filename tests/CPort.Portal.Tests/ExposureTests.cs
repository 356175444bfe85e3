using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using AngleSharp.Html.Dom;
using CPort.Portal.Breaks;
using CPort.Tests.Shared;

namespace CPort.Portal.Tests;

/// <summary>Looking after people: counted for oneself alone, asked to rest at the agency's limit, and never before what is urgent.</summary>
[Collection(nameof(PortalNode))]
public sealed class ExposureTests(PortalNode node)
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_pause_begins_counting_anew_and_who_goes_on_is_asked_again_later()
    {
        var limit = new BreakLimit(60, 10);
        var work = new Exposure();
        Assert.False(work.IsDue(limit, Noon));
        for (var minute = 0; minute < 60; minute += 10)
        {
            work = work.After(Noon.AddMinutes(minute), assessed: 1);
            Assert.False(work.IsDue(limit, Noon.AddMinutes(minute)));
        }

        Assert.True(work.IsDue(limit, Noon.AddMinutes(60)));
        work = work.PutOff(Noon.AddMinutes(60));
        Assert.False(work.IsDue(limit, Noon.AddMinutes(74)));
        work = work.After(Noon.AddMinutes(74), opened: 1);
        Assert.True(work.IsDue(limit, Noon.AddMinutes(75)));
        Assert.Equal((6, 1, 75), (work.Assessed, work.Opened, work.Minutes(Noon.AddMinutes(75))));

        // Away for a quarter of an hour.
        Assert.False(work.IsDue(limit, Noon.AddMinutes(89)));
        work = work.After(Noon.AddMinutes(89), assessed: 1);
        Assert.Equal((1, 0), (work.Assessed, work.Opened));

        // By number, however fast.
        for (var i = 0; i < 9; i++)
        {
            work = work.After(Noon.AddMinutes(90), assessed: 1);
        }

        Assert.True(work.IsDue(limit, Noon.AddMinutes(90)));
    }

    [Fact]
    public async Task At_the_limit_a_calm_page_stands_between_two_items_and_urgent_ones_come_first()
    {
        using var client = node.ClientOf("hotline-ca");
        await SendAsync("exposure", 6);
        await LiveTests.WaitAsync(async () => PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)))
            .QuerySelectorAll("tbody tr").Length >= 6);
        var queue = PageTests.Parse(await client.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative)));
        var address = await PageTests.FollowAsync(client, (IHtmlFormElement)queue.QuerySelector("form.bar")!);
        for (var i = 0; i < 3; i++)
        {
            Assert.StartsWith("/app/reports/", address.ToString(), StringComparison.Ordinal);
            address = await AssessAsync(client, address);
        }

        // The agency's limit is three. What was saved is saved; the page has nothing of any report.
        Assert.StartsWith("/app/break?from=unassessed", address.ToString(), StringComparison.Ordinal);
        var page = PageTests.Parse(await client.GetStringAsync(address));
        Assert.Contains("3 assessed", page.QuerySelector("main")!.TextContent, StringComparison.Ordinal);
        Assert.Empty(page.QuerySelectorAll("main a[href*=reports], main table"));

        // Who goes on goes on, and is not asked at the next.
        var later = (IHtmlFormElement)page.QuerySelector("form[action$=later]")!;
        address = await AssessAsync(client, await PageTests.FollowAsync(client, later));
        Assert.StartsWith("/app/reports/", address.ToString(), StringComparison.Ordinal);

        // The counter is one's own: on the own first page, and a break sets it back.
        var home = PageTests.Parse(await client.GetStringAsync(new Uri("app", UriKind.Relative)));
        Assert.Contains("4 assessed", home.QuerySelector("main")!.TextContent, StringComparison.Ordinal);
        using (var other = node.ClientOf("hotline-us"))
        {
            Assert.DoesNotContain("4 assessed", await other.GetStringAsync(new Uri("app", UriKind.Relative)), StringComparison.Ordinal);
        }

        await PageTests.FollowAsync(client, (IHtmlFormElement)home.QuerySelector("form[action='/app/break']")!);
        home = PageTests.Parse(await client.GetStringAsync(new Uri("app", UriKind.Relative)));
        Assert.Null(home.QuerySelector("form[action='/app/break']"));
    }

    private static async Task<Uri> AssessAsync(HttpClient client, Uri address)
    {
        var form = (IHtmlFormElement)PageTests.Parse(await client.GetStringAsync(address)).QuerySelector("form[action$=assess]")!;
        PageTests.Choose(form, "class", "2");
        return await PageTests.FollowAsync(client, form, ("then", "next"));
    }

    private async Task SendAsync(string name, int count)
    {
        using var api = node.ApiOf("hotline-ca");
        for (var i = 0; i < count; i++)
        {
            using var body = new StringContent(
                Bodies.Report($"{name}-{i}", r => ((JsonObject)r["urls"]![0]!)["hostingCountryCode"] = "CA"), Encoding.UTF8, "application/json");
            using var answer = await api.PostAsync(new Uri("v1/reports", UriKind.Relative), body);
            Assert.True(answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        }
    }
}
