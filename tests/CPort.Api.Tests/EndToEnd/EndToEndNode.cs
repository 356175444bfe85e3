using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Contracts;
using CPort.Api.Tests.Survival;
using CPort.Node;
using CPort.Node.Composition;
using CPort.Node.Hosting;
using CPort.Node.Options;
using CPort.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>What came back; <see cref="Json"/> is undefined when the answer was none.</summary>
public sealed record Reply(HttpStatusCode Status, string Text, JsonElement Json, string? Type, HttpResponseHeaders Headers)
{
    public string? Code => Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty("code", out var code) ? code.GetString() : null;

    /// <summary>This, after the status was as expected; else a failure that shows the answer.</summary>
    public Reply Is(HttpStatusCode expected)
    {
        Assert.True(Status == expected, $"{(int)expected} was expected, {(int)Status} came: {Text}");
        if ((int)Status >= 400)
        {
            Assert.Equal("application/problem+json", Type);
        }

        return this;
    }
}

/// <summary>A node in this process on a free port, with agencies and their keys; spoken to by HTTP only.</summary>
public sealed class EndToEndNode : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, string> _keys = [];
    private readonly HttpClient _http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        { Timeout = TimeSpan.FromSeconds(60) };
    private readonly NodeDatabase _database;
    private WebApplication? _app;
    private ApiContract? _contract;

    private readonly Action<NodeOptions>? _settings;
    private readonly TimeProvider? _clock;

    private EndToEndNode(NodeDatabase database, Action<NodeOptions>? settings, TimeProvider? clock) =>
        (_database, _settings, _clock) = (database, settings, clock);

    public Uri Url { get; private set; } = null!;

    /// <summary>What a test makes older than it is, behind the node's HTTP.</summary>
    public IServiceProvider Services => _app!.Services;

    /// <summary>HTTP/2 without TLS.</summary>
    public Uri Http2Url { get; private set; } = null!;

    /// <param name="clock">What its reports, agencies and hashes take for the time; null: the machine's.</param>
    public static async Task<EndToEndNode> StartAsync(
        DatabaseProvider provider, PostgreSqlServer server, Action<NodeOptions>? settings = null, TimeProvider? clock = null)
    {
        var node = new EndToEndNode(await NodeDatabase.CreateAsync(provider, server), settings, clock);
        await node.StartAsync();
        await node.LearnOperatorKeyAsync();
        foreach (var (agency, kind, country, trust) in new[]
        {
            ("hotline-gb", "Hotline", "GB", "Standard"), ("hotline-nl", "Hotline", "NL", "Standard"), ("hotline-de", "Hotline", "DE", "Standard"),
            ("hotline-jp", "Hotline", "JP", "Standard"), ("hotline-fi", "Hotline", "FI", "Standard"), ("hotline-ie", "Hotline", "IE", "Standard"),
                ("hotline-us", "Hotline", "US", "Standard"),
            ("police-nl", "Police", "NL", "Standard"), ("police-jp", "Police", "JP", "Standard"), ("interpol", "Interpol", "", "Trusted"),
            ("supervisor-nl", "SupervisoryAuthority", "NL", "Standard"),
        })
        {
            var body = new JsonObject { ["id"] = agency, ["name"] = $"Example {agency}", ["kind"] = kind, ["trust"] = trust };
            if (country.Length > 0)
            {
                body["countries"] = new JsonArray(country);
            }

            if (agency == "hotline-ie")
            {
                body["holdsOrphanMandate"] = true;
            }

            (await node.PostAsync("operator", "v1/agencies", body)).Is(HttpStatusCode.Created);
        }

        foreach (var (who, agency, role) in new[]
        {
            ("gb", "hotline-gb", "Analyst"), ("nl", "hotline-nl", "Analyst"), ("de", "hotline-de", "Analyst"), ("nl2", "hotline-nl", "Analyst"),
            ("jp", "hotline-jp", "Analyst"), ("fi", "hotline-fi", "Analyst"), ("ie", "hotline-ie", "Analyst"), ("us", "hotline-us", "Machine"),
                ("police-nl", "police-nl", "Officer"),
            ("police-jp", "police-jp", "Officer"), ("interpol", "interpol", "Analyst"), ("supervisor", "supervisor-nl", "Auditor"),
                ("auditor", "operator", "Auditor"),
        })
        {
            var made = (await node.PostAsync("operator", $"v1/agencies/{agency}/keys", new JsonObject { ["roles"] = new JsonArray(role) }))
                .Is(HttpStatusCode.Created);
            node._keys[who] = made.Json.GetProperty("apiKey").GetString()!;
            if (made.Json.TryGetProperty("awaitsConsent", out _))
            {
                // A person of the agency agrees.
                var key = made.Json.GetProperty("keyId").GetString();
                (await node.GetAsync(who, "v1/agency")).Is(HttpStatusCode.Unauthorized);
                (await node.PostAsync("operator", $"v1/agencies/{agency}/keys/{key}:approve", null)).Is(HttpStatusCode.Forbidden);
                (await node.PostAsync("de", $"v1/agencies/{agency}/keys/{key}:approve", null)).Is(HttpStatusCode.NotFound);
                (await node.PostAsync("nl", $"v1/agencies/{agency}/keys/{key}:approve", null)).Is(HttpStatusCode.OK);
                (await node.GetAsync(who, "v1/agency")).Is(HttpStatusCode.OK);
            }
        }

        return node;
    }

    /// <summary>Registers an agency of a test's own and gives it a key under its id as name.</summary>
    public async Task RegisterAsync(string agency, string kind, string trust, string role, params string[] countries)
    {
        await AgreedAsync(await PostAsync("operator", "v1/agencies", new JsonObject
        {
            ["id"] = agency, ["name"] = $"Example {agency}", ["kind"] = kind, ["trust"] = trust,
            ["countries"] = new JsonArray([.. countries.Select(c => (JsonNode)c)]),
        }));
        _keys[agency] = (await PostAsync("operator", $"v1/agencies/{agency}/keys", new JsonObject { ["roles"] = new JsonArray(role) }))
            .Is(HttpStatusCode.Created).Json.GetProperty("apiKey").GetString()!;
    }

    /// <summary>What an operator changes of an agency, agreed to by a second one where it has to be.</summary>
    public async Task ChangeAgencyAsync(string agency, JsonObject body) =>
        await AgreedAsync(await SendAsync("operator", HttpMethod.Patch, $"v1/agencies/{agency}", body.ToJsonString()));

    /// <summary>A second operator agrees to what waits for it.</summary>
    private async Task AgreedAsync(Reply reply)
    {
        if (reply.Status == HttpStatusCode.Accepted)
        {
            var changes = reply.Json.TryGetProperty("changes", out var all)
                ? all.EnumerateArray().Where(c => c.GetProperty("state").GetString() == "Open").ToArray() : [reply.Json];
            foreach (var change in changes)
            {
                var path = $"v1/agencies/{change.GetProperty("agency").GetString()}/changes/{change.GetProperty("number").GetInt64()}:approve";
                Assert.Equal("Made", (await PostAsync("operator-2", path, null)).Is(HttpStatusCode.OK).Json.GetProperty("state").GetString());
            }
        }
        else
        {
            Assert.True((int)reply.Status < 300, reply.Text);
        }
    }

    /// <summary>A further key of operators', made by the first; returns the name to use it by.</summary>
    public async Task<string> OperatorKeyAsync(string who)
    {
        _keys[who] = (await PostAsync("operator", "v1/agencies/operator/keys", new JsonObject { ["roles"] = new JsonArray("Operator") }))
            .Is(HttpStatusCode.Created).Json.GetProperty("apiKey").GetString()!;
        return who;
    }

    /// <summary>A further key of an agency under this name, with these roles, agreed to where that is needed.</summary>
    public async Task KeyAsync(string who, string agency, params string[] roles)
    {
        var body = new JsonObject { ["roles"] = new JsonArray([.. roles.Select(r => (JsonNode)r)]) };
        var made = (await PostAsync("operator", $"v1/agencies/{agency}/keys", body)).Is(HttpStatusCode.Created);
        _keys[who] = made.Json.GetProperty("apiKey").GetString()!;
        if (made.Json.TryGetProperty("awaitsConsent", out _))
        {
            (await PostAsync("operator-2", $"v1/agencies/{agency}/keys/{made.Json.GetProperty("keyId").GetString()}:approve", null)).Is(HttpStatusCode.OK);
        }
    }

    /// <summary>
    /// A person of the agency who has come, and a key of their own under this name; its first key, under its own name, is an administrator's. Returns their id.
    /// </summary>
    public async Task<string> PersonKeyAsync(string who, string agency, params string[] roles)
    {
        var names = new JsonArray([.. roles.Select(r => (JsonNode)r)]);
        var invited = (await PostAsync(agency, "v1/people", new JsonObject
        {
            ["signInName"] = who, ["name"] = $"{who} Example", ["roles"] = names.DeepClone(),
        }, ("X-Purpose", "people"))).Is(HttpStatusCode.Created).Json;
        var person = invited.GetProperty("person").GetProperty("id").GetString()!;
        using var device = new SoftAuthenticator();
        using var browser = new SignInBrowser(Url);
        await browser.EnrolAsync(invited.GetProperty("link").GetString()!, device);
        var made = (await PostAsync("operator", $"v1/agencies/{agency}/keys", new JsonObject { ["roles"] = names, ["owner"] = person }))
            .Is(HttpStatusCode.Created);
        _keys[who] = made.Json.GetProperty("apiKey").GetString()!;
        if (made.Json.TryGetProperty("awaitsConsent", out _))
        {
            (await PostAsync("operator-2", $"v1/agencies/{agency}/keys/{made.Json.GetProperty("keyId").GetString()}:approve", null)).Is(HttpStatusCode.OK);
        }

        return person;
    }

    /// <summary>A key of the agency's own auditor, agreed to where that is needed; returns the name to use it by.</summary>
    public Task<string> AuditorKeyAsync(string agency) => ConsentedKeyAsync(agency, "Auditor");

    /// <summary>A key of the agency with this role, agreed to by a second operator where that is needed; returns the name to use it by.</summary>
    public async Task<string> ConsentedKeyAsync(string agency, string role)
    {
        var who = $"{role.ToLowerInvariant()}-of-{agency}";
        if (_keys.ContainsKey(who))
        {
            return who;
        }

        var made = (await PostAsync("operator", $"v1/agencies/{agency}/keys", new JsonObject { ["roles"] = new JsonArray(role) }))
            .Is(HttpStatusCode.Created);
        _keys[who] = made.Json.GetProperty("apiKey").GetString()!;
        if (made.Json.TryGetProperty("awaitsConsent", out _))
        {
            (await PostAsync("operator-2", $"v1/agencies/{agency}/keys/{made.Json.GetProperty("keyId").GetString()}:approve", null)).Is(HttpStatusCode.OK);
        }

        return who;
    }

    /// <summary>A key of the agency's for exercises; returns the name to use it by.</summary>
    public async Task<string> TrainingKeyAsync(string agency, string role)
    {
        var who = $"training-{agency}";
        _keys[who] = (await PostAsync("operator", $"v1/agencies/{agency}/keys", new JsonObject { ["roles"] = new JsonArray(role), ["tenant"] = "Training" }))
            .Is(HttpStatusCode.Created).Json.GetProperty("apiKey").GetString()!;
        return who;
    }

    /// <summary>Stops the node and starts another on the same folder and database; <paramref name="meanwhile"/>: while there is none.</summary>
    public async Task RestartAsync(Action? meanwhile = null)
    {
        await StopAsync();
        meanwhile?.Invoke();
        await StartAsync();
    }

    public string KeyOf(string who) => _keys[who];

    /// <summary>From now on the key is used under this name.</summary>
    public void Keep(string who, string key) => _keys[who] = key;

    public HttpRequestMessage Request(string? who, HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, new Uri(Url, path));
        if (who is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _keys[who]);
        }

        return request;
    }

    /// <summary>
    /// A stream whose answers can be read while it is sent: by HTTP/2, because .NET's client sends an HTTP/1.1 request whole before it answers.
    /// </summary>
    public HttpRequestMessage StreamRequest(string who, HttpContent lines)
    {
        var request = Request(who, HttpMethod.Post, "v1/reports:stream");
        request.RequestUri = new Uri(Http2Url, "v1/reports:stream");
        (request.Version, request.VersionPolicy, request.Content) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact, lines);
        lines.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        return request;
    }

    public Task<Reply> GetAsync(string? who, string path, params (string Name, string Value)[] headers) => SendAsync(who, HttpMethod.Get, path, null, headers);

    public Task<Reply> PostAsync(string? who, string path, JsonNode? body, params (string Name, string Value)[] headers) =>
        SendAsync(who, HttpMethod.Post, path, body?.ToJsonString(), headers);

    /// <summary>Everything held of one hash.</summary>
    public Task<Reply> ShowHashAsync(string? who, string algorithm, string value) =>
        PostAsync(who, "v1/hashes:show", new JsonObject { ["hash"] = new JsonObject { ["algorithm"] = algorithm, ["value"] = value } });

    public async Task<Reply> SendAsync(
        string? who, HttpMethod method, string path, string? body, (string Name, string Value)[]? headers = null, string type = "application/json")
    {
        using var request = Request(who, method, path);
        foreach (var (name, value) in headers ?? [])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, type);
        }

        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var mediaType = response.Content.Headers.ContentType?.MediaType;
        var json = text.Length > 0 && mediaType?.EndsWith("json", StringComparison.Ordinal) == true && mediaType != "application/x-ndjson"
            ? JsonElement.Parse(text) : default;
        await HoldAgainstContractAsync(method, path, response, text, body is not null && type == "application/json" ? body : null);
        return new Reply(response.StatusCode, text, json, mediaType, response.Headers);
    }

    /// <summary>Every answer of the suite is one that the document has.</summary>
    private async Task HoldAgainstContractAsync(HttpMethod method, string path, HttpResponseMessage response, string text, string? body)
    {
        _contract ??= new ApiContract(JsonElement.Parse(await _http.GetStringAsync(new Uri(Url, "openapi/v1.json"))));
        _contract.Check(method.Method, path, (int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, text,
            response.Headers.Select(h => h.Key));
        if (response.IsSuccessStatusCode && body is { Length: > 0 })
        {
            _contract.CheckTaken(method.Method, path, body);
        }
    }

    /// <summary>As it is; the answer's body is the caller's to read.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

    /// <summary>
    /// Sends lines and gives their answers. A place of a stream that ended a moment ago is waited for; a stream with a line that is <c>unavailable</c> (a busy
    /// machine may answer that, and promises nothing) is sent again as long as none of its lines was accepted.
    /// </summary>
    public async Task<JsonElement[]> StreamAsync(string who, IEnumerable<string> lines, string path = "v1/reports:stream")
    {
        var body = string.Join('\n', lines);
        var reply = await UntilAsync(
            () => SendAsync(who, HttpMethod.Post, path, body, null, "application/x-ndjson"),
            r => r.Status != HttpStatusCode.TooManyRequests
                && (!r.Text.Contains("\"unavailable\"", StringComparison.Ordinal) || r.Text.Contains("\"accepted\"", StringComparison.Ordinal)));
        reply.Is(HttpStatusCode.OK);
        return [.. reply.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonElement.Parse(l))];
    }

    /// <summary>What somebody with access to the database does behind the node's back.</summary>
    public Database Database => _database.Database;

    /// <summary>The read tables are where the journal is.</summary>
    public async Task<bool> ReadTablesAreCurrentAsync() => await JournalView.LagAsync(_database.Database) == 0;

    /// <summary>A withdrawal or correction: counts, and confirms that number, until nothing comes in between.</summary>
    public Task<Reply> ConfirmedAsync(string who, string path, JsonObject body) => UntilAsync(
        async () =>
        {
            var counted = (await PostAsync(who, path, body)).Is(HttpStatusCode.OK).Json;
            Assert.Equal("counted", counted.GetProperty("outcome").GetString());
            var confirmed = (JsonObject)body.DeepClone();
            confirmed["confirm"] = counted.GetProperty("change").GetProperty("items").GetInt32();
            return await PostAsync(who, path, confirmed);
        },
        r => r.Code != "count-changed");

    /// <summary>Submits a report; its id.</summary>
    public async Task<string> SubmitAsync(string who, string body) =>
        (await SendAsync(who, HttpMethod.Post, "v1/reports", body)).Is(HttpStatusCode.Created).Json.GetProperty("reportId").GetString()!;

    /// <summary>Item 1 (or <paramref name="item"/>) of a report, once it is as wanted.</summary>
    public async Task<JsonElement> ItemAsync(string who, string report, Func<JsonElement, bool> wanted, int item = 1) =>
        (await UntilAsync(() => GetAsync(who, $"v1/reports/{report}/items/{item}"), r => r.Status == HttpStatusCode.OK && wanted(r.Json))).Json;

    public Task<JsonElement> AssignedAsync(string who, string report, string hotline, int item = 1) =>
        ItemAsync(who, report, i => i.TryGetProperty("assignment", out var a) && a.TryGetProperty("hotline", out var h) && h.GetString() == hotline, item);

    /// <summary>Asks until it holds: what another party does cannot be waited for otherwise. Fails with the last answer.</summary>
    public static async Task<Reply> UntilAsync(Func<Task<Reply>> ask, Func<Reply, bool> holds, TimeSpan? patience = null)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var reply = await ask();
            if (holds(reply))
            {
                return reply;
            }

            Assert.True(clock.Elapsed < (patience ?? Patience), $"It did not come about in time; last: {(int)reply.Status} {reply.Text}");
            await Task.Delay(25);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
        _database.Delete();
    }

    private async Task StartAsync()
    {
        var options = new NodeOptions
        {
            Data = _database.Folder, Http = { Url = "http://127.0.0.1:0", Http2Url = "http://127.0.0.1:0" }, Cluster = { Port = 0 }, Limits =
                { ConcurrentStreams = 1 },
            Operator = { Hands = 2 }, Exchange = { AllowedNetworks = ["127.0.0.0/8"] },
            Database = { Provider = _database.Database.Provider, ConnectionString = _database.Settings["Database__ConnectionString"] },
        };
        _settings?.Invoke(options);
        _app = NodeHost.Build(options, b =>
        {
            b.Logging.SetMinimumLevel(LogLevel.Error);
            if (_clock is not null)
            {
                b.Services.AddSingleton(_clock);
            }
        });
        await _app.StartAsync();
        await _app.WaitUntilRunningAsync(Patience);
        Url = new Uri(_app.Urls.First());
        Http2Url = new Uri(_app.Urls.Last());
        await UntilAsync(() => GetAsync(null, "health/ready"), r => r.Status == HttpStatusCode.OK);
    }

    /// <summary>At a first start the operators' keys are made in the background, a moment after the node is ready.</summary>
    private async Task LearnOperatorKeyAsync()
    {
        foreach (var who in new[] { "operator", "operator-2" })
        {
            await UntilAsync(
                async () =>
                {
                    var file = Path.Combine(_database.Folder, $"{who}.key");
                    _keys[who] = File.Exists(file) ? (await File.ReadAllTextAsync(file)).Trim() : "none";
                    return await GetAsync(who, "v1/agencies");
                },
                r => r.Status == HttpStatusCode.OK);
        }
    }

    private async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }
}

/// <summary>One node for each database, started by the first test that wants it.</summary>
public sealed class EndToEndNodes : IAsyncLifetime
{
    private readonly Dictionary<DatabaseProvider, EndToEndNode> _nodes = [];
    private PostgreSqlServer? _server;

    public async Task<EndToEndNode> OnAsync(DatabaseProvider provider)
    {
        if (!_nodes.TryGetValue(provider, out var node))
        {
            _server ??= await PostgreSqlServer.StartNewAsync(fsync: false);
            _nodes[provider] = node = await EndToEndNode.StartAsync(provider, _server);
        }

        return node;
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes.Values)
        {
            await node.DisposeAsync();
        }

        if (_server is not null)
        {
            await ((IAsyncDisposable)_server).DisposeAsync();
        }
    }
}

[CollectionDefinition(Name)]
public sealed class EndToEndCollection : ICollectionFixture<EndToEndNodes>
{
    public const string Name = "end to end";
}
