using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using CPort.Cluster.Harness;
using CPort.Node.Sample.Case;
using CPort.Tests.Shared;
using Xunit.Abstractions;

namespace CPort.Cluster.Tests;

/// <summary>
/// The case of four agencies (<see cref="CaseSteps"/>) on three nodes with PostgreSQL behind haproxy, through which everybody works; in step 12 a node is
/// killed while an officer saves at her page. Feeds are read as streams all the while, and have no gap and nothing twice.
/// </summary>
public sealed class CaseTests(PostgreSqlServer server, ITestOutputHelper output) : IClassFixture<PostgreSqlServer>
{
    [SkippableFact]
    [Trait("Run", "whole")]
    public async Task One_case_of_four_agencies_is_played_while_a_node_is_killed()
    {
        Skip.IfNot(PortalCluster.WhyUnavailable() is null, PortalCluster.WhyUnavailable());
        Skip.IfNot(server.IsAvailable, server.Unavailable);
        var clock = Stopwatch.StartNew();
        await using var cluster = await PortalCluster.StartAsync(server);
        var stage = new Stage(cluster, await cluster.OperatorKeysAsync());
        using var play = await CasePlay.BeginAsync(stage, "case-three");
        output.WriteLine($"{clock.Elapsed.TotalSeconds:0} s: three nodes serve behind haproxy, four agencies have their keys");

        // Three streams of each: haproxy gives them to the nodes in turn, so that each node's end breaks some.
        string[] readers = ["analyst-nl", "officer-nl"];
        FeedStream[] streams = [.. readers.SelectMany(a => Enumerable.Repeat(a, 3)).Select(a => new FeedStream(cluster.Url, a, play.Keys[a]))];
        using var stop = new CancellationTokenSource();
        var reading = streams.Select(s => Task.Run(() => s.RunAsync(stop.Token))).ToArray();
        using var olga = await stage.OfficerAsync(play, "administrator-de", "olga-three");
        foreach (var step in CaseSteps.All)
        {
            play.Forget();
            if (step.Number == 12)
            {
                var sent = olga.PressAsync($"/app/referrals/{play.GermanReferral}", "/receive", cluster.Nodes.Count);
                await cluster.Nodes[^1].Kill9Async();
                Assert.DoesNotContain("/signin", await sent, StringComparison.Ordinal);
                output.WriteLine($"{clock.Elapsed.TotalSeconds:0} s: a node was killed; sent again: {string.Join(", ", olga.Repeated.Concat(olga.Seen))}");
            }
            else
            {
                await step.Act(play);
            }

            await step.Holds(play);
            await CaseSecrets.CheckAsync(play, step);
            output.WriteLine($"{clock.Elapsed.TotalSeconds:0} s: {step.Number} {step.Who} {step.Does}; {play.Note}");
        }

        // She did not have to sign in again, and nothing was wrong on the way.
        Assert.True(await olga.OpensAsync($"/app/referrals/{play.GermanReferral}"));
        Assert.Empty(olga.Wrong);
        foreach (var stream in streams)
        {
            string[] whole = [];
            await Wait.UntilAsync(async () =>
            {
                whole = await PolledAsync(play, stream.Actor);
                return whole.Length > 0 && stream.Taken.LastOrDefault() == whole[^1];
            }, TimeSpan.FromMinutes(1), () => $"{stream.Actor}: {stream.Taken.Length} of {whole.Length} came");
            Assert.Equal(whole, stream.Taken);
        }

        Assert.Contains(streams, s => s.Breaks > 0);
        output.WriteLine($"{streams.Sum(s => s.Taken.Length)} events came by {streams.Length} streams, which broke {streams.Sum(s => s.Breaks)} times");
        await stop.CancelAsync();
        await Task.WhenAll(reading);
    }

    /// <summary>The ids of the whole feed, by asking.</summary>
    private static async Task<string[]> PolledAsync(CasePlay play, string actor)
    {
        var ids = new List<string>();
        while (true)
        {
            var page = await play.Of(actor).GetAsync($"v1/feed?maxResults=200{(ids.Count == 0 ? "" : $"&lastEventId={ids[^1]}")}");
            if (page.GetArrayLength() == 0)
            {
                return [.. ids];
            }

            ids.AddRange(page.EnumerateArray().Select(e => e.GetProperty("id").GetString()!));
        }
    }

    private sealed class Stage(PortalCluster cluster, (string First, string Second) operators) : ICaseStage
    {
        public Uri Url => cluster.Url;

        public string OperatorKey => operators.First;

        public string SecondOperatorKey => operators.Second;

        public DateTimeOffset Now => DateTimeOffset.UtcNow;

        public TimeSpan Patience => TimeSpan.FromMinutes(3);

        public Task<bool> PassAsync(TimeSpan time) => Task.FromResult(false);

        /// <summary>The test itself kills one, while a page is worked.</summary>
        public Task WhileNodeDiesAsync(Func<Task> act) => act();

        public async Task<ICasePerson> SignInAsync(CasePlay play, string signInName, string name) =>
            new Person(await OfficerAsync(play, "administrator-nl", signInName));

        /// <summary>Invited by the agency's administrator, come in with a passkey.</summary>
        public async Task<Robot> OfficerAsync(CasePlay play, string administrator, string signInName)
        {
            var link = (await play.PostAsync(administrator, "v1/people", new { signInName, name = $"Example {signInName}", roles = new[] { "Officer" } }))
                .GetProperty("link").GetString()!;
            var robot = new Robot(cluster.Url, signInName);
            await robot.EnrolAsync(new Uri(link).AbsolutePath, CasePlay.Purpose);
            return robot;
        }
    }

    private sealed class Person(Robot robot) : ICasePerson
    {
        public Task<bool> OpensAsync(string path) => robot.OpensAsync($"/{path}");

        public void Dispose() => robot.Dispose();
    }

    /// <summary>A feed by server-sent events, as a program reads it: it goes on from the last event that it has whole.</summary>
    private sealed class FeedStream(Uri url, string actor, string key)
    {
        private readonly Lock _gate = new();
        private readonly List<string> _taken = [];

        public string Actor => actor;

        public int Breaks { get; private set; }

        public string[] Taken
        {
            get
            {
                lock (_gate)
                {
                    return [.. _taken];
                }
            }
        }

        public async Task RunAsync(CancellationToken stop)
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan };
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    using var request = new HttpRequestMessage(HttpMethod.Get, "v1/feed");
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
                    request.Headers.Accept.ParseAdd("text/event-stream");
                    request.Headers.Add("X-Purpose", CasePlay.Purpose);
                    if (Taken is [.., var last])
                    {
                        request.Headers.Add("Last-Event-ID", last);
                    }

                    using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
                    answer.EnsureSuccessStatusCode();
                    using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(stop));
                    string? id = null;
                    while (await lines.ReadLineAsync(stop) is { } line)
                    {
                        id = line.StartsWith("id: ", StringComparison.Ordinal) ? line[4..] : id;
                        if (line.Length == 0 && id is not null)
                        {
                            lock (_gate)
                            {
                                _taken.Add(id);
                            }

                            id = null;
                        }
                    }
                }
                catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !stop.IsCancellationRequested)
                {
                    // The node is gone, or none is there yet: again.
                }
                catch (OperationCanceledException)
                {
                    return;
                }

                Breaks++;
                await Task.Delay(500, CancellationToken.None);
            }
        }
    }
}
