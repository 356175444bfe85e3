using System.Diagnostics;
using System.Runtime.InteropServices;
using CPort.Actors.Confidential;
using CPort.Api.Operators;

namespace CPort.Node.Operator;

internal sealed record ActorsAnswer(string Address, IReadOnlyList<string> Paths, bool Truncated);

internal sealed record SystemAnswer(
    string System, string? Address, string Version, string Runtime, int ProcessId, DateTimeOffset StartedAt, double UptimeSeconds,
    long MemoryBytes, string? WaitsFor);

/// <summary><c>/operator/v1</c>'s actors, system, keys and log: one node's inside.</summary>
internal sealed class NodeEndpoints(OperatorNode node)
{
    public void Map(IEndpointRouteBuilder v1)
    {
        v1.MapGet("/actors", ActorsAsync);
        v1.MapGet("/system", About);
        v1.MapGet("/keys", (CancellationToken cancellation) => KeyRingStatus.ReadAsync(
            node.Get<KeyRingStore>(), node.Get<KeyRing>(), cancellation));
        v1.MapGet("/log", (int? lines) => node.Get<LogRing>().Last(Math.Clamp(lines ?? 50, 1, LogRing.Lines)));
        v1.MapGet("/log/tail", (HttpContext http) =>
            node.StreamAsync(http, cancellation => node.Get<LogRing>().FollowAsync(10, cancellation)));
    }

    private async Task<ActorsAnswer> ActorsAsync(string? start, int? depth)
    {
        var address = node.Cluster.SelfAddress;
        var path = string.IsNullOrEmpty(start) ? "/" : start;
        if (path.Contains("://", StringComparison.Ordinal))
        {
            if (!ActorPath.TryParse(path, out var full))
            {
                throw ApiProblemException.Of(ProblemCodes.BadRequest, "A start is /user/… or akka.tcp://cport@host:port/user/….");
            }

            address = full.Address.HasLocalScope ? address : full.Address;
            path = full.ToStringWithoutAddress();
        }

        if (!node.Cluster.State.Members.Any(m => m.Address.Equals(address)))
        {
            throw ApiProblemException.Of(ProblemCodes.NotFound, $"No member has the address {address}.");
        }

        var tree = await OperatorView.ActorsAsync(node.System, address, path, depth ?? 4, OperatorNode.Patience)
            ?? throw ApiProblemException.Of(ProblemCodes.Unavailable, $"{address} does not answer.");
        return tree.Found
            ? new ActorsAnswer(address.ToString(), tree.Paths, tree.Truncated)
            : throw ApiProblemException.Of(ProblemCodes.NotFound, $"No actor {path} on {address}.");
    }

    private SystemAnswer About()
    {
        using var process = Process.GetCurrentProcess();
        var started = process.StartTime.ToUniversalTime();
        return new SystemAnswer(
            $"akka://{NodeState.SystemName}", node.State.System is null ? null : node.Cluster.SelfAddress.ToString(),
            typeof(NodeEndpoints).Assembly.GetName().Version?.ToString(3) ?? "0", RuntimeInformation.FrameworkDescription,
            Environment.ProcessId, started, Math.Round((node.Get<TimeProvider>().GetUtcNow() - started).TotalSeconds),
                process.WorkingSet64,
            node.State.WaitingFor);
    }
}
