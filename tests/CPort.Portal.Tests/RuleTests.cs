using System.Net;
using AngleSharp.Html.Dom;

namespace CPort.Portal.Tests;

/// <summary>Priority rules: drafted from those that apply, tried without changing anything, and left to another person to switch on.</summary>
[Collection(nameof(PortalNode))]
public sealed class RuleTests(PortalNode node)
{
    [Fact]
    public async Task A_manager_drafts_and_tries_rules_and_leaves_switching_on_to_another()
    {
        using var client = node.ClientOf("olga@police-de");
        var list = PageTests.Parse(await client.GetStringAsync(new Uri("app/rules", UriKind.Relative)));
        var form = (IHtmlFormElement)list.QuerySelector("form[action$='/draft']")!;
        Assert.Equal("30", form.QuerySelector("input[name=weightUrgent]")!.GetAttribute("value"));
        form.QuerySelector("input[name=weightUrgent]")!.SetAttribute("value", "1000");
        using (var refused = await PageTests.PostAsync(client, form))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            form = (IHtmlFormElement)PageTests.Parse(await refused.Content.ReadAsStringAsync()).QuerySelector("form[action$='/draft']")!;
        }

        Assert.Equal("1000", form.QuerySelector("input[name=weightUrgent]")!.GetAttribute("value"));
        form.QuerySelector("input[name=weightUrgent]")!.SetAttribute("value", "99");
        var address = (await PageTests.FollowAsync(client, form)).ToString().Split('?')[0];
        var draft = PageTests.Parse(await client.GetStringAsync(new Uri(address, UriKind.Relative)));
        Assert.Contains("99", draft.QuerySelector("table")!.TextContent, StringComparison.Ordinal);
        using var tried = await PageTests.PostAsync(client, (IHtmlFormElement)draft.QuerySelector("form[action$='/try']")!);
        Assert.Equal(HttpStatusCode.OK, tried.StatusCode);
        var page = PageTests.Parse(await tried.Content.ReadAsStringAsync());
        Assert.NotNull(page.QuerySelector("#trial"));
        Assert.Contains("Tried", page.QuerySelector("dl.identity")!.TextContent, StringComparison.Ordinal);
        Assert.Null(page.QuerySelector("form[action$='/activate']"));
        using var other = node.ClientOf("ivo@interpol");
        using var absent = await other.GetAsync(new Uri(address, UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, absent.StatusCode);
        using var officer = node.ClientOf("otto@police-nl");
        using var forbidden = await officer.GetAsync(new Uri("app/rules", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
    }
}
