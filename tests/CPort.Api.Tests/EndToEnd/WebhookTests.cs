using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>Webhooks over HTTP, with a receiver that takes, refuses and comes back.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class WebhookTests(EndToEndNodes nodes)
{
    public static TheoryData<DatabaseProvider> Both => NodeDatabase.Both;

    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task News_arrive_signed_in_order_each_once_though_the_receiver_was_away(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await node.RegisterAsync("hotline-bg", "Hotline", "Standard", "Analyst", "BG");
        var admin = await AdministratorAsync(node, "hotline-bg");
        await using var receiver = await WebhookReceiver.StartAsync();
        var made = (await node.PostAsync(admin, "v1/webhooks", new JsonObject
        {
            ["url"] = receiver.Url, ["name"] = "our system", ["asymmetric"] = true, ["types"] = new JsonArray("cport.item.added.v1", "cport.report.urgent.v1"),
        })).Is(HttpStatusCode.Created).Json;
        var (path, secret) = ($"v1/webhooks/{made.GetProperty("id").GetString()}", made.GetProperty("secret").GetString()!);
        Assert.StartsWith("whpk_", made.GetProperty("publicKey").GetString(), StringComparison.Ordinal);
        await StateAsync(node, admin, path, "Active");
        Assert.Equal("cport.ping.v1", (await receiver.TakenAsync(1))[0].Json.GetProperty("type").GetString());

        // While it is away nothing is lost.
        receiver.Answer = 503;
        var report = await node.SubmitAsync("gb", ReportLifeTests.Hosted("HOOK-1", "BG"));
        await EndToEndNode.UntilAsync(() => node.GetAsync(admin, path), r => r.Json.GetProperty("tries").GetInt32() > 0);
        for (var i = 2; i <= 4; i++)
        {
            await node.SubmitAsync("gb", ReportLifeTests.Hosted($"HOOK-{i}", "BG"));
        }

        (await node.SendAsync("gb", HttpMethod.Put, $"v1/reports/{report}/urgent", """{"urgent":true}""")).Is(HttpStatusCode.OK);
        receiver.Answer = 200;
        (await node.PostAsync(admin, $"{path}:resume", null)).Is(HttpStatusCode.OK);
        var taken = (await receiver.TakenAsync(6))[1..];
        Assert.Equal(taken.Select(t => t.Id).Order(StringComparer.Ordinal), taken.Select(t => t.Id));
        Assert.Equal(5, taken.Select(t => t.Id).Distinct().Count());
        Assert.Equal("cport.report.urgent.v1", taken[^1].Json.GetProperty("type").GetString());
        Assert.All(taken, t =>
        {
            Assert.Equal(t.Id, t.Json.GetProperty("id").GetString());
            Assert.Equal("application/cloudevents+json", t.Type);
            Assert.Contains(Signature(secret, t), t.Signature.Split(' '));
            Assert.Contains(t.Signature.Split(' '), s => s.StartsWith("v1a,", StringComparison.Ordinal));
            Assert.DoesNotContain("img.host.example", t.Body, StringComparison.Ordinal);
        });

        // What it was, and again.
        var tries = (await node.GetAsync(admin, $"{path}/deliveries")).Is(HttpStatusCode.OK).Json.GetProperty("deliveries").EnumerateArray().ToArray();
        Assert.Contains(tries, t => t.GetProperty("outcome").GetString() == "Failed" && t.GetProperty("answer").GetString() == "HTTP 503");
        (await node.PostAsync(admin, $"{path}/deliveries:replay", new JsonObject { ["ids"] = new JsonArray(taken[1].Id) })).Is(HttpStatusCode.OK);
        Assert.Equal(taken[1].Id, (await receiver.TakenAsync(7))[^1].Id);
        (await node.PostAsync(admin, $"{path}/deliveries:replay", new JsonObject { ["from"] = taken[2].Id })).Is(HttpStatusCode.OK);
        Assert.Equal(taken[3..].Select(t => t.Id), (await receiver.TakenAsync(9))[^2..].Select(t => t.Id));

        // A new secret signs beside the old one.
        var rotated = (await node.PostAsync(admin, $"{path}:rotate", null)).Is(HttpStatusCode.OK).Json.GetProperty("secret").GetString()!;
        Assert.NotEqual(secret, rotated);
        (await node.PostAsync(admin, $"{path}:test", null)).Is(HttpStatusCode.OK);
        var ping = (await receiver.TakenAsync(10))[^1];
        Assert.Contains(Signature(secret, ping), ping.Signature.Split(' '));
        Assert.Contains(Signature(rotated, ping), ping.Signature.Split(' '));

        // Gone is gone.
        receiver.Answer = 410;
        await node.SubmitAsync("gb", ReportLifeTests.Hosted("HOOK-5", "BG"));
        await StateAsync(node, admin, path, "Stopped");
        (await node.SendAsync(admin, HttpMethod.Delete, path, null)).Is(HttpStatusCode.NoContent);
        (await node.GetAsync(admin, path)).Is(HttpStatusCode.NotFound);

        var auditor = await node.AuditorKeyAsync("hotline-bg");
        await EndToEndNode.UntilAsync(
            () => node.PostAsync(auditor, "v1/audit/entries:search", new JsonObject { ["record"] = report }),
            r => r.Json.GetProperty("entries").EnumerateArray().Any(e => e.GetProperty("kind").GetString() == "disclosure"
                && e.GetProperty("recipients")[0].GetString() == "hotline-bg"));
    }

    /// <summary>CloudEvents' batches: one signature for all, whole or again; each event is there once, in order, and can be had again by itself.</summary>
    [SkippableTheory]
    [MemberData(nameof(Both))]
    public async Task News_arrive_in_batches_where_the_agency_wants_that(DatabaseProvider provider)
    {
        var node = await nodes.OnAsync(provider);
        await node.RegisterAsync("hotline-al", "Hotline", "Standard", "Analyst", "AL");
        var admin = await AdministratorAsync(node, "hotline-al");
        await using var receiver = await WebhookReceiver.StartAsync();
        foreach (var wrong in new[] { 0, -1, 101 })
        {
            var error = (await node.PostAsync(admin, "v1/webhooks", new JsonObject { ["url"] = receiver.Url, ["batch"] = wrong }))
                .Is(HttpStatusCode.UnprocessableEntity).Json.GetProperty("errors")[0];
            Assert.Equal(("batch", "out-of-range"), (error.GetProperty("field").GetString(), error.GetProperty("code").GetString()));
        }

        var made = (await node.PostAsync(admin, "v1/webhooks", new JsonObject
        {
            ["url"] = receiver.Url, ["types"] = new JsonArray("cport.item.added.v1"), ["batch"] = 3,
        })).Is(HttpStatusCode.Created).Json;
        var (path, secret) = ($"v1/webhooks/{made.GetProperty("id").GetString()}", made.GetProperty("secret").GetString()!);
        await StateAsync(node, admin, path, "Active");
        var ping = (await receiver.TakenAsync(1))[0];
        Assert.Equal("application/cloudevents-batch+json", ping.Type);
        Assert.Equal("cport.ping.v1", Assert.Single(ping.Json.EnumerateArray()).GetProperty("type").GetString());

        receiver.Answer = 503;
        await node.SubmitAsync("gb", ReportLifeTests.Hosted("POSTED-0", "AL"));
        await EndToEndNode.UntilAsync(() => node.GetAsync(admin, path), r => r.Json.GetProperty("tries").GetInt32() > 0);
        for (var i = 1; i <= 5; i++)
        {
            await node.SubmitAsync("gb", ReportLifeTests.Hosted($"POSTED-{i}", "AL"));
        }

        Assert.Equal(3, (await node.GetAsync(admin, path)).Is(HttpStatusCode.OK).Json.GetProperty("batch").GetInt32());
        await EndToEndNode.UntilAsync(() => node.GetAsync("hotline-al", "v1/feed?types=cport.item.added.v1"),
            r => r.Json.GetArrayLength() == 6);
        receiver.Answer = 200;
        (await node.PostAsync(admin, $"{path}:resume", null)).Is(HttpStatusCode.OK);
        var taken = (await receiver.TakenAsync(4))[1..];

        // What was tried in vain comes again as it was; what came meanwhile goes together.
        Assert.Equal([1, 3, 2], taken.Select(t => t.Json.GetArrayLength()));
        var events = taken.SelectMany(t => t.Json.EnumerateArray()).ToArray();
        var ids = events.Select(e => e.GetProperty("id").GetString()!).ToArray();
        Assert.Equal(ids.Order(StringComparer.Ordinal).Distinct(), ids);
        Assert.All(events, e => Assert.Equal("1.0", e.GetProperty("specversion").GetString()));
        Assert.Equal(3, taken.Select(t => t.Id).Distinct().Count());
        Assert.All(taken, t =>
        {
            Assert.Equal("application/cloudevents-batch+json", t.Type);
            Assert.Contains(Signature(secret, t), t.Signature.Split(' '));
            Assert.DoesNotContain("img.host.example", t.Body, StringComparison.Ordinal);
        });
        var tries = (await EndToEndNode.UntilAsync(
            () => node.GetAsync(admin, $"{path}/deliveries?outcome=Taken"), r => r.Json.GetProperty("deliveries").GetArrayLength() == 3)).Json;
        Assert.Equal([2, 3, 1], tries.GetProperty("deliveries").EnumerateArray().Select(t => t.GetProperty("events").GetInt32()));

        // One of them again, and from now on each by itself.
        (await node.PostAsync(admin, $"{path}/deliveries:replay", new JsonObject { ["ids"] = new JsonArray(ids[2]) })).Is(HttpStatusCode.OK);
        Assert.Equal(ids[2], Assert.Single((await receiver.TakenAsync(5))[^1].Json.EnumerateArray()).GetProperty("id").GetString());
        (await node.SendAsync(admin, HttpMethod.Patch, path, """{"batch":500}""")).Is(HttpStatusCode.UnprocessableEntity);
        (await node.SendAsync(admin, HttpMethod.Patch, path, """{"batch":1}""")).Is(HttpStatusCode.OK);
        (await node.PostAsync(admin, $"{path}/deliveries:replay", new JsonObject { ["from"] = ids[3] })).Is(HttpStatusCode.OK);
        Assert.Equal(ids[4..], (await receiver.TakenAsync(7))[^2..].Select(t => t.Json.GetProperty("id").GetString()));
        (await node.SendAsync(admin, HttpMethod.Delete, path, null)).Is(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Only_an_agencys_administrators_say_where_its_news_go_and_not_to_anywhere()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        await node.RegisterAsync("hotline-hr", "Hotline", "Standard", "Analyst", "HR");
        await node.RegisterAsync("hotline-mk", "Hotline", "Standard", "Analyst", "MK");
        var (admin, other) = (await AdministratorAsync(node, "hotline-hr"), await AdministratorAsync(node, "hotline-mk"));
        var body = new JsonObject { ["url"] = "https://10.0.0.8/hook" };
        (await node.PostAsync("hotline-hr", "v1/webhooks", body)).Is(HttpStatusCode.Forbidden);
        foreach (var url in new[] { "ftp://hooks.example", "https://u:p@hooks.example/", "nowhere", "https://hooks.example/#x" })
        {
            Assert.Equal("malformed-url", (await node.PostAsync(admin, "v1/webhooks", new JsonObject { ["url"] = url })).Is(HttpStatusCode.UnprocessableEntity)
                .Json.GetProperty("errors")[0].GetProperty("code").GetString());
        }

        (await node.PostAsync(admin, "v1/webhooks", new JsonObject())).Is(HttpStatusCode.UnprocessableEntity);
        (await node.PostAsync(admin, "v1/webhooks", new JsonObject { ["url"] = "https://hooks.example", ["types"] = new JsonArray("nothing") }))
            .Is(HttpStatusCode.UnprocessableEntity);
        var made = (await node.PostAsync(admin, "v1/webhooks", body)).Is(HttpStatusCode.Created).Json;
        var path = $"v1/webhooks/{made.GetProperty("id").GetString()}";
        var tested = (await node.PostAsync(admin, $"{path}:test", null)).Is(HttpStatusCode.OK).Json;
        Assert.False(tested.GetProperty("taken").GetBoolean());
        Assert.Equal("the address is not one that may be sent to", tested.GetProperty("answer").GetString());
        Assert.Equal("Pending", (await node.GetAsync(admin, path)).Json.GetProperty("state").GetString());
        Assert.False((await node.GetAsync(admin, path)).Json.TryGetProperty("secret", out _));

        // Another agency's is none.
        foreach (var (method, at) in new[]
            { (HttpMethod.Get, path), (HttpMethod.Delete, path), (HttpMethod.Post, $"{path}:rotate"), (HttpMethod.Post, $"{path}:test") })
        {
            (await node.SendAsync(other, method, at, null)).Is(HttpStatusCode.NotFound);
        }

        Assert.Empty((await node.GetAsync(other, "v1/webhooks")).Is(HttpStatusCode.OK).Json.GetProperty("webhooks").EnumerateArray());
        (await node.SendAsync(admin, HttpMethod.Delete, path, null)).Is(HttpStatusCode.NoContent);
    }

    private static Task<Reply> StateAsync(EndToEndNode node, string who, string path, string state) =>
        EndToEndNode.UntilAsync(() => node.GetAsync(who, path), r => r.Json.GetProperty("state").GetString() == state);

    private static Task<string> AdministratorAsync(EndToEndNode node, string agency) => node.ConsentedKeyAsync(agency, "Administrator");

    private static string Signature(string secret, TakenWebhook taken) => "v1," + Convert.ToBase64String(HMACSHA256.HashData(
        Convert.FromBase64String(secret["whsec_".Length..]), Encoding.UTF8.GetBytes($"{taken.Id}.{taken.Timestamp}.{taken.Body}")));
}
