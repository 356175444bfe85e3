using System.Security.Cryptography;
using CPort.Actors.Persistence;
using CPort.Node;
using CPort.Tests.Shared;

namespace CPort.Api.Tests.Survival;

/// <summary>A node that does not fit its database ends with exit code 3 and says why, without changing anything.</summary>
[Collection(SurvivalCollection.Name)]
public sealed class RefusedStartTests(PostgreSqlServer server)
{
    [SkippableTheory]
    [MemberData(nameof(NodeDatabase.Both), MemberType = typeof(NodeDatabase))]
    public async Task The_wrong_master_key_and_a_lost_one_are_refused_with_a_clear_message_and_the_right_one_is_taken_again(DatabaseProvider provider)
    {
        await using var node = new TestNode(await NodeDatabase.CreateAsync(provider, server));
        await node.StartReadyAsync();
        await node.OperatorKeyAsync();
        await node.Kill9Async();
        var file = Path.Combine(node.Database.Folder, "master.key");
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        var rows = await JournalView.NumberAsync(node.Database.Database, "SELECT COUNT(*) FROM journal");

        var wrong = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        node.Settings["Keys__MasterKey"] = wrong;
        await AssertRefusedAsync(node, "master key");
        Assert.DoesNotContain(wrong, node.Log, StringComparison.Ordinal);

        // A lost key file is not replaced by a new key: nothing could be read any more.
        node.Settings.Remove("Keys__MasterKey");
        File.Move(file, file + ".kept");
        await AssertRefusedAsync(node, file);
        Assert.False(File.Exists(file), "A new key was made for a database that has one.");

        await File.WriteAllTextAsync(file, "no key\n");
        await AssertRefusedAsync(node, file);

        Assert.Equal(rows, await JournalView.NumberAsync(node.Database.Database, "SELECT COUNT(*) FROM journal"));
        File.Move(file + ".kept", file, overwrite: true);
        await node.StartReadyAsync();
    }

    /// <summary>Who starts nodes again goes by the exit code, and who reads logs by their last lines: neither may take this for an orderly end.</summary>
    [Fact]
    public async Task A_part_of_a_node_that_fails_for_good_ends_it_with_1_and_says_so()
    {
        await using var node = new TestNode(await NodeDatabase.CreateAsync(DatabaseProvider.Sqlite, server));
        Directory.CreateDirectory(Path.Combine(node.Database.Folder, "operator.key"));
        node.Start();
        Assert.Equal(ExitCodes.Failed, await node.EndedAsync(NodeProcess.Patience));
        Assert.Contains("crit: Microsoft.Extensions.Hosting.Internal.Host", node.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_shard_and_bucket_figures_are_refused_and_all_named()
    {
        await using var node = new TestNode(await NodeDatabase.CreateAsync(DatabaseProvider.Sqlite, server));
        await node.StartReadyAsync();
        await node.Kill9Async();

        string[] figures = ["shards", "exact-buckets", "pdq-buckets"];
        foreach (var name in figures)
        {
            Assert.Equal(1, await node.Database.Database.ExecuteAsync("UPDATE cport_settings SET value = '7' WHERE name = @name", default, ("name", name)));
        }

        await AssertRefusedAsync(node, "does not fit the database");
        Assert.All(figures, name => Assert.Contains($"{name}: the database was set up with '7'", node.Log, StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData("LATIN1")]
    [InlineData("SQL_ASCII")]
    public async Task A_database_that_cannot_hold_every_text_is_refused(string encoding)
    {
        await using var node = new TestNode(await NodeDatabase.CreateAsync(DatabaseProvider.PostgreSql, server, kind: $"ENCODING '{encoding}' LOCALE 'C'"));
        await AssertRefusedAsync(node, encoding);
    }

    private static async Task AssertRefusedAsync(TestNode node, string says)
    {
        var before = node.Log.Length;
        node.Start();
        Assert.Equal(ExitCodes.Refused, await node.EndedAsync(TestNode.Patience));
        Assert.Equal(3, ExitCodes.Refused);
        var log = node.Log[before..];
        Assert.Contains(says, log, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", log, StringComparison.Ordinal);
    }
}
