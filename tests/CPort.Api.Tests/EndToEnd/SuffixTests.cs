using System.Net;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>One public suffix list decides registrable domains, and one spelling host names and references, at intake as in searches.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class SuffixTests
{
    [Fact]
    public async Task The_named_list_tells_customers_of_one_host_apart_in_searches_by_domain()
    {
        var list = Path.GetTempFileName();
        await File.WriteAllTextAsync(list, "example\nblog.example\n");
        try
        {
            await using var node = await EndToEndNode.StartAsync(
                DatabaseProvider.Sqlite, null!, o => o.Hosting.PublicSuffixFile = list);
            foreach (var customer in new[] { "one", "two" })
            {
                await node.SubmitAsync("gb", Bodies.Report($"SUFFIX-{customer}", r => r["urls"]![0]!["urlString"] = $"https://www.{customer}.blog.example/x"));
            }

            foreach (var (domain, count) in new[] { ("www.one.blog.example", 1), ("two.blog.example", 1), ("blog.example", 0) })
            {
                await EndToEndNode.UntilAsync(
                    () => node.PostAsync("gb", "v1/reports:search", new JsonObject { ["domain"] = domain }),
                    r => r.Is(HttpStatusCode.OK).Json.GetProperty("items").GetArrayLength() == count);
            }
        }
        finally
        {
            File.Delete(list);
        }
    }

    [Fact]
    public async Task Spellings_that_browsers_take_for_one_host_are_found_by_each_other()
    {
        string[] spellings = ["cafe\u0301.example", "café.example", "ⓒⓐⓕé.example", "xn--caf-dma.example", "CAFÉ.example\u200b"];
        await using var node = await EndToEndNode.StartAsync(DatabaseProvider.Sqlite, null!);
        for (var i = 0; i < spellings.Length; i++)
        {
            await node.SubmitAsync("gb", Bodies.Report($"SPELLING-{i}", r => r["urls"]![0]!["urlString"] = $"https://{spellings[i]}/x"));
        }

        foreach (var host in spellings)
        {
            await EndToEndNode.UntilAsync(
                () => node.PostAsync("gb", "v1/reports:search", new JsonObject { ["host"] = host }),
                r => r.Is(HttpStatusCode.OK).Json.GetProperty("items").GetArrayLength() == spellings.Length);
        }
    }

    [Fact]
    public async Task A_reference_in_two_forms_is_one_report()
    {
        await using var node = await EndToEndNode.StartAsync(DatabaseProvider.Sqlite, null!);
        var first = await node.SubmitAsync("gb", Bodies.Report("R-é", OneUrl));
        foreach (var same in new[] { "R-e\u0301", "R-é\u200b", "\ufeffR-\u00adé" })
        {
            var again = (await node.SendAsync("gb", HttpMethod.Post, "v1/reports", Bodies.Report(same, OneUrl))).Is(HttpStatusCode.OK).Json;
            Assert.Equal(("duplicate", first), (again.GetProperty("outcome").GetString(), again.GetProperty("reportId").GetString()));
        }

        static void OneUrl(JsonObject report) => report["urls"] = new JsonArray(new JsonObject { ["urlString"] = "https://host.example/x", ["contentType"] = 1 });
    }
}
