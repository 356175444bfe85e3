using System.Diagnostics;
using CPort.Actors.Cluster;
using CPort.Actors.Persistence;
using CPort.Tests.Shared;

namespace CPort.Actors.Tests.Cluster;

/// <summary>Which cluster a node joins, and when it may form one: there must never be two on one database.</summary>
public sealed class JoinRulesTests(PostgreSqlServer server) : IClassFixture<PostgreSqlServer>
{
    private const string Self = "akka.tcp://cport@127.0.0.1:4053";
    private const string Other = "akka.tcp://cport@127.0.0.1:4054";
    private static readonly FixedFigure[] Ours = [new("cluster-name", "cport"), new("shards", "128")];

    [Fact]
    public void The_first_node_of_a_new_database_forms_a_cluster_at_once() =>
        Assert.IsType<JoinStep.Form>(JoinRules.Decide(Situation(null, [])));

    [Fact]
    public void A_node_joins_those_who_are_members_of_the_cluster_that_the_database_records()
    {
        var step = Assert.IsType<JoinStep.Join>(JoinRules.Decide(Situation("one", [new(Other, "one", TimeSpan.Zero)], [new(Other, "one", [.. Ours])])));
        Assert.Equal(Other, Assert.Single(step.Members));
        Assert.Equal("one", step.Incarnation);
    }

    [Fact]
    public void A_cluster_that_is_just_losing_another_member_is_joined_when_that_is_settled()
    {
        var step = Losing("akka.tcp://cport@127.0.0.1:4055", TimeSpan.Zero);
        Assert.Contains("4055", Assert.IsType<JoinStep.Wait>(step).Reason, StringComparison.Ordinal);
        Assert.IsType<JoinStep.Join>(Losing("akka.tcp://cport@127.0.0.1:4055", JoinRules.LetHealFor));
    }

    [Fact]
    public void A_cluster_that_is_losing_the_nodes_own_earlier_life_is_joined_at_once() => Assert.IsType<JoinStep.Join>(Losing(Self, TimeSpan.Zero));

