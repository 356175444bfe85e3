using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Node.Sample;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Cluster;

/// <summary>
/// Several real <c>cport node</c> processes on one PostgreSQL database, each with its own ports of 127.0.0.1 and the list of all as seeds. Disposing kills
/// them. Not thread-safe.
/// </summary>
public sealed class NodeCluster : IAsyncDisposable
{
    private static readonly int[] LastPort = [Random.Shared.Next(20_000, 28_000)];

    private NodeCluster(NodeDatabase database, IReadOnlyList<TestNode> nodes) => (Database, Nodes) = (database, nodes);

    public NodeDatabase Database { get; }

    public IReadOnlyList<TestNode> Nodes { get; }

    /// <summary>Makes the database and the nodes; starts none. <paramref name="settings"/> may change a node's settings before its first start.</summary>
    public static async Task<NodeCluster> CreateAsync(PostgreSqlServer server, int count, Action<int, IDictionary<string, string>>? settings = null)
    {
        var database = await NodeDatabase.CreateAsync(DatabaseProvider.PostgreSql, server);
        var masterKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        var ports = Enumerable.Range(0, count).Select(_ => FreePort()).ToArray();
        var nodes = Enumerable.Range(0, count).Select(i =>
        {
            var node = new TestNode(database, new Dictionary<string, string>
            {
                ["Cluster__Port"] = ports[i].ToString(CultureInfo.InvariantCulture),
                ["Cluster__Seeds"] = string.Join(',', ports.Select(p => $"127.0.0.1:{p}")),
                ["Keys__MasterKey"] = masterKey,
            });
            settings?.Invoke(i, node.Settings);
            return node;
        }).ToArray();
        return new NodeCluster(database, nodes);
    }

    public async Task StartAsync()
    {
        foreach (var node in Nodes)
        {
            node.Start();
        }

        await WaitAllAsync();
    }

    /// <summary>Waits until the nodes (all, unless given) are ready and see each other and no others; starts again those that ended.</summary>
    public async Task WaitAllAsync(params TestNode[] nodes)
    {
        // As a supervisor would: on a busy machine nodes that are still being compiled may declare one another down, or take so long for TLS's handshake that
        // Akka ends who called, and end to be started again.
        IReadOnlyList<TestNode> all = nodes.Length == 0 ? Nodes : nodes;
        for (var forming = Task.Delay(TestNode.Patience); !forming.IsCompleted && !await AllSeeAsync(all); await Task.Delay(250))
        {
            foreach (var node in all.Where(n => !n.IsRunning))
            {
                await node.EndedAsync(TimeSpan.FromSeconds(30));
                node.Start();
            }
        }

        await WaitMembersAsync(all.Count, nodes);
    }

    private static async Task<bool> AllSeeAsync(IReadOnlyList<TestNode> nodes)
    {
        foreach (var node in nodes)
        {
            try
            {
                var (status, reasons) = await node.ReadyAsync();
                if (status != HttpStatusCode.OK || !Sees(reasons, nodes.Count))
                {
                    return false;
                }
            }
            catch (Exception e) when (e is HttpRequestException or SocketException or TaskCanceledException or InvalidOperationException)
            {
                return false;
            }
        }

        return true;
    }

    private static bool Sees(string reasons, int members) =>
        reasons.Contains(string.Create(CultureInfo.InvariantCulture, $"Up, {members} member{(members == 1 ? "" : "s")}\""), StringComparison.Ordinal);

    /// <summary>Waits until each of the nodes (all, unless given) is ready and sees so many members, all reachable.</summary>
    public async Task WaitMembersAsync(int members, params TestNode[] nodes)
    {
        foreach (var node in nodes.Length == 0 ? Nodes : nodes)
        {
            var last = "";
            try
            {
                await node.UntilAsync(async () =>
                {
                    (var status, last) = await node.ReadyAsync();
                    return status == HttpStatusCode.OK && Sees(last, members);
                }, TestNode.Patience, $"the node did not see {members} members");
            }
            catch (TimeoutException e)
            {
                Assert.Fail($"{last}\n{e.Message}\n{string.Join('\n', Nodes.Where(n => n != node).Select(n => $"*** Another node's log:\n{n.Tail}"))}");
            }
        }
    }

    /// <summary>Registers the example agencies and gives every node their keys.</summary>
    public async Task RegisterAsync()
    {
        await Nodes[0].RegisterAsync(SampleAgencies.All);
        foreach (var node in Nodes.Skip(1))
        {
            node.UseKeysOf(Nodes[0]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // All dead first: the first one disposed takes the database and the folder away from the others.
        foreach (var node in Nodes.Where(n => n.IsRunning))
        {
            await node.Kill9Async();
        }

        foreach (var node in Nodes)
        {
            await node.DisposeAsync();
        }
    }

    /// <summary>Below the range of the system's own choices, so that no outgoing connection takes it between now and the node's start.</summary>
    private static int FreePort()
    {
        while (true)
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, Interlocked.Increment(ref LastPort[0]));
                listener.Start();
                return LastPort[0];
            }
            catch (SocketException)
            {
                // Taken: the next one.
            }
        }
    }
}
