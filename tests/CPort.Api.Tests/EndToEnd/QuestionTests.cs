using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Domain.Reports;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Police asks for data, hotlines answer, and the answer fills the record; on a node whose clock is moved.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class QuestionTests(MovedNode moved) : IClassFixture<MovedNode>
{
    private static readonly (string Name, string Value) Purpose = ("X-Purpose", "Case 4711");
    private static readonly SemaphoreSlim Once = new(1, 1);
    private static bool _registered;

    [Fact]
    public async Task The_answer_fills_the_record_raises_completeness_and_stays_among_its_parties()
    {
        var node = await WithAgenciesAsync();
        var report = await ReferredAsync(node, "ASK-1");
        var asked = (await node.PostAsync("ncb-nz", "v1/requests", Ask(report, "Referrer", "UploadTime"), Purpose, ("Command-Id", "ask-1")))
            .Is(HttpStatusCode.OK).Json;
        var id = asked.GetProperty("requestId").GetString()!;
        Assert.Matches($"^{report}-q[1-9][0-9]{{5}}$", id);
        Assert.Equal(id, (await node.PostAsync("ncb-nz", "v1/requests", Ask(report, "Referrer", "UploadTime"), Purpose, ("Command-Id", "ask-1")))
            .Is(HttpStatusCode.OK).Json.GetProperty("requestId").GetString());
        Assert.True((await ListedAsync(node, "gb", "open", id)).GetProperty("toAnswer").GetBoolean());
        Assert.False((await ListedAsync(node, "hotline-nz", "open", id)).GetProperty("toAnswer").GetBoolean());
        Assert.True((await ListedAsync(node, "ncb-nz", "open", id)).GetProperty("own").GetBoolean());

        Assert.Equal("asked-of-another", (await AnswerAsync("hotline-nz")).Is(HttpStatusCode.Forbidden).Code);
        Assert.Equal("answer-incomplete", (await node.PostAsync("gb", $"v1/requests/{id}:answer", Answers(("Referrer", "https://a.example/x"))))
            .Is((HttpStatusCode)422).Code);
        Assert.Equal("answers[0].value", (await node.PostAsync("gb", $"v1/requests/{id}:answer", Answers(("UploadTime", "2026-01-01T10:00:00"))))
            .Is((HttpStatusCode)422).Json.GetProperty("errors")[0].GetProperty("field").GetString());
        (await AnswerAsync("gb")).Is(HttpStatusCode.OK);

        var seen = (await node.GetAsync("ncb-nz", $"v1/requests/{id}", Purpose)).Is(HttpStatusCode.OK);
        var request = seen.Json.GetProperty("request");
        Assert.Equal("Answered", request.GetProperty("state").GetString());
        Assert.Equal("a-word-of-police", request.GetProperty("lines")[0].GetProperty("text").GetString());
        Assert.Equal(
            ["inReport", "given"], request.GetProperty("lines")[1].GetProperty("answers").EnumerateArray().Select(a => a.GetProperty("how").GetString()));
        Assert.Equal("2026-01-01T10:00:00+13:00", request.GetProperty("lines")[1].GetProperty("answers")[1].GetProperty("value").GetString());
        Assert.Equal("https://links.example/there", (await node.GetAsync("ncb-nz", $"v1/reports/{report}", Purpose)).Is(HttpStatusCode.OK).Json
            .GetProperty("sourceUrlReferrer").GetString());
        Assert.True((await node.GetAsync("gb", $"v1/requests/{id}")).Is(HttpStatusCode.OK).Json.GetProperty("request").TryGetProperty("lines", out _));
        Assert.DoesNotContain("referralId", (await node.GetAsync("gb", $"v1/requests/{id}")).Text, StringComparison.Ordinal);

        // Those who see the item without having part in it, and those who do not even see that.
        foreach (var stranger in new[] { "police-nz", "interpol", "police-jp", "de" })
        {
            (await node.GetAsync(stranger, $"v1/requests/{id}", Purpose)).Is(HttpStatusCode.NotFound);
            foreach (var path in new[] { $"v1/reports/{report}/items/1", $"v1/reports/{report}/history", "v1/requests", "v1/requests?state=answered" })
            {
                var text = (await node.GetAsync(stranger, path, Purpose)).Text.Replace("\"requests\":[]", "", StringComparison.Ordinal);
                Assert.DoesNotContain("a-word-of", text, StringComparison.Ordinal);
                Assert.DoesNotContain("request", text, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain("question", text, StringComparison.OrdinalIgnoreCase);
            }
        }

        var other = await node.PostAsync("police-nz", "v1/requests", Ask(report, "Access"), Purpose);
        other.Is(HttpStatusCode.Forbidden);
        (await node.GetAsync("supervisor", "v1/requests")).Is(HttpStatusCode.Forbidden);
        (await node.PostAsync("ncb-nz", $"v1/requests/{id}:again", new JsonObject { ["fields"] = new JsonArray("Access") }, Purpose)).Is(HttpStatusCode.OK);
        (await node.PostAsync("gb", $"v1/requests/{id}:impossible", new JsonObject { ["text"] = "nobody knows" })).Is(HttpStatusCode.OK);
        (await node.PostAsync("ncb-nz", $"v1/requests/{id}:satisfied", new JsonObject(), Purpose)).Is(HttpStatusCode.OK);
        Assert.Equal("Satisfied", (await ListedAsync(node, "gb", "closed", id)).GetProperty("state").GetString());

        Task<Reply> AnswerAsync(string who) => node.PostAsync(who, $"v1/requests/{id}:answer",
            Answers(("Referrer", "https://links.example/there"), ("UploadTime", "2026-01-01T10:00:00+13:00")));
    }

    [Fact]
    public async Task One_force_neither_uses_up_what_is_anothers_nor_does_an_id_tell_it_of_anothers()
    {
        var node = await WithAgenciesAsync();
        await node.RegisterAsync("police-nz2", "Police", "Standard", "Officer", "NZ");
        var report = await ReferredAsync(node, "ASK-3");
        (await node.PostAsync("gb", "v1/referrals", new JsonObject
        {
            ["reportId"] = report, ["items"] = new JsonArray(new JsonObject { ["item"] = 1 }), ["agency"] = "police-nz2", ["because"] = "Report",
        })).Is(HttpStatusCode.OK);
        await EndToEndNode.UntilAsync(() => node.GetAsync("police-nz2", $"v1/reports/{report}/items/1", Purpose), r =>
            r.Status == HttpStatusCode.OK && r.Text.Contains("referralId", StringComparison.Ordinal));
        var ids = new HashSet<string>();
        for (var i = 0; i < ReportLimits.QuestionsOfAgency; i++)
        {
            var id = (await node.PostAsync("ncb-nz", "v1/requests", Ask(report, "PageContext"), Purpose)).Is(HttpStatusCode.OK).Json
                .GetProperty("requestId").GetString()!;
            Assert.True(ids.Add(id));
            (await node.PostAsync("gb", $"v1/requests/{id}:impossible", new JsonObject { ["text"] = "nobody knows" })).Is(HttpStatusCode.OK);
        }

        Assert.Equal("too-many-items", (await node.PostAsync("ncb-nz", "v1/requests", Ask(report, "PageContext"), Purpose)).Is((HttpStatusCode)422).Code);
        var others = (await node.PostAsync("police-nz2", "v1/requests", Ask(report, "PageContext"), Purpose)).Is(HttpStatusCode.OK).Json
            .GetProperty("requestId").GetString()!;
        Assert.Matches($"^{report}-q[1-9][0-9]{{5}}$", others);
        Assert.DoesNotContain(others, ids);
        Assert.NotEqual(ids.Append(others).Order(StringComparer.Ordinal), ids.Append(others));
    }

    [Fact]
    public async Task It_is_overdue_by_the_clock_and_both_sides_are_told()
    {
        var node = await WithAgenciesAsync();
        var report = await ReferredAsync(node, "ASK-2");
        var id = (await node.PostAsync("ncb-nz", "v1/requests", Ask(report, "PageContext"), Purpose)).Is(HttpStatusCode.OK).Json
            .GetProperty("requestId").GetString()!;
        moved.Clock.Move(TimeSpan.FromHours(121));
        Assert.Equal("Overdue", (await ListedAsync(node, "gb", "open", id)).GetProperty("state").GetString());
        foreach (var who in new[] { "ncb-nz", "gb" })
        {
            await EndToEndNode.UntilAsync(() => node.GetAsync(who, $"v1/reports/{report}/history", Purpose),
                r => r.Text.Contains("QuestionOverdue", StringComparison.Ordinal));
            await EndToEndNode.UntilAsync(() => node.GetAsync(who, "v1/feed?maxResults=200&types=cport.question.overdue.v1", Purpose),
                r => r.Text.Contains("cport.question.overdue.v1", StringComparison.Ordinal));
        }

        (await node.PostAsync("gb", $"v1/requests/{id}:answer", Answers(("PageContext", "words-around")))).Is(HttpStatusCode.OK);
        Assert.Equal("Answered", (await ListedAsync(node, "ncb-nz", "answered", id)).GetProperty("state").GetString());
    }

    private static JsonObject Ask(string report, params string[] fields) => new()
    {
        ["reportId"] = report, ["items"] = new JsonArray(new JsonObject { ["item"] = 1 }), ["text"] = "a-word-of-police",
        ["fields"] = new JsonArray([.. fields.Select(f => (JsonNode)f)]),
    };

    private static JsonObject Answers(params (string Field, string Value)[] answers) => new()
    {
        ["answers"] = new JsonArray([.. answers.Select(a => (JsonNode)new JsonObject { ["field"] = a.Field, ["value"] = a.Value })]),
    };

    /// <summary>Waits until the list has it.</summary>
    private static async Task<JsonElement> ListedAsync(EndToEndNode node, string who, string state, string id)
    {
        JsonElement found = default;
        await EndToEndNode.UntilAsync(() => node.GetAsync(who, $"v1/requests?state={state}", Purpose), r =>
        {
            found = r.Is(HttpStatusCode.OK).Json.GetProperty("requests").EnumerateArray()
                .FirstOrDefault(q => q.GetProperty("requestId").GetString() == id);
            return found.ValueKind == JsonValueKind.Object;
        });
        return found;
    }

    /// <summary>A judged report whose item the bureau has in a referral.</summary>
    private static async Task<string> ReferredAsync(EndToEndNode node, string reference)
    {
        var id = await node.SubmitAsync("gb", Bodies.Report(reference, r =>
        {
            ReportLifeTests.WithoutHashes(r);
            r.Remove("sourceUrlReferrer");
            r["urls"]![0]!["hostingCountryCode"] = "NZ";
            r["urls"]![0]!["urlString"] = $"https://ask.example/{reference}";
        }));
        await node.AssignedAsync("hotline-nz", id, "hotline-nz");
        (await node.PostAsync("hotline-nz", $"v1/reports/{id}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        await EndToEndNode.UntilAsync(() => node.GetAsync("ncb-nz", $"v1/reports/{id}/items/1", Purpose), r =>
            r.Status == HttpStatusCode.OK && r.Text.Contains("referralId", StringComparison.Ordinal));
        return id;
    }

    private async Task<EndToEndNode> WithAgenciesAsync()
    {
        var node = moved.Node;
        await Once.WaitAsync();
        try
        {
            if (!_registered)
            {
                await node.RegisterAsync("hotline-nz", "Hotline", "Standard", "Analyst", "NZ");
                await node.RegisterAsync("police-nz", "Police", "Standard", "Officer", "NZ");
                await node.RegisterAsync("ncb-nz", "Police", "Standard", "Officer", "NZ");
                await node.ChangeAgencyAsync("ncb-nz", new JsonObject { ["isNationalBureau"] = true });
                _registered = true;
            }
        }
        finally
        {
            Once.Release();
        }

        return node;
    }
}
