using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CPort.Api.Tests.Survival;
using CPort.Node;
using CPort.Node.Sample;
using CPort.Tests.Shared;
using Xunit.Abstractions;

namespace CPort.Api.Tests.Cluster;

/// <summary>A node dies, stands still or leaves; the others go on, and nothing acknowledged is lost. What it costs is printed.</summary>
[Collection(SurvivalCollection.Name)]
public sealed class FailoverTests(PostgreSqlServer server, ITestOutputHelper output)
{
    [SkippableFact]
    [Trait("Run", "whole")]
    public async Task Killed_nodes_cost_seconds_and_nothing_acknowledged_and_the_projection_goes_on_elsewhere()
    {
        await using var cluster = await NodeCluster.CreateAsync(server, 3);
        await cluster.StartAsync();
        await cluster.RegisterAsync();
        var acknowledged = new HashSet<string>();

        // First whoever holds the singletons (coordinators, projection, sweeper), then another.
        var oldest = await OldestAsync(cluster);
        foreach (var victim in new[] { oldest, null })
        {
            var dead = victim ?? cluster.Nodes.Last(n => n != oldest);
            var survivors = cluster.Nodes.Where(n => n != dead).ToArray();
            var streams = new DayOfStreams(survivors[0], SyntheticDay.Create(120, (ulong)(acknowledged.Count + 1)));
            await using var probe = new Probe(survivors, streams);
            var (_, broken) = await streams.SendAsync(60, async () =>
            {
                await dead.Kill9Async();
                probe.Mark();
            });
            Assert.Empty(broken);
            await probe.AllAnswerAgainAsync(TimeSpan.FromSeconds(150));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(victim is null ? "a younger node" : "the oldest")} killed: {probe.Summary()}"));

            // Lines that found nobody are sent again, as a client does.
            (_, broken) = await streams.SendAsync();
            Assert.Empty(broken);
            acknowledged.UnionWith(streams.Acknowledged);
            await ReadModelCheck.WaitSettledAsync(survivors[1]);
            dead.Start();
            await cluster.WaitMembersAsync(3);
        }

