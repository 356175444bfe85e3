using System.Reflection;
using CPort.Domain.Reports;
using CPort.Node;

namespace CPort.Api.Tests;

/// <summary>Dependencies point one way: Node to Api to Actors; Actors knows no HTTP and no configuration files (design.md).</summary>
public sealed class DependencyTests
{
    private static string[] ReferencesOf(Assembly assembly) => [.. assembly.GetReferencedAssemblies().Select(a => a.Name!)];

    [Fact]
    public void Actors_knows_neither_the_api_nor_the_node_nor_http_nor_configuration()
    {
        var references = ReferencesOf(typeof(Report).Assembly);

        Assert.DoesNotContain("CPort.Api", references);
        Assert.DoesNotContain("cport", references);
        Assert.DoesNotContain(references, r => r.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        Assert.DoesNotContain(references, r => r.StartsWith("Microsoft.Extensions.Configuration", StringComparison.Ordinal));
        Assert.DoesNotContain("System.Net.Http", references);
    }

    [Fact]
    public void The_api_knows_the_actors_and_not_the_node()
    {
        var references = ReferencesOf(typeof(CPortApi).Assembly);

        Assert.Contains("CPort.Actors", references);
        Assert.DoesNotContain("cport", references);
    }

    [Fact]
    public void The_node_knows_the_api() => Assert.Contains("CPort.Api", ReferencesOf(typeof(NodeOptions).Assembly));
}
