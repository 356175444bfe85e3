using System.Diagnostics;
using System.Runtime.InteropServices;
using CPort.Actors.Confidential;

namespace CPort.Node.Operator;

internal sealed record ActorsAnswer(string Address, IReadOnlyList<string> Paths, bool Truncated);

internal sealed record SystemAnswer(
    string System, string? Address, string Version, string Runtime, int ProcessId, DateTimeOffset StartedAt, double UptimeSeconds,
    long MemoryBytes, string? WaitsFor);

/// <summary>
/// A key of the database: what it is for, the master key that wraps it, since when it is there, and what is amiss with its row: <c>refused</c> (it was changed)
/// or <c>ahead</c> (of the database's clock).
/// </summary>
internal sealed record KeyAnswer(string Purpose, int Generation, string MasterKey, DateTimeOffset MadeAt, string? Amiss);

/// <summary>How the node that is asked stands to the database's keys.</summary>
/// <param name="MasterKeys">The node's master keys, newest first.</param>
/// <param name="Seals">The data key's generation under which it seals.</param>
/// <param name="Keys">The database's keys.</param>
/// <param name="Missing">Master keys that wrap a key of the database and that the node does not have.</param>
/// <param name="Unused">Master keys of the node that wrap none of them: only backups from before need these.</param>
internal sealed record KeysAnswer(
    IReadOnlyList<string> MasterKeys, int Seals, IReadOnlyList<KeyAnswer> Keys, IReadOnlyList<string> Missing, IReadOnlyList<string> Unused);

/// <summary><c>/operator/v1</c>'s actors, system, keys and log: one node's inside.</summary>
internal sealed class NodeEndpoints(OperatorNode node)
{
    public void Map(IEndpointRouteBuilder v1)
    {
        v1.MapGet("/actors", ActorsAsync);
        v1.MapGet("/system", About);
        v1.MapGet("/keys", KeysAsync);
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

    private async Task<KeysAnswer> KeysAsync(CancellationToken cancellation)
    {
        if (node.Get<KeyRingStore>().Masters is not { } masters)
        {
            throw ApiProblemException.Of(ProblemCodes.Unavailable, "The node has not read the database's keys yet.");
        }

        var keys = await node.Get<KeyRingStore>().ReadAsync(cancellation);
        var amiss = KeyRingStore.Judge(masters, keys);
        var wrapping = keys.Select(k => k.Master).Distinct().ToArray();
        return new KeysAnswer(
            masters.Ids, node.Get<KeyRing>().Writing, [.. keys.Select(k => new KeyAnswer(
                k.Purpose.ToString(), k.Generation, k.Master, k.MadeAt, amiss.Refused.Contains(k) ? "refused" : amiss.Ahead.Contains(k) ? "ahead" : null))],
            [.. wrapping.Except(masters.Ids)], [.. masters.Ids.Except(wrapping)]);
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
