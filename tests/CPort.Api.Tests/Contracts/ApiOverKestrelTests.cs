using CPort.Actors.Audit;
using CPort.Actors.Exchange;
using CPort.Api.Exchange;
using CPort.Actors.Entities;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Akka;
using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using Akka.Persistence.Query;
using Akka.Streams.Dsl;
using CPort.Actors.Agencies;
using CPort.Actors.Intake;
using CPort.Actors.People;
using CPort.Actors.Persistence;
using CPort.Actors.Projections;
using CPort.Actors.Icse;
using CPort.Actors.Iwol;
using CPort.Actors.Referrals;
using CPort.Api.Reading;
using CPort.Api.Reports;
using CPort.Actors.Reports;
using CPort.Domain.Access;
using CPort.Domain.Agencies;
using CPort.Domain.Agencies.Verbs;
using CPort.Domain.CodeLists;
using CPort.Domain.Audit;
using CPort.Domain.Confidential;
using CPort.Domain.Identity;
using CPort.Domain.Reports;
using CPort.Domain.Reports.Verbs;
using CPort.Domain.Routing;
using CPort.Node.Client;
using CPort.Node.Sample;
using CPort.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CPort.Api.Tests.Contracts;

/// <summary>The API over real Kestrel with a stand-in for reports: what HTTP makes of bodies, keys, replies and failures.</summary>
public sealed class ApiOverKestrelTests : IAsyncLifetime
{
    private readonly StandInReports _reports = new();
    private readonly KeepingLog _rejections = new();
    private readonly KeepingAudit _audit = new();
    private readonly ApiKey _hotline = ApiKey.Generate();
    private readonly ApiKey _police = ApiKey.Generate();
    private readonly ApiKey _other = ApiKey.Generate();
    private WebApplication _app = null!;
    private Uri _url = null!;

