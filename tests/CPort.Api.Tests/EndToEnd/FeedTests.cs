using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Agencies' feeds over HTTP: by asking, by waiting, as a stream, and the snapshot.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class FeedTests(EndToEndNodes nodes)
{
    private static readonly (string, string) ForACase = ("X-Purpose", "Op. Heron");

    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task What_happens_reaches_whom_it_concerns_in_order_and_nobody_else(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await node.RegisterAsync("hotline-sk", "Hotline", "Standard", "Analyst", "SK");
        await node.RegisterAsync("police-sk", "Police", "Standard", "Officer", "SK");
        await node.RegisterAsync("hotline-hu", "Hotline", "Standard", "Analyst", "HU");
        await node.RegisterAsync("police-hu", "Police", "Standard", "Officer", "HU");
        var start = await EndAsync(node, "hotline-sk");

        // Who waits is told soon after.
        var waiting = node.GetAsync("hotline-sk", $"v1/feed?lastEventId={start}&timeout=30000");
        var report = await node.SubmitAsync("gb", ReportLifeTests.Hosted("FEED-1", "SK", 2));
        var first = (await waiting).Is(HttpStatusCode.OK);
        Assert.Equal("application/cloudevents-batch+json", first.Type);
        Assert.Equal("cport.item.added.v1", first.Json[0].GetProperty("type").GetString());
        await node.AssignedAsync("hotline-sk", report, "hotline-sk");
        (await node.PostAsync("hotline-sk", $"v1/reports/{report}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        var events = await AllAsync(node, "hotline-sk", start, e => TypeOf(e) == "cport.item.assessed.v1");
        Assert.Equal(events.Select(IdOf).Order(StringComparer.Ordinal), events.Select(IdOf));
        Assert.Equal(events.Count, events.Select(IdOf).Distinct().Count());
        Assert.All(events, e =>
        {
            Assert.Equal(("1.0", "/agencies/hotline-sk/feed"), (e.GetProperty("specversion").GetString(), e.GetProperty("source").GetString()));
            Assert.Equal(report, e.GetProperty("data").GetProperty("report").GetString());
            Assert.Equal(e.GetProperty("time").GetString(), e.GetProperty("timestamp").GetString());
            Assert.DoesNotContain("img.host.example", e.GetRawText(), StringComparison.Ordinal);
        });
        Assert.Equal(2, events.Count(e => TypeOf(e) == "cport.item.added.v1"));
        var assessed = events.Single(e => TypeOf(e) == "cport.item.assessed.v1").GetProperty("data");
        Assert.Equal("National", assessed.GetProperty("classification").GetProperty("name").GetString());
        Assert.Equal("hotline-sk", assessed.GetProperty("by").GetProperty("agency").GetString());

        // The country's police, with a purpose; without one nothing; the neighbours' hear of nothing.
        Assert.Equal("purpose-missing", (await node.GetAsync("police-sk", "v1/feed")).Code);
        var police = await AllAsync(node, "police-sk", start, e => TypeOf(e) == "cport.item.assessed.v1");
        Assert.Contains(police, e => TypeOf(e) == "cport.item.added.v1");
        foreach (var (who, headers) in new[] { ("hotline-hu", new (string, string)[0]), ("police-hu", [ForACase]) })
        {
            foreach (var path in new[] { $"v1/feed?lastEventId={start}", "v1/feed", "v1/feed/snapshot" })
            {
                Assert.DoesNotContain(report, (await node.GetAsync(who, path, headers)).Is(HttpStatusCode.OK).Text, StringComparison.Ordinal);
            }
        }

        // Only some kinds, and the place to go on from.
        var acted = (await node.GetAsync("hotline-sk", $"v1/feed?lastEventId={start}&types=cport.item.acted.v1")).Is(HttpStatusCode.OK);
        Assert.Equal(0, acted.Json.GetArrayLength());
        Assert.True(string.CompareOrdinal(acted.Headers.GetValues("CPort-Position").Single(), IdOf(events[^1])) > 0);

        // The snapshot has what there is, and goes on where it ends.
        var snapshot = (await node.GetAsync("hotline-sk", "v1/feed/snapshot")).Is(HttpStatusCode.OK).Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonElement.Parse(l)).ToArray();
        Assert.Equal(2, snapshot[..^1].Count(l => l.GetProperty("report").GetString() == report));
        Assert.Equal(snapshot.Length - 1, snapshot[^1].GetProperty("items").GetInt32());
        var after = snapshot[^1].GetProperty("lastEventId").GetString()!;
        (await node.SendAsync("gb", HttpMethod.Put, $"v1/reports/{report}/urgent", """{"urgent":true}""")).Is(HttpStatusCode.OK);
        var urgent = await AllAsync(node, "hotline-sk", after, e => TypeOf(e) == "cport.report.urgent.v1");
        Assert.Single(urgent, e => e.GetProperty("subject").GetString() == report);

        // Each look is written down.
        var auditor = await node.AuditorKeyAsync("hotline-sk");
        await EndToEndNode.UntilAsync(
            () => node.PostAsync(auditor, "v1/audit/entries:search", new JsonObject { ["record"] = report }),
            r => r.Json.GetProperty("entries").EnumerateArray().Any(e => e.GetProperty("action").GetString() == "ReadFeed"));
    }

    [Theory]
    [InlineData("lastEventId=1-2", HttpStatusCode.UnprocessableEntity, "out-of-range")]
    [InlineData("lastEventId=9999999999999-00001", HttpStatusCode.UnprocessableEntity, "out-of-range")]
    [InlineData("timeout=60001", HttpStatusCode.UnprocessableEntity, "out-of-range")]
    [InlineData("timeout=-1", HttpStatusCode.UnprocessableEntity, "out-of-range")]
    [InlineData("types=cport.item.eaten.v1", HttpStatusCode.UnprocessableEntity, "unknown-code")]
    [InlineData("maxResults=0", HttpStatusCode.UnprocessableEntity, "out-of-range")]
    public async Task A_question_that_is_none_is_said_to_be_so(string question, HttpStatusCode status, string code)
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        Assert.Equal(code, (await node.GetAsync("nl", $"v1/feed?{question}")).Is(status).Code);
        Assert.Equal(HttpStatusCode.NotAcceptable, (await node.GetAsync("nl", "v1/feed", ("Accept", "image/png"))).Status);
        (await node.GetAsync("supervisor", "v1/feed")).Is(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Each_kind_of_news_has_its_schema()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        foreach (var type in (await node.GetAsync(null, "v1/feed/types")).Is(HttpStatusCode.OK).Json.EnumerateArray())
        {
            var name = type.GetProperty("type").GetString();
            Assert.Matches("^cport\\.[a-z0-9_.]+\\.v1$", name);
            var schema = (await node.GetAsync(null, $"v1/feed/schemas/{name}.json")).Is(HttpStatusCode.OK).Json;
            Assert.Equal(type.GetProperty("dataschema").GetString(), schema.GetProperty("$id").GetString());
        }

        (await node.GetAsync(null, "v1/feed/schemas/cport.none.v1.json")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_stream_has_the_same_ids_goes_on_from_the_last_one_and_ends_with_its_key()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        await node.RegisterAsync("hotline-kz", "Hotline", "Standard", "Analyst", "KZ");
        var start = await EndAsync(node, "hotline-kz");
        var report = await node.SubmitAsync("gb", ReportLifeTests.Hosted("FEED-SSE", "KZ", 3));
        var polled = await AllAsync(node, "hotline-kz", start, e => e.GetProperty("data").GetProperty("item").GetInt32() == 3);

        using var first = await OpenAsync(node, "hotline-kz", start);
        Assert.Equal("text/event-stream", first.Content.Headers.ContentType?.MediaType);
        using var lines = new StreamReader(await first.Content.ReadAsStreamAsync());
        var streamed = await IdsAsync(lines, polled.Count);
        Assert.Equal(polled.Select(IdOf), streamed);

        // From the middle on, on another connection.
        using var second = await OpenAsync(node, "hotline-kz", streamed[1]);
        using var rest = new StreamReader(await second.Content.ReadAsStreamAsync());
        Assert.Equal(streamed[2..], await IdsAsync(rest, streamed.Count - 2));

        // What happens while it is open comes by itself.
        (await node.SendAsync("gb", HttpMethod.Put, $"v1/reports/{report}/urgent", """{"urgent":true}""")).Is(HttpStatusCode.OK);
        var next = Assert.Single(await IdsAsync(lines, 1));
        Assert.True(string.CompareOrdinal(next, streamed[^1]) > 0);

        var key = Regex.Match(node.KeyOf("hotline-kz"), "^cport_([0-9a-z]+)_").Groups[1].Value;
        (await node.PostAsync("operator", $"v1/agencies/hotline-kz/keys/{key}:revoke", null)).Is(HttpStatusCode.OK);
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (await lines.ReadLineAsync(soon.Token) is not null)
        {
        }
    }

    private static async Task<HttpResponseMessage> OpenAsync(EndToEndNode node, string who, string after)
    {
        var request = node.Request(who, HttpMethod.Get, "v1/feed");
        request.Headers.Accept.ParseAdd("text/event-stream");
        request.Headers.Add("Last-Event-ID", after);
        return await node.SendAsync(request);
    }

    private static async Task<List<string>> IdsAsync(StreamReader lines, int count)
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var ids = new List<string>();
        while (ids.Count < count && await lines.ReadLineAsync(soon.Token) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                ids.Add(line[4..]);
            }
        }

        return ids;
    }

    /// <summary>Where the agency's feed ends now.</summary>
    private static async Task<string> EndAsync(EndToEndNode node, string who)
    {
        Reply reply;
        string? after = null;
        do
        {
            reply = (await node.GetAsync(who, after is null ? "v1/feed" : $"v1/feed?lastEventId={after}")).Is(HttpStatusCode.OK);
            after = reply.Headers.GetValues("CPort-Position").Single();
        }
        while (reply.Json.GetArrayLength() > 0);
        return after;
    }

    /// <summary>What comes after a place, page by page, up to the event that is waited for.</summary>
    private static async Task<List<JsonElement>> AllAsync(EndToEndNode node, string who, string after, Func<JsonElement, bool> last)
    {
        var found = new List<JsonElement>();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        (string, string)[] headers = who.StartsWith("police", StringComparison.Ordinal) ? [ForACase] : [];
        while (!found.Any(last))
        {
            Assert.True(clock.Elapsed < EndToEndNode.Patience, $"It did not come: {string.Join(", ", found.Select(TypeOf))}");
            var reply = (await node.GetAsync(who, $"v1/feed?lastEventId={after}&timeout=1000&maxResults=3", headers)).Is(HttpStatusCode.OK);
            found.AddRange(reply.Json.EnumerateArray());
            after = reply.Headers.GetValues("CPort-Position").Single();
        }

        return found;
    }

    private static string IdOf(JsonElement e) => e.GetProperty("id").GetString()!;

    private static string TypeOf(JsonElement e) => e.GetProperty("type").GetString()!;
}
