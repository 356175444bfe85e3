using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.EndToEnd;
using CPort.IccamClient.Running;
using CPort.IccamClient.Store;
using CPort.IccamClient.Wire;
using CPort.Node.Adapters;
using CPort.Node.Client;
using CPort.Tests.Shared;
using static CPort.Api.Tests.Iccam.IccamReport;

namespace CPort.Api.Tests.Iccam;

/// <summary>
/// The client beside a real ICCAM, with the façade of one node as the ICCAM and another node as ours. It is ended at random at every step: in the end each
/// content is an item of ours once, and each word stands in ICCAM once, in the order in which it was said.
/// </summary>
[Collection(IccamCollection.Name)]
public sealed class BesideIccamTests(IccamNode iccam) : IAsyncLifetime
{
    private const string Pt = IccamNode.Pt;

    private readonly string _folder = Directory.CreateTempSubdirectory("cport-beside-").FullName;
    private readonly List<string> _log = [];
    private EndToEndNode _ours = null!;

    public async Task InitializeAsync()
    {
        _ours = await EndToEndNode.StartAsync(DatabaseProvider.Sqlite, null!);
        await _ours.RegisterAsync(Pt, "Hotline", "Standard", "Analyst", "PT");
    }

    public async Task DisposeAsync()
    {
        await _ours.DisposeAsync();
        TestFolders.Remove(_folder);
    }

    [Fact]
    public async Task Each_content_is_taken_once_and_each_word_written_once_in_order_however_often_the_client_is_killed()
    {
        var (reporter, pt) = (await iccam.NlAsync(), await iccam.PtAsync());
        string[] urls = ["https://beside.example/1.jpg", "https://beside.example/2.jpg", "https://beside.example/3.jpg"];
        var report = await reporter.ReportAsync(new IccamReport(
            "I0000000901", [.. urls.Select(u => new Url(u, "PT")), new Url("https://beside.example/", "NL", 4, IsSource: true)]) { Memo = "seen today" }.Body);
        var other = await reporter.ReportAsync(new IccamReport("I0000000902", new Url("https://beside.example/4.jpg", "PT", 4, IsSource: true)).Body);
        var contents = (await reporter.ContentsAsync(report)).Concat(await reporter.ContentsAsync(other)).ToDictionary(c => c.Key, c => c.Value);
        string[] all = [.. urls, "https://beside.example/4.jpg"];

        var killing = new Killing(seed: 20_261_201, chance: 0.06);
        Dictionary<string, JsonElement> items = [];
        await UntilAsync(killing, async () =>
        {
            items = await OurItemsAsync();
            return all.All(items.ContainsKey) && await IsNamedAsync(pt, all.Select(u => contents[u]));
        });
        Assert.All(all, u => Assert.Equal(Pt, items[u].GetProperty("assignment").GetProperty("hotline").GetString()));
        Assert.Contains("found on https://beside.example/", (await OurReportAsync(items[urls[0]])).GetProperty("memo").GetString(), StringComparison.Ordinal);

        // Our analyst works: the first is illegal and told to police and host, the second moved on, the third removed at once, the fourth not illegal.
        await DoAsync(items[urls[0]], "assess", "assessment", new JsonObject { ["classification"] = 1, ["ageCategorization"] = 3 });
        await DoAsync(items[urls[0]], "act", "action", new JsonObject { ["actionType"] = 1 });
        await DoAsync(items[urls[0]], "act", "action", new JsonObject { ["actionType"] = 2 });
        await DoAsync(items[urls[2]], "assess", "assessment", new JsonObject { ["classification"] = 1, ["genderCategorization"] = 3 });
        await DoAsync(items[urls[2]], "act", "action", new JsonObject { ["actionType"] = 1 });
        await DoAsync(items[urls[2]], "act", "action", new JsonObject { ["actionType"] = 3 });
        await DoAsync(items[all[3]], "assess", "assessment", new JsonObject { ["classification"] = 4 });
        await DoAsync(items[all[3]], "act", "action", new JsonObject { ["actionType"] = 6, ["reasonId"] = 20 });
        await DoAsync(items[urls[1]], "hosting", "hostingCountryCode", "NL");
        await DoAsync(items[urls[1]], "move", "countryCode", "NL");

        await UntilAsync(killing, async () => (await ActionsAsync(pt, contents[urls[0]])).Length == 2 && (await ActionsAsync(pt, contents[urls[2]])).Length == 2
            && (await ActionsAsync(pt, contents[all[3]])).Length == 1
            && (await reporter.ContentAsync(contents[urls[1]])).GetProperty("assignedCountryCode").GetString() == "NL");
        Assert.True(killing.Kills > 5, $"{killing.Kills} kills");

        // And nothing more once it is quiet.
        killing.IsOn = false;
        await UntilAsync(killing, () => Task.FromResult(Figures() is { Waiting: 0, Intended: 0 }));
        Assert.Equal((int[])[1, 2], await ActionsAsync(pt, contents[urls[0]]));
        Assert.Equal((int[])[1, 3], await ActionsAsync(pt, contents[urls[2]]));
        Assert.Equal((int[])[6], await ActionsAsync(pt, contents[all[3]]));
        Assert.Equal((int[])[1], await AssessmentsAsync(pt, contents[urls[0]]));
        Assert.Equal((int[])[4], await AssessmentsAsync(pt, contents[all[3]]));
        Assert.Equal(all.Length, (await OurItemsAsync()).Keys.Count(k => k.StartsWith("https://beside.example/", StringComparison.Ordinal)));
        using var store = Open();
        Assert.Empty(store.Errors(all: true, 100));
        var said = string.Join('\n', _log);
        Assert.All(["beside.example", "CPORT-", "seen today"], text => Assert.DoesNotContain(text, said, StringComparison.Ordinal));
    }

