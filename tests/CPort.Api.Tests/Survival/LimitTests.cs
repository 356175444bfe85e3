using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CPort.Actors.Persistence;
using CPort.Node.Sample;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Survival;

/// <summary>A node whose limits are reached fast.</summary>
public sealed class NodeOfSmallLimits : IAsyncLifetime
{
    public TestNode Node { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await using var none = new PostgreSqlServer();
        Node = new TestNode(await NodeDatabase.CreateAsync(DatabaseProvider.Sqlite, none), new Dictionary<string, string>
        {
            ["Limits__ConcurrentStreams"] = "4", ["Limits__StreamsPerAgency"] = "2", ["Limits__StreamIdleSeconds"] = "3", ["Limits__StreamLineSeconds"] = "6",
            ["Limits__HashRowsPerAgency"] = "100",
        });
        await Node.StartReadyAsync();
        await Node.RegisterAsync(SampleAgencies.Hotlines.Take(3));
    }

    public async Task DisposeAsync() => await Node.DisposeAsync();
}

/// <summary>One key, or one sender, neither fills nor stops the node, and is told which limit it met.</summary>
[Collection(SurvivalCollection.Name)]
public sealed class LimitTests(NodeOfSmallLimits small) : IClassFixture<NodeOfSmallLimits>
{
    private const string Nl = "hotline-nl";

    private readonly TestNode _node = small.Node;

