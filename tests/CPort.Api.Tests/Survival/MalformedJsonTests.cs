using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CPort.Actors.Persistence;
using CPort.Node.Sample;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Survival;

/// <summary>One node for all tests of what senders get wrong.</summary>
public sealed class NodeForBadInput : IAsyncLifetime
{
    public const int LineBytes = 1_000_000;

    public TestNode Node { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await using var none = new PostgreSqlServer();
        Node = new TestNode(
            await NodeDatabase.CreateAsync(DatabaseProvider.Sqlite, none),
            new Dictionary<string, string> { ["Limits__LineBytes"] = $"{LineBytes}", ["Limits__BodyBytes"] = "4000000" });
        await Node.StartReadyAsync();
        await Node.RegisterAsync(SampleAgencies.Hotlines.Take(3));
    }

    public async Task DisposeAsync() => await Node.DisposeAsync();
}

/// <summary>Whatever is sent, the answer is a problem that says what is wrong; never a 500, and neighbours are unharmed.</summary>
[Collection(SurvivalCollection.Name)]
public sealed class MalformedJsonTests(NodeForBadInput bad) : IClassFixture<NodeForBadInput>
{
    public static TheoryData<string> Names => [.. JsonFault.All.Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_wrong_report_is_answered_by_a_problem_that_names_the_field(string name)
    {
        var fault = JsonFault.All.Single(f => f.Name == name);
        using var http = bad.Node.Http(bad.Node.KeyOf("hotline-nl"));
        using var answer = await http.SendAsync(Request(HttpMethod.Post, "/v1/reports", fault));
        var body = await answer.Content.ReadAsStringAsync();

        Assert.True((int)answer.StatusCode is >= 400 and < 500, $"{(int)answer.StatusCode}: {body}");
        AssertProblem(answer, body);
        if (fault.Field is { } field)
        {
            Assert.Contains($"\"{field}", body, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("host.example", body, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_lines_of_a_stream_are_rejected_one_by_one_and_their_neighbours_accepted()
    {
        var lines = new List<(byte[] Bytes, JsonFault? Fault)>();
        void Good() => lines.Add((Encoding.UTF8.GetBytes(Bodies.Report($"NEIGHBOUR-{lines.Count}")), null));
        Good();
        foreach (var fault in JsonFault.All.Where(f => f.IsLine))
        {
            lines.Add((fault.Body, fault));
            Good();
        }

        lines.Add((Encoding.UTF8.GetBytes(Bodies.Report("GIANT", r => r["memo"] = new string('x', 3 * NodeForBadInput.LineBytes))),
            new JsonFault("a giant line", [])));
        Good();
        lines.Add((Encoding.UTF8.GetBytes("{\"never\":\"ends"), new JsonFault("the last line without an end", [])));

        var body = new MemoryStream();
        foreach (var (bytes, _) in lines)
        {
            body.Write(bytes);
            body.WriteByte((byte)'\n');
        }

        body.SetLength(body.Length - 1);
        var answers = new ConcurrentDictionary<int, StreamAnswer>();
        using var http = bad.Node.Http(bad.Node.KeyOf("hotline-nl"), TimeSpan.FromSeconds(60));
        Assert.Null(await StreamSender.SendAsync(http, body.ToArray(), a => Assert.True(answers.TryAdd(a.Line, a), $"Line {a.Line} was answered twice.")));

        var wrong = new List<string>();
        for (var line = 1; line <= lines.Count; line++)
        {
            var fault = lines[line - 1].Fault;
            var outcome = answers.TryGetValue(line, out var answer) ? answer.Outcome : "no answer";
            if (outcome != (fault is null ? "accepted" : "rejected")
                || (fault is not null && (answer!.Problem is null || answer.Problem.Contains("host.example", StringComparison.Ordinal)))
                || (fault?.Field is { } field && !answer!.Raw.Contains($"\"{field}", StringComparison.Ordinal)))
            {
                wrong.Add($"line {line} ({fault?.Name ?? "good"}): {answer?.Raw ?? outcome}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(lines.Count, answers.Count);
    }

    [Theory]
    [InlineData("\n\n{0}\r\n\n", 1)]
    [InlineData("", 0)]
    [InlineData("\n", 0)]
    public async Task Blank_lines_and_empty_streams_are_no_fault(string form, int reports)
    {
        using var http = bad.Node.Http(bad.Node.KeyOf("hotline-nl"));
        var answers = new List<StreamAnswer>();
        var body = form.Replace("{0}", Bodies.Report($"BLANK-{form.Length}"), StringComparison.Ordinal);
        Assert.Null(await StreamSender.SendAsync(http, Encoding.UTF8.GetBytes(body), answers.Add));
        Assert.Equal(reports, answers.Count(a => a.Outcome == "accepted"));
        Assert.DoesNotContain(answers, a => a.ProblemStatus >= 500);
    }

    /// <summary>All endpoints that take a body, as the OpenAPI document lists them, with everything that is wrong as JSON.</summary>
    [Fact]
    public async Task No_endpoint_answers_malformed_JSON_with_a_server_error()
    {
        using var http = bad.Node.Http(bad.Node.KeyOf("hotline-nl"));
        using var operators = bad.Node.Http(await bad.Node.OperatorKeyAsync());
        var paths = JsonElement.Parse(await operators.GetStringAsync("/openapi/v1.json")).GetProperty("paths");
        var report = await SubmitAsync(http, "FOR-PATHS");
        var operations = paths.EnumerateObject().SelectMany(p => p.Value.EnumerateObject()
            .Where(o => o.Name is "post" or "put" or "patch" && o.Value.TryGetProperty("requestBody", out _))
            .Select(o => (Method: new HttpMethod(o.Name.ToUpperInvariant()), Path: Filled(p.Name, report)))).ToArray();
        Assert.True(operations.Length >= 8, $"The OpenAPI document lists {operations.Length} operations with a body only.");

        var wrong = new ConcurrentQueue<string>();
        foreach (var (method, path) in operations)
        {
            foreach (var fault in JsonFault.All.Where(f => f.IsStructural))
            {
                foreach (var client in new[] { http, operators })
                {
                    using var answer = await client.SendAsync(Request(method, path, fault));
                    var body = await answer.Content.ReadAsStringAsync();
                    if ((int)answer.StatusCode >= 500 || (!answer.IsSuccessStatusCode
                        && answer.Content.Headers.ContentType?.MediaType != "application/problem+json"))
                    {
                        wrong.Enqueue(
                            $"{method} {path} with {fault.Name}: {(int)answer.StatusCode} {answer.Content.Headers.ContentType} {body[..Math.Min(200, body.Length)]}");
                    }
                }
            }
        }

        Assert.True(wrong.IsEmpty, string.Join('\n', wrong));
        Assert.Equal(HttpStatusCode.OK, (await bad.Node.ReadyAsync()).Status);
        Assert.DoesNotContain("host.example", bad.Node.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strange_paths_queries_and_headers_are_answered_by_problems()
    {
        using var http = bad.Node.Http(bad.Node.KeyOf("hotline-nl"));
        string[] paths =
        [
            "/v1/reports/x", "/v1/reports/00000000000000000000000000", "/v1/reports/%00", "/v1/reports/%FF%FE", "/v1/reports/" + new string('A', 4000),
                "/v1/reports/../../etc",
            "/v1/reports/00000000000000000000000000/history?maxResults=-1", "/v1/reports/00000000000000000000000000/history?maxResults=99999999999999999999",
            "/v1/queues/none", "/v1/queues/unassessed?cursor=%00%00", "/v1/queues/unassessed?cursor=AAAA", "/v1/queues/unassessed?maxResults=x", "/v1/nothing",
            "/v1/hashes/md5/xyz", "/v1/hashes/none/00", "/v1/hashes/md5/" + new string('0', 5000),
        ];
        var wrong = new List<string>();
        foreach (var path in paths)
        {
            using var answer = await http.GetAsync(path);
            var body = await answer.Content.ReadAsStringAsync();
            if ((int)answer.StatusCode is < 400 or >= 500 || (body.Length > 0 && answer.Content.Headers.ContentType?.MediaType != "application/problem+json"))
            {
                wrong.Add($"{path[..Math.Min(80, path.Length)]}: {(int)answer.StatusCode} {body[..Math.Min(200, body.Length)]}");
            }
        }

        foreach (var key in new[] { "", "x", "Bearer", new string('k', 5000), "cport_" + new string('A', 43) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/queues");
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
            using var plain = bad.Node.Http(key: null);
            using var answer = await plain.SendAsync(request);
            if (answer.StatusCode != HttpStatusCode.Unauthorized || answer.Content.Headers.ContentType?.MediaType != "application/problem+json")
            {
                wrong.Add($"key of {key.Length} characters: {(int)answer.StatusCode}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, JsonFault fault)
    {
        var content = new ByteArrayContent(fault.Body);
        content.Headers.ContentType = new MediaTypeHeaderValue(path.EndsWith(":stream", StringComparison.Ordinal) ? "application/x-ndjson" : fault.ContentType);
        return new HttpRequestMessage(method, path) { Content = content };
    }

    private static void AssertProblem(HttpResponseMessage answer, string body)
    {
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonElement.Parse(body);
        Assert.Equal((int)answer.StatusCode, problem.GetProperty("status").GetInt32());
        Assert.False(string.IsNullOrWhiteSpace(problem.GetProperty("title").GetString()));
    }

    /// <summary>Values for a path's parameters that name something, so that the body is looked at.</summary>
    private static string Filled(string path, string report) => path
        .Replace("{reportId}", report, StringComparison.Ordinal)
            .Replace("{id}", path.Contains("agencies", StringComparison.Ordinal) ? "hotline-nl" : report, StringComparison.Ordinal)
        .Replace("{ordinal}", "1", StringComparison.Ordinal).Replace("{item}", "1", StringComparison.Ordinal)
            .Replace("{agency}", "hotline-nl", StringComparison.Ordinal)
        .Replace("{algorithm}", "md5", StringComparison.Ordinal).Replace("{value}", Bodies.Hash("x", 16), StringComparison.Ordinal)
        .Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal);

    private static async Task<string> SubmitAsync(HttpClient http, string reference)
    {
        using var content = new StringContent(Bodies.Report(reference), Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/v1/reports", content);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonElement.Parse(body).GetProperty("reportId").GetString()!;
    }
}
