using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Node;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Cluster;

/// <summary>How nodes find each other, and what they say when they do not.</summary>
[Collection(SurvivalCollection.Name)]
public sealed class FormationTests(PostgreSqlServer server)
{
    [SkippableFact]
    [Trait("Run", "whole")]
    public async Task Nodes_started_at_once_form_one_cluster_a_late_one_joins_and_those_that_do_not_fit_are_told_why()
    {
        await using var cluster = await NodeCluster.CreateAsync(server, 4, (i, settings) =>
        {
            settings["Cluster__HeartbeatPauseSeconds"] = "10";
            if (i == 0)
            {
                settings["Cluster__Seeds"] += "," + settings["Cluster__Seeds"].Split(',')[1] + ",dns:localhost:4053,dns:no-such-host.invalid:4053";
            }
        });
        var (first, late) = (cluster.Nodes[0], cluster.Nodes[3]);
        foreach (var node in cluster.Nodes.Take(3))
        {
            node.Start();
        }

        await cluster.WaitMembersAsync(3, [.. cluster.Nodes.Take(3)]);
        Assert.Equal(1, cluster.Nodes.Take(3).Sum(n => n.Log.Split('\n').Count(l => l.Contains("formed a cluster", StringComparison.Ordinal))));
        Assert.Contains("names 127.0.0.1", first.Log, StringComparison.Ordinal);
        Assert.Contains("no-such-host.invalid cannot be resolved", first.Log, StringComparison.Ordinal);

        // Another name on the same database: refused by the database's record.
        late.Settings["Cluster__Name"] = "other";
        late.Start();
        Assert.Equal(ExitCodes.Refused, await late.EndedAsync(TestNode.Patience));
        Assert.Contains("cluster-name: the database was set up with 'cport', this node is configured with 'other'", late.Log, StringComparison.Ordinal);

        // Another database, the seeds of this cluster: its nodes do not hear one with other keys, and it makes no cluster of its own beside them.
        late.Settings["Cluster__Name"] = "cport";
        late.Settings["Database__ConnectionString"] = await server.CreateDatabaseAsync();
        late.Settings["Cluster__JoinSeconds"] = "15";
        late.Start();
        Assert.Equal(ExitCodes.NotJoined, await late.EndedAsync(TestNode.Patience));
        Assert.Contains("nodes on another database never will", late.Log, StringComparison.Ordinal);
        late.Settings.Remove("Cluster__JoinSeconds");

        // Another way to judge a split: refused by the members, and recorded nowhere.
        late.Settings["Database__ConnectionString"] = cluster.Database.Settings["Database__ConnectionString"];
        late.Settings["Cluster__StableAfterSeconds"] = "3.5";
        late.Start();
        Assert.Equal(ExitCodes.Refused, await late.EndedAsync(TestNode.Patience));
        Assert.Matches(@"CPORT__Cluster__StableAfterSeconds: akka\.tcp://cport@127\.0\.0\.1:\d+ has '2\.5', this node has '3\.5'\. .* stop all nodes first",
            late.Log);
        late.Settings.Remove("Cluster__StableAfterSeconds");

        // Without any seed the database's record is enough.
        late.Settings["Cluster__Seeds"] = "";
        late.Start();
        await cluster.WaitMembersAsync(4);

        // The first seed, restarted, does not make a cluster of its own.
        await first.Kill9Async();
        first.Start();
        await cluster.WaitMembersAsync(4);
        Assert.Equal(1, cluster.Nodes.Sum(n => n.Log.Split('\n').Count(l => l.Contains("formed a cluster", StringComparison.Ordinal))));

        // All at once dead, then started again, with another setting of all: one cluster.
        await Task.WhenAll(cluster.Nodes.Select(n => n.Kill9Async()));
        foreach (var node in cluster.Nodes)
        {
            node.Settings["Cluster__StableAfterSeconds"] = "3.5";
        }

        await cluster.StartAsync();
        Assert.Equal(2, cluster.Nodes.Sum(n => n.Log.Split('\n').Count(l => l.Contains("formed a cluster", StringComparison.Ordinal))));
        Assert.Equal(4, await JournalView.NumberAsync(cluster.Database.Database, "SELECT COUNT(*) FROM cport_members"));
        foreach (var node in cluster.Nodes)
        {
            Assert.Equal(0, await node.StopAsync());
        }

        Assert.Equal(0, await JournalView.NumberAsync(cluster.Database.Database, "SELECT COUNT(*) FROM cport_members"));
    }

