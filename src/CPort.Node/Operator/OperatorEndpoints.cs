using CPort.Actors.Audit;
using CPort.Api.Security;

namespace CPort.Node.Operator;

/// <summary>All of what operators ask and tell a node, below <c>/operator/v1</c>; each resource has its file.</summary>
internal static class OperatorEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, OperatorNode node)
    {
        var v1 = routes.MapGroup("/operator/v1").Needs(Deed.WatchNodes).Audited(_ => node.Get<IAuditLog>());
        new ClusterEndpoints(node).Map(v1);
        new ShardingEndpoints(node).Map(v1);
        new NodeEndpoints(node).Map(v1);
        new WorkEndpoints(node).Map(v1);
    }
}