        var there = await JournalView.ReportsAsync(cluster.Database.Database);
        JournalView.AssertWhole(there);
        Assert.Empty(acknowledged.Except(there.Keys));
        await ReadModelCheck.AssertEqualToJournalAsync(cluster.Nodes[0]);
    }

    [SkippableFact]
    [Trait("Run", "whole")]
    public async Task A_node_that_stands_still_for_a_moment_stays_and_one_that_does_for_long_ends_and_joins_again()
    {
        await using var cluster = await NodeCluster.CreateAsync(server, 3);
        await cluster.StartAsync();
        await cluster.RegisterAsync();
        var frozen = await OldestAsync(cluster);
        var survivor = cluster.Nodes.First(n => n != frozen);
        var streams = new DayOfStreams(survivor, SyntheticDay.Create(60, 11));

        // Where the machine makes a moment much longer, the node is declared down by right, and nothing is shown: again then.
        for (var attempt = 1; ; attempt++)
        {
            var before = survivor.Log.Split("declared down").Length;
            var still = Stopwatch.StartNew();
            frozen.Freeze();
            await Task.Delay(TimeSpan.FromSeconds(3));
            frozen.Thaw();
            if (still.Elapsed < TimeSpan.FromSeconds(4))
            {
                await cluster.WaitMembersAsync(3);
                Assert.Equal(before, survivor.Log.Split("declared down").Length);
                break;
            }

            Assert.True(attempt < 5, $"The machine let the node stand still for {still.Elapsed.TotalSeconds:0.0} s instead of 3.");
            await cluster.WaitAllAsync();
        }

        var (_, broken) = await streams.SendAsync(10, () =>
        {
            frozen.Freeze();
            return Task.CompletedTask;
        });
        Assert.Empty(broken);
        await cluster.WaitMembersAsync(2, [.. cluster.Nodes.Where(n => n != frozen)]);
        (_, broken) = await streams.SendAsync();
        Assert.Empty(broken);

        // It still believes to own a third of the shards, and its journal writes are refused; it learns the rest soon.
        frozen.Thaw();
        Assert.Equal(ExitCodes.Downed, await frozen.EndedAsync(TimeSpan.FromSeconds(90)));
        Assert.Contains("it ends with exit code 5 to be started again", frozen.Log, StringComparison.Ordinal);
        frozen.Start();
        await cluster.WaitMembersAsync(3);
        await ReadModelCheck.WaitSettledAsync(survivor);
        var there = await JournalView.ReportsAsync(cluster.Database.Database);
        JournalView.AssertWhole(there);
        Assert.Empty(streams.Acknowledged.Except(there.Keys));
        await ReadModelCheck.AssertEqualToJournalAsync(survivor);
    }

    [SkippableFact]
    public async Task A_node_that_is_told_to_stop_is_not_ready_but_serves_for_a_while_then_hands_over_and_ends_with_0()
    {
        await using var cluster = await NodeCluster.CreateAsync(server, 3, (_, settings) =>
            (settings["Cluster__DrainSeconds"], settings["Cluster__StopSeconds"]) = ("10", "60"));
        await cluster.StartAsync();
        await cluster.RegisterAsync();
        var leaving = await OldestAsync(cluster);
        var stays = cluster.Nodes.First(n => n != leaving);
        var day = SyntheticDay.Create(200, 23);
        var (through, beside) = (new DayOfStreams(leaving, day), new DayOfStreams(stays, SyntheticDay.Create(120, 24)));
        var watch = new Stopwatch();
        var late = new List<(HttpStatusCode Status, bool? Close)>();
        var besideSent = beside.SendAsync();
        var (answers, broken) = await through.SendAsync(20, async () =>
        {
            watch.Start();
            leaving.Terminate();
            using var http = leaving.Http(leaving.KeyOf("hotline-nl"), TimeSpan.FromSeconds(30));
            await leaving.UntilAsync(async () =>
                (await leaving.ReadyAsync()).Status == HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(10), "readiness was not off");
            using var answer = await http.GetAsync("/v1/queues");
            late.Add((answer.StatusCode, answer.Headers.ConnectionClose));
        });
        Assert.Equal(0, await leaving.EndedAsync(TestNode.Patience));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"stopped in {watch.Elapsed.TotalSeconds:0.0} s; {answers.Count} lines answered, {answers.Values.Count(a => a.Outcome == "unavailable")} as unavailable, {broken.Count} streams broken off"));
        Assert.Equal((HttpStatusCode.OK, true), Assert.Single(late));
        Assert.DoesNotContain("could not stop in order", leaving.Log, StringComparison.Ordinal);

        // Whoever speaks to the others notices nothing, or on a busy machine has to send lines again.
        var (besideAnswers, besideBroken) = await besideSent;
        Assert.Empty(besideBroken);
        output.WriteLine(
            $"beside it {besideAnswers.Count} lines answered, {besideAnswers.Values.Count(a => a.Outcome == "unavailable")} of them as unavailable");
        Assert.InRange(besideAnswers.Values.Count(a => a.Outcome == "unavailable"), 0, besideAnswers.Count - 1);
        await beside.SendUntilTakenAsync();

        // The same file to another node: what was answered stays, the rest is taken.
        var rest = new DayOfStreams(stays, day);
        await rest.SendUntilTakenAsync();
        Assert.Empty(through.Acknowledged.Except(rest.Acknowledged));
        await ReadModelCheck.WaitSettledAsync(stays);
        var there = await JournalView.ReportsAsync(cluster.Database.Database);
        JournalView.AssertWhole(there);
        Assert.Empty(rest.Acknowledged.Union(beside.Acknowledged).Except(there.Keys));
    }

    /// <summary>The member that the coordinators and the other singletons are on: the one that formed the cluster, as long as it was not restarted.</summary>
    private static async Task<TestNode> OldestAsync(NodeCluster cluster)
    {
        await cluster.WaitMembersAsync(cluster.Nodes.Count);
        return cluster.Nodes.Single(n => n.Log.Contains("formed a cluster", StringComparison.Ordinal));
    }

    /// <summary>Reads acknowledged reports all the time, some of each node's shards, through the survivors, and notes when each answered.</summary>
    private sealed class Probe : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly ConcurrentDictionary<string, List<TimeSpan>> _answered = new();
        private readonly Stopwatch _watch = Stopwatch.StartNew();
        private readonly Task _running;
        private TimeSpan _mark;

        public Probe(TestNode[] nodes, DayOfStreams streams) =>
            _running = Task.WhenAll(Enumerable.Range(0, 24).Select(i => RunAsync(nodes[i % nodes.Length], streams, i)));

        public void Mark() => _mark = _watch.Elapsed;

        public async Task AllAnswerAgainAsync(TimeSpan patience)
        {
            var since = _watch.Elapsed + TimeSpan.FromSeconds(1);
            while (!_answered.Values.All(times => Last(times) > since))
            {
                Assert.True(_watch.Elapsed - _mark < patience, $"Some reports did not answer again: {Summary()}");
                await Task.Delay(100);
            }
        }

        public string Summary()
        {
            var gaps = _answered.Values.Select(times =>
            {
                lock (times)
                {
                    return times.Where(t => t >= _mark).Prepend(times.LastOrDefault(t => t < _mark, _mark)).Append(_watch.Elapsed).Distinct().Order().ToArray();
                }
            }).Select(times => times.Zip(times.Skip(1), (a, b) => (b - a).TotalSeconds).DefaultIfEmpty(0).Max()).Order().ToArray();
            return string.Create(CultureInfo.InvariantCulture,
                $"{gaps.Length} reports read, {gaps.Count(g => g > 2)} of them without an answer for more than 2 s, longest {gaps.DefaultIfEmpty(0).Max():0.0} s, median {gaps.ElementAtOrDefault(gaps.Length / 2):0.0} s");
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _stop.Dispose();
        }

        private async Task RunAsync(TestNode node, DayOfStreams streams, int index)
        {
            while (!_stop.IsCancellationRequested)
            {
                var known = streams.Reports.Where(r => !_answered.ContainsKey(r.ReportId)).OrderBy(r => r.ReportId, StringComparer.Ordinal).Take(1).ToArray();
                if (known.Length == 0 || !_answered.TryAdd(known[0].ReportId, []))
                {
                    await Task.Delay(50);
                    continue;
                }

                using var http = node.Http(node.KeyOf(known[0].Hotline), TimeSpan.FromSeconds(15));
                while (!_stop.IsCancellationRequested)
                {
                    try
                    {
                        using var answer = await http.GetAsync($"/v1/reports/{known[0].ReportId}", _stop.Token);
                        if (answer.IsSuccessStatusCode)
                        {
                            lock (_answered[known[0].ReportId])
                            {
                                _answered[known[0].ReportId].Add(_watch.Elapsed);
                            }
                        }
                    }
                    catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException)
                    {
                        // Counted by its absence.
                    }

                    await Task.Delay(250 + index);
                }
            }
        }

        private static TimeSpan Last(List<TimeSpan> times)
        {
            lock (times)
            {
                return times.LastOrDefault();
            }
        }
    }
}
