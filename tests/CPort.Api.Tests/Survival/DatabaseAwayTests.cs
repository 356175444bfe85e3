using System.Diagnostics;
using System.Globalization;
using System.Net;
using CPort.Actors.Persistence;
using CPort.Node.Sample;
using CPort.Tests.Shared;
using Xunit.Abstractions;

namespace CPort.Api.Tests.Survival;

/// <summary>PostgreSQL stops in mid-stream and comes back. <c>CPORT_TEST_DATABASE_AWAY</c>: for how many seconds (default 10).</summary>
[Collection(SurvivalCollection.Name)]
public sealed class DatabaseAwayTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(
        double.TryParse(Environment.GetEnvironmentVariable("CPORT_TEST_DATABASE_AWAY"), CultureInfo.InvariantCulture, out var given) ? given : 10);

    [SkippableFact]
    public async Task A_node_whose_database_goes_away_says_so_loses_nothing_and_goes_on_without_a_restart()
    {
        await using var server = await PostgreSqlServer.StartNewAsync(fsync: true);
        Skip.IfNot(server.IsAvailable, server.Unavailable);
        var random = TestSeed.Begin(output);
        await using var node = new TestNode(await NodeDatabase.CreateAsync(DatabaseProvider.PostgreSql, server), new Dictionary<string, string>
            { ["Limits__AskSeconds"] = "4" });
        var day = SyntheticDay.Create(300, (ulong)random.Next());
        await node.StartReadyAsync();
        await node.RegisterAsync(SampleAgencies.All);
        var streams = new DayOfStreams(node, day);

        var away = Stopwatch.StartNew();
        var seen = new List<string>();
        var (answers, broken) = await streams.SendAsync(random.Next(20, 100), async () =>
        {
            await server.StopAsync();
            away.Restart();
            await WatchAsync(node, away, seen);
            await server.StartAsync();
        });
        output.WriteLine(
            $"{answers.Values.Count(a => a.IsAcknowledged)} lines acknowledged, {answers.Values.Count(a => a.Outcome == "unavailable")} unavailable, {broken.Count} streams broken: {broken.FirstOrDefault()}");

        // What could not be told durable says that it may be sent again; nothing else is an answer to a database that is away.
        Assert.All(answers.Values.Where(a => a.Outcome is not ("accepted" or "duplicate" or "conflict" or "rejected")), a =>
        {
            Assert.Equal("unavailable", a.Outcome);
            Assert.Equal(503, a.ProblemStatus);
        });
        Assert.Contains(seen, s => s.StartsWith("ready 503", StringComparison.Ordinal) && s.Contains("\"database\",\"ok\":false", StringComparison.Ordinal));
        Assert.Contains(seen, s => s.StartsWith("report 503", StringComparison.Ordinal) && s.Contains("Retry-After", StringComparison.Ordinal));
        Assert.DoesNotContain(seen, s => s.StartsWith("report 500", StringComparison.Ordinal));
        Assert.True(node.IsRunning, node.Tail);

        await node.WaitReadyAsync();
        Assert.Empty(streams.Acknowledged.Except((await JournalView.ReportsAsync(node.Database.Database)).Keys));
        await streams.SendUntilTakenAsync(mayBreak: true);
        await ReadModelCheck.WaitSettledAsync(node);

        var reports = await JournalView.ReportsAsync(node.Database.Database);
        JournalView.AssertWhole(reports);
        var ofStreams = reports.Values.Where(r => !r.State.Reference.Value.StartsWith("AWAY-", StringComparison.Ordinal)).Select(r => r.Id);
        Assert.Equal(streams.Acknowledged.Order(StringComparer.Ordinal), ofStreams.Order(StringComparer.Ordinal));
        Assert.Equal(300, streams.Acknowledged.Count);
        await ReadModelCheck.AssertEqualToJournalAsync(node);
        Assert.Contains(node.LogLines, l => l.Contains("Not ready, database: ", StringComparison.Ordinal));
        Assert.Contains(node.LogLines, l => l.Contains("Ready again, database: ", StringComparison.Ordinal));
        Assert.Equal(0, await node.StopAsync());
    }

    /// <summary>What the node says of itself, and to somebody who sends one report, while the database is away.</summary>
    private static async Task WatchAsync(TestNode node, Stopwatch away, List<string> seen)
    {
        using var http = node.Http(node.KeyOf("hotline-nl"), TimeSpan.FromSeconds(30));
        var n = 0;
        do
        {
            var (status, body) = await node.ReadyAsync();
            seen.Add($"ready {(int)status} {body}");
            using var content = new StringContent(Bodies.Report($"AWAY-{n++}"), System.Text.Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync("/v1/reports", content);
            seen.Add(
                $"report {(int)answer.StatusCode} {answer.Content.Headers.ContentType?.MediaType} {(answer.Headers.RetryAfter is { } r ? $"Retry-After {r}" : "")} {await answer.Content.ReadAsStringAsync()}");
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            }

            await Task.Delay(200);
        }
        while (away.Elapsed < Away);
    }
}
