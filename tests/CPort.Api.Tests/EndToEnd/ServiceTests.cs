using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>What surrounds the resources: documentation, health, figures, compression, problems.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class ServiceTests(EndToEndNodes nodes)
{
    [Fact]
    public async Task The_document_names_every_route_with_summaries_and_examples()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        var document = (await node.GetAsync(null, "openapi/v1.json")).Is(HttpStatusCode.OK);
        var paths = document.Json.GetProperty("paths").EnumerateObject().Select(p => p.Name).ToHashSet();
        Assert.Subset(paths, new HashSet<string>
        {
            "/v1/reports", "/v1/reports/{id}", "/v1/reports/{id}/items/{item}", "/v1/reports/{id}/history", "/v1/reports:stream", "/v1/reports:search",
            "/v1/reports/{id}:withdraw", "/v1/reports/{id}/urgent", "/v1/reports/{id}/site-facts", "/v1/reports/{id}/memos", "/v1/reports/{id}/items",
            "/v1/reports/{id}/items:assign", "/v1/reports/{id}/items:claim", "/v1/reports/{id}/items:release", "/v1/reports/{id}/items:assess",
            "/v1/reports/{id}/items:correct", "/v1/reports/{id}/items:act", "/v1/reports/{id}/items:hosting", "/v1/reports/{id}/items:move",
            "/v1/reports/{id}/items:seen-again", "/v1/reports/{id}/items/{item}/assigned-hotline-reference", "/v1/items:assess", "/v1/items:act",
                "/v1/items:claim",
            "/v1/hashes:lookup", "/v1/hashes:show", "/v1/hashes:import", "/v1/hashes:retract", "/v1/hashes:correct", "/v1/hashes/quarantine",
                "/v1/hashes/quarantine:release", "/v1/hashes/quarantine:add", "/v1/queues",
            "/v1/queues/{name}", "/v1/statistics", "/v1/rejections", "/v1/agencies", "/v1/agencies/{agency}", "/v1/agencies/{agency}/keys", "/v1/projections",
            "/v1/projections:rebuild", "/v1/projections:reconcile",
        });
        var operations = document.Json.GetProperty("paths").EnumerateObject()
            .SelectMany(p => p.Value.EnumerateObject().Select(o => (Path: p.Name, o.Name, o.Value))).ToArray();
        Assert.Empty(operations.Where(o => !o.Value.TryGetProperty("summary", out _)).Select(o => $"{o.Name} {o.Path}"));
        Assert.Empty(operations.Where(o => !o.Value.GetProperty("responses").TryGetProperty("401", out _)).Select(o => $"{o.Name} {o.Path}"));
        Assert.Contains("\"examples\"", document.Text, StringComparison.Ordinal);
    }

    /// <summary>What no client or linter misses: headers that are taken, the code lists' generation, fields that must be there.</summary>
    [Fact]
    public async Task The_document_says_what_of_a_request_is_read_and_what_must_be_in_it()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        var document = (await node.GetAsync(null, "openapi/v1.json")).Is(HttpStatusCode.OK).Json;
        var operations = document.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject())
            .Where(o => o.Value.TryGetProperty("operationId", out _))
            .ToDictionary(o => o.Value.GetProperty("operationId").GetString()!, o => (Method: o.Name, o.Value));
        string[] Parameters(JsonElement operation) => [.. operation.GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString()!)];

        Assert.Empty(operations.Where(o => o.Value.Method != "get" && !new[] { "Command-Id", "Idempotency-Key" }.All(Parameters(o.Value.Value).Contains))
            .Select(o => o.Key));
        Assert.Empty(operations.Where(o => !Parameters(o.Value.Value).Contains("X-Purpose")).Select(o => o.Key));
        foreach (var endpoint in node.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .Where(e => e.Metadata.GetMetadata<CPort.Api.Reading.EntityTags.TakesIfMatch>() is not null))
        {
            Assert.Contains("If-Match", Parameters(operations[endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName].Value));
        }

        Assert.Equal(["GetDomainList", "GetDomainListVersion", "GetReport"],
            operations.Where(o => Parameters(o.Value.Value).Contains("If-None-Match")).Select(o => o.Key).Order(StringComparer.Ordinal));
        Assert.Contains("codes", Parameters(operations["SubmitReport"].Value));
        Assert.Equal(["hotlineReceivedDate", "hotlineReference", "urls"], RequiredOf("SubmitReport")!);

        string[]? RequiredOf(string operation)
        {
            if (!operations[operation].Value.TryGetProperty("requestBody", out var body)
                || !body.GetProperty("content").TryGetProperty("application/json", out var media))
            {
                return null;
            }

            var schema = media.GetProperty("schema");
            while (schema.TryGetProperty("$ref", out var reference))
            {
                schema = reference.GetString()!.TrimStart('#', '/').Split('/').Aggregate(document, (at, name) => at.GetProperty(name));
            }

            return schema.TryGetProperty("required", out var required)
                ? [.. required.EnumerateArray().Select(r => r.GetString()!).Order(StringComparer.Ordinal)] : [];
        }
    }

    [Fact]
    public async Task The_documentation_page_and_health_are_open_and_figures_and_reasons_are_not()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        (await node.GetAsync(null, "metrics")).Is(HttpStatusCode.Unauthorized);
        (await node.GetAsync("gb", "metrics")).Is(HttpStatusCode.Forbidden);
        await node.SubmitAsync("gb", Bodies.Report("FIGURES-1"));
        Assert.Contains("<html", (await node.GetAsync(null, "docs/")).Is(HttpStatusCode.OK).Text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("""{"status":"ready"}""", (await node.GetAsync(null, "health/ready")).Is(HttpStatusCode.OK).Text);
        Assert.Contains("\"ok\":true", (await node.GetAsync("operator", "health/ready")).Is(HttpStatusCode.OK).Text, StringComparison.Ordinal);
        (await node.GetAsync(null, "health/live")).Is(HttpStatusCode.OK);
        var figures = (await EndToEndNode.UntilAsync(() => node.GetAsync("operator", "metrics"), r =>
            r.Text.Contains("cport_queue_length", StringComparison.Ordinal))).Text;
        foreach (var name in new[] { "cport_intake_reports", "cport_commands", "cport_hop_duration", "cport_journal_batch_size", "cport_journal_write_duration",
            "cport_projection_lag" })
        {
            Assert.Contains(name, figures, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("host.example", figures, StringComparison.Ordinal);
    }

    /// <summary>Whatever the request's Host header says, and on every kind of answer.</summary>
    [Fact]
    public async Task Answers_say_to_browsers_what_they_must_not_do_and_repeat_no_host()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        foreach (var path in new[] { "v1/agencies", "v1/queues", "health/live", "openapi/v1.json", "docs/", "nowhere" })
        {
            using var request = node.Request("nl", HttpMethod.Get, path);
            request.Headers.Host = "evil.example";
            using var response = await node.SendAsync(request);
            var policy = string.Join(' ', response.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.Equal(["nosniff"], response.Headers.GetValues("X-Content-Type-Options"));
            Assert.DoesNotContain("evil.example", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        // What the page loads is here; the policy above keeps the rest away even if the page's maker changes its mind.
        var page = (await node.GetAsync(null, "docs/")).Is(HttpStatusCode.OK).Text;
        Assert.DoesNotMatch("(?:src|href)=\"https?:", page);
        Assert.DoesNotContain("fonts.scalar.com", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "health/ready")]
    [InlineData(null, "openapi/v1.json")]
    [InlineData("nl", "v1/queues")]
    [InlineData("nl", "v1/nowhere")]
    public async Task Head_is_get_without_the_content(string? who, string path)
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        var get = await node.GetAsync(who, path);
        using var response = await node.SendAsync(node.Request(who, HttpMethod.Head, path));
        Assert.Equal(get.Status, response.StatusCode);
        Assert.Equal(get.Type, response.Content.Headers.ContentType?.MediaType);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task If_Match_is_honoured_or_refused_by_every_command()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        var id = await node.SubmitAsync("gb", Bodies.Report("IF-MATCH-1"));
        (string, string)[] stale = [("If-Match", "\"r999\"")];
        foreach (var (method, path, body) in new[]
        {
            ("PATCH", "", """{"memo":"changed"}"""), ("POST", ":withdraw", "{}"), ("PUT", "/urgent", """{"urgent":true}"""),
            ("PUT", "/site-facts", """{"sourceUrlSiteType":6}"""), ("POST", "/memos", """{"text":"a memo"}"""),
            ("POST", "/items", """{"urls":[{"urlString":"https://added.example/1"}]}"""),
        })
        {
            (await node.SendAsync("gb", new HttpMethod(method), $"v1/reports/{id}{path}", body, stale)).Is(HttpStatusCode.PreconditionFailed);

            // Weak tags and an item's never match (RFC 9110 13.1.1), and what is no tag is no condition.
            (await node.SendAsync("gb", new HttpMethod(method), $"v1/reports/{id}{path}", body, [("If-Match", "W/\"r1\", \"1\"")]))
                .Is(HttpStatusCode.PreconditionFailed);
            (await node.SendAsync("gb", new HttpMethod(method), $"v1/reports/{id}{path}", body, [("If-Match", "nonsense")])).Is(HttpStatusCode.BadRequest);
        }

        // A stranger learns nothing by a condition.
        (await node.SendAsync("jp", HttpMethod.Post, $"v1/reports/{id}/memos", """{"text":"a memo"}""", stale)).Is(HttpStatusCode.NotFound);
        var etag = await EndToEndNode.UntilAsync(async () =>
        {
            var now = string.Join("", (await node.GetAsync("gb", $"v1/reports/{id}")).Headers.GetValues("ETag"));
            return await node.SendAsync("gb", HttpMethod.Post, $"v1/reports/{id}/memos", """{"text":"a memo"}""", [("If-Match", $"\"r999\", {now}")]);
        }, r => r.Status == HttpStatusCode.OK);
        Assert.Equal("accepted", etag.Json.GetProperty("outcome").GetString());
        (await node.PostAsync("gb", "v1/hashes:lookup", new JsonObject(), ("If-Match", "\"1\""))).Is(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task If_None_Match_compares_weakly_and_knows_everything()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        var id = await node.SubmitAsync("gb", Bodies.Report("IF-NONE-MATCH-1"));
        await EndToEndNode.UntilAsync(async () =>
        {
            var now = string.Join("", (await node.GetAsync("gb", $"v1/reports/{id}")).Headers.GetValues("ETag"));
            return await node.GetAsync("gb", $"v1/reports/{id}", ("If-None-Match", $"\"other\", W/{now}"));
        }, r => r.Status == HttpStatusCode.NotModified);
        (await node.GetAsync("gb", $"v1/reports/{id}", ("If-None-Match", "*"))).Is(HttpStatusCode.NotModified);
        (await node.GetAsync("gb", $"v1/reports/{id}", ("If-None-Match", "\"other\""))).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Answers_are_compressed_for_those_who_ask()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        foreach (var path in new[] { "v1/queues", "v1/statistics", "openapi/v1.json" })
        {
            using var request = node.Request("nl", HttpMethod.Get, path);
            request.Headers.AcceptEncoding.ParseAdd("gzip");
            using var response = await node.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        }
    }

    /// <summary>RFC 9110 8.8.3.3: one strong tag never stands for two sequences of bytes; conditions know both.</summary>
    [Fact]
    public async Task A_compressed_answer_has_a_tag_of_its_own_that_conditions_take_for_the_same_version()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        var id = await node.SubmitAsync("gb", Bodies.Report("TAGS-1"));
        await node.AssignedAsync("gb", id, "hotline-nl");
        var (report, item) = ($"v1/reports/{id}", $"v1/reports/{id}/items/1");
        foreach (var path in new[] { report, item })
        {
            // Work on the report goes on meanwhile.
            await Wait.UntilAsync(async () => $"{(await TagAsync(path, null))[..^1]}-gzip\"" == await TagAsync(path, "gzip"), EndToEndNode.Patience,
                () => "the tags are not of one version");
        }

        await EndToEndNode.UntilAsync(async () =>
        {
            var zipped = await TagAsync(report, "gzip");
            var same = await node.GetAsync("gb", report, ("If-None-Match", zipped), ("Accept-Encoding", "gzip"));
            Assert.Equal(zipped, same.Headers.ETag?.Tag);
            return same;
        }, r => r.Status == HttpStatusCode.NotModified);
        await EndToEndNode.UntilAsync(async () => await node.PostAsync("nl", $"v1/reports/{id}/items:claim",
            new JsonObject { ["items"] = new JsonArray(new JsonObject { ["item"] = 1 }) }, ("If-Match", await TagAsync(item, "gzip"))),
            r => r.Status == HttpStatusCode.OK);
        (await node.PostAsync("nl", $"v1/reports/{id}/items:release", new JsonObject { ["items"] = new JsonArray(new JsonObject { ["item"] = 1 }) },
            ("If-Match", "\"1000-gzip\""))).Is(HttpStatusCode.PreconditionFailed);

        async Task<string> TagAsync(string path, string? encoding)
        {
            using var request = node.Request("gb", HttpMethod.Get, path);
            request.Headers.AcceptEncoding.ParseAdd(encoding ?? "identity");
            using var response = await node.SendAsync(request);
            Assert.Equal(encoding is not null, response.Content.Headers.ContentEncoding.Contains("gzip"));
            return response.Headers.ETag!.Tag;
        }
    }

    /// <summary>Metrics and traces name routes: one address has one name.</summary>
    [Fact]
    public async Task No_route_ends_in_a_slash()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        var routes = node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(e => e.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route ?? e.RoutePattern.RawText!).ToArray();
        Assert.Contains("/v1/reports/{id}", routes);
        Assert.DoesNotContain(routes, r => r.StartsWith("/v1", StringComparison.Ordinal) && r.EndsWith('/'));
    }

    /// <summary>Proxies write paths down: in them stand ids, codes and numbers of ours, and no hash, host, address or text of a report.</summary>
    [Fact]
    public async Task No_path_carries_what_must_not_stand_in_logs()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        var names = node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText?.StartsWith("/v1", StringComparison.Ordinal) == true)
            .SelectMany(e => e.RoutePattern.Parameters.Select(p => p.Name)).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(
            ["agency", "file", "format", "hold", "id", "item", "keyId", "level", "name", "number", "path", "person", "type", "version"], names);
    }

    [Fact]
    public async Task Every_error_is_a_problem_document()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        var id = await node.SubmitAsync("gb", Bodies.Report("PROBLEM-1"));
        foreach (var (method, path, body, type, status) in new (HttpMethod, string, string?, string, int)[]
        {
            (HttpMethod.Get, "v1/nowhere", null, "", 404), (HttpMethod.Get, "nowhere", null, "", 404), (HttpMethod.Get, "v1/reports/not-an-id", null, "", 404),
            (HttpMethod.Delete, $"v1/reports/{id}", null, "", 405), (HttpMethod.Get, "v1/queues/none", null, "", 404),
            (HttpMethod.Get, "v1/queues/unassessed?maxResults=0", null, "", 422), (HttpMethod.Get, "v1/queues/unassessed?order=x", null, "", 422),
            (HttpMethod.Get, "v1/statistics?from=yesterday", null, "", 422), (HttpMethod.Post, "v1/hashes:show", "{}", "", 422),
            (HttpMethod.Post, "v1/hashes:show", """{"hash":{"algorithm":"md5","value":"zz"}}""", "", 422),
            (HttpMethod.Post, "v1/hashes:show", """{"hash":{"algorithm":"crc32","value":"00"}}""", "", 422),
            (HttpMethod.Get, $"v1/hashes/md5/{new string('0', 32)}", null, "", 404), (HttpMethod.Post, "v1/reports", "{", "application/json", 400),
            (HttpMethod.Post, "v1/reports", "", "application/json", 400), (HttpMethod.Post, "v1/reports", "{}", "application/json", 422),
            (HttpMethod.Post, "v1/reports?codes=v9", "{}", "application/json", 422),
            (HttpMethod.Post, $"v1/reports/{id}/items:assess", "{}", "application/json", 422),
                (HttpMethod.Post, $"v1/reports/{id}/memos", "[]", "application/json", 422),
            (HttpMethod.Post, "v1/reports:search", """{"states":["x"]}""", "application/json", 422),
                (HttpMethod.Post, "v1/hashes:lookup", "{}", "application/json", 422),
        })
        {
            var reply = await node.SendAsync("gb", method, path, body, null, type.Length > 0 ? type : "application/json");
            Assert.True((int)reply.Status == status
                && reply.Type == "application/problem+json", $"{method} {path}: {(int)reply.Status} {reply.Type} {reply.Text}");
            Assert.Equal(status, reply.Json.GetProperty("status").GetInt32());
            Assert.False(string.IsNullOrEmpty(reply.Json.GetProperty("title").GetString()));
            Assert.StartsWith("urn:cport:problem:", reply.Json.GetProperty("type").GetString(), StringComparison.Ordinal);
        }
    }
}