    /// <summary>The client, begun again after each kill, until it is so.</summary>
    private async Task UntilAsync(Killing killing, Func<Task<bool>> isSo)
    {
        var until = DateTime.UtcNow + EndToEndNode.Patience + EndToEndNode.Patience;
        do
        {
            Assert.True(DateTime.UtcNow < until, string.Join('\n', _log.TakeLast(40)));
            try
            {
                using var inner = iccam.Handler();
                using var http = new HttpClient(new Killing.Handler(killing, inner)) { BaseAddress = iccam.Url };
                using var node = new CPortClient(_ours.Url, _ours.KeyOf(Pt), new Killing.Handler(killing, new SocketsHttpHandler()));
                using var store = Open(killing.Step);
                var wire = new IccamWire(
                    http, new WireSettings { User = "pt-system", Password = IccamNode.PasswordOfPt, Pause = TimeSpan.Zero, PauseAfterSignIn = TimeSpan.Zero },
                    TimeProvider.System);
                var bridge = new Bridge(wire, new OurNode(node), store, "the test's ICCAM", "Analyst", new RunSettings(), TimeProvider.System, _log.Add);
                var us = await bridge.ClaimAsync(CancellationToken.None);
                for (var i = 0; i < 5; i++)
                {
                    await bridge.PassAsync(us, poll: true, CancellationToken.None);
                }
            }
            catch (KilledException)
            {
                _log.Add("killed");
            }
            catch (PassingFaultException e)
            {
                _log.Add(e.Code);
            }

            await Task.Delay(200);
        }
        while (!await isSo());
    }

    private ClientStore Open(Action? onCommit = null) => new(Path.Combine(_folder, "iccam.db"), TimeProvider.System, onCommit);

    private StoreFigures Figures()
    {
        using var store = Open();
        return store.Figures();
    }

    private async Task<Dictionary<string, JsonElement>> OurItemsAsync()
    {
        var found = (await _ours.PostAsync(Pt, "v1/reports:search", new JsonObject { ["reportingHotlines"] = new JsonArray(Pt) })).Is(HttpStatusCode.OK).Json;
        var items = new List<JsonElement>();
        foreach (var item in found.GetProperty("items").EnumerateArray())
        {
            var path = $"v1/reports/{item.GetProperty("reportId").GetString()}/items/{item.GetProperty("item").GetInt32()}";
            items.Add((await _ours.GetAsync(Pt, path)).Is(HttpStatusCode.OK).Json);
        }

        // Two of one URL would be a content taken twice.
        return items.ToDictionary(i => i.GetProperty("urlString").GetString()!);
    }

    private async Task<JsonElement> OurReportAsync(JsonElement item) =>
        (await _ours.GetAsync(Pt, $"v1/reports/{item.GetProperty("itemId").GetString()!.Split('-')[0]}")).Is(HttpStatusCode.OK).Json;

    private async Task DoAsync(JsonElement item, string verb, string field, JsonNode value)
    {
        var body = new JsonObject
        {
            ["items"] = new JsonArray(new JsonObject { ["item"] = item.GetProperty("item").GetInt32() }), [field] = value,
        };
        (await _ours.PostAsync(Pt, $"v1/reports/{item.GetProperty("itemId").GetString()!.Split('-')[0]}/items:{verb}", body)).Is(HttpStatusCode.OK);
    }

    private static async Task<bool> IsNamedAsync(IccamClient client, IEnumerable<long> contents)
    {
        foreach (var content in contents)
        {
            if ((await client.ContentAsync(content)).GetProperty("hotlineReference").GetString()?.StartsWith("CPORT-", StringComparison.Ordinal) != true)
            {
                return false;
            }
        }

        return true;
    }

    private static async Task<int[]> ActionsAsync(IccamClient client, long content) =>
        [.. (await client.ContentAsync(content)).GetProperty("actions").EnumerateArray().Select(a => a.GetProperty("actionType").GetInt32())];

    private static async Task<int[]> AssessmentsAsync(IccamClient client, long content) =>
        [.. (await client.ContentAsync(content)).GetProperty("assessments").EnumerateArray().Select(a => a.GetProperty("classification").GetInt32())];
}
