using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using CPort.Portal.Texts;
using CPort.Tests.Shared;

namespace CPort.Portal.Tests;

/// <summary>The sixteen rules of the pages: docs/portal.md names the tests of each, and they are there. Those that no other test held are here.</summary>
[Collection(nameof(PortalNode))]
public sealed partial class SixteenRulesTests(PortalNode node)
{
    [Fact]
    public void Each_rule_names_its_tests_and_they_are_there()
    {
        var rows = File.ReadAllLines(Repository.PathOf("docs", "portal.md")).Select(l => Row().Match(l)).Where(m => m.Success)
            .ToDictionary(m => int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture), m => m.Groups[2].Value.Split('|')[^2]);
        Assert.Equal(Enumerable.Range(1, 16), rows.Keys.Order());
        var methods = new[] { "CPort.Portal.Tests", Path.Combine("CPort.Actors.Tests", "Projections") }
            .SelectMany(f => Directory.GetFiles(Repository.PathOf("tests", f), "*.cs", SearchOption.AllDirectories))
            .SelectMany(f => Method().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value)).ToHashSet();
        foreach (var (rule, tests) in rows)
        {
            var named = Named().Matches(tests).Select(m => m.Groups[1].Value).ToArray();
            Assert.True(named.Length > 0, $"R{rule} names no test.");
            Assert.All(named, t => Assert.True(methods.Contains(t), $"R{rule} names {t}, which is not there."));
        }
    }

    /// <summary>R3: what can be chosen is chosen at once, row by row, and each box is named by its row.</summary>
    [Theory]
    [InlineData("hotline-nl", "app/queues/unassessed")]
    [InlineData("police-nl", "app/inbox?state=open")]
    public async Task Boxes_stand_at_every_row_without_a_mode(string who, string address)
    {
        if (who == "police-nl")
        {
            await PoliceCase.OpenAsync(node, "boxes");
        }

        using var client = node.ClientOf(who);
        var page = await PageAsync(client, address);
        var rows = page.QuerySelectorAll("tbody tr");
        Assert.NotEmpty(rows);
        Assert.All(rows, r =>
        {
            var box = r.QuerySelector("input[type=checkbox][name=item]")!;
            Assert.False(box.HasAttribute("hidden"));
            Assert.Equal(r.QuerySelector("th[scope=row]")!.Id, box.GetAttribute("aria-labelledby"));
        });
    }

    /// <summary>R5: before something goes to somebody, the page says to whom, by name.</summary>
    [Fact]
    public async Task Who_is_told_stands_before_it_is_done()
    {
        var its = await PoliceCase.OpenAsync(node, "receiver");
        using var analyst = node.ClientOf("anna@hotline-nl");
        var offered = (await PageAsync(analyst, its.Item)).QuerySelectorAll("form[action$='/refer'] option").ToArray();
        Assert.Contains(offered, o => o.GetAttribute("value") == "police-nl" && o.TextContent.Contains("Example police NL", StringComparison.Ordinal));
        using var officer = node.ClientOf("otto@police-nl");
        await LiveTests.WaitAsync(async () => (await PageAsync(officer, its.Page)).QuerySelector("#hold-form") is not null);
        var hold = (await PageAsync(officer, its.Page)).QuerySelector("#hold-form")!.TextContent;
        Assert.Contains("hotline-gb", hold, StringComparison.Ordinal);
        Assert.Contains("hotline-nl", hold, StringComparison.Ordinal);
    }

    /// <summary>R7: what stands in a report's line of time says when and by whom.</summary>
    [Fact]
    public async Task Every_line_of_time_says_when_and_by_whom()
    {
        var its = await PoliceCase.OpenAsync(node, "when");
        using var analyst = node.ClientOf("anna@hotline-nl");
        var lines = (await PageAsync(analyst, $"app/reports/{its.Report}")).QuerySelectorAll(".timeline li");
        Assert.NotEmpty(lines);
        Assert.All(lines, l =>
        {
            Assert.True(DateTime.TryParse(l.QuerySelector("time")!.GetAttribute("datetime"), CultureInfo.InvariantCulture, out _));
            Assert.False(string.IsNullOrWhiteSpace(l.QuerySelector(".by")?.TextContent));
        });
    }

    /// <summary>R14: to another agency nobody of this one has a name.</summary>
    [Theory]
    [InlineData("hotline-gb")]
    [InlineData("otto@police-nl")]
    [InlineData("ines@interpol")]
    public async Task Other_agencies_read_no_persons_name(string who)
    {
        var item = await InterpolTests.SentAsync(node, "named", "NL");
        using var anna = node.ClientOf("anna@hotline-nl");
        await InterpolTests.SayAsync(anna, item, "/assess", "1");
        using var other = node.ClientOf(who);
        await LiveTests.WaitAsync(async () => (await other.GetAsync(new Uri(item, UriKind.Relative))).IsSuccessStatusCode);
        foreach (var address in new[] { item, item[..item.IndexOf("/items", StringComparison.Ordinal)] })
        {
            var html = await other.GetStringAsync(new Uri(address, UriKind.Relative));
            Assert.Contains("hotline-nl", html, StringComparison.Ordinal);
            Assert.DoesNotContain("Anna", html, StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>R16: each number says what it counts, and the page as of when.</summary>
    [Fact]
    public async Task Numbers_of_the_page_carry_their_definition_and_their_time()
    {
        using var client = node.ClientOf("max@hotline-nl");
        var page = await PageAsync(client, "app/statistics");
        var figures = page.QuerySelectorAll(".figures > div");
        Assert.Contains(figures, f => f.QuerySelector("dt")!.TextContent.Contains("Second looks", StringComparison.Ordinal));
        Assert.All(figures, f => Assert.EndsWith(".", f.QuerySelector(".definition")!.TextContent.Trim(), StringComparison.Ordinal));
        Assert.All(page.QuerySelectorAll(".charts caption"), c => Assert.EndsWith(".", c.TextContent.Trim(), StringComparison.Ordinal));
        Assert.Contains("As of ", page.QuerySelector("footer")!.TextContent, StringComparison.Ordinal);
    }

    /// <summary>What a number counts is said by the API and, in English, by the page in the same words; other languages have words of their own.</summary>
    [Fact]
    public async Task What_numbers_count_is_said_in_every_language()
    {
        using var api = node.ApiOf("hotline-nl");
        using var told = JsonDocument.Parse(await api.GetStringAsync(new Uri("v1/statistics", UriKind.Relative)));
        var said = new[] { "figures", "durations", "breakdowns" }.SelectMany(list => told.RootElement.GetProperty(list).EnumerateArray())
            .Select(f => (Key: $"definition.{f.GetProperty("name").GetString()}", Text: f.GetProperty("definition").GetString()!))
            .Append((Key: "statistics.scopeOwn", Text: told.RootElement.GetProperty("scope").GetString()!)).ToArray();
        Assert.True(said.Length > 30, $"{said.Length}");
        Assert.Equal(said.Select(s => s.Text), said.Select(s => Words.English[s.Key]));
        Assert.All(Words.Languages.Skip(1), language => Assert.DoesNotContain(said, s => Words.In(language)[s.Key] == s.Text));
    }

    private static async Task<IDocument> PageAsync(HttpClient client, string address) =>
        PageTests.Parse(await client.GetStringAsync(new Uri(address, UriKind.Relative)));

    [GeneratedRegex(@"^\| R(\d+) \|(.*)$")]
    private static partial Regex Row();

    [GeneratedRegex(@"`(\w+)`")]
    private static partial Regex Named();

    [GeneratedRegex(@"public (?:async Task|static Task|void) (\w+)\(")]
    private static partial Regex Method();
}