    [Fact]
    public void While_somebody_shows_signs_of_life_nobody_forms_a_second_cluster_however_long_it_does_not_answer()
    {
        var step = JoinRules.Decide(Situation("one", [new(Other, "one", TimeSpan.FromSeconds(4))], watched: TimeSpan.FromHours(1)));
        Assert.Contains(Other, Assert.IsType<JoinStep.Wait>(step).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void After_a_crash_of_all_nodes_one_forms_a_cluster_once_it_has_watched_long_enough()
    {
        RecordedMember[] stale = [new(Other, "one", TimeSpan.FromHours(1))];
        Assert.IsType<JoinStep.Wait>(JoinRules.Decide(Situation("one", stale, watched: TimeSpan.FromSeconds(1))));
        Assert.IsType<JoinStep.Form>(JoinRules.Decide(Situation("one", stale, watched: JoinRules.WatchFor)));
    }

    [Fact]
    public void A_seed_that_takes_connections_and_says_nothing_is_waited_for_a_while()
    {
        Assert.IsType<JoinStep.Wait>(JoinRules.Decide(Situation("one", [], silent: [Other])));
        Assert.IsType<JoinStep.Form>(JoinRules.Decide(Situation("one", [], silent: [Other], watched: 2 * JoinRules.WatchFor)));

        // On a database that never had a cluster it may be a node on another one.
        Assert.IsType<JoinStep.Wait>(JoinRules.Decide(Situation(null, [], silent: [Other], watched: 2 * JoinRules.WatchFor)));
        Assert.IsType<JoinStep.Form>(JoinRules.Decide(Situation(null, [])));
    }

    [Fact]
    public void Its_own_earlier_life_is_not_waited_for() =>
        Assert.IsType<JoinStep.Form>(JoinRules.Decide(Situation("one", [new(Self, "one", TimeSpan.Zero)])));

    [Fact]
    public void A_node_that_answers_out_of_a_replaced_cluster_is_not_joined() =>
        Assert.IsType<JoinStep.Wait>(JoinRules.Decide(Situation("two", [], [new(Other, "one", [.. Ours])])));

    [Fact]
    public void Two_nodes_that_both_look_for_a_cluster_do_not_join_each_other() =>
        Assert.IsType<JoinStep.Form>(JoinRules.Decide(Situation(null, [], [new(Other, null, [.. Ours])])));

    [Fact]
    public void Another_figure_is_refused_and_named_with_both_values()
    {
        var step = JoinRules.Decide(Situation("one", [], [new(Other, "one", [new("cluster-name", "other"), new("shards", "64")])]));
        var reason = Assert.IsType<JoinStep.Refuse>(step).Reason;
        Assert.Contains($"cluster-name: {Other} has 'other', this node has 'cport'.", reason, StringComparison.Ordinal);
        Assert.Contains($"shards: {Other} has '64', this node has '128'.", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_would_judge_a_split_otherwise_than_the_members_is_told_which_setting_differs()
    {
        FixedFigure[] ours = [.. ClusterTuning.Agreed(SplitBrainStrategy.StaticQuorum, 2, new ClusterTimes())];
        GateAnswer Says(string? incarnation, params FixedFigure[] agreed) => new(Other, incarnation, [.. Ours, .. agreed]);
        JoinStep Decide(GateAnswer answer) => JoinRules.Decide(Situation("one", [], [answer]) with { Agreed = [.. ours] });

        Assert.IsType<JoinStep.Join>(Decide(Says("one", ours)));
        foreach (var (name, other) in new[]
        {
            ("SplitBrain", ClusterTuning.Agreed(SplitBrainStrategy.KeepMajority, 0, new ClusterTimes())),
            ("QuorumSize", ClusterTuning.Agreed(SplitBrainStrategy.StaticQuorum, 3, new ClusterTimes())),
            ("StableAfterSeconds", ClusterTuning.Agreed(SplitBrainStrategy.StaticQuorum, 2, new ClusterTimes { StableAfter = TimeSpan.FromSeconds(5) })),
            ("HeartbeatSeconds", ClusterTuning.Agreed(SplitBrainStrategy.StaticQuorum, 2, new ClusterTimes { Heartbeat = TimeSpan.FromSeconds(0.3) })),
            ("HeartbeatPauseSeconds", ClusterTuning.Agreed(SplitBrainStrategy.StaticQuorum, 2, new ClusterTimes { HeartbeatPause = TimeSpan.FromSeconds(9) })),
            ("DownRemovalMarginSeconds", ClusterTuning.Agreed(SplitBrainStrategy.StaticQuorum, 2, new ClusterTimes
                { DownRemovalMargin = TimeSpan.FromSeconds(7) })),
        })
        {
            var reason = Assert.IsType<JoinStep.Refuse>(Decide(Says("one", [.. other]))).Reason;
            Assert.Contains($"CPORT__Cluster__{name}: {Other} has '", reason, StringComparison.Ordinal);
            Assert.Contains("stop all nodes first", reason, StringComparison.Ordinal);
        }

        // A member of an older version does not tell; and of nodes that look for a cluster one will be the first, whatever the other's settings.
        Assert.IsType<JoinStep.Join>(Decide(Says("one")));
        Assert.IsType<JoinStep.Form>(Decide(Says(null, [.. ClusterTuning.Agreed(SplitBrainStrategy.KeepMajority, 0, new ClusterTimes())])));
    }

    [SkippableTheory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Of_ten_nodes_that_would_form_a_cluster_at_once_one_does(DatabaseProvider provider)
    {
        var database = await TestDatabases.CreateAsync(provider, server);
        var record = new ClusterRecord(database);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => record.EnsureAsync(default)));
        var start = Stopwatch.GetTimestamp();
        var formed = await Task.WhenAll(Enumerable.Range(0, 10)
            .Select(i => record.TryFormAsync($"akka.tcp://cport@127.0.0.1:{i}", null, "api", "1.0", default)));
        var incarnation = Assert.Single(formed, f => f is not null)!;

        var view = await record.ReadAsync(default);
        Assert.Equal(incarnation, view.Incarnation);
        var first = Assert.Single(view.Members);
        Assert.InRange(first.Age, TimeSpan.FromSeconds(-1), Stopwatch.GetElapsedTime(start) + TimeSpan.FromSeconds(1));

        // Nobody else while it lives, of which it gives a sign now; a member of another cluster learns that it is replaced and leaves no trace.
        Assert.True(await record.BeatAsync(first.Address, incarnation, "api", "1.0", default));
        Assert.Null(await record.TryFormAsync(Other, incarnation, "api", "1.0", default));
        Assert.True(await record.BeatAsync(Other, incarnation, "api", "1.0", default));
        Assert.False(await record.BeatAsync(Self, "another", "api", "1.0", default));
        Assert.Equal(2, (await record.ReadAsync(default)).Members.Length);

        await record.LeaveAsync(Other, incarnation, default);
        await record.LeaveAsync(first.Address, incarnation, default);
        Assert.Empty((await record.ReadAsync(default)).Members);
        Assert.NotNull(await record.TryFormAsync(Other, incarnation, "api", "1.0", default));
    }

    [Theory]
    [InlineData("cport-0.cport:4053", "cport-0.cport", 4053, false)]
    [InlineData("dns:cport.example:4053", "cport.example", 4053, true)]
    [InlineData("[2001:db8::1]:4053", "2001:db8::1", 4053, false)]
    [InlineData("akka.tcp://cport@192.0.2.7:4053", "192.0.2.7", 4053, false)]
    public void Seeds_are_read(string text, string host, int port, bool discover) =>
        Assert.Equal(new ClusterSeed(host, port, discover), ClusterSeed.Parse(text));

    [Theory]
    [InlineData("nowhere")]
    [InlineData("host:0")]
    [InlineData("host:70000")]
    [InlineData("2001:db8::1:4053")]
    [InlineData("dns::4053")]
    [InlineData("a b:4053")]
    public void What_is_no_seed_is_not(string text) => Assert.Null(ClusterSeed.Parse(text));

    private static JoinStep Losing(string lost, TimeSpan watched) => JoinRules.Decide(
        Situation("one", [new(Other, "one", TimeSpan.Zero)], [new(Other, "one", [.. Ours]) { Unreachable = [lost] }], watched: watched));

    private static JoinSituation Situation(string? incarnation, RecordedMember[] members, GateAnswer[]? answers = null, TimeSpan? watched = null,
        string[]? silent = null) => new()
    {
        Self = Self, Figures = [.. Ours], Record = new ClusterView(incarnation, [.. members]), Answers = [.. answers ?? []],
        Silent = [.. silent ?? []], Watched = watched ?? TimeSpan.Zero,
    };
}