/// <summary>A node that goes and comes back.</summary>
public sealed class RestartTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task After_a_restart_and_after_a_rebuild_everything_is_found_again(DatabaseProvider provider)
    {
        await using var node = await EndToEndNode.StartAsync(provider, server);
        var ids = new List<string>();
        foreach (var n in Enumerable.Range(1, 12))
        {
            ids.Add(await node.SubmitAsync("gb", Bodies.Report($"AGAIN-{n}")));
        }

        foreach (var id in ids)
        {
            await node.AssignedAsync("nl", id, "hotline-nl");
        }

        (await node.PostAsync("nl", $"v1/reports/{ids[0]}/items:assess", ReportLifeTests.Assessment())).Is(HttpStatusCode.OK);
        await EndToEndNode.UntilAsync(() => node.ShowHashAsync("nl", "md5", Bodies.Hash("AGAIN-1", 16)), r =>
            r.Status == HttpStatusCode.OK && r.Json.GetProperty("opinions").GetArrayLength() > 0);
        await ReportLifeTests.InQueueAsync(node, "nl", "unactioned", ids[0]);
        var before = await SettledAsync();

        await node.RestartAsync();
        Assert.Equal(before.Split('\n'), (await EverythingAsync()).Split('\n'));
        Assert.Equal("duplicate", (await node.SendAsync("gb", HttpMethod.Post, "v1/reports", Bodies.Report("AGAIN-5"))).Is(HttpStatusCode.OK)
            .Json.GetProperty("outcome").GetString());

        (await node.PostAsync("operator", "v1/projections:rebuild", null)).Is(HttpStatusCode.Accepted);
        await EndToEndNode.UntilAsync(
            async () =>
            {
                // It serves all the while.
                (await node.GetAsync("nl", "v1/queues/unassessed")).Is(HttpStatusCode.OK);
                return await node.GetAsync("operator", "v1/projections");
            },
            r => !r.Text.Contains("\"Building\"", StringComparison.Ordinal));
        Assert.Equal(before, await EverythingAsync());

        // The assessment goes to the hash bucket and its word comes back; each is an event of its own. Quiet is when a second has brought none
        // and the read tables are where the journal is.
        async Task<string> SettledAsync()
        {
            for (var last = await EverythingAsync(); ;)
            {
                await Task.Delay(1_000);
                var current = await node.ReadTablesAreCurrentAsync();
                var now = await EverythingAsync();
                if (current && now == last)
                {
                    return now;
                }

                last = now;
            }
        }

        async Task<string> EverythingAsync()
        {
            var all = new List<string>();
            foreach (var id in ids)
            {
                all.Add((await node.GetAsync("gb", $"v1/reports/{id}")).Is(HttpStatusCode.OK).Text);
                all.Add((await node.GetAsync("gb", $"v1/reports/{id}/history")).Is(HttpStatusCode.OK).Text);
            }

            foreach (var (who, path) in new[] { ("nl", "v1/queues/unassessed"), ("nl", "v1/queues/unactioned"), ("nl", "v1/queues/no-reference") })
            {
                var items = await EndToEndNode.UntilAsync(() => node.GetAsync(who, path), r => r.Status == HttpStatusCode.OK);
                all.Add(items.Json.GetProperty("items").GetRawText());
            }

            var found = (await node.PostAsync("gb", "v1/reports:search", new JsonObject { ["host"] = "img.host.example" })).Is(HttpStatusCode.OK);
            all.Add(found.Json.GetProperty("items").GetRawText());
            all.Add((await node.ShowHashAsync("nl", "md5", Bodies.Hash("AGAIN-1", 16))).Is(HttpStatusCode.OK).Text);
            all.Add((await node.GetAsync("nl", "v1/statistics")).Is(HttpStatusCode.OK).Json.GetProperty("figures").GetRawText());
            return string.Join('\n', all);
        }
    }
}