    [Fact]
    public async Task Streams_have_a_share_for_each_agency_and_a_silent_one_is_ended_by_a_line_that_says_so()
    {
        var others = SampleAgencies.Hotlines.Take(3).Select(a => a.Id.Value).First(a => a != Nl);
        using var first = await SilentAsync(Nl);
        using var second = await SilentAsync(Nl);
        using (var http = _node.Http(_node.KeyOf(Nl)))
        {
            using var third = await http.PostAsync("/v1/reports:stream", new StringContent(""));
            await ExpectAsync(third, HttpStatusCode.TooManyRequests, "too-many-streams");
            Assert.NotNull(third.Headers.RetryAfter);
        }

        // Another agency gets in while the first one's places are all taken.
        using (var http = _node.Http(_node.KeyOf(others)))
        {
            using var stream = await http.PostAsync("/v1/reports:stream", new StringContent(""));
            Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
        }

        var last = await LastLineAsync(first);
        Assert.Equal("ended", last.GetProperty("outcome").GetString());
        Assert.Equal(408, last.GetProperty("problem").GetProperty("status").GetInt32());
        Assert.Contains("idle", last.GetProperty("problem").GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/reports:stream")]
    [InlineData("/v1/hashes:import?list=slow")]
    public async Task A_line_whose_end_never_comes_is_no_line(string path)
    {
        using var socket = await SilentAsync(Nl, path, "1\r\n{\r\n");
        Assert.Equal("ended", (await LastLineAsync(socket)).GetProperty("outcome").GetString());
    }

    /// <summary>A byte now and then is not idle: what a line may take in all ends it.</summary>
    [Fact]
    public async Task A_line_that_comes_byte_by_byte_is_ended_by_its_own_time()
    {
        for (var again = 0; ; again++)
        {
            using var socket = await SilentAsync(Nl, begin: "1\r\n{\r\n");
            using var enough = new CancellationTokenSource();
            var trickle = TrickleAsync(socket, enough.Token);
            var last = await LastLineAsync(socket);
            await enough.CancelAsync();
            await trickle;
            Assert.Equal("ended", last.GetProperty("outcome").GetString());
            var why = last.GetProperty("problem").GetProperty("detail").GetString();

            // A machine that stood still for three seconds made it idle after all.
            if (again == 3 || why?.Contains("idle", StringComparison.Ordinal) != true)
            {
                Assert.Contains("seconds a line", why, StringComparison.Ordinal);
                return;
            }
        }
    }

    /// <summary>Answers that nobody reads are held only as long as a silent sender is waited for; then its place is another's.</summary>
    [Fact]
    public async Task A_sender_who_does_not_read_is_ended_and_its_place_is_free_again()
    {
        using var first = await SilentAsync(Nl, receiveBuffer: 4096);
        using var second = await SilentAsync(Nl, receiveBuffer: 4096);
        foreach (var ended in new[] { PourAsync(first), PourAsync(second) })
        {
            await Assert.ThrowsAnyAsync<IOException>(() => ended.WaitAsync(TimeSpan.FromSeconds(60)));
        }

        using var http = _node.Http(_node.KeyOf(Nl));
        await _node.UntilAsync(async () =>
        {
            using var stream = await http.PostAsync("/v1/reports:stream", new StringContent(""));
            return stream.StatusCode == HttpStatusCode.OK;
        }, TestNode.Patience, "the places were not free again");
    }

    [Theory]
    [InlineData("FFFFFFFFFFFFFFFF\r\n")]
    [InlineData("zz\r\n")]
    public async Task A_chunk_that_is_none_is_the_senders_fault(string chunk)
    {
        using var socket = await SilentAsync(Nl, "/v1/reports", chunk);
        Assert.StartsWith("HTTP/1.1 400", await ReadAsync(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_comes_too_slowly_is_408()
    {
        using var socket = await SilentAsync(Nl, "/v1/reports", "1\r\n{\r\n");
        Assert.StartsWith("HTTP/1.1 408", await ReadAsync(socket), StringComparison.Ordinal);
    }

    /// <summary>Of a trusted agency's 100 rows; a step of an import may pass it, the next is refused.</summary>
    [Fact]
    public async Task A_quota_of_stored_rows_has_an_answer_of_its_own_and_what_is_taken_back_makes_room()
    {
        using var http = _node.Http(_node.KeyOf(Nl));
        Assert.All(await ImportAsync(http, 0, 120, retract: false), l => Assert.Equal("imported", l.GetProperty("outcome").GetString()));
        Assert.All(await ImportAsync(http, 120, 10, retract: false), l =>
        {
            Assert.Equal("rejected", l.GetProperty("outcome").GetString());
            Assert.Equal("quota-exceeded", l.GetProperty("problem").GetProperty("code").GetString());
        });
        Assert.All(await ImportAsync(http, 0, 50, retract: true), l => Assert.Equal("retracted", l.GetProperty("outcome").GetString()));
        Assert.All(await ImportAsync(http, 120, 10, retract: false), l => Assert.Equal("imported", l.GetProperty("outcome").GetString()));
    }

    /// <summary>An exercise has a hundredth: one row.</summary>
    [Fact]
    public async Task The_quota_of_a_key_for_training_is_an_exercises_own()
    {
        using var operators = _node.Http(await _node.OperatorKeyAsync());
        using var made = await operators.PostAsync($"/v1/agencies/{Nl}/keys", new StringContent("""{"roles":["Analyst"],"tenant":"Training"}"""));
        using var http = _node.Http(JsonElement.Parse(await made.Content.ReadAsStringAsync()).GetProperty("apiKey").GetString());
        Assert.Equal("imported", Assert.Single(await ImportAsync(http, 0, 1, retract: false)).GetProperty("outcome").GetString());
        var second = Assert.Single(await ImportAsync(http, 1, 1, retract: false));
        Assert.Equal("quota-exceeded", second.GetProperty("problem").GetProperty("code").GetString());
    }

    /// <summary>Security 15: sixty refused requests used 20,000 numbers up.</summary>
    [Fact]
    public async Task Who_is_refused_uses_no_number_up()
    {
        using var http = _node.Http(_node.KeyOf(Nl));
        using var stranger = _node.Http(_node.KeyOf(SampleAgencies.Hotlines.Take(3).Select(a => a.Id.Value).First(a => a != Nl)));
        var (report, first) = await SubmitAsync(http, "NUMBERS-1");
        for (var i = 0; i < 5; i++)
        {
            using var refused = await stranger.PostAsync($"/v1/reports/{report}/items",
                new StringContent("""{"urls":[{"urlString":"https://added.example/1"}]}"""));
            await ExpectAsync(refused, HttpStatusCode.NotFound, "not-found");
        }

        // One sequence: the second report's own number, then its item's.
        Assert.Equal(first + 2, (await SubmitAsync(http, "NUMBERS-2")).FirstItem);
        using var taken = await http.PostAsync($"/v1/reports/{report}/items", new StringContent("""{"urls":[{"urlString":"https://added.example/1"}]}"""));
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    [Fact]
    public async Task A_command_s_body_is_smaller_than_a_report_s()
    {
        using var http = _node.Http(_node.KeyOf(Nl));
        using var answer = await http.PostAsync("/v1/reports/00000000000000000000000000/memos",
            new StringContent($$"""{"text":"{{new string('x', 600_000)}}"}"""));
        await ExpectAsync(answer, HttpStatusCode.RequestEntityTooLarge, "too-large");
    }

    private static async Task<(string Report, long FirstItem)> SubmitAsync(HttpClient http, string reference)
    {
        using var made = await http.PostAsync("/v1/reports", new StringContent(Bodies.Report(reference)));
        var report = JsonElement.Parse(await made.Content.ReadAsStringAsync()).GetProperty("reportId").GetString()!;
        var item = JsonElement.Parse(await http.GetStringAsync($"/v1/reports/{report}/items/1"));
        return (report, item.GetProperty("number").GetInt64());
    }

    private static async Task<JsonElement[]> ImportAsync(HttpClient http, int from, int count, bool retract)
    {
        var lines = Enumerable.Range(from, count).Select(i =>
            $$"""{"md5":"{{i.ToString("x30", CultureInfo.InvariantCulture)}}a7","classification":"Baseline","retract":{{(retract ? "true" : "false")}}}""");
        using var answer = await http.PostAsync("/v1/hashes:import?list=quota", new StringContent(string.Join('\n', lines)));
        return [.. (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonElement.Parse(l))];
    }

    private static async Task ExpectAsync(HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, text);
        Assert.Equal(code, JsonElement.Parse(text).GetProperty("code").GetString());
    }

    /// <summary>A chunked request by hand, of which no more is sent than <paramref name="begin"/>.</summary>
    private async Task<TcpClient> SilentAsync(string agency, string path = "/v1/reports:stream", string begin = "", int? receiveBuffer = null)
    {
        var socket = new TcpClient();
        if (receiveBuffer is { } bytes)
        {
            socket.ReceiveBufferSize = bytes;
        }

        await socket.ConnectAsync(_node.Url.Host, _node.Url.Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: node.example\r\nAuthorization: Bearer {_node.KeyOf(agency)}\r\nTransfer-Encoding: chunked\r\n\r\n{begin}"));
        if (path.Contains("stream", StringComparison.Ordinal))
        {
            // The place is taken once the answer has begun.
            Assert.Equal('H', socket.GetStream().ReadByte());
        }

        return socket;
    }

    /// <summary>A byte of the line every half second, until it is ended.</summary>
    private static async Task TrickleAsync(TcpClient socket, CancellationToken enough)
    {
        try
        {
            while (true)
            {
                await socket.GetStream().WriteAsync("1\r\n \r\n"u8.ToArray(), enough);
                await Task.Delay(500, enough);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The end that is read.
        }
    }

    /// <summary>Lines that are none, each of which has an answer, without an end.</summary>
    private static async Task PourAsync(TcpClient socket)
    {
        var lines = string.Concat(Enumerable.Repeat("x\n", 1_000));
        var chunk = Encoding.ASCII.GetBytes($"{lines.Length:x}\r\n{lines}\r\n");
        while (true)
        {
            await socket.GetStream().WriteAsync(chunk);
        }
    }

    private static async Task<string> ReadAsync(TcpClient socket)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var reader = new StreamReader(socket.GetStream());
        var text = new StringBuilder();
        var part = new char[4096];
        while (await reader.ReadAsync(part, patience.Token) is > 0 and var read)
        {
            text.Append(part, 0, read);
            if (text.ToString().EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal))
            {
                break;
            }
        }

        return text.ToString();
    }

    private static async Task<JsonElement> LastLineAsync(TcpClient socket) =>
        JsonElement.Parse((await ReadAsync(socket)).Split('\n').Select(l => l.Trim()).Last(l => l.StartsWith('{')));
}

/// <summary>What a key can make a node hold.</summary>
[Collection(SurvivalCollection.Name)]
public sealed class MemoryTests
{
    /// <summary>The bodies of security.md no. 5: 15 MB of entries that are nothing, four at once; they took 3,600 MB.</summary>
    [SkippableFact]
    public async Task Millions_of_empty_entries_are_refused_before_they_take_memory()
    {
        Skip.IfNot(File.Exists("/proc/self/clear_refs"), "The greatest memory of a process is read from /proc.");
        await using var none = new PostgreSqlServer();
        await using var node = new TestNode(await NodeDatabase.CreateAsync(DatabaseProvider.Sqlite, none));
        await node.StartReadyAsync();
        await node.RegisterAsync(SampleAgencies.Hotlines.Take(2));
        var agencies = SampleAgencies.Hotlines.Take(2).Select(a => node.KeyOf(a.Id)).ToArray();
        var report = Body("""{"hotlineReference":"NL-1","hotlineReceivedDate":"2026-01-04T08:15:00Z","urls":[""", 15_000_000);
        var lookup = Body("""{"hashes":[""", 4_000_000);

        // What serving at all takes is there before.
        await SendAsync(node, agencies[0], "/v1/reports", Body("""{"urls":[""", 100_000));
        await File.WriteAllTextAsync($"/proc/{node.Id}/clear_refs", "5");
        var before = Status(node.Id, "VmRSS");
        await Task.WhenAll(
            SendAsync(node, agencies[0], "/v1/reports", report), SendAsync(node, agencies[1], "/v1/reports", report),
            SendAsync(node, agencies[0], "/v1/reports", report), SendAsync(node, agencies[1], "/v1/reports", report));
        await Task.WhenAll(agencies.Select(a => SendAsync(node, a, "/v1/hashes:lookup", lookup)));
        var added = (Status(node.Id, "VmHWM") - before) / 1024;
        Assert.True(added < 200, $"{added} MB were added.");
    }

    private static async Task SendAsync(TestNode node, string key, string path, byte[] body)
    {
        using var http = node.Http(key);
        using var answer = await http.PostAsync(path, new ByteArrayContent(body));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.UnprocessableEntity, text);
        Assert.Equal("too-many", JsonElement.Parse(text).GetProperty("code").GetString());
    }

    private static byte[] Body(string head, int length)
    {
        var text = new StringBuilder(head, length + 16);
        while (text.Length < length)
        {
            text.Append("{},");
        }

        return Encoding.ASCII.GetBytes(text.Append("{}]}").ToString());
    }

    /// <summary>kB.</summary>
    private static long Status(int process, string name) => long.Parse(
        File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith(name + ":", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        CultureInfo.InvariantCulture);
}
