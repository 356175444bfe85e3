using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AngleSharp.Html.Dom;

namespace CPort.Portal.Tests;

/// <summary>Requests: police's question stands at the hotline as a form of exactly its fields, and the answer at police.</summary>
[Collection(nameof(PortalNode))]
public sealed class RequestTests(PortalNode node)
{
    [Fact]
    public async Task A_request_is_answered_by_a_form_of_its_fields_and_closed_by_who_asked()
    {
        using var hotline = node.ClientOf("hotline-nl");
        using var police = node.ClientOf("police-nl");
        using var api = node.ApiOf("police-nl");
        var item = PageTests.Parse(await hotline.GetStringAsync(new Uri("app/queues/unassessed", UriKind.Relative))).QuerySelector("tbody th a")!
            .GetAttribute("href")!.Split('/');
        var (report, ordinal) = (item[3], int.Parse(item[5].Split('?')[0], System.Globalization.CultureInfo.InvariantCulture));
        object[] items = [new { item = ordinal }];
        using (var referred = await api.PostAsJsonAsync("v1/referrals", new { reportId = report, items, agency = "police-nl", because = "Report" }))
        {
            Assert.True(referred.IsSuccessStatusCode, await referred.Content.ReadAsStringAsync());
        }

        string? id = null;
        for (var tries = 0; tries < 100 && id is null; tries++)
        {
            using var asked = await api.PostAsJsonAsync(
                "v1/requests", new { reportId = report, items, to = "Assigned", fields = new[] { "Access", "UploadTime" }, text = "words-of-police" });
            using var answer = JsonDocument.Parse(await asked.Content.ReadAsStringAsync());
            id = asked.StatusCode == HttpStatusCode.OK ? answer.RootElement.GetProperty("requestId").GetString() : null;
            await Task.Delay(200);
        }

        var address = $"app/requests/{id}";
        for (var tries = 0; tries < 100; tries++)
        {
            var list = PageTests.Parse(await hotline.GetStringAsync(new Uri("app/requests", UriKind.Relative)));
            if (list.QuerySelectorAll("tbody th a").Any(a => a.GetAttribute("href") == $"/{address}"))
            {
                break;
            }

            await Task.Delay(100);
        }

        var page = PageTests.Parse(await hotline.GetStringAsync(new Uri(address, UriKind.Relative)));
        Assert.Contains("words-of-police", page.Body!.TextContent, StringComparison.Ordinal);
        var form = (IHtmlFormElement)page.QuerySelector("form[action$='/answer']")!;
        Assert.Equal(["valueAccess", "passwordAccess", "howAccess", "valueUploadTime", "howUploadTime", "text"],
            form.QuerySelectorAll("input:not([type=hidden]), select, textarea").Select(i => i.GetAttribute("name")));
        Assert.Empty(PageTests.Parse(await police.GetStringAsync(new Uri(address, UriKind.Relative))).QuerySelectorAll("form[action$='/answer']"));
        form.QuerySelector("input[name=valueUploadTime]")!.SetAttribute("value", "2026-01-01T10:00:00+01:00");
        using (var lacking = await PageTests.PostAsync(hotline, form))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, lacking.StatusCode);
            var again = PageTests.Parse(await lacking.Content.ReadAsStringAsync());
            Assert.Equal("2026-01-01T10:00:00+01:00", again.QuerySelector("input[name=valueUploadTime]")!.GetAttribute("value"));
            form = (IHtmlFormElement)again.QuerySelector("form[action$='/answer']")!;
        }

        ((IHtmlSelectElement)form.QuerySelector("select[name=howAccess]")!).Value = "none";
        Assert.Contains("done=answered", (await PageTests.FollowAsync(hotline, form)).ToString(), StringComparison.Ordinal);

        var told = PageTests.Parse(await police.GetStringAsync(new Uri(address, UriKind.Relative)));
        Assert.Contains("2026-01-01T10:00:00+01:00", told.Body!.TextContent, StringComparison.Ordinal);
        Assert.Contains("There is none", told.Body!.TextContent, StringComparison.Ordinal);
        var satisfied = (IHtmlFormElement)told.QuerySelector("form[action$='/satisfied']")!;
        Assert.Contains("done=satisfied", (await PageTests.FollowAsync(police, satisfied)).ToString(), StringComparison.Ordinal);
        using var stranger = node.ClientOf("hotline-de-a");
        using var absent = await stranger.GetAsync(new Uri(address, UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, absent.StatusCode);
    }
}