    public async Task InitializeAsync()
    {
        StandInJournal.Events = [.. Registry()];
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "test" });
        builder.WebHost.UseKestrel(k => k.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRouting().AddLogging(l => l.SetMinimumLevel(LogLevel.None));
        var feed = new AgencyDirectoryFeed("stand-in", seal: null);
        builder.Services.AddSingleton(feed);
        builder.Services.AddSingleton<ConfidentialSeam>(new StandInSeam());
        builder.Services.AddSingleton(new UrlKeyMaker(new StandInSeam(), Suffixes.Shipped));
        builder.Services.AddSingleton<IReportGateway>(_reports);
        builder.Services.AddSingleton<INumberSource>(new Numbers());
        builder.Services.AddSingleton<IRejectionLog>(_rejections);
        builder.Services.AddSingleton<IAuditLog>(_audit);

        // Routes that these tests do not ask name them.
        builder.Services.AddSingleton<QueueReader>().AddSingleton<ReportSearch>().AddSingleton<GroupReader>().AddSingleton<StatisticsReader>()
            .AddSingleton<SeenItems>().AddSingleton<TrainingSize>().AddSingleton<AuditReader>().AddSingleton<AuditTree>().AddSingleton<AuditVerification>()
            .AddSingleton<WitnessStore>().AddSingleton<IReadOnlyList<AuditWitness>>([])
            .AddSingleton<IwolReader>().AddSingleton<PackageReader>().AddSingleton<IwolPublisher>()
            .AddSingleton<AuditPeriods>().AddSingleton<HoldReader>().AddSingleton<LookReader>().AddSingleton<PeopleDirectoryFeed>()
            .AddSingleton<QuestionReader>().AddSingleton<ReferralReader>().AddSingleton<PriorityStore>()
            .AddSingleton<DeconflictionReader>(_ => throw new NotSupportedException("Nothing here looks for other police."))
            .AddSingleton<FeedReader>().AddSingleton<FeedHead>().AddSingleton<WebhookStore>().AddSingleton<IWebhookBodies, WebhookBodies>()
            .AddSingleton<IWebhookSender>(_ => throw new NotSupportedException("Nothing here sends a webhook."))
            .AddSingleton<PackageGateway>(_ => throw new NotSupportedException("Nothing here asks for a package."))
            .AddSingleton<IwolGateway>(_ => throw new NotSupportedException("Nothing here asks for a candidate."))
            .AddSingleton<ListSigning>(_ => throw new NotSupportedException("Nothing here signs."))
            .AddSingleton<IReferralGateway>(_ => throw new NotSupportedException("Nothing here asks for a referral."));
        builder.Services.AddSingleton<ProjectionStatusReader>().AddSingleton<StuckEntities>().AddSingleton<Database>();
        builder.Services.AddAkka("api-test", akka => akka.AddHocon(
            ConfigurationFactory.ParseString($"stand-in.class = \"{typeof(StandInProvider).AssemblyQualifiedName}\""), HoconAddMode.Prepend)
            .AddStartup((system, _) => feed.Start(system)));
        builder.Services.AddCPortApi(new CPortApiOptions
        {
            Intake = new IntakeLimits
            {
                ConcurrentStreams = 1, LineBytes = 20_000, RequestsPerSecond = 50, BodyBytesUnderWay = 4 << 20, BodyBytesUnderWayPerAgency = 3 << 20,
            },
        });
        _app = builder.Build();
        _app.UseExceptionHandler();
        _app.UseRouting();
        _app.UseCPortApi();
        _app.MapCPortApi();
        await _app.StartAsync();
        await feed.WhenReady.WaitAsync(TimeSpan.FromSeconds(20));
        _url = new Uri(_app.Urls.First());
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Theory]
    [InlineData("GET", "/v1/agencies", 401, "not-authenticated")]
    [InlineData("GET", "/v1/nothing", 404, "not-found")]
    public async Task Without_a_key_there_is_a_problem(string method, string path, int status, string code) =>
        await ExpectAsync(await SendAsync(method, path, null, null), status, code);

    [Theory]
    [InlineData("GET", "/v1/reports/none", null, 404, "not-found")]
    [InlineData("GET", "/v1/reports/00000000000000000000000000", null, 404, "not-found")]
    [InlineData("GET", "/v1/rejections?cursor=x", null, 400, "malformed-cursor")]
    [InlineData("GET", "/v1/rejections?maxResults=0", null, 422, "out-of-range")]
    [InlineData("GET", "/v1/agencies", null, 403, "not-authorised")]
    [InlineData("DELETE", "/v1/reports", null, 405, "method-not-allowed")]
    [InlineData("POST", "/v1/reports?codes=v9", "{}", 422, "unknown-code")]
    [InlineData("POST", "/v1/reports", "", 400, "empty")]
    [InlineData("POST", "/v1/reports", "{", 400, "malformed-json")]
    [InlineData("POST", "/v1/reports", "{}", 422, "missing-field")]
    [InlineData("POST", "/v1/reports/00000000000000000000000000/items:assess", "{}", 422, "missing-field")]
    [InlineData("POST", "/v1/reports/00000000000000000000000000/items:assess", "{\"items\":[{\"item\":0}],\"assessment\":{\"classification\":1}}", 422,
        "missing-field")]
    [InlineData("POST", "/v1/items:act", "{\"items\":[{\"item\":\"x\"}],\"action\":{\"actionType\":1}}", 422, "malformed-reference")]
    [InlineData("GET", "/v1/reports/00000000000000000000000000?maxResults=201", null, 422, "out-of-range")]
    public async Task A_request_that_cannot_be_served_gets_a_problem_of_its_code(string method, string path, string? body, int status, string code) =>
        await ExpectAsync(await SendAsync(method, path, body, _hotline), status, code);

    [Fact]
    public async Task A_parameter_that_cannot_be_used_is_named_as_a_field_would_be()
    {
        var problem = await ExpectAsync(await SendAsync("GET", "/v1/rejections?maxResults=0", null, _hotline), 422, "out-of-range");
        Assert.Equal("maxResults", Assert.Single(problem.GetProperty("errors").EnumerateArray()).GetProperty("field").GetString());
    }

    [Fact]
    public async Task Who_may_not_do_a_thing_is_refused_before_anything_of_the_request_is_read()
    {
        await ExpectAsync(await SendAsync("POST", "/v1/agencies", "{", _hotline), 403, "not-authorised");
        await ExpectAsync(await SendAsync("POST", "/v1/reports:stream", "{", _police, ("X-Purpose", "case 17")), 403, "not-authorised");
    }

    [Fact]
    public async Task Police_must_say_why_they_look()
    {
        await ExpectAsync(await SendAsync("GET", "/v1/rejections", null, _police), 403, "purpose-missing");
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("GET", "/v1/rejections", null, _police, ("X-Purpose", "case 17"))).StatusCode);
    }

    [Fact]
    public async Task A_report_is_created_then_a_duplicate_then_a_conflict()
    {
        var created = await SendAsync("POST", "/v1/reports", Body("r-1"), _hotline);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var id = JsonElement.Parse(await created.Content.ReadAsStringAsync()).GetProperty("reportId").GetString();
        Assert.Equal($"/v1/reports/{id}", created.Headers.Location!.ToString());
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("POST", "/v1/reports", Body("r-1"), _hotline)).StatusCode);
        var conflict = await ExpectAsync(await SendAsync("POST", "/v1/reports", Body("r-1", "other"), _hotline), 409, "conflict");
        Assert.Equal("memo", conflict.GetProperty("fields")[0].GetString());
    }

    [Fact]
    public async Task A_database_that_is_away_is_503_with_retry_and_a_defect_is_500_without_a_word()
    {
        _reports.Fail = new ReportsUnavailableException("away");
        var away = await SendAsync("POST", "/v1/reports", Body("r-2"), _hotline);
        await ExpectAsync(away, 503, "unavailable");
        Assert.NotNull(away.Headers.RetryAfter);

        _reports.Fail = new InvalidOperationException("secret https://marker.example/");
        var defect = await SendAsync("PUT", $"/v1/reports/{new string('0', 26)}/urgent", "{\"urgent\":true}", _hotline);
        Assert.DoesNotContain("marker", await defect.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await ExpectAsync(defect, 500, "internal-error");
    }

    [Fact]
    public async Task A_stream_answers_every_line_in_order_and_bad_lines_harm_nobody()
    {
        var text = $"{Body("s-1")}\n\nnonsense\n{Body("s-1")}\n{new string('x', 30_000)}\n{Body("s-2")}";
        var answer = await SendAsync("POST", "/v1/reports:stream", text, _hotline);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonElement.Parse(l)).ToArray();

        Assert.Equal(["accepted", "rejected", "rejected", "duplicate", "rejected", "accepted"], lines.Select(l => l.GetProperty("outcome").GetString()));
        Assert.Equal([1, 2, 3, 4, 5, 6], lines.Select(l => l.GetProperty("line").GetInt32()));
        Assert.Equal(["empty", "malformed-json", "too-large"], lines.Where(l => l.TryGetProperty("problem", out _))
            .Select(l => l.GetProperty("problem").GetProperty("code").GetString()));

        var listed = JsonElement.Parse(await (await SendAsync("GET", "/v1/rejections?maxResults=2", null, _hotline)).Content.ReadAsStringAsync());
        Assert.Equal([5, 3], listed.GetProperty("rejections").EnumerateArray().Select(r => r.GetProperty("line").GetInt32()));
        var rest = JsonElement.Parse(await (await SendAsync("GET", $"/v1/rejections?maxResults=2&cursor={listed.GetProperty("nextCursor").GetString()}", null,
            _hotline)).Content.ReadAsStringAsync());
        Assert.Equal(2, rest.GetProperty("rejections")[0].GetProperty("line").GetInt32());
        Assert.False(rest.TryGetProperty("nextCursor", out _));
    }

    [Fact]
    public async Task A_hash_that_cannot_be_read_is_left_out_and_told_in_streams_and_refuses_a_command()
    {
        var entry = $$$"""{"urlString":"https://x.example/1","hashes":{"md5":"short","sha1":"{{{new string('a', 40)}}}"}}""";
        var report = $$"""{"hotlineReference":"l-1","hotlineReceivedDate":"2026-01-04T08:15:00Z","urls":[{{entry}}]}""";
        var answer = await SendAsync("POST", "/v1/reports:stream", $"\uFEFF{report}\n{report}{report}", _hotline);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonElement.Parse(l)).ToArray();
        Assert.Equal(["accepted", "rejected"], lines.Select(l => l.GetProperty("outcome").GetString()));
        Assert.Equal("urls[0].hashes.md5", Assert.Single(lines[0].GetProperty("leftOut").EnumerateArray()).GetProperty("field").GetString());
        Assert.Contains("a line of its own", lines[1].GetProperty("problem").GetProperty("detail").GetString(), StringComparison.Ordinal);

        using var client = new CPortClient(_url, _hotline.Text);
        using var source = new MemoryStream(Encoding.UTF8.GetBytes(report));
        var again = await client.StreamReportsAsync(source);
        Assert.Equal((1, 1, false), (again["duplicate"], again.LeftOut, again.AllGood));

        await ExpectAsync(
            await SendAsync("POST", $"/v1/reports/{new string('0', 26)}/items", $$"""{"urls":[{{entry}}]}""", _hotline), 422, "malformed-hash");
    }

    [Fact]
    public async Task The_client_streams_a_synthetic_day_through()
    {
        var day = SyntheticDay.Create(reports: 150,
            agencies: [new SampleAgency(AgencyId.Parse("hotline-nl"), "NL", AgencyKind.Hotline, [Country.Parse("NL")])]);
        using var client = new CPortClient(_url, _hotline.Text);
        using var source = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', day.Lines(AgencyId.Parse("hotline-nl")))));
        var done = await client.StreamReportsAsync(source, new LineStreamOptions { Parallel = 1, RetryFor = TimeSpan.FromSeconds(20) });
        Assert.Equal(150, done["accepted"]);
    }

    [Fact]
    public async Task A_line_whose_report_cannot_be_made_durable_is_unavailable_and_not_rejected()
    {
        _reports.Fail = new ReportsUnavailableException("away");
        var line = JsonElement.Parse((await (await SendAsync("POST", "/v1/reports:stream", Body("s-9"), _hotline)).Content.ReadAsStringAsync()).Trim());

        Assert.Equal("unavailable", line.GetProperty("outcome").GetString());
        Assert.Equal(503, line.GetProperty("problem").GetProperty("status").GetInt32());
        Assert.True(line.GetProperty("problem").GetProperty("retry").GetBoolean());
        Assert.Empty(_rejections.Lines);
    }

    [Fact]
    public async Task One_stream_more_than_allowed_is_told_when_to_come_back_and_a_sender_who_leaves_frees_its_place()
    {
        _reports.Hold = new TaskCompletionSource();
        using var leave = new CancellationTokenSource();
        var first = SendAsync("POST", "/v1/reports:stream", Body("s-10"), _hotline, leave.Token);
        var open = _app.Services.GetRequiredService<OpenStreams>();
        Assert.True(SpinWait.SpinUntil(() => open.Count == 1 && _reports.Waiting > 0, TimeSpan.FromSeconds(10)));

        var second = await SendAsync("POST", "/v1/reports:stream", Body("s-11"), _hotline);
        await ExpectAsync(second, 429, "too-many-streams");
        Assert.NotNull(second.Headers.RetryAfter);

        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await (await first).Content.ReadAsStringAsync(leave.Token));
        Assert.True(SpinWait.SpinUntil(() => open.Count == 0, TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_key_that_asks_too_fast_is_told_when_to_come_back_and_others_go_on()
    {
        using var http = new HttpClient { BaseAddress = _url, DefaultRequestHeaders = { Authorization = new("Bearer", _hotline.Text) } };
        HttpResponseMessage? refused = null;
        await Parallel.ForAsync(0, 5_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, cancellation) =>
        {
            if (Volatile.Read(ref refused) is null && await http.GetAsync("/v1/agencies", cancellation) is { StatusCode: HttpStatusCode.TooManyRequests } answer)
            {
                Volatile.Write(ref refused, answer);
            }
        });
        await ExpectAsync(refused!, 429, "too-many-requests");
        Assert.NotNull(refused!.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.Created, (await SendAsync("POST", "/v1/reports", Body("r-9"), _other)).StatusCode);
    }

    [Fact]
    public async Task An_agency_whose_bodies_are_under_way_is_told_when_to_come_back_and_others_go_on()
    {
        // Two megabytes are kept for what has come of it. It goes on as slowly as is allowed, so that its end never comes.
        var under = _app.Services.GetRequiredService<BodiesUnderWay>();
        using var held = new TcpClient();
        await held.ConnectAsync(_url.Host, _url.Port);
        var spaces = new string(' ', 1_400_000);
        await held.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_hotline.Text}\r\nContent-Length: 2000000\r\n\r\n{spaces}"));
        using var enough = new CancellationTokenSource();
        var feeding = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                await held.GetStream().WriteAsync(Encoding.ASCII.GetBytes(new string(' ', 300)));
                await Task.Delay(100);
            }
        });
        Assert.True(SpinWait.SpinUntil(() => under.Bytes == 2 << 20, TimeSpan.FromSeconds(30)));

        var answer = await SendAsync("POST", "/v1/reports", spaces, _hotline);
        await ExpectAsync(answer, 429, "too-much-under-way");
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.Created, (await SendAsync("POST", "/v1/reports", Body("r-9"), _other)).StatusCode);

        await enough.CancelAsync();
        await feeding;
        held.Close();
        Assert.True(SpinWait.SpinUntil(() => under.Bytes == 0, TimeSpan.FromSeconds(30)));
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync("POST", "/v1/reports", spaces, _hotline)).StatusCode);
    }

    [Fact]
    public async Task A_compressed_body_is_told_what_is_taken_instead()
    {
        using var http = new HttpClient { BaseAddress = _url, DefaultRequestHeaders = { Authorization = new("Bearer", _hotline.Text) } };
        using var content = new StringContent(Body("r-10")) { Headers = { ContentEncoding = { "gzip" } } };
        var answer = await http.PostAsync("/v1/reports", content);
        await ExpectAsync(answer, 415, "unsupported-media-type");
        Assert.Equal("identity", Assert.Single(answer.Headers.GetValues("Accept-Encoding")));
    }

    [Fact]
    public async Task The_document_and_its_page_are_open_to_all_and_name_every_route()
    {
        var document = JsonElement.Parse(await (await SendAsync("GET", "/openapi/v1.json", null, null)).Content.ReadAsStringAsync());
        var paths = document.GetProperty("paths").EnumerateObject().Select(p => p.Name).ToArray();
        Assert.Contains("/v1/reports:stream", paths);
        Assert.Contains("/v1/items:assess", paths);
        Assert.Contains("/v1/agencies/{agency}/keys/{keyId}:rotate", paths);
        var body = document.GetProperty("components").GetProperty("schemas").GetProperty("ReportBody");
        Assert.True(body.TryGetProperty("examples", out _) || body.TryGetProperty("example", out _));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("GET", "/docs", null, null)).StatusCode);
    }

    private static string Body(string reference, string memo = "m") =>
        $$"""{"hotlineReference":"{{reference}}","hotlineReceivedDate":"2026-01-04T08:15:00Z","memo":"{{memo}}","urls":[{"urlString":"https://x.example/{{reference}}"}]}""";

    private static async Task<JsonElement> ExpectAsync(HttpResponseMessage response, int status, string code)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        var problem = JsonElement.Parse(text);
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        return problem;
    }

    private Task<HttpResponseMessage> SendAsync(string method, string path, string? body, ApiKey? key, params (string Name, string Value)[] headers) =>
        SendAsync(method, path, body, key, CancellationToken.None, headers);

    private async Task<HttpResponseMessage> SendAsync(
        string method, string path, string? body, ApiKey? key, CancellationToken cancellation, params (string Name, string Value)[] headers)
    {
        using var http = new HttpClient { BaseAddress = _url };
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : new StringContent(body) };
        if (key is not null)
        {
            request.Headers.Authorization = new("Bearer", key.Text);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await http.SendAsync(request, cancellation);
    }

    private IEnumerable<IAgencyEvent> Registry()
    {
        var registry = AgencyRegistry.Empty;
        var at = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        CommandContext Context() => new() { CommandId = CommandId.New(), Caller = Caller.System, OccurredAt = at };
        (IAgencyCommand, ApiKey?)[] commands =
        [
            (new RegisterAgency { Context = Context(), Agency = AgencyId.Parse("hotline-nl"), Name = "NL", Kind = AgencyKind.Hotline,
                Memberships = [new Membership { Country = Country.Parse("NL"), From = new DateOnly(2020, 1, 1) }] }, null),
            (new RegisterAgency { Context = Context(), Agency = AgencyId.Parse("hotline-de"), Name = "DE", Kind = AgencyKind.Hotline,
                Memberships = [new Membership { Country = Country.Parse("DE"), From = new DateOnly(2020, 1, 1) }] }, null),
            (new IssueKey { Context = Context(), Agency = AgencyId.Parse("hotline-de"), Roles = Roles.Machine | Roles.Analyst }, _other),
            (new RegisterAgency { Context = Context(), Agency = AgencyId.Parse("police-nl"), Name = "Police", Kind = AgencyKind.Police,
                Memberships = [new Membership { Country = Country.Parse("NL"), From = new DateOnly(2020, 1, 1) }] }, null),
            (new IssueKey { Context = Context(), Agency = AgencyId.Parse("hotline-nl"), Roles = Roles.Machine | Roles.Analyst }, _hotline),
            (new IssueKey { Context = Context(), Agency = AgencyId.Parse("police-nl"), Roles = Roles.Officer }, _police),
        ];
        foreach (var (command, key) in commands)
        {
            var meta = command.Context.ToMeta() with { EventId = Guid.NewGuid(), RecordedAt = at };
            var accepted = Assert.IsType<AgencyDecision.Accepted>(AgencyRules.Decide(registry, command, meta, key?.Candidate));
            registry = AgencyRules.Apply(registry, accepted.Event);
            yield return accepted.Event;
        }
    }

    /// <summary>Reports that remember what was submitted and obey orders to fail or to wait.</summary>
    private sealed class StandInReports : IReportGateway
    {
        public Task<ReportChangePreviewed> PreviewAsync(PreviewReportChange query, CancellationToken cancellation) => throw new NotSupportedException();

        private readonly ConcurrentDictionary<ReportId, SubmitReport> _known = new();
        private int _waiting;

        public Exception? Fail { get; set; }

        public TaskCompletionSource? Hold { get; set; }

        public int Waiting => Volatile.Read(ref _waiting);

        public async Task<CommandReply> SendAsync(IReportCommand command, CancellationToken cancellation)
        {
            if (Hold is { } hold)
            {
                Interlocked.Increment(ref _waiting);
                await hold.Task.WaitAsync(cancellation);
            }

            if (Fail is not null)
            {
                throw Fail;
            }

            var reply = new CommandReply { ReportId = command.ReportId, Outcome = CommandOutcome.Accepted, ReportNumber = 1, Version = 1 };
            if (command is not SubmitReport submit || _known.TryAdd(command.ReportId, submit))
            {
                return reply;
            }

            var changed = submit.Digests.Zip(_known[command.ReportId].Digests).Where(p => p.Item1 != p.Item2).Select(p => p.Item1.Field).ToImmutableArray();
            return reply with { Outcome = changed.IsEmpty ? CommandOutcome.Duplicate : CommandOutcome.Conflict, Fields = changed };
        }

        public Task<ReportPage> GetAsync(GetReport query, CancellationToken cancellation) => Task.FromResult(new ReportPage { ReportId = query.ReportId });

        public Task<HistoryPage> HistoryAsync(GetHistory query, CancellationToken cancellation) =>
            Task.FromResult(new HistoryPage { ReportId = query.ReportId });
    }

    private sealed class Numbers : INumberSource
    {
        private long _next;

        public ValueTask<long> ReportAsync(Tenant tenant, CancellationToken cancellation) => new(Interlocked.Increment(ref _next));

        public ValueTask<long> ItemsAsync(Tenant tenant, int count, CancellationToken cancellation) => new(Interlocked.Add(ref _next, count));
    }

    private sealed class KeepingLog : IRejectionLog
    {
        public Task<long> CountAsync(Tenant tenant, CancellationToken cancellation) => Task.FromResult(0L);

        public List<RejectedLine> Lines { get; } = [];

        public Task RecordAsync(IReadOnlyCollection<RejectedLine> lines, CancellationToken cancellation)
        {
            Lines.AddRange(lines.Select((l, i) => l with { Id = Lines.Count + i + 1 }));
            return Task.CompletedTask;
        }

        public Task<IReadOnlyList<RejectedLine>> ListAsync(AgencyId agency, Tenant tenant, long? before, int limit, CancellationToken cancellation) =>
            Task.FromResult<IReadOnlyList<RejectedLine>>(
                [.. Lines.Where(l => l.Agency == agency && l.Id < (before ?? long.MaxValue)).OrderByDescending(l => l.Id).Take(limit)]);
    }

    private sealed class KeepingAudit : IAuditLog
    {
        public Task<ImmutableArray<string>> RecordAsync(AuditRecord record, CancellationToken cancellation) =>
            Task.FromResult<ImmutableArray<string>>(["test-1"]);
    }

    private sealed class StandInSeam : ConfidentialSeam
    {
        public override Sealed Seal<T>(SealedPlace place, T secret, bool repeatable = false) => throw new NotSupportedException();

        public override T Open<T>(SealedPlace place, Sealed secret) => throw new NotSupportedException();

        public override byte[] Keyed(string purpose, ReadOnlySpan<byte> data) => HMACSHA256.HashData(Encoding.UTF8.GetBytes(purpose), data);
    }

    /// <summary>A read journal that holds the agencies of this test and then nothing more.</summary>
    public sealed class StandInJournal : IReadJournal, ICurrentEventsByPersistenceIdQuery, IEventsByPersistenceIdQuery
    {
        public static ImmutableArray<IAgencyEvent> Events { get; set; } = [];

        public Source<EventEnvelope, NotUsed> CurrentEventsByPersistenceId(string persistenceId, long fromSequenceNr, long toSequenceNr) =>
            Source.From(Events.Select((e, i) => new EventEnvelope(Offset.Sequence(i + 1), persistenceId, i + 1, e, 0, []))
                .Where(e => e.SequenceNr >= fromSequenceNr));

        public Source<EventEnvelope, NotUsed> EventsByPersistenceId(string persistenceId, long fromSequenceNr, long toSequenceNr) =>
            Source.Maybe<EventEnvelope>().MapMaterializedValue(_ => NotUsed.Instance);
    }

    public sealed class StandInProvider : IReadJournalProvider
    {
        public StandInProvider(ExtendedActorSystem system, Config config) => _ = (system, config);

        public IReadJournal GetReadJournal() => new StandInJournal();
    }
}
