using System.Diagnostics;
using System.Net;
using CPort.Actors.Persistence;
using CPort.Node.Sample;
using CPort.Tests.Shared;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace CPort.Api.Tests.Survival;

/// <summary>The disk under SQLite runs full and is freed again: a small file system of the test's own, which only root may mount.</summary>
[Collection(SurvivalCollection.Name)]
public sealed class DiskFullTests(PostgreSqlServer server, ITestOutputHelper output)
{
    [SkippableFact]
    public async Task A_node_whose_disk_is_full_says_so_loses_nothing_and_goes_on_when_there_is_room_again()
    {
        await using var disk = await SmallDisk.MountAsync("24m");
        Skip.IfNot(disk.Unavailable is null, disk.Unavailable);
        var random = TestSeed.Begin(output);
        var data = Path.Combine(disk.Folder, "data");
        await using var node = new TestNode(
            await NodeDatabase.CreateAsync(DatabaseProvider.Sqlite, server, data), new Dictionary<string, string> { ["Limits__AskSeconds"] = "4" });
        var day = SyntheticDay.Create(300, (ulong)random.Next());
        await node.StartReadyAsync();
        await node.RegisterAsync(SampleAgencies.All);
        var streams = new DayOfStreams(node, day);

        disk.Fill(leave: 64 * 1024);
        var (answers, broken) = await streams.SendAsync();
        output.WriteLine(
            $"On a full disk: {answers.Values.Count(a => a.IsAcknowledged)} acknowledged, {answers.Values.Count(a => a.Outcome == "unavailable")} unavailable, {broken.Count} broken");
        Assert.All(answers.Values.Where(a => a.Outcome is not ("accepted" or "duplicate" or "conflict" or "rejected")), a =>
        {
            Assert.Equal("unavailable", a.Outcome);
            Assert.Equal(503, a.ProblemStatus);
        });
        Assert.True(answers.Values.Any(a => a.Outcome == "unavailable") || broken.Count > 0, "The disk was not full.");

        using (var http = node.Http(node.KeyOf("hotline-nl"), TimeSpan.FromSeconds(30)))
        {
            using var content = new StringContent(Bodies.Report("FULL-1"), System.Text.Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync("/v1/reports", content);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        }

        Assert.True(node.IsRunning, node.Tail);
        var (ready, reasons) = await node.ReadyAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready);
        Assert.Contains("full", reasons, StringComparison.OrdinalIgnoreCase);
        Assert.Matches("(?i)(disk is full|disk full|SQLITE_FULL)", node.Log);

        disk.Free();
        await node.WaitReadyAsync();
        Assert.Empty(streams.Acknowledged.Except((await JournalView.ReportsAsync(node.Database.Database)).Keys));
        await streams.SendUntilTakenAsync(mayBreak: true);
        await ReadModelCheck.WaitSettledAsync(node);

        var reports = await JournalView.ReportsAsync(node.Database.Database);
        JournalView.AssertWhole(reports);
        Assert.Equal(300, streams.Acknowledged.Count);
        Assert.Empty(streams.Acknowledged.Except(reports.Keys));
        await ReadModelCheck.AssertEqualToJournalAsync(node);
        await LockedAsync(node);
        Assert.Equal(0, await node.StopAsync());
    }

    /// <summary>Another program (a backup, somebody's shell) holds the file: readers notice nothing.</summary>
    private static async Task LockedAsync(TestNode node)
    {
        await using (var other = new SqliteConnection($"Data Source={node.Database.Database.File};Pooling=False"))
        {
            await other.OpenAsync();
            await using var begin = other.CreateCommand();
            begin.CommandText = "BEGIN IMMEDIATE";
            await begin.ExecuteNonQueryAsync();

            var (ready, reasons) = await node.ReadyAsync();
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready);
            Assert.Contains("locked by another program", reasons, StringComparison.Ordinal);
            using var http = node.Http(node.KeyOf("hotline-nl"), TimeSpan.FromSeconds(60));
            using var answer = await http.PostAsync("/v1/reports", new StringContent(Bodies.Report("LOCKED-1")));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
        }

        await node.WaitReadyAsync();
    }

    private sealed class SmallDisk : IAsyncDisposable
    {
        private bool _mounted;

        public string Folder { get; } = Directory.CreateTempSubdirectory("cport-disk-").FullName;

        /// <summary>Why there is no small disk, or null.</summary>
        public string? Unavailable { get; private set; }

        private string Ballast => Path.Combine(Folder, "ballast");

        public static async Task<SmallDisk> MountAsync(string size)
        {
            var disk = new SmallDisk();
            if (Environment.UserName != "root")
            {
                disk.Unavailable = "A small file system to fill can be mounted by root only.";
            }
            else if (await RunAsync("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", disk.Folder) is var code and not 0)
            {
                disk.Unavailable = $"mount -t tmpfs is not allowed here (exit code {code}).";
            }

            disk._mounted = disk.Unavailable is null;
            return disk;
        }

        /// <summary>Takes all room but so many bytes.</summary>
        public void Fill(long leave)
        {
            var block = new byte[64 * 1024];
            using var file = new FileStream(Ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (new DriveInfo(Folder).AvailableFreeSpace > leave + block.Length)
            {
                file.Write(block);
            }
        }

        public void Free() => File.Delete(Ballast);

        public async ValueTask DisposeAsync()
        {
            if (_mounted)
            {
                await RunAsync("umount", "-l", Folder);
            }

            TestFolders.Remove(Folder);
        }

        private static async Task<int> RunAsync(string file, params string[] arguments)
        {
            try
            {
                using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardError = true })!;
                await process.WaitForExitAsync();
                return process.ExitCode;
            }
            catch (System.ComponentModel.Win32Exception e)
            {
                return e.NativeErrorCode;
            }
        }
    }
}
