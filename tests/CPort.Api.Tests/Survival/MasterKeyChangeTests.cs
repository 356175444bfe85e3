using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CPort.Actors.Confidential;
using CPort.Actors.Persistence;
using CPort.Api.Tests.Operator;
using CPort.Node;
using CPort.Node.Sample;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Survival;

/// <summary>An operator changes the master key as docs/operations.md says.</summary>
[Collection(SurvivalCollection.Name)]
public sealed class MasterKeyChangeTests(PostgreSqlServer server)
{
    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private static string IdOf(string key) => MasterKey.FromText(key, "the test").KeyId;

    [Fact]
    public async Task One_node_turns_to_a_new_key_reads_the_old_data_and_needs_the_old_key_no_more()
    {
        var (old, now) = (NewKey(), NewKey());
        var port = TestNode.FreePort();
        await using var node = new TestNode(await NodeDatabase.CreateAsync(DatabaseProvider.Sqlite, server), new Dictionary<string, string>
            { ["Keys__MasterKey"] = old, ["Operator__Port"] = port.ToString(CultureInfo.InvariantCulture) });
        await node.StartReadyAsync();
        await node.RegisterAsync(SampleAgencies.Hotlines.Take(1));
        using var http = node.Http(node.KeyOf("hotline-nl"));
        var first = await SubmitAsync(http, "CHANGE-1", "accepted");
        await ReadModelCheck.WaitSettledAsync(node);
        Assert.Equal(0, await node.StopAsync());

        await StartWithAsync(node, $"{now},{old}");
        var shown = (await new Pbm(port, await node.OperatorKeyAsync()).RunAsync("keys show")).Is(ExitCodes.Ok);
        Assert.Equal(3, shown.Lines.Count(l => l.Contains($"wrapped under {IdOf(now)}", StringComparison.Ordinal)));
        Assert.Contains(shown.Lines, l => l.StartsWith($"Not needed any more: {IdOf(old)}", StringComparison.Ordinal));
        Assert.DoesNotContain(now, shown.Out, StringComparison.Ordinal);

        // The same report is the same report, and what was sealed before is shown.
        Assert.Equal(first, await SubmitAsync(http, "CHANGE-1", "duplicate"));
        Assert.Contains("https://img.host.example/CHANGE-1", await ReadAsync(http, first), StringComparison.Ordinal);
        Assert.Equal(0, await node.StopAsync());

        await SettleAsync(node.Database.Database, now, old);
        await StartWithAsync(node, now);
        var second = await SubmitAsync(http, "CHANGE-2", "accepted");
        Assert.Equal(2, await GenerationAsync(node.Database.Database, second));
        Assert.Equal(1, await GenerationAsync(node.Database.Database, first));
        foreach (var id in new[] { first, second })
        {
            Assert.Contains("https://img.host.example/CHANGE-", await ReadAsync(http, id), StringComparison.Ordinal);
        }

        await ReadModelCheck.WaitSettledAsync(node);
        await ReadModelCheck.AssertEqualToJournalAsync(node);
        Assert.Equal(0, await node.StopAsync());

        node.Settings["Keys__MasterKey"] = old;
        node.Start();
        Assert.Equal(ExitCodes.Refused, await node.EndedAsync(TestNode.Patience));
        Assert.Contains(IdOf(old), node.Log, StringComparison.Ordinal);
        Assert.Contains(IdOf(now), node.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(old, node.Log, StringComparison.Ordinal);
    }

    [SkippableFact]
    [Trait("Run", "whole")]
    public async Task Nodes_with_the_old_key_first_and_the_new_one_first_work_together()
    {
        var (old, now) = (NewKey(), NewKey());
        await using var cluster = await Cluster.NodeCluster.CreateAsync(server, 2, (_, settings) => settings["Keys__MasterKey"] = old);
        var (turned, waiting) = (cluster.Nodes[0], cluster.Nodes[1]);
        JournalKeys.Note(cluster.Database.Database, () => $"{now} {old}");
        await cluster.StartAsync();
        await cluster.RegisterAsync();
        using var one = turned.Http(turned.KeyOf("hotline-nl"));
        using var other = waiting.Http(waiting.KeyOf("hotline-nl"));
        var before = await SubmitAsync(one, "BOTH-0", "accepted");

        // A rolling restart for both keys and another for the new one first, of which one node has had the second already.
        foreach (var (node, keys) in new[] { (turned, $"{old},{now}"), (waiting, $"{old},{now}"), (turned, $"{now},{old}") })
        {
            Assert.Equal(0, await node.StopAsync());
            node.Settings["Keys__MasterKey"] = keys;
            node.Start();
            await cluster.WaitAllAsync();
        }

        await SettleAsync(cluster.Database.Database, now, old);
        var ids = new List<string> { before };
        for (var n = 1; n <= 200 && (ids.Count < 2 || await GenerationAsync(cluster.Database.Database, ids[^1]) < 2); n++)
        {
            ids.Add(await SubmitAsync(n % 2 == 0 ? one : other, $"BOTH-{n}", "accepted"));
            await Task.Delay(250);
        }

        // From now on both seal under the new data key, and each reads what the other has sealed, whichever node owns it.
        Assert.Equal(2, await GenerationAsync(cluster.Database.Database, ids[^1]));
        for (var n = 0; n < 20; n++)
        {
            ids.Add(await SubmitAsync(n % 2 == 0 ? one : other, $"LATER-{n}", "accepted"));
        }

        foreach (var id in ids)
        {
            await ReadAsync(one, id);
            await ReadAsync(other, id);
        }

        await ReadModelCheck.WaitSettledAsync(turned);
        await ReadModelCheck.AssertEqualToJournalAsync(turned);
        Assert.Equal(0, await JournalView.NumberAsync(cluster.Database.Database, "SELECT COUNT(*) FROM cport_stuck"));
    }

    [SkippableFact]
    public async Task Files_of_a_node_are_its_users_alone_in_a_folder_that_is_open()
    {
        Skip.If(OperatingSystem.IsWindows(), "Unix file modes");
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        await using var node = new TestNode(await NodeDatabase.CreateAsync(DatabaseProvider.Sqlite, server));
        File.SetUnixFileMode(node.Database.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        await node.StartReadyAsync();
        await node.OperatorKeyAsync();
        AssertClosed();
        Assert.Equal(0, await node.StopAsync());

        // One from before is closed at the next start.
        var file = Path.Combine(node.Database.Folder, "cport.db");
        File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.OtherRead);
        await node.StartReadyAsync();
        AssertClosed();

        void AssertClosed()
        {
            var files = Directory.GetFiles(node.Database.Folder, "*", SearchOption.AllDirectories);
            Assert.Contains(files, f => f.EndsWith("cport.db", StringComparison.Ordinal));
            Assert.Contains(files, f => f.EndsWith("cport.db-wal", StringComparison.Ordinal));
            Assert.All(files, f => Assert.True(OperatingSystem.IsWindows() || (File.GetUnixFileMode(f) & others) == 0, f));
        }
    }

    private static async Task StartWithAsync(TestNode node, string keys)
    {
        node.Settings["Keys__MasterKey"] = keys;
        JournalKeys.Note(node.Database.Database, () => keys);
        await node.StartReadyAsync();
    }

    /// <summary>As if the time had gone by after which a new data key is used.</summary>
    private static Task SettleAsync(Database database, params string[] masters) =>
        KeyRows.AgeAsync(database, MasterKeys.FromText(string.Join(' ', masters), "the test"), KeyRingStore.SettleTime);

    /// <summary>Of the data key under which a report's first event is sealed.</summary>
    private static async Task<int> GenerationAsync(Database database, string id)
    {
        await using var connection = await database.OpenAsync();
        await using var command = connection.Statement(
            "SELECT message FROM journal WHERE persistence_id = @id AND sequence_number = 1", ("id", $"report-{id}"));
        var bytes = (byte[])(await command.ExecuteScalarAsync())!;
        return (bytes[1] << 8) | bytes[2];
    }

    private static async Task<string> SubmitAsync(HttpClient http, string reference, string outcome)
    {
        using var content = new StringContent(Bodies.Report(reference), Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/v1/reports", content);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        Assert.Equal(outcome, JsonElement.Parse(body).GetProperty("outcome").GetString());
        return JsonElement.Parse(body).GetProperty("reportId").GetString()!;
    }

    private static async Task<string> ReadAsync(HttpClient http, string id)
    {
        using var answer = await http.GetAsync($"/v1/reports/{id}");
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{answer.StatusCode}: {body}");
        return body;
    }
}
