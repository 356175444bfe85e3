using System.Net;
using System.Text;
using System.Text.Json;
using CPort.Tests.Shared;

namespace CPort.Portal.Tests;

/// <summary>Lines of streams that were not taken: what was wrong and where, to their own agency, and nothing of what they said.</summary>
[Collection(nameof(PortalNode))]
public sealed class RejectionTests(PortalNode node)
{
    [Fact]
    public async Task What_was_wrong_with_a_line_stands_there_and_nothing_of_the_line()
    {
        using var api = node.ApiOf("hotline-nl");
        var reference = $"rejected-{Guid.NewGuid():N}";
        using (var stream = new StringContent(
            Bodies.Report(reference, r =>
            {
                r["urls"]![0]!["urlString"] = $"no-url-{reference}";
                r["urls"]![0]!["contentType"] = "Weather";
            }).ReplaceLineEndings("") + "\n{\"half\n", Encoding.UTF8, "application/x-ndjson"))
        using (var sent = await api.PostAsync(new Uri("v1/reports:stream", UriKind.Relative), stream))
        {
            Assert.Contains("rejected", await sent.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        using var manager = node.ClientOf("max@hotline-nl");
        var html = await manager.GetStringAsync(new Uri("app/rejections", UriKind.Relative));
        var page = PageTests.Parse(html);
        Assert.DoesNotContain(reference, html, StringComparison.Ordinal);
        var row = page.QuerySelectorAll("tbody tr").First(r => r.TextContent.Contains("urls[0].urlString", StringComparison.Ordinal));
        Assert.Contains("urls[0].contentType", row.TextContent, StringComparison.Ordinal);
        Assert.Contains(page.QuerySelectorAll("tbody tr"), r => r.TextContent.Contains("the line as a whole", StringComparison.Ordinal));

        // Row by row what the API says.
        using var answer = JsonDocument.Parse(await api.GetStringAsync(new Uri("v1/rejections?maxResults=50", UriKind.Relative)));
        Assert.Equal(
            answer.RootElement.GetProperty("rejections").EnumerateArray().Select(r => r.GetProperty("problem").GetProperty("code").GetString()),
            page.QuerySelectorAll("tbody tr").Select(r => r.QuerySelector("td .code")!.TextContent));

        // A tab of the queues leads there; and no other agency sees it.
        Assert.NotNull(PageTests.Parse(await manager.GetStringAsync(new Uri("app/queues", UriKind.Relative))).QuerySelector(".tabs a[href='/app/rejections']"));
        using var german = node.ClientOf("anton@hotline-de-a");
        Assert.DoesNotContain("urls[0].contentType", await german.GetStringAsync(new Uri("app/rejections", UriKind.Relative)), StringComparison.Ordinal);
        using var administrator = node.ClientOf("ada@hotline-nl");
        using var refused = await administrator.GetAsync(new Uri("app/rejections", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }
}
