using System.Net;
using System.Text.Json.Nodes;
using CPort.Actors.Persistence;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.EndToEnd;

/// <summary>One public suffix list decides registrable domains, at intake as in searches.</summary>
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
}
