using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using CPort.Actors.Intake;
using CPort.Node;
using CPort.Node.Client;
using CPort.Node.Commands;
using CPort.Node.Commands.Pbm;
using CPort.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CPort.Api.Tests.Sample;

public sealed class CPortClientTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cport-client").FullName;
    private readonly ConcurrentDictionary<string, int> _stored = new();
    private readonly ConcurrentQueue<int> _requests = new();
    private WebApplication _server = null!;
    private Uri _url = null!;

    /// <summary>What the stand-in node does with a request before it answers it properly; true: it has answered.</summary>
    private Func<HttpContext, int, Task<bool>> _mischief = (_, _) => Task.FromResult(false);

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.MapPost("/v1/reports:stream", StreamAsync);
        _server.MapGet("/v1/agencies", http => http.Request.Headers.Authorization == "Bearer good"
            ? http.Response.WriteAsJsonAsync(new { agencies = Array.Empty<object>(), items = new[] { new { id = "hotline-nl" } } })
            : ApiProblem.Of(ProblemCodes.NotAuthenticated).WriteAsync(http));
        _server.MapGet("/health/live", () => Results.Json(new { status = "live" }));
        _server.MapGet("/operator/v1/cluster/members", () => Results.Json(new { members = Array.Empty<object>() }));
        _server.MapPost("/v1/agencies", http => ApiProblemException.OfField("kind", ProblemCodes.UnknownCode, "not a kind").Problem.WriteAsync(http));
        _server.MapPost("/v1/agencies/hotline-nl/keys/old:rotate", () =>
            Results.Json(new { agency = "hotline-nl", keyId = "new", apiKey = "cport_new_secret" }));
        _server.MapPost("/v1/hashes:import", async (HttpContext http) =>
        {
            Assert.Equal("worst of", http.Request.Query["list"]);
            using var reader = new StreamReader(http.Request.Body);
            for (var line = 1; await reader.ReadLineAsync() is { } row; line++)
            {
                await http.Response.WriteAsync($"{{\"line\":{line},\"outcome\":\"{(_stored.TryAdd(row, 1) ? "imported" : "unchanged")}\"}}\n");
            }
        });
        await _server.StartAsync();
        _url = new Uri(_server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        TestFolders.Remove(_folder);
    }

    [Fact]
    public async Task Every_line_is_sent_once_in_bounded_requests_and_answers_carry_the_files_line_numbers()
    {
        var outcomes = Path.Combine(_folder, "outcomes");
        using var client = new CPortClient(_url, "good");
        var text = string.Concat(Enumerable.Range(1, 1_300).Select(i => i % 100 == 0 ? "\r\n\n" : $"line {i}\n")) + "bad";
        var result = await client.StreamReportsAsync(Source(text), new LineStreamOptions { OutcomeFile = outcomes });

        Assert.Equal(1_287, result["accepted"]);
        Assert.Equal(1, result["rejected"]);
        Assert.Equal(1, result.Reasons["Malformed line"]);
        Assert.False(result.AllGood);
        Assert.Equal([288, 500, 500], _requests.Order());
        var last = JsonElement.Parse(File.ReadLines(outcomes).Last());
        Assert.Equal(1_314, last.GetProperty("line").GetInt32());
        Assert.Equal("rejected", last.GetProperty("outcome").GetString());
        Assert.Equal(1_288, File.ReadLines(outcomes).Count());
    }

    [Fact]
    public async Task Large_lines_make_smaller_requests_and_one_beyond_the_bound_travels_alone()
    {
        using var client = new CPortClient(_url, "good");
        var text = string.Join("\n", Enumerable.Range(0, 8).Select(i => new string((char)('a' + i), i == 4 ? 2_000_000 : 250_000)));
        var result = await client.StreamReportsAsync(Source(text));

        Assert.Equal(8, result["accepted"]);
        Assert.Equal([1, 1, 3, 3], _requests.Order());
        Assert.Equal(Encoding.UTF8.GetByteCount(text), result.Offset);
    }

    [Fact]
    public async Task A_busy_node_is_asked_again_after_the_time_it_names()
    {
        _mischief = async (http, request) =>
        {
            if (request > 2)
            {
                return false;
            }

            http.Response.StatusCode = request == 1 ? 429 : 503;
            http.Response.Headers.RetryAfter = "0";
            await http.Response.WriteAsJsonAsync(new { title = "Busy", status = http.Response.StatusCode });
            return true;
        };
        using var client = new CPortClient(_url, "good");
        var result = await client.StreamReportsAsync(Source("a\nb\n"));

        Assert.Equal(2, result["accepted"]);
        Assert.Equal(2, result.Retries);
    }

    [Fact]
    public async Task A_connection_that_breaks_between_answers_loses_nothing_and_counts_nothing_twice()
    {
        _mischief = async (http, request) =>
        {
            if (request > 1)
            {
                return false;
            }

            // Three lines become durable, one answer arrives, the connection dies.
            _stored["a"] = _stored["b"] = _stored["c"] = 1;
            await http.Response.WriteAsync("{\"line\":1,\"outcome\":\"accepted\"}\n{\"line\":2,\"outc");
            await http.Response.Body.FlushAsync();
            http.Abort();
            return true;
        };
        using var client = new CPortClient(_url, "good");
        var result = await client.StreamReportsAsync(Source("a\nb\nc\nd\n"));

        Assert.Equal(4, result.Answered);
        Assert.Equal(4, result["accepted"] + result["duplicate"]);
        Assert.InRange(result["accepted"], 1, 2);
        Assert.Equal(1, result.Retries);
    }

    [Fact]
    public async Task A_line_that_the_node_was_too_busy_for_is_sent_again()
    {
        _mischief = async (http, request) =>
        {
            if (request > 1)
            {
                return false;
            }

            _stored["a"] = 1;
            await http.Response.WriteAsync(
                "{\"line\":1,\"outcome\":\"accepted\"}\n{\"line\":2,\"outcome\":\"rejected\",\"problem\":{\"status\":503,\"title\":\"Busy\",\"code\":\"unavailable\"}}\n");
            return true;
        };
        using var client = new CPortClient(_url, "good");
        var result = await client.StreamReportsAsync(Source("a\nb\n"));

        Assert.Equal(2, result["accepted"]);
        Assert.Equal(2, result.Answered);
    }

    [Fact]
    public async Task An_interrupted_file_goes_on_where_all_was_answered()
    {
        var resume = Path.Combine(_folder, "resume");
        var text = string.Concat(Enumerable.Range(1, 2_000).Select(i => $"line {i}\n"));
        _mischief = async (http, request) =>
        {
            if (request < 3)
            {
                return false;
            }

            await ApiProblem.Of(ProblemCodes.NotAuthorised).WriteAsync(http);
            return true;
        };
        using var client = new CPortClient(_url, "good");
        var file = new SourceFile(Source(text));
        var options = new LineStreamOptions
        {
            ResumeFile = resume, Parallel = 1, OutcomeFile = Path.Combine(_folder, "outcomes"), Source = () => file.Fingerprint,
        };
        var refused = await Assert.ThrowsAsync<CPortApiException>(() => client.StreamReportsAsync(file, options));
        Assert.Equal(403, refused.Problem.Status);

        var point = ResumePoint.Load(resume)!;
        Assert.Equal(1_000, point.Line);
        Assert.True(await new SourceFile(Source(text + "line 2001\n")).GoOnAsync(point, point.Offset));
        Assert.False(await new SourceFile(Source("x" + text)).GoOnAsync(point, point.Offset));
        Assert.False(await new SourceFile(Source(text[..100])).GoOnAsync(point, point.Offset));

        // The same length and beginning, and another line in the midst of what was read.
        Assert.False(await new SourceFile(Source(text.Replace("line 900\n", "line 9x0\n"))).GoOnAsync(point, point.Offset));

        _mischief = (_, _) => Task.FromResult(false);
        var source = new SourceFile(Source(text));
        Assert.True(await source.GoOnAsync(point, point.Offset));
        var result = await client.StreamReportsAsync(source, options with { ResumeFrom = point });

        Assert.Equal(2_000, result["accepted"]);
        Assert.Equal(0, result["duplicate"]);
        Assert.False(File.Exists(resume));
        Assert.Equal(Enumerable.Range(1, 2_000), File.ReadLines(options.OutcomeFile).Select(l => JsonElement.Parse(l).GetProperty("line").GetInt32()));
    }

    [Fact]
    public async Task A_node_that_stays_away_is_given_up_with_a_plain_message()
    {
        using var client = new CPortClient(new Uri("http://127.0.0.1:1"), "good");
        var gone = await Assert.ThrowsAsync<CPortUnreachableException>(
            () => client.StreamReportsAsync(Source("a\n"), new LineStreamOptions { RetryFor = TimeSpan.FromMilliseconds(300) }));
        Assert.Contains("Lines 1 to 1", gone.Message);
        await Assert.ThrowsAsync<CPortUnreachableException>(() => client.GetAsync("v1/agencies"));
    }

    [Fact]
    public async Task Problems_are_readable()
    {
        using var good = new CPortClient(_url, "good");
        Assert.Equal("hotline-nl", (await good.GetAsync("/v1/agencies")).GetProperty("items")[0].GetProperty("id").GetString());
        var invalid = await Assert.ThrowsAsync<CPortApiException>(() => good.PostAsync("v1/agencies", new { }));
        Assert.Contains("kind: not a kind", invalid.Message);

        using var wrong = new CPortClient(_url, "wrong");
        var denied = await Assert.ThrowsAsync<CPortApiException>(() => wrong.GetAsync("v1/agencies"));
        Assert.Equal(401, denied.Problem.Status);
        Assert.DoesNotContain("Bearer", denied.Message);
    }

    [Fact]
    public async Task The_intake_command_ends_by_what_was_taken()
    {
        var file = Path.Combine(_folder, "day");
        await File.WriteAllTextAsync(file, "one\ntwo\n");
        string[] arguments = [file, "--url", _url.ToString(), "--key", "good"];
        Assert.Equal(0, await IntakeCommand.Create().Parse(arguments).InvokeAsync());
        Assert.Equal(0, await IntakeCommand.Create().Parse([.. arguments, "--resume"]).InvokeAsync());
        Assert.Equal(2, _stored.Count);

        await File.AppendAllTextAsync(file, "bad\n");
        Assert.Equal(ExitCodes.SomeRejected, await IntakeCommand.Create().Parse(arguments).InvokeAsync());
        Assert.False(File.Exists(file + ".resume"));
    }

    [Fact]
    public async Task A_line_that_stays_unavailable_is_left_and_the_others_go_through()
    {
        var (file, outcomes) = (Path.Combine(_folder, "day"), Path.Combine(_folder, "outcomes"));
        await File.WriteAllTextAsync(file, string.Concat(Enumerable.Range(1, 1_200).Select(i => i is 7 or 900 ? "stuck\n" : $"line {i}\n")));
        string[] arguments = [file, "--url", _url.ToString(), "--key", "good", "--retry-for", "3", "--outcomes", outcomes];
        Assert.Equal(ExitCodes.SomeUnavailable, await IntakeCommand.Create().Parse(arguments).InvokeAsync());

        Assert.Equal(1_198, _stored.Count);
        var answers = File.ReadLines(outcomes).Select(l => JsonElement.Parse(l)).ToArray();
        Assert.Equal(1_200, answers.Length);
        Assert.Equal([7, 900], answers.Where(a => a.GetProperty("outcome").GetString() == "unavailable").Select(a => a.GetProperty("line").GetInt32()));
        Assert.False(File.Exists(file + ".resume"));
    }

    [Fact]
    public async Task A_request_of_unavailable_lines_alone_is_left_too_when_a_line_known_to_be_good_is_answered()
    {
        using var client = new CPortClient(_url, "good");
        var result = await client.StreamReportsAsync(
            Source(string.Concat(Enumerable.Range(1, LineChunk.MaxLines).Select(i => $"line {i}\n")) + "stuck\n"),
            new LineStreamOptions { RetryFor = TimeSpan.FromSeconds(3), LeaveUnavailable = true });

        Assert.Equal([LineChunk.MaxLines + 1], result.Unavailable);
        Assert.Equal(LineChunk.MaxLines, result["accepted"]);
        Assert.Equal(1, result["unavailable"]);
    }

    [Fact]
    public async Task A_cluster_that_takes_nothing_at_all_is_given_up_and_gone_on_with_later()
    {
        var file = Path.Combine(_folder, "day");
        await File.WriteAllTextAsync(file, "stuck\nstuck\n");
        Assert.Equal(ExitCodes.NoConnection, await IntakeCommand.Create().Parse([file, "--url", _url.ToString(), "--key", "good", "--retry-for", "1"])
            .InvokeAsync());
    }

    [Fact]
    public async Task The_import_command_sends_a_list_and_keeps_a_file_of_what_was_not_taken()
    {
        var file = Path.Combine(_folder, "list.csv");
        await File.WriteAllTextAsync(file, $"md5\n{1:x32}\n{2:x32}\nbroken\n");
        string[] arguments = ["import", file, "--list", "worst of", "--classification", "Baseline", "--url", _url.ToString(), "--key", "good"];
        Assert.Equal(ExitCodes.SomeRejected, await HashesCommand.Create().Parse(arguments).InvokeAsync());
        Assert.Equal(2, _stored.Count);
        var reject = JsonElement.Parse(Assert.Single(File.ReadLines(file + ".rejects")));
        Assert.Equal(4, reject.GetProperty("row").GetInt32());

        Assert.Equal(ExitCodes.Usage, await HashesCommand.Create().Parse([.. arguments, "--format", "Icse"]).InvokeAsync());
    }

    [Fact]
    public async Task Agencies_commands_take_the_operators_key_from_the_data_folder()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "operator.key"), "good\n");
        string[] where = ["--url", _url.ToString(), "--data", _folder];
        Assert.Equal(0, await AgenciesCommand.Create().Parse(["list", .. where]).InvokeAsync());
        Assert.Equal(0, await AgenciesCommand.Create().Parse(["rotate-key", "hotline-nl", "old", .. where]).InvokeAsync());
        Assert.Equal(ExitCodes.Failed, await AgenciesCommand.Create().Parse(["add", "hotline-xx", .. where]).InvokeAsync());
    }

    [Fact]
    public async Task No_command_asks_a_proxy_of_the_environment_for_the_machine_itself_or_over_plain_http()
    {
        var (before, asked) = (HttpClient.DefaultProxy, new ConcurrentQueue<Uri>());
        HttpClient.DefaultProxy = new WatchingProxy(_url.Port, asked);
        try
        {
            var file = Path.Combine(_folder, "day");
            await File.WriteAllTextAsync(file, "one\n");
            foreach (var url in new[] { _url, new Uri($"http://localhost:{_url.Port}") })
            {
                string[] node = ["--url", url.ToString(), "--key", "good"];
                Assert.Equal(0, await IntakeCommand.Create().Parse([file, .. node]).InvokeAsync());
                Assert.Equal(0, await AgenciesCommand.Create().Parse(["list", .. node]).InvokeAsync());
                Assert.Equal(0, await HealthCommand.Create().Parse(["--url", url.ToString()]).InvokeAsync());
                Assert.Equal(0, await PbmCommand.Create().Parse([$"{url.Host}:{url.Port}", "--key", "good", "cluster", "show"]).InvokeAsync());
            }

            Assert.Empty(asked);
        }
        finally
        {
            HttpClient.DefaultProxy = before;
        }

        Assert.False(NodeHttp.Handler(new Uri("http://node.example:5080")).UseProxy);
        Assert.False(NodeHttp.Handler(new Uri("https://127.0.0.1:5080")).UseProxy);
        Assert.True(NodeHttp.Handler(new Uri("https://node.example")).UseProxy);
    }

    [Fact]
    public void Every_client_of_the_node_comes_from_the_one_place_that_decides_about_proxies()
    {
        var files = Directory.EnumerateFiles(Repository.PathOf("src", "CPort.Node"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}")).ToArray();
        Assert.All(
            files.Where(f => Path.GetFileName(f) is not ("NodeHttp.cs" or "WebhookSender.cs" or "WitnessClient.cs")),
            f => Assert.DoesNotMatch(@"new (HttpClient|HttpClientHandler|SocketsHttpHandler)\b", File.ReadAllText(f)));

        // What agencies have sent goes to the address that was looked at, what witnesses are shown to the named one, and by no proxy ever.
        Assert.All(
            files.Where(f => Path.GetFileName(f) is "WebhookSender.cs" or "WitnessClient.cs"),
            f => Assert.Contains("UseProxy = false", File.ReadAllText(f), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("<html>Access denied</html>", 403)]
    [InlineData("""{"type":"about:blank","title":"Forbidden","status":403}""", 403)]
    [InlineData("<html>Not found</html>", 404)]
    public async Task What_a_proxy_answers_is_not_taken_for_the_nodes_word(string body, int status)
    {
        _mischief = async (http, _) =>
        {
            http.Response.StatusCode = status;
            await http.Response.WriteAsync(body);
            return true;
        };
        using var client = new CPortClient(_url, "good");
        var said = await Assert.ThrowsAsync<CPortUnreachableException>(() => client.StreamReportsAsync(Source("a\n")));
        Assert.Contains("no CPort node", said.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("roles", said.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_feed_that_pauses_is_sent_and_answered_while_it_pauses()
    {
        var outcomes = Path.Combine(_folder, "outcomes");
        var feed = new System.IO.Pipelines.Pipe();
        using var client = new CPortClient(_url, "good");
        var sending = client.StreamReportsAsync(feed.Reader.AsStream(), new LineStreamOptions { OutcomeFile = outcomes });
        foreach (var line in new[] { "urgent one", "urgent two" })
        {
            await feed.Writer.WriteAsync(Encoding.UTF8.GetBytes($"{line}\n"));

            // No more comes until this one is through.
            await Wait.UntilAsync(
                () => Task.FromResult(_stored.ContainsKey(line) && AnsweredIn(outcomes) == _stored.Count), TimeSpan.FromMinutes(1),
                () => "a line of a feed that pauses was not sent");
        }

        await feed.Writer.CompleteAsync();
        Assert.Equal(2, (await sending)["accepted"]);
    }

    [Fact]
    public async Task A_file_of_any_encoding_and_line_ends_is_read_and_one_that_is_no_lines_is_named()
    {
        var file = Path.Combine(_folder, "day");
        string[] arguments = [file, "--url", _url.ToString(), "--key", "good"];
        byte[][] forms =
        [
            [0xEF, 0xBB, 0xBF, .. "mark\nline\n"u8], [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("wide\r\nfile")],
            Encoding.BigEndianUnicode.GetBytes("turned\nround"), [.. "mac\rend\r"u8],
        ];
        foreach (var form in forms)
        {
            await File.WriteAllBytesAsync(file, form);
            Assert.Equal(0, await IntakeCommand.Create().Parse(arguments).InvokeAsync());
        }

        Assert.Equal(["end", "file", "line", "mac", "mark", "round", "turned", "wide"], _stored.Keys.Order());
        foreach (var (bytes, code) in new (byte[], int)[]
        {
            ([0x1F, 0x8B, 8, 0, 0], ExitCodes.Usage), ([.. "[\n{}\n]\n"u8], ExitCodes.Usage), ([], ExitCodes.Failed), ([.. "\n\n"u8], ExitCodes.Failed),
        })
        {
            await File.WriteAllBytesAsync(file, bytes);
            Assert.Equal(code, await IntakeCommand.Create().Parse(arguments).InvokeAsync());
        }

        Assert.Equal(8, _stored.Count);
    }

    [SkippableFact]
    public async Task A_list_from_a_pipe_is_imported_and_an_empty_one_is_no_success()
    {
        string[] node = ["--list", "worst of", "--classification", "Baseline", "--url", _url.ToString(), "--key", "good"];
        using (var pipe = new System.IO.Pipes.AnonymousPipeServerStream(System.IO.Pipes.PipeDirection.Out))
        {
            var path = $"/dev/fd/{pipe.GetClientHandleAsString()}";
            Skip.IfNot(File.Exists(path), "There is no /dev/fd.");

            // One of the test's own, open until the end: the writer may be done before the command opens its own.
            await using var end = new FileStream(path, FileMode.Open, FileAccess.Read);
            path = $"/dev/fd/{end.SafeFileHandle.DangerousGetHandle()}";
            var writing = Task.Run(async () =>
            {
                await pipe.WriteAsync(Encoding.UTF8.GetBytes($"md5\n{1:x32}\n{2:x32}\n"));
                pipe.DisposeLocalCopyOfClientHandle();
                await pipe.DisposeAsync();
            });
            Assert.Equal(0, await HashesCommand.Create().Parse(["import", path, .. node]).InvokeAsync());
            await writing;
        }

        Assert.Equal(2, _stored.Count);
        var file = Path.Combine(_folder, "list.csv");
        await File.WriteAllTextAsync(file, "md5,classification\n");
        Assert.Equal(ExitCodes.Failed, await HashesCommand.Create().Parse(["import", file, .. node]).InvokeAsync());
    }

    [Fact]
    public async Task A_list_is_gone_on_with_only_when_what_was_read_of_it_is_the_same()
    {
        var file = Path.Combine(_folder, "list.csv");
        string List(int changed) => "md5\n" + string.Concat(Enumerable.Range(1, 45_000).Select(i => $"{(i == changed ? 99_999 : i):x32}\n"));
        await File.WriteAllTextAsync(file, List(0));
        var source = new SourceFile(File.OpenRead(file));
        await source.CopyToAsync(Stream.Null);
        await new ResumePoint { Source = source.Fingerprint, Offset = 20_001, Line = 20_001 }.SaveAsync(file + ".resume");
        await source.DisposeAsync();
        string[] arguments =
            ["import", file, "--list", "worst of", "--classification", "Baseline", "--url", _url.ToString(), "--key", "good", "--resume"];
        await File.WriteAllTextAsync(file, List(10_000));
        Assert.Equal(ExitCodes.Usage, await HashesCommand.Create().Parse(arguments).InvokeAsync());
        Assert.Empty(_stored);

        await File.WriteAllTextAsync(file, List(0));
        Assert.Equal(0, await HashesCommand.Create().Parse(arguments).InvokeAsync());
        Assert.Equal(25_000, _stored.Count);
    }

    [Fact]
    public async Task Where_nobody_may_write_beside_the_file_it_is_sent_all_the_same()
    {
        var file = Path.Combine(_folder, "day");
        await File.WriteAllTextAsync(file, string.Concat(Enumerable.Range(1, 1_200).Select(i => $"line {i}\n")));
        string[] node = ["--url", _url.ToString(), "--key", "good", "--resume-file", Path.Combine(_folder, "nowhere", "resume")];
        Assert.Equal(0, await IntakeCommand.Create().Parse([file, .. node]).InvokeAsync());
        Assert.Equal(1_200, _stored.Count);
    }

    [Fact]
    public void A_pipe_whose_reader_has_gone_is_noticed()
    {
        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream(System.IO.Pipes.PipeDirection.Out);
        var descriptor = (int)pipe.SafePipeHandle.DangerousGetHandle();
        Assert.False(OutputPipe.IsUnread(descriptor));
        pipe.DisposeLocalCopyOfClientHandle();
        Assert.True(OutputPipe.IsUnread(descriptor));
    }

    /// <summary>Stands between the program and the stand-in node, as <c>http_proxy</c> would, and nobody else.</summary>
    private sealed class WatchingProxy(int port, ConcurrentQueue<Uri> asked) : System.Net.IWebProxy
    {
        public System.Net.ICredentials? Credentials { get; set; }

        public Uri? GetProxy(Uri destination)
        {
            asked.Enqueue(destination);
            return null;
        }

        public bool IsBypassed(Uri host) => host.Port != port;
    }

    private static int AnsweredIn(string outcomes)
    {
        using var file = new StreamReader(new FileStream(outcomes, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return file.ReadToEnd().Count(c => c == '\n');
    }

    private static MemoryStream Source(string text) => new(Encoding.UTF8.GetBytes(text));

    private async Task StreamAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var lines = (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        _requests.Enqueue(lines.Length);
        if (await _mischief(http, _requests.Count))
        {
            return;
        }

        http.Response.ContentType = "application/x-ndjson";
        for (var i = 0; i < lines.Length; i++)
        {
            await http.Response.WriteAsync(
                lines[i] == "stuck"
                    ? $"{{\"line\":{i + 1},\"outcome\":\"unavailable\",\"problem\":{{\"title\":\"Not available at the moment\",\"status\":503,\"code\":\"unavailable\"}}}}\n"
                : lines[i] == "bad"
                    ? $"{{\"line\":{i + 1},\"outcome\":\"rejected\",\"problem\":{{\"title\":\"Malformed line\",\"status\":400,\"code\":\"malformed-json\"}}}}\n"
                : $"{{\"line\":{i + 1},\"outcome\":\"{(_stored.TryAdd(lines[i], 1) ? "accepted" : "duplicate")}\",\"reportId\":\"X\",\"number\":{i}}}\n");
        }
    }
}
