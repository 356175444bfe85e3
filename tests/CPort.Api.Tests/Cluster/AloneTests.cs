using System.Globalization;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Survival;
using CPort.Node;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Cluster;

/// <summary>A node that knows of no others opens no port for them, and has its database to itself.</summary>
[Collection(SurvivalCollection.Name)]
public sealed class AloneTests(PostgreSqlServer server)
{
    /// <summary>The node as it comes. Not a case of a theory: CI leaves those out.</summary>
    [SkippableFact]
    public Task A_node_without_settings_of_a_cluster_listens_for_HTTP_and_operators_only() => ListensAsync(DatabaseProvider.Sqlite);

    [SkippableFact]
    public Task A_node_without_settings_of_a_cluster_listens_for_HTTP_and_operators_only_on_PostgreSQL() => ListensAsync(DatabaseProvider.PostgreSql);

    private async Task ListensAsync(DatabaseProvider provider)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The ports are read from /proc.");
        var operators = NodeProcess.FreePort();
        await using var node = new TestNode(await NodeDatabase.CreateAsync(provider, server),
            new Dictionary<string, string> { ["Operator__Port"] = operators.ToString(CultureInfo.InvariantCulture) });
        await node.StartReadyAsync();
        Assert.Equal(new[] { node.Url.Port, node.FiguresUrl.Port, operators }.Order(), ListeningPorts(node.Id));

        // A port for other nodes is one that somebody asked for.
        await node.StopAsync();
        var others = NodeProcess.FreePort();
        node.Settings["Cluster__Port"] = others.ToString(CultureInfo.InvariantCulture);
        await node.StartReadyAsync();
        Assert.Equal(provider == DatabaseProvider.PostgreSql, ListeningPorts(node.Id).Contains(others));
    }

    [SkippableFact]
    public async Task A_second_node_on_the_same_SQLite_file_ends_with_3_and_says_who_has_it()
    {
        await using var first = new TestNode(await NodeDatabase.CreateAsync(DatabaseProvider.Sqlite, server));
        await first.StartReadyAsync();
        var second = new TestNode(first.Database);
        try
        {
            second.Start();
            Assert.Equal(ExitCodes.Refused, await second.EndedAsync(TestNode.Patience));
            Assert.Contains("cport.db belongs to another node that runs (its process stands in cport.db.lock)", second.Log, StringComparison.Ordinal);
            Assert.Contains("CPORT__Data", second.Log, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", second.Log, StringComparison.Ordinal);
            await first.WaitReadyAsync();

            // One that only stands still has it all the same.
            first.Freeze();
            second.Start();
            Assert.Equal(ExitCodes.Refused, await second.EndedAsync(TestNode.Patience));
            first.Thaw();

            // However the first ends, the second may have it then.
            var process = first.Id;
            await first.Kill9Async();
            var named = await File.ReadAllTextAsync(Path.Combine(first.Database.Folder, "cport.db.lock"));
            Assert.StartsWith($"process {process} on ", named, StringComparison.Ordinal);
            await second.StartReadyAsync();
            Assert.Equal(ExitCodes.Ok, await second.StopAsync());
            await first.StartReadyAsync();
        }
        finally
        {
            if (second.IsRunning)
            {
                await second.Kill9Async();
            }
        }
    }

    [SkippableFact]
    [Trait("Run", "whole")]
    public async Task A_second_node_on_a_PostgreSQL_database_of_one_that_is_alone_ends_with_4_and_says_what_to_set()
    {
        await using var first = new TestNode(await NodeDatabase.CreateAsync(DatabaseProvider.PostgreSql, server));
        await first.StartReadyAsync();
        var second = new TestNode(first.Database, new Dictionary<string, string> { ["Cluster__JoinSeconds"] = "10" });
        try
        {
            second.Start();
            Assert.Equal(ExitCodes.NotJoined, await second.EndedAsync(TestNode.Patience));
            Assert.Contains("opens no port for others: give it CPORT__Cluster__Seeds or CPORT__Cluster__Port", second.Log, StringComparison.Ordinal);
            second.Settings["Cluster__Port"] = NodeProcess.FreePort().ToString(CultureInfo.InvariantCulture);
            second.Start();
            Assert.Equal(ExitCodes.NotJoined, await second.EndedAsync(TestNode.Patience));
            Assert.Contains("that one opens no port for others", second.Log, StringComparison.Ordinal);
        }
        finally
        {
            if (second.IsRunning)
            {
                await second.Kill9Async();
            }
        }
    }

    /// <summary>The TCP ports on which a process listens.</summary>
    private static IEnumerable<int> ListeningPorts(int process)
    {
        var sockets = Directory.GetFiles($"/proc/{process}/fd").Select(f => File.ResolveLinkTarget(f, false)?.Name ?? "")
            .Where(t => t.StartsWith("socket:[", StringComparison.Ordinal)).Select(t => t["socket:[".Length..^1]).ToHashSet();
        return new[] { "tcp", "tcp6" }.SelectMany(t => File.ReadLines($"/proc/{process}/net/{t}").Skip(1))
            .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(f => f[3] == "0A" && sockets.Contains(f[9]))
            .Select(f => int.Parse(f[1].AsSpan(f[1].IndexOf(':', StringComparison.Ordinal) + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            .Order().ToArray();
    }
}
