using System.Globalization;
using System.Net;
using CPort.Actors.Persistence;
using CPort.Api.Audit;
using CPort.Api.Tests.Cluster;
using CPort.Api.Tests.Survival;
using CPort.Node.Client;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Audit;

/// <summary>One log for all nodes: it goes on when the one dies that takes it further.</summary>
[Collection(SurvivalCollection.Name)]
public sealed class AuditClusterTests(PostgreSqlServer server)
{
    private const string Hotline = "hotline-nl";

    /// <summary>Looks that were answered otherwise: they may be in the log, too.</summary>
    private int _failed;

    [SkippableFact]
    public async Task Looks_through_all_nodes_are_in_one_log_which_goes_on_when_its_sequencer_is_killed()
    {
        // Three, so that those that are left are the majority and none of them is downed with the other.
        await using var cluster = await NodeCluster.CreateAsync(server, 3);
        await cluster.StartAsync();
        await cluster.RegisterAsync();
        var looks = 0;
        foreach (var node in cluster.Nodes)
        {
            looks += await LookAsync(node, 20);
        }

        await UntilAsync(cluster, looks);
        var owner = await TextAsync(cluster, "SELECT owner FROM cport_leases WHERE name = 'cport-audit'");
        var sequencer = Assert.Single(cluster.Nodes, n => owner.StartsWith($"127.0.0.1:{n.Settings["Cluster__Port"]}/", StringComparison.Ordinal));
        var survivor = cluster.Nodes.First(n => n != sequencer);
        await sequencer.Kill9Async();
        looks += await LookAsync(survivor, 20);
        await UntilAsync(cluster, looks, sequencer);

        using var client = new CPortClient(survivor.Url, await cluster.Nodes[0].OperatorKeyAsync());
        var verdict = await client.PostAsync<AuditVerdictAnswer>("v1/audit/log:verify", new { });
        Assert.True(verdict.Intact, verdict.Text);
        Assert.True(verdict.Size >= looks);
    }

    private async Task<int> LookAsync(TestNode node, int times)
    {
        using var http = node.Http(node.KeyOf(Hotline));
        for (var done = 0; done < times;)
        {
            // While a node dies the other may be busy with itself.
            using var answer = await http.GetAsync("v1/agency");
            done += answer.StatusCode == HttpStatusCode.OK ? 1 : 0;
            _failed += answer.StatusCode == HttpStatusCode.OK ? 0 : 1;
        }

        return times;
    }

    private async Task UntilAsync(NodeCluster cluster, int looks, TestNode? killed = null)
    {
        for (var end = DateTime.UtcNow + TestNode.Patience; ; await Task.Delay(200))
        {
            var there = long.Parse(
                await TextAsync(cluster, $"SELECT COUNT(*) FROM cport_audit_entries WHERE agency = '{Hotline}' AND kind = 3"), CultureInfo.InvariantCulture);
            if (there >= looks && there <= looks + _failed)
            {
                return;
            }

            // One that was downed with the other is started again, as a supervisor would.
            foreach (var ended in cluster.Nodes.Where(n => n != killed && !n.IsRunning))
            {
                ended.Start();
            }

            Assert.True(
                there < looks && DateTime.UtcNow < end, $"{looks} looks are in the log {there} times.\n{string.Join('\n', cluster.Nodes.Select(n => n.Tail))}");
        }
    }

    private static async Task<string> TextAsync(NodeCluster cluster, string sql)
    {
        await using var connection = await cluster.Database.Database.OpenAsync();
        await using var select = connection.Statement(sql);
        return Convert.ToString(await select.ExecuteScalarAsync(), CultureInfo.InvariantCulture) ?? "";
    }
}
