using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Long lists and long streams.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class PagingAndStreamTests(EndToEndNodes nodes)
{
    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Pages_of_a_queue_neither_skip_nor_repeat_while_reports_arrive(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var sent = (await node.StreamAsync("gb", Enumerable.Range(0, 60).Select(n => ReportLifeTests.Hosted($"PAGE-{n}", "IE"))))
            .Select(a => a.GetProperty("reportId").GetString()!).ToHashSet();
        await EndToEndNode.UntilAsync(() => node.GetAsync("ie", "v1/queues/unassessed"), r => r.Json.GetProperty("items").GetArrayLength() >= 60);

        var seen = new List<string>();
        string? cursor = null;
        var page = 0;
        do
        {
            var answer = (await node.GetAsync("ie", $"v1/queues/unassessed?maxResults=7{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}"))
                .Is(HttpStatusCode.OK).Json;
            var items = answer.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("reportId").GetString()!).ToArray();
            Assert.InRange(items.Length, 1, 7);
            seen.AddRange(items);
            cursor = answer.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
            if (page++ < 5)
            {
                await node.SubmitAsync("gb", ReportLifeTests.Hosted($"PAGE-LATE-{page}", "IE"));
            }
        }
        while (cursor is not null);

        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Subset(seen.ToHashSet(), sent);
    }

    [Fact]
    public async Task A_malformed_cursor_is_a_400()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        foreach (var bad in new[] { "x", "%00", "AAAA", new string('A', 5_000), "e30" })
        {
            Assert.Equal("malformed-cursor", (await node.GetAsync("nl", $"v1/queues/unassessed?cursor={bad}")).Is(HttpStatusCode.BadRequest).Code);
            Assert.Equal("malformed-cursor", (await node.GetAsync("gb", $"v1/rejections?cursor={bad}")).Is(HttpStatusCode.BadRequest).Code);
            Assert.Equal("malformed-cursor", (await node.PostAsync("nl", "v1/reports:search", new JsonObject { ["cursor"] = bad }))
                .Is(HttpStatusCode.BadRequest).Code);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Bad_lines_leave_their_neighbours_alone_and_are_listed_later(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        string[] bad = ["{", "nonsense", "{}", "[1,2]", Bodies.Report("BAD", r => r["sourceUrlSiteType"] = 99),
            Bodies.Report("BAD-URL", r => r["urls"]![0]!["urlString"] = "nowhere")];
        var lines = Enumerable.Range(0, 300).Select(n => n % 10 == 3 ? bad[n / 10 % bad.Length] : ReportLifeTests.Hosted($"STREAM-{n}", "US")).ToArray();
        var answers = await node.StreamAsync("us", lines);
        Assert.Equal(Enumerable.Range(1, 300).Select(n => (long)n), answers.Select(a => a.GetProperty("line").GetInt64()));
        Assert.All(answers, a =>
            Assert.Equal((a.GetProperty("line").GetInt64() - 1) % 10 == 3 ? "rejected" : "accepted", a.GetProperty("outcome").GetString()));
        Assert.All(answers.Where(a => a.TryGetProperty("problem", out _)), a =>
            Assert.InRange(a.GetProperty("problem").GetProperty("status").GetInt32(), 400, 422));

        Assert.All(await node.StreamAsync("us", lines.Where((_, n) => n % 10 != 3)), a => Assert.Equal("duplicate", a.GetProperty("outcome").GetString()));

        // The same bad line again is the same entry.
        var rejections = (await EndToEndNode.UntilAsync(() => node.GetAsync("us", "v1/rejections"), r =>
            r.Json.GetProperty("rejections").GetArrayLength() >= bad.Length)).Is(HttpStatusCode.OK);
        Assert.Equal(30, rejections.Json.GetProperty("rejections").EnumerateArray().Sum(r => r.GetProperty("times").GetInt32()));
        Assert.DoesNotContain("nowhere", rejections.Text, StringComparison.Ordinal);
        Assert.Empty((await node.GetAsync("jp", "v1/rejections")).Json.GetProperty("rejections").EnumerateArray());
    }

    [Fact]
    public async Task A_stream_too_many_is_told_to_come_back()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        await node.StreamAsync("us", [Bodies.Report("BUSY-0")]);
        var open = new LinesOnDemand();
        using var request = node.StreamRequest("us", open);
        var first = node.SendAsync(request);
        await open.WriteAsync(Bodies.Report("BUSY-1"));
        using var response = await first;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var refused = (await node.SendAsync("us", HttpMethod.Post, "v1/reports:stream", Bodies.Report("BUSY-2"), null, "application/x-ndjson"))
            .Is(HttpStatusCode.TooManyRequests);
        Assert.NotNull(refused.Headers.RetryAfter?.Delta);
        open.End();
        Assert.Contains("accepted", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>What is revoked, or may not come from there any more, ends now, also where it was let in before.</summary>
    [Theory]
    [InlineData("stream-uz", "UZ", "POST", ":revoke", null)]
    [InlineData("stream-tm", "TM", "PUT", "/networks", "{\"networks\":[\"192.0.2.0/24\"]}")]
    public async Task A_stream_is_broken_off_when_the_key_that_opened_it_may_not_go_on(string agency, string country, string method, string verb, string? body)
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        await node.RegisterAsync(agency, "Hotline", "Standard", "Machine", country);
        var open = new LinesOnDemand();
        using var request = node.StreamRequest(agency, open);
        var first = node.SendAsync(request);
        await open.WriteAsync(Bodies.Report("REVOKED-1", ReportLifeTests.WithoutHashes));
        using var response = await first;
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Contains("accepted", await reader.ReadLineAsync(), StringComparison.Ordinal);
        var key = node.KeyOf(agency).Split('_')[1];
        (await node.SendAsync("operator", new HttpMethod(method), $"v1/agencies/{agency}/keys/{key}{verb}", body)).Is(HttpStatusCode.OK);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<Exception>(() => reader.ReadLineAsync());
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{clock.Elapsed}");
        open.Break();
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task What_a_broken_stream_acknowledged_is_there(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await node.StreamAsync("us", [Bodies.Report("BREAK-0", ReportLifeTests.WithoutHashes)]);
        var lines = Enumerable.Range(1, 40).Select(n => ReportLifeTests.Hosted($"BREAK-{n}", "US")).ToArray();
        var acknowledged = new List<string>();
        var open = new LinesOnDemand();
        using (var request = node.StreamRequest("us", open))
        {
            var sending = node.SendAsync(request);
            foreach (var line in lines)
            {
                await open.WriteAsync(line);
            }

            using var response = await sending;
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            while (acknowledged.Count < 10)
            {
                var answer = JsonElement.Parse((await reader.ReadLineAsync())!);
                Assert.Equal("accepted", answer.GetProperty("outcome").GetString());
                acknowledged.Add(answer.GetProperty("reportId").GetString()!);
            }
        }

        // The answer is thrown away unread and the request with it: the connection breaks.
        open.Break();
        foreach (var id in acknowledged)
        {
            (await node.GetAsync("us", $"v1/reports/{id}")).Is(HttpStatusCode.OK);
        }

        var again = await node.StreamAsync("us", lines);
        Assert.All(again, a => Assert.Contains(a.GetProperty("outcome").GetString(), (string[])["accepted", "duplicate"]));
        Assert.Equal(40, again.Select(a => a.GetProperty("reportId").GetString()).Distinct().Count());
        Assert.All(again.Take(10), a => Assert.Equal("duplicate", a.GetProperty("outcome").GetString()));
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task Codes_of_v2_are_read_only_on_request_and_doubtful_has_no_effect(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var line = Bodies.Report("V2-1", r =>
        {
            ReportLifeTests.WithoutHashes(r);
            r.Remove("sourceUrlSiteType");
            r.Remove("sourceUrlCommerciality");
            r.Remove("sourceUrlPaymentMethods");
            r["urls"]![0]!["assessment"] = new JsonObject { ["classification"] = "Doubtful", ["ageCategorization"] = 2, ["genderCategorization"] = 2 };
        });
        Assert.Equal("rejected", Assert.Single(await node.StreamAsync("gb", [line])).GetProperty("outcome").GetString());
        var taken = Assert.Single(await node.StreamAsync("gb", [line], "v1/reports:stream?codes=v2"));
        Assert.True(taken.GetProperty("outcome").GetString() == "accepted", taken.GetRawText());
        var item = await node.AssignedAsync("nl", taken.GetProperty("reportId").GetString()!, "hotline-nl");
        Assert.Equal("Unassessed", item.GetProperty("state").GetString());
        Assert.False(item.TryGetProperty("classification", out _));
        Assert.Equal("Doubtful", item.GetProperty("assessments")[0].GetProperty("classification").GetProperty("name").GetString());
    }

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task A_report_of_ten_thousand_items_in_one_line_is_taken_and_read_by_pages(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        var line = Bodies.Report("HUGE-1", r => r["urls"] = new JsonArray(
            [.. Enumerable.Range(1, 10_000).Select(n =>
                (JsonNode)new JsonObject { ["urlString"] = $"https://big.example/{n}", ["hostingCountryCode"] = "US" })]));
        var taken = Assert.Single(await node.StreamAsync("gb", [line]));
        Assert.True(taken.GetProperty("outcome").GetString() == "accepted", taken.GetRawText());
        var id = taken.GetProperty("reportId").GetString()!;
        var (cursor, ordinals) = ("", new List<int>());
        while (cursor is not null)
        {
            var page = (await node.GetAsync("gb", $"v1/reports/{id}?cursor={cursor}")).Is(HttpStatusCode.OK).Json;
            Assert.Equal(10_000, page.GetProperty("itemCount").GetInt32());
            ordinals.AddRange(page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("item").GetInt32()));
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
        }

        Assert.Equal(Enumerable.Range(1, 10_000), ordinals);
        await node.AssignedAsync("us", id, "hotline-us", item: 10_000);
    }

    /// <summary>Many reports go where no other test looks at a first page of a queue: NL's stays short.</summary>
    /// <summary>A request body whose lines go out when the test writes them.</summary>
    private sealed class LinesOnDemand : HttpContent
    {
        private readonly System.Threading.Channels.Channel<string> _lines = System.Threading.Channels.Channel.CreateUnbounded<string>();

        public async Task WriteAsync(string line) => await _lines.Writer.WriteAsync(line);

        public void End() => _lines.Writer.Complete();

        public void Break() => _lines.Writer.TryComplete(new IOException("The sender went away."));

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await foreach (var line in _lines.Reader.ReadAllAsync())
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"));
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