    [SkippableFact]
    [Trait("Run", "whole")]
    public async Task A_node_that_is_let_in_nowhere_ends_in_time_with_4_and_one_whose_cluster_was_replaced_with_5()
    {
        await using var cluster = await NodeCluster.CreateAsync(server, 1, (_, settings) => settings["Cluster__JoinSeconds"] = "10");
        var node = cluster.Nodes[0];
        await node.StartReadyAsync();

        // Another cluster took the database, as after an outage in which this node alone could not reach it.
        await cluster.Database.Database.ExecuteAsync("UPDATE cport_settings SET value = 'another' WHERE name = 'cluster-incarnation'", default);
        Assert.Equal(ExitCodes.Downed, await node.EndedAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("Another cluster was formed on this database", node.Log, StringComparison.Ordinal);

        // A member that shows signs of life and cannot be reached.
        await cluster.Database.Database.ExecuteAsync(
            "INSERT INTO cport_members (address, incarnation, roles, version, since, seen) VALUES ('akka.tcp://cport@192.0.2.1:4053', 'another', '', '', 0, 9999999999999)", default);
        node.Start();
        Assert.Equal(ExitCodes.NotJoined, await node.EndedAsync(TestNode.Patience));
        Assert.Contains("did not become a member within 10 s (CPORT__Cluster__JoinSeconds): a cluster lives (signs of life of akka.tcp://cport@192.0.2.1:4053",
            node.Log, StringComparison.Ordinal);
        Assert.Contains("see CPORT__Cluster__Host", node.Log, StringComparison.Ordinal);

        node.Settings["Cluster__Host"] = "no-such-host.invalid";
        node.Settings["Cluster__AllowPlainTcp"] = "true";
        node.Start();
        Assert.Equal(ExitCodes.Usage, await node.EndedAsync(TestNode.Patience));
        Assert.Contains("CPORT__Cluster__Host: no-such-host.invalid cannot be resolved", node.Log, StringComparison.Ordinal);
    }

    [SkippableFact]
    [Trait("Run", "whole")]
    public async Task Nodes_with_a_part_of_the_roles_each_are_one_whole()
    {
        await using var cluster = await NodeCluster.CreateAsync(server, 3, (i, settings) =>
            (settings["Cluster__Roles"], settings["Cluster__HeartbeatPauseSeconds"]) = (i switch { 0 => "api", 1 => "report,projection", _ => "hash" }, "10"));
        await cluster.StartAsync();
        await cluster.RegisterAsync();
        var api = cluster.Nodes[0];
        var streams = new DayOfStreams(api, CPort.Node.Sample.SyntheticDay.Create(30, 5));
        var (_, broken) = await streams.SendAsync();
        Assert.Empty(broken);
        Assert.NotEmpty(streams.Acknowledged);
        await ReadModelCheck.WaitSettledAsync(api);

        var (hotline, id) = streams.Reports.First();
        using var http = api.Http(api.KeyOf(hotline));
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"/v1/reports/{id}")).StatusCode);
        Assert.Contains("count", await http.GetStringAsync("/v1/queues"), StringComparison.Ordinal);

        using var operators = api.Http(await api.OperatorKeyAsync());
        using var other = cluster.Nodes[1].Http(api.KeyOf(hotline));
        Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync($"/v1/reports/{id}")).StatusCode);
    }
}
