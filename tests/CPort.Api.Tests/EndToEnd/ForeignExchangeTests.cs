using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>
/// Feeds and webhooks as others read them: npm's cloudevents, ajv, eventsource, standardwebhooks and svix (tests/ForeignVerifiers/exchange). Where npm is
/// missing the test is skipped and says so.
/// </summary>
[Collection(EndToEndCollection.Name)]
public sealed class ForeignExchangeTests(EndToEndNodes nodes) : IDisposable
{
    private readonly string _work = Directory.CreateTempSubdirectory("cport-exchange-").FullName;

    public void Dispose() => TestFolders.Remove(_work);

    [SkippableFact]
    public async Task Foreign_libraries_read_the_feed_and_accept_webhooks()
    {
        var node = await nodes.OnAsync(DatabaseProvider.Sqlite);
        foreach (var file in new[] { "package.json", "package-lock.json", "verify.mjs" })
        {
            File.Copy(Repository.PathOf("tests", "ForeignVerifiers", "exchange", file), Path.Combine(_work, file));
        }

        await RunAsync("npm ci --ignore-scripts --no-audit --no-fund --prefer-offline");
        await node.RegisterAsync("hotline-am", "Hotline", "Standard", "Analyst", "AM");
        var admin = await node.ConsentedKeyAsync("hotline-am", "Administrator");
        await using var receiver = await WebhookReceiver.StartAsync();
        var hook = (await node.PostAsync(admin, "v1/webhooks", new JsonObject { ["url"] = receiver.Url, ["asymmetric"] = true }))
            .Is(HttpStatusCode.Created).Json;
        var batched = (await node.PostAsync(admin, "v1/webhooks", new JsonObject { ["url"] = receiver.Url, ["asymmetric"] = true, ["batch"] = 100 }))
            .Is(HttpStatusCode.Created).Json;
        await receiver.TakenAsync(2);
        var start = (await node.GetAsync("hotline-am", "v1/feed")).Is(HttpStatusCode.OK).Headers.GetValues("CPort-Position").Single();
        var report = await node.SubmitAsync("gb", Bodies.Report("FOREIGN-FEED", r => r["urls"]![0]!["hostingCountryCode"] = "AM"));
        await node.AssignedAsync("hotline-am", report, "hotline-am");
        (await node.PostAsync("hotline-am", $"v1/reports/{report}/items:assess", ReportLifeTests.Assessment("National"))).Is(HttpStatusCode.OK);
        await EndToEndNode.UntilAsync(
            () => node.GetAsync("hotline-am", $"v1/feed?lastEventId={start}"), r => r.Text.Contains("item.assessed", StringComparison.Ordinal));
        Assert.EndsWith("schemas\n", await RunAsync("node verify.mjs feed", node.Url.ToString().TrimEnd('/'), node.KeyOf("hotline-am"), start, "2"),
            StringComparison.Ordinal);

        // Each event by itself to one of the two, as many as there were to the other.
        bool IsBatch(TakenWebhook taken) => taken.Type == "application/cloudevents-batch+json";
        var all = await receiver.TakenUntilAsync(t => t.Count(one => !IsBatch(one)) >= 3
            && t.Where(IsBatch).Any(b => b.Body.Contains("item.assessed", StringComparison.Ordinal)));
        foreach (var taken in all)
        {
            var file = Path.Combine(_work, "delivery.json");
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new
            {
                headers = new Dictionary<string, string>
                {
                    ["webhook-id"] = taken.Id, ["webhook-timestamp"] = taken.Timestamp, ["webhook-signature"] = taken.Signature,
                    ["content-type"] = taken.Type!,
                },
                body = taken.Body,
            }));
            var of = IsBatch(taken) ? batched : hook;
            var (secret, publicKey) = (of.GetProperty("secret").GetString()!, of.GetProperty("publicKey").GetString()!);
            Assert.Equal("good\n", await RunAsync("node verify.mjs webhook", file, secret, publicKey));
        }

        foreach (var made in new[] { hook, batched })
        {
            (await node.SendAsync(admin, HttpMethod.Delete, $"v1/webhooks/{made.GetProperty("id").GetString()}", null)).Is(HttpStatusCode.NoContent);
        }
    }

    private Task<string> RunAsync(string command, params string[] arguments) => ForeignProgram.RunAsync(_work, command, needsNetwork: true, [], arguments);
}
