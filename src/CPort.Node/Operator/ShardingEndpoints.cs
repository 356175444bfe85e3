namespace CPort.Node.Operator;

internal sealed record RegionAnswer(string Type, int Nodes, string? Coordinator, int Shards, int Entities, int FailedShards);

internal sealed record RegionsAnswer(IReadOnlyList<RegionAnswer> Regions, IReadOnlyList<string> NoAnswer);

internal sealed record RegionNodeAnswer(
    MemberView Node, string? Type, bool Coordinator, int Shards, int Entities, IReadOnlyList<string> FailedShards,
        string? Failure);

internal sealed record ShardAnswer(string Type, string Shard, string Address, int Entities);

/// <summary><c>/operator/v1/sharding</c>: where the entities are.</summary>
internal sealed class ShardingEndpoints(OperatorNode node)
{
    public void Map(IEndpointRouteBuilder v1)
    {
        var sharding = v1.MapGroup("/sharding");
        sharding.MapGet("/regions", RegionsAsync);
        sharding.MapGet("/stats", StatsAsync);
        sharding.MapGet("/distribution", DistributionAsync);
    }

    private async Task<ImmutableArray<RegionView>> ShardsAsync(string? type)
    {
        var all = await OperatorView.ShardsAsync(node.System, OperatorNode.Patience);
        var types = string.Join(", ", all.Select(r => r.TypeName).OfType<string>().Distinct());
        return type is null ? all
            : all.Any(r => r.TypeName == type) ? [.. all.Where(r => r.TypeName == type || r.TypeName is null)]
            : throw ApiProblemException.Of(
                ProblemCodes.NotFound,
                $"No region is called {type}; there are {types}.");
    }

    private async Task<RegionsAnswer> RegionsAsync()
    {
        var all = await ShardsAsync(null);
        return new RegionsAnswer(
            [.. all.Where(r => r.TypeName is not null).GroupBy(r => r.TypeName!).Select(g => new RegionAnswer(
                g.Key, g.Count(), g.FirstOrDefault(r => r.Coordinator)?.Node.Address, g.Sum(r => r.Shards.Length),
                g.Sum(r => r.Shards.Sum(s => s.Entities)), g.Sum(r => r.FailedShards.Length)))],
            [.. all.Where(r => r.Failure is not null).Select(r => $"{r.Node.Address}: {r.Failure}").Distinct()]);
    }

    private async Task<IEnumerable<RegionNodeAnswer>> StatsAsync(string? type) =>
        (await ShardsAsync(type)).Select(r => new RegionNodeAnswer(
        r.Node, r.TypeName, r.Coordinator, r.Shards.Length, r.Shards.Sum(s => s.Entities), r.FailedShards, r.Failure));

    private async Task<IEnumerable<ShardAnswer>> DistributionAsync(string? type) => (await ShardsAsync(type))
        .SelectMany(r => r.Shards.Select(s => new ShardAnswer(r.TypeName!, s.Id, r.Node.Address, s.Entities)))
        .OrderBy(s => s.Type, StringComparer.Ordinal).ThenBy(s => s.Shard.Length).ThenBy(s => s.Shard, StringComparer.Ordinal);
}
