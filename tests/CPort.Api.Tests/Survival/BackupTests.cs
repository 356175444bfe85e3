using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using CPort.Actors.Persistence;
using CPort.Node.Sample;
using CPort.Tests.Shared;
using Npgsql;
using Xunit.Abstractions;

namespace CPort.Api.Tests.Survival;

/// <summary>
/// <c>docker/backup.sh</c> and <c>docker/restore.sh</c> as an operator runs them: a copy while a node takes streams, the node and its database lost, the copy
/// put into an empty database, another node started on it.
/// </summary>
[Collection(SurvivalCollection.Name)]
public sealed partial class BackupTests(PostgreSqlServer server, ITestOutputHelper output)
{
    private const int Reports = 200;

    [SkippableTheory]
    [MemberData(nameof(NodeDatabase.Both), MemberType = typeof(NodeDatabase))]
    public async Task A_copy_made_under_load_brings_back_every_report_acknowledged_before_it_once_and_whole_and_its_work_goes_on(DatabaseProvider provider)
    {
        Skip.If(OperatingSystem.IsWindows(), "The scripts want a Unix shell.");
        Skip.IfNot(provider == DatabaseProvider.PostgreSql || File.Exists("/usr/bin/sqlite3"), "The sqlite3 program is not installed.");
        var random = TestSeed.Begin(output);
        var keys = new Dictionary<string, string> { ["Keys__MasterKey"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) };
        await using var lost = new TestNode(await NodeDatabase.CreateAsync(provider, server), keys);
        await using var node = new TestNode(await NodeDatabase.CreateAsync(provider, server), keys);
        var day = SyntheticDay.Create(Reports, (ulong)random.Next());
        var folder = Path.Combine(lost.Database.Folder, "backups");
        await lost.StartReadyAsync();
        await lost.RegisterAsync(SampleAgencies.All);
        node.UseKeysOf(lost);

        // The backup in the middle of the streams; then the end of everything but the backup.
        var streams = new DayOfStreams(lost, day);
        IReadOnlySet<string> before = new HashSet<string>();
        (int Code, string Out, string Error) backup = (-1, "", "");
        var more = 0;
        await streams.SendAsync(random.Next(20, 50), async () =>
        {
            before = streams.Acknowledged;
            var clock = Stopwatch.StartNew();
            backup = await RunAsync("backup.sh", lost.Database, [folder, .. SqliteArguments(lost.Database)]);
            output.WriteLine($"{before.Count} reports acknowledged before the backup, which took {clock.Elapsed.TotalSeconds:0.0} s\n{backup.Error}");

            // It goes on taking reports: answers come in gusts.
            await lost.UntilAsync(() => Task.FromResult(streams.Acknowledged.Count > before.Count), TimeSpan.FromSeconds(20), "nothing was taken any more");
            more = streams.Acknowledged.Count - before.Count;
            await lost.Kill9Async();
        });
        Assert.True(backup.Code == 0, backup.Error);
        Assert.InRange(before.Count, 20, Reports - 1);
        Assert.InRange(more, 1, Reports);
        var dump = backup.Out.Trim();
        Assert.True(File.Exists(dump), dump);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(dump) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.DoesNotContain(keys["Keys__MasterKey"], backup.Error, StringComparison.Ordinal);

        // A copy that is not whole leaves the database as it was: empty.
        await AssertRefusedAsync(4, node.Database, await DamagedAsync(dump, bytes => bytes[bytes.Length / 2] ^= 1));
        await AssertRefusedAsync(4, node.Database, await WithAnotherCountAsync(dump));

        var clock = Stopwatch.StartNew();
        var restore = await RunAsync("restore.sh", node.Database, [dump, .. SqliteArguments(node.Database)]);
        output.WriteLine($"Restored in {clock.Elapsed.TotalSeconds:0.0} s\n{restore.Error}");
        Assert.True(restore.Code == 0, restore.Error);
        await AssertRefusedAsync(3, node.Database, dump);

        // The old cluster's members are nobody here, and the database has a name of its own.
        Assert.Equal(0, await JournalView.NumberAsync(node.Database.Database,
            "SELECT (SELECT COUNT(*) FROM cport_members) + (SELECT COUNT(*) FROM cport_leases)"));
        Assert.Equal(0, await JournalView.NumberAsync(node.Database.Database,
            "SELECT COUNT(*) FROM cport_settings WHERE name IN ('database-id', 'cluster-incarnation')"));
        var there = await JournalView.ReportsAsync(node.Database.Database);
        AssertThere(before, there);

        // Nobody sends or asks anything: what the copy caught half done goes on by itself.
        var unfinished = there.Values.Count(r => r.State.HasUnfinishedWork());
        clock.Restart();
        await node.StartReadyAsync();
        var ready = clock.Elapsed;
        Assert.Matches("\"hash buckets\",\"ok\":true,\"detail\":\"(\\d+) of \\1 loaded\"", (await node.ReadyAsync()).Body);
        await ReadModelCheck.WaitSettledAsync(node);
        output.WriteLine(
            $"{there.Count} reports in the copy, {unfinished} with unfinished work; ready after {ready.TotalSeconds:0.0} s, all done after {clock.Elapsed.TotalSeconds:0.0} s");
        await ReadModelCheck.AssertEqualToJournalAsync(node);
        AssertThere(before, await JournalView.ReportsAsync(node.Database.Database));

        // Everything sent again: what the copy has is known, the rest is taken, under numbers that nobody was told of before.
        var again = new DayOfStreams(node, day);
        var answers = await again.SendUntilTakenAsync();
        Assert.All(answers.Values.Where(a => a.ReportId is { } id && there.ContainsKey(id)), a => Assert.NotEqual("accepted", a.Outcome));
        Assert.All(before, id => Assert.Contains(answers.Values, a => a.ReportId == id && a.Outcome == "duplicate"));
        await ReadModelCheck.WaitSettledAsync(node);
        var all = await JournalView.ReportsAsync(node.Database.Database);
        JournalView.AssertWhole(all);
        Assert.Equal(Reports, all.Count);
        await ReadModelCheck.AssertEqualToJournalAsync(node);
        var old = await JournalView.ReportsAsync(lost.Database.Database);
        Assert.Empty(old.Values.Select(r => r.State.Number).Intersect(all.Where(r => !there.ContainsKey(r.Key)).Select(r => r.Value.State.Number)));
        Assert.Equal(0, await node.StopAsync());

        // The checks can fail: one report less, one event less.
        await node.Database.Database.ExecuteAsync($"DELETE FROM journal WHERE persistence_id = 'report-{before.First()}'", default);
        var without = await JournalView.ReportsAsync(node.Database.Database);
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertThere(before, without));
        await node.Database.Database.ExecuteAsync($"DELETE FROM journal WHERE persistence_id = 'report-{before.Last()}' AND sequence_number = 1", default);
        await Assert.ThrowsAnyAsync<Exception>(() => ReadModelCheck.AssertEqualToJournalAsync(node));
    }

    private static void AssertThere(IReadOnlySet<string> acknowledged, IReadOnlyDictionary<string, JournalReport> journal)
    {
        JournalView.AssertWhole(journal);
        Assert.Empty(acknowledged.Except(journal.Keys));
    }

    private static async Task AssertRefusedAsync(int code, NodeDatabase target, string dump)
    {
        var result = await RunAsync("restore.sh", target, [dump, .. SqliteArguments(target)]);
        Assert.True(result.Code == code, $"{result.Code}: {result.Error}");

        // Nothing was put there: PostgreSQL's is as empty as before, SQLite's file is not made.
        if (code == 4)
        {
            Assert.True(target.Database.IsSqlite ? !File.Exists(Path.Combine(target.Folder, "cport.db"))
                : await JournalView.NumberAsync(target.Database, "SELECT COUNT(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0);
        }
    }

    private static async Task<string> DamagedAsync(string dump, Action<byte[]> change)
    {
        var copy = Copy(dump, "damaged");
        var bytes = await File.ReadAllBytesAsync(copy);
        change(bytes);
        await File.WriteAllBytesAsync(copy, bytes);
        return copy;
    }

    /// <summary>As if the dump lacked a row of the journal that was there when the backup was made.</summary>
    private static async Task<string> WithAnotherCountAsync(string dump)
    {
        var check = Path.ChangeExtension(Copy(dump, "less"), ".check");
        await File.WriteAllTextAsync(check, JournalRows().Replace(await File.ReadAllTextAsync(check),
            m => string.Create(CultureInfo.InvariantCulture, $"table journal {long.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture) + 1}")));
        return Path.ChangeExtension(check, ".dump");
    }

    private static string Copy(string dump, string name)
    {
        var copy = Path.Combine(Path.GetDirectoryName(dump)!, name + ".dump");
        File.Copy(dump, copy);
        File.Copy(Path.ChangeExtension(dump, ".check"), Path.ChangeExtension(copy, ".check"));
        return copy;
    }

    /// <summary>Arguments that name a SQLite database; PostgreSQL's is in the environment.</summary>
    private static string[] SqliteArguments(NodeDatabase database) => database.Database.IsSqlite ? ["--sqlite", Path.Combine(database.Folder, "cport.db")] : [];

    private static async Task<(int Code, string Out, string Error)> RunAsync(string script, NodeDatabase database, string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [Repository.PathOf("docker", script), .. arguments])
            { RedirectStandardOutput = true, RedirectStandardError = true };
        if (!database.Database.IsSqlite)
        {
            var connection = new NpgsqlConnectionStringBuilder(database.Settings["Database__ConnectionString"]);
            start.Environment["PGHOST"] = connection.Host;
            start.Environment["PGPORT"] = connection.Port.ToString(CultureInfo.InvariantCulture);
            start.Environment["PGUSER"] = connection.Username;
            start.Environment["PGDATABASE"] = connection.Database;
        }

        using var process = Process.Start(start)!;
        var (written, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await written, await error);
    }

    [GeneratedRegex(@"^table journal (\d+)$", RegexOptions.Multiline)]
    private static partial Regex JournalRows();
}
