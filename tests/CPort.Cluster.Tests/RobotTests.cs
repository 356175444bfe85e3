using System.Collections.Immutable;
using System.Diagnostics;
using CPort.Cluster.Harness;
using CPort.Domain.Reports.Verbs;
using CPort.Tests.Shared;
using Xunit.Abstractions;

namespace CPort.Cluster.Tests;

/// <summary>
/// Twenty analysts at the pages of three nodes behind haproxy, and one of the nodes is killed: nothing that was answered is lost, nothing is done twice, and
/// nobody has to sign in again.
/// </summary>
public sealed class RobotTests(PostgreSqlServer server, ITestOutputHelper output) : IClassFixture<PostgreSqlServer>
{
    private const int Robots = 20;
    private const int Items = 300;

    [SkippableFact]
    [Trait("Run", "whole")]
    public async Task A_node_is_killed_while_twenty_people_work_a_queue_by_forms()
    {
        Skip.IfNot(PortalCluster.WhyUnavailable() is null, PortalCluster.WhyUnavailable());
        Skip.IfNot(server.IsAvailable, server.Unavailable);
        var clock = Stopwatch.StartNew();
        await using var cluster = await PortalCluster.StartAsync(server);
        output.WriteLine($"{clock.Elapsed.TotalSeconds:0} s: three nodes serve behind haproxy");
        await cluster.ReportAsync(Items);
        var robots = Enumerable.Range(1, Robots).Select(i => new Robot(cluster.Url, $"robot{i:00}")).ToArray();
        await Parallel.ForEachAsync(robots, new ParallelOptions { MaxDegreeOfParallelism = 10 }, async (robot, _) =>
            await robot.EnrolAsync(await cluster.InviteAsync(robot.Name)));

        output.WriteLine($"{clock.Elapsed.TotalSeconds:0} s: {Items} items wait, {Robots} people are signed in");
        var (all, killed) = (0, new TaskCompletionSource());
        var work = robots.Select(r => Task.Run(() => r.WorkAsync(_ =>
        {
            if (Interlocked.Increment(ref all) == Items / 4)
            {
                killed.SetResult();
            }
        }))).ToArray();
        await Task.WhenAny(killed.Task, Task.WhenAll(work));
        var victim = cluster.Nodes[^1];
        await victim.Kill9Async();
        output.WriteLine($"{clock.Elapsed.TotalSeconds:0} s: {victim.Url} is killed after {Volatile.Read(ref all)} assessments");
        await Task.WhenAll(work);
        output.WriteLine($"{clock.Elapsed.TotalSeconds:0} s: {robots.Sum(r => r.Done.Count)} assessments were answered; {robots.Sum(r => r.Repeated.Count)} "
            + $"forms were sent again by the script, {robots.Sum(r => r.Seen.Count)} pages loaded again");
        foreach (var line in robots.SelectMany(r => r.Seen.Concat(r.Repeated).Select(p => $"{r.Name} repeated {p}")))
        {
            output.WriteLine(line);
        }

        Assert.Empty(robots.SelectMany(r => r.Wrong.Select(w => $"{r.Name}: {w}")));

        // Each item is some robot's, once; and the journal has each assessment once.
        var answered = robots.SelectMany(r => r.Done).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(answered.Distinct(), answered);
        Assert.Equal(Items, answered.Length);
        var journal = await JournalView.ReportsAsync(cluster.Database);
        JournalView.AssertWhole(journal);
        var recorded = journal.Values.SelectMany(r => r.Events.OfType<ItemsAssessed>().SelectMany(e => e.Assessments)
            .Select(a => $"/app/reports/{r.Id}/items/{a.Ordinal}"))
            .Order(StringComparer.Ordinal).ToImmutableArray();
        Assert.Equal(answered, recorded);
        Assert.All(robots, r => Assert.InRange(r.Seen.Count, 0, 1));
        foreach (var robot in robots)
        {
            robot.Dispose();
        }
    }
}
